"""Imports go down only, the public names are exact, and nothing heavy is loaded before it is needed."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import dedup

ROOT = Path(dedup.__file__).parent

RULE = (
    "errors version arrays < datatypes < runtime language < reading embedding < matching training < clustering"
    " < report evaluation < actions < results < archive < pipeline < cli __init__ __main__ preload"
)
"""A package imports only what stands to the left of a ``<``; neighbours between two never import one another."""

LAYER = {unit: number for number, units in enumerate(RULE.split(" < ")) for unit in units.split()}
HEAVY = (
    "babel",
    "feedparser",
    "jinja2",
    "langdetect",
    "numpy",
    "pyarrow",
    "ray",
    "safetensors",
    "sentence_transformers",
    "tokenizers",
    "torch",
    "trafilatura",
    "transformers",
)


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


def wrong_imports(path: str, source: str) -> list[str]:
    """Imports of a file that the rule forbids; `path` is relative to the package."""
    unit = path.partition("/")[0].removesuffix(".py")
    allowed = (unit, "cli") if unit == "__main__" else (unit,)
    return [other for other in imported_units(source) if other not in allowed and LAYER[other] >= LAYER[unit]]


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_to_lower_layers_only(path: Path) -> None:
    assert wrong_imports(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")) == []


def test_wrong_imports_are_found() -> None:
    assert wrong_imports("report/view.py", "from dedup.evaluation import gold\nimport dedup.pipeline") == [
        "evaluation",
        "pipeline",
    ]
    assert wrong_imports("language/text.py", "def f():\n    from dedup.runtime.process import x") == ["runtime"]


def test_the_page_on_the_architecture_names_what_there_is() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:\w+/)+(?:\w+\.\w+)?|\w+\.py)`", page)
    assert [name for name in named if not (ROOT / name).exists() and not (ROOT.parent / name).exists()] == []
    packages = {path.parent.relative_to(ROOT).as_posix() + "/" for path in ROOT.glob("*/**/__init__.py")}
    assert packages - set(named) == set()


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
    for node in ast.walk(tree):
        assert not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print")
    broad = [node.lineno for node in ast.walk(tree) if _is_broad(node)]
    assert len(broad) == (path.relative_to(ROOT).as_posix() in CATCH_ALL), f"broad except in lines {broad}"


CATCH_ALL = {
    "reading/opened.py": "whatever a reader raises, the file is skipped and the run goes on",
    "embedding/tokenizer/token_ids.py": "the tokenizers library raises no narrower exception",
}
"""Files that catch any exception in one place, and why."""


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_docstrings_stand_alone_and_begin_with_a_verb_or_a_noun(path: Path) -> None:
    nodes = [*ast.walk(ast.parse(path.read_text(encoding="utf-8")))]
    documented = [node for node in nodes if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))]
    of_values = [
        node.value.value
        for node in nodes
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    ]
    texts = [*(ast.get_docstring(node) or "" for node in documented), *of_values]
    first_lines = [text.partition("\n")[0] for text in texts]
    leaning = re.compile(r"(What|Of|The same|Those|Such|All that|That of|From|How|Where|Who|Which)\b")
    assert [line for line in first_lines if leaning.match(line)] == []


def _is_broad(node: ast.AST) -> bool:
    """Whether a node catches any exception: a handler, or a call of `suppress`."""
    if isinstance(node, ast.ExceptHandler):
        caught = [node.type]
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "suppress":
        caught = [*node.args]
    else:
        return False
    return any(
        kind is None or (isinstance(kind, ast.Name) and kind.id in ("Exception", "BaseException")) for kind in caught
    )


def run_python(script: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(ROOT.parent)}
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
