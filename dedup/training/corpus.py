"""Corpus of translation pairs: English lines, and their counterparts in other languages."""

from __future__ import annotations

import lzma
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dedup.errors import ReadError


@dataclass(frozen=True, slots=True, eq=False)
class Translations:
    """Segments of one language; position i is the same pair in every field."""

    segments: list[str]
    lines: npt.NDArray[np.int32]
    sources: npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True, eq=False)
class Corpus:
    """Corpus: English lines, the translations of each language, and the names of the sources."""

    english: list[str]
    translations: dict[str, Translations]
    sources: tuple[str, ...]

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages of the corpus: English first, then the others by code."""
        return ("en", *self.translations)


def read_corpus(folder: Path) -> Corpus:
    """Read `en.txt.xz` and every `<language>.tsv.xz` of a folder (`line TAB source TAB segment`).

    Raises
    ------
    ReadError
        If a file is missing, damaged or not of that form.
    """
    english = _read_lines(folder / "en.txt.xz")
    names: dict[str, int] = {}
    translations = {
        path.name.removesuffix(".tsv.xz"): _read_translations(path, names) for path in sorted(folder.glob("*.tsv.xz"))
    }
    if not translations:
        raise ReadError(f"{folder}: no translations; a corpus has a <language>.tsv.xz for each language but English")
    return Corpus(english, translations, tuple(names))


def read_word_counts(folder: Path) -> dict[str, dict[str, int]]:
    """Read word frequencies by language from `words/<language>.txt.xz` (`word count` a line); may be empty."""
    counts = {}
    for path in sorted((folder / "words").glob("*.txt.xz")):
        rows = (line.rsplit(" ", 1) for line in _read_lines(path))
        counts[path.name.removesuffix(".txt.xz")] = {row[0]: int(row[1]) for row in rows if len(row) == 2}
    return counts


def _read_lines(path: Path) -> list[str]:
    try:
        with lzma.open(path, "rt", encoding="utf-8", newline="\n") as file:
            return file.read().rstrip("\n").split("\n")
    except OSError as error:
        hint = "a corpus is a folder with en.txt.xz and a <language>.tsv.xz for each other language"
        raise ReadError(f"{path}: {error.strerror or error}; {hint}") from error
    except (lzma.LZMAError, EOFError, UnicodeDecodeError) as error:
        raise ReadError(f"{path} is damaged or no xz file of UTF-8: {error}") from error


def _read_translations(path: Path, names: dict[str, int]) -> Translations:
    rows = [line.split("\t", 2) for line in _read_lines(path)]
    try:
        lines = np.array([int(row[0]) for row in rows], np.int32)
        kinds = ["lexicon" if row[1].startswith("lexicon") else row[1] for row in rows]
        sources = np.array([names.setdefault(kind, len(names)) for kind in kinds], np.int16)
        return Translations([row[2] for row in rows], lines, sources)
    except (ValueError, IndexError, OverflowError) as error:
        at = next(at for at, row in enumerate(rows, 1) if len(row) < 3 or not (row[0].isdecimal() and len(row[0]) < 10))
        raise ReadError(f"{path}:{at}: not `number TAB source TAB segment`") from error
