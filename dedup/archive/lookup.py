"""Lookup of an article in an archive: the nearest texts, judged as a scan judges them, with the evidence."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dedup.archive import shared_words
from dedup.archive.intake import ARTICLE_COLUMNS, article_of
from dedup.archive.neighbour_lists import FLOOR, Numbers
from dedup.archive.texts import AllFacts, ReadText, Recurring, Texts, listed
from dedup.archive.values import Finding
from dedup.archive.vectors import READERS_CACHE, Cache, Directory, Vectors, cosines
from dedup.datatypes import UNDETERMINED, Article, Candidates, Comparison, Language, Match
from dedup.matching.candidates.shared_facts import pairs_by_facts
from dedup.matching.evidence import describe_pairs
from dedup.matching.exact import exact_match
from dedup.matching.scorer import Scorer
from dedup.matching.verify import find_matches

_NEAREST = 64  # nearest texts that are judged: those that would have the new one in their lists are mostly among them
_ASKED = -1  # number of the text asked for


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """Parts of an archive that a lookup has in memory, as of one generation of the file."""

    directory: Directory
    recurring: Recurring

    @classmethod
    def load(cls, connection: sqlite3.Connection, dimension: int, generation: int, known: Snapshot | None) -> Snapshot:
        """Snapshot of the state that the transaction sees; what has not changed since the known one is not read."""
        if known and known.directory.generation == generation:
            return known
        before = known.directory if known else None
        cache = before.cache if before else Cache(READERS_CACHE)
        directory = Directory.load(connection, dimension, generation, known=before, cache=cache)
        return cls(directory, Recurring.load(connection))


def look_up(
    connection: sqlite3.Connection, snapshot: Snapshot, article: Article, read: ReadText, text: bytes, scorer: Scorer
) -> tuple[Finding, ...]:
    """Find the archived articles that are the same as one, the surest first; `text` is its content hash."""
    exact = connection.execute("SELECT number FROM texts WHERE hash = ?", (text,)).fetchone()
    numbers = _candidates(connection, snapshot, read)
    numbers = np.append([_ASKED], numbers[numbers != (exact[0] if exact else _ASKED)]).astype(np.int64)
    matches = {exact[0]: exact_match(0, 1)} if exact else {}
    matches |= _matches(connection, snapshot, numbers, read, scorer)
    found = [
        Finding(
            Comparison(article, other, (read.language, language), matches[number], True, scorer.threshold),
            story,
            first_seen,
            place,
        )
        for number, other, language, story, first_seen, place in _articles(connection, sorted(matches))
    ]
    return tuple(sorted(found, key=lambda finding: -finding.score))


def _matches(
    connection: sqlite3.Connection, snapshot: Snapshot, numbers: Numbers, read: ReadText, scorer: Scorer
) -> dict[int, Match]:
    """Matches of the text asked for, which is the first, with some others, by the numbers of these."""
    if len(numbers) < 2:
        return {}
    match_input = Texts(connection, snapshot.recurring, {_ASKED: read}).match_input(numbers)
    right = np.arange(1, len(numbers))
    own = np.broadcast_to(read.vector, (len(right), len(read.vector)))
    candidates = Candidates(
        np.zeros(len(right), np.intp), right, cosines(own, Vectors(connection, snapshot.directory).take(numbers[1:]))
    )
    matching, verdicts = find_matches(match_input, [candidates], scorer)
    described = describe_pairs(match_input, matching, verdicts)
    found = {int(numbers[match.right]): match for match in described}
    return {number: _as_pair(match) for number, match in found.items()}


def _as_pair(match: Match) -> Match:
    return Match(0, 1, match.similarity, match.score, match.kind, match.evidence, match.excerpt)


def _candidates(connection: sqlite3.Connection, snapshot: Snapshot, read: ReadText) -> Numbers:
    """Numbers of the texts worth judging: the nearest, the closest of each language, and those with runs in common."""
    found = [np.empty(0, np.int64), *_nearest(Vectors(connection, snapshot.directory), read.vector)]
    runs = shared_words.entries(read.columns["shingles"], read.columns["headline"])
    found.append(np.array(sorted(shared_words.partners(connection, runs)), np.int64))
    if read.language.code == UNDETERMINED:
        found.append(_by_facts(connection, read))
    return np.unique(np.concatenate(found))


def _nearest(vectors: Vectors, vector: npt.NDArray[np.float32]) -> list[Numbers]:
    """Numbers of the nearest texts, and of the nearest of each language group; those that are far away left out."""
    found = [(np.empty(0, np.int64), np.empty(0, np.int16), np.empty(0, np.float32))]
    found += [(texts, groups, similarity[:, 0]) for texts, groups, _, similarity in vectors.compared(vector[None])]
    texts, groups, similarity = (np.concatenate(parts) for parts in zip(*found, strict=True))
    near = np.flatnonzero(similarity >= FLOOR)
    near = near[np.lexsort((texts[near], -similarity[near]))]
    closest = np.unique(groups[near], return_index=True)[1]
    return [texts[near[:_NEAREST]], texts[near[closest]]]


def _by_facts(connection: sqlite3.Connection, read: ReadText) -> Numbers:
    held, own = AllFacts.load(connection), np.frombuffer(read.facts, np.uint64)
    keys, counts = np.concatenate([own, held.keys]), np.append(len(own), held.counts)
    return np.append(_ASKED, held.numbers)[pairs_by_facts(keys, counts, np.zeros(1, np.intp))[:, 1]]


def _articles(
    connection: sqlite3.Connection, texts: Sequence[int]
) -> list[tuple[int, Article, Language, str, str, int]]:
    """Articles of some texts: number of the text, article, language, story, when it came, and its own number."""
    columns = ", ".join(f"a.{name}" for name in ARTICLE_COLUMNS.split(", "))
    query = (
        f"SELECT t.number, t.code, t.probability, t.story, a.first_seen, a.number, {columns} FROM articles a "
        "JOIN texts t ON t.number = a.text WHERE a.text IN (SELECT value FROM json_each(?)) ORDER BY a.number"
    )
    return [
        (number, article_of(row), Language(code, probability), story or "", first_seen, place)
        for number, code, probability, story, first_seen, place, *row in connection.execute(query, (listed(texts),))
    ]
