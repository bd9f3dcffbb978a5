"""Static embedding models (one vector a token, pooled), read without torch."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from dedup.datatypes import Embeddings
from dedup.embedding.encoder import BUNDLED, SENTENCES_AT_ONCE, Encoder, LanguageMeans
from dedup.embedding.fingerprint import fingerprint
from dedup.embedding.language_means import unit_rows
from dedup.embedding.pooling import Linear, distinct_ids, mean_vectors, weighted_means
from dedup.embedding.safetensors_map import DENSE, check_finite, map_tensors, read_table
from dedup.embedding.tokenizer.token_ids import load_tokenizer
from dedup.errors import ModelError
from dedup.language.json_text import parse_json

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


class StaticEncoder(Encoder):
    """A sentence-transformers `StaticEmbedding` model, read with tokenizers and numpy alone.

    Parameters
    ----------
    directory : Path
        Holds ``0_StaticEmbedding/{model.safetensors, tokenizer.json}`` and, if it has them, ``1_Dense`` (a linear
        layer), ``languages.json`` and ``language_means.safetensors``.
    """

    loads_by_name = True
    light = True

    def __init__(self, directory: Path, *, name: str) -> None:
        self.name = name
        self._directory = directory
        weights = directory / "0_StaticEmbedding" / "model.safetensors"
        self._table, self._scales, self._rows = read_table(weights)
        layer = directory / DENSE / "model.safetensors"
        layers = [layer] if layer.is_file() else []
        self._layers = [Linear(_read_layer(path, self._table.shape[1])) for path in layers]
        self.dimension = self._layers[-1].width if layers else self._table.shape[1]
        self.language_means: LanguageMeans = _read_language_means(directory, self.dimension)
        tokenizer = weights.with_name("tokenizer.json")
        try:
            with ThreadPoolExecutor(1) as beside:
                digest = beside.submit(fingerprint, [weights, tokenizer, *layers], keep=name == BUNDLED)
                self._tokenizer = load_tokenizer(tokenizer, keep=name == BUNDLED)
            self.fingerprint = digest.result()
        except OSError as error:
            raise ModelError(f"cannot read {error.filename}: {error.strerror}; install the model again") from error
        tokens = len(self._table if self._rows is None else self._rows)
        if self._tokenizer.largest >= tokens:
            raise ModelError(f"{tokenizer} has the token {self._tokenizer.largest:,}, and the model {tokens:,} tokens")

    def pool(self, texts: Sequence[str]) -> Embeddings:
        """Mean of each text's token vectors after the linear layer: ndarray of shape (len(texts), d), float32."""
        return self.pool_counted(texts)[0]

    def pool_counted(self, texts: Sequence[str]) -> tuple[Embeddings, npt.NDArray[np.intp]]:
        """Pool texts, and count the tokens of each: ndarrays of shape (len(texts), d) and (len(texts),)."""
        ids, lengths = self._tokenizer.encode(texts)
        known, column = distinct_ids(ids)
        vectors = self._table.take(known if self._rows is None else self._rows[known], axis=0)
        scales = np.float32(1) if self._scales is None else self._scales[known]
        vectors = np.multiply(vectors, scales, dtype=np.float32)
        means = mean_vectors(vectors, column, lengths)
        return functools.reduce(lambda rows, layer: layer.apply(rows), self._layers, means), lengths

    def pool_with_sentences(
        self, texts: Sequence[str], parts: Sequence[Sequence[str]]
    ) -> tuple[Embeddings, Embeddings]:
        """Pool sentences, and texts as the means of their sentences weighted by tokens: each token is read once."""
        del texts  # their sentences hold all of them
        flat = [sentence for of_text in parts for sentence in of_text]
        vectors = np.empty((len(flat), self.dimension), np.float32)
        tokens = np.zeros(len(flat), np.float32)
        for start in range(0, len(flat), SENTENCES_AT_ONCE):
            part = slice(start, start + SENTENCES_AT_ONCE)
            vectors[part], tokens[part] = self.pool_counted(flat[part])
        return weighted_means(vectors, tokens, np.array([len(of_text) for of_text in parts], np.intp)), vectors

    def encode(self, texts: Sequence[str]) -> Embeddings:
        """Encode texts of any length as unit vectors: ndarray of shape (len(texts), d), float32."""
        return unit_rows(self.pool(texts))

    def sentence_transformer(self) -> SentenceTransformer:
        """Load the model as a `SentenceTransformer` (imports torch)."""
        from sentence_transformers import SentenceTransformer

        return SentenceTransformer(str(self._directory), device="cpu")


def _read_layer(path: Path, columns: int) -> npt.NDArray[np.float32]:
    weight = map_tensors(path).get("linear.weight")
    if weight is None or weight.ndim != 2 or weight.shape[1] != columns or weight.dtype.kind != "f" or not len(weight):
        shape = "nothing" if weight is None else str(weight.shape)
        raise ModelError(f"{path}: {shape} instead of a linear layer behind {columns} columns; install the model again")
    check_finite(weight, path)
    return np.asarray(weight.T, np.float32)


def _read_language_means(directory: Path, dimension: int) -> dict[str, npt.NDArray[np.float32]]:
    codes, means = directory / "languages.json", directory / "language_means.safetensors"
    if not (codes.is_file() and means.is_file()):
        return {}
    try:
        names = parse_json(codes.read_bytes())
        (matrix,) = map_tensors(means).values()
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise ValueError("no list of languages")
        if matrix.shape != (len(set(names)), dimension) or matrix.dtype.kind != "f":
            raise ValueError(f"means of shape {matrix.shape} for {len(names)} languages and {dimension} columns")
    except (OSError, ValueError) as error:
        raise ModelError(f"{codes} does not go with {means.name}: {error}; install the model again") from error
    check_finite(matrix, means)
    return dict(zip(names, matrix.astype(np.float32), strict=True))
