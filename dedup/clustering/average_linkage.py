"""Matches → clusters, without chaining.

Average linkage on log-odds, the greedy form of correlation clustering (Bansal, Blum & Chawla 2004): the two clusters
whose pairs are on average likeliest to be the same article are joined as long as that average favours it, and as long
as the pairs within one language, whose facts and wording can be compared directly, do not speak against it. A~B and B~C
do not make A~C where A and C contradict each other, and one stray match does not pull two stories together.

Mean F1 (BCubed; pairs for semeval22) of other forms on the development sets, given the same log-odds:

=====================================================  ==========  =====
form                                                   duplicates  story
=====================================================  ==========  =====
average linkage, as here                               97.2        87.7
the same without the veto within one language          97.3        87.7
greedy additive edge contraction (sums, not averages)  96.8        87.4
the same, then single articles moved while that pays   96.8        87.2
average linkage, then single articles moved            97.0        87.2
pivots (Ailon et al. 2008), then articles moved        96.8        86.4
stars: every article to the best of the centres        95.1        87.5
pivots                                                 96.0        85.5
connected components                                   88.5        81.9
=====================================================  ==========  =====

Duplicates: wmt24, wmt, ruby_news, near_dup, templated, debian_news, parts of ntrex and ntrex_other; story: news_events,
semeval22, meantime. The veto costs a point in languages nobody knows (ntrex_other) and keeps templates apart.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from dedup.arrays import Positions
from dedup.clustering.linked_pairs import linked_groups

_AT_A_TIME = 1 << 14  # pairs converted to Python numbers together

_WORST = -3.0  # least log-odds of an uncertain pair: one bad translation does not outweigh ten good ones

UNVERIFIED = -1.0
"""Log-odds, less the threshold, of a pair that was not verified."""

OF_EVENTS = 0.5
"""Reluctance to join two groups of reports of events (see `cluster_pairs`)."""


def cluster_pairs(
    left: Positions,
    right: Positions,
    log_odds: npt.NDArray[np.float64],
    *,
    unknown: float,
    key: Callable[[int], str],
    certain: npt.NDArray[np.bool_],
    must: npt.NDArray[np.bool_] | None = None,
    cannot: npt.NDArray[np.bool_] | None = None,
    reluctance: float = 0.0,
) -> list[tuple[int, ...]]:
    """Clusters of two or more, each ascending, sorted by their first member.

    Memory is that of the largest group of linked articles.

    Parameters
    ----------
    left, right : ndarray of shape (m,), intp, left < right
        Unique pairs of positions of articles.
    log_odds : ndarray of shape (m,), float64
        Evidence for (above 0) or against (below 0) a pair belonging together, less the threshold.
    unknown : float
        Log-odds of a pair that is not among them; below 0.
    key : callable (position) -> str
        Unique name of an article, by which ties are broken, so that the order of the articles does not matter.
    certain : ndarray of shape (m,), bool
        Pairs whose evidence forbids joining two clusters if its sum between them is negative.
    must, cannot : ndarray of shape (m,), bool, optional
        Pairs that must be in one cluster whatever the evidence, and pairs that must not, not even through other
        articles; there are clusters that keep all of them (`dedup.clustering.constraints`).
    reluctance : float
        Log-odds by which the mean between two clusters has to exceed 0, for each e-fold of articles in the smaller one:
        two groups on one topic that hold together by themselves are more often two events than a group and one article.
    """
    none = np.zeros(len(left), np.bool_)
    must, cannot = (none if pairs is None else pairs for pairs in (must, cannot))
    certain = certain | cannot
    log_odds = np.where(certain, log_odds, np.maximum(log_odds, _WORST))
    log_odds[cannot] = -np.inf  # of certain pairs the sum is never again 0 or more
    linking = (log_odds > 0) | must
    group_of = np.full(int(right.max(initial=-1)) + 1, -1)
    for number, group in enumerate(linked_groups(zip(left[linking].tolist(), right[linking].tolist(), strict=True))):
        group_of[list(group)] = number
    within = np.flatnonzero((group_of[left] >= 0) & (group_of[left] == group_of[right]))
    within = within[np.argsort(group_of[left[within]], kind="stable")]
    found: list[tuple[int, ...]] = []
    for part in np.split(within, np.flatnonzero(np.diff(group_of[left[within]])) + 1):
        found += _cluster_group(
            left[part], right[part], log_odds[part], unknown, key, certain[part], must[part], reluctance
        )
    return sorted(found)


def _cluster_group(
    left: Positions,
    right: Positions,
    log_odds: npt.NDArray[np.float64],
    unknown: float,
    key: Callable[[int], str],
    certain: npt.NDArray[np.bool_],
    must: npt.NDArray[np.bool_],
    reluctance: float,
) -> list[tuple[int, ...]]:
    """Clusters within a group of linked articles, which in a large archive may have millions of pairs."""
    order = sorted({*left.tolist(), *right.tolist()}, key=key)
    rank = {position: number for number, position in enumerate(order)}
    members = {number: [number] for number in rank.values()}
    sums: dict[int, dict[int, _Sum]] = {number: {} for number in rank.values()}
    for one, other, value, direct in _rows(left, right, log_odds, np.where(certain, log_odds, 0.0)):
        a, b = rank[one], rank[other]
        sums[a][b] = sums[b][a] = (value, 1, direct)
    _join_decided([(rank[one], rank[other]) for one, other in _rows(left[must], right[must])], members, sums)
    joins = partial(_joins, members=members, sums=sums, unknown=unknown, reluctance=reluctance)
    heap = [join for a, row in sums.items() for join in joins(a, [b for b in row if a < b])]
    heapq.heapify(heap)
    while heap:
        _, a, b, size_a, size_b = heapq.heappop(heap)
        if a not in members or b not in members or len(members[a]) != size_a or len(members[b]) != size_b:
            continue  # one of the two has grown since: a newer entry is in the heap
        _join(a, b, members, sums)
        for join in joins(a, sums[a]):
            heapq.heappush(heap, join)
    return [tuple(sorted(order[at] for at in group)) for group in members.values() if len(group) > 1]


def _rows(left: Positions, right: Positions, *values: npt.NDArray[np.float64]) -> Iterator[Any]:
    """Yield the pairs as Python numbers, converted some at a time since these take ten times the memory."""
    for start in range(0, len(left), _AT_A_TIME):
        part = slice(start, start + _AT_A_TIME)
        yield from zip(*(column[part].tolist() for column in (left, right, *values)), strict=True)


_Sum = tuple[float, int, float]  # log-odds between two clusters, pairs they are of, and the part within one language


def _joins(
    a: int,
    others: Iterable[int],
    *,
    members: dict[int, list[int]],
    sums: dict[int, dict[int, _Sum]],
    unknown: float,
    reluctance: float,
) -> Iterator[tuple[float, int, int, int, int]]:
    """Yield heap entries for the joins of a cluster with others that the evidence favours."""
    for other in others:
        total, known, direct = sums[a][other]
        pairs = len(members[a]) * len(members[other])
        average = (total + unknown * (pairs - known)) / pairs
        needed = reluctance and reluctance * math.log(min(len(members[a]), len(members[other])))
        if average > needed and direct >= 0:
            low, high = min(a, other), max(a, other)
            yield -average, low, high, len(members[low]), len(members[high])


def _join_decided(
    pairs: list[tuple[int, int]], members: dict[int, list[int]], sums: dict[int, dict[int, _Sum]]
) -> None:
    """Join the clusters of pairs that must be in one, each under the lowest of its ranks."""
    cluster_of = {number: number for pair in pairs for number in pair}
    for pair in sorted(tuple(sorted(pair)) for pair in pairs):
        a, b = sorted(cluster_of[number] for number in pair)
        if a != b:
            cluster_of |= dict.fromkeys(members[b], a)
            _join(a, b, members, sums)


def _join(a: int, b: int, members: dict[int, list[int]], sums: dict[int, dict[int, _Sum]]) -> None:
    """Move cluster b into cluster a."""
    members[a] += members.pop(b)
    row = sums.pop(b)
    row.pop(a, None)
    sums[a].pop(b, None)
    for other, (value, known, direct) in row.items():
        total, so_far, directly = sums[a].get(other, (0.0, 0, 0.0))
        sums[a][other] = sums[other][a] = (total + value, so_far + known, directly + direct)
        del sums[other][b]
