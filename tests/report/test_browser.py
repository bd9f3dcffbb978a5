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
from dedup.datatypes import (
    Agreement,
    AlignedPair,
    Article,
    Cluster,
    Evidence,
    Language,
    Match,
    MatchKind,
    Report,
    Skipped,
    WeakestPair,
)
from dedup.report.html import as_html
from handmade import ARTICLES, empty_report, handmade_report, small_evidence

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
    squares = browser.value(f"{CURRENT}.querySelectorAll('.matrix:not(.swatch) rect').length")
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


def test_printing_shows_the_evidence_of_every_story_and_puts_it_away_again(open_report: Open) -> None:
    browser = open_report(many_stories(30))
    browser.press("j")
    browser.press("Enter")
    opened = "[...document.querySelectorAll('.panel')].filter((panel) => !panel.hidden).length"
    browser.value("dispatchEvent(new Event('beforeprint'))")
    assert browser.value(opened) == 30
    browser.prefer("light", "print")
    shown = "getComputedStyle(document.querySelector('.card {}')).display"
    assert browser.value(shown.format(".accept")) != "none"
    assert browser.value(shown.format(".card-foot")) == "none"
    box = "getComputedStyle(document.querySelector('.card .accept'), '::before')"
    assert browser.value(f"{box}.borderStyle") == "solid"
    browser.prefer("light")
    browser.value("dispatchEvent(new Event('afterprint'))")
    assert browser.value(opened) == 1


@pytest.mark.parametrize(("width", "height", "least"), [(1440, 900, 400), (390, 844, 250)], ids=["desktop", "phone"])
def test_the_first_story_is_on_the_first_screen(open_report: Open, width: int, height: int, least: int) -> None:
    report = many_stories(20)
    skipped = tuple(
        Skipped(f"old/{n}.docx", "documents need the extra: pip install dedup[documents]") for n in range(30)
    )
    browser = open_report(replace(report, skipped=skipped), embeddings=np.eye(40, dtype=np.float32))
    browser.resize(width, height, phone=width < 700)
    top = browser.value("document.querySelector('.card').getBoundingClientRect().top")
    assert height - top >= least
    banner = "document.querySelector('.banner')"
    assert browser.value(f"{banner}.textContent").startswith("30 of 70 files and records could not be read.")
    browser.value(f"{banner}.querySelector('a').click()")
    assert browser.value("document.getElementById('skipped').open") is True


@pytest.mark.parametrize("width", [390, 1440])
def test_long_evidence_stays_within_the_screen(open_report: Open, width: int) -> None:
    report = handmade_report()
    lines = [f"This is sentence number {number} of a long text about many things." for number in range(300)]
    long = [replace(article, text="\n".join(lines)) for article in report.articles[:2]]
    aligned = tuple(AlignedPair(number, number, 0.9) for number in range(300))
    match = replace(report.matches[0], evidence=replace(report.matches[0].evidence, aligned=aligned))
    report = replace(report, articles=(*long, *report.articles[2:]), matches=(match, *report.matches[1:]))
    browser = open_report(report)
    browser.resize(width, 844, phone=width < 700)
    browser.press("j")
    browser.press("Enter")
    assert browser.value(f"{CURRENT}.querySelectorAll('.faced').length") == 600
    assert browser.value(f"{CURRENT}.querySelector('.panel').getBoundingClientRect().height") < 2 * 844
    sides = f"{CURRENT}.querySelector('.sides')"
    assert browser.value(f"{sides}.scrollHeight > {sides}.clientHeight && {sides}.tabIndex === 0") is True
    browser.value("dispatchEvent(new Event('beforeprint'))")
    browser.prefer("light", "print")
    printed = f"[...{sides}.querySelectorAll('.faced')].filter((cell) => cell.checkVisibility()).length"
    assert browser.value(printed) == 12
    assert "294 rows more" in browser.value(f"{CURRENT}.querySelector('.panel').textContent")
    browser.prefer("light")
    browser.value("dispatchEvent(new Event('afterprint'))")


def test_the_weakest_pair_has_the_lowest_figure_in_the_matrix(open_report: Open) -> None:
    articles = tuple(Article(f"{n}", f"Text {n}.", f"Title {n}") for n in range(4))
    scores = {(0, 1): 0.9999, (0, 2): 0.97, (0, 3): 0.6, (1, 2): 0.85, (1, 3): 0.99, (2, 3): 0.9}
    cosines = dict(zip(scores, (0.5, 0.4, 0.9, 0.6, 0.7, 0.2), strict=True))
    matches = tuple(
        Match(*pair, cosines[pair], score, MatchKind.NEAR, small_evidence("3")) for pair, score in scores.items()
    )
    cluster = Cluster((0, 1, 2, 3), 0, MatchKind.NEAR, WeakestPair(0, 3, 0.9, 0.6))
    languages = (Language("en", 0.99),) * 4
    browser = open_report(
        replace(handmade_report(), articles=articles, languages=languages, matches=matches, clusters=(cluster,))
    )
    browser.press("j")
    browser.press("Enter")
    figures = browser.value(f"[...{CURRENT}.querySelectorAll('.matrix .figure')].map((text) => text.textContent)")
    assert sorted(set(figures)) == [".60", ".85", ".90", ".97", ".99", ">.99"]
    weakest = f"{CURRENT}.querySelector('.matrix .weakest')"
    assert browser.value(f"{weakest}.nextSibling.textContent") == ".60"
    assert "(0.60)" in browser.value(f"{CURRENT}.querySelector('figcaption').textContent")
    opacity = f"Number(getComputedStyle({CURRENT}.querySelector('.matrix .%s')).fillOpacity)"
    for scheme in ("light", "dark"):
        browser.prefer(scheme)
        strengths = [browser.value(opacity % f"sure-{level}") for level in (1, 2, 3, 4)]
        assert strengths == sorted(strengths)
        assert len(set(strengths)) == 4


def test_names_are_in_both_only_where_both_texts_spell_them(open_report: Open) -> None:
    report = handmade_report()
    names = Agreement(("putin", "sekolah"), ("Perth",))
    first = replace(report.articles[0], text="On Monday Путин met pupils of Sekolah.")
    second = replace(report.articles[1], text="Pada hari Senin Putin bertemu murid.")
    match = replace(report.matches[0], evidence=replace(report.matches[0].evidence, names=names, aligned=()))
    browser = open_report(
        replace(report, articles=(first, second, *report.articles[2:]), matches=(match, *report.matches[1:]))
    )
    browser.press("j")
    browser.press("Enter")
    groups = browser.value(f"[...{CURRENT}.querySelectorAll('.fact-group')].map((group) => group.textContent.trim())")
    assert "in both Путин" in groups
    assert "perhaps in both, alike in sound Sekolah" in groups
    marks = browser.value(f"[...{CURRENT}.querySelectorAll('.sides mark')].map((mark) => mark.textContent)")
    assert "Sekolah" not in marks
    assert "Путин" in marks


def test_the_score_is_explained_step_by_step(open_report: Open, seeds: Path) -> None:
    report = dedup.find_duplicates(dedup.read_folder(seeds))
    browser = open_report(report)
    browser.press("j")
    browser.press("Enter")
    details = f"{CURRENT}.querySelector('.why-score')"
    assert browser.value(f"{details}.querySelector('summary').textContent").startswith("Why over 0.99: ")
    rows = browser.value(
        f"[...{details}.querySelectorAll('.waterfall tbody tr')].map((row) => [...row.cells].map((c) => c.textContent))"
    )
    figures = [float(figure.replace("\u2212", "-")) for _, _, figure in rows]
    assert rows[0][0] == "start: two texts in two languages"
    assert rows[-1][0] == "together: a score of over 0.99, almost certain"
    assert sum(figures[:-1]) == pytest.approx(figures[-1], abs=0.5)
    steps = [abs(figure) for figure in figures[1:-1]]
    assert steps == sorted(steps, reverse=True)


def test_a_story_is_headed_in_a_language_of_the_reader(open_report: Open) -> None:
    report = handmade_report()
    languages = (*report.languages[:4], Language("en", 0.9), *report.languages[5:])
    browser = open_report(replace(report, languages=languages))
    assert ARTICLES[4].title in browser.value(SHOWN)
    assert ARTICLES[3].title in browser.value(
        "document.querySelectorAll('.card')[1].querySelector('.member').textContent"
    )


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
    assert "3 sentences match." in panel
    assert browser.value("document.querySelectorAll('.sides').length") == 0
    assert browser.complaints == []


def test_copies_stand_beside_their_text_and_share_its_evidence(open_report: Open) -> None:
    """Two texts, each with a copy: only the first ones of each were matched."""
    texts = ("Five towns were flooded.", "Lima kota terendam banjir.")
    articles = tuple(Article(f"{n}", texts[n % 2], f"Title {n % 2}") for n in range(4))
    exact = [Match(n, n + 2, 1.0, 1.0, MatchKind.EXACT, Evidence((1.0, 1.0))) for n in (0, 1)]
    match = Match(0, 1, 0.8, 0.9, MatchKind.TRANSLATION, small_evidence("5"))
    cluster = Cluster((0, 1, 2, 3), 0, MatchKind.TRANSLATION, WeakestPair(0, 1, 0.8, 0.9))
    languages = (Language("en", 0.99), Language("id", 0.99)) * 2
    browser = open_report(
        replace(handmade_report(), articles=articles, languages=languages, matches=(match, *exact), clusters=(cluster,))
    )
    browser.press("j")
    assert "likely (0.90)" in browser.value(f"{CURRENT}.querySelector('.card-head').textContent")
    paths = browser.value(f"[...{CURRENT}.querySelectorAll('.path')].map((path) => path.textContent)")
    assert paths == ["0", "2", "1", "3"]
    browser.press("Enter")
    heads = f"[...{CURRENT}.querySelectorAll('.side-head .path')].map((path) => path.textContent)"
    assert browser.value(heads) == ["0", "1"]
    assert browser.value(f"{CURRENT}.querySelectorAll('.matrix .figure').length") == 12
    click = "dispatchEvent(new MouseEvent('click', {bubbles: true}))"
    browser.value(f"{CURRENT}.querySelector('[data-pair=\"1,3\"]').{click}")
    assert browser.value(heads) == ["0", "1"]
    assert "The same texts" in browser.value(f"{CURRENT}.querySelector('.panel').textContent")
    browser.value(f"{CURRENT}.querySelector('[data-pair=\"2,3\"]').{click}")
    assert browser.value(heads) == ["1", "3"]
    assert browser.value(f"{CURRENT}.querySelector('.panel .kind').textContent") == "Exact copy"


def test_what_people_joined_is_said_to_be_joined_by_decision(open_report: Open) -> None:
    report = handmade_report()
    low = WeakestPair(0, 1, 0.871, 0.2)
    report = replace(
        report,
        matches=(replace(report.matches[0], score=0.2, decided=True), *report.matches[1:]),
        clusters=(replace(report.clusters[0], weakest=low, decided=True), *report.clusters[1:]),
    )
    browser = open_report(report)
    browser.press("j")
    browser.press("j")
    browser.press("Enter")
    assert "joined by decision (0.20)" in browser.value(f"{CURRENT}.querySelector('.certainty').textContent")
    assert "joined by decision (0.20)" in browser.value(f"{CURRENT}.querySelector('.verdict').textContent")


def test_every_control_of_a_story_is_reached_and_seen_by_keyboard(open_report: Open) -> None:
    browser = open_report(handmade_report())
    browser.press("j")
    browser.press("j")
    reached = []
    for _ in range(12):
        browser.press("Tab")
        label, outline = browser.value(
            "[document.activeElement.textContent.trim(), getComputedStyle(document.activeElement).outlineStyle]"
        )
        assert outline != "none"
        reached.append(label)
    expected = ["Accept", "Reject", "Keep", "Not in it", *("Keep", "Not in it", "Compare") * 2, "Show evidence"]
    assert reached[: len(expected)] == expected


def test_no_key_fails_where_nothing_is_told_twice(open_report: Open) -> None:
    browser = open_report(empty_report(Article("a", "text"), Article("b", "other")))
    for key in "jknparhxsduect123/?":
        browser.press(key)
    assert browser.complaints == []


def test_nothing_moves_where_the_reader_wants_it_still(open_report: Open) -> None:
    browser = open_report(handmade_report())
    moving = "getComputedStyle(document.getElementById('toast')).transitionDuration"
    assert browser.value(moving) != "0s"
    browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-reduced-motion", "value": "reduce"}])
    assert browser.value(moving) == "0s"


def test_the_sheet_with_more_is_closed_by_escape_and_by_a_click_beside_it(open_report: Open) -> None:
    browser = open_report(handmade_report())
    sheet = "document.querySelector('.more-tools')"
    for close in ("Escape", "click"):
        browser.value(f"{sheet}.querySelector('summary').click()")
        browser.value("document.getElementById('by').focus()")
        assert browser.value(f"{sheet}.open") is True
        if close == "Escape":
            browser.press("Escape")
        else:
            browser.value("document.querySelector('h1').click()")
        assert browser.value(f"{sheet}.open") is False


def seeds_with(report: Report, seeds: Path) -> Report:
    """A report of the seeds, whose scores are explained, with the stories of another behind it."""
    own = dedup.find_duplicates(dedup.read_folder(seeds))
    n = len(own.articles)
    matches = [replace(match, left=match.left + n, right=match.right + n) for match in report.matches]
    clusters = [
        replace(
            cluster,
            members=tuple(member + n for member in cluster.members),
            representative=cluster.representative + n,
            weakest=replace(cluster.weakest, left=cluster.weakest.left + n, right=cluster.weakest.right + n),
        )
        for cluster in report.clusters
    ]
    return replace(
        own,
        articles=(*own.articles, *report.articles),
        languages=(*own.languages, *report.languages),
        matches=(*own.matches, *matches),
        clusters=(*own.clusters, *clusters),
        skipped=report.skipped,
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280], ids=["phone", "desktop"])
def test_axe_finds_no_fault(open_report: Open, seeds: Path, scheme: str, width: int) -> None:
    if not AXE.is_file():
        pytest.skip("needs axe-core: npm install --prefix tests/browser")
    clash = Agreement(("12", "2025"), ("600",), ("700",))
    report = handmade_report()
    match = replace(report.matches[0], evidence=replace(report.matches[0].evidence, numbers=clash))
    report = replace(report, matches=(match, *report.matches[1:]))
    browser = open_report(seeds_with(report, seeds), embeddings=np.eye(11, dtype=np.float32))
    browser.prefer(scheme)
    browser.resize(width, 900, phone=width < 700)
    browser.value("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
    for key in ("j", "Enter", "h", "a", "j", "n", "x", "d", "j", "n", "h", "j"):
        browser.press(key)
    browser.value("document.querySelectorAll('.why-score').forEach((details) => { details.open = true; })")
    browser.call("Runtime.evaluate", expression=AXE.read_text(encoding="utf-8"))
    faults = browser.value(
        "axe.run(document).then(({violations}) => violations.map(({id, impact, nodes}) => [id, impact, nodes[0].html]))"
    )
    assert faults == []
