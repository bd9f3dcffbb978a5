"""Records as JSON Lines and as CSV.

JSON Lines take all that is read: a line of JSON Lines as it stands, an element of a JSON list and a row of a table as
an object with its fields, and anything else (a page, a mail, an entry of a feed) as the article that was read. CSV
takes rows of CSV files with one header, as they stand.
"""

from __future__ import annotations

import base64
import csv
import io
import math
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, BinaryIO

from dedup.actions.keep import FIELDS, Mark, Record, Rest, refuse_clash
from dedup.datatypes import Article, Skipped
from dedup.errors import WriteError
from dedup.language.text import printable
from dedup.reading.files import show_path
from dedup.reading.raw import RawRecord, TableHead
from dedup.reading.read import File
from dedup.report.records import dumps


class _Bytes:
    """Stream of lines, each of which begins on a line of its own."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.empty, self._whole = True, True

    def write(self, data: bytes, line_break: bytes = b"\n") -> None:
        if not data:
            return
        if not self._whole:
            self._stream.write(line_break)
        self._stream.write(data)
        self.empty, self._whole = False, data.endswith((b"\n", b"\r", BOM_UTF8))


class LinesOutput:
    """Records as JSON Lines.

    Parameters
    ----------
    stream : binary file
        Destination.
    prefix : str or None
        Text before the names of added fields; None to add none.
    as_they_are : bool
        Whether lines keep their bytes, whatever the encoding; of several files all become UTF-8.
    """

    def __init__(self, stream: BinaryIO, *, prefix: str | None = None, as_they_are: bool = False) -> None:
        self._out = _Bytes(stream)
        self._prefix = prefix
        self._as_they_are = as_they_are
        self._of_lines = False
        self._shown = ""

    def begin(self, file: File) -> None:
        """Begin with a file."""
        self._of_lines = False
        self._shown = printable(show_path(file.path))

    def put(self, record: Record) -> bool:
        """Write a record, if it stays; False if it cannot be carried over."""
        self._of_lines = record.raw is not None and record.raw.form == "jsonl"
        self._pass(record.passed)
        if record.stays:
            line = self._line(record.raw, record.item, record.mark)
            if line is None:
                return False
            self._out.write(line)
        return True

    def end(self, rest: Rest) -> None:
        """Write what was passed over at the end of a file."""
        self._pass(rest.passed)

    def _pass(self, passed: bytes) -> None:
        """Write blank lines; a mark stays at the beginning alone."""
        if self._of_lines:
            self._out.write(passed if self._out.empty and self._as_they_are else passed.removeprefix(BOM_UTF8))

    def _line(self, raw: RawRecord | None, item: Article | Skipped, mark: Mark) -> bytes | None:
        added = {} if self._prefix is None else mark.fields(self._prefix)
        if raw is not None and raw.form == "jsonl":
            if raw.text is None or (self._as_they_are and not added):
                return raw.data
            return self._added(raw.text, raw.fields, added).encode()
        if raw is not None and (raw.form == "json" or raw.value is not None):
            value = raw.value
        elif isinstance(item, Article):
            value = article_fields(item)
        else:
            return None
        text = dumps(plain(value))
        return (self._added(text, value if isinstance(value, Mapping) else None, added) + "\n").encode()

    def _added(self, text: str, fields: Mapping[str, object] | None, added: Mapping[str, object]) -> str:
        """Line of JSON with fields added; what is there already stays as it stands."""
        if fields is None or self._prefix is None:
            return text
        refuse_clash(fields, self._prefix, self._shown)
        before, _, behind = text.rpartition("}")
        return f"{before}{', ' if fields else ''}{dumps(added)[1:-1]}}}{behind}"


class CsvOutput:
    """Rows of CSV files that have one header; parameters as of `LinesOutput`."""

    def __init__(self, stream: BinaryIO, *, prefix: str | None = None, as_they_are: bool = False) -> None:
        self._out = _Bytes(stream)
        self._prefix = prefix
        self._as_they_are = as_they_are and prefix is None
        self._head: TableHead | None = None
        self._line_break = "\n"
        self._shown = ""

    def begin(self, file: File) -> None:
        """Begin with a file."""
        self._shown = printable(show_path(file.path))

    def put(self, record: Record) -> bool:
        """Write a row, if it stays; False if it cannot be carried over."""
        raw = record.raw
        if raw is None or raw.head is None:
            if isinstance(record.item, Article):
                raise WriteError(f"{self._shown} has no rows of CSV; name an output that ends in .jsonl")
            return False
        self._write_head(record.passed, raw.head)
        if record.stays:
            self._write(self._row(raw, raw.head, record.mark))
        return True

    def end(self, rest: Rest) -> None:
        """Write blank rows at the end of a file, and the head of one that has no rows."""
        if rest.head is not None:
            self._write_head(rest.passed, rest.head)

    def _write_head(self, passed: bytes, head: TableHead) -> None:
        """Write the head of the first table, and blank rows passed over; tables behind it must have the same."""
        rest = passed.removeprefix(BOM_UTF8)
        if self._head is None:
            self._head = head
            self._line_break = _line_break(head.text) or "\n"
            if rest != passed:
                self._out.write(BOM_UTF8)
            names = [f"{self._prefix}{name}" for name in FIELDS]
            if self._prefix is None:
                self._write(head.data if self._as_they_are else head.text.encode())
            else:
                refuse_clash(head.names, self._prefix, self._shown)
                self._write(self._with_fields(head.text, names).encode())
        elif (self._head.names, self._head.delimiter) != (head.names, head.delimiter):
            raise WriteError(f"{self._shown} has other columns; name an output that ends in .jsonl")
        self._write(rest)

    def _row(self, raw: RawRecord, head: TableHead, mark: Mark) -> bytes:
        if raw.text is None or self._as_they_are:
            return raw.data
        text = raw.text
        if self._prefix is not None and raw.fields is not None:
            if raw.width > len(head.names):  # more fields than columns, all of them empty
                text = self._rendered(raw.fields.values()) + _line_break(text)
            text = self._with_fields(text, ["" if value is None else value for value in mark.fields().values()])
        return text.encode()

    def _with_fields(self, text: str, values: Sequence[object]) -> str:
        end = _line_break(text)
        return f"{text[: len(text) - len(end)]}{self._delimiter}{self._rendered(values)}{end}"

    @property
    def _delimiter(self) -> str:
        return self._head.delimiter if self._head else ","

    def _rendered(self, values: Iterable[object]) -> str:
        line = io.StringIO()
        csv.writer(line, delimiter=self._delimiter, lineterminator="").writerow(values)
        return line.getvalue()

    def _write(self, data: bytes) -> None:
        self._out.write(data, self._line_break.encode())


def _line_break(text: str) -> str:
    return text[len(text.rstrip("\r\n")) :]


def article_fields(article: Article) -> dict[str, str]:
    """Fields of an article that is of no record: those that its source tells, and its path."""
    fields = {
        "id": article.id,
        "title": article.title,
        "text": article.text,
        "url": article.url,
        "published": article.published,
        "language": article.declared_language,
        "path": article.path,
    }
    return {name: value for name, value in fields.items() if value}


def plain(value: object) -> Any:
    """Value of a record as JSON has it.

    Moments are written as ISO 8601, bytes in base64 where they are no UTF-8, numbers that JSON does not know as null.
    """
    known: tuple[tuple[type | tuple[type, ...], Callable[[Any], Any]], ...] = (
        ((str, bool, int, type(None)), lambda one: one),
        (float, lambda one: one if math.isfinite(one) else None),
        (Mapping, lambda one: {str(key): plain(inner) for key, inner in one.items()}),
        ((list, tuple), lambda one: [plain(inner) for inner in one]),
        ((datetime, date, time), lambda one: one.isoformat()),
        (Decimal, str),
        (timedelta, lambda one: one.total_seconds()),
        (bytes, _of_bytes),
    )
    return next((render(value) for kind, render in known if isinstance(value, kind)), None)


def _of_bytes(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return base64.b64encode(value).decode()
