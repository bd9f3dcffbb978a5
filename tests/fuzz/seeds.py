"""Good files from which fuzzing starts: of every kind that is read, so that mutations get past the first check."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable
from functools import cache, partial
from pathlib import PurePath

from hypothesis import strategies as st

from reading.collection import STORIES, files, tarred, zipped
from reading.office_files import docx, epub, odt, pdf, rtf, warc, xlsx
from samples import ATOM, RSS, parquet

LIMIT = 1 << 18
"""Bytes of a mutated file at most."""

_LIKE = {".ndjson": ".jsonl", ".text": ".txt", ".markdown": ".md", ".htm": ".html", ".mht": ".mhtml", ".rss": ".xml"}

_PLAIN = b"The minister met his colleagues in the capital on Monday.\n"

_ROWS: list[dict[str, object]] = [
    {"id": str(number), "title": title, "text": text, "views": number, "published": None}
    for number, (title, text) in enumerate(STORIES.values())
]


def _arrow() -> bytes:
    import pyarrow

    table = pyarrow.Table.from_pylist(_ROWS)
    stream = io.BytesIO()
    with pyarrow.ipc.new_stream(stream, table.schema) as writer:
        writer.write_table(table)
    return stream.getvalue()


_MEMBERS: dict[str, str | bytes] = {"a.md": "# T\n\nWords.", "b.jsonl": '{"text": "Words."}\n'}

_MADE: dict[str, Callable[[], bytes]] = {
    ".docx": partial(docx, "ru"),
    ".odt": partial(odt, "ar"),
    ".rtf": partial(rtf, "hi"),
    ".xlsx": partial(xlsx, "en", "th"),
    ".epub": partial(epub, "en", "ja"),
    ".pdf": partial(pdf, "The boats left at nine.", "Most were glad."),
    ".warc": partial(warc, "en", "he"),
    ".parquet": partial(parquet, _ROWS),
    ".arrow": _arrow,
    ".atom": ATOM.encode,
    ".xml": RSS.encode,
    ".zip": lambda: zipped({**_MEMBERS, "c.zip": zipped({"d.txt": "x"})}),
    ".tar": lambda: tarred(_MEMBERS),
}


@cache
def seeds_of(suffix: str) -> tuple[bytes, ...]:
    """Good files with this suffix, at least one."""
    suffix = _LIKE.get(suffix, suffix)
    found = [
        content.encode() if isinstance(content, str) else content
        for name, (content, _) in files().items()
        if PurePath(name).suffix == suffix
    ]
    return (*([_MADE[suffix]()] if suffix in _MADE else []), *found) or (_PLAIN,)


def mutated(*seeds: bytes) -> st.SearchStrategy[bytes]:
    """Bytes near one of the seeds: pieces removed, repeated, put in; or any bytes at all."""
    return st.builds(_mutate, st.sampled_from(seeds), st.integers(0, 1 << 30), st.binary(max_size=40)) | st.binary()


def files_near(suffix: str) -> st.SearchStrategy[bytes]:
    """Files near good ones of a suffix; of archives, and of documents that are archives, also with members changed."""

    def near() -> st.SearchStrategy[bytes]:
        seeds = seeds_of(suffix)
        inside = [seed for seed in seeds if zipfile.is_zipfile(io.BytesIO(seed))]
        whole = mutated(*seeds)
        if not inside:
            return whole
        numbers = st.integers(0, 1 << 30)
        return whole | st.builds(_mutate_member, st.sampled_from(inside), numbers, st.binary(max_size=40))

    return st.deferred(near)


def _mutate(seed: bytes, number: int, strange: bytes) -> bytes:
    generator = random.Random(number)
    for _ in range(generator.randint(1, 6)):
        at, other = (generator.randint(0, len(seed)) for _ in range(2))
        piece = generator.choice((strange, seed[at:other] * generator.choice((1, 2, 50)), generator.randbytes(3), b""))
        end = at + generator.choice((0, 1, 8, len(piece)))
        seed = (seed[:at] + piece + seed[end:])[:LIMIT]
    return seed


def _mutate_member(seed: bytes, number: int, strange: bytes) -> bytes:
    """An archive with one of its files changed and all sums right."""
    with zipfile.ZipFile(io.BytesIO(seed)) as archive:
        members: dict[str, str | bytes] = {name: archive.read(name) for name in archive.namelist()}
    name = random.Random(number).choice(sorted(members))
    content = members[name]
    members[name] = _mutate(content if isinstance(content, bytes) else content.encode(), number, strange)
    return zipped(members)
