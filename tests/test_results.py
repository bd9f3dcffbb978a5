"""A report in the hands of a user: stories with their articles, one kept of each, tables, files, and short lines."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

import dedup
from dedup import Article, MatchKind, Report, datatypes, find_duplicates
from dedup.errors import MissingExtraError, ReadError, SettingsError, WriteError
from dedup.report import as_csv, as_dict, as_html, as_json, as_jsonl, as_text
from handmade import handmade_report
from test_pipeline import OTHERS, STORIES

NAMES = [field.name for field in fields(datatypes.Report)]


@pytest.fixture(scope="module")
def report() -> Report:
    return Report(**{name: getattr(handmade_report(), name) for name in NAMES})


def test_a_run_returns_a_report_with_methods() -> None:
    report = find_duplicates([*STORIES.values(), *OTHERS], threshold=0.6, level="duplicate")
    assert isinstance(report, Report)
    (story,) = report.stories()
    assert [article.text for article in story.articles] == list(STORIES.values())
    assert story.languages == ("en", "id", "de", "ru")
    assert story.kind is dedup.MatchKind.TRANSLATION
    assert len(story.matches) == 6
    assert all(pair.match.score >= 0.6 for pair in story.matches)
    assert [article.id for article in report.kept()] == [story.kept.id, *"4567"]
    assert report.settings.threshold == 0.6


def test_stories_hold_articles(report: Report) -> None:
    first, second = report.stories()
    assert first.articles == report.articles[:2]
    assert first.kept is report.articles[0]
    assert first.repeats == (report.articles[1],)
    assert second.languages == ("ja", "ar", "th")
    (pair,) = first.matches
    assert (pair.left, pair.right, pair.match.left, pair.match.right) == (*report.articles[:2], 0, 1)
    assert pair.match.evidence is report.matches[0].evidence
    assert first.id == as_dict(report)["clusters"][0]["id"]


def test_kept_are_the_representatives_and_all_that_is_told_once(report: Report) -> None:
    assert [article.id for article in report.kept()] == ["news/en.txt", "ar-1", "news/lone.txt"]
    assert len(report.kept()) == len(report.articles) - report.duplicates
    assert report.kept(kinds=(MatchKind.EXACT, MatchKind.NEAR)) == list(report.articles)
    with pytest.raises(SettingsError, match=r"kinds must be exact, near, .*, got 'copy'"):
        report.kept(kinds=["copy"])  # type: ignore[list-item]


def test_the_one_to_keep_is_chosen_by_rules(report: Report, tmp_path: Path) -> None:
    assert [one.id for one in report.kept("language:id,th")] == ["news/id.txt", "th-1", "news/lone.txt"]
    assert [one.id for one in report.kept(["path:*.txt", "first"])] == ["news/en.txt", "ja-1", "news/lone.txt"]
    assert [one.id for one in report.kept(by="longest")] == ["news/en.txt", "ar-1", "news/lone.txt"]
    with pytest.raises(SettingsError, match="nicest"):
        report.kept(by="nicest")
    report.save(tmp_path / "a.json")
    loaded = Report.load(tmp_path / "a.json")
    assert [one.id for one in loaded.kept("language:id,th")] == ["news/id.txt", "th-1", "news/lone.txt"]
    with pytest.raises(ReadError, match="which the length needs"):
        loaded.kept("longest")


def test_renderings_are_methods(report: Report) -> None:
    assert report.as_dict() == as_dict(report)
    assert report.as_json() == as_json(report)
    assert report.as_jsonl(with_text=False) == as_jsonl(report, with_text=False)
    assert report.as_csv() == as_csv(report)
    assert report.as_text(width=80) == as_text(report)
    assert report.as_html() == as_html(report)


def test_a_table_has_a_row_an_article(report: Report) -> None:
    pytest.importorskip("pandas")
    table = report.to_pandas()
    assert table["id"].tolist() == [article.id for article in report.articles]
    assert table["language"].tolist() == ["en", "id", "ja", "ar", "th", "en"]
    assert table["role"].tolist() == [*("representative", "repeat", "repeat", "representative", "repeat", "single")]
    assert table["repeats"].fillna("").tolist() == ["", "news/en.txt", "ar-1", "", "ar-1", ""]
    assert table["score"].isna().tolist() == [True, False, False, True, False, True]
    assert table["score"][1] == pytest.approx(0.981)
    assert table["story_id"].nunique() == 2
    assert len(Report(**{**dict.fromkeys(NAMES, ()), "settings": report.settings}).to_pandas()) == 0


def test_without_pandas_the_extra_is_named(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    with pytest.raises(MissingExtraError, match=r'pip install "dedup-articles\[pandas\]"'):
        report.to_pandas()


@pytest.mark.parametrize("suffix", ["json", "jsonl", "ndjson"])
def test_a_saved_report_is_loaded_and_saved_again_byte_for_byte(report: Report, suffix: str, tmp_path: Path) -> None:
    path, again = tmp_path / f"a.{suffix}", tmp_path / f"b.{suffix}"
    report.save(path)
    loaded = Report.load(path)
    loaded.save(again)
    assert again.read_bytes() == path.read_bytes()
    assert loaded.as_json() == report.as_json()
    assert loaded.as_jsonl() == report.as_jsonl()


def test_a_loaded_report_has_everything_but_the_texts(report: Report, tmp_path: Path) -> None:
    report.save(tmp_path / "a.json")
    loaded = Report.load(tmp_path / "a.json")
    assert loaded.articles == tuple(replace(article, text="") for article in report.articles)
    assert loaded.clusters == report.clusters
    assert loaded.skipped == report.skipped
    assert [(match.left, match.right, match.kind) for match in loaded.matches] == [
        (match.left, match.right, match.kind) for match in report.matches
    ]
    assert loaded.matches[0].evidence.numbers == report.matches[0].evidence.numbers
    assert [story.kept.id for story in loaded.stories()] == ["news/en.txt", "ar-1"]
    assert [article.id for article in loaded.kept()] == [article.id for article in report.kept()]
    for form in ("csv", "html", "txt"):
        with pytest.raises(ReadError, match=r"a loaded report holds no texts, which .* needs; save it as \.json"):
            loaded.save(tmp_path / f"b.{form}")


@pytest.mark.parametrize("suffix", ["csv", "html", "txt"])
def test_a_report_is_saved_in_the_form_of_its_suffix(report: Report, suffix: str, tmp_path: Path) -> None:
    report.save(tmp_path / f"a.{suffix}")
    form = {"csv": report.as_csv, "html": report.as_html, "txt": report.as_text}[suffix]
    assert (tmp_path / f"a.{suffix}").read_text(encoding="utf-8") == form()


def test_tables_are_saved_into_a_folder(report: Report, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    report.save(tmp_path / "tables.parquet")
    assert len(list((tmp_path / "tables.parquet").iterdir())) == 3


def test_nothing_else_is_written_over(report: Report, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(WriteError, match="is no report of dedup"):
        report.save(path)
    report.save(path, force=True)
    source = tmp_path / "source.txt"
    source.write_text("an article", encoding="utf-8")
    with pytest.raises(WriteError, match="it is one of the inputs"):
        replace(report, articles=(Article("a", "an article", path=str(source)),)).save(source, force=True)
    with pytest.raises(SettingsError, match=r"must be one of \.txt, .*, got 'report\.xyz'"):
        report.save(tmp_path / "report.xyz")


BREAKS: dict[str, Any] = {
    "no articles": lambda whole: whole.pop("articles"),
    "another schema": lambda whole: whole.update(schema=7),
    "articles of another kind": lambda whole: whole.update(articles=3),
    "an article without an id": lambda whole: whole["articles"][0].pop("id"),
    "an id that is a number": lambda whole: whole["articles"][0].update(id=5),
    "an id twice": lambda whole: whole["articles"][0].update(id=whole["articles"][1]["id"]),
    "a member nobody knows": lambda whole: whole["clusters"][0]["members"].append("nobody"),
    "a kind nobody knows": lambda whole: whole["matches"][0].update(kind="odd"),
    "one coverage": lambda whole: whole["matches"][0]["evidence"].update(coverage=[1]),
    "features of another kind": lambda whole: whole["matches"][0]["evidence"].update(features={"cosine": "a"}),
    "a threshold out of range": lambda whole: whole["settings"].update(threshold=7),
    "no settings": lambda whole: whole.update(settings=None),
}


@pytest.mark.parametrize("change", BREAKS.values(), ids=BREAKS)
@pytest.mark.parametrize("suffix", ["json", "jsonl"])
def test_a_broken_report_is_refused_with_its_name(report: Report, change: Any, suffix: str, tmp_path: Path) -> None:
    whole = report.as_dict()
    change(whole)
    if suffix == "jsonl" and not isinstance(whole.get("articles"), list):
        pytest.skip("lines are always in a list")
    from dedup.report.records import dump_json, dump_jsonl

    path = tmp_path / f"broken.{suffix}"
    path.write_text((dump_json if suffix == "json" else dump_jsonl)(whole), encoding="utf-8")
    with pytest.raises(ReadError, match=rf"broken\.{suffix}"):
        Report.load(path)


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe", b"[]", b"{}", b"3", b"[" * 100_000, b'{"type": "report"}\n{', json.dumps({"a": 1}).encode()],
    ids=["empty", "bytes", "list", "object", "number", "deep", "cut off", "another"],
)
def test_what_is_no_report_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "it.json"
    path.write_bytes(content)
    with pytest.raises(ReadError, match=r"it\.json"):
        Report.load(path)
    with pytest.raises(ReadError, match=r"cannot read .*nowhere\.json: No such file"):
        Report.load(tmp_path / "nowhere.json")


def test_values_are_shown_on_one_short_line(report: Report) -> None:
    shown = [report, *report.articles, *report.matches, *report.stories()]
    assert max(len(repr(value)) for value in shown) < 250
    assert repr(report.matches[0]) == "Match(0, 1, kind='translation', score=0.981)"
    assert repr(Article("a", "x" * 50, title="T")) == f"Article('a', '{'x' * 40}…', title='T')"
    assert repr(report.stories()[0]) == (
        "Story(2 articles in en, id, kept='news/en.txt', kind='translation', score=0.981)"
    )


def test_settings_are_given_one_by_one_or_as_one_value() -> None:
    with pytest.raises(SettingsError, match=r"both settings= and threshold= were given; put threshold= into Settings"):
        find_duplicates([], settings=dedup.Settings(), threshold=0.5)
    with pytest.raises(SettingsError, match=r"threshold must lie in \(0, 1\], got 80"):
        find_duplicates([], threshold=80)
    with pytest.raises(SettingsError, match="level must be one of duplicate, story"):
        find_duplicates([], level="event")


def test_two_texts_are_compared_as_they_are() -> None:
    comparison = dedup.compare_articles(STORIES["en"], {"body": STORIES["id"], "nr": 2})
    assert comparison.is_match
    assert (comparison.left.id, comparison.right.id) == ("left", "right")
