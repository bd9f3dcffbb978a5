"""Pairs to stories within the file: only groups of linked texts that have changed are clustered again.

A story keeps its id as it grows. Of several that become one, the one with most texts in it stays and the others leave a
record of their successor; where a story falls apart, the largest part keeps the id.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from dedup.archive.judging import Judge, JudgedPairs
from dedup.archive.neighbour_lists import Numbers, Pairs, distinct
from dedup.archive.texts import listed
from dedup.clustering.average_linkage import OF_EVENTS, UNVERIFIED, cluster_pairs
from dedup.clustering.linked_pairs import COMPLETED, linked_groups
from dedup.clustering.outcome import KINDS, are_in_one
from dedup.datatypes import Candidates, MatchKind
from dedup.matching.scorer import Scorer, probability
from dedup.report.view import cluster_id

_RANK = {kind.value: number for number, kind in enumerate(KINDS)}

Group = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Story:
    """A story as it is to be: its texts, the loosest kind of its matches and the lowest score of its pairs."""

    texts: Group
    kind: str
    score: float


def save_pairs(connection: sqlite3.Connection, judged: JudgedPairs, *, proposed: bool) -> None:
    """Write judged pairs; one that was proposed before stays so."""
    connection.executemany(
        'INSERT INTO pairs ("left", "right", similarity, log_odds, copied, certain, kind, proposed) '
        'VALUES (?,?,?,?,?,?,?,?) ON CONFLICT ("left", "right") DO UPDATE SET similarity = excluded.similarity, '
        "log_odds = excluded.log_odds, copied = excluded.copied, certain = excluded.certain, kind = excluded.kind, "
        "proposed = max(proposed, excluded.proposed)",
        ((*row, int(proposed)) for row in judged.rows()),
    )


def update_stories(
    connection: sqlite3.Connection,
    touched: set[int],
    grown: set[int],
    bereft: set[str],
    judge: Judge,
    proposals: Callable[[Numbers], Pairs],
    run: int,
) -> None:
    """Cluster anew all that is linked to some texts, and bring the stories of these into line.

    Parameters
    ----------
    touched : set of int
        Texts that have come or lost an article, or whose links have changed; some may be no more.
    grown : set of int
        Texts that have one more article.
    bereft : set of str
        Stories that have lost a text.
    proposals : function from texts to the pairs proposed among them
    run : int
        Number of the run that does it.
    """
    least = judge.scorer.least
    links = find_links(connection, touched, least)
    groups = linked_groups(links)
    within = {group: proposals(np.array(group)) for group in groups if len(group) > COMPLETED}
    _judge_lacking(connection, groups, judge, within)
    ids = _first_ids(connection, {*touched, *(number for group in groups for number in group)})
    found = _clusters(connection, groups, ids, judge.scorer, within)
    found += _copied_alone(connection, set(ids).difference(*(story.texts for story in found)))
    _Succession(connection, set(ids), bereft, grown, run).write(found)


def find_links(connection: sqlite3.Connection, touched: set[int], least: float) -> list[tuple[int, int]]:
    """Pairs that match and are proposed, among all texts that can be reached by them."""
    query = (
        'SELECT "left", "right" FROM pairs WHERE {} IN (SELECT value FROM json_each(?)) AND proposed AND log_odds >= ?'
    )
    seen, links, frontier = set(touched), set[tuple[int, int]](), touched
    while frontier:
        numbers = listed(frontier)
        fresh = {
            (left, right)
            for side in ('"left"', '"right"')
            for left, right in connection.execute(query.format(side), (numbers, least))
        }
        links |= fresh
        frontier = {number for pair in fresh for number in pair} - seen
        seen |= frontier
    return sorted(links)


def _judge_lacking(
    connection: sqlite3.Connection, groups: Sequence[Group], judge: Judge, within: Mapping[Group, Pairs]
) -> None:
    """Verify the other pairs of groups of linked texts, as far as a scan does; of large ones, those `within`."""
    wanted = [np.empty((0, 2), np.int64)]
    for group in groups:
        if group in within:
            wanted.append(within[group])
        elif len(group) > 2:
            wanted.append(np.array(group)[np.stack(np.triu_indices(len(group), 1), axis=1)])
    known = _stored(connection, groups, "proposed")
    pairs = distinct(wanted)
    lacking = [at for at, pair in enumerate(map(tuple, pairs.tolist())) if pair not in known]
    save_pairs(connection, judge.all(pairs[lacking]), proposed=False)


def _clusters(
    connection: sqlite3.Connection,
    groups: Sequence[Group],
    ids: Mapping[int, str],
    scorer: Scorer,
    within: Mapping[Group, Pairs],
) -> list[_Story]:
    known = _stored(connection, groups, "log_odds, certain, kind, proposed, copied")
    for group, proposed in within.items():  # only what the search proposes counts in a large group
        counted, inside = set(map(tuple, proposed.tolist())), set(group)
        for pair in [pair for pair in known if pair[0] in inside and pair not in counted and not known[pair][3]]:
            del known[pair]
    pairs = sorted(known)
    left, right = np.array(pairs, np.intp).reshape(-1, 2).T
    cluster = partial(
        cluster_pairs,
        left,
        right,
        unknown=UNVERIFIED,
        key=ids.__getitem__,
        certain=np.array([known[pair][1] for pair in pairs], np.bool_),
    )
    least = scorer.least
    log_odds = np.array([known[pair][0] for pair in pairs], np.float64) - least
    if scorer.events:
        versions = cluster(np.array([known[pair][4] for pair in pairs], np.float64) - scorer.least_of_copies)
        held = are_in_one(versions, Candidates(left, right, np.zeros(len(left), np.float32)))
        clusters = cluster(log_odds, must=held, reluctance=OF_EVENTS)
    else:
        clusters = cluster(log_odds)
    cluster_of = {number: at for at, cluster in enumerate(clusters) for number in cluster}
    inside_of: dict[int, list[_Pair]] = {}
    for (one, other), row in known.items():
        if cluster_of.get(one, -1) == cluster_of.get(other, -2):
            inside_of.setdefault(cluster_of[one], []).append(row)
    return [_story(cluster, inside_of[at], least) for at, cluster in enumerate(clusters)]


_Pair = tuple[float, bool, str, bool, float]  # log-odds, certain, kind, proposed, copied


def _story(cluster: Group, pairs: Sequence[_Pair], least: float) -> _Story:
    kinds = [kind for log_odds, _, kind, *_ in pairs if log_odds >= least]
    lowest = min(log_odds for log_odds, *_ in pairs)
    score = float(probability(np.array([lowest]))[0])
    return _Story(cluster, max(kinds, key=_RANK.__getitem__, default=MatchKind.EXACT.value), score)


def _copied_alone(connection: sqlite3.Connection, texts: set[int]) -> list[_Story]:
    """Texts that are in no cluster and belong to more than one article."""
    query = "SELECT text FROM articles WHERE text IN (SELECT value FROM json_each(?)) GROUP BY text HAVING COUNT(*) > 1"
    return [_Story((row[0],), MatchKind.EXACT.value, 1.0) for row in connection.execute(query, (listed(texts),))]


def _stored(
    connection: sqlite3.Connection, groups: Sequence[Group], columns: str
) -> dict[tuple[int, int], tuple[Any, ...]]:
    """Columns of the verified pairs within each of some groups."""
    group_of = {number: at for at, group in enumerate(groups) for number in group}
    query = f'SELECT "left", "right", {columns} FROM pairs WHERE "left" IN (SELECT value FROM json_each(?))'
    return {
        (left, right): tuple(row)
        for left, right, *row in connection.execute(query, (listed(group_of),))
        if group_of[left] == group_of.get(right)
    }


def _first_ids(connection: sqlite3.Connection, texts: Iterable[int]) -> dict[int, str]:
    """Id of the first article of each text that there is."""
    query = (
        "SELECT text, id FROM articles WHERE number IN "
        "(SELECT MIN(number) FROM articles WHERE text IN (SELECT value FROM json_each(?)) GROUP BY text)"
    )
    return dict(connection.execute(query, (listed(texts),)))


class _Succession:
    """Stories before and after a change."""

    def __init__(
        self, connection: sqlite3.Connection, texts: set[int], bereft: set[str], grown: set[int], run: int
    ) -> None:
        self._connection, self._grown, self._run = connection, grown, run
        query = "SELECT number, story FROM texts WHERE number IN (SELECT value FROM json_each(?))"
        own = connection.execute(f"{query} AND story IS NOT NULL", (listed(texts),))
        self._stories = {story for _, story in own} | bereft
        query = "SELECT number, story FROM texts WHERE story IN (SELECT value FROM json_each(?))"
        self._before = dict(connection.execute(query, (_names(self._stories),)))
        query = "SELECT id, born FROM stories WHERE id IN (SELECT value FROM json_each(?))"
        self._born = dict(connection.execute(query, (_names(self._stories),)))

    def write(self, stories: Sequence[_Story]) -> None:
        """Give every story its id, write them in place of those before, and record what became of these."""
        shares = Counter(
            (self._before[number], at)
            for at, story in enumerate(stories)
            for number in story.texts
            if number in self._before
        )
        ids: dict[int, str] = {}
        ordered = sorted(shares, key=lambda share: (-shares[share], self._born.get(share[0], 0), share))
        for name, at in ordered:
            if at not in ids and name not in ids.values():
                ids[at] = name
        for at, story in enumerate(stories):
            if at not in ids:
                ids[at] = self._new_id(story)
        self._forget()
        for at, story in enumerate(stories):
            self._put(ids[at], story)
        for name in sorted(self._stories - set(ids.values())):
            successor = next((ids[at] for old, at in ordered if old == name), None)
            row = (name, successor, self._run)
            self._connection.execute("INSERT OR REPLACE INTO successions VALUES (?, ?, ?)", row)

    def _forget(self) -> None:
        self._connection.execute(
            "UPDATE texts SET story = NULL WHERE number IN (SELECT value FROM json_each(?))", (listed(self._before),)
        )
        self._grew = dict(
            self._connection.execute(
                "SELECT id, grew FROM stories WHERE id IN (SELECT value FROM json_each(?))", (_names(self._stories),)
            )
        )
        self._connection.execute(
            "DELETE FROM stories WHERE id IN (SELECT value FROM json_each(?))", (_names(self._stories),)
        )

    def _put(self, name: str, story: _Story) -> None:
        before = {number for number, of in self._before.items() if of == name}
        has_grown = not before.issuperset(story.texts) or not self._grown.isdisjoint(story.texts)
        grew = self._run if has_grown else self._grew.get(name, self._run)
        born = self._born.get(name, self._run)
        self._connection.execute(
            "INSERT INTO stories VALUES (?, ?, ?, ?, ?)", (name, story.kind, story.score, born, grew)
        )
        self._connection.execute(
            "UPDATE texts SET story = ? WHERE number IN (SELECT value FROM json_each(?))", (name, listed(story.texts))
        )

    def _new_id(self, story: _Story) -> str:
        query = "SELECT id FROM articles WHERE text IN (SELECT value FROM json_each(?))"
        members = [row[0] for row in self._connection.execute(query, (listed(story.texts),))]
        name = cluster_id(members)
        while self._connection.execute("SELECT 1 FROM stories WHERE id = ?", (name,)).fetchone():
            name = cluster_id([name, *members])
        return name


def _names(names: Iterable[str]) -> str:
    return "[" + ",".join(f'"{name}"' for name in sorted(names)) + "]"
