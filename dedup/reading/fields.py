"""Fields of a record to an article: names as sources write them, values of any type."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timezone
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import NamedTuple

from dedup.datatypes import Article, Skipped
from dedup.errors import ReadError
from dedup.language import text as texts
from dedup.reading.source import ReadOptions, Source

_TEXT = ("text", "body", "content", "contenttext")

_ID = ("id",)

_TITLE = ("title", "headline")

_URL = ("url", "link")

_PUBLISHED = ("published", "publishedat", "datepublished", "publicationdate", "pubdate", "date")

_LANGUAGE = ("language", "lang")

_SEPARATORS = str.maketrans("", "", " _-")

_SURROGATES = re.compile("[\ud800-\udfff]")

_MAIL_DATE = re.compile(r"(?:[A-Z][a-z]{2},? )?\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d(?::\d\d)?(?: \S{1,6})?", re.ASCII)

_NAMES_SHOWN = 8


class Columns(NamedTuple):
    """The fields of a record to look into for each part of an article, the preferred one first."""

    text: tuple[str, ...]
    id: tuple[str, ...]
    title: tuple[str, ...]
    url: tuple[str, ...]
    published: tuple[str, ...]
    language: tuple[str, ...]

    @property
    def used(self) -> list[str]:
        """All of them, each once."""
        return list(dict.fromkeys(name for names in self for name in names))


@lru_cache(maxsize=256)
def find_columns(names: tuple[str, ...], options: ReadOptions) -> Columns:
    """Which of the field names hold what; the case of letters, spaces, ``_`` and ``-`` do not matter."""
    return Columns(
        _named(names, (options.text_field,) if options.text_field else _TEXT),
        _named(names, (options.id_field,) if options.id_field else _ID),
        *(_named(names, wanted) for wanted in (_TITLE, _URL, _PUBLISHED, _LANGUAGE)),
    )


def text_columns(names: Iterable[str], options: ReadOptions) -> Columns:
    """`find_columns` of a table; raises `ReadError` naming the fields there are where none of them holds the text."""
    columns = find_columns(tuple(names), options)
    if not columns.text:
        raise ReadError(_no_text_field(names, options))
    return columns


def read_record(
    record: Mapping[str, object], source: Source, number: int | None, line: int | None = None
) -> Article | Skipped:
    """The article a record holds, or why it holds none.

    Parameters
    ----------
    number : int or None
        Position of the record in its file, from 1, for an id of our own; None where the file holds one record only.
    line : int, optional
        What a skipped record is called by.
    """
    columns = find_columns(tuple(record), source.options)
    values = [record[name] for name in columns.text]
    text = next((value for value in values if isinstance(value, str) and not value.isspace() and value), None)
    if text is None:
        return Skipped(source.path, _missing_text(record, columns, source.options), line)
    return make_article(
        source.path,
        text,
        number=number,
        own_id=_first(record, columns.id),
        title=_first(record, columns.title),
        url=_first(record, columns.url),
        published=next((iso_date(record[name]) for name in columns.published if record[name]), ""),
        language=_first(record, columns.language),
        line=line,
    )


def make_article(
    path: str,
    text: str,
    *,
    number: int | None = None,
    own_id: str = "",
    title: str = "",
    url: str = "",
    published: str = "",
    language: str = "",
    line: int | None = None,
) -> Article | Skipped:
    """An article with clean values, or a reason where the text is blank.

    Its id is its own, the path where it has none, or ``path#number`` where the file holds several.
    """
    text = _tidy(text).strip()
    if not text:
        return Skipped(path, "no text", line)
    return Article(
        id=_one_line(own_id) or (path if number is None else f"{path}#{number}"),
        text=text,
        title=_one_line(title),
        path=path,
        url=_one_line(url),
        published=published,
        declared_language=_one_line(language),
    )


def kind_of(value: object) -> str:
    """What a value is, in words."""
    kinds: tuple[tuple[type, str], ...] = (
        (type(None), "nothing"),
        (str, "a text"),
        (bool, "true or false"),
        (int, "a number"),
        (float, "a number"),
        (list, "a list"),
        (dict, "an object"),
    )
    return next((name for kind, name in kinds if isinstance(value, kind)), f"a value of type {type(value).__name__}")


def iso_date(value: object) -> str:
    """A date in ISO 8601 where it can be told for sure (dates, mail dates, seconds or milliseconds since 1970).

    Other text is left in the words of the source, anything else is empty.
    """
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _date_of_number(value)
    text = _one_line(value) if isinstance(value, str) else ""
    if _MAIL_DATE.fullmatch(text):
        try:
            return parsedate_to_datetime(text).isoformat()
        except (ValueError, TypeError, OverflowError):  # the 31st of February; Python 3.10 raises a TypeError
            return text
    return text


def _date_of_number(value: float) -> str:
    seconds = value / 1000 if 1e11 <= value < 1e14 else value
    if 1e8 <= seconds < 1e11:  # 1973 to 5138: smaller numbers are years, or days written as 20240521
        return datetime.fromtimestamp(int(seconds), timezone.utc).isoformat()
    return str(value) if isinstance(value, int) else ""


def _named(names: tuple[str, ...], wanted: Iterable[str]) -> tuple[str, ...]:
    """The names that are wanted, in the order in which they are wanted, an exact one before one written otherwise."""
    plain = {name: _plain(name) for name in names}
    return tuple(
        dict.fromkeys(
            name
            for want in wanted
            for name in sorted((name for name in names if plain[name] == _plain(want)), key=lambda name: name != want)
        )
    )


def _plain(name: str) -> str:
    return name.casefold().translate(_SEPARATORS)


def _first(record: Mapping[str, object], names: tuple[str, ...]) -> str:
    """The first value that is text or a whole number, as text."""
    for name in names:
        value = record[name]
        if isinstance(value, str) and value:
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
    return ""


def _missing_text(record: Mapping[str, object], columns: Columns, options: ReadOptions) -> str:
    if not columns.text:
        return _no_text_field(record, options)
    for name in columns.text:
        value = record[name]
        if value is not None and not isinstance(value, str):
            return f'field "{texts.printable(name)}" holds {kind_of(value)}, not text'
    return "no text"


def _no_text_field(names: Iterable[str], options: ReadOptions) -> str:
    wanted = f'"{texts.printable(options.text_field)}"' if options.text_field else '"text", "body" or "content"'
    known = [texts.printable(name)[:40] for name in names]
    shown = ", ".join(known[:_NAMES_SHOWN]) + (", ..." if len(known) > _NAMES_SHOWN else "")
    return f"no field {wanted}; there are: {shown or 'none'}; name one with --text-field"


def _tidy(text: str) -> str:
    try:
        text.encode()  # ten times as fast as a search for half a character, which JSON may hold
    except UnicodeEncodeError:
        text = _SURROGATES.sub("\ufffd", text)
    return texts.clean(text)


def _one_line(text: str) -> str:
    return text if text.isascii() and text.isprintable() else " ".join(_tidy(text).split())
