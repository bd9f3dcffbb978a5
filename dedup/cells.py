"""Where a vector's neighbours are to be looked for, once there are too many to compare all with all.

The vectors are divided into cells around centres found by k-means on a sample, and each article looks into the cells
whose centres are closest to it: the inverted file of Jégou, Douze & Schmid (2011, "Product quantization for nearest
neighbor search"), without the quantization. The articles of a cell lie together and look together into all the cells
that any of them wants to see, which costs one matrix product and finds more than each would by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from dedup.datatypes import Embeddings

Positions = npt.NDArray[np.intp]

_SAMPLE = 64  # vectors a cell that its centre is learned from
_ROUNDS = 8
_PROBES = 8  # cells that an article looks into at least
_BLOCK = 8192


def divide(embeddings: Embeddings, *, probes: int = _PROBES, seed: int = 0) -> Iterator[tuple[Positions, Positions]]:
    """Rows that lie together, and the columns they are to be compared with.

    Parameters
    ----------
    embeddings : ndarray of shape (n, d), float32, unit rows
    probes : int
        Cells that each row looks into, its own among them.
    seed : int
        Of the sample and the first centres; the same cells come out every time.

    Yields
    ------
    rows, columns : ndarray of intp, ascending
        Every row comes once, and always among its own columns.
    """
    centres = find_centres(embeddings, 2 * int(len(embeddings) ** 0.5), seed=seed)
    wanted = closest_centres(embeddings, centres, min(probes, len(centres)))
    order = np.argsort(wanted[:, 0], kind="stable")
    bounds = np.searchsorted(wanted[order, 0], np.arange(len(centres) + 1))
    members = [order[start:end] for start, end in pairwise(bounds.tolist())]
    for rows in members:
        if len(rows):
            columns = np.concatenate([members[cell] for cell in np.unique(wanted[rows])])
            columns.sort()
            yield rows, columns


def find_centres(embeddings: Embeddings, count: int, *, seed: int) -> Embeddings:
    """Centres of `count` cells (or n, if fewer) by k-means on the sphere: ndarray of shape (count, d), unit rows."""
    generator = np.random.default_rng(seed)
    count = min(count, len(embeddings))
    chosen = generator.choice(len(embeddings), min(_SAMPLE * count, len(embeddings)), replace=False)
    sample = np.asarray(embeddings[np.sort(chosen)])
    centres = sample[np.sort(generator.choice(len(sample), count, replace=False))]
    for _ in range(_ROUNDS):
        nearest = closest_centres(sample, centres, 1)[:, 0]
        order = np.argsort(nearest, kind="stable")
        filled, starts = np.unique(nearest[order], return_index=True)
        sums = np.add.reduceat(sample[order], starts, axis=0)
        length = np.linalg.norm(sums, axis=1, keepdims=True)
        centres[filled] = np.divide(sums, length, out=centres[filled], where=length > 0)
    return centres


def closest_centres(embeddings: Embeddings, centres: Embeddings, count: int) -> npt.NDArray[np.int32]:
    """Numbers of the closest centres of each row, the closest first: ndarray of shape (n, count)."""
    found = np.empty((len(embeddings), count), np.int32)
    for start in range(0, len(embeddings), _BLOCK):
        similarity = embeddings[start : start + _BLOCK] @ centres.T
        at = np.argpartition(similarity, -count, axis=1)[:, -count:]
        order = np.argsort(-np.take_along_axis(similarity, at, axis=1), axis=1, kind="stable")
        found[start : start + _BLOCK] = np.take_along_axis(at, order, axis=1)
    return found
