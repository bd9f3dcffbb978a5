"""Where reports are written: files written whole or not at all, and folders of tables, here or behind a URI."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from dedup.errors import ReadError
from dedup.runtime.remote_files import Store, is_uri


def check_writable(path: Path) -> None:
    """Raise `ReadError` where `write_whole` could not write: asked before a long run, not after it."""
    folder = path.resolve().parent
    if path.is_dir():
        raise ReadError(f"cannot write {path}: it is a folder; name a file in it")
    if not folder.is_dir():
        raise ReadError(f"cannot write {path}: there is no folder {folder}; create it first")
    if not os.access(folder if not path.exists() else path, os.W_OK):
        raise ReadError(f"cannot write {path}: permission denied; choose another place")


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that nobody ever finds half of it; links are followed, devices and pipes written to directly.

    Raises
    ------
    ReadError
        If nothing can be written there.
    """
    target = path.resolve()
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        if target.exists() and not target.is_file():
            target.write_bytes(content)
            return
        try:
            part.write_bytes(content)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise ReadError(f"cannot write {path}: {error.strerror or error}; choose another place") from error


def make_folder(path: Path) -> None:
    try:
        path.mkdir(exist_ok=True)
    except OSError as error:
        raise ReadError(f"cannot write into {path}: {error.strerror}; name a folder") from error


class Folder(Protocol):
    def is_empty(self) -> bool: ...
    def write(self, name: str, content: bytes) -> None: ...


@dataclass(frozen=True, slots=True)
class _Local:
    """A folder of this machine."""

    path: Path

    def is_empty(self) -> bool:
        return not any(self.path.iterdir())

    def write(self, name: str, content: bytes) -> None:
        (self.path / name).parent.mkdir(exist_ok=True)
        write_whole(self.path / name, content)


def open_folder(folder: str | Path) -> Folder:
    """The place for the tables, if there is nothing yet: parts of another run would be taken for parts of this one."""
    try:
        place: Folder
        if is_uri(str(folder)):
            place = Store.at(str(folder))
        else:
            Path(folder).mkdir(exist_ok=True)
            place = _Local(Path(folder))
        empty = place.is_empty()
    except OSError as error:
        raise ReadError(f"cannot write into {folder}: {error.strerror or error}; name a folder") from error
    if not empty:
        raise ReadError(f"{folder} is not empty, and tables are made of all the files there; name a new folder")
    return place
