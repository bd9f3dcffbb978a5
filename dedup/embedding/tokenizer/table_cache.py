"""Cache of a tokenizer's look-up tables on disk, memory-mapped.

Making the tables of a file of 300,000 tokens takes a third of a second, a third of a small scan. They are therefore
kept as Python keeps compiled code: in ``__pycache__``, where that can be written to, and valid only for the very file
from which they were made, and only as they were written: their digest is in the header.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from dedup.embedding.safetensors_map import read_tensors
from dedup.embedding.tokenizer.bpe import BytePairEncoder
from dedup.embedding.tokenizer.vocabulary import Vocabulary
from dedup.errors import ModelError
from dedup.language.word_hash import HashTable

WordTables: TypeAlias = tuple[dict[str, Any], Vocabulary, BytePairEncoder]
"""Normaliser options, vocabulary and byte-pair encoder of a tokenizer file."""

_FORMAT = "2"  # version of the tables, and of the hashes of words (`dedup.language.word_hash`)


def keep_tables(tokenizer: Path, content: bytes, tables: WordTables) -> None:
    """Write the tables of a tokenizer's file with this content, where the folder can be written to."""
    from safetensors.numpy import save

    normaliser, vocabulary, merges = tables
    tensors: dict[str, npt.NDArray[Any]] = {
        "tokens": vocabulary.places.mixed,
        "ids": vocabulary.places.values,
        "characters": vocabulary.characters,
        "character_ids": vocabulary.letters[vocabulary.characters],
        "pairs": merges.pairs,
        "made": merges.made,
    }
    metadata = {"normaliser": json.dumps(normaliser), "made_of": _digest(content)}
    metadata["digest"] = _digest_of_tables(tensors, metadata)
    kept = _place(tokenizer)
    part = kept.with_name(f".{kept.name}.{secrets.token_hex(8)}")
    with suppress(OSError):
        kept.parent.mkdir(exist_ok=True)
        try:
            with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "wb") as file:
                file.write(save({name: np.ascontiguousarray(of) for name, of in tensors.items()}, metadata))
            part.replace(kept)
        finally:
            part.unlink(missing_ok=True)


def kept_tables(tokenizer: Path, content: bytes) -> WordTables | None:
    """Load the tables of a tokenizer's file, if they were made from this content."""
    kept = _place(tokenizer)
    if not kept.is_file():
        return None
    with suppress(ModelError, OSError, KeyError, ValueError, IndexError, TypeError):
        tensors, metadata = read_tensors(kept)
        if metadata["made_of"] == _digest(content) and metadata["digest"] == _digest_of_tables(tensors, metadata):
            places = HashTable(tensors["tokens"], tensors["ids"])
            vocabulary = Vocabulary(places, tensors["characters"], tensors["character_ids"])
            merges = BytePairEncoder(vocabulary.letters, tensors["pairs"], tensors["made"])
            return json.loads(metadata["normaliser"]), vocabulary, merges
    return None


def _digest_of_tables(tensors: Mapping[str, npt.NDArray[Any]], metadata: Mapping[str, str]) -> str:
    digest = hashlib.blake2b(f"{metadata['normaliser']}\0{metadata['made_of']}".encode(), digest_size=16)
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype.str} {tensor.shape}".encode())
        digest.update(np.ascontiguousarray(tensor).data)
    return digest.hexdigest()


def _place(tokenizer: Path) -> Path:
    return tokenizer.parent / "__pycache__" / "words.safetensors"


def _digest(content: bytes) -> str:
    return f"{_FORMAT} {hashlib.sha256(content).hexdigest()}"
