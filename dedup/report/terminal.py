"""Text in the columns of a terminal: measuring, cutting, wrapping, padding, colouring.

Wide characters (Han, kana, Hangul, emoji) take two columns, combining marks none; right-to-left text is isolated so
that it does not turn the line around it.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

_ISOLATE, _END_ISOLATE = "\u2068", "\u2069"  # first strong isolate (Unicode bidirectional algorithm, UAX 9)

_CODES = {"bold": "1", "dim": "2", "green": "32", "yellow": "33", "cyan": "36"}


@dataclass(frozen=True, slots=True)
class Pen:
    """Colours text for a terminal, or leaves it plain."""

    colour: bool

    def __call__(self, value: str, *styles: str) -> str:
        """Style a text: bold, dim, green, yellow, cyan."""
        if not self.colour or not value:
            return value
        return f"\x1b[{';'.join(_CODES[style] for style in styles)}m{value}\x1b[0m"


def columns(value: str) -> int:
    """Number of terminal columns that a printable text takes."""
    return len(value) if value.isascii() else sum(map(_columns, value))


def fit(value: str, width: int) -> str:
    """Cut a text to at most `width` columns at its end, shown by an ellipsis; right-to-left text is isolated."""
    if columns(value) > width:
        value = _head(value, width - 1).rstrip() + "…" if width > 0 else ""
    return f"{_ISOLATE}{value}{_END_ISOLATE}" if _runs_left(value) else value


def fit_end(value: str, width: int) -> str:
    """Cut a text to at most `width` columns at its beginning: the end of a path is what differs."""
    if columns(value) > width:
        value = "…" + _tail(value, width - 1) if width > 0 else ""
    return f"{_ISOLATE}{value}{_END_ISOLATE}" if _runs_left(value) else value


def wrap(value: str, width: int, *, lines: int) -> list[str]:
    """Wrap a text into at most `lines` lines of `width` columns, at spaces where there are any; the rest is cut."""
    wrapped: list[str] = []
    while columns(value) > width and len(wrapped) < lines - 1:
        head = _head(value, width)
        head = head if value[len(head)].isspace() else head[: head.rfind(" ") + 1] or head
        wrapped.append(fit(head.rstrip(), width))
        value = value[len(head) :].lstrip()
    return [*wrapped, fit(value, width)]


def pad(value: str, width: int) -> str:
    """Pad a text with spaces to `width` columns."""
    return value + " " * (width - columns(value))


def _columns(character: str) -> int:
    mark = unicodedata.category(character) in ("Mn", "Me", "Cf")
    if mark or "\u1160" <= character <= "\u11ff":  # later jamo of a syllable
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def _head(value: str, width: int) -> str:
    """Longest beginning that fits, combining marks kept with their letter."""
    used = 0
    for index, character in enumerate(value):
        used += _columns(character)
        if used > width:
            return value[:index]
    return value


def _tail(value: str, width: int) -> str:
    start, used = len(value), 0
    while start and used + _columns(value[start - 1]) <= width:
        start -= 1
        used += _columns(value[start])
    while start < len(value) and not _columns(value[start]):  # combining marks without their letter
        start += 1
    return value[start:]


def _runs_left(value: str) -> bool:
    return not value.isascii() and any(unicodedata.bidirectional(character) in ("R", "AL", "AN") for character in value)
