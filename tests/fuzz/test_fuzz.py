"""A minute of fuzzing; `DEDUP_FUZZ` sets the examples of each target for a campaign (see tests/README.md)."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz.targets import TARGETS

EXAMPLES = int(os.environ.get("DEDUP_FUZZ", "0"))

FEW = {"articles": 20, "arguments": 25, "readers.html": 25, "readers.htm": 10}
"""Examples of slow targets where there is no campaign; the others have 60."""


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.filterwarnings("default")
def test_nothing_breaks(name: str) -> None:
    check, strategies = TARGETS[name]

    @settings(
        max_examples=EXAMPLES or FEW.get(name, 60),
        deadline=None,
        derandomize=not EXAMPLES,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.tuples(*strategies))
    def holds(given_values: tuple[object, ...]) -> None:
        check(*given_values)

    holds()
