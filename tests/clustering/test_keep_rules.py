"""A story's representative is chosen by the user's rules, in any order of articles, and no language is favoured."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.clustering.keep_rules import KeepRules, matches_path, span_of
from dedup.datatypes import KEEP_BY_DEFAULT, Article, Settings
from dedup.errors import SettingsError
from dedup.language.sentences import sentences
from dedup.pipeline import find_duplicates
from toy_encoder import ToyEncoder

GOLD = Path(__file__).parent.parent / "data" / "gold.jsonl"

Row = tuple[Article, str]


def row(id: str, language: str = "en", text: str = "word", **more: object) -> Row:
    return Article(id, text, path=id, **more), language  # type: ignore[arg-type]


def kept(rows: list[Row], *rules: str) -> str:
    """Id of the article that the rules keep, the same in every order of the articles."""
    parsed = KeepRules.parse(rules)
    standings = [parsed.standing(article, at, language) for at, (article, language) in enumerate(rows)]
    chosen = {parsed.choose(order).id for order in permutations(standings)}
    assert len(chosen) == 1
    return chosen.pop()


def test_words_that_are_known_are_not_counted_again() -> None:
    article, language = row("a", "en", "one two three")
    assert KeepRules.parse(["longest"]).standing(article, 0, language).words == 3
    assert KeepRules.parse(["longest"]).standing(article, 0, language, 5).words == 5
    assert KeepRules.parse(["first"]).standing(article, 0, language, 5).words is None


MAY = row("b", "en", "one two three", published="2024-05-21")
JUNE = row("a", "id", "satu dua", published="2024-06-01T08:00:00+07:00")
UNDATED = row("c/wire/x.txt", "en", "one two three four five")


@pytest.mark.parametrize(
    "rules, expected",
    [
        ((), "b"),
        (("oldest",), "b"),
        (("newest",), "a"),
        (("first",), "b"),
        (("longest",), "a"),  # of two that are longest in their language, by id
        (("longest", "newest"), "a"),
        (("longest", "first"), "a"),
        (("path:wire/*",), "c/wire/x.txt"),
        (("path:c/*.txt",), "c/wire/x.txt"),
        (("path:nowhere/*", "newest"), "a"),
        (("language:id,en",), "a"),
        (("language:en",), "b"),
        (("language:en", "longest"), "c/wire/x.txt"),
        (("language:de,en", "longest"), "c/wire/x.txt"),
        (("reference",), "a"),
    ],
)
def test_rules_apply_in_their_order(rules: tuple[str, ...], expected: str) -> None:
    assert kept([MAY, JUNE, UNDATED], *rules) == expected


def test_a_reference_comes_first_where_it_is_asked_for() -> None:
    rows = [row("a"), row("b", reference=True), row("c", reference=True, text="longer text")]
    assert kept(rows, "reference") == "b"
    assert kept(rows, "reference", "longest") == "c"


def test_a_language_stands_for_its_variants() -> None:
    rows = [row("a", "en"), row("b", "zh-tw"), row("c", "zh-cn")]
    assert kept(rows, "language:zh") == "b"
    assert kept(rows, "language:zh-cn,zh") == "c"
    assert kept(rows, "language:ZH-CN".lower()) == "c"
    assert kept([row("a", "en"), row("b", "sr-Latn")], "language:sr") == "b"


@pytest.mark.parametrize(
    "path, glob, matches",
    [
        ("news/wire/a.txt", "wire/*", True),
        ("news/wire/2024/a.txt", "wire/*", True),
        ("news/hardwire/a.txt", "wire/*", False),
        ("news/a.txt", "*.txt", True),
        ("news/a.txt", "a.txt", True),
        ("news/ba.txt", "a.txt", False),
        ("/abs/news/a.txt", "/abs/*", True),
        ("x/abs/news/a.txt", "/abs/*", False),
        ("news/A.txt", "a.txt", False),
        ("news/cafe\u0301.txt", "caf\u00e9.txt", True),
    ],
)
def test_paths_match_from_a_folder_on(path: str, glob: str, matches: bool) -> None:
    assert matches_path(path, glob) is matches


def test_what_people_chose_comes_before_all_rules() -> None:
    rules = KeepRules.parse(["newest"])
    standings = [rules.standing(article, at, language) for at, (article, language) in enumerate([MAY, JUNE, UNDATED])]
    assert rules.choose([standings[0], standings[1], standings[2]._replace(decided=-1)]).id == "c/wire/x.txt"
    chosen = [standings[0]._replace(decided=-2), standings[1], standings[2]._replace(decided=-1)]
    assert rules.choose(chosen).id == "b"


# --- dates ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "earlier, later",
    [
        ("2024-05-21T10:00:00+09:00", "2024-05-21T02:00:00Z"),  # 01:00 in UTC
        ("Tue, 21 May 2024 10:00:00 +0900", "2024-05-21T02:00:00Z"),
        ("9 May 2024 10:00:00 GMT", "10 Jan 2025 10:00:00 GMT"),
        ("Wed, 31 Dec 2014 23:00:00 -0500", "2015-01-01T05:00:00Z"),
        ("2024-05-21 09:59", "2024-05-21T10:00:00.123456Z"),
        ("2024-05-21T10:00:00+0530", "2024-05-21T10:00:00+05"),
        ("2024-05-20", "2024-05-21T00:00:00Z"),
        ("2024-04", "2024-05-21"),
        ("2023", "2024-05"),
        ("20240520", "2024-05-21"),
    ],
)
def test_dates_are_compared_as_dates(earlier: str, later: str) -> None:
    rows = [row("a", published=later), row("b", published=earlier), row("c", published="some day")]
    assert kept(rows, "oldest") == "b"
    assert kept(rows, "newest") == "a"


@pytest.mark.parametrize("rough", ["2024-05-21", "2024-05", "2024"])
def test_a_day_is_neither_before_nor_after_an_hour_of_it(rough: str) -> None:
    rows = [row("a", published="2024-05-21T08:00:00Z"), row("b", published=rough), row("c", published="2025-01-01")]
    for id in "ab":
        assert kept(rows, "oldest", f"path:{id}") == id
    rows[2] = row("c", published="2023-12-31")
    for id in "ab":
        assert kept(rows, "newest", f"path:{id}") == id


@pytest.mark.parametrize(
    "no_date", ["", "yesterday", "21 Mei 2024", "2024-02-31", "1970-01-01T00:00:00+00:00", "0001-01-01T00:00:00", "0"]
)
def test_no_date_decides_nothing(no_date: str) -> None:
    assert span_of(no_date) is None
    assert kept([row("b", published="2024-05-21"), row("a", published=no_date)], "oldest") == "b"
    assert kept([row("b", published="2024-05-21"), row("a", published=no_date)], "newest") == "b"
    assert kept([row("b", published=no_date), row("a", published=no_date)], "newest", "first") == "b"


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=40) | st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{5,8}[Z+-]?[0-9:]{0,5}", fullmatch=True))
def test_any_text_is_a_date_or_none(text: str) -> None:
    span = span_of(text)
    assert span is None or span[0] <= span[1]


# --- lengths --------------------------------------------------------------------------------------------------------


def test_lengths_are_compared_within_a_language() -> None:
    rows = [row("a", "ja", "短い記事です。"), row("b", "en", "a much longer article in English")]
    assert [kept(rows, "longest", f"language:{code}") for code in ("en", "ja")] == ["b", "a"]
    rows.append(row("c", "ja", "これはもう少し長い記事です。本文は二つの文からなります。"))
    assert kept(rows, "longest", "language:ja") == "c"


def test_an_excerpt_is_shorter_in_any_language() -> None:
    rows = [row("a", "en", "only the first words"), row("b", "id", "kata " * 200)]
    assert kept(rows, "longest") == "b"


def translations() -> list[list[tuple[Article, str]]]:
    """Stories of the gold set in several languages, each told at the same length."""
    stories = defaultdict(list)
    for line in GOLD.read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        if record["id"].startswith("translation/"):
            stories[record["story"]].append((Article(record["id"], record["text"], record["title"]), record["lang"]))
    return [members for members in stories.values() if len({language for _, language in members}) == len(members) > 1]


def test_no_language_is_favoured_by_length() -> None:
    stories = translations()
    assert len(stories) > 20
    won: Counter[str] = Counter()
    for members in stories:
        rules = KeepRules.parse(["longest"])
        for turn in range(len(members)):  # ids in every order: none may be chosen by anything but its id
            names = [f"{(at + turn) % len(members)}" for at in range(len(members))]
            standings = [
                rules.standing(Article(name, article.text, article.title), at, language)
                for at, (name, (article, language)) in enumerate(zip(names, members, strict=True))
            ]
            won[standings[int(rules.choose(standings).position)].language] += 1
    told = Counter(language for members in stories for _, language in members)
    assert won == told, "each language is kept as often as chance would have it"


def test_a_cut_translation_is_never_the_longest_of_its_language() -> None:
    for members in translations():
        for article, language in members:
            lines = sentences(article.text)
            if len(lines) > 3:
                cut = Article("0", "\n".join(lines[: len(lines) // 2]), article.title)
                assert kept([(cut, language), (article, language)], "longest") == article.id


# --- wrong rules, and a run -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    ["", "new", "Newest", "newest,longest", "path", "path:", "language", "language:", "language:English", "first:1"],
)
def test_a_wrong_rule_is_named_with_the_right_ones(wrong: str) -> None:
    with pytest.raises(SettingsError) as refused:
        KeepRules.parse(["oldest", wrong])
    for part in (f'"{wrong}"', "newest, oldest, longest, first, reference, path:GLOB", "--keep reference"):
        assert part in str(refused.value)


def test_a_run_keeps_by_the_rules_and_says_which() -> None:
    text = "The ministers met on Monday in the capital and spoke about energy prices for two hours."
    articles = [Article(id, text, published=date) for id, date in (("a", "2024-05-02"), ("b", "2024-05-01"), ("c", ""))]
    for rules, expected in ((KEEP_BY_DEFAULT, 1), (("newest",), 0), (("path:zzz", "first"), 0)):
        report = find_duplicates(articles, settings=Settings(keep=rules), encoder=ToyEncoder())
        assert [cluster.representative for cluster in report.clusters] == [expected]
        assert report.settings.keep == rules
    with pytest.raises(SettingsError, match='got "latest"'):
        find_duplicates(articles, settings=Settings(keep=("latest",)), encoder=ToyEncoder())
    assert Settings(keep="newest").keep == ("newest",), "one text is one rule"  # type: ignore[arg-type]
    assert Settings(keep=()).keep == KEEP_BY_DEFAULT


@pytest.mark.parametrize("rules", [(), ("oldest",), ("first",), ("longest",)])
def test_what_its_source_cut_off_stands_for_no_whole_article(rules: tuple[str, ...]) -> None:
    cut = row("a", published="2026-01-01", note="cut off by its source: the beginning alone")
    whole = row("b", text="word after word")
    assert kept([cut, whole], *rules) == "b"
    assert kept([cut, cut], *rules) == "a"
