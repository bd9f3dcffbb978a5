"""Rows of Parquet and Arrow files, written into one Parquet file with their schema."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO, cast

from dedup.actions.keep import FIELDS, Mark, Record, Rest, refuse_clash
from dedup.datatypes import Article
from dedup.errors import WriteError
from dedup.language.text import printable
from dedup.reading.files import show_path
from dedup.reading.raw import TableHead
from dedup.reading.read import File

if TYPE_CHECKING:
    from pyarrow import RecordBatch, Schema, Table
    from pyarrow.parquet import ParquetWriter

_MOST_ROWS, _MOST_BYTES = 1 << 16, 32 << 20  # of rows that wait to be written as a row group


class ParquetOutput:
    """Rows of Parquet and Arrow files that have one schema; parameters as of `LinesOutput`."""

    def __init__(self, stream: BinaryIO, *, prefix: str | None = None) -> None:
        self._stream = stream
        self._prefix = prefix
        self._schema: Schema | None = None
        self._writer: ParquetWriter | None = None
        self._batch: RecordBatch | None = None
        self._rows: list[int] = []
        self._marks: list[Mark] = []
        self._waiting: list[Table] = []
        self._shown = ""

    def begin(self, file: File) -> None:
        """Begin with a file."""
        self._shown = printable(show_path(file.path))

    def put(self, record: Record) -> bool:
        """Write a row, if it stays; False if it cannot be carried over."""
        raw = record.raw
        if raw is None or raw.batch is None or raw.head is None:
            if isinstance(record.item, Article):
                raise WriteError(f"{self._shown} has no rows of Parquet; name an output that ends in .jsonl")
            return False
        self._open(raw.head)
        if raw.batch is not self._batch:
            self._take_batch()
            self._batch = raw.batch
        if record.stays:
            self._rows.append(raw.row)
            self._marks.append(record.mark)
        return True

    def end(self, rest: Rest) -> None:
        """Take the last rows of a file."""
        if rest.head is not None:
            self._open(rest.head)
        self._take_batch()
        self._batch = None

    def __enter__(self) -> ParquetOutput:
        return self

    def __exit__(self, kind: object, *fault: object) -> None:
        """Write the rows that wait, and the footer; raises `WriteError` where there was no table at all."""
        if self._writer is None:
            if kind is None:
                raise WriteError("no table was read; a Parquet file needs one at least")
            return
        try:
            if kind is None:
                self._write_group()
                self._writer.close()
        finally:
            with suppress(OSError, ValueError):  # of a file that is thrown away; one that is closed stays as it is
                self._writer.close()

    def _open(self, head: TableHead) -> None:
        import pyarrow as pa
        from pyarrow.parquet import ParquetWriter

        if self._schema is not None:
            if not self._schema.equals(head.schema):
                raise WriteError(f"{self._shown} has other columns; name an output that ends in .jsonl")
            return
        self._schema = schema = cast("Schema", head.schema)
        if self._prefix is not None:
            refuse_clash(head.names, self._prefix, self._shown)
            for name in FIELDS:
                schema = schema.append(
                    pa.field(f"{self._prefix}{name}", pa.float64() if name == "score" else pa.string())
                )
        self._writer = ParquetWriter(self._stream, schema, compression=head.compression or "snappy")

    def _take_batch(self) -> None:
        """Take the chosen rows of a batch."""
        import pyarrow as pa

        if self._batch is not None and self._rows:
            # Taken even if all of them stay: pyarrow fails to write some slices of nested columns.
            table = pa.Table.from_batches([self._batch]).take(pa.array(self._rows, pa.int64()))
            if self._prefix is not None:
                for name in FIELDS:
                    kind = pa.float64() if name == "score" else pa.string()
                    column = pa.array([getattr(mark, name) for mark in self._marks], kind)
                    table = table.append_column(f"{self._prefix}{name}", column)
            self._waiting.append(table)
        self._rows, self._marks = [], []
        if sum(table.num_rows for table in self._waiting) >= _MOST_ROWS or self._waiting_bytes() >= _MOST_BYTES:
            self._write_group()

    def _waiting_bytes(self) -> int:
        return sum(table.nbytes for table in self._waiting)

    def _write_group(self) -> None:
        import pyarrow as pa

        if self._writer is not None and self._waiting:
            self._writer.write_table(pa.concat_tables(self._waiting).cast(self._writer.schema))
        self._waiting = []
