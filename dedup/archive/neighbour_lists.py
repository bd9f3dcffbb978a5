"""Nearest neighbours of every text, kept up to date as texts come and go.

The same rules as in a scan propose a pair: one is among the nearest of the other, or each is the other's closest in
its language. A new text is compared with all in the cells that it looks into; an old one is compared with the new ones
alone, and with others again only where one of its neighbours is removed.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dedup.archive.checksum import Damage, check, sums_of
from dedup.archive.texts import listed
from dedup.archive.vectors import NO_GROUP, Groups, Vectors, cosines
from dedup.arrays import slices
from dedup.datatypes import Embeddings
from dedup.matching.candidates.neighbours import BestSoFar, TopK

FLOOR = 0.1
"""Least cosine of a proposed pair, as in a scan."""

_NOTHING = np.float32(-2)  # below every cosine
_KNOWN = np.float32(2)  # above every cosine: the lists of these texts are filled by their own search
_BLOCK = 1 << 12  # rows that are compared with all at a time
_GATHERED = 1 << 14  # pairs whose vectors are multiplied at a time
_PENDING = 1 << 14  # texts that come before the lists they have changed are written one by one
_SECOND = (1 << 32) - 1  # bits of the second number of a pair
_LISTED = "listed"  # number up to which all texts are in the lists of the file
_ENTRY = np.dtype([("number", "<i4"), ("cosine", "<f4")])
_BLANK = np.array((-1, _NOTHING), _ENTRY)

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

    nearest : ndarray of shape (n or more, k), of entries (number, cosine), the nearest first; number -1 for none
    closest : ndarray of shape (n or more, groups), of such entries, the closest of each group
    groups : ndarray of shape (n,), int16, the language group of each text, -1 where there is none
    """

    def __init__(self, neighbours: int, groups: int = 0) -> None:
        self.nearest = _blank((0, neighbours))
        self.closest = _blank((0, groups))
        self.groups = np.empty(0, np.int16)
        self._dirty, self._fresh = np.empty(0, np.bool_), np.empty(0, np.bool_)
        self._pending = 0

    @classmethod
    def load(cls, connection: sqlite3.Connection, vectors: Vectors, neighbours: int, groups: int) -> NeighbourLists:
        """Lists as the file holds them, with the texts that have come since they were saved."""
        lists = cls(neighbours, groups)
        lists._grow(vectors.groups(), groups)
        width = groups * _ENTRY.itemsize
        cursor = connection.execute("SELECT text, near, closest FROM neighbours ORDER BY text")
        while rows := cursor.fetchmany(_GATHERED):
            texts, near, closest = zip(*rows, strict=True)
            numbers = np.array(texts, np.int64)
            if numbers[-1] >= len(lists.groups):
                raise Damage("a list of neighbours is of no text")
            of_groups = b"".join(closest)
            if len(of_groups) < width * len(rows):  # some are of when there were fewer groups
                of_groups = b"".join(blob.ljust(width, b"\xff") for blob in closest)
            lists.nearest[numbers] = _entries(b"".join(near), len(rows))
            lists.closest[numbers] = _entries(of_groups, len(rows))
        query = "SELECT batch, sums, texts, near, closest FROM fresh_lists ORDER BY batch"
        for batch, sums, *packed in connection.execute(query):
            blobs = [check(blob, sums, at, f"batch {batch}") for at, blob in enumerate(packed)]
            numbers = np.frombuffer(blobs[0], np.int64)
            lists.nearest[numbers], found = _entries(blobs[1], len(numbers)), _entries(blobs[2], len(numbers))
            lists.closest[numbers, : found.shape[1]] = found
            lists._dirty[numbers] = True
        lists.closest["cosine"][lists.closest["number"] < 0] = _NOTHING
        for entries in (lists.nearest["number"], lists.closest["number"]):
            if entries.max(initial=-1) >= len(lists.groups) or entries.min(initial=0) < -1:
                raise Damage("a list of neighbours is not as it was written")
        listed_up_to = connection.execute("SELECT value FROM meta WHERE name = ?", (_LISTED,)).fetchone() or (0,)
        pending = listed_up_to[0] + np.flatnonzero(lists.groups[listed_up_to[0] :] != NO_GROUP)
        if len(pending):
            lists.add(vectors, pending, groups)
        return lists

    @property
    def are_due(self) -> bool:
        """Whether they are to be written one by one now, since many texts have come or one has gone."""
        return self._pending > _PENDING

    @property
    def are_saved(self) -> bool:
        """Whether the file holds each of them as it is."""
        return not self._dirty.any()

    def save(self, connection: sqlite3.Connection) -> None:
        """Write the lists that have changed since they were loaded or saved."""
        dirty = np.flatnonzero(self._dirty)
        gone = dirty[self.groups[dirty] == NO_GROUP]
        connection.execute("DELETE FROM neighbours WHERE text IN (SELECT value FROM json_each(?))", (listed(gone),))
        connection.executemany(
            "INSERT OR REPLACE INTO neighbours VALUES (?, ?, ?)",
            (
                (number, self.nearest[number].tobytes(), self.closest[number].tobytes())
                for number in dirty[self.groups[dirty] != NO_GROUP].tolist()
            ),
        )
        connection.execute("DELETE FROM fresh_lists")
        self._note_listed(connection)
        self._dirty[:] = self._fresh[:] = False
        self._pending = 0

    def save_fresh(self, connection: sqlite3.Connection) -> None:
        """Write the lists that have changed since any were written side by side.

        One by one they would lie on nearly all pages of the table, which the next texts change again.
        """
        fresh = np.flatnonzero(self._fresh)
        packed = (fresh.tobytes(), self.nearest[fresh].tobytes(), self.closest[fresh].tobytes())
        row = (sums_of(packed), *packed)
        connection.execute("INSERT INTO fresh_lists (sums, texts, near, closest) VALUES (?, ?, ?, ?)", row)
        self._note_listed(connection)
        self._fresh[:] = False

    def _note_listed(self, connection: sqlite3.Connection) -> None:
        alive = np.flatnonzero(self.groups != NO_GROUP)
        connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_LISTED, 1 + int(alive.max(initial=-1))))

    def _mark(self, *changed: Numbers) -> None:
        for numbers in changed:
            self._dirty[numbers] = self._fresh[numbers] = True

    def add(self, vectors: Vectors, numbers: Numbers, groups: int) -> Changes:
        """Enter new texts, whose vectors and groups are among `vectors`; `groups` is how many groups there are."""
        self._grow(vectors.groups(), groups)
        self._pending += len(numbers)
        proposed, doubtful = [_no_pairs()], [_no_pairs()]
        for part in slices(len(numbers), _BLOCK):
            changes = self._enter(vectors, numbers[part], numbers)
            proposed.append(changes.proposed)
            doubtful.append(changes.doubtful)
        proposed.append(self._mutual(numbers))
        return Changes(distinct(proposed), distinct(doubtful))

    def remove(self, vectors: Vectors, numbers: Numbers) -> Changes:
        """Take texts away, which are no longer among `vectors`."""
        self._grow(vectors.groups(), self.closest.shape[1])
        gone = np.zeros(len(self.groups), np.bool_)
        gone[numbers] = True
        self.nearest[numbers], self.closest[numbers] = _blank(()), _blank(())
        lacking = np.flatnonzero((gone[self.nearest["number"]] & (self.nearest["number"] >= 0)).any(axis=1))
        before = self._listed_pairs(lacking)
        for part in slices(len(lacking), _BLOCK):
            self._search_nearest(vectors, lacking[part])
        after = self._listed_pairs(lacking)
        proposed = [after[~are_among(after, before)]]
        rows, of_group = np.nonzero(gone[self.closest["number"]] & (self.closest["number"] >= 0))
        for group in np.unique(of_group).tolist():
            of_rows = rows[of_group == group]
            self._search_closest(vectors, of_rows, group)
            proposed.append(self._mutual_entries(of_rows, np.full(len(of_rows), group)))
        self._mark(numbers, lacking, rows)
        self._pending = _PENDING + 1  # lists of what is gone are taken out at once
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
        """All proposed pairs of some texts with each other."""
        pairs = distinct([self._listed_pairs(numbers), self._mutual(numbers)])
        return pairs[np.isin(pairs, numbers).all(axis=1)]

    def _grow(self, of_texts: Groups, groups: int) -> None:
        """Take over the groups of all texts, and make room for their lists."""
        self.groups = of_texts
        rows, columns = len(self.nearest), max(groups, self.closest.shape[1])
        if rows >= len(of_texts) and columns == self.closest.shape[1]:
            return
        rows = max(rows, len(of_texts) + len(of_texts) // 8)
        nearest, closest, dirty, fresh = self.nearest, self.closest, self._dirty, self._fresh
        self.nearest = _blank((rows, nearest.shape[1]))
        self.nearest[: len(nearest)] = nearest
        self.closest = _blank((rows, columns))
        self.closest[: len(closest), : closest.shape[1]] = closest
        self._dirty, self._fresh = np.zeros(rows, np.bool_), np.zeros(rows, np.bool_)
        self._dirty[: len(dirty)], self._fresh[: len(fresh)] = dirty, fresh

    def _enter(self, vectors: Vectors, numbers: Numbers, unknown: Numbers) -> Changes:
        """Search for the neighbours of some new texts, and put them into the lists of all but the `unknown`."""
        rows, news, similarity, replaced = self._search(vectors, numbers, unknown)
        dropped = self._put_in_lists(rows, news, similarity)
        kept = (self.nearest["number"][rows] == news[:, None]).any(axis=1)
        self._mark(numbers, rows[kept], replaced[:, 0])
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
        own = vectors.take(numbers)
        top, best = TopK(len(numbers), self.nearest.shape[1], FLOOR), BestSoFar(len(numbers), self.closest.shape[1])
        hits, closer = [_no_hits()], [_no_hits()]
        least = np.maximum(self.nearest["cosine"][: len(self.groups), -1], np.nextafter(np.float32(FLOOR), _NOTHING))
        least[unknown] = _KNOWN
        for texts, groups, at, similarity in vectors.compared(own):
            news = numbers[at]
            similarity[_where_same(texts, news)] = _NOTHING
            top.update(at, texts, similarity)
            best.update(at, texts, similarity, groups.astype(np.intp))
            hits.append(_above(texts, news, similarity, least[texts][:, None]))
            known = np.flatnonzero(least[texts] < _KNOWN)
            if len(known):
                most = self.closest["cosine"][texts[known]][:, self.groups[news]]
                closer.append(_above(texts[known], news, similarity[known], most))
        row, column = top.pairs()
        self._fill(numbers, row, column, _cosines(vectors, own, row, column))
        self.closest["number"][numbers] = best.found.position.T
        self.closest["cosine"][numbers] = best.found.cosine.T
        replaced = self._bring_closer(*(np.concatenate(parts) for parts in zip(*closer, strict=True)))
        rows, news, similarity = (np.concatenate(parts) for parts in zip(*hits, strict=True))
        return rows, news, similarity, replaced

    def _search_nearest(self, vectors: Vectors, numbers: Numbers) -> None:
        """Fill the lists of the nearest of some texts by comparing them with all."""
        own = vectors.take(numbers)
        top = TopK(len(numbers), self.nearest.shape[1], FLOOR)
        for texts, _, at, similarity in vectors.compared(own):
            similarity[_where_same(texts, numbers[at])] = _NOTHING
            top.update(at, texts, similarity)
        row, column = top.pairs()
        self._fill(numbers, row, column, _cosines(vectors, own, row, column))

    def _bring_closer(self, texts: Numbers, news: Numbers, cosine: npt.NDArray[np.float32]) -> Pairs:
        """Put new texts where they are the closest of their group; pairs of a text and the one that was it before."""
        group = self.groups[news]
        order = np.lexsort((news, -cosine, group, texts))
        texts, news, cosine, group = texts[order], news[order], cosine[order], group[order]
        first = (np.diff(texts, prepend=-1) != 0) | (np.diff(group, prepend=-1) != 0)
        texts, news, cosine, group = texts[first], news[first], cosine[first], group[first]
        replaced = np.stack([texts, self.closest["number"][texts, group].astype(np.int64)], axis=1)
        self.closest["number"][texts, group] = news
        self.closest["cosine"][texts, group] = cosine
        return replaced

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
        self.closest[rows, group] = _blank(())
        for part in slices(len(rows), _BLOCK):
            of_part = rows[part]
            number, cosine = np.full(len(of_part), -1), np.full(len(of_part), _NOTHING)
            for texts, groups, at, similarity in vectors.compared(vectors.take(of_part)):
                begin, end = np.searchsorted(groups, [group, group + 1])
                if begin < end:
                    similarity[_where_same(texts, of_part[at])] = _NOTHING
                    nearest = begin + similarity[begin:end].argmax(axis=0)
                    found = similarity[nearest, np.arange(len(at))]
                    better = found > cosine[at]
                    number[at[better]], cosine[at[better]] = texts[nearest[better]], found[better]
            self.closest["number"][of_part, group], self.closest["cosine"][of_part, group] = number, cosine

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
    codes = np.unique(_codes(np.stack([pairs.min(axis=1), pairs.max(axis=1)], axis=1)))
    return np.stack([codes >> 32, codes & _SECOND], axis=1)


def are_among(pairs: Pairs, known: Pairs) -> npt.NDArray[np.bool_]:
    """Whether each pair is among the known."""
    return np.isin(_codes(pairs), _codes(known))


def _codes(pairs: Pairs) -> Numbers:
    """Each pair as one number."""
    return np.asarray((pairs[:, 0] << 32) | pairs[:, 1], np.int64)


_Hits = tuple[Numbers, Numbers, npt.NDArray[np.float32]]
"""Old texts, new ones, and their cosines."""


def _above(texts: Numbers, news: Numbers, similarity: npt.NDArray[np.float32], least: npt.NDArray[np.float32]) -> _Hits:
    """Pairs of texts and new ones whose cosine exceeds some least."""
    row, column = np.divmod(np.flatnonzero(similarity > least), max(len(news), 1))
    return texts[row], news[column], similarity[row, column]


def _where_same(texts: Numbers, news: Numbers) -> tuple[Numbers, Numbers]:
    """The places in both of numbers that some texts and some new ones, which ascend, have in common."""
    place = np.minimum(np.searchsorted(news, texts), len(news) - 1)
    same = np.flatnonzero(news[place] == texts)
    return same, place[same]


def _cosines(vectors: Vectors, own: Embeddings, row: Numbers, column: Numbers) -> npt.NDArray[np.float32]:
    """Cosines of rows with the texts of some numbers, pair by pair."""
    parts = [cosines(own[row[part]], vectors.take(column[part])) for part in slices(len(row), _GATHERED)]
    return np.concatenate([np.empty(0, np.float32), *parts])


def _no_hits() -> _Hits:
    return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32)


def _no_pairs() -> Pairs:
    return np.empty((0, 2), np.int64)


def _blank(shape: tuple[int, ...]) -> npt.NDArray[np.void]:
    return np.full(shape, _BLANK.view(np.int64)).view(_ENTRY)  # eight bytes at a time


def _entries(packed: bytes, rows: int) -> npt.NDArray[np.void]:
    return np.frombuffer(packed, _ENTRY).reshape(rows, -1)
