"""Words that two texts share literally: overlapping runs of words, vocabulary, and what their headlines speak of.

Two texts of one language that tell one thing usually copy from each other, and then long runs of words are equal
(shingles: Broder 1997, "On the resemblance and containment of documents"). Two texts of one template are equal in most
words too, and what differs is the news: the place, the company, the weekday. Such a word stands in the headline, comes
back in the text, and is nowhere in the other text.

Every word is a number, and what a text holds are short sorted lists of them, so that thousands of pairs are compared
at once. Words are cut to their first letters, since languages inflect at the end; scripts without spaces between words
are read as pairs of characters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
import numpy.typing as npt

from dedup.arrays import Floats, Positions, rows_of
from dedup.language.text import HAN_OR_KANA, LETTER, MARK, UNSPACED_LETTER, character_kinds, fold
from dedup.language.word_hash import HashedWords, code_points
from dedup.runtime.row_files import ListFile, RowFile, RowWriter, StoredLists

LITERAL_FEATURES = ("overlap", "vocabulary", "lead_words", "headline_words", "subject_clash")

_RUN, _CHARACTER_RUN = 5, 9  # words of a shingle, or characters where no spaces stand between words
_STEM = 6  # letters of a word that count
_MOST_SHINGLES = 512  # of a text: those with the smallest numbers, the same ones of every text (Broder 1997)
_FEW_SHINGLES = 8  # of a text of a dozen words
_FEWEST_SHARED = 4  # of them, where the other text is so long that a sample of its runs is kept
_MANY_SHINGLES = 50  # of a text that is more than a headline and a sentence
_SAMPLED_WORDS = 256  # of a text's vocabulary, when two are compared as a whole
_HEADLINE = 200  # characters of the first sentence that count as its headline
_LEAD = 3  # sentences, the headline among them
_MIX = np.uint64(0x9E3779B97F4A7C15)
_LAST = np.int64(1 << 62)  # behind every code

_Hashes = npt.NDArray[np.uint64]
_Keys = npt.NDArray[np.uint32]


@dataclass(frozen=True, slots=True, eq=False)
class LiteralKeys:
    """Words of n texts as numbers below 2**31, text after text, ascending within a text.

    Each field is a pair of arrays: the numbers, uint32, and how many of them each text has, intp of shape (n,).

    shingles : runs of five words, at most 512 a text
    words : all words
    headline : words of the headline, times two; one more where the word comes back later in the text
    lead : words of the first three sentences
    """

    shingles: tuple[_Keys, Positions]
    words: tuple[_Keys, Positions]
    headline: tuple[_Keys, Positions]
    lead: tuple[_Keys, Positions]


def literal_keys(texts: Sequence[Sequence[str]], folded: Sequence[str | None] | None = None) -> LiteralKeys:
    """Words of texts, each given by its sentences; about 0.07 ms for 2,000 characters.

    `folded` are the texts with their sentences as lines, case folded, as far as that has been made.
    """
    words = _read_words(texts, folded or [None] * len(texts))
    n = len(texts)
    stems, text_of, rank, early = words.stems()
    in_headline = (rank == 0) & early
    later = np.append(np.sort(_coded(text_of[rank > 0], stems[rank > 0])), _LAST)
    headline, counts = _lists_of(text_of[in_headline], stems[in_headline], n)
    again = _are_in(later, _coded(np.repeat(np.arange(n), counts), headline))
    return LiteralKeys(
        shingles=words.shingles(n),
        words=_lists_of(text_of, stems, n),
        headline=(headline * np.uint32(2) + again.astype(np.uint32), counts),
        lead=_lists_of(text_of[rank < _LEAD], stems[rank < _LEAD], n),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Words:
    """Words and single characters of texts in order: where each begins and ends, in which sentence and text it stands.

    rank : number of the sentence within its text
    offset : characters of the sentence before it
    spaced : whether it is a word between spaces, and no single character
    """

    code_points: npt.NDArray[np.uint32]
    starts: Positions
    ends: Positions
    text_of: Positions
    rank: Positions
    offset: Positions
    spaced: npt.NDArray[np.bool_]

    def stems(self) -> tuple[_Keys, Positions, Positions, npt.NDArray[np.bool_]]:
        """First letters of words and pairs of characters as numbers; text, sentence, and whether it may be headline."""
        ends = np.where(self.spaced, np.minimum(self.ends, self.starts + _STEM), self.ends)
        hashes = HashedWords(self.code_points, self.starts, ends).hashes()
        single = ~self.spaced
        beside = single[:-1] & single[1:] & (self.starts[1:] == self.ends[:-1])
        pairs = np.flatnonzero(beside)
        paired = np.zeros(len(single), np.bool_)
        paired[pairs] = paired[pairs + 1] = True
        alone = np.flatnonzero(~paired)
        place = np.concatenate([alone, pairs])
        number = np.concatenate([hashes[alone], hashes[pairs] * _MIX + hashes[pairs + 1]])
        return _small(number), self.text_of[place], self.rank[place], self.offset[place] < _HEADLINE

    def shingles(self, n: int) -> tuple[_Keys, Positions]:
        """Runs of words, as many as are kept, of each of n texts."""
        hashes = HashedWords(self.code_points, self.starts, self.ends).hashes()
        counts = np.bincount(self.text_of, minlength=n)
        length = np.where(self.spaced, _RUN, _CHARACTER_RUN)  # decided by the first, whatever the text holds besides
        begins = np.cumsum(counts) - counts
        left = (begins + counts)[self.text_of] - np.arange(len(hashes))  # words from here on
        whole = left >= length
        number = _runs_of(hashes, _RUN)
        if not self.spaced.all():
            number = np.where(self.spaced, number, _runs_of(hashes, _CHARACTER_RUN))
        short = begins[counts > 0]
        short = short[~whole[short]]  # a text of fewer words is one run
        whole[short] = True
        number[short] = 0
        for step in range(_CHARACTER_RUN):
            going = short[step < left[short]]
            number[going] = number[going] * _MIX + hashes[going + step]
        keys, of_text = _lists_of(self.text_of[whole], _small(number[whole]), n)
        return _smallest(keys, of_text, _MOST_SHINGLES)


def _runs_of(hashes: _Hashes, length: int) -> _Hashes:
    """A number for the run of so many words that begins with each word."""
    behind = np.append(hashes, np.zeros(length, np.uint64))
    number = hashes.copy()
    for step in range(1, length):
        number *= _MIX
        number += behind[step : step + len(hashes)]
    return number


def _read_words(texts: Sequence[Sequence[str]], folded: Sequence[str | None]) -> _Words:
    joined = "\n".join(map(fold, map("\n".join, texts), folded))  # most texts need no folding but for case
    kinds = character_kinds(joined)
    codes = code_points(joined)
    starts, ends = _runs(kinds == LETTER, kinds == MARK)
    single = np.flatnonzero((kinds == HAN_OR_KANA) | (kinds == UNSPACED_LETTER))
    order = np.argsort(np.concatenate([starts, single]), kind="stable")
    begins = np.concatenate([starts, single])[order]
    spaced = np.concatenate([np.ones(len(starts), np.bool_), np.zeros(len(single), np.bool_)])[order]
    line_starts = np.append(0, np.flatnonzero(codes == ord("\n")) + 1)
    line = np.searchsorted(line_starts, begins, "right") - 1
    lines = np.array([max(1, len(sentences)) for sentences in texts], np.intp)
    text_of_line = np.repeat(np.arange(len(texts)), lines)
    rank_of_line = np.arange(len(text_of_line)) - np.repeat(np.cumsum(lines) - lines, lines)
    return _Words(
        codes,
        begins,
        np.concatenate([ends, single + 1])[order],
        text_of_line[line],
        rank_of_line[line],
        begins - line_starts[line],
        spaced,
    )


def _runs(letter: npt.NDArray[np.bool_], mark: npt.NDArray[np.bool_]) -> tuple[Positions, Positions]:
    """Begins and ends of runs of letters and marks; a run begins with a letter."""
    run = letter | mark
    starts = np.flatnonzero(run & ~np.append(False, run[:-1]))
    ends = np.flatnonzero(run & ~np.append(run[1:], False)) + 1
    marked = np.flatnonzero(mark[starts])
    if len(marked):
        letters = np.append(np.flatnonzero(letter), len(letter))
        starts[marked] = letters[np.searchsorted(letters, starts[marked])]
    return starts[starts < ends], ends[starts < ends]


def _small(numbers: _Hashes) -> _Keys:
    """Numbers mixed and cut to 31 bits."""
    mixed = (numbers ^ (numbers >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
    return (mixed >> np.uint64(33)).astype(np.uint32)


def _coded(text_of: Positions, keys: _Keys) -> npt.NDArray[np.int64]:
    return (text_of.astype(np.int64) << 32) | keys


def _are_in(known: npt.NDArray[np.int64], codes: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Whether codes are among known ones, which ascend and end in `_LAST`."""
    return np.asarray(known[np.searchsorted(known, codes)] == codes, np.bool_)


def _lists_of(text_of: Positions, keys: _Keys, n: int) -> tuple[_Keys, Positions]:
    """Distinct keys of each text, ascending."""
    codes = np.sort(_coded(text_of, keys))
    codes = codes[np.append(True, codes[1:] != codes[:-1])[: len(codes)]]  # half the time of `np.unique`
    return (codes & 0xFFFFFFFF).astype(np.uint32), np.bincount(codes >> 32, minlength=n).astype(np.intp)


def _smallest(keys: _Keys, counts: Positions, most: int) -> tuple[_Keys, Positions]:
    """The first keys of each text."""
    place = np.arange(len(keys)) - np.repeat(np.cumsum(counts) - counts, counts)
    return keys[place < most], np.minimum(counts, most)


@dataclass(frozen=True, slots=True)
class StoredLiteral:
    """`LiteralKeys` of many texts, out of memory: a list a text in each field."""

    shingles: StoredLists
    words: StoredLists
    headline: StoredLists
    lead: StoredLists

    def compare(self, left: Positions, right: Positions) -> tuple[Floats, npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
        """Measure how far pairs of texts agree literally, some 20 µs a pair.

        Returns
        -------
        features : ndarray of shape (m, 5), float32, a column a name of `LITERAL_FEATURES`
            Shared runs of words among those of the text that has fewer; shared vocabulary alike; the words of either
            lead, and of either headline, that the other text has, on the side that has more; minus the logarithm of one
            plus the words that each headline repeats in its text and the other text lacks, on the side with fewer.
        one_place : ndarray of shape (m,), bool
            Whether they differ in one word alone, which in short texts is none of a headline's.
        whole : ndarray of shape (m,), bool
            Whether all of the shorter text, a dozen words at least, stands in the other.
        """
        texts, numbers = np.unique(np.concatenate([left, right]), return_inverse=True)
        one, other = numbers[: len(left)], numbers[len(left) :]
        shingles, words, headline, lead = (
            _Lists(*stored.take(texts)) for stored in (self.shingles, self.words, self.headline, self.lead)
        )
        subject = headline.where(headline.keys % 2 == 1).halved()
        headline = headline.halved()
        missing = np.minimum(subject.missing(words, one, other), subject.missing(words, other, one))
        overlap, shared = shingles.overlap(one, other, _MOST_SHINGLES)
        differing = np.minimum(shingles.counts[one], shingles.counts[other]) - shared
        headlines = [headline.share(words, one, other), headline.share(words, other, one)]
        titled_alike = (np.minimum(*headlines) == 1) | (shared >= _MANY_SHINGLES)
        columns = (
            overlap,
            words.first(_SAMPLED_WORDS).overlap(one, other, _SAMPLED_WORDS)[0],
            np.maximum(lead.share(words, one, other), lead.share(words, other, one)),
            np.maximum(*headlines),
            -np.log1p(missing),
        )
        fewest = np.minimum(shingles.counts[one], shingles.counts[other])
        whole = (overlap == 1) & (shared >= _FEWEST_SHARED) & (fewest >= _FEW_SHINGLES) & (missing == 0)
        perhaps = np.flatnonzero(whole)
        one, other = one[perhaps], other[perhaps]
        whole[perhaps] = np.minimum(words.missing(words, one, other), words.missing(words, other, one)) == 0
        return np.stack(columns, axis=1).astype(np.float32), (differing <= _RUN) & titled_alike, whole


@dataclass(frozen=True, eq=False)
class _Lists:
    """Lists of keys in memory, each ascending; list i has the keys ``starts[i]`` to ``starts[i + 1]``."""

    keys: _Keys
    starts: Positions

    @cached_property
    def counts(self) -> Positions:
        return np.diff(self.starts)

    @cached_property
    def codes(self) -> npt.NDArray[np.int64]:
        """Keys with their lists in front, ascending, and `_LAST`."""
        return np.append(_coded(np.repeat(np.arange(len(self.counts)), self.counts), self.keys), _LAST)

    def where(self, chosen: npt.NDArray[np.bool_]) -> _Lists:
        """Some keys of the lists."""
        return _Lists(self.keys[chosen], np.append(0, np.cumsum(chosen))[self.starts])

    def first(self, most: int) -> _Lists:
        """The smallest keys of each list."""
        place = np.arange(len(self.keys)) - np.repeat(self.starts[:-1], self.counts)
        return self.where(place < most)

    def halved(self) -> _Lists:
        """Keys without their lowest bit."""
        return _Lists(self.keys >> np.uint32(1), self.starts)

    def common(self, others: _Lists, one: Positions, other: Positions) -> Positions:
        """Keys of list ``one[i]`` that list ``other[i]`` of the others has."""
        rows, _, lengths = rows_of(self.starts, one)
        pair = np.repeat(np.arange(len(one)), lengths)
        found = _are_in(others.codes, _coded(other[pair], self.keys[rows]))
        return np.bincount(pair[found], minlength=len(one))

    def share(self, others: _Lists, one: Positions, other: Positions) -> npt.NDArray[np.float64]:
        """Share of the keys of one list that the other has; 0 for an empty list."""
        return self.common(others, one, other) / np.maximum(self.counts[one], 1)

    def missing(self, others: _Lists, one: Positions, other: Positions) -> Positions:
        """Keys of one list that the other lacks."""
        return self.counts[one] - self.common(others, one, other)

    def overlap(self, one: Positions, other: Positions, most: int) -> tuple[npt.NDArray[np.float64], Positions]:
        """Shared keys among those of the shorter list, and how many they are.

        A list of `most` keys is a sample, the smallest of more, so only what is not above its last key counts.
        """
        counts = self.counts
        last = np.full(len(counts), np.iinfo(np.uint32).max, np.uint32)
        full = counts >= most
        last[full] = self.keys[self.starts[1:][full] - 1]
        limit = np.minimum(last[one], last[other])
        below = [np.searchsorted(self.codes, _coded(side, limit), "right") - self.starts[side] for side in (one, other)]
        shared = self._in_both(one, other)
        return np.asarray(shared / np.maximum(np.minimum(below[0], below[1]), 1), np.float64), shared

    def _in_both(self, one: Positions, other: Positions) -> Positions:
        """Keys that lists ``one[i]`` and ``other[i]`` have in common; of lists alike in length faster than `common`."""
        codes = []
        for side in (one, other):
            rows, _, lengths = rows_of(self.starts, side)
            codes.append(_coded(np.repeat(np.arange(len(side)), lengths), self.keys[rows]))
        ordered = np.sort(np.concatenate(codes))
        return np.bincount(ordered[1:][ordered[1:] == ordered[:-1]] >> 32, minlength=len(one))


class LiteralFile:
    """Files that the literal keys of texts are appended to; `row_writer` makes one, by default on disk."""

    def __init__(self, row_writer: Callable[[str], RowWriter] = RowFile) -> None:
        self._files = tuple(ListFile("u4", row_writer) for _ in fields(LiteralKeys))

    @property
    def rows(self) -> list[RowWriter]:
        """Files for the keys of each field."""
        return [file.rows for file in self._files]

    def enter(self, lengths: Sequence[Positions]) -> None:
        """Note the lengths of lists whose keys have been put there."""
        for file, of_field in zip(self._files, lengths, strict=True):
            file.enter(of_field)

    def stored(self) -> StoredLiteral:
        """Keys written so far."""
        return StoredLiteral(*(file.stored() for file in self._files))
