"""Tables: CSV, TSV, Parquet and Arrow, every row an article."""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

from dedup.datatypes import Article, Skipped
from dedup.errors import MissingExtraError, ReadError
from dedup.reading.encoding import Lines
from dedup.reading.fields import read_record, text_columns
from dedup.reading.raw import RawRecord, TableHead
from dedup.reading.source import Source, one_line, or_fault

if TYPE_CHECKING:
    from pyarrow import Array, RecordBatch, Scalar
    from pyarrow.parquet import FileMetaData

_BATCH = 256

# Raised where Arrow has no Python value: nanoseconds, years beyond 9999, zones nobody knows, bytes that are no UTF-8.
_NO_PYTHON_VALUE = (ValueError, OverflowError, LookupError, TypeError, AttributeError, ImportError)


def read_csv(source: Source) -> Iterator[Article | Skipped]:
    """The articles of a CSV file whose first row names the columns, separated by commas, semicolons, tabs or bars."""
    return _read_rows(source, ",;\t|")


def read_tsv(source: Source) -> Iterator[Article | Skipped]:
    """The articles of a file with columns separated by tabs, whose first row names them."""
    return _read_rows(source, "\t")


def read_parquet(source: Source) -> Iterator[Article | Skipped]:
    """The articles of a Parquet file, read in batches of rows and in the columns that matter only.

    Raises `MissingExtraError` without pyarrow, and `ReadError` where the file is broken.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as fault:
        raise MissingExtraError("pyarrow", "parquet") from fault
    try:
        file = parquet.ParquetFile(io.BytesIO(source.data()) if source.packed else source.stream)
        names = file.schema_arrow.names
        columns = text_columns(names, source.options)
        used = [*columns.used, *(name for name in names if name in source.options.outermost)]
        head = None
        if recorder := source.options.recorder:
            used = names
            head = TableHead(tuple(names), schema=file.schema_arrow, compression=_compression(file.metadata))
            recorder.begin(head)
        batches = file.iter_batches(batch_size=_BATCH, columns=list(dict.fromkeys(used)), use_threads=False)
        yield from _read_batches(batches, source, head)
    except (pyarrow.ArrowException, UnicodeDecodeError, MemoryError) as fault:
        raise ReadError(f"broken Parquet: {one_line(fault)}") from fault


def read_arrow(source: Source) -> Iterator[Article | Skipped]:
    """The articles of an Arrow file or stream, such as those that the package datasets saves.

    Raises `MissingExtraError` without pyarrow, and `ReadError` where the file is broken.
    """
    try:
        import pyarrow
        from pyarrow import ipc
    except ImportError as fault:
        raise MissingExtraError("pyarrow", "parquet") from fault
    is_file = source.stream.peek(6)[:6] == b"ARROW1"
    try:
        if is_file:
            file = ipc.open_file(io.BytesIO(source.data()) if source.packed else source.stream)
            batches = (file.get_batch(number) for number in range(file.num_record_batches))
        else:
            file = batches = ipc.open_stream(source.stream)
        text_columns(file.schema.names, source.options)
        small = (batch.slice(at, _BATCH) for batch in batches for at in range(0, batch.num_rows, _BATCH))
        head = TableHead(tuple(file.schema.names), schema=file.schema)
        if source.options.recorder:
            source.options.recorder.begin(head)
        yield from _read_batches(small, source, head)
    except (pyarrow.ArrowException, MemoryError) as fault:  # a length of many terabytes
        raise ReadError(f"broken Arrow file: {one_line(fault)}") from fault


def _read_batches(
    batches: Iterator[RecordBatch], source: Source, head: TableHead | None
) -> Iterator[Article | Skipped]:
    recorder, number = source.options.recorder, 0
    for batch in batches:
        for at, row in enumerate(batch_rows(batch)):
            number += 1
            if recorder:
                recorder.note(RawRecord("parquet", value=row, head=head, batch=batch, row=at))
            yield read_record(row, source, number, number)


def _compression(metadata: FileMetaData) -> str:
    """Compression of a Parquet file, by its first column; empty where it has none."""
    if not metadata.num_row_groups or not metadata.num_columns:
        return ""
    name: str = metadata.row_group(0).column(0).compression
    return "" if name == "UNCOMPRESSED" else name.lower()


class UnreadableValue:
    """Stand-in for a value of a table that Python cannot hold or decode."""


def batch_rows(batch: RecordBatch) -> Iterator[dict[str, object]]:
    """Rows of a batch; raises an `ArrowException` where its offsets lead outside it, which Arrow would follow."""
    batch.validate(full=True)
    names = batch.schema.names
    return (dict(zip(names, row, strict=True)) for row in zip(*map(_column_values, batch.columns), strict=True))


def _column_values(column: Array) -> list[object]:
    """Values of a column; one by one where Arrow cannot give all of them to Python."""
    try:
        values: list[object] = column.to_pylist()
    except _NO_PYTHON_VALUE:
        values = [_value(scalar) for scalar in column]
    return [_decoded(value) if isinstance(value, bytes) else value for value in values]


def _value(scalar: Scalar) -> object:
    """A value as Python has it, a moment beyond its calendar or in a zone it does not know as text in UTC."""
    from pyarrow import timestamp, types

    try:
        return scalar.as_py()
    except _NO_PYTHON_VALUE:
        pass
    try:
        if types.is_timestamp(scalar.type):
            scalar = scalar.cast(timestamp("us", scalar.type.tz), safe=False).cast(timestamp("us"))
        shown = str(scalar.cast("string"))
        return UnreadableValue() if shown.startswith("<") else shown  # "<value out of range: 1>"
    except (*_NO_PYTHON_VALUE, NotImplementedError):
        return UnreadableValue()


def _decoded(value: bytes) -> object:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return UnreadableValue()


def _read_rows(source: Source, delimiters: str) -> Iterator[Article | Skipped]:
    lines, recorder, head = source.lines(), source.options.recorder, None
    rows = _Rows(lines, delimiters, source.options.max_bytes)
    if recorder:
        recorder.pass_over(lines.mark)
        head = TableHead(tuple(rows.header), rows.raw, rows.text or "", rows.delimiter)
        recorder.begin(head)
    text_columns(rows.header, source.options)
    number = 0
    for row in or_fault(rows):
        if row:
            number += 1
            if recorder:
                values = row if isinstance(row, list) else []
                width, columns = len(values), len(rows.header)
                whole = width >= columns and not any(values[columns:])
                fields = dict(zip(rows.header, values, strict=False)) if whole else None
                recorder.note(RawRecord("csv", rows.raw, rows.text, fields, head, width))
            yield _read_row(row, rows.header, source, number, rows.line)
        elif recorder:
            recorder.pass_over(rows.raw)


def _read_row(
    row: list[str] | ReadError, header: list[str], source: Source, number: int, line: int
) -> Article | Skipped:
    if isinstance(row, ReadError):
        return Skipped(source.path, str(row), line)
    if len(row) < len(header) or any(row[len(header) :]):
        return Skipped(source.path, f"row of {len(row)} fields under a header of {len(header)}", line)
    return read_record(dict(zip(header, row, strict=False)), source, number, line)


class _Rows(Iterator[list[str]]):
    """Rows behind a header; `line` is where the last one begins, `raw` its bytes, `text` what these are.

    A broken row raises `ReadError`, and the next call goes on behind it; the text is None where it cannot be decoded.

    Where the quotes of a row do not match, its first line is taken as it stands, quotes and all, so that one stray
    quote does not swallow the rows behind it.
    """

    def __init__(self, lines: Lines, delimiters: str, longest: int) -> None:
        first = next(lines, "")
        self.line = 1
        self.delimiter = max(delimiters, key=first.count)
        self._longest = min(longest, 2**31 - 1)
        self._lines = lines
        self._taken: list[str] = []
        self._as_they_are: list[tuple[bytes, str | None]] = []  # the lines taken, before anything is replaced in them
        self._waiting = deque([(lines.raw, first)] if first else [])
        self._rows = self._parser()
        self.header: list[str] = []  # until it has been read like any other row
        self.header = [name.strip() for name in next(self, [])]

    @property
    def raw(self) -> bytes:
        """Bytes of the last row."""
        return b"".join(raw for raw, _ in self._as_they_are)

    @property
    def text(self) -> str | None:
        """Text of the last row, with its line breaks; None where it cannot be decoded."""
        texts = [text for _, text in self._as_they_are]
        return None if None in texts else "".join(text for text in texts if text)

    def __next__(self) -> list[str]:
        self.line += len(self._taken)
        self._taken.clear()
        self._as_they_are.clear()
        before = csv.field_size_limit(self._longest)  # one limit for the whole process, put back at once
        try:
            return next(self._rows)
        except csv.Error as fault:
            return self._first_line_alone(fault)
        finally:
            csv.field_size_limit(before)

    def _parser(self) -> Iterator[list[str]]:
        return csv.reader(iter(self._next_line, None), delimiter=self.delimiter, strict=True)

    def _next_line(self) -> str:
        self._taken.append("")  # counts even if it cannot be decoded
        if self._waiting:
            raw, line = self._waiting.popleft()
        else:
            try:
                line = next(self._lines)
            except ReadError:
                self._as_they_are.append((self._lines.raw, None))
                raise
            raw = self._lines.raw
        self._as_they_are.append((raw, line))
        self._taken[-1] = line.replace("\0", " ")  # which csv refuses in Python 3.10
        return self._taken[-1]

    def _first_line_alone(self, fault: csv.Error) -> list[str]:
        self._waiting.extendleft((raw, text) for raw, text in reversed(self._as_they_are[1:]) if text)
        del self._taken[1:], self._as_they_are[1:]
        self._rows = self._parser()
        row = self._taken[0].rstrip("\r\n").split(self.delimiter)
        if len(row) != len(self.header):
            raise ReadError(f"broken row: {one_line(fault)}") from fault
        return row
