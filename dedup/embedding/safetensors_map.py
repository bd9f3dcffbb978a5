"""Memory-mapped safetensors files: a small scan reads a few rows, and processes share what is in memory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from dedup.errors import ModelError

DENSE = "1_Dense"
"""Folder in which sentence-transformers keeps the linear layer behind a table."""

Table: TypeAlias = tuple[npt.NDArray[Any], "npt.NDArray[np.float32] | None", "npt.NDArray[np.intp] | None"]

_DTYPES = {
    "I8": "i1",
    "I32": "<i4",
    "I64": "<i8",
    "U32": "<u4",
    "U64": "<u8",
    "F16": "<f2",
    "F32": "<f4",
    "F64": "<f8",
}


def map_tensors(path: Path) -> dict[str, npt.NDArray[Any]]:
    """Map the tensors of a file into memory for reading.

    Raises
    ------
    ModelError
        If the file is cut short, is no safetensors file, or holds numbers that numpy has no type for.
    """
    return read_tensors(path)[0]


def read_tensors(path: Path) -> tuple[dict[str, npt.NDArray[Any]], dict[str, str]]:
    """Map the tensors of a file, and read its metadata.

    Raises
    ------
    ModelError
        As `map_tensors` does.
    """
    try:
        with path.open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(size))
        metadata = header.pop("__metadata__", {})
        return {name: _mapped(path, 8 + size, **tensor) for name, tensor in header.items()}, metadata
    except KeyError as error:
        raise ModelError(f"{path} holds numbers of type {error}; known types are {', '.join(_DTYPES)}") from error
    except (ValueError, TypeError, AttributeError, MemoryError, OverflowError) as error:
        raise ModelError(f"{path} is damaged or no safetensors file; install the model again") from error


def read_table(path: Path) -> Table:
    """Token vectors as stored, the scale of each token, and the row of each token where tokens share rows.

    sentence-transformers stores int8 rows with a scale a token (``embeddings``, ``weights``) or plain floats. Rows are
    not converted: a run of a few articles reads a few of them.
    """
    tensors = map_tensors(path)
    table = tensors["embeddings"] if "embeddings" in tensors else tensors["embedding.weight"]
    scales, rows = tensors.get("weights"), tensors.get("mapping")
    return (
        table,
        None if scales is None else scales.astype(np.float32).reshape(-1, 1),
        None if rows is None else rows.astype(np.intp),
    )


def is_static(directory: Path) -> bool:
    """Whether a model is a table of token vectors, at most followed by a linear layer and normalising.

    Raises
    ------
    ModelError
        If it has a table, and its other files cannot be read.
    """
    if not (directory / "0_StaticEmbedding" / "model.safetensors").is_file():
        return False
    try:
        kinds = [module["type"].rpartition(".")[2] for module in json.loads((directory / "modules.json").read_bytes())]
        layer = json.loads((directory / DENSE / "config.json").read_bytes()) if "Dense" in kinds else {}
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ModelError(f"{directory} is no whole sentence-transformers model: {error}; install it again") from error
    if kinds[1:2] == ["Dense"]:
        kinds = kinds[:1] + kinds[2:]
    linear = not layer.get("bias") and str(layer.get("activation_function", "Identity")).endswith("Identity")
    return kinds in (["StaticEmbedding"], ["StaticEmbedding", "Normalize"]) and linear


def _mapped(path: Path, base: int, *, dtype: str, shape: list[int], data_offsets: list[int]) -> npt.NDArray[Any]:
    if not all(shape):
        return np.empty(shape, _DTYPES[dtype])
    return np.memmap(path, _DTYPES[dtype], "r", base + data_offsets[0], tuple(shape))
