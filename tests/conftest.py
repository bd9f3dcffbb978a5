"""Shared by tests: hypothesis without deadlines, a toy encoder that needs no model, seeds and development sets."""

from __future__ import annotations

from pathlib import Path

import hypothesis
import pytest

from toy_encoder import ToyEncoder

ROOT = Path(__file__).parent.parent

# How long an example takes says how busy the machine is, and nothing about the code.
hypothesis.settings.register_profile(
    "dedup", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow], print_blob=True
)
hypothesis.settings.load_profile("dedup")


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
