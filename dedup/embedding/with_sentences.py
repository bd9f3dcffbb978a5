"""Vectors of articles and of their sentences."""

from __future__ import annotations

from collections.abc import Sequence

from dedup.datatypes import Embeddings
from dedup.embedding.encoder import Encoder


def pool_with_sentences(
    texts: Sequence[str], parts: Sequence[Sequence[str]], encoder: Encoder
) -> tuple[Embeddings, Embeddings]:
    """Call `Encoder.pool_with_sentences`, by its default for an encoder that does not inherit from `Encoder`."""
    if hasattr(encoder, "pool_with_sentences"):
        return encoder.pool_with_sentences(texts, parts)
    return Encoder.pool_with_sentences(encoder, texts, parts)
