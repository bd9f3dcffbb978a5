"""A folder of files like those that were read.

Files of records (JSON Lines, CSV, Parquet) are written less what goes; any other stays or goes as it is, and goes only
if all of its articles do.
"""

from __future__ import annotations

import gzip
import os
import shutil
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO, cast

from dedup.actions.keep import REPEAT, Output, Record, Rest
from dedup.actions.parquet_output import ParquetOutput
from dedup.actions.survey import form_in_folder
from dedup.actions.text_outputs import CsvOutput, LinesOutput
from dedup.reading.files import file_format
from dedup.reading.read import File


class FolderOutput:
    """Files like those that were read, in a folder.

    Parameters
    ----------
    folder : Path
        A folder with nothing in it.
    places : mapping
        Place in the folder of each file.
    prefix : str or None
        Text before the names of added fields; None to add none.
    """

    def __init__(self, folder: Path, places: Mapping[str, str], *, prefix: str | None = None) -> None:
        self._folder, self._places, self._prefix = folder, places, prefix
        self.repeats_within = 0
        """Repeats in files that stay as they are, since others in them are none."""
        self._file: File | None = None
        self._inner: Output | None = None
        self._opened = ExitStack()
        self._is_file = self._stays = False
        self._repeats = 0

    def __enter__(self) -> FolderOutput:
        return self

    def __exit__(self, *fault: Any) -> None:
        """Close the file that was being written when something failed."""
        self._opened.__exit__(*fault)

    def begin(self, file: File) -> None:
        """Begin with a file."""
        self._file, self._inner, self._stays, self._repeats = file, None, False, 0
        self._is_file = file.path in self._places and os.path.isfile(file.path)
        self._opened = ExitStack()

    def put(self, record: Record) -> bool:
        """Write a record, if it stays, or note whether the file it is of does; False if it cannot be carried over."""
        form = form_in_folder(self._file) if self._file else None
        if form and record.raw is not None:
            if self._inner is None:
                self._inner = self._open(form)
            return self._inner.put(record)
        self._stays |= record.stays
        self._repeats += record.mark.role == REPEAT
        return self._inner is None and self._is_file

    def end(self, rest: Rest) -> None:
        """Finish a file of records, or copy one that stays."""
        if self._inner is not None:
            self._inner.end(rest)
            self._opened.close()
        elif self._stays and self._is_file and self._file:
            self.repeats_within += self._repeats
            shutil.copyfile(self._file.path, self._target())
            shutil.copystat(self._file.path, self._target())

    def _open(self, form: str) -> Output:
        file = cast(File, self._file)
        stream: BinaryIO = self._opened.enter_context(self._target().open("wb"))
        if file_format(file.path)[1]:
            stream = self._opened.enter_context(packed(stream))
        return make_output(form, stream, self._opened, prefix=self._prefix, as_they_are=True)

    def _target(self) -> Path:
        target = self._folder / self._places[cast(File, self._file).path]
        target.parent.mkdir(parents=True, exist_ok=True)
        return target


def make_output(
    form: str, stream: BinaryIO, opened: ExitStack, *, prefix: str | None = None, as_they_are: bool = False
) -> Output:
    """Make the output of a form; `opened` closes it when all has been written."""
    if form == "jsonl":
        return LinesOutput(stream, prefix=prefix, as_they_are=as_they_are)
    if form == "csv":
        return CsvOutput(stream, prefix=prefix, as_they_are=as_they_are)
    output = ParquetOutput(stream, prefix=prefix)
    opened.enter_context(output)
    return output


def packed(stream: BinaryIO) -> BinaryIO:
    """Stream whose bytes are packed by gzip, the same for the same bytes."""
    return cast(BinaryIO, gzip.GzipFile(filename="", mode="wb", fileobj=stream, mtime=0))
