"""The page's own functions, run in a real browser: numbers found again in sentences, sentences set face to face."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import dedup
from chromium import EXECUTABLE, Browser, chromium

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(EXECUTABLE is None, reason="needs a Chromium; on Debian: apt-get install chromium"),
]

TEMPLATES = Path(dedup.__file__).parent / "report" / "templates"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


def in_scripts(browser: Browser, expression: str) -> Any:
    """What an expression comes to where the page's functions are known."""
    names = ("dom.js", "marks.js", "evidence.js")
    sources = "\n".join((TEMPLATES / name).read_text(encoding="utf-8") for name in names)
    return browser.value(f"(() => {{ {sources}\nreturn {expression}; }})()")


MARKED = {
    "plain": ("15 towns", "15", "15"),
    "grouped": ("1,234 towns", "1234", "1,234"),
    "grouped by points": ("1.234 Orte", "1234", "1.234"),
    "grouped by spaces": ("3 000 varor", "3000", "3 000"),
    "decimal comma": ("12,5 %", "12.5", "12,5"),
    "decimal point": ("12.50 %", "12.5", "12.50"),
    "with a scale word": ("US$ 600 miliar", "600000000000", "600"),
    "a part with a scale word": ("2,8 Milliarden", "2800000000", "2,8"),
    "Arabic digits": ("١٥ مدينة", "15", "١٥"),
    "Persian digits": ("۱۵ شهر", "15", "۱۵"),
    "Devanagari digits": ("१५ शहर", "15", "१५"),
    "Tamil digits": ("௧௫ நகரங்கள்", "15", "௧௫"),
    "Thai digits": ("๑๕ เมือง", "15", "๑๕"),
    "full width": ("１５都市", "15", "１５"),
    "inside Han": ("共15座城市", "15", "15"),
    "version": ("Ruby 2.7.1 is out", "2.7.1", "2.7.1"),
    "identifier": ("fixes CVE-2024-1234.", "CVE-2024-1234", "CVE-2024-1234"),
    "another number": ("16 towns", "15", None),
    "a part of a number": ("215 towns", "15", None),
    "digits of another scale": ("6 of them", "60000", None),
    "no number": ("towns", "15", None),
}


@pytest.mark.parametrize(("sentence", "number", "marked"), MARKED.values(), ids=MARKED)
def test_numbers_are_found_again_however_they_are_written(
    browser: Browser, sentence: str, number: str, marked: str | None
) -> None:
    facts = f"[{{kind: 'agree', matches: numberTest([{json.dumps(number)}])}}]"
    told = "(node) => [node.textContent ?? node, Boolean(node.tagName)]"
    nodes = in_scripts(browser, f"marked({json.dumps(sentence)}, {facts}).map({told})")
    assert "".join(text for text, _ in nodes) == sentence
    assert [text for text, is_mark in nodes if is_mark] == ([marked] if marked else [])


CHANGED = {
    "a word replaced": ("Five towns lie here", "Six towns lie here", ["Five"], ["Six"]),
    "a word added": ("Five towns lie here", "Five old towns lie here", [], ["old"]),
    "a word dropped, Cyrillic": ("Пять старых городов", "Пять городов", ["старых"], []),
    "a word replaced, Arabic": ("خمس مدن كبيرة", "ست مدن كبيرة", ["خمس"], ["ست"]),
    "characters replaced, Han": ("五座城市在这里", "六十座城市在这里", ["五"], ["六十"]),
    "a character dropped, kana": ("まちがあります", "まちがある", ["ります"], ["る"]),
    "a word replaced, Thai": ("ห้าเมืองอยู่ที่นี่", "หกเมืองอยู่ที่นี่", ["ห้า"], ["หก"]),
    "a word replaced, Hangul": ("다섯 도시가 있다", "여섯 도시가 있다", ["다섯"], ["여섯"]),
    "a number changed": ("version 2.7.1 is out", "version 2.7.2 is out", ["2.7.1"], ["2.7.2"]),
    "nothing": ("Five towns lie here", "Five towns lie here", [], []),
    "only punctuation": ("Five towns, here", "Five towns here", [], []),
    "another sentence altogether": ("Five towns lie here", "Rain fell on Monday", [], []),
    "empty": ("", "Rain", [], []),
}


@pytest.mark.parametrize(("one", "other", "left", "right"), CHANGED.values(), ids=CHANGED)
def test_words_that_two_versions_do_not_share_are_marked(
    browser: Browser, one: str, other: str, left: list[str], right: list[str]
) -> None:
    pair = f"{json.dumps(one)}, {json.dumps(other)}"
    marks = "nodes.filter((node) => node.tagName).map((mark) => mark.textContent)"
    nodes = f"[{pair}].map((said, side) => marked(said, [], changes({pair})[side]))"
    found = in_scripts(browser, f"{nodes}.map((nodes) => {marks})")
    assert found == [left, right]


ALIGNED = {
    "nothing faces anything": ([], 2, 1, [([0, 1], [0])]),
    "all in order": ([(0, 0), (1, 1)], 2, 2, ["0=0", "1=1"]),
    "gaps on both sides": ([(1, 2)], 3, 4, [([0], [0, 1]), "1=2", ([2], [3])]),
    "two face one": ([(0, 0), (1, 0)], 2, 1, ["0,1=0"]),
    "one faces two": ([(0, 0), (0, 1)], 1, 2, ["0=0,1"]),
    "a moved sentence": ([(0, 2), (1, 0), (2, 1)], 3, 3, ["0=2 moved", "1=0", "2=1"]),
    "one faces two that lie apart": ([(0, 0), (0, 2)], 1, 3, ["0=0,2", ([], [1])]),
    "two that lie apart face one": ([(0, 0), (2, 0)], 3, 1, ["0,2=0", ([1], [])]),
    "no sentences": ([], 0, 0, []),
}


@pytest.mark.parametrize(("pairs", "left", "right", "rows"), ALIGNED.values(), ids=ALIGNED)
def test_every_sentence_stands_in_one_row(
    browser: Browser, pairs: list[tuple[int, int]], left: int, right: int, rows: list[Any]
) -> None:
    triples = json.dumps([[*pair, 0.9] for pair in pairs])
    texts = json.dumps([["."] * left, ["."] * right])
    found = in_scripts(browser, f"alignedRows({triples}, {texts})")
    assert [_row(row) for row in found] == rows
    assert sorted(sentence for row in found for sentence in row["left"]) == list(range(left))
    assert sorted(sentence for row in found for sentence in row["right"]) == list(range(right))


def test_no_sentence_is_lost_whatever_faces_what(browser: Browser) -> None:
    chance = random.Random(3)
    cases = [_case(chance, left=chance.randrange(9), right=chance.randrange(9)) for _ in range(300)]
    shown = in_scripts(browser, f"{json.dumps(cases)}.map(([pairs, texts]) => alignedRows(pairs, texts))")
    for (pairs, (left, right)), rows in zip(cases, shown, strict=True):
        lefts, rights = (sorted(index for row in rows for index in row[side]) for side in ("left", "right"))
        assert lefts == list(range(len(left)))
        assert sorted(set(rights)) == list(range(len(right)))
        assert rights == sorted(set(rights)) or len({pair[1] for pair in pairs}) < len(pairs)


def _case(chance: random.Random, *, left: int, right: int) -> tuple[list[tuple[int, int, float]], list[list[str]]]:
    """Random pairs in order of the left text, and two texts of so many sentences."""
    possible = [(one, other) for one in range(left) for other in range(right)]
    pairs = sorted(chance.sample(possible, chance.randrange(min(len(possible), 6) + 1)))
    return [(*pair, 0.9) for pair in pairs], [["."] * left, ["."] * right]


def _row(row: dict[str, Any]) -> str | tuple[list[int], list[int]]:
    if row["similarity"] is None:
        return row["left"], row["right"]
    sides = "=".join(",".join(map(str, row[side])) for side in ("left", "right"))
    return f"{sides} moved" if row["moved"] else sides
