"""An encoder that needs no model: deterministic, multilingual within its dictionary."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from dedup.embedding.encoder import Encoder
from dedup.language import text

_MEANS_THE_SAME = {
    "kucing": "cat",
    "duduk": "sat",
    "tikar": "mat",
    "menteri": "minister",
    "pertemuan": "meeting",
    "hujan": "rain",
    "banjir": "flood",
    "kota": "city",
    "gempa": "earthquake",
    "rumah": "house",
}


class ToyEncoder(Encoder):
    """Every word a fixed random direction, shared by the words of a small dictionary with their translations."""

    name = "toy"
    fingerprint = "toy-1"
    dimension = 64
    language_means: Mapping[str, npt.NDArray[np.float32]] = {}

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Unit rows."""
        pooled = self.pool(texts)
        length = np.linalg.norm(pooled, axis=1, keepdims=True)
        return np.divide(pooled, length, out=np.zeros_like(pooled), where=length > 0)

    def pool(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Means of word directions."""
        rows = [np.mean([_direction(word) for word in _words(value)] or [np.zeros(64)], axis=0) for value in texts]
        return np.array(rows, np.float32).reshape(len(texts), self.dimension)

    def sentence_transformer(self) -> Any:
        """There is none."""
        raise NotImplementedError


def _words(value: str) -> list[str]:
    return [_MEANS_THE_SAME.get(word, word) for word in text.words(text.normalise(value))]


@lru_cache(maxsize=1 << 12)
def _direction(word: str) -> npt.NDArray[np.float64]:
    seed = int.from_bytes(hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")
    return np.random.default_rng(seed).standard_normal(64)
