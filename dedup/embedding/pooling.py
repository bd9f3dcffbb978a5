"""Pooling of token vectors into one vector a text: their mean, then a linear layer."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from dedup.datatypes import Embeddings

_Ids = npt.NDArray[np.intp]

_Crosses = tuple[Embeddings, Embeddings]

_FEW_TOKENS = 20_000  # up to which sorting is faster than a table of all ids

_TOGETHER = 256  # token vectors summed at a time

_FEW_DIRECTIONS = 8  # beyond which the product with the whole matrix is taken

_ROWS = 64  # rows that go through a layer at a time

_NOTHING_LEFT = 1e-6  # largest remainder that counts as zero, in a layer whose entries are at most about 1


def distinct_ids(ids: _Ids) -> tuple[_Ids, _Ids]:
    """Sorted unique ids, and the index of each id among them."""
    if len(ids) <= _FEW_TOKENS:
        return np.unique(ids, return_inverse=True)
    place = np.zeros(ids.max() + 1, np.intp)  # ten times as fast as sorting
    place[ids] = 1
    known = np.flatnonzero(place)
    place[known] = np.arange(len(known))
    return known, place[ids]


def mean_vectors(vectors: Embeddings, column: _Ids, lengths: _Ids) -> Embeddings:
    """Mean of the vectors that each part of `column` names: ndarray of shape (len(lengths), d); zero for an empty part.

    Parts of one length are summed together, so few at a time that their vectors stay in the cache. A sparse product
    takes four fifths of the time, but importing scipy takes half as long as a small scan.
    """
    means = np.zeros((len(lengths), vectors.shape[1]), np.float32)
    starts = np.cumsum(lengths) - lengths
    order = np.argsort(lengths, kind="stable")
    bounds = np.flatnonzero(np.diff(lengths[order], prepend=0, append=-1))
    room = np.empty((_TOGETHER, vectors.shape[1]), np.float32)
    for begin, end in pairwise(bounds.tolist()):
        length = int(lengths[order[begin]])
        step = max(1, _TOGETHER // length)
        for at in range(begin, end, step):
            parts = order[at : min(at + step, end)]
            for first in range(0, length, _TOGETHER):
                tokens = column[starts[parts][:, None] + np.arange(first, min(first + _TOGETHER, length))]
                some = vectors.take(tokens.ravel(), axis=0, out=room[: tokens.size], mode="clip")
                means[parts] += np.add.reduce(some.reshape(*tokens.shape, -1), axis=1)
            means[parts] /= np.float32(length)
    return means


def weighted_means(rows: Embeddings, weights: npt.NDArray[np.float32], counts: _Ids) -> Embeddings:
    """Weighted means of consecutive groups of `counts` rows; weights are 0 or at least 1, an empty group gives zero."""
    total = np.zeros((len(counts), rows.shape[1]), np.float32)
    weight = np.zeros(len(counts), np.float32)
    filled = np.flatnonzero(counts)
    if len(filled):
        begins = (np.cumsum(counts) - counts)[filled]
        total[filled] = np.add.reduceat(rows * weights[:, None], begins)
        weight[filled] = np.add.reduceat(weights, begins)
    return np.asarray(total / np.maximum(weight, 1)[:, None], np.float32)


class Linear:
    """Linear layer; one that differs from the identity in few directions takes a tenth of the time of a product.

    Its difference from the identity is factored by adaptive cross approximation (Bebendorf 2000, "Approximation of
    boundary element matrices"), one step a direction for layers of `dedup.training.language_directions`.
    """

    def __init__(self, matrix: npt.NDArray[np.float32]) -> None:
        self._matrix = np.ascontiguousarray(matrix)
        self.width = matrix.shape[1]
        self._crosses: _Crosses | None = None
        if matrix.shape[0] == matrix.shape[1]:
            self._crosses = _crosses(matrix - np.eye(len(matrix), dtype=np.float32))

    def apply(self, rows: Embeddings) -> Embeddings:
        """Apply the layer to rows, each as if it were alone: only products of one shape are summed up in one order."""
        found = np.empty((len(rows), self.width), np.float32)
        room = np.zeros((_ROWS, rows.shape[1]), np.float32)
        for start in range(0, len(rows), _ROWS):
            part = rows[start : start + _ROWS]
            room[: len(part)] = part
            found[start : start + _ROWS] = self._of_block(room)[: len(part)]
        return found

    def _of_block(self, rows: Embeddings) -> Embeddings:
        if self._crosses is None:
            return rows @ self._matrix
        left, right = self._crosses
        return np.asarray(rows + (rows @ left) @ right, np.float32)


def _crosses(matrix: Embeddings) -> _Crosses | None:
    """Factor a square matrix of low rank into matrices of shape (d, k) and (k, d); None if k would be large."""
    rest = matrix.copy()
    left, right = np.empty((0, len(matrix)), np.float32), np.empty((0, len(matrix)), np.float32)
    while len(left) <= _FEW_DIRECTIONS:
        row, column = divmod(int(np.abs(rest).argmax()), len(rest))
        if abs(rest[row, column]) < _NOTHING_LEFT:
            return left.T, right
        left = np.vstack([left, rest[:, column] / rest[row, column]])
        right = np.vstack([right, rest[row]])
        rest -= np.outer(left[-1], right[-1])
    return None
