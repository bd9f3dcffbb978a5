"""Matches → clusters, without chaining.

Average linkage on log-odds, the greedy form of correlation clustering (Bansal, Blum & Chawla 2004): the two clusters
whose pairs are on average likeliest to be the same article are joined as long as that average favours it, and as long
as those of the pairs that are in one language, where facts and wording can be held against each other directly, do not
speak against it. A~B and B~C do not make A~C where A and C contradict each other, and one loose end does not pull two
stories together.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence

Pair = tuple[int, int]


def linked_groups(pairs: Iterable[Pair]) -> list[tuple[int, ...]]:
    """Connected components of the pairs, each ascending, sorted by their first member: what may become clusters."""
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


def cluster_pairs(
    log_odds: Mapping[Pair, float], *, unknown: float, keys: Mapping[int, str] | Sequence[str], languages: Sequence[str]
) -> list[tuple[int, ...]]:
    """Clusters of two or more, each ascending, sorted by their first member.

    Parameters
    ----------
    log_odds : mapping of (left, right), left < right, to float
        Evidence for (above 0) or against (below 0) a pair belonging together, the threshold already taken off.
    unknown : float
        What a pair that is not in the mapping counts; below 0.
    keys : sequence of str, or mapping of int to str
        Unique names of all articles, or of those in pairs; ties are broken by them, so that the order of the articles
        does not matter.
    languages : sequence of str
        Language codes of all articles.
    """
    order = sorted({position for pair in log_odds for position in pair}, key=lambda position: keys[position])
    rank = {position: number for number, position in enumerate(order)}
    members: dict[int, list[int]] = {}
    sums: dict[int, dict[int, _Sum]] = {}
    for (left, right), value in log_odds.items():
        same = languages[left] == languages[right]
        a, b = rank[left], rank[right]
        for one, other in ((a, b), (b, a)):
            members.setdefault(one, [one])
            sums.setdefault(one, {})[other] = (value, 1, value if same else 0.0)
    heap = [(-value, a, b, 1, 1) for a, row in sums.items() for b, (value, _, _) in row.items() if a < b and value > 0]
    heapq.heapify(heap)
    while heap:
        _, a, b, size_a, size_b = heapq.heappop(heap)
        if a not in members or b not in members or len(members[a]) != size_a or len(members[b]) != size_b:
            continue  # one of the two has grown since: a newer entry is in the heap
        _join(a, b, members, sums)
        for other, (total, known, direct) in sums[a].items():
            pairs = len(members[a]) * len(members[other])
            average = (total + unknown * (pairs - known)) / pairs
            if average > 0 and direct >= 0:
                low, high = min(a, other), max(a, other)
                heapq.heappush(heap, (-average, low, high, len(members[low]), len(members[high])))
    found = (tuple(sorted(order[at] for at in group)) for group in members.values() if len(group) > 1)
    return sorted(found)


_Sum = tuple[float, int, float]  # log-odds between two clusters, pairs they are of, and the part within one language


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
