"""Dates in one canonical form, written in digits or with the month's name; days between those of two texts."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import date
from functools import lru_cache

from dedup.matching.facts.locale_words import WORD, LanguageWords, month_of

_YEAR = 366
_LEAP_YEAR = 2000  # holds every day that a date without a year can name
_Day = tuple[int, int]  # counted from the year 1, or 0 where the year is not known; and within a leap year

_DIGITS = re.compile(r"[0-9]+")

_BESIDE = re.compile(rf"[0-9]+|{WORD}(?:\.{WORD})*")

_REACH = 28  # characters on either side of a number in which its month is looked for

# Vietnamese numbers its months: "ngày 28 tháng 3", or in short "ngày 28/3".
_VIETNAMESE_MONTH = re.compile(
    r"\b(?:tháng|thg) (0?[1-9]|1[0-2])\b|(?<=\bngày )([12]?\d|3[01])[/-](0?[1-9]|1[0-2])(?![/\d-])", re.IGNORECASE
)

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)

_BUDDHIST_YEAR = re.compile(r"(?<![0-9.,])2[45][0-9]{2}(?![0-9]|[.,][0-9])")

_YEAR_WORD = 4  # as long as a word between a year and what follows it: "2018 metų birželį", "2018. gada 30."

_SHORT_WORD = 3  # "28 de marzo", "28 d. kovo", "May 3 to 5"


def canonical_date(year: int, month: int, day: int) -> str:
    """ "2026-03-28", or "03-28" or "2026-03" where the year or the day is 0, which stands for not given."""
    parts = [f"{year:04}"] if year else []
    return "-".join([*parts, f"{month:02}", *([f"{day:02}"] if day else [])])


def numeric_date(written: str, *, month_first: bool) -> tuple[int, int, int]:
    """Year, month and day of a date in digits, 0 for what it leaves out ("3月28日", "2025년 3월", "28.03.2025").

    A date that ends in its year names the day first, unless `month_first` says otherwise and the numbers allow it.
    """
    parts = [int(part) for part in _DIGITS.findall(written)]
    if len(parts) == 3 and max(parts) < 100:  # 10-Oct-08, 28/1/18; 70 to 99 are years of the last century
        parts[2] += 1900 if parts[2] >= 70 else 2000
    if parts[-1] > 31:
        day, month, year = parts if len(parts) == 3 else (0, *parts)
        return (year, day, month) if month > 12 or (month_first and day <= 12) else (year, month, day)
    if parts[0] > 31:
        year, month, day = (*parts, 0)[:3]
        return year, month, day
    month, day = (*parts, 0)[:2]
    return 0, month, day


def named_date(text: str, start: int, end: int, words: LanguageWords) -> str:
    """The date that a number, `text[start:end]`, belongs to as its day, or else as its year; empty where to none."""
    if end - start > 4 or not text[start:end].isdecimal():
        return ""
    number = int(text[start:end])
    if not (1 <= number <= 31 or 1000 <= number < 3000):
        return ""
    left = text[max(0, start - _REACH) : start].rpartition("\n")[2]
    before = _BESIDE.findall(left)[::-1]
    after = _BESIDE.findall(text[end : end + _REACH].partition("\n")[0])
    if number > 31:
        date = _month_of_year(number, before, after, words)
    else:
        date = _date_of_day(number, before, after, words, left)
    return canonical_date(*date) if date else ""


def with_common_era(text: str) -> str:
    """A Thai text with the years of the Buddhist era that it counts in as years of the common era (2561: 2018)."""
    return _BUDDHIST_YEAR.sub(lambda year: str(int(year[0]) - 543), text)


def with_month_names(text: str) -> str:
    """A Vietnamese text with English names in place of its numbered months ("28 tháng 3": "28 March")."""
    return _VIETNAMESE_MONTH.sub(lambda month: f"{month[2] or ''} {_MONTHS[int(month[1] or month[3]) - 1]}", text)


def _date_of_day(
    day: int, before: Sequence[str], after: Sequence[str], words: LanguageWords, left: str
) -> tuple[int, int, int] | None:
    """Year, month and day: the month right before the day, or behind it, or else further before it.

    `left` is the text that the words before are in.
    """
    place, month = _nearest_month(before[:3], words)
    place_after, month_after = _nearest_month(after[:3], words)
    if not (month or month_after):
        return None
    clause = len(_BESIDE.findall(left.rpartition(",")[2]))  # words behind the last comma
    if month and (_has_day(before[place + 1 :]) or (place == 0 and not clause)):
        month = 0  # "3 March 5 people came", "in March, 5 people came"
    right_before = place == 0 or (place == 1 and before[0].isdecimal() and clause)  # "March 3", "March 3-5"
    if month_after and not (month and right_before):
        return _year(after[place_after + 1 :]) or _year(before[:clause], _YEAR_WORD), month_after, day
    return (_year(after) or _year(before[place + 1 :], _YEAR_WORD), month, day) if month else None


def _month_of_year(
    year: int, before: Sequence[str], after: Sequence[str], words: LanguageWords
) -> tuple[int, int, int] | None:
    """Year and month where no day stands with them ("March 2025", "2018 metų birželį")."""
    for beside in (before, after):
        place, month = _nearest_month(beside[:2], words, short=_YEAR_WORD)
        if month:
            with_day = _has_day(beside[:place]) or _has_day(beside[place + 1 :])
            return None if with_day else (year, month, 0)
    return None


def _nearest_month(beside: Sequence[str], words: LanguageWords, short: int = _SHORT_WORD) -> tuple[int, int]:
    """Place and month of the first month's name beside a number, behind short words and numbers only; or (0, 0)."""
    for place, word in enumerate(beside):
        if month := month_of(word, words):
            return place, month
        if len(word) > short:
            break
    return 0, 0


def _has_day(beside: Sequence[str]) -> bool:
    """Whether a number that can be a day is next, or next but for a short word."""
    number = _nearest_number(beside, _SHORT_WORD)
    return 0 < number <= 31


def _year(beside: Sequence[str], short: int = _SHORT_WORD) -> int:
    """The year that is next, or next but for a short word ("de 2018"); or 0."""
    number = _nearest_number(beside, short)
    return number if 1000 <= number < 3000 else 0


def _nearest_number(beside: Sequence[str], short: int) -> int:
    for word in beside[:2]:
        if word.isdecimal():
            return int(word)
        if len(word) > short:
            break
    return 0


def days_apart(left: Collection[str], right: Collection[str]) -> float:
    """Days between the closest two dates of either side; not a number where a side names no day.

    Dates are in canonical form ("2026-03-28", or "03-28" of a year unknown); two of which one has no year are as far
    apart as their days within a year.
    """
    if not left or not right:
        return float("nan")
    lefts, rights = _days_of(frozenset(left)), _days_of(frozenset(right))
    return min([_between(one, other) for one in lefts for other in rights], default=float("nan"))


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
