"""Collection of what is to be compared, before the work begins: in memory, on disk, or in a cluster's object store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice, tee
from typing import TYPE_CHECKING, Any

from dedup.datatypes import Article, Progress, Skipped
from dedup.reading.read import with_unique_ids
from dedup.reading.shards import CHUNK, Shards, read_chunks
from dedup.runtime.article_files import ArticleFile
from dedup.runtime.workers import Workers

if TYPE_CHECKING:
    from dedup.runtime.ray_cluster.workers import RayWorkers

_PROGRESS_EVERY = 1024  # articles after which the progress of reading is reported

_MOST_CHARACTERS = 1 << 26  # of texts that stay in memory


def collect(
    articles: Iterable[Article | Skipped], workers: Workers, progress: Progress | None = None
) -> tuple[Sequence[Article], list[Skipped]]:
    """Gather all that is to be compared, and all that was skipped, where the workers can read it.

    Texts that are too many for memory go to disk. With a Ray cluster all go to its object store, and `Shards` are read
    by the workers.

    Raises
    ------
    TypeError
        If something else is among them.
    """
    if workers.remote:
        from dedup.runtime.ray_cluster.workers import RayWorkers

        if isinstance(workers, RayWorkers):
            return _collect_in_cluster(articles, workers, progress)
    return _collect_here(articles, progress)


def _collect_here(
    articles: Iterable[Article | Skipped], progress: Progress | None
) -> tuple[Sequence[Article], list[Skipped]]:
    kept: list[Article] = []
    skipped: list[Skipped] = []
    file: ArticleFile | None = None
    characters = 0
    for seen, item in enumerate(articles, 1):
        if isinstance(item, Skipped):
            skipped.append(item)
        elif not isinstance(item, Article):
            raise TypeError(f"articles must be dedup.Article(id, text), got {type(item).__name__} as number {seen}")
        elif not isinstance(item.text, str):
            raise TypeError(f"the text of {item.id!r} must be a string, got {type(item.text).__name__}")
        elif file:
            file.append(item)
        else:
            kept.append(item)
            characters += len(item.text)
            if characters > _MOST_CHARACTERS:
                file = _to_disk(kept)
        if progress and not seen % _PROGRESS_EVERY:
            progress("read", seen, 0)
    return file.stored() if file else kept, skipped


def _to_disk(articles: list[Article]) -> ArticleFile:
    """The articles on disk, and no longer in the list."""
    file = ArticleFile()
    for article in articles:
        file.append(article)
    articles.clear()
    return file


def _collect_in_cluster(
    articles: Iterable[Article | Skipped], workers: RayWorkers, progress: Progress | None
) -> tuple[Sequence[Article], list[Skipped]]:
    from dedup.runtime.ray_cluster.errors import named_ray_errors

    pile = _Pile()
    if isinstance(articles, Shards):
        heads, same = tee(pile.heads(_read(articles, workers)))
        unique = with_unique_ids(of_file for _, of_file in groupby(same, key=lambda head: head.path))
    else:
        heads, unique = tee(pile.heads(_put(articles, workers)))
    with named_ray_errors():
        for head, item in zip(heads, unique, strict=True):
            pile.enter(head, item)
            if progress and not pile.seen % _PROGRESS_EVERY:
                progress("read", pile.seen, 0)
    return workers.serve_articles(pile.chunks, pile.sizes, pile.names), pile.skipped


def _read(shards: Shards, workers: RayWorkers) -> Iterator[tuple[Any, Sequence[Article | Skipped]]]:
    """Chunks of articles in the object store with their heads, a task a group of files."""
    for stream in workers.stream(read_chunks, ((group, shards.options) for group in shards.groups())):
        for chunk in stream:
            yield chunk, workers.get(next(stream, chunk))  # a chunk that nothing follows is an error


class _Pile:
    """Chunks of articles, and what is known of them as they come."""

    def __init__(self) -> None:
        self.chunks: list[Any] = []
        self.sizes: list[int] = []
        self.names: dict[int, str] = {}
        self.skipped: list[Skipped] = []
        self.seen = 0

    def heads(self, read: Iterable[tuple[Any, Sequence[Article | Skipped]]]) -> Iterator[Article | Skipped]:
        """The heads of all chunks one after the other; each chunk is put on the pile."""
        for chunk, heads in read:
            size = sum(isinstance(head, Article) for head in heads)
            if size:
                self.chunks.append(chunk)
                self.sizes.append(size)
            yield from heads

    def enter(self, head: Article | Skipped, item: Article | Skipped) -> None:
        """Note the head of an article by the name it is given, or what was skipped."""
        self.seen += 1
        if isinstance(item, Skipped):
            self.skipped.append(item)
        elif isinstance(head, Article) and item.id != head.id:
            self.names[self.seen - 1 - len(self.skipped)] = item.id


def _put(items: Iterable[Article | Skipped], workers: RayWorkers) -> Iterator[tuple[Any, Sequence[Article | Skipped]]]:
    """Articles at hand, sent to the object store in chunks."""
    coming = iter(items)
    while heads := list(islice(coming, CHUNK)):
        yield workers.put([item for item in heads if isinstance(item, Article)]), heads
