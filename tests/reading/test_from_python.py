"""Values in Python to articles: texts, records and tables, each as its library hands them out."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.datatypes import Article, Skipped
from dedup.errors import SettingsError
from dedup.reading.from_python import CheckedArticles, ColumnNames, from_python, one_from_python
from dedup.reading.shards import Shards

RECORDS: list[dict[str, Any]] = [
    {"nid": 7, "body": "Rain fell on Verona.", "title": "Rain", "date": datetime(2024, 5, 1, 10), "views": 3},
    {"nid": 8, "body": "Hujan turun di Verona.", "title": None, "date": None, "views": 4},
    {"nid": 9, "body": None, "title": "No text", "date": datetime(2024, 5, 3), "views": 5},
]
NAMES = ColumnNames(text="body", id="nid")


def pandas_frame(records: list[dict[str, Any]]) -> Any:
    return pytest.importorskip("pandas").DataFrame(records)


def pandas_frame_of_nullable_types(records: list[dict[str, Any]]) -> Any:
    return pandas_frame(records).convert_dtypes()


def pandas_frame_with_another_index(records: list[dict[str, Any]]) -> Any:
    frame = pandas_frame(records)
    return frame.set_index(frame.index + 5)


def polars_frame(records: list[dict[str, Any]]) -> Any:
    return pytest.importorskip("polars").DataFrame(records)


def polars_lazy_frame(records: list[dict[str, Any]]) -> Any:
    return polars_frame(records).lazy()


def arrow_table(records: list[dict[str, Any]]) -> Any:
    return pytest.importorskip("pyarrow").Table.from_pylist(records)


def arrow_batch(records: list[dict[str, Any]]) -> Any:
    return arrow_table(records).to_batches()[0]


def arrow_stream(records: list[dict[str, Any]]) -> Any:
    return arrow_table(records).to_reader()


class OnlyArrow:
    """A table that is known by its Arrow stream alone, as those of duckdb and others are."""

    def __init__(self, table: Any) -> None:
        self._table = table

    def __arrow_c_stream__(self, schema: object = None) -> object:
        return self._table.__arrow_c_stream__(schema)


def only_arrow(records: list[dict[str, Any]]) -> Any:
    return OnlyArrow(arrow_table(records))


def dataset(records: list[dict[str, Any]]) -> Any:
    return pytest.importorskip("datasets").Dataset.from_list(records)


def streamed_dataset(records: list[dict[str, Any]]) -> Any:
    return dataset(records).to_iterable_dataset()


TABLES = [
    pandas_frame,
    pandas_frame_of_nullable_types,
    pandas_frame_with_another_index,
    polars_frame,
    polars_lazy_frame,
    arrow_table,
    arrow_batch,
    arrow_stream,
    only_arrow,
    dataset,
    streamed_dataset,
    list,
    iter,
]
Maker = Callable[[list[dict[str, Any]]], Any]


@pytest.mark.parametrize("make", TABLES)
def test_every_table_gives_the_same_articles(make: Maker) -> None:
    first, second, third = from_python(make(RECORDS), NAMES)
    assert first == Article("7", RECORDS[0]["body"], "Rain", published="2024-05-01T10:00:00")
    assert second == Article("8", RECORDS[1]["body"])
    assert third == Skipped("9", "no text")


@pytest.mark.parametrize("make", TABLES)
def test_the_usual_names_of_columns_are_known(make: Maker) -> None:
    records = [{"Body": "a text", "Headline": "its title", "lang": "en", "link": "https://x.org"}]
    (article,) = from_python(make(records))
    assert article == Article("0", "a text", "its title", url="https://x.org", declared_language="en")


@pytest.mark.parametrize("make", TABLES[:-3])
@pytest.mark.parametrize(
    ("names", "told"),
    [
        (ColumnNames(), r"no column is known to hold the text; name it with text=; there are: .*nid.*"),
        (ColumnNames(text="text"), r"text='text' names no column; there are: .*words.*"),
        (ColumnNames(text="words", id="key"), r"id='key' names no column; there are: .*nid.*"),
    ],
    ids=["no text", "another text", "another id"],
)
def test_a_table_without_a_column_is_refused_at_once(make: Maker, names: ColumnNames, told: str) -> None:
    table = make([{"nid": 1, "words": "a", "views": 2}])
    with pytest.raises(SettingsError, match=told):
        from_python(table, names)


def test_texts_are_called_by_their_positions() -> None:
    found = list(from_python(["one", "  ", None, math.nan, "two"]))  # type: ignore[list-item]
    assert found == [
        Article("0", "one"),
        Skipped("item 1", "no text"),
        Skipped("item 2", "no text"),
        Skipped("item 3", "no text"),
        Article("4", "two"),
    ]


@pytest.mark.parametrize("make", [pandas_frame, polars_frame, arrow_table, dataset])
def test_one_column_is_a_list_of_texts(make: Maker) -> None:
    column = make([{"text": "one"}, {"text": "two"}])["text"]
    assert list(from_python(column)) == [Article("0", "one"), Article("1", "two")]


def test_an_array_of_texts_is_a_list_of_them() -> None:
    assert list(from_python(np.array(["one", "two"]))) == [Article("0", "one"), Article("1", "two")]


def test_kinds_of_items_may_be_mixed() -> None:
    given = [Article("a", "one"), "two", {"text": "three"}, Skipped("b.txt", "empty file")]
    assert list(from_python(given)) == [
        Article("a", "one"),
        Article("1", "two"),
        Article("2", "three"),
        Skipped("b.txt", "empty file"),
    ]


@pytest.mark.parametrize(
    ("id", "told"),
    [
        ("a", "a"),
        (7, "7"),
        (7.0, "7"),
        (np.int64(7), "7"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (None, "#0"),
        (math.nan, "#0"),
        ("", "#0"),
    ],
    ids=repr,
)
def test_ids_are_strings_and_absent_ones_are_made_up(id: object, told: str) -> None:
    (article,) = from_python([{"id": id, "text": "some text"}])
    assert isinstance(article, Article)
    assert article.id == told


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("2024-05-01", "2024-05-01"),
        (date(2024, 5, 1), "2024-05-01"),
        (datetime(2024, 5, 1, 8, tzinfo=timezone.utc), "2024-05-01T08:00:00+00:00"),
        (np.datetime64("2024-05-01"), "2024-05-01"),
        (np.datetime64("NaT"), ""),
        (1714521600, "2024-05-01T00:00:00+00:00"),
        (1714521600.0, "2024-05-01T00:00:00+00:00"),
        (None, ""),
        (math.nan, ""),
    ],
    ids=repr,
)
def test_dates_become_iso_strings(value: object, told: str) -> None:
    (article,) = from_python([{"text": "some text", "published": value}])
    assert isinstance(article, Article)
    assert article.published == told


def test_what_pandas_calls_nothing_is_nothing() -> None:
    pandas = pytest.importorskip("pandas")
    record = {"text": "a", "title": pandas.NA, "published": pandas.NaT, "url": np.float32("nan"), "language": None}
    assert list(from_python([record])) == [Article("0", "a")]
    assert Article("0", "a", title=pandas.NA, published=pandas.NaT) == Article("0", "a")


def test_columns_may_lie_within_others() -> None:
    record = {"content": {"rendered": "<p>A text.</p>"}, "id": 3}
    assert list(from_python([record], ColumnNames(text="content.rendered"))) == [Article("3", "A text.")]


def test_a_named_column_alone_counts() -> None:
    record = {"text": "a teaser", "body": "", "id": "x", "nid": "y"}
    (skipped,) = from_python([record], ColumnNames(text="body", id="nid"))
    assert skipped == Skipped("y", "no text")


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"words": "x"}, "no column is known to hold the text; name it with text=; there are: words"),
        ({"text": 3}, "its text is a number, not a string"),
        ({"text": " "}, "no text"),
        ({}, "no column is known to hold the text; name it with text=; there are: none"),
    ],
    ids=["other names", "a number", "blank", "empty"],
)
def test_a_record_without_a_text_is_skipped_with_a_reason(record: dict[str, object], reason: str) -> None:
    assert list(from_python([record])) == [Skipped("item 0", reason)]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("articles/", r"got the text 'articles/'; read_folder\(\.\.\.\) reads a folder"),
        (Path("articles"), r"got 'articles'; read_folder"),
        (b"text", "got bytes; decode them"),
        (Article("a", "b"), "got one; pass a list of them"),
        ({"text": "a"}, "got a dict, which is one record; pass a list"),
        (5, "an iterable or a table, got int"),
        (None, "an iterable or a table, got NoneType"),
    ],
    ids=repr,
)
def test_one_thing_in_place_of_several_is_refused_with_advice(value: Any, told: str) -> None:
    with pytest.raises(TypeError, match=told):
        from_python(value)


def test_one_split_of_a_dataset_has_to_be_chosen() -> None:
    datasets = pytest.importorskip("datasets")
    splits = datasets.DatasetDict({"train": dataset(RECORDS), "test": dataset(RECORDS)})
    with pytest.raises(TypeError, match="choose one of train, test"):
        from_python(splits)


def test_paths_are_no_articles(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("some text", encoding="utf-8")
    with pytest.raises(TypeError, match=r"the first is the path .*a\.txt.*; read_paths\(\.\.\.\) reads files"):
        list(from_python([str(path)]))
    with pytest.raises(TypeError, match=r"got \w+Path as item 0, counted from 0; read_paths"):
        list(from_python([path]))  # type: ignore[list-item]


def test_ids_that_come_twice_are_refused() -> None:
    with pytest.raises(SettingsError, match=r"'a' is there a second time \(item 1, counted from 0\)"):
        list(CheckedArticles([Article("a", "one"), Article("a", "two")]))
    with pytest.raises(SettingsError, match="this one is empty"):
        list(CheckedArticles([Article("", "one")]))


def test_shards_stay_as_they_are(seeds: Path) -> None:
    shards = Shards((str(seeds),))
    assert from_python(shards) is shards


def test_a_reference_is_marked_and_its_made_up_ids_are_its_own() -> None:
    found = [*from_python(["one", {"id": "a", "text": "two"}], reference=True), *from_python(["three"])]
    assert [(item.id, item.reference) for item in found if isinstance(item, Article)] == [
        ("reference 0", True),
        ("a", True),
        ("0", False),
    ]


def test_one_article_may_be_a_text_or_a_record() -> None:
    assert one_from_python("some text", "left") == Article("left", "some text")
    assert one_from_python({"text": "some text", "id": 3}, "left") == Article("3", "some text")
    with pytest.raises(SettingsError, match="the right article cannot be compared: no text"):
        one_from_python(" ", "right")
    with pytest.raises(TypeError, match="got int as item 0"):
        one_from_python(3, "left")  # type: ignore[arg-type]


PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.dates() | st.datetimes()
VALUES = st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3))
KEYS = st.sampled_from(["id", "text", "title", "url", "published", "language", "x"]) | st.text() | st.integers()


@given(st.lists(st.dictionaries(KEYS, VALUES), max_size=4))
def test_any_record_is_an_article_or_has_a_reason(records: list[dict[Any, Any]]) -> None:
    found = list(from_python(records))
    assert len(found) == len(records)
    for item in found:
        if isinstance(item, Article):
            assert item.id
            assert item.text.strip()
        else:
            assert item.reason
