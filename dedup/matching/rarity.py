"""Rarity of words, names and numbers: how much it says that two texts share one of them.

"Police" and "Monday" stand in every other report, "Kempthorne" in reports of one affair. Counts of a run would make a
pair's score depend on who else is in it, so they are frozen: in what share of the articles of archives and gold sets
each was (inverse document frequency: Sparck Jones 1972), of words in the language that uses it most. What is not in the
table is rare. Words are the numbers of `literal_keys`, names and numbers their checksums, so the table holds no text.
"""

from __future__ import annotations

import io
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt

from dedup.matching.facts.compare import hash_of

_FEWEST = 4  # articles of one that is in the table
_SMOOTHED = 200  # articles that none of the known ones is in, of each language
_STEPS = 25.0  # a rarity is kept in steps of a twenty-fifth
_RAREST = 9.0
_FILE = "rarity.npz"

Levels = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Rarity:
    """A table of the rarity of keys, minus the logarithm of the share of articles that each is in.

    words : ascending keys (uint32) and levels, in steps of a twenty-fifth (uint8)
    names, numbers : levels by checksum
    """

    words: tuple[npt.NDArray[np.uint32], Levels]
    names: dict[int, int]
    numbers: dict[int, int]

    def of_words(self, keys: npt.NDArray[np.uint32]) -> npt.NDArray[np.float64]:
        """Rarity of words, from 0 for one that all texts have to 9."""
        known, levels = np.append(self.words[0], np.uint32(0)), np.append(self.words[1], np.uint8(0))
        at = np.searchsorted(known[:-1], keys)
        found = (known[at] == keys) & (at < len(known) - 1)
        return np.where(found, levels[at] / _STEPS, _RAREST)

    def of_name(self, key: str) -> float:
        """Rarity of a name by its sound."""
        return self.names.get(hash_of(key), _RAREST * _STEPS) / _STEPS

    def of_number(self, number: str) -> float:
        """Rarity of a number."""
        return self.numbers.get(hash_of(number), _RAREST * _STEPS) / _STEPS

    def as_bytes(self) -> bytes:
        """The file that `load_rarity` reads."""
        place = io.BytesIO()
        columns: dict[str, npt.NDArray[Any]] = {"words": self.words[0], "word_levels": self.words[1]}
        for name, table in (("name", self.names), ("number", self.numbers)):
            columns[f"{name}s"] = np.array(sorted(table), np.uint32)
            columns[f"{name}_levels"] = np.array([table[key] for key in sorted(table)], np.uint8)
        np.savez_compressed(place, **columns)  # type: ignore[arg-type]
        return place.getvalue()


@dataclass(frozen=True, slots=True)
class Counted:
    """Keys of one text: its words, the sounds of its names, its numbers; and its language.

    Where `again` is true, another text of its story has been counted, in another language: its names and numbers are
    those of that text.
    """

    language: str
    words: Sequence[int]
    names: Sequence[str]
    numbers: Sequence[str]
    again: bool


def count_rarity(texts: Iterable[Counted]) -> Rarity:
    """Count in what share of texts each key is."""
    words, total = dict[str, Counter[int]](), Counter[str]()
    names, numbers, stories = Counter[int](), Counter[int](), 0
    for text in texts:
        words.setdefault(text.language, Counter()).update(set(text.words))
        total[text.language] += 1
        if not text.again:
            stories += 1
            names.update(set(map(hash_of, text.names)))
            numbers.update(set(map(hash_of, text.numbers)))
    levels: dict[int, int] = {}
    for language, of_language in words.items():
        for key, level in _levels(of_language, total[language]).items():
            levels[key] = min(level, levels.get(key, level))
    known = sorted(levels)
    of_words = np.array(known, np.uint32), np.array([levels[key] for key in known], np.uint8)
    return Rarity(of_words, _levels(names, stories), _levels(numbers, stories))


def _levels(counts: Counter[int], total: int) -> dict[int, int]:
    """Rarity of what is in some of the texts, in steps."""
    often = {key: math.log((total + _SMOOTHED) / count) for key, count in counts.items() if count >= _FEWEST}
    return {key: round(min(rarity, _RAREST) * _STEPS) for key, rarity in often.items()}


@lru_cache(maxsize=1)
def load_rarity() -> Rarity:
    """The table that comes with the package."""
    written = (resources.files("dedup") / "matching" / _FILE).read_bytes()
    with np.load(io.BytesIO(written), allow_pickle=False) as held:
        names = dict(zip(held["names"].tolist(), held["name_levels"].tolist(), strict=True))
        numbers = dict(zip(held["numbers"].tolist(), held["number_levels"].tolist(), strict=True))
        return Rarity((held["words"], held["word_levels"]), names, numbers)
