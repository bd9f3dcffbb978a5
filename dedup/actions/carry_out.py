"""Steps of a plan carried out, each noted in the journal before it begins.

No step overwrites a file that it did not make, and a file is gone from its place only when it is whole in another.
"""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import NamedTuple

from dedup.actions.file_checks import PERMISSIONS, describe, is_same, sha256_of
from dedup.actions.journal import Action, Journal, State
from dedup.actions.places import FILE, NEW_FILE, Entry, Place, opened
from dedup.actions.plan import Outcome, Plan, Step
from dedup.datatypes import Progress
from dedup.errors import ReadError

_CHUNK = 1 << 20

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
"""Errors after which the next file would fare no better."""

CHANGED = "changed since it was checked"
"""Reason for a step that came too late."""


def carry_out(plan: Plan, journal: Journal, progress: Progress | None = None) -> Iterator[Step]:
    """Carry out the planned steps, in order; yields every step with its outcome.

    Raises
    ------
    WriteError
        If the journal cannot be written; the step that it was for has not begun.
    """
    obstacle = ""
    for number, step in enumerate(plan.steps, 1):
        if step.outcome is not Outcome.PLANNED:
            yield step
        elif obstacle:
            yield replace(step, outcome=Outcome.REFUSED, reason=f"not begun: {obstacle}")
        else:
            done, obstacle = _carry_out(plan.action, step, journal)
            yield done
        if progress:
            progress(plan.action.value, number, len(plan.steps))


def _carry_out(action: Action, step: Step, journal: Journal) -> tuple[Step, str]:
    """The step with its outcome, and why no further one should be tried, if so."""
    assert step.file is not None
    assert step.kept_file is not None
    target = step.kept_file.place if action is Action.LINK else step.target
    part = "" if action is Action.DELETE else f".dedup-{secrets.token_hex(8)}.part"
    try:
        with opened(step.kept_file.place) as kept, opened(step.file.place) as source:
            if not step.kept_file.is_still(kept):
                raise ReadError(f"the kept article {CHANGED}")
            if not step.file.is_still(source):
                raise ReadError(CHANGED)
            act = journal.begin(action, step.article.id, step.file, target, part)
            try:
                _ACTS[action](step, kept, source, part)
            except (OSError, ReadError) as fault:
                journal.note(act, State.FAILED, describe(fault) if isinstance(fault, OSError) else str(fault))
                raise
            journal.note(act, State.DONE)
    except ReadError as fault:
        return replace(step, outcome=Outcome.REFUSED, reason=str(fault)), ""
    except OSError as fault:
        reason = f"could not be done: {describe(fault)}"
        return replace(step, outcome=Outcome.REFUSED, reason=reason), describe(fault) if fault.errno in _NO_ROOM else ""
    return replace(step, outcome=Outcome.DONE), ""


def _delete(_step: Step, _kept: Entry, source: Entry, _part: str) -> None:
    source.unlink()


def _link(step: Step, kept: Entry, source: Entry, part: str) -> None:
    """Put a hard link to the kept file in the place of its copy."""
    assert step.kept_file is not None
    assert step.file is not None
    new = source.beside(part)
    os.link(kept.name, part, src_dir_fd=kept.folder, dst_dir_fd=source.folder, follow_symlinks=False)
    try:
        if not is_same(new.stat(), step.kept_file) or not step.file.is_still(source):
            raise ReadError(CHANGED)
        new.rename(source)
    except (OSError, ReadError):
        with suppress(OSError):
            new.unlink()
        raise


def _move(step: Step, _kept: Entry, source: Entry, part: str) -> None:
    assert step.target is not None
    assert step.file is not None
    move_file(step.file.sha256, source, step.target, part)


_ACTS: dict[Action, Callable[[Step, Entry, Entry, str], None]] = {
    Action.DELETE: _delete,
    Action.LINK: _link,
    Action.MOVE: _move,
}


def move_file(sha256: str, source: Entry, target: Place, part: str) -> None:
    """Move a file with this digest to a place where nothing is, also on another device.

    The place is taken by an empty file, which the moved one then replaces: so nothing that somebody else puts there at
    the same time is lost.

    Raises
    ------
    ReadError
        If something is there, or the file has changed.
    OSError
        If it cannot be moved; it is where it was then.
    """
    with opened(target, create=True) as entry:
        try:
            os.close(entry.open(NEW_FILE))
        except FileExistsError as fault:
            raise ReadError(f"{target.shown} has come to be there meanwhile") from fault
        try:
            try:
                source.rename(entry)
            except OSError as fault:
                if fault.errno != errno.EXDEV:
                    raise
                _move_bytes(sha256, source, entry, part)
        except (OSError, ReadError):
            remove_if_empty(entry)
            raise


def _move_bytes(sha256: str, source: Entry, target: Entry, part: str) -> None:
    """Copy a file beside the target, put it in place once it is on the disk as it was, then remove the first one."""
    new = target.beside(part)
    reading = source.open(FILE)
    try:
        status = os.fstat(reading)
        owner = Owner(status.st_uid, status.st_gid, status.st_mode & PERMISSIONS, status.st_mtime_ns)
        copy_file(reading, new, owner, sha256)
        now = source.stat()
        if now is None or _state_of(now) != _state_of(status):
            raise ReadError(CHANGED)
        new.rename(target)
        target.sync()
        try:
            source.unlink()
        except OSError:
            target.unlink()
            raise
    except (OSError, ReadError):
        with suppress(OSError):
            new.unlink()
        raise
    finally:
        os.close(reading)


def _state_of(status: os.stat_result) -> tuple[int, ...]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


class Owner(NamedTuple):
    """Owner, permissions and time of change that a file gets."""

    uid: int
    gid: int
    mode: int
    mtime_ns: int


def copy_file(reading: int, new: Entry, owner: Owner, sha256: str) -> None:
    """Copy an open file to an entry that does not exist, down to the disk.

    Raises
    ------
    ReadError
        If what has been written has another digest.
    OSError
        If it cannot be written; the new file may be there in part.
    """
    writing = new.open(NEW_FILE)
    try:
        _copy(reading, writing)
        with suppress(PermissionError):  # only its owner may give a file away
            os.fchown(writing, owner.uid, owner.gid)
        os.fchmod(writing, owner.mode)
        os.utime(writing, ns=(owner.mtime_ns, owner.mtime_ns))
        os.fsync(writing)
        if sha256_of(writing) != sha256:
            raise ReadError(CHANGED)
    finally:
        os.close(writing)


def _copy(reading: int, writing: int) -> None:
    at = 0
    while chunk := os.pread(reading, _CHUNK, at):
        rest = memoryview(chunk)
        while rest:
            rest = rest[os.write(writing, rest) :]
        at += len(chunk)


def remove_if_empty(entry: Entry) -> None:
    """Remove an empty file that keeps a place; one with something in it stays."""
    with suppress(OSError):
        status = entry.stat()
        if status is not None and status.st_size == 0:
            entry.unlink()
