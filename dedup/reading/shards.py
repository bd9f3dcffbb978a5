"""Shards of articles, read by whichever worker is free: folders, files and URIs of all formats that dedup reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from dedup.datatypes import Article, Skipped
from dedup.errors import SettingsError
from dedup.reading.files import STDIN
from dedup.reading.read import AnyFile, find_all, require, with_unique_ids
from dedup.reading.source import ReadOptions
from dedup.runtime.remote_files import is_uri

CHUNK = 256
"""Articles that a reading task hands over at a time."""

_FILES, _BYTES = 256, 32 << 20  # of one task, unless a single file is larger


@dataclass(frozen=True, slots=True)
class Shards:
    """Articles in folders, files and URIs, which every machine can reach; `RayWorkers` read them side by side.

    Iterating reads them in this process, with the same ids in the same order.

    Parameters
    ----------
    paths : tuple of str
        Folders, files, or URIs: of a filesystem that pyarrow knows, such as ``s3://bucket/news``, or of the web.
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
        return with_unique_ids(file.read(self.options) for file in find_all(self.paths, self.options, self.against))

    def groups(self) -> Iterator[list[AnyFile]]:
        """The files in their order, in groups that a task reads."""
        group: list[AnyFile] = []
        total = 0
        for file in find_all(self.paths, self.options, self.against):
            size = file.size
            if group and (len(group) == _FILES or total + size > _BYTES):
                yield group
                group, total = [], 0
            group.append(file)
            total += size
        if group:
            yield group


def read_chunks(files: Sequence[AnyFile], options: ReadOptions) -> Iterator[list[Article] | list[Article | Skipped]]:
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
