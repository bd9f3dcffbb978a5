from __future__ import annotations

import copyreg
import dataclasses
import math
import pickle
from array import array
from datetime import date
from typing import Any

import pytest

from dedup import datatypes
from dedup.datatypes import Article, Features, Level, Settings, Skipped
from dedup.errors import DedupError, MissingExtraError, SettingsError
from dedup.runtime import pickling as pickling
from handmade import handmade_report


@pytest.mark.parametrize(
    ("title", "text", "body"),
    [
        pytest.param("", "Text.", "Text.", id="no title"),
        pytest.param("Title", "Text.", "Title\nText.", id="title before text"),
        pytest.param("Title", "Title\nText.", "Title\nText.", id="title stands there already"),
        pytest.param("Title", "\n Title goes on", "\n Title goes on", id="leading space does not hide the title"),
        pytest.param("  ", "Text.", "Text.", id="blank title"),
        pytest.param("ข่าว", "ข่าววันนี้", "ข่าววันนี้", id="Thai title is the text's beginning"),
        pytest.param("خبر", "نص", "خبر\nنص", id="Arabic"),
    ],
)
def test_body_holds_the_title_once(title: str, text: str, body: str) -> None:
    assert Article("a", text, title=title).body == body


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ({"id": 5, "text": "x"}, r"the id of an article must be a string, got int 5"),
        ({"id": None, "text": "x"}, r"the id of an article must be a string, got NoneType$"),
        ({"id": "a", "text": None}, r"the text of 'a' must be a string, got NoneType$"),
        ({"id": "a", "text": b"x"}, r"the text of 'a' must be a string, got bytes b'x'"),
        ({"id": "a", "text": "x", "title": 3}, r"title of 'a' must be a string, got int 3"),
        ({"id": "a", "text": "x", "url": ["y"]}, r"url of 'a' must be a string, got list \['y'\]"),
    ],
    ids=["number", "no id", "no text", "bytes", "title", "list"],
)
def test_parts_of_an_article_are_strings(parts: dict[str, Any], told: str) -> None:
    with pytest.raises(TypeError, match=told):
        Article(**parts)


def test_absent_parts_of_an_article_are_empty() -> None:
    assert Article("a", "x", title=None, url=math.nan, declared_language=None) == Article("a", "x")  # type: ignore[arg-type]
    assert Article("a", "x", published=date(2024, 5, 1)).published == "2024-05-01"  # type: ignore[arg-type]


@pytest.mark.parametrize("threshold", [None, 0.001, 0.5, 1, 1.0])
def test_thresholds_in_range_are_taken(threshold: float | None) -> None:
    assert Settings(threshold=threshold).threshold == threshold


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"threshold": 85}, r"threshold must lie in \(0, 1\], got 85; a percentage\? try 0\.85"),
        ({"threshold": "0.5"}, r"threshold must be a number in \(0, 1\], got '0\.5'"),
        ({"threshold": -0.1}, r"threshold must lie in \(0, 1\], got -0\.1$"),
        ({"threshold": 0}, r"threshold must lie in \(0, 1\], got 0: it would join whatever is compared"),
        ({"threshold": 101}, r"got 101$"),
        ({"threshold": math.nan}, r"got nan$"),
        ({"threshold": math.inf}, r"got inf$"),
        ({"neighbours": 0}, r"neighbours must be at least 1, got 0"),
        ({"level": "event"}, r"level must be one of duplicate, story, got 'event'"),
    ],
    ids=[
        "percentage",
        "no number",
        "negative",
        "nought",
        "beyond a percentage",
        "nan",
        "infinite",
        "no neighbour",
        "unknown level",
    ],
)
def test_settings_out_of_range_say_value_range_and_next_step(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        Settings(**settings)


@pytest.mark.parametrize("level", [Level.STORY, "story"])
def test_a_level_may_be_given_by_its_name(level: Level) -> None:
    assert Settings(level=level).level is Level.STORY


def test_values_are_frozen_and_slotted() -> None:
    values = [value for value in vars(datatypes).values() if dataclasses.is_dataclass(value)]
    assert len(values) >= 10
    for value in values:
        assert value.__dataclass_params__.frozen, value  # type: ignore[union-attr]
        assert hasattr(value, "__slots__"), value


def test_settings_and_articles_can_be_keys() -> None:
    assert len({Settings(), Settings(level=Level.STORY), Settings()}) == 2
    assert len({Article("a", "x"), Article("a", "x"), Article("b", "x")}) == 2


def test_duplicates_are_what_could_go() -> None:
    report = handmade_report()
    assert [len(cluster.members) for cluster in report.clusters] == [2, 3]
    assert report.duplicates == 3
    assert dataclasses.replace(report, clusters=()).duplicates == 0


def test_skipped_records_need_no_line() -> None:
    assert Skipped("a.txt", "empty").line is None


def test_every_error_has_one_root() -> None:
    from dedup import errors

    found = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, Exception)]
    assert len(found) >= 5
    assert all(issubclass(value, DedupError) for value in found)


def test_missing_extra_names_the_command() -> None:
    error = MissingExtraError("pyarrow", "parquet")
    assert str(error) == 'pyarrow is needed here and is not installed; run: pip install "dedup-articles[parquet]"'
    assert (error.package, error.extra) == ("pyarrow", "parquet")
    assert isinstance(error, ImportError)


def test_what_is_sent_between_processes_arrives_as_it_was() -> None:
    report = handmade_report()
    for sent in (report.articles, report.languages, report.matches):
        assert pickle.loads(pickle.dumps(sent)) == sent
        assert type(sent[0]) in copyreg.dispatch_table


def test_reports_and_features_are_shown_on_one_line() -> None:
    report = handmade_report()
    counted = f"articles={len(report.articles)}, matches={len(report.matches)}, clusters={len(report.clusters)}"
    assert repr(report).startswith(f"Report({counted}, skipped={len(report.skipped)}, model=")
    assert repr(Features(("cosine", "order"), array("f", [0.25, 1]).tobytes())) == "Features(cosine=0.25, order=1)"


def test_one_rule_is_given_as_a_text_or_as_a_sequence() -> None:
    one = Settings(keep="newest")  # type: ignore[arg-type]
    assert one == Settings(keep=("newest",))
    assert one.keep == ("newest",)
