"""Token vectors → one vector a text: their mean, and a linear layer behind it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from dedup.datatypes import Embeddings

_Ids = npt.NDArray[np.intp]

_Crosses = tuple[Embeddings, Embeddings]

_FEW_TOKENS = 20_000

_TOGETHER = 256  # token vectors summed up at a time

_FEW_DIRECTIONS = 8

_ROWS = 64  # that go through a layer at a time

_NOTHING_LEFT = 1e-6  # of a layer whose numbers are at most about 1


def distinct_ids(ids: _Ids) -> tuple[_Ids, _Ids]:
    """The different ids in order, and the place of each id among them."""
    if len(ids) <= _FEW_TOKENS:
        return np.unique(ids, return_inverse=True)
    place = np.zeros(ids.max() + 1, np.intp)  # of many, ten times as fast as sorting them
    place[ids] = 1
    known = np.flatnonzero(place)
    place[known] = np.arange(len(known))
    return known, place[ids]


def mean_vectors(vectors: Embeddings, column: _Ids, lengths: _Ids) -> Embeddings:
    """Row i is the mean of the vectors that the i-th part of `column` names; zero where that is empty.

    Parts of one length go together, so few at a time that their vectors stay in the cache. A sparse product takes four
    fifths of the time, once scipy has been loaded for half as long as a small scan takes.
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
    """The means of groups of `counts` rows, one behind the other, by weights of 0 or at least 1; zero of none."""
    total = np.zeros((len(counts), rows.shape[1]), np.float32)
    weight = np.zeros(len(counts), np.float32)
    filled = np.flatnonzero(counts)
    if len(filled):
        begins = (np.cumsum(counts) - counts)[filled]
        total[filled] = np.add.reduceat(rows * weights[:, None], begins)
        weight[filled] = np.add.reduceat(weights, begins)
    return np.asarray(total / np.maximum(weight, 1)[:, None], np.float32)


class Linear:
    """A linear layer; one that changes few directions and leaves the others takes a tenth of the time.

    It is taken apart by adaptive cross approximation (Bebendorf 2000, "Approximation of boundary element matrices"),
    which the layers that take off directions of languages (`dedup.training.language_directions`) need one step a
    direction for.
    """

    def __init__(self, matrix: npt.NDArray[np.float32]) -> None:
        self._matrix = np.ascontiguousarray(matrix)
        self.width = matrix.shape[1]
        self._crosses: _Crosses | None = None
        if matrix.shape[0] == matrix.shape[1]:
            self._crosses = _crosses(matrix - np.eye(len(matrix), dtype=np.float32))

    def of(self, rows: Embeddings) -> Embeddings:
        """The rows behind the layer, each what it is alone: only products of one shape are summed up in one order."""
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
    """Two matrices of shape (d, k) and (k, d) whose product a square one is, if few of its directions are not zero."""
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
