"""Shards of articles, read by whichever worker is free: folders, files and URIs of all formats that dedup reads."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from dedup.datatypes import Article, Skipped
from dedup.errors import SettingsError
from dedup.read import Found, list_files, read_file, read_opened, require, with_unique_ids
from dedup.readers.files import STDIN, file_format
from dedup.readers.source import ReadOptions
from dedup.stores import Store, is_uri

CHUNK = 256
"""Articles that a reading task hands over at a time."""

_FILES, _BYTES = 256, 32 << 20  # of one task, unless a single file is larger


@dataclass(frozen=True, slots=True)
class File:
    """A file to be read: what was found on this filesystem, or a place on another one."""

    found: Found
    size: int
    store: Store | None = None

    def read(self, options: ReadOptions) -> Iterable[Article | Skipped]:
        """What it holds."""
        if self.store is None:
            return read_file(self.found, options)
        path, named = self.found.path, self.found.named
        return read_opened(self.store.opened(file_format(path)[1]), path, options, named=named)


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

    Raises
    ------
    ReadError
        If one of the paths does not exist.
    SettingsError
        If one of them is standard input, which no other machine can read.
    """

    paths: tuple[str, ...]
    options: ReadOptions = field(default_factory=ReadOptions)

    def __post_init__(self) -> None:
        for path in self.paths:
            if path == STDIN:
                raise SettingsError('"-" is standard input, which other machines cannot read; name files instead')
            if not is_uri(path):
                require(path)

    def __iter__(self) -> Iterator[Article | Skipped]:
        return with_unique_ids(file.read(self.options) for file in self.files())

    def files(self) -> Iterator[File]:
        """Every file once: folders and files in their order, then URIs in theirs, a folder in order of names."""
        local = [path for path in self.paths if not is_uri(path)]
        for found in list_files(local, self.options):
            yield File(found, 0 if found.fault else _size(found.path))
        met: set[str] = set()
        for uri in filter(is_uri, self.paths):
            root_store = Store.at(uri)
            for store, size in root_store.files(self.options.glob):
                if store.uri not in met:
                    met.add(store.uri)
                    yield File(Found(store.uri, store.path == root_store.path, ""), size, store)

    def groups(self) -> Iterator[list[File]]:
        """The files in their order, in groups that a task reads."""
        group: list[File] = []
        for file in self.files():
            if group and (len(group) == _FILES or sum(one.size for one in group) + file.size > _BYTES):
                yield group
                group = []
            group.append(file)
        if group:
            yield group


def read_chunks(files: Sequence[File], options: ReadOptions) -> Iterator[list[Article] | list[Article | Skipped]]:
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
                item = Article(item.id, "", path=item.path)
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
