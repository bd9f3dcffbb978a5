"""The time that files take grows with what is in them, not with its square."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import dedup
from reading.collection import tarred, zipped

FILES: dict[str, tuple[str, Callable[[int], bytes]]] = {
    "rows": ("a.jsonl", lambda n: b'{"text": "words of one article"}\n' * n),
    "rows that are skipped": ("a.jsonl", lambda n: b"no record\n" * n),
    "blank lines": ("a.jsonl", lambda n: b"\n" * (10 * n) + b'{"text": "words"}\n'),
    "one list": ("a.json", lambda n: json.dumps([{"text": "words of one article"}] * n).encode()),
    "deep object": ("a.json", lambda n: b'{"text": "words", "more": ' + b"[0," * n + b"0" + b"]" * n + b"}"),
    "columns": ("a.csv", lambda n: ("text," + ",".join(map(str, range(n))) + "\nwords" + "," * n + "\n").encode()),
    "lines of a table": ("a.csv", lambda n: b"text\n" + b"words of one article\n" * n),
    "packed rows": ("a.jsonl.gz", lambda n: gzip.compress(b'{"text": "words of one article"}\n' * n)),
    "rows packed by bzip2": ("a.jsonl.bz2", lambda n: bz2.compress(b'{"text": "words of one article"}\n' * n)),
    "rows packed by xz": ("a.jsonl.xz", lambda n: lzma.compress(b'{"text": "words of one article"}\n' * n)),
    "members of a ZIP archive": ("a.zip", lambda n: zipped({f"{at}.txt": b"words" for at in range(n // 4)})),
    "members of a tar archive": ("a.tar", lambda n: tarred({f"{at}.txt": b"words" for at in range(n // 4)})),
    "one text": ("a.txt", lambda n: b"Words of one article that goes on and on. " * n),
    "headings": ("a.md", lambda n: b"# A heading\n\n" * n),
    "open brackets": ("a.md", lambda n: b"[" * n + b"\n\nWords."),
    "tags": ("a.html", lambda n: b"<p>Words of one article.</p>" * n),
    "open tags": ("a.html", lambda n: b"<b>" * (n // 8) + b"<p>Words of one article.</p>"),
}


@pytest.mark.parametrize("kind", FILES)
def test_four_times_the_file_takes_no_sixteen_times_as_long(kind: str, tmp_path: Path) -> None:
    name, make = FILES[kind]
    (tmp_path / name).write_bytes(make(10))
    list(dedup.read_paths([tmp_path / name]))

    def seconds(n: int) -> float:
        (tmp_path / name).write_bytes(make(n))
        taken = []
        for _ in range(2):
            before = time.process_time()
            list(dedup.read_paths([tmp_path / name]))
            taken.append(time.process_time() - before)
        return min(taken)

    size = 2_000
    assert seconds(4 * size) < 9 * max(seconds(size), 5e-3)
