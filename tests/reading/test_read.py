"""Reading paths: folders in a fixed order, unique ids, streams, and limits."""

from __future__ import annotations

import gzip
import io
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import samples
from dedup.datatypes import Article, Skipped
from dedup.errors import DedupError, ReadError, SettingsError
from dedup.reading.read import read_folder, read_paths
from dedup.reading.source import ReadOptions
from samples import FORMATS, Found, lines, read, write

reads = samples.reads

quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def test_folders_are_walked_in_order_of_names_without_hidden_files(reads: Callable[..., Found]) -> None:
    names = [
        "b.txt",
        "a/z.txt",
        "a/b/c.txt",
        "a.txt",
        "B.txt",
        "a/.hidden.txt",
        ".git/x.txt",
        "ä.txt",
        "10.txt",
        "9.txt",
    ]
    articles, skipped = reads({name: name for name in names})
    assert [a.path for a in articles] == ["10.txt", "9.txt", "B.txt", "a/b/c.txt", "a/z.txt", "a.txt", "b.txt", "ä.txt"]
    assert [a.id for a in articles] == [a.path for a in articles]
    assert not skipped


@pytest.mark.parametrize(
    ("glob", "paths"),
    [
        ("*.html", ["n/b.html"]),
        ("n/*", ["n/a.txt", "n/b.html"]),
        ("a.*", ["n/a.txt", "o/a.txt"]),
        ("*.csv", []),
        ("n/b*", ["n/b.html"]),
    ],
)
def test_a_pattern_chooses_files_inside_folders(glob: str, paths: list[str], reads: Callable[..., Found]) -> None:
    articles, skipped = reads({"n/a.txt": "1", "n/b.html": "<p>2", "o/a.txt": "3"}, glob=glob)
    assert [a.path for a in articles] == paths
    assert not skipped
    assert [a.path for a in reads({}, "o/a.txt", glob=glob)[0]] == ["o/a.txt"]


@pytest.mark.parametrize(
    ("options", "paths"),
    [
        ({"exclude": "*.html"}, ["n/a.txt", "o/a.txt", "o/p/c.txt"]),
        ({"exclude": "o"}, ["n/a.txt", "n/b.html"]),
        ({"exclude": ("p", "n/*")}, ["o/a.txt"]),
        ({"exclude": "a.*", "glob": "*.txt"}, ["o/p/c.txt"]),
        ({"glob": ("*.html", "c.*")}, ["n/b.html", "o/p/c.txt"]),
        ({"exclude": ()}, ["n/a.txt", "n/b.html", "o/a.txt", "o/p/c.txt"]),
    ],
    ids=str,
)
def test_patterns_leave_out_files_and_folders(
    options: dict[str, Any], paths: list[str], reads: Callable[..., Found]
) -> None:
    files: dict[str, str | bytes] = {"n/a.txt": "1", "n/b.html": "<p>2", "o/a.txt": "3", "o/p/c.txt": "4"}
    articles, skipped = reads(files, **options)
    assert [a.path for a in articles] == paths
    assert not skipped
    assert [a.path for a in reads({}, "o/p/c.txt", exclude="*.txt")[0]] == ["o/p/c.txt"]


def read_against(paths: list[str], against: list[str]) -> list[tuple[str, bool]]:
    found = read_paths(paths, against=against)
    return [(item.id, item.reference) for item in found if isinstance(item, Article)]


def test_a_reference_is_read_first_and_marked(reads: Callable[..., Found]) -> None:
    reads({"new/a.txt": "1", "old/b.txt": "2", "old/c.jsonl": '{"id": "x", "text": "3"}\n{"id": "x", "text": "4"}'})
    assert read_against(["new"], ["old"]) == [
        ("old/b.txt", True),
        ("x", True),
        ("old/c.jsonl#2", True),
        ("new/a.txt", False),
    ]
    with pytest.raises(ReadError, match="nowhere: no such file or folder"):
        read_paths(["new"], against=["nowhere"])


def test_a_file_belongs_to_the_root_that_names_it_more_closely(reads: Callable[..., Found]) -> None:
    reads({"all/a.txt": "1", "all/old/b.txt": "2", "all/old/today/c.txt": "3"})
    inside = [("all/old/b.txt", True), ("all/old/today/c.txt", True), ("all/a.txt", False)]
    assert read_against(["all"], ["all/old"]) == inside
    assert read_against(["all/old/today"], ["all"]) == [
        ("all/a.txt", True),
        ("all/old/b.txt", True),
        ("all/old/today/c.txt", False),
    ]
    assert read_against(["all", "all/old/today"], ["all/old"]) == [
        ("all/old/b.txt", True),
        ("all/a.txt", False),
        ("all/old/today/c.txt", False),
    ]
    assert all(reference for _, reference in read_against(["all"], ["all"]))
    assert read_against(["all/a.txt"], ["all"])[-1] == ("all/a.txt", False)


def test_paths_are_shown_as_they_were_written(reads: Callable[..., Found], tmp_path: Path) -> None:
    write(tmp_path, {"sub/a.txt": "a"})
    for given_path in ("sub", "sub/", "./sub", "sub/a.txt"):
        assert [a.path for a in reads({}, given_path)[0]] == ["sub/a.txt"]
    assert [a.path for a in reads({}, str(tmp_path))[0]] == [(tmp_path / "sub/a.txt").as_posix()]
    assert [a.path for a in read_folder(tmp_path / "sub")] == [(tmp_path / "sub/a.txt").as_posix()]


def test_several_paths_come_in_their_order_and_each_file_once(reads: Callable[..., Found], tmp_path: Path) -> None:
    write(tmp_path, {"a/1.txt": "1", "a/2.txt": "2", "b.txt": "b"})
    articles, _ = reads({}, "b.txt", "a/2.txt", "a", str(tmp_path / "a"))
    assert [a.path for a in articles] == ["b.txt", "a/2.txt", "a/1.txt"]


def test_links_are_not_followed_and_loops_do_no_harm(reads: Callable[..., Found], tmp_path: Path) -> None:
    write(tmp_path, {"in/a.txt": "a", "out/b.txt": "b"})
    (tmp_path / "in/loop").symlink_to(tmp_path / "in", target_is_directory=True)
    (tmp_path / "in/b.txt").symlink_to(tmp_path / "out/b.txt")
    (tmp_path / "in/c.txt").symlink_to("nowhere")
    articles, skipped = reads({}, "in")
    assert [a.path for a in articles] == ["in/a.txt"]
    assert skipped == [Skipped(f"in/{name}", "symbolic link, not followed") for name in ("b.txt", "c.txt", "loop")]
    assert [a.text for a in reads({}, "in/b.txt")[0]] == ["b"], "a link that is named is meant"


@pytest.mark.parametrize("path", ["missing", "missing.txt", "a.txt/b", "dangling.txt", "nul\0"])
def test_a_path_that_does_not_exist_stops_at_once_and_is_named(path: str, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, {"a.txt": "a"})
    (tmp_path / "dangling.txt").symlink_to("nowhere")
    with pytest.raises(ReadError, match=r"no such file or folder; check the spelling") as caught:
        read_paths(["a.txt", path])
    assert path.split("\0")[0] in str(caught.value)


@pytest.mark.parametrize(
    "options", [{"max_bytes": 0}, {"max_bytes": -1}, {"text_field": ""}, {"id_field": ""}, {"glob": ""}]
)
def test_options_outside_their_range_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match=next(iter(options))):
        ReadOptions(**options)


@pytest.mark.parametrize("name", ["a.txt", "a.json", "a.html", "a.txt.gz", "a.xml", "a.jsonl", "a.csv"])
def test_nothing_over_max_bytes_is_held(name: str, reads: Callable[..., Found]) -> None:
    content = FORMATS["." + name.split(".")[1]][0].encode() + b" " * 3000
    if name == "a.csv":
        content = b"text\n" + b"y" * 3000 + b"\n"
    data = gzip.compress(content) if name.endswith(".gz") else content
    articles, skipped = reads({name: data, "b.txt": "small"}, max_bytes=2000)
    assert "small" in [a.text for a in articles]
    assert ["2,000 bytes; raise --max-bytes" in s.reason for s in skipped] == [True]


def test_max_bytes_may_be_beyond_any_file(reads: Callable[..., Found]) -> None:
    articles, _ = reads({f"a{suffix}": content for suffix, (content, _) in FORMATS.items()}, max_bytes=10**30)
    assert len(articles) >= len(FORMATS)


def test_a_long_file_of_short_records_is_no_large_file(reads: Callable[..., Found]) -> None:
    articles, skipped = reads(
        {"a.jsonl": lines({"text": "word " * 9}) * 500, "b.csv": "text\n" + "words\n" * 500}, max_bytes=100
    )
    assert len(articles) == 1000
    assert not skipped


def test_ids_taken_before_give_way_without_losing_an_article(reads: Callable[..., Found]) -> None:
    articles, _ = reads(
        {
            "a.jsonl": lines({"id": "1", "text": "a"}, {"id": "1", "text": "b"}, {"id": "c.txt", "text": "c"}),
            "b.json": '{"id": 1, "text": "d"}',
            "c.txt": "e",
        }
    )
    assert [(a.id, a.text) for a in articles] == [
        ("1", "a"),
        ("a.jsonl#2", "b"),
        ("c.txt", "c"),
        ("b.json#1", "d"),
        ("c.txt#1", "e"),
    ]
    assert [a.own_id for a in articles] == ["1", "1", "c.txt", "1", ""], "by which their sources know them"


@given(
    st.lists(
        st.sampled_from(["1", "2", "a.jsonl#1", "a.jsonl#2", "a.jsonl#3", "a.jsonl#2+", ""]), min_size=1, max_size=8
    )
)
@quick
def test_ids_are_unique_whatever_the_records_call_themselves(tmp_path: Path, ids: list[str]) -> None:
    write(tmp_path, {"a.jsonl": lines(*({"id": id.replace("a.", f"{tmp_path}/a."), "text": "t"} for id in ids))})
    articles, skipped = read(tmp_path / "a.jsonl")
    assert len({a.id for a in articles}) == len(articles) == len(ids)
    assert not skipped


def test_standard_input_is_read_as_json_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        sys, "stdin", io.TextIOWrapper(io.BytesIO(lines({"text": "a"}, {"id": "x", "text": "b"}).encode()))
    )
    articles, _ = read("-")
    assert [(a.id, a.path, a.text) for a in articles] == [("-#1", "-", "a"), ("x", "-", "b")]
    assert not sys.stdin.buffer.closed


def test_records_come_while_the_stream_is_still_open(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    with open(reading) as source, open(writing, "wb", buffering=0) as target:
        monkeypatch.setattr(sys, "stdin", source)
        target.write(lines({"text": "first"}).encode())
        watchdog = threading.Timer(20, target.close)  # a reader that waits for the end fails instead of hanging
        watchdog.start()
        found = read_paths(["-"])
        assert isinstance(first := next(found), Article)
        assert first.text == "first"
        assert not target.closed
        watchdog.cancel()


def test_reading_plain_formats_loads_no_heavy_library(seeds: Path, tmp_path: Path) -> None:
    write(tmp_path, {"a.jsonl": lines({"text": "a"}), "b.csv": "text\nb\n", "c.md": "# c"})
    heavy = {"trafilatura", "feedparser", "pyarrow", "charset_normalizer", "lxml", "numpy"}
    script = (
        "import sys; from dedup.reading.read import read_paths; "
        f"print(len(list(read_paths(sys.argv[1:]))), set(sys.modules) & {heavy})"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, seeds, tmp_path], capture_output=True, text=True, check=True, cwd=seeds.parent
    )
    assert done.stdout == "8 set()\n"


def test_the_seeds_are_read_with_the_library_call(seeds: Path) -> None:
    articles = [item for item in read_folder(seeds) if isinstance(item, Article)]
    assert [Path(a.path).name[:3] for a in articles] == ["000", "001", "002", "003", "004"]
    assert all(len(a.text) > 3000 for a in articles)


def test_errors_of_reading_share_the_one_root() -> None:
    assert issubclass(ReadError, DedupError)
    assert issubclass(SettingsError, DedupError)


def test_folders_of_saved_pages_are_passed_over_as_one(reads: Callable[..., Found]) -> None:
    files: dict[str, str | bytes] = {
        "a.html": "<p>One.",
        "a_files/x.js": "no",
        "a_files/y.png": "no",
        "b_files/c.txt": "two",
        "d-Dateien/e.html": "<p>no",
        "d.htm": "<p>Three.",
    }
    articles, skipped = reads(files)
    assert [a.text for a in articles] == ["One.", "two", "Three."]
    assert skipped == [
        Skipped("a_files", 'belongs to the saved page "a.html", passed over'),
        Skipped("d-Dateien", 'belongs to the saved page "d.htm", passed over'),
    ]
    assert [a.text for a in reads({}, "a_files/x.js")[0]] == ["no"]
    assert [a.text for a in reads({}, "d-Dateien")[0]] == ["no"], "a folder that is named is meant"


def test_own_reports_are_passed_over_each_as_one(tmp_path: Path) -> None:
    from dedup import report as rendering
    from handmade import handmade_report

    report = handmade_report()
    pages: dict[str, str | bytes] = {
        "r.json": rendering.as_json(report),
        "r.jsonl": rendering.as_jsonl(report),
        "r.csv": rendering.as_csv(report),
        "r.html": rendering.as_html(report),
        "r.txt": rendering.as_text(replace(report, model="toy@0123456789abcdef")),
    }
    tables = {f"t/{name}": data for name, data in rendering.as_parquet(report).items()}
    write(tmp_path, {**pages, **tables, "z.txt": "words"})
    articles, skipped = read(tmp_path)
    assert [a.text for a in articles] == ["words"]
    assert {s.reason for s in skipped} == {"a report of dedup, passed over"}
    assert len(skipped) == len(pages) + len(tables)
