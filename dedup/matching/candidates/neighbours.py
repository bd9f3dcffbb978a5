"""Article vectors → candidates: who is near enough to be worth verifying.

Two rules propose a pair: each article's nearest neighbours, and the closest pair of two languages (each is the other's
nearest in that language), which finds the one translation behind thirty articles of its own language on the same topic.
A language never forbids a pair.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from dedup.arrays import Flags, Positions, distinct
from dedup.datatypes import Candidates, Embeddings, Progress
from dedup.errors import SettingsError
from dedup.matching.candidates.ivf import build_ivf
from dedup.runtime.process import count_cores
from dedup.runtime.stage import follow
from dedup.runtime.workers import ALONE, Workers

_MOST_EXACT = 20_000  # articles up to which all are compared with all

_ROWS, _COLUMNS = 1 << 12, 2048  # of a block: 32 MB of cosines

_FIRST = 128  # columns of the first block, since all that is near goes through it; the next have twice as many each

_ROWS_OF_CELLS = 1 << 15  # rows that look into cells at a time: of these only a few look into the same cell; 16 bits

_PARTS = 8  # at least: not one a thread, since rounding depends on the sizes of products

_WAITING = 1  # times as many pairs as are wanted, found for a part of the rows before the nearest are chosen

_PAIRS = 1 << 15

_GATHERED = 1 << 9  # pairs whose vectors are multiplied at a time: 2 MB, which stays in the cache

_NOTHING = np.float32(-2)  # below every cosine


@dataclass(frozen=True, slots=True, eq=False)
class Neighbourhood:
    """Result of a search; asked for candidates, and afterwards for any other pair.

    embeddings : ndarray of shape (n, d), float32, unit rows
    near : ndarray of shape (m,), int64, each pair proposed as ``left * n + right``, sorted
    """

    embeddings: Embeddings
    near: npt.NDArray[np.int64]

    def candidates(self) -> Candidates:
        """Pairs worth verifying: every article with its nearest, and the closest pairs of two languages."""
        return self._pairs(self.near)

    def blocks(self, size: int = _PAIRS) -> Iterator[Candidates]:
        """Candidates, some thousand at a time, since a candidate takes three times the memory of its number."""
        return (self._pairs(self.near[start : start + size]) for start in range(0, len(self.near), size))

    def between(self, row: npt.NDArray[np.int64], column: npt.NDArray[np.int64]) -> Candidates:
        """Given pairs, in any order and direction, as candidates."""
        return self._pairs(distinct(_numbered(row, column, len(self.embeddings))))

    def with_pairs(self, pairs: npt.NDArray[np.int64]) -> Neighbourhood:
        """Copy with more pairs proposed: ndarray of shape (pairs, 2), in any order and direction."""
        numbers = pairs.min(axis=1) * len(self.embeddings) + pairs.max(axis=1)
        return replace(self, near=_distinct([self.near, numbers]))

    def _pairs(self, numbers: npt.NDArray[np.int64]) -> Candidates:
        left, right = (part.astype(np.intp) for part in np.divmod(numbers, max(len(self.embeddings), 1)))
        return Candidates(left, right, _cosines(self.embeddings, left, right))


def search(
    embeddings: Embeddings,
    languages: Sequence[str],
    *,
    neighbours: int = 24,
    floor: float = 0.1,
    most_exact: int = _MOST_EXACT,
    asking: tuple[Positions, Flags] | None = None,
    workers: Workers = ALONE,
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
    asking : (ndarray of intp, ndarray of bool of length n), optional
        Positions of the articles that look for neighbours, and the articles among which they look; all and all without.
    workers : Workers
        Who looks for the neighbours of a part of the rows each.

    Returns
    -------
    Neighbourhood
        Pairs proposed; whether they match is decided by what their texts say, and not by who else is near.

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
    closest = BestPerLanguage.empty(n, len(names))
    rows = np.arange(n, dtype=np.intp) if asking is None else asking[0]
    others = rows if asking is None else np.flatnonzero(asking[1])
    both_look = np.array_equal(rows, others)
    exact = n <= most_exact or len(rows) * len(others) <= most_exact**2
    parts, compared = _parts(embeddings, workers, rows, others, exact=exact)
    vectors = workers.share(embeddings, _one_after_another(parts))

    def look(rows: Positions) -> tuple[BestPerLanguage, Positions, Positions]:
        own = np.asarray(vectors[rows])
        top, best = TopK(len(rows), neighbours, floor), BestSoFar(len(rows), len(names))
        for members, at in compared(rows):
            columns = members[np.argsort(of_language[members], kind="stable")]
            similarity = np.asarray(vectors[columns] @ own.take(at, axis=0).T)
            similarity[_where_same(columns, rows[at])] = _NOTHING
            top.update(at, columns, similarity)
            best.update(at, columns, similarity, of_language[columns])
        return best.found, *top.pairs()

    near = [np.empty(0, np.int64)]
    looked = zip(parts, workers.map_arrays(look, parts), strict=True)
    for rows, (found, row, column) in follow(looked, lambda of: len(of[0]), "search", n, progress):
        closest.enter(rows, found)
        near.append(_numbered(rows[row], column, n))
    near.append(_numbered(*(closest.mutual(of_language, floor) if both_look else closest.all(floor)), n))
    return Neighbourhood(embeddings, _distinct(near))


_Looks = Callable[[Positions], Iterator[tuple[Positions, Positions]]]
"""Function of rows: blocks of columns, and those of the rows that are compared with them."""


def _parts(
    embeddings: Embeddings, workers: Workers, rows: Positions, others: Positions, *, exact: bool
) -> tuple[list[Positions], _Looks]:
    """Parts of the rows, which one thread works on at a time, and where among the others the vectors of a part look."""
    if exact:
        bounds = [_FIRST << doublings for doublings in range((_COLUMNS // _FIRST).bit_length() - 1)]
        columns = [*np.split(others[:_COLUMNS], bounds), *_slices(others[_COLUMNS:], _COLUMNS)]
        return _slices(rows, _ROWS), lambda own: ((part, np.arange(len(own))) for part in columns if len(part))
    cells = build_ivf(embeddings, workers=Workers(count_cores()) if workers.remote else workers)
    size = min(_ROWS_OF_CELLS, max(-(-len(rows) // _PARTS), 1))
    in_order = np.concatenate(cells.members)
    if len(rows) < len(in_order):
        in_order = in_order[np.isin(in_order, rows)]
        cells = replace(cells, members=tuple(cell[np.isin(cell, others)] for cell in cells.members))
    parts = [np.sort(part) for part in _slices(in_order, size)]
    return parts, replace(cells, probed=workers.share(cells.probed, _one_after_another(parts))).compared


def _one_after_another(parts: Sequence[Positions]) -> Positions:
    return np.concatenate([np.empty(0, np.intp), *parts])


def _slices(positions: Positions, size: int) -> list[Positions]:
    return [positions[start : start + size] for start in range(0, len(positions), size)]


def _distinct(parts: list[npt.NDArray[np.int64]]) -> npt.NDArray[np.int64]:
    """As numpy's `unique`, which takes ten times as long for millions of numbers; the parts are used up."""
    numbers = np.concatenate(parts)
    parts.clear()
    numbers.sort()
    return numbers[np.diff(numbers, prepend=-1) > 0]


def _where_same(columns: Positions, rows: Positions) -> tuple[Positions, Positions]:
    """The places in both of positions that some columns and some rows, which ascend, have in common."""
    place = np.minimum(np.searchsorted(rows, columns), len(rows) - 1)
    same = np.flatnonzero(rows[place] == columns)
    return same, place[same]


def _numbered(row: Positions, column: Positions, n: int) -> npt.NDArray[np.int64]:
    """Pairs as ``left * n + right``."""
    return np.asarray(np.minimum(row, column) * n + np.maximum(row, column), np.int64)


class TopK:
    """The nearest columns of some rows among all that they have been compared with so far."""

    def __init__(self, rows: int, neighbours: int, floor: float) -> None:
        self._neighbours = neighbours
        self._above = np.full(rows, np.nextafter(np.float32(floor), _NOTHING))  # what a cosine has to exceed
        self._found: list[tuple[Positions, Positions, npt.NDArray[np.float32]]] = []
        self._waiting, self._most = 0, _WAITING * neighbours * rows

    def update(self, at: Positions, columns: Positions, similarity: npt.NDArray[np.float32]) -> None:
        """Enter rows, named by their places, that have just been compared: similarity of shape (columns, rows)."""
        above = np.flatnonzero(similarity > self._above[at])  # a third of the time that two dimensions take
        column, row = np.divmod(above, max(len(at), 1))
        self._found.append((at[row], columns[column], similarity[column, row]))
        self._waiting += len(row)
        if self._waiting > self._most:
            self._choose()

    def pairs(self) -> tuple[Positions, Positions]:
        """Places of rows, and their nearest columns."""
        self._choose()
        return self._found[0][:2]

    def _choose(self) -> None:
        """Keep the nearest of each row; from now on others have to be nearer than the last of them."""
        empty = (np.empty(0, np.intp), np.empty(0, np.intp), np.empty(0, np.float32))
        row, column, similarity = (np.concatenate(parts) for parts in zip(empty, *self._found, strict=True))
        order = _by_row(row, similarity)
        counts = np.bincount(row, minlength=len(self._above))
        starts = np.cumsum(counts) - counts
        full = np.flatnonzero(counts >= self._neighbours)
        self._above[full] = similarity[order[starts[full] + self._neighbours - 1]]
        kept = order[np.arange(len(row)) - np.repeat(starts, counts) < self._neighbours]
        self._found = [(row[kept], column[kept], similarity[kept])]
        self._waiting = 0


def _by_row(row: Positions, similarity: npt.NDArray[np.float32]) -> Positions:
    """The order by row and falling similarity, and where both are equal the given one.

    All three go into one number each, since numbers are sorted faster than what they number.
    """
    bits = len(row).bit_length()
    fine = min(62 - bits - int(row.max(initial=0)).bit_length(), 30)  # bits of a similarity
    numbers = (row << fine) + ((1.25 - similarity.astype(np.float64)) * (1 << (fine - 2))).astype(np.int64)
    numbers = (numbers << bits) + np.arange(len(row))
    numbers.sort()
    return np.asarray(numbers & ((1 << bits) - 1), np.intp)


class BestSoFar:
    """The closest articles of some rows in each language among all that they have been compared with so far."""

    def __init__(self, rows: int, languages: int) -> None:
        self.found = BestPerLanguage.empty(rows, languages)
        self._rows, self._turns = rows, np.empty(rows * languages, np.int32)

    def update(
        self, at: Positions, columns: Positions, similarity: npt.NDArray[np.float32], of_column: Positions
    ) -> None:
        """Enter rows, named by their places, that have just been compared: similarity of shape (columns, rows).

        Columns of a language stand together. Few cosines exceed the best so far; only these are looked at.
        """
        above = np.empty(similarity.shape, np.bool_)
        bounds = [0, *(1 + np.flatnonzero(of_column[1:] != of_column[:-1])).tolist(), len(of_column)]
        for begin, end in pairwise(bounds):
            np.greater(similarity[begin:end], self.found.cosine[of_column[begin]].take(at), out=above[begin:end])
        places = np.flatnonzero(above)
        column, row = np.divmod(places, max(len(at), 1))
        self._enter(of_column[column] * self._rows + at[row], columns[column], similarity.reshape(-1)[places])

    def _enter(self, entry: Positions, column: Positions, cosine: npt.NDArray[np.float32]) -> None:
        """Enter cosines above the best, in turns: in each the first of those of a row and a language."""
        found = self.found
        position, best = found.position.reshape(-1), found.cosine.reshape(-1)
        while len(entry):
            turns = np.arange(len(entry), dtype=np.int32)
            self._turns[entry[::-1]] = turns[::-1]  # the last to be written stays
            is_first = self._turns[entry] == turns
            now, later = np.flatnonzero(is_first), np.flatnonzero(~is_first)
            position[entry[now]], best[entry[now]] = column[now], cosine[now]
            later = later[cosine[later] > best[entry[later]]]
            entry, column, cosine = entry[later], column[later], cosine[later]


@dataclass(frozen=True, slots=True, eq=False)
class BestPerLanguage:
    """For each language and article: its closest article there, and that one's cosine.

    position, cosine : ndarray of shape (languages, n)
    """

    position: npt.NDArray[np.int32]
    cosine: npt.NDArray[np.float32]

    @classmethod
    def empty(cls, n: int, languages: int) -> BestPerLanguage:
        shape = (languages, n)
        return cls(np.full(shape, -1, np.int32), np.full(shape, _NOTHING))

    def enter(self, rows: Positions, found: BestPerLanguage) -> None:
        """Take over what was found for some rows."""
        self.position[:, rows], self.cosine[:, rows] = found.position, found.cosine

    def all(self, floor: float) -> tuple[Positions, Positions]:
        """Pairs in which one is the other's closest in a language."""
        language, row = np.nonzero(self.cosine >= floor)
        return row, self.position[language, row].astype(np.intp)

    def mutual(self, of_language: Positions, floor: float) -> tuple[Positions, Positions]:
        """Pairs in which each is the other's closest in that language."""
        rows, others = [np.empty(0, np.intp)], [np.empty(0, np.intp)]
        for position, cosine in zip(self.position, self.cosine, strict=True):
            row = np.flatnonzero(cosine >= floor)
            other = position[row].astype(np.intp)
            mutual = self.position[of_language[row], other] == row
            rows.append(row[mutual])
            others.append(other[mutual])
        return np.concatenate(rows), np.concatenate(others)


def _cosines(
    embeddings: Embeddings, left: npt.NDArray[np.intp], right: npt.NDArray[np.intp]
) -> npt.NDArray[np.float32]:
    similarity = np.empty(len(left), np.float32)
    for start in range(0, len(left), _GATHERED):
        part = slice(start, start + _GATHERED)
        similarity[part] = np.einsum("ij,ij->i", embeddings[left[part]], embeddings[right[part]])
    return similarity
