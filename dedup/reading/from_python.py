"""Articles from values in Python: texts, records, and tables of pandas, polars, pyarrow and datasets.

None of these libraries is imported: a table is recognised by its attributes, and its columns by the names that records
of files go by too (`field_names`). Made-up ids are the positions of items, counted from 0, so that ``rows[int(id)]`` is
the item again.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple, Protocol, TypeAlias
from uuid import UUID

from dedup.datatypes import Article, Skipped, is_absent
from dedup.errors import MissingExtraError, SettingsError
from dedup.language.json_text import kind_of
from dedup.language.text import printable
from dedup.reading.fields import Columns, find_columns, make_article, read_columns, read_text, with_nested
from dedup.reading.shards import Shards
from dedup.reading.source import ReadOptions

_LONGEST_PATH = 4096  # characters

_NAMES_SHOWN = 12


class HasColumns(Protocol):
    """Frame of pandas or polars."""

    @property
    def columns(self) -> Any:
        """Names of the columns."""
        ...


class HasColumnNames(Protocol):
    """Table of pyarrow, or a dataset."""

    @property
    def column_names(self) -> Any:
        """Names of the columns."""
        ...


Articles: TypeAlias = Iterable[Article | Skipped | str | Mapping[str, Any]] | HasColumns | HasColumnNames
"""Articles in any form that `find_duplicates` takes."""


class ColumnNames(NamedTuple):
    """Names of the columns, or keys of records, that hold the parts of an article; None looks for the usual names."""

    text: str | None = None
    id: str | None = None
    title: str | None = None
    url: str | None = None
    published: str | None = None
    language: str | None = None


USUAL_NAMES = ColumnNames()
"""Columns by the usual names."""


def from_python(
    given: Articles, names: ColumnNames = USUAL_NAMES, *, reference: bool = False
) -> Iterable[Article | Skipped]:
    """Read articles from values in Python, in their order; an item without a text is skipped.

    Parameters
    ----------
    given : iterable of Article, Skipped, str or mapping, or a table
        Tables are those of pandas, polars, pyarrow and datasets, and whatever else hands out Arrow data. `Shards` are
        returned as they are.
    names : ColumnNames
        Columns of a table, or keys of records.
    reference : bool
        Whether all of them belong to a reference.

    Raises
    ------
    SettingsError
        At once, if a table lacks a column that is named, or none of its columns is known to hold the text.
    TypeError
        At once, if it is nothing of the kind, such as the name of a folder.
    """
    if isinstance(given, Shards) and not reference:
        return given
    items = _items(given, names)
    made_up = "reference {}" if reference else "{}"
    return _read_items(items, names, made_up, reference=reference)


def one_from_python(given: Article | str | Mapping[str, Any], made_up: str) -> Article:
    """One article from an article, a text or a record, with an id for one that has none.

    Raises
    ------
    TypeError
        If it is something else.
    SettingsError
        If it holds no text.
    """
    item = _read_item(given, USUAL_NAMES, 0, made_up)
    if isinstance(item, Skipped):
        raise SettingsError(f"the {made_up} article cannot be compared: {item.reason}")
    return item


class CheckedArticles:
    """Articles passed on as they are, as long as each has an id of its own.

    `has_reference` says whether one of those passed on so far belongs to a reference. Iterating raises `SettingsError`
    where an id is empty or comes a second time.
    """

    def __init__(self, items: Iterable[Article | Skipped], *, has_reference: bool = False) -> None:
        self._items = items
        self.has_reference = has_reference

    def __iter__(self) -> Iterator[Article | Skipped]:
        taken: set[str] = set()
        for position, item in enumerate(self._items):
            if isinstance(item, Article):
                if not item.id or item.id in taken:
                    what = f"{printable(item.id)[:80]!r} is there a second time" if item.id else "this one is empty"
                    raise SettingsError(f"ids must be unique, and {what} (item {position}, counted from 0)")
                taken.add(item.id)
                self.has_reference |= item.reference
            yield item


def has_reference(items: Iterable[Article | Skipped]) -> bool:
    """Whether some of the articles, which have been read, belong to a reference."""
    if isinstance(items, Shards):
        return bool(items.against)
    return isinstance(items, CheckedArticles) and items.has_reference


def _read_items(
    items: Iterable[object], names: ColumnNames, made_up: str, *, reference: bool
) -> Iterator[Article | Skipped]:
    for position, item in enumerate(items):
        if position == 0 and isinstance(item, str):
            _refuse_path(item)
        read = _read_item(item, names, position, made_up.format(position))
        yield replace(read, reference=True) if reference and isinstance(read, Article) else read


def _read_item(item: object, names: ColumnNames, position: int, made_up: str) -> Article | Skipped:
    if isinstance(item, (Article, Skipped)):
        return item
    if isinstance(item, Mapping):
        return _read_record({str(name): _plain(value) for name, value in item.items()}, names, made_up)
    if isinstance(item, str):
        return _with_id(make_article("", item), made_up)
    if is_absent(item):
        return Skipped(f"item {made_up}", "no text")
    hint = "; read_paths(...) reads files" if isinstance(item, os.PathLike) else ""
    raise TypeError(
        f"articles must be dedup.Article, texts or records, got {type(item).__name__} as item {position}, counted "
        f"from 0{hint}"
    )


def _read_record(record: Mapping[str, object], names: ColumnNames, made_up: str) -> Article | Skipped:
    options = ReadOptions(text_field=names.text or ())
    record = with_nested(record, options)
    columns = _columns(tuple(record), names)
    fields = read_columns(record, columns)
    text = read_text(record, columns)
    if not text:
        return Skipped(fields.id or f"item {made_up}", _no_text(record, columns, names))
    return _with_id(
        make_article(
            "",
            text,
            own_id=fields.id,
            title=fields.title,
            url=fields.url,
            published=fields.published,
            language=fields.language,
        ),
        f"#{made_up}" if columns.id else made_up,  # other items have ids of their own, perhaps this number
    )


def _with_id(item: Article | Skipped, made_up: str) -> Article | Skipped:
    if isinstance(item, Skipped):
        return replace(item, path=f"item {made_up}")
    return item if item.id else replace(item, id=made_up)


def _no_text(record: Mapping[str, object], columns: Columns, names: ColumnNames) -> str:
    if not columns.text:
        return f"{_lacking(names)}; there are: {_listed(record)}"
    value = record[columns.text[0]]
    return "no text" if value is None or isinstance(value, str) else f"its text is {kind_of(value)}, not a string"


def _columns(available: tuple[str, ...], names: ColumnNames) -> Columns:
    """Columns that hold the parts of an article: those named, or else those with the usual names."""
    found = find_columns(available, ReadOptions())
    named = {part: (name,) if name in available else () for part, name in names._asdict().items() if name is not None}
    return found._replace(**named)


def _table_columns(available: Iterable[object], names: ColumnNames) -> Columns:
    """`_columns` of a table, all of which must be there.

    Raises
    ------
    SettingsError
        Naming the columns there are.
    """
    listed = tuple(map(str, available))
    columns = _columns(listed, names)
    for part, name in names._asdict().items():
        if name is not None and name not in listed:
            raise SettingsError(f"{part}={name!r} names no column; there are: {_listed(listed)}")
    if not columns.text:
        raise SettingsError(f"{_lacking(names)}; there are: {_listed(listed)}")
    return columns


def _lacking(names: ColumnNames) -> str:
    return f"no column {names.text!r}" if names.text else "no column is known to hold the text; name it with text="


def _listed(names: Iterable[str]) -> str:
    known = [printable(name)[:40] for name in names]
    return (", ".join(known[:_NAMES_SHOWN]) + (", ..." if len(known) > _NAMES_SHOWN else "")) or "none"


def _items(given: Any, names: ColumnNames) -> Iterable[object]:
    """Items of what was given: rows of a table as records, anything else one after the other."""
    _refuse_single(given)
    if hasattr(given, "collect_schema") and hasattr(given, "collect"):
        given = given.collect()  # a lazy frame of polars
    if hasattr(given, "iter_rows") and hasattr(given, "columns"):
        return _rows_of_polars(given, names)
    if hasattr(given, "iloc") and hasattr(given, "columns"):
        return _rows_of_pandas(given, names)
    if hasattr(given, "features") and hasattr(given, "column_names"):
        return _rows_of_dataset(given, names)
    if hasattr(given, "schema") and hasattr(given.schema, "names"):
        return _rows_of_arrow(given, names)
    if hasattr(given, "to_pylist"):
        return list(given.to_pylist())
    if not hasattr(given, "__iter__") and hasattr(given, "__arrow_c_stream__"):
        return _rows_of_arrow(_arrow_stream(given), names)
    if not isinstance(given, Iterable):
        raise TypeError(f"articles must be an iterable or a table, got {type(given).__name__}")
    return given


def _refuse_single(given: object) -> None:
    """Raise `TypeError` where one thing was given in place of several, with advice."""
    if isinstance(given, (str, os.PathLike)):
        shown = repr(os.fspath(given))
        what = f"the text {shown[:60]}{'...' if len(shown) > 60 else ''}" if isinstance(given, str) else shown
        raise TypeError(
            f"articles must be several, got {what}; read_folder(...) reads a folder or a file, and a list holds texts"
        )
    if isinstance(given, (bytes, bytearray)):
        raise TypeError("articles must be an iterable or a table, got bytes; decode them, and pass a list of texts")
    if isinstance(given, (Article, Skipped)):
        raise TypeError("articles must be several, got one; pass a list of them")
    if isinstance(given, Mapping):
        parts = [str(name) for name, value in given.items() if hasattr(value, "column_names")]
        if parts:
            raise TypeError(f"articles must be one table, got a dict of several; choose one of {_listed(parts)}")
        raise TypeError("articles must be several, got a dict, which is one record; pass a list of them")


def _refuse_path(text: str) -> None:
    """Raise `TypeError` where the first text is the path of a file or folder: a list of paths holds no articles."""
    if len(text) > _LONGEST_PATH or "\n" in text or "\0" in text or not text.strip():
        return
    try:
        is_path = os.path.exists(text)
    except (OSError, ValueError):
        return
    if is_path:
        raise TypeError(f"articles must be texts, and the first is the path {text!r}; read_paths(...) reads files")


def _rows_of_polars(frame: Any, names: ColumnNames) -> Iterator[Mapping[str, object]]:
    used = _table_columns(frame.columns, names).used
    return (dict(zip(used, row, strict=True)) for row in frame.select(used).iter_rows())


def _rows_of_pandas(frame: Any, names: ColumnNames) -> Iterator[Mapping[str, object]]:
    listed = [str(name) for name in frame.columns]
    used = _table_columns(listed, names).used
    columns = [frame.iloc[:, listed.index(name)] for name in used]
    return (dict(zip(used, row, strict=True)) for row in zip(*columns, strict=True))


def _rows_of_dataset(dataset: Any, names: ColumnNames) -> Iterable[Mapping[str, object]]:
    if dataset.column_names is None:  # a stream whose columns show only as it is read
        rows: Iterable[Mapping[str, object]] = dataset
        return rows
    used = _table_columns(dataset.column_names, names).used
    chosen: Iterable[Mapping[str, object]] = dataset.select_columns(used)
    return chosen


def _rows_of_arrow(table: Any, names: ColumnNames) -> Iterator[Mapping[str, object]]:
    """Rows of a table, a batch or a stream of batches."""
    from dedup.reading.csv_parquet import batch_rows

    used = _table_columns(table.schema.names, names).used
    if hasattr(table, "to_batches"):
        batches: Iterable[Any] = table.to_batches()
    else:
        batches = (table,) if hasattr(table, "num_rows") else table
    return (row for batch in batches for row in batch_rows(batch.select(used)))


def _arrow_stream(given: Any) -> Any:
    try:
        from pyarrow import RecordBatchReader
    except ImportError as fault:
        raise MissingExtraError("pyarrow", "parquet") from fault
    return RecordBatchReader.from_stream(given)


def _plain(value: object) -> object:
    """A cell as Python has it: no value for NaN and its like, and no types of numpy."""
    if value is None or isinstance(value, str):
        return value
    if type(value).__module__ == "numpy":
        value = str(value) if type(value).__name__ == "datetime64" else value.tolist()  # type: ignore[attr-defined]
        return None if value == "NaT" else _plain(value)
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, (list, dict, tuple)):
        return list(value) if isinstance(value, tuple) else value
    if is_absent(value):
        return None
    return int(value) if isinstance(value, float) and value.is_integer() else value  # ids beside NaN are floats
