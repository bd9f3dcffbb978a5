"""Changes of an archive: texts come and go, and all that follows from it is written in one transaction.

The vectors and the lists of neighbours stay in memory from one batch to the next, for as long as nobody else writes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from dedup.archive import shared_words
from dedup.archive.judging import Judge
from dedup.archive.neighbour_lists import Changes, NeighbourLists, Numbers, Pairs, are_among, distinct
from dedup.archive.recurrence import count_sentences, texts_with
from dedup.archive.stories import save_pairs, update_stories
from dedup.archive.texts import COLUMNS, AllFacts, ReadText, Recurring, Texts, listed, with_sums
from dedup.archive.vectors import WRITERS_CACHE, Cache, Directory, Vectors
from dedup.datatypes import UNDETERMINED
from dedup.matching.candidates.shared_facts import pairs_by_facts
from dedup.matching.scorer import Scorer

_STALE = "facts_stale"  # whether candidates by facts are still to be looked for

_Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class NewText:
    """A text that comes into the archive: its content hash, a digest of its first article, and what was read of it."""

    hash: bytes
    body: bytes
    read: ReadText


@dataclass(slots=True)
class Change:
    """Consequences of what a transaction has done so far.

    touched, grown : as `update_stories` asks for them
    bereft : stories that have lost a text
    judge : pairs that have to be judged, in parts
    doubtful : pairs that may be proposed no longer, in parts
    reweighed : hashes of sentences that now weigh more or less
    """

    touched: set[int] = field(default_factory=set)
    grown: set[int] = field(default_factory=set)
    bereft: set[str] = field(default_factory=set)
    judge: list[Pairs] = field(default_factory=lambda: [_as_array(())])
    doubtful: list[Pairs] = field(default_factory=lambda: [_as_array(())])
    reweighed: set[int] = field(default_factory=set)


@dataclass(slots=True)
class State:
    """State of an archive in the memory of its writer, as of one generation of the file."""

    generation: int
    directory: Directory
    lists: NeighbourLists
    groups: dict[str, int]

    @classmethod
    def load(cls, connection: sqlite3.Connection, generation: int, dimension: int, neighbours: int) -> State:
        """State as the file holds it."""
        groups = dict(connection.execute("SELECT name, number FROM language_groups"))
        directory = Directory.load(connection, dimension, generation, cache=Cache(WRITERS_CACHE))
        lists = NeighbourLists.load(connection, Vectors(connection, directory), neighbours, len(groups))
        return cls(generation, directory, lists, groups)


class Writer:
    """Writer of one transaction.

    Parameters
    ----------
    connection : sqlite3.Connection
        In a transaction that writes.
    state : State
        As of the generation before; to be thrown away if the transaction fails.
    scorer : Scorer
    run : int
        Number of the run that writes.
    """

    def __init__(self, connection: sqlite3.Connection, state: State, scorer: Scorer, run: int) -> None:
        self._connection, self._state, self._scorer, self._run = connection, state, scorer, run
        self._vectors = Vectors(connection, state.directory)
        self.change = Change()
        self.next_number = 1 + connection.execute("SELECT COALESCE(MAX(number), -1) FROM texts").fetchone()[0]

    def add_texts(self, news: Mapping[int, NewText]) -> None:
        """Enter new texts under their numbers, after those that go have been removed."""
        if not news:
            return
        texts = {number: new.read for number, new in news.items()}
        state, numbers = self._state, np.array(sorted(texts), np.int64)
        groups = np.array([self._group(texts[number].group) for number in numbers.tolist()], np.int16)
        self._connection.executemany(
            "INSERT INTO texts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)",
            (
                (
                    *(number, new.hash, new.body, new.read.language.code, new.read.language.probability),
                    *(new.read.length, new.read.empty, new.read.sentences, new.read.headline, new.read.facts),
                )
                for number, new in news.items()
            ),
        )
        self._connection.executemany(
            f"INSERT INTO measures (text, sums, {', '.join(COLUMNS)}) VALUES ({', '.join('?' * (2 + len(COLUMNS)))})",
            ((number, *with_sums(texts[number])) for number in numbers.tolist()),
        )
        rows = np.stack([texts[number].vector for number in numbers.tolist()]).astype(np.float32)
        self._vectors.add(numbers, rows, groups, state.generation + 1)
        self._note(state.lists.add(self._vectors, numbers, len(state.groups)))
        columns = {number: text.columns for number, text in texts.items()}
        entered = {number: shared_words.entries(of["shingles"], of["headline"]) for number, of in columns.items()}
        proposed, doubtful = shared_words.enter(self._connection, entered)
        self.change.judge.append(_as_array(proposed))
        self.change.doubtful.append(_as_array(doubtful))
        come = [(text.hashes(), text.headline) for text in texts.values()]
        self.change.reweighed |= count_sentences(self._connection, come, ())
        self.change.touched.update(numbers.tolist())
        self._facts_changed(text.language.code for text in texts.values())

    def remove_texts(self, numbers: Iterable[int]) -> None:
        """Remove texts to which no article belongs any more."""
        gone = np.array(sorted(numbers), np.int64)
        if not len(gone):
            return
        state, wanted = self._state, listed(gone)
        rows = self._connection.execute(
            "SELECT number, shingles, m.headline, hashes, t.headline, code, story FROM texts t "
            "JOIN measures m ON m.text = number WHERE number IN (SELECT value FROM json_each(?))",
            (wanted,),
        ).fetchall()
        self.change.bereft.update(row[6] for row in rows if row[6] is not None)
        for side, other in (('"left"', '"right"'), ('"right"', '"left"')):
            query = f"FROM pairs WHERE {side} IN (SELECT value FROM json_each(?))"
            self.change.touched.update(row[0] for row in self._connection.execute(f"SELECT {other} {query}", (wanted,)))
            self._connection.execute(f"DELETE {query}", (wanted,))
        for table, column in (("texts", "number"), ("measures", "text")):
            query = f"DELETE FROM {table} WHERE {column} IN (SELECT value FROM json_each(?))"
            self._connection.execute(query, (wanted,))
        self._vectors.remove(gone, state.generation + 1)
        self._note(state.lists.remove(self._vectors, gone))
        perhaps = shared_words.leave(self._connection, {row[0]: shared_words.entries(row[1], row[2]) for row in rows})
        self.change.judge.append(_as_array(shared_words.proposed(self._connection, perhaps)))
        left = [(set(np.frombuffer(row[3], np.int64).tolist()), row[4]) for row in rows]
        self.change.reweighed |= count_sentences(self._connection, (), left)
        self._facts_changed(row[5] for row in rows)
        self.change.touched -= set(gone.tolist())

    def settle(self, *, save: bool = True) -> None:
        """Judge the pairs that are new or have changed, and bring stories into line.

        The lists of neighbours may be put where they belong later, as long as more texts come.
        """
        change, connection, state = self.change, self._connection, self._state
        if save or state.lists.are_due:
            state.lists.save(connection)
        else:
            state.lists.save_fresh(connection)
        recurring = Recurring.load(connection)
        texts = Texts(connection, recurring)
        judge = Judge(texts.alone(), texts, self._vectors, self._scorer)
        judged = judge.matches(distinct(change.judge))
        save_pairs(connection, judged, proposed=True)
        change.touched.update(judged.pairs.ravel().tolist())
        self._withdraw()
        self._judge_reweighed(judge)
        update_stories(connection, change.touched, change.grown, change.bereft, judge, self._proposals, self._run)
        self._vectors.divide(state.generation + 1)
        state.generation = state.directory.generation = _raise_generation(connection)

    def find_by_facts(self) -> None:
        """Look for candidates of texts in unknown languages among all, if any text has come or gone since."""
        if not self.facts_are_stale(self._connection):
            return
        facts = AllFacts.load(self._connection)
        found = facts.numbers[pairs_by_facts(facts.keys, facts.counts, np.flatnonzero(facts.unknown))]
        now = {(int(one), int(other)) for one, other in distinct([found])}
        before = set(self._connection.execute("SELECT one, other FROM fact_pairs"))
        self._connection.executemany("DELETE FROM fact_pairs WHERE one = ? AND other = ?", sorted(before - now))
        self._connection.executemany("INSERT INTO fact_pairs VALUES (?, ?)", sorted(now - before))
        self.change.judge.append(_as_array(now - before))
        self.change.doubtful.append(_as_array(before - now))
        self._connection.execute("DELETE FROM meta WHERE name = ?", (_STALE,))

    @staticmethod
    def facts_are_stale(connection: sqlite3.Connection) -> bool:
        """Whether `find_by_facts` has something to do."""
        return connection.execute("SELECT 1 FROM meta WHERE name = ?", (_STALE,)).fetchone() is not None

    def _group(self, name: str) -> int:
        """Number of a language group, a new one where there is none yet."""
        if name not in self._state.groups:
            self._state.groups[name] = len(self._state.groups)
            self._connection.execute("INSERT INTO language_groups VALUES (?, ?)", (self._state.groups[name], name))
        return self._state.groups[name]

    def _note(self, changes: Changes) -> None:
        self.change.judge.append(changes.proposed)
        self.change.doubtful.append(changes.doubtful)

    def _facts_changed(self, codes: Iterable[str]) -> None:
        """Note that candidates by facts have changed, if there is a text in an unknown language at all."""
        asking = UNDETERMINED in set(codes)
        query = "SELECT 1 FROM texts WHERE code = ? LIMIT 1"
        if asking or self._connection.execute(query, (UNDETERMINED,)).fetchone():
            self._connection.execute("INSERT OR REPLACE INTO meta VALUES (?, 1)", (_STALE,))

    def _withdraw(self) -> None:
        """Take back pairs that are proposed no longer; what is known of them stays."""
        doubtful = distinct(self.change.doubtful)
        doubtful = doubtful[~self._state.lists.proposes(doubtful)]
        stored = self._connection.execute(_PROPOSED, (listed(np.unique(doubtful[:, 0])),)).fetchall()
        doubtful = doubtful[are_among(doubtful, _as_array(stored))]
        pairs = set(map(tuple, doubtful.tolist()))
        pairs -= shared_words.proposed(self._connection, pairs)
        pairs -= {pair for pair in pairs if self._connection.execute(_BY_FACTS, pair).fetchone()}
        self._connection.executemany('UPDATE pairs SET proposed = 0 WHERE "left" = ? AND "right" = ?', sorted(pairs))
        self.change.touched.update(number for pair in pairs for number in pair)

    def _judge_reweighed(self, judge: Judge) -> None:
        """Judge again the stored pairs of texts in which a sentence begins or ceases to recur."""
        if not self.change.reweighed:
            return
        texts = listed(texts_with(self._connection, self.change.reweighed))
        query = 'SELECT "left", "right" FROM pairs WHERE {} IN (SELECT value FROM json_each(?))'
        found = {
            pair for side in ('"left"', '"right"') for pair in self._connection.execute(query.format(side), (texts,))
        }
        judged = judge.all(_as_array(found))
        save_pairs(self._connection, judged, proposed=False)
        self.change.touched.update(judged.pairs.ravel().tolist())

    def _proposals(self, numbers: Numbers) -> Pairs:
        """All proposed pairs of some texts with each other."""
        query = "SELECT text, shingles, headline FROM measures WHERE text IN (SELECT value FROM json_each(?))"
        rows = self._connection.execute(query, (listed(numbers),)).fetchall()
        by_runs = {
            (min(text, other), max(text, other))
            for text, *columns in rows
            for other in shared_words.partners(self._connection, shared_words.entries(*columns), text)
        }
        query = "SELECT one, other FROM fact_pairs WHERE one IN (SELECT value FROM json_each(?))"
        by_facts = self._connection.execute(query, (listed(numbers),)).fetchall()
        pairs = distinct([self._state.lists.proposals(numbers), _as_array(by_runs), _as_array(by_facts)])
        return pairs[np.isin(pairs, numbers).all(axis=1)]


_PROPOSED = 'SELECT "left", "right" FROM pairs WHERE "left" IN (SELECT value FROM json_each(?)) AND proposed'
_BY_FACTS = "SELECT 1 FROM fact_pairs WHERE one = ? AND other = ?"


def generation_of(connection: sqlite3.Connection) -> int:
    """Number of changes that a file has seen."""
    return int(connection.execute("SELECT value FROM meta WHERE name = 'generation'").fetchone()[0])


def _raise_generation(connection: sqlite3.Connection) -> int:
    connection.execute("UPDATE meta SET value = value + 1 WHERE name = 'generation'")
    return generation_of(connection)


def _as_array(pairs: Iterable[_Pair]) -> Pairs:
    return np.array(sorted(pairs), np.int64).reshape(-1, 2)
