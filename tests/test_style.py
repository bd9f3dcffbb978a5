"""The tools that read our style agree with it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

TOOLS = (("ruff", "check", "--no-cache"), ("ruff", "format", "--check", "--no-cache"), ("mypy",))


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: " ".join(tool[:2]))
def test_tools_find_nothing(tool: tuple[str, ...]) -> None:
    pytest.importorskip(tool[0], reason=f"needs {tool[0]}, which the test extra brings")
    done = subprocess.run([sys.executable, "-m", *tool], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
