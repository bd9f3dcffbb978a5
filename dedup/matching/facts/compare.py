"""Comparison of hard facts: those that two texts share, and those that only one of them states."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Set
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, product
from typing import NamedTuple, TypeVar
from zlib import crc32

import numpy as np
import numpy.typing as npt

from dedup.datatypes import Agreement
from dedup.matching.facts.extract import Facts
from dedup.matching.facts.phonetic_key import phonetic_key
from dedup.matching.facts.units import are_incomparable

_DIGITS = re.compile(r"[0-9]+")

_NUMBER = re.compile(r"[0-9]+(?:[.:][0-9]+)?")

_CLOCK = re.compile(r"([01]?\d|2[0-4])[:.]([0-5]\d)")

PRIOR = 2.5
"""Facts that any two texts are taken to have besides their own, half of them shared."""

_Number = TypeVar("_Number", float, npt.NDArray[np.float64])

_NAME_START = 3  # consonants by which a name of an opening is met

_ROUNDED_DIGITS = 5  # of a number that people round
_DECADE = re.compile(r"(?:1[5-9]|20)(\d0)")


@dataclass(frozen=True, slots=True)
class FactAgreement:
    """Agreement of the facts of two texts, kind by kind; each fact is named once, shared ones as the left has them."""

    numbers: Agreement
    dates: Agreement
    versions: Agreement
    identifiers: Agreement
    names: Agreement

    @property
    def stated(self) -> float:
        """Agreement of numbers, dates, versions and identifiers, in (0, 1); 0.5 where neither text states any.

        Weighting them by kind, length or rarity separated translations from notes of the same template no better.
        """
        return _share(*_counts(map(_split, (self.numbers, self.dates, self.versions, self.identifiers))))

    @property
    def named(self) -> float:
        """Agreement of names, in (0, 1); 0.5 where neither text has any."""
        return _share(*_counts([_split(self.names)]))


@dataclass(frozen=True, slots=True, eq=False)
class FactSets:
    """The facts of one text as comparing asks for them: made once, compared with many.

    numbers, dates, versions, identifiers, headline : frozenset of str, as in `Facts`
    names : dict of str to str, names by their sound
    sounds, known : frozenset of str, what its names are met by, and those together with its hints
    runs : frozenset of str, the runs of digits in the identifiers
    spelled, ambiguous_dates : frozenset of str, as in `Facts`
    units : dict of str to str, the units of numbers
    opening : frozenset of str, as in `Facts`
    stated : frozenset of str, all that the text states in the form of an opening's
    opening_name_starts, name_starts : frozenset of str
        First consonants of the names of the opening, and of all names and hints.
    headline_numbers : frozenset of str, the plain numbers of the headline
    headline_spelled : frozenset of str, numbers in words that may be of the headline
    rank : tuple of int
        An order of texts by what they state, since numbers in other forms are paired one after the other.
    """

    numbers: frozenset[str]
    dates: frozenset[str]
    versions: frozenset[str]
    identifiers: frozenset[str]
    names: dict[str, str]
    sounds: frozenset[str]
    known: frozenset[str]
    headline: frozenset[str]
    runs: frozenset[str]
    spelled: frozenset[str]
    ambiguous_dates: frozenset[str]
    units: dict[str, str]
    opening: frozenset[str]
    stated: frozenset[str]
    opening_name_starts: frozenset[str]
    name_starts: frozenset[str]
    headline_numbers: frozenset[str]
    headline_spelled: frozenset[str]
    rank: tuple[int, ...]

    @classmethod
    def of(cls, facts: Facts) -> FactSets:
        """Prepare the facts of a text."""
        names = {name_key(name): name for name in facts.names}
        sounds = frozenset(names)
        runs: frozenset[str] = frozenset().union(*map(digit_runs, facts.identifiers))
        numbers, dates = frozenset(facts.numbers), frozenset(facts.dates)
        return cls(
            numbers,
            dates,
            frozenset(facts.versions),
            frozenset(facts.identifiers),
            names,
            sounds,
            sounds.union(facts.hints),
            frozenset(facts.headline),
            runs,
            frozenset(facts.spelled),
            frozenset(facts.ambiguous_dates),
            dict(unit.split(" ") for unit in facts.units),
            frozenset(facts.opening),
            frozenset(stated_tokens(facts, runs)),
            frozenset([sound[:_NAME_START] for sound in map(phonetic_key, facts.opening_names) if sound]),
            frozenset([sound[:_NAME_START] for sound in (*sounds, *facts.hints)]),
            frozenset(filter(_NUMBER.fullmatch, facts.headline)),
            frozenset(_spelled_at_the_top(facts)),
            (len(numbers), len(names), len(dates), *sorted(map(hash_of, numbers))),
        )


def compare_facts(left: Facts, right: Facts) -> FactAgreement:
    """Find the facts that both texts state and those that only one does.

    One fact in two forms counts as shared: "19:30" and "7:30", "1980" and "80" (the 1980s), "2018-03-28" and "03-28",
    "2.5" and "2500000" (a scale word that went unread). What one text states as a date or an identifier and the other
    as loose numbers ("r62992" and "62992") is in none of the three: it is no clash.
    """
    return compare_fact_sets(FactSets.of(left), FactSets.of(right))


def compare_fact_sets(left: FactSets, right: FactSets) -> FactAgreement:
    """Compare facts as `compare_facts` does, for texts that are compared with many."""
    kinds = (*_stated(left, right), _names(left, right))
    return FactAgreement(*(Agreement(*[tuple(sorted(facts)) for facts in split]) for split in kinds))


class FactScores(NamedTuple):
    """Numbers that sum up how far the facts of two texts agree; the two texts may change places.

    stated, named : float, as in `FactAgreement`
    clash : int, facts but for names that each side states and the other does not, on the side that has fewer of them
    headline_clash : int, the same of the headlines
    opening_clash, name_clash : int, as of the functions
    clashing : float in [0, 1), share of the facts of both that clash
    clashing_numbers : float in [0, 1), the same of numbers alone, and of those in words as well
    """

    stated: float
    named: float
    clash: int
    headline_clash: int
    opening_clash: int
    name_clash: int
    clashing: float
    clashing_numbers: float


def fact_scores(left: FactSets, right: FactSets) -> FactScores:
    """Numbers of `compare_fact_sets` alone, in a fraction of the time."""
    if right.rank < left.rank:
        left, right = right, left
    kinds = _stated(left, right)
    stated = _counts(kinds)
    met, met_right = left.sounds & right.known, right.sounds & left.known
    both = len(met) + len(met_right) - len(met & met_right)  # a name that both have is met from either side
    named = both, len(left.sounds) - len(met), len(right.sounds) - len(met_right)
    return FactScores(
        _share(*stated),
        _share(*named),
        min(stated[1:]),
        _clashes(left, right),
        opening_clash(left, right),
        name_clash(left, right),
        clashing_share(stated[0], min(stated[1:])),
        clashing_share(*_numbers_and_words(left, right, kinds[0])),
    )


def _numbers_and_words(left: FactSets, right: FactSets, numbers: _Split) -> tuple[int, int]:
    """Numbers that both texts state, in digits or in words, and those that only one does, on the side with fewer."""
    shared, left_only, right_only = map(len, numbers)
    if left.spelled or right.spelled:
        lefts = left.spelled - left.numbers - right.numbers - right.runs
        rights = right.spelled - right.numbers - left.numbers - left.runs
        both = len(lefts & rights)
        shared, left_only, right_only = shared + both, left_only + len(lefts) - both, right_only + len(rights) - both
    return shared, min(left_only, right_only)


@lru_cache(maxsize=1 << 16)
def hash_of(fact: str) -> int:
    """A number for a fact, equal in every process."""
    return crc32(fact.encode("utf-8", "surrogatepass"))


def opening_clash(left: FactSets, right: FactSets) -> int:
    """Kinds of facts, of weekday, month, ordinal, small number and year, in which two openings contradict each other.

    A kind does where each opening states one of it that the other text does not state anywhere, in whatever form.
    """
    if not (lefts := left.opening - right.stated) or not (rights := right.opening - left.stated):
        return 0
    return len({token[0] for token in lefts} & {token[0] for token in rights})


def name_clash(left: FactSets, right: FactSets) -> int:
    """Names of each opening that the other text has nowhere, not even as a hint, on the side that has fewer of them.

    Three consonants in common are enough to meet: "evropske" and "European" differ in more than their endings.
    """
    lefts = left.opening_name_starts - right.name_starts
    return min(len(lefts), len(right.opening_name_starts - left.name_starts)) if lefts else 0


_Split = tuple[Collection[str], Collection[str], Collection[str]]  # shared facts, the left text's alone, the right's

_NOTHING: _Split = ((), (), ())


def _stated(left: FactSets, right: FactSets) -> tuple[_Split, _Split, _Split, _Split]:
    """The fields of `FactAgreement` but for names."""
    shared, lefts, rights = _numbers(left.numbers, right.numbers)
    if not (right.spelled.isdisjoint(lefts) and left.spelled.isdisjoint(rights)):
        shared = shared | (lefts & right.spelled) | (rights & left.spelled)
        lefts, rights = lefts - right.spelled, rights - left.spelled
    if left.units and right.units and lefts and rights:
        lefts, rights = _comparable(lefts, rights, left.units, right.units)
    also, left_identifiers, right_identifiers = _exact(left.identifiers, right.identifiers)
    numbers = shared, lefts - right.runs, rights - left.runs
    identifiers = also, _not_loose(left_identifiers, right.numbers), _not_loose(right_identifiers, left.numbers)
    return numbers, _dates(left, right), _exact(left.versions, right.versions), identifiers


def _comparable(
    lefts: Set[str], rights: Set[str], left_units: dict[str, str], right_units: dict[str, str]
) -> tuple[Set[str], Set[str]]:
    """Numbers of either side without those that are an amount in one unit beside one of the other side in another."""
    left_has = {left_units.get(number, "") for number in lefts}
    right_has = {right_units.get(number, "") for number in rights}
    return (
        {n for n in lefts if not any(are_incomparable(left_units.get(n, ""), unit) for unit in right_has)},
        {n for n in rights if not any(are_incomparable(right_units.get(n, ""), unit) for unit in left_has)},
    )


def _counts(kinds: Iterable[_Split]) -> tuple[int, int, int]:
    """Counts of facts of all kinds: shared, the left text's alone, and the right's."""
    shared = left_only = right_only = 0
    for of_both, of_left, of_right in kinds:
        shared += len(of_both)
        left_only += len(of_left)
        right_only += len(of_right)
    return shared, left_only, right_only


def _share(shared: int, left_only: int, right_only: int) -> float:
    """Shared facts among all; what both texts have for themselves weighs most, since that is a contradiction."""
    fewer, more = (left_only, right_only) if left_only < right_only else (right_only, left_only)
    return (shared + PRIOR / 2) / (shared + 1.5 * fewer + 0.3 * more + PRIOR)


def clashing_share(shared: _Number, fewer: _Number) -> _Number:
    """Clashing facts among those of both texts and one more: one of one is less of a contradiction than five of five.

    Numbers or arrays of them: of facts that both state, and those that only one does, on the side that has fewer.
    """
    return fewer / (fewer + shared + 1)


def _clashes(left: FactSets, right: FactSets) -> int:
    """Facts of any kind that each of two headlines states and the other does not, on the side that has fewer."""
    lefts, rights = left.headline, right.headline
    if lefts <= rights or rights <= lefts:
        return 0
    _, left_only, right_only = _numbers(left.headline_numbers, right.headline_numbers)
    left_only, right_only = left_only - right.headline_spelled, right_only - left.headline_spelled
    left_only, right_only = _comparable(left_only, right_only, left.units, right.units)
    left_others, right_others = lefts - rights - left.headline_numbers, rights - lefts - right.headline_numbers
    if left.ambiguous_dates or right.ambiguous_dates:
        pairs = [pair for pair in product(left_others, right_others) if _may_be_one_date(*pair, left, right)]
        left_others -= {one for one, _ in pairs}
        right_others -= {other for _, other in pairs}
    return min(len(left_only | left_others), len(right_only | right_others))


def _split(agreement: Agreement) -> _Split:
    return agreement.shared, agreement.left_only, agreement.right_only


def _exact(lefts: frozenset[str], rights: frozenset[str]) -> _Split:
    return (lefts & rights, lefts - rights, rights - lefts) if lefts or rights else _NOTHING


def _numbers(lefts: frozenset[str], rights: frozenset[str]) -> tuple[Set[str], Set[str], Set[str]]:
    """Equal numbers, then numbers that are one in another form."""
    if lefts <= rights or rights <= lefts:
        return lefts & rights, lefts - rights, rights - lefts
    shared, left_only, right_only = set(lefts & rights), set(lefts - rights), set(rights - lefts)
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
    return shared, left_only, right_only


@lru_cache(maxsize=1 << 16)
def number_forms(number: str) -> tuple[str, ...]:
    """Keys under which a number in another form is found: its digits, the clock, the decade, its rounding."""
    forms = ["#" + number.replace(".", "").replace(":", "").strip("0")]
    if clock := _CLOCK.fullmatch(number):
        forms.append(f"{int(clock[1]) % 12}:{clock[2]}")
        if clock[2] == "00":
            forms += [f"#{int(clock[1])}", f"#{int(clock[1]) % 12}"]
    if decade := _DECADE.fullmatch(number):
        forms.append("'" + decade[1])
    elif len(number) == 2 and number[1] == "0":
        forms.append("'" + number)
    return (*forms, *_roundings(number))


def _same_number(left: str, right: str) -> bool:
    """Whether two numbers with a form in common may be one: as amounts they may where a scale word can be missing."""
    if ":" in left or ":" in right or {len(left), len(right)} == {2, 4}:
        return True
    low, high = sorted((float(left), float(right)))
    if _rounds_to(left, right) or _rounds_to(right, left):
        return True
    one_digit = len(number_forms(left)[0]) == len("#5")
    return low > 0 and high >= low * (10**6 if one_digit else 10**3) * 0.999


def _roundings(number: str) -> tuple[str, ...]:
    """First two digits and size of a large number, cut off and rounded: "9,729,000" is "9.7 million" to another."""
    if ":" in number or len(whole := number.partition(".")[0]) < _ROUNDED_DIGITS:
        return ()
    cut_off, rounded = whole[:2], str(round(int(whole[:3]) / 10))
    return tuple(f"~{two}e{len(whole)}" for two in dict.fromkeys((cut_off, rounded)))


def _rounds_to(exact: str, short: str) -> bool:
    """Whether a large number is another one rounded to two significant digits or more."""
    digits = len(short.replace(".", "").strip("0"))
    if ":" in exact + short or digits < 2 or min(len(exact), len(short)) < _ROUNDED_DIGITS:
        return False
    step = 10.0 ** (len(short.partition(".")[0]) - digits)
    return bool(step > 1 and abs(float(exact) - float(short)) <= step / 2)


def _not_loose(identifiers: Collection[str], numbers: frozenset[str]) -> Collection[str]:
    """Identifiers whose digits the other text does not state as numbers."""
    if not identifiers or not numbers:
        return identifiers
    return [identifier for identifier in identifiers if not digit_runs(identifier) <= numbers]


@lru_cache(maxsize=1 << 16)
def digit_runs(fact: str) -> frozenset[str]:
    """The runs of digits in a fact: "2024" and "1234" of "CVE-2024-1234"."""
    return frozenset(_DIGITS.findall(fact))


def _dates(left: FactSets, right: FactSets) -> _Split:
    """Equal dates, then dates of which one text leaves out the year or the day."""
    if not left.dates and not right.dates:
        return _NOTHING
    shared, left_only, right_only = (
        set(part) for part in (left.dates & right.dates, left.dates - right.dates, right.dates - left.dates)
    )
    in_two_ways = left.ambiguous_dates or right.ambiguous_dates
    for date in sorted(left_only):
        same = (
            other
            for other in sorted(right_only)
            if _same_date(date, other) or (in_two_ways and _may_be_one_date(date, other, left, right))
        )
        if partner := next(same, None):
            shared.add(date)
            left_only.remove(date)
            right_only.remove(partner)
    return shared, _clashing(left_only, left, right), _clashing(right_only, right, left)


def swap_day_and_month(date: str) -> str:
    """The date with its day and month the other way round, "2026-05-03" for "2026-03-05"."""
    return f"{date[:-5]}{date[-2:]}-{date[-5:-3]}"


def _may_be_one_date(date: str, other: str, left: FactSets, right: FactSets) -> bool:
    """Whether a date of each text may be one by the other reading of one that can be read in two ways."""
    return (date in left.ambiguous_dates and _is_date(swap_day_and_month(date), other)) or (
        other in right.ambiguous_dates and _is_date(date, swap_day_and_month(other))
    )


def _is_date(left: str, right: str) -> bool:
    return left == right or _same_date(left, right)


def _same_date(left: str, right: str) -> bool:
    short, long = sorted((left, right), key=len)
    return len(short) < len(long) and (long.endswith("-" + short) or long.startswith(short + "-"))


def _clashing(dates: set[str], own: FactSets, other: FactSets) -> set[str]:
    """Dates that the other text contradicts by dates of its own, or whose day and year it does not state."""
    return {
        date
        for date in dates
        if other.dates or not day_and_year(date, is_ambiguous=date in own.ambiguous_dates) <= other.numbers
    }


def day_and_year(date: str, *, is_ambiguous: bool = False) -> set[str]:
    """Plain numbers of a date: "28" and "2026" of "2026-03-28", of one in doubt the year alone."""
    year, day = date[:4] if len(date) > len("03-28") else "", date[-2:] if len(date) != len("2026-03") else ""
    return {part.lstrip("0") for part in (year, "" if is_ambiguous else day) if part}


def _names(left: FactSets, right: FactSets) -> _Split:
    """Names that both texts hold, by their spelling or by their sound; a hint suffices on one side."""
    met_right = (right.sounds & left.known) - left.sounds
    return (
        [left.names[sound] for sound in left.sounds & right.known] + [right.names[sound] for sound in met_right],
        [left.names[sound] for sound in left.sounds - right.known],
        [right.names[sound] for sound in right.sounds - left.known],
    )


def stated_tokens(facts: Facts, runs: Iterable[str]) -> Iterator[str]:
    """Facts of a text in the form of an opening's facts; a number is met by an ordinal, and the other way."""
    numbers = {*facts.numbers, *facts.spelled, *runs, *facts.ordinals}
    numbers |= {str(int(part)) for number in facts.numbers if ":" in number for part in number.split(":")}
    months = [date[5:7] if len(date) == len("2026-03") else date[-5:-3] for date in facts.dates]
    months += [date[-2:] for date in facts.ambiguous_dates]
    return chain(
        *(map(kind.__add__, numbers) for kind in "NYO"),
        map("W".__add__, facts.weekdays),
        map("M".__add__, facts.months),
        ["M" + month.lstrip("0") for month in months],
    )


def _spelled_at_the_top(facts: Facts) -> Iterator[str]:
    """Numbers in words of the opening, and what other readings of dates and years there are, wherever they stand."""
    opening = {token[1:] for token in facts.opening if token[0] == "N"}
    dated = bool(facts.ambiguous_dates)
    return (number for number in facts.spelled if dated or number in opening or len(number) == len("2026"))


@lru_cache(maxsize=1 << 16)
def name_key(name: str) -> str:
    """Key of a name: its skeleton without a case ending, or itself where it is short or an acronym."""
    sound = "" if name.isupper() else phonetic_key(name)
    return sound[: max(4, len(sound) - 1)] or name
