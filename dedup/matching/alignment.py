"""Sentences of two texts set against each other: how much of each has a counterpart, and in what order.

A sentence's counterpart is its closest sentence in the other text, looked for from both sides, which costs one matrix
product for an article and all its candidates together, and a few passes over the products of many (BiMax: Wang et al.
2025, "BiMax: Bidirectional MaxSim Score for Document-Level Alignment"). What translations and copies have and texts of
one template lack is that the counterparts come in the same order, the observation behind vecalign and its document
alignment (Thompson & Koehn 2020); here it is read off the counterparts' relative positions instead of by dynamic
programming.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from dedup.arrays import Floats, Positions, join_rows, put_rows, rows_of
from dedup.datatypes import AlignedPair, Embeddings
from dedup.matching.sentence_store import Passages

_UNORDERED = 0.5  # order of a pair in which too few sentences have counterparts to speak of one
_CHANCE = 0.34  # one minus twice the mean distance of two positions chosen at random

_NOTHING = 1e-6

_ONE_THREAD = 1 << 18  # multiplications of a product up to which OpenBLAS uses one thread

_COSINES = 1 << 17  # of a part of the pairs: half a megabyte, which stays in the cache

_LARGE = 1 << 22  # cosines of two long texts, of which no table is made: it would grow with the square

_STRIP = 512  # sentences of the other text that are looked at together there

MOST_SEQUENCE = 1.5  # of some twenty sentences, all in order: more of them tell no more, a template has as many

_OPENING = 5  # sentences

_MORE_THAN_ALL = 1.01  # than rounding lets a share be

_CLOSE = (0.3, 0.8)  # similarities at which a counterpart begins to count, and counts in full
_VERY_CLOSE = (0.5, 0.9)


@dataclass(frozen=True, slots=True, eq=False)
class Coverage:
    """Shares of the texts of m pairs that have a counterpart in the other.

    share : ndarray of shape (m, 2), float32, in [0, 1]
        How much of the left text (column 0) and of the right has a counterpart in the other: the similarity of each
        sentence to its counterpart, read as none (0.3 and less) to full (0.8 and more), weighted by information.
    closely : ndarray of shape (m, 2), float32, in [0, 1]
        How much has a close counterpart: none at 0.5 and less, full at 0.9 and more.
    order : ndarray of shape (m,), float32, in [0, 1]
        How far counterparts stand at the same relative positions, times the larger share: 0 where nothing corresponds
        or the order is that of chance.
    opening : ndarray of shape (m,), float32, in [0, 1]
        How much of the first five sentences has a counterpart, of the text of which less has.
    sequence : ndarray of shape (m,), float32, in [-`MOST_SEQUENCE`, `MOST_SEQUENCE`]
        How much more often than not the counterpart of the next sentence stands further down, on the side where it does
        so more often, times the logarithm of the sentences: what few sentences do by chance many do not.
    """

    share: Floats
    closely: Floats
    order: Floats
    opening: Floats
    sequence: Floats

    @classmethod
    def none(cls, pairs: int) -> Coverage:
        """Pairs of texts in which there is no sentence."""
        sides, single = np.zeros((2, pairs, 2), np.float32), np.zeros((3, pairs), np.float32)
        return cls(*sides, *single)

    def least(self, other: Coverage) -> Coverage:
        """The smaller of two readings of each value."""
        return Coverage(
            np.minimum(self.share, other.share),
            np.minimum(self.closely, other.closely),
            np.minimum(self.order, other.order),
            np.minimum(self.opening, other.opening),
            np.minimum(self.sequence, other.sequence),
        )


def most_sequence(sentences: Positions) -> npt.NDArray[np.float64]:
    """The most that `Coverage.sequence` can be where the shorter text has so many sentences."""
    return np.asarray(np.minimum(0.5 * np.log1p(_MORE_THAN_ALL * sentences), MOST_SEQUENCE), np.float64)


def cover(passages: Passages, left: Positions, right: Positions) -> Coverage:
    """Measure how texts of pairs cover each other: `left` and `right` of shape (m,), those of one left side by side.

    Symmetric to the last bit: products of whole numbers are exact, and both sides are summed up alike.
    """
    counts = np.diff(passages.starts)
    cosines = counts[left] * counts[right]
    of_part = np.cumsum(cosines) // _COSINES
    large = cosines > _LARGE
    alone = large[1:] | large[:-1]
    bounds = [0, *(1 + np.flatnonzero((np.diff(of_part) > 0) | alone)).tolist(), len(left)]
    places = _Places.of(passages)
    parts = [_cover(passages, places, left[begin:end], right[begin:end]) for begin, end in pairwise(bounds)]
    return join_rows(parts)


def align(left: Embeddings, right: Embeddings, *, least: float = _CLOSE[0]) -> tuple[AlignedPair, ...]:
    """The sentences of two texts facing each other, each used once, the closest first served; in order of the left.

    A pair at the same relative position is preferred by up to 0.1 of cosine to one at the other end of the text.
    """
    row, column, cosine = _facing(left, right, least)
    apart = np.abs(_positions(row, len(left)) - _positions(column, len(right)))
    preference = cosine - 0.1 * apart
    order = np.argsort(-preference, kind="stable")
    used_left, used_right, pairs = set[int](), set[int](), []
    for i, j, value in zip(row[order].tolist(), column[order].tolist(), cosine[order].tolist(), strict=True):
        if i not in used_left and j not in used_right:
            used_left.add(i)
            used_right.add(j)
            pairs.append(AlignedPair(i, j, min(value, 1.0)))
            if len(pairs) == min(len(left), len(right)):
                break
    return tuple(sorted(pairs, key=lambda pair: pair.left))


def _facing(left: Embeddings, right: Embeddings, least: float) -> tuple[Positions, Positions, Floats]:
    """Sentences that may face each other, in order of the left, and their cosines; of long texts the closest alone."""
    if len(left) * len(right) <= _LARGE:
        table = left @ right.T
        row, column = np.nonzero(table >= least)
        return row, column, table[row, column]
    strips = (left[begin : begin + _STRIP] @ right.T for begin in range(0, len(left), _STRIP))
    ours, theirs = _closest(strips, len(right))
    row = np.concatenate([np.arange(len(left)), theirs[0]])
    column = np.concatenate([ours[0], np.arange(len(right))])
    cosine = np.concatenate([ours[1], theirs[1]])
    order = np.flatnonzero(cosine >= least)[np.argsort(row[cosine >= least], kind="stable")]
    return row[order], column[order], cosine[order]


@dataclass(frozen=True, slots=True, eq=False)
class _Places:
    """Places of sentences among those of their article that count: a banner above an article moves none of them.

    position : ndarray of shape (s,), float32, relative to the article
    opening : ndarray of shape (s,), bool, whether it is one of the first sentences
    counted : ndarray of shape (n,), intp, sentences of each article that count
    """

    position: Floats
    opening: npt.NDArray[np.bool_]
    counted: Positions

    @classmethod
    def of(cls, passages: Passages) -> _Places:
        """Places of all sentences."""
        before = np.concatenate([[0], np.cumsum(passages.weights > 0)])
        counted = np.diff(before[passages.starts])
        article = np.repeat(np.arange(len(counted)), np.diff(passages.starts))
        at = before[:-1] - before[passages.starts[article]]
        return cls(_positions(at, np.maximum(counted[article], 1)), at < _OPENING, counted)


def _cover(passages: Passages, places: _Places, left: Positions, right: Positions) -> Coverage:
    """Coverage of pairs whose cosines fit in memory and in the cache."""
    found = Coverage.none(len(left))
    counts = np.diff(passages.starts)
    filled = np.flatnonzero(counts[left] * counts[right])
    left, right = left[filled], right[filled]
    if len(filled):
        sides = _counterparts(passages, left, right)
        fewest = np.minimum(places.counted[left], places.counted[right])
        read = _coverage(sides, passages.weights, places, fewest)
        if passages.own is not passages.weights and not np.array_equal(passages.own, passages.weights):
            read = read.least(_coverage(sides, passages.own, places, fewest))
        put_rows(found, filled, read)
    return found


def _coverage(
    sides: tuple[_Counterparts, _Counterparts], weights: Floats, places: _Places, fewest: Positions
) -> Coverage:
    """Coverage by some weights of the sentences; `fewest` are those that count, of the text that has fewer of them."""
    pairs = len(fewest)
    share, closely, opening, rising = np.empty((4, pairs, 2), np.float32)
    total, distance = np.zeros(pairs), np.zeros(pairs)
    for column, side in enumerate(sides):
        weight, counterpart = weights[side.sentence], _between(side.similarity, _CLOSE)
        covered = weight * counterpart
        of_side = np.bincount(side.pair, covered, pairs)
        share[:, column] = of_side
        closely[:, column] = np.bincount(side.pair, weight * _between(side.similarity, _VERY_CLOSE), pairs)
        first = np.flatnonzero(places.opening[side.sentence])
        of_first, all_first = (np.bincount(side.pair[first], values[first], pairs) for values in (covered, weight))
        opening[:, column] = _ratio(of_first, all_first)
        rising[:, column] = _rising(side, covered, pairs)
        apart = np.abs(places.position[side.sentence] - places.position[side.counterpart])
        total += of_side
        distance += np.bincount(side.pair, covered * apart, pairs)
    known = (fewest > 1) & (total > _NOTHING)
    in_order = np.where(known, 1 - 2 * distance / np.where(known, total, 1), _UNORDERED)
    containment = share.max(axis=1)
    order = np.clip((in_order - _CHANCE) / (1 - _CHANCE), 0, 1) * containment
    sequence = np.clip(rising.max(axis=1) * np.log1p(fewest * containment), -MOST_SEQUENCE, MOST_SEQUENCE)
    return Coverage(share, closely, *(values.astype(np.float32) for values in (order, opening.min(axis=1), sequence)))


def _rising(side: _Counterparts, covered: Floats, pairs: int) -> npt.NDArray[np.float64]:
    """Share of the neighbouring sentences whose counterparts rise, less a half; 0 where there are none of them."""
    row = np.flatnonzero(covered)  # of most pairs that are no match few sentences are
    following = row + side.stride[row]
    inside = np.flatnonzero(following < len(covered))
    row, following = row[inside], following[inside]
    weight = np.minimum(covered[row], covered[following])
    weight[(side.pair[following] != side.pair[row]) | (side.sentence[following] < side.sentence[row])] = 0
    pair, rises = side.pair[row], side.counterpart[following] > side.counterpart[row]
    total = np.bincount(pair, weight, pairs)
    return np.where(total > _NOTHING, _ratio(np.bincount(pair, weight * rises, pairs), total) - 0.5, 0)


def _ratio(part: npt.NDArray[Any], whole: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Quotient; 0 where there is nothing to divide by."""
    return np.asarray(np.where(whole > _NOTHING, part / np.maximum(whole, _NOTHING), 0), np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class _Counterparts:
    """For s sentences on one side of some pairs their counterparts on the other: all of shape (s,).

    pair : of which pair
    sentence, counterpart : rows of the passages
    similarity : of the two
    stride : rows from a sentence to the next of its text
    """

    pair: Positions
    sentence: Positions
    counterpart: Positions
    similarity: Floats
    stride: Positions


def _counterparts(passages: Passages, left: Positions, right: Positions) -> tuple[_Counterparts, _Counterparts]:
    """The counterparts of the sentences of the left texts, and of those of the right texts."""
    starts, counts = passages.starts, np.diff(passages.starts)
    if len(left) == 1 and counts[left[0]] * counts[right[0]] > _LARGE:
        return _counterparts_of_large(passages, left, right)
    firsts = np.flatnonzero(np.diff(left, prepend=-1))  # pairs of one left text are side by side
    rows, begins, _ = rows_of(starts, right)
    parts = np.append(begins[firsts], len(rows)).tolist()
    tables = [
        _cosines(passages, passages.of(text), rows[begin:end])
        for text, (begin, end) in zip(left[firsts].tolist(), pairwise(parts), strict=True)
    ]
    pairs = np.diff(firsts, append=len(left))
    within, of_text = _numbered(pairs * counts[left[firsts]])
    sentence, nth = np.divmod(within, pairs[of_text])  # a table's columns are the left text's sentences
    pair = firsts[of_text] + nth
    at, similarity = _argmax(np.concatenate([table.T.ravel() for table in tables]), counts[right[pair]])
    ours = _Counterparts(pair, starts[left[pair]] + sentence, starts[right[pair]] + at, similarity, pairs[of_text])
    sentence, pair = _numbered(counts[right])
    at, similarity = _argmax(np.concatenate([table.ravel() for table in tables]), counts[left[pair]])
    each = np.ones_like(pair)
    return ours, _Counterparts(pair, starts[right[pair]] + sentence, starts[left[pair]] + at, similarity, each)


def _counterparts_of_large(
    passages: Passages, left: Positions, right: Positions
) -> tuple[_Counterparts, _Counterparts]:
    """The counterparts in one pair of long texts, strip by strip of the right one, for the same result."""
    ours, theirs = passages.of(int(left[0])), passages.of(int(right[0]))
    strips = (
        (passages.vectors[rows] @ passages.vectors[ours].T * (passages.scales[rows][:, None] * passages.scales[ours]))
        for rows in (slice(at, min(at + _STRIP, theirs.stop)) for at in range(theirs.start, theirs.stop, _STRIP))
    )
    (of_theirs, their_cosine), (of_ours, our_cosine) = _closest(strips, ours.stop - ours.start)
    return (
        _of_one_pair(np.arange(ours.start, ours.stop), theirs.start + of_ours, our_cosine),
        _of_one_pair(np.arange(theirs.start, theirs.stop), ours.start + of_theirs, their_cosine),
    )


def _of_one_pair(sentence: Positions, counterpart: Positions, similarity: Floats) -> _Counterparts:
    only = np.zeros(len(sentence), np.intp)  # the number of the pair
    return _Counterparts(only, sentence, counterpart, similarity, only + 1)


def _closest(strips: Iterable[Floats], columns: int) -> tuple[tuple[Positions, Floats], tuple[Positions, Floats]]:
    """Argmax and maximum of every row, and of every column, of a table that comes in strips; ties go to the first."""
    of_rows: list[tuple[Positions, Floats]] = []
    at, largest = np.zeros(columns, np.intp), np.full(columns, -np.inf, np.float32)
    begin = 0
    for strip in strips:
        first = strip.argmax(axis=1)
        of_rows.append((first, strip[np.arange(len(strip)), first]))
        better = np.flatnonzero(strip.max(axis=0) > largest)
        inside = strip[:, better].argmax(axis=0)
        at[better], largest[better] = begin + inside, strip[inside, better]
        begin += len(strip)
    firsts, values = (np.concatenate(column) for column in zip(*of_rows, strict=True))
    return (firsts, values), (at, largest)


def _numbered(lengths: Positions) -> tuple[Positions, Positions]:
    """For lists of some lengths, one behind the other, each entry's place in its list, and the list's number."""
    of_list = np.repeat(np.arange(len(lengths)), lengths)
    return np.arange(len(of_list)) - (np.cumsum(lengths) - lengths)[of_list], of_list


def _argmax(cosines: Floats, lengths: Positions) -> tuple[Positions, Floats]:
    """Argmax and maximum of each segment of a flat array; ties go to the first."""
    begins = np.cumsum(lengths) - lengths
    largest = np.maximum.reduceat(cosines, begins)
    within = np.arange(len(cosines), dtype=np.int32) - np.repeat(begins.astype(np.int32), lengths)
    within[cosines < np.repeat(largest, lengths)] = len(cosines)
    return np.minimum.reduceat(within, begins).astype(np.intp), largest


def _cosines(passages: Passages, own: slice, rows: Positions) -> Floats:
    """Cosines of an article's sentences (columns) with other rows, in pieces for which BLAS does not wake its threads.

    A thousand small products a second are hundreds of times slower with threads that wait for each other on a busy
    machine.
    """
    mine = passages.vectors[own]
    pieces = max(1, -(-len(rows) // max(1, _ONE_THREAD // max(mine.size, 1))))
    piece = max(1, -(-len(rows) // pieces))
    padded = np.append(rows, np.zeros(-len(rows) % piece, np.intp))
    products = passages.vectors[padded].reshape(-1, piece, mine.shape[1]) @ mine.T
    table = products.reshape(len(padded), len(mine))[: len(rows)]
    return np.asarray(table * (passages.scales[rows][:, None] * passages.scales[own]), np.float32)


def _between(similarity: Floats, bounds: tuple[float, float]) -> Floats:
    none, full = bounds
    return np.asarray(np.clip((similarity - none) / (full - none), 0, 1), np.float32)


def _positions(sentence: Positions, sentences: Positions | int) -> Floats:
    return np.asarray((sentence + 0.5) / sentences, np.float32)
