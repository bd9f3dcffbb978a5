"""Memory-mapped safetensors files: a small scan reads a few rows, and processes share what is in memory."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from dedup.errors import ModelError
from dedup.language.json_text import parse_json
from dedup.language.text import printable

DENSE = "1_Dense"
"""Folder in which sentence-transformers keeps the linear layer behind a table."""

Table: TypeAlias = tuple[npt.NDArray[Any], "npt.NDArray[np.float32] | None", "npt.NDArray[np.intp] | None"]
"""Rows of a table of token vectors, scale of each token, and row of each token, as `read_table` returns them."""

_BLOCK = 4096  # rows looked at together

_LARGEST_HEADER = 100_000_000  # bytes, as in the safetensors library

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
            end = os.fstat(file.fileno()).st_size
            if size > min(_LARGEST_HEADER, end):
                raise ValueError("a header longer than the file, or than any model needs")
            header = parse_json(file.read(size))
        metadata = header.pop("__metadata__", {})
        return {name: _mapped(path, 8 + size, end, **tensor) for name, tensor in header.items()}, metadata
    except KeyError as error:
        raise ModelError(f"{path} holds numbers of type {error}; known types are {', '.join(_DTYPES)}") from error
    except (ValueError, TypeError, AttributeError, MemoryError, OverflowError) as error:
        raise ModelError(f"{path} is damaged or no safetensors file; install the model again") from error


def read_table(path: Path) -> Table:
    """Read token vectors as stored, the scale of each token, and the row of each token where tokens share rows.

    sentence-transformers stores int8 rows with a scale per token (``embeddings``, ``weights``) or plain floats. Rows
    are not converted: a run of a few articles reads a few of them.

    Raises
    ------
    ModelError
        If the file is no such table, or its parts do not fit together.
    """
    tensors = map_tensors(path)
    table = tensors.get("embeddings", tensors.get("embedding.weight"))
    if table is None:
        raise ModelError(f"{path} holds no embeddings; it has {printable(', '.join(tensors)) or 'nothing'}")
    if table.ndim != 2 or not table.size or table.dtype.kind not in "if":
        raise ModelError(f"{path}: embeddings of shape {table.shape} and type {table.dtype}; expected rows of numbers")
    check_finite(table, path)
    scales, rows = tensors.get("weights"), tensors.get("mapping")
    if rows is not None and (
        rows.ndim != 1 or rows.dtype.kind not in "iu" or rows.min(initial=0) < 0 or rows.max(initial=0) >= len(table)
    ):
        raise ModelError(f"{path}: the mapping names other rows than the {len(table):,} that there are")
    tokens = len(table if rows is None else rows)
    if scales is not None:
        if scales.size != tokens:
            raise ModelError(f"{path}: {scales.size:,} weights for {tokens:,} tokens; install the model again")
        check_finite(scales, path)
        scales = scales.astype(np.float32).reshape(-1, 1)
    return table, scales, None if rows is None else rows.astype(np.intp)


def check_finite(numbers: npt.NDArray[Any], path: Path) -> None:
    """Refuse numbers that are infinite or not a number as float32.

    Raises
    ------
    ModelError
        If there are any.
    """
    if numbers.dtype.kind == "f":
        with np.errstate(over="ignore"):
            blocks = (numbers[start : start + _BLOCK] for start in range(0, len(numbers), _BLOCK))
            if not all(np.isfinite(block.astype(np.float32)).all() for block in blocks):
                raise ModelError(f"{path} holds numbers that are infinite or not a number; install the model again")


def is_static(directory: Path) -> bool:
    """Whether a model is a table of token vectors, at most followed by a linear layer and normalising.

    Raises
    ------
    ModelError
        If it has a table, but its other files cannot be read.
    """
    if not (directory / "0_StaticEmbedding" / "model.safetensors").is_file():
        return False
    try:
        modules = parse_json((directory / "modules.json").read_bytes())
        kinds = [module["type"].rpartition(".")[2] for module in modules]
        layer = parse_json((directory / DENSE / "config.json").read_bytes()) if "Dense" in kinds else {}
        activation = str(layer.get("activation_function", "Identity"))
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ModelError(f"{directory} is no whole sentence-transformers model: {error}; install it again") from error
    if kinds[1:2] == ["Dense"]:
        kinds = kinds[:1] + kinds[2:]
    linear = not layer.get("bias") and activation.endswith("Identity")
    return kinds in (["StaticEmbedding"], ["StaticEmbedding", "Normalize"]) and linear


def _mapped(
    path: Path, base: int, end: int, *, dtype: str, shape: list[int], data_offsets: list[int]
) -> npt.NDArray[Any]:
    kind = np.dtype(_DTYPES[dtype])
    begin, last = data_offsets
    numbers = (*shape, begin, last)
    if any(type(number) is not int or number < 0 for number in numbers) or base + last > end:
        raise ValueError("offsets outside the file")
    if last - begin != math.prod(shape) * kind.itemsize:
        raise ValueError("offsets that do not fit the shape")
    if not all(shape):
        return np.empty(shape, kind)
    return np.memmap(path, kind, "r", base + begin, tuple(shape))
