"""Day on which an article was published: as its source says, or as its address or file name does."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from datetime import date
from pathlib import PurePath

from dedup.datatypes import Article

_EARLIEST, _LATEST = 1800, 2200

# "2026-03-05", "2026_3_5", "20260305", "/2026/03/05/"; no longer run of digits.
_IN_NAME = re.compile(r"(?<!\d)(\d{4})(?:([-_./])(\d{1,2})\2(\d{1,2})|(\d{2})(\d{2}))(?!\d)")


def publication_day(article: Article) -> float:
    """The day, counted from the year 1; not a number where neither `published` nor a name tells.

    A date in `published` decides. Else that in the address, as newspapers write it, or else in the file's name counts.
    """
    if not math.isnan(day := _iso_day(article.published)):
        return day
    name = PurePath(article.path).name if article.path and not _is_of_many(article) else ""
    return next((day for day in _days_in((article.url, name))), math.nan)


def _is_of_many(article: Article) -> bool:
    """Whether an article is one record of a file, whose name then says nothing of it alone."""
    return bool(article.own_id) or article.id != article.path


def _iso_day(written: str) -> float:
    try:
        return float(date.fromisoformat(written[:10]).toordinal())
    except ValueError:
        return math.nan


def _days_in(names: Iterable[str]) -> Iterable[float]:
    for name in names:
        for found in _IN_NAME.finditer(name):
            year, month, day = (int(part) for part in (found[1], found[3] or found[5], found[4] or found[6]))
            if _EARLIEST <= year < _LATEST:
                try:
                    yield float(date(year, month, day).toordinal())
                except ValueError:
                    continue
