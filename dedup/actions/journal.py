"""Journal of what is done to files: a line before each act, on the disk before the act begins, and one after it.

Wherever a run is killed, the journal and the files together say what has happened: an act of which there is no line has
not begun, and one whose line has no second one is looked at where it would have left its file.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import Any

from dedup.actions.file_checks import PERMISSIONS, CheckedFile
from dedup.actions.places import Place, is_absolute
from dedup.errors import ReadError, WriteError
from dedup.language.json_text import parse_json
from dedup.language.text import printable
from dedup.reading.own_reports import JOURNAL_KEYS
from dedup.report.records import dumps
from dedup.version import __version__

FORM = 1
"""Version of the journal's form."""


class Action(str, Enum):
    """Action on the repeats of a story."""

    MOVE = "move"
    LINK = "hardlink"
    DELETE = "delete"
    LIST = "list"


class State(str, Enum):
    """State of an act as the journal knows it."""

    BEGUN = "begun"
    DONE = "done"
    FAILED = "failed"
    UNDOING = "undoing"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class Act:
    """Act on one file.

    source : where the file was; `target` is where it was moved, or the file that it was linked to
    part : name of the file that is made beside source or target on the way
    size, mtime_ns, mode, uid, gid, sha256 : of the file before the act
    """

    number: int
    action: Action
    article: str
    source: Place
    target: Place | None
    part: str
    size: int
    mtime_ns: int
    mode: int
    uid: int
    gid: int
    sha256: str
    state: State = State.BEGUN

    @classmethod
    def on(cls, number: int, action: Action, article: str, file: CheckedFile, target: Place | None, part: str) -> Act:
        """Act on a file that was checked."""
        return cls(
            *(number, action, article, file.place, target, part),
            *(file.size, file.mtime_ns, file.mode, file.uid, file.gid, file.sha256),
        )


@dataclass(slots=True)
class Journal:
    """Journal open for writing, which no other process writes meanwhile."""

    descriptor: int
    shown: str
    acts: dict[int, Act] = field(default_factory=dict)

    def begin(self, action: Action, article: str, file: CheckedFile, target: Place | None, part: str) -> Act:
        """Note an act that is about to begin; returns once the note is on the disk."""
        act = Act.on(max(self.acts, default=0) + 1, action, article, file, target, part)
        self._write(_record_of(act))
        self.acts[act.number] = act
        return act

    def note(self, act: Act, state: State, reason: str = "") -> None:
        """Note what has become of an act; that it is being undone is on the disk then, the rest with the next act."""
        record = {"n": act.number, "state": state.value} | ({"reason": reason} if reason else {})
        self._write(record, to_disk=state is State.UNDOING)
        self.acts[act.number] = replace(act, state=state)

    def _write(self, record: Mapping[str, Any], *, to_disk: bool = True) -> None:
        try:
            rest = memoryview(f"{dumps(record)}\n".encode())
            while rest:
                rest = rest[os.write(self.descriptor, rest) :]
            if to_disk:
                os.fsync(self.descriptor)
        except OSError as fault:
            raise WriteError(
                f"cannot write the journal {self.shown}: {fault.strerror}; nothing more was done, and the same "
                "command goes on"
            ) from fault


@contextmanager
def open_journal(path: Path, action: str, report: str) -> Iterator[Journal]:
    """Open a journal, a new one or one that goes on, and note which run this is.

    Raises
    ------
    WriteError
        If it cannot be written, another run writes it, or the file there is no journal.
    ReadError
        If what it holds cannot be understood.
    """
    shown = printable(str(path))
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        descriptor = os.open(path, flags, 0o600)
    except OSError as fault:
        raise WriteError(f"cannot write the journal {shown}: {fault.strerror}; name another with --journal") from fault
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise WriteError(f"cannot write the journal {shown}: no plain file; name another with --journal")
        _lock(descriptor, shown)
        content = _content(descriptor)
        acts = _acts(content, shown)
        os.ftruncate(descriptor, content.rfind(b"\n") + 1)  # a line that was cut off tells of an act that never began
        journal = Journal(descriptor, shown, acts)
        journal._write({"journal": FORM, "dedup": __version__, "action": action, "report": report})
        _sync_folder(path)
        try:
            yield journal
        finally:
            with suppress(OSError):
                os.fsync(descriptor)
    finally:
        os.close(descriptor)


_ANOTHER = "name another with --journal"


def read_journal(path: Path, *, otherwise: str = _ANOTHER) -> dict[int, Act]:
    """Read the acts of a journal by their numbers; none where there is no such file.

    `otherwise` advises what to do where the file is no journal.

    Raises
    ------
    ReadError
        If it cannot be read or understood.
    """
    shown = printable(str(path))
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as fault:
        reason = getattr(fault, "strerror", None) or fault
        raise ReadError(f"cannot read the journal {shown}: {reason}") from fault
    return _acts(content, shown, otherwise)


def _acts(content: bytes, shown: str, otherwise: str = _ANOTHER) -> dict[int, Act]:
    acts: dict[int, Act] = {}
    lines = content.split(b"\n")[:-1]  # the last one is empty or was cut off
    if content and not lines:
        lines = [content]
    for number, line in enumerate(lines, 1):
        try:
            record = parse_json(line)
            if number == 1 and not (isinstance(record, dict) and record.keys() >= JOURNAL_KEYS):
                raise ValueError("its first line says something else")
            if "journal" in record:
                if record["journal"] != FORM:
                    raise ReadError(f"{shown}:{number}: form {record['journal']!r}, and this version reads {FORM}")
            elif "action" in record:
                act = _act(record)
                acts[act.number] = act
            else:
                acts[record["n"]] = replace(acts[record["n"]], state=State(record["state"]))
        except (ValueError, KeyError, TypeError) as fault:
            if number == 1:
                raise ReadError(f"{shown} is no journal of dedup apply; {otherwise}") from fault
            raise ReadError(f"{shown}:{number} is damaged ({fault})") from fault
    return acts


def _record_of(act: Act) -> dict[str, Any]:
    return {
        "n": act.number,
        "action": act.action.value,
        "article": act.article,
        "source": [act.source.folder, act.source.relative],
        "target": [act.target.folder, act.target.relative] if act.target else None,
        "part": act.part,
        "size": act.size,
        "mtime_ns": act.mtime_ns,
        "mode": act.mode,
        "uid": act.uid,
        "gid": act.gid,
        "sha256": act.sha256,
    }


def _act(record: Mapping[str, Any]) -> Act:
    target = record["target"]
    return Act(
        number=_number(record["n"]),
        action=Action(record["action"]),
        article=_text(record["article"]),
        source=_place(record["source"]),
        target=None if target is None else _place(target),
        part=_part(record["part"]),
        size=_number(record["size"]),
        mtime_ns=_number(record["mtime_ns"]),
        mode=_number(record["mode"]) & PERMISSIONS,
        uid=_number(record["uid"]),
        gid=_number(record["gid"]),
        sha256=_text(record["sha256"]),
    )


def _place(value: object) -> Place:
    folder, relative = value if isinstance(value, list) and len(value) == 2 else (None, None)
    parts = _text(relative).split("/")
    if not is_absolute(_text(folder)) or not {"", ".", ".."}.isdisjoint(parts):
        raise ValueError(f"no place: {value!r}")
    return Place(_text(folder), _text(relative))


def _part(value: object) -> str:
    name = _text(value)
    if "/" in name or (name and not name.startswith(".dedup-")):
        raise ValueError(f"no name of a part: {name!r}")
    return name


def _text(value: object) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise ValueError(f"no text: {value!r}")
    return value


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"no whole number: {value!r}")
    return value


def _content(descriptor: int) -> bytes:
    parts, at = [], 0
    while part := os.pread(descriptor, 1 << 20, at):
        parts.append(part)
        at += len(part)
    return b"".join(parts)


def _lock(descriptor: int, shown: str) -> None:
    if sys.platform == "win32":
        return
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as fault:
        raise WriteError(f"the journal {shown} is in use by another run; wait for it") from fault


def _sync_folder(path: Path) -> None:
    folder = os.open(os.path.dirname(os.path.abspath(path)), os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
