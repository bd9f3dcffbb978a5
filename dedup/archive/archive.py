"""The archive as a library: open, add, check, list, remove."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime, timezone
from functools import partial
from itertools import chain, islice
from pathlib import Path
from types import TracebackType

from dedup.archive import intake, lookup, queries
from dedup.archive.identity import Identity
from dedup.archive.intake import Key
from dedup.archive.known_files import KnownFiles, forget_files
from dedup.archive.report import NO_RUN, articles_around, report_of, with_counts
from dedup.archive.store import Store
from dedup.archive.texts import ReadText, listed, read_texts
from dedup.archive.values import Added, ArchivedArticle, ArchivedStory, ArchiveInfo, Finding
from dedup.archive.writer import State, Writer, generation_of
from dedup.arrays import slices
from dedup.datatypes import Article, Progress, Settings, Skipped
from dedup.embedding.encoder import Encoder
from dedup.embedding.load import EncoderByName, load_encoder, workers_for
from dedup.errors import ArchiveError
from dedup.language.as_read import body_of
from dedup.language.text import content_hash, printable
from dedup.matching.scorer import Scorer, load_scorer
from dedup.reading.files import absolute, show_path
from dedup.reading.read import find_all, read_files, require, with_unique_ids
from dedup.reading.source import ReadOptions
from dedup.results import Report
from dedup.runtime.process import one_thread
from dedup.runtime.remote_files import is_uri
from dedup.runtime.workers import ALONE, Workers

_BATCH, _MOST = 256, 4096  # articles of the first transaction of an add, and of the largest: a killed run loses one

_TASK = 64  # articles that a process reads at a time


class Archive:
    """Articles in a file that remembers them.

    Made by `Archive.open`; a context manager. Any number of threads may read while one writes.
    """

    def __init__(self, store: Store, settings: Settings | None, encoder: Encoder | None) -> None:
        self._store = store
        self._settings = settings
        self._encoder = encoder
        self._model: tuple[Identity, Encoder, Scorer] | None = None
        self._state: State | None = None
        self._snapshot: lookup.Snapshot | None = None
        self._guard = threading.RLock()

    def __repr__(self) -> str:
        return f"Archive({str(self._store.path)!r})"

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        *,
        settings: Settings | None = None,
        encoder: Encoder | None = None,
        create: bool = True,
        read_only: bool = False,
        patience: float = 5.0,
    ) -> Archive:
        """Open an archive, or make one.

        Parameters
        ----------
        path : str or path
            The file.
        settings : Settings, optional
            Model, threshold and level; of an archive that is there they may be left out, and must be its own otherwise.
        encoder : Encoder, optional
            Used instead of loading the model by its name.
        create : bool
            Whether a file that is not there is made.
        read_only : bool
            Whether nothing is to be written.
        patience : float
            Seconds to wait while somebody else writes.

        Raises
        ------
        ArchiveError
            If the file is damaged, of another program, of a newer version, or was made with other settings.
        """
        archive = cls(Store(Path(path), create=create, read_only=read_only, patience=patience), settings, encoder)
        if settings is not None or encoder is not None:
            with ExitStack() as opened:
                opened.callback(archive.close)
                archive._load()
                opened.pop_all()
        return archive

    def close(self) -> None:
        """Close the file."""
        self._store.close()
        self._state = self._snapshot = None

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def add(
        self,
        articles: Iterable[Article | Skipped],
        *,
        jobs: int = 1,
        progress: Progress | None = None,
    ) -> Added:
        """Add articles; those that are there as they are cost nothing but reading them.

        An article is known again by its path and the id that its source gave it, or by its id where it has no path; if
        its text or anything else of it has changed, it takes the place of the older version. Written is a batch at a
        time, of 256 articles at first and of 4,096 in the end, so that a run which is killed goes on where it stopped.

        Parameters
        ----------
        articles : iterable of Article or Skipped
            As for `find_duplicates`.
        jobs : int
            Processes that read articles.
        progress : callable (stage, done, total), optional
            Told how far it has come.
        """
        _, encoder, _ = self._load()
        counts, skipped, run = [0, 0, 0], list[Skipped](), 0
        coming = _without_skipped(articles, skipped)
        first = list(islice(coming, 2 * _TASK + 1))
        with Workers(jobs) as workers, _one_thread():
            of_few = len(first) <= 2 * _TASK  # which are read before other processes have started
            sharing = ALONE if of_few else workers_for(encoder, workers)
            work = partial(read_texts, EncoderByName(encoder))
            for news, texts in self._read_ahead(chain(first, coming), sharing, work, counts):
                run = self._add_batch(news, texts, work, counts, run)
                if progress:
                    progress("add", sum(counts), 0)
            self._finish(run)
        added, changed, unchanged = counts
        return Added(added, changed, unchanged, tuple(skipped), run)

    def add_paths(
        self,
        paths: Iterable[str | os.PathLike[str]],
        options: ReadOptions | None = None,
        *,
        jobs: int = 1,
        progress: Progress | None = None,
    ) -> Added:
        """Add the articles of files and folders; a file that is as it was when it was last added is not read again.

        Parameters
        ----------
        paths : iterable of str or path
            Folders, files, ``-`` for JSON Lines from standard input, or addresses (``https://``, ``s3://``), which are
            read each time. Paths are held as absolute ones: an archive is used from many folders.
        options : ReadOptions, optional
            Fields to read, files to choose, size to allow.
        jobs : int
            Processes that read files and articles.
        progress : callable (stage, done, total), optional
            Told how far it has come.
        """
        options, roots = options or ReadOptions(), [absolute(os.fspath(path)) for path in paths]
        for root in roots:
            if not is_uri(root):
                require(root)
        self._load()
        known = KnownFiles(self._store, options)
        files = known.choose(find_all(roots, options))
        added = self.add(known.count(with_unique_ids(read_files(files, options, jobs))), jobs=jobs, progress=progress)
        known.save()
        return replace(added, unchanged=added.unchanged + known.articles)

    def check(self, article: Article) -> tuple[Finding, ...]:
        """Find the articles of the archive that are the same as one, in any language, the surest first.

        The article itself is found too if it has been added. Scores are those of `compare_articles`, but for sentences
        that recur across the archive, which count for less.

        Raises
        ------
        TypeError
            If it is no article.
        """
        if not isinstance(article, Article):
            raise TypeError(f"an article is looked up as dedup.Article(id, text), got {type(article).__name__}")
        identity, encoder, scorer = self._load()
        with _one_thread():
            (read,) = read_texts(EncoderByName(encoder), [article])
            value = bytes.fromhex(content_hash(body_of(article)))
            with self._store.reading() as connection:
                snapshot = self._snapshot_of(connection, identity)
                return lookup.look_up(connection, snapshot, article, read, value, scorer)

    def remove(self, ids: Iterable[str], *, progress: Progress | None = None) -> int:
        """Remove articles by their ids, or all of a file by its path; returns how many they were."""
        _, encoder, _ = self._load()
        read = partial(read_texts, EncoderByName(encoder))
        numbers = self._numbers_of(ids)
        removed = run = 0
        with _one_thread():
            for start in range(0, len(numbers), _BATCH):
                with self._writing(run) as (connection, writer, run):
                    query = "SELECT number FROM articles WHERE number IN (SELECT value FROM json_each(?))"
                    wanted = (listed(numbers[start : start + _BATCH]),)
                    part = [row[0] for row in connection.execute(query, wanted)]
                    intake.remove(connection, writer, part, read)
                    forget_files(connection)
                    writer.settle()
                    connection.execute("UPDATE runs SET removed = removed + ? WHERE number = ?", (len(part), run))
                    removed += len(part)
                if progress:
                    progress("remove", removed, len(numbers))
            self._finish(run)
        return removed

    def stories(self, *, since: str | int | None = None) -> tuple[ArchivedStory, ...]:
        """Stories of two or more articles, in the order they came to be.

        Parameters
        ----------
        since : str or int, optional
            A date (ISO 8601) or the number of a run: only stories that have gained an article since then, the day or
            run itself included.
        """
        with self._store.reading() as connection:
            return queries.stories_since(connection, since)

    def story(self, id: str) -> ArchivedStory | None:
        """Story with an id, also one that has since become part of it; none if there is no such story."""
        with self._store.reading() as connection:
            return queries.story_with(connection, id)

    def report(self, *, since: str | int | None = None, whole: bool = False, also: Iterable[str] = ()) -> Report:
        """Make a report of the stories, or of those that have grown since a run or a day, as a scan gives it.

        Its articles are those of these stories, and if it is to be `whole`, also all others that have come since; those
        with the ids `also` are among them in any case. It counts all articles that have come since, listed or not.
        """
        identity, _, scorer = self._load()
        with _one_thread(), self._store.reading() as connection:
            first_run = queries.first_run(connection, since)
            stories = queries.stories_since(connection, since)
            found = report_of(connection, identity, scorer, stories, first_run if whole else NO_RUN, also)
            new = queries.ids_since(connection, first_run)
        return found if whole and since is None else with_counts(found, new, len(new))

    def around(self, names: Iterable[str]) -> tuple[Article, ...]:
        """Articles with some ids or hashes, and all that matches lead to from them, in the order they came."""
        _, _, scorer = self._load()
        with self._store.reading() as connection:
            return articles_around(connection, names, scorer.least)

    def ids_since(self, since: str | int | None) -> frozenset[str]:
        """Ids of the articles that have come since a run or a day."""
        with self._store.reading() as connection:
            return queries.ids_since(connection, queries.first_run(connection, since))

    def successions(self) -> dict[str, str | None]:
        """Ids of stories that are no more, each with that of the story it has become part of, if of any."""
        with self._store.reading() as connection:
            return queries.successions(connection)

    def articles(self) -> Iterator[ArchivedArticle]:
        """All articles in the order they came."""
        last = -1
        while True:
            with self._store.reading() as connection:
                last, found = queries.articles_after(connection, last)
            if not found:
                return
            yield from found

    def __len__(self) -> int:
        with self._store.reading() as connection:
            return int(connection.execute("SELECT COUNT(*) FROM articles").fetchone()[0])

    def owns(self, path: str) -> bool:
        """Whether a path is the file of the archive, or one that SQLite keeps beside it."""
        return self._store.owns(path)

    def last_number(self) -> int:
        """Number of the article that came last, -1 for none; numbers grow and are never used again."""
        with self._store.reading() as connection:
            return int(connection.execute("SELECT COALESCE(MAX(number), -1) FROM articles").fetchone()[0])

    def number_of(self, article: Article) -> int | None:
        """Number under which an article is held, if it is."""
        with self._store.reading() as connection:
            return intake.number_of(connection, article)

    def info(self) -> ArchiveInfo:
        """Figures of the archive."""
        with self._store.reading() as connection:
            return queries.info_of(connection, str(self._store.path), self._size())

    def compact(self) -> int:
        """Write the file anew without what is unused; returns by how many bytes it has shrunk."""
        before = self._size()
        self._store.check_integrity()
        self._store.compact()
        return before - self._size()

    def _size(self) -> int:
        """Bytes of the file and of the log beside it."""
        path = self._store.path
        parts = (path, path.with_name(f"{path.name}-wal"))
        return sum(part.stat().st_size for part in parts if part.exists())

    def _load(self) -> tuple[Identity, Encoder, Scorer]:
        """Identity, model and scorer, loaded once and checked against what the file was made with."""
        with self._guard:
            if self._model is None:
                with self._store.reading() as connection:
                    kept = Identity.load(connection)
                settings = self._settings or (kept.settings if kept else Settings())
                encoder = self._encoder or load_encoder(settings.model)
                scorer = load_scorer(
                    settings.level, settings.threshold, settings.scorer, fingerprint=encoder.fingerprint
                )
                identity = Identity.of(settings, encoder, scorer)
                if kept:
                    kept.check(identity, self._store.shown)
                self._model = identity, encoder, scorer
            return self._model

    def _read_ahead(
        self, articles: Iterable[Article], workers: Workers, work: intake.Read, counts: list[int]
    ) -> Iterator[tuple[dict[Key, Article], dict[bytes, ReadText]]]:
        """Yield the new articles of each batch with what was read of their texts; those that are not new are counted.

        Workers go on reading while a batch is written.
        """
        waiting, met = deque[tuple[dict[Key, Article], list[Article]]](), set[bytes]()
        read = list[ReadText]()

        def tasks() -> Iterator[list[Article]]:
            for batch in _batches(articles):
                with self._store.reading() as connection:
                    planned = intake.plan(connection, batch)
                    unread = intake.unread(connection, planned.news, met)
                counts[2] += planned.unchanged
                if planned.news:
                    waiting.append((planned.news, unread))
                    yield from (unread[part] for part in slices(len(unread), _TASK))

        def whole() -> Iterator[tuple[dict[Key, Article], dict[bytes, ReadText]]]:
            while waiting and len(read) >= len(waiting[0][1]):
                news, unread = waiting.popleft()
                texts = {intake.body_hash(article): text for article, text in zip(unread, read, strict=False)}
                del read[: len(unread)]
                yield news, texts

        for texts in workers.map(work, tasks()):
            read += texts
            yield from whole()
        yield from whole()

    def _add_batch(
        self,
        news: Mapping[Key, Article],
        texts: Mapping[bytes, ReadText],
        read: intake.Read,
        counts: list[int],
        run: int,
    ) -> int:
        with self._writing(run) as (connection, writer, run):
            planned = intake.plan(connection, news)  # somebody else may have written in between
            intake.enter(connection, writer, planned, texts, read, run, _now())
            writer.settle(save=len(news) <= _BATCH)
            query = "UPDATE runs SET articles = articles + ? WHERE number = ?"
            connection.execute(query, (len(planned.news), run))
        changed = len(planned.replaced)
        for at, more in enumerate((len(planned.news) - changed, changed, planned.unchanged)):
            counts[at] += more
        return run

    def _finish(self, run: int) -> None:
        """Look for candidates by facts once everything is there, also if a run was killed before it could."""
        with self._store.reading() as connection:
            stale = Writer.facts_are_stale(connection)
        if not stale and (self._state is None or self._state.lists.are_saved):
            return
        with self._writing(run) as (_, writer, _):
            writer.find_by_facts()
            writer.settle()

    @contextmanager
    def _writing(self, run: int) -> Iterator[tuple[sqlite3.Connection, Writer, int]]:
        """Transaction with a writer, under the number of a run, or a new one for 0."""
        identity, _, scorer = self._load()
        with self._store.writing() as connection:
            if kept := Identity.load(connection):
                kept.check(identity, self._store.shown)
            else:
                identity.save(connection)
            if not run:
                run = connection.execute("INSERT INTO runs (started) VALUES (?)", (_now(),)).lastrowid or 0
            generation = generation_of(connection)
            state, self._state = self._state, None  # back once all is written
            if state is None or state.generation != generation:
                state = State.load(connection, generation, identity.dimension, identity.neighbours)
            yield connection, Writer(connection, state, scorer, run), run
        self._state = state

    def _snapshot_of(self, connection: sqlite3.Connection, identity: Identity) -> lookup.Snapshot:
        generation = generation_of(connection) if Identity.load(connection) else -1
        with self._guard:
            known = self._snapshot
            if known and known.directory.generation > generation:
                known = None  # of a transaction that began after this one
            found = lookup.Snapshot.load(connection, identity.dimension, generation, known)
            if known or not self._snapshot:
                self._snapshot = found
            return found

    def _numbers_of(self, ids: Iterable[str]) -> list[int]:
        """Numbers of the articles that ids or paths name; raises `ArchiveError` for one that names nothing."""
        found = set[int]()
        with self._store.reading() as connection:
            for given in ids:
                name, path = intake.plain(given), _as_path(given)
                whole = _as_path(absolute(given))
                rows = connection.execute(
                    "SELECT number FROM articles WHERE id IN (?, ?) OR path IN (?, ?, ?)",
                    (name, whole, name, path, whole),
                )
                numbers = {row[0] for row in rows}
                if not numbers:
                    raise ArchiveError(
                        f"{self._store.shown} holds no article '{_shown(given)}'; dedup archive export tells all ids"
                    )
                found |= numbers
        return sorted(found)


def _shown(name: str) -> str:
    """A name, safe on a terminal."""
    return name if name.isprintable() else printable(_as_path(name))


def _as_path(name: str) -> str:
    """A name as articles have their paths."""
    try:
        return show_path(name)
    except UnicodeEncodeError:  # no path at all
        return intake.plain(name)


def _without_skipped(articles: Iterable[Article | Skipped], skipped: list[Skipped]) -> Iterator[Article]:
    """Articles alone; what was skipped goes into a list."""
    for item in articles:
        if isinstance(item, Skipped):
            skipped.append(item)
        elif isinstance(item, Article):
            yield item
        else:
            raise TypeError(f"articles must be dedup.Article(id, text), got {type(item).__name__}")


def _batches(articles: Iterable[Article]) -> Iterator[dict[Key, Article]]:
    """Articles by their keys in batches, each twice as large as the one before as far as that is allowed.

    A pair of texts that come together is judged only if it is proposed in the end; what was proposed for a while, since
    nearer texts had not come yet, is judged as well.
    """
    coming, taken, size = iter(articles), set[Key](), _BATCH
    while items := list(islice(coming, size)):
        batch = dict[Key, Article]()
        for item in items:
            key = intake.key_of(item, taken)
            taken.add(key)
            batch[key] = item
        yield batch
        size = min(2 * size, _MOST)


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


class _OneThread:
    """Products of matrices in one thread for as long as anybody asks for it, in however many threads."""

    def __init__(self) -> None:
        self._guard, self._users, self._limit = threading.Lock(), 0, ExitStack()

    @contextmanager
    def __call__(self) -> Iterator[None]:
        with self._guard:
            self._users += 1
            if self._users == 1:
                self._limit.enter_context(one_thread())
        try:
            yield
        finally:
            with self._guard:
                self._users -= 1
                if not self._users:
                    self._limit.close()


_one_thread = _OneThread()
