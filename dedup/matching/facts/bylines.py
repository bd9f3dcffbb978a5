"""By-lines and credits: short lines near either end of a text whose names say who wrote or drew, and not what of."""

from __future__ import annotations

import re
from functools import lru_cache

from dedup.matching.facts.locale_words import WORD

_NEAR = 4  # lines behind the first and before the end that may be such a line
_SHORT, _MOST_WORDS = 80, 6
_CREDIT = re.compile(
    r"\s*[-–—*_(\[]*\s*(?:©|\(c\)|copyright|photo|foto|image|picture|bild|grafik|video|credit|by|von|par|por|di|door|af|av|"
    r"oleh|text|texte|texto|auteur|author|autor|autora|penulis|editor|reporter|фото|автор|текст|фотография|إعداد|تصوير|צילום|"
    r"मुख्य फोटो|yazan|haber|fotoğraf|zdjęcie|fot\.|kuva|kép)(?!\w)",
    re.IGNORECASE,
)
_WORDS = re.compile(WORD)
_DIGIT = re.compile("[0-9]")
_LEAST = 2


def without_bylines(text: str) -> tuple[str, str]:
    """The text without its by-lines and credits, and those."""
    if "\n" not in text:
        return text, ""
    lines = text.split("\n")
    short = [at for at in _near_ends(len(lines)) if 0 < len(lines[at]) <= _SHORT]
    first = next((at for at, line in enumerate(lines) if line.strip()), 0) if short else 0
    bylines = [at for at in short if at > first and _is_credit(lines[at])]
    if not bylines:
        return text, ""
    taken = "\n".join(lines[at] for at in bylines)
    return "\n".join("" if at in bylines else line for at, line in enumerate(lines)), taken


@lru_cache(maxsize=1 << 8)
def _near_ends(count: int) -> tuple[int, ...]:
    """Places among so many lines that are near either end, the first left out."""
    return tuple(sorted({*range(1, min(1 + _NEAR, count)), *range(max(1, count - _NEAR), count)}))


def _is_credit(line: str) -> bool:
    """Whether a line has a credit's words in front, or nothing but two or more words with capitals, and no number."""
    words, bare = _WORDS.findall(line), line.strip()
    if not 0 < len(words) <= _MOST_WORDS or (bare.endswith((".", "?", "!")) and bare[0] != "©"):
        return False
    if _CREDIT.match(line):
        return True
    return len(words) >= _LEAST and all(word[0].isupper() for word in words) and not _DIGIT.search(line)
