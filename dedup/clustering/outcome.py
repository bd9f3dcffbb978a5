"""Outcome of a run: clusters, the representative of each, and the pairs that get their full evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from dedup.arrays import batches, take_rows
from dedup.clustering.keep_rules import KeepRules, Standing
from dedup.clustering.linked_pairs import Pair
from dedup.datatypes import (
    EVIDENCE_FOR_ALL_PAIRS,
    MOST_IN_FULL,
    Article,
    Candidates,
    Cluster,
    Embeddings,
    Language,
    MatchKind,
    WeakestPair,
)
from dedup.matching.exact import UniqueArticles
from dedup.matching.features import MatchInput
from dedup.matching.scorer import probability
from dedup.matching.selection import PairFilter
from dedup.matching.verify import Verdicts
from dedup.runtime.article_files import take_articles
from dedup.runtime.workers import Workers

KINDS = (MatchKind.EXACT, MatchKind.NEAR, MatchKind.EXCERPT, MatchKind.TRANSLATION, MatchKind.SAME_STORY)
"""Kinds of matches, from those that have most in common to those that have least."""

Group = tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """Outcome of a run, before matches are described.

    unique : the articles with different texts, by whose numbers all fields but `standings` name articles
    languages : languages of the unique articles
    matched : input of `describe_pairs`, which makes the matches
    full : ndarray of shape (m,), bool, whether each match is described in full
    groups, weakest : clusters of unique articles, and the weakest pair of each
    versions : clusters of copies and translations inside the groups, where these are events
    standings : facts by which `rules` choose, of all articles that may be in a cluster, by their position among all
    rules : rules that choose the representative of each cluster
    embeddings : vectors of the unique articles
    pairs : filter of the pairs that count, if not all do
    """

    unique: UniqueArticles
    languages: list[Language]
    matched: tuple[MatchInput, Candidates, Verdicts]
    full: npt.NDArray[np.bool_]
    groups: list[Group]
    versions: list[Group]
    weakest: list[WeakestPair]
    standings: Mapping[int, Standing]
    rules: KeepRules
    embeddings: Embeddings
    pairs: PairFilter | None = None

    def representative(self, members: Sequence[int]) -> int:
        """Position of the article among the members that stands for them."""
        return self.rules.choose(self.standings[member] for member in members).position

    def clusters(self, kinds: Sequence[MatchKind]) -> tuple[Cluster, ...]:
        """Make the clusters: groups of unique articles with their copies, and copies that match nothing else.

        `kinds` are those of the matches, in their order.
        """
        copies = self.unique.copies_of_each()
        version_of = {at: version for version in self.versions for at in version}
        clusters = []
        kinds_and_decided = zip(self._kinds_of_groups(kinds), self._decided_groups(), strict=True)
        for group, weakest, (kind, decided) in zip(self.groups, self.weakest, kinds_and_decided, strict=True):
            of_each = {at: copies.pop(self.unique.positions[at]) for at in group}
            members = sorted(position for positions in of_each.values() for position in positions)
            representative = self.representative(members)
            weakest = self.unique.at_positions(weakest)
            parts = {version_of.get(at, (at,)) for at in group} if kind is MatchKind.SAME_STORY else ()
            versions = sorted(tuple(sorted(position for at in part for position in of_each[at])) for part in parts)
            clusters.append(Cluster(tuple(members), representative, kind, weakest, decided, tuple(versions)))
        for members in copies.values():
            if len(members) > 1:
                weakest = WeakestPair(members[0], members[1], 1.0, 1.0)
                representative = self.representative(members)
                clusters.append(Cluster(tuple(members), representative, MatchKind.EXACT, weakest))
        return tuple(sorted(clusters, key=lambda cluster: cluster.members))

    def _decided_groups(self) -> list[bool]:
        """Whether each group holds a pair that people decided to be the same."""
        _, matched, verdicts = self.matched
        group_of = _group_of(self.groups, len(self.unique))
        decided = {int(group_of[at]) for at in matched.left[verdicts.decided]}
        return [number in decided for number in range(len(self.groups))]

    def _kinds_of_groups(self, kinds: Sequence[MatchKind]) -> list[MatchKind]:
        """Kind of each group: that of its matches which have least in common."""
        _, matched, _ = self.matched
        group_of = _group_of(self.groups, len(self.unique))
        group = group_of[matched.left]
        within = (group >= 0) & (group == group_of[matched.right])
        loosest = np.zeros(len(self.groups), np.intp)
        np.maximum.at(loosest, group[within], np.array([KINDS.index(kind) for kind in kinds], np.intp)[within])
        return [KINDS[number] for number in loosest.tolist()]


def are_in_one(groups: Sequence[Group], candidates: Candidates) -> npt.NDArray[np.bool_]:
    """Whether both articles of each candidate are in one of the groups."""
    group_of = _group_of(groups, int(candidates.right.max(initial=-1)) + 1)
    of_left = group_of[candidates.left]
    return np.asarray((of_left >= 0) & (of_left == group_of[candidates.right]), np.bool_)


def choose_in_full(
    pairs: Iterable[Pair],
    groups: Sequence[Group],
    weakest: Sequence[WeakestPair],
    representative: Callable[[Group], int],
) -> npt.NDArray[np.bool_]:
    """Choose pairs to describe with full evidence: in a large group those of its representative, and the weakest.

    If these are more than `MOST_IN_FULL`, only the weakest pairs are chosen, of the first groups.
    """
    central: dict[int, int] = {}  # representative of each member of a large group
    for group in groups:
        if len(group) > EVIDENCE_FOR_ALL_PAIRS:
            central |= dict.fromkeys(group, representative(group))
    shown = {(pair.left, pair.right) for pair in weakest}
    chosen = [
        (pair in shown, central.get(pair[0], pair[0]) in pair or central.get(pair[1], pair[1]) in pair)
        for pair in pairs
    ]
    weak, near_centre = np.array(chosen, np.bool_).reshape(-1, 2).T
    full = weak | near_centre
    if full.sum() > MOST_IN_FULL:
        full = weak.copy()
        full[np.flatnonzero(full)[MOST_IN_FULL:]] = False
    return full


def weakest_pairs(
    candidates: Candidates, verdicts: Verdicts, groups: Sequence[Group], articles: int
) -> list[WeakestPair]:
    """Verified pair of each group with the lowest score; ties go to the first."""
    group_of = _group_of(groups, articles)
    left, right = group_of[candidates.left], group_of[candidates.right]
    within = np.flatnonzero((left == right) & (left >= 0))
    order = within[np.lexsort((verdicts.log_odds[within], left[within]))]
    weakest = order[np.unique(left[order], return_index=True)[1]]
    found, scores = take_rows(candidates, weakest), probability(verdicts.log_odds[weakest])
    columns = (found.left, found.right, found.similarity, scores)
    return [WeakestPair(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]


def _group_of(groups: Sequence[Group], articles: int) -> npt.NDArray[np.intp]:
    """Number of each article's group, -1 for an article in none: ndarray of shape (articles,), intp."""
    group_of = np.full(articles, -1, np.intp)
    for number, group in enumerate(groups):
        group_of[list(group)] = number
    return group_of


def standings_of(
    articles: Sequence[Article],
    wanted: npt.NDArray[np.intp],
    languages: Sequence[str],
    words: Sequence[int],
    rules: KeepRules,
    workers: Workers,
    *,
    kept: Mapping[int, int] = MappingProxyType({}),
) -> dict[int, Standing]:
    """Facts by which rules choose, of the articles `wanted`, by position; `languages` and `words` belong to these.

    Articles in `kept`, a preference below 0 by position, come before all others, the lowest first.
    """
    columns = take_articles(articles, wanted), wanted.tolist(), languages, words
    tasks = zip(*map(batches, columns), strict=True)
    found = (standing for batch in workers.map(partial(_standings, rules), tasks) for standing in batch)
    return {standing.position: standing._replace(decided=kept.get(standing.position, 0)) for standing in found}


def _standings(rules: KeepRules, task: tuple[Sequence[Article], list[int], list[str], list[int]]) -> list[Standing]:
    return list(map(rules.standing, *task))
