"""Texts as an archive keeps them: what was read of each, as bytes, and back as the input of verification."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dedup.archive.checksum import Damage, check, sums_of
from dedup.arrays import Counts, Flags, Positions, rows_of
from dedup.datatypes import UNDETERMINED, Article, Language
from dedup.embedding.load import EncoderByName
from dedup.matching.candidates.shared_facts import fact_keys
from dedup.matching.facts import StoredFacts
from dedup.matching.facts.bounds import StoredKeys
from dedup.matching.features import MatchInput, StoredTexts, certain_languages
from dedup.matching.literal import StoredLiteral
from dedup.matching.prepare import language_group, read_batch
from dedup.matching.publication import publication_day
from dedup.matching.sentence_store import StoredPassages
from dedup.matching.sentence_weights import headline_hashes, less_of_recurring
from dedup.runtime.row_files import StoredLists

_READ = ("sentences", "openings", "weights", "shingles", "words", "headline", "lead", "facts")
_KEYS = ("stated", "admitted", "named")
_ROWS = (*_READ, *_KEYS)  # in the order of `read_batch`
_EARLY = ("openings", *_KEYS, "shingles", "words", "headline", "lead")
COLUMNS = (*_EARLY, "facts", "hashes", "weights", "sentences")
"""Columns of the table `measures`, but for the number of the text."""

_TYPES = {"openings": "i1", "facts": "u1", "hashes": "u8", "weights": "f4", "sentences": "i1"}
_FETCHED = 1 << 14  # rows that are read at a time
_EXACT = 16  # headlines up to which a sentence's are counted one by one, and beyond in powers of two

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class ReadText:
    """A text as it was read.

    language, group, length, sentences, headline : as in the table `texts`
    facts : keys of its facts, by which texts in unknown languages are found, uint64
    vector : ndarray of shape (d,), float32, unit length or zero
    published : date of its first article
    columns : bytes of each of `COLUMNS`
    """

    language: Language
    group: str
    length: float
    sentences: int
    headline: int
    facts: bytes
    vector: npt.NDArray[np.float32]
    published: str
    columns: Mapping[str, bytes]

    @property
    def empty(self) -> bool:
        """Whether it has sentences, and all of them belong to the page."""
        return self.sentences > 0 and not np.frombuffer(self.columns["weights"], np.float32).any()

    def hashes(self) -> set[int]:
        """Hashes of its sentences, as SQLite keeps them: signed."""
        return set(np.frombuffer(self.columns["hashes"], np.int64).tolist())


def with_sums(text: ReadText) -> list[bytes]:
    """Bytes for all columns of the table `measures` behind the number: the checksums, and `COLUMNS`."""
    columns = [text.columns[name] for name in COLUMNS]
    return [sums_of(columns), *columns]


def read_texts(named: EncoderByName, articles: Sequence[Article]) -> list[ReadText]:
    """Read a batch of articles as far as search and verification need it."""
    (vectors, known, languages, lengths), rows = read_batch(named, articles)
    counts = [known.counts, np.ones(len(articles), np.intp), known.counts, *lengths]
    columns = {
        name: [part.tobytes() for part in np.split(of_column, np.cumsum(of_each)[:-1])]
        for name, of_column, of_each in zip(_ROWS, rows, counts, strict=True)
    }
    starts = np.append(0, np.cumsum(known.counts))
    columns["hashes"] = [part.tobytes() for part in np.split(known.hashes, starts[1:-1])]
    headlines = headline_hashes(known.weights, known.hashes, starts).view(np.int64)
    return [
        ReadText(
            language=languages[at],
            group=language_group(languages[at].code, str(known.scripts[at])),
            length=float(known.lengths[at]),
            sentences=int(known.counts[at]),
            headline=int(headlines[at]),
            facts=_keys_of_facts(columns["facts"][at]).tobytes(),
            vector=vectors[at],
            published=article.published,
            columns={name: columns[name][at] for name in COLUMNS},
        )
        for at, article in enumerate(articles)
    ]


def _keys_of_facts(packed: bytes) -> npt.NDArray[np.uint64]:
    whole = StoredLists(_Rows(np.frombuffer(packed, np.uint8)), _Rows(np.array([0, len(packed)], np.int64)))
    nothing = StoredLists(_Rows(np.empty(0, np.uint32)), _Rows(np.zeros(2, np.int64)))
    (facts,) = StoredFacts(whole, StoredKeys(nothing, nothing, nothing)).take(np.zeros(1, np.intp))
    return fact_keys(facts)


@dataclass(frozen=True, slots=True, eq=False)
class AllFacts:
    """Keys of the facts of all texts.

    numbers : ndarray of shape (n,), int64, numbers of the texts, ascending
    keys : ndarray of shape (k,), uint64, those of the first text, of the second, and so on
    counts : ndarray of shape (n,), intp, how many each has
    unknown : ndarray of shape (n,), whether the language of each is unknown
    """

    numbers: Numbers
    keys: npt.NDArray[np.uint64]
    counts: Counts
    unknown: Flags

    @classmethod
    def load(cls, connection: sqlite3.Connection) -> AllFacts:
        """All of them."""
        cursor = connection.execute("SELECT number, facts, code = ? FROM texts ORDER BY number", (UNDETERMINED,))
        keys, rest = bytearray(), [np.empty((0, 3), np.int64)]
        while rows := cursor.fetchmany(_FETCHED):
            numbers, facts, unknown = zip(*rows, strict=True)
            keys += b"".join(facts)
            rest.append(np.array([numbers, [*map(len, facts)], unknown], np.int64).T)
        numbers, lengths, unknown = np.concatenate(rest).T
        return cls(numbers, np.frombuffer(keys, np.uint64), lengths // 8, unknown.astype(np.bool_))


@dataclass(frozen=True, slots=True, eq=False)
class Recurring:
    """Sentences that stand under three headlines or more.

    hashes : ndarray of shape (r,), int64, ascending
    headlines : ndarray of shape (r,), intp
    """

    hashes: Numbers
    headlines: Positions

    @classmethod
    def load(cls, connection: sqlite3.Connection) -> Recurring:
        """All of them."""
        rows = connection.execute("SELECT hash, headlines FROM recurring ORDER BY hash").fetchall()
        hashes, headlines = np.array(rows, np.int64).reshape(-1, 2).T
        return cls(np.ascontiguousarray(hashes), headlines.astype(np.intp))

    def often(self, hashes: Numbers) -> Positions:
        """Under how many headlines each of some sentences stands, 1 for those that do not recur."""
        if not len(self.hashes):
            return np.ones(len(hashes), np.intp)
        at = np.minimum(np.searchsorted(self.hashes, hashes), len(self.hashes) - 1)
        return np.where(self.hashes[at] == hashes, step(self.headlines[at]), 1)


def step(headlines: Positions) -> Positions:
    """Number of headlines, from 16 on the power of two below it.

    Weights of a sentence on ten thousand pages would otherwise change with every page, and nothing that is decided.
    """
    powers = 1 << np.log2(np.maximum(headlines, 1)).astype(np.intp)
    return np.where(headlines <= _EXACT, headlines, powers)


class Texts:
    """Source of the texts of an archive, for verification.

    Parameters
    ----------
    connection : sqlite3.Connection
        In a transaction.
    recurring : Recurring
        By which sentences weigh less; without any, all weigh as in a comparison of two articles alone.
    fresh : mapping of int to ReadText
        Texts that the archive does not hold.
    """

    def __init__(
        self, connection: sqlite3.Connection, recurring: Recurring, fresh: Mapping[int, ReadText] | None = None
    ) -> None:
        self._connection, self._recurring, self._fresh = connection, recurring, fresh or {}

    def alone(self) -> Texts:
        """Source of the same texts, in which nothing recurs."""
        return Texts(self._connection, NOTHING_RECURS, self._fresh)

    def match_input(self, numbers: Numbers) -> MatchInput:
        """Input of verification for some texts: position i is ``numbers[i]``, ascending."""
        rows = self._early(numbers)
        dates, codes, probabilities, lengths, empty, sentences, facts, _, *blobs = zip(*rows, strict=True)
        early = {name: _lists(name, column) for name, column in zip(_EARLY, blobs, strict=True)}
        starts = np.append(0, np.cumsum(np.array(sentences, np.intp)))
        width = len(blobs[0][0])
        openings = _Rows(np.frombuffer(b"".join(blobs[0]), np.int8).reshape(len(numbers), width))
        passages = StoredPassages(
            _LateRows(starts, lambda at: self._column("sentences", numbers[at]).reshape(-1, max(1, width // 2))),
            _LateRows(starts, lambda at: self._column("weights", numbers[at])),
            _LateRows(starts, lambda at: self._own(numbers[at], np.diff(starts)[at])),
            _Rows(starts),
            openings,
        )
        ends = np.append(0, np.cumsum(np.array(facts, np.intp)))
        whole = StoredLists(_LateRows(ends, lambda at: self._column("facts", numbers[at])), _Rows(ends))
        names = np.array(codes, dtype=str)
        articles = [Article(str(number), "", published=date) for number, date in zip(numbers, dates, strict=True)]
        return MatchInput(
            articles=articles,
            codes=names,
            certain=certain_languages(names, probabilities),
            lengths=np.array(lengths, np.float32),
            empty=np.array(empty, np.bool_),
            days=np.array([publication_day(article) for article in articles], np.float32),
            texts=StoredTexts(
                passages,
                StoredLiteral(*(early[name] for name in ("shingles", "words", "headline", "lead"))),
                StoredFacts(whole, StoredKeys(*(early[name] for name in _KEYS))),
            ),
            files=(),
        )

    def recurs_in(self, numbers: Numbers) -> npt.NDArray[np.bool_]:
        """Whether a sentence that recurs is in each of some texts."""
        if not len(self._recurring.hashes):
            return np.zeros(len(numbers), np.bool_)
        parts = self._blobs("hashes", numbers)
        return np.array([bool((self._recurring.often(np.frombuffer(p, np.int64)) > 1).any()) for p in parts], np.bool_)

    def _early(self, numbers: Numbers) -> list[tuple[Any, ...]]:
        found = {
            row[0]: row[1:]
            for row in self._connection.execute(
                "SELECT t.number, (SELECT published FROM articles WHERE text = t.number ORDER BY number LIMIT 1), "
                "code, probability, length, empty, t.sentences, length(m.facts), sums, "
                f"{', '.join(f'm.{name}' for name in _EARLY)} "
                "FROM texts t JOIN measures m ON m.text = t.number WHERE t.number IN (SELECT value FROM json_each(?))",
                (listed(numbers),),
            )
        }
        for number, text in self._fresh.items():
            head = (text.published, text.language.code, text.language.probability, text.length, text.empty)
            sums, *columns = with_sums(text)
            found[number] = (*head, text.sentences, len(text.columns["facts"]), sums, *columns[: len(_EARLY)])
        _check_all(found, numbers)
        for number in numbers.tolist():
            sums, *blobs = found[number][-1 - len(_EARLY) :]
            for at, blob in enumerate(blobs):
                check(blob, sums, at, f"text {number}")
        return [found[number] for number in numbers.tolist()]

    def _blobs(self, name: str, numbers: Numbers) -> list[bytes]:
        """Bytes of a column of some texts, in their order."""
        query = f"SELECT text, sums, {name} FROM measures WHERE text IN (SELECT value FROM json_each(?))"
        at = COLUMNS.index(name)
        found = {
            number: check(blob, sums, at, f"text {number}")
            for number, sums, blob in self._connection.execute(query, (listed(numbers),))
        }
        found |= {number: text.columns[name] for number, text in self._fresh.items()}
        _check_all(found, numbers)
        return [found[number] for number in numbers.tolist()]

    def _column(self, name: str, numbers: Numbers) -> npt.NDArray[Any]:
        return np.frombuffer(b"".join(self._blobs(name, numbers)), _TYPES[name])

    def _own(self, numbers: Numbers, counts: Positions) -> npt.NDArray[np.float32]:
        """Weights of the sentences of some texts once those that recur count for less."""
        weights = self._column("weights", numbers)
        if not len(self._recurring.hashes):
            return weights
        often = self._recurring.often(self._column("hashes", numbers).view(np.int64))
        return less_of_recurring(weights, often, np.append(0, np.cumsum(counts))) if (often > 1).any() else weights


NOTHING_RECURS = Recurring(np.empty(0, np.int64), np.empty(0, np.intp))
"""Recurrence in the company of nobody: all sentences weigh by what they say alone."""


def listed(numbers: Iterable[int] | Numbers) -> str:
    """Numbers as the JSON list that `json_each` reads."""
    return json.dumps(numbers.tolist() if isinstance(numbers, np.ndarray) else list(numbers))


def _check_all(found: Mapping[int, object], numbers: Numbers) -> None:
    """Check that every text is there that something else in the file speaks of."""
    lacking = [number for number in numbers.tolist() if number not in found]
    if lacking:
        raise Damage(f"text {lacking[0]} is not there")


def _lists(name: str, blobs: Sequence[bytes]) -> StoredLists:
    joined = np.frombuffer(b"".join(blobs), _TYPES.get(name, "u4"))
    ends = np.cumsum([len(blob) // joined.itemsize for blob in blobs])
    return StoredLists(_Rows(joined), _Rows(np.append(0, ends).astype(np.int64)))


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """Rows in memory, as `Rows` asks for them."""

    values: npt.NDArray[Any]

    @property
    def shape(self) -> tuple[int, ...]:
        return self.values.shape

    def open(self) -> npt.NDArray[Any]:
        return self.values


@dataclass(frozen=True, slots=True, eq=False)
class _LateRows:
    """Rows of texts that are read once somebody asks for them: most pairs are decided before.

    starts : ndarray of shape (n + 1,), intp; text i has rows ``starts[i]`` to ``starts[i + 1]``
    load : function from positions of texts to their rows, text after text
    """

    starts: Positions
    load: Callable[[Positions], npt.NDArray[Any]]

    @property
    def shape(self) -> tuple[int, ...]:
        return (int(self.starts[-1]),)

    def open(self) -> _LateRows:
        return self

    def __getitem__(self, rows: Positions) -> npt.NDArray[Any]:
        texts = np.unique(np.searchsorted(self.starts, rows, "right") - 1)
        at, begins, _ = rows_of(self.starts, texts)
        if len(at) == len(rows) and np.array_equal(at, rows):
            return self.load(texts)
        place = np.searchsorted(texts, np.searchsorted(self.starts, rows, "right") - 1)
        found: npt.NDArray[Any] = self.load(texts)[begins[place] + rows - self.starts[texts[place]]]
        return found
