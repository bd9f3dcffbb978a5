"""Acts of a journal taken back, and acts that were cut off brought to an end.

What has happened is read from the files, not believed: a file counts as the one of an act by the digest of its bytes.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from dedup.actions.carry_out import Owner, copy_file, move_file
from dedup.actions.file_checks import describe, sha256_at
from dedup.actions.journal import Act, Action, Journal, State
from dedup.actions.places import FILE, Place, opened
from dedup.actions.plan import Outcome
from dedup.errors import ReadError

GONE = "deleted for good; nothing brings it back"
"""Reason why an act is not undone."""


class _PlaceState(str):
    """State of a place: nothing there, the file of an act, an empty file, or something else."""


_NOTHING, _FILE, _EMPTY, _OTHER = map(_PlaceState, ("nothing", "file", "empty", "other"))


@dataclass(frozen=True, slots=True)
class UndoStep:
    """Act with what taking it back did, or would do."""

    act: Act
    outcome: Outcome
    reason: str = ""


def undo(acts: Sequence[Act], journal: Journal | None) -> Iterator[UndoStep]:
    """Take acts back, the last one first; without a journal only tell what would happen.

    Raises
    ------
    WriteError
        If the journal cannot be written.
    """
    for act in reversed(acts):
        if act.state in (State.FAILED, State.UNDONE):
            continue
        if act.action is Action.DELETE:
            yield UndoStep(act, Outcome.REFUSED, GONE)
            continue
        try:
            reason = _UNDO[act.action](act, journal)
        except ReadError as fault:
            yield UndoStep(act, Outcome.REFUSED, str(fault))
        except OSError as fault:
            yield UndoStep(act, Outcome.REFUSED, f"could not be done: {describe(fault)}")
        else:
            if journal:
                journal.note(act, State.UNDONE)
            yield UndoStep(act, Outcome.DONE if journal or reason else Outcome.PLANNED, reason)


def settle(journal: Journal) -> None:
    """Bring acts to an end that were cut off: those that have happened are noted, the leftovers of others removed."""
    for act in list(journal.acts.values()):
        if act.state is State.BEGUN:
            with suppress(ReadError, OSError):
                state = _settle(act)
                journal.note(act, state, "" if state is State.DONE else "cut off before it happened")


def _settle(act: Act) -> State:
    source = _found(act.source, act)
    _remove_part(act)
    if act.action is Action.DELETE:
        return State.DONE if source is _NOTHING else State.FAILED
    if act.action is Action.LINK:
        return State.DONE if _is_linked(act) else State.FAILED
    target = _found(_target(act), act)
    if source is _NOTHING and target is _FILE:
        return State.DONE
    if source is _FILE and target in (_EMPTY, _FILE):
        _remove(_target(act))
    return State.FAILED


def _undo_move(act: Act, journal: Journal | None) -> str:
    """Take a move back, or raise `ReadError`; returns why there was nothing to do, if so."""
    target = _target(act)
    here, there = _found(act.source, act), _found(target, act)
    cut_off = act.state in (State.BEGUN, State.UNDOING)
    if here is _FILE and (there is _NOTHING or (cut_off and there in (_EMPTY, _FILE))):
        if journal:
            _remove_part(act)
            if there is not _NOTHING:
                _remove(target)
        return "at its place already"
    if there is _FILE and (here is _NOTHING or (here is _EMPTY and act.state is State.UNDOING)):
        if journal:
            _remove_part(act)
            if here is _EMPTY:
                _remove(act.source)
            journal.note(act, State.UNDOING)
            with opened(target) as entry:
                move_file(act.sha256, entry, act.source, act.part)
        return ""
    if here is not _NOTHING:
        raise ReadError(f"something else is at {act.source.shown} now")
    if there is _NOTHING:
        raise ReadError(f"no longer at {target.shown}")
    raise ReadError(f"changed since it was moved to {target.shown}")


def _undo_link(act: Act, journal: Journal | None) -> str:
    """Make two files of one again, or raise `ReadError`; returns why there was nothing to do, if so."""
    here = _found(act.source, act)
    if here is not _FILE:
        raise ReadError("no longer there" if here is _NOTHING else "changed since it was linked")
    linked = _is_linked(act)
    if journal:
        _remove_part(act)
        if linked:
            journal.note(act, State.UNDOING)
            _separate(act)
    return "" if linked else "a file of its own already"


def _separate(act: Act) -> None:
    with opened(act.source) as entry:
        reading, new = entry.open(FILE), entry.beside(act.part)
        try:
            copy_file(reading, new, Owner(act.uid, act.gid, act.mode, act.mtime_ns), act.sha256)
            new.rename(entry)
            entry.sync()
        except (OSError, ReadError):
            with suppress(OSError):
                new.unlink()
            raise
        finally:
            os.close(reading)


_UNDO: dict[Action, Callable[[Act, Journal | None], str]] = {Action.MOVE: _undo_move, Action.LINK: _undo_link}


def _target(act: Act) -> Place:
    if act.target is None:
        raise ReadError("the journal does not say where it went")
    return act.target


def _found(place: Place, act: Act) -> _PlaceState:
    """State of a place, by the bytes of what is there."""
    try:
        with opened(place) as entry:
            status = entry.stat()
            if status is None:
                return _NOTHING
            if not stat.S_ISREG(status.st_mode):
                return _OTHER
            if status.st_size == act.size and sha256_at(entry) == act.sha256:
                return _FILE
            return _EMPTY if status.st_size == 0 else _OTHER
    except ReadError:
        return _NOTHING


def _is_linked(act: Act) -> bool:
    """Whether source and target are one file."""
    with opened(act.source) as here, opened(_target(act)) as there:
        ours, theirs = here.stat(), there.stat()
        return ours is not None and theirs is not None and (ours.st_dev, ours.st_ino) == (theirs.st_dev, theirs.st_ino)


def _remove_part(act: Act) -> None:
    """Remove the file that an act makes on its way, where it was left."""
    for place in filter(None, (act.source, act.target)) if act.part else ():
        with suppress(ReadError, OSError), opened(place) as entry:
            part = entry.beside(act.part)
            status = part.stat()
            if status is not None and stat.S_ISREG(status.st_mode):
                part.unlink()


def _remove(place: Place) -> None:
    with opened(place) as entry:
        entry.unlink()
