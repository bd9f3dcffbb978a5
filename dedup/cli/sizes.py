"""Numbers and sizes as people write them: ``4``, ``8M``, ``1.5G``, ``200 kB``."""

from __future__ import annotations

import re
from typing import Any

import click

_UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3, "t": 1024**4}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?", re.IGNORECASE)


def parse_size(_context: click.Context, _parameter: click.Parameter, value: str | None) -> int | None:
    """Read the number of bytes that an option gives, at least 1, also with k, M, G or T for powers of 1024.

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


class Whole(click.IntRange):
    """Type of an option: whole numbers from `least` to `most`, if there is one; its message says what to give."""

    def __init__(self, least: int, most: int | None = None, *, hint: str = "") -> None:
        super().__init__(least, most)
        self._hint = hint

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Convert what was given to a number, as `click.IntRange` does.

        Raises
        ------
        BadParameter
            If it is none, or lies outside.
        """
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail(f"give a whole number{_span(self)}, got {value!r}{self._hint}", param, ctx)


class Number(click.FloatRange):
    """Type of an option: numbers from `least` to `most`, as far as there are bounds; its message says what to give."""

    def __init__(self, least: float | None = None, most: float | None = None, *, hint: str = "") -> None:
        super().__init__(least, most)
        self._hint = hint

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Convert what was given to a number, as `click.FloatRange` does.

        Raises
        ------
        BadParameter
            If it is none, or lies outside.
        """
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail(f"give a number{_span(self)}, got {value!r}{self._hint}", param, ctx)


def _span(numbers: click.IntRange | click.FloatRange) -> str:
    if numbers.min is None:
        return ""
    return f" of at least {numbers.min}" if numbers.max is None else f" from {numbers.min} to {numbers.max}"
