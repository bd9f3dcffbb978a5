"""How many days lie between what two texts date."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from functools import lru_cache

_YEAR = 366
_LEAP_YEAR = 2000  # holds every day that a date without a year can name


def days_apart(left: Collection[str], right: Collection[str]) -> float:
    """Days between the closest two dates of either side; not a number where a side names no day.

    Dates are in canonical form ("2026-03-28", or "03-28" of a year unknown); two of which one has no year are as far
    apart as their days within a year.
    """
    lefts, rights = _days_of(frozenset(left)), _days_of(frozenset(right))
    return min([_between(one, other) for one in lefts for other in rights], default=float("nan"))


_Day = tuple[int, int]  # counted from the year 1, or 0 where the year is not known; and within a leap year


@lru_cache(maxsize=1 << 14)
def _days_of(dates: frozenset[str]) -> tuple[_Day, ...]:
    return tuple(sorted({day for written in dates if (day := _day(written))}))


def _day(written: str) -> _Day | None:
    parts = [int(part) for part in written.split("-")]
    if len(parts) == 2 and len(written) != len("03-28"):
        return None  # a month of a year
    try:
        whole = date(*parts).toordinal() if len(parts) == 3 else 0
        return whole, date(_LEAP_YEAR, *parts[-2:]).timetuple().tm_yday
    except ValueError:
        return None


def _between(one: _Day, other: _Day) -> int:
    if one[0] and other[0]:
        return abs(one[0] - other[0])
    apart = abs(one[1] - other[1])
    return min(apart, _YEAR - apart)
