"""Hashes of words, 64 bits each, and hash tables that look up a million of them at once.

They replace dictionaries of strings without making a string: letters stay in one array from the texts to the token ids.
The hash of a word is a polynomial of random numbers that stand for its letters (Karp & Rabin 1987; Zobrist 1970), so
the hash of two words joined follows from theirs. Among a million words two have the same hash with a probability of one
in thirty million.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

Letters = npt.NDArray[np.uint32]

Hashes = npt.NDArray[np.uint64]

Ids = npt.NDArray[np.intp]

CODES = 0x110000

_COMMON = 0x10000  # most texts have no code point from here on

_BLOCK = 1 << 17

_BASE = np.uint64(0x9E3779B97F4A7C15)  # odd, and therefore invertible

_INVERSE = np.uint64(pow(int(_BASE), -1, 1 << 64))

_SPREAD = np.uint64(0xD6E8FEB86659FD93)


@dataclass(frozen=True, slots=True, eq=False)
class HashedWords:
    """Words of a text, in order, as arrays.

    text : ndarray of shape (characters,), uint32
        Code points of the words' letters, and of what stands between them.
    starts, ends : ndarrays of shape (words,), intp
        Where each word begins and ends in the text.
    """

    text: Letters
    starts: Ids
    ends: Ids

    @classmethod
    def of(cls, words: Sequence[str]) -> HashedWords:
        """Words of a sequence of strings."""
        ends = np.cumsum(np.fromiter(map(len, words), np.intp, len(words)))
        return cls(code_points("".join(words)), np.append(0, ends)[:-1], ends)

    @property
    def lengths(self) -> Ids:
        """Number of letters of each word."""
        return self.ends - self.starts

    def take(self, words: Ids) -> HashedWords:
        """Select words by their places, which have to ascend where `hashes` are asked for."""
        return HashedWords(self.text, self.starts[words], self.ends[words])

    def letters(self) -> Letters:
        """Letters of the words, concatenated."""
        lengths = self.lengths
        ends = np.cumsum(lengths)
        letters: Letters = self.text[np.repeat(self.ends - ends, lengths) + np.arange(lengths.sum())]
        return letters

    def hashes(self) -> Hashes:
        """Hashes of the words: ndarray of shape (words,), uint64."""
        found = np.empty(len(self.ends), np.uint64)
        first = 0
        while first < len(found):  # a block of words whose text stays in the cache
            start = self.starts[first]
            last = max(first + 1, int(np.searchsorted(self.ends, start + _BLOCK, "right")))
            starts, ends = self.starts[first:last] - start, self.ends[first:last] - start
            found[first:last] = _hash_block(self.text[start : start + ends[-1]], starts, ends)
            first = last
        return found


def joined_hashes(left: Hashes, right: Hashes, left_lengths: Ids) -> Hashes:
    """Hashes of words that are each the concatenation of two: ndarray of shape (words,), uint64."""
    return left + right * _powers(_BASE, int(left_lengths.max(initial=0)) + 1)[left_lengths]


def code_points(text: str) -> Letters:
    """Code points of a text, broken surrogates included: ndarray of shape (characters,), uint32."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4").astype(np.uint32, copy=False)


class HashTable:
    """Hash table from keys to values, in numpy: about three buckets for each key.

    Parameters
    ----------
    mixed : ndarray of shape (n,), uint64
        Keys in ascending order, mixed as by `of`.
    values : ndarray of shape (n,), int32
        Value of each key, not negative.
    """

    def __init__(self, mixed: Hashes, values: npt.NDArray[np.int32]) -> None:
        self.mixed, self.values = mixed, values
        bits = max(4, (2 * len(mixed)).bit_length())
        self._shift = np.uint64(64 - bits)
        sizes = np.bincount((mixed >> self._shift).astype(np.intp), minlength=1 << bits)
        self._begins = np.zeros(len(sizes) + 1, np.int32)
        np.cumsum(sizes, out=self._begins[1:])

    @classmethod
    def of(cls, keys: Hashes, values: npt.NDArray[np.int32]) -> HashTable:
        """Build a table from keys in any order; the last value of a repeated key counts."""
        mixed = keys * _SPREAD
        order = np.argsort(mixed)
        if (np.diff(mixed[order]) == 0).any():
            order = np.argsort(mixed, kind="stable")  # seven times as slow, needed for repeated keys alone
        mixed = mixed[order]
        last = np.append(mixed[1:] != mixed[:-1], True)[: len(mixed)]
        return cls(mixed[last], values[order[last]])

    def find(self, keys: Hashes) -> npt.NDArray[np.int32]:
        """Look up keys: ndarray of shape (len(keys),), int32, -1 for a key that is not in the table."""
        found = np.full(len(keys), -1, np.int32)
        mixed = keys * _SPREAD
        buckets = (mixed >> self._shift).astype(np.intp)
        at, end = self._begins[buckets], self._begins[buckets + 1]
        going = np.flatnonzero(at < end)
        at, end, mixed = at[going], end[going], mixed[going]
        while len(going):
            hit = self.mixed[at] == mixed
            found[going[hit]] = self.values[at[hit]]
            at = at + 1
            more = ~hit & (at < end)
            going, at, end, mixed = going[more], at[more], end[more], mixed[more]
        return found


def _hash_block(text: Letters, starts: Ids, ends: Ids) -> Hashes:
    sums = np.zeros(len(text) + 1, np.uint64)
    numbers = _random_numbers(CODES if int(text.max(initial=0)) >= _COMMON else _COMMON)
    np.multiply(numbers[text], _powers(_BASE, len(text)), out=sums[1:])
    np.cumsum(sums, out=sums)
    found: Hashes = (sums[ends] - sums[starts]) * _powers(_INVERSE, len(text) + 1)[starts]
    return found


_grown: dict[np.uint64, Hashes] = {}


def _powers(base: np.uint64, count: int) -> Hashes:
    """First `count` powers of a number, from the zeroth on; cached, and extended when more are asked for."""
    known = _grown.get(base)
    if known is None or len(known) < count:
        known = np.full(max(_BLOCK + 1, 2 * count), base)
        known[0] = 1
        _grown[base] = known = np.cumprod(known)
    return known[:count]


@cache
def _random_numbers(count: int) -> Hashes:
    """Random number of each of the first `count` code points (SplitMix64, Steele et al. 2014)."""
    numbers = np.arange(1, count + 1, dtype=np.uint64) * _BASE
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: Hashes = numbers ^ (numbers >> np.uint64(31))
    return mixed
