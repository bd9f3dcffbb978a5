"""Loading of encoders by name: the bundled model, a directory, or a hub name."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

from dedup.embedding.encoder import BUNDLED, Encoder
from dedup.embedding.safetensors_map import is_static
from dedup.embedding.static_encoder import StaticEncoder
from dedup.embedding.transformer_encoder import TransformerEncoder
from dedup.errors import ModelError
from dedup.runtime.workers import ALONE, Workers


def load_encoder(name: str = BUNDLED) -> Encoder:
    """Load an encoder by name.

    Parameters
    ----------
    name : str
        "bundled" (the model inside the package; no network, no torch), a directory that holds a sentence-transformers
        model, or a hub name. A directory with a `StaticEmbedding`, with or without a linear layer behind it, is read
        without torch as well.

    Raises
    ------
    ModelError
        If there is no such model, it is damaged, or it needs remote code (which is never run); without a network
        this error comes within a second.
    """
    if name == BUNDLED:
        return _bundled()
    if is_static(Path(name)):
        return StaticEncoder(Path(name), name=name)
    from dedup.embedding.hub import check_model

    return TransformerEncoder(name, local_files_only=check_model(name))


@cache
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
    """Encoder that is pickled as its name, by which the receiving process loads the model once."""

    encoder: Encoder

    def __reduce__(self) -> tuple[Any, ...]:
        return encoder_by_name, (self.encoder.name,)


@lru_cache(maxsize=1)
def encoder_by_name(name: str) -> EncoderByName:
    """Load an encoder by name; the last one is cached."""
    return EncoderByName(load_encoder(name))


def workers_for(encoder: Encoder, workers: Workers) -> Workers:
    """Choose who embeds: workers that load the model by its name, or this process alone.

    On one machine only light models are worth a copy in each process; on several each machine needs one anyway. An
    encoder that does not inherit from `Encoder` stays in this process.
    """
    return workers if getattr(encoder, "loads_by_name" if workers.remote else "light", False) else ALONE
