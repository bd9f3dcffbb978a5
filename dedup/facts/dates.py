"""Dates in one canonical form, written in digits or with the month's name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from dedup.facts.words import WORD, month_of

_DIGITS = re.compile(r"[0-9]+")
_BESIDE = re.compile(rf"[0-9]+|{WORD}")
_REACH = 28  # characters on either side of a number in which its month is looked for
# Vietnamese numbers its months: "ngày 28 tháng 3", or in short "ngày 28/3".
_VIETNAMESE_MONTH = re.compile(
    r"\btháng (0?[1-9]|1[0-2])\b|(?<=\bngày )([12]?\d|3[01])[/-](0?[1-9]|1[0-2])(?![/\d-])", re.IGNORECASE
)
_MONTHS = "January February March April May June July August September October November December".split()  # noqa: SIM905
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
    if len(parts) == 3 and max(parts) < 100:  # 10-Oct-08; of two digits, 70 to 99 are years of the last century
        parts[2] += 1900 if parts[2] >= 70 else 2000
    if parts[-1] > 31:
        day, month, year = parts if len(parts) == 3 else (0, *parts)
        return (year, day, month) if month > 12 or (month_first and day <= 12) else (year, month, day)
    if parts[0] > 31:
        year, month, day = (*parts, 0)[:3]
        return year, month, day
    month, day = (*parts, 0)[:2]
    return 0, month, day


def named_date(text: str, start: int, end: int, number: int, months: Mapping[str, int]) -> str:
    """The date that a number at `text[start:end]` belongs to as its day, or else as its year; empty where to none."""
    if not (1 <= number <= 31 or 1000 <= number < 3000):
        return ""
    before = _BESIDE.findall(text[max(0, start - _REACH) : start].rpartition("\n")[2])[::-1]
    after = _BESIDE.findall(text[end : end + _REACH].partition("\n")[0])
    if number > 31:
        return _month_of_year(number, before[:4], after[:3], months)
    place, month = _nearest_month(before[:3], months)
    free = month > 0 and not _is_day(before[place + 1 :])  # in "3 March 5 people" the month has its day already
    month_after = _nearest_month(after[:3], months)[1]
    if month_after and not (free and (place == 0 or before[0].isdigit())):
        return canonical_date(_year(after[:5]) or _year(before[:2]), month_after, number)
    return canonical_date(_year(after[:2]) or _year(before[place + 1 : place + 3]), month, number) if free else ""


def with_month_names(text: str) -> str:
    """A Vietnamese text with English names in place of its numbered months ("28 tháng 3": "28 March")."""
    return _VIETNAMESE_MONTH.sub(lambda month: f"{month[2] or ''} {_MONTHS[int(month[1] or month[3]) - 1]}", text)


def _month_of_year(year: int, before: Sequence[str], after: Sequence[str], months: Mapping[str, int]) -> str:
    """The month of a year where no day stands with them ("March 2025", "2018 metų birželį")."""
    for beside in (before, after):
        place, month = _nearest_month(beside[:2], months)
        if month:
            return "" if _is_day(beside[place + 1 :]) or _is_day(beside[:place]) else canonical_date(year, month, 0)
    return ""


def _nearest_month(beside: Sequence[str], months: Mapping[str, int]) -> tuple[int, int]:
    """Place and month of the first month's name beside a number, behind short words and numbers only; or (0, 0)."""
    for place, word in enumerate(beside):
        if month := month_of(word, months):
            return place, month
        if len(word) > _SHORT_WORD:
            break
    return 0, 0


def _is_day(beside: Sequence[str]) -> bool:
    """Whether the nearest word is a number that can be a day."""
    return bool(beside) and beside[0].isdigit() and int(beside[0]) <= 31


def _year(beside: Sequence[str]) -> int:
    """The year among the words and numbers beside a date, or 0."""
    return next((int(word) for word in beside if len(word) == 4 and word.isdigit() and 1000 <= int(word) < 3000), 0)
