"""Garbage is collected as before once the work is done, or has failed."""

from __future__ import annotations

import gc

import pytest

from dedup.garbage import collected_seldom


def test_collecting_is_held_back_for_a_while_only() -> None:
    before = gc.get_threshold()
    with collected_seldom():
        assert gc.get_threshold()[0] > before[0]
    assert gc.get_threshold() == before
    with pytest.raises(ValueError, match="broken"), collected_seldom():
        raise ValueError("broken")
    assert gc.get_threshold() == before
