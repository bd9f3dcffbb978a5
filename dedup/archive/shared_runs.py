"""Candidates by runs of words in common, as `matching.candidates.shared_runs` has them, from an index in the file."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

import numpy as np

from dedup.matching.candidates.shared_runs import FEWEST_SHARED, MOST_SHARING, SAMPLE

Pair = tuple[int, int]


def sample(shingles: bytes) -> list[int]:
    """Shingles that a text is entered under: the smallest of all."""
    return [int(value) for value in np.frombuffer(shingles, np.uint32)[:SAMPLE]]


def enter(connection: sqlite3.Connection, texts: Mapping[int, Sequence[int]]) -> tuple[set[Pair], set[Pair]]:
    """Enter new texts; pairs that are proposed now, and those that may be no longer, since a run has become common."""
    holders, doubtful = {}, set[Pair]()
    news = _by_shingle(texts)
    for shingle in news:
        old = _holders(connection, shingle)
        holders[shingle] = old + news[shingle]
        if len(old) <= MOST_SHARING < len(holders[shingle]):
            doubtful.update(combinations(sorted(old), 2))
    connection.executemany(
        "INSERT INTO shingles VALUES (?, ?)", ((shingle, text) for text, own in texts.items() for shingle in own)
    )
    return {pair for text, own in texts.items() for pair in _partners(text, own, holders)}, doubtful


def leave(connection: sqlite3.Connection, texts: Mapping[int, Sequence[int]]) -> set[Pair]:
    """Remove texts; pairs of others that may be proposed now, since a run is no longer common."""
    gone = _by_shingle(texts)
    connection.executemany(
        "DELETE FROM shingles WHERE shingle = ? AND text = ?",
        ((shingle, text) for text, own in texts.items() for shingle in own),
    )
    perhaps = set[Pair]()
    for shingle, left in gone.items():
        kept = _holders(connection, shingle)
        if len(kept) <= MOST_SHARING < len(kept) + len(left):
            perhaps.update(combinations(sorted(kept), 2))
    return perhaps


def partners(connection: sqlite3.Connection, own: Sequence[int], text: int = -1) -> set[int]:
    """Texts that share enough runs with one, which may be in the index or not."""
    holders = {shingle: sorted({*_holders(connection, shingle), text}) for shingle in own}
    return {other for pair in _partners(text, own, holders) for other in pair} - {text}


def proposed(connection: sqlite3.Connection, pairs: Iterable[Pair]) -> set[Pair]:
    """Pairs, of some, that share enough runs which are not common."""
    found = set()
    for left, right in pairs:
        shared = set(_entered(connection, left)).intersection(_entered(connection, right))
        uncommon = sum(len(_holders(connection, shingle)) <= MOST_SHARING for shingle in shared)
        if uncommon >= FEWEST_SHARED:
            found.add((left, right))
    return found


def _entered(connection: sqlite3.Connection, text: int) -> list[int]:
    return sample(connection.execute("SELECT shingles FROM measures WHERE text = ?", (text,)).fetchone()[0])


def _by_shingle(texts: Mapping[int, Sequence[int]]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for text, own in texts.items():
        for shingle in own:
            found.setdefault(shingle, []).append(text)
    return found


def _holders(connection: sqlite3.Connection, shingle: int) -> list[int]:
    """Texts with a run of words, no more than are needed to see that it is common."""
    query = "SELECT text FROM shingles WHERE shingle = ? LIMIT ?"
    return [row[0] for row in connection.execute(query, (shingle, MOST_SHARING + 1))]


def _partners(text: int, own: Sequence[int], holders: Mapping[int, Sequence[int]]) -> set[Pair]:
    shared = Counter(
        other for shingle in own if len(holders[shingle]) <= MOST_SHARING for other in holders[shingle] if other != text
    )
    return {(min(text, other), max(text, other)) for other, count in shared.items() if count >= FEWEST_SHARED}
