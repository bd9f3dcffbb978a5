"""A newcomer's way: 60 files of several kinds, a scan, the page, decisions by hand, and what is done with them."""

from __future__ import annotations

import hashlib
import html
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from chromium import EXECUTABLE, Browser, chromium

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(EXECUTABLE is None, reason="needs a Chromium; on Debian: apt-get install chromium"),
]

GOLD = Path(__file__).parent / "data" / "gold.jsonl"
FILES = 60
CARD = "document.getElementById('story-{}')"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    """A folder of 60 articles as text, Markdown and HTML in folders by language; most are told more than once."""
    rows = [json.loads(line) for line in GOLD.read_text(encoding="utf-8").splitlines()]
    chosen = [
        row
        for start, count in (("copy/", 30), ("translation/", 20), ("once/", 10))
        for row in [row for row in rows if row["id"].startswith(start)][:count]
    ]
    folder = tmp_path / "articles"
    for number, row in enumerate(chosen):
        path = folder / row["lang"] / f"{number:02}"
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, row["title"], row["text"], number % 3)
    assert len(_tree(folder)) == FILES
    return folder


def _write(path: Path, title: str, text: str, form: int) -> None:
    paragraphs = text.split("\n\n")
    if form == 0:
        path.with_suffix(".txt").write_text(f"{title}\n\n{text}\n", encoding="utf-8")
    elif form == 1:
        path.with_suffix(".md").write_text(f"# {title}\n\n{text}\n", encoding="utf-8")
    else:
        body = "".join(f"<p>{html.escape(part)}</p>" for part in paragraphs)
        page = (
            f"<!doctype html><title>{html.escape(title)}</title><article><h1>{html.escape(title)}</h1>{body}</article>"
        )
        path.with_suffix(".html").write_text(page, encoding="utf-8")


def _tree(folder: Path) -> dict[str, str]:
    """Every file of a folder and a hash of its bytes."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _dedup(folder: Path, *arguments: str, fails: bool = False) -> str:
    """Run the command in a folder; gives what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "dedup", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    )
    assert fails or done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def _decide(browser: Browser, folder: Path, rejected: str, kept_in: str) -> Path:
    """Reject a story on the page, accept another and keep its second article; gives the file that is exported."""
    downloads = folder / "downloads"
    browser.call("Browser.setDownloadBehavior", page=False, behavior="allow", downloadPath=str(downloads))
    browser.resize(1440, 900)
    browser.open(folder / "report.html")
    for story in (rejected, kept_in):
        browser.value(f"{CARD.format(story)}.scrollIntoView()")
        browser.wait(f"{CARD.format(story)}.querySelector('.decide') !== null")
    browser.value(f"{CARD.format(rejected)}.querySelector('.decide.reject').click()")
    browser.value(f"{CARD.format(kept_in)}.querySelectorAll('.decide.keep')[1].click()")
    browser.value(f"{CARD.format(kept_in)}.querySelector('.decide.accept').click()")
    assert browser.value("document.getElementById('progress-count').textContent").startswith("2 of ")
    browser.value("document.getElementById('export').click()")
    deadline = time.monotonic() + 20
    while not (found := list(downloads.glob("*.jsonl"))):
        assert time.monotonic() < deadline, "nothing was downloaded"
        time.sleep(0.02)
    assert browser.complaints == []
    return found[0]


def test_from_files_to_decisions_and_back_again(browser: Browser, articles: Path) -> None:
    folder, before = articles.parent, _tree(articles)
    _dedup(folder, "scan", "articles", "-o", "report.json")
    _dedup(folder, "scan", "articles", "-o", "report.html")
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    hash_of = {article["id"]: article["hash"] for article in report["articles"]}
    rejected, accepted, *others = sorted(report["clusters"], key=lambda cluster: -len(cluster["members"]))
    assert len(others) > 5

    decisions = _decide(browser, folder, rejected["id"], accepted["id"])
    lines = [json.loads(line) for line in decisions.read_text(encoding="utf-8").splitlines()]
    different = {frozenset((line["left"], line["right"])) for line in lines if line.get("verdict") == "different"}
    n = len(rejected["members"])
    assert len(different) == n * (n - 1) // 2
    assert set().union(*different) == {hash_of[member] for member in rejected["members"]}
    (kept,) = [line["keep"] for line in lines if "keep" in line]
    keeper = next(member for member in accepted["members"] if hash_of[member] == kept)
    assert keeper != accepted["representative"]
    assert _tree(articles) == before

    if "--decisions" not in _dedup(folder, "scan", "--help"):
        pytest.skip("dedup scan knows no --decisions")
    _dedup(folder, "scan", "articles", "-o", "again.json", "--decisions", str(decisions))
    again = json.loads((folder / "again.json").read_text(encoding="utf-8"))
    joined = [set(cluster["members"]) & set(rejected["members"]) for cluster in again["clusters"]]
    assert max(map(len, joined)) < 2
    assert keeper in {cluster["representative"] for cluster in again["clusters"]}

    if "--decisions" not in _dedup(folder, "apply", "--help", fails=True):
        pytest.skip("dedup apply knows no --decisions")
    apply = ("apply", "report.json", "--kinds", "exact,near,excerpt,translation", "--decisions", str(decisions))
    told = _dedup(folder, *apply, "--move-to", "repeats", "--dry-run")
    assert accepted["representative"] in told
    assert _tree(articles) == before
    _dedup(folder, *apply, "--move-to", "repeats")
    left = {f"articles/{path}" for path in _tree(articles)}
    assert {*rejected["members"], keeper} <= left
    assert accepted["representative"] not in left
    assert len(left) < FILES
    _dedup(folder, "apply", "--undo", "report.json.journal.jsonl")
    assert _tree(articles) == before
