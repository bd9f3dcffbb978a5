"""Sentences of two texts set against each other: how much of each has a counterpart, and in what order.

A sentence's counterpart is its closest sentence in the other text, looked for from both sides, which costs one matrix
product for an article and all its candidates together, and a few passes over the products of many (BiMax: Wang et al.
2025, "BiMax: Bidirectional MaxSim Score for Document-Level Alignment"). What translations and copies have and texts of
one template lack is that the counterparts come in the same order, the observation behind vecalign and its document
alignment (Thompson & Koehn 2020); here it is read off the counterparts' relative positions instead of by dynamic
programming.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from dedup.arrays import Floats, Positions, join_rows, rows_of
from dedup.datatypes import AlignedPair, Embeddings
from dedup.matching.sentence_store import Passages

UNORDERED = 0.5
"""Order of a pair in which too few sentences have counterparts to speak of an order."""

_ONE_THREAD = 1 << 18  # multiplications of a product up to which OpenBLAS uses one thread

_COSINES = 1 << 17  # of a part of the pairs: half a megabyte, which stays in the cache

_ROUNDED = 1e-5  # cosines of like sentences may differ by this much, as the product was cut into pieces

_CLOSE = (0.3, 0.8)  # similarities at which a counterpart begins to count, and counts in full


@dataclass(frozen=True, slots=True, eq=False)
class Coverage:
    """How the texts of m pairs cover each other.

    similarity : ndarray of shape (m, 2), float32
        Mean similarity of the sentences to their counterparts, weighted by information: of the left text's sentences in
        column 0, of the right text's in column 1.
    share : ndarray of shape (m, 2), float32, in [0, 1]
        The same with every similarity read as none (0.3 and less) to full (0.8 and more): how much has a counterpart.
    order : ndarray of shape (m,), float32, in [-1, 1]
        1 where counterparts stand at the same relative positions, about 0.3 for a random order.
    """

    similarity: Floats
    share: Floats
    order: Floats

    @classmethod
    def none(cls, pairs: int) -> Coverage:
        """Of pairs of texts in which there is no sentence."""
        shape = (pairs, 2)
        return cls(np.zeros(shape, np.float32), np.zeros(shape, np.float32), np.full(pairs, UNORDERED, np.float32))


def cover(passages: Passages, left: Positions, right: Positions) -> Coverage:
    """How the texts of pairs cover each other: `left` and `right` of shape (m,), those of one left side by side."""
    counts = np.diff(passages.starts)
    cosines = counts[left] * counts[right]
    of_part = np.cumsum(cosines) // _COSINES
    bounds = [0, *(1 + np.flatnonzero(np.diff(of_part))).tolist(), len(left)]
    parts = [_cover(passages, left[begin:end], right[begin:end]) for begin, end in pairwise(bounds)]
    return join_rows(parts)


def align(left: Embeddings, right: Embeddings, *, least: float = _CLOSE[0]) -> tuple[AlignedPair, ...]:
    """The sentences of two texts facing each other, each used once, the closest first served; in order of the left.

    A pair at the same relative position is preferred by up to 0.1 of cosine to one at the other end of the text.
    """
    table = left @ right.T
    apart = np.abs(_positions(np.arange(len(left)), len(left))[:, None] - _positions(np.arange(len(right)), len(right)))
    row, column = np.nonzero(table >= least)
    preference = table[row, column] - 0.1 * apart[row, column]
    order = np.argsort(-preference, kind="stable")
    used_left, used_right, pairs = set[int](), set[int](), []
    for i, j in zip(row[order].tolist(), column[order].tolist(), strict=True):
        if i not in used_left and j not in used_right:
            used_left.add(i)
            used_right.add(j)
            pairs.append(AlignedPair(i, j, float(table[i, j])))
            if len(pairs) == min(table.shape):
                break
    return tuple(sorted(pairs, key=lambda pair: pair.left))


def _cover(passages: Passages, left: Positions, right: Positions) -> Coverage:
    """The same for pairs whose cosines fit in memory and in the cache."""
    found = Coverage.none(len(left))
    counts = np.diff(passages.starts)
    filled = np.flatnonzero(counts[left] * counts[right])
    left, right = left[filled], right[filled]
    if len(filled):
        ours, theirs = _counterparts(passages, left, right)
        for side, best in enumerate((ours, theirs)):
            found.similarity[filled, side] = best.sums(best.similarity, len(filled))
            found.share[filled, side] = best.sums(_closeness(best.similarity), len(filled))
        found.order[filled] = _order(ours, counts[left], counts[right])
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Counterparts:
    """For s sentences on one side of some pairs their counterparts on the other: all of shape (s,).

    pair, sentence : of which pair, and which sentence of its text
    weight : of the sentence
    counterpart : which sentence of the other text
    similarity : of the sentence and its counterpart
    """

    pair: Positions
    sentence: Positions
    weight: Floats
    counterpart: npt.NDArray[np.int32]
    similarity: Floats

    def sums(self, values: Floats, pairs: int) -> npt.NDArray[np.float64]:
        """The weighted sum of each pair's values: ndarray of shape (pairs,)."""
        return np.asarray(np.bincount(self.pair, self.weight * values, minlength=pairs), np.float64)


def _counterparts(passages: Passages, left: Positions, right: Positions) -> tuple[_Counterparts, _Counterparts]:
    """The counterparts of the sentences of the left texts, and of those of the right texts."""
    counts = np.diff(passages.starts)
    firsts = np.flatnonzero(np.diff(left, prepend=-1))  # pairs of one left text are side by side
    rows, begins, _ = rows_of(passages.starts, right)
    parts = np.append(begins[firsts], len(rows)).tolist()
    tables = [
        _cosines(passages.vectors[passages.of(text)], passages.vectors, rows[begin:end])
        for text, (begin, end) in zip(left[firsts].tolist(), pairwise(parts), strict=True)
    ]
    pairs = np.diff(firsts, append=len(left))
    within, of_text = _numbered(pairs * counts[left[firsts]])
    sentence, nth = np.divmod(within, pairs[of_text])  # a table's columns are the left text's sentences
    pair = firsts[of_text] + nth
    weight = passages.weights[passages.starts[left[pair]] + sentence]
    ours = _Counterparts(
        pair, sentence, weight, *_closest(np.concatenate([table.T.ravel() for table in tables]), counts[right[pair]])
    )
    sentence, pair = _numbered(counts[right])
    weight = passages.weights[passages.starts[right[pair]] + sentence]
    return ours, _Counterparts(
        pair, sentence, weight, *_closest(np.concatenate([table.ravel() for table in tables]), counts[left[pair]])
    )


def _numbered(lengths: Positions) -> tuple[Positions, Positions]:
    """For lists of some lengths, one behind the other, each entry's place in its list, and the list's number."""
    of_list = np.repeat(np.arange(len(lengths)), lengths)
    return np.arange(len(of_list)) - (np.cumsum(lengths) - lengths)[of_list], of_list


def _closest(cosines: Floats, lengths: Positions) -> tuple[npt.NDArray[np.int32], Floats]:
    """Of lists of cosines, one behind the other, where the largest is, the first of such as are as good, and it."""
    begins = np.cumsum(lengths) - lengths
    largest = np.maximum.reduceat(cosines, begins)
    within = np.arange(len(cosines), dtype=np.int32) - np.repeat(begins.astype(np.int32), lengths)
    within[cosines < np.repeat(largest - _ROUNDED, lengths)] = len(cosines)
    return np.minimum.reduceat(within, begins), largest


def _cosines(own: Embeddings, vectors: Embeddings, rows: npt.NDArray[np.intp]) -> Floats:
    """Cosines of own vectors with some rows of others, in pieces for which BLAS does not wake its threads.

    A thousand small products a second are hundreds of times slower with threads that wait for each other on a busy
    machine, and come out the same to the last bit with any number of them.
    """
    pieces = max(1, -(-len(rows) // max(1, _ONE_THREAD // max(own.size, 1))))
    piece = max(1, -(-len(rows) // pieces))
    padded = np.append(rows, np.zeros(-len(rows) % piece, np.intp))
    table = vectors[padded].reshape(-1, piece, own.shape[1]) @ own.T
    return np.asarray(table.reshape(len(padded), len(own))[: len(rows)], np.float32)


def _closeness(similarity: Floats) -> Floats:
    none, full = _CLOSE
    return np.asarray(np.clip((similarity - none) / (full - none), 0, 1), np.float32)


def _positions(sentence: Positions, sentences: Positions | int) -> Floats:
    return np.asarray((sentence + 0.5) / sentences, np.float32)


def _order(ours: _Counterparts, left: Positions, right: Positions) -> Floats:
    """One minus twice the weighted mean distance between a sentence's relative position and its counterpart's.

    `left` and `right` are the numbers of sentences of the texts of each pair.
    """
    close = _closeness(ours.similarity)
    apart = np.abs(
        _positions(ours.sentence, left[ours.pair]) - _positions(ours.counterpart.astype(np.intp), right[ours.pair])
    )
    total, distance = ours.sums(close, len(left)), ours.sums(close * apart, len(left))
    known = (total > 1e-6) & (left > 1) & (right > 1)
    return np.where(known, 1 - 2 * distance / np.where(known, total, 1), UNORDERED).astype(np.float32)
