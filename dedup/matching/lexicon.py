"""Translation lexicon: how much of what one text says stands in a text of another language, word by word.

Vectors say that two texts are about one thing, and a vector of a bag of words hardly tells "Turkey" from "Japan" in
two quakes. A lexicon does, as it does for those who collect parallel sentences (Munteanu & Marcu 2005, "Improving
Machine Translation Performance by Exploiting Non-Parallel Corpora"). Words are the numbers of `literal_keys`: nothing
is read or kept for it but what two texts of one language need. Each word of another language has up to three English
ones, its most probable translations; two words mean the same if they share one, so English need not be one of the two
languages. Words weigh by their rarity. `dedup.evaluation.lexicon_fit` makes the table.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources

import numpy as np
import numpy.typing as npt
from numpy.lib.npyio import NpzFile

from dedup.arrays import Floats, Positions, rows_of
from dedup.matching.literal import StoredLiteral

MOST_MEANINGS = 3
"""English words of one word, at most."""

ENGLISH = "en"

_FILE = "lexicon.npz"
_KEYS, _COUNTS, _MEANINGS = ".keys", ".counts", ".meanings"
_CUT = 7  # lowest bits of a word's number that the table does without
_STEPS = 25.0  # a rarity is kept in steps of a twenty-fifth
_SAMPLED_WORDS = 128  # of a text's words, of which translations are looked for
_DOUBT = 10.0  # rarity of words of which nothing is known that each text is taken to have: two or three rare ones
_NEUTRAL = 0.25  # share of these that the other text is taken to have

Keys = npt.NDArray[np.uint32]
Meanings = npt.NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class Entries:
    """Words of one language.

    keys : ndarray of shape (n,), uint32, ascending, upper 24 bits of the 31 that `literal_keys` has of each word: of a
        thousand words that are not in the table two are taken for one that is
    meanings : ndarray of shape (n, 3), uint16, places in `Lexicon.english`, the most probable first; behind them the
        number of English words
    """

    keys: Keys
    meanings: Meanings

    def find(self, keys: Keys) -> tuple[npt.NDArray[np.bool_], Meanings]:
        """Whether words are known, and the meanings of those that are: shapes (m,) and (known, 3)."""
        short = shortened(keys)
        at = np.minimum(np.searchsorted(self.keys, short), len(self.keys) - 1)
        known = np.asarray(self.keys[at] == short, np.bool_)
        return known, self.meanings[at[known]]


@dataclass(frozen=True, eq=False)
class Lexicon:
    """English words, and which of them the words of other languages stand for.

    english : ndarray of shape (n,), uint32, ascending, numbers of English words, `shortened`
    rarity : ndarray of shape (n,), float32, in natural logarithms, as in `Rarity`
    held : the file, of which a language is read when it is asked for
    """

    english: Keys
    rarity: npt.NDArray[np.float32]
    held: NpzFile
    _read: dict[str, Entries | None] = field(default_factory=dict)

    def entries(self, code: str) -> Entries | None:
        """Words of a language; none for a language that the lexicon has no words of."""
        if code not in self._read:
            self._read[code] = self._of_english() if code == ENGLISH else self._of_language(code)
        return self._read[code]

    def _of_english(self) -> Entries:
        alone = np.full((len(self.english), MOST_MEANINGS), len(self.english), np.uint16)
        alone[:, 0] = np.arange(len(self.english))
        return Entries(self.english, alone)

    def _of_language(self, code: str) -> Entries | None:
        if code + _KEYS not in self.held:
            return None
        steps, counts, flat = (self.held[code + column] for column in (_KEYS, _COUNTS, _MEANINGS))
        meanings = np.full((len(steps), MOST_MEANINGS), len(self.english), np.uint16)
        meanings[np.arange(MOST_MEANINGS) < counts[:, None]] = flat
        return Entries(np.cumsum(steps, dtype=np.uint32), meanings)


def shortened(keys: Keys) -> Keys:
    """Numbers of words as `Entries` has them."""
    return keys >> np.uint32(_CUT)


@lru_cache
def load_lexicon() -> Lexicon:
    """The lexicon that comes with the package."""
    return lexicon_of((resources.files("dedup") / "matching" / _FILE).read_bytes())


def lexicon_of(written: bytes) -> Lexicon:
    """The lexicon of a file that `lexicon_file` has written."""
    held = np.load(io.BytesIO(written), allow_pickle=False)
    return Lexicon(held["english"], (held["rarity"] / np.float32(_STEPS)).astype(np.float32), held)


def lexicon_file(english: Keys, rarity: npt.NDArray[np.float64], languages: dict[str, Entries]) -> bytes:
    """The file that `load_lexicon` reads."""
    columns: dict[str, npt.NDArray[np.generic]] = {
        "english": english,
        "rarity": np.rint(rarity * _STEPS).astype(np.uint8),
    }
    for code, entries in languages.items():
        known = entries.meanings < len(english)
        columns[code + _KEYS] = np.diff(entries.keys, prepend=np.uint32(0))
        columns[code + _COUNTS] = known.sum(axis=1).astype(np.uint8)
        columns[code + _MEANINGS] = entries.meanings[known]
    place = io.BytesIO()
    np.savez_compressed(place, **columns)  # type: ignore[arg-type]
    return place.getvalue()


def compare_reports(
    literal: StoredLiteral, left: Positions, right: Positions, codes: npt.NDArray[np.str_], lexicon: Lexicon
) -> Floats:
    """Measure how much of each report of a pair has a translation in the other.

    Parameters
    ----------
    left, right : ndarray of shape (m,), intp, positions of texts
    codes : ndarray of shape (m, 2), str, languages of the left and the right text

    Returns
    -------
    ndarray of shape (m, 3), float32
        Share of the rarity of a report's known words that the other translates, on the side that has fewer; of the
        words of the leads, the mean of both sides; of the words of the headlines, on the side that has fewer. All are 0
        where the lexicon does not know one of the languages, and drawn to it where it knows few of the words.
    """
    pairs = _Pairs.of(left, right, codes)
    words, lead = (pairs.look_up(*stored.take(pairs.texts), lexicon) for stored in (literal.words, literal.lead))
    keys, starts = literal.headline.take(pairs.texts)
    headline = pairs.look_up(keys >> np.uint32(1), starts, lexicon)
    whole, leads, headlines = (
        of.shares(words, pairs.one, pairs.other, lexicon) for of in (words.first(_SAMPLED_WORDS), lead, headline)
    )
    columns = np.minimum(*whole), (leads[0] + leads[1]) / 2, np.minimum(*headlines)
    return np.stack(columns, axis=1).astype(np.float32)


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Pairs of texts by their places among the distinct texts, whose positions and languages are known."""

    texts: Positions
    codes: npt.NDArray[np.str_]
    one: Positions
    other: Positions

    @classmethod
    def of(cls, left: Positions, right: Positions, codes: npt.NDArray[np.str_]) -> _Pairs:
        """Number the texts of pairs."""
        texts, first, numbers = np.unique(np.concatenate([left, right]), return_index=True, return_inverse=True)
        return cls(texts, codes.T.ravel()[first], numbers[: len(left)], numbers[len(left) :])

    def look_up(self, keys: Keys, starts: Positions, lexicon: Lexicon) -> _Meanings:
        """Meanings of words of the texts, given as lists."""
        return _Meanings.of(keys, starts, self.codes, lexicon)


@dataclass(frozen=True, slots=True)
class _Meanings:
    """Meanings of the known words of texts; text i has the rows ``starts[i]`` to ``starts[i + 1]``.

    known : ndarray of shape (texts,), float64, share of its words that the lexicon knows
    """

    meanings: Meanings
    starts: Positions
    known: npt.NDArray[np.float64]

    @classmethod
    def of(cls, keys: Keys, starts: Positions, codes: npt.NDArray[np.str_], lexicon: Lexicon) -> _Meanings:
        """Look up the words of texts, each in its language."""
        of_text = np.repeat(np.arange(len(codes)), np.diff(starts))
        languages, language = np.unique(codes, return_inverse=True)
        meanings = np.full((len(keys), MOST_MEANINGS), len(lexicon.english), np.uint16)
        found = np.zeros(len(keys), np.bool_)
        for number, code in enumerate(languages.tolist()):
            entries = lexicon.entries(code)
            if entries is None:
                continue
            words = np.flatnonzero(language[of_text] == number)
            known, of_known = entries.find(keys[words])
            found[words] = known
            meanings[words[known]] = of_known
        kept = np.append(0, np.cumsum(found))[starts]
        return cls(meanings[found], kept, np.diff(kept) / np.maximum(np.diff(starts), 1))

    def first(self, most: int) -> _Meanings:
        """The first words of each text, which are a sample: words ascend by their numbers."""
        place = np.arange(len(self.meanings)) - np.repeat(self.starts[:-1], np.diff(self.starts))
        kept = place < most
        return _Meanings(self.meanings[kept], np.append(0, np.cumsum(kept))[self.starts], self.known)

    def shares(
        self, others: _Meanings, one: Positions, other: Positions, lexicon: Lexicon
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Share of the words of text ``one[i]`` that text ``other[i]`` of the others translates, and the reverse."""
        present = others._bits(len(lexicon.english))
        return (
            self._share(present, others.known, one, other, lexicon.rarity),
            self._share(present, others.known, other, one, lexicon.rarity),
        )

    def _bits(self, number: int) -> npt.NDArray[np.uint8]:
        """English words of each text: a bit for each of so many, shape (texts, number // 8 + 1), the last ones 0."""
        columns = number // 8 + 1
        of_text = np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))
        code = np.sort((of_text[:, None] * (8 * columns) + self.meanings)[self.meanings < number])
        code = code[np.append(True, code[1:] != code[:-1])[: len(code)]]
        sums = np.bincount(code >> 3, 1 << (code & 7), (len(self.starts) - 1) * columns)
        return sums.astype(np.uint8).reshape(-1, columns)

    def _share(
        self,
        present: npt.NDArray[np.uint8],
        known: npt.NDArray[np.float64],
        one: Positions,
        other: Positions,
        rarity: npt.NDArray[np.float32],
    ) -> npt.NDArray[np.float64]:
        """Share of the rarity of words that the other text translates, less what is expected of two texts.

        A word that is not there counts as far as the words of the other text are known.
        """
        rows, _, lengths = rows_of(self.starts, one)
        pair = np.repeat(np.arange(len(one)), lengths)
        meanings = self.meanings[rows]
        met = (present[other[pair][:, None], meanings >> 3] >> (meanings & 7)) & 1
        weight = rarity[meanings[:, 0]]
        shared = np.bincount(pair, weight * met.any(axis=1), len(one))
        missing = (np.bincount(pair, weight, len(one)) - shared) * known[other]
        return np.asarray((shared + _DOUBT * _NEUTRAL) / (shared + missing + _DOUBT) - _NEUTRAL, np.float64)
