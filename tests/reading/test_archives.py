"""Archives: limits that hold for hostile ones, and what is passed over in them."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
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
