"""Article vectors → candidates: who is near enough to be worth verifying.

Two rules propose a pair: each article's nearest neighbours, and the closest pair of two languages (each is the other's
nearest in that language), which finds the one translation behind thirty articles of its own language on the same topic.
A language never forbids a pair.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dedup.datatypes import Candidates, Embeddings, Progress
from dedup.errors import SettingsError

_BLOCK_BYTES = 64 << 20
_LARGEST_MARGIN = 0.3
NO_COMPETITOR = np.float32(0.05)
"""The margin of a pair where the partner's language has no other article to compete: it says nothing."""
_NOTHING = np.float32(-2)  # below every cosine


@dataclass(frozen=True, slots=True, eq=False)
class Neighbourhood:
    """What an exact search found; asked for candidates, and afterwards for any other pair.

    embeddings : ndarray of shape (n, d), float32, unit rows
    of_language : ndarray of shape (n,), intp, a number for each article's language
    closest : the closest article in each language
    """

    embeddings: Embeddings
    of_language: npt.NDArray[np.intp]
    closest: _Closest
    near: npt.NDArray[np.int64]

    def candidates(self) -> Candidates:
        """Pairs worth verifying: every article with its nearest, and the closest pairs of two languages."""
        row, column = np.divmod(self.near, max(len(self.embeddings), 1))
        return self.between(row, column)

    def between(self, row: npt.NDArray[np.int64], column: npt.NDArray[np.int64]) -> Candidates:
        """Given pairs, in any order and direction, as candidates."""
        n = max(len(self.embeddings), 1)
        unique = np.unique(np.minimum(row, column) * n + np.maximum(row, column))
        left, right = (part.astype(np.intp) for part in np.divmod(unique, n))
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
    progress: Progress | None = None,
) -> Neighbourhood:
    """Every article's neighbours, by exact search in blocks of rows.

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
    near = [np.empty(0, np.int64)]
    for rows, columns, similarity in _all_against_all(embeddings, of_language):
        near.append(_nearest(rows, columns, similarity, neighbours, floor) @ np.array([n, 1]))
        closest.update(rows, columns, similarity, of_language)
        if progress:
            progress("search", int(rows[-1]) + 1, n)
    near.append(closest.mutual(of_language, floor) @ np.array([n, 1]))
    return Neighbourhood(embeddings, of_language, closest, np.concatenate(near))


_Block = tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[np.float32]]


def _all_against_all(embeddings: Embeddings, of_language: npt.NDArray[np.intp]) -> Iterator[_Block]:
    """Blocks of rows, the columns they are compared with (sorted by language), and their cosines.

    A row's cosine with itself is below every other.
    """
    columns = np.argsort(of_language, kind="stable")
    at = np.argsort(columns, kind="stable")
    transposed = np.ascontiguousarray(embeddings[columns].T)
    size = max(1, _BLOCK_BYTES // (4 * max(1, len(columns))))
    for start in range(0, len(embeddings), size):
        rows = np.arange(start, min(start + size, len(embeddings)), dtype=np.intp)
        similarity = embeddings[rows] @ transposed
        similarity[np.arange(len(rows)), at[rows]] = _NOTHING
        yield rows, columns, similarity


def _nearest(
    rows: npt.NDArray[np.intp],
    columns: npt.NDArray[np.intp],
    similarity: npt.NDArray[np.float32],
    neighbours: int,
    floor: float,
) -> npt.NDArray[np.int64]:
    """(row, column) of every row's nearest: ndarray of shape (pairs, 2)."""
    k = min(neighbours, similarity.shape[1] - 1)
    if k < 1:
        return np.empty((0, 2), np.int64)
    at = np.argpartition(similarity, -k, axis=1)[:, -k:]
    row, kept = np.nonzero(np.take_along_axis(similarity, at, axis=1) >= floor)
    return np.stack([rows[row], columns[at[row, kept]]], axis=1).astype(np.int64)


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
        """Enter rows that have just been compared with columns (sorted by language)."""
        at = np.arange(len(rows))
        starts = np.flatnonzero(np.diff(of_language[columns], prepend=-1))
        for start, end in zip(starts, [*starts[1:], len(columns)], strict=True):
            part, language = similarity[:, start:end], of_language[columns[start]]
            closest = part.argmax(axis=1)
            self.position[rows, language] = columns[start + closest]
            self.first[rows, language] = part[at, closest]
            if end - start > 1:
                self.second[rows, language] = np.partition(part, -2, axis=1)[:, -2]

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
