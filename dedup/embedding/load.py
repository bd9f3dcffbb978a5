"""Texts → vectors: the bundled static model by a light path, any other model by sentence-transformers.

Only this module knows what a model is; everything after it sees a float32 matrix.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

from dedup.embedding.encoder import BUNDLED, Encoder
from dedup.embedding.hub import check_model
from dedup.embedding.safetensors_map import is_static
from dedup.embedding.static_encoder import StaticEncoder
from dedup.embedding.transformer_encoder import TransformerEncoder
from dedup.errors import ModelError
from dedup.runtime.workers import ALONE, Workers


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
        If there is no such model, it is damaged, or it needs remote code (which is never run). Without a network
        that is told within a second.
    """
    if name == BUNDLED:
        return _bundled()
    if is_static(Path(name)):
        return StaticEncoder(Path(name), name=name)
    return TransformerEncoder(name, local_files_only=check_model(name))


@functools.cache
def _bundled() -> StaticEncoder:
    return StaticEncoder(_bundled_directory(), name=BUNDLED)


def _bundled_directory() -> Path:
    models = Path(str(resources.files("dedup") / "models"))
    found = sorted(path for path in models.iterdir() if (path / "modules.json").is_file()) if models.is_dir() else []
    if not found:
        raise ModelError(f"no bundled model in {models}: the installation is incomplete; install dedup again")
    return found[-1]


@dataclass(frozen=True, slots=True)
class EncoderByName:
    """An encoder where it is at hand; sent to another process it is its name, by which that one loads it, once."""

    encoder: Encoder

    def __reduce__(self) -> tuple[Any, ...]:
        return encoder_by_name, (self.encoder.name,)


@lru_cache(maxsize=1)
def encoder_by_name(name: str) -> EncoderByName:
    """The encoder of a name, the same every time."""
    return EncoderByName(load_encoder(name))


def workers_for(encoder: Encoder, workers: Workers) -> Workers:
    """Who embeds: workers that load the model by its name, or this process alone.

    Only static models are worth a copy for each process of one machine.
    """
    by_name = (StaticEncoder, TransformerEncoder) if workers.remote else StaticEncoder
    return workers if isinstance(encoder, by_name) else ALONE
