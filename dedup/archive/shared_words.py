"""Candidates by words in common, from an index in the file: runs of words, and headlines of the same words.

The rules are those of a scan (`matching.candidates.shared_runs` and `shared_headlines`). A text is entered under its
smallest shingles, which are numbers below 2**32, and under its headline, a number beyond.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

import numpy as np

from dedup.archive.texts import listed
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
    news, doubtful = _by_entry(texts), set[Pair]()
    before = _holders(connection, news)
    shared = {entry: before.get(entry, []) + own for entry, own in news.items() if entry in before or len(own) > 1}
    for entry in before:
        if not _is_common(before[entry]) and _is_common(shared[entry]):
            doubtful.update(combinations(sorted(before[entry]), 2))
    connection.executemany(
        "INSERT INTO entries VALUES (?, ?)", sorted((entry, text) for text, own in texts.items() for entry in own)
    )
    return {pair for text, own in texts.items() for pair in _partners(text, own, shared)}, doubtful


def leave(connection: sqlite3.Connection, texts: Mapping[int, Sequence[int]]) -> set[Pair]:
    """Remove texts; pairs of others that may be proposed now, since a run is no longer common."""
    gone = _by_entry(texts)
    connection.executemany(
        "DELETE FROM entries WHERE entry = ? AND text = ?",
        ((entry, text) for text, own in texts.items() for entry in own),
    )
    perhaps = set[Pair]()
    for entry, kept in _holders(connection, gone).items():
        if not _is_common(kept) and _is_common(kept + gone[entry]):
            perhaps.update(combinations(sorted(kept), 2))
    return perhaps


def partners(connection: sqlite3.Connection, own: Sequence[int], text: int = -1) -> set[int]:
    """Texts that share enough runs with one, which may be in the index or not."""
    holders = {entry: sorted({*of_entry, text}) for entry, of_entry in _holders(connection, own).items()}
    return {other for pair in _partners(text, own, holders) for other in pair} - {text}


def proposed(connection: sqlite3.Connection, pairs: Iterable[Pair]) -> set[Pair]:
    """Pairs, of some, that share enough runs which are not common."""
    found = set()
    for left, right in pairs:
        shared = set(_entered(connection, left)).intersection(_entered(connection, right))
        telling = [entry for entry, holders in _holders(connection, shared).items() if not _is_common(holders)]
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


def _holders(connection: sqlite3.Connection, entries: Iterable[int]) -> dict[int, list[int]]:
    """Texts with each of some entries, no more than are needed to see that it is common; those with none left out."""
    query = (
        "SELECT value, (SELECT json_group_array(text) FROM (SELECT text FROM entries WHERE entry = value LIMIT ?)) "
        "FROM json_each(?) WHERE EXISTS (SELECT 1 FROM entries WHERE entry = value)"
    )
    rows = connection.execute(query, (MOST_SHARING + 1, listed(entries)))
    return {entry: json.loads(texts) for entry, texts in rows}


def _partners(text: int, own: Sequence[int], holders: Mapping[int, Sequence[int]]) -> set[Pair]:
    shared = Counter[int]()
    for entry in own:
        if entry in holders and not _is_common(holders[entry]):
            shared.update({other: _counts(entry) for other in holders[entry] if other != text})
    return {(min(text, other), max(text, other)) for other, count in shared.items() if count >= FEWEST_SHARED}


def _is_common(holders: Sequence[int]) -> bool:
    """Whether so many have an entry that it says no more than that they have a notice in common."""
    return len(holders) > MOST_SHARING


def _counts(entry: int) -> int:
    """Runs that an entry counts for: a headline for as many as are needed."""
    return 1 if 0 <= entry < _HEADLINE else FEWEST_SHARED
