"""Numbers in one canonical form, whatever digits and marks they were written with."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache

import numpy as np
import numpy.typing as npt

from dedup.language.text import first_plane
from dedup.matching.facts.locale_words import LanguageWords

_OTHER_DIGIT = re.compile(r"[^\D0-9]")

_DIGITS = 10

_MARKS = str.maketrans({"٫": ".", "٬": ",", "’": "'", "\u00a0": " ", "\u202f": " ", "\u2009": " "})

_GROUPED = {  # 1,234,567 and the Indian 12,34,567
    mark: re.compile(r"\d{1,3}(?:M\d{3})+|\d{1,2}(?:M\d{2})+M\d{3}".replace("M", re.escape(mark))) for mark in ".,' "
}

_DIGIT_OF = dict(zip("〇零一二两兩三四五六七八九", "0012223456789", strict=True))

_SMALL_UNITS = {"十": 10, "百": 100, "千": 1000, "십": 10, "백": 100, "천": 1000}

_LARGE_UNITS = dict.fromkeys("万萬만", 10**4) | dict.fromkeys("億亿억", 10**8) | dict.fromkeys("兆조", 10**12)

_NUMERAL = "".join(_DIGIT_OF)

# Han numerals that are certainly meant as numbers: with a unit among them (三十, 两百万), a year (二〇一八年), a month
# or its day (三月二日). 千万 and 万一 are words.
_HAN_NUMBER = re.compile(
    rf"(?<![0-9十百千万萬億亿兆])(?!千万|万一)[{_NUMERAL}十百千万萬億亿兆]{{2,}}|[{_NUMERAL}十](?=月)|(?<=月)[{_NUMERAL}十](?=[日号號])"
)

_EAST_ASIAN_PART = re.compile(r"[0-9]+(?:\.[0-9]+)?|[^0-9., ]")


OTHER_DIGIT, FRACTION = 1, 2
"""Flags of `rare_characters`."""

FRACTIONS = "½¼¾⅓⅔⅕⅖⅗⅘⅛⅜⅝⅞"


def rare_characters(text: str) -> int:
    """Flags of the rare characters that numbers may be written with, in a third of the time of their patterns."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
    return int(np.bitwise_or.reduce(_flags().take(codes, mode="clip"), initial=0))


@cache
def _flags() -> npt.NDArray[np.uint8]:
    """Flags of each code point below 65536; one more entry for all others, which may be digits."""
    flags = np.zeros(0x10001, np.uint8)
    flags[[digit.start() for digit in _OTHER_DIGIT.finditer(first_plane())]] = OTHER_DIGIT
    flags[[ord(fraction) for fraction in FRACTIONS]] = FRACTION
    flags[-1] = OTHER_DIGIT
    return flags


def with_ascii_digits(text: str) -> str:
    """The text with every decimal digit of any script (١٢, १२, １２) as 0 to 9; length and positions stay."""
    if text.isascii():
        return text
    for digit in set(_OTHER_DIGIT.findall(text)):
        text = text.replace(digit, str(int(digit)))
    return text


def digit_runs(text: str) -> list[int]:
    """Begins of the runs of digits 0 to 9 in a text, in a third of the time of a pattern."""
    codes = np.frombuffer(f" {text}".encode("utf-32-le", "surrogatepass"), "<u4")
    is_digit = codes - np.uint32(ord("0")) < _DIGITS
    begins: list[int] = np.flatnonzero(is_digit[1:] > is_digit[:-1]).tolist()
    return begins


def canonical_numbers(written: str, words: LanguageWords) -> list[str]:
    """The canonical numbers that digits and marks stand for: one, or several where the marks only list them.

    "1,234" is 1234 in English and 1.234 in German; "1,23,456" (Indian grouping) is 123456; "1,2,3" is a list.
    """
    if written.isdecimal():
        return [_plain(written)]
    written = written.translate(_MARKS)
    marks = sorted({mark for mark in written if not mark.isdecimal()}, key=written.rindex)
    if len(marks) == 1:
        return _one_mark(written, marks[0], words)
    *_, decimal = marks
    if decimal in ".," and written.count(decimal) == 1:
        whole, fraction = written.split(decimal)
        return [f"{_plain(''.join(re.findall(r'[0-9]+', whole)))}.{fraction}"]
    return [_plain(part) for part in re.findall(r"\d+", written)]


def with_han_numbers(text: str) -> str:
    """The text with numbers in Han numerals (三十, 两百万, 二〇一八) as digits; single numerals are words and stay."""
    return _HAN_NUMBER.sub(_han_number, text)


def east_asian_number(written: str) -> str:
    """The canonical number of digits mixed with units: "1億5000万" and "1억 5천만" are 150000000."""
    total = section = Decimal(0)
    number: Decimal | None = None
    for part in _EAST_ASIAN_PART.findall(written.replace(",", "")):
        if unit := _SMALL_UNITS.get(part):
            section += unit if number is None else number * unit
            number = None
        elif unit := _LARGE_UNITS.get(part):
            section += number or 0
            total = total + section * unit if section else (total or Decimal(1)) * unit  # 1万5000, 1万亿
            section, number = Decimal(0), None
        else:
            number = Decimal(part)
    return format((total + section + (number or 0)).normalize(), "f")


def scaled(number: str, power: int) -> str:
    """A canonical number times a power of ten."""
    return format((Decimal(number) * 10**power).normalize(), "f")


def _plain(digits: str) -> str:
    return digits.lstrip("0") or "0"


def _han_number(numerals: re.Match[str]) -> str:
    written = "".join(_DIGIT_OF.get(numeral, numeral) for numeral in numerals[0])
    if written.isdecimal():  # 二〇一八 is a year, 七八 ("seven or eight") and 一一 ("one by one") are words
        return written if len(written) in (1, 4) else numerals[0]
    return east_asian_number(re.sub(r"(?<=[^0-9])0", "", written))


def _one_mark(written: str, mark: str, words: LanguageWords) -> list[str]:
    parts = written.split(mark)
    grouped = _GROUPED[mark].fullmatch(written) and not written.startswith("0")
    if grouped and not (len(parts) == 2 and mark == words.decimal and parts[1] != "000"):
        return [_plain("".join(parts))]
    if len(parts) == 2 and mark in ".,":
        return [f"{_plain(parts[0])}.{parts[1]}"]
    return [_plain(part) for part in parts]
