"""A folder of everything that goes wrong: nothing is fatal, everything is counted, nothing dangerous comes out."""

from __future__ import annotations

import gzip
import json
import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dedup.datatypes import Article, Skipped
from dedup.language import text
from dedup.reading.formats import READERS
from dedup.reading.read import read_folder
from dedup.reading.source import ReadOptions
from hostile import COPIES, FILES, LIMIT, NOT_FILES, WORDS, Expected, Results, build
from samples import SCRIPTS, write


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if sys.platform == "win32":
        pytest.skip("Windows has no such names, pipes or links")
    path = tmp_path_factory.mktemp("hostile")
    build(path)
    return path


@pytest.fixture(scope="module")
def results(folder: Path) -> Results:
    """What was read, by file."""
    found: Results = {}
    for item in read_folder(folder, ReadOptions(max_bytes=LIMIT)):
        found.setdefault(os.path.relpath(item.path, folder), []).append(item)
    return found


@pytest.mark.parametrize("name", [*FILES, *NOT_FILES], ids=text.printable)
def test_each_fault_costs_what_it_spoils_and_says_so(name: str, results: Results) -> None:
    expected = FILES[name][1] if name in FILES else NOT_FILES[name]
    shown: Expected = [item.text if isinstance(item, Article) else (item.line, item.reason) for item in results[name]]
    cut: Expected = [
        (given[0], given[1][: len(wanted[1])]) if isinstance(given, tuple) and isinstance(wanted, tuple) else given
        for given, wanted in zip(shown, expected, strict=False)
    ]
    assert cut + shown[len(expected) :] == expected


def test_everything_seen_is_read_or_skipped(results: Results) -> None:
    expected = {name: len(rows) for name, (_, rows) in FILES.items()} | dict.fromkeys([*COPIES, *NOT_FILES], 1)
    expected["\\xff\\xfe\\x80.txt"] = 1
    assert {name: len(items) for name, items in results.items()} == expected


@pytest.mark.parametrize("script", SCRIPTS)
def test_copies_in_other_encodings_are_the_same_text(script: str, results: Results) -> None:
    copies = [item for name in results if name.startswith(f"copies/{script}-") for item in results[name]]
    assert len(copies) >= 6
    assert {text.content_hash(item.text) for item in copies if isinstance(item, Article)} == {
        text.content_hash(SCRIPTS[script] * 3)
    }
    assert all(isinstance(item, Article) for item in copies)


def test_what_comes_out_can_be_stored_and_shown(results: Results) -> None:
    items = [item for items in results.values() for item in items]
    for item in items:
        item.path.encode()
        if isinstance(item, Skipped):
            assert item.reason.isprintable()
            continue
        json.dumps([item.id, item.title, item.text], ensure_ascii=False).encode()
        assert text.clean(item.text) == item.text
        assert item.text.strip()
    ids = [item.id for item in items if isinstance(item, Article)]
    assert len(set(ids)) == len(ids)


def test_reading_twice_is_reading_the_same(folder: Path, results: Results) -> None:
    again = list(read_folder(folder, ReadOptions(max_bytes=LIMIT)))
    assert again == [item for items in results.values() for item in items]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_skipped(tmp_path: Path) -> None:
    write(tmp_path, {"a.txt": WORDS, "locked/b.txt": WORDS, "c.txt": WORDS})
    (tmp_path / "a.txt").chmod(0)
    (tmp_path / "locked").chmod(0)
    found = list(read_folder(tmp_path))
    (tmp_path / "locked").chmod(0o700)
    assert [item.reason for item in found if isinstance(item, Skipped)] == ["cannot be read: Permission denied"] * 2
    assert [item.path for item in found if isinstance(item, Article)] == [f"{tmp_path}/c.txt"]


def test_a_file_that_vanishes_is_skipped(tmp_path: Path) -> None:
    write(tmp_path, {"a.txt": WORDS, "b.txt": WORDS})
    found = read_folder(tmp_path)
    next(found)
    (tmp_path / "b.txt").unlink()
    assert [item.reason for item in found if isinstance(item, Skipped)] == ["cannot be read: No such file or directory"]


def test_a_deep_folder_is_walked_to_its_end(tmp_path: Path) -> None:
    write(tmp_path, {"top/z.txt": WORDS})
    deep = f"{tmp_path}/top"
    while len(deep) < 2300:
        deep += "/d"
        os.mkdir(deep)
    os.mkfifo(f"{deep}/pipe.txt")
    try:
        paths = [item.path for item in read_folder(tmp_path)]
    finally:
        os.unlink(f"{deep}/pipe.txt")
        os.removedirs(deep)
    assert paths == [f"{deep}/pipe.txt", f"{tmp_path}/top/z.txt"]


@given(st.sampled_from(sorted(READERS)), st.booleans(), st.binary(max_size=300) | st.text(max_size=100).map(str.encode))
@example(".json", False, b'{"text": "\\ud83d"}')
@example(".csv", False, b'"')
@example(".md", False, b"---\n---")
@example(".html", False, b"<html><head><meta charset=utf-16>")
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_no_bytes_under_any_suffix_are_fatal_or_lost(tmp_path: Path, suffix: str, packed: bool, data: bytes) -> None:
    path = tmp_path / f"a{suffix}{'.gz' * packed}"
    path.write_bytes(gzip.compress(data) if packed else data)
    found = list(read_folder(path))
    assert found
    for item in found:
        assert item.path == path.as_posix()
        if isinstance(item, Article):
            item.text.encode()
