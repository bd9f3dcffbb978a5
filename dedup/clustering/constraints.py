"""Decisions → constraints on clusters: pairs that must be linked, pairs that cannot be, articles that are kept.

The rules are those of `dedup.clustering.decisions`. Must-link and cannot-link constraints (Wagstaff & Cardie 2000),
made consistent beforehand, so that there are clusters that keep them all.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product

import numpy as np
import numpy.typing as npt

from dedup.clustering.decisions import Decisions, PairDecision
from dedup.clustering.linked_pairs import Pair
from dedup.datatypes import Candidates
from dedup.language.text import printable
from dedup.matching.exact import UniqueArticles

logger = logging.getLogger(__name__)

Link = tuple[Pair, PairDecision]

_NAMED = 5  # decisions that give way, named in warnings; the others are counted

_NO_PAIRS = np.empty((0, 2), np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Constraints:
    """Constraints on the clusters of a run.

    must, cannot : ndarray of shape (k, 2), int64
        Numbers of unique articles, the lower first: pairs that are one story, and pairs that never are.
    kept : mapping
        Preference, below 0, of articles chosen as representatives, by position among all; the lowest was chosen last.
    """

    must: npt.NDArray[np.int64] = field(default_factory=_NO_PAIRS.copy)
    cannot: npt.NDArray[np.int64] = field(default_factory=_NO_PAIRS.copy)
    kept: Mapping[int, int] = field(default_factory=dict)

    def linking(self, candidates: Candidates) -> npt.NDArray[np.bool_]:
        """Whether each candidate was decided to be the same: ndarray of shape (m,), bool."""
        return _among(candidates, self.must)

    def forbidding(self, candidates: Candidates) -> npt.NDArray[np.bool_]:
        """Whether each candidate was decided to be different: ndarray of shape (m,), bool."""
        return _among(candidates, self.cannot)


def _among(candidates: Candidates, pairs: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    base = 1 + max(int(candidates.right.max(initial=0)), int(pairs.max(initial=0)))
    return np.isin(candidates.left * base + candidates.right, pairs[:, 0] * base + pairs[:, 1])


def apply_decisions(decisions: Decisions, unique: UniqueArticles) -> tuple[UniqueArticles, Constraints]:
    """Constraints that decisions put on a run, and its articles, with exact copies decided to be different set apart.

    Decisions on articles that are not in the run, and decisions that contradict later ones, are named in warnings.

    Parameters
    ----------
    unique : UniqueArticles
        Found with the names of the decisions.
    """
    if not len(decisions):
        return unique, Constraints()
    _warn_of_unknown(decisions, unique)
    of_copies, others = _on_copies(decisions, unique)
    splits, contradicted = _split_copies(of_copies, unique)
    unique = unique.set_apart([part for parts in splits for part in parts])
    number_of = unique.numbers
    verdicts = _verdicts(others, unique, number_of, {at for parts in splits for part in parts[1:] for at in part})
    cannot = [pair for pair, decision in verdicts.items() if not decision.same]
    for parts in splits:
        cannot += map(_pair, combinations([int(number_of[part[0]]) for part in parts], 2))
    groups = _Groups(cannot)
    must, more = groups.link([(pair, decision) for pair, decision in verdicts.items() if decision.same])
    _warn_of_contradicted([*contradicted, *more])
    return unique, Constraints(_rows(must), _rows(cannot), _kept(decisions, unique))


def _on_copies(decisions: Decisions, unique: UniqueArticles) -> tuple[dict[Pair, PairDecision], list[PairDecision]]:
    """Decisions on two exact copies, by their positions, the last on each pair; and those on two texts, in order."""
    of_copies: dict[Pair, PairDecision] = {}
    others = []
    for decision in decisions.pairs:
        left, right = (unique.named.get(name, ()) for name in (decision.left, decision.right))
        if not left or not right:
            continue
        if unique.originals[left[0]] != unique.originals[right[0]]:
            others.append(decision)
        elif len(left) == len(right) == 1:
            if left != right:
                _put(of_copies, _pair((left[0], right[0])), decision)
        elif not decision.same:
            logger.warning(
                "%s: a hash cannot tell exact copies apart, and nothing is decided; name both by their ids",
                decision.source or "decisions",
            )
    return of_copies, others


def _split_copies(
    of_copies: Mapping[Pair, PairDecision], unique: UniqueArticles
) -> tuple[list[list[list[int]]], list[PairDecision]]:
    """Parts of each text of which copies were decided to be different, and decisions that contradict others.

    Copies decided to be the same are in one part, and each goes to the first part, in order of ids, that holds none
    that is different from it. The first part has all the copies that nobody decided on.
    """
    texts: dict[int, list[Link]] = {}
    for pair, decision in of_copies.items():
        texts.setdefault(unique.originals[pair[0]], []).append((pair, decision))
    texts = {original: links for original, links in texts.items() if not all(decision.same for _, decision in links)}
    copies: dict[int, list[int]] = {original: [] for original in texts}
    for at, original in enumerate(unique.originals if texts else ()):
        if original in texts:
            copies[original].append(at)
    splits: list[list[list[int]]] = []
    contradicted: list[PairDecision] = []
    for original, links in texts.items():
        groups = _Groups(pair for pair, decision in links if not decision.same)
        contradicted += groups.link([link for link in links if link[1].same])[1]
        parts = groups.coloured(_ids(links, unique))
        decided = {at for part in parts for at in part}
        parts[0] += [at for at in copies[original] if at not in decided]
        splits.append([sorted(part) for part in parts])
    return splits, contradicted


def _ids(links: Sequence[Link], unique: UniqueArticles) -> dict[int, str]:
    """Ids of the articles that the links are between, by position."""
    names = {name for _, decision in links for name in (decision.left, decision.right)}
    return {unique.named[name][0]: name for name in names}


def _verdicts(
    decisions: Iterable[PairDecision], unique: UniqueArticles, number_of: npt.NDArray[np.intp], set_apart: set[int]
) -> dict[Pair, PairDecision]:
    """Last decision on each pair of unique articles, in order; in "same" decisions a hash stands for its first part."""

    def numbers(name: str, *, same: bool) -> set[int]:
        places = unique.named[name]
        if same and len(places) > 1:
            places = [at for at in places if at not in set_apart]
        return {int(number_of[at]) for at in places}

    verdicts: dict[Pair, PairDecision] = {}
    for decision in decisions:
        sides = (numbers(name, same=decision.same) for name in (decision.left, decision.right))
        for pair in product(*sides):
            _put(verdicts, _pair(pair), decision)
    return verdicts


def _kept(decisions: Decisions, unique: UniqueArticles) -> dict[int, int]:
    return {
        at: -number for number, decision in enumerate(decisions.keeps, 1) for at in unique.named.get(decision.keep, ())
    }


class _Groups:
    """Groups of articles that are linked one by one, as long as none comes together with one it is apart from."""

    def __init__(self, apart: Iterable[Pair]) -> None:
        self._group: dict[int, list[int]] = {}
        self._apart: dict[int, set[int]] = {}  # articles that each is decided to be different from
        for one, other in apart:
            self._apart.setdefault(one, set()).add(other)
            self._apart.setdefault(other, set()).add(one)
        for at in self._apart:
            self._group[at] = [at]

    def link(self, links: Sequence[Link]) -> tuple[list[Pair], list[PairDecision]]:
        """Link pairs, the last first; returns those that can be, and the decisions of the others, which give way."""
        linked: list[Pair] = []
        contradicted = []
        for pair, decision in reversed(links):
            one, other = (self._group.setdefault(at, [at]) for at in pair)
            if one is not other and self._are_apart(one, other):
                contradicted.append(decision)
                continue
            linked.append(pair)
            if one is not other:
                larger, smaller = (one, other) if len(one) >= len(other) else (other, one)
                larger += smaller
                self._group |= dict.fromkeys(smaller, larger)
        return linked, contradicted[::-1]

    def coloured(self, ids: Mapping[int, str]) -> list[list[int]]:
        """Parts of which each holds no two articles that are apart: a group goes to the first part that it can join."""
        distinct = {id(group): group for group in self._group.values()}.values()
        parts: list[list[int]] = []
        for group in sorted(distinct, key=lambda group: min(ids[at] for at in group)):
            for part in parts:
                if not self._are_apart(part, group):
                    part += group
                    break
            else:
                parts.append(list(group))
        return parts

    def _are_apart(self, one: Sequence[int], other: Sequence[int]) -> bool:
        smaller, larger = sorted((one, other), key=len)
        members = set(larger)
        return any(not members.isdisjoint(self._apart.get(at, ())) for at in smaller)


def _put(decided: dict[Pair, PairDecision], pair: Pair, decision: PairDecision) -> None:
    """Note a decision as the last one, and the only one on its pair."""
    decided.pop(pair, None)
    decided[pair] = decision


def _pair(pair: Sequence[int]) -> Pair:
    low, high = sorted(pair)
    return low, high


def _rows(pairs: Iterable[Pair]) -> npt.NDArray[np.int64]:
    return np.array(sorted(pairs), np.int64).reshape(-1, 2)


def _warn_of_unknown(decisions: Decisions, unique: UniqueArticles) -> None:
    named = unique.named
    unknown = sum(pair.left not in named or pair.right not in named for pair in decisions.pairs)
    unknown += sum(keep.keep not in named for keep in decisions.keeps)
    if unknown:
        every = len(decisions)
        logger.warning(
            "decisions: %d of %d are on articles that are not in this run; they change nothing", unknown, every
        )


def _warn_of_contradicted(contradicted: Sequence[PairDecision]) -> None:
    for decision in contradicted[:_NAMED]:
        logger.warning(
            "%s: %s and %s stay apart, though decided as the same: other decisions join one of them with an article "
            "that is different from the other",
            decision.source or "decisions",
            printable(repr(decision.left)),
            printable(repr(decision.right)),
        )
    if len(contradicted) > _NAMED:
        logger.warning("decisions: %d more that are contradicted by others", len(contradicted) - _NAMED)
