"""Pure text functions that hold for every script.

`str.isalnum` and ``\\w`` leave out combining marks, and with them half of ordinary Hindi, Tamil, Thai and vowelled
Arabic, so a word here is a run of letters, digits *and* marks.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Literal, TypeAlias

_Form: TypeAlias = Literal["NFC", "NFKC"]

if TYPE_CHECKING:  # `dedup --help` does not need it
    import numpy as np
    import numpy.typing as npt

    Kinds = npt.NDArray[np.uint8]

_INVISIBLE = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")

_LETTERS, _NO_LETTERS = re.compile(r"[^\W_]+"), re.compile(r"\W")

HAN_KANA = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]")

_HANGUL = re.compile(r"[\uac00-\ud7a3]")

WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3]")

UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")  # Thai, Lao, Burmese, Khmer

_MOST_MARKS = 30

_BEHIND_MARKS = 0x20000  # all combining marks are in the first two planes

NO_LETTER, LETTER, MARK, HAN_OR_KANA, UNSPACED_LETTER, _BEYOND = range(6)  # kinds of characters


@cache
def _word_pattern() -> re.Pattern[str]:
    return re.compile(rf"[^\W_](?:[\w{_marks()}'’]*[\w{_marks()}])?")


@cache
def _marks() -> str:
    others = _NO_LETTERS.findall(first_plane()[0x300:])  # a mark is no letter for `re`
    return "".join(character for character in others if unicodedata.category(character) in ("Mn", "Mc"))


def clean(text: str) -> str:
    """Text in NFC with ``\\n`` line breaks, without control characters and invisible format characters."""
    return compose(_visible(text))


def compose(text: str) -> str:
    """Text in NFC, with at most 30 combining marks in a row.

    Marks are brought into order one by one, which takes the square of their number: 80,000 in a row took 8 seconds. No
    language has more than a handful, and streams of text have the same limit (UAX 15, stream-safe text format).
    """
    return _normalised("NFC", text)


def _normalised(form: _Form, text: str) -> str:
    # The marks of a text in normal form are in order, and that is found out in a hundredth of the time.
    if text.isascii() or unicodedata.is_normalized(form, text):
        return text
    if _has_many_marks(text) and not unicodedata.is_normalized("NFC", text):
        text = _many_marks().sub(r"\1", text)
    return unicodedata.normalize(form, text)


def _has_many_marks(text: str) -> bool:
    """Whether more combining marks are in a row than may stay, of which one is at some 31st character."""
    step = _MOST_MARKS + 1
    for at, is_mark in enumerate(map(unicodedata.combining, text[::step])):
        if is_mark:
            around = text[max(0, at * step - _MOST_MARKS) : at * step + step]
            if "m" * step in "".join("m" if unicodedata.combining(each) else " " for each in around):
                return True
    return False


@cache
def _many_marks() -> re.Pattern[str]:
    """A run of more combining marks than may stay, of which the first group may."""
    marks = "".join(character for code in range(0x300, _BEHIND_MARKS) if unicodedata.combining(character := chr(code)))
    return re.compile(f"([{marks}]{{{_MOST_MARKS}}})[{marks}]+")


def _visible(text: str) -> str:
    if _all_show(_with_plain_spaces(text)):
        return text
    text = _CONTROL.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n"))
    return text if text.isascii() else _INVISIBLE.sub("", text)


def normalise(text: str) -> str:
    """Normal form of a text, equal for exact copies: NFKC, case folded, spaces collapsed, nothing invisible."""
    spaced = _with_plain_spaces(text)
    if not _all_show(spaced):
        return " ".join(fold(_visible(text)).split())
    folded = fold(spaced)
    while "  " in folded:
        folded = folded.replace("  ", " ")
    return folded.strip(" ")


def fold(text: str, folded: str | None = None) -> str:
    """Text in NFKC and case folded; `folded` is the case-folded text, if that has been computed."""
    normal = _normalised("NFKC", text)
    return folded if folded is not None and normal is text else normal.casefold()


def _with_plain_spaces(text: str) -> str:
    """Text with plain spaces for line breaks and for the other spaces that are common in texts."""
    return text.replace("\n", " ").replace("\xa0", " ").replace("\u3000", " ")


def _all_show(text: str) -> bool:
    """Whether all characters are visible or plain spaces, as in most texts; this takes little time."""
    return text.isprintable() and "\u034f" not in text


def content_hash(text: str) -> str:
    """32 hexadecimal digits, equal for texts with the same `normalise` (BLAKE2b)."""
    return hashlib.blake2b(normalise(text).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def words(text: str) -> list[str]:
    """Words of a text in order: runs of letters, digits and marks; a run of an unspaced script counts as one."""
    return _word_pattern().findall(text)


def count_words(text: str) -> int:
    """About how many words a reader would count: two Han or kana characters, or four Thai ones, make a word."""
    import numpy as np

    kinds = character_kinds(text)
    letters = kinds[kinds != MARK] == LETTER  # the first of a run makes a word, whatever marks are in between
    spaced = np.count_nonzero(letters[:1]) + np.count_nonzero(letters[1:] > letters[:-1])
    han, unspaced = np.count_nonzero(kinds == HAN_OR_KANA), np.count_nonzero(kinds == UNSPACED_LETTER)
    return int(spaced + (han + 1) // 2 + (unspaced + 3) // 4)


def character_kinds(text: str) -> Kinds:
    """Kind of each character, `LETTER` and others: ndarray of shape (characters,), uint8."""
    import numpy as np

    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
    kinds = _kind_of().take(codes, mode="clip")
    for place in np.flatnonzero(kinds == _BEYOND).tolist():
        kinds[place] = LETTER if text[place].isalnum() else NO_LETTER
    return kinds


def first_plane() -> str:
    """Every code point below 65536 in order, surrogates among them."""
    import numpy as np

    return np.arange(0x10000, dtype="<u4").tobytes().decode("utf-32-le", "surrogatepass")


@cache
def _kind_of() -> Kinds:
    """The kind of each code point below 65536; one more entry for all others."""
    import numpy as np

    every = first_plane()
    kinds = np.full(0x10001, _BEYOND, np.uint8)
    kinds[:-1] = NO_LETTER
    for run in _LETTERS.finditer(every):
        kinds[run.start() : run.end()] = LETTER
    kinds[[ord(mark) for mark in _marks() + "_'’"]] = MARK
    for kind, pattern in ((HAN_OR_KANA, HAN_KANA), (UNSPACED_LETTER, UNSPACED)):
        kinds[[ord(character) for character in pattern.findall(every)]] = kind
    return kinds


def reading_length(text: str) -> int:
    """Length of a text as if it were in letters: a Han or kana character counts three, a Hangul syllable two."""
    if text.isascii() or not WIDE.search(text):
        return len(text)
    return len(text) + 2 * len(HAN_KANA.findall(text)) + len(_HANGUL.findall(text))


def main_script(text: str) -> str:
    """Script of most of the first 400 characters, as the first word of their Unicode names ("CYRILLIC")."""
    names = (unicodedata.name(character, "").split(" ")[0] for character in text[:400] if character.isalpha())
    counts = Counter(names)
    return min(counts, key=lambda name: (-counts[name], name), default="")


def printable(text: str) -> str:
    """Text safe to show on a terminal: control, format and unassigned characters as ``\\x1b``-like escapes."""
    if text.isprintable():
        return text
    return "".join(c if c == " " or c.isprintable() else c.encode("unicode_escape").decode() for c in text)
