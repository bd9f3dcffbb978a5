"""Sentences that recur across the archive: counted by headlines, as texts come and go."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable

import numpy as np

from dedup.archive.texts import listed, step

_FEWEST = 3  # headlines from which on a sentence may be boilerplate

HashesOfText = tuple[set[int], int]
"""Hashes of the sentences of a text, and that of its headline."""


def count_sentences(
    connection: sqlite3.Connection, come: Iterable[HashesOfText], gone: Iterable[HashesOfText]
) -> set[int]:
    """Count the sentences of texts that come and go; returns the hashes of those that now weigh more or less."""
    changes: Counter[tuple[int, int]] = Counter()
    for hashes, headline in come:
        changes.update((value, headline) for value in hashes)
    for hashes, headline in gone:
        changes.subtract((value, headline) for value in hashes)
    grown = _write(connection, {key: change for key, change in changes.items() if change})
    return {value for value, more in grown.items() if more and _recount(connection, value, more)}


def texts_with(connection: sqlite3.Connection, hashes: Iterable[int]) -> set[int]:
    """Numbers of texts in which sentences may be, by the headlines these stand under."""
    query = (
        "SELECT number FROM texts WHERE headline IN (SELECT headline FROM headlines WHERE hash IN "
        "(SELECT value FROM json_each(?)))"
    )
    return {row[0] for row in connection.execute(query, (listed(hashes),))}


def _write(connection: sqlite3.Connection, changes: dict[tuple[int, int], int]) -> Counter[int]:
    """Write how many texts have each sentence under each headline; by how many headlines each sentence has gained."""
    grown: Counter[int] = Counter()
    for (value, headline), change in sorted(changes.items()):
        found = connection.execute(
            "SELECT texts FROM headlines WHERE hash = ? AND headline = ?", (value, headline)
        ).fetchone()
        before = found[0] if found else 0
        if before + change > 0:
            connection.execute("INSERT OR REPLACE INTO headlines VALUES (?, ?, ?)", (value, headline, before + change))
        else:
            connection.execute("DELETE FROM headlines WHERE hash = ? AND headline = ?", (value, headline))
        grown[value] += int(before + change > 0) - int(before > 0)
    return grown


def _recount(connection: sqlite3.Connection, value: int, more: int) -> bool:
    """Write under how many headlines a sentence stands; whether that makes it weigh more or less."""
    known = connection.execute("SELECT headlines FROM recurring WHERE hash = ?", (value,)).fetchone()
    if known:
        before, now = known[0], known[0] + more
    else:
        now = connection.execute("SELECT COUNT(*) FROM headlines WHERE hash = ?", (value,)).fetchone()[0]
        before = now - more
    if now >= _FEWEST:
        connection.execute("INSERT OR REPLACE INTO recurring VALUES (?, ?)", (value, now))
    elif known:
        connection.execute("DELETE FROM recurring WHERE hash = ?", (value,))
    old, new = step(np.maximum(np.array([before, now]), _FEWEST - 1)).tolist()
    return bool(old != new)
