"""Names as keys that meet across languages and scripts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from functools import cache, lru_cache
from itertools import chain, takewhile

import numpy as np
import numpy.typing as npt

from dedup.matching.facts.bylines import without_bylines
from dedup.matching.facts.locale_words import LanguageWords
from dedup.matching.facts.phonetic_key import SHORTEST, phonetic_key, phonetic_keys

_UPPER = (
    "A-ZÀ-ÖØ-ÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮİĲĴĶĹĻĽĿŁŃŅŇŊŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽȘȚƠƯẠẢẤẦẨẪẬẮẰẲẴẶẸẺẼẾỀỂỄỆỈỊỌỎỐỒỔỖỘỚỜỞỠỢỤỦỨỪỬỮỰỲỴỶỸ"
    "Α-ΩΆΈΉΊΌΎΏЀ-Я"
)

_CAPITALISED = re.compile(rf"[{_UPPER}][^\W\d_]+")

# The second part where a word, a comma or a bracket stands before it, the third where not. Looking back after the first
# letter is ten times as fast as before it.
_IN_SENTENCES = re.compile(rf"([{_UPPER}])(?:(?<=[\w,)][ \u00a0'’-].)([^\W\d_]+)|([^\W\d_]+))")

_BEHIND_ANOTHER = re.compile(rf"(?<![^\s(„»])[{_UPPER}][^\W\d_]+ ([{_UPPER}][^\W\d_]+)")

# A line with three capitalised words and without a small one of four letters or more: a title, in English most of all.
_TITLE_LINE = re.compile(
    rf"^(?!.*?(?<![^\W\d_])(?![{_UPPER}])[^\W\d_]{{4}})(?=(?:.*?[{_UPPER}](?![{_UPPER}])[^\W\d_]){{3}}).{{1,200}}(?<![.!?])$",
    re.MULTILINE,
)

_LATIN_WORD = re.compile(r"[A-Za-z][A-Za-z\u00c0-\u024f]+")

_CASED = ((0x41, 0x5B), (0x61, 0x7B), (0xC0, 0x250), (0x1E00, 0x1F00), (0x370, 0x500))

_CASELESS = ((0x590, 0x1D00), (0x3040, 0x3100), (0x3400, 0xD800))

_SAMPLE = 400

_STEM = 5  # letters of a name that are not its ending
_MANY = 3  # words in capitals that make a line of them

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
        text, bylines = without_bylines(text)
        names, starts = _capitalised(text)
        starts += _CAPITALISED.findall(bylines)
        hints = tuple(dict.fromkeys(chain.from_iterable(map(_hints, starts))))
    kept = [name for name in names if name.lower() not in words.calendar_words]
    return tuple(dict.fromkeys(map(_key, kept))), hints


def find_opening_names(text: str, end: int, names: Collection[str], language: str) -> tuple[str, ...]:
    """Names of a text that stand before a position, and twice or more in all: what the text is about.

    A first line of which most words have capitals tells none, nor does a script without capitals. In German every noun
    has one: there a name is what stands behind another capitalised word. Acronyms are left out, since a translation
    has others.
    """
    if not names or _is_caseless(text[:_SAMPLE]):
        return ()
    opening = text[:end].lstrip()
    first, _, rest = opening.partition("\n")
    if rest and _is_title(first):
        opening = rest
    written = dict.fromkeys((_BEHIND_ANOTHER if language == "de" else _CAPITALISED).findall(opening))
    known = set(names)
    long = [word for word in written if len(word) >= _STEM and (key := _key(word)) in known and not key.isupper()]
    twice = [word for word in long if _is_twice(word[: max(_STEM, len(word) - 2)], text)]
    return tuple(dict.fromkeys(map(_key, twice)))


def _is_twice(word: str, text: str) -> bool:
    """Whether a word stands in a text twice or more, told where it stands for the second time."""
    first = text.find(word)
    return first >= 0 and text.find(word, first + len(word)) >= 0


def _is_title(line: str) -> bool:
    """Whether most long words of a line have capitals."""
    words = [word for word in line.split() if len(word) > _MANY]
    return len(words) >= _MANY and sum([word[0].isupper() for word in words]) > len(words) / 2


@lru_cache(maxsize=2)
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
    titled = [word for line in _TITLE_LINE.findall(text) for word in _CAPITALISED.findall(line)]
    text = _TITLE_LINE.sub("", text) if titled else text
    found = dict.fromkeys(_IN_SENTENCES.findall(text))
    names = dict.fromkeys([first + inside for first, inside, _ in found if inside])
    others = dict.fromkeys([first + start for first, _, start in found if start] + titled)
    shouted = [word for word in (*names, *others) if word.isupper()]
    if len(shouted) >= _MANY and (lines := _shouted_lines(text, len(shouted) > (len(names) + len(others)) / 2)):
        return _without_shouted(text, lines)
    names |= dict.fromkeys(shouted)
    return list(names), [word for word in others if word not in names]


def _shouted_lines(text: str, most: bool) -> frozenset[str]:
    """Lines all in capitals, of several words each: those a text opens with, or where most words are so any line."""
    lines: Iterable[str] = text.split("\n")
    if not most:
        lines = takewhile(lambda line: _is_shouted(line) or not line.strip(), lines)
    return frozenset(filter(_is_shouted, lines))


def _is_shouted(line: str) -> bool:
    return line.isupper() and line.count(" ") >= _MANY - 1


def _without_shouted(text: str, shouted: frozenset[str]) -> tuple[list[str], list[str]]:
    """Names and starts of a text whose lines in capitals tell no names."""
    plain = "\n".join(line for line in text.split("\n") if line not in shouted)
    names, starts = _capitalised(plain) if plain.strip() else ([], [])
    seen = {*names, *starts}
    return names, starts + [word for line in sorted(shouted) for word in _CAPITALISED.findall(line) if word not in seen]


@lru_cache(maxsize=1 << 16)
def _hints(word: str) -> tuple[str, ...]:
    """The skeleton of a word with and without what may be a case ending, as `phonetic_keys` gives them."""
    hint = phonetic_key(fold_name(word))
    return ((hint, hint[:-1]) if len(hint) > SHORTEST + 1 else (hint,)) if hint else ()


@lru_cache(maxsize=1 << 16)
def _key(name: str) -> str:
    return name if name.isascii() and name.isupper() else fold_name(name)
