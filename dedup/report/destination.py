"""Destinations of results: files written whole or not at all, and folders of tables, here or behind a URI.

Nothing is overwritten unasked: `check_writable` refuses, before the work, a place that is one of the inputs or lies
among them, and a file that dedup did not write. `writing_whole` then writes beside the target, under a name that nobody
can guess or plant, and puts the file into its place once it is on the disk.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from dedup.errors import ReadError, WriteError
from dedup.language.text import printable
from dedup.report.recognise import is_report
from dedup.runtime.name_patterns import NamePatterns
from dedup.runtime.remote_files import Store, is_uri

_DESCRIPTOR = re.compile(r"/dev/(?:(stdin|stdout|stderr)|fd/(\d+))|/proc/self/fd/(\d+)")

_STANDARD = {"stdin": 0, "stdout": 1, "stderr": 2}

_NEITHER_LINK_NOR_PIPE = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)

ALL_NAMES = NamePatterns()
"""Patterns that admit every file."""

TABLES = ("articles.parquet", "matches.parquet", "skipped.parquet")
"""Names of the tables of a report, in a folder."""

_OF_A_MODEL = {
    "0_StaticEmbedding",
    "1_Dense",
    "README.md",
    "config_sentence_transformers.json",
    "language_means.safetensors",
    "languages.json",
    "modules.json",
}

_PART = re.compile(r"\.dedup-[0-9a-f]{16}\.part")


def check_writable(
    path: Path, inputs: Iterable[str | Path] = (), *, names: NamePatterns = ALL_NAMES, force: bool = False
) -> None:
    """Refuse a place where `writing_whole` could not write, or should not; asked before a long run, not after it.

    Parameters
    ----------
    path : Path
        Where a result is to go.
    inputs : iterable of str or Path
        Files and folders that the run reads. A place that is one of them, or that a folder among them holds, is
        refused, whatever name or link it goes by.
    names : NamePatterns
        Patterns by which files in folders are chosen to be read.
    force : bool
        Whether a file that dedup did not write may be written over.

    Raises
    ------
    WriteError
        With the reason, and what to do instead.
    """
    if _descriptor(path) is not None:
        return
    shown = printable(str(path))
    with _named_faults(path):
        place = Path(os.path.realpath(path))
        found = _stat(path)
        if found is None:
            for folder in (path.parent, place.parent):
                if not folder.is_dir():
                    raise WriteError(f"cannot write {shown}: there is no folder {_show(folder)}; create it first")
        elif stat.S_ISDIR(found.st_mode):
            raise WriteError(f"cannot write {shown}: it is a folder; name a file in it")
        elif not stat.S_ISREG(found.st_mode):
            return
        if not os.access(place.parent, os.W_OK | os.X_OK) or (found and not os.access(place, os.W_OK)):
            raise WriteError(f"cannot write {shown}: permission denied; choose another place")
        _check_apart(place, found, inputs, names)
        if found and not force and not is_report(place):
            raise WriteError(
                f"cannot write {shown}: it is there and is no report of dedup; choose another name, or overwrite it "
                "with --force"
            )


def check_folder(
    path: Path, inputs: Iterable[str | Path] = (), *, names: NamePatterns = ALL_NAMES, force: bool = False
) -> None:
    """Refuse a folder into which tables could not be written, or should not be (see `check_writable`).

    Raises
    ------
    WriteError
        With the reason, and what to do instead.
    """
    found = _stat(path)
    if found is None:
        check_writable(path, inputs, names=names)
        return
    if not stat.S_ISDIR(found.st_mode):
        raise WriteError(f"cannot write into {_show(path)}: it is a file; name a folder")
    for name in TABLES:
        check_writable(path / name, inputs, names=names, force=force)


def check_model_folder(path: Path, corpus: Path) -> None:
    """Refuse a folder that a trained model must not replace: only an empty one or an older static model goes.

    Raises
    ------
    WriteError
        If it holds anything else, or is, holds or lies in the corpus.
    """
    place, read = Path(os.path.realpath(path)), Path(os.path.realpath(corpus))
    if place == read or place in read.parents or read in place.parents:
        raise WriteError(
            f"cannot write {_show(path)}: it is the corpus, or holds it, or lies in it; name another folder"
        )
    with _named_faults(path):
        if _stat(path) is None:
            return
        if not place.is_dir():
            raise WriteError(f"cannot write {_show(path)}: it is a file; name a folder")
        foreign = sorted(set(os.listdir(place)) - _OF_A_MODEL)
    if foreign:
        raise WriteError(
            f"cannot write {_show(path)}: a model would replace it, and it holds {_show(foreign[0])}; name a new folder"
        )


def write_whole(path: Path, content: bytes) -> None:
    """Write a file at once (see `writing_whole`).

    Raises
    ------
    WriteError
        If nothing can be written there.
    """
    with writing_whole(path) as file:
        file.write(content)


@contextmanager
def writing_whole(path: Path) -> Iterator[BinaryIO]:
    """Open a file that is put in its place once the block has written it, so that nobody ever finds half of it.

    Not even a machine that fails leaves half a file, and nothing is left if the block raises. Links are followed;
    devices, pipes and open descriptors (``/dev/stdout``) are written to directly. A file that was there keeps its owner
    and mode; another hard link to it keeps the old content.

    Raises
    ------
    WriteError
        If nothing can be written there.
    """
    with _named_faults(path):
        descriptor, found = _descriptor(path), _stat(path)
        if descriptor is not None or (found and not stat.S_ISREG(found.st_mode)):
            direct = os.dup(descriptor) if descriptor is not None else os.open(path, os.O_WRONLY)
            with open(direct, "wb") as file:
                yield file
            return
        target = Path(os.path.realpath(path))
        _sweep(target.parent)
        part, new = _open_part(target.parent)
        try:
            with open(new, "w+b") as file:
                yield file
                file.flush()
                _keep_owner(new, found)
                os.fsync(new)
                _put_in_place(part, target, file)
        finally:
            part.unlink(missing_ok=True)
        _sync_folder(target.parent)


@contextmanager
def filling_folder(path: Path) -> Iterator[Path]:
    """Make a folder that gets its name once the block has filled it; an empty folder of that name is replaced.

    Raises
    ------
    WriteError
        If it cannot be made, or is not empty.
    """
    with _named_faults(path):
        place = Path(os.path.realpath(path))
        if place.exists() and any(place.iterdir()):
            raise WriteError(f"{_show(path)} is not empty; name a new folder")
        part = place.parent / f".dedup-{secrets.token_hex(8)}.part"
        part.mkdir()
        try:
            yield part
            os.replace(part, place)
        finally:
            shutil.rmtree(part, ignore_errors=True)
        _sync_folder(place.parent)


def make_folder(path: Path) -> None:
    """Make a folder where there is none.

    Raises
    ------
    WriteError
        If that cannot be done.
    """
    try:
        path.mkdir(exist_ok=True)
    except OSError as error:
        raise WriteError(f"cannot write into {_show(path)}: {error.strerror}; name a folder") from error


class Folder(Protocol):
    """Protocol of folders that parts of tables are written into."""

    def is_empty(self) -> bool:
        """Whether the folder holds nothing."""
        ...

    def write(self, name: str, content: bytes) -> None:
        """Write a part."""
        ...


@dataclass(frozen=True, slots=True)
class _Local:
    """Folder of this machine."""

    path: Path

    def is_empty(self) -> bool:
        return not any(self.path.iterdir())

    def write(self, name: str, content: bytes) -> None:
        (self.path / name).parent.mkdir(exist_ok=True)
        write_whole(self.path / name, content)


def open_folder(folder: str | Path) -> Folder:
    """Open an empty folder for tables: parts of another run in it would be read as parts of this one.

    Raises
    ------
    WriteError
        If it is not empty, or cannot be written.
    """
    try:
        place: Folder
        if is_uri(str(folder)):
            place = Store.at(str(folder))
        else:
            Path(folder).mkdir(exist_ok=True)
            place = _Local(Path(folder))
        empty = place.is_empty()
    except ReadError as error:
        raise WriteError(str(error)) from error
    except OSError as error:
        raise WriteError(f"cannot write into {_show(folder)}: {error.strerror or error}; name a folder") from error
    if not empty:
        raise WriteError(f"{_show(folder)} is not empty, and tables are made of all files there; name a new folder")
    return place


def _check_apart(place: Path, found: os.stat_result | None, inputs: Iterable[str | Path], names: NamePatterns) -> None:
    """Refuse a place that is an input, or lies among the inputs, by device and inode."""
    shown, matches = _show(place), names.admits(place)
    folders = {_identity(entry) for folder in place.parents if (entry := _stat(folder))}
    for given in map(str, inputs):
        entry = None if given == "-" or is_uri(given) else _stat(given)
        if entry is None:
            continue
        if found and _identity(entry) == _identity(found):
            raise WriteError(f"cannot write {shown}: it is one of the inputs; choose another name")
        if not stat.S_ISDIR(entry.st_mode):
            continue
        if matches and _identity(entry) in folders and not _is_hidden(place, _identity(entry)):
            raise WriteError(
                f"cannot write {shown}: it lies in {printable(given)}, which is read, and would be read with it; "
                "choose another folder, or a name that begins with a dot"
            )
        if found and found.st_nlink > 1 and _holds(given, _identity(found)):
            raise WriteError(f"cannot write {shown}: it is a link to a file in {printable(given)}; choose another name")


def _is_hidden(place: Path, folder: tuple[int, int]) -> bool:
    """Whether a name under the folder keeps a walk from reading the place."""
    while (entry := _stat(place)) is None or _identity(entry) != folder:
        if place.name.startswith(".") or place == place.parent:
            return True
        place = place.parent
    return False


def _holds(folder: str, file: tuple[int, int]) -> bool:
    for where, _, names in os.walk(folder):
        for name in names:
            entry = _stat(os.path.join(where, name))
            if entry and _identity(entry) == file:
                return True
    return False


def _identity(entry: os.stat_result) -> tuple[int, int]:
    return entry.st_dev, entry.st_ino


def _stat(path: str | Path) -> os.stat_result | None:
    """Status of a file, links followed; None where there is none."""
    try:
        return os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None


def _descriptor(path: Path) -> int | None:
    """The number of an open descriptor that a path names, as ``/dev/stdout`` does."""
    match = _DESCRIPTOR.fullmatch(str(path))
    if match is None:
        return None
    return _STANDARD[match[1]] if match[1] else int(match[2] or match[3])


def _keep_owner(descriptor: int, found: os.stat_result | None) -> None:
    """Give a new file the owner and the mode of the one that it replaces."""
    if found and hasattr(os, "fchmod"):
        with suppress(PermissionError):  # only its owner may give a file away
            os.fchown(descriptor, found.st_uid, found.st_gid)
        os.fchmod(descriptor, stat.S_IMODE(found.st_mode))


def _sync_folder(folder: Path) -> None:
    with suppress(OSError):  # some filesystems know no such thing
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _put_in_place(part: Path, target: Path, file: BinaryIO) -> None:
    """Rename a file; what is mounted by itself, as into a container, cannot be replaced and is written over."""
    if os.name == "nt":  # where an open file cannot be moved
        file.close()
    try:
        os.replace(part, target)
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
        file.seek(0)
        with target.open("wb") as over:
            shutil.copyfileobj(file, over)


def _open_part(folder: Path) -> tuple[Path, int]:
    """Make a new file under a name that nobody can guess, locked as long as it is open."""
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    while True:
        part = folder / f".dedup-{secrets.token_hex(8)}.part"
        descriptor = os.open(part, flags, 0o666)
        _lock(descriptor, wait=True)
        if os.name == "nt" or os.fstat(descriptor).st_nlink:
            return part, descriptor
        os.close(descriptor)  # swept by another process before it was locked


def _sweep(folder: Path) -> None:
    """Remove what runs left that were killed while writing; a run that is still writing holds a lock."""
    with suppress(OSError):
        for name in os.listdir(folder):
            if _PART.fullmatch(name):
                with suppress(OSError):
                    descriptor = os.open(folder / name, os.O_RDONLY | _NEITHER_LINK_NOR_PIPE)
                    try:
                        if _lock(descriptor):
                            os.unlink(folder / name)
                    finally:
                        os.close(descriptor)


def _lock(descriptor: int, *, wait: bool = False) -> bool:
    """Lock a file for as long as it is open; False if another process holds the lock, or the system has none."""
    if sys.platform == "win32":
        return False
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:
        return False
    return True


@contextmanager
def _named_faults(path: Path) -> Iterator[None]:
    """Raise errors of the system as a `WriteError` that names the path."""
    try:
        yield
    except BrokenPipeError:  # whoever reads has enough
        raise
    except (OSError, ValueError) as error:  # a ValueError if there is a null character in the name
        reason = getattr(error, "strerror", None) or error
        raise WriteError(f"cannot write {_show(path)}: {reason}; choose another place") from error


def _show(path: str | Path) -> str:
    return printable(str(path))
