"""Where a vector's neighbours are to be looked for, once there are too many to compare all with all.

The vectors are divided into cells around centres found by k-means on a sample, and each article looks into the cells
whose centres are closest to it: the inverted file of Jégou, Douze & Schmid (2011, "Product quantization for nearest
neighbor search"), without the quantization. A pair is found if either of the two looks into the other's cell.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from dedup.datatypes import Embeddings
from dedup.parallel import ALONE, Workers

Positions = npt.NDArray[np.intp]

_CELLS = 4  # times the root of the number of vectors
_SAMPLE = 32  # vectors a cell that its centre is learned from
_ROUNDS = 6
_PROBES = 128  # cells that an article looks into
_BLOCK = 2048


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """A division of n vectors.

    centres : ndarray of shape (c, d), float32, unit rows
    members : for each cell the positions of its vectors, ascending; each of the n is in one cell
    """

    centres: Embeddings
    members: tuple[Positions, ...]

    def looks(self, vectors: Embeddings, probes: int = _PROBES) -> Iterator[tuple[Positions, Positions]]:
        """For each cell that one of the vectors looks into: the cell's members, and which of the vectors do."""
        probes = min(probes, len(self.centres))
        wanted = closest_centres(vectors, self.centres, probes).ravel()
        order = np.argsort(wanted.astype(np.min_scalar_type(len(self.centres))), kind="stable")  # 16 bits: by radix
        bounds = np.append(0, np.cumsum(np.bincount(wanted, minlength=len(self.centres))))
        for members, (begin, end) in zip(self.members, pairwise(bounds.tolist()), strict=True):
            if len(members) and end > begin:
                yield members, order[begin:end] // probes


def divide(embeddings: Embeddings, *, seed: int = 0, workers: Workers = ALONE) -> Cells:
    """Divide vectors into cells, four for every root of their number.

    Parameters
    ----------
    embeddings : ndarray of shape (n, d), float32, unit rows
    seed : int
        Of the sample and the first centres; the same cells come out every time.
    workers : Workers
        Whose threads compare vectors with centres.
    """
    centres = find_centres(embeddings, _CELLS * int(len(embeddings) ** 0.5), seed=seed, workers=workers)
    home = closest_centres(embeddings, centres, 1, workers=workers)[:, 0]
    order = np.argsort(home, kind="stable")
    bounds = np.searchsorted(home[order], np.arange(len(centres) + 1))
    return Cells(centres, tuple(order[begin:end] for begin, end in pairwise(bounds.tolist())))


def find_centres(embeddings: Embeddings, count: int, *, seed: int, workers: Workers = ALONE) -> Embeddings:
    """Centres of `count` cells (or n, if fewer) by k-means on the sphere: ndarray of shape (count, d), unit rows."""
    generator = np.random.default_rng(seed)
    count = min(count, len(embeddings))
    chosen = generator.choice(len(embeddings), min(_SAMPLE * count, len(embeddings)), replace=False)
    sample = np.asarray(embeddings[np.sort(chosen)])
    centres = sample[np.sort(generator.choice(len(sample), count, replace=False))]
    for _ in range(_ROUNDS):
        sums = _sums(sample, closest_centres(sample, centres, 1, workers=workers)[:, 0], count)
        length = np.linalg.norm(sums, axis=1, keepdims=True)
        centres = np.divide(sums, length, out=centres, where=length > 0)
    return centres


def _sums(rows: Embeddings, cell: npt.NDArray[np.int32], count: int) -> Embeddings:
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
) -> npt.NDArray[np.int32]:
    """Numbers of the closest centres of each row, in any order: ndarray of shape (n, count)."""

    def look(start: int) -> npt.NDArray[np.intp]:
        similarity = embeddings[start : start + _BLOCK] @ centres.T
        if count == 1:
            return np.asarray(similarity.argmax(axis=1)[:, None], np.intp)
        return np.asarray(np.argpartition(similarity, -count, axis=1)[:, -count:], np.intp)

    found = np.empty((len(embeddings), count), np.int32)
    starts = range(0, len(embeddings), _BLOCK)
    for start, nearest in zip(starts, workers.map_arrays(look, starts), strict=True):
        found[start : start + _BLOCK] = nearest
    return found
