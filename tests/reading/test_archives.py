"""Archives: limits that hold for hostile ones, and what is passed over in them."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import tarfile
import zipfile
from collections.abc import Callable

import pytest

import samples
from reading.collection import tarred, zipped
from samples import Found, lines

reads = samples.reads

ROWS = lines({"text": "words", "more": "x" * 20_000}).encode() * 300
"""Six million bytes of rows that pack to less than a thousandth."""


def deflated(members: dict[str, bytes]) -> bytes:
    """A ZIP archive of these files, packed."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def of_holes(number: int, size: int) -> bytes:
    """A tar archive of files that claim to be holes of this size."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in map("{}.txt".format, range(number)):
            info = tarfile.TarInfo(name)
            hole = {"major": "1", "minor": "0", "name": name, "realsize": str(size)}
            info.pax_headers = {f"GNU.sparse.{key}": value for key, value in hole.items()}
            info.size = tarfile.BLOCKSIZE
            archive.addfile(info, io.BytesIO(b"0\n".ljust(tarfile.BLOCKSIZE, b"\0")))
    return stream.getvalue()


TRAP = "unpacks to more than 200 times its size; raise --max-ratio, if it is no trap"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.zip", deflated({"x.jsonl": ROWS})),
        ("a.tar.gz", gzip.compress(tarred({"x.jsonl": ROWS}))),
        ("a.tar.xz", lzma.compress(tarred({"x.jsonl": ROWS}))),
        ("a.jsonl.gz", gzip.compress(ROWS)),
        ("a.jsonl.xz", lzma.compress(ROWS)),
        ("a.jsonl.bz2", bz2.compress(ROWS)),
        ("a.zip", zipped({"x.jsonl.gz": gzip.compress(ROWS)})),
    ],
)
def test_what_unpacks_out_of_proportion_is_a_trap(name: str, data: bytes, reads: Callable[..., Found]) -> None:
    articles, skipped = reads({name: data, "b.txt": "goes on"}, max_bytes=100_000)
    assert 100 < len(articles) < 120
    assert articles[-1].text == "goes on"
    assert {s.reason for s in skipped} == {TRAP}
    assert len(reads({name: data})[0]) == 301, "what is smaller than max_bytes is none"
    assert len(reads({name: data}, max_bytes=100_000, max_ratio=10**6)[0]) == 301


def test_holes_in_a_tar_archive_are_a_trap(reads: Callable[..., Found]) -> None:
    articles, skipped = reads({"a.tar": of_holes(9, 10**12), "b.txt": "goes on"}, max_bytes=100_000)
    assert [a.text for a in articles] == ["goes on"]
    assert skipped[-1].reason == TRAP


def test_the_budget_is_one_for_all_files_of_an_archive(reads: Callable[..., Found]) -> None:
    members = {f"{n:03}.txt": b"many words " * 20_000 for n in range(30)}
    articles, skipped = reads({"a.zip": deflated(members)}, max_bytes=300_000)
    assert 10 <= len(articles) < 29
    assert {s.reason for s in skipped} == {TRAP}


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
    flood = {name: head + good + row * 100_001 + good, "b.txt": "goes on"}
    articles, skipped = reads(flood)
    assert [a.text for a in articles] == ["x", "goes on"]
    assert (
        skipped[-1].reason.endswith("in 100,000 records on end; raise --max-barren to read on")
        or skipped[-1].reason == "nothing in 100,000 lines on end; raise --max-barren to read on"
    )
    assert len(skipped) <= 100_001
    assert [a.text for a in reads(flood, max_barren=200_000)[0]] == ["x", "x", "goes on"]


def test_a_file_of_nothing_in_an_archive_costs_that_file(reads: Callable[..., Found]) -> None:
    articles, _ = reads({"a.zip": zipped({"a.csv": "id,text\n" + "1,\n" * 150_000, "b.txt": "goes on"})})
    assert [a.text for a in articles] == ["goes on"]


def test_hidden_files_and_what_is_no_file_are_passed_over_in_a_tar(reads: Callable[..., Found]) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, kind in (("folder", tarfile.DIRTYPE), ("link.txt", tarfile.SYMTYPE)):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "a.txt"
            archive.addfile(info)
        for name in ("a.txt", "folder/.b.txt", "__MACOSX/c.txt", ".git/d.txt", "folder/e.txt"):
            info = tarfile.TarInfo(name)
            info.size = len(name)
            archive.addfile(info, io.BytesIO(name.encode()))
    articles, skipped = reads({"x.tar": stream.getvalue()})
    assert [article.text for article in articles] == ["a.txt", "folder/e.txt"]
    assert not skipped
