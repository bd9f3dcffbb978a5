"""JSON and JSON Lines: every object an article."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace

from dedup.datatypes import Article, Skipped
from dedup.errors import ReadError
from dedup.reading.encoding import decode
from dedup.reading.fields import find_columns, kind_of, read_record
from dedup.reading.source import Source, or_fault

# Raw tabs and line breaks inside strings are common in exports and do no harm.
_DECODER = json.JSONDecoder(strict=False)


def read_json(source: Source) -> Iterator[Article | Skipped]:
    """The articles of a JSON file: one object, a list of objects, or an object that holds one such list.

    A file of JSON Lines under the wrong name is read as what it is.
    """
    text = decode(source.data())
    try:
        value = _parse(text)
    except ReadError:
        if not _parses(text.strip().partition("\n")[0]):
            raise
        yield from _read_lines(replace(source, stream=io.BufferedReader(io.BytesIO(text.encode()))))
    else:
        yield from _read_value(value, source)


def read_json_lines(source: Source) -> Iterator[Article | Skipped]:
    """The articles of a JSON Lines file, one a line, blank lines passed over; memory holds one line at a time.

    A list over many lines is JSON under the wrong name and read as what it is.
    """
    is_list = source.stream.peek(1).lstrip()[:1] == b"["
    return read_json(source) if is_list else _read_lines(source)


def _read_lines(source: Source) -> Iterator[Article | Skipped]:
    lines = source.lines()
    number = 0
    for line in or_fault(lines):
        if isinstance(line, str) and line.isspace():
            continue
        number += 1
        yield _read_line(line, source, number, lines.number)


def _read_line(line: str | ReadError, source: Source, number: int, position: int) -> Article | Skipped:
    if isinstance(line, ReadError):
        return Skipped(source.path, str(line), position)
    try:
        return _read_object(_parse(line.strip()), source, number, position)
    except ReadError as fault:
        return Skipped(source.path, str(fault), position)


def _read_value(value: object, source: Source) -> Iterator[Article | Skipped]:
    records = value if isinstance(value, list) else _records_inside(value, source)
    if records is None:
        yield _read_object(value, source, None, None)
        return
    for number, record in enumerate(records, 1):
        yield _read_object(record, source, number, number)


def _records_inside(value: object, source: Source) -> list[object] | None:
    """The one list of objects in an object that has no text itself, such as ``{"articles": [...]}``."""
    if not isinstance(value, dict) or find_columns(tuple(value), source.options).text:
        return None
    lists = [inner for inner in value.values() if isinstance(inner, list) and inner and isinstance(inner[0], dict)]
    return lists[0] if len(lists) == 1 else None


def _read_object(value: object, source: Source, number: int | None, line: int | None) -> Article | Skipped:
    if not isinstance(value, dict):
        return Skipped(source.path, f"holds {kind_of(value)}, not an object", line)
    return read_record(value, source, number, line)


def _parses(text: str) -> bool:
    try:
        _parse(text)
    except ReadError:
        return False
    return True


def _parse(text: str) -> object:
    try:
        value: object = _DECODER.decode(text)
    except json.JSONDecodeError as fault:
        place = f"line {fault.lineno}, column {fault.colno}" if fault.lineno > 1 else f"column {fault.colno}"
        raise ReadError(f"broken JSON: {fault.msg} ({place})") from fault
    except ValueError as fault:  # Python converts no number of more than some thousand digits
        raise ReadError("broken JSON: a number of too many digits") from fault
    except RecursionError as fault:
        raise ReadError("broken JSON: nested too deeply") from fault
    return value
