"""Garbage is collected as before once the work is done, or has failed."""

from __future__ import annotations

import gc
import platform
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from dedup.runtime.process import collected_seldom, give_back_memory


def test_collecting_is_held_back_for_a_while_only() -> None:
    before = gc.get_threshold()
    with collected_seldom():
        assert gc.get_threshold()[0] > before[0]
    assert gc.get_threshold() == before
    with pytest.raises(ValueError, match="broken"), collected_seldom():
        raise ValueError("broken")
    assert gc.get_threshold() == before


def test_at_exit_nothing_is_searched() -> None:
    script = (
        "import atexit, gc; from dedup.runtime.process import search_no_more_at_exit\n"
        "atexit.register(lambda: print(gc.get_freeze_count() > 0))\n"  # called after what is registered later
        "search_no_more_at_exit(); print(gc.get_freeze_count() > 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other libraries keep nothing back")
def test_what_was_freed_goes_back_to_the_system() -> None:
    def resident() -> int:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])

    small = [np.ones(1000) for _ in range(10_000)]
    held = resident()
    pinned = small[-1]
    del small
    give_back_memory()
    assert resident() < held - 10_000
    assert pinned.sum() == 1000
