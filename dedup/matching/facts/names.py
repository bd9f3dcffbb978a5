"""Names as keys that meet across languages and scripts."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt

from dedup.matching.facts.locale_words import LanguageWords
from dedup.matching.facts.phonetic_key import phonetic_key, phonetic_keys

_UPPER = (
    "A-ZÀ-ÖØ-ÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮİĲĴĶĹĻĽĿŁŃŅŇŊŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽȘȚƠƯẠẢẤẦẨẪẬẮẰẲẴẶẸẺẼẾỀỂỄỆỈỊỌỎỐỒỔỖỘỚỜỞỠỢỤỦỨỪỬỮỰỲỴỶỸ"
    "Α-ΩΆΈΉΊΌΎΏЀ-Я"
)

_CAPITALISED = re.compile(rf"[{_UPPER}][^\W\d_]+")

# A word, a comma or a bracket stands before it. Looking back after the first letter is ten times as fast as before it.
_INSIDE_A_SENTENCE = re.compile(rf"[{_UPPER}](?<=[\w,)][ \u00a0'’-].)[^\W\d_]+")

_LATIN_WORD = re.compile(r"[A-Za-z][A-Za-z\u00c0-\u024f]+")

_CASED = ((0x41, 0x5B), (0x61, 0x7B), (0xC0, 0x250), (0x1E00, 0x1F00), (0x370, 0x500))

_CASELESS = ((0x590, 0x1D00), (0x3040, 0x3100), (0x3400, 0xD800))

_SAMPLE = 400

_TO_LATIN = (
    str.maketrans("абвгдезийклмнопрстуфхыэяіїєґјљњќѓўё", "abvgdeziiklmnoprstufhyeaiiegjlnkgue")
    | str.maketrans("αβγδεζηθικλμνξοπρστυφχως", "avgdezitiklmnxoprstifhos")
    | str.maketrans({"ж": "zh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "sh", "ъ": "", "ь": "", "ю": "u", "ћ": "ch"})
    | str.maketrans({"ђ": "j", "џ": "j", "ψ": "ps", "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d"})
    | str.maketrans({"ð": "d", "þ": "th", "ı": "i"})
)

_DIGRAPHS = (("дж", "j"), ("τζ", "j"), ("τσ", "ch"))

_GREEK_STARTS = {"μπ": "b", "ντ": "d", "γκ": "g"}


def find_names(text: str, words: LanguageWords) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Folded names of a text in order, each once, and the skeletons of words that may be names as well.

    Names are capitalised words inside sentences and acronyms; in a script without capitals, the Latin words. What may
    be a name is a word that starts a sentence, and in a script without capitals every word. Months and weekdays are
    left out, for all that English gives them capitals.
    """
    if _is_caseless(text[:_SAMPLE]):
        names, hints = _LATIN_WORD.findall(text), phonetic_keys(text)
    else:
        names, starts = _capitalised(text)
        hints = tuple(dict.fromkeys(filter(None, (phonetic_key(fold_name(word)) for word in starts))))
    return tuple(dict.fromkeys(_key(name) for name in names if not _names_a_time(name.lower(), words))), hints


def _is_caseless(sample: str) -> bool:
    """Whether most letters are in scripts without capitals."""
    if sample.isascii():
        return False
    codes = np.frombuffer(sample.encode("utf-32-le", "surrogatepass"), "<u4")
    return int(_cases().take(codes, mode="clip").sum()) < 0


@cache
def _cases() -> npt.NDArray[np.int8]:
    """1 for a letter of a script with capitals, -1 for one of a script without; of the first plane and one beyond."""
    cases = np.zeros(0x10001, np.int8)
    for ranges, value in ((_CASED, 1), (_CASELESS, -1)):
        for first, behind in ranges:
            cases[first:behind] = value
    return cases


def _names_a_time(word: str, words: LanguageWords) -> bool:
    return word in words.weekdays or word in words.months


@lru_cache(maxsize=1 << 16)
def fold_name(word: str) -> str:
    """A name in plain small Latin letters: "Škoda" and "Шкода" are "skoda" and "shkoda"."""
    word = word.lower()
    if not word.isascii():
        for letters, sound in _DIGRAPHS:
            word = word.replace(letters, sound)
        if start := _GREEK_STARTS.get(word[:2]):
            word = start + word[2:]
        word = unicodedata.normalize("NFKD", unicodedata.normalize("NFC", word).translate(_TO_LATIN))
        if not word.isascii():
            word = word.translate(_TO_LATIN)
        if not word.isalpha():
            word = "".join(filter(str.isalpha, word))
    return word


def _capitalised(text: str) -> tuple[list[str], list[str]]:
    """Capitalised words of a text: those inside a sentence or all in capitals, and those that may only start one."""
    words = dict.fromkeys(_CAPITALISED.findall(text))
    names = dict.fromkeys(_INSIDE_A_SENTENCE.findall(text)) | dict.fromkeys(word for word in words if word.isupper())
    return list(names), [word for word in words if word not in names]


def _key(name: str) -> str:
    return name if name.isascii() and name.isupper() else fold_name(name)
