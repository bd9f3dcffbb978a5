"""An opened file, and the options that shape what is read from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

from dedup.errors import ReadError, SettingsError
from dedup.reading.encoding import Lines, Stream, read_all

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What is read, and from which fields.

    Parameters
    ----------
    text_field, id_field : str, optional
        Field (of JSON) or column (of CSV, Parquet) that holds the text and the id of an article. By default the text is
        the first of ``text``, ``body`` and ``content`` that is not empty, and the id is ``id``; the case of letters,
        ``_`` and ``-`` do not matter.
    glob : str, optional
        Shell pattern such as ``*.html`` or ``news/*.txt`` that a file met inside a folder has to match, from the right.
        Files named one by one are read in any case.
    max_bytes : int
        Most bytes held in memory at once, unpacked, at least 1: of one document, page, feed or JSON file, and of one
        line of JSONL, CSV and TSV, which may themselves be of any length.

    Raises
    ------
    SettingsError
        If `max_bytes` is less than 1, or a field name or the pattern is empty.
    """

    text_field: str | None = None
    id_field: str | None = None
    glob: str | None = None
    max_bytes: int = 64 << 20

    def __post_init__(self) -> None:
        if self.max_bytes < 1:
            raise SettingsError(f"max_bytes must be at least 1, got {self.max_bytes}; leave it out for 64 MiB")
        for name in ("text_field", "id_field", "glob"):
            if getattr(self, name) == "":
                raise SettingsError(f"{name} must not be empty; leave it out for the default")


@dataclass(frozen=True, slots=True)
class Source:
    """An opened file: its path as reports show it, its bytes (unpacked where it is `packed`) and the options."""

    path: str
    stream: Stream
    options: ReadOptions
    packed: bool = False

    def data(self) -> bytes:
        """All its bytes; raises `ReadError` where they are none or too many."""
        data = read_all(self.stream, self.options.max_bytes)
        if not data:
            raise ReadError("empty file")
        return data

    def lines(self) -> Lines:
        """Its lines, decoded one at a time."""
        return Lines(self.stream, self.options.max_bytes)


def or_fault(items: Iterator[_Item]) -> Iterator[_Item | ReadError]:
    """The items, and in place of one that fails the reason, for an iterator that can go on behind it."""
    while True:
        try:
            yield next(items)
        except StopIteration:
            return
        except ReadError as fault:
            yield fault
