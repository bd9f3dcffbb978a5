"""The whole command on a folder of everything that goes wrong, in every format."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from dedup.cli import main
from hostile import LIMIT, build
from samples import SCRIPTS

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if sys.platform == "win32":
        pytest.skip("Windows has no such names, pipes or links")
    folder = tmp_path_factory.mktemp("hostile")
    build(folder)
    return folder


def scan(folder: Path, form: str) -> str:
    result = CliRunner().invoke(main, ["scan", str(folder), "--format", form, "--max-bytes", str(LIMIT), "-q"])
    assert result.exception is None, result.output
    return result.stdout


@pytest.fixture(scope="module")
def report(hostile: Path) -> dict[str, object]:
    found = json.loads(scan(hostile, "json"))
    assert isinstance(found, dict)
    return found


def test_everything_seen_is_read_or_skipped_with_a_reason(report: dict[str, object]) -> None:
    counts, skipped, articles = report["counts"], report["skipped"], report["articles"]
    assert isinstance(counts, dict)
    assert isinstance(skipped, list)
    assert isinstance(articles, list)
    assert counts["seen"] == counts["read"] + counts["skipped"] == len(articles) + len(skipped)
    assert all(item["reason"] for item in skipped)
    assert counts["skipped"] > 20


def test_copies_in_other_encodings_are_joined(report: dict[str, object]) -> None:
    clusters = report["clusters"]
    assert isinstance(clusters, list)
    for script in SCRIPTS:
        joined = [c for c in clusters if any(f"/copies/{script}-" in member for member in c["members"])]
        assert len(joined) == 1, script
        assert len([member for member in joined[0]["members"] if f"/copies/{script}-" in member]) >= 6


@pytest.mark.parametrize("form", ["text", "csv", "jsonl", "html"])
def test_nothing_dangerous_reaches_the_terminal_or_a_file(form: str, hostile: Path) -> None:
    assert not CONTROL.search(scan(hostile, form))


def test_the_same_folder_gives_the_same_bytes(hostile: Path) -> None:
    assert scan(hostile, "json") == scan(hostile, "json")
