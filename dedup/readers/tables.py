"""Tables: CSV, TSV and Parquet, every row an article."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterator

from dedup.datatypes import Article, Skipped
from dedup.errors import MissingExtraError, ReadError
from dedup.readers.fields import read_record, text_columns
from dedup.readers.source import Source, or_fault

_BATCH = 256


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
        columns = text_columns(file.schema_arrow.names, source.options)
        batches = file.iter_batches(batch_size=_BATCH, columns=columns.used, use_threads=False)
        rows = itertools.chain.from_iterable(batch.to_pylist() for batch in batches)
        for number, row in enumerate(rows, 1):
            yield read_record(row, source, number, number)
    except (pyarrow.ArrowException, UnicodeDecodeError) as fault:
        raise ReadError(f"broken Parquet: {str(fault).partition(chr(10))[0]}") from fault


def _read_rows(source: Source, delimiters: str) -> Iterator[Article | Skipped]:
    lines = source.lines()
    first = next(lines, "")
    texts = map(_without_nul, itertools.chain([first], lines))
    rows = _Rows(csv.reader(texts, delimiter=max(delimiters, key=first.count), strict=True), source.options.max_bytes)
    header = [name.strip() for name in next(rows, [])]
    text_columns(header, source.options)
    number, line = 0, lines.number + 1
    for row in or_fault(rows):
        if row:
            number += 1
            yield _read_row(row, header, source, number, line)
        line = lines.number + 1


def _read_row(
    row: list[str] | ReadError, header: list[str], source: Source, number: int, line: int
) -> Article | Skipped:
    if isinstance(row, ReadError):
        return Skipped(source.path, str(row), line)
    if len(row) < len(header) or any(row[len(header) :]):
        return Skipped(source.path, f"row of {len(row)} fields under a header of {len(header)}", line)
    return read_record(dict(zip(header, row)), source, number, line)


class _Rows(Iterator[list[str]]):
    """Rows of a csv reader whose fields may be longer than the csv module allows by default.

    The limit is one for the whole process, so it is raised while a row is read and put back after it.
    """

    def __init__(self, rows: Iterator[list[str]], longest: int) -> None:
        self._rows = rows
        self._longest = min(longest, 2**31 - 1)

    def __next__(self) -> list[str]:
        before = csv.field_size_limit(self._longest)
        try:
            return next(self._rows)
        except csv.Error as fault:
            raise ReadError(f"broken row: {fault}") from fault
        finally:
            csv.field_size_limit(before)


def _without_nul(line: str) -> str:
    return line.replace("\0", " ")  # which csv refuses in Python 3.10
