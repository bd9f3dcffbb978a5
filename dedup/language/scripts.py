"""Scripts by their ranges of code points, and the languages written in them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from dedup.arrays import Counts, Flags
from dedup.language.word_hash import code_points


@dataclass(frozen=True, slots=True)
class Script:
    """Script: letters as inclusive ranges of code points, its languages with a profile, and the weight of a letter."""

    languages: tuple[str, ...]
    ranges: tuple[tuple[int, int], ...]
    weight: int = 1


@cache
def national_characters() -> Flags:
    """Membership of code points in GB 2312, Big5 and JIS X 0208: ndarray of shape (3, 65536), bool."""
    leads, trails = np.meshgrid(np.arange(0x81, 0xFF), np.arange(0x40, 0xFF), indexing="ij")
    pairs = np.stack([leads, trails, np.full_like(leads, ord("\n"))], axis=-1).astype(np.uint8).tobytes()
    known = np.zeros((3, 0x10000), np.bool_)
    for row, encoding in enumerate(("gb2312", "big5", "shift_jis")):
        codes = code_points(pairs.decode(encoding, "ignore"))
        known[row, codes[(codes >= 0x4E00) & (codes <= 0x9FFF)]] = True
    return known


@cache
def script_of() -> Counts:
    """Index in `SCRIPTS` of each code point, shape (65536,), intp; for what is no letter, the number of scripts."""
    table = np.full(0x10000, len(SCRIPTS))
    for number, script in enumerate(SCRIPTS.values()):
        for first, last in script.ranges:
            table[first : last + 1] = number
    return table


def _indic(language: str, block: int) -> Script:
    """Script of India from its block of 128 code points, without danda and digits."""
    return Script((language,), ((block, block + 0x63), (block + 0x70, block + 0x7F)))


SCRIPTS = {
    "Latin": Script(
        (
            *("af", "ca", "cs", "cy", "da", "de", "en", "es", "et", "fi", "fr", "hr", "hu", "id", "it", "lt", "lv"),
            *("nl", "no", "pl", "pt", "ro", "sk", "sl", "so", "sq", "sv", "sw", "tl", "tr", "vi"),
        ),
        (
            *((0x41, 0x5A), (0x61, 0x7A), (0xC0, 0xD6), (0xD8, 0xF6), (0xF8, 0x2AF), (0x1E00, 0x1EFF)),
            *((0xFB00, 0xFB06), (0xFF21, 0xFF3A), (0xFF41, 0xFF5A)),
        ),
    ),
    "Cyrillic": Script(("bg", "mk", "ru", "uk"), ((0x400, 0x52F),)),
    "Arabic": Script(
        ("ar", "fa", "ur"),
        (
            *((0x620, 0x63F), (0x641, 0x65F), (0x66E, 0x6D3), (0x6D5, 0x6EF), (0x6FA, 0x6FF), (0x750, 0x77F)),
            *((0xFB50, 0xFDFF), (0xFE70, 0xFEFC)),
        ),
    ),
    "Devanagari": Script(("hi", "mr", "ne"), ((0x900, 0x963), (0x970, 0x97F))),
    "Han": Script(("zh-cn", "zh-tw", "ja"), ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF)), weight=3),
    "Kana": Script(("ja",), ((0x3041, 0x30FF), (0xFF66, 0xFF9F)), weight=3),
    "Hangul": Script(("ko",), ((0x1100, 0x11FF), (0x3131, 0x318E), (0xAC00, 0xD7A3)), weight=3),
    "Greek": Script(("el",), ((0x370, 0x3FF), (0x1F00, 0x1FFF))),
    "Hebrew": Script(("he",), ((0x591, 0x5F2),)),
    "Bengali": _indic("bn", 0x980),
    "Gurmukhi": _indic("pa", 0xA00),
    "Gujarati": _indic("gu", 0xA80),
    "Tamil": _indic("ta", 0xB80),
    "Telugu": _indic("te", 0xC00),
    "Kannada": _indic("kn", 0xC80),
    "Malayalam": _indic("ml", 0xD00),
    "Thai": Script(("th",), ((0xE01, 0xE4E),)),
    # Armenian, Syriac, Thaana, N'Ko, Oriya, Sinhala, Lao, Tibetan, Burmese, Georgian, Ethiopic, Khmer, Mongolian, Yi
    "without a profile": Script(
        (),
        (
            *((0x531, 0x587), (0x700, 0x74F), (0x780, 0x8FF), (0xB00, 0xB7F), (0xD80, 0xDFF), (0xE80, 0x10FF)),
            *((0x1200, 0x1DFF), (0x2C00, 0x2DFF), (0xA000, 0xABFF)),
        ),
    ),
}

SCRIPT_NAMES = tuple(SCRIPTS)
"""Names of the scripts, by index."""

LATIN, HAN, KANA = (SCRIPT_NAMES.index(name) for name in ("Latin", "Han", "Kana"))

LANGUAGES = tuple(sorted({language for script in SCRIPTS.values() for language in script.languages}))
"""Codes of the languages with a profile."""

ENGLISH = LANGUAGES.index("en")

NO_LANGUAGE = len(LANGUAGES)
"""Column of texts that are in none of the languages."""
