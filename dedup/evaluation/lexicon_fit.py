"""Fit of the translation lexicon to a corpus of translation pairs.

Which words of two languages stand for each other is learned from segments that translate each other, in both directions
(Brown et al. 1993, "The Mathematics of Statistical Machine Translation", model 1; the two directions are made to agree
as in Liang et al. 2006, "Alignment by Agreement"). Some ten minutes and 9 GB for the corpus of the bundled model:

    python -m dedup.evaluation.lexicon_fit CORPUS dedup/matching/lexicon.npz
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dedup.matching.lexicon import MOST_MEANINGS, Entries, Keys, lexicon_file, shortened
from dedup.matching.literal import literal_keys
from dedup.matching.rarity import load_rarity
from dedup.training.corpus import read_corpus

_SEGMENTS = 160_000  # of a language, drawn at random where there are more
_MOST_WORDS = 30  # of an English segment; twice as many of another, whose words may be pairs of characters
_ROUNDS = 5
_NOTHING = 0.02  # probability, about, that a word is the translation of none
_BATCH = 20_000
_ENGLISH_WORDS = 12_000  # those that the most words are translations of
_COMMON = 0.5  # rarity below which an English word says nothing
_WITHOUT_DIGITS = str.maketrans(dict.fromkeys("0123456789", " "))  # numbers are facts, which are compared apart
_LEAST_PROBABILITY = 0.08
_LEAST_COUNT = 0.7  # times that two words are expected to have stood for each other
_ENOUGH = 20.0  # times beyond which an English word is no better known

Counts = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Words:
    """Distinct words of segments; segment i has ``keys[starts[i] : starts[i + 1]]``."""

    keys: Keys
    starts: npt.NDArray[np.intp]

    @classmethod
    def of(cls, segments: Sequence[str]) -> _Words:
        parts = [
            literal_keys([[segment.translate(_WITHOUT_DIGITS)] for segment in segments[start : start + _BATCH]]).words
            for start in range(0, len(segments), _BATCH)
        ]
        counts = np.concatenate([of_part for _, of_part in parts])
        return cls(np.concatenate([keys for keys, _ in parts]), np.append(0, np.cumsum(counts)))


@dataclass(frozen=True, slots=True)
class _Aligned:
    """Pairs of a word and an English one, and the times that they are expected to have stood for each other."""

    words: Keys
    english: Keys
    counts: Counts


def fit_lexicon(folder: Path) -> bytes:
    """Fit a lexicon to a corpus (see `read_corpus`): the file that `load_lexicon` reads.

    Raises
    ------
    ReadError
        If the corpus cannot be read.
    """
    corpus = read_corpus(folder)
    of_english = _Words.of(corpus.english)
    draw = np.random.default_rng(0)
    aligned = {}
    for code, pairs in corpus.translations.items():
        chosen = np.sort(draw.permutation(len(pairs.segments))[:_SEGMENTS])
        words = _Words.of([pairs.segments[at] for at in chosen.tolist()])
        aligned[code] = _align(words, of_english, pairs.lines[chosen].astype(np.intp))
    return _written(aligned)


def _align(words: _Words, of_english: _Words, lines: npt.NDArray[np.intp]) -> _Aligned:
    """Align the words of segments with those of their English lines by expectation maximisation."""
    theirs, ours = np.diff(of_english.starts)[lines], np.diff(words.starts)
    usable = (theirs > 0) & (ours > 0) & (theirs <= _MOST_WORDS) & (ours <= 2 * _MOST_WORDS)
    segments = np.flatnonzero(usable)
    theirs, ours = theirs[segments], ours[segments]
    cells = ours * theirs  # of the table of each segment, a row a word
    within = np.arange(int(cells.sum())) - np.repeat(np.cumsum(cells) - cells, cells)
    width = np.repeat(theirs, cells)
    row, column = within // width, within % width
    word = words.keys[np.repeat(words.starts[segments], cells) + row]
    english = of_english.keys[np.repeat(of_english.starts[lines[segments]], cells) + column]
    token = np.repeat(np.cumsum(ours) - ours, cells) + row
    english_token = np.repeat(np.cumsum(theirs) - theirs, cells) + column
    pairs, pair = np.unique((word.astype(np.uint64) << np.uint64(32)) | english, return_inverse=True)
    of_pair, english_of_pair = (pairs >> np.uint64(32)).astype(np.uint32), pairs.astype(np.uint32)
    forward = _expected(pair, token, np.unique(english_of_pair, return_inverse=True)[1])
    backward = _expected(pair, english_token, np.unique(of_pair, return_inverse=True)[1])
    return _Aligned(of_pair, english_of_pair, np.sqrt(forward * backward))


def _expected(pair: npt.NDArray[np.intp], token: npt.NDArray[np.intp], source: npt.NDArray[np.intp]) -> Counts:
    """Times that each pair's source is expected to have made its token, each token being made by one of its segment."""
    counts: Counts = np.ones(len(source))
    probability = counts
    for number in range(_ROUNDS):
        of_cell = probability[pair]
        total = np.bincount(token, of_cell) + (_NOTHING if number else 0)
        counts = np.asarray(np.bincount(pair, of_cell / total[token], len(source)), np.float64)
        probability = counts / np.bincount(source, counts)[source]
    return counts


def _written(aligned: dict[str, _Aligned]) -> bytes:
    rarity = load_rarity()
    english, place = np.unique(np.concatenate([found.english for found in aligned.values()]), return_inverse=True)
    known = np.bincount(place, np.minimum(np.concatenate([found.counts for found in aligned.values()]), _ENOUGH))
    known[rarity.of_words(english) < _COMMON] = 0
    kept = np.sort(english[np.argsort(-known, kind="stable")[:_ENGLISH_WORDS]])
    kept = kept[np.append(True, np.diff(shortened(kept)) > 0)]
    languages = {code: _entries(found, kept) for code, found in aligned.items()}
    return lexicon_file(shortened(kept), rarity.of_words(kept), languages)


def _entries(found: _Aligned, kept: Keys) -> Entries:
    """Words of a language with their most probable translations."""
    words, word = np.unique(found.words, return_inverse=True)
    probability = found.counts / np.maximum(np.bincount(word, found.counts), 1e-9)[word]
    at = np.minimum(np.searchsorted(kept, found.english), len(kept) - 1)
    enough = (found.counts >= _LEAST_COUNT) & (probability >= _LEAST_PROBABILITY)
    chosen = np.flatnonzero((kept[at] == found.english) & enough)
    chosen = chosen[np.lexsort((-probability[chosen], word[chosen]))]
    first = np.append(True, word[chosen][1:] != word[chosen][:-1])[: len(chosen)]
    rank = np.arange(len(chosen)) - np.maximum.accumulate(np.where(first, np.arange(len(chosen)), 0))
    row = np.cumsum(first) - 1
    meanings = np.full((int(first.sum()), MOST_MEANINGS), len(kept), np.uint16)
    few = rank < MOST_MEANINGS
    meanings[row[few], rank[few]] = at[chosen][few]
    short = shortened(words[word[chosen]][first])
    alone = np.append(True, short[1:] != short[:-1])[: len(short)]
    return Entries(short[alone], meanings[alone])


if __name__ == "__main__":
    Path(sys.argv[2]).write_bytes(fit_lexicon(Path(sys.argv[1])))
