"""What tests share: a toy encoder that needs no model, the seeds, the development sets where they are at hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from toy_encoder import ToyEncoder

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def toy_encoder() -> ToyEncoder:
    """An encoder without a model: deterministic, multilingual within its dictionary."""
    return ToyEncoder()


@pytest.fixture(scope="session")
def seeds() -> Path:
    """The folder of the five sample articles: 000 and 001 are one story, in English and Indonesian."""
    return ROOT / "seeds"


@pytest.fixture(scope="session")
def shared_eval() -> Path:
    """The development sets; tests that need them are skipped where they are not beside the project."""
    folder = ROOT.parent / "shared" / "eval"
    if not (folder / "score.py").is_file():
        pytest.skip("needs the development sets in ../shared/eval")
    return folder
