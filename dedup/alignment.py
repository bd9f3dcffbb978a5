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
from typing import Any

import numpy as np
import numpy.typing as npt

from dedup.columns import join_rows
from dedup.datatypes import AlignedPair, Embeddings
from dedup.scratch import Rows, opened, rows_of

_Floats = npt.NDArray[np.float32]
_Positions = npt.NDArray[np.intp]
UNORDERED = 0.5
"""Order of a pair in which too few sentences have counterparts to speak of an order."""
_ONE_THREAD = 1 << 18  # multiplications of a product up to which OpenBLAS uses one thread
_OPENED = 256  # pairs whose openings are compared at a time: 1 MB, which stays in the cache
_COSINES = 1 << 17  # of a part of the pairs: half a megabyte, which stays in the cache
_ROUNDED = 1e-5  # cosines of like sentences may differ by this much, as the product was cut into pieces
_CLOSE = (0.3, 0.8)  # similarities at which a counterpart begins to count, and counts in full
OPENINGS = (1, 5)
"""Sentences at the top of an article that are its headline, and its lead."""


@dataclass(frozen=True, slots=True, eq=False)
class Passages:
    """The sentences of many articles, article after article.

    vectors : ndarray of shape (s, d), float32, unit rows
    weights : ndarray of shape (s,), float32, the share of its article's information; 1 in sum over an article
    starts : ndarray of shape (n + 1,), intp; article i has sentences ``starts[i]`` to ``starts[i + 1]``
    """

    vectors: Embeddings
    weights: _Floats
    starts: npt.NDArray[np.intp]

    def of(self, article: int) -> slice:
        """Where an article's sentences are."""
        return slice(int(self.starts[article]), int(self.starts[article + 1]))


@dataclass(frozen=True, slots=True)
class StoredPassages:
    """The same out of memory, for more articles than fit there: vectors as `pack_rows` makes them.

    openings : rows of shape (n, len(OPENINGS) * d), for each article the `leads` of so many sentences side by side
    """

    vectors: Rows
    weights: Rows
    starts: Rows
    openings: Rows

    def take(self, articles: npt.NDArray[np.intp]) -> Passages:
        """The sentences of some articles alone, in the order of `articles`."""
        rows, begins, lengths = rows_of(opened(self.starts), articles)
        vectors = unpack_rows(opened(self.vectors)[rows])
        return Passages(vectors, opened(self.weights)[rows], np.append(begins, lengths.sum()).astype(np.intp))

    def openings_alike(self, left: _Positions, right: _Positions) -> _Floats:
        """How similar the headlines and the leads of pairs are: ndarray of shape (m, len(OPENINGS))."""
        articles, numbers = np.unique(np.concatenate([left, right]), return_inverse=True)
        rows = opened(self.openings)[articles]
        packed = rows.reshape(len(articles), len(OPENINGS), rows.shape[1] // len(OPENINGS))
        alike = np.empty((len(left), len(OPENINGS)), np.float32)
        for begin in range(0, len(left), _OPENED):
            some = slice(begin, begin + _OPENED)
            one, other = (
                packed[side[some]].astype(np.float32) for side in (numbers[: len(left)], numbers[len(left) :])
            )
            product, *squares = (np.einsum("ijk,ijk->ij", *both) for both in ((one, other), (one, one), (other, other)))
            alike[some] = product / np.sqrt(np.maximum(squares[0], 1) * np.maximum(squares[1], 1))
        return alike


def quantise(rows: _Floats, dtype: type[np.signedinteger[Any]] = np.int8) -> tuple[npt.NDArray[Any], _Floats]:
    """Rows as whole numbers, the largest of a row as large as there are, and the scale of each.

    Returns
    -------
    ndarray of the same shape, and ndarray of shape (n,), float32
        Their product is the rows again. In int8 a cosine changes by some 0.0005 in 384 columns, in int16 by nothing
        that matters. Rows that were equal still are.
    """
    most = np.iinfo(dtype).max
    largest = np.maximum(rows.max(axis=1, initial=0), -rows.min(axis=1, initial=0))
    largest[largest == 0] = 1
    return np.rint(rows * (most / largest)[:, None]).astype(dtype), largest / most


def pack_rows(vectors: Embeddings) -> npt.NDArray[np.int8]:
    """Unit rows in a quarter of the room, without the scale, which follows from their length; zero rows stay zero."""
    return quantise(vectors)[0]


def unpack_rows(packed: npt.NDArray[np.int8]) -> Embeddings:
    """What `pack_rows` made of unit rows, as unit rows again."""
    vectors = packed.astype(np.float32)
    length = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
    vectors /= np.maximum(length, 1)[:, None]
    return vectors


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

    similarity: _Floats
    share: _Floats
    order: _Floats

    @classmethod
    def none(cls, pairs: int) -> Coverage:
        """Of pairs of texts in which there is no sentence."""
        shape = (pairs, 2)
        return cls(np.zeros(shape, np.float32), np.zeros(shape, np.float32), np.full(pairs, UNORDERED, np.float32))


def cover(passages: Passages, left: _Positions, right: _Positions) -> Coverage:
    """How the texts of pairs cover each other: `left` and `right` of shape (m,), those of one left side by side."""
    counts = np.diff(passages.starts)
    cosines = counts[left] * counts[right]
    of_part = np.cumsum(cosines) // _COSINES
    bounds = [0, *(1 + np.flatnonzero(np.diff(of_part))).tolist(), len(left)]
    parts = [_cover(passages, left[begin:end], right[begin:end]) for begin, end in pairwise(bounds)]
    return join_rows(parts)


def leads(passages: Passages, sentences: int) -> Embeddings:
    """The first sentences of each article in one vector, unit rows: ndarray of shape (n, d), float32.

    Who did what and where stands at the top of a report; further down, reports on one topic say much the same.
    """
    counted = passages.weights > 0
    before = np.concatenate([[0], np.cumsum(counted)])
    article = np.repeat(np.arange(len(passages.starts) - 1), np.diff(passages.starts))
    rows = np.flatnonzero(counted & (before[1:] - before[passages.starts[article]] <= sentences))
    total = np.zeros((len(passages.starts) - 1, passages.vectors.shape[1]), np.float32)
    filled, begins = np.unique(article[rows], return_index=True)
    if len(rows):
        total[filled] = np.add.reduceat(passages.vectors[rows] * passages.weights[rows, None], begins, axis=0)
    return np.asarray(total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-9), np.float32)


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


def information_weights(lengths: npt.ArrayLike, recurrence: npt.ArrayLike, starts: npt.NDArray[np.intp]) -> _Floats:
    """The share of its article's information that each sentence carries.

    Parameters
    ----------
    lengths : array_like of shape (s,)
        Characters of each sentence; beyond 400 they add nothing.
    recurrence : array_like of shape (s,)
        In how many of the articles the sentence stands, digits masked. What recurs more often than the article's
        median sentence is boilerplate (navigation, notices, the phrases of a template) and weighs less in proportion;
        an article copied as a whole keeps its weights, since all of it recurs alike.
    starts : ndarray of shape (n + 1,), intp
        Article i has sentences ``starts[i]`` to ``starts[i + 1]``.
    """
    counts = np.diff(starts)
    filled = np.flatnonzero(counts)
    begins, counts = starts[filled], counts[filled]
    often = np.asarray(recurrence, np.float32)
    order = np.lexsort((often, np.repeat(np.arange(len(counts)), counts)))
    median = (often[order[begins + (counts - 1) // 2]] + often[order[begins + counts // 2]]) / 2
    weights = np.minimum(np.asarray(lengths, np.float32), 400)
    weights *= np.minimum(1, np.repeat(median, counts) / often)
    if len(begins):
        weights /= np.repeat(np.add.reduceat(weights, begins), counts)
    return weights


def _cover(passages: Passages, left: _Positions, right: _Positions) -> Coverage:
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

    pair: _Positions
    sentence: _Positions
    weight: _Floats
    counterpart: npt.NDArray[np.int32]
    similarity: _Floats

    def sums(self, values: _Floats, pairs: int) -> npt.NDArray[np.float64]:
        """The weighted sum of each pair's values: ndarray of shape (pairs,)."""
        return np.asarray(np.bincount(self.pair, self.weight * values, minlength=pairs), np.float64)


def _counterparts(passages: Passages, left: _Positions, right: _Positions) -> tuple[_Counterparts, _Counterparts]:
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


def _numbered(lengths: _Positions) -> tuple[_Positions, _Positions]:
    """For lists of some lengths, one behind the other, each entry's place in its list, and the list's number."""
    of_list = np.repeat(np.arange(len(lengths)), lengths)
    return np.arange(len(of_list)) - (np.cumsum(lengths) - lengths)[of_list], of_list


def _closest(cosines: _Floats, lengths: _Positions) -> tuple[npt.NDArray[np.int32], _Floats]:
    """Of lists of cosines, one behind the other, where the largest is, the first of such as are as good, and it."""
    begins = np.cumsum(lengths) - lengths
    largest = np.maximum.reduceat(cosines, begins)
    within = np.arange(len(cosines), dtype=np.int32) - np.repeat(begins.astype(np.int32), lengths)
    within[cosines < np.repeat(largest - _ROUNDED, lengths)] = len(cosines)
    return np.minimum.reduceat(within, begins), largest


def _cosines(own: Embeddings, vectors: Embeddings, rows: npt.NDArray[np.intp]) -> _Floats:
    """Cosines of own vectors with some rows of others, in pieces for which BLAS does not wake its threads.

    A thousand small products a second are hundreds of times slower with threads that wait for each other on a busy
    machine, and come out the same to the last bit with any number of them.
    """
    pieces = max(1, -(-len(rows) // max(1, _ONE_THREAD // max(own.size, 1))))
    piece = max(1, -(-len(rows) // pieces))
    padded = np.append(rows, np.zeros(-len(rows) % piece, np.intp))
    table = vectors[padded].reshape(-1, piece, own.shape[1]) @ own.T
    return np.asarray(table.reshape(len(padded), len(own))[: len(rows)], np.float32)


def _closeness(similarity: _Floats) -> _Floats:
    none, full = _CLOSE
    return np.asarray(np.clip((similarity - none) / (full - none), 0, 1), np.float32)


def _positions(sentence: _Positions, sentences: _Positions | int) -> _Floats:
    return np.asarray((sentence + 0.5) / sentences, np.float32)


def _order(ours: _Counterparts, left: _Positions, right: _Positions) -> _Floats:
    """One minus twice the weighted mean distance between a sentence's relative position and its counterpart's.

    `left` and `right` are the numbers of sentences of the texts of each pair.
    """
    close = _closeness(ours.similarity)
    apart = np.abs(
        _positions(ours.sentence, left[ours.pair]) - _positions(ours.counterpart.astype(np.intp), right[ours.pair])
    )
    total, distance = ours.sums(close, len(left)), ours.sums(close * apart, len(left))
    told = (total > 1e-6) & (left > 1) & (right > 1)
    return np.where(told, 1 - 2 * distance / np.where(told, total, 1), UNORDERED).astype(np.float32)
