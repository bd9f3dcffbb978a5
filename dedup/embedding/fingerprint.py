"""Fingerprint of a model's files, kept for as long as none of them has changed.

Reading 94 MB for their digest takes 50 ms, a tenth of a small scan. The digest of the bundled model is therefore kept
as Python keeps compiled code: in ``__pycache__``, where that can be written to, with size, times and number of each
file; the time of the last change is set by the system alone.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

_PART = 1 << 18  # bytes of a file read at a time: parts that stay in the cache take half the time of the whole

_DIGITS = 16

_SETTLED = 2 * 10**9  # nanoseconds, within which a file may change twice at what the system takes for one time


def fingerprint(files: Sequence[Path], *, keep: bool = False) -> str:
    """First 16 digits of the SHA-256 of files, one behind the other; with `keep` kept beside the first."""
    states = _states(files) if keep else []
    if keep and (kept := _kept(files[0], states)):
        return kept
    found = digest(files)
    if keep and states == _states(files) and _newest(states) < time.time_ns() - _SETTLED:
        _keep(files[0], states, found)
    return found


def digest(files: Sequence[Path]) -> str:
    """The fingerprint of files, read anew."""
    read = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            while part := file.read(_PART):
                read.update(part)
    return read.hexdigest()[:_DIGITS]


def _states(files: Sequence[Path]) -> list[list[int]]:
    """Size, number, and times of the last writing and the last change of each file."""
    return [[of.st_size, of.st_ino, of.st_mtime_ns, of.st_ctime_ns] for of in map(os.stat, files)]


def _newest(states: Sequence[Sequence[int]]) -> int:
    return max(max(state[-2:]) for state in states)


def _place(first: Path) -> Path:
    return first.parent / "__pycache__" / "fingerprint.json"


def _kept(first: Path, states: list[list[int]]) -> str:
    """The fingerprint that was kept of files in this state, or nothing."""
    with suppress(OSError, ValueError, TypeError, KeyError):
        known = json.loads(_place(first).read_bytes())
        found = known["fingerprint"]
        if known["files"] == states and isinstance(found, str) and len(found) == _DIGITS:
            return found
    return ""


def _keep(first: Path, states: list[list[int]], found: str) -> None:
    """Write the fingerprint, where the folder can be written to."""
    kept = _place(first)
    part = kept.with_name(f".{kept.name}.{secrets.token_hex(8)}")
    with suppress(OSError):
        kept.parent.mkdir(exist_ok=True)
        try:
            with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "w", encoding="ascii") as file:
                json.dump({"files": states, "fingerprint": found}, file)
            part.replace(kept)
        finally:
            part.unlink(missing_ok=True)
