"""Row files: numbers that a run computes for every article or sentence, written once and read in blocks.

Memory does not grow with the vectors: the operating system caches as much of a file as there is room for. On Linux a
file has no name in its folder, so that nothing is left of it however the process ends; other processes open it in
``/proc``. Elsewhere it has a name, and is removed with the `RowFile` that wrote it.
"""

from __future__ import annotations

import os
import sys
import tempfile
import weakref
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from dedup.arrays import rows_of
from dedup.errors import ResourceError
from dedup.runtime.process import TEMPORARY, sweep_temporary


class Rows(Protocol):
    """Protocol of stored rows: `open` returns an array, or an object that is indexed like one by row numbers."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of rows, and the shape of a row."""
        ...

    def open(self) -> Any:
        """Open the rows; they are read as they are used."""
        ...


class RowWriter(Protocol):
    """Protocol of files that rows are appended to, on disk or elsewhere."""

    def append(self, rows: npt.NDArray[Any]) -> None:
        """Append rows."""
        ...

    def stored(self) -> Rows:
        """Rows appended so far."""
        ...


@dataclass(frozen=True, slots=True)
class StoredRows:
    """Rows in a file, with all that another process needs to read them.

    shape : (int, ...), of which the first is the number of rows
    """

    path: str
    dtype: str
    shape: tuple[int, ...]
    number: int = 0
    """Number of the file, since two files may have the same path one after the other."""

    def open(self) -> npt.NDArray[Any]:
        """Map the file into memory; rows are read from disk as they are used."""
        if not all(self.shape):
            return np.empty(self.shape, self.dtype)
        return np.memmap(self.path, self.dtype, "r", shape=self.shape)


def opened(rows: Rows) -> Any:
    """Open rows, and keep them open in this process until their file is removed.

    Mapping a file anew for each block would look up all its pages again, which takes longer than reading them.
    """
    if not isinstance(rows, StoredRows):
        return rows.open()
    if rows not in _opened:
        _opened[rows] = rows.open()
    return _opened[rows]


_opened: dict[StoredRows, npt.NDArray[Any]] = {}


@dataclass(frozen=True, slots=True)
class StoredLists:
    """Lists of rows of different lengths, one an article, concatenated.

    rows : the rows of all lists
    starts : rows of shape (n + 1,), int64; list i has rows ``starts[i]`` to ``starts[i + 1]``
    """

    rows: Rows
    starts: Rows

    def take(self, which: npt.NDArray[np.intp]) -> tuple[npt.NDArray[Any], npt.NDArray[np.intp]]:
        """Rows of the lists `which`, concatenated, and their bounds: shape (len(which) + 1,)."""
        at, begins, lengths = rows_of(opened(self.starts), which)
        return opened(self.rows)[at], np.append(begins, lengths.sum()).astype(np.intp)


class RowFile:
    """Temporary file that rows are appended to.

    Parameters
    ----------
    dtype : str
        numpy's name of the type of all entries.
    columns : int, optional
        Entries of a row; without it a row is a single number.
    """

    def __init__(self, dtype: str, columns: int | None = None) -> None:
        self._dtype = np.dtype(dtype)
        self._row = () if columns is None else (columns,)
        self._count = 0
        try:
            self._file, self._path = _open_temporary()
        except OSError as error:
            raise ResourceError(
                f"cannot open a temporary file: {error.strerror}; allow more open files (ulimit -n 256), or name a "
                "folder that can be written in TMPDIR"
            ) from error
        self._number = next(_numbers)
        self._remove: Callable[[], object] = weakref.finalize(self, _discard, self._file, self._path)

    def append(self, rows: npt.NDArray[Any]) -> None:
        """Append rows, converted to the file's type."""
        try:
            self._file.write(np.ascontiguousarray(rows, self._dtype).data)
        except OSError as error:
            raise ResourceError(
                f"cannot write to the temporary folder {tempfile.gettempdir()}: {error.strerror}; "
                "make room there, or name a folder that has room in TMPDIR"
            ) from error
        self._count += len(rows)

    def stored(self) -> StoredRows:
        """Return what has been appended so far, for readers."""
        self._file.flush()
        return StoredRows(self._path, self._dtype.str, (self._count, *self._row), self._number)

    def writable(self) -> npt.NDArray[Any]:
        """Rows written so far, mapped so that they can be changed in place."""
        stored = self.stored()
        if not self._count:
            return np.empty(stored.shape, self._dtype)
        return np.memmap(self._path, self._dtype, "r+", shape=stored.shape)


class ListFile:
    """Files that lists of numbers are appended to: their rows, and where each list starts.

    Parameters
    ----------
    dtype : str
        numpy's name of the type of all numbers.
    row_writer : callable
        Makes a row file for numbers of a type; by default one on disk.
    """

    def __init__(self, dtype: str, row_writer: Callable[[str], RowWriter] = RowFile) -> None:
        self.rows, self._starts = row_writer(dtype), row_writer("i8")
        self._starts.append(np.zeros(1))
        self._total = 0

    def append(self, rows: npt.NDArray[Any], lengths: npt.NDArray[np.intp]) -> None:
        """Append lists, concatenated in `rows`."""
        self.rows.append(rows)
        self.enter(lengths)

    def enter(self, lengths: npt.NDArray[np.intp]) -> None:
        """Append the lengths of lists whose rows are already in the file `rows`."""
        self._starts.append(self._total + np.cumsum(lengths))
        self._total += int(lengths.sum())

    def stored(self) -> StoredLists:
        """Return what has been appended so far, for readers."""
        return StoredLists(self.rows.stored(), self._starts.stored())


_numbers = count(1)


def _open_temporary() -> tuple[Any, str]:
    """Open a new file in the temporary folder; returns it, and the path by which other processes can read it."""
    if sys.platform == "linux":
        nameless = tempfile.TemporaryFile(prefix=TEMPORARY)  # noqa: SIM115
        path = f"/proc/{os.getpid()}/fd/{nameless.fileno()}"
        if os.path.exists(path):
            return nameless, path
        nameless.close()
    sweep_temporary()
    handle, path = tempfile.mkstemp(prefix=TEMPORARY)
    return os.fdopen(handle, "wb"), path


def _discard(file: Any, path: str) -> None:
    for rows in [rows for rows in list(_opened) if rows.path == path]:
        del _opened[rows]
    with suppress(OSError):
        file.close()
        if not path.startswith("/proc/"):
            os.unlink(path)
