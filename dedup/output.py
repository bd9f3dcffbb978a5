"""Files written whole or not at all: beside their place first, then renamed into it."""

from __future__ import annotations

import os
from pathlib import Path

from dedup.errors import ReadError


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
