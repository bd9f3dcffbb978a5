"""Candidates by words in common, from an index in the file: runs of words, and headlines of the same words.

The rules are those of a scan (`matching.candidates.shared_runs` and `shared_headlines`). A text is entered under its
smallest shingles, which are numbers below 2**32, and under its headline, a number beyond.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

import numpy as np

from dedup.matching.candidates.shared_headlines import headline_numbers, long_headlines
from dedup.matching.candidates.shared_runs import FEWEST_SHARED, MOST_SHARING, SAMPLE

_HEADLINE = np.uint64(1 << 32)  # a bit that all numbers of headlines have, and no shingle

Pair = tuple[int, int]


def entries(shingles: bytes, headline: bytes) -> list[int]:
    """Numbers that a text is entered under: its smallest shingles, and its headline if that is long enough."""
    words = np.frombuffer(headline, np.uint32)
    starts = np.array([0, len(words)], np.intp)
    numbers = (headline_numbers(words, starts) | _HEADLINE)[long_headlines(starts)].view(np.int64)
    return [*np.frombuffer(shingles, np.uint32)[:SAMPLE].tolist(), *numbers.tolist()]


def enter(connection: sqlite3.Connection, texts: Mapping[int, Sequence[int]]) -> tuple[set[Pair], set[Pair]]:
    """Enter new texts; pairs that are proposed now, and those that may be no longer, since a run has become common."""
    holders, doubtful = {}, set[Pair]()
    news = _by_entry(texts)
    for entry in news:
        old = _holders(connection, entry)
        holders[entry] = old + news[entry]
        if not _is_common(old) and _is_common(holders[entry]):
            doubtful.update(combinations(sorted(old), 2))
    connection.executemany(
        "INSERT INTO entries VALUES (?, ?)", ((entry, text) for text, own in texts.items() for entry in own)
    )
    return {pair for text, own in texts.items() for pair in _partners(text, own, holders)}, doubtful


def leave(connection: sqlite3.Connection, texts: Mapping[int, Sequence[int]]) -> set[Pair]:
    """Remove texts; pairs of others that may be proposed now, since a run is no longer common."""
    gone = _by_entry(texts)
    connection.executemany(
        "DELETE FROM entries WHERE entry = ? AND text = ?",
        ((entry, text) for text, own in texts.items() for entry in own),
    )
    perhaps = set[Pair]()
    for entry, left in gone.items():
        kept = _holders(connection, entry)
        if not _is_common(kept) and _is_common(kept + left):
            perhaps.update(combinations(sorted(kept), 2))
    return perhaps


def partners(connection: sqlite3.Connection, own: Sequence[int], text: int = -1) -> set[int]:
    """Texts that share enough runs with one, which may be in the index or not."""
    holders = {entry: sorted({*_holders(connection, entry), text}) for entry in own}
    return {other for pair in _partners(text, own, holders) for other in pair} - {text}


def proposed(connection: sqlite3.Connection, pairs: Iterable[Pair]) -> set[Pair]:
    """Pairs, of some, that share enough runs which are not common."""
    found = set()
    for left, right in pairs:
        shared = set(_entered(connection, left)).intersection(_entered(connection, right))
        telling = [entry for entry in shared if not _is_common(_holders(connection, entry))]
        if sum(map(_counts, telling)) >= FEWEST_SHARED:
            found.add((left, right))
    return found


def _entered(connection: sqlite3.Connection, text: int) -> list[int]:
    query = "SELECT shingles, headline FROM measures WHERE text = ?"
    return entries(*connection.execute(query, (text,)).fetchone())


def _by_entry(texts: Mapping[int, Sequence[int]]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for text, own in texts.items():
        for entry in own:
            found.setdefault(entry, []).append(text)
    return found


def _holders(connection: sqlite3.Connection, entry: int) -> list[int]:
    """Texts with a run of words, no more than are needed to see that it is common."""
    query = "SELECT text FROM entries WHERE entry = ? LIMIT ?"
    return [row[0] for row in connection.execute(query, (entry, MOST_SHARING + 1))]


def _partners(text: int, own: Sequence[int], holders: Mapping[int, Sequence[int]]) -> set[Pair]:
    shared = Counter[int]()
    for entry in own:
        if not _is_common(holders[entry]):
            shared.update({other: _counts(entry) for other in holders[entry] if other != text})
    return {(min(text, other), max(text, other)) for other, count in shared.items() if count >= FEWEST_SHARED}


def _is_common(holders: Sequence[int]) -> bool:
    """Whether so many have an entry that it says no more than that they have a notice in common."""
    return len(holders) > MOST_SHARING


def _counts(entry: int) -> int:
    """Runs that an entry counts for: a headline for as many as are needed."""
    return 1 if 0 <= entry < _HEADLINE else FEWEST_SHARED
