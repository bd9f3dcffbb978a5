"""Fields of a record to an article: names as sources write them, values of any type."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timezone
from functools import lru_cache
from typing import NamedTuple

from dedup.datatypes import Article, Skipped
from dedup.errors import ReadError
from dedup.language import text as texts
from dedup.language.json_text import kind_of
from dedup.reading.field_names import ID, LANGUAGE, PUBLISHED, TEXT, TITLE, URL, plain_name
from dedup.reading.own_reports import refuse_own_table
from dedup.reading.source import ReadOptions, Source

_INSIDE = ("rendered", "processed", "value", "plaintext", "text", "#text", "_", "html", "name")

_MARKED_UP = re.compile(
    r"\s*(?:<!--.*?-->\s*)?<(?:p|div|h[1-6]|span|section|article|figure|ul|ol|blockquote)\b[^<>]*>", re.I | re.S
)

_ENTITY_OR_TAG = re.compile(r"&#?\w{2,8};|</[a-z]{1,10}>")

_FEW = 1000  # names of fields

_LONGEST_DATE = 80

_SURROGATES = re.compile("[\ud800-\udfff]")

_MAIL_DATE = re.compile(r"(?:[A-Z][a-z]{2},? )?\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d(?::\d\d)?(?: \S{1,6})?", re.ASCII)

_SPACED_DATE = re.compile(
    r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d(?::\d\d)?)(\.\d+)?[ ]?(?:(Z|UTC|GMT)|([+-]\d\d):?(\d\d))?", re.ASCII
)

# Without separators, as in NITF.
_COMPACT_DATE = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)?(?:(Z)|([+-]\d\d):?(\d\d))?", re.ASCII)

# How newsapi.org, WordPress and feeds mark what they have cut.
_CUT_OFF = re.compile(
    r"\s*(?:\[\+\d{1,9} chars\]|\[(?:…|\.\.\.|(?:read |continue )?(?:more|reading)[\s.…→]{0,5})\]"
    r"|\((?:more\s?)?(?:…|\.\.\.)\))$",
    re.IGNORECASE,
)

_LEFT_OPEN = re.compile(r"[\w,;:]\s?(?:…|\.\.\.)$")  # in the middle of a sentence

_LONGEST_TEASER = 1000  # characters; a longer text that ends in dots is one of its author's

CUT = "cut off by its source: the beginning alone"
"""Note on a text that its source gives a part of."""

DRAFT = "a draft, says its source"
"""Note on a text that was not published."""

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


class Fields(NamedTuple):
    """Id, title, address, date and language of a record."""

    id: str
    title: str
    url: str
    published: str
    language: str


def find_columns(names: tuple[str, ...], options: ReadOptions) -> Columns:
    """Find the field names that hold id, title and text; those of the options first, then the common ones.

    The case of letters, spaces, ``_`` and ``-`` do not matter.
    """
    return (_columns_of_few if len(names) <= _FEW else _columns_of_many)(names, options)


def _columns(names: tuple[str, ...], options: ReadOptions) -> Columns:
    plain = tuple((name, plain_name(name)) for name in names)
    return Columns(
        _named(plain, (*options.text_field, *TEXT)),
        _named(plain, (*options.id_field, *ID)),
        _named(plain, (*options.title_field, *TITLE)),
        _named(plain, URL),
        _named(plain, (*options.date_field, *PUBLISHED)),
        _named(plain, (*options.language_field, *LANGUAGE)),
    )


_columns_of_few = lru_cache(maxsize=256)(_columns)

_columns_of_many = lru_cache(maxsize=1)(_columns)  # of a table; records of as many names would fill the memory


def text_columns(names: Iterable[str], options: ReadOptions) -> Columns:
    """`find_columns` of a table; raises `ReadError` naming the fields there are where none of them holds the text."""
    names = tuple(names)
    refuse_own_table(names)
    _note(names, options)
    columns = find_columns(names, options)
    if not columns.text and not any("." in name for name in options.text_field):
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
    record = with_nested(record, source.options)
    _note(record, source.options)
    columns = find_columns(tuple(record), source.options)
    text = read_text(record, columns)
    if not text:
        return Skipped(source.path, _missing_text(record, columns, source.options), line)
    fields = read_columns(record, columns)
    return make_article(
        source.path,
        text,
        number=number,
        own_id=fields.id,
        title=fields.title,
        url=fields.url,
        published=fields.published,
        language=fields.language,
        line=line,
    )


def read_fields(record: Mapping[str, object], options: ReadOptions) -> Fields:
    """Id, title, address, date and language of a record, each empty where it has none."""
    _note(record, options)
    return read_columns(record, find_columns(tuple(record), options))


def _note(names: Iterable[str], options: ReadOptions) -> None:
    if options.named is not None:
        options.named.note(names)


def read_text(record: Mapping[str, object], columns: Columns) -> str:
    """Text of a record, in the first of its columns that holds one; empty where none does."""
    return next(filter(None, (_text(record[name], name) for name in columns.text)), "")


def read_columns(record: Mapping[str, object], columns: Columns) -> Fields:
    """Id, title, address, date and language of a record in the columns that hold them."""
    title = _first(record, columns.title)
    return Fields(
        _first(record, columns.id),
        plain_text(title) if _ENTITY_OR_TAG.search(title) else title,
        _first(record, columns.url),
        next(filter(None, (_date(record[name]) for name in columns.published)), ""),
        _first(record, columns.language),
    )


def with_nested(record: Mapping[str, object], options: ReadOptions) -> Mapping[str, object]:
    """A record with the fields that the options name by dots, such as ``content.rendered``, beside its own."""
    if not options.dotted:
        return record
    found = {name: _dig(record, name) for name in options.dotted if name not in record}
    return {**record, **{name: value for name, value in found.items() if value is not None}} if found else record


def has_text(record: object, options: ReadOptions) -> bool:
    """Whether a value is a record with a text in one of the fields that may hold it."""
    if not isinstance(record, dict):
        return False
    record = with_nested(record, options)
    return any(_text(record[name], name) for name in find_columns(tuple(record), options).text)


def plain_text(html: str) -> str:
    """Text of a piece of HTML, without shortcodes."""
    from dedup.reading.markup import strip_shortcodes, strip_tags

    return strip_tags(strip_shortcodes(html))


def _dig(record: Mapping[str, object], name: str) -> object:
    value: object = record
    for part in name.split("."):
        if isinstance(value, list) and value:
            value = value[0]
        if not isinstance(value, dict):
            return None
        value = next((inner for key, inner in value.items() if plain_name(str(key)) == plain_name(part)), None)
    return value


def _inner(value: object) -> tuple[object, str]:
    """Value inside an object such as ``{"rendered": ...}``, with its name there."""
    if isinstance(value, list) and value and all(isinstance(part, str) for part in value):
        return "\n".join(value), ""  # paragraphs
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, dict):
        return next(((value[name], name) for name in _INSIDE if isinstance(value.get(name), str)), (value, ""))
    return value, ""


def _text(value: object, name: str) -> str:
    """The text that a field holds, its markup stripped where it is HTML; empty where it holds none."""
    if isinstance(value, str):
        inner = name
    else:
        value, inner = _inner(value)
    if not isinstance(value, str) or not value or value.isspace():
        return ""
    marked_up = inner in ("rendered", "processed") or plain_name(inner).endswith("html") or _MARKED_UP.match(value)
    return plain_text(value) if marked_up else value


def _date(value: object) -> str:
    shown = iso_date(value if isinstance(value, str) else _inner(value)[0])
    return shown if len(shown) <= _LONGEST_DATE else ""


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
    draft: bool = False,
) -> Article | Skipped:
    """An article with clean values, or a reason where the text is blank.

    Its id is its own, the path where it has none, or ``path#number`` where the file holds several. The mark of a cut
    goes, and the article has a note of it.
    """
    text, cut = _without_mark(_tidy(text).strip())
    if not text:
        return Skipped(path, "no text", line)
    own_id = _one_line(own_id)
    return Article(
        id=own_id or (path if number is None else f"{path}#{number}"),
        text=text,
        title=_one_line(title),
        path=path,
        url=_one_line(url),
        published=published,
        declared_language=_one_line(language),
        own_id=own_id,
        note=", ".join([DRAFT] * draft + [CUT] * cut),
    )


def _without_mark(text: str) -> tuple[str, bool]:
    """A text without the mark of a cut at its end, and whether it was cut."""
    if not text.endswith(("]", ")", "…", "...")):
        return text, False
    kept = _CUT_OFF.sub("", text) if text[-1] in "])" else text  # looks at all spaces of a text
    return kept, len(kept) < len(text) or (len(text) <= _LONGEST_TEASER and bool(_LEFT_OPEN.search(text)))


def iso_date(value: object) -> str:
    """A date in ISO 8601 where it is certain (dates, mail dates, seconds or milliseconds since 1970).

    Other text is left in the words of the source, anything else is empty.
    """
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _date_of_number(value)
    text = _one_line(value) if isinstance(value, str) else ""
    if _MAIL_DATE.fullmatch(text):
        from email.utils import parsedate_to_datetime  # loads the sockets of the system

        try:
            return parsedate_to_datetime(text).isoformat()
        except (ValueError, TypeError, OverflowError):  # the 31st of February; Python 3.10 raises a TypeError
            return text
    if spaced := _SPACED_DATE.fullmatch(text):
        day, time, fraction, utc, hours, minutes = spaced.groups(default="")
        return f"{day}T{time}{fraction}{'Z' if utc else ''}{hours}{':' if hours else ''}{minutes}"
    if compact := _COMPACT_DATE.fullmatch(text):
        year, month, of_month, hour, minute, second, utc, hours, minutes = compact.groups(default="")
        seconds = f":{second}" if second else ""
        return f"{year}-{month}-{of_month}T{hour}:{minute}{seconds}{utc}{hours}{':' if hours else ''}{minutes}"
    return text


def _date_of_number(value: float) -> str:
    seconds = value / 1000 if 1e11 <= value < 1e14 else value
    if 1e8 <= seconds < 1e11:  # 1973 to 5138: smaller numbers are years, or days written as 20240521
        return datetime.fromtimestamp(int(seconds), timezone.utc).isoformat()
    return str(value) if isinstance(value, int) else ""


def _named(names: tuple[tuple[str, str], ...], wanted: Iterable[str]) -> tuple[str, ...]:
    """The names that are wanted, in the order in which they are wanted, an exact one before one written otherwise."""
    order: dict[str, int] = {}
    for want in wanted:
        order.setdefault(plain_name(want), len(order))
    exact = frozenset(wanted)
    found = [(order[plain], name not in exact, at, name) for at, (name, plain) in enumerate(names) if plain in order]
    return tuple(dict.fromkeys(name for *_, name in sorted(found)))


def _first(record: Mapping[str, object], names: tuple[str, ...]) -> str:
    """The first value that is text or a whole number, as text."""
    for name in names:
        value = record[name]
        if not isinstance(value, str):
            value, _ = _inner(value)
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
        if value is not None and not isinstance(_inner(value)[0], str):
            return f'field "{texts.printable(name)}" holds {kind_of(value)}, not text'
    return "no text"


def _no_text_field(names: Iterable[str], options: ReadOptions) -> str:
    wanted = [f'"{texts.printable(name)}"' for name in (*options.text_field, "text", "body", "content")]
    known = [texts.printable(name)[:40] for name in names]
    shown = ", ".join(known[:_NAMES_SHOWN]) + (", ..." if len(known) > _NAMES_SHOWN else "")
    advice = "choose one of them" if options.text_field else "name one"
    listed = f"{', '.join(wanted[:-1])} or {wanted[-1]}"
    return f"no field {listed}; {advice} with --text-field; there are: {shown or 'none'}"


def _tidy(text: str) -> str:
    try:
        text.encode()  # ten times as fast as a search for half a character, which JSON may hold
    except UnicodeEncodeError:
        text = _SURROGATES.sub("\ufffd", text)
    return texts.clean(text)


def _one_line(text: str) -> str:
    return text if text.isascii() and text.isprintable() else " ".join(_tidy(text).split())
