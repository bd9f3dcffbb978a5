"""Articles on disk, for runs whose texts would fill the memory; they are read a few at a time."""

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

_READ = 1024  # articles read at a time by iteration


class StoredArticles(Sequence[Article]):
    """Sequence of articles kept outside memory; slices stay there, and iteration fetches the articles."""

    @abstractmethod
    def take(self, positions: npt.NDArray[np.intp]) -> StoredArticles:
        """Some of the articles, in the order of `positions`."""


def take_articles(articles: Sequence[Article], positions: npt.NDArray[np.intp]) -> Sequence[Article]:
    """Select articles by position, in the order of `positions`; stored articles stay unread."""
    if isinstance(articles, StoredArticles):
        return articles.take(positions)
    return [articles[position] for position in positions.tolist()]


class ArticleFile:
    """Temporary file of articles, removed with the last object that refers to it."""

    def __init__(self) -> None:
        self._file = RowFile("u1")
        self._begins = array("q")
        self._end = 0

    def append(self, article: Article) -> None:
        """Append an article."""
        packed = pickle.dumps(article, pickle.HIGHEST_PROTOCOL)
        self._file.append(np.frombuffer(packed, np.uint8))
        self._begins.append(self._end)
        self._end += len(packed)

    def stored(self) -> ArticlesOnDisk:
        """Sequence of the articles written so far."""
        return ArticlesOnDisk(self._file.stored().path, np.array(self._begins, np.int64), self)


class ArticlesOnDisk(StoredArticles):
    """Sequence of articles in a file; pickled as the file's path and the places of the articles.

    Parameters
    ----------
    path : str
        The file, which has to exist while articles are read.
    begins : ndarray of shape (n,), int64
        Byte at which each article begins.
    file : ArticleFile, optional
        Owner of the file, which exists as long as it is referred to.
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
