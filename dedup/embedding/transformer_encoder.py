"""Encoder for any sentence-transformers model; long texts are encoded in windows."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dedup.datatypes import UNDETERMINED, Embeddings
from dedup.embedding.encoder import Encoder, LanguageMeans
from dedup.embedding.language_means import unit_rows
from dedup.errors import ModelError
from dedup.language.sentences import sentences

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

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
)  # sentences on everyday topics: their mean stands for all texts, for models without means of languages


# Raised by the libraries for files that are damaged, of another kind, or hold code.
_FAULTS = (
    OSError,
    ValueError,
    RuntimeError,
    LookupError,
    TypeError,
    AttributeError,
    ImportError,
    AssertionError,
    EOFError,
    pickle.UnpicklingError,
)


class TransformerEncoder(Encoder):
    """Encoder for any model that sentence-transformers can load; remote code is never run.

    Texts longer than the model's `max_seq_length` are cut into windows at sentence ends, and a text's vector is the
    mean of its windows' vectors weighted by their length, so that nothing of an article is dropped. The mean of all
    texts (those of e5 have a cosine of 0.7) is measured on everyday sentences and subtracted like a language mean,
    which brings the similarities of any model near the scale of the bundled one (Mu & Viswanath 2018,
    "All-but-the-Top").
    """

    loads_by_name = True

    def __init__(self, name: str, *, local_files_only: bool = False) -> None:
        from safetensors import SafetensorError
        from sentence_transformers import SentenceTransformer

        try:
            self._model = SentenceTransformer(name, trust_remote_code=False, local_files_only=local_files_only)
            self.dimension = int(self._model.get_embedding_dimension() or 0)
            self.fingerprint = _digest_parameters(self._model)
            self._prompt = "query: " if "e5" in Path(name).name and not any(self._model.prompts.values()) else None
            everyday = self.encode(_EVERYDAY)
        except (*_FAULTS, SafetensorError) as error:
            raise ModelError(
                f"cannot load the model {name!r}: {_reason(error)}; give a directory with a sentence-transformers "
                "model, a hub name that this machine can reach or has cached (with HF_HUB_OFFLINE=1 it looks there "
                'alone, without waiting for the network), or "bundled"'
            ) from error
        if not (self.dimension and np.isfinite(everyday).all()):
            raise ModelError(f"the model {name!r} gives no vectors of numbers; install it again, or take another")
        self.name = name
        self.language_means: LanguageMeans = {UNDETERMINED: everyday.mean(axis=0)}

    def pool(self, texts: Sequence[str]) -> Embeddings:
        """Encode texts as unit vectors, by which these models are compared."""
        return self.encode(texts)

    def encode(self, texts: Sequence[str]) -> Embeddings:
        """Encode texts of any length as unit vectors: ndarray of shape (len(texts), d), float32."""
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
        """Return the model itself."""
        return self._model

    def _windows(self, text: str) -> list[str]:
        """Cut a text into windows that fit the model, at sentence ends where it has any."""
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


def _digest_parameters(model: Any) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().numpy().tobytes())
    return digest.hexdigest()


def _reason(error: Exception) -> str:
    """Reason why a model cannot be loaded: the first line of the library's message."""
    if isinstance(error, pickle.UnpicklingError):  # that message says how to run the code all the same
        return "its weights are a pickle that holds more than numbers, which could run code and is not read"
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
