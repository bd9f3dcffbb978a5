"""Pairs that clustering judges by: those that match, and the others between articles that these link."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from dedup.arrays import distinct, join_rows, take_rows
from dedup.datatypes import Candidates, Progress
from dedup.matching.candidates.neighbours import Neighbourhood
from dedup.matching.features import MatchInput
from dedup.matching.scorer import FEATURES, HEADS, Scorer
from dedup.matching.verify import Verdicts, find_matches, judge_pairs
from dedup.runtime.workers import Workers

Pair = tuple[int, int]

_Numbers = npt.NDArray[np.int64]

_NONE = np.empty((0, 2), np.int64)

_NEAR = 1 << 20  # proposed pairs looked at together

_COPIED = 0.3  # share of runs of words in common from which two texts count as versions of one

_BY_WORDS = [HEADS.index(head) for head in ("copy", "copy excerpt")]

COMPLETED = 100
"""Largest group of linked articles that has all its pairs verified."""


def linked_groups(pairs: Iterable[Pair]) -> list[tuple[int, ...]]:
    """Connected components of the pairs, each ascending, sorted by their first member."""
    parent: dict[int, int] = {}

    def root(position: int) -> int:
        parent.setdefault(position, position)
        while parent[position] != position:
            parent[position] = parent[parent[position]]
            position = parent[position]
        return position

    for left, right in pairs:
        low, high = sorted((root(left), root(right)))
        parent[high] = low
    groups: dict[int, list[int]] = {}
    for position in sorted(parent):
        groups.setdefault(root(position), []).append(position)
    return sorted(tuple(group) for group in groups.values())


def judge_linked(
    match_input: MatchInput,
    neighbourhood: Neighbourhood,
    scorer: Scorer,
    workers: Workers,
    progress: Progress | None,
    *,
    must: _Numbers = _NONE,
    cannot: _Numbers = _NONE,
) -> tuple[Candidates, Verdicts]:
    """Verify candidates, and all other pairs that decide on clusters; returns them in order.

    Only candidates that look like matches are kept. A cluster is judged by all its pairs, so the other pairs of the
    articles that these link are then verified too, whether the search proposed them or not (in a group of more than
    `COMPLETED`, only those it proposed). So are pairs that people decided on, of shape (k, 2); those that `must` be in
    one story link their articles.
    """
    total, blocks = len(neighbourhood.near), neighbourhood.blocks()
    linking, of_linking = find_matches(match_input, blocks, scorer, workers=workers, total=total, progress=progress)
    copied = take_rows(linking, of_linking.copies)
    links = [linking] if len(copied) == len(linking) else [linking, copied]
    lacking = _lacking(neighbourhood, links, must, cannot)
    of_lacking = judge_pairs(match_input, lacking, scorer, workers=workers)
    every, of_every = join_rows([linking, lacking]), join_rows([of_linking, of_lacking])
    order = np.lexsort((every.right, every.left))
    return take_rows(every, order), take_rows(of_every, order)


def opposed(match_input: MatchInput, candidates: Candidates, verdicts: Verdicts) -> npt.NDArray[np.bool_]:
    """Flag pairs that may forbid a join: certainly in one language, and judged by their words; shape (m,), bool.

    Two translations into one language, or into a language and its sibling, share few words, so that a low score says
    little.
    """
    certain = match_input.certain[candidates.left] & match_input.certain[candidates.right]
    copied = verdicts.features[:, FEATURES.index("overlap")] >= _COPIED
    return np.asarray(certain & copied & np.isin(verdicts.heads, _BY_WORDS), np.bool_)


def _lacking(neighbourhood: Neighbourhood, links: Sequence[Candidates], must: _Numbers, cannot: _Numbers) -> Candidates:
    """Pairs within groups of linked articles that do not link, as far as they were proposed or the group is small.

    `links` are the linking pairs, and possibly those of narrower groups, which are completed as if they were alone.
    """
    n = len(neighbourhood.embeddings)
    known = links[0].left * n + links[0].right
    decided = [pairs[:, 0] * n + pairs[:, 1] for pairs in (must, cannot)]
    group_of = np.full(n, -1, np.int32)
    wanted = decided
    for pairs in reversed(links):
        linking = [*(pairs.left * n + pairs.right).tolist(), *decided[0].tolist()]
        groups = linked_groups((number // n, number % n) for number in linking)
        for number, group in enumerate(map(np.array, groups)):
            group_of[group] = number
            if 2 < len(group) <= COMPLETED:
                one, other = np.triu_indices(len(group), 1)
                wanted.append(group[one] * n + group[other])
    for start in range(0, len(neighbourhood.near), _NEAR):
        near = neighbourhood.near[start : start + _NEAR]
        group_of_left = group_of[near // n]
        wanted.append(near[(group_of_left >= 0) & (group_of_left == group_of[near % n])])
    asked = distinct(np.concatenate(wanted))
    missing = asked[~np.isin(asked, distinct(known), assume_unique=True)]
    return neighbourhood.between(*np.divmod(missing, max(n, 1)))
