from __future__ import annotations

import csv
import io
import json
import re
from array import array
from dataclasses import replace
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dedup import report as rendering
from dedup.datatypes import Agreement, AlignedPair, Article, Evidence, Features, Match, MatchKind, Report, Skipped
from dedup.language.text import clean
from dedup.report import terminal, view
from dedup.report.records import match_record
from handmade import ARTICLES, LANGUAGES, empty_report, evidence, handmade_comparison, handmade_report

HOSTILE = "=1+1 </script>\x1b[31m\u202e\udcff\r\n\t😀ـ"
anything = st.text(st.characters() | st.sampled_from(HOSTILE), max_size=30)
ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]")


def hostile_report(value: str) -> Report:
    """The report by hand with one string wherever a stranger may have put it."""
    report = handmade_report()
    first = Article(f"0{value}", value or "-", title=value, path=value, url=value, published=value)
    facts = Agreement((value,), (value,), (value,))
    match = replace(report.matches[0], evidence=replace(evidence(), aligned=(), numbers=facts, names=facts))
    return replace(
        report,
        articles=(first, *report.articles[1:]),
        matches=(match, *report.matches[1:]),
        skipped=(Skipped(value, value or "-"),),
    )


def rows_of(content: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content, newline="")))


# --- JSON ---------------------------------------------------------------------------------------------------------


def validate(document: Any) -> None:
    jsonschema.validate(document, json.loads(rendering.schema()), cls=jsonschema.Draft202012Validator)


def test_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(rendering.schema()))


@pytest.mark.parametrize(
    "report",
    [handmade_report(), empty_report(), empty_report(*ARTICLES[:1])],
    ids=["two stories", "nothing read", "no duplicates"],
)
@pytest.mark.parametrize("with_text", [True, False], ids=["with text", "without text"])
def test_json_report_keeps_the_contract(report: Report, with_text: bool) -> None:
    validate(json.loads(rendering.as_json(report, with_text=with_text)))


def test_the_schema_refuses_what_is_not_in_the_contract() -> None:
    document = rendering.as_dict(handmade_report())
    for broken in ({**document, "extra": 1}, {**document, "schema": 2}, {**document, "counts": {}}):
        with pytest.raises(jsonschema.ValidationError):
            validate(broken)


def test_json_report_says_what_was_decided() -> None:
    document = json.loads(rendering.as_json(handmade_report()))
    assert document["counts"] == {"seen": 8, "read": 6, "skipped": 2, "clusters": 2, "duplicates": 3}
    neighbours = handmade_report().settings.neighbours
    assert document["settings"] == {
        "model": "bundled",
        "threshold": 0.5,
        "scorer": "",
        "level": "duplicate",
        "neighbours": neighbours,
        "keep": ["reference", "oldest", "longest"],
        "roots": [],
    }
    cluster, match = document["clusters"][0], document["matches"][0]
    assert cluster["members"] == ["news/en.txt", "news/id.txt"]
    assert cluster["representative"] == "news/en.txt"
    assert (cluster["kind"], cluster["languages"]) == ("translation", ["en", "id"])
    assert cluster["weakest"] == {"left": "news/en.txt", "right": "news/id.txt", "similarity": 0.871, "score": 0.981}
    assert (match["left"], match["right"], match["excerpt"]) == ("news/en.txt", "news/id.txt", None)
    assert match["evidence"]["coverage"] == [0.91, 0.951235]
    assert match["evidence"]["aligned"][0] == {
        "left": "The ministers met on 12 May.",
        "right": "Para menteri bertemu pada 12 Mei.",
        "similarity": 0.93,
    }
    assert match["evidence"]["numbers"]["left_only"] == ["7"]
    assert match["evidence"]["features"] == {"cosine": 0.871, "coverage": 0.91}
    assert document["skipped"][1] == {"path": "wire.jsonl", "line": 3, "reason": "not JSON"}


def test_json_report_keeps_an_article_a_line() -> None:
    lines = rendering.as_json(handmade_report()).splitlines()
    assert sum(line.startswith(' {"id": ') and '"language_probability"' in line for line in lines) == len(ARTICLES)


@pytest.mark.parametrize("form", [rendering.as_json, rendering.as_jsonl, rendering.as_csv, rendering.as_text])
def test_without_text_no_word_of_an_article_is_in_the_report(form: Any) -> None:
    whole, bare = form(handmade_report()), form(handmade_report(), with_text=False)
    told = ("ministers", "menteri", "600000000000", "600,000,000,000", "Tokyo")
    assert any(word in whole for word in told)
    assert not any(word in bare for word in told)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(anything)
def test_json_comes_back_as_it_went(value: str) -> None:
    report = hostile_report(value)
    document = json.loads(rendering.as_json(report))
    assert document == json.loads(json.dumps(rendering.as_dict(report)))
    assert document["articles"][0]["title"] == value
    lines = [json.loads(line) for line in rendering.as_jsonl(report).split("\n")[:-1]]
    assert [line["type"] for line in lines] == (
        ["report"] + ["article"] * 6 + ["cluster"] * 2 + ["match"] * 3 + ["skipped"]
    )
    articles = [{name: field for name, field in line.items() if name != "type"} for line in lines[1:7]]
    assert articles == document["articles"]


@given(
    st.floats(width=32, allow_nan=False, allow_infinity=False)
    | st.integers(-64, 64).map(lambda n: n / 128)  # halves of a millionth among them
)
def test_features_are_rounded_to_six_digits(value: float) -> None:
    packed = array("f", [value])
    match = replace(
        handmade_report().matches[0], evidence=replace(evidence(), features=Features(("cosine",), packed.tobytes()))
    )
    told = match_record(*ARTICLES[:2], match)["evidence"]["features"]["cosine"]
    assert repr(told) == repr(round(packed[0], 6) + 0.0)


@given(st.permutations(["a", "b", "c"]))
def test_cluster_ids_depend_on_members_alone(ids: list[str]) -> None:
    assert view.cluster_id(ids) == view.cluster_id(["a", "b", "c"])


def test_cluster_ids_tell_members_apart() -> None:
    lists = (["a", "b"], ["ab", ""], ["a", "b", "c"], ["a", "\udcff"], ["a", "c"])
    assert len({view.cluster_id(ids) for ids in lists}) == len(lists)


def test_best_aligned_are_the_closest_in_order_of_the_left() -> None:
    pairs = view.best_aligned(evidence(), 2)
    assert [(pair.left, pair.similarity) for pair in pairs] == [(1, 0.93), (2, 0.91)]


# --- CSV and Parquet ------------------------------------------------------------------------------------------------


def test_csv_has_a_row_a_clustered_article_and_skipped_file() -> None:
    rows = rows_of(rendering.as_csv(handmade_report()))
    assert [row["role"] for row in rows] == [
        "representative",
        "repeat",
        "repeat",
        "representative",
        "repeat",
        "skipped",
        "skipped",
    ]
    assert [row["id"] for row in rows[:5]] == [article.id for article in ARTICLES[:5]]
    assert [row["score"] for row in rows[:5]] == ["", "0.981000", "0.900000", "", "0.850000"]
    assert rows[1]["why"].startswith("3 sentences match, 91–95% of the texts; numbers 12, 15")
    assert rows[6]["path"] == "wire.jsonl:3"


def test_csv_columns_never_change() -> None:
    header = "cluster,kind,role,score,id,language,words,title,path,url,published,why\n"
    assert rendering.as_csv(empty_report()) == header
    assert rendering.as_csv(handmade_report()).startswith(header)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"])
def test_no_csv_cell_runs_as_a_formula(start: str) -> None:
    row = rows_of(rendering.as_csv(hostile_report(f"{start}cmd|' /C calc'!A0")))[0]
    for name in ("title", "path", "url", "published"):
        assert row[name].startswith("\\x0d" if start == "\r" else f"'{start}"), name


@pytest.mark.parametrize("plain", ["Title", "5 - 3", "a=b", "", "मस्सा", "'quoted'"])
def test_csv_leaves_ordinary_cells_alone(plain: str) -> None:
    assert rows_of(rendering.as_csv(hostile_report(plain)))[0]["title"] == plain


@settings(max_examples=40)
@given(anything)
def test_no_csv_cell_is_dangerous(value: str) -> None:
    content = rendering.as_csv(hostile_report(value))
    content.encode("utf-8")
    for row in csv.reader(io.StringIO(content, newline="")):
        assert len(row) == 12
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row)
    assert "\x1b" not in content


def test_parquet_holds_articles_matches_and_skipped() -> None:
    pq = pytest.importorskip("pyarrow.parquet", reason="needs the extra dedup[parquet]")
    files = rendering.as_parquet(handmade_report())
    tables = {name: pq.read_table(io.BytesIO(content)) for name, content in files.items()}
    assert {name: table.num_rows for name, table in tables.items()} == {
        "articles.parquet": 6,
        "matches.parquet": 3,
        "skipped.parquet": 2,
    }
    articles = tables["articles.parquet"].to_pylist()
    assert [row["representative"] for row in articles] == [True, False, False, True, False, None]
    assert articles[0]["cluster"] == view.cluster_id(["news/en.txt", "news/id.txt"])
    match = tables["matches.parquet"].to_pylist()[0]
    assert json.loads(match["evidence"]) == rendering.as_dict(handmade_report())["matches"][0]["evidence"]


def test_parquet_columns_stay_without_rows() -> None:
    pq = pytest.importorskip("pyarrow.parquet", reason="needs the extra dedup[parquet]")
    full, none = (rendering.as_parquet(report) for report in (handmade_report(), empty_report()))
    for name, content in full.items():
        assert pq.read_schema(io.BytesIO(content)).equals(pq.read_schema(io.BytesIO(none[name])))


def test_parquet_takes_names_that_are_no_text() -> None:
    pytest.importorskip("pyarrow", reason="needs the extra dedup[parquet]")
    assert len(rendering.as_parquet(hostile_report(HOSTILE))) == 3


# --- text for eyes --------------------------------------------------------------------------------------------------


def test_text_report_tells_each_story_with_its_reason() -> None:
    assert rendering.as_text(handmade_report(), width=88).split("\n\n")[0] == (
        "1. Translation, very likely (0.98): 2 articles in en and id\n"
        "  * en The ministers met on 12 May.                                          news/en.txt\n"
        "    id Para menteri bertemu pada 12 Mei.                                     news/id.txt\n"
        "  3 sentences match, 91–95% of the texts; numbers 12, 15, 600,000,000,000 agree (1 on\n"
        "  one side only)"
    )


def test_text_report_shows_the_weakest_pair_of_larger_stories() -> None:
    story = rendering.as_text(handmade_report(), width=88).split("\n\n")[1]
    assert "2 pairs match; all agree on 2025" in story
    assert "weakest pair (0.30): wire.jsonl#ja-1 and wire.jsonl#th-1" in story
    assert story.index("زلزال") < story.index("東京"), "the representative comes first"


def test_copies_of_one_text_are_told_in_one_reason() -> None:
    matches = tuple(Match(2, right, 1.0, 1.0, MatchKind.EXACT, Evidence((1.0, 1.0))) for right in (3, 4))
    cluster = replace(handmade_report().clusters[1], kind=MatchKind.EXACT)
    shown = rendering.as_text(replace(handmade_report(), matches=matches, clusters=(cluster,)))
    assert shown.split("\n\n")[0].endswith("\n  the same text, but for spaces, case and invisible characters")


def test_the_figures_that_a_correction_changes_are_said() -> None:
    report = handmade_report()
    numbers = Agreement(("2025",), left_only=("12",), right_only=("16000",))
    near = replace(report.matches[0], kind=MatchKind.NEAR, evidence=replace(evidence(), numbers=numbers))
    said = "news/en.txt says 12, news/id.txt says 16,000"
    assert said in view.why(report, near)
    assert said not in view.why(report, near, with_text=False)
    assert "says" not in view.why(report, replace(near, kind=MatchKind.TRANSLATION))
    many = replace(numbers, left_only=("12", "13", "14"))
    assert "says" not in view.why(report, replace(near, evidence=replace(near.evidence, numbers=many)))
    three = replace(report.clusters[0], members=(0, 1, 5), kind=MatchKind.NEAR)
    grown = replace(report, matches=(near, replace(near, right=5)), clusters=(three,))
    assert f"  {said}\n" in rendering.as_text(grown)


def test_text_report_ends_with_skipped_files_and_counts() -> None:
    shown = rendering.as_text(handmade_report())
    assert "  news/broken\\x1b[31m.gz: truncated gzip\n  wire.jsonl:3: not JSON\n" in shown
    assert "2 stories told more than once; 3 of 6 articles (50%) repeat another." in shown
    assert "Read 6 of 8 seen, 2 skipped (2 en, 1 ar, 1 id, 1 ja, 1 th)." in shown


@pytest.mark.parametrize(
    ("report", "line"),
    [
        (empty_report(), "Nothing to compare: no article was read."),
        (empty_report(ARTICLES[0]), "No duplicates among 1 article."),
        (empty_report(*ARTICLES), "No duplicates among 6 articles."),
    ],
    ids=["nothing read", "one article", "no duplicates"],
)
def test_text_report_without_stories_reads_well(report: Report, line: str) -> None:
    assert rendering.as_text(report).splitlines()[0] == line == rendering.summary_line(rendering.counts(report))


@pytest.mark.parametrize("width", [10, 40, 80, 132])
@pytest.mark.parametrize(
    "report",
    [handmade_report(), hostile_report(HOSTILE), hostile_report("漢" * 90)],
    ids=["handmade", "hostile", "wide"],
)
def test_no_line_is_wider_than_asked(report: Report, width: int) -> None:
    for line in rendering.as_text(report, width=width).splitlines():
        assert terminal.columns(line) <= max(width, 40), line


@settings(max_examples=40)
@given(anything)
def test_no_control_character_reaches_the_terminal(value: str) -> None:
    shown = rendering.as_text(hostile_report(value), colour=True)
    assert not CONTROL.search(ESCAPES.sub("", shown))
    shown.encode("utf-8")


def test_colours_change_nothing_but_colour() -> None:
    plain, coloured = (rendering.as_text(handmade_report(), colour=colour) for colour in (False, True))
    assert "\x1b[" not in plain
    assert ESCAPES.sub("", coloured) == plain != coloured


def test_long_lists_are_cut_with_a_count_and_a_hint() -> None:
    skipped = tuple(Skipped(f"{n}.txt", f"empty {n}") for n in range(25))
    report = replace(handmade_report(), skipped=skipped)
    assert "… and 15 files more; -v shows all" in rendering.as_text(report)
    assert "more; -v" not in rendering.as_text(report, full=True)
    assert "24.txt: empty 24" in rendering.as_text(report, full=True)


def test_an_id_that_gave_way_is_listed_beside_ours() -> None:
    report = handmade_report()
    articles = [
        replace(article, own_id=own_id)
        for article, own_id in zip(report.articles, ("7", report.articles[1].id), strict=False)
    ]
    rows = json.loads(rendering.as_json(replace(report, articles=(*articles, *report.articles[2:]))))["articles"]
    assert [row.get("own_id") for row in rows[:3]] == ["7", None, None]


def test_reasons_are_counted_and_never_cut() -> None:
    advice = 'python-docx is needed here and is not installed; run: pip install "dedup-articles[documents]"'
    skipped = (Skipped("a.txt", "empty"), *(Skipped(f"{n}.docx", advice) for n in range(12)), Skipped("b.csv", "no", 3))
    shown = rendering.as_text(replace(handmade_report(), skipped=skipped), width=60)
    part = shown[shown.index("Skipped") :].split("\n\n")[0]
    assert " ".join(part.split()) == f"Skipped 12 × {advice} 0.docx, 1.docx, 2.docx, … a.txt: empty b.csv:3: no"


@pytest.mark.parametrize(
    ("score", "figure"),
    [(1.0, "1.00"), (0.9999, "over 0.99"), (0.995, "over 0.99"), (0.994, "0.99"), (0.5, "0.50"), (0.0, "0.00")],
)
def test_scores_are_never_rounded_up_to_certainty(score: float, figure: str) -> None:
    assert view.score_figure(score) == figure


@pytest.mark.parametrize(
    ("kind", "changes", "reason"),
    [
        (MatchKind.EXACT, {}, "the same text, but for spaces, case and invisible characters"),
        (MatchKind.NEAR, {"coverage": (1.0, 0.999)}, "3 sentences match, 100% of both texts"),
        (MatchKind.EXCERPT, {}, "3 sentences match, 95% of news/id.txt"),
        (MatchKind.NEAR, {"numbers": Agreement((), ("12.5",), ("12.6",))}, "; no number in common"),
        (MatchKind.NEAR, {"numbers": Agreement(("1", "2", "3", "4", "5"))}, "; numbers 1, 2, 3, 4 and 1 more agree"),
        (MatchKind.NEAR, {"numbers": Agreement(("12",))}, "; number 12 agrees"),
        (MatchKind.NEAR, {"numbers": Agreement((), ("1",), ())}, "91–95% of the texts; name Tokyo agrees"),
    ],
    ids=["exact", "both", "excerpt", "clash", "many", "one", "one-sided is no reason"],
)
def test_reasons_by_table(kind: MatchKind, changes: dict[str, Any], reason: str) -> None:
    match = Match(0, 1, 0.9, 0.9, kind, replace(evidence(), **changes), "right" if kind is MatchKind.EXCERPT else "")
    assert reason in view.why(handmade_report(), match)


def test_numbers_that_would_hardly_agree_by_chance_come_first() -> None:
    numbers = ("10", "13400000000", "16764.09", "2008", "2009-05-14", "CVE-2024-1234", "07", "x" * 3)
    assert view.format_numbers(numbers) == [
        "2009-05-14",
        "CVE-2024-1234",
        "16764.09",
        "2008",
        "13,400,000,000",
        "07",
        "10",
        "xxx",
    ]


def test_an_untitled_article_is_named_by_what_matches_and_not_by_its_menu() -> None:
    report = handmade_report()
    assert view.headline(ARTICLES[0], report.matches, 0) == "The ministers met on 12 May."
    menu = Match(0, 1, 0.9, 0.9, MatchKind.NEAR, Evidence((1.0, 1.0), (AlignedPair(0, 0, 1.0), AlignedPair(2, 2, 0.9))))
    facing = Article("a", "Subscribe now\nThis is not in the other at all.\nThis one is in both of them.")
    assert view.headline(facing, [menu], 0) == "This one is in both of them."
    copied = replace(menu, left=0, right=2, kind=MatchKind.EXACT, evidence=Evidence(coverage=(1.0, 1.0)))
    assert view.headline(facing, [menu, copied], 2) == "This one is in both of them.", "a copy shows the same"
    assert view.headline(Article("a", "Menu\nHome\nThis is what it is about."), (), 0) == "This is what it is about."
    assert view.headline(Article("a", "Short"), (), 0) == "Short"


def test_the_least_firmly_joined_member_gives_the_story_its_score() -> None:
    assert [story.score for story in view.stories(handmade_report())] == [0.981, 0.85]


# --- widths ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "width"),
    [
        ("abc", 3),
        ("новости", 7),
        ("νέα", 3),
        ("أخبار", 5),
        ("خَبَر", 3),
        ("חדשות", 5),
        ("खबर", 3),
        ("செய்தி", 5),
        ("ข่าวใหม่", 6),
        ("新聞", 4),
        ("ニュース", 8),
        ("뉴스", 4),
        ("\u1112\u1161\u11ab", 2),
        ("e\u0301", 1),
        ("😀", 2),
        ("ｱ", 1),
    ],
)
def test_columns_of_every_script(value: str, width: int) -> None:
    assert terminal.columns(value) == width


@pytest.mark.parametrize(
    ("value", "width", "fitted"),
    [
        ("abcdef", 6, "abcdef"),
        ("abcdef", 5, "abcd…"),
        ("新聞記事", 6, "新聞…"),
        ("新聞記事", 7, "新聞記…"),
        ("ab cdef", 4, "ab…"),
        ("e\u0301e\u0301e\u0301", 2, "e\u0301…"),
        ("abc", 0, ""),
        ("שלום", 9, "\u2068שלום\u2069"),
    ],
)
def test_fit_cuts_at_columns(value: str, width: int, fitted: str) -> None:
    assert terminal.fit(value, width) == fitted


@pytest.mark.parametrize(
    ("value", "fitted"),
    [("news/a.txt", "news/a.txt"), ("long/news/a.txt", "…ews/a.txt"), ("新聞/記事.txt", "…/記事.txt")],
)
def test_fit_end_keeps_what_tells_paths_apart(value: str, fitted: str) -> None:
    assert terminal.fit_end(value, 10) == fitted


@given(st.text(max_size=40), st.integers(0, 20))
def test_nothing_is_wider_than_its_place(value: str, width: int) -> None:
    value = view.one_line(value)
    assert terminal.columns(terminal.fit(value, width)) <= width
    assert terminal.columns(terminal.fit_end(value, width)) <= width
    assert terminal.columns(terminal.pad(terminal.fit(value, width), width)) == width


@given(st.text(max_size=60), st.integers(4, 20))
def test_wrapped_text_fits_and_loses_nothing_while_there_are_lines(value: str, width: int) -> None:
    value = view.one_line(value)
    wrapped = terminal.wrap(value, width, lines=1000)
    assert all(terminal.columns(line) <= width for line in wrapped)
    joined = re.sub(r"[\s\u2068\u2069]", "", "".join(wrapped))
    assert joined == re.sub(r"\s", "", value)


# --- comparisons ----------------------------------------------------------------------------------------------------


def test_comparison_sets_sentences_against_each_other() -> None:
    shown = rendering.comparison_as_text(handmade_comparison(), width=90)
    assert shown.startswith("Same article: translation, very likely (0.98)\n91% of the left and 95% of the right text")
    assert re.search(r"^The ministers met on 12 May\. +│ Para menteri bertemu pada 12 Mei\.$", shown, re.MULTILINE)
    assert "Only in the left text: 1 sentence\n  Subscribe now" in shown
    assert "Numbers agree: 12, 15, 600,000,000,000\nNumbers only in the left text: 7\nNames agree: Tokyo" in shown


def test_a_comparison_in_full_names_every_fact() -> None:
    names = tuple(f"Name{number:02}" for number in range(40))
    made = handmade_comparison()
    evidence = replace(made.match.evidence, names=Agreement(names))
    made = replace(made, match=replace(made.match, evidence=evidence))
    short, full = (rendering.comparison_as_text(made, width=60, full=full) for full in (False, True))
    assert "Name39" not in short
    assert all(name in full for name in names)
    assert all(terminal.columns(line) <= 60 for line in full.splitlines())


def test_comparison_says_what_a_match_would_need() -> None:
    shown = rendering.comparison_as_text(handmade_comparison(is_match=False))
    assert shown.startswith("Not the same article (0.12, a match needs 0.5)\n")


@pytest.mark.parametrize("width", [40, 80, 120])
def test_no_comparison_line_is_wider_than_asked(width: int) -> None:
    for line in rendering.comparison_as_text(handmade_comparison(), width=width).splitlines():
        assert terminal.columns(line) <= width


def test_comparison_as_json_says_everything() -> None:
    document = json.loads(rendering.comparison_as_json(handmade_comparison()))
    assert (document["is_match"], document["kind"], document["threshold"]) == (True, "translation", 0.5)
    assert [len(document[name]) for name in ("left_only", "right_only")] == [1, 1]
    assert len(document["evidence"]["aligned"]) == 3
    assert document["left"]["language"] == LANGUAGES[0].code


def test_one_line_is_one_clean_line() -> None:
    assert view.one_line("a\n b\x1b[0m\u200b c") == "a b [0m c" == " ".join(clean("a\n b\x1b[0m\u200b c").split())


def test_json_carries_nothing_that_a_terminal_or_an_editor_obeys() -> None:
    odd = "a\x7f\x85\x9b\u200e\u2028\u2029\u202e\u2066\ud800b"
    report = replace(handmade_report(), articles=(replace(ARTICLES[0], title=odd), *ARTICLES[1:]))
    for shown in (rendering.as_json(report), rendering.as_jsonl(report)):
        assert "a\\u007f\\u0085\\u009b\\u200e\\u2028\\u2029\\u202e\\u2066\\ud800b" in shown
    assert json.loads(rendering.as_json(report))["articles"][0]["title"] == odd
