"""Writes `dedup/matching/facts/cldr.json`: what reading numbers and dates takes of the Unicode CLDR, by way of babel.

Babel takes 4 ms for a language, most of it for what nobody reads here; the file takes 1 ms for all of them, and with it
the facts of a text do not depend on which babel is installed. To write it anew: ``python tests/cldr.py``
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from babel import Locale, localedata
from babel.numbers import get_decimal_symbol

from dedup.datatypes import UNDETERMINED
from dedup.language.scripts import LANGUAGES
from dedup.matching.facts import locale_words

BABEL = "2.18.0"  # whose CLDR the file holds
BABEL_CODES = {"zh-cn": "zh_Hans", "zh-tw": "zh_Hant", "tl": "fil", "no": "nb"}

FILE = Path(locale_words.__file__).with_name("cldr.json")
_NUMERIC_MONTH = re.compile(r"\d")
_MORE_MONTHS = {
    "ar": "كانون الثاني|شباط|آذار|نيسان|أيار|حزيران|تموز|آب|أيلول|تشرين الأول|تشرين الثاني|كانون الأول",
    "fa": "ژانویه|فوریه|مارس|آوریل|مه|ژوئن|ژوئیه|اوت|سپتامبر|اکتبر|نوامبر|دسامبر",
}
# Forms that the CLDR does not give, from Monday on.
_MORE_DAYS = {
    "bg": "понеделника вторника срядата четвъртъка петъка съботата неделята",
    "cs": (
        "pondělka|pondělní úterka|úterní středu|středy|středeční čtvrtku|čtvrtka|čtvrteční pátku|páteční "
        "sobotu|soboty neděli"
    ),
    "hr": "ponedjeljka utorka srijedu|srijede četvrtka petka subotu|subote nedjelju|nedjelje",
    "hu": "hétfőn|hétfői kedden|keddi szerdán|szerdai csütörtökön pénteken|pénteki szombaton vasárnapi",
    "ne": "सोमबार मङ्गलबार|मंगलबार बुधबार बिहिबार|बिहीबार शुक्रबार शनिबार आइतबार",
    "mr": "सोमवारी मंगळवारी बुधवारी गुरुवारी शुक्रवारी शनिवारी रविवारी",
    "pl": (
        "poniedziałku|poniedziałkowy wtorku|wtorkowy środę|środy czwartku|czwartkowy piątku|piątkowy "
        "sobotę|soboty niedzielę|niedzieli"
    ),
    "ru": "понедельника вторника среду четверга пятницу субботу воскресенья",
    "sk": ("pondelka|pondelňajší utorka stredu|stredy štvrtka|štvrtku piatka|piatku sobotu|soboty nedeľu|nedele"),
    "sl": (
        "ponedeljka|ponedeljkov torka|torkov sredo|srede četrtka|četrtkov petka|petkov soboto|sobote nedeljo|nedelje"
    ),
    "sq": "hënën martën mërkurën enjten premten shtunën dielën",
    "ta": ("திங்கள்கிழமை|திங்கட்கிழமை செவ்வாய்க்கிழமை|செவ்வாய்கிழமை புதன்கிழமை வியாழக்கிழமை வெள்ளிக்கிழமை சனிக்கிழமை ஞாயிற்றுக்கிழமை"),
    "uk": "понеділка вівторка середу четверга п'ятницю суботу неділю",
    "ar": "الاثنين|الإثنين الثلاثاء الأربعاء الخميس الجمعة السبت الأحد",
}
_UNITS = {
    **{"length-kilometer": "km", "length-mile": "mi", "length-meter": "m", "length-foot": "ft", "length-yard": "yd"},
    **{"length-centimeter": "cm", "length-inch": "in", "length-millimeter": "mm"},
    **{"mass-kilogram": "kg", "mass-pound": "lb", "mass-ounce": "oz", "mass-gram": "g", "mass-tonne": "t"},
    **{"speed-kilometer-per-hour": "kmh", "speed-mile-per-hour": "mph", "speed-knot": "kn"},
    **{"temperature-celsius": "°c", "temperature-fahrenheit": "°f"},
    **{"area-hectare": "ha", "area-acre": "ac", "area-square-kilometer": "km2", "area-square-mile": "mi2"},
    **{"area-square-meter": "m2", "area-square-foot": "ft2"},
    **{"volume-liter": "l", "volume-gallon": "gal"},
}


def words_by_language() -> dict[str, dict[str, Any]]:
    """Decimal mark, months, weekdays and scale words of every language that is told, and of none of them."""
    languages = [*LANGUAGES, UNDETERMINED]
    return {language: _words(Locale.parse(BABEL_CODES.get(language, language))) for language in languages}


def _words(locale: Locale) -> dict[str, Any]:
    localedata._cache.clear()  # what one language inherits would else be handed on to the next
    locale = Locale.parse(str(locale))
    return {
        "decimal": get_decimal_symbol(locale),
        "months": _months(locale, _MORE_MONTHS.get(locale.language, "")),
        "weekdays": sorted({name.lower() for name in locale.days["format"]["wide"].values()}),
        "scales": _scales(locale),
        "weekday_numbers": _weekday_numbers(locale),
        "full_months": _full_months(locale),
        "units": _units(locale),
    }


def _weekday_numbers(locale: Locale) -> dict[str, int]:
    """Names of the days of the week, Monday first, in full."""
    names = (locale.days[context]["wide"].items() for context in ("format", "stand-alone"))
    days = {unicodedata.normalize("NFC", name.lower()): day + 1 for of_context in names for day, name in of_context}
    return days | {form: day for day, forms in _more_days(locale) for form in forms.split("|")}


def _more_days(locale: Locale) -> Iterable[tuple[int, str]]:
    return enumerate(_MORE_DAYS.get(locale.language, "").split(), start=1)


def _full_months(locale: Locale) -> dict[str, int]:
    """Month names in full, which mean a month wherever they stand."""
    names = (locale.months[context]["wide"].items() for context in ("format", "stand-alone"))
    return {
        unicodedata.normalize("NFC", name.lower()): month
        for of_context in names
        for month, name in of_context
        if len(name) > 2 and not _NUMERIC_MONTH.search(name)
    }


def _units(locale: Locale) -> dict[str, str]:
    """What stands behind an amount of each of the units ("miles", "mi", "mil" and so on), in small letters."""
    found: dict[str, set[str]] = {}
    for unit, code in _UNITS.items():
        for width, patterns in locale._data["unit_patterns"].get(unit, {}).items():
            if width in ("long", "short"):
                for count, pattern in patterns.items():
                    if count != "per" and isinstance(pattern, str) and pattern.startswith("{0}"):
                        word = unicodedata.normalize("NFC", pattern[3:].strip(" \u00a0\u202f.").lower())
                        found.setdefault(word, set()).add(code)
    return {word: next(iter(codes)) for word, codes in found.items() if word and "{" not in word and len(codes) == 1}


def _months(locale: Locale, more: str) -> dict[str, int]:
    """Every name of every month, and the stem of a long one ("mart" for "marts"); ambiguous ones left out."""
    found: dict[str, set[int]] = {}
    for context in ("format", "stand-alone"):
        for width in ("wide", "abbreviated"):
            for month, name in locale.months[context][width].items():
                _add_month(found, name.lower().strip(". "), month, stem=width == "wide")
    for month, name in enumerate(more.split("|") if more else (), start=1):
        _add_month(found, name, month, stem=False)
    if locale.language == "he":  # "in March" is one word
        found |= {f"ב{name}": months for name, months in found.items()}
    return {name: next(iter(months)) for name, months in found.items() if len(months) == 1}


def _add_month(found: dict[str, set[int]], name: str, month: int, *, stem: bool) -> None:
    if len(name) < 2 or _NUMERIC_MONTH.search(name):
        return
    name = unicodedata.normalize("NFC", name)
    found.setdefault(name, set()).add(month)
    for end in (1, 2) if stem else ():
        if len(name) - end >= 4:
            found.setdefault(name[:-end], set()).add(month)


def _scales(locale: Locale) -> dict[str, int]:
    """Scale words of CLDR's compact decimal formats: "0 million" at 1000000 gives "million" the power 6."""
    found: dict[str, int] = {}
    for form in ("short", "long"):
        for patterns in locale.compact_decimal_formats.get(form, {}).values():
            for number, pattern in patterns.items():
                text = pattern.pattern.split(";")[0]
                zeros = text.count("0")
                word = re.sub(r"[0\s\u00a0\u200c\u200f'’.]+", " ", text).strip().lower()
                if zeros and " " not in word and (len(word) > 2 or word > "\u2e80"):
                    found[word] = len(number) - zeros
    return found


def _write() -> None:
    lines = [f"{json.dumps(name)}: {json.dumps(of, ensure_ascii=False)}" for name, of in words_by_language().items()]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    _write()
