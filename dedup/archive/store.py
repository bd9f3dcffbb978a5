"""SQLite file of an archive: opened with care, one writer at a time, readers beside it, faults in words.

Every thread reads through a connection of its own and sees one consistent state for as long as a transaction lasts.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from dedup.archive.checksum import Damage
from dedup.archive.schema import APPLICATION, VERSION, migrate
from dedup.errors import ArchiveBusyError, ArchiveError
from dedup.language.text import printable

_HEADER = 100
_BESIDE = ("-wal", "-shm", "-journal")
_MAGIC = b"SQLite format 3\0"
_REBUILD = "dedup archive export OLD.db -o articles.jsonl, then dedup archive add NEW.db articles.jsonl"


class Store:
    """Connections to the file of an archive.

    Parameters
    ----------
    path : Path
        The file; made where there is none and `create` says so.
    create : bool
        Whether a file that is not there is made.
    read_only : bool
        Whether nothing may be written.
    patience : float
        Seconds to wait for another writer.
    """

    def __init__(self, path: Path, *, create: bool, read_only: bool, patience: float) -> None:
        self.path, self.patience = path, patience
        self._read_only = read_only
        self._own = threading.local()
        self._open: list[sqlite3.Connection] = []
        self._guard, self._writer = threading.Lock(), threading.Lock()
        self._closed = False
        new = _check_file(path, create=create and not read_only)
        with ExitStack() as opened, self.named_faults():
            opened.callback(self.close)  # ended by a signal, it leaves no log beside the file
            self._prepare(new)
            opened.pop_all()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Transaction that sees the state of its beginning, whatever is written meanwhile."""
        connection = self._connection()
        with self.named_faults():
            if connection.in_transaction:
                yield connection
                return
            connection.execute("BEGIN")
            try:
                connection.execute("SELECT 1 FROM meta LIMIT 1").fetchone()
                yield connection
            finally:
                connection.rollback()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Transaction that writes all or nothing.

        Raises
        ------
        ArchiveBusyError
            If somebody else has been writing for longer than `patience`.
        """
        if not self._writer.acquire(timeout=max(self.patience, 0)):
            raise self._busy()
        try:
            connection = self._connection()
            with self.named_faults():
                connection.execute("BEGIN IMMEDIATE")
                try:
                    yield connection
                    connection.execute("COMMIT")
                finally:
                    if connection.in_transaction:
                        with suppress(sqlite3.Error):
                            connection.rollback()
        finally:
            self._writer.release()

    def compact(self) -> None:
        """Write the file anew without what is unused, and empty the log beside it."""
        if not self._writer.acquire(timeout=max(self.patience, 0)):
            raise self._busy()
        try:
            connection = self._connection()
            with self.named_faults():
                connection.execute("VACUUM")
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            self._writer.release()

    def check_integrity(self) -> None:
        """Look at every page of the file; raises `ArchiveError` for one that is damaged."""
        with self.reading() as connection:
            found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(5)")]
        if found != ["ok"]:
            raise ArchiveError(f"{self.shown} is damaged: {printable('; '.join(found))}; {_rescue()}")

    def close(self) -> None:
        """Close all connections; whoever uses the store afterwards gets an error."""
        with self._guard:
            self._closed = True
            for connection in self._open:
                connection.close()
            self._open.clear()

    def owns(self, path: str) -> bool:
        """Whether a path is the file itself, or one that SQLite keeps beside it."""
        own = os.path.realpath(self.path)
        return os.path.realpath(path) in (own, *(own + suffix for suffix in _BESIDE))

    @property
    def shown(self) -> str:
        """The path, safe on a terminal."""
        return printable(str(self.path))

    @contextmanager
    def named_faults(self) -> Iterator[None]:
        """Faults of SQLite as errors that say what to do."""
        try:
            yield
        except sqlite3.Error as fault:
            raise self._named(fault) from fault

    def _named(self, fault: sqlite3.Error) -> ArchiveError:
        said, name = str(fault), getattr(fault, "sqlite_errorname", "") or ""
        if "locked" in said or name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            return self._busy()
        if "readonly" in said or "read-only" in said:
            return ArchiveError(f"{self.shown} cannot be written: read-only; change its permissions, or copy it")
        if "full" in said:
            return ArchiveError(
                f"{self.shown}: the disk is full; make room and run the same command again, nothing kept is lost"
            )
        if "not a database" in said:
            return ArchiveError(f"{self.shown} is no archive of dedup, or its first page is damaged; {_rescue()}")
        if (
            isinstance(fault, Damage)
            or "malformed" in said
            or "no such" in said
            or name.startswith(("SQLITE_CORRUPT", "SQLITE_IOERR_SHORT"))
        ):
            return ArchiveError(f"{self.shown} is damaged: {printable(said)}; {_rescue()}")
        return ArchiveError(f"{self.shown}: {printable(said)}; is the folder there, and may it be written?")

    def _busy(self) -> ArchiveBusyError:
        return ArchiveBusyError(
            f"{self.shown} is busy: somebody else has been writing to it for {self.patience:g} seconds; try again later"
        )

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._own, "connection", None)
        if connection is None or self._closed:
            with self._guard:
                if self._closed:
                    raise ArchiveError(f"{self.shown} is closed; open it again")
                connection = self._own.connection = self._connect()
                self._open.append(connection)
        return connection

    def _connect(self) -> sqlite3.Connection:
        name = f"file:{quote(os.path.abspath(self.path))}"
        with self.named_faults():
            if not self._read_only:
                return _settled(self._connected(f"{name}?mode=rwc"))
            try:
                return self._only_reading(name)
            except sqlite3.OperationalError:  # neither a log beside it nor a folder to put one in
                return _settled(self._connected(f"{name}?mode=ro&immutable=1"))

    def _only_reading(self, name: str) -> sqlite3.Connection:
        """A connection that may write, and never does: one that may not leaves its log beside the file."""
        try:
            connection = _settled(self._connected(f"{name}?mode=rw"))
        except sqlite3.OperationalError:
            return _settled(self._connected(f"{name}?mode=ro"))
        connection.execute("PRAGMA query_only = ON")
        return connection

    def _connected(self, uri: str) -> sqlite3.Connection:
        return sqlite3.connect(
            uri, uri=True, timeout=self.patience, isolation_level=None, check_same_thread=False, cached_statements=256
        )

    def _prepare(self, new: bool) -> None:
        connection = self._connection()
        version = _number(connection, "user_version")
        if new and _number(connection, "page_count") == 0:
            connection.execute("PRAGMA page_size = 8192")
            connection.execute("PRAGMA journal_mode = WAL").fetchone()
        elif _number(connection, "application_id") != APPLICATION:
            raise ArchiveError(f"{self.shown} is a database of another program; name another file")
        if version > VERSION:
            raise ArchiveError(
                f"{self.shown} is of version {version}, and this dedup knows up to {VERSION}; install a newer dedup"
            )
        if version < VERSION and not self._read_only:
            with self.writing() as writing:
                if (version := _number(writing, "user_version")) < VERSION:  # another process may have done it
                    migrate(writing, version)
        elif version < VERSION:
            raise ArchiveError(f"{self.shown} is of version {version}; open it once with permission to write")


def _check_file(path: Path, *, create: bool) -> bool:
    """Whether a file has to be made; raises for one that is none of ours as far as its first bytes tell."""
    shown = printable(str(path))
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise ArchiveError(f"{shown} is no file; name a file for the archive")
        with path.open("rb") as file:
            head = file.read(_HEADER)
    except FileNotFoundError:
        if not create:
            raise ArchiveError(f"{shown}: no such archive; make one with: dedup archive add {shown} PATHS") from None
        if not path.absolute().parent.is_dir():
            folder = printable(str(path.absolute().parent))
            raise ArchiveError(f"cannot make {shown}: there is no folder {folder}; create it first") from None
        return True
    except OSError as fault:
        raise ArchiveError(f"cannot read {shown}: {fault.strerror}") from fault
    if not size and create:
        return True
    if not head.startswith(_MAGIC):
        raise ArchiveError(f"{shown} is no archive of dedup; name another file")
    pages, page = int.from_bytes(head[28:32], "big"), int.from_bytes(head[16:18], "big")
    log = path.with_name(f"{path.name}-wal")
    if size < pages * (page if page != 1 else 1 << 16) and not (log.exists() and log.stat().st_size):
        raise ArchiveError(f"{shown} is damaged: it was cut short; {_rescue()}")
    return False


def _rescue() -> str:
    return f"restore a copy of it, or save what can be read: {_REBUILD}"


def _number(connection: sqlite3.Connection, pragma: str) -> int:
    return int(connection.execute(f"PRAGMA {pragma}").fetchone()[0])


def _settled(connection: sqlite3.Connection) -> sqlite3.Connection:
    """A connection that can read; larger caches than SQLite's own make up for rows that lie far apart."""
    connection.execute("PRAGMA cache_size = -65536")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA mmap_size = 1073741824")
    connection.execute("SELECT COUNT(*) FROM sqlite_schema").fetchone()
    return connection
