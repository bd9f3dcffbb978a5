"""The HTML report: what it says, what it leaves out, and that nothing in the data becomes markup or script."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dedup.datatypes import Article, Cluster, Language, Match, MatchKind, Report, Skipped, WeakestPair
from dedup.language.as_read import body_of
from dedup.language.text import count_words
from dedup.report import page_data, view
from dedup.report.csv_report import as_csv
from dedup.report.html import as_html
from dedup.report.story_map import story_positions
from dedup.report.wording import CERTAINTY_WORDS, certainty_words, language_name
from handmade import ARTICLES, INDONESIAN, empty_report, handmade_report, small_evidence

TEMPLATES = Path(page_data.__file__).parent / "templates"
SCRIPTS = sorted(TEMPLATES.glob("*.js"))
HOSTILE = {
    "script end": "</script><img src=x onerror=alert(1)>",
    "comment": "<!--<script>",
    "attribute": "\" onmouseover='alert(1)' x=\"",
    "entity": "&lt;b&gt; &amp; &#x3c;",
    "template": "{{ 7 * 7 }} {% raw %} {# no #}",
    "separators": "a\u2028b\u2029c",
    "control": "a\x00b\x1b[31mc\x7f",
    "surrogate": "a\udc80b\ud800",
    "direction": "a\u202egnp.exe",
    "json": '"],"stories":[]}\\',
    "style end": "</style><style>*{display:none}</style>",
    "cdata": "]]><![CDATA[",
}
ORDINARY = {
    "Latin": "Vijf steden, één rivier",
    "Cyrillic": "Пять городов, одна река",
    "Greek": "Πέντε πόλεις, ένα ποτάμι",
    "Arabic": "خمس مدن ونهر واحد",
    "Hebrew": "חמש ערים ונהר אחד",
    "Devanagari": "पाँच शहर, एक नदी",
    "Tamil": "ஐந்து நகரங்கள், ஒரு நதி",
    "Thai": "ห้าเมือง หนึ่งแม่น้ำ",
    "Han": "五座城市，一條河",
    "kana": "いつつの まちと カワ",
    "Hangul": "다섯 도시, 한 강",
    "quotes": '"It\'s" 5 < 6 & 7 > 2',
}


class Page(HTMLParser):
    """A page as a parser sees it: its elements in order, the text of each script, style and island."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, tuple[str, ...]]] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.raw: dict[str, str] = {}
        self.text = ""
        self._inside = ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(name for name, _ in attrs)))
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self._inside = (dict(attrs).get("id") or tag) if tag in ("script", "style") else ""

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.raw[self._inside] = self.raw.get(self._inside, "") + data
        else:
            self.text += data

    @property
    def data(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.raw["page-data"])
        return found

    def lines(self, island: str) -> list[Any]:
        return [json.loads(line) if line else None for line in self.raw[island].split("\n")]


def with_everywhere(value: str) -> Report:
    """The handmade report with a value wherever data can stand."""
    report = handmade_report()
    first = replace(report.articles[0], id=value, path=value, title=value, url=value, text=value, published=value)
    alone = replace(report.articles[-1], title=value)
    skipped = (Skipped(value, value), *report.skipped[1:])
    return replace(report, articles=(first, *report.articles[1:-1], alone), skipped=skipped, model=value)


def large_report(n: int) -> Report:
    """One story of n articles, every pair matched; the last two are its weakest pair."""
    articles = tuple(Article(f"{number}", f"Text {number}.") for number in range(n))
    pairs = list(combinations(range(n), 2))
    matches = tuple(Match(*pair, 0.8, 0.97, MatchKind.NEAR, small_evidence("3")) for pair in pairs)
    cluster = Cluster(tuple(range(n)), 1, MatchKind.NEAR, WeakestPair(n - 2, n - 1, 0.5, 0.6))
    return replace(empty_report(*articles), matches=matches, clusters=(cluster,), languages=(Language("en", 0.9),) * n)


def test_the_page_names_every_story_article_and_skipped_file() -> None:
    page = Page(as_html(handmade_report()))
    titles = {article[2] for article in page.data["articles"]}
    assert {article.title for article in ARTICLES if article.title} <= titles
    assert len(titles) == len(ARTICLES)
    assert len(page.data["stories"]) == 2
    assert "2 stories are told more than once" in " ".join(page.text.split())
    assert "truncated gzip" in page.text
    assert "wire.jsonl, line 3" in page.text


def test_stories_come_most_certain_first() -> None:
    report = handmade_report()
    scores = [story["score"] for story in Page(as_html(report)).data["stories"]]
    assert scores == sorted(scores, reverse=True) == [0.981, 0.85]
    swapped = replace(report, clusters=report.clusters[::-1])
    assert as_html(swapped) == as_html(report)


def test_ids_of_stories_are_those_of_the_other_reports() -> None:
    report = handmade_report()
    ids = [story["id"] for story in Page(as_html(report)).data["stories"]]
    assert ids == [story.id for story in view.most_certain_first(view.stories(report))]


def test_an_untitled_article_is_called_by_what_it_says_and_not_by_the_menu() -> None:
    titles = [article[2] for article in Page(as_html(handmade_report())).data["articles"]]
    assert titles[0] == "The ministers met on 12 May."


def test_sentences_and_evidence_stand_in_their_islands() -> None:
    page = Page(as_html(handmade_report()))
    sentences, names = page.lines("texts")[1]
    assert sentences == INDONESIAN.replace(". ", ".\n").split("\n")
    assert names == {}
    kept = page.lines("evidence")[page.data["stories"][0]["pairs"][0][5]]
    assert kept["aligned"] == [[1, 1, 0.93], [2, 2, 0.91], [3, 3, 0.87]]
    assert kept["numbers"] == [["12", "15", "600000000000"], ["7"], []]


def test_words_are_counted_as_in_the_other_forms() -> None:
    report = handmade_report()
    titled = replace(report.articles[0], title="Four words of title")
    report = replace(report, articles=(titled, *report.articles[1:]))
    rows = csv.DictReader(io.StringIO(as_csv(report)))
    by_place = {article[0]: article[4] for article in Page(as_html(report)).data["articles"]}
    assert [by_place[row["id"]] for row in rows if row["id"] == titled.id] == [count_words(body_of(titled))]


def test_words_that_stand_for_a_name_come_with_the_text() -> None:
    report = handmade_report()
    match = report.matches[0]
    named = replace(match.evidence, names=replace(match.evidence.names, shared=("putin",)))
    first = replace(report.articles[0], text="On Monday Путин met Putin, not Poutine.")
    report = replace(
        report, articles=(first, *report.articles[1:]), matches=(replace(match, evidence=named), *report.matches[1:])
    )
    assert Page(as_html(report)).lines("texts")[0][1] == {"Putin": "putin", "Путин": "putin"}


def test_an_article_without_a_duplicate_keeps_its_title_but_no_text() -> None:
    page = Page(as_html(handmade_report()))
    assert page.data["singles"] == [5]
    assert page.lines("texts")[5] is None


def test_a_long_list_of_lone_articles_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_data, "_SINGLES_LISTED", 2)
    page = Page(as_html(empty_report(*(Article(f"{n}", "text") for n in range(5)))))
    assert len(page.data["articles"]) == len(page.data["singles"]) == 2
    assert "5 articles without a duplicate" in page.text
    assert "the first 2" in page.text


@pytest.mark.parametrize(("n", "kept"), [(12, 66), (13, 13)], ids=["small: all pairs", "large: the representative's"])
def test_evidence_grows_with_articles_and_not_with_pairs(n: int, kept: int) -> None:
    page = Page(as_html(large_report(n)))
    pairs = page.data["stories"][0]["pairs"]
    with_line = [pair[:2] for pair in pairs if pair[5] >= 0]
    assert len(pairs) == n * (n - 1) // 2
    assert len(with_line) == len(page.lines("evidence")) == kept
    assert all(1 in pair or pair == [n - 2, n - 1] for pair in with_line) is (n > 12)


@pytest.mark.parametrize(
    ("report", "headline"),
    [
        (empty_report(), "No articles were read"),
        (empty_report(Article("a", "text")), "No duplicates among 1 article"),
        (empty_report(Article("a", "text"), Article("b", "other")), "No duplicates among 2 articles"),
    ],
    ids=["nothing", "one", "two"],
)
def test_a_report_that_found_nothing_says_so(report: Report, headline: str) -> None:
    page = Page(as_html(report))
    assert headline in " ".join(page.text.split())
    assert page.data["stories"] == []


def test_the_same_report_gives_the_same_bytes() -> None:
    vectors = np.eye(6, dtype=np.float32)
    assert as_html(handmade_report(), embeddings=vectors) == as_html(handmade_report(), embeddings=vectors)


def test_without_text_no_word_of_the_articles_is_left() -> None:
    report = handmade_report()
    page = as_html(report, with_text=False)
    said = [said for article in report.articles for said in view.sentences(article) if said != article.title]
    facts = ["600000000000", "Tokyo"]
    assert [words for words in said + facts if words in page] == []
    assert [words for words in said[:4] + facts if words not in as_html(report)] == []
    assert all(article.title in page for article in report.articles)
    assert Page(page).lines("evidence")[0]["numbers"] == [3, 1, 0]


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_hostile_data_adds_no_element(value: str) -> None:
    assert Page(as_html(with_everywhere(value))).elements == Page(as_html(with_everywhere("harmless"))).elements


@pytest.mark.parametrize("value", [*HOSTILE.values(), *ORDINARY.values()], ids=[*HOSTILE, *ORDINARY])
def test_a_page_is_valid_utf8_with_the_title_as_it_was(value: str) -> None:
    page = Page(as_html(with_everywhere(value)).encode("utf-8").decode("utf-8"))
    assert page.data["articles"][0][2] == view.one_line(value)


@pytest.mark.parametrize("value", ORDINARY.values(), ids=ORDINARY)
def test_ordinary_text_is_left_as_it_is(value: str) -> None:
    page = Page(as_html(with_everywhere(value)))
    assert page.data["articles"][0][2] == value
    assert "".join(page.lines("texts")[0][0]).replace(" ", "") == value.replace(" ", "")


@settings(max_examples=25, deadline=None)
@given(st.text(st.characters(codec=None), min_size=1))
@example("</script>")
@example("\ud800\u2028<!--")
def test_any_data_adds_no_element(value: str) -> None:
    assert Page(as_html(with_everywhere(value))).elements == Page(as_html(with_everywhere("harmless"))).elements


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://example.org/a?b=c", True),
        ("http://example.org", True),
        ("javascript:alert(1)", False),
        (" javascript:alert(1)", False),
        ("data:text/html,<script>alert(1)</script>", False),
        ("file:///etc/passwd", False),
        ("//example.org", False),
        ("", False),
    ],
)
def test_only_web_addresses_become_links(url: str, kept: bool) -> None:
    report = handmade_report()
    report = replace(report, articles=(replace(report.articles[0], url=url), *report.articles[1:]))
    assert Page(as_html(report)).data["articles"][0][5] == (url if kept else "")


def test_the_policy_admits_this_script_and_this_style_and_nothing_else() -> None:
    page = Page(as_html(with_everywhere(HOSTILE["script end"])))
    policy = next(value for tag, name, value in page.attributes if tag == "meta" and "default-src" in value)
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    digests = {name: base64.b64encode(hashlib.sha256(page.raw[name].encode()).digest()).decode() for name in page.raw}
    assert rules == {
        "default-src": "'none'",
        "script-src": f"'sha256-{digests['script']}'",
        "style-src": f"'sha256-{digests['style']}'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def test_the_markup_asks_for_nothing_and_carries_no_inline_handler_or_style() -> None:
    page = Page(as_html(handmade_report(), embeddings=np.eye(6, dtype=np.float32)))
    assert {value for _, name, value in page.attributes if name in ("src", "href", "action", "data")} <= {
        "data:,",
        "#stories",
        "#skipped",
    }
    assert [name for _, name, _ in page.attributes if name.startswith("on") or name == "style"] == []
    assert "@import" not in page.raw["style"]
    assert "url(" not in page.raw["style"]


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_make_no_markup_and_no_request(path: Path) -> None:
    forbidden = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|fetch\(|XMLHttp|import\("
    source = path.read_text(encoding="utf-8")
    assert re.findall(forbidden, source) == []
    assert "</" not in source
    assert source.count("\n") <= 400


@pytest.mark.parametrize(
    ("code", "name", "direction"),
    [
        ("en", "English", "auto"),
        ("zh-cn", "Chinese (simplified)", "auto"),
        ("zh-tw", "Chinese (traditional)", "auto"),
        ("he", "Hebrew", "rtl"),
        ("ar", "Arabic", "rtl"),
        ("fa", "Persian", "rtl"),
        ("ur", "Urdu", "rtl"),
        ("und", "Undetermined", "auto"),
        ("xx", "xx", "auto"),
    ],
)
def test_languages_have_names_and_directions(code: str, name: str, direction: str) -> None:
    report = replace(empty_report(Article("a", "text")), languages=(Language(code, 0.9),))
    assert Page(as_html(report)).data["languages"] == {code: [name, direction]}
    assert language_name(code) == name


@pytest.mark.parametrize(
    ("score", "words"),
    [
        (1, "almost certain"),
        (0.99, "almost certain"),
        (0.9899, "very likely"),
        (0.95, "very likely"),
        (0.94, "likely"),
        (0.8, "likely"),
        (0.79, "possible"),
        (0.0, "possible"),
    ],
)
def test_certainty_in_words(score: float, words: str) -> None:
    assert certainty_words(score) == words


def test_certainty_words_fall_from_most_to_least() -> None:
    least = [score for score, _ in CERTAINTY_WORDS]
    assert least == sorted(least, reverse=True)
    assert least[-1] == 0


@pytest.mark.parametrize(
    ("vectors", "shown"), [(None, False), (np.eye(6, dtype=np.float32), True)], ids=["without vectors", "with vectors"]
)
def test_the_map_needs_vectors(vectors: Any, shown: bool) -> None:
    page = Page(as_html(handmade_report(), embeddings=vectors))
    assert bool(page.data["map"]) is shown
    assert ("canvas", ("id", "role", "aria-label")) in page.elements or not shown
    assert len(page.data["map"]) == (3 if shown else 0)


def test_positions_on_the_map_lie_along_the_principal_components() -> None:
    rows = np.random.default_rng(5).normal(size=(40, 8)).astype(np.float32)
    placed = np.array(story_positions(rows, [(row,) for row in range(40)]))
    centred = (rows - rows.mean(axis=0)).astype(np.float64)
    axes = np.linalg.svd(centred)[2][:2]
    for axis, along in enumerate(axes):
        agreement = np.corrcoef(placed[:, axis], centred @ along)[0, 1]
        assert abs(agreement) > 0.97


def test_stories_that_say_the_same_lie_together_on_the_map() -> None:
    rng = np.random.default_rng(1)
    centres = rng.normal(size=(3, 16))
    rows = np.concatenate([centre + 0.01 * rng.normal(size=(10, 16)) for centre in centres]).astype(np.float32)
    placed = np.array(story_positions(rows, [(row,) for row in range(30)])).reshape(3, 10, 2)
    within = max(float(np.ptp(topic, axis=0).max()) for topic in placed)
    middles = placed.mean(axis=1)
    apart = min(float(np.abs(one - other).max()) for one, other in combinations(middles, 2))
    assert within < apart


@pytest.mark.parametrize("groups", [[], [(0, 1)], [(0,), (0,)]], ids=["none", "one story", "two that are equal"])
def test_a_map_of_almost_nothing_stays_on_the_map(groups: list[tuple[int, ...]]) -> None:
    placed = story_positions(np.eye(3, dtype=np.float32), groups)
    assert len(placed) == len(groups)
    assert all(0 <= value <= 1000 for spot in placed for value in spot)
