"""Shards of articles, read by whichever worker is free: folders, files and URIs of all formats that dedup reads."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from dedup.datatypes import Article, Skipped
from dedup.errors import SettingsError
from dedup.reading.files import STDIN, file_format
from dedup.reading.opened import read_opened
from dedup.reading.read import File, find_files, marked, require, with_unique_ids
from dedup.reading.source import ReadOptions
from dedup.runtime.remote_files import Store, is_uri

CHUNK = 256
"""Articles that a reading task hands over at a time."""

_FILES, _BYTES = 256, 32 << 20  # of one task, unless a single file is larger


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file on another filesystem, and whether it was given by name."""

    store: Store
    chosen: bool
    reference: bool = False

    def read(self, options: ReadOptions) -> Iterator[Article | Skipped]:
        """Its articles, and what was skipped there."""
        path = self.store.uri
        opened = self.store.opened(file_format(path)[1])
        return marked(read_opened(opened, path, options, chosen=self.chosen), reference=self.reference)


@dataclass(frozen=True, slots=True)
class Shards:
    """Articles in folders, files and URIs, which every machine can reach; `RayWorkers` read them side by side.

    Iterating reads them in this process, with the same ids in the same order.

    Parameters
    ----------
    paths : tuple of str
        Folders, files, or URIs of a filesystem that pyarrow knows, such as ``s3://bucket/news``.
    options : ReadOptions
        Fields to read, files to choose, size to allow.
    against : tuple of str
        Folders, files and URIs of a reference, which are read before the others.

    Raises
    ------
    ReadError
        If one of the paths does not exist.
    SettingsError
        If one of them is standard input, which no other machine can read.
    """

    paths: tuple[str, ...]
    options: ReadOptions = field(default_factory=ReadOptions)
    against: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for path in (*self.against, *self.paths):
            if path == STDIN:
                raise SettingsError('"-" is standard input, which other machines cannot read; name files instead')
            if not is_uri(path):
                require(path)

    def __iter__(self) -> Iterator[Article | Skipped]:
        return with_unique_ids(file.read(self.options) for file, _ in self._files())

    def groups(self) -> Iterator[list[File | StoredFile]]:
        """The files in their order, in groups that a task reads."""
        group: list[File | StoredFile] = []
        total = 0
        for file, size in self._files():
            if group and (len(group) == _FILES or total + size > _BYTES):
                yield group
                group, total = [], 0
            group.append(file)
            total += size
        if group:
            yield group

    def _files(self) -> Iterator[tuple[File | StoredFile, int]]:
        """Every file once, with its bytes: first the paths, then the URIs, each folder in order of names."""
        local, reference = ([path for path in paths if not is_uri(path)] for paths in (self.paths, self.against))
        for file in find_files(local, self.options, reference):
            yield file, _size(file.path)
        met: set[str] = set()
        roots = [*((uri, True) for uri in self.against), *((uri, False) for uri in self.paths)]
        for root, of_reference in ((Store.at(uri), of_reference) for uri, of_reference in roots if is_uri(uri)):
            for store, size in root.files(self.options.names):
                if store.uri not in met:
                    met.add(store.uri)
                    yield StoredFile(store, store.path == root.path, of_reference), size


def read_chunks(
    files: Sequence[File | StoredFile], options: ReadOptions
) -> Iterator[list[Article] | list[Article | Skipped]]:
    """The articles of some files in chunks, each followed by its heads.

    Heads are all that was met, in order, articles without what is long: what the process that started the run needs to
    know of them.
    """
    articles: list[Article] = []
    heads: list[Article | Skipped] = []
    for file in files:
        for item in file.read(options):
            if isinstance(item, Article):
                articles.append(item)
                item = Article(item.id, "", path=item.path, reference=item.reference)
            heads.append(item)
            if len(heads) == CHUNK:
                yield articles
                yield heads
                articles, heads = [], []
    yield articles
    yield heads


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:  # whoever reads it says why it cannot be read
        return 0
