"""Extraction of hard facts in one pass over a text's digits: one pattern holds everything that can start with one."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from itertools import chain

from dedup.language.siblings import base_language
from dedup.matching.facts.calendars import with_common_years
from dedup.matching.facts.dates import canonical_date, named_date, numeric_date, with_common_era, with_month_names
from dedup.matching.facts.locale_words import LanguageWords, month_of, words_of
from dedup.matching.facts.names import find_names, find_opening_names
from dedup.matching.facts.numerals import (
    FRACTION,
    FRACTIONS,
    canonical_numbers,
    digit_runs,
    east_asian_number,
    rare_characters,
    scaled,
    with_ascii_digits,
    with_han_numbers,
)
from dedup.matching.facts.units import unit_of
from dedup.matching.facts.word_facts import read_word_facts

_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_MONTH = r"(?:0?[1-9]|1[0-2])"
_NUMERATOR, _DENOMINATOR = r"(?:[1-9]|[1-6]\d)", "(?:2|3|4|5|8|16|32|64)"
_SPACE = r"[\ \u00a0\u202f]?"

_TOKEN = rf"""
  (?P<isbn> 97[89](?:[ -]?\d){{10}} (?!\d) )
| (?P<hash> (?: (?=[0-9a-f]{{7}}) | (?<=[a-f]) ) \d+[a-f][0-9a-f]{{3,}} (?![0-9A-Za-z]) )

| (?P<date>
      [12]\d{{3}}(?P<dash>[-/]){_MONTH}(?P=dash){_DAY} (?!\d)                   # 2025-03-28
    | [12]\d{{3}}(?: \.\ ?\d\d\.\ ?\d\d | \.\ {_MONTH}\.\ {_DAY} ) (?!\d)       # 2025. 3. 28.
    | (?:[12]\d{{3}}\ ?[年년]\ ?)? {_MONTH}\ ?[月월] (?:\ ?{_DAY}\ ?[日号號일])?  # 2025年3月28日
    | {_DAY}(?P<dot>[./-])\ ?{_DAY}(?P=dot)\ ?[12]\d{{3}} (?!\d)                # 28.03.2025
    | {_DAY}/{_DAY}/\d\d (?![/\d])                                              # 28/3/25
    | {_DAY}-[A-Za-z]{{3}}-(?:[12]\d)?\d\d (?!\d)                               # 28-Mar-25
  )
| (?P<noon> (?:0?[1-9]|1[0-2]) (?:[:.][0-5]\d)? {_SPACE} (?: [apAP]\.{_SPACE}[mM]\b | NOON\b ) )
| (?P<time> (?:[01]?\d|2[0-4]) (?: : | {_SPACE}[h時时點点시]{_SPACE} ) [0-5]\d (?![.~+]?\d) )

| (?P<version> (?! \d{{1,3}}(?:\.\d{{3}}){{2,}} (?! [A-Za-z0-9+~] | \.\d ) )  # 1.234.567 is none
    (?: \d+:\d+(?:\.\d+)+                                                      # 1:3.2.1, an epoch in front
      | \d+(?:\.\d+){{2,}}                                                     # 2.7.1
      | \d+\.\d+ (?= [-~+.]?(?:rc|alpha|beta|preview|pre|dev|dfsg|deb|p|r|a|b)\.?\d )
    )
    (?: (?! [-~]\d+\.\d+\.\d ) [-~+.:]?[A-Za-z]*\d[0-9A-Za-z]* )*              # -11+squeeze8, -rc1
  )

| (?P<fraction> (?<![/.]) \d{{1,4}} [-\ ] {_NUMERATOR}/{_DENOMINATOR} (?![\d/]) )           # 7-1/4, 281 3/4

| (?P<east_asian> \d[\d,]*(?:\.\d+)?                                           # 1億5000万
    (?: [十百千万萬億亿兆십백천만억조]+ (?![米克瓦]) (?: (?: (?<=[만억조])\  )? \d[\d,]*(?:\.\d+)? )? )+
  )
| (?P<number>
      (?<!\d)\d{{1,3}} (?:[\u00a0\u202f\u2009SPACE]\d{{3}})+ (?!\d) (?:[.,]\d+)?  # 1 234,5
    | \d+(?:[.,'’٫٬]\d+)*
  )
"""


@dataclass(frozen=True, slots=True)
class Facts:
    """The hard facts a text states, in canonical form and in order of appearance.

    numbers : tuple of str
        Decimal numbers without grouping ("1234.5"), scale words multiplied in ("600 billion" is "600000000000");
        years, and days of dates, among them, and times ("14:30").
    dates : tuple of str
        "2026-03-28", "03-28" without a year, "2026-03" without a day. A month alone is no date.
    versions : tuple of str
        "2.7.1", "4.19.0-5", "1:3.2.1-11+squeeze8"; what has one point only, as "3.2", is a number.
    identifiers : tuple of str
        Letters and digits in one: "CVE-2024-1234", "DSA-5432-1", "G7"; ISBN and, in small letters, commit hashes.
    names : tuple of str
        Names folded to small Latin letters ("putin" for "Путин"), acronyms as they are, each once.
    hints : tuple of str
        Consonant skeletons of words that may be names too, each once; a name of another text can be met by them.
    headline : tuple of str
        The numbers, dates, versions and identifiers of the first line, up to 200 characters of it; no times of day,
        since that line may say when the page was made.
    weekdays, months, ordinals : tuple of str
        "2" for Tuesday, "5" for May alone or "二" in "第二": in words, each once, in order.
    spelled : tuple of str
        Numbers that another text may state in digits, and that contradict nothing: those in words ("three", "三人", a
        half as "50" per cent), and both readings of what can be read in two ways.
    units : tuple of str
        "200 mi", "34000000000 idr": the numbers that stand beside a unit or currency, and never without it.
    ambiguous_dates : tuple of str
        Those of the dates that may as well have their day and month the other way round.
    opening : tuple of str
        What the first line and the 300 characters behind it state of weekdays ("W2"), months ("M5"), ordinals ("O2")
        numbers ("N3"), any in words, and in digits those from 2 to 99 without a unit, and years ("Y2026").
    opening_names : tuple of str
        Those of the names that are in there and come twice or more in all, acronyms left out.
    """

    numbers: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    headline: tuple[str, ...] = ()
    weekdays: tuple[str, ...] = ()
    months: tuple[str, ...] = ()
    ordinals: tuple[str, ...] = ()
    spelled: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    ambiguous_dates: tuple[str, ...] = ()
    opening: tuple[str, ...] = ()
    opening_names: tuple[str, ...] = ()


def extract_facts(text: str, language: str) -> Facts:
    """The hard facts of a text, about 0.3 ms for 2,000 characters.

    Parameters
    ----------
    text : str
        Any script; digits of all scripts count.
    language : str
        As `detect_languages` gives it, or "und": it decides the decimal mark, the months' names and the scale words.
        English serves for a language that is not known; a wrong one costs dates and scaled amounts, and little else.

    Returns
    -------
    Facts
        The same for the same text and language, always.
    """
    language = base_language(language)
    words = words_of(language)
    names, hints = find_names(text, words)
    prepared, years = _prepared(text, language)
    top, end = _ends(prepared)
    reader = _Reader(prepared, words, language)
    counts = reader.read(top, end)
    word_facts = read_word_facts(prepared, end, language)
    by_kind: dict[str, list[str]] = {kind: [] for kind in "WMON"}
    for token in word_facts.tokens:
        by_kind[token[0]].append(token[1:])
    headline = (part[:count] for part, count in zip(reader.kinds, counts[0], strict=True))
    return Facts(
        tuple(reader.numbers),
        tuple(reader.dates),
        tuple(reader.versions),
        tuple(reader.identifiers),
        names,
        hints,
        tuple([fact for fact in chain(*headline) if not _TIME.fullmatch(fact)]),
        tuple(by_kind["W"]),
        tuple(by_kind["M"]),
        tuple(by_kind["O"]),
        tuple(dict.fromkeys([*by_kind["N"], *reader.loose, *years])),
        tuple([f"{number} {unit}" for number, unit in reader.units.items() if unit]),
        tuple(reader.ambiguous_dates),
        tuple(dict.fromkeys([*word_facts.opening, *_small_numbers(reader, counts[1])])),
        find_opening_names(text, end, names, language),
    )


_Counts = tuple[int, int, int, int]  # of numbers, dates, versions and identifiers


def _ends(text: str) -> tuple[int, int]:
    """End of the first line of a text, or of its first 200 characters, and end of the opening."""
    start = len(text) - len(text.lstrip())
    line = text.find("\n", start)
    line = len(text) if line < 0 else line
    top = line if line - start < _HEADLINE else max(start, text.rfind(" ", start, start + _HEADLINE))
    end = top + _OPENING
    return top, len(text) if end >= len(text) else max(top, text.rfind(" ", top, end))


def _small_numbers(reader: _Reader, counts: _Counts) -> list[str]:
    """Numbers from 2 to 99 and years at the top of a text, but for days of its dates and amounts in some unit."""
    numbers, dates = reader.numbers[: counts[0]], reader.dates[: counts[1]]
    days = {date[-2:].lstrip("0") for date in dates} | reader.units.keys()
    small = [f"N{number}" for number in numbers if len(number) < _SMALL and number > "1" and number not in days]
    return [*small, *(f"Y{number}" for number in numbers if _YEAR.fullmatch(number))]


_DIGITS = re.compile(r"[0-9]+")

_VULGAR_FRACTION = re.compile(f"(?<=[0-9])[ \u2009\u202f]?([{FRACTIONS}])")

_NOTE = re.compile(r"(?<=[^\s(\[{])\[[0-9]{1,3}\]")  # behind a word: a footnote's mark, or the number of a link

_DIRECTION_MARKS = "\u200e\u200f"  # stand inside Arabic dates

_LETTERS = re.compile(r"[A-Za-z]+")

_PREFIX = re.compile(r"(?<![0-9A-Za-z])(?:[A-Za-z]|(?<=[A-Za-z])\d)+[-_]?\Z")

_LONGEST_PREFIX = 20

_HEADLINE = 200  # characters at most

_OPENING = 300  # behind it
_SMALL = len("100")
_YEAR = re.compile(r"[12]\d{3}")  # of any calendar

_TIME = re.compile(r"\d{1,2}:\d{2}")

_MONTHS = 12

_SLASHED = re.compile(r"(?<![0-9/])([0-3]?[0-9])/([0-3]?[0-9])/(?:[12][0-9])?[0-9]{2}(?![0-9/])")

# "API09" is API9, but CVE-2024-0012 stays as it is written.
_ZEROS = re.compile(r"(?<![0-9])(?:0(?=[1-9][0-9]?(?![0-9]))|00(?=[1-9](?![0-9])))")

_SEASON_MARKS = ("/", "-", "–")
_SEASON = re.compile(r"((?:19|20)?[0-9]{2})[/–-]([0-9]{2})(?![0-9/]|[-–.,][0-9]|\s?%)")
_EARLIEST_SEASON, _LATEST_SEASON = 13, 50  # "11/12" may be a day

_REST = re.compile(r"[0-9A-Z]+(?:[-.:][0-9]+)*[A-Z]*")

_CURRENCIES = (
    "AUD BRL CAD CHF CNY CZK DKK EUR GBP HKD HUF IDR INR JPY KES KRW MXN MYR NGN NOK NZD PHP PLN RUB SEK SGD THB TRY "
    "TWD USD VND ZAR Ksh RM Rp Rs Tk"
)

_NO_PREFIX = frozenset([*_CURRENCIES.split(), "v", "V", "x"])

_MONEY = frozenset("$£€¥₹")

_MONEY_SCALE = re.compile(r"(?:([mM])|[bB]n?)(?![A-Za-z])")


def _prepared(text: str, language: str) -> tuple[str, tuple[str, ...]]:
    """The text in NFC with its numbers in ASCII digits, in years of the common era; years that it may mean besides."""
    if "[" in text:
        text = _NOTE.sub("", text)
    if language == "vi":
        text = with_month_names(unicodedata.normalize("NFC", text))
    if not text.isascii():
        for mark in _DIRECTION_MARKS:
            text = text.replace(mark, "")
        text = unicodedata.normalize("NFC", text)
        if rare := rare_characters(text):
            text = with_ascii_digits(text)
            text = _VULGAR_FRACTION.sub(_in_digits, text) if rare & FRACTION else text
    if language == "ja" or language.startswith("zh"):
        text = with_han_numbers(text)
    return (with_common_era(text), ()) if language == "th" else with_common_years(text, language)


@dataclass(slots=True)
class _Reader:
    """One pass over a text: every token that starts with a digit, sorted by what it is."""

    text: str
    words: LanguageWords
    language: str
    numbers: list[str] = field(default_factory=list)
    dates: list[str] = field(default_factory=list)
    versions: list[str] = field(default_factory=list)
    identifiers: list[str] = field(default_factory=list)
    loose: list[str] = field(default_factory=list)
    units: dict[str, str] = field(default_factory=dict)
    ambiguous_dates: list[str] = field(default_factory=list)
    day_first: bool | None = None

    @property
    def kinds(self) -> tuple[list[str], list[str], list[str], list[str]]:
        """Kinds of facts that `Facts` begins with."""
        return self.numbers, self.dates, self.versions, self.identifiers

    def read(self, *ends: int) -> list[_Counts]:
        """Fill the lists; how long they were at each of the ends."""
        match_token = token_pattern(self.words.decimal).match
        done, counts, waiting = 0, [], [*ends, len(self.text) + 1]
        for start in digit_runs(self.text):  # several times as fast as searching for the tokens themselves
            if start >= done:
                while start >= waiting[0]:
                    counts.append(self._counts())
                    del waiting[0]
                if token := match_token(self.text, start):
                    done = self._identifier(token) or self._fact(token)
        return counts + [self._counts()] * (len(ends) - len(counts))

    def _counts(self) -> _Counts:
        return len(self.numbers), len(self.dates), len(self.versions), len(self.identifiers)

    def _identifier(self, token: re.Match[str]) -> int:
        """Read digits with the letters before them as one identifier; where it ends, or 0 where there are none."""
        start = token.start()
        before = self.text[start - 1 : start]
        if not before.isascii() or not (before.isalpha() or before in ("-", "_")):
            return 0
        prefix = _PREFIX.search(self.text, max(0, start - _LONGEST_PREFIX), start)
        if not prefix or prefix[0] in _NO_PREFIX or (before == "-" and prefix[0].islower()):
            return 0  # "Rp600", "v2.7", "ke-15" (Indonesian for 15th)
        if token.lastgroup == "hash" and set(prefix[0]) <= set("abcdef"):
            self.identifiers.append(prefix[0] + token[0])
            return token.end()
        rest = _REST.match(self.text, start) or token
        self.identifiers.append(_ZEROS.sub("", (prefix[0] + rest[0]).upper()))
        return rest.end()

    def _fact(self, token: re.Match[str]) -> int:
        """Read a token by its kind; where it ends."""
        kind, written = token.lastgroup, token[0]
        if kind == "number":
            return self._number(token)
        if kind == "fraction":
            return self._fraction(token)
        if kind == "date":
            self._numeric_date(written)
        elif kind == "version":
            self.versions.append(written)
        elif kind in ("isbn", "hash"):
            self.identifiers.append(re.sub("[ -]", "", written))
        elif kind in ("time", "noon"):
            self.numbers.append(_clock(written, after_noon=kind == "noon" and "p" in written.lower()))
        else:
            self.numbers.append(east_asian_number(written))
        return token.end()

    def _numeric_date(self, written: str) -> None:
        """Read a date of digits: its day and year are numbers too, as they are beside a month's name."""
        if name := _LETTERS.search(written):  # 10-Oct-08
            month = month_of(name[0], words_of("en")) or month_of(name[0], self.words)
            written = written.replace(name[0], str(month))
        reads_months_first = self.language in ("en", "tl") and "/" in written
        year, month, day = numeric_date(written, month_first=reads_months_first and not self._names_days_first())
        self.numbers += [str(year)] if year else []
        if reads_months_first and day <= _MONTHS and day != month and self.day_first is None and not name:
            self.loose += [str(day), str(month)]
            self.ambiguous_dates.append(canonical_date(year, month, day))
        elif day:
            self.numbers.append(str(day))
        if 1 <= month <= _MONTHS and (year or day):
            self.dates.append(canonical_date(year, month, day))

    def _names_days_first(self) -> bool:
        """Whether a date of the text proves that its dates name the day first; `day_first` is None where none tells."""
        if self.day_first is None:
            dates = ((int(date[1]), int(date[2])) for date in _SLASHED.finditer(self.text))
            first = {one > _MONTHS for one, other in dates if max(one, other) > _MONTHS}
            self.day_first = first.pop() if len(first) == 1 else None
        return bool(self.day_first)

    def _number(self, token: re.Match[str]) -> int:
        """Read a number with its month or the scale words around it; where they end."""
        end = token.end()
        if self.text[end : end + 1] in _SEASON_MARKS and (years := self._season(token.start(), end)):
            self.numbers += years
            return end + len("/26")
        found = canonical_numbers(token[0], self.words)
        if len(found) == 1:
            date = named_date(self.text, token.start(), end, self.words)
            self.dates += [date] if date else []
            power, end = self._scale(token.start(), end)
            found = [scaled(found[0], power)] if power else found
            unit = "" if date else unit_of(self.text, token.start(), end, self.language)
            if unit or found[0] in self.units:
                self.units[found[0]] = unit if self.units.get(found[0], unit) == unit else ""
        self.numbers += found
        return end

    def _fraction(self, token: re.Match[str]) -> int:
        """Read a number and a fraction, "7-1/4", as one; where it ends. What is none, "8 7/5", is read as numbers."""
        whole, numerator, denominator = map(int, _DIGITS.findall(token[0]))
        whole_end = token.start() + len(token[0].partition("/")[0].rstrip("0123456789")) - 1
        if numerator >= denominator or named_date(self.text, token.start(), whole_end, self.words):
            number = token_pattern(self.words.decimal).match(self.text, token.start(), whole_end)
            return self._number(number) if number else whole_end
        found = format(whole + Decimal(numerator) / denominator, ".6g")
        self.numbers.append(found)
        if unit := unit_of(self.text, token.start(), token.end(), self.language):
            self.units[found] = unit if self.units.get(found, unit) == unit else ""
        return token.end()

    def _season(self, start: int, end: int) -> list[str]:
        """Both years of a season, "25/26" or "2025-26", or nothing where none is written."""
        season = _SEASON.match(self.text, start)
        if not season or (int(season[1]) + 1) % 100 != int(season[2]) or named_date(self.text, start, end, self.words):
            return []
        first = season[1]
        if len(first) == len("26"):
            if season[0][2] != "/" or not _EARLIEST_SEASON <= int(first) < _LATEST_SEASON:
                return []
            first = "20" + first
        return [first, str(int(first) + 1)]

    def _scale(self, start: int, end: int) -> tuple[int, int]:
        """The power of ten that "£125m" or the words beside a number give it, and where they end."""
        if self.text[start - 1 : start] in _MONEY and (short := _MONEY_SCALE.match(self.text, end)):
            return 6 if short[1] else 9, short.end()
        power, end = self.words.power_after(self.text, end)
        return power or self.words.power_before(self.text, start), end


def _in_digits(sign: re.Match[str]) -> str:
    """A sign such as ¾ behind a number as " 3/4"."""
    return " " + unicodedata.normalize("NFKC", sign[1]).replace("\u2044", "/")


def _clock(written: str, *, after_noon: bool) -> str:
    """A time of day as "14:30"."""
    hour, minute = (*_DIGITS.findall(written), "00")[:2]
    return f"{int(hour) % 12 + 12 if after_noon else int(hour)}:{minute}"


@cache
def token_pattern(decimal: str) -> re.Pattern[str]:
    """The pattern for a language with this decimal mark; the group that matched names the kind of token.

    Where the mark is a comma, a plain space may group thousands, and "5 am" need not be a time (it is German).
    """
    space, noon = (r"\ ", "[pP][mM]") if decimal == "," else ("", "[apAP][mM]")
    return re.compile(_TOKEN.replace("SPACE", space).replace("NOON", noon), re.VERBOSE)
