"""The protocol of embedding models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, TypeAlias, runtime_checkable

import numpy as np
import numpy.typing as npt

from dedup.datatypes import Embeddings

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

LanguageMeans: TypeAlias = Mapping[str, npt.NDArray[np.float32]]
"""Mean vector of each language, by its code: ndarrays of shape (d,), float32."""

BUNDLED = "bundled"
"""Name of the model inside the package."""

SENTENCES_AT_ONCE = 4096
"""Sentences whose token vectors are in memory together."""


@runtime_checkable
class Encoder(Protocol):
    """Interface of an embedding model.

    An encoder of your own inherits from this class and defines the four attributes without a value, `encode`, `pool`
    and `sentence_transformer`; the other members have defaults that are right for any model.

    Attributes
    ----------
    name : str
        "bundled", a directory, or the name by which the model was asked for.
    fingerprint : str
        Changes whenever the model's answers may change.
    dimension : int
        Number of columns d of its vectors.
    language_means : mapping of language code to ndarray of shape (d,)
        Mean of the texts of each language before normalising; empty where none was measured.
    loads_by_name : bool
        Whether ``load_encoder(name)`` gives the same encoder in another process.
    light : bool
        Whether a copy in every process of one machine pays: true for models that are mapped into memory.
    """

    name: str
    fingerprint: str
    dimension: int
    language_means: LanguageMeans
    loads_by_name: bool = False
    light: bool = False

    def encode(self, texts: Sequence[str]) -> Embeddings:
        """Encode texts of any length: ndarray of shape (len(texts), d), float32, unit rows (zero if empty)."""
        ...

    def pool(self, texts: Sequence[str]) -> Embeddings:
        """Encode texts without normalising, as language means are measured and subtracted."""
        ...

    def pool_with_sentences(
        self, texts: Sequence[str], parts: Sequence[Sequence[str]]
    ) -> tuple[Embeddings, Embeddings]:
        """Pool texts, and the sentences that each consists of.

        Parameters
        ----------
        texts : sequence of str
        parts : sequence of sequences of str
            The sentences of each text.

        Returns
        -------
        Embeddings, Embeddings
            ndarrays of shape (len(texts), d) and (sentences of all texts, d), float32.
        """
        flat = [sentence for of_text in parts for sentence in of_text]
        vectors = np.empty((len(flat), self.dimension), np.float32)
        for start in range(0, len(flat), SENTENCES_AT_ONCE):
            part = slice(start, start + SENTENCES_AT_ONCE)
            vectors[part] = self.pool(flat[part])
        return self.pool(texts), vectors

    def sentence_transformer(self) -> SentenceTransformer:
        """Return the model as a `SentenceTransformer`."""
        ...
