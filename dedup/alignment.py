"""Sentences of two texts set against each other: how much of each has a counterpart, and in what order.

A sentence's counterpart is its closest sentence in the other text, looked for from both sides, which costs one matrix
product for an article and all its candidates together (BiMax: Wang et al. 2025, "BiMax: Bidirectional MaxSim Score for
Document-Level Alignment"). What translations and copies have and texts of one template lack is that the counterparts
come in the same order, the observation behind vecalign and its document alignment (Thompson & Koehn 2020); here it is
read off the counterparts' relative positions instead of by dynamic programming.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dedup.datatypes import AlignedPair, Embeddings
from dedup.scratch import StoredRows, rows_of

_Floats = npt.NDArray[np.float32]
UNORDERED = 0.5
"""Order of a pair in which too few sentences have counterparts to speak of an order."""
_ONE_THREAD = 1 << 18  # multiplications of a product up to which OpenBLAS uses one thread
_ROUNDED = 1e-5  # cosines of like sentences may differ by this much, as the product was cut into pieces
_CLOSE = (0.3, 0.8)  # similarities at which a counterpart begins to count, and counts in full


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
    """The same on disk, for more articles than fit in memory: vectors in half precision."""

    vectors: StoredRows
    weights: StoredRows
    starts: StoredRows

    def take(self, articles: npt.NDArray[np.intp]) -> Passages:
        """The sentences of some articles alone, in the order of `articles`."""
        rows, begins, lengths = rows_of(self.starts.open(), articles)
        vectors = self.vectors.open()[rows].astype(np.float32)
        return Passages(vectors, self.weights.open()[rows], np.append(begins, lengths.sum()).astype(np.intp))


@dataclass(frozen=True, slots=True, eq=False)
class Coverage:
    """How one article is covered by each of m others, and covers them.

    similarity : ndarray of shape (m, 2), float32
        Mean similarity of the sentences to their counterparts, weighted by information: of the article's own sentences
        in column 0, of the other's in column 1.
    share : ndarray of shape (m, 2), float32, in [0, 1]
        The same with every similarity read as none (0.3 and less) to full (0.8 and more): how much has a counterpart.
    order : ndarray of shape (m,), float32, in [-1, 1]
        1 where counterparts stand at the same relative positions, about 0.3 for a random order.
    """

    similarity: _Floats
    share: _Floats
    order: _Floats


def cover(passages: Passages, article: int, others: npt.NDArray[np.intp]) -> Coverage:
    """How `article` and each of `others` cover each other."""
    own = passages.of(article)
    rows, begins, lengths = rows_of(passages.starts, others)
    table = _cosines(passages.vectors[own], passages.vectors, rows)
    theirs = table.max(axis=0)
    ours = np.maximum.reduceat(table, begins, axis=1)
    own_weights, their_weights = passages.weights[own], passages.weights[rows]
    return Coverage(
        similarity=np.stack([own_weights @ ours, np.add.reduceat(their_weights * theirs, begins)], axis=1),
        share=np.stack(
            [own_weights @ _closeness(ours), np.add.reduceat(their_weights * _closeness(theirs), begins)], axis=1
        ),
        order=_order(table, ours, own_weights[:, None] * _closeness(ours), begins, lengths),
    )


def align(left: Embeddings, right: Embeddings, *, least: float = _CLOSE[0]) -> tuple[AlignedPair, ...]:
    """The sentences of two texts facing each other, each used once, the closest first served; in order of the left.

    A pair at the same relative position is preferred by up to 0.1 of cosine to one at the other end of the text.
    """
    table = left @ right.T
    apart = np.abs(_positions(len(left))[:, None] - _positions(len(right)))
    row, column = np.nonzero(table >= least)
    preference = table[row, column] - 0.1 * apart[row, column]
    used_left, used_right, pairs = set[int](), set[int](), []
    for at in np.argsort(-preference, kind="stable"):
        i, j = int(row[at]), int(column[at])
        if i not in used_left and j not in used_right:
            used_left.add(i)
            used_right.add(j)
            pairs.append(AlignedPair(i, j, float(table[i, j])))
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


def _cosines(own: Embeddings, vectors: Embeddings, rows: npt.NDArray[np.intp]) -> _Floats:
    """Cosines of own vectors with some rows of others, in pieces for which BLAS does not wake its threads.

    A thousand small products a second are hundreds of times slower with threads that wait for each other on a busy
    machine, and come out the same to the last bit with any number of them.
    """
    piece = max(1, _ONE_THREAD // max(own.size, 1))
    padded = np.append(rows, np.zeros(-len(rows) % piece, np.intp))
    table = vectors[padded].reshape(-1, piece, own.shape[1]) @ own.T
    return np.asarray(table.reshape(len(padded), len(own))[: len(rows)].T, np.float32)


def _closeness(similarity: _Floats) -> _Floats:
    none, full = _CLOSE
    return np.asarray(np.clip((similarity - none) / (full - none), 0, 1), np.float32)


def _positions(sentences: int) -> _Floats:
    return ((np.arange(sentences) + 0.5) / max(sentences, 1)).astype(np.float32)


def _order(
    table: _Floats, best: _Floats, weights: _Floats, begins: npt.NDArray[np.intp], lengths: npt.NDArray[np.intp]
) -> _Floats:
    """One minus twice the weighted mean distance between a sentence's relative position and its counterpart's."""
    order = np.full(len(begins), UNORDERED, np.float32)
    if len(table) < 2:
        return order
    total = weights.sum(axis=0)
    told = np.flatnonzero((total > 1e-6) & (lengths > 1))
    within = np.arange(table.shape[1], dtype=np.float32) - np.repeat(begins, lengths)
    closest = table >= np.repeat(best - _ROUNDED, lengths, axis=1)
    first = np.minimum.reduceat(np.where(closest, within, np.float32(np.inf)), begins, axis=1)
    apart = np.abs(_positions(len(table))[:, None] - (first + 0.5) / lengths)
    order[told] = (1 - 2 * (weights * apart).sum(axis=0)[told] / total[told]).astype(np.float32)
    return order
