"""A run's result in parts of Parquet tables, row for row that of the report."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

import dedup
from dedup import Article, Skipped
from dedup.embedding.encoder import Encoder
from dedup.errors import MissingExtraError, WriteError
from dedup.pipeline import write_tables
from dedup.report import as_dict, as_parquet, parquet
from dedup.runtime.name_patterns import NamePatterns
from dedup.runtime.remote_files import Store, is_uri

pq = pytest.importorskip("pyarrow.parquet", reason="needs the extra dedup[parquet]")

RAIN = "cat sat mat 12. rain flood city. minister meeting house."
ARTICLES: list[Article | Skipped] = [
    Article("en", RAIN, url="https://example.org"),
    Article("id", "kucing duduk tikar 12. hujan banjir kota. menteri pertemuan rumah."),
    Article("copy", RAIN.upper()),
    Article("other", "earthquake 7. fish bread table chair window."),
    Article("copy 2", RAIN),
    Article("ar-1", "وقع زلزال كبير اليوم."),
    Article("ar-2", "وقع زلزال كبير  اليوم."),
    Skipped("news/broken.gz", "truncated gzip"),
    Skipped("wire.jsonl", "not JSON", 3),
]


def rows(folder: Path, name: str) -> list[dict[str, Any]]:
    found = pq.read_table(folder / name).to_pylist()
    return sorted(found, key=lambda row: (row["left"], row["right"])) if name.startswith("matches") else found


@pytest.mark.parametrize("with_text", [True, False], ids=["with text", "without text"])
@pytest.mark.parametrize("size", [1, 2, 1000], ids="parts of {}".format)
def test_tables_in_parts_hold_what_those_of_the_report_hold(
    size: int, with_text: bool, toy_encoder: Encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("_BATCHES", "_PAIRS", "_ARTICLES"):
        monkeypatch.setattr(parquet, name, size)
    report = dedup.find_duplicates(ARTICLES, encoder=toy_encoder)
    summary = write_tables(ARTICLES, tmp_path, encoder=toy_encoder, with_text=with_text)
    for name, content in as_parquet(report, with_text=with_text).items():
        (tmp_path / name).write_bytes(content)
        assert rows(tmp_path, name.removesuffix(".parquet")) == rows(tmp_path, name)
    whole = as_dict(report)
    assert summary == {name: whole[name] for name in ("schema", "dedup", "model", "settings", "counts")}
    assert json.loads((tmp_path / parquet.SUMMARY).read_text()) == summary
    assert summary["counts"] == {"seen": 9, "read": 7, "skipped": 2, "clusters": 2, "duplicates": 4}
    assert len(list((tmp_path / "articles").iterdir())) == -(-7 // size)


def test_copies_stand_behind_the_other_matches(toy_encoder: Encoder, tmp_path: Path) -> None:
    write_tables(ARTICLES, tmp_path, encoder=toy_encoder)
    kinds = [row["kind"] for row in pq.read_table(tmp_path / "matches").to_pylist()]
    assert kinds == sorted(kinds, key=["translation", "exact"].index)


@pytest.mark.parametrize("articles", [[], [Article("one", "cat")]], ids=["none", "one"])
def test_tables_are_there_when_there_is_nothing_to_tell(
    articles: list[Article], toy_encoder: Encoder, tmp_path: Path
) -> None:
    write_tables(articles, tmp_path, encoder=toy_encoder)
    assert [pq.read_table(tmp_path / name).num_rows for name in ("articles", "matches", "skipped")] == [
        len(articles),
        0,
        0,
    ]


def test_a_folder_that_holds_something_is_refused(toy_encoder: Encoder, tmp_path: Path) -> None:
    (tmp_path / "part-000000.parquet").touch()
    for place in (tmp_path, f"file://{tmp_path}"):
        with pytest.raises(WriteError, match="is not empty"):
            write_tables(ARTICLES, place, encoder=toy_encoder)
    with pytest.raises(WriteError, match="cannot write into"):
        write_tables(ARTICLES, tmp_path / "part-000000.parquet" / "x", encoder=toy_encoder)


def test_a_run_that_fails_leaves_no_summary(
    toy_encoder: Encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "_articles", None)
    with pytest.raises(TypeError):
        write_tables(ARTICLES, tmp_path, encoder=toy_encoder)
    assert not (tmp_path / parquet.SUMMARY).exists()


def test_without_pyarrow_the_extra_is_named_before_the_work(
    toy_encoder: Encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: Any) -> bytes:
        raise MissingExtraError("pyarrow", "parquet")

    monkeypatch.setattr(parquet, "table", missing)
    with pytest.raises(MissingExtraError):
        write_tables((pytest.fail("read") for _ in range(1)), tmp_path, encoder=toy_encoder)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("s3://bucket/news", True),
        ("file:///tmp", True),
        ("fsspec+abfs://x/y", True),
        ("articles/", False),
        ("/a://b", False),
        ("C://articles", False),
        ("-", False),
    ],
)
def test_uris_are_not_paths(path: str, expected: bool) -> None:
    assert is_uri(path) == expected


def test_a_store_gives_back_what_was_written(tmp_path: Path) -> None:
    store = Store.at(f"file://{tmp_path}/new")
    assert store.is_empty()
    store.write("deep/b.txt", b"b")
    store.write("a.txt", b"aa")
    store.write(".hidden/c.txt", b"c")
    assert not store.is_empty()
    found = [(file.uri.removeprefix(f"file://{tmp_path}/new/"), size) for file, size in store.files(NamePatterns())]
    assert found == [("a.txt", 2), ("deep/b.txt", 1)]
    assert [file.path.rpartition("/")[2] for file, _ in store.files(NamePatterns(("deep/*.txt",)))] == ["b.txt"]
    with Store.at(f"file://{tmp_path}/new/a.txt").opened(packed=False) as stream:
        assert isinstance(stream, io.BufferedReader)
        assert (stream.peek(1)[:1], stream.read()) == (b"a", b"aa")


def test_a_store_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"no folder")
    with pytest.raises(WriteError, match=r"^cannot write file://.*file/a\.txt: .*; check your access$"):
        Store.at(f"file://{tmp_path}/file").write("a.txt", b"text")
