"""Records as they stand in their files, for those who write them on unchanged.

Readers tell a `Recorder`, if the options hold one, of the record behind each item before they yield it: what was read
and what is written can then never be out of step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyarrow import RecordBatch, Schema


@dataclass(frozen=True, slots=True, eq=False)
class TableHead:
    """Beginning of a table: what its rows share.

    names : its columns
    data, text : first line of a CSV file with its line break, as bytes (behind their mark) and decoded
    delimiter : separates the fields of a CSV file
    schema, compression : those of a Parquet or Arrow file
    """

    names: tuple[str, ...]
    data: bytes = b""
    text: str = ""
    delimiter: str = ""
    schema: Schema | None = None
    compression: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class RawRecord:
    """Record as it stands in its file.

    form : ``jsonl``, ``json``, ``csv`` or ``parquet``
    data, text : lines of JSON Lines or CSV with their line breaks, as bytes and decoded; no text where that fails
    value : what it holds (of a table a mapping); None where that cannot be read
    head : of its table
    width : number of fields of a row of CSV
    batch, row : where it lies in a Parquet or Arrow file
    """

    form: str
    data: bytes = b""
    text: str | None = None
    value: object = None
    head: TableHead | None = None
    width: int = 0
    batch: RecordBatch | None = None
    row: int = 0

    @property
    def fields(self) -> Mapping[str, object] | None:
        """Fields of the record, if it has any."""
        return self.value if isinstance(self.value, Mapping) else None


class Recorder:
    """Note of the last record, of the lines passed over before it, and of the head of its table."""

    def __init__(self) -> None:
        self.head: TableHead | None = None
        self._record: RawRecord | None = None
        self._passed: list[bytes] = []

    def pass_over(self, data: bytes) -> None:
        """Note bytes that belong to no record: a mark, blank lines."""
        if data:
            self._passed.append(data)

    def note(self, record: RawRecord) -> None:
        """Note the record of the item that is yielded next."""
        self._record = record

    def begin(self, head: TableHead) -> None:
        """Note the head of a table."""
        self.head = head

    def take(self) -> tuple[bytes, RawRecord | None]:
        """Bytes passed over since the last call, and the record of the last item; None where it is of another kind."""
        passed, record = b"".join(self._passed), self._record
        self._passed.clear()
        self._record = None
        return passed, record
