"""Files kept in ``__pycache__`` beside those that they were made from, as Python keeps compiled code."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path


def kept_file(source: Path, name: str) -> Path:
    """Place of a file that is made from another one."""
    return source.parent / "__pycache__" / name


def keep(path: Path, content: bytes) -> None:
    """Write a file whole, if its folder can be written to."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with suppress(OSError):
        path.parent.mkdir(exist_ok=True)
        try:
            with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "wb") as file:
                file.write(content)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
