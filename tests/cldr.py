"""Writes `dedup/matching/facts/cldr.json`: what reading numbers and dates takes of the Unicode CLDR, by way of babel.

Babel takes 4 ms for a language, most of it for what nobody reads here; the file takes 1 ms for all of them, and with it
the facts of a text do not depend on which babel is installed. To write it anew: ``python tests/cldr.py``
"""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path
from typing import Any

from babel import Locale
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


def words_by_language() -> dict[str, dict[str, Any]]:
    """Decimal mark, months, weekdays and scale words of every language that is told, and of none of them."""
    languages = [*LANGUAGES, UNDETERMINED]
    return {language: _words(Locale.parse(BABEL_CODES.get(language, language))) for language in languages}


def _words(locale: Locale) -> dict[str, Any]:
    return {
        "decimal": get_decimal_symbol(locale),
        "months": _months(locale, _MORE_MONTHS.get(locale.language, "")),
        "weekdays": sorted({name.lower() for name in locale.days["format"]["wide"].values()}),
        "scales": _scales(locale),
    }


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
