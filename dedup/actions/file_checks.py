"""Checks of a file before anything is done with it: it is a plain file, and holds the article that the report says."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice

from dedup.actions.places import FILE, Entry, Place, opened
from dedup.actions.saved_report import SavedArticle
from dedup.datatypes import Article, Skipped
from dedup.errors import ReadError
from dedup.language.as_read import body_of
from dedup.language.text import content_hash, printable
from dedup.reading.encoding import Stream
from dedup.reading.files import file_format, unpacked
from dedup.reading.opened import read_opened
from dedup.reading.source import ReadOptions

_CHUNK = 1 << 20

PERMISSIONS = 0o777
"""Bits of a file's mode that are kept; no copy of a file runs as somebody else."""

_KINDS = {
    stat.S_IFLNK: "a symbolic link, not followed",
    stat.S_IFDIR: "a folder, not a file",
    stat.S_IFIFO: "a pipe, not a file",
    stat.S_IFSOCK: "a socket, not a file",
    stat.S_IFCHR: "a device, not a file",
    stat.S_IFBLK: "a device, not a file",
}

CHANGED = "changed since the scan, or read with other options then"
"""Reason for leaving a file alone whose article has another hash."""


class SeveralArticlesError(ReadError):
    """File holds more than the one article, of which nothing is cut out."""


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """File as it was when it was checked.

    `folder` are device and inode of its folder; `sha256` is that of its bytes.
    """

    place: Place
    folder: tuple[int, int]
    device: int
    inode: int
    size: int
    mtime_ns: int
    mode: int
    uid: int
    gid: int
    links: int
    sha256: str

    @property
    def identity(self) -> tuple[int, int]:
        """Device and inode: equal for two names of one file."""
        return self.device, self.inode

    @property
    def name(self) -> tuple[int, int, str]:
        """Folder and name: equal for two spellings of one path."""
        return *self.folder, os.path.basename(self.place.relative)

    def is_still(self, entry: Entry) -> bool:
        """Whether an entry has this file, as it was."""
        return is_same(entry.stat(), self)


def is_same(status: os.stat_result | None, file: CheckedFile) -> bool:
    """Whether a status is that of a file, unchanged; other names that it gets or loses do not matter."""
    return (
        status is not None
        and stat.S_ISREG(status.st_mode)
        and (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
        == (file.device, file.inode, file.size, file.mtime_ns)
    )


def check_single(place: Place, article: SavedArticle, options: ReadOptions, *, chosen: bool) -> CheckedFile:
    """Check that a file holds one article and nothing else, with the text that the report says.

    Raises
    ------
    SeveralArticlesError
        If it holds more, or is itself part of an archive.
    ReadError
        If it is no plain file, or has changed.
    """
    holder = _holder(place)
    if holder != place:
        raise SeveralArticlesError("lies in an archive")
    with _reading(place) as (descriptor, file):
        items = list(islice(_items(descriptor, article.path, options, chosen), 2))
    if len(items) > 1:
        raise SeveralArticlesError("its file holds more than this article")
    (item,) = items
    if isinstance(item, Skipped):
        raise ReadError(f"{CHANGED}: {item.reason}")
    if _hash(item) != article.hash:
        raise ReadError(CHANGED)
    return file


def check_among(place: Place, article: SavedArticle, options: ReadOptions, *, chosen: bool) -> CheckedFile:
    """Check that a file, or the archive it lies in, holds an article with the text that the report says.

    Raises
    ------
    ReadError
        If not.
    """
    holder = _holder(place)
    depth = place.relative.count("/") - holder.relative.count("/")
    shown = "/".join(article.path.split("/")[:-depth]) if depth else article.path
    with _reading(holder) as (descriptor, file):
        for item in _items(descriptor, shown, options, chosen):
            if isinstance(item, Article) and item.path == article.path and _hash(item) == article.hash:
                return file
    raise ReadError(CHANGED)


def status_of(place: Place) -> os.stat_result | None:
    """Status of what is at a place; None where nothing is, or nothing that can be reached."""
    try:
        with opened(place) as entry:
            return entry.stat()
    except (ReadError, OSError):
        return None


def sha256_at(entry: Entry) -> str:
    """Digest of a plain file's bytes; raises `ReadError` where there is none."""
    with _plain(entry) as descriptor:
        return sha256_of(descriptor)


def sha256_of(descriptor: int) -> str:
    """Digest of the bytes of an open file, from its beginning."""
    digest, at = hashlib.sha256(), 0
    while chunk := os.pread(descriptor, _CHUNK, at):
        digest.update(chunk)
        at += len(chunk)
    return digest.hexdigest()


def _holder(place: Place) -> Place:
    """The place, or that of the file on the way to it which is an archive."""
    parts = place.relative.split("/") if status_of(place) is None else []
    for depth in range(1, len(parts)):
        above = Place(place.folder, "/".join(parts[:depth]))
        status = status_of(above)
        if status is not None and stat.S_ISREG(status.st_mode):
            return above
    return place


@contextmanager
def _reading(place: Place) -> Iterator[tuple[int, CheckedFile]]:
    """Open a plain file and describe it; raises `ReadError` where it changes while it is read."""
    try:
        with opened(place) as entry, _plain(entry) as descriptor:
            status = os.fstat(descriptor)
            file = CheckedFile(
                place=place,
                folder=(entry.device, entry.inode),
                device=status.st_dev,
                inode=status.st_ino,
                size=status.st_size,
                mtime_ns=status.st_mtime_ns,
                mode=status.st_mode & PERMISSIONS,
                uid=status.st_uid,
                gid=status.st_gid,
                links=status.st_nlink,
                sha256=sha256_of(descriptor),
            )
            yield descriptor, file
            if not is_same(os.fstat(descriptor), file) or not file.is_still(entry):
                raise ReadError("changes while it is read")
    except OSError as fault:
        raise ReadError(f"cannot be read: {fault.strerror}") from fault


@contextmanager
def _plain(entry: Entry) -> Iterator[int]:
    """Descriptor of a plain file; raises `ReadError` where there is none."""
    status = entry.stat()
    if status is None:
        raise ReadError("no longer there")
    if not stat.S_ISREG(status.st_mode):
        raise ReadError(_KINDS.get(stat.S_IFMT(status.st_mode), "no plain file"))
    descriptor = entry.open(FILE)
    try:
        found = os.fstat(descriptor)
        if (found.st_dev, found.st_ino) != (status.st_dev, status.st_ino) or not stat.S_ISREG(found.st_mode):
            raise ReadError("changes while it is read")
        yield descriptor
    finally:
        os.close(descriptor)


def _items(descriptor: int, path: str, options: ReadOptions, chosen: bool) -> Iterator[Article | Skipped]:
    return read_opened(_stream(descriptor, file_format(path)[1]), path, options, chosen=chosen)


@contextmanager
def _stream(descriptor: int, packed: bool) -> Iterator[Stream]:
    os.lseek(descriptor, 0, os.SEEK_SET)
    with open(os.dup(descriptor), "rb", buffering=0) as file, unpacked(file, packed) as stream:
        yield stream


def _hash(article: Article) -> str:
    return content_hash(body_of(article))


def describe(fault: OSError) -> str:
    """Reason that the system gives, for a step that failed."""
    return printable(fault.strerror or str(fault))
