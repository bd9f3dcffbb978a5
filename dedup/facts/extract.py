"""From a text to its hard facts, in one pass over its digits."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from functools import cache

from dedup.facts.names import name_keys
from dedup.facts.numerals import canonical_numbers, east_asian_number, scaled, with_ascii_digits, with_han_numbers
from dedup.facts.words import WORD, LanguageWords, month_of, words_of

_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_MONTH = r"(?:0?[1-9]|1[0-2])"
_TOKEN = rf"""
  (?P<isbn> 97[89](?:[ -]?\d){{10}} (?!\d) )
| (?P<hash> \d+[a-f][0-9a-f]{{3,}} (?![0-9A-Za-z]) )
| (?P<ymd> [12]\d{{3}} (?: (?P<dash>[-/]){_MONTH}(?P=dash){_DAY} | \.\ ?\d\d\.\ ?\d\d | \.\ {_MONTH}\.\ {_DAY} ) (?!\d) )
| (?P<cjk> (?:[12]\d{{3}}\ ?[年년]\ ?)? {_MONTH}\ ?[月월] (?:\ ?{_DAY}\ ?[日号號일])? )
| (?P<dmy> \d\d?(?P<dot>[./-])\ ?\d\d?(?P=dot)\ ?[12]\d{{3}} (?!\d) )
| (?P<ampm> (?:0?[1-9]|1[0-2])(?:[:.][0-5]\d)?\ ?(?:[apAP]\.\ ?[mM]\b|pmAM\b) )
| (?P<time> (?:[01]?\d|2[0-4])(?::|\ ?[h時时點点시]\ ?)[0-5]\d (?![.~+]?\d) )
| (?P<version> (?: \d+:\d+(?:\.\d+)+ | \d+(?:\.\d+){{2,}} | \d+\.\d+(?=[-~+.]?(?:rc|alpha|beta|preview|pre|dev|dfsg|deb|p|r|a|b)\.?\d) )
               (?:[-~+.:]?[A-Za-z]*\d[0-9A-Za-z]*)* )
| (?P<east> \d[\d,]*(?:\.\d+)?(?:[十百千万萬億亿兆십백천만억조]+(?![米克瓦])(?:(?:(?<=[만억조])\ )?\d[\d,]*(?:\.\d+)?)?)+ )
| (?P<number> SPACED \d+(?:[.,'’٫٬]\d+)* )
"""
_SPACED = r"(?<!\d)\d{1,3}(?:[\u00a0\u202f\u2009PLAIN]\d{3})+(?!\d)(?:[.,]\d+)? |"
_PREFIX = re.compile(r"(?:[A-Za-z]|(?<=[A-Za-z])\d)+[-_]?\Z")
_TAIL = re.compile(r"[0-9A-Z]+(?:[-.:][0-9]+)*[A-Z]*")
_CURRENCY = frozenset("Rp RM Rs EUR USD GBP INR CHF US Ksh Sh Tk NT HK AUD CAD JPY CNY IDR PHP R A C v V".split())
_MONEY = frozenset("$£€¥₹")
_SHORT_SCALE = re.compile(r"(?:[mM]|[bB]n?)(?![A-Za-z])")
_THOUSANDS = re.compile(r"\d{1,3}(?:\.\d{3}){2,}")
_JOINED = re.compile(r"\s?(\d+)")
_DIGITS = re.compile(r"[0-9]+")
_BESIDE = re.compile(rf"\d+|{WORD}")
_REACH = 28
# Vietnamese numbers its months: "ngày 28 tháng 3", or short "ngày 28/3".
_VIETNAMESE_MONTH = re.compile(r"(?<=\btháng )(0?[1-9]|1[0-2])\b|(?<=\bngày )(\d\d?)[/-](0?[1-9]|1[0-2])(?![/\d-])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Facts:
    """The hard facts a text states, in canonical form and in order of appearance.

    numbers : tuple of str
        Decimal numbers without grouping ("1234.5"), scale words multiplied in ("600 billion" is "600000000000");
        years, and days of dates, among them, and times ("14:30").
    dates : tuple of str
        "2026-03-28", "03-28" without a year, "2026-03" without a day. A month alone is no date.
    versions : tuple of str
        "2.7.1", "4.19.0-5", "1:3.2.1-11+squeeze8".
    identifiers : tuple of str
        "CVE-2024-1234", "DSA-5432-1", "G7", commit hashes, ISBN; upper case but for hashes.
    names : tuple of str
        Names folded to small Latin letters, each once.
    """

    numbers: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


def extract_facts(text: str, language: str) -> Facts:
    """The hard facts of a text; the language (a langdetect code, or "und") tells its marks, months and scale words."""
    written = with_ascii_digits(text if text.isascii() else unicodedata.normalize("NFC", text))
    if language in ("ja", "zh-cn", "zh-tw"):
        written = with_han_numbers(written)
    elif language == "vi":
        written = _VIETNAMESE_MONTH.sub(_month_in_letters, written)
    reader = _Reader(written, words_of(language), language)
    reader.read()
    return Facts(
        tuple(reader.numbers), tuple(reader.dates), tuple(reader.versions), tuple(reader.identifiers), name_keys(text)
    )


def _month_in_letters(month: re.Match[str]) -> str:
    return f"{month[2] or ''} t{'abcdefghijkl'[int(month[1] or month[3]) - 1]}"


@cache
def _token_pattern(decimal: str) -> re.Pattern[str]:
    spaced = _SPACED.replace("PLAIN", r"\ " if decimal == "," else "")
    token = _TOKEN.replace("SPACED", spaced).replace("pmAM", "[pP][mM]" if decimal == "," else "[apAP][mM]")  # "5 am" in German
    return re.compile(token, re.VERBOSE)


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

    def read(self) -> None:
        """Fill the lists."""
        match_token = _token_pattern(self.words.decimal).match
        done = 0
        for digits in _DIGITS.finditer(self.text):  # five times as fast as searching for the tokens themselves
            if digits.start() >= done and (token := match_token(self.text, digits.start())):
                done = self._identifier(token) or self._fact(token)

    def _identifier(self, token: re.Match[str]) -> int:
        """Read letters glued to the digits as one identifier; where it ends, or 0."""
        start = token.start()
        before = self.text[start - 1 : start]
        if not before.isascii() or not (before.isalpha() or before in "-_") or not before:
            return 0
        prefix = _PREFIX.search(self.text, max(0, start - 20), start)
        tail = _TAIL.match(self.text, start)
        if not prefix or not tail or prefix[0] in _CURRENCY or (prefix[0].islower() and prefix[0].endswith("-")):
            return 0
        if token.lastgroup == "hash" and set(prefix[0]) <= set("abcdef"):
            self.identifiers.append(prefix[0] + token[0])
            return token.end()
        self.identifiers.append((prefix[0] + tail[0]).upper())
        return tail.end()

    def _fact(self, token: re.Match[str]) -> int:
        """Read a token by its kind; where it ends."""
        kind, written = token.lastgroup, token[0]
        if kind == "number":
            return self._number(token)
        if kind == "version":
            if _THOUSANDS.fullmatch(written):
                self.numbers.append(written.replace(".", ""))
            else:
                self.versions.append(written)
        elif kind in ("time", "ampm"):
            self.numbers.append(_clock(written, 12 if kind == "ampm" and "p" in written.lower() else 0))
        elif kind == "east":
            self.numbers.append(east_asian_number(written))
        elif kind in ("isbn", "hash"):
            self.identifiers.append(re.sub("[ -]", "", written))
        else:
            self._numeric_date(kind or "", [int(part) for part in re.findall(r"\d+", written)], written)
        return token.end()

    def _numeric_date(self, kind: str, parts: list[int], written: str) -> None:
        """Read a date of digits: its day and year are numbers too, its month is not."""
        if kind == "dmy":
            day, month, year = parts
            if month > 12 or (self.language == "en" and "/" in written and day <= 12):
                day, month = month, day
        elif kind == "ymd" or len(parts) == 3:
            year, month, day = parts
        elif parts[0] > 31:
            year, month, day = *parts, 0
        else:
            year, month, day = 0, parts[0], parts[1] if len(parts) > 1 else 0
        self.numbers += [str(number) for number in (year, day) if number]
        if 1 <= month <= 12 and (year or day):
            self._date(year, month, day)

    def _number(self, token: re.Match[str]) -> int:
        """Read a number with the scale words around it; where they end."""
        end = token.end()
        found = canonical_numbers(token[0], self.words)
        if len(found) == 1:
            if token[0].isdigit() and len(token[0]) <= 4:
                found[0] = str(int(found[0]) - self._era(found[0]))
                self._named_date(token, int(found[0]))
            found[0], end = self._scaled(found[0], token.start(), end)
        self.numbers += found
        return end

    def _scaled(self, number: str, start: int, end: int) -> tuple[str, int]:
        words, start_of_scale = self.words, end
        if self.language == "en" and (short := _SHORT_SCALE.match(self.text, end)) and self.text[start - 1 : start] in _MONEY:
            return scaled(number, 6 if short[0] in "mM" else 9), short.end()
        while scale := words.scale.match(self.text, end):
            number = scaled(number, words.scales[scale[1].casefold()])
            end = scale.end()
        if words.scale_before and end == start_of_scale and (scale := words.scale_before.search(self.text, max(0, start - 12), start)):
            number = scaled(number, words.scales[scale[1].casefold()])
        return number, end

    def _era(self, number: str) -> int:
        """Years to take off a number that is a year of the Buddhist era, as Thai texts count."""
        return 543 if self.language == "th" and "2400" <= number <= "2600" and len(number) == 4 else 0

    def _named_date(self, token: re.Match[str], number: int) -> None:
        """Note the date where a month's name stands beside a day or before a year."""
        if 1 <= number <= 31:
            self._day(number, self._before(token), self._after(token))
        elif 1000 <= number < 3000:
            self._month_of_year(number, self._before(token)[:4], self._after(token)[:3])

    def _month_of_year(self, year: int, before: list[str], after: list[str]) -> None:
        """Note the month of a year where no day stands with them ("March 2025", "2018 metų birželį")."""
        for beside in (before, after):
            if month := self._month(beside[:2]):
                if not any(word.isdigit() and int(word) <= 31 for word in beside):
                    self._date(year, month, 0)
                break

    def _day(self, day: int, before: list[str], after: list[str]) -> None:
        """Note the date of a day that has its month behind it ("28 de marzo de 2025") or before it ("March 28, 2025")."""
        if month := self._month(after[:3]):
            self._date(_year(after[:5]) or _year(before[:2]), month, day)
        elif month := self._month(before[:2]):
            self._date(_year(after[:2]) or _year(before[1:4]), month, day)

    def _month(self, beside: list[str]) -> int:
        """The month among the words beside a number, where nothing but a short word or a number comes between."""
        for word in beside:
            if month := month_of(word, self.words.months):
                return month
            if len(word) > 3:
                break
        return 0

    def _before(self, token: re.Match[str]) -> list[str]:
        """Words and numbers right before a token, the nearest first."""
        start = token.start()
        return _BESIDE.findall(self.text[max(0, start - _REACH) : start].rpartition("\n")[2])[::-1]

    def _after(self, token: re.Match[str]) -> list[str]:
        """Words and numbers right behind a token, the nearest first."""
        return _BESIDE.findall(self.text[token.end() : token.end() + _REACH].partition("\n")[0])

    def _date(self, year: int, month: int, day: int) -> None:
        parts = [f"{year:04}"] if year else []
        self.dates.append("-".join([*parts, f"{month:02}", *([f"{day:02}"] if day else [])]))


def _clock(written: str, later: int) -> str:
    """A time of day as "14:30"; `later` is 12 for one after noon told on a clock of twelve hours."""
    hour, minute = (*_DIGITS.findall(written), "00")[:2]
    return f"{int(hour) % 12 + later if later else int(hour)}:{minute}"


def _year(beside: list[str]) -> int:
    """The year among the words and numbers beside a date, or 0."""
    return next((int(word) for word in beside if len(word) == 4 and word.isdigit() and 1000 <= int(word) < 3000), 0)
