"""Files on disk: folders walked in order, names made storable, streams opened and unpacked."""

from __future__ import annotations

import gzip
import io
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePath
from typing import Any, cast

from dedup.errors import ReadError
from dedup.language.text import printable
from dedup.reading.encoding import Stream
from dedup.reading.source import one_line
from dedup.runtime.name_patterns import NamePatterns
from dedup.runtime.remote_files import is_uri

STDIN = "-"
"""The path that stands for standard input."""

_OF_PAGES = ("_files", ".files", "-Dateien", "_fichiers", "_archivos", "_file")  # as browsers name them

_BUFFER = 1 << 16

_SPECIAL = {stat.S_IFIFO: "pipe", stat.S_IFSOCK: "socket", stat.S_IFCHR: "device", stat.S_IFBLK: "device"}


def walk(root: str, names: NamePatterns) -> Iterator[tuple[str, str]]:
    """Paths under a folder in order of names, or the path itself where it is no folder.

    With each comes the reason why it cannot be used, empty where it may be. Hidden names and names that do not match
    the patterns are passed over, and so is the folder that a browser saves beside a page, as one; symbolic links are
    not followed.
    """
    if root == STDIN or not os.path.isdir(root):
        yield root, ""
        return
    waiting: list[str | os.DirEntry[str]] = [root]
    while waiting:
        entry = waiting.pop()
        if isinstance(entry, str) or entry.is_dir(follow_symlinks=False):
            if not isinstance(entry, str) and names.excludes(PurePath(entry.path)):
                continue
            if page := _saved_page(entry):
                if not names.glob:
                    yield os.fspath(entry), f'belongs to the saved page "{printable(show_path(page))}", passed over'
                continue
            try:
                waiting += _entries(entry)
            except OSError as fault:
                yield os.fspath(entry), cannot_be_read(fault)
        elif names.admits(PurePath(entry.path)):
            yield entry.path, "symbolic link, not followed" if entry.is_symlink() else ""


def absolute(path: str) -> str:
    """A path from the root on, links as they are; standard input and URIs stay what they are."""
    return path if path == STDIN or is_uri(path) else os.path.abspath(path)


def show_path(path: str) -> str:
    r"""A path as it was written, with ``/``; bytes that are not UTF-8 as ``\xff``, so that it can always be stored."""
    shown = PurePath(path).as_posix()
    try:
        return os.fsencode(shown).decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # of no file on this system
        return shown.encode("utf-8", "backslashreplace").decode()


def file_format(path: str) -> tuple[str, bool]:
    """The suffix in lower case, and whether the file is packed (``.gz`` behind it)."""
    stem, suffix = os.path.splitext(path.lower())
    return (os.path.splitext(stem)[1], True) if suffix == ".gz" else (suffix, False)


def cannot_be_read(fault: OSError) -> str:
    """The reason the system gives, as that of a skipped file."""
    return f"cannot be read: {fault.strerror or one_line(fault)}"


@contextmanager
def open_file(path: str, packed: bool) -> Iterator[Stream]:
    """The bytes of a file, unpacked where it is packed; raises `ReadError` for a pipe, which might never answer."""
    kind = stat.S_IFMT(os.stat(path).st_mode)
    if kind != stat.S_IFREG:
        raise ReadError(f"a {_SPECIAL.get(kind, 'special file')}, not a file")
    with open(path, "rb", buffering=0) as file, unpacked(file, packed) as stream:
        yield stream


def unpacked(file: io.RawIOBase, packed: bool) -> Stream:
    """The bytes of an open file, unpacked where it is packed."""
    return gzip.GzipFile(fileobj=cast(Any, file)) if packed else _buffered(file)


@contextmanager
def open_stdin() -> Iterator[Stream]:
    """The bytes of standard input, which is left open."""
    stream = sys.stdin.buffer
    if isinstance(stream, io.BufferedReader):
        yield stream
        return
    buffered = _buffered(stream)
    try:
        yield buffered
    finally:
        buffered.detach()


def _saved_page(folder: str | os.DirEntry[str]) -> str:
    """The page beside a folder of its pictures and scripts, such as ``a.html`` of ``a_files``; empty where none is."""
    if isinstance(folder, str):
        return ""
    stem = next((folder.name[: -len(end)] for end in _OF_PAGES if folder.name.endswith(end)), "")
    pages = (f"{stem}{suffix}" for suffix in (".html", ".htm", ".xhtml"))
    beside = os.path.dirname(folder.path)
    return next((page for page in pages if stem and os.path.isfile(os.path.join(beside, page))), "")


def _buffered(stream: object) -> io.BufferedReader:
    return io.BufferedReader(cast(Any, stream), _BUFFER)


def _entries(folder: str | os.DirEntry[str]) -> list[os.DirEntry[str]]:
    """Entries of a folder, hidden names left out, the last name first."""
    with os.scandir(folder) as entries:
        seen = [entry for entry in entries if not entry.name.startswith(".")]
    return sorted(seen, key=lambda entry: entry.name, reverse=True)
