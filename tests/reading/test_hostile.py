"""A folder of everything that goes wrong: nothing is fatal, everything is counted, nothing dangerous comes out."""

from __future__ import annotations

import gzip
import json
import os
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
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


def test_whatever_a_reader_raises_the_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(source: object) -> Iterator[Article | Skipped]:
        yield Article("one", "before")
        raise ZeroDivisionError("odd\n\x1b[31m\tmessage")

    monkeypatch.setitem(READERS, ".html", fail)
    write(tmp_path, {"a.html": "x", "b.txt": WORDS})
    with caplog.at_level("DEBUG", "dedup.reading.opened"):
        found = list(read_folder(tmp_path))
    assert [item.text for item in found if isinstance(item, Article)] == ["before", WORDS.strip()]
    assert [item.reason for item in found if isinstance(item, Skipped)] == [
        r"could not be read: ZeroDivisionError: odd \x1b[31m message"
    ]
    assert "Traceback" in caplog.text


def test_a_line_that_the_guess_does_not_fit_is_skipped_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dedup.reading.encoding.find_encoding", lambda data, *declared: "utf-16-be")
    write(tmp_path, {"a.jsonl": b'{"text": "a"}\n{"text": "\xe9"} \n{"text": "b"}\n'})
    first, odd, last = read_folder(tmp_path)
    assert isinstance(first, Article)
    assert isinstance(last, Article)
    assert (first.text, last.text) == ("a", "b")
    assert odd == Skipped(
        (tmp_path / "a.jsonl").as_posix(), "line that is neither UTF-8 nor UTF-16-BE as the lines behind it", 2
    )


def test_values_that_python_does_not_know_cost_no_row(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    texts = arrow.array([b"one", b"two \xff", b"three"])
    columns = {
        "text": texts,
        "published": arrow.array([1, 2**62, None], arrow.timestamp("ns")),
        "date": arrow.array([2**60, 1, 1], arrow.timestamp("us")),
        "created": arrow.array([0, 0, 0], arrow.timestamp("s", "US/Pacific-New")),
        "title": arrow.array([1, 2, 3], arrow.duration("ns")),
        "language": arrow.array([["en"], [], None]),
        "url": arrow.array([{"value": "https://x.org"}, None, None]),
    }
    parquet.write_table(arrow.table(columns), tmp_path / "a.parquet")
    found = list(read_folder(tmp_path))
    assert [item.text for item in found if isinstance(item, Article)] == ["one", "three"]
    assert [item.line for item in found if isinstance(item, Skipped)] == [2]
    assert "UnreadableValue" in str(found[1])
    first = found[0]
    assert isinstance(first, Article)
    assert (first.url, first.declared_language) == ("https://x.org", "en")


GROWING: dict[str, Callable[[int], str]] = {
    "columns.csv": lambda n: ",".join(f"c{i}" for i in range(n)) + ",text\n" + ("x," * n + "words\n") * 2,
    "quotes.csv": lambda n: "text\n" + '"a\n' * n,
    "keys.jsonl": lambda n: "{" + "".join(f'"k{i}": 1, ' for i in range(n)) + '"text": "words"}\n',
    "blank.jsonl": lambda n: "\n" * n + '{"text": "words"}\n',
    "heading.md": lambda n: "# a" + " #" * n + " x",
    "lists.md": lambda n: "- a\n" * (n // 4),
    "attributes.html": lambda n: "<p " + " ".join(f"a{i}=1" for i in range(n)) + ">words",
    "nested.html": lambda n: "<div>" * n + "words",
    "tags.rss": lambda n: (
        f"<rss><channel><item><description>words{'<![CDATA[<p>a</p>]]>' * n}</description></item></channel></rss>"
    ),
    "marks.txt": lambda n: "a" + "\u0316\u0301\u0334" * n,
    "lines.txt": lambda n: "ab\n" * n,
}
"""Files of about n parts."""


@pytest.mark.parametrize("name", GROWING)
def test_a_file_four_times_as_large_takes_no_sixteen_times_as_long(name: str, tmp_path: Path) -> None:
    def seconds(n: int) -> float:
        write(tmp_path, {name: GROWING[name](n)})
        taken = []
        for _ in range(3):
            before = time.process_time()
            assert list(read_folder(tmp_path / name))
            taken.append(time.process_time() - before)
        return min(taken)

    seconds(10)
    size = 4_000
    assert seconds(4 * size) < 9 * max(seconds(size), 2e-3)


def test_names_of_fields_do_not_stay_in_memory(tmp_path: Path) -> None:
    odd = "".join(
        json.dumps({"text": "words", **{f"{line}-{key}": "" for key in range(10_000)}}) + "\n" for line in range(30)
    )
    write(tmp_path, {"a.jsonl": odd})
    tracemalloc.start()
    try:
        assert len(list(read_folder(tmp_path))) == 30
        assert tracemalloc.get_traced_memory()[0] < 5 << 20
    finally:
        tracemalloc.stop()
