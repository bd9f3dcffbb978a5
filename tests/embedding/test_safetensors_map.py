"""Tensors are those that safetensors reads, without being read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from dedup.embedding.safetensors_map import map_tensors, read_tensors
from dedup.errors import ModelError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    tensors = {
        "embeddings": rng.integers(-128, 128, (7, 5)).astype(np.int8),
        "weights": rng.random(7).astype(np.float32),
        "half": rng.random((2, 3, 4)).astype(np.float16),
        "mapping": np.arange(7, dtype=np.int32),
        "long": np.array([1 << 40]),
        "double": rng.random(3),
        "unsigned": rng.integers(0, 1 << 32, 3).astype(np.uint32),
        "long unsigned": rng.integers(0, 1 << 63, 3).astype(np.uint64),
    }
    save_file(tensors, tmp_path / "model.safetensors", metadata={"step": "3"})
    return tmp_path / "model.safetensors"


def test_tensors_are_those_of_the_library(path: Path) -> None:
    mapped, loaded = map_tensors(path), load_file(path)
    assert mapped.keys() == loaded.keys()
    for name, tensor in loaded.items():
        assert isinstance(mapped[name], np.memmap)
        assert (mapped[name].dtype, mapped[name].shape) == (tensor.dtype, tensor.shape)
        assert np.array_equal(mapped[name], tensor)


def test_no_numbers_are_no_numbers(tmp_path: Path) -> None:
    save_file({"nothing": np.empty((0, 4), np.float32)}, tmp_path / "model.safetensors", metadata={"step": "3"})
    tensors, told = read_tensors(tmp_path / "model.safetensors")
    assert tensors["nothing"].shape == (0, 4)
    assert told == {"step": "3"}


def test_a_file_cut_short_is_refused(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(ModelError, match=r"model\.safetensors is damaged"):
        map_tensors(path)


@pytest.mark.parametrize("content", [b"", b"\x08\0\0\0\0\0\0\0nothing!", b"<html>404</html>"], ids=repr)
def test_what_is_no_such_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model.safetensors").write_bytes(content)
    with pytest.raises(ModelError, match="damaged or no safetensors file"):
        map_tensors(tmp_path / "model.safetensors")


def test_numbers_without_a_type_are_named(tmp_path: Path) -> None:
    header = b'{"embeddings":{"dtype":"BF16","shape":[1],"data_offsets":[0,2]}}'
    (tmp_path / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + b"\0\0")
    with pytest.raises(ModelError, match="numbers of type 'BF16'; known types are I8"):
        map_tensors(tmp_path / "model.safetensors")
