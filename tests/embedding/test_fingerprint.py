"""The fingerprint of a model's files is that of their bytes, whatever was kept of it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from dedup.embedding import fingerprint as module
from dedup.embedding.fingerprint import digest, fingerprint

CHANGES: dict[str, Callable[[Path, Path], object]] = {
    "none": lambda model, kept: None,
    "another size": lambda model, kept: model.write_bytes(b"one more"),
    "the same size and time": lambda model, kept: _rewrite(model, b"other"),
    "another file": lambda model, kept: _replace(model, b"other"),
    "kept file broken": lambda model, kept: kept.write_text("{"),
    "kept file of another form": lambda model, kept: kept.write_text("[]"),
    "kept of no text": lambda model, kept: kept.write_text(json.dumps({"files": [], "fingerprint": 7})),
    "nothing kept": lambda model, kept: kept.unlink(),
}


def _rewrite(path: Path, content: bytes) -> None:
    """Write other bytes, and set the time of writing back."""
    before = path.stat()
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def _replace(path: Path, content: bytes) -> None:
    before, other = path.stat(), path.with_name("other")
    other.write_bytes(content)
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(path)


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Two files of a model."""
    paths = [tmp_path / "model.safetensors", tmp_path / "tokenizer.json"]
    for path, content in zip(paths, (b"model", b"tokenizer"), strict=True):
        path.write_bytes(content)
    return paths


@pytest.mark.parametrize("change", CHANGES)
def test_what_was_kept_counts_for_unchanged_files_alone(
    change: str, files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_SETTLED", -(10**12))  # else files just written are kept nothing of
    kept = files[0].parent / "__pycache__" / "fingerprint.json"
    assert fingerprint(files, keep=True) == hashlib.sha256(b"modeltokenizer").hexdigest()[:16]
    assert kept.is_file()
    CHANGES[change](files[0], kept)
    assert fingerprint(files, keep=True) == digest(files) == fingerprint(files)
    assert fingerprint(files, keep=True) == digest(files)


def test_what_was_kept_is_used(files: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SETTLED", -(10**12))
    found = fingerprint(files, keep=True)
    monkeypatch.setattr(module, "digest", None)
    assert fingerprint(files, keep=True) == found


def test_nothing_is_kept_of_files_that_may_still_change(files: list[Path]) -> None:
    fingerprint(files, keep=True)
    assert not (files[0].parent / "__pycache__").exists()


def test_nothing_is_kept_unless_asked_for(files: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SETTLED", -(10**12))
    fingerprint(files)
    assert not (files[0].parent / "__pycache__").exists()


def test_a_folder_that_cannot_be_written_to_does_no_harm(files: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SETTLED", -(10**12))
    (files[0].parent / "__pycache__").write_text("a file in its place")
    assert fingerprint(files, keep=True) == digest(files)
