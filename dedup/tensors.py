"""safetensors files read as they are used: a small scan touches a few rows, and processes share what is in memory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dedup.errors import ModelError

_DTYPES = {"I8": "i1", "I32": "<i4", "I64": "<i8", "F16": "<f2", "F32": "<f4", "F64": "<f8"}


def map_tensors(path: Path) -> dict[str, npt.NDArray[Any]]:
    """The tensors of a file, mapped into memory for reading.

    Raises
    ------
    ModelError
        If the file is cut short, is no safetensors file, or holds numbers that numpy has no type for.
    """
    try:
        with path.open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(size))
        header.pop("__metadata__", None)
        return {name: _mapped(path, 8 + size, **tensor) for name, tensor in header.items()}
    except KeyError as error:
        raise ModelError(f"{path} holds numbers of type {error}; known types are {', '.join(_DTYPES)}") from error
    except (ValueError, TypeError, AttributeError, MemoryError, OverflowError) as error:
        raise ModelError(f"{path} is damaged or no safetensors file; install the model again") from error


def _mapped(path: Path, base: int, *, dtype: str, shape: list[int], data_offsets: list[int]) -> npt.NDArray[Any]:
    return np.memmap(path, _DTYPES[dtype], "r", base + data_offsets[0], tuple(shape))
