"""Articles with the same normalised text: only the first copy is matched with others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from dedup.arrays import batches, join_rows
from dedup.datatypes import Article, Digests, Evidence, Match, MatchKind, WeakestPair
from dedup.language.digest import digest
from dedup.runtime.workers import Workers

_Pair = TypeVar("_Pair", Match, WeakestPair)


@dataclass(frozen=True, slots=True, eq=False)
class UniqueArticles:
    """Unique articles among all, and the way from the numbers of the former to the positions of the latter and back.

    originals : list of n positions
        For each article that of the first one with the same text.
    positions : list of m positions, ascending
        Unique article i, the first with its text, is the one at ``positions[i]``.
    named : mapping of str to list of positions, ascending
        The article with each id, and the articles with each hash of a text, among the names that were asked for.
    digests : of all n articles, for reports
    """

    originals: list[int]
    positions: list[int]
    named: Mapping[str, list[int]]
    digests: Digests

    @classmethod
    def find(
        cls, articles: Sequence[Article], workers: Workers, *, names: frozenset[str] = frozenset()
    ) -> UniqueArticles:
        """Find the first article with each text, and the articles with given names; workers hash the texts."""
        first: dict[str, int] = {}
        ids: dict[str, list[int]] = {}
        of_texts: dict[str, list[int]] = {}
        originals: list[int] = []
        parts = [_digests([])]
        for digests, named in workers.map(partial(_read_names, names), batches(articles)):
            parts.append(digests)
            ids |= {name: [len(originals) + place] for place, name in named}
            for value, _ in digests.rows():
                if value in names:
                    of_texts.setdefault(value, []).append(len(originals))
                originals.append(first.setdefault(value, len(originals)))
        return cls(originals, sorted(set(originals)), of_texts | ids, join_rows(parts))

    def set_apart(self, parts: Iterable[Sequence[int]]) -> UniqueArticles:
        """Copy in which the articles of each part, all those with a text being in one, are taken for a text."""
        originals = list(self.originals)
        for part in parts:
            first = min(part)
            for position in part:
                originals[position] = first
        return replace(self, originals=originals, positions=sorted(set(originals)))

    def __len__(self) -> int:
        return len(self.positions)

    @property
    def numbers(self) -> npt.NDArray[np.intp]:
        """Number of each article's text among the unique articles: ndarray of shape (n,)."""
        return np.searchsorted(self.positions, self.originals)

    def at_positions(self, pair: _Pair) -> _Pair:
        """A pair of unique articles as one of positions among all."""
        left, right = self.positions[pair.left], self.positions[pair.right]
        return pair if (left, right) == (pair.left, pair.right) else replace(pair, left=left, right=right)

    def copies(self) -> Iterator[tuple[int, int]]:
        """Pairs of positions: an original and a later article with its text, in the order of the latter."""
        return ((original, at) for at, original in enumerate(self.originals) if at != original)

    def copies_of_each(self) -> dict[int, list[int]]:
        """Positions of all articles with its text, for the position of each unique article."""
        copies: dict[int, list[int]] = {}
        for position, original in enumerate(self.originals):
            copies.setdefault(original, []).append(position)
        return copies

    def linked_positions(self, *numbers: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
        """Positions of all articles that have copies, or the text of a unique article among `numbers`; ascending."""
        first = np.array(self.originals, np.intp)
        copied = np.bincount(first, minlength=len(first)) > 1
        linked = np.zeros(len(first), np.bool_)
        linked[np.array(self.positions, np.intp)[np.concatenate(numbers)]] = True
        return np.flatnonzero((copied | linked)[first])


def exact_match(original: int, copy: int) -> Match:
    """The match of two articles with the same text."""
    return Match(original, copy, 1.0, 1.0, MatchKind.EXACT, Evidence(coverage=(1.0, 1.0)))


def _read_names(names: frozenset[str], articles: Sequence[Article]) -> tuple[Digests, list[tuple[int, str]]]:
    """Read texts for their digests, and tell the places of the articles whose ids are among `names`."""
    named = [(place, article.id) for place, article in enumerate(articles) if article.id in names]
    return _digests(articles), named


def _digests(articles: Sequence[Article]) -> Digests:
    rows = np.array([digest(article) for article in articles], [("hash", "S32"), ("words", "i4")])
    return Digests(rows["hash"], rows["words"])
