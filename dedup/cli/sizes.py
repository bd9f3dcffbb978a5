"""Sizes as people write them: ``8M``, ``1.5G``, ``200 kB``."""

from __future__ import annotations

import re

import click

_UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3, "t": 1024**4}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?", re.IGNORECASE)


def parse_size(_context: click.Context, _parameter: click.Parameter, value: str | None) -> int | None:
    """Callback of an option: number of bytes, at least 1, also with k, M, G or T for powers of 1024.

    Raises
    ------
    BadParameter
        If it is no such size.
    """
    if value is None:
        return None
    found = _SIZE.fullmatch(value.strip())
    size = int(float(found[1]) * _UNITS[found[2].lower()]) if found else 0
    if size < 1:
        raise click.BadParameter(f"{value!r} is no size; give at least 1 byte, as in 500000, 800k, 8M or 1G")
    return size
