"""A folder of everything that goes wrong: nothing is fatal, everything is counted, nothing dangerous comes out."""

from __future__ import annotations

import gzip
import json
import os
import random
import socket
import sys
from pathlib import Path
from typing import TypeAlias

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dedup.datatypes import Article, Skipped
from dedup.language import text
from dedup.reading.formats import READERS
from dedup.reading.read import read_folder
from dedup.reading.source import ReadOptions
from samples import LEGACY, SCRIPTS, lines, write

Expected: TypeAlias = "list[str | tuple[int | None, str]]"
"""For each record in order its text, or the line and the beginning of the reason why it was skipped."""

WORDS = "The minister met his colleagues in the capital on Monday.\n"
NOISE = random.Random(0).randbytes(4000)
LIMIT = 300_000

BROKEN_LINES = b"".join(
    line + b"\n"
    for line in (
        b'{"text": "first"}',
        b'{"text": "cut o',
        b"",
        b'["a list"]',
        b'"a string"',
        b'{"text": 5}',
        b'{"text": null}',
        b'{"text": NaN}',
        b'{"id": NaN, "text": "not a number", "title": 7, "published": Infinity}',
        rb'{"text": "lone \ud800 surrogate", "id": "\udfff"}',
        b"[" * 100_000,
        b'{"text": ' * 100_000,
        b'{"text": "' + b"x" * 400_000 + b'"}',
        b'{"text": "big number", "id": ' + b"9" * 5000 + b"}",
        b'{"text": "raw \t tab"}',
        b'{"text": "\\u0000 \\u001b[31m red"}',
        b"\xff\xfe\x00\xd8",
        b'{"text": "last", "__proto__": {}, "text ": "x"}',
    )
)
BROKEN_ROWS = b"""id,text
1,"quoted, well"
2,one,too many
3

4,"bad "quote" inside"
5,nul \0 byte
6,"never closed
7,found again
8,"two, too
"""

FILES: dict[str, tuple[bytes, Expected]] = {
    "empty.txt": (b"", [(None, "empty file")]),
    "blank.txt": (b" \r\n\t\n\xe2\x80\x8b", [(None, "no text")]),
    "binary.txt": (NOISE, [(None, "binary file")]),
    "binary.jsonl": (NOISE, [(None, "binary file")]),
    "binary.csv": (NOISE, [(None, "binary file")]),
    "binary.html": (NOISE, [(None, "binary file")]),
    "binary.rss": (NOISE, [(None, "binary file")]),
    "binary.parquet": (b"PAR1" + NOISE, [(None, "broken Parquet")]),
    "binary.jsonl.gz": (NOISE, [(None, "broken gzip")]),
    "unknown.xyz": (NOISE, [(None, 'unsupported file type ".xyz"')]),
    "unknown.gz": (gzip.compress(b"x"), [(None, 'unsupported file type ".gz"')]),
    "wide-cut.txt": ("three".encode("utf-16")[:-1], [(None, "marked as UTF-16")]),
    "cut.txt.gz": (gzip.compress(NOISE)[:-9], [(None, "broken gzip")]),
    "cut.jsonl.gz": (
        gzip.compress(lines({"text": "before the cut"}).encode(), 0)[:-8],
        ["before the cut", (None, "broken gzip")],
    ),
    "bomb.txt.gz": (gzip.compress(bytes(5_000_000)), [(None, "too large")]),
    "bomb.jsonl.gz": (gzip.compress(b" " * 5_000_000 + b'\n{"text": "after"}'), [(1, "line longer"), "after"]),
    "large.txt": (b"x" * 400_000, [(None, "too large")]),
    "lines.jsonl": (
        BROKEN_LINES,
        [
            "first",
            (2, "broken JSON: Unterminated"),
            (4, "holds a list"),
            (5, "holds a text"),
            (6, 'field "text" holds a number'),
            (7, "no text"),
            (8, 'field "text" holds a number'),
            "not a number",
            "lone \ufffd surrogate",
            (11, "broken JSON: nested too deeply"),
            (12, "line longer than 300,000 bytes"),
            (13, "line longer than 300,000 bytes"),
            (14, "broken JSON: a number of too many digits"),
            "raw \t tab",
            "[31m red",
            (17, "marked as UTF-16"),
            "last",
        ],
    ),
    "deep.json": (b"[" * 100_000 + b"]" * 100_000, [(None, "broken JSON: nested too deeply")]),
    "broken.json": (b'{"text": "a",\n "b"}', [(None, "broken JSON: Expecting ':' delimiter (line 2, column 5)")]),
    "scalar.json": (b"5", [(None, "holds a number, not an object")]),
    "none.json": (b"[]", [(None, "no records")]),
    "rows.csv": (
        BROKEN_ROWS,
        [
            "quoted, well",
            (3, "row of 3 fields under a header of 2"),
            (4, "row of 1 fields under a header of 2"),
            '"bad "quote" inside"',
            "nul   byte",
            '"never closed',
            "found again",
            (10, "broken row"),
        ],
    ),
    "field.csv": (b"text\n" + b"long " * 40_000 + b"\nshort\n", ["long " * 39_999 + "long", "short"]),
    "header.csv": (b"id,text\n", [(None, "no records")]),
    "no-header.csv": (b"1,2\n3,4\n", [(None, 'no field "text"')]),
    "deep.html": (b"<div>" * 200 + b"found", ["found"]),
    "script.html": (b"<script>alert(1)</script>", [(None, "no text")]),
    "unclosed.html": (b"<p " * 5000 + b"><b>words", ["words"]),
    "control.html": (b"<p>a&#1;b&#xd800;&#0;<p>c", ["a b\ufffd\ufffd\nc"]),
    "character.rss": (b"<rss><channel><item><title>&#x110000;</title></item></channel></rss>", [(None, "broken feed")]),
    "not-a-feed.xml": (b"<a><b/></a>", [(None, "no feed")]),
    "laughs.xml": (
        b'<!DOCTYPE r [<!ENTITY a "ha">'
        + b"".join(b'<!ENTITY %c "%s">' % (c, b"&%c;" % (c - 1) * 9) for c in range(ord("b"), ord("h")))
        + b"]><rss><channel><item><description>&g;</description></item></channel></rss>",
        ["&g;"],
    ),
    "<img src=x onerror=alert(1)>.txt": (b"a name with markup", ["a name with markup"]),
    "esc\x1b[31m\nline\x07.txt": (b"a name with control characters", ["a name with control characters"]),
    "-rf.txt": (b"a name like an option", ["a name like an option"]),
    "bell.txt": (b"text with \x07 and \x1b[2J and \xc2\x9b in it", ["text with   and  [2J and   in it"]),
}
COPIES = {f"copies/{script}-{encoding}.txt": SCRIPTS[script].encode(encoding) * 3 for script, encoding in LEGACY} | {
    f"copies/{script}-{encoding}.txt": (SCRIPTS[script] * 3).encode(encoding)
    for script in SCRIPTS
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32")
}
NOT_FILES: dict[str, Expected] = {
    "dangling.txt": [(None, "symbolic link")],
    "loop": [(None, "symbolic link")],
    "pipe.txt": [(None, "a pipe, not a file")],
    "socket.txt": [(None, "a socket, not a file")],
}
Results: TypeAlias = "dict[str, list[Article | Skipped]]"


def build(folder: Path) -> None:
    """The folder with all its faults, links, a pipe and a socket among them."""
    write(folder, {name: content for name, (content, _) in FILES.items()})
    write(folder, dict(COPIES))
    (folder / "dangling.txt").symlink_to("nowhere")
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    os.mkfifo(folder / "pipe.txt")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(folder / "socket.txt"))
    with open(os.fsencode(folder) + b"/\xff\xfe\x80.txt", "wb") as file:
        file.write(WORDS.encode())


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
