"""Splitting of texts into sentences, in every script."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import chain
from zlib import crc32

from dedup.language.text import HAN_KANA, UNSPACED

_UNSPACED_LETTER = re.compile(f"[{HAN_KANA.pattern[1:-1]}{UNSPACED.pattern[1:-1]}]")

# A full stop ends a sentence before a space, unless a lower-case letter follows ("approx. ten"), a single capital
# stands before it ("J. Borrell", "U.S. troops"), one or two digits ("15. Juli") or a common title.
_STOP = (
    r"(?<=[.…])(?<![A-ZА-ЯΑ-Ω]\.)(?<!\b\d\.)(?<!\b\d\d\.)(?<!\bMr\.)(?<!\bDr\.)(?<!\bSt\.)(?<!\bMrs\.)(?<!\bvs\.)"
    r"\s+(?![a-z\u00df-\u00f6\u00f8-\u00ff\u03ac-\u03ce\u0430-\u045f])"
)

_WIDE_STOPS, _CLOSERS = "。！？；｡।॥؟۔።၊။", "”’」』）"
_QUOTES = r"\"'”’»)\]"
_PHRASE_END = re.compile(r"(?<=[;:,،、，؛])\s*|\s+")
_LONGEST = 480
_MOST = 2000  # sentences of a text: all are compared with all of another, which takes the square of their number
_LONGEST_UNSPACED = 160
_MOST_KEPT, _LONGEST_KEPT = 1024, 8000


@cache
def _sentence_patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Patterns of where a sentence may end, which most lines do not match, and where it does; compiled on demand."""
    may_end = re.compile(rf"[.!?…{_WIDE_STOPS}](?:[{_QUOTES}]?\s|(?<=[{_WIDE_STOPS}]).)")
    end = re.compile(
        rf"(?<=[.!?…{_QUOTES}{_WIDE_STOPS}{_CLOSERS}])"  # by far the most places are decided by this alone
        rf"(?:{_STOP}|(?<=[!?])\s+|(?<=[.!?…][{_QUOTES}])\s+(?![a-z])"
        rf"|(?<=[{_WIDE_STOPS}])(?![{_CLOSERS}])\s*|(?<=[{_WIDE_STOPS}][{_CLOSERS}])\s*)"
    )
    return may_end, end


def sentences(text: str) -> list[str]:
    """Sentences of a text in order, stripped, none empty.

    A line break always ends one. Beyond that the marks of all scripts do (``. ! ? … 。 ！ ？ । ॥ ؟ ۔ ።``), and what is
    still longer than 480 characters (160 where the script has no spaces: Thai has no full stops either) is cut at
    commas or spaces. Of a text of more than 2,000, as lists of short lines are, neighbours are joined until there are
    about half as many.
    """
    return list(_kept(text)) if len(text) <= _LONGEST_KEPT else _read(text)


def _read(text: str) -> list[str]:
    found: list[str] = []
    may_end, end = _sentence_patterns()
    lines = text.split("\n")
    for piece in chain.from_iterable(end.split(line) if may_end.search(line) else (line,) for line in lines):
        piece = piece.strip()
        if len(piece) > _LONGEST_UNSPACED:
            found += _cut(piece)
        elif piece:
            found.append(piece)
    return found if len(found) <= _MOST else _joined(found)


@lru_cache(_MOST_KEPT)
def _kept(text: str) -> tuple[str, ...]:
    """Sentences of a text, cached: the report asks once more for those of matching articles."""
    return tuple(_read(text))


def _joined(found: Sequence[str]) -> list[str]:
    """Neighbours joined, so that about a thousand parts are left, and never more than 2,000.

    A part ends where its content says so, and not after a number of sentences: two copies of a list of which one has an
    additional line are joined at the same places (content-defined chunking: Muthitacharoen et al. 2001).
    """
    together = -(-2 * len(found) // _MOST)
    parts: list[list[str]] = [[]]
    for sentence in found:
        parts[-1].append(sentence)
        if len(parts[-1]) == 4 * together or crc32(sentence.encode("utf-8", "surrogatepass")) % together == 0:
            parts.append([])
    joined = [" ".join(part) for part in parts if part]
    return joined if len(joined) <= _MOST else _evenly(joined)


def _evenly(found: Sequence[str]) -> list[str]:
    """Neighbours joined by their number alone, of a text whose sentences are much the same."""
    together = -(-len(found) // _MOST)
    return [" ".join(found[start : start + together]) for start in range(0, len(found), together)]


def _cut(sentence: str) -> list[str]:
    """Cut a sentence into phrases no longer than allowed, at commas or spaces if there are any."""
    unspaced = not sentence.isascii() and len(_UNSPACED_LETTER.findall(sentence)) > len(sentence) // 2
    longest = _LONGEST_UNSPACED if unspaced else _LONGEST
    parts: list[str] = []
    start = 0
    while len(sentence) - start > longest:
        cuts = [m.end() for m in _PHRASE_END.finditer(sentence, start + longest // 3, start + longest)]
        end = cuts[-1] if cuts else start + longest
        parts.append(sentence[start:end].strip())
        start = end
    parts.append(sentence[start:].strip())
    return [part for part in parts if part]
