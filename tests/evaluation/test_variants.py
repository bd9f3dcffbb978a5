"""Articles cut and copied: what each change keeps, what it loses, and what it leaves alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.datatypes import Article
from dedup.evaluation.gold import Gold
from dedup.evaluation.variants import copies, cut
from dedup.language.sentences import sentences
from real_articles import real_articles
from samples import SCRIPTS

BODY = [
    f"The {word} ferry left the harbour with {number} people aboard and came back."
    for word, number in zip(
        ("first", "second", "red", "blue", "old", "new", "slow", "last"), range(20, 100, 10), strict=True
    )
]
OTHER = [f"Sentence {word} of the other article is about a museum." for word in ("one", "two", "three", "four", "five")]


def gold(text: str, title: str = "", id: str = "a") -> Gold:
    return Gold(Article(id, text, title=title, path="somewhere"), f"story of {id}", "en", "group")


UNTITLED = gold("\n".join(OTHER))
FERRIES, MUSEUM = gold(" ".join(BODY), "Eight ferries"), gold("\n".join(OTHER), "A museum of sentences", "b")


@pytest.mark.parametrize(
    ("item", "lines", "title", "text"),
    [
        pytest.param(FERRIES, 0, "", "Eight ferries", id="the title alone"),
        pytest.param(FERRIES, 2, "Eight ferries", " ".join(BODY[:2]), id="two sentences"),
        pytest.param(FERRIES, 99, "Eight ferries", " ".join(BODY), id="more than there are"),
        pytest.param(gold(" ".join(BODY)), 0, "", BODY[0], id="no title: the first sentence"),
        pytest.param(gold(" ".join(BODY)), 1, "", BODY[0], id="no title"),
        pytest.param(gold("Eight\n" + " ".join(BODY[:3]), "Eight"), 1, "Eight", BODY[0], id="a title in the text"),
        pytest.param(gold("", "Eight"), 3, "", "Eight", id="nothing but a title"),
        pytest.param(gold(""), 3, "", "", id="nothing"),
        pytest.param(
            gold("大雨淹没街道。居民离开家园。", "大雨"), 1, "大雨", "大雨淹没街道。", id="a title is its beginning"
        ),
    ],
)
def test_an_article_is_cut_to_its_beginning(item: Gold, lines: int, title: str, text: str) -> None:
    found = cut(item, lines)
    assert (found.article.title, found.article.text) == (title, text)
    assert replace(found, article=item.article) == item
    assert found.article.id == item.article.id


def copied(item: Gold, *others: Gold, seed: int = 0) -> dict[str, Article]:
    found = copies(item, others, np.random.default_rng(seed))
    assert all(replace(one, article=item.article) == item for one in found), "story, language and group stay"
    names = [one.article.id.removeprefix(f"{item.article.id}#") for one in found]
    assert len(set(names)) == len(names)
    return dict(zip(names, (one.article for one in found), strict=True))


def in_order(some: list[str], every: list[str]) -> bool:
    left = iter(every)
    return all(sentence in left for sentence in some)


CHANGES: dict[str, Callable[[str, list[str]], bool]] = {
    "most": lambda title, told: title == "Eight ferries" and told == BODY[:5],
    "opening": lambda title, told: title == "Eight ferries" and told == BODY[:2],
    "dropped": lambda title, told: title == "Eight ferries" and told[0] == BODY[0] and in_order(told, BODY),
    "swapped": lambda title, told: (
        title == "The old ferry left the harbour with 60" and told == [*BODY[:2], BODY[6], *BODY[3:6], BODY[2], BODY[7]]
    ),
    "renamed": lambda title, told: title == "A museum of sentences" and told == BODY,
    "renumbered": lambda title, told: (
        title == "Eight ferries" and told == [*BODY[:4], BODY[4].replace("60", "68"), *BODY[5:]]
    ),
    "updated": lambda title, told: title == "Eight ferries" and told == [*BODY[:2], *OTHER[1:4], *BODY[2:]],
    "tail": lambda title, told: title == "Eight ferries" and told[:8] == BODY and len(told) > 9,
    "banner": lambda title, told: title == "Eight ferries" and told[-8:] == BODY and len(told) > 9,
    "round-up": lambda title, told: (
        title == "A museum of sentences" and told == ["A museum of sentences", *OTHER, "Eight ferries", *BODY]
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_copy_keeps_and_loses_what_it_says(name: str) -> None:
    for seed in range(9):
        article = copied(FERRIES, MUSEUM, seed=seed)[name]
        assert CHANGES[name](article.title, sentences(article.text)), article
        assert not article.path


def test_every_change_is_among_them() -> None:
    assert [*copied(FERRIES, MUSEUM)] == [*CHANGES]


@pytest.mark.parametrize(
    ("item", "others", "left"),
    [
        pytest.param(gold(BODY[0], "Eight"), [MUSEUM], [], id="one sentence"),
        pytest.param(gold(""), [MUSEUM], [], id="nothing"),
        pytest.param(FERRIES, [], [], id="nobody to borrow from"),
        pytest.param(
            gold("\n".join(OTHER[:3]), "Three"),
            [MUSEUM],
            ["dropped", "renamed", "tail", "banner", "round-up"],
            id="three sentences without a number",
        ),
        pytest.param(
            gold(" ".join(BODY[:2])), [MUSEUM], ["dropped", "renamed", "renumbered", "tail", "banner"], id="two"
        ),
        pytest.param(
            FERRIES, [gold("\n".join(OTHER))], [name for name in CHANGES if name != "renamed"], id="no title to lend"
        ),
    ],
)
def test_a_change_that_would_change_nothing_is_left_out(item: Gold, others: list[Gold], left: list[str]) -> None:
    assert [*copied(item, *others)] == left


@pytest.mark.parametrize("text", ["1.234 and 5,6 at 10:30", "v3.1.4", "7", "none"])
def test_numbers_that_are_no_plain_ones_stay(text: str) -> None:
    item = gold(f"{text} they said. Nobody knew more than that.")
    assert "renumbered" not in copied(item, MUSEUM)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 1000), st.integers(0, 30), st.integers(0, 4))
def test_the_same_seed_gives_the_same_copies(seed: int, place: int, lines: int) -> None:
    items = [Gold(article, article.id, "") for article in real_articles()]
    one, other = (copies(items[place], items, np.random.default_rng(seed)) for _ in range(2))
    assert one == other
    assert cut(items[place], lines) == cut(items[place], lines)


@pytest.mark.parametrize("script", SCRIPTS)
def test_copies_are_made_in_every_script(script: str) -> None:
    text = SCRIPTS[script].strip()
    found = copied(gold("\n".join([text] * 7), text[:10]), MUSEUM)
    assert {"most", "opening", "dropped", "updated", "tail", "banner", "renamed", "round-up"} <= set(found)
