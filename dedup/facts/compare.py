"""Which hard facts two texts share, and which only one of them states."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from dedup.datatypes import Agreement
from dedup.facts.extract import Facts

_CLOCK = re.compile(r"([01]?\d|2[0-4])[:.]([0-5]\d)")
_NOTHING = Agreement()
_DECADE = re.compile(r"(?:1[5-9]|20)(\d0)")


@dataclass(frozen=True, slots=True)
class FactAgreement:
    """How the facts of two texts agree, kind by kind; each fact is named once, shared ones in the left text's form."""

    numbers: Agreement
    dates: Agreement
    versions: Agreement
    identifiers: Agreement
    names: Agreement


def compare_facts(left: Facts, right: Facts) -> FactAgreement:
    """What both texts state and what only one does.

    One fact in two forms counts as shared: "19:30" and "7:30", "1980" and "80" (the 1980s), "2018-03-28" and "03-28",
    "2.5" and "2500000" (a scale word that went unread). A date that one text only gives as loose numbers is in
    neither: it is no clash.
    """
    return FactAgreement(
        numbers=_numbers(left.numbers, right.numbers),
        dates=_dates(left, right),
        versions=_exact(left.versions, right.versions),
        identifiers=_exact(left.identifiers, right.identifiers),
        names=_exact(left.names, right.names),
    )


def _exact(left: Iterable[str], right: Iterable[str]) -> Agreement:
    if not left and not right:
        return _NOTHING
    lefts, rights = set(left), set(right)
    return _sorted(lefts & rights, lefts - rights, rights - lefts)


def _sorted(shared: set[str], left_only: set[str], right_only: set[str]) -> Agreement:
    return Agreement(tuple(sorted(shared)), tuple(sorted(left_only)), tuple(sorted(right_only)))


def _numbers(left: Iterable[str], right: Iterable[str]) -> Agreement:
    lefts, rights = set(left), set(right)
    shared, left_only, right_only = lefts & rights, lefts - rights, rights - lefts
    if left_only and right_only:
        forms: dict[str, list[str]] = {}
        for number in sorted(right_only):
            for form in _forms(number):
                forms.setdefault(form, []).append(number)
        for number in sorted(left_only):
            others = (other for form in _forms(number) for other in forms.get(form, ()))
            if other := next((other for other in others if other in right_only and _same_number(number, other)), None):
                shared.add(number)
                left_only.remove(number)
                right_only.remove(other)
    return _sorted(shared, left_only, right_only)


@lru_cache(maxsize=1 << 16)
def _forms(number: str) -> tuple[str, ...]:
    """Keys under which a number written in another way is found: its significant digits, its clock, its decade."""
    forms = ["#" + number.replace(".", "").replace(":", "").strip("0")]
    if clock := _CLOCK.fullmatch(number):
        forms.append(f"{int(clock[1]) % 12}:{clock[2]}")
        if clock[2] == "00":
            forms += [f"#{int(clock[1])}", f"#{int(clock[1]) % 12}"]
    if decade := _DECADE.fullmatch(number):
        forms.append("'" + decade[1])
    elif len(number) == 2 and number[1] == "0":
        forms.append("'" + number)
    return tuple(forms)


def _same_number(left: str, right: str) -> bool:
    """Whether two numbers with a form in common may be one: few digits say so only where a scale word can be missing."""
    if ":" in left or ":" in right or {len(left), len(right)} == {2, 4}:
        return True
    low, high = sorted((float(left), float(right)))
    return low > 0 and (high >= 999 * low or high == low)


def _dates(left: Facts, right: Facts) -> Agreement:
    if not left.dates and not right.dates:
        return _NOTHING
    lefts, rights = set(left.dates), set(right.dates)
    shared, left_only, right_only = lefts & rights, lefts - rights, rights - lefts
    for date in sorted(left_only):
        partner = next((other for other in sorted(right_only) if _same_date(date, other)), None)
        if partner:
            shared.add(date)
            left_only.remove(date)
            right_only.remove(partner)
    return _sorted(
        shared, _clashing(left_only, right.dates, right.numbers), _clashing(right_only, left.dates, left.numbers)
    )


def _same_date(left: str, right: str) -> bool:
    """Whether two dates are one, given once in full and once without its year or its day."""
    short, long = sorted((left, right), key=len)
    return len(short) < len(long) and (long.endswith("-" + short) or long.startswith(short + "-"))


def _clashing(dates: set[str], others: tuple[str, ...], numbers: tuple[str, ...]) -> set[str]:
    """Those dates whose day and year the other text does not state as loose numbers, beside no other date of its own."""
    return {date for date in dates if others or not _parts(date) <= set(numbers)}


def _parts(date: str) -> set[str]:
    year, day = date[:4] if len(date) > 5 else "", date[-2:] if len(date) != 7 else ""
    return {part.lstrip("0") for part in (year, day) if part}
