"""Nearest neighbours of every text, kept up to date as texts come and go.

The same rules as in a scan propose a pair: one is among the nearest of the other, or each is the other's closest in
its language. A new text is compared with all; an old one is compared with the new ones alone, and with all again only
where one of its neighbours is removed.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dedup.archive.checksum import Damage
from dedup.archive.texts import listed
from dedup.archive.vectors import Vectors, cosines
from dedup.arrays import slices
from dedup.matching.candidates.neighbours import BestSoFar, TopK

FLOOR = 0.1
"""Least cosine of a proposed pair, as in a scan."""

_NOTHING = np.float32(-2)  # below every cosine
_KNOWN = np.float32(2)  # above every cosine: the lists of these texts are filled by their own search
_BLOCK = 256  # rows that are compared with all at a time
_ENTRY = np.dtype([("number", "<i4"), ("cosine", "<f4")])

Numbers = npt.NDArray[np.int64]
Pairs = npt.NDArray[np.int64]
"""Pairs of numbers of texts: ndarray of shape (m, 2), the smaller first, unique and sorted."""


@dataclass(frozen=True, slots=True, eq=False)
class Changes:
    """Consequences of a change: pairs that are proposed now, and pairs that may be proposed no longer."""

    proposed: Pairs
    doubtful: Pairs


class NeighbourLists:
    """Lists of the nearest and the closest of each language group, for every number of a text.

    nearest : ndarray of shape (n, k), of entries (number, cosine), the nearest first; number -1 where there is none
    closest : ndarray of shape (n, groups), of such entries, the closest of each group
    groups : ndarray of shape (n,), int16, the language group of each text, -1 where there is none
    """

    def __init__(self, neighbours: int, groups: int = 0) -> None:
        self.nearest = _blank((0, neighbours))
        self.closest = _blank((0, groups))
        self.groups = np.empty(0, np.int16)
        self._dirty: set[int] = set()

    @classmethod
    def load(cls, connection: sqlite3.Connection, vectors: Vectors, neighbours: int, groups: int) -> NeighbourLists:
        """Lists as the file holds them."""
        lists = cls(neighbours, groups)
        rows = connection.execute("SELECT text, near, closest FROM neighbours ORDER BY text").fetchall()
        lists._grow(len(vectors.groups()), groups)
        lists.groups[:] = vectors.groups()
        if rows:
            numbers = np.array([row[0] for row in rows], np.int64)
            width = groups * _ENTRY.itemsize
            lists.nearest[numbers] = _entries(b"".join(row[1] for row in rows), len(rows))
            lists.closest[numbers] = _entries(b"".join(row[2].ljust(width, b"\xff") for row in rows), len(rows))
            lists.closest["cosine"][lists.closest["number"] < 0] = _NOTHING
            for numbers in (lists.nearest["number"], lists.closest["number"]):
                if numbers.max(initial=-1) >= len(lists.groups) or numbers.min(initial=0) < -1:
                    raise Damage("a list of neighbours is not as it was written")
        return lists

    def save(self, connection: sqlite3.Connection) -> None:
        """Write the lists that have changed since they were loaded or saved."""
        connection.execute(
            "DELETE FROM neighbours WHERE text IN (SELECT value FROM json_each(?))",
            (listed(number for number in self._dirty if self.groups[number] < 0),),
        )
        connection.executemany(
            "INSERT OR REPLACE INTO neighbours VALUES (?, ?, ?)",
            (
                (number, self.nearest[number].tobytes(), self.closest[number].tobytes())
                for number in sorted(self._dirty)
                if self.groups[number] >= 0
            ),
        )
        self._dirty.clear()

    def add(self, vectors: Vectors, numbers: Numbers, groups: int) -> Changes:
        """Enter new texts, whose vectors and groups are among `vectors`; `groups` is how many groups there are."""
        self._grow(len(vectors.groups()), groups)
        self.groups[:] = vectors.groups()
        proposed, doubtful = [_no_pairs()], [_no_pairs()]
        for part in slices(len(numbers), _BLOCK):
            changes = self._enter(vectors, numbers[part], numbers)
            proposed.append(changes.proposed)
            doubtful.append(changes.doubtful)
        proposed.append(self._mutual(numbers))
        return Changes(distinct(proposed), distinct(doubtful))

    def remove(self, vectors: Vectors, numbers: Numbers) -> Changes:
        """Take texts away, which are no longer among `vectors`."""
        self.groups[:] = vectors.groups()
        gone = np.zeros(len(self.groups), np.bool_)
        gone[numbers] = True
        self.nearest[numbers], self.closest[numbers] = _blank(()), _blank(())
        lacking = np.flatnonzero((gone[self.nearest["number"]] & (self.nearest["number"] >= 0)).any(axis=1))
        before = self._listed_pairs(lacking)
        for part in slices(len(lacking), _BLOCK):
            self._search_nearest(vectors, lacking[part])
        proposed = [_apart(self._listed_pairs(lacking), before)]
        rows, of_group = np.nonzero(gone[self.closest["number"]] & (self.closest["number"] >= 0))
        for group in np.unique(of_group).tolist():
            of_rows = rows[of_group == group]
            self._search_closest(vectors, of_rows, group)
            proposed.append(self._mutual_entries(of_rows, np.full(len(of_rows), group)))
        self._dirty.update(numbers.tolist(), lacking.tolist(), rows.tolist())
        return Changes(distinct(proposed), _no_pairs())

    def proposes(self, pairs: Pairs) -> npt.NDArray[np.bool_]:
        """Whether each pair is proposed."""
        one, other = pairs.T
        listed_by = (self.nearest["number"][one] == other[:, None]).any(axis=1)
        listed_by |= (self.nearest["number"][other] == one[:, None]).any(axis=1)
        closest = self.closest["number"]
        mutual = (closest[one, self.groups[other]] == other) & (closest[other, self.groups[one]] == one)
        return np.asarray(listed_by | (mutual & (self.closest["cosine"][one, self.groups[other]] >= FLOOR)), np.bool_)

    def proposals(self, numbers: Numbers) -> Pairs:
        """All proposed pairs with one of some texts."""
        own = np.zeros(len(self.groups), np.bool_)
        own[numbers] = True
        row, column = np.nonzero(own[self.nearest["number"]] & (self.nearest["number"] >= 0))
        listing = np.stack([row, self.nearest["number"][row, column]], axis=1).astype(np.int64)
        return distinct([self._listed_pairs(numbers), listing, self._mutual(numbers)])

    def _grow(self, texts: int, groups: int) -> None:
        rows, columns = max(texts, len(self.groups)), max(groups, self.closest.shape[1])
        if rows == len(self.groups) and columns == self.closest.shape[1]:
            return
        nearest, closest, of_texts = self.nearest, self.closest, self.groups
        self.nearest = _blank((rows, nearest.shape[1]))
        self.closest = _blank((rows, columns))
        self.groups = np.full(rows, -1, np.int16)
        self.nearest[: len(nearest)] = nearest
        self.closest[: len(closest), : closest.shape[1]] = closest
        self.groups[: len(of_texts)] = of_texts

    def _enter(self, vectors: Vectors, numbers: Numbers, unknown: Numbers) -> Changes:
        """Search for the neighbours of some new texts, and put them into the lists of all but the `unknown`."""
        rows, news, similarity, replaced = self._search(vectors, numbers, unknown)
        dropped = self._put_in_lists(rows, news, similarity)
        kept = (self.nearest["number"][rows] == news[:, None]).any(axis=1)
        self._dirty.update(numbers.tolist(), rows[kept].tolist(), replaced[:, 0].tolist())
        found = np.stack([rows[kept], news[kept]], axis=1)
        return Changes(
            distinct([self._listed_pairs(numbers), found]), distinct([dropped, replaced[replaced[:, 1] >= 0]])
        )

    def _search(
        self, vectors: Vectors, numbers: Numbers, unknown: Numbers
    ) -> tuple[Numbers, Numbers, npt.NDArray[np.float32], Pairs]:
        """Fill the lists of new texts by comparing them with all, and note where they are the closest of their group.

        Returns the texts that would list one of them, that one, and the cosine, but for texts that are `unknown`; and
        pairs of a text and the one that was its closest before.
        """
        own, at = vectors.take(numbers), np.arange(len(numbers))
        top, best = TopK(len(numbers), self.nearest.shape[1], FLOOR), BestSoFar(len(numbers), self.closest.shape[1])
        hits = [(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32))]
        replaced = [np.empty((0, 2), np.int64)]
        least = np.maximum(self.nearest["cosine"][:, -1], np.nextafter(np.float32(FLOOR), _NOTHING))
        least[unknown] = _KNOWN
        for texts, groups, similarity in vectors.compared(own):
            similarity[np.nonzero(texts[:, None] == numbers)] = _NOTHING
            row, column = np.nonzero(similarity > least[texts][:, None])
            hits.append((texts[row], numbers[column], similarity[row, column]))
            replaced.append(self._bring_closer(texts, numbers, similarity, least[texts] == _KNOWN))
            top.update(at, texts, similarity)
            best.update(at, texts, similarity, groups.astype(np.intp))
        row, column = top.pairs()
        self._fill(numbers, row, column, cosines(own[row], vectors.take(column)))
        self.closest["number"][numbers] = best.found.position.T
        self.closest["cosine"][numbers] = best.found.cosine.T
        rows, news, similarity = (np.concatenate(parts) for parts in zip(*hits, strict=True))
        return rows, news, similarity, np.concatenate(replaced)

    def _search_nearest(self, vectors: Vectors, numbers: Numbers) -> None:
        """Fill the lists of the nearest of some texts by comparing them with all."""
        own, at = vectors.take(numbers), np.arange(len(numbers))
        top = TopK(len(numbers), self.nearest.shape[1], FLOOR)
        for texts, _, similarity in vectors.compared(own):
            similarity[np.nonzero(texts[:, None] == numbers)] = _NOTHING
            top.update(at, texts, similarity)
        row, column = top.pairs()
        self._fill(numbers, row, column, cosines(own[row], vectors.take(column)))

    def _bring_closer(
        self, texts: Numbers, news: Numbers, similarity: npt.NDArray[np.float32], unknown: npt.NDArray[np.bool_]
    ) -> Pairs:
        """Put new texts where they are the closest of their group; pairs of a text and the one that was it before."""
        replaced = [np.empty((0, 2), np.int64)]
        known = np.flatnonzero(~unknown)
        for group in np.unique(self.groups[news]).tolist():
            columns = np.flatnonzero(self.groups[news] == group)
            of_group = similarity[np.ix_(known, columns)]
            closest = of_group.argmax(axis=1)
            cosine = of_group[np.arange(len(known)), closest]
            closer = np.flatnonzero(cosine > self.closest["cosine"][texts[known], group])
            rows = texts[known[closer]]
            replaced.append(np.stack([rows, self.closest["number"][rows, group].astype(np.int64)], axis=1))
            self.closest["number"][rows, group] = news[columns[closest[closer]]]
            self.closest["cosine"][rows, group] = cosine[closer]
        return np.concatenate(replaced)

    def _fill(self, numbers: Numbers, row: Numbers, column: Numbers, cosine: npt.NDArray[np.float32]) -> None:
        """Write whole lists of texts from entries by their places in `numbers`."""
        order = np.lexsort((column, -cosine, row))
        row, column, cosine = row[order], column[order], cosine[order]
        place = np.arange(len(row)) - np.searchsorted(row, row)
        self.nearest[numbers] = _blank(())
        self.nearest["number"][numbers[row], place] = column
        self.nearest["cosine"][numbers[row], place] = cosine

    def _put_in_lists(self, rows: Numbers, news: Numbers, cosine: npt.NDArray[np.float32]) -> Pairs:
        """Put new texts into lists of old ones; returns the pairs whose second was dropped from the first's list."""
        texts, at = np.unique(rows, return_inverse=True)
        k = self.nearest.shape[1]
        before = self.nearest[texts]
        numbers = np.concatenate([before["number"].ravel().astype(np.int64), news])
        cosine = np.concatenate([before["cosine"].ravel(), cosine])
        row = np.concatenate([np.repeat(np.arange(len(texts)), k), at])
        filled = numbers >= 0
        row, numbers, cosine = row[filled], numbers[filled], cosine[filled]
        order = np.lexsort((numbers, -cosine, row))
        row, numbers, cosine = row[order], numbers[order], cosine[order]
        kept = np.arange(len(row)) - np.searchsorted(row, row) < k
        self._fill(texts, row[kept], numbers[kept], cosine[kept])
        return np.stack([texts[row[~kept]], numbers[~kept]], axis=1)

    def _search_closest(self, vectors: Vectors, rows: Numbers, group: int) -> None:
        """Search for the closest of a group anew, for some texts."""
        members = np.flatnonzero(self.groups == group)
        self.closest[rows, group] = _blank(())
        if not len(members):
            return
        theirs = vectors.take(members)
        for part in slices(len(rows), _BLOCK):
            of_part = rows[part]
            similarity = vectors.take(of_part) @ theirs.T
            similarity[of_part[:, None] == members] = _NOTHING
            closest = similarity.argmax(axis=1)
            cosine = similarity[np.arange(len(of_part)), closest]
            self.closest["number"][of_part, group] = np.where(cosine > _NOTHING, members[closest], -1)
            self.closest["cosine"][of_part, group] = cosine

    def _listed_pairs(self, rows: Numbers) -> Pairs:
        """Pairs of some texts and those in their lists."""
        at, place = np.nonzero(self.nearest["number"][rows] >= 0)
        return distinct([np.stack([rows[at], self.nearest["number"][rows[at], place]], axis=1).astype(np.int64)])

    def _mutual(self, rows: Numbers) -> Pairs:
        """Pairs of some texts and others in which each is the other's closest in its group."""
        at, group = np.nonzero(self.closest["cosine"][rows] >= FLOOR)
        return self._mutual_entries(rows[at], group)

    def _mutual_entries(self, rows: Numbers, group: npt.NDArray[np.intp]) -> Pairs:
        closest = self.closest["number"]
        near = self.closest["cosine"][rows, group] >= FLOOR
        rows, other = rows[near], closest[rows, group][near].astype(np.int64)
        mutual = closest[other, self.groups[rows]] == rows
        return distinct([np.stack([rows[mutual], other[mutual]], axis=1)])


def distinct(parts: list[Pairs]) -> Pairs:
    """All pairs of the parts, each once."""
    pairs = np.concatenate(parts)
    return np.unique(np.stack([pairs.min(axis=1), pairs.max(axis=1)], axis=1), axis=0)


def _apart(pairs: Pairs, known: Pairs) -> Pairs:
    """Pairs that are not among the known."""
    codes = (pairs[:, 0] << 32) | pairs[:, 1]
    return pairs[~np.isin(codes, (known[:, 0] << 32) | known[:, 1])]


def _no_pairs() -> Pairs:
    return np.empty((0, 2), np.int64)


def _blank(shape: tuple[int, ...]) -> npt.NDArray[np.void]:
    blank = np.empty(shape, _ENTRY)
    blank["number"], blank["cosine"] = -1, _NOTHING
    return blank


def _entries(packed: bytes, rows: int) -> npt.NDArray[np.void]:
    return np.frombuffer(packed, _ENTRY).reshape(rows, -1)
