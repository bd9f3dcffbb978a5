"""Texts → vectors: the bundled static model by a light path, any other model by sentence-transformers.

Only this module knows what a model is; everything after it sees a float32 matrix.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
import numpy.typing as npt

from dedup.datatypes import UNDETERMINED, Embeddings, Progress
from dedup.errors import ModelError
from dedup.pooling import Linear, distinct_ids, mean_vectors, weighted_means
from dedup.tensors import DENSE, is_static, map_tensors, read_table
from dedup.text import sentences
from dedup.token_ids import read_token_ids

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

LanguageMeans: TypeAlias = Mapping[str, npt.NDArray[np.float32]]

BUNDLED = "bundled"
_EVERYDAY = (
    "The city council approved the new budget on Tuesday.",
    "She bought bread, milk and two apples at the market.",
    "The match ended in a draw after extra time.",
    "Researchers described a new species of frog.",
    "The software update fixes several security problems.",
    "Heavy snow is expected in the mountains this weekend.",
    "The orchestra will play in the old theatre next month.",
    "Shares of the company rose slightly in early trading.",
    "El tren llegó a la estación con veinte minutos de retraso.",
    "Les élèves visitent un musée d'histoire naturelle.",
    "Der Arzt empfahl ihm, weniger Kaffee zu trinken.",
    "Nelayan itu kembali ke pelabuhan sebelum matahari terbit.",
    "Новый мост через реку откроют весной.",
    "科学家在实验室里测试新的电池。",
    "افتتحت المكتبة الجديدة أبوابها أمام القراء.",
    "किसान इस साल अच्छी फसल की उम्मीद कर रहे हैं।",
)  # what texts have in common whatever they say, for models that nobody has measured by language
_BATCH = 512
_SENTENCES = 4096  # whose token vectors are in memory together
_BLOCK = 1 << 10  # vectors looked at together: what stays in the cache
_PART = 1 << 18  # bytes of a file read at once: what stays in the cache is half as long to read as the whole
_OWN_MEAN_WEIGHT = 20.0  # articles of a language after which its own mean in the run outweighs the shipped one


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


def load_encoder(name: str = BUNDLED) -> Encoder:
    """An encoder by name.

    Parameters
    ----------
    name : str
        "bundled" (the model inside the package; no network, no torch), a directory that holds a sentence-transformers
        model, or a hub name. A directory with a `StaticEmbedding`, and a linear layer behind it or none, is read
        without torch as well.

    Raises
    ------
    ModelError
        If there is no such model, or it needs remote code (which is never run).
    """
    if name == BUNDLED:
        return _bundled()
    if is_static(Path(name)):
        return StaticEncoder(Path(name), name=name)
    return TransformerEncoder(name)


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


def pool_parted(
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


class StaticEncoder:
    """A sentence-transformers `StaticEmbedding` model, read with tokenizers and numpy alone.

    Parameters
    ----------
    directory : Path
        Holds ``0_StaticEmbedding/{model.safetensors, tokenizer.json}`` and, if it has them, ``1_Dense`` (a linear
        layer), ``languages.json`` and ``language_means.safetensors``.
    """

    def __init__(self, directory: Path, *, name: str) -> None:
        self.name = name
        self._directory = directory
        weights = directory / "0_StaticEmbedding" / "model.safetensors"
        self._table, self._scales, self._rows = read_table(weights)
        layer = directory / DENSE / "model.safetensors"
        layers = [layer] if layer.is_file() else []
        self._layers = [Linear(map_tensors(path)["linear.weight"].T) for path in layers]
        self.dimension = self._layers[-1].width if layers else self._table.shape[1]
        self.language_means: LanguageMeans = _read_language_means(directory)
        tokenizer = weights.with_name("tokenizer.json")
        try:
            with ThreadPoolExecutor(1) as beside:
                digest = beside.submit(_digest, weights, tokenizer, *layers)
                self._token_ids = read_token_ids(tokenizer, keep=name == BUNDLED)
            self.fingerprint = digest.result()
        except OSError as error:
            raise ModelError(f"cannot read {error.filename}: {error.strerror}; install the model again") from error

    def pool(self, texts: Sequence[str]) -> Embeddings:
        """Mean of each text's token vectors, behind the linear layer: ndarray of shape (len(texts), d), float32."""
        return self.pool_counted(texts)[0]

    def pool_counted(self, texts: Sequence[str]) -> tuple[Embeddings, npt.NDArray[np.intp]]:
        """The same, and how many tokens each text has."""
        ids, lengths = self._token_ids.of(texts)
        known, column = distinct_ids(ids)
        vectors = self._table.take(known if self._rows is None else self._rows[known], axis=0)
        scales = np.float32(1) if self._scales is None else self._scales[known]
        vectors = np.multiply(vectors, scales, dtype=np.float32)
        means = mean_vectors(vectors, column, lengths)
        return functools.reduce(lambda rows, layer: layer.of(rows), self._layers, means), lengths

    def encode(self, texts: Sequence[str]) -> Embeddings:
        """Unit vectors of texts of any length."""
        return unit_rows(self.pool(texts))

    def sentence_transformer(self) -> SentenceTransformer:
        """The same model as a `SentenceTransformer` (imports torch)."""
        from sentence_transformers import SentenceTransformer

        return SentenceTransformer(str(self._directory), device="cpu")


class TransformerEncoder:
    """Any model that sentence-transformers can load; remote code is never run.

    Texts longer than the model's `max_seq_length` are cut into windows at sentence ends, and a text's vector is the
    mean of its windows' vectors weighted by their length, so that nothing of an article is dropped. What all texts
    have in common (for e5 a cosine of 0.7) is measured on everyday sentences and taken off like a language mean, which
    brings the similarities of any model near the scale of the bundled one (Mu & Viswanath 2018, "All-but-the-Top").
    """

    def __init__(self, name: str) -> None:
        from sentence_transformers import SentenceTransformer

        try:
            self._model = SentenceTransformer(name, trust_remote_code=False)
        except (OSError, ValueError, RuntimeError) as error:
            raise ModelError(
                f"cannot load the model {name!r}: {_first_line(error)}; give a directory with a sentence-transformers "
                "model, a hub name that this machine can reach or has cached (with HF_HUB_OFFLINE=1 it looks there "
                'alone, without waiting for the network), or "bundled"'
            ) from error
        self.name = name
        self.dimension = int(self._model.get_embedding_dimension() or 0)
        self.fingerprint = _digest_parameters(self._model)
        self._prompt = "query: " if "e5" in Path(name).name and not any(self._model.prompts.values()) else None
        self.language_means: LanguageMeans = {UNDETERMINED: self.encode(_EVERYDAY).mean(axis=0)}

    def pool(self, texts: Sequence[str]) -> Embeddings:
        """The same as `encode`: these models are compared by unit vectors."""
        return self.encode(texts)

    def encode(self, texts: Sequence[str]) -> Embeddings:
        """Unit vectors of texts of any length."""
        windows = [self._windows(text) for text in texts]
        flat = [window for of_text in windows for window in of_text]
        owner = np.repeat(np.arange(len(texts)), [len(of_text) for of_text in windows])
        pooled = np.zeros((len(texts), self.dimension), np.float32)
        if flat:
            vectors = self._model.encode(
                flat, prompt=self._prompt, convert_to_numpy=True, normalize_embeddings=True, show_progress_bar=False
            )
            weights = np.array([len(window) for window in flat], np.float32)
            np.add.at(pooled, owner, np.asarray(vectors, np.float32) * weights[:, None])
        return unit_rows(pooled)

    def sentence_transformer(self) -> SentenceTransformer:
        """The model itself."""
        return self._model

    def _windows(self, text: str) -> list[str]:
        """A text in pieces that fit the model, cut at sentence ends where it has any."""
        limit = (self._model.max_seq_length or 0) - 8  # infinite for a static model
        if limit <= 0 or len(text) <= limit:  # a token is never shorter than a character
            return [text] if text.strip() else []
        windows: list[str] = []
        room = 0
        for sentence in sentences(text):
            tokens = len(self._model.tokenizer.encode(sentence, add_special_tokens=False, verbose=False))
            if tokens > room or not windows:
                windows.append(sentence)
                room = limit - tokens
            else:
                windows[-1] += " " + sentence
                room -= tokens
        return windows


@functools.cache
def _bundled() -> StaticEncoder:
    return StaticEncoder(_bundled_directory(), name=BUNDLED)


def _bundled_directory() -> Path:
    models = Path(str(resources.files("dedup") / "models"))
    found = sorted(path for path in models.iterdir() if (path / "modules.json").is_file()) if models.is_dir() else []
    if not found:
        raise ModelError(f"no bundled model in {models}: the installation is incomplete; install dedup again")
    return found[-1]


def _read_language_means(directory: Path) -> dict[str, npt.NDArray[np.float32]]:
    codes, means = directory / "languages.json", directory / "language_means.safetensors"
    if not (codes.is_file() and means.is_file()):
        return {}
    (matrix,) = map_tensors(means).values()
    return dict(zip(json.loads(codes.read_text(encoding="utf-8")), matrix.astype(np.float32), strict=True))


def _digest(*paths: Path) -> str:
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while part := file.read(_PART):
                digest.update(part)
    return digest.hexdigest()[:16]


def _digest_parameters(model: Any) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().numpy().tobytes())
    return digest.hexdigest()


def _first_line(error: Exception) -> str:
    return next(islice((line.strip() for line in str(error).splitlines() if line.strip()), 1), type(error).__name__)
