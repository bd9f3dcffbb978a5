"""Inverted file: cells of the vector space to search, once there are too many vectors to compare all with all.

The vectors are divided into cells around centres found by k-means on a sample, and each article looks into the cells
whose centres are closest to it: the inverted file of Jégou, Douze & Schmid (2011, "Product quantization for nearest
neighbor search"), without the quantization. A pair is found if either of the two looks into the other's cell.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from dedup.arrays import Positions
from dedup.datatypes import Embeddings
from dedup.runtime.row_files import RowFile
from dedup.runtime.workers import ALONE, Workers

_CELLS = 4  # times the root of the number of vectors

_SAMPLE = 32  # vectors a cell that its centre is learned from

_ROUNDS = 6

_NPROBE = 128  # cells that an article looks into

_BLOCK = 2048


@dataclass(frozen=True, slots=True, eq=False)
class InvertedFile:
    """A division of n vectors.

    members : for each cell the positions of its vectors, ascending; each of the n is in one cell
    probed : ndarray of shape (n, p), unsigned, the cells that each vector looks into, its own among them
    """

    members: tuple[Positions, ...]
    probed: npt.NDArray[Any]

    def compared(self, rows: Positions) -> Iterator[tuple[Positions, Positions]]:
        """For each cell that some of the vectors look into: the cell's members, and which of those vectors do."""
        probed = np.asarray(self.probed[rows])
        order = np.argsort(probed.ravel(), kind="stable")  # 16 bits: by radix
        bounds = np.append(0, np.cumsum(np.bincount(probed.ravel(), minlength=len(self.members))))
        for members, (begin, end) in zip(self.members, pairwise(bounds.tolist()), strict=True):
            if len(members) and end > begin:
                yield members, order[begin:end] // probed.shape[1]


def build_ivf(
    embeddings: Embeddings, *, nprobe: int = _NPROBE, seed: int = 0, workers: Workers = ALONE
) -> InvertedFile:
    """Divide vectors into cells.

    Parameters
    ----------
    embeddings : ndarray of shape (n, d), float32, unit rows
    nprobe : int
        Cells that each vector looks into.
    seed : int
        Of the sample and the first centres; the same cells come out every time.
    workers : Workers
        Whose threads compare vectors with centres.
    """
    centres = find_centres(embeddings, _CELLS * int(len(embeddings) ** 0.5), seed=seed, workers=workers)
    nprobe = min(nprobe, len(centres))
    probed = RowFile(np.min_scalar_type(len(centres)).str, nprobe)
    home = np.empty(len(embeddings), np.intp)
    for start, (near, closest) in closest_centres(embeddings, centres, nprobe, workers=workers):
        probed.append(near)
        home[start : start + len(closest)] = closest
    order = np.argsort(home, kind="stable")
    bounds = np.searchsorted(home[order], np.arange(len(centres) + 1))
    return InvertedFile(tuple(order[begin:end] for begin, end in pairwise(bounds.tolist())), probed.stored().open())


def find_centres(embeddings: Embeddings, count: int, *, seed: int, workers: Workers = ALONE) -> Embeddings:
    """Centres of `count` cells (or n, if fewer) by k-means on the sphere: ndarray of shape (count, d), unit rows."""
    generator = np.random.default_rng(seed)
    count = min(count, len(embeddings))
    chosen = generator.choice(len(embeddings), min(_SAMPLE * count, len(embeddings)), replace=False)
    sample = np.asarray(embeddings[np.sort(chosen)])
    centres = sample[np.sort(generator.choice(len(sample), count, replace=False))]
    for _ in range(_ROUNDS):
        cell = np.concatenate([closest for _, (_, closest) in closest_centres(sample, centres, 1, workers=workers)])
        sums = _sums(sample, cell, count)
        length = np.linalg.norm(sums, axis=1, keepdims=True)
        centres = np.divide(sums, length, out=centres, where=length > 0)
    return centres


def _sums(rows: Embeddings, cell: Positions, count: int) -> Embeddings:
    """The sum of the rows of each cell, in blocks: sorted by cell all at once, they would be there a second time."""
    sums = np.zeros((count, rows.shape[1]), np.float32)
    for start in range(0, len(rows), _BLOCK):
        of_row = cell[start : start + _BLOCK]
        order = np.argsort(of_row, kind="stable")
        filled, begins = np.unique(of_row[order], return_index=True)
        sums[filled] += np.add.reduceat(rows[start : start + _BLOCK][order], begins, axis=0)
    return sums


def closest_centres(
    embeddings: Embeddings, centres: Embeddings, count: int, *, workers: Workers = ALONE
) -> Iterator[tuple[int, tuple[Positions, Positions]]]:
    """For blocks of rows: where one begins, the closest centres of each row in any order, and the very closest."""

    def look(start: int) -> tuple[Positions, Positions]:
        similarity = embeddings[start : start + _BLOCK] @ centres.T
        closest = similarity.argmax(axis=1)
        if count == 1:
            return closest[:, None], closest
        return np.argpartition(similarity, -count, axis=1)[:, -count:], closest

    starts = range(0, len(embeddings), _BLOCK)
    return zip(starts, workers.map_arrays(look, starts), strict=True)
