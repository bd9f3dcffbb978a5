"""Checksums of blobs: SQLite sees damage to its own pages, and not to what is written on them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from zlib import crc32


class Damage(sqlite3.DatabaseError):
    """Blob that is not the one that was written; the store tells of it as of damage that SQLite finds itself."""


def sums_of(blobs: Iterable[bytes]) -> bytes:
    """Checksums of blobs side by side, four bytes each."""
    return b"".join(crc32(blob).to_bytes(4, "little") for blob in blobs)


def check(blob: bytes, sums: bytes, at: int, shown: str) -> bytes:
    """Return a blob that has the checksum at some place; raise `Damage` for any other."""
    if crc32(blob).to_bytes(4, "little") != sums[4 * at : 4 * at + 4]:
        raise Damage(f"{shown} is not as it was written")
    return blob
