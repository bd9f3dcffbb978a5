"""Which hard facts two texts share, and which only one of them states."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import lru_cache

from dedup.datatypes import Agreement
from dedup.facts.extract import Facts
from dedup.facts.skeleton import skeleton

_DIGITS = re.compile(r"[0-9]+")
_CLOCK = re.compile(r"([01]?\d|2[0-4])[:.]([0-5]\d)")
_DECADE = re.compile(r"(?:1[5-9]|20)(\d0)")
_NOTHING = Agreement()


@dataclass(frozen=True, slots=True)
class FactAgreement:
    """How the facts of two texts agree, kind by kind; each fact is named once, shared ones in the left text's form."""

    numbers: Agreement
    dates: Agreement
    versions: Agreement
    identifiers: Agreement
    names: Agreement

    @property
    def stated(self) -> float:
        """How far numbers, dates, versions and identifiers agree, in (0, 1); 0.5 where neither text states any.

        Weighting them by kind, length or rarity separated translations from notes of the same template no better.
        """
        return _share(self.numbers, self.dates, self.versions, self.identifiers)

    @property
    def named(self) -> float:
        """How far names agree, in (0, 1); 0.5 where neither text has any."""
        return _share(self.names)


def compare_facts(left: Facts, right: Facts) -> FactAgreement:
    """What both texts state and what only one does, about 0.1 ms a pair.

    One fact in two forms counts as shared: "19:30" and "7:30", "1980" and "80" (the 1980s), "2018-03-28" and "03-28",
    "2.5" and "2500000" (a scale word that went unread). What one text states as a date or an identifier and the other
    as loose numbers ("r62992" and "62992") is in none of the three: it is no clash.
    """
    numbers, identifiers = _numbers(left.numbers, right.numbers), _exact(left.identifiers, right.identifiers)
    return FactAgreement(
        numbers=replace(
            numbers,
            left_only=_not_inside(numbers.left_only, right.identifiers),
            right_only=_not_inside(numbers.right_only, left.identifiers),
        ),
        dates=_dates(left, right),
        versions=_exact(left.versions, right.versions),
        identifiers=replace(
            identifiers,
            left_only=_not_loose(identifiers.left_only, right.numbers),
            right_only=_not_loose(identifiers.right_only, left.numbers),
        ),
        names=_names(left, right),
    )


def _share(*kinds: Agreement) -> float:
    """Shared facts among all; what both texts have for themselves weighs most, since that is a contradiction."""
    shared = sum(len(kind.shared) for kind in kinds)
    fewer, more = sorted((sum(len(kind.left_only) for kind in kinds), sum(len(kind.right_only) for kind in kinds)))
    return (shared + 0.5) / (shared + 1.5 * fewer + 0.3 * more + 1)


def _agreement(shared: Collection[str], left_only: Collection[str], right_only: Collection[str]) -> Agreement:
    return Agreement(tuple(sorted(shared)), tuple(sorted(left_only)), tuple(sorted(right_only)))


def _exact(left: tuple[str, ...], right: tuple[str, ...]) -> Agreement:
    if not left and not right:
        return _NOTHING
    lefts, rights = set(left), set(right)
    return _agreement(lefts & rights, lefts - rights, rights - lefts)


def _numbers(left: tuple[str, ...], right: tuple[str, ...]) -> Agreement:
    """Equal numbers, then numbers that are one in another form."""
    lefts, rights = set(left), set(right)
    shared, left_only, right_only = lefts & rights, lefts - rights, rights - lefts
    if left_only and right_only:
        by_form: dict[str, list[str]] = {}
        for number in sorted(right_only):
            for form in number_forms(number):
                by_form.setdefault(form, []).append(number)
        for number in sorted(left_only):
            others = (other for form in number_forms(number) for other in by_form.get(form, ()))
            if other := next((other for other in others if other in right_only and _same_number(number, other)), None):
                shared.add(number)
                left_only.remove(number)
                right_only.remove(other)
    return _agreement(shared, left_only, right_only)


@lru_cache(maxsize=1 << 16)
def number_forms(number: str) -> tuple[str, ...]:
    """What a number in another form is found by: its significant digits, the clock, the decade."""
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
    """Whether two numbers with a form in common may be one: as amounts they may where a scale word can be missing."""
    if ":" in left or ":" in right or {len(left), len(right)} == {2, 4}:
        return True
    low, high = sorted((float(left), float(right)))
    one_digit = len(number_forms(left)[0]) == len("#5")
    return low > 0 and high >= low * (10**6 if one_digit else 10**3) * 0.999


def _not_inside(numbers: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    """Those numbers that are no part of the other text's identifiers."""
    if not numbers or not others:
        return numbers
    parts = frozenset().union(*map(digit_runs, others))
    return tuple(number for number in numbers if number not in parts)


def _not_loose(identifiers: tuple[str, ...], numbers: tuple[str, ...]) -> tuple[str, ...]:
    """Those identifiers whose digits the other text does not state as numbers."""
    if not identifiers or not numbers:
        return identifiers
    stated = frozenset(numbers)
    return tuple(identifier for identifier in identifiers if not digit_runs(identifier) <= stated)


@lru_cache(maxsize=1 << 16)
def digit_runs(fact: str) -> frozenset[str]:
    """The runs of digits in a fact: "2024" and "1234" of "CVE-2024-1234"."""
    return frozenset(_DIGITS.findall(fact))


def _dates(left: Facts, right: Facts) -> Agreement:
    """Equal dates, then dates of which one text leaves out the year or the day."""
    if not left.dates and not right.dates:
        return _NOTHING
    lefts, rights = set(left.dates), set(right.dates)
    shared, left_only, right_only = lefts & rights, lefts - rights, rights - lefts
    for date in sorted(left_only):
        if partner := next((other for other in sorted(right_only) if _same_date(date, other)), None):
            shared.add(date)
            left_only.remove(date)
            right_only.remove(partner)
    return _agreement(shared, _clashing(left_only, right), _clashing(right_only, left))


def _same_date(left: str, right: str) -> bool:
    short, long = sorted((left, right), key=len)
    return len(short) < len(long) and (long.endswith("-" + short) or long.startswith(short + "-"))


def _clashing(dates: set[str], other: Facts) -> set[str]:
    """Those dates that the other text contradicts by dates of its own, or whose day and year it does not state."""
    return {date for date in dates if other.dates or not day_and_year(date) <= set(other.numbers)}


def day_and_year(date: str) -> set[str]:
    """What a date states as plain numbers: "28" and "2026" of "2026-03-28"."""
    year, day = date[:4] if len(date) > len("03-28") else "", date[-2:] if len(date) != len("2026-03") else ""
    return {part.lstrip("0") for part in (year, day) if part}


def _names(left: Facts, right: Facts) -> Agreement:
    """Names that both texts hold, by their spelling or by their sound; a hint suffices on one side."""
    lefts, rights = _by_sound(left.names), _by_sound(right.names)
    met_left = lefts.keys() & rights.keys() | lefts.keys() & _as_set(right.hints)
    met_right = (rights.keys() & _as_set(left.hints)) - lefts.keys()
    return _agreement(
        [lefts[sound] for sound in met_left] + [rights[sound] for sound in met_right],
        [lefts[sound] for sound in lefts.keys() - met_left],
        [rights[sound] for sound in rights.keys() - met_right - lefts.keys()],
    )


@lru_cache(maxsize=1 << 12)
def _by_sound(names: tuple[str, ...]) -> dict[str, str]:
    return {sound_of(name): name for name in names}


@lru_cache(maxsize=1 << 12)
def _as_set(hints: tuple[str, ...]) -> frozenset[str]:
    return frozenset(hints)  # Facts keep tuples: a set of strings takes eight times the memory


@lru_cache(maxsize=1 << 16)
def sound_of(name: str) -> str:
    """What a name is met by: its skeleton without a case ending, or itself where it is short or an acronym."""
    sound = "" if name.isupper() else skeleton(name)
    return sound[: max(4, len(sound) - 1)] or name
