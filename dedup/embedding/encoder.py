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
BUNDLED = "bundled"


@runtime_checkable
class Encoder(Protocol):
    """What the pipeline asks of a model.

    Attributes
    ----------
    name : str
        "bundled", a directory, or the name the model was asked for by.
    fingerprint : str
        Changes whenever the model's answers may change.
    dimension : int
        Number of columns d of its vectors.
    language_means : mapping of language code to ndarray of shape (d,)
        Where the texts of a language lie on average before normalising; empty where nobody has measured it.
    """

    name: str
    fingerprint: str
    dimension: int
    language_means: LanguageMeans

    def encode(self, texts: Sequence[str]) -> Embeddings:
        """Vectors of texts of any length: ndarray of shape (len(texts), d), float32, unit rows (zero if empty)."""
        ...

    def pool(self, texts: Sequence[str]) -> Embeddings:
        """The same before normalising: what language means are taken from and subtracted from."""
        ...

    def sentence_transformer(self) -> SentenceTransformer:
        """The same model as a `SentenceTransformer`."""
        ...
