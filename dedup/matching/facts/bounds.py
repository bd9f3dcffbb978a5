"""Upper bounds of how far the facts of two texts agree, for thousands of pairs at once, from keys instead of the facts.

Most pairs that look alike are other stories, and their facts say so at first sight. A fact has a key for everything
that a counterpart of it must have in common with it (a number its digits, a name its sound); one of which no key is in
the other text has no counterpart there. Only where that leaves a pair open need the facts themselves be compared.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from zlib import crc32

import numpy as np
import numpy.typing as npt

from dedup.arrays import Positions, rows_of
from dedup.matching.facts.compare import (
    PRIOR,
    clashing_share,
    day_and_year,
    digit_runs,
    name_key,
    number_forms,
    swap_day_and_month,
)
from dedup.matching.facts.extract import Facts
from dedup.matching.facts.units import other_classes, unit_class
from dedup.runtime.row_files import StoredLists

_BITS = 31  # of a key; the lowest bit of an entry is a mark

_LAST = np.int64(1 << 62)  # behind every code


@dataclass(frozen=True, slots=True)
class FactKeys:
    """The keys of one text's facts; the mark of a key is its lowest bit.

    stated : list of int
        Those of its numbers, dates, versions and identifiers; marked where the keys of another fact begin.
    admitted : list of int, ascending
        Those by which a fact of another text may find its counterpart here; marked where that is a number in words,
        which is no fact of this text.
    named : list of int, ascending
        Those of its names, marked, and of its hints.
    """

    stated: list[int]
    admitted: list[int]
    named: list[int]


def keys_of(facts: Facts) -> FactKeys:
    """The keys of a text's facts, about 0.05 ms for 600 characters."""
    stated = sorted([_key(name) for name in names] for names in _stated(facts))  # in any process the same
    own = [_key(sound) | 1 for sound in set(map(name_key, facts.names))]
    return FactKeys(
        stated=[key | (place == 0) for keys in stated for place, key in enumerate(keys)],
        admitted=_with_marks({key for keys in stated for key in keys}.union(map(_key, _beside(facts))), facts.spelled),
        named=sorted([*own, *{_key(hint) for hint in facts.hints}.difference(key ^ 1 for key in own)]),
    )


@dataclass(frozen=True, slots=True)
class StoredKeys:
    """The `FactKeys` of many texts on disk: of each field a list a text, uint32."""

    stated: StoredLists
    admitted: StoredLists
    named: StoredLists

    def bounds(self, left: Positions, right: Positions) -> npt.NDArray[np.float64]:
        """The most that pairs of texts can agree, 2 to 7 µs a pair where `compare_facts` takes 40 to 120.

        Parameters
        ----------
        left, right : ndarray of shape (m,), intp
            Positions of the texts.

        Returns
        -------
        ndarray of shape (m, 4), float64
            Upper bounds of `FactAgreement.stated` and `FactAgreement.named`; a lower bound of the facts that each side
            states and the other does not, on the side that has fewer of them; and one of the share of clashing facts.
        """
        texts, numbers = np.unique(np.concatenate([left, right]), return_inverse=True)
        left, right = numbers[: len(left)], numbers[len(left) :]
        stated, admitted, named = (_Keys(*part.take(texts)) for part in (self.stated, self.admitted, self.named))
        names = named.marked()
        to_right, to_left = stated.met(admitted, left, right), stated.met(admitted, right, left)
        shared = np.minimum(to_right.met + to_left.marked, to_left.met + to_right.marked)  # with those in words
        agreed, fewer = _share(shared, to_right.alone, to_left.alone)
        to_right, to_left = names.met(named, left, right), names.met(named, right, left)
        alike, _ = _share(to_right.met + to_left.met - to_right.marked, to_right.alone, to_left.alone)
        clashing = clashing_share(shared.astype(np.float64), fewer.astype(np.float64))
        return np.stack([agreed, alike, fewer, clashing], axis=1)


def _with_marks(keys: set[int], spelled: Iterable[str]) -> list[int]:
    marked = {_key("N" + number) | 1 for number in spelled}
    return sorted(keys.difference(key ^ 1 for key in marked) | marked)


def _stated(facts: Facts) -> Iterable[list[str]]:
    """For each fact what it can be found by."""
    units = dict(unit.split(" ") for unit in facts.units)
    for number in set(facts.numbers):
        unit = [f"~{unit_class(units[number])}"] if number in units else []
        yield [*number_forms(number), "N" + number, *unit]
    for date in set(facts.dates):
        is_ambiguous = date in facts.ambiguous_dates
        readings = [date, swap_day_and_month(date)] if is_ambiguous else [date]
        forms = ["D" + form for reading in readings for form in (reading, *_parts(reading))]
        yield [*forms, "=" + min(day_and_year(date, is_ambiguous=is_ambiguous), default="")]
    for version in set(facts.versions):
        yield ["V" + version]
    for identifier in set(facts.identifiers):
        yield ["I" + identifier, _digits(max(digit_runs(identifier), default=""))]


def _parts(date: str) -> list[str]:
    """Keys by which a date without its day or its year is found."""
    rest = date.partition("-")[2]
    return [date[:7], rest] if rest.count("-") else []


def _beside(facts: Facts) -> Iterable[str]:
    """Other keys by which a fact of another text may be met.

    Digits of identifiers, numbers where no date is stated, and amounts that those in another unit are not held against.
    """
    yield from (_digits(run) for identifier in facts.identifiers for run in digit_runs(identifier))
    yield from ("=" + number for number in facts.numbers if not facts.dates and len(number) <= len("2026"))
    yield from [_digits("")] if facts.numbers else []
    yield from ("~" + unit for unit in other_classes(unit.partition(" ")[2] for unit in facts.units))


def _digits(run: str) -> str:
    return "#" + run.strip("0")


@lru_cache(maxsize=1 << 17)
def _key(name: str) -> int:
    return crc32(name.encode("utf-8", "surrogatepass")) & ~1


@dataclass(frozen=True, slots=True, eq=False)
class _Met:
    """For each of m pairs: facts of the one text that the other may have, and surely has not; keys met with a mark."""

    met: Positions
    alone: Positions
    marked: Positions


@dataclass(frozen=True, slots=True, eq=False)
class _Keys:
    """Keys of the texts of a block, one text behind the other."""

    entries: npt.NDArray[np.uint32]
    starts: Positions

    def marked(self) -> _Keys:
        """Keys with a mark alone."""
        marked = self.entries % 2 > 0
        return _Keys(self.entries[marked], np.append(0, np.cumsum(marked))[self.starts])

    def met(self, others: _Keys, own: Positions, other: Positions) -> _Met:
        """Keys of each text of `own` that are among the `others` of its partner."""
        rows, _, lengths = rows_of(self.starts, own)
        entries, pair = self.entries[rows], np.repeat(np.arange(len(own)), lengths)
        at, found = others.find(other[pair], entries)
        first = entries % 2 > 0
        is_met = np.zeros(int(first.sum()), np.bool_)
        is_met[(np.cumsum(first) - 1)[found]] = True
        marked = found & (np.append(others.entries, 0)[at] % 2 > 0)
        facts, met, with_mark = (
            np.bincount(part, minlength=len(own)) for part in (pair[first], pair[first][is_met], pair[marked])
        )
        return _Met(met, facts - met, with_mark)

    def find(self, texts: Positions, entries: npt.NDArray[np.uint32]) -> tuple[Positions, npt.NDArray[np.bool_]]:
        """Position of each key in its text, and whether it is there."""
        of_entry = np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))
        known, wanted = np.append(_codes(of_entry, self.entries), _LAST), _codes(texts, entries)
        at = np.searchsorted(known, wanted)
        return at, known[at] == wanted


def _codes(texts: Positions, entries: npt.NDArray[np.uint32]) -> npt.NDArray[np.int64]:
    return (texts << _BITS) | (entries >> 1)


def _share(shared: Positions, left_only: Positions, right_only: Positions) -> tuple[npt.NDArray[np.float64], Positions]:
    """`FactAgreement.stated` or `named` of pairs, and the smaller of the numbers of facts that only one side states."""
    fewer, more = np.minimum(left_only, right_only), np.maximum(left_only, right_only)
    return (shared + PRIOR / 2) / (shared + 1.5 * fewer + 0.3 * more + PRIOR), fewer
