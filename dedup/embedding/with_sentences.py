"""Vectors of articles and of their sentences, which share the tokens."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dedup.datatypes import Embeddings
from dedup.embedding.encoder import Encoder
from dedup.embedding.pooling import weighted_means
from dedup.embedding.static_encoder import StaticEncoder

_SENTENCES = 4096  # whose token vectors are in memory together


def pool_with_sentences(
    texts: Sequence[str], parts: Sequence[Sequence[str]], encoder: Encoder
) -> tuple[Embeddings, Embeddings]:
    """Vectors of texts and of their sentences before normalising.

    A static model looks each token up once: the mean of a text is that of its sentences, weighted by their tokens.

    Returns
    -------
    Embeddings, Embeddings
        ndarrays of shape (len(texts), d) and (sentences of all texts, d), float32.
    """
    flat = [sentence for of_text in parts for sentence in of_text]
    vectors = np.empty((len(flat), encoder.dimension), np.float32)
    tokens = np.zeros(len(flat), np.float32)
    for start in range(0, len(flat), _SENTENCES):
        part = slice(start, start + _SENTENCES)
        if isinstance(encoder, StaticEncoder):
            vectors[part], tokens[part] = encoder.pool_counted(flat[part])
        else:
            vectors[part] = encoder.pool(flat[part])
    if not isinstance(encoder, StaticEncoder):
        return encoder.pool(texts), vectors
    return weighted_means(vectors, tokens, np.array([len(of_text) for of_text in parts], np.intp)), vectors
