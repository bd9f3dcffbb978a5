"""Pairs of texts of an archive, judged as a scan judges them.

A pair's score depends on its two texts, but for sentences that recur, which only lower it. So a pair that does not
match on its own never will, and of those that do the score is looked at again once their sentences begin or cease to
recur.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from dedup.archive.neighbour_lists import Numbers, Pairs
from dedup.archive.texts import Texts
from dedup.archive.vectors import Vectors, cosines_of_pairs
from dedup.arrays import join_rows, take_rows
from dedup.clustering.linked_pairs import opposed
from dedup.datatypes import Candidates
from dedup.matching.evidence import describe_pairs
from dedup.matching.features import MatchInput
from dedup.matching.scorer import Scorer
from dedup.matching.verify import Verdicts, find_matches, judge_pairs

_PAIRS = 1 << 15  # of a block, whose texts are in memory together


@dataclass(frozen=True, slots=True, eq=False)
class JudgedPairs:
    """Verified pairs of numbers of texts: arrays of shape (m,).

    copied : log-odds of being one article, which at the level of events are others than those of the match
    certain : whether it may forbid a join (`opposed`)
    kind : kind of the match that it is or would be
    """

    left: Numbers
    right: Numbers
    similarity: npt.NDArray[np.float32]
    log_odds: npt.NDArray[np.float64]
    copied: npt.NDArray[np.float64]
    certain: npt.NDArray[np.bool_]
    kind: npt.NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.left)

    @property
    def pairs(self) -> Pairs:
        """Numbers of the texts: ndarray of shape (m, 2)."""
        return np.stack([self.left, self.right], axis=1)

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """Rows for SQLite: left, right, similarity, both log-odds, certain, kind."""
        numbers = (self.left, self.right, self.similarity, self.log_odds, self.copied)
        columns = (*numbers, self.certain.astype(int), self.kind)
        return zip(*(column.tolist() for column in columns), strict=True)

    @classmethod
    def none(cls) -> JudgedPairs:
        """No pairs."""
        numbers = np.empty(0, np.int64)
        return cls(
            *(numbers, numbers, np.empty(0, np.float32), np.empty(0, np.float64), np.empty(0, np.float64)),
            *(np.empty(0, np.bool_), np.empty(0, np.object_)),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Judge:
    """Verification of pairs of texts.

    alone : source of texts in which nothing recurs
    together : source of the same texts in the company of all others
    """

    alone: Texts
    together: Texts
    vectors: Vectors
    scorer: Scorer

    def matches(self, pairs: Pairs) -> JudgedPairs:
        """Judge pairs, and keep those that match on their own; scores are those in the company of all others."""
        found = [JudgedPairs.none()]
        for block in _blocks(pairs):
            match_input, candidates, numbers = self._input(self.alone, block)
            matching, verdicts = find_matches(match_input, [candidates], self.scorer)
            judged = _judged(match_input, matching, verdicts, numbers)
            recurring = np.flatnonzero(self._recurs(judged.pairs))
            found += [take_rows(judged, ~np.isin(np.arange(len(judged)), recurring))]
            found += [self.all(judged.pairs[recurring])]
        return join_rows(found)

    def all(self, pairs: Pairs) -> JudgedPairs:
        """All of some pairs, whether they match or not."""
        found = [JudgedPairs.none()]
        for block in _blocks(pairs):
            match_input, candidates, numbers = self._input(self.together, block)
            verdicts = judge_pairs(match_input, candidates, self.scorer)
            found.append(_judged(match_input, candidates, verdicts, numbers))
        return join_rows(found)

    def _recurs(self, pairs: Pairs) -> npt.NDArray[np.bool_]:
        numbers, at = np.unique(pairs, return_inverse=True)
        return np.asarray(self.together.recurs_in(numbers)[at.reshape(-1, 2)].any(axis=1), np.bool_)

    def _input(self, texts: Texts, pairs: Pairs) -> tuple[MatchInput, Candidates, Numbers]:
        numbers, at = np.unique(pairs, return_inverse=True)
        left, right = at.reshape(-1, 2).T.astype(np.intp)
        own = self.vectors.take(numbers)
        return texts.match_input(numbers), Candidates(left, right, cosines_of_pairs(own, left, right)), numbers


def _blocks(pairs: Pairs) -> Iterator[Pairs]:
    """Pairs sorted by their texts, some thousand at a time."""
    ordered = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    bounds = [*range(0, len(pairs), _PAIRS), len(pairs)]
    return (ordered[begin:end] for begin, end in pairwise(bounds))


def _judged(match_input: MatchInput, candidates: Candidates, verdicts: Verdicts, numbers: Numbers) -> JudgedPairs:
    described = describe_pairs(match_input, candidates, verdicts, full=np.zeros(len(candidates), np.bool_))
    return JudgedPairs(
        left=numbers[candidates.left],
        right=numbers[candidates.right],
        similarity=candidates.similarity,
        log_odds=verdicts.log_odds,
        copied=verdicts.copied,
        certain=opposed(match_input, candidates, verdicts),
        kind=np.array([match.kind.value for match in described], np.object_),
    )
