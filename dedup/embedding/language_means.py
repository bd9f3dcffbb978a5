"""Vectors of articles and sentences with the mean of their language removed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from dedup.datatypes import Embeddings, Progress
from dedup.embedding.encoder import Encoder, LanguageMeans

_BATCH = 512
_BLOCK = 1 << 10  # vectors looked at together: what stays in the cache
_OWN_MEAN_WEIGHT = 20.0  # articles of a language after which its own mean in the run outweighs the shipped one


def embed_articles(
    texts: Sequence[str], codes: Sequence[str], encoder: Encoder, *, progress: Progress | None = None
) -> tuple[Embeddings, LanguageMeans]:
    """Article vectors, the mean of each language removed, and those means.

    Returns
    -------
    Embeddings
        ndarray of shape (n, d), float32, unit rows; row i belongs to text i.
    dict of language code to ndarray of shape (d,), float32
        What was removed.
    """
    vectors = np.empty((len(texts), encoder.dimension), np.float32)
    for start in range(0, len(texts), _BATCH):
        vectors[start : start + _BATCH] = encoder.pool(texts[start : start + _BATCH])
        if progress:
            progress("embed", min(start + _BATCH, len(texts)), len(texts))
    return vectors, remove_language_means(vectors, codes, encoder)


def embed_sentences(sentences: Sequence[str], code: str, means: LanguageMeans, encoder: Encoder) -> Embeddings:
    """Vectors of sentences in one language, its mean removed as from the articles.

    Returns
    -------
    Embeddings
        ndarray of shape (len(sentences), d), float32, unit rows.
    """
    return centre(encoder.pool(sentences), [code] * len(sentences), means)


def centre(vectors: Embeddings, codes: Sequence[str], means: LanguageMeans) -> Embeddings:
    """Unit rows, the mean of each row's language removed; a zero row (a text without a known token) stays zero."""
    empty = ~vectors.any(axis=1)
    names, of_row = np.unique(np.array(codes, dtype=str), return_inverse=True)
    means_of = np.array([means[str(name)] for name in names], np.float32).reshape(-1, vectors.shape[1])
    moved = vectors - means_of[of_row]
    moved[empty] = 0
    return unit_rows(moved)


def remove_language_means(vectors: Embeddings, codes: Sequence[str], encoder: Encoder) -> LanguageMeans:
    """Take each row's language mean off it and make it a unit row, in place; a zero row stays zero.

    Texts of one language lie together whatever they say, and a translation lies closer once that is taken away. The
    mean of a language is the shipped one drawn towards the run's own, which weighs as much from 20 articles on. A
    language that the model does not know starts from the mean of all that it knows.
    """
    names, of_row = np.unique(np.array(codes, dtype=str), return_inverse=True)
    totals = np.zeros((len(names), encoder.dimension))
    blocks = [slice(start, start + _BLOCK) for start in range(0, len(vectors), _BLOCK)]
    for block in blocks:
        order = np.argsort(of_row[block], kind="stable")
        name = of_row[block][order]
        begins = np.flatnonzero(np.diff(name, prepend=-1))
        totals[name[begins]] += np.add.reduceat(vectors[block][order], begins, axis=0, dtype=np.float64)
    prior = np.array([known_mean(encoder, str(name)) for name in names]).reshape(-1, encoder.dimension)
    counts = np.bincount(of_row, minlength=len(names))[:, None]
    means = ((totals + _OWN_MEAN_WEIGHT * prior) / (counts + _OWN_MEAN_WEIGHT)).astype(np.float32)
    for block in blocks:
        filled = vectors[block].any(axis=1, keepdims=True)
        vectors[block] = unit_rows(np.where(filled, vectors[block] - means[of_row[block]], 0))
    return dict(zip(names.tolist(), means, strict=True))


def known_mean(encoder: Encoder, code: str) -> npt.NDArray[np.float32]:
    """The mean of a language as the model knows it, or else the mean of all that it knows."""
    known = encoder.language_means
    if code in known:
        return known[code]
    total = sum(known.values(), np.zeros(encoder.dimension, np.float32))
    return np.asarray(total / max(len(known), 1), np.float32)


def unit_rows(vectors: npt.NDArray[np.float32]) -> Embeddings:
    """Rows divided by their length; a zero row stays zero."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    length[length == 0] = 1
    return np.asarray(vectors / length, np.float32)
