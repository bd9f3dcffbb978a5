"""Quantisation of vectors: small integers with a scale a row."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from dedup.arrays import Floats
from dedup.datatypes import Embeddings


def quantise(rows: Floats, dtype: type[np.signedinteger[Any]] = np.int8) -> tuple[npt.NDArray[Any], Floats]:
    """Quantise rows: the largest entry of a row becomes the largest integer of the type.

    Returns
    -------
    ndarray of the same shape, and ndarray of shape (n,), float32
        The integers and the scale of each row; their product restores the rows. In int8 a cosine changes by some 0.0005
        in 384 columns, in int16 by a negligible amount. Equal rows stay equal.
    """
    most = np.iinfo(dtype).max
    largest = np.maximum(rows.max(axis=1, initial=0), -rows.min(axis=1, initial=0))
    largest[largest == 0] = 1
    return np.rint(rows * (most / largest)[:, None]).astype(dtype), largest / most


def pack_rows(vectors: Embeddings) -> npt.NDArray[np.int8]:
    """Pack unit rows as int8 without a scale, which follows from their length; zero rows stay zero."""
    return quantise(vectors)[0]


def unpack_rows(packed: npt.NDArray[np.int8]) -> Embeddings:
    """Restore unit rows from the integers of `pack_rows`."""
    vectors = packed.astype(np.float32)
    length = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
    vectors /= np.maximum(length, 1)[:, None]
    return vectors
