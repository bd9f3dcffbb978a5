"""Vectors of articles and sentences with the mean of their language removed.

Vectors of one language lie together whatever their texts say; without the mean a translation lies closer. The means
belong to the model, so that a vector depends on its text alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from dedup.datatypes import Embeddings
from dedup.embedding.encoder import Encoder
from dedup.language.siblings import base_language

_BATCH = 512


def embed_texts(texts: Sequence[str], codes: Sequence[str], encoder: Encoder) -> Embeddings:
    """Vectors of texts, the mean of each one's language removed: ndarray of shape (n, d), float32, unit rows."""
    vectors = np.empty((len(texts), encoder.dimension), np.float32)
    for start in range(0, len(texts), _BATCH):
        vectors[start : start + _BATCH] = encoder.pool(texts[start : start + _BATCH])
    return centre(vectors, codes, encoder)


def centre(vectors: Embeddings, codes: Sequence[str], encoder: Encoder) -> Embeddings:
    """Unit rows, the mean of each row's language removed; a zero row (a text without a known token) stays zero."""
    empty = ~vectors.any(axis=1)
    number = {name: place for place, name in enumerate(dict.fromkeys(codes))}  # sorting takes ten times as long
    of_row = np.array([number[code] for code in codes], np.intp)
    means = np.array([known_mean(encoder, name) for name in number], np.float32).reshape(-1, vectors.shape[1])
    moved = vectors - means[of_row]
    moved[empty] = 0
    return unit_rows(moved)


def known_mean(encoder: Encoder, code: str) -> npt.NDArray[np.float32]:
    """Mean of a language that the model knows, else of the sibling that stands in for it, else of all languages."""
    known = encoder.language_means
    code = code if code in known else base_language(code)
    if code in known:
        return known[code]
    total = sum(known.values(), np.zeros(encoder.dimension, np.float32))
    return np.asarray(total / max(len(known), 1), np.float32)


def unit_rows(vectors: npt.NDArray[np.float32]) -> Embeddings:
    """Rows divided by their length; a zero row stays zero."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    length[length == 0] = 1
    return np.asarray(vectors / length, np.float32)
