"""Only the pairs that matter: runs with a selection, held to what it says pair by pair."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from functools import cache
from itertools import combinations, permutations
from pathlib import Path
from typing import Any

import networkx
import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import dedup
from dedup import Article, Decisions, MatchKind, Pairs, Report, Selection, Settings, find_duplicates
from dedup.cli import main
from dedup.clustering.selected import first_partners, mirrored
from dedup.datatypes import Agreement, AlignedPair, Evidence, Match
from dedup.embedding.encoder import Encoder
from dedup.errors import SettingsError
from dedup.matching.selection import time_span
from dedup.report import as_dict, as_html, schema
from test_pipeline import OTHERS, STORIES

EDITED = STORIES["en"].replace("Heavy rain", "Torrential rain").replace("the mayor said", "according to the mayor")
TEXTS = {**{code: STORIES[code] for code in ("en", "id", "de")}, "edited": EDITED, "other": OTHERS[1]}
LANGUAGE = {"en": "en", "edited": "en", "id": "id", "de": "de", "other": "en"}
DAY = timedelta(days=1)


@cache
def bundled() -> Encoder:
    return dedup.load_encoder("bundled")


@cache
def matches_of_texts() -> dict[frozenset[str], Match]:
    """Match of two texts in a run of all, by their names."""
    names = list(TEXTS)
    report = find_duplicates([Article(name, text) for name, text in TEXTS.items()], encoder=bundled())
    return {frozenset((names[match.left], names[match.right])): match for match in report.matches}


def run(articles: Iterable[Article], selection: Selection, **more: Any) -> Report:
    return find_duplicates(list(articles), selection=selection, encoder=bundled(), evidence=False, **more)


def stories(report: Report) -> list[set[str]]:
    return [{report.articles[at].id for at in cluster.members} for cluster in report.clusters]


def pairs(report: Report) -> set[frozenset[str]]:
    return {frozenset((report.articles[m.left].id, report.articles[m.right].id)) for m in report.matches}


def article(name: str, number: int = 0, published: str = "", *, reference: bool = False) -> Article:
    return Article(f"{name} {number}", TEXTS[name], published=published, reference=reference)


EACH = [article(name) for name in TEXTS]


def test_two_in_one_language_are_in_a_story_across_languages_through_a_third() -> None:
    report = run(EACH, Selection(pairs=Pairs.CROSS_LANGUAGE))
    assert stories(report) == [{"en 0", "id 0", "de 0", "edited 0"}]
    assert frozenset(("en 0", "edited 0")) not in pairs(report)
    weakest = report.clusters[0].weakest
    assert report.languages[weakest.left].code != report.languages[weakest.right].code
    alone = run([article("en"), article("edited"), article("other")], Selection(pairs="cross-language"))  # type: ignore[arg-type]
    assert (alone.clusters, alone.matches) == ((), ())


def test_two_languages_are_two_stories_where_pairs_in_one_count() -> None:
    texts = [*EACH, Article("id 1", STORIES["id"].replace("Hujan deras", "Hujan lebat"))]
    report = run(texts, Selection(pairs=Pairs.SAME_LANGUAGE))
    assert stories(report) == [{"en 0", "edited 0"}, {"id 0", "id 1"}]


def test_other_languages_are_read_and_listed_and_take_no_part() -> None:
    report = run(EACH, Selection(languages=("id", "de")))
    assert len(report.articles) == len(EACH)
    assert stories(report) == [{"id 0", "de 0"}]


def test_a_story_is_of_the_kinds_and_the_size_asked_for() -> None:
    articles = [*EACH, article("en", 1)]
    assert stories(run(articles, Selection(kinds=("exact",)))) == [{"en 0", "en 1"}]  # type: ignore[arg-type]
    assert stories(run(articles, Selection(kinds=(MatchKind.NEAR,)))) == [{"en 0", "en 1", "edited 0"}]
    assert stories(run(articles, Selection(min_size=5))) == [{"en 0", "en 1", "edited 0", "id 0", "de 0"}]
    small = run(articles, Selection(min_size=6))
    assert (small.clusters, small.matches) == ((), ())


def test_a_reference_is_compared_with_and_never_inside_it() -> None:
    new, old = [article("en"), article("edited")], [article("en", 1), article("id"), article("de"), article("other")]
    report = find_duplicates(new, against=old, encoder=bundled())
    assert [one.reference for one in report.articles] == [True] * 4 + [False] * 2
    assert stories(report) == [{"en 1", "id 0", "de 0", "en 0", "edited 0"}]
    assert all(len({report.articles[at].reference for at in (m.left, m.right)}) == 2 for m in report.matches)
    assert report.settings.selection.against
    assert [story.kept.reference for story in report.stories()] == [True]
    assert not [one for one in report.kept() if not one.reference]
    assert report.duplicates == report.as_dict()["counts"]["duplicates"] == 2, "those of the reference do not repeat"
    longest = find_duplicates(new, against=old, encoder=bundled(), keep=["path:nowhere", "longest"])
    assert longest.settings.keep == ("path:nowhere", "longest")
    assert frozenset(("en 0", "en 1")) in pairs(report)
    inside = find_duplicates([article("other")], against=old[:3], encoder=bundled())
    assert (inside.clusters, inside.matches) == ((), ())


def test_texts_of_a_reference_have_ids_of_their_own() -> None:
    report = find_duplicates([TEXTS["en"]], against=[TEXTS["id"], TEXTS["other"]], encoder=bundled())
    assert stories(report) == [{"reference 0", "0"}]


def test_copies_are_told_apart_by_date_and_reference() -> None:
    articles = [
        article("en", 1, "2024-05-01"),
        article("en", 2, "2024-05-20"),
        article("id", 1, "2024-05-21"),
        article("de", 1, "2024-05-02"),
    ]
    report = run(articles, Selection(within="2d"))  # type: ignore[arg-type]
    assert stories(report) == [{"en 1", "de 1"}, {"en 2", "id 1"}]
    assert pairs(report) == {frozenset(("en 1", "de 1")), frozenset(("en 2", "id 1"))}
    assert [cluster.kind for cluster in report.clusters] == [MatchKind.TRANSLATION] * 2
    old = [article("en", 3, reference=True), article("en", 4, reference=True)]
    assert stories(run([*old, article("id")], Selection())) == [{"en 3", "en 4", "id 0"}]
    assert stories(run(old, Selection())) == []


def test_a_story_may_grow_longer_than_the_span_by_way_of_a_third() -> None:
    articles = [article("en", 1, "2024-05-01"), article("id", 1, "2024-05-05"), article("de", 1, "2024-05-09")]
    report = run(articles, Selection(within="4d"))  # type: ignore[arg-type]
    assert stories(report) == [{"en 1", "id 1", "de 1"}]
    assert len(report.matches) == 2


def test_only_what_is_known_to_be_older_is_left_out() -> None:
    dates = {"en": "2024-05-01", "id": "2024-05-02T00:00:00", "de": "", "edited": "last week"}
    articles = [article(name, published=published) for name, published in dates.items()]
    assert stories(run(articles, Selection(since="2024-05-02"))) == [{"id 0", "de 0", "edited 0"}]


@st.composite
def drawn_articles(draw: st.DrawFn) -> list[Article]:
    dates = st.none() | st.integers(0, 12) | st.integers(0, 12 * 24).map(lambda hours: hours / 24)
    rows = draw(st.lists(st.tuples(st.sampled_from(list(TEXTS)), dates, st.booleans()), min_size=2, max_size=9))
    with_reference = draw(st.booleans())
    start = datetime(2024, 5, 1, tzinfo=timezone.utc)
    made = []
    for number, (name, days, reference) in enumerate(rows):
        published = "" if days is None else (start + days * DAY).isoformat()
        published = published[:10] if isinstance(days, int) else published
        made.append(article(name, number, published, reference=reference and with_reference))
    return made


SELECTIONS = st.builds(
    Selection,
    pairs=st.sampled_from(Pairs),
    languages=st.sampled_from([(), ("en",), ("en", "id")]),
    within=st.sampled_from([None, 0, 1, 2.5, 7]),
    since=st.sampled_from(["", "2024-05-04", "2024-05-04T12:00:00+00:00"]),
    kinds=st.sampled_from([(), (MatchKind.TRANSLATION,), (MatchKind.NEAR, MatchKind.EXACT)]),
    min_size=st.sampled_from([2, 2, 3]),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(drawn_articles(), SELECTIONS)
def test_stories_are_what_pairs_that_count_hold_together(articles: list[Article], selection: Selection) -> None:
    report = run(articles, selection)
    graph = networkx.Graph(
        (one.id, other.id) for one, other in combinations(articles, 2) if counts(one, other, articles, selection)
    )
    expected = [group for group in networkx.connected_components(graph) if len(group) >= selection.min_size]
    assert sorted(map(sorted, stories(report))) == sorted(map(sorted, expected))
    for match in report.matches:
        one, other = report.articles[match.left], report.articles[match.right]
        assert match.left < match.right
        assert counts(one, other, articles, selection)
        known = known_match(one, other)
        assert (match.score, match.kind) == (known[0], known[1])
    told = {at for match in report.matches for at in (match.left, match.right)}
    assert told >= {at for cluster in report.clusters for at in cluster.members}


def counts(one: Article, other: Article, articles: list[Article], selection: Selection) -> bool:
    """Whether a pair matches and counts, written anew from the description of `Selection`."""
    languages = [LANGUAGE[each.id.split()[0]] for each in (one, other)]
    spans = [span(each.published) for each in (one, other)]
    (begin, end), (begin_other, end_other) = spans
    apart = max(begin - end_other, begin_other - end, 0 * DAY) if all(spans) else 0 * DAY
    since = span(selection.since)
    return (
        known_match(one, other) is not None
        and (not selection.kinds or known_match(one, other)[1] in selection.kinds)
        and (not selection.languages or {*languages} <= {*selection.languages})
        and (selection.pairs is Pairs.ALL or (languages[0] == languages[1]) == (selection.pairs is Pairs.SAME_LANGUAGE))
        and (selection.within is None or apart <= selection.within * DAY)
        and all(of[1] >= since[0] for of in spans)
        and (not any(each.reference for each in articles) or one.reference != other.reference)
    )


def known_match(one: Article, other: Article) -> Any:
    names = frozenset((one.id.split()[0], other.id.split()[0]))
    if len(names) == 1:
        return 1.0, MatchKind.EXACT
    found = matches_of_texts().get(names)
    return found and (found.score, found.kind)


def span(published: str) -> tuple[datetime, datetime]:
    if not published:
        return datetime.min.replace(tzinfo=timezone.utc) + 1000 * DAY, datetime.max.replace(tzinfo=timezone.utc)
    moment = datetime.fromisoformat(published)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    return (moment, moment + DAY - timedelta(seconds=1)) if len(published) == 10 else (moment, moment)


def test_decisions_hold_for_pairs_that_count() -> None:
    lines = [
        '{"left": "en 0", "right": "id 0", "verdict": "different"}',
        '{"left": "id 0", "right": "other 0", "verdict": "same"}',
        '{"left": "en 0", "right": "other 1", "verdict": "same"}',
    ]
    texts = [*EACH, Article("other 1", OTHERS[0])]
    report = run(texts, Selection(pairs=Pairs.CROSS_LANGUAGE), decisions=Decisions.from_lines(lines))
    story_of = {name: number for number, story in enumerate(stories(report)) for name in story}
    assert story_of["id 0"] == story_of["other 0"] != story_of.get("en 0")
    assert "other 1" not in story_of  # decided with an article in its own language


def test_the_order_of_articles_does_not_matter() -> None:
    articles = [article("en", 1, "2024-05-01"), article("en", 2, "2024-05-20"), article("id", 1, "2024-05-21")]
    selection = Selection(within=2, kinds=(MatchKind.TRANSLATION,))
    for order in permutations(articles):
        assert stories(run(order, selection)) == [{"en 2", "id 1"}]


def test_processes_select_the_same() -> None:
    articles = [article(name, number, f"2024-05-{number + 1:02}") for name in TEXTS for number in range(4)]
    selection = Selection(within=2, pairs=Pairs.CROSS_LANGUAGE)
    assert run(articles, selection, jobs=2) == run(articles, selection)


def test_very_many_copies_take_no_time_to_tell_apart() -> None:
    start = date(2020, 1, 1)
    many = [article("en", number, (start + number * DAY).isoformat()) for number in range(1500)]
    report = run([*many, article("id", 0, "2020-01-01")], Selection(within=1))
    assert [len(story) for story in stories(report)] == [1501]
    against = [replace(one, reference=True) for one in many[:750]]
    assert [len(story) for story in stories(run([*against, *many[750:]], Selection()))] == [1500]


def test_a_selection_stands_in_the_report() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    everything = Selection(Pairs.CROSS_LANGUAGE, ("en", "zh"), 7, "2024-05-01", (MatchKind.TRANSLATION,), 3)
    report = run([article("en", reference=True), article("id")], everything)
    told = as_dict(report)
    jsonschema.validate(json.loads(json.dumps(told)), json.loads(schema()))
    assert told["settings"]["selection"] == {
        "pairs": "cross-language",
        "languages": ["en", "zh"],
        "within": 7.0,
        "since": "2024-05-01",
        "kinds": ["translation"],
        "min_size": 3,
        "against": True,
    }
    assert told["articles"][0]["reference"] is True
    words = (
        "Compared only: with a reference; cross-language pairs; articles in en, zh; published within 7 days of each "
        "other; published since 2024-05-01; matches that are translation; stories of at least 3 articles."
    )
    assert words in " ".join(report.as_text().split())
    assert words in as_html(report)
    assert "selection" not in as_dict(find_duplicates([], encoder=bundled()))["settings"]


def test_a_selection_is_loaded_with_its_report(tmp_path: Any) -> None:
    report = run(EACH, Selection(pairs=Pairs.CROSS_LANGUAGE, within=7))
    report.save(tmp_path / "a.json")
    assert Report.load(tmp_path / "a.json").settings.selection == report.settings.selection


@pytest.mark.parametrize("reference", [False, True], ids=["some languages", "a reference"])
def test_tables_in_parts_select_what_the_report_does(reference: bool, tmp_path: Path) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    some = [*EACH, article("edited", 1), article("en", 2, reference=reference)]
    selection = Selection() if reference else Selection(languages=("en", "id"))
    report = find_duplicates(some, selection=selection, encoder=bundled())
    assert 0 < len(report.matches) < len(find_duplicates([*EACH, *some[-2:-1]], encoder=bundled()).matches) + 5
    report.save(tmp_path / "one.parquet")
    summary = dedup.write_tables(some, tmp_path / "parts", settings=Settings(selection=selection), encoder=bundled())
    for name in ("articles", "matches", "skipped"):
        tables = (
            pq.read_table(path) for path in (tmp_path / "parts" / name, tmp_path / "one.parquet" / f"{name}.parquet")
        )
        assert len({str(table.to_pylist()) for table in tables}) == 1
    assert summary["counts"] == as_dict(report)["counts"]
    assert summary["settings"] == as_dict(report)["settings"]


def test_a_reference_is_no_part_of_the_share(tmp_path: Path) -> None:
    new, old = ([article(name, number) for name in names] for number, names in enumerate((["en", "other"], TEXTS)))
    report = find_duplicates(new, against=old, encoder=bundled())
    assert as_dict(report)["counts"]["reference"] == len(old)
    assert report.settings.keep == ("reference", "oldest", "longest")
    told = "2 stories told more than once; 2 of 2 articles (100%) repeat another, 5 of the reference aside."
    assert told in " ".join(report.as_text().split())
    assert "among 2 articles and 5 of the reference in" in " ".join(as_html(report).split())
    alone = find_duplicates(new[:0], against=old, encoder=bundled())
    assert "Nothing to compare: no article was read beside 5 of the reference." in alone.as_text()
    none = find_duplicates(new[:1], against=old[-1:], encoder=bundled())
    assert "No duplicates among 1 article and 1 of the reference." in none.as_text()
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.validate(as_dict(report), json.loads(schema()))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"pairs": "both"}, r"pairs must be all, cross-language, same-language, got 'both'"),
        ({"within": "7x"}, r"within must be a span of time such as 36h, 7d or 2w, or a number of days, got '7x'"),
        ({"within": -1}, r"within must be .*, got -1"),
        ({"within": float("nan")}, r"within must be .*, got nan"),
        ({"within": True}, r"within must be .*, got True"),
        ({"since": "May"}, r"since must be a date such as 2024-05-31, got 'May'"),
        ({"since": "2024-13-01"}, r"since must be a date"),
        ({"kinds": ("copy",)}, r"kinds must be exact, near, translation, excerpt, same-story, got 'copy'"),
        ({"min_size": 1}, r"min_size must be at least 2, got 1"),
        ({"languages": 5}, r"languages are given as a sequence or with commas, got 5"),
        ({"languages": ""}, r"languages must name at least one, got ''; leave it out for all"),
        ({"kinds": (" , ",)}, r"kinds must name at least one, got ' , '; leave it out for all"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_selections_out_of_range_say_value_and_range(given: dict[str, Any], told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        Selection(**given)


def test_a_language_that_cannot_be_detected_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"languages must be codes that can be detected, got 'xx'; there are: af, "):
        run(EACH, Selection(languages=("en", "xx")))


def test_selections_are_given_as_people_write_them() -> None:
    made: Any = Selection
    assert made(languages="id, EN,id").languages == ("id", "en")
    assert made(kinds="all") == made(kinds="near,all") == Selection()
    assert made(kinds="translation,near").kinds == (MatchKind.NEAR, MatchKind.TRANSLATION)
    assert [made(within=span).within for span in ("36h", "7d", "2w", "3", 1.5, timedelta(hours=6))] == [
        *(1.5, 7, 14, 3, 1.5, 0.25)
    ]
    assert made(since=date(2024, 5, 1)).since == "2024-05-01"
    assert not Selection()
    assert made(within=0)


@pytest.mark.parametrize(
    ("published", "begin", "end"),
    [
        ("2024-05-01", 1714521600, 1714607999),
        ("2024-05-01T10:00:00Z", 1714557600, 1714557600),
        ("2024-05-01T10:00:00+03:00", 1714546800, 1714546800),
        ("2024-05", 1714521600, 1717199999),
        ("2024-05-01 or so", -np.inf, np.inf),
        ("yesterday", -np.inf, np.inf),
        ("", -np.inf, np.inf),
    ],
)
def test_dates_are_days_or_moments_or_unknown(published: str, begin: float, end: float) -> None:
    assert time_span(published) == (begin, end)


@given(st.text())
def test_any_date_is_a_span(published: str) -> None:
    begin, end = time_span(published)
    assert begin <= end


def test_a_mirrored_match_tells_the_same_the_other_way_round() -> None:
    facts, names = Agreement(("1",), ("2",), ("3",)), Agreement((), ("a",))
    match = Match(
        0,
        1,
        0.5,
        0.9,
        MatchKind.EXCERPT,
        Evidence((0.2, 0.9), (AlignedPair(0, 4, 0.5), AlignedPair(1, 2, 0.6)), facts, names),
        "right",
    )
    other = mirrored(match)
    assert (other.left, other.right, other.excerpt) == (1, 0, "left")
    assert other.evidence.coverage == (0.9, 0.2)
    assert other.evidence.aligned == (AlignedPair(2, 1, 0.6), AlignedPair(4, 0, 0.5))
    assert other.evidence.numbers == Agreement(("1",), ("3",), ("2",))
    assert mirrored(other) == match


def test_first_partners_tell_of_everyone_once() -> None:
    assert first_partners([(3, 1), (3, 2), (4, 1), (4, 2), (1, 3)]) == [(1, 3), (1, 4), (2, 3)]
    assert first_partners([(3, 1), (3, 2)], {1: 1, 2: 1}) == [(1, 3)]


@pytest.mark.parametrize(
    ("span", "words"),
    [("1d", "1 day"), ("36h", "1.5 days"), ("2w", "14 days"), ("1h", "1 hour"), ("12h", "12 hours"), ("0", "0 hours")],
)
def test_spans_are_told_as_people_say_them(span: str, words: str) -> None:
    report = run([article("en"), article("en", 1)], Selection(within=span))  # type: ignore[arg-type]
    assert f"Compared only: published within {words} of each other." in report.as_text()


def test_a_reference_without_articles_has_nothing_to_compare_with(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "old").mkdir()
    for name in ("a.txt", "b.txt"):
        (tmp_path / "in" / name).write_text(TEXTS["en"], encoding="utf-8")
    done = CliRunner().invoke(main, ["scan", str(tmp_path / "in"), "--against", str(tmp_path / "old")])
    assert (done.exit_code, done.stdout.splitlines()[0]) == (0, "No duplicates among 2 articles.")
    assert "Warning: no article was read in the reference" in done.stderr
