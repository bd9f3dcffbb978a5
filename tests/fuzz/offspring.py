"""Offspring of inputs: values crossed and changed at random, which is many times as fast as making new ones."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from fuzz.seeds import LIMIT
from reading.collection import STORIES

_FEW = 32  # different values of a place that is a choice among them, and not free

_LONGEST = 4000  # characters of a text, and items of a list in hundreds

_ODD = (
    "\x00\x1b\x9b\x85\u2028\u202e\u200d\ufeff\ud800\udfff\U000e0001\u0301\u0316\u0e33\u3000\xa0"
    "=+-@|,;\"'<&#*_[]{}\\\r\n\t"
)

_WORDS = [
    "null",
    "true",
    "1e400",
    "-0",
    "2026-02-30",
    "31.12.99",
    "3,5 %",
    "12 May",
    "€5 bn",
    "Oslo",
    "雨",
    "мост",
    "नदी",
    "مرحبا",
    "<p>",
    "&amp;",
    "](x)",
    "# ",
]

_NUMBERS = (0, -1, 1, 0.5, 2**31, 2**63, 10**400, -(2**63), float("nan"), float("inf"), 1e-320, True, None, "", [], {})

_TEXTS = tuple(text for _, text in STORIES.values())


class Breed:
    """Values to start from, which are tuples of equal length, and what comes of them.

    A place in the tuples that holds few different values is a choice among these; the others may become anything of
    their type, and what lies in lists and objects anything at all.
    """

    def __init__(self, parents: Sequence[tuple[Any, ...]], generator: random.Random) -> None:
        self._parents, self._generator = parents, generator
        self._free = [len({repr(value) for value in place}) > _FEW for place in zip(*parents, strict=True)]

    def next(self) -> tuple[Any, ...]:
        """A new value: each of its places comes from one of two parents, and one free place or more is changed."""
        pick = self._generator.choice
        both = pick(self._parents), pick(self._parents)
        values = [pick(places) for places in zip(*both, strict=True)]
        free = [place for place, is_free in enumerate(self._free) if is_free]
        for place in self._generator.sample(free, self._generator.randint(1, len(free))) if free else ():
            for _ in range(self._generator.choice((1, 1, 2, 4))):
                values[place] = self._changed(values[place])
        return tuple(values)

    def _changed(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._spliced(value, self._piece(), _LONGEST)
        if isinstance(value, bytes):
            return self._spliced(value, self._piece().encode("utf-8", "surrogatepass"), LIMIT)
        if isinstance(value, list):
            return self._relisted(value)
        if isinstance(value, dict):
            return self._reworded(value)
        return self._generator.choice(_NUMBERS)

    def _piece(self) -> str:
        """Something odd, or a part of a real text."""
        pick, number = self._generator.choice, self._generator.randint
        kind = number(0, 4)
        if kind == 0:
            return pick(_ODD) * pick((1, 1, 2, 50))
        if kind == 1:
            return pick(_WORDS)
        if kind == 2:
            return chr(number(0, 0x10FFFF))
        text = pick(_TEXTS)
        at = number(0, len(text) - 1)
        return text[at : at + number(1, 200)]

    def _spliced(self, value: Any, piece: Any, longest: int) -> Any:
        """A text or bytes with one piece of it removed, repeated, or replaced by another."""
        at, other = (self._generator.randint(0, len(value)) for _ in range(2))
        own = value[at : min(other, at + 300)] * self._generator.choice((1, 2, 20))
        end = at + self._generator.choice((0, 0, 1, 8, len(piece)))
        return (value[:at] + self._generator.choice((piece, piece, own, value[:0])) + value[end:])[:longest]

    def _relisted(self, value: list[Any]) -> list[Any]:
        items = list(value)
        kind = self._generator.randint(0, 4)
        if not items or kind == 0:
            return [*items, self._piece()][: _LONGEST // 100]
        at = self._generator.randrange(len(items))
        if kind == 1:
            del items[at]
        elif kind == 2:
            items.insert(self._generator.randint(0, len(items)), items[at])
        else:
            items[at] = self._changed(items[at])
        return items[: _LONGEST // 100]

    def _reworded(self, value: dict[Any, Any]) -> dict[Any, Any]:
        found = dict(value)
        kind = self._generator.randint(0, 5)
        if not found or kind == 0:
            return {**found, self._piece(): self._generator.choice(_NUMBERS)}
        key = self._generator.choice(list(found))
        if kind == 1:
            del found[key]
        elif kind == 2:
            found[self._generator.choice(list(found))] = found[key]
        else:
            found[key] = self._changed(found[key])
        return found
