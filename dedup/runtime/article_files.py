"""Articles on disk: of a large run the texts are needed a few at a time, and would fill the memory."""

from __future__ import annotations

import pickle
from abc import abstractmethod
from array import array
from collections.abc import Iterator, Sequence
from mmap import ACCESS_READ, mmap
from operator import eq
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from dedup.datatypes import Article
from dedup.runtime.row_files import RowFile


class StoredArticles(Sequence[Article]):
    """Articles that lie elsewhere: slices and selections of them lie there too, and whoever iterates fetches them."""

    @abstractmethod
    def take(self, positions: npt.NDArray[np.intp]) -> StoredArticles:
        """Some of the articles, in the order of `positions`."""


def take_articles(articles: Sequence[Article], positions: npt.NDArray[np.intp]) -> Sequence[Article]:
    """Some of the articles, in the order of `positions`; those that lie elsewhere stay there until they are read."""
    if isinstance(articles, StoredArticles):
        return articles.take(positions)
    return [articles[position] for position in positions.tolist()]


_READ = 1024  # articles read at a time by whoever goes through them


class ArticleFile:
    """A temporary file that articles are appended to; it goes when this and all articles on it are let go."""

    def __init__(self) -> None:
        self._file = RowFile("u1")
        self._begins = array("q")
        self._end = 0

    def append(self, article: Article) -> None:
        """Write an article behind those that are there."""
        packed = pickle.dumps(article, pickle.HIGHEST_PROTOCOL)
        self._file.append(np.frombuffer(packed, np.uint8))
        self._begins.append(self._end)
        self._end += len(packed)

    def stored(self) -> ArticlesOnDisk:
        """What has been written so far."""
        return ArticlesOnDisk(self._file.stored().path, np.array(self._begins, np.int64), self)


class ArticlesOnDisk(StoredArticles):
    """Articles in a file; sent to another process they are where to find them, while the file is there.

    Parameters
    ----------
    path : str
        The file.
    begins : ndarray of shape (n,), int64
        Where in it each article begins.
    file : ArticleFile, optional
        What keeps the file from going.
    """

    def __init__(self, path: str, begins: npt.NDArray[np.int64], file: ArticleFile | None = None) -> None:
        self._path, self._begins, self._file = path, begins, file
        self._mapped: memoryview | None = None

    def take(self, positions: npt.NDArray[np.intp]) -> ArticlesOnDisk:
        """Some of the articles, in the order of `positions`."""
        return ArticlesOnDisk(self._path, self._begins[positions], self._file)

    def __len__(self) -> int:
        return len(self._begins)

    @overload
    def __getitem__(self, at: int) -> Article: ...
    @overload
    def __getitem__(self, at: slice) -> ArticlesOnDisk: ...
    def __getitem__(self, at: int | slice) -> Article | ArticlesOnDisk:
        if isinstance(at, slice):
            return ArticlesOnDisk(self._path, self._begins[at], self._file)
        (article,) = self._read(self._begins[[at]])
        return article

    def __iter__(self) -> Iterator[Article]:
        for start in range(0, len(self), _READ):
            yield from self._read(self._begins[start : start + _READ])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and all(map(eq, self, other))

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        return ArticlesOnDisk, (self._path, self._begins)

    def _read(self, begins: npt.NDArray[np.int64]) -> list[Article]:
        if self._mapped is None:
            with open(self._path, "rb") as file:
                self._mapped = memoryview(mmap(file.fileno(), 0, access=ACCESS_READ))
        mapped = self._mapped
        return [pickle.loads(mapped[begin:]) for begin in begins.tolist()]
