"""Article vectors → candidates: who is near enough to be worth verifying.

Two rules propose a pair: each article's nearest neighbours, and the closest pair of two languages (each is the other's
nearest in that language), which finds the one translation behind thirty articles of its own language on the same topic.
A language never forbids a pair.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
import numpy.typing as npt

from dedup.cells import divide
from dedup.datatypes import Candidates, Embeddings, Progress
from dedup.errors import SettingsError

_BLOCK_BYTES = 32 << 20
_MOST_EXACT = 50_000  # articles up to which all are compared with all
_STRIDE = 64
_PAIRS = 1 << 20
_LARGEST_MARGIN = 0.3
NO_COMPETITOR = np.float32(0.05)
"""The margin of a pair where the partner's language has no other article to compete: it says nothing."""
_NOTHING = np.float32(-2)  # below every cosine

_Positions = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Neighbourhood:
    """What a search found; asked for candidates, and afterwards for any other pair.

    embeddings : ndarray of shape (n, d), float32, unit rows
    of_language : ndarray of shape (n,), intp, a number for each article's language
    closest : the closest article in each language
    near : ndarray of shape (m,), int64, each pair proposed as ``left * n + right``, sorted
    """

    embeddings: Embeddings
    of_language: _Positions
    closest: _Closest
    near: npt.NDArray[np.int64]

    def candidates(self) -> Candidates:
        """Pairs worth verifying: every article with its nearest, and the closest pairs of two languages."""
        return self._pairs(self.near)

    def blocks(self, size: int = _PAIRS) -> Iterator[Candidates]:
        """The same a million pairs at a time, since a candidate takes three times the memory of its number."""
        return (self._pairs(self.near[start : start + size]) for start in range(0, len(self.near), size))

    def between(self, row: npt.NDArray[np.int64], column: npt.NDArray[np.int64]) -> Candidates:
        """Given pairs, in any order and direction, as candidates."""
        return self._pairs(np.unique(np.minimum(row, column) * len(self.embeddings) + np.maximum(row, column)))

    def with_pairs(self, pairs: npt.NDArray[np.int64]) -> Neighbourhood:
        """The same with more pairs proposed: ndarray of shape (pairs, 2), in any order and direction."""
        numbers = pairs.min(axis=1) * len(self.embeddings) + pairs.max(axis=1)
        return replace(self, near=np.union1d(self.near, numbers))

    def _pairs(self, numbers: npt.NDArray[np.int64]) -> Candidates:
        left, right = (part.astype(np.intp) for part in np.divmod(numbers, max(len(self.embeddings), 1)))
        similarity = _cosines(self.embeddings, left, right)
        margin = np.minimum(
            self.closest.margin(left, self.of_language[right], similarity),
            self.closest.margin(right, self.of_language[left], similarity),
        )
        return Candidates(left, right, similarity, np.clip(margin, -_LARGEST_MARGIN, _LARGEST_MARGIN))


def search(
    embeddings: Embeddings,
    languages: Sequence[str],
    *,
    neighbours: int = 24,
    floor: float = 0.1,
    most_exact: int = _MOST_EXACT,
    threads: int = 1,
    progress: Progress | None = None,
) -> Neighbourhood:
    """Every article's neighbours, in blocks of rows.

    Parameters
    ----------
    embeddings : ndarray of shape (n, d), float32, unit rows
        Row i belongs to article i.
    languages : sequence of str, length n
        Language codes; only equality matters.
    neighbours : int
        Nearest articles proposed for each article, at least 1.
    floor : float in [-1, 1]
        Cosine a candidate has to reach.
    most_exact : int
        Articles up to which all are compared with all; beyond, each is compared with those of the nearest cells.
    threads : int
        Blocks worked on at once.

    Returns
    -------
    Neighbourhood
        Its candidates carry their cosine and their margin: how much closer the two are than either is to the best
        *other* article in the partner's language, the smaller of both sides, within ±0.3. The idea is the margin of
        Artetxe & Schwenk (2019, "Margin-based parallel corpus mining"), as a difference and against one competitor a
        language.

    Raises
    ------
    SettingsError
        If `neighbours` < 1 or `floor` lies outside [-1, 1].
    """
    if neighbours < 1:
        raise SettingsError(f"neighbours must be at least 1, got {neighbours}")
    if not -1 <= floor <= 1:
        raise SettingsError(f"floor must lie in [-1, 1], got {floor:g}")
    n = len(embeddings)
    names, numbers = np.unique(np.array(languages, dtype=str), return_inverse=True)
    of_language = numbers.astype(np.intp)
    closest = _Closest.empty(n, len(names))

    def compare(block: _Block) -> npt.NDArray[np.int64]:
        rows, columns, transposed = block
        similarity = embeddings[rows] @ (embeddings[columns].T if transposed is None else transposed)
        similarity[np.arange(len(rows)), _places(rows, columns)] = _NOTHING
        nearest = _nearest(rows, columns, similarity, neighbours, floor)
        closest.update(rows, columns, similarity, of_language)
        return _numbered(nearest, n)

    blocks = _all_with_all(embeddings, of_language) if n <= most_exact else _cell_by_cell(embeddings, of_language)
    near, done = [np.empty(0, np.int64)], 0
    for rows, found in _in_threads(compare, blocks, threads):
        near.append(found)
        done += rows
        if progress:
            progress("search", done, n)
    near.append(_numbered(closest.mutual(of_language, floor), n))
    return Neighbourhood(embeddings, of_language, closest, np.unique(np.concatenate(near)))


_Block = tuple[_Positions, _Positions, npt.NDArray[np.float32] | None]
"""Rows, the columns they are compared with (sorted by language), and the columns' vectors transposed if at hand."""


def _all_with_all(embeddings: Embeddings, of_language: _Positions) -> Iterator[_Block]:
    columns = np.argsort(of_language, kind="stable")
    transposed = np.ascontiguousarray(embeddings[columns].T)
    rows = np.arange(len(embeddings), dtype=np.intp)
    return ((part, columns, transposed) for part in _parts(rows, len(columns)))


def _cell_by_cell(embeddings: Embeddings, of_language: _Positions) -> Iterator[_Block]:
    for rows, columns in divide(embeddings):
        by_language = columns[np.argsort(of_language[columns], kind="stable")]
        for part in _parts(rows, len(columns)):
            yield part, by_language, None


def _parts(rows: _Positions, columns: int) -> Iterator[_Positions]:
    """Rows in parts whose cosines with so many columns take no more than a block."""
    size = max(1, _BLOCK_BYTES // (4 * max(1, columns)))
    return (rows[start : start + size] for start in range(0, len(rows), size))


def _in_threads(
    compare: Callable[[_Block], npt.NDArray[np.int64]], blocks: Iterator[_Block], threads: int
) -> Iterator[tuple[int, npt.NDArray[np.int64]]]:
    """How many rows a block has and what was found for them, block after block; no two blocks share a row."""
    with ThreadPoolExecutor(threads) as pool:
        while ahead := list(islice(blocks, 4 * threads)):
            yield from zip((len(rows) for rows, _, _ in ahead), pool.map(compare, ahead), strict=True)


def _places(rows: _Positions, columns: _Positions) -> _Positions:
    """Where each row stands among the columns."""
    order = np.argsort(columns)
    return order[np.searchsorted(columns, rows, sorter=order)]


def _numbered(pairs: npt.NDArray[np.int64], n: int) -> npt.NDArray[np.int64]:
    """Pairs as ``left * n + right``."""
    return np.asarray(pairs.min(axis=1) * n + pairs.max(axis=1), np.int64)


def _nearest(
    rows: _Positions, columns: _Positions, similarity: npt.NDArray[np.float32], neighbours: int, floor: float
) -> npt.NDArray[np.int64]:
    """(row, column) of every row's nearest: ndarray of shape (pairs, 2)."""
    k = min(neighbours, similarity.shape[1] - 1)
    if k < 1:
        return np.empty((0, 2), np.int64)
    at = _largest(similarity, k)
    row, kept = np.nonzero(np.take_along_axis(similarity, at, axis=1) >= floor)
    return np.stack([rows[row], columns[at[row, kept]]], axis=1).astype(np.int64)


def _largest(similarity: npt.NDArray[np.float32], k: int) -> npt.NDArray[np.intp]:
    """Columns of the k largest values of each row, in any order: ndarray of shape (rows, k).

    The k largest lie in the k groups with the largest maxima: finding those first takes a tenth of the time.
    """
    groups = similarity.shape[1] // _STRIDE
    if groups < 4 * k:
        return np.argpartition(similarity, -k, axis=1)[:, -k:]
    grouped = similarity[:, : groups * _STRIDE].reshape(len(similarity), _STRIDE, groups).max(axis=1)
    best = np.argpartition(grouped, -k, axis=1)[:, -k:]
    columns = (best[:, :, None] + groups * np.arange(_STRIDE)).reshape(len(similarity), -1)
    rest = np.arange(groups * _STRIDE, similarity.shape[1])
    columns = np.concatenate([columns, np.broadcast_to(rest, (len(similarity), len(rest)))], axis=1)
    at = np.argpartition(np.take_along_axis(similarity, columns, axis=1), -k, axis=1)[:, -k:]
    return np.take_along_axis(columns, at, axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class _Closest:
    """For each article (row) and language (column): its closest article, that one's cosine and the runner-up's."""

    position: npt.NDArray[np.int32]
    first: npt.NDArray[np.float32]
    second: npt.NDArray[np.float32]

    @classmethod
    def empty(cls, n: int, languages: int) -> _Closest:
        shape = (n, languages)
        return cls(np.full(shape, -1, np.int32), np.full(shape, _NOTHING), np.full(shape, _NOTHING))

    def update(
        self,
        rows: npt.NDArray[np.intp],
        columns: npt.NDArray[np.intp],
        similarity: npt.NDArray[np.float32],
        of_language: npt.NDArray[np.intp],
    ) -> None:
        """Enter rows that have just been compared with columns (sorted by language); uses the cosines up."""
        at = np.arange(len(rows))
        starts = np.flatnonzero(np.diff(of_language[columns], prepend=-1))
        for start, end in zip(starts, [*starts[1:], len(columns)], strict=True):
            part, language = similarity[:, start:end], of_language[columns[start]]
            closest = part.argmax(axis=1)
            self.position[rows, language] = columns[start + closest]
            self.first[rows, language] = part[at, closest]
            part[at, closest] = _NOTHING
            self.second[rows, language] = part.max(axis=1)

    def mutual(self, of_language: npt.NDArray[np.intp], floor: float) -> npt.NDArray[np.int64]:
        """Pairs in which each is the other's closest in that language: ndarray of shape (pairs, 2)."""
        row, language = np.nonzero(self.first >= floor)
        other = self.position[row, language]
        mutual = self.position[other, of_language[row]] == row
        return np.stack([row[mutual], other[mutual]], axis=1).astype(np.int64)

    def margin(
        self, row: npt.NDArray[np.intp], language: npt.NDArray[np.intp], similarity: npt.NDArray[np.float32]
    ) -> npt.NDArray[np.float32]:
        """How much closer a pair is than its row is to the best other article in the partner's language."""
        first = self.first[row, language]
        competitor = np.where(first > similarity + 1e-6, first, self.second[row, language])
        return np.where(competitor > _NOTHING, similarity - competitor, NO_COMPETITOR)


def _cosines(
    embeddings: Embeddings, left: npt.NDArray[np.intp], right: npt.NDArray[np.intp]
) -> npt.NDArray[np.float32]:
    similarity = np.empty(len(left), np.float32)
    for start in range(0, len(left), 1 << 15):
        part = slice(start, start + (1 << 15))
        similarity[part] = np.einsum("ij,ij->i", embeddings[left[part]], embeddings[right[part]])
    return similarity
