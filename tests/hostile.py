"""A folder of everything that goes wrong, in every format."""

from __future__ import annotations

import gzip
import os
import random
import socket
from pathlib import Path
from typing import TypeAlias

from dedup.datatypes import Article, Skipped
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
    "bomb.jsonl.gz": (gzip.compress(b" " * 5_000_000 + b'\n{"text": "after"}'), [(None, "unpacks to more")]),
    "long.jsonl.gz": (gzip.compress(b" " * 1_000_000 + b'\n{"text": "after"}'), [(1, "line longer"), "after"]),
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
