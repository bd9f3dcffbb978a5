"""The HTML report in a real browser: it opens, filters, shows its evidence, asks for nothing and can be used by all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dedup
from chromium import EXECUTABLE, Browser, chromium
from dedup.datatypes import Agreement, Article, Cluster, Language, Match, MatchKind, Report, WeakestPair
from dedup.report.html import as_html
from handmade import ARTICLES, handmade_report, small_evidence

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(EXECUTABLE is None, reason="needs a Chromium; on Debian: apt-get install chromium"),
]

AXE = Path(__file__).parents[1] / "browser" / "node_modules" / "axe-core" / "axe.min.js"
VECTORS = np.eye(6, dtype=np.float32)
SHOWN = "[...document.querySelectorAll('.card')].map(card => card.querySelector('h3').textContent)"
BADGES = "[...document.querySelectorAll('.card .badge')]"
CURRENT = "document.querySelector('.card.current')"

Open = Callable[..., Browser]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def open_report(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Writes a report as a page and opens it, wide and light."""

    def opened(report: Report, **options: Any) -> Browser:
        path = tmp_path / "report.html"
        path.write_text(as_html(report, **options), encoding="utf-8")
        browser.resize(1280, 900)
        browser.prefer("light")
        browser.open(path)
        assert browser.requests == [path.as_uri()]
        return browser

    yield opened
    browser.value("localStorage.clear()")


def many_stories(n: int) -> Report:
    """Stories of two articles each, kinds and certainties in turn."""
    kinds, scores = tuple(MatchKind), (1.0, 0.97, 0.85, 0.6)
    articles = tuple(Article(f"a/{number}.txt", f"One {number}.\nTwo.", f"Title {number}") for number in range(2 * n))
    languages = tuple(Language(("en", "id", "he", "ja")[number % 4], 0.9) for number in range(2 * n))
    pairs = [(2 * number, 2 * number + 1, kinds[number % 5], scores[number % 4]) for number in range(n)]
    return replace(
        handmade_report(),
        articles=articles,
        languages=languages,
        matches=tuple(Match(left, right, 0.8, score, kind, small_evidence("3")) for left, right, kind, score in pairs),
        clusters=tuple(
            Cluster((left, right), left, kind, WeakestPair(left, right, 0.8, score))
            for left, right, kind, score in pairs
        ),
    )


def choose(browser: Browser, control: str, value: str) -> None:
    """Set a field of the filters as a reader would."""
    browser.value(
        f"(() => {{ const field = document.getElementById({control!r}); field.value = {json.dumps(value)};"
        "field.dispatchEvent(new Event('input', {bubbles: true})); })()"
    )


def test_the_seeds_report_shows_their_one_story(open_report: Open, seeds: Path) -> None:
    browser = open_report(dedup.find_duplicates(dedup.read_folder(seeds)))
    assert browser.value("document.querySelectorAll('.card').length") == 1
    assert browser.value("document.querySelector('.card .kind').textContent") == "Translation"
    assert browser.value(f"{BADGES}.map(badge => badge.textContent)") == ["en", "id"]
    browser.press("j")
    browser.press("Enter")
    facing = browser.value(
        "[...document.querySelectorAll('.faced')].map(cell => cell.lang + ' ' + cell.textContent.trim())"
    )
    left = next(number for number, said in enumerate(facing) if "carbon neutrality by 2060" in said)
    assert facing[left].startswith("en ")
    assert facing[left + 1].startswith("id ")
    assert "netralitas karbon pada tahun 2060" in facing[left + 1]
    assert "2060" in browser.value("[...document.querySelectorAll('.faced mark.agree')].map(mark => mark.textContent)")
    assert browser.complaints == []


def test_three_hundred_articles_open_filter_and_show_evidence(open_report: Open, shared_eval: Path) -> None:
    report = dedup.find_duplicates(_news(shared_eval / "ntrex.jsonl.xz", 300))
    browser = open_report(report, embeddings=dedup.load_encoder("bundled").encode([a.body for a in report.articles]))
    whole = browser.value("document.querySelectorAll('.card').length")
    assert whole == len(report.clusters) > 5
    choose(browser, "language", "id")
    of_indonesian = [c for c in report.clusters if any(report.languages[member].code == "id" for member in c.members)]
    assert browser.value("document.querySelectorAll('.card').length") == len(of_indonesian)
    browser.press("j")
    browser.press("Enter")
    assert browser.value(f"{CURRENT}.querySelectorAll('.faced').length") > 0
    squares = browser.value(f"{CURRENT}.querySelectorAll('.matrix rect').length")
    assert squares in {len(cluster.members) ** 2 for cluster in of_indonesian}
    assert browser.complaints == []
    assert len(browser.requests) == 1


def _news(path: Path, n: int) -> list[Article]:
    import lzma

    with lzma.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    stories = sorted({row["story"] for row in rows})
    chosen = [row for row in rows if row["story"] in stories[:10] or row["lang"] in ("en", "he")]
    return [Article(row["id"], row["text"], row.get("title", "")) for row in chosen[:n]]


def test_hostile_titles_stay_text(open_report: Open) -> None:
    hostile = "</script><img src=x onerror=\"document.title='owned'\"><b>bold</b>"
    article = replace(ARTICLES[0], title=hostile, url="javascript:alert(1)", text=f"{hostile}\nThe rest.")
    browser = open_report(replace(handmade_report(), articles=(article, *ARTICLES[1:])))
    browser.press("j")
    browser.press("Enter")
    assert browser.value(SHOWN)[0] == hostile
    assert browser.value("document.querySelectorAll('img, .card b, [onerror]').length") == 0
    assert browser.value("[...document.links].map(link => link.protocol)") == ["file:", "file:"]
    assert "owned" not in browser.value("document.title")


def test_a_script_that_gets_into_the_page_does_not_run(open_report: Open) -> None:
    browser = open_report(handmade_report())
    browser.value(
        "document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.owned = 1'}))"
    )
    browser.value("document.body.insertAdjacentHTML('beforeend', '<img src=\"data:,\" onerror=\"window.owned = 1\">')")
    browser.wait("document.querySelector('img').complete")
    assert browser.value("typeof window.owned") == "undefined"
    assert any("Content Security Policy" in complaint for complaint in browser.complaints)


@pytest.mark.parametrize(
    ("control", "value", "left"),
    [
        ("search", "title 14", 1),
        ("search", "TITLE 1 4", 3),
        ("search", "a/3.txt", 2),
        ("search", "hebrew", 10),
        ("search", "no such thing", 0),
        ("search", "", 20),
        ("language", "en", 10),
        ("language", "ja", 10),
        ("language", "", 20),
        ("score", "almost-certain", 5),
        ("score", "possible", 5),
        ("score", "", 20),
    ],
)
def test_filters_leave_what_they_say(open_report: Open, control: str, value: str, left: int) -> None:
    browser = open_report(many_stories(20))
    choose(browser, control, value)
    shown = browser.value(SHOWN)
    titles = [f"Title {2 * number}" for number in range(20)]
    if control == "search" and value not in ("", "hebrew", "no such thing"):
        left = sum(_finds(value, number) for number in range(20))
    assert len(shown) == left
    assert set(shown) <= set(titles)
    assert browser.value("document.getElementById('nothing').hidden") is (left > 0)
    assert browser.value("document.getElementById('reset').hidden") is (left == 20)
    browser.value("document.getElementById('reset').click()")
    assert len(browser.value(SHOWN)) == 20


def _finds(query: str, number: int) -> bool:
    names = ("English", "Indonesian", "Hebrew", "Japanese")
    both = (2 * number, 2 * number + 1)
    text = "\n".join(f"title {one}\na/{one}.txt\n{names[one % 4].lower()}" for one in both)
    return all(word in text for word in query.lower().split())


def test_kinds_are_chosen_by_their_chips_and_by_the_chart(open_report: Open) -> None:
    browser = open_report(many_stories(20))
    browser.value("document.querySelector('[name=kind][value=exact]').click()")
    assert len(browser.value(SHOWN)) == 16
    browser.value("document.querySelector('[data-filter=kind][data-value=exact]').click()")
    assert len(browser.value(SHOWN)) == 4
    browser.value("document.querySelector('[data-filter=score][data-value=likely]').click()")
    assert len(browser.value(SHOWN)) == 5


@pytest.mark.parametrize(
    ("order", "first"),
    [("certain", "Title 0"), ("doubtful", "Title 38"), ("title", "Title 0"), ("large", "Title 0")],
)
def test_stories_are_sorted(open_report: Open, order: str, first: str) -> None:
    browser = open_report(many_stories(20))
    choose(browser, "sort", order)
    assert browser.value(SHOWN)[0] == first
    assert len(browser.value(SHOWN)) == 20


def test_the_keyboard_goes_through_the_stories(open_report: Open) -> None:
    browser = open_report(many_stories(5))
    title = f"{CURRENT}?.querySelector('h3').textContent"
    first, second, *_ = browser.value(SHOWN)
    browser.press("j")
    assert browser.value(title) == first
    browser.press("j")
    assert browser.value(title) == second
    browser.press("k")
    assert browser.value(title) == first
    browser.press("Enter")
    assert browser.value(f"{CURRENT}.querySelector('.panel').hidden") is False
    browser.press("Enter")
    assert browser.value(f"{CURRENT}.querySelector('.panel').hidden") is True
    browser.press("/")
    assert browser.value("document.activeElement.id") == "search"
    browser.press("j")
    assert browser.value("document.activeElement.value") == "j"
    browser.press("Escape")
    browser.press("?")
    assert browser.value("document.getElementById('help').open") is True


def test_pairs_of_a_larger_story_are_gone_through(open_report: Open) -> None:
    browser = open_report(handmade_report())
    choose(browser, "sort", "large")
    browser.press("j")
    heads = f"[...{CURRENT}.querySelectorAll('.side-head .badge')].map(badge => badge.textContent)"
    browser.press("n")
    assert browser.value(heads) == ["ja", "ar"]
    browser.press("n")
    assert browser.value(heads) == ["ar", "th"]
    browser.press("p")
    assert browser.value(heads) == ["ja", "ar"]
    click = "dispatchEvent(new MouseEvent('click', {bubbles: true}))"
    browser.value(f"{CURRENT}.querySelector('.matrix .weakest').{click}")
    assert browser.value(heads) == ["ja", "th"]
    assert "not matched directly" in browser.value(f"{CURRENT}.querySelector('.verdict').textContent")


def test_paths_are_copied(open_report: Open) -> None:
    browser = open_report(handmade_report())
    browser.value("navigator.clipboard.writeText = async (text) => { window.copied = text; }")
    browser.press("j")
    browser.press("c")
    browser.wait("window.copied === 'news/en.txt\\nnews/id.txt'")
    browser.value(f"[...{CURRENT}.querySelectorAll('button')].find(b => b.textContent.includes('repeats')).click()")
    browser.wait("window.copied === 'news/id.txt'")


def test_cards_are_filled_as_they_come_into_view(open_report: Open) -> None:
    browser = open_report(many_stories(100))
    browser.wait("document.querySelectorAll('.card .members').length > 0")
    assert browser.value("document.querySelectorAll('.card').length") == 100
    assert browser.value("document.querySelectorAll('.card .members').length") < 50
    browser.value("document.querySelector('.card:last-child').scrollIntoView()")
    browser.wait("document.querySelector('.card:last-child .members') !== null")


def test_printing_fills_every_card(open_report: Open) -> None:
    browser = open_report(many_stories(100))
    browser.value("dispatchEvent(new Event('beforeprint'))")
    assert browser.value("document.querySelectorAll('.card .members').length") == 100


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_nothing_runs_out_of_the_page(open_report: Open, width: int) -> None:
    browser = open_report(handmade_report(), embeddings=VECTORS)
    browser.resize(width, 800, phone=width < 700)
    for _ in range(2):
        browser.press("j")
        browser.press("Enter")
    assert browser.value("document.documentElement.scrollWidth") <= width


def test_scripts_run_in_their_own_direction(open_report: Open) -> None:
    browser = open_report(handmade_report())
    browser.value("dispatchEvent(new Event('beforeprint'))")
    directions = browser.value(
        "[...document.querySelectorAll('.member-title')].map(title => [title.lang, getComputedStyle(title).direction])"
    )
    assert dict(directions) == {"en": "ltr", "id": "ltr", "ar": "rtl", "ja": "ltr", "th": "ltr"}


def test_light_and_dark(open_report: Open) -> None:
    browser = open_report(handmade_report())
    background = "getComputedStyle(document.documentElement).backgroundColor"
    light = browser.value(background)
    browser.press("t")
    dark = browser.value(background)
    assert dark != light
    browser.press("t")
    assert browser.value(background) == light
    browser.value("delete document.documentElement.dataset.theme")
    browser.prefer("dark")
    assert browser.value(background) == dark


def test_a_click_on_the_map_opens_the_story(open_report: Open) -> None:
    browser = open_report(handmade_report(), embeddings=VECTORS)
    browser.value("document.getElementById('overview').open = true")
    browser.value("document.getElementById('map').scrollIntoView({block: 'center'})")
    x, y = browser.value(
        "(() => { const box = document.getElementById('map').getBoundingClientRect();"
        "const [x, y] = JSON.parse(document.getElementById('page-data').textContent).map[1];"
        "return [box.x + 30 + x / 1000 * (box.width - 60), box.y + 30 + (1 - y / 1000) * (box.height - 60)]; })()"
    )
    browser.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
    browser.wait("!document.getElementById('map-tip').hidden")
    assert ARTICLES[3].title in browser.value("document.getElementById('map-tip').textContent")
    for event in ("mousePressed", "mouseReleased"):
        browser.call("Input.dispatchMouseEvent", type=event, x=x, y=y, button="left", clickCount=1)
    browser.wait(f"{CURRENT} !== null")
    assert browser.value(f"{CURRENT}.querySelector('h3').textContent") == ARTICLES[3].title


def test_without_text_the_evidence_still_says_how_sure(open_report: Open) -> None:
    browser = open_report(handmade_report(), with_text=False)
    browser.press("j")
    browser.press("Enter")
    panel = browser.value(f"{CURRENT}.querySelector('.panel').textContent")
    assert "very likely" in panel
    assert "3 sentences face each other" in panel
    assert browser.value("document.querySelectorAll('.sides').length") == 0
    assert browser.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280], ids=["phone", "desktop"])
def test_axe_finds_no_serious_fault(open_report: Open, scheme: str, width: int) -> None:
    if not AXE.is_file():
        pytest.skip("needs axe-core: npm install --prefix tests/browser")
    clash = Agreement(("12", "2025"), ("600",), ("700",))
    report = handmade_report()
    match = replace(report.matches[0], evidence=replace(report.matches[0].evidence, numbers=clash))
    browser = open_report(replace(report, matches=(match, *report.matches[1:])), embeddings=VECTORS)
    browser.prefer(scheme)
    browser.resize(width, 900, phone=width < 700)
    browser.value("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
    for _ in range(2):
        browser.press("j")
        browser.press("Enter")
    browser.call("Runtime.evaluate", expression=AXE.read_text(encoding="utf-8"))
    faults = browser.value(
        "axe.run(document).then(({violations}) => violations.map(({id, impact, nodes}) => [id, impact, nodes[0].html]))"
    )
    assert [fault for fault in faults if fault[1] in ("serious", "critical")] == []
