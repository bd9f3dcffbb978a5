"""Sentences of articles as arrays: vectors and weights, in memory and on disk."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dedup.arrays import Floats, Positions, rows_of
from dedup.datatypes import Embeddings
from dedup.embedding.quantise import pack_rows
from dedup.runtime.row_files import Rows, opened

_OPENED = 256  # pairs whose openings are compared at a time: 1 MB, which stays in the cache

OPENINGS = (1, 5)
"""Sentences at the top of an article that are its headline, and its lead."""


@dataclass(frozen=True, slots=True, eq=False)
class Passages:
    """The sentences of many articles, article after article.

    vectors : ndarray of shape (s, d), float32
        Whole numbers between -127 and 127, so that products of rows are exact whatever the order they are summed in.
    scales : ndarray of shape (s,), float32, one by the length of each row; 0 for a zero row and for what does not count
    weights : ndarray of shape (s,), float32, the share of its article's information; 1 in sum over an article
    own : ndarray of shape (s,), float32, the same once what recurs across the articles counts for less
    starts : ndarray of shape (n + 1,), intp; article i has sentences ``starts[i]`` to ``starts[i + 1]``
    """

    vectors: Embeddings
    scales: Floats
    weights: Floats
    own: Floats
    starts: npt.NDArray[np.intp]

    @classmethod
    def of_unit_rows(
        cls, vectors: Embeddings, weights: Floats, starts: npt.NDArray[np.intp], own: Floats | None = None
    ) -> Passages:
        """Passages of vectors as they are computed, rounded to whole numbers."""
        packed = pack_rows(vectors).astype(np.float32)
        return cls(packed, _scales(packed, weights), weights, weights if own is None else own, starts)

    def unit_rows(self, article: int) -> Embeddings:
        """Unit vectors of an article's sentences."""
        rows = self.of(article)
        return np.asarray(self.vectors[rows] * self.scales[rows, None], np.float32)

    def of(self, article: int) -> slice:
        """Slice of an article's sentences."""
        return slice(int(self.starts[article]), int(self.starts[article + 1]))


@dataclass(frozen=True, slots=True)
class StoredPassages:
    """Passages kept out of memory, for more articles than fit there: vectors as `pack_rows` makes them.

    openings : rows of shape (n, len(OPENINGS) * d), for each article the `leads` of so many sentences side by side
    """

    vectors: Rows
    weights: Rows
    own: Rows
    starts: Rows
    openings: Rows

    def take(self, articles: npt.NDArray[np.intp]) -> Passages:
        """The sentences of some articles alone, in the order of `articles`."""
        rows, begins, lengths = rows_of(opened(self.starts), articles)
        vectors = opened(self.vectors)[rows].astype(np.float32)
        weights, own = opened(self.weights)[rows], opened(self.own)[rows]
        return Passages(
            vectors, _scales(vectors, weights), weights, own, np.append(begins, lengths.sum()).astype(np.intp)
        )

    def counts(self, articles: npt.NDArray[np.intp]) -> Positions:
        """Number of sentences of some articles."""
        starts = opened(self.starts)
        return np.asarray(starts[articles + 1] - starts[articles], np.intp)

    def openings_alike(self, left: Positions, right: Positions) -> Floats:
        """Similarity of the headlines and the leads of pairs: ndarray of shape (m, len(OPENINGS))."""
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


def leads(vectors: Embeddings, weights: Floats, starts: npt.NDArray[np.intp], sentences: int) -> Embeddings:
    """The first sentences of each article that count in one vector, unit rows: ndarray of shape (n, d), float32.

    Who did what and where stands at the top of a report; further down, reports on one topic say much the same.
    `vectors` are unit rows; article i has sentences ``starts[i]`` to ``starts[i + 1]``.
    """
    counted = weights > 0
    before = np.concatenate([[0], np.cumsum(counted)])
    article = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    rows = np.flatnonzero(counted & (before[1:] - before[starts[article]] <= sentences))
    total = np.zeros((len(starts) - 1, vectors.shape[1]), np.float32)
    filled, begins = np.unique(article[rows], return_index=True)
    if len(rows):
        total[filled] = np.add.reduceat(vectors[rows] * weights[rows, None], begins, axis=0)
    return np.asarray(total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-9), np.float32)


def _scales(vectors: Embeddings, weights: Floats) -> Floats:
    """One by the length of each row of whole numbers; 0 for a zero row and for a sentence that does not count."""
    square = np.einsum("ij,ij->i", vectors, vectors)
    return np.where((square > 0) & (weights > 0), 1 / np.sqrt(np.maximum(square, 1)), 0).astype(np.float32)
