"""Mutation testing: one operator, bound or constant of a module changed at a time; the tests named for it must fail.

    PYTHONPATH=.:tests python -m fuzz.mutants dedup/matching/scorer.py tests/matching/test_scorer.py --seconds 600

Prints the mutants that no test noticed, and how many there were. Each mutant lives in a process of its own that loads
the changed module in place of the one on disk; nothing is written.
"""

from __future__ import annotations

import argparse
import ast
import copy
import importlib.util
import os
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_SWAPS: dict[Any, Any] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.USub: ast.UAdd,
}

_NAMES = {"min": "max", "max": "min", "maximum": "minimum", "minimum": "maximum", "any": "all", "all": "any"}

_LONGEST = 120
"""Seconds of processor time after which a mutant counts as noticed: it hangs."""

_PATIENCE = 1200.0
"""Seconds after which one counts as noticed that waits for something."""


def main() -> None:
    """Run the tests on every mutant, or on as many as there is time for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("module", type=Path)
    parser.add_argument("tests", nargs="+")
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--sample", type=int, default=sys.maxsize, help="mutants to try, drawn by a fixed seed")
    given = parser.parse_args()
    _load_libraries()
    tree = ast.parse(given.module.read_text(encoding="utf-8"))
    if not _survives(given.module, tree, given.tests):
        sys.exit("the tests fail where nothing is changed")
    found = list(mutants(tree))
    found = random.Random(0).sample(found, min(given.sample, len(found)))
    end = time.monotonic() + given.seconds
    survived = tried = 0
    for number, (line, told, mutant) in enumerate(found):
        if time.monotonic() > end:
            break
        tried = number + 1
        if _survives(given.module, mutant, given.tests):
            survived += 1
            sys.stdout.write(f"survived: {given.module}:{line}: {told}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{given.module}: {tried} of {len(found)} mutants, {survived} survived\n")


def mutants(tree: ast.Module) -> Iterator[tuple[int, str, ast.Module]]:
    """Every mutant of a module with its line and what was changed; docstrings and annotations stay."""
    for number, node in enumerate(ast.walk(tree)):
        for change in range(_changes(node)):
            mutant = copy.deepcopy(tree)
            twin = next(other for at, other in enumerate(ast.walk(mutant)) if at == number)
            before = ast.unparse(node)
            _change(twin, change)
            yield getattr(node, "lineno", 0), f"{before}  ->  {ast.unparse(twin)}", mutant


def _changes(node: ast.AST) -> int:
    if isinstance(node, ast.Compare):
        return sum(type(operator) in _SWAPS for operator in node.ops)
    if isinstance(node, (ast.BoolOp, ast.BinOp, ast.UnaryOp)):
        return int(type(node.op) in _SWAPS)
    if isinstance(node, ast.Constant):
        return int(isinstance(node.value, (int, float)))
    if isinstance(node, ast.IfExp):
        return 1
    name = getattr(node, "attr", None) or getattr(node, "id", None)
    return int(name in _NAMES)


def _change(node: Any, which: int) -> None:
    if isinstance(node, ast.Compare):
        at = [at for at, operator in enumerate(node.ops) if type(operator) in _SWAPS][which]
        node.ops[at] = _SWAPS[type(node.ops[at])]()
    elif isinstance(node, (ast.BoolOp, ast.BinOp, ast.UnaryOp)):
        node.op = _SWAPS[type(node.op)]()
    elif isinstance(node, ast.Constant):
        value: Any = node.value
        node.value = not value if isinstance(value, bool) else value + 1
    elif isinstance(node, ast.IfExp):
        node.body, node.orelse = node.orelse, node.body
    elif isinstance(node, ast.Attribute):
        node.attr = _NAMES[node.attr]
    else:
        node.id = _NAMES[node.id]


def _load_libraries() -> None:
    """Import what tests need and takes long, once for all mutants."""
    for name in ("lxml.html", "networkx", "numpy", "scipy.sparse.csgraph", "trafilatura"):
        importlib.import_module(name)


def _survives(path: Path, mutant: ast.Module, tests: list[str]) -> bool:
    """Whether all tests pass on a mutant, in a process of its own."""
    child = os.fork()
    if child == 0:
        os._exit(_test(path, mutant, tests))
    begun = time.monotonic()
    while time.monotonic() < begun + _PATIENCE:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status) == 0
        time.sleep(0.02)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return False


def _test(path: Path, mutant: ast.Module, tests: list[str]) -> int:
    import resource

    import pytest

    resource.setrlimit(resource.RLIMIT_CPU, (_LONGEST, _LONGEST))
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    name = ".".join(path.with_suffix("").parts)
    try:
        code = compile(ast.fix_missing_locations(mutant), str(path), "exec")
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        module = importlib.util.module_from_spec(spec)
        package, _, own = name.rpartition(".")
        sys.modules[name] = module
        exec(code, module.__dict__)
        setattr(importlib.import_module(package), own, module)
        return int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", *tests]))
    except BaseException:
        return 99


if __name__ == "__main__":
    main()
