"""Consonant skeletons: one key for a name in every script that spells its sound.

"Trump", "Трамп", "Τραμπ", "ترامب", "ट्रंप", "トランプ" and "트럼프" all have the skeleton ``trnb``. The idea is Soundex
(Russell 1918) with classes that all these scripts can tell apart: b p, f v, k g, s z and the hissing ones, t d, l,
n m, r; vowels count only in front (``a``), h, w and y never.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from itertools import chain, product

import numpy as np
import numpy.typing as npt

SHORTEST = 3
"""A skeleton with fewer consonants says nothing: every other text has it."""

_LATIN = {
    **{"a": "aeiou", "": "hwy", "b": "bp", "f": "fv", "k": "cgkq", "s": "jsz", "t": "dt"},
    **{"l": "l", "n": "mn", "r": "r"},
}

# Scripts without capitals, straight to the classes.
_SEMITIC = {
    **{"a": "اأإآٱعאע", "b": "بپבפף", "f": "فڤ", "k": "غقکكگڭخגכךק", "s": "جسشصضزژچظثזסצץש", "t": "تدذطٹڈةדטת"},
    **{"l": "لל", "n": "منںמםנן", "r": "رڑר"},
}

# The Indic blocks (Devanagari, Bengali, Gurmukhi, Gujarati, Oriya, Tamil, Telugu, Kannada, Malayalam) share one layout.
_INDIC = {
    "a": range(0x04, 0x15),
    "b": (0x2A, 0x2C, 0x2D),
    "f": (0x2B, 0x35, 0x5E),
    "k": (*range(0x15, 0x19), 0x58, 0x59, 0x5A),
    "s": (*range(0x1A, 0x1E), 0x36, 0x37, 0x38, 0x5B),
    "t": (*range(0x1F, 0x23), *range(0x24, 0x28)),
    "l": (0x32, 0x33, 0x34),
    "n": (0x01, 0x02, 0x19, 0x1E, 0x23, 0x28, 0x29, 0x2E),
    "r": (0x30, 0x31, 0x5C, 0x5D),
}

_INDIC_OTHERS = {"n": "ൺൻੰ", "r": "ർৰ", "l": "ൽൾ", "k": "ൿ", "t": "ৎ"}

_KATAKANA = {
    **{"a": "アイウエオ", "b": "バビブベボパピプペポ", "f": "フヴ", "k": "カキクケコガギグゲゴ"},
    **{"n": "ナニヌネノマミムメモン", "s": "サシスセソザジズゼゾチヂツ", "t": "タテトダデドヅ", "R": "ラリルレロ"},
}

_HANGUL_INITIALS = (*"kknttRnbbss", "a", *"sssktb", "")

_HANGUL_FINALS = ("", *"kk", "ks", "n", "ns", *"ntl", "lk", "ln", "lb", "ls", "lt", "lb", *"lnb", "bs", *"ssnssktb", "")

_MOST_OPEN = 4  # sounds that may be l or r, as katakana and Hangul leave it open ("R"), in one word

# Inner vowels and doubled sounds are taken out, also such as only vowels part.
_UNHEARD = re.compile(r"(?<=[b-zR])a+|([b-zR])(?=a*\1)|(.)(?=\2)")

_SPELT = ((0x590, 0x700), (0x900, 0xD80), (0x30A1, 0x30FB), (0x30FC, 0x30FD), (0xAC00, 0xD7A4))

_VOWEL, _BETWEEN = ord("a"), ord("\n")  # what stands between words

_MOST_SOUNDS = 4  # that a character has room for

_PLANE = 0x10000  # all of the scripts above are in the first

_HISSED = re.compile(r"s?t?ch|sh|c(?=[eiy])")


@lru_cache(maxsize=1 << 16)
def phonetic_key(folded: str) -> str:
    """The consonant skeleton of a folded name; empty where it has fewer than three parts."""
    sounds = _HISSED.sub("s", folded).replace("ph", "f").replace("x", "ks").translate(_latin_table())
    key = _UNHEARD.sub("", sounds)
    return key if len(key) >= SHORTEST else ""


def phonetic_keys(text: str) -> tuple[str, ...]:
    """Skeletons of all words of a text in a script without capitals, with and without what may be a case ending, once.

    Of Japanese only the katakana words, of Chinese and Thai none: their letters do not tell where a word ends.
    """
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
    sounds = _caseless_sounds().take(codes, mode="clip").view(np.uint8)
    sounds = _once(sounds[sounds > 0])
    heard = sounds != _VOWEL
    heard[1:] |= sounds[:-1] == _BETWEEN
    heard[:1] = True
    sounds = _once(sounds[heard])
    words = dict.fromkeys(sounds.tobytes().decode("ascii").split("\n"))
    return tuple(dict.fromkeys(chain.from_iterable(map(_keys, words))))


def _once(sounds: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Sounds without those that are followed by the same."""
    last = np.ones(len(sounds), np.bool_)
    np.not_equal(sounds[:-1], sounds[1:], out=last[:-1])
    return sounds[last]


@lru_cache(maxsize=1 << 16)
def _keys(squeezed: str) -> tuple[str, ...]:
    if len(squeezed) < SHORTEST:
        return ()
    keys = _spellings(squeezed) if "R" in squeezed else [squeezed]
    return (*keys, *(key[:-1] for key in keys if len(key) > SHORTEST + 1))


def _spellings(key: str) -> list[str]:
    """A key with every choice between l and r, or with the second where there are too many choices."""
    if key.count("R") > _MOST_OPEN:
        return [key.lower()]
    return ["".join(spelling) for spelling in product(*("lr" if sound == "R" else sound for sound in key))]


@cache
def _latin_table() -> dict[int, str]:
    return {ord(letter): sound for sound, letters in _LATIN.items() for letter in letters}


@cache
def _caseless_sounds() -> npt.NDArray[np.uint32]:
    """The sounds of each character of the first plane, an ASCII letter a byte; of one in no word what is between."""
    sounds = np.zeros((_PLANE, _MOST_SOUNDS), np.uint8)
    sounds[:, 0] = _BETWEEN
    for first, behind in _SPELT:
        sounds[first:behind] = 0
    for code, spelt in _caseless_table().items():
        sounds[code, : len(spelt)] = list(spelt.encode("ascii"))
    return sounds.view(np.uint32).ravel()


def _caseless_table() -> dict[int, str]:
    table: dict[int, str] = {}
    for script in (_SEMITIC, _KATAKANA, _INDIC_OTHERS):
        table |= {ord(letter): sound for sound, letters in script.items() for letter in letters}
    for block in range(0x900, 0xD80, 0x80):
        table |= {block + offset: sound for sound, offsets in _INDIC.items() for offset in offsets}
    for syllable in range(11172):  # initial * 588 + vowel * 28 + final (The Unicode Standard, section 3.12)
        table[0xAC00 + syllable] = _HANGUL_INITIALS[syllable // 588] + _HANGUL_FINALS[syllable % 28]
    return table
