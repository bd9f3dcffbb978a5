"""Stories of a selection: matches and clusters of texts → those of the articles that form pairs that count.

Everything up to here is about texts, of which several articles may be copies. With a selection two copies may differ:
one belongs to the reference, say, or was published too early. So each match of two texts becomes matches of their
articles whose pairs count, and each cluster keeps the articles that its matches hold together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from dedup.clustering.linked_pairs import Pair, linked_groups
from dedup.clustering.outcome import KINDS
from dedup.datatypes import Agreement, AlignedPair, Cluster, Evidence, Match, WeakestPair
from dedup.matching.exact import exact_match
from dedup.matching.selection import PairFilter


def select(
    matches: Sequence[Match],
    clusters: Sequence[Cluster],
    pairs: PairFilter,
    representative: Callable[[Sequence[int]], int],
) -> tuple[list[Match], tuple[Cluster, ...]]:
    """Matches and clusters of the articles that form pairs that count, in stories as large as asked for.

    Parameters
    ----------
    matches : sequence of Match
        Those that count, between the numbers of two texts.
    clusters : sequence of Cluster
        Clusters of articles with all their copies.
    representative : callable (positions) -> position
        Chooses one of the articles of a story.
    """
    of_articles = list(_select_matches(matches, pairs))
    inside = _inside(of_articles, clusters)
    parts = [part for cluster, own in zip(clusters, inside, strict=True) for part in _parts(cluster, own, pairs)]
    small = _numbered(part for part in parts if len(part.members) < pairs.selection.min_size)
    kept = (match for match in of_articles if match.left not in small or small[match.left] != small.get(match.right))
    stories = (
        replace(part, representative=representative(part.members))
        for part in sorted(parts, key=lambda part: part.members)
        if len(part.members) >= pairs.selection.min_size
    )
    return sorted(kept, key=lambda match: (match.left, match.right)), tuple(stories)


def _select_matches(matches: Iterable[Match], pairs: PairFilter) -> Iterator[Match]:
    """Yield matches of copies, then of articles with different texts: each article matches its first partner only.

    Copies that match one another have one partner.
    """
    first: dict[int, int] = {}  # first of the matching copies, for each of them
    for number, copies in enumerate(pairs.copies):
        if len(copies) > 1 and pairs.counts_copies:
            exact = sorted({(min(pair), max(pair)) for pair in pairs.copies_that_count(number, number)})
            for group in linked_groups(exact):
                first |= dict.fromkeys(group, group[0])
            yield from (exact_match(*pair) for pair in first_partners(exact))
    for match in matches:
        yield from _of_articles(match, pairs, first)


def _inside(matches: Iterable[Match], clusters: Sequence[Cluster]) -> list[list[Match]]:
    """Matches within each cluster."""
    cluster_of = _numbered(clusters)
    inside: list[list[Match]] = [[] for _ in clusters]
    for match in matches:
        number = cluster_of.get(match.left)
        if number is not None and number == cluster_of.get(match.right):
            inside[number].append(match)
    return inside


def _numbered(clusters: Iterable[Cluster]) -> dict[int, int]:
    """Number of the cluster of each member."""
    return {member: number for number, cluster in enumerate(clusters) for member in cluster.members}


def mirrored(match: Match) -> Match:
    """A match with its two sides exchanged."""
    evidence = match.evidence
    aligned = sorted((AlignedPair(pair.right, pair.left, pair.similarity) for pair in evidence.aligned), key=_place)
    return replace(
        match,
        left=match.right,
        right=match.left,
        excerpt={"left": "right", "right": "left"}.get(match.excerpt, ""),
        evidence=Evidence(
            coverage=(evidence.coverage[1], evidence.coverage[0]),
            aligned=tuple(aligned),
            numbers=_exchanged(evidence.numbers),
            names=_exchanged(evidence.names),
            features=evidence.features,
        ),
    )


def first_partners(pairs: Iterable[Pair], first: Mapping[int, int] = MappingProxyType({})) -> list[Pair]:
    """Pairs, the lower position first, in which one is the first partner of the other; each once, sorted.

    An article in `first` shares the partner of the article that it is mapped to.
    """
    met: set[int] = set()
    found: set[Pair] = set()
    for pair in pairs:
        ends = {first.get(at, at) for at in pair}
        if not ends <= met:
            met |= ends
            found.add((min(pair), max(pair)))
    return sorted(found)


def _of_articles(match: Match, pairs: PairFilter, first: Mapping[int, int]) -> Iterator[Match]:
    """Yield the matches of articles that a match of their two texts stands for."""
    of_right = frozenset(pairs.copies[match.right])
    for one, other in first_partners(pairs.copies_that_count(match.left, match.right), first):
        yield replace(mirrored(match) if one in of_right else match, left=one, right=other)


def _parts(cluster: Cluster, matches: Sequence[Match], pairs: PairFilter) -> Iterator[Cluster]:
    """Yield the parts of a cluster that matches hold together; most clusters stay whole."""
    numbers = {int(pairs.numbers[at]) for at in cluster.members}
    if len(numbers) == len(cluster.members):
        yield cluster
        return
    matched = {(int(pairs.numbers[match.left]), int(pairs.numbers[match.right])) for match in matches}
    edges = [pair for of_texts in sorted(matched) for pair in pairs.copies_that_count(*of_texts)]
    for members in linked_groups(edges):
        own = [match for match in matches if match.left in members and match.right in members]
        kind = max((match.kind for match in own), key=KINDS.index)
        decided = any(match.decided for match in own)
        versions = [tuple(at for at in version if at in members) for version in cluster.versions]
        weakest = _weakest(cluster, own, pairs)
        yield Cluster(members, members[0], kind, weakest, decided, tuple(filter(None, versions)))


def _weakest(cluster: Cluster, matches: Sequence[Match], pairs: PairFilter) -> WeakestPair:
    """Weakest pair of a cluster if it is one of the matches, or else the weakest of these."""
    numbers = {int(pairs.numbers[at]) for at in (cluster.weakest.left, cluster.weakest.right)}
    for match in matches:
        if {int(pairs.numbers[match.left]), int(pairs.numbers[match.right])} == numbers:
            return replace(cluster.weakest, left=match.left, right=match.right)
    weakest = min(matches, key=lambda match: match.score)
    return WeakestPair(weakest.left, weakest.right, weakest.similarity, weakest.score)


def _exchanged(agreement: Agreement) -> Agreement:
    return Agreement(agreement.shared, agreement.right_only, agreement.left_only)


def _place(pair: AlignedPair) -> tuple[int, int]:
    return pair.left, pair.right
