"""The archive as a library: open, add, check, list, remove."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime, timezone
from functools import partial
from itertools import islice
from pathlib import Path
from types import TracebackType

from dedup.archive import intake, lookup, queries
from dedup.archive.identity import Identity
from dedup.archive.intake import Key
from dedup.archive.known_files import KnownFiles, forget_files
from dedup.archive.report import NO_RUN, report_of
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
from dedup.reading.read import find_files, read_files, require, with_unique_ids
from dedup.reading.source import ReadOptions
from dedup.results import Report
from dedup.runtime.process import one_thread
from dedup.runtime.workers import ALONE, Workers

_BATCH = 256  # articles of a transaction: as many as a killed run loses

_TASK = 64  # articles that a process reads at a time: a transaction is shared by several


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
        its text or anything else of it has changed, it takes the place of the older version. Written is a batch of 256
        at a time, so that a run which is killed goes on where it stopped.

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
        counts, skipped, taken, run = [0, 0, 0], list[Skipped](), set[Key](), 0
        with Workers(jobs) as workers, _one_thread():
            read = partial(_read, encoder, workers_for(encoder, workers))
            for batch in _batches(articles, skipped, taken):
                run = self._add_batch(batch, read, counts, run)
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
            Folders, files, or ``-`` for JSON Lines from standard input. They are held as absolute paths: an archive is
            used from many folders.
        options : ReadOptions, optional
            Fields to read, files to choose, size to allow.
        jobs : int
            Processes that read files and articles.
        progress : callable (stage, done, total), optional
            Told how far it has come.
        """
        options, roots = options or ReadOptions(), [absolute(os.fspath(path)) for path in paths]
        for root in roots:
            require(root)
        self._load()
        known = KnownFiles(self._store, options)
        files = known.choose(find_files(roots, options))
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
        read = partial(_read, encoder, ALONE)
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

    def report(self, *, since: str | int | None = None, whole: bool = False) -> Report:
        """Make a report of the stories, or of those that have grown since a run or a day, as a scan gives it.

        Its articles are those of these stories, and if it is to be `whole`, also all others that have come since.
        """
        identity, _, scorer = self._load()
        with _one_thread(), self._store.reading() as connection:
            first_run = queries.first_run(connection, since) if whole else NO_RUN
            return report_of(connection, identity, scorer, queries.stories_since(connection, since), first_run)

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

    def _add_batch(self, batch: Mapping[Key, Article], read: intake.Read, counts: list[int], run: int) -> int:
        with self._store.reading() as connection:
            planned = intake.plan(connection, batch)
        if planned.news:
            with self._writing(run) as (connection, writer, run):
                planned = intake.plan(connection, batch)  # somebody else may have written in between
                intake.enter(connection, writer, planned, read, run, _now())
                writer.settle()
                query = "UPDATE runs SET articles = articles + ? WHERE number = ?"
                connection.execute(query, (len(planned.news), run))
        changed = len(planned.replaced)
        for at, more in enumerate((len(planned.news) - changed, changed, planned.unchanged)):
            counts[at] += more
        return run

    def _finish(self, run: int) -> None:
        """Look for candidates by facts once everything is there, also if a run was killed before it could."""
        with self._store.reading() as connection:
            if not Writer.facts_are_stale(connection):
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
            if known and known.vectors.generation > generation:
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


def _batches(
    articles: Iterable[Article | Skipped], skipped: list[Skipped], taken: set[Key]
) -> Iterator[dict[Key, Article]]:
    """Articles in batches by their keys; what was skipped goes into a list."""
    coming = iter(articles)
    while items := list(islice(coming, _BATCH)):
        batch = dict[Key, Article]()
        for item in items:
            if isinstance(item, Skipped):
                skipped.append(item)
            elif not isinstance(item, Article):
                raise TypeError(f"articles must be dedup.Article(id, text), got {type(item).__name__}")
            else:
                key = intake.key_of(item, taken)
                taken.add(key)
                batch[key] = item
        yield batch


def _read(encoder: Encoder, workers: Workers, articles: Sequence[Article]) -> list[ReadText]:
    """Read articles; few are read here, since other processes take longer to start."""
    workers = workers if len(articles) > 2 * _TASK else ALONE
    tasks = (articles[part] for part in slices(len(articles), _TASK))
    return [text for task in workers.map(partial(read_texts, EncoderByName(encoder)), tasks) for text in task]


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
