"""Helpers for arrays give what numpy gives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.arrays import distinct


@pytest.mark.parametrize("kind", ["i8", "u4", "U2"])
@given(values=st.lists(st.integers(0, 40)))
def test_distinct_values_are_those_of_numpy(kind: str, values: list[int]) -> None:
    array = np.array(values, kind)
    assert np.array_equal(distinct(array), np.unique(array))
    assert distinct(array).dtype == array.dtype
