"""Stories of an archive as a report, for every form that a scan's report has."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from dedup import datatypes
from dedup.archive.identity import Identity
from dedup.archive.intake import ARTICLE_COLUMNS, article_of
from dedup.archive.stories import find_links
from dedup.archive.texts import Recurring, Texts, listed
from dedup.archive.values import ArchivedStory
from dedup.arrays import slices
from dedup.datatypes import Article, Candidates, Cluster, Language, Match, WeakestPair
from dedup.matching.evidence import describe_pairs
from dedup.matching.exact import exact_match
from dedup.matching.scorer import Scorer, probability
from dedup.matching.verify import judge_pairs
from dedup.results import Report

NO_RUN = 1 << 62
"""Number above that of every run."""

_PAIRS = 1024  # described at a time

_Pair = tuple[int, int, float, float]  # numbers of two texts, similarity, log-odds


def report_of(
    connection: sqlite3.Connection,
    identity: Identity,
    scorer: Scorer,
    stories: Sequence[ArchivedStory],
    first_run: int = NO_RUN,
    also: Iterable[str] = (),
) -> Report:
    """Report of some stories: their articles in the order they came, and their matches with all evidence.

    Articles that came in a run from `first_run` on, and those with the ids `also`, are among its articles, whether they
    are in a story or not.
    """
    articles, languages, text_of = _articles(connection, stories, first_run, also)
    positions = {article.id: position for position, article in enumerate(articles)}
    first: dict[int, int] = {}
    for position, text in enumerate(text_of):
        first.setdefault(text, position)
    pairs = [_within(connection, [text_of[positions[id]] for id in story.members]) for story in stories]
    matching = [pair for of_story in pairs for pair in of_story if pair[3] >= scorer.least]
    matches = list(_described(connection, scorer, matching, first))
    matches += [exact_match(first[text], at) for at, text in enumerate(text_of) if first[text] != at]
    return Report(
        articles=tuple(articles),
        languages=tuple(languages),
        matches=tuple(sorted(matches, key=lambda match: (match.left, match.right))),
        clusters=tuple(
            sorted(
                (_cluster(story, of_story, positions, first) for story, of_story in zip(stories, pairs, strict=True)),
                key=lambda cluster: cluster.members,
            )
        ),
        skipped=(),
        settings=identity.settings,
        model=f"{identity.model}@{identity.fingerprint}",
        threshold=identity.threshold,
    )


def articles_around(connection: sqlite3.Connection, names: Iterable[str], least: float) -> tuple[Article, ...]:
    """Articles named by ids or hashes, and all that matching pairs lead to from them, in the order they came."""
    wanted = json.dumps(sorted(names))
    query = (
        "SELECT text FROM articles WHERE id IN (SELECT value FROM json_each(?1)) "
        "UNION SELECT number FROM texts WHERE lower(hex(hash)) IN (SELECT value FROM json_each(?1))"
    )
    named = {row[0] for row in connection.execute(query, (wanted,))}
    reached = named.union(*find_links(connection, named, least))
    query = f"SELECT {ARTICLE_COLUMNS} FROM articles WHERE text IN (SELECT value FROM json_each(?)) ORDER BY number"
    return tuple(map(article_of, connection.execute(query, (listed(sorted(reached)),))))


def with_decided(report: Report, found: datatypes.Report) -> Report:
    """Report with the clusters and matches that were found among some of its articles, in place of its own on these."""
    place = {article.id: at for at, article in enumerate(report.articles)}
    at = [place[article.id] for article in found.articles]
    anew = set(at)
    clusters = [cluster for cluster in report.clusters if anew.isdisjoint(cluster.members)]
    matches = [match for match in report.matches if match.left not in anew]
    clusters += [_moved(cluster, at) for cluster in found.clusters]
    matches += [replace(match, left=at[match.left], right=at[match.right]) for match in found.matches]
    return replace(
        report,
        clusters=tuple(sorted(clusters, key=lambda cluster: cluster.members)),
        matches=tuple(sorted(matches, key=lambda match: (match.left, match.right))),
    )


def with_counts(report: Report, new: Collection[str], read: int) -> Report:
    """Report that counts `read` articles, and as repeats the new ones in its stories, but for one of each."""
    is_new = [article.id in new for article in report.articles]
    repeats = (min(sum(is_new[at] for at in of.members), len(of.members) - 1) for of in report.clusters)
    return replace(report, counted=(read, sum(repeats)))


def of_new(report: Report, new: Collection[str]) -> Report:
    """Report of the new articles and the stories with one of them alone."""
    is_new = [article.id in new for article in report.articles]
    clusters = [cluster for cluster in report.clusters if any(is_new[at] for at in cluster.members)]
    inside = {at for cluster in clusters for at in cluster.members}
    kept = [at for at in range(len(report.articles)) if is_new[at] or at in inside]
    place = {at: number for number, at in enumerate(kept)}
    matches = [match for match in report.matches if match.left in inside and match.right in inside]
    return replace(
        report,
        articles=tuple(report.articles[at] for at in kept),
        languages=tuple(report.languages[at] for at in kept),
        matches=tuple(replace(match, left=place[match.left], right=place[match.right]) for match in matches),
        clusters=tuple(_moved(cluster, place) for cluster in clusters),
    )


def _moved(cluster: Cluster, place: Sequence[int] | Mapping[int, int]) -> Cluster:
    """Cluster of articles that stand elsewhere: `place` has the new position of each."""
    weakest = cluster.weakest
    return replace(
        cluster,
        members=tuple(place[at] for at in cluster.members),
        representative=place[cluster.representative],
        weakest=replace(weakest, left=place[weakest.left], right=place[weakest.right]),
        versions=tuple(tuple(place[at] for at in version) for version in cluster.versions),
    )


def _articles(
    connection: sqlite3.Connection, stories: Sequence[ArchivedStory], first_run: int, also: Iterable[str]
) -> tuple[list[Article], list[Language], list[int]]:
    """Articles of stories, their languages, and the numbers of their texts."""
    columns = ", ".join(f"a.{name}" for name in ARTICLE_COLUMNS.split(", "))
    query = (
        f"SELECT t.code, t.probability, t.number, {columns} FROM articles a JOIN texts t ON t.number = a.text "
        "WHERE a.run >= ? OR t.story IN (SELECT value FROM json_each(?)) OR a.id IN (SELECT value FROM json_each(?)) "
        "ORDER BY a.number"
    )
    names = json.dumps([story.id for story in stories])
    rows = connection.execute(query, (first_run, names, json.dumps(list(also)))).fetchall()
    languages = [Language(code, probability_of_it) for code, probability_of_it, *_ in rows]
    return [article_of(row[3:]) for row in rows], languages, [row[2] for row in rows]


def _within(connection: sqlite3.Connection, texts: Sequence[int]) -> list[_Pair]:
    """Verified pairs of the texts of a story."""
    query = (
        'SELECT "left", "right", similarity, log_odds FROM pairs WHERE "left" IN (SELECT value FROM json_each(?1)) '
        'AND "right" IN (SELECT value FROM json_each(?1))'
    )
    return connection.execute(query, (listed(sorted(set(texts))),)).fetchall()


def _described(
    connection: sqlite3.Connection, scorer: Scorer, pairs: Sequence[_Pair], first: dict[int, int]
) -> Iterator[Match]:
    """Matches of pairs of texts, as pairs of the first article of each."""
    texts = Texts(connection, Recurring.load(connection))
    for part in slices(len(pairs), _PAIRS):
        numbers = sorted({text for left, right, *_ in pairs[part] for text in (left, right)}, key=first.__getitem__)
        place = {number: at for at, number in enumerate(numbers)}
        rows = sorted((*sorted((place[left], place[right])), similarity) for left, right, similarity, _ in pairs[part])
        left, right = np.array([row[:2] for row in rows], np.intp).T
        candidates = Candidates(left, right, np.array([row[2] for row in rows], np.float32))
        match_input = texts.match_input(np.array(numbers, np.int64))
        for match in describe_pairs(match_input, candidates, judge_pairs(match_input, candidates, scorer)):
            yield replace(match, left=first[numbers[match.left]], right=first[numbers[match.right]])


def _cluster(story: ArchivedStory, pairs: Sequence[_Pair], positions: dict[str, int], first: dict[int, int]) -> Cluster:
    members = tuple(sorted(positions[id] for id in story.members))
    weakest = WeakestPair(members[0], members[1], 1.0, 1.0)
    if pairs:
        left, right, similarity, log_odds = min(pairs, key=lambda pair: (pair[3], pair[:2]))
        one, other = sorted((first[left], first[right]))
        weakest = WeakestPair(one, other, similarity, float(probability(np.array([log_odds]))[0]))
    return Cluster(members, positions[story.representative], story.kind, weakest)
