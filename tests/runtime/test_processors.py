"""The same result on another processor: products of matrices may differ in their last digits, and nothing else."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


def scanned(kernels: str) -> dict[str, Any]:
    """The report of the seeds with the products of an older processor."""
    done = subprocess.run(
        [sys.executable, "-m", "dedup", "scan", "seeds", "tests/data/gold.jsonl", "-f", "json", "-q", "-j", "1"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_CORETYPE": kernels},
        capture_output=True,
        check=True,
    )
    report: dict[str, Any] = json.loads(done.stdout)
    return report


@pytest.mark.skipif(platform.machine() != "x86_64", reason="names kernels of x86-64 processors")
def test_other_processors_find_the_same() -> None:
    older, newer = scanned("PRESCOTT"), scanned("HASWELL")
    for part in ("articles", "skipped", "counts"):
        assert older[part] == newer[part]
    for one, other in zip(older["clusters"], newer["clusters"], strict=True):
        assert (one["members"], one["representative"], one["kind"]) == (
            other["members"],
            other["representative"],
            other["kind"],
        )
    for one, other in zip(older["matches"], newer["matches"], strict=True):
        assert (one["left"], one["right"], one["kind"]) == (other["left"], other["right"], other["kind"])
        assert one["score"] == pytest.approx(other["score"], abs=1e-4)
        assert one["similarity"] == pytest.approx(other["similarity"], abs=1e-4)
