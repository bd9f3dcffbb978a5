"""Names as keys that meet across languages: folded to plain Latin letters."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_UPPER = "A-ZÀ-ÖØ-ÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮİĲĴĶĹĻĽĿŁŃŅŇŊŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽȘȚƠƯẠ-Ỹ" "Α-ΩΆΈΉΊΌΎΏЀ-Я"
# A capitalised word inside a sentence: what stands before it is a word or a comma and one space.
_NAME = re.compile(rf"[{_UPPER}](?:(?<=[\w,)]\s.)[^\W\d_]{{2,}}|(?<!\w.)[{_UPPER}]+\b)")
_LATIN_WORD = re.compile(r"[A-Za-z][A-Za-z\u00c0-\u024f]{2,}")
_LATIN_LETTER = re.compile(r"[A-Za-z\u00c0-\u024f\u1e00-\u1eff\u0370-\u04ff]")
_OTHER_LETTER = re.compile(r"[\u0530-\u1cff\u2e80-\ud7ff]")
_SAMPLE = 500

_LATIN = str.maketrans(
    dict(zip("абвгдежзийклмнопрстуфхцчшщъыьэюяіїєґјљњћђџќѓў",
             "a b v g d e zh z i i k l m n o p r s t u f kh ts ch sh sch _ y _ e yu ya i i e g j l n c d dz k g u".replace(
                 "_", "").split(" "), strict=True))
    | dict(zip("αβγδεζηθικλμνξοπρστυφχψως", "a v g d e z i th i k l m n x o p r s t i f ch ps o s".split(), strict=True))
    | {"ß": "ss", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "œ": "oe"}
)


def name_keys(text: str) -> tuple[str, ...]:
    """Folded names of a text in order: capitalised words inside sentences, acronyms, Latin words in other scripts."""
    sample = text[:_SAMPLE]
    if len(_LATIN_LETTER.findall(sample)) < len(_OTHER_LETTER.findall(sample)):
        found = _LATIN_WORD.findall(text)
    else:
        found = _NAME.findall(text)
    return tuple(dict.fromkeys(map(fold_name, found)))


@lru_cache(maxsize=1 << 16)
def fold_name(word: str) -> str:
    """A name in small plain Latin letters: "Škoda" and "Шкода" are both "skoda" or "shkoda"."""
    word = unicodedata.normalize("NFKD", word.lower()).translate(_LATIN)
    return "".join(letter for letter in word if letter.isalpha())
