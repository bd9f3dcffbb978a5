"""Sentences of articles as arrays: vectors and weights, in memory and on disk."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dedup.arrays import Floats, Positions, rows_of
from dedup.datatypes import Embeddings
from dedup.embedding.quantise import unpack_rows
from dedup.runtime.row_files import Rows, opened

_OPENED = 256  # pairs whose openings are compared at a time: 1 MB, which stays in the cache

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
    weights: Floats
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

    def openings_alike(self, left: Positions, right: Positions) -> Floats:
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
