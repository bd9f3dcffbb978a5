"""Files that have been added as they are: hashing one is a hundred times faster than reading its articles."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import stat
from collections.abc import Iterable, Iterator

from dedup.archive.store import Store
from dedup.datatypes import Article, Skipped
from dedup.matching.prepare import TEXT_VERSION
from dedup.reading.files import show_path
from dedup.reading.read import AnyFile, File
from dedup.reading.source import ReadOptions
from dedup.version import __version__

_PIECE = 1 << 20


class KnownFiles:
    """Files of one add: those that are known are left out, the others are remembered once all is written.

    Parameters
    ----------
    store : Store
    options : ReadOptions
        Other options, or another version of dedup, may read another article from the same bytes.
    """

    def __init__(self, store: Store, options: ReadOptions) -> None:
        self.articles = 0
        """Number of articles in the files that were left out."""
        self._store, self._options = store, options
        self._digests: dict[str, bytes] = {}
        self._counts: dict[str, int] = {}
        with store.reading() as connection:
            self._known = {path: (digest, count) for path, digest, count in connection.execute("SELECT * FROM files")}

    def choose(self, files: Iterable[AnyFile]) -> Iterator[AnyFile]:
        """Files that have to be read, all that lie elsewhere among them; the archive itself may lie there too."""
        for file in files:
            if not isinstance(file, File):
                yield file
                continue
            if self._store.owns(file.path):
                continue
            digest = self._digest(file)
            shown = show_path(file.path)
            known = self._known.get(shown)
            if digest and known and known[0] == digest:
                self.articles += known[1]
                continue
            if digest:
                self._digests[shown] = digest
            yield file

    def count(self, items: Iterable[Article | Skipped]) -> Iterator[Article | Skipped]:
        """Items as they are read; files from which something was skipped are read again the next time."""
        for item in items:
            if isinstance(item, Skipped):
                self._digests.pop(item.path, None)
            elif item.path in self._digests:
                self._counts[item.path] = self._counts.get(item.path, 0) + 1
            yield item

    def save(self) -> None:
        """Remember the files that were read, now that their articles are there."""
        rows = [(path, digest, self._counts[path]) for path, digest in self._digests.items() if path in self._counts]
        if rows:
            with self._store.writing() as connection:
                connection.executemany("INSERT OR REPLACE INTO files VALUES (?, ?, ?)", rows)

    def _digest(self, file: File) -> bytes:
        """Digest of a file's bytes and of the way they are read; empty for one that has to be read in any case."""
        if file.fault:
            return b""
        try:
            if not stat.S_ISREG(os.stat(file.path).st_mode):
                return b""
            found = hashlib.blake2b(f"{__version__} {TEXT_VERSION} {self._options}".encode(), digest_size=16)
            with open(file.path, "rb") as opened:
                while piece := opened.read(_PIECE):
                    found.update(piece)
        except OSError:
            return b""
        return found.digest()


def forget_files(connection: sqlite3.Connection) -> None:
    """Forget all files, since articles are removed that another add of their file brings back."""
    connection.execute("DELETE FROM files")
