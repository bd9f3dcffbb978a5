"""Decisions on the page: made by mouse and keyboard, kept in the browser, exported, read again, never contradictory."""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

import dedup
from chromium import EXECUTABLE, Browser, chromium
from dedup.datatypes import Article, Cluster, Evidence, Language, Match, MatchKind, Report, WeakestPair
from dedup.report.html import as_html
from dedup.report.records import as_dict
from handmade import empty_report, small_evidence

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(EXECUTABLE is None, reason="needs a Chromium; on Debian: apt-get install chromium"),
]

TEMPLATES = Path(dedup.__file__).parent / "report" / "templates"
CURRENT = "document.querySelector('.card.current')"
COUNT = "document.getElementById('progress-count').textContent"
STATES = "[...document.querySelectorAll('.card')].map((card) => card.dataset.state)"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    made = Page(browser, tmp_path)
    yield made
    browser.value("localStorage.clear()")


class Page:
    """The report of `three_stories` in a browser that saves what it downloads in a folder of the test."""

    def __init__(self, browser: Browser, folder: Path) -> None:
        self.browser, self.report = browser, three_stories()
        self.hash = {row["id"]: row["hash"] for row in as_dict(self.report)["articles"]}
        self.path, self.downloads = folder / "report.html", folder / "downloads"
        self.downloads.mkdir()
        self.path.write_text(as_html(self.report), encoding="utf-8")
        browser.resize(1280, 900)
        allow = {"behavior": "allow", "downloadPath": str(self.downloads)}
        browser.call("Browser.setDownloadBehavior", page=False, **allow)
        self.open()

    def open(self) -> None:
        self.browser.open(self.path)
        self.browser.value("dispatchEvent(new Event('beforeprint'))")  # fills all cards
        self.browser.value("dispatchEvent(new Event('afterprint'))")

    def click(self, story: int, label: str, member: int | None = None) -> None:
        """Click a button of a story, or of one of its articles."""
        within = f"document.querySelectorAll('.card')[{story}]"
        within += ".querySelector('.card-head')" if member is None else f".querySelectorAll('.member')[{member}]"
        self.browser.value(f"[...{within}.querySelectorAll('button')].find((b) => b.textContent === {label!r}).click()")

    def export(self) -> list[dict[str, Any]]:
        """Lines of the file that the page hands out."""
        for old in self.downloads.iterdir():
            old.unlink()
        self.browser.value("document.getElementById('export').click()")
        deadline = time.monotonic() + 20
        while not (found := list(self.downloads.glob("*.jsonl"))):
            assert time.monotonic() < deadline, "nothing was downloaded"
            time.sleep(0.02)
        self.file = found[0]
        return [json.loads(line) for line in self.file.read_text(encoding="utf-8").splitlines()]

    def give(self, text: str) -> str:
        """Import a file as a reader would; gives the message."""
        given = self.downloads.parent / "given.jsonl"
        given.write_text(text, encoding="utf-8")
        root = self.browser.call("DOM.getDocument")["root"]["nodeId"]
        field = self.browser.call("DOM.querySelector", nodeId=root, selector="#import")["nodeId"]
        self.browser.value("document.getElementById('toast').textContent = ''")
        self.browser.call("DOM.setFileInputFiles", files=[str(given)], nodeId=field)
        self.browser.wait("document.getElementById('toast').textContent !== ''")
        return str(self.browser.value("document.getElementById('toast').textContent"))

    def pair(self, one: str, other: str, verdict: str) -> tuple[frozenset[str], str]:
        return frozenset({self.hash[one], self.hash[other]}), verdict


def three_stories() -> Report:
    """A pair, a story of four articles, and two copies of one text; the most certain first."""
    names = ("a1", "a2", "b1", "b2", "b3", "b4", "c1", "c2")
    texts = {name: f"Text number {name}." for name in names} | {"c2": "Text number c1."}
    articles = tuple(Article(name, texts[name], f"Title {name.replace('c2', 'c1')}") for name in names)
    scores = {(0, 1): 0.999, **dict.fromkeys(combinations(range(2, 6), 2), 0.97)}
    matches = [Match(*pair, 0.8, score, MatchKind.NEAR, small_evidence("3")) for pair, score in scores.items()]
    matches.append(Match(6, 7, 1.0, 1.0, MatchKind.EXACT, Evidence((1.0, 1.0))))
    clusters = (
        Cluster((0, 1), 0, MatchKind.NEAR, WeakestPair(0, 1, 0.8, 0.999)),
        Cluster((2, 3, 4, 5), 3, MatchKind.NEAR, WeakestPair(2, 5, 0.8, 0.97)),
        Cluster((6, 7), 6, MatchKind.EXACT, WeakestPair(6, 7, 1.0, 1.0)),
    )
    return replace(
        empty_report(*articles), matches=tuple(matches), clusters=clusters, languages=(Language("en", 0.99),) * 8
    )


COPY, PAIR, FOUR = 0, 1, 2  # places of the cards, the most certain first
B1, B2, B3, B4 = 1, 0, 2, 3  # places of articles in their card: the representative comes first


def pairs_of(lines: list[dict[str, Any]]) -> set[tuple[frozenset[str], str]]:
    return {(frozenset({line["left"], line["right"]}), line["verdict"]) for line in lines if "verdict" in line}


def test_a_walk_through_reject_choose_reload_export(page: Page) -> None:
    assert page.browser.value(COUNT) == "0 of 3"
    page.click(PAIR, "Reject")
    page.click(FOUR, "Accept")
    page.click(FOUR, "Keep", B3)
    assert page.browser.value(COUNT) == "2 of 3"
    page.open()
    assert page.browser.value(COUNT) == "2 of 3"
    assert page.browser.value(STATES) == ["undecided", "rejected", "accepted"]
    lines = page.export()
    assert pairs_of(lines) == {
        page.pair("a1", "a2", "different"),
        page.pair("b2", "b1", "same"),
        page.pair("b2", "b3", "same"),
        page.pair("b2", "b4", "same"),
    }
    (kept,) = [line for line in lines if "keep" in line]
    assert kept["keep"] == page.hash["b3"]
    assert set(kept["story"]) == {page.hash[name] for name in ("b1", "b2", "b3", "b4")}
    for line in lines:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", line["at"])
        assert set(line) in ({"left", "right", "verdict", "at"}, {"keep", "story", "at"})
    asked = [url for url in page.browser.requests if not url.startswith("blob:")]
    assert asked == [page.path.as_uri()]
    assert page.browser.complaints == []


def test_the_name_of_who_decides_is_in_the_file(page: Page) -> None:
    page.browser.value("document.getElementById('by').value = 'Ada'")
    page.click(PAIR, "Accept")
    assert [line["by"] for line in page.export()] == ["Ada"]


def test_an_article_taken_out_differs_from_each_that_is_left(page: Page) -> None:
    page.click(FOUR, "Not in it", B4)
    page.click(FOUR, "Accept")
    assert pairs_of(page.export()) == {
        *(page.pair("b4", name, "different") for name in ("b1", "b2", "b3")),
        *(page.pair("b2", name, "same") for name in ("b1", "b3")),
    }


def test_without_its_representative_a_story_has_another_centre(page: Page) -> None:
    page.click(FOUR, "Not in it", B2)
    page.click(FOUR, "Accept")
    assert pairs_of(page.export()) == {
        *(page.pair("b2", name, "different") for name in ("b1", "b3", "b4")),
        *(page.pair("b1", name, "same") for name in ("b3", "b4")),
    }


def test_taking_out_all_but_one_rejects_the_story(page: Page) -> None:
    for member in (B1, B2, B3):
        page.click(FOUR, "Not in it", member)
    assert page.browser.value(STATES)[FOUR] == "rejected"
    assert len(pairs_of(page.export())) == 6


def test_copies_of_one_text_can_be_accepted_and_not_rejected(page: Page) -> None:
    page.click(COPY, "Reject")
    assert page.browser.value(STATES)[COPY] == "undecided"
    page.click(COPY, "Accept")
    assert page.browser.value(STATES)[COPY] == "accepted"
    assert page.browser.value(COUNT) == "1 of 3"
    assert page.export() == []


@pytest.mark.parametrize("kept", [0, 1])
def test_one_of_two_copies_is_kept_by_its_id(page: Page, kept: int) -> None:
    page.click(COPY, "Keep", 1 - kept)
    page.click(COPY, "Keep", kept)
    marked = "[...document.querySelectorAll('.card')[0].querySelectorAll('.member')].map((m) => m.matches('.kept'))"
    assert page.browser.value(marked) == [kept == 0, kept == 1]
    (line,) = page.export()
    ids = ("c1", "c2")
    assert (line["keep"], line["story"]) == (ids[kept], [ids[kept], ids[1 - kept]])
    page.open()
    assert page.browser.value(marked) == [kept == 0, kept == 1]
    page.browser.value("localStorage.clear()")
    page.open()
    page.click(PAIR, "Keep", 0)
    assert page.give(page.file.read_text(encoding="utf-8")) == "1 decision read"
    assert page.browser.value(marked) == [kept == 0, kept == 1]
    assert [again["keep"] for again in page.export()] == [ids[kept], page.hash["a1"]]
    page.click(COPY, "Keep", kept)
    assert page.browser.value(marked) == [False, False]


def test_decisions_by_keyboard_and_undo(page: Page) -> None:
    press, value = page.browser.press, page.browser.value
    press("j")
    press("j")
    press("r")
    assert value(STATES) == ["undecided", "rejected", "undecided"]
    assert value(f"{CURRENT}.querySelector('h3').textContent") == "Title b2"  # on to the next one
    press("n")
    press("x")
    assert value(f"{CURRENT}.querySelectorAll('.member.gone').length") == 1
    press("3")
    press("h")
    assert value(f"{CURRENT}.querySelector('.member.kept .member-title').textContent") == "Title b3"
    press("a")
    assert value(STATES) == ["undecided", "rejected", "accepted"]
    for states in (["rejected", "started"], ["rejected", "started"], ["rejected", "undecided"], ["undecided"] * 2):
        press("u")
        assert value(STATES)[1:] == states
    assert value("document.getElementById('undo').disabled") is True


def test_undo_goes_on_after_a_reload(page: Page) -> None:
    page.click(PAIR, "Reject")
    page.open()
    page.browser.press("u")
    assert page.browser.value(STATES)[PAIR] == "undecided"


def test_pairs_are_decided_where_their_evidence_is_shown(page: Page) -> None:
    press, value = page.browser.press, page.browser.value
    for _ in range(3):
        press("j")
    press("n")
    press("d")
    pressed = f"{CURRENT}.querySelector('.pair-decision [aria-pressed=true]')"
    assert value(f"{pressed}.textContent") == "Different"
    assert pairs_of(page.export()) == {page.pair("b1", "b2", "different")}
    press("s")
    assert value(f"{pressed}.textContent") == "Same"
    press("s")
    assert value(pressed) is None
    assert value(STATES)[FOUR] == "undecided"


def test_stories_are_filtered_by_what_is_decided(page: Page) -> None:
    page.click(PAIR, "Reject")
    set_state = "(() => {{ const f = document.getElementById('state'); f.value = '{}';"
    set_state += "f.dispatchEvent(new Event('input', {{bubbles: true}})); }})()"
    page.browser.value(set_state.format("decided"))
    assert page.browser.value(STATES) == ["rejected"]
    page.browser.value(set_state.format("undecided"))
    assert page.browser.value(STATES) == ["undecided"] * 2


def test_an_exported_file_is_read_again(page: Page) -> None:
    page.click(PAIR, "Reject")
    page.click(FOUR, "Not in it", B4)
    page.click(FOUR, "Accept")
    page.click(FOUR, "Keep", B1)
    lines = page.export()
    page.browser.value("localStorage.clear()")
    page.open()
    assert page.browser.value(COUNT) == "0 of 3"
    assert page.give(page.file.read_text(encoding="utf-8")) == f"{len(lines)} decisions read"
    assert page.browser.value(COUNT) == "2 of 3"
    assert page.browser.value("document.querySelectorAll('.member.gone').length") == 3  # two of the rejected pair
    again = page.export()
    assert pairs_of(again) == pairs_of(lines)
    assert [line["keep"] for line in again if "keep" in line] == [page.hash["b1"]]


def test_all_decisions_are_forgotten_once_that_is_confirmed(page: Page) -> None:
    page.click(PAIR, "Reject")
    for answer, states in (("false", ["rejected"]), ("true", ["undecided"])):
        page.browser.value(f"window.confirm = () => {answer}")
        page.browser.value("document.getElementById('forget').click()")
        assert page.browser.value(STATES)[PAIR : PAIR + 1] == states
    page.open()
    assert page.browser.value(COUNT) == "0 of 3"


HOSTILE = {
    "no JSON": "{",
    "another thing": '[1, 2]\n7\nnull\n"text"\n{}',
    "wrong types": '{"left": 1, "right": {}, "verdict": "same"}\n{"keep": 3, "story": 4}\n{"keep": "x", "story": [[]]}',
    "unknown texts": '{"left": "00", "right": "11", "verdict": "same"}',
    "names of the language": '{"left": "__proto__", "right": "constructor", "verdict": "different"}',
    "another verdict": '{"left": "LEFT", "right": "RIGHT", "verdict": "perhaps"}',
    "one text with itself": '{"left": "LEFT", "right": "LEFT", "verdict": "different"}',
    "markup": '{"left": "<img src=x onerror=alert(1)>", "right": "</script>", "verdict": "same"}',
    "binary": "\x00\x01\ufffd\n" * 50,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_file_that_is_no_decisions_file_changes_nothing(page: Page, text: str) -> None:
    text = text.replace("LEFT", page.hash["a1"]).replace("RIGHT", page.hash["a2"])
    assert page.give(text).startswith("0 decisions read, ")
    assert page.browser.value(STATES) == ["undecided"] * 3
    assert page.browser.complaints == []


@pytest.mark.parametrize(
    "stored",
    [
        "{",
        "7",
        '{"records": 5, "history": 6}',
        '{"records": {"ID": 7, "x": {}}, "history": [1, ["x"], ["ID", 3]]}',
        '{"records": {"ID": {"verdict": "x", "out": ["y"], "keep": 3, "pairs": {"a b": "same"}}}}',
        '{"records": {"ID": {"verdict": null, "out": 3, "pairs": "abc"}}}',
    ],
)
def test_what_something_else_stored_is_passed_over(page: Page, stored: str) -> None:
    story = page.browser.value("document.querySelector('.card').id.replace('story-', '')")
    key = "'dedup-decisions-' + JSON.parse(document.getElementById('page-data').textContent).digest"
    page.browser.value(f"localStorage.setItem({key}, {json.dumps(stored.replace('ID', story))})")
    page.open()
    assert page.browser.value(COUNT) == "0 of 3"
    page.click(PAIR, "Reject")
    page.browser.press("u")
    assert page.browser.complaints == []


def test_another_report_has_decisions_of_its_own(page: Page) -> None:
    page.click(PAIR, "Reject")
    changed = replace(
        page.report, articles=(replace(page.report.articles[0], text="Other."), *page.report.articles[1:])
    )
    page.path.write_text(as_html(changed), encoding="utf-8")
    page.open()
    assert page.browser.value(COUNT) == "0 of 3"
    page.path.write_text(as_html(page.report, with_text=False), encoding="utf-8")
    page.open()
    assert page.browser.value(COUNT) == "1 of 3"


def test_where_nothing_is_stored_the_page_says_so(page: Page) -> None:
    page.browser.value("Storage.prototype.setItem = () => { throw new Error('full'); }")
    assert page.browser.value("document.getElementById('unstored').hidden") is True
    page.click(PAIR, "Reject")
    assert page.browser.value("document.getElementById('unstored').hidden") is False
    assert page.browser.value(COUNT) == "1 of 3"


def test_every_key_stands_in_the_help(page: Page) -> None:
    source = (TEMPLATES / "keyboard.js").read_text(encoding="utf-8")
    keys = re.findall(r'^  "?(\S)"?: ', source, re.MULTILINE)
    told = page.browser.value("[...document.querySelectorAll('#help kbd')].map((key) => key.textContent)")
    assert len(keys) > 12
    assert set(keys) <= set(told)


def in_scripts(browser: Browser, stories: list[dict[str, Any]], expression: str) -> Any:
    """What an expression comes to where the functions of decisions are known."""
    sources = "\n".join(
        (TEMPLATES / name).read_text(encoding="utf-8") for name in ("dom.js", "decisions.js", "exchange.js")
    )
    data = f"const page = {{digest: 'test'}}; const stories = {json.dumps(stories)};"
    return browser.value(f"(() => {{ {data}\n{sources}\nreturn {expression}; }})()")


RUN = """(() => {
  const acts = {accept: acceptStory, reject: rejectStory, out: toggleOut, keep: toggleKeep, pair: decidePair};
  const byName = new Map(stories[0].members.map((member) => [member.id || member.hash, member]));
  return %s.map((steps) => {
    decided = {records: {}, history: [], exported: true};
    for (const [act, ...given] of steps)
      acts[act](stories[0], ...given.map((name) => byName.get(name) ?? name));
    const [lines, state] = [decisionLines(), stateOf(stories[0])];
    decided = {records: {}, history: [], exported: true};
    readDecisions(lines.map((line) => JSON.stringify(line)).join("\\n"));
    return [lines, decisionLines(), state, stateOf(stories[0])];
  });
})()"""


@pytest.mark.parametrize("size", [2, 3, 4, 6])
def test_whatever_is_decided_never_contradicts_itself_and_is_read_back(browser: Browser, size: int) -> None:
    chance = random.Random(size)
    texts = list("abcdef"[:size])
    members = [*({"hash": text, "id": ""} for text in texts[1:]), *({"hash": "a", "id": id} for id in ("one", "two"))]
    story = {"id": "s", "texts": texts, "representative": {"hash": "b"}, "members": members}
    names = [member["id"] or member["hash"] for member in members]
    cases = [[_step(chance, names) for _ in range(chance.randrange(1, 9))] for _ in range(400)]
    for steps, (lines, again, state, state_again) in zip(
        cases, in_scripts(browser, [story], RUN % json.dumps(cases)), strict=True
    ):
        pairs = pairs_of(lines)
        assert len({pair for pair, _ in pairs}) == len(pairs) == sum("verdict" in line for line in lines), steps
        assert not _contradictions(pairs), steps
        assert pairs_of(again) == pairs, steps
        assert [line["keep"] for line in again if "keep" in line] == [line["keep"] for line in lines if "keep" in line]
        assert state_again == state or {state, state_again} <= {"started", "undecided"}, steps


def _step(chance: random.Random, names: list[str]) -> list[str]:
    act = chance.choice(["accept", "reject", "out", "out", "keep", "pair", "pair", "pair"])
    if act == "pair":
        return [act, *chance.sample(names[:-1], 2), chance.choice(["same", "different"])]  # of copies one
    return [act, chance.choice(names)] if act in ("out", "keep") else [act]


def _contradictions(pairs: set[tuple[frozenset[str], str]]) -> list[frozenset[str]]:
    """Pairs decided as different that others, decided as the same, join."""
    group = {text: text for pair, _ in pairs for text in pair}
    for pair, verdict in pairs:
        if verdict == "same":
            one, other = (group[text] for text in pair)
            group = {text: one if of == other else of for text, of in group.items()}
    return [pair for pair, verdict in pairs if verdict == "different" and len({group[text] for text in pair}) == 1]
