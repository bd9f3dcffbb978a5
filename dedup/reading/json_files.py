"""JSON and JSON Lines: every object an article."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from dedup.datatypes import Article, Skipped
from dedup.errors import ReadError
from dedup.language.json_text import kind_of
from dedup.reading.encoding import Lines
from dedup.reading.fields import has_text, read_record
from dedup.reading.own_reports import OwnReportError, refuse_own_record
from dedup.reading.raw import RawRecord
from dedup.reading.source import Source, or_fault

_DEEPEST, _TRIED = 4, 20  # objects within objects, and how many of each are looked into for articles

# Raw tabs and line breaks inside strings are common in exports and do no harm.
_DECODER = json.JSONDecoder(strict=False)


def read_json(source: Source) -> Iterator[Article | Skipped]:
    """The articles of a JSON file: one object, a list of objects, or an object that holds one such list.

    A file of JSON Lines under the wrong name is read as what it is.
    """
    text = source.text()
    try:
        value = _parse(text)
    except ReadError:
        if not _parses(text.strip().partition("\n")[0]):
            raise
        yield from _read_lines(replace(source, stream=io.BufferedReader(io.BytesIO(text.encode()))))
    else:
        refuse_own_record(value)
        yield from _read_value(value, source)


def read_json_lines(source: Source) -> Iterator[Article | Skipped]:
    """The articles of a JSON Lines file, one a line, blank lines passed over; memory holds one line at a time.

    A list over many lines is JSON under the wrong name and read as what it is.
    """
    is_list = source.stream.peek(1).lstrip()[:1] == b"["
    return read_json(source) if is_list else _read_lines(source)


def _read_lines(source: Source) -> Iterator[Article | Skipped]:
    lines, recorder = source.lines(), source.options.recorder
    if recorder:
        recorder.pass_over(lines.mark)
    number = 0
    for line in or_fault(lines):
        if isinstance(line, str) and line.isspace():
            if recorder:
                recorder.pass_over(lines.raw)
            continue
        number += 1
        yield _read_line(line, source, number, lines)


def _read_line(line: str | ReadError, source: Source, number: int, lines: Lines) -> Article | Skipped:
    position, recorder = lines.number, source.options.recorder
    if recorder:
        recorder.note(RawRecord("jsonl", lines.raw, line if isinstance(line, str) else None))
    if isinstance(line, ReadError):
        return Skipped(source.path, str(line), position)
    try:
        record = _parse(line.strip())
        if recorder:
            recorder.note(RawRecord("jsonl", lines.raw, line, record))
        if number == 1:
            refuse_own_record(record)
        return _read_object(record, source, number, position)
    except OwnReportError:
        raise
    except ReadError as fault:
        return Skipped(source.path, str(fault), position)


def _read_value(value: object, source: Source) -> Iterator[Article | Skipped]:
    recorder = source.options.recorder
    records = value if isinstance(value, list) else _records_inside(value, source)
    if records is None:
        if recorder:
            recorder.note(RawRecord("json", value=value))
        yield _read_object(value, source, None, None)
        return
    for number, record in enumerate(records, 1):
        if recorder:
            recorder.note(RawRecord("json", value=record))
        yield _read_object(record, source, number, number)


def _records_inside(value: object, source: Source) -> list[object] | None:
    """The list of articles in an object that has no text itself, such as ``{"articles": [...]}``.

    Exports lay it up to four deep (Ghost: ``{"db": [{"data": {"posts": [...]}}]}``); of several the longest counts.
    """
    if not isinstance(value, dict) or has_text(_flat(value), source.options):
        return None
    lists = list(_lists(value, _DEEPEST))
    if len(lists) == 1:
        return lists[0]
    with_text = [found for found in lists if any(has_text(_flat(record), source.options) for record in found[:_TRIED])]
    return max(with_text, key=len, default=None)


def _lists(value: object, depth: int) -> Iterator[list[object]]:
    """Lists of objects in an object, those outside before those inside them."""
    values = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    inner = [one for one in values if isinstance(one, (dict, list))]
    yield from (one for one in inner if isinstance(one, list) and one and isinstance(one[0], dict))
    if depth:
        for one in inner[:_TRIED]:
            yield from _lists(one, depth - 1)


def _flat(value: Any) -> Any:
    """A record of JSON:API with its attributes as its own fields."""
    attributes = value.get("attributes") if isinstance(value, dict) else None
    if not isinstance(attributes, dict):
        return value
    return {**{name: inner for name, inner in value.items() if name != "attributes"}, **attributes}


def _read_object(value: object, source: Source, number: int | None, line: int | None) -> Article | Skipped:
    if not isinstance(value, dict):
        return Skipped(source.path, f"holds {kind_of(value)}, not an object", line)
    return read_record(_flat(value), source, number, line)


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
