"""The wheel: built from a clean checkout it holds all that a scan needs, and nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from dedup import __version__

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    unwanted = shutil.ignore_patterns(".*", "__pycache__", "node_modules", "tests", "build", "*.egg-info")
    shutil.copytree(ROOT, folder / "checkout", ignore=unwanted)
    done = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--no-deps", "-w", str(folder), str(folder / "checkout")],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    if done.returncode and ("No matching distribution" in done.stderr or "No module named pip" in done.stderr):
        pytest.skip("needs pip and a package index that has setuptools")
    assert done.returncode == 0, done.stderr
    (built,) = folder.glob("*.whl")
    return built


def test_it_is_named_like_the_distribution(wheel: Path) -> None:
    assert wheel.name == f"dedup_articles-{__version__}-py3-none-any.whl"
    assert wheel.stat().st_size < 60_000_000


def test_it_holds_code_data_and_licence_and_no_more(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names} == {"dedup", f"dedup_articles-{__version__}.dist-info"}
    tracked = subprocess.run(["git", "ls-files", "dedup"], cwd=ROOT, capture_output=True, text=True, check=False)
    if tracked.returncode == 0:
        kept = {name for name in tracked.stdout.splitlines() if not name.endswith(".md") or "/models/" in name}
        assert kept <= set(names)
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_what_it_installs_scans(wheel: Path, tmp_path: Path) -> None:
    into = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(into)
    done = subprocess.run(
        [sys.executable, "-m", "dedup", "scan", str(ROOT / "seeds"), "--format", "json"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(into)},
    )
    assert done.returncode == 0, done.stderr
    assert '"kind": "translation"' in done.stdout
    assert (
        str(into)
        in subprocess.run(
            [sys.executable, "-c", "import dedup; print(dedup.__file__)"],
            capture_output=True,
            text=True,
            check=True,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(into)},
        ).stdout
    )
