"""Dates of articles as spans of time: a moment, or as long as the day, month or year that they name."""

from __future__ import annotations

import calendar
import re
from datetime import datetime, timedelta, timezone
from typing import TypeAlias

from dedup.reading.fields import iso_date

_DAY_OR_LONGER = re.compile(r"(\d{4})(?:-?(\d\d)(?:-?(\d\d))?)?", re.ASCII)

_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(?::(\d\d)(?:[.,]\d+)?)?\s*(Z|[+-]\d\d(?::?\d\d)?)?(?:\[.*\])?",
    re.ASCII | re.IGNORECASE,
)

_NO_DATES = frozenset((datetime(1970, 1, 1, tzinfo=timezone.utc), datetime(1, 1, 1, tzinfo=timezone.utc)))
"""Times that programs write where they know none."""

Span: TypeAlias = tuple[float, float]
"""First and last second, since 1970 in UTC, at which something may have been published."""


def span_of(published: str) -> Span | None:
    """Time of a date as articles carry it: ISO 8601 with or without a zone, mail dates, a day, a month or a year.

    None where it cannot be read. A time without a zone is taken as UTC.
    """
    text = iso_date(published)
    try:
        if time := _TIME.fullmatch(text):
            day, minute, second, zone = time.groups(default="")
            moment = datetime.strptime(f"{day} {minute}:{second or '00'}", "%Y-%m-%d %H:%M:%S")
            moment = moment.replace(tzinfo=timezone.utc) - _offset(zone)
            return None if moment in _NO_DATES else (moment.timestamp(), moment.timestamp())
        if span := _DAY_OR_LONGER.fullmatch(text):
            return _span_of_days(*(int(part) if part else None for part in span.groups()))
    except (ValueError, OverflowError):  # the 31st of February
        return None
    return None


def _offset(zone: str) -> timedelta:
    if zone in ("", "Z", "z"):
        return timedelta()
    sign, digits = -1 if zone[0] == "-" else 1, zone[1:].replace(":", "")
    return sign * timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0))


def _span_of_days(year: int | None, month: int | None = None, day: int | None = None) -> Span | None:
    year = year or 0
    last_month = month or 12
    first = datetime(year, month or 1, day or 1, tzinfo=timezone.utc)
    last = datetime(year, last_month, day or calendar.monthrange(year, last_month)[1], tzinfo=timezone.utc)
    if first in _NO_DATES:
        return None
    return first.timestamp(), last.timestamp() + 86_399
