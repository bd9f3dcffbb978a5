"""Dates in one canonical form, written in digits or with the month's name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from dedup.facts.words import WORD, month_of

_DIGITS = re.compile(r"[0-9]+")
_BESIDE = re.compile(rf"[0-9]+|{WORD}")
_REACH = 28  # characters on either side of a number in which its month is looked for
# Vietnamese numbers its months: "ngày 28 tháng 3 năm 2025", or in short "ngày 28/3".
_VIETNAMESE = re.compile(
    r"(?:\b([12]?\d|3[01]) )?\btháng (0?[1-9]|1[0-2])\b(?:(?:,? năm |, ?|/)([12]\d{3})\b)?"
    r"|(?<=\bngày )([12]?\d|3[01])[/-](0?[1-9]|1[0-2])(?![/\d-])",
    re.IGNORECASE,
)
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
    if month := _nearest_month(after[:3], months):
        return canonical_date(_year(after[:5]) or _year(before[:2]), month, number)
    if month := _nearest_month(before[:2], months):
        return canonical_date(_year(after[:2]) or _year(before[1:4]), month, number)
    return ""


def with_vietnamese_dates(text: str) -> str:
    """The text with Vietnamese dates written as East Asian ones, "2025年3月28日", which cannot be mistaken."""
    return _VIETNAMESE.sub(_east_asian_date, text)


def _east_asian_date(date: re.Match[str]) -> str:
    day, month, year = date[1] or date[4], date[2] or date[5], date[3]
    return (f"{year}年" if year else "") + f"{month}月" + (f"{day}日" if day else "")


def _month_of_year(year: int, before: Sequence[str], after: Sequence[str], months: Mapping[str, int]) -> str:
    """The month of a year where no day stands with them ("March 2025", "2018 metų birželį")."""
    for beside in (before, after):
        if month := _nearest_month(beside[:2], months):
            with_day = any(word.isdigit() and int(word) <= 31 for word in beside)
            return "" if with_day else canonical_date(year, month, 0)
    return ""


def _nearest_month(beside: Sequence[str], months: Mapping[str, int]) -> int:
    """The month among the words beside a number, where nothing but a short word or a number comes between; or 0."""
    for word in beside:
        if month := month_of(word, months):
            return month
        if len(word) > _SHORT_WORD:
            break
    return 0


def _year(beside: Sequence[str]) -> int:
    """The year among the words and numbers beside a date, or 0."""
    return next((int(word) for word in beside if len(word) == 4 and word.isdigit() and 1000 <= int(word) < 3000), 0)
