"""Files that lie elsewhere: on filesystems that pyarrow knows (``s3://``), and on the web (``https://``)."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from posixpath import basename
from typing import cast
from urllib.parse import unquote, urlsplit

from dedup.datatypes import Article, Skipped
from dedup.errors import ReadError
from dedup.reading.files import file_format, unpacked
from dedup.reading.opened import SUFFIXES, marked, read_opened, read_with, reader_of
from dedup.reading.source import ReadOptions
from dedup.runtime.remote_files import Store
from dedup.runtime.web_files import Fetched, fetched, is_web

MOST_FETCHED = 16
"""Multiple of `ReadOptions.max_bytes` that a file on the web may have."""

# Suffix of what a server calls a file, where its address has none that is known.
_TYPES = {
    "text/html": ".html",
    "application/xhtml+xml": ".xhtml",
    "text/markdown": ".md",
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "application/json": ".json",
    "application/ld+json": ".json",
    "application/feed+json": ".json",
    "application/x-ndjson": ".jsonl",
    "application/jsonl": ".jsonl",
    "application/xml": ".xml",
    "text/xml": ".xml",
    "application/rss+xml": ".rss",
    "application/atom+xml": ".atom",
    "application/pdf": ".pdf",
    "application/epub+zip": ".epub",
    "application/zip": ".zip",
    "application/rtf": ".rtf",
    "message/rfc822": ".eml",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.oasis.opendocument.text": ".odt",
    "application/vnd.apache.parquet": ".parquet",
}


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file on another filesystem, its size in bytes, and whether it was given by name."""

    store: Store
    chosen: bool
    reference: bool = False
    size: int = 0

    @property
    def path(self) -> str:
        """URI of the file."""
        return self.store.uri

    def read(self, options: ReadOptions) -> Iterator[Article | Skipped]:
        """Its articles, and what was skipped there."""
        opened = self.store.opened(file_format(self.path)[1])
        return marked(read_opened(opened, self.path, options, chosen=self.chosen), reference=self.reference)


@dataclass(frozen=True, slots=True)
class WebFile:
    """A file on the web, by its address."""

    path: str
    reference: bool = False
    size: int = 0

    def read(self, options: ReadOptions) -> Iterator[Article | Skipped]:
        """Its articles, and what was skipped there; it is fetched when the first is asked for."""
        return marked(self._items(options), reference=self.reference)

    def _items(self, options: ReadOptions) -> Iterator[Article | Skipped]:
        try:
            with fetched(self.path, options.max_bytes * MOST_FETCHED) as answer:
                name = _name(answer)
                reader = reader_of(name, options, chosen=True)
                packed = file_format(name)[1]
                opened = unpacked(cast(io.RawIOBase, answer.file), packed)
                yield from read_with(opened, reader, self.path, options, packed=packed, charset=answer.charset)
        except ReadError as fault:
            yield Skipped(self.path, str(fault))


def find_elsewhere(uri: str, options: ReadOptions, *, reference: bool) -> Iterator[StoredFile | WebFile]:
    """The file at a URI, or the files under it in order of names.

    Raises
    ------
    ReadError
        If there is none, or nothing is known of such URIs.
    MissingExtraError
        If pyarrow is needed and not installed (extra ``parquet``).
    """
    if is_web(uri):
        yield WebFile(uri, reference)
        return
    root = Store.at(uri)
    for store, size in root.files(options.names):
        yield StoredFile(store, store.path == root.path, reference, size)


def _name(answer: Fetched) -> str:
    """A name for the file that says what it is: its own, or one with the suffix of what the server calls it."""
    name = basename(unquote(urlsplit(answer.url).path))
    if file_format(name)[0] not in SUFFIXES:
        name = f"page{_TYPES.get(answer.type, '')}"
    return name if not answer.packed or name.lower().endswith(".gz") else f"{name}.gz"
