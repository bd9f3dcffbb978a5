"""Imports go down only, the public names are exact, and nothing heavy is loaded before it is needed."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import dedup

ROOT = Path(dedup.__file__).parent

LAYERS = (
    {"errors", "garbage", "version"},
    {"datatypes", "scratch", "spelling", "tensors"},
    {"characters", "compact", "shelved"},
    {"vocabulary"},
    {"merges"},
    {"wordtables"},
    {"columns", "parallel", "pooling", "regression", "resources", "stores", "text", "token_ids"},
    {"alignment", "boilerplate", "cells", "facts", "gold", "ngrams", "output", "progress", "readers", "scoring"},
    {"read", "detect", "embed", "factual", "neighbours", "verify", "cluster", "report", "evaluate"},
    {"texts"},
    {"decisions"},
    {"pipeline"},
    {"labelled", "tables", "train", "warm"},
    {"calibrate", "distributed"},
    {"options"},
    {"cli", "__init__", "__main__"},
)
"""A unit is a module or package right below `dedup`; it may import units of the layers above it in this table."""

FACES = LAYERS[-1]
HEAVY = (
    "babel", "feedparser", "jinja2", "langdetect", "numpy", "pyarrow", "ray", "safetensors", "sentence_transformers",
    "tokenizers", "torch", "trafilatura", "transformers",
)  # fmt: skip


def units() -> list[str]:
    return sorted(path.stem for path in ROOT.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists())


def layer(unit: str) -> int:
    return next(number for number, names in enumerate(LAYERS) if unit in names)


def files(unit: str) -> list[Path]:
    return sorted((ROOT / unit).rglob("*.py")) or [ROOT / f"{unit}.py"]


def imported_units(source: str) -> Iterator[str]:
    """Units named by absolute imports; ``from dedup import x`` names x where that is a unit."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module == "dedup":
            names = [f"dedup.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"relative import in line {node.lineno}"
            names = [node.module or ""]
        else:
            continue
        yield from (name.split(".")[1] for name in names if name.startswith("dedup."))


@pytest.mark.parametrize(
    ("source", "named"),
    [
        ("import dedup.match", ["match"]),
        ("from dedup.match import x", ["match"]),
        ("from dedup.report.html import x", ["report"]),
        ("from dedup import text, errors", ["text", "errors"]),
        ("def f():\n    from dedup.embed import x", ["embed"]),
        ("import json\nfrom dedupe import x", []),
    ],
)
def test_imports_of_the_package_are_recognised(source: str, named: list[str]) -> None:
    assert list(imported_units(source)) == named


def test_every_unit_has_one_layer() -> None:
    listed = [name for names in LAYERS for name in names]
    assert len(listed) == len(set(listed))
    assert set(units()) <= set(listed), "give the new unit a layer in this table"


@pytest.mark.parametrize("unit", units())
def test_imports_go_to_lower_layers_only(unit: str) -> None:
    for path in files(unit):
        for other in imported_units(path.read_text(encoding="utf-8")):
            lower = other == unit or layer(other) < layer(unit) or (unit == "__main__" and other == "cli")
            assert lower, f"{path.relative_to(ROOT)} imports dedup.{other}"


def test_public_names_are_exact() -> None:
    assert dedup.__all__ == sorted(dedup.__all__, key=lambda name: (not name[0].isupper(), name))
    assert all(getattr(dedup, name) is not None for name in dedup.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = dedup.nonsense  # type: ignore[attr-defined]


def test_public_names_have_docstrings() -> None:
    values = {name: getattr(dedup, name) for name in dedup.__all__ if name != "__version__"}
    assert [name for name, value in values.items() if not (value.__doc__ or "").strip()] == []


def test_importing_the_command_line_loads_nothing_heavy() -> None:
    script = f"import sys, dedup.cli; print(*sorted(set(sys.modules) & set({HEAVY!r})))"
    assert run_python(script).strip() == ""


def test_importing_the_package_changes_nothing_outside_it() -> None:
    script = (
        "import logging, numpy, random, sys, warnings\n"
        "def state(): return random.getstate(), warnings.filters[:], logging.root.handlers[:], sys.path[:]\n"
        "before = state()\n"
        "import dedup, dedup.cli\n"
        "dedup.find_duplicates, dedup.read_folder, dedup.load_encoder\n"
        "print(before == state())"
    )
    assert run_python(script).strip() == "True"


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_files_keep_house_rules(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), "a module says what it is"
    assert path.read_text(encoding="utf-8").count("\n") <= 400
    for node in ast.walk(tree):
        assert not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print")
        assert not (isinstance(node, ast.ExceptHandler) and _is_broad(node)), f"broad except in line {node.lineno}"


def _is_broad(handler: ast.ExceptHandler) -> bool:
    return handler.type is None or (
        isinstance(handler.type, ast.Name) and handler.type.id in ("Exception", "BaseException")
    )


def run_python(script: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(ROOT.parent)}
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
