"""Month names, scale words and number marks of a language, from the Unicode CLDR."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

LETTER = r"[^\W\d_]"
"""Pattern of one letter."""

WORD = r"[^\s\d!-/:-@\[-`{-~\u2010-\u203a،؛؟।。、，（）「」«»]+"
"""Pattern of a word in any script: `LETTER` leaves out the combining marks that Hindi or Tamil words are full of."""

# What newspapers write and CLDR does not: words that stand for a power of ten, by language.
_MORE_SCALES = {
    "ar": {"بليون": 9, "بلايين": 9, "مليارات": 9, "تريليون": 12, "تريليونات": 12, "ألفا": 3, "مليوني": 6},
    "bn": {"মিলিয়ন": 6, "বিলিয়ন": 9, "ট্রিলিয়ন": 12, "লক্ষ": 5},
    "da": {"mia": 9, "mio": 6},
    "de": {"Tsd": 3, "tausend": 3},
    "en": {"bn": 9, "mn": 6, "tn": 12, "lakh": 5, "crore": 7, "hundred": 2},
    "fa": {"بیلیون": 9, "میلیارد": 9},
    "gu": {"મિલિયન": 6, "બિલિયન": 9, "ટ્રિલિયન": 12},
    "he": {"אלפים": 3, "אלפי": 3, "מיליוני": 6, "מיליארדי": 9, "מליון": 6, "ביליון": 12},
    "hi": {"हजार": 3, "मिलियन": 6, "बिलियन": 9, "ट्रिलियन": 12},
    "id": {"milyar": 9, "trilyun": 12},
    "kn": {"ಲಕ್ಷ": 5, "ಕೋಟಿ": 7},
    "ml": {"ലക്ഷ": 5, "കോടി": 7, "മില്യൺ": 6, "മില്യണ്‍": 6, "മില്യന്‍": 6, "ബില്യണ്‍": 9, "മില്ല്യൺ": 6},
    "mr": {"मिलियन": 6, "बिलियन": 9, "दशलक्ष": 6, "लक्ष": 5, "ट्रिलियन": 12},
    "ne": {"करोड": 7, "मिलियन": 6, "बिलियन": 9, "ट्रिलियन": 12},
    "pa": {"ਮਿਲੀਅਨ": 6, "ਬਿਲੀਅਨ": 9, "ਟ੍ਰਿਲੀਅਨ": 12, "ਹਜਾਰ": 3},
    "so": {"milyan": 6, "milyuun": 6, "malyan": 6, "bilyan": 9, "bilyuun": 9, "kun": 3},
    "sw": {"milioni": 6, "bilioni": 9, "trilioni": 12, "elfu": 3},
    "ta": {"லட்சம்": 5, "இலட்சம்": 5, "கோடி": 7},
    "te": {"వేల": 3, "లక్ష": 5, "కోట్ల": 7, "కోటి": 7, "మిలియన్ల": 6, "బిలియన్ల": 9},
    "tl": {"libong": 3, "milyong": 6, "bilyong": 9, "trilyong": 12, "million": 6, "billion": 9},
    "ur": {"ملین": 6, "بلین": 9, "ٹریلین": 12, "ہزار": 3},
    "vi": {"ngàn": 3, "tỉ": 9, "tỷ": 9},
}

_COMMON_SCALES = {"mln": 6, "mio": 6, "mlrd": 9, "mrd": 9, "mld": 9, "млн": 6, "млрд": 9, "трлн": 12, "тыс": 3}

_LONGEST_SCALE = 20

_SCALE_BEFORE = frozenset({"sw"})

_UNSPACED = frozenset({"th"})

_EAST_ASIAN = frozenset({"ja", "ko", "zh", "zh-cn", "zh-tw"})


@dataclass(frozen=True, slots=True)
class LanguageWords:
    """Words and marks by which the numbers and dates of one language are read.

    decimal : str
        The decimal mark, "." or ",". Where it is a comma, a plain space may group thousands, as in "1 234".
    months : dict
        Small month name, abbreviation or stem to month, 1 to 12.
    openings : frozenset of str
        The first two letters of those: most words are excluded by these.
    weekdays : frozenset of str
        Small weekday names.
    calendar_words : frozenset of str
        Those and the months': the capitalised words that name nobody.
    scale : re.Pattern
        One scale word behind a number; each word is a group of its own.
    scale_before : re.Pattern or None
        The same in front of a number, in languages that put it there.
    powers : tuple of int
        The power of ten of each group, as 6 for "million".
    weekday_numbers, full_months : dict
        Small name of a day of the week, and of a month in full, to its number from 1.
    units : dict
        What stands behind an amount, in small letters, to its unit: "miles" to "mi".
    """

    decimal: str
    months: dict[str, int]
    openings: frozenset[str]
    weekdays: frozenset[str]
    calendar_words: frozenset[str]
    scale: re.Pattern[str]
    scale_before: re.Pattern[str] | None
    powers: tuple[int, ...]
    weekday_numbers: dict[str, int]
    full_months: dict[str, int]
    units: dict[str, str]

    def power_after(self, text: str, end: int) -> tuple[int, int]:
        """The power of ten that the words behind a number give it ("2 mil millones": 9), and where they end."""
        power = 0
        while (scale := self.scale.match(text, end)) and scale.lastindex:
            power += self.powers[scale.lastindex - 1]
            end = scale.end()
        return power, end

    def power_before(self, text: str, start: int) -> int:
        """The power of ten that the word before a number gives it ("bilioni 2"), or 0."""
        if not self.scale_before:
            return 0
        scale = self.scale_before.search(text, max(0, start - _LONGEST_SCALE), start)
        return self.powers[scale.lastindex - 1] if scale and scale.lastindex else 0


@cache
def words_of(language: str) -> LanguageWords:
    """Words of numbers and dates in a language (a langdetect code); English serves for one that is not known."""
    known = _cldr().get("zh-cn" if language == "zh" else language)
    if known is None:
        return words_of("en")
    scales = _COMMON_SCALES | _MORE_SCALES.get(language, {})
    if language not in _EAST_ASIAN:  # theirs stand inside the number, as in 1億5000万: `numerals.east_asian_number`
        scales = known["scales"] | scales
    scales = {unicodedata.normalize("NFC", word.lower()): power for word, power in scales.items()}
    longest_first = sorted(scales, key=lambda word: (-len(word), word))
    choice = "|".join(f"({re.escape(word)})" for word in longest_first)
    # A short word ("mil", "mio") must end there; a longer one may carry an ending ("Millionen", "миллионами").
    ends = "" if language in _UNSPACED else rf"(?:(?<={LETTER}{{5}})|(?!{LETTER}))"
    before = rf"(?<!{LETTER})(?:{choice})\s\Z"
    months = words_of("en").months if language == "vi" else known["months"]
    return LanguageWords(
        decimal=known["decimal"],
        months=months,
        openings=frozenset(name[:2] for name in months),
        weekdays=frozenset(known["weekdays"]),
        calendar_words=frozenset(known["weekdays"]).union(months),
        scale=re.compile(rf"[\s-]?(?:(?:de|na)\s)?(?:{choice}){ends}", re.IGNORECASE),
        scale_before=re.compile(before, re.IGNORECASE) if language in _SCALE_BEFORE else None,
        powers=tuple(scales[word] for word in longest_first),
        weekday_numbers=known["weekday_numbers"],
        full_months=words_of("en").full_months if language == "vi" else known["full_months"],
        units=known["units"],
    )


@cache
def _cldr() -> dict[str, dict[str, Any]]:
    """Words that `tests/cldr.py` has found, by language."""
    file = resources.files("dedup.matching.facts").joinpath("cldr.json")
    languages: dict[str, dict[str, Any]] = json.loads(file.read_bytes())
    return languages


def month_of(word: str, words: LanguageWords) -> int:
    """The month a word names, endings allowed ("märtsil", "марта"), or 0."""
    word = word.lower()
    if word[:2] not in words.openings:
        return 0
    for length in range(len(word), max(1, len(word) - 6), -1):
        month = words.months.get(word[:length])
        if month and (length == len(word) or length >= 4):
            return month
    return 0
