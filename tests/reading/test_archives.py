"""Archives: limits that hold for hostile ones, and what is passed over in them."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import zipfile
from collections.abc import Callable

import pytest

import samples
from reading.collection import tarred, zipped
from samples import Found, lines

reads = samples.reads

LINE = lines({"text": "words"}).encode()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.zip", zipped({"x.jsonl": LINE * 20_000})),
        ("a.tar", tarred({"x.jsonl": LINE * 20_000})),
        ("a.tar.xz", lzma.compress(tarred({"x.jsonl": LINE * 20_000}))),
        ("a.jsonl.xz", lzma.compress(LINE * 20_000)),
        ("a.jsonl.bz2", bz2.compress(LINE * 20_000)),
    ],
)
def test_no_archive_unpacks_without_end(name: str, data: bytes, reads: Callable[..., Found]) -> None:
    articles, skipped = reads({name: data, "b.txt": "goes on"}, max_bytes=2000)
    assert 0 < len(articles) < 20_000
    assert articles[-1].text == "goes on"
    assert [s.reason for s in skipped] == ["broken archive: unpacks to too much; raise --max-bytes to read it"]


def test_the_allowance_is_one_for_all_files_of_an_archive(reads: Callable[..., Found]) -> None:
    members: dict[str, str | bytes] = {f"{n:03}.txt": b"x" * 1900 for n in range(100)}
    articles, skipped = reads({"a.zip": zipped(members)}, max_bytes=2000)
    assert 60 <= len(articles) < 70
    assert {s.reason for s in skipped} == {"broken archive: unpacks to too much; raise --max-bytes to read it"}


@pytest.mark.parametrize("suffix", [".docx", ".odt", ".xlsx", ".epub"])
def test_no_document_unpacks_without_end(suffix: str, reads: Callable[..., Found]) -> None:
    assert "raise --max-bytes" in reads({f"a{suffix}": zipped({"x": bytes(10**6)})}, max_bytes=2000)[1][0].reason


def test_files_of_an_archive_have_paths_and_keep_the_pattern(reads: Callable[..., Found]) -> None:
    members: dict[str, str | bytes] = {
        "b/2.txt": "two",
        "a/1.md": "*one*",
        "c.txt.gz": gzip.compress(b"three"),
        ".d.txt": "no",
    }
    articles, skipped = reads({"x/a.zip": zipped(members)})
    assert [(a.id, a.text) for a in articles] == [
        ("x/a.zip/a/1.md", "one"),
        ("x/a.zip/b/2.txt", "two"),
        ("x/a.zip/c.txt.gz", "three"),
    ]
    assert not skipped
    assert [a.text for a in reads({}, "x/a.zip", glob="*.md")[0]] == ["one"]
    assert [a.text for a in reads({}, "x/a.zip", exclude=("b", "*.gz"))[0]] == ["one"]


def test_encrypted_files_are_skipped(reads: Callable[..., Found]) -> None:
    stream = io.BytesIO(zipped({"a.txt": "one", "b.txt": "two"}))
    data = bytearray(stream.getvalue())
    for signature, flags in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        data[data.index(signature) + flags] |= 1
    with zipfile.ZipFile(io.BytesIO(bytes(data))) as archive:
        assert archive.infolist()[0].flag_bits & 1
    articles, skipped = reads({"a.zip": bytes(data)})
    assert [a.text for a in articles] == ["two"]
    assert [(s.path, s.reason) for s in skipped] == [("a.zip/a.txt", "encrypted; unpack it first")]


def test_odd_members_do_no_harm(reads: Callable[..., Found]) -> None:
    members: dict[str, str | bytes] = {"../../up.txt": "up", "/root.txt": "root", "a\x1b[31m.txt": "red", "x.txt/": ""}
    articles, _ = reads({"a.zip": zipped(members)})
    assert sorted(a.text for a in articles) == ["red", "root", "up"]


def test_a_stream_out_of_proportion_is_a_trap(reads: Callable[..., Found]) -> None:
    trap = gzip.compress(lines({"text": "x", "more": "x" * 900}).encode() * 40_000)
    articles, skipped = reads({"a.jsonl.gz": trap, "b.txt": "goes on"}, max_bytes=100_000)
    assert 2_000 < len(articles) < 5_000
    assert articles[-1].text == "goes on"
    assert [s.reason for s in skipped] == ["unpacks to more than 200 times its size; unpack it first, if it is no trap"]
    assert len(reads({"a.jsonl.gz": trap})[0]) == 40_001, "what is smaller than max_bytes is none"


def test_a_packed_stream_in_proportion_may_be_of_any_size(reads: Callable[..., Found]) -> None:
    generator = random.Random(0)
    rows = "".join(lines({"text": f"{generator.random()} {generator.random()}"}) for _ in range(5_000))
    packed = gzip.compress(rows.encode())
    assert len(reads({"a.jsonl.gz": packed}, max_bytes=1_000)[0]) == 5_000
    assert len(reads({"b.zip": zipped({"a.jsonl.gz": packed})}, "b.zip", max_bytes=10_000)[0]) == 5_000


@pytest.mark.parametrize(
    ("name", "head", "row"),
    [("a.csv", "id,text\n", "1,\n"), ("a.jsonl", "", "{}\n"), ("a.jsonl", "", "\n"), ("a.csv", "id,text\n", "\r\n")],
)
def test_a_file_of_nothing_ends(name: str, head: str, row: str, reads: Callable[..., Found]) -> None:
    good = lines({"text": "x"}) if name.endswith("l") else "2,x\n"
    articles, skipped = reads({name: head + good + row * 500_002 + good, "b.txt": "goes on"})
    assert [a.text for a in articles] == ["x", "goes on"]
    assert "on end; the rest of the file is not read" in skipped[-1].reason
    assert len(skipped) <= 100_001


def test_a_file_of_nothing_in_an_archive_costs_that_file(reads: Callable[..., Found]) -> None:
    articles, _ = reads({"a.zip": zipped({"a.csv": "id,text\n" + "1,\n" * 150_000, "b.txt": "goes on"})})
    assert [a.text for a in articles] == ["goes on"]
