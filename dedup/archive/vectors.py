"""Article vectors in the file: chunks of a thousand, read in one go and compared one chunk after the other.

Row i of all chunks is text i; the row of a removed text is zero and its language group -1. A reader keeps the chunks it
has and asks only for those that have changed since.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dedup.archive.checksum import check, sums_of
from dedup.datatypes import Embeddings

CHUNK = 1024
"""Vectors of a chunk: one and a half megabytes, which are written anew for every batch that ends in it."""

NO_GROUP = -1
"""Language group of a number that no text has."""

Groups = npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """Vectors of texts that follow one another.

    vectors : ndarray of shape (CHUNK, d), float32, unit rows or zero
    groups : ndarray of shape (CHUNK,), int16, the language group of each
    """

    vectors: Embeddings
    groups: Groups

    @classmethod
    def empty(cls, dimension: int) -> Chunk:
        """Chunk without texts."""
        return cls(np.zeros((CHUNK, dimension), np.float32), np.full(CHUNK, NO_GROUP, np.int16))


@dataclass(frozen=True, slots=True, eq=False)
class Vectors:
    """Chunks of vectors as of one generation of the file; those of a reader are never changed."""

    dimension: int
    generation: int
    chunks: tuple[Chunk, ...]

    @classmethod
    def load(
        cls, connection: sqlite3.Connection, dimension: int, generation: int, known: Vectors | None = None
    ) -> Vectors:
        """Vectors as the file holds them; of those known already only what has changed is read."""
        chunks = list(known.chunks) if known else []
        since = known.generation if known else -1
        for number, sums, groups, packed in connection.execute(
            "SELECT chunk, sums, groups, vectors FROM vectors WHERE generation > ? ORDER BY chunk", (since,)
        ):
            chunks += [Chunk.empty(dimension)] * (number + 1 - len(chunks))
            check(groups, sums, 0, f"chunk {number}")
            vectors = np.frombuffer(check(packed, sums, 1, f"chunk {number}"), np.float32).reshape(CHUNK, dimension)
            chunks[number] = Chunk(vectors, np.frombuffer(groups, np.int16))
        return cls(dimension, generation, tuple(chunks))

    def save(self, connection: sqlite3.Connection, numbers: npt.NDArray[np.int64], generation: int) -> Vectors:
        """Write the chunks in which some texts are, and return the vectors as of that generation."""
        for number in np.unique(numbers // CHUNK).tolist():
            blobs = (self.chunks[number].groups.tobytes(), self.chunks[number].vectors.tobytes())
            row = (number, generation, sums_of(blobs), *blobs)
            connection.execute("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?, ?, ?)", row)
        return Vectors(self.dimension, generation, self.chunks)

    def with_rows(self, numbers: npt.NDArray[np.int64], rows: Embeddings, groups: Groups) -> Vectors:
        """Copy in which some texts have other vectors; chunks without them are shared."""
        chunks = list(self.chunks)
        last = int(numbers.max(initial=-1)) // CHUNK
        chunks += [Chunk.empty(self.dimension) for _ in range(len(chunks), last + 1)]
        for number in np.unique(numbers // CHUNK).tolist():
            of_chunk = numbers // CHUNK == number
            changed = Chunk(chunks[number].vectors.copy(), chunks[number].groups.copy())
            changed.vectors[numbers[of_chunk] % CHUNK] = rows[of_chunk]
            changed.groups[numbers[of_chunk] % CHUNK] = groups[of_chunk]
            chunks[number] = changed
        return Vectors(self.dimension, self.generation, tuple(chunks))

    def without_rows(self, numbers: npt.NDArray[np.int64]) -> Vectors:
        """Copy in which some texts are no more."""
        nothing = np.zeros((len(numbers), self.dimension), np.float32)
        return self.with_rows(numbers, nothing, np.full(len(numbers), NO_GROUP, np.int16))

    def take(self, numbers: npt.NDArray[np.int64]) -> Embeddings:
        """Vectors of some texts: ndarray of shape (len(numbers), d)."""
        rows = np.empty((len(numbers), self.dimension), np.float32)
        for chunk in np.unique(numbers // CHUNK).tolist():
            of_chunk = numbers // CHUNK == chunk
            rows[of_chunk] = self.chunks[chunk].vectors[numbers[of_chunk] % CHUNK]
        return rows

    def groups(self) -> Groups:
        """Language group of every number, -1 where there is no text."""
        return np.concatenate([np.empty(0, np.int16), *(chunk.groups for chunk in self.chunks)])

    def cosines_with(self, vector: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Cosine of every number's vector with one: ndarray of shape (numbers,); 0 where there is no text."""
        parts = (chunk.vectors @ vector for chunk in self.chunks)
        return np.concatenate([np.empty(0, np.float32), *parts])

    def compared(self, rows: Embeddings) -> Iterator[tuple[npt.NDArray[np.int64], Groups, npt.NDArray[np.float32]]]:
        """For each chunk its texts sorted by group, their groups, and the cosine of each with each of some rows.

        Texts of a group are in the order of their numbers; cosines have shape (texts, rows).
        """
        for number, chunk in enumerate(self.chunks):
            order = np.argsort(chunk.groups, kind="stable")
            order = order[np.searchsorted(chunk.groups[order], 0) :]
            if len(order):
                cosines = chunk.vectors @ rows.T
                yield number * CHUNK + order, chunk.groups[order], np.asarray(cosines[order], np.float32)


def cosines(one: Embeddings, other: Embeddings) -> npt.NDArray[np.float32]:
    """Cosines of rows, pair by pair."""
    return np.asarray(np.einsum("ij,ij->i", one, other), np.float32)
