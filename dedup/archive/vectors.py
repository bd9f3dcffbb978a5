"""Article vectors in the file: chunks of a thousand at most, each of one cell, and read only where somebody looks.

Vectors that have come lately lie in chunks of no cell, in which everybody looks. Once these are many, all are divided
into the cells of an inverted file, as in a scan (`matching.candidates.ivf`).
"""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from threading import Lock

import numpy as np
import numpy.typing as npt

from dedup.archive.checksum import Damage, check, sums_of
from dedup.datatypes import Embeddings
from dedup.matching.candidates.ivf import closest_centres, find_centres

CHUNK = 1024
"""Most vectors of a chunk: one and a half megabytes, which are written anew for every batch that ends in it."""

NO_GROUP = -1
"""Language group of a number that no text has."""

READERS_CACHE, WRITERS_CACHE = 1 << 29, 1 << 31
"""Bytes of vectors in memory at most: a reader looks into few cells, a writer into all of them again and again."""

_NO_CELL = -1
_PROBED = 128  # cells that a text looks into, as in a scan
_MOST_EXACT = 20_000  # texts up to which all are compared with all, as in a scan
_TAIL = 8  # the part of all texts that may lie in no cell
_GROWTH = 4  # times as many texts before the centres are learned anew
_CELLS, _SAMPLE = 4, 32  # cells by the root of the number of texts, and texts a cell that centres are learned from
_GATHERED = 1 << 9  # pairs whose vectors are multiplied at a time
_MOVED = 1 << 17  # vectors in memory while all are divided

Groups = npt.NDArray[np.int16]
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """Chunk of vectors: its number, the generation that wrote it, its cell, and whose vectors its rows are.

    texts : ndarray of shape (m,), int64, numbers of texts, by their groups and ascending
    groups : ndarray of shape (m,), int16, the language group of each
    """

    number: int
    generation: int
    cell: int
    texts: Numbers
    groups: Groups


class Cache:
    """Vectors of chunks that were looked at lately, up to a number of bytes; used by many threads."""

    def __init__(self, most: int) -> None:
        self._most, self._bytes, self._guard = most, 0, Lock()
        self._kept: OrderedDict[int, tuple[int, Embeddings]] = OrderedDict()

    def get(self, chunk: Chunk) -> Embeddings | None:
        """Vectors of a chunk, if they are there as of its generation."""
        with self._guard:
            generation, vectors = self._kept.get(chunk.number, (-1, None))
            if generation != chunk.generation:
                return None
            self._kept.move_to_end(chunk.number)
            return vectors

    def put(self, chunk: Chunk, vectors: Embeddings) -> None:
        """Keep the vectors of a chunk, and forget those that were not looked at for longest."""
        with self._guard:
            self._forget(chunk.number)
            self._kept[chunk.number] = (chunk.generation, vectors)
            self._bytes += vectors.nbytes
            while self._bytes > self._most and len(self._kept) > 1:
                self._forget(next(iter(self._kept)))

    def forget(self, number: int) -> None:
        """Forget the vectors of a chunk."""
        with self._guard:
            self._forget(number)

    def _forget(self, number: int) -> None:
        _, vectors = self._kept.pop(number, (-1, None))
        self._bytes -= vectors.nbytes if vectors is not None else 0


class Directory:
    """Places of all vectors as of one generation of the file; that of a reader is never changed.

    chunks : the chunks by their numbers
    chunk_of, row_of, groups : ndarrays of shape (n,), the chunk, the row in it and the language group of each number of
        a text, -1 where there is none
    centres : ndarray of shape (cells, d), float32
    divided : generation in which the cells were made, -1 for none
    learned : number of texts when the centres were learned
    next_chunk : number that no chunk has had
    """

    def __init__(self, dimension: int, cache: Cache) -> None:
        self.dimension, self.cache, self.generation = dimension, cache, -1
        self.chunks: dict[int, Chunk] = {}
        self.chunk_of, self.row_of = np.empty(0, np.int32), np.empty(0, np.int32)
        self.groups = np.empty(0, np.int16)
        self.centres = np.empty((0, dimension), np.float32)
        self.divided, self.learned, self.next_chunk = -1, 0, 0

    @classmethod
    def load(
        cls,
        connection: sqlite3.Connection,
        dimension: int,
        generation: int,
        *,
        known: Directory | None = None,
        cache: Cache,
    ) -> Directory:
        """Directory as the file holds it; of one that is known only what has changed since is read."""
        row = connection.execute("SELECT generation, texts FROM cells").fetchone() or (-1, 0)
        directory = cls(dimension, cache)
        if known and known.divided == row[0]:
            directory.chunks, directory.groups = dict(known.chunks), known.groups.copy()
            directory.chunk_of, directory.row_of = known.chunk_of.copy(), known.row_of.copy()
            directory.centres, directory.generation = known.centres, known.generation
            directory.next_chunk = known.next_chunk
        elif row[0] >= 0:
            sums, packed = connection.execute("SELECT sums, centres FROM cells").fetchone()
            directory.centres = np.frombuffer(check(packed, sums, 0, "cells"), np.float32).reshape(-1, dimension)
        directory.divided, directory.learned = row
        query = "SELECT chunk, generation, cell, sums, texts, groups FROM vectors WHERE generation > ? ORDER BY chunk"
        for number, written, cell, sums, texts, groups in connection.execute(query, (directory.generation,)):
            check(texts, sums, 0, f"chunk {number}")
            check(groups, sums, 1, f"chunk {number}")
            chunk = Chunk(number, written, cell, np.frombuffer(texts, np.int64), np.frombuffer(groups, np.int16))
            directory.enter(chunk)
        directory.generation = generation
        return directory

    def enter(self, chunk: Chunk) -> None:
        """Enter a chunk that is new or was written anew."""
        before = self.chunks.get(chunk.number)
        if before is not None:
            left = before.texts[self.chunk_of[before.texts] == chunk.number]
            self.chunk_of[left], self.groups[left] = -1, NO_GROUP
        self._grow(1 + int(chunk.texts.max(initial=-1)))
        self.chunks[chunk.number] = chunk
        self.next_chunk = max(self.next_chunk, chunk.number + 1)
        self.chunk_of[chunk.texts], self.row_of[chunk.texts] = chunk.number, np.arange(len(chunk.texts))
        self.groups[chunk.texts] = chunk.groups

    def forget(self, number: int) -> None:
        """Take out a chunk whose texts lie elsewhere now."""
        del self.chunks[number]
        self.cache.forget(number)

    def _grow(self, count: int) -> None:
        more = count - len(self.groups)
        if more > 0:
            self.chunk_of = np.append(self.chunk_of, np.full(more, -1, np.int32))
            self.row_of = np.append(self.row_of, np.full(more, -1, np.int32))
            self.groups = np.append(self.groups, np.full(more, NO_GROUP, np.int16))


class Vectors:
    """Vectors of the texts of an archive, read through a connection that is in a transaction."""

    def __init__(self, connection: sqlite3.Connection, directory: Directory) -> None:
        self._connection, self._directory = connection, directory

    def groups(self) -> Groups:
        """Language group of every number, -1 where there is no text."""
        return self._directory.groups

    def take(self, numbers: Numbers) -> Embeddings:
        """Vectors of some texts: ndarray of shape (len(numbers), d)."""
        known = numbers[numbers < len(self._directory.groups)]
        if len(known) < len(numbers) or (self._directory.chunk_of[known] < 0).any():
            raise Damage("a text has no vector")
        rows = np.empty((len(numbers), self._directory.dimension), np.float32)
        of_chunk, row = self._directory.chunk_of[numbers], self._directory.row_of[numbers]
        order = np.argsort(of_chunk, kind="stable")
        bounds = np.flatnonzero(np.diff(of_chunk[order], prepend=-2, append=-2))
        for begin, end in pairwise(bounds.tolist()):
            at = order[begin:end]
            rows[at] = self._of(self._directory.chunks[int(of_chunk[at[0]])])[row[at]]
        return rows

    def compared(self, rows: Embeddings) -> Iterator[tuple[Numbers, Groups, Numbers, npt.NDArray[np.float32]]]:
        """For each chunk its texts, their groups, the places of the rows that look into it, and the cosines of both.

        Texts are by group and within one in order of their numbers; cosines have shape (texts, rows that look).
        """
        everybody = np.arange(len(rows))
        chunks = list(self._directory.chunks.values())
        few = sum(len(chunk.texts) for chunk in chunks) <= _MOST_EXACT  # also after texts have gone
        exact = few or not len(self._directory.centres)
        looking = {} if exact else self._looking(rows)
        for chunk in chunks:
            at = everybody if exact or chunk.cell == _NO_CELL else looking.get(chunk.cell)
            if at is not None and len(chunk.texts):
                own = rows if at is everybody else rows[at]
                yield chunk.texts, chunk.groups, at, np.asarray(self._of(chunk) @ own.T, np.float32)

    def _looking(self, rows: Embeddings) -> dict[int, Numbers]:
        """For each cell the places of the rows that look into it."""
        centres = self._directory.centres
        blocks = closest_centres(rows, centres, min(_PROBED, len(centres)))
        probed = np.concatenate([near for _, (near, _) in blocks])
        order = np.argsort(probed.ravel(), kind="stable")
        bounds = np.append(0, np.cumsum(np.bincount(probed.ravel(), minlength=len(centres))))
        at = order // probed.shape[1]
        return {cell: at[begin:end] for cell, (begin, end) in enumerate(pairwise(bounds.tolist())) if end > begin}

    def add(self, numbers: Numbers, rows: Embeddings, groups: Groups, generation: int) -> None:
        """Write the vectors of new texts, float32 unit rows or zero, behind those of no cell."""
        number = self._directory.next_chunk
        last = max(self._tail(), key=lambda chunk: chunk.number, default=None)
        if last and len(last.texts) < CHUNK:
            number, numbers = last.number, np.append(last.texts, numbers)
            groups, rows = np.append(last.groups, groups), np.concatenate([self._of(last), rows])
        for start in range(0, len(numbers), CHUNK):
            part = slice(start, start + CHUNK)
            self._write(number, _NO_CELL, numbers[part], groups[part], rows[part], generation)
            number = self._directory.next_chunk

    def remove(self, numbers: Numbers, generation: int) -> None:
        """Take the vectors of some texts out of the file."""
        for number in np.unique(self._directory.chunk_of[numbers]).tolist():
            chunk = self._directory.chunks[number]
            kept = ~np.isin(chunk.texts, numbers)
            texts, groups, rows = chunk.texts[kept], chunk.groups[kept], self._of(chunk)[kept]
            self._write(number, chunk.cell, texts, groups, rows, generation)

    def divide(self, generation: int) -> None:
        """Divide all vectors into cells, once too many lie in none."""
        directory = self._directory
        alive = np.flatnonzero(directory.groups != NO_GROUP)
        most = len(alive) // _TAIL if directory.learned else _MOST_EXACT
        if sum(len(chunk.texts) for chunk in self._tail()) <= most:
            return
        learn = len(alive) >= _GROWTH * directory.learned
        if learn:
            count = _CELLS * int((2 * len(alive)) ** 0.5)
            sample = np.random.default_rng(0).choice(alive, min(_SAMPLE * count, len(alive)), replace=False)
            directory.centres = find_centres(self.take(np.sort(sample)), count, seed=0)
            directory.learned = len(alive)
        directory.divided = generation
        packed = np.ascontiguousarray(directory.centres).tobytes()
        row = (generation, directory.learned, sums_of([packed]), packed)
        self._connection.execute("DELETE FROM cells")
        self._connection.execute("INSERT INTO cells VALUES (?, ?, ?, ?)", row)
        self._move(alive, generation, anew=learn)

    def _move(self, alive: Numbers, generation: int, *, anew: bool) -> None:
        """Write all vectors into chunks of their cells; those that lie in one stay in it unless the cells are new."""
        directory = self._directory
        home = np.empty(len(directory.groups), np.int64)
        before = list(directory.chunks.values())
        for chunk in before:
            if chunk.cell != _NO_CELL and not anew:
                home[chunk.texts] = chunk.cell
            elif len(chunk.texts):
                closest = [closest for _, (_, closest) in closest_centres(self._of(chunk), directory.centres, 1)]
                home[chunk.texts] = np.concatenate(closest)
        alive = alive[np.lexsort((alive, directory.groups[alive], home[alive]))]
        starts = [0, *(1 + np.flatnonzero(np.diff(home[alive]))).tolist(), len(alive)]
        part: list[Numbers] = []
        for begin, end in pairwise(starts):
            part += [alive[at : min(at + CHUNK, end)] for at in range(begin, end, CHUNK)]
            if end == len(alive) or sum(map(len, part)) > _MOVED:
                vectors = self.take(np.concatenate(part))
                for texts, rows in zip(part, np.split(vectors, np.cumsum([*map(len, part)])[:-1]), strict=True):
                    cell = int(home[texts[0]])
                    self._write(directory.next_chunk, cell, texts, directory.groups[texts], rows, generation)
                part = []
        for chunk in before:
            directory.forget(chunk.number)
        last = max((chunk.number for chunk in before), default=-1)
        self._connection.execute("DELETE FROM vectors WHERE chunk <= ?", (last,))

    def _tail(self) -> list[Chunk]:
        return [chunk for chunk in self._directory.chunks.values() if chunk.cell == _NO_CELL]

    def _write(self, number: int, cell: int, texts: Numbers, groups: Groups, rows: Embeddings, generation: int) -> None:
        """Write a chunk whole."""
        order = np.lexsort((texts, groups))
        chunk = Chunk(number, generation, cell, texts[order], groups[order])
        rows = np.ascontiguousarray(rows[order], np.float32)
        blobs = (chunk.texts.tobytes(), chunk.groups.tobytes(), rows.tobytes())
        row = (number, generation, cell, sums_of(blobs), *blobs)
        self._connection.execute("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        self._directory.enter(chunk)
        self._directory.cache.put(chunk, rows)

    def _of(self, chunk: Chunk) -> Embeddings:
        """Vectors of a chunk: ndarray of shape (m, d)."""
        vectors = self._directory.cache.get(chunk)
        if vectors is None:
            query = "SELECT sums, vectors FROM vectors WHERE chunk = ?"
            sums, packed = self._connection.execute(query, (chunk.number,)).fetchone()
            check(packed, sums, 2, f"chunk {chunk.number}")
            vectors = np.frombuffer(packed, np.float32).reshape(len(chunk.texts), self._directory.dimension)
            self._directory.cache.put(chunk, vectors)
        return vectors


def cosines(one: Embeddings, other: Embeddings) -> npt.NDArray[np.float32]:
    """Cosines of rows, pair by pair."""
    return np.asarray(np.einsum("ij,ij->i", one, other), np.float32)


def cosines_of_pairs(rows: Embeddings, left: Numbers, right: Numbers) -> npt.NDArray[np.float32]:
    """Cosines of pairs of some rows, so many at a time as the cache of a processor holds."""
    parts = (slice(start, start + _GATHERED) for start in range(0, len(left), _GATHERED))
    found = [cosines(rows[left[part]], rows[right[part]]) for part in parts]
    return np.concatenate([np.empty(0, np.float32), *found])
