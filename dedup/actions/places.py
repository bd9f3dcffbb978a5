"""Places of files: a folder and a path below it, opened from the root of the file system on without following a link.

Whatever a path says, and whatever others do to the folders meanwhile, an act happens in the folder that was opened.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import PurePosixPath

from dedup.datatypes import Root
from dedup.errors import ReadError, WriteError
from dedup.language.text import printable
from dedup.reading.files import STDIN
from dedup.runtime.remote_files import is_uri

_CLOSED = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)

_FOLDER = _CLOSED | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_PATH", os.O_RDONLY)

FILE = _CLOSED | os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)
"""Flags that open a file to be read: no link is followed, and a pipe does not wait for somebody to write."""

NEW_FILE = _CLOSED | os.O_RDWR | os.O_CREAT | os.O_EXCL
"""Flags that make a file where nothing is."""

_ESCAPED_BYTE = re.compile(rb"\\x([89a-f][0-9a-f])")


@dataclass(frozen=True, slots=True)
class Place:
    """Place of a file: an absolute folder without links, and the path below it, in which ``..`` does not occur."""

    folder: str
    relative: str

    @property
    def path(self) -> str:
        """Absolute path."""
        return os.path.join(self.folder, self.relative)

    @property
    def shown(self) -> str:
        """Absolute path, safe on a terminal."""
        return printable(os.fsencode(self.path).decode("utf-8", "backslashreplace"))


@dataclass(frozen=True, slots=True)
class Entry:
    """Opened folder of a file, the name of the file in it, and the numbers of the folder."""

    folder: int
    name: str
    device: int
    inode: int

    def stat(self) -> os.stat_result | None:
        """Status of what has the name, a link itself included; None where nothing has."""
        try:
            return os.stat(self.name, dir_fd=self.folder, follow_symlinks=False)
        except (FileNotFoundError, NotADirectoryError):
            return None

    def open(self, flags: int) -> int:
        """Open what has the name; returns a descriptor."""
        return os.open(self.name, flags, 0o600, dir_fd=self.folder)

    def beside(self, name: str) -> Entry:
        """Entry of another name in the same folder."""
        return Entry(self.folder, name, self.device, self.inode)

    def unlink(self) -> None:
        """Remove the name."""
        os.unlink(self.name, dir_fd=self.folder)

    def rename(self, other: Entry) -> None:
        """Move what has the name to another entry, over what is there."""
        os.rename(self.name, other.name, src_dir_fd=self.folder, dst_dir_fd=other.folder)

    def sync(self) -> None:
        """Write the folder itself to the disk, where the file system can."""
        with suppress(OSError):
            descriptor = os.open(".", os.O_RDONLY, dir_fd=self.folder)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def require_safe_paths() -> None:
    """Raise `WriteError` on a system that cannot open a file within a folder that is open."""
    needed = (os.open, os.stat, os.mkdir, os.rename, os.unlink, os.link)
    if not set(needed) <= os.supports_dir_fd or not hasattr(os, "O_NOFOLLOW"):
        raise WriteError("dedup apply needs Linux, macOS or another Unix: this system cannot rule out links in a path")


@contextmanager
def opened(place: Place, *, create: bool = False) -> Iterator[Entry]:
    """Open the folder of a place, by way of folders only; with `create`, folders below its own that lack are made.

    Raises
    ------
    ReadError
        If a folder is missing, or is a link or something else.
    """
    *above, name = PurePosixPath(place.relative).parts
    folder = _open_folder(place.folder, above, create)
    try:
        status = os.fstat(folder)
        yield Entry(folder, name, status.st_dev, status.st_ino)
    finally:
        os.close(folder)


def _open_folder(absolute: str, below: Sequence[str], create: bool) -> int:
    folder = os.open("/", _FOLDER)
    parts = PurePosixPath(absolute).parts[1:]
    for depth, part in enumerate((*parts, *below)):
        try:
            inner = _open_inner(folder, part, create and depth >= len(parts))
        finally:
            os.close(folder)
        folder = inner
    return folder


def _open_inner(folder: int, part: str, create: bool) -> int:
    try:
        if create:
            with suppress(FileExistsError):
                os.mkdir(part, dir_fd=folder)
        return os.open(part, _FOLDER, dir_fd=folder)
    except FileNotFoundError as fault:
        raise ReadError(f'the folder "{_show(part)}" is no longer there') from fault
    except OSError as fault:
        with suppress(OSError):
            mode = os.stat(part, dir_fd=folder, follow_symlinks=False).st_mode
            if stat.S_ISLNK(mode):
                raise ReadError(f'"{_show(part)}" in its path is a symbolic link, not followed') from fault
            if not stat.S_ISDIR(mode):
                raise ReadError(f'"{_show(part)}" in its path is no folder') from fault
        raise ReadError(f'the folder "{_show(part)}" cannot be opened: {fault.strerror}') from fault


def locate(path: str, roots: Sequence[Root]) -> Place:
    """Place of an article's file by its path in a report, which must lie below one of the roots.

    A path begins with a root as it was given, or is absolute; bytes that are not UTF-8 are written as ``\\xff`` in it.

    Raises
    ------
    ReadError
        If there is no such file, or it lies elsewhere, or two files go by the path.
    """
    if reason := no_file(path):
        raise ReadError(reason)
    if "\0" in path:
        raise ReadError("no path: it holds a null character")
    place = _below_a_root(path, roots)
    plain = os.fsencode(place.relative)
    raw = _ESCAPED_BYTE.sub(lambda found: bytes([int(found[1], 16)]), plain)
    if raw == plain:
        return place
    other = Place(place.folder, os.fsdecode(raw))
    if not os.path.lexists(other.path):
        return place
    if os.path.lexists(place.path):
        raise ReadError(f"two files go by this path: {place.shown} as it stands, and one with bytes that are not UTF-8")
    return other


def no_file(path: str) -> str:
    """Reason why the path of an article names no file of this machine; empty where it may name one."""
    if path == STDIN:
        return "read from standard input, so no file holds it"
    if is_uri(path):
        return "on another file system, and files of this machine alone are acted on"
    return "" if path else "made in memory, so no file holds it"


def _below_a_root(path: str, roots: Sequence[Root]) -> Place:
    for root in sorted(roots, key=lambda root: -len(root.given)):
        for begin in (root.given, root.resolved):
            below = _below(path, begin)
            if below is None:
                continue
            if ".." in below or (not below and root.resolved == "/"):
                break
            if any(part.startswith(".") for part in below):
                raise ReadError("hidden, so that no scan has read it")
            if below:
                return Place(root.resolved, "/".join(below))
            return Place(os.path.dirname(root.resolved), os.path.basename(root.resolved))
    raise ReadError("outside the folders that were scanned")


def _below(path: str, begin: str) -> tuple[str, ...] | None:
    """Parts of a path behind its beginning; None where it begins otherwise."""
    parts, above = PurePosixPath(path).parts, PurePosixPath(begin).parts
    if parts[: len(above)] != above or (not above and path.startswith("/")):
        return None
    return parts[len(above) :]


def is_absolute(path: str) -> bool:
    """Whether a path is absolute, and none of its parts leads up or stands still."""
    return path.startswith("/") and os.path.normpath(path) == path


def lies_in(path: str, folder: str) -> bool:
    """Whether an absolute path without links is a folder, or lies below it."""
    return os.path.commonpath([path, folder]) == folder


def _show(part: str) -> str:
    return printable(os.fsencode(part).decode("utf-8", "backslashreplace"))
