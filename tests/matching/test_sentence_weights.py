"""What sentences tell: by their length, and less where they recur under other headlines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.matching.sentence_weights import information_weights, masked_hashes, without_recurring
from samples import SCRIPTS


def starts_of(articles: Sequence[Sequence[object]]) -> npt.NDArray[np.intp]:
    return np.cumsum([0, *map(len, articles)]).astype(np.intp)


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(0, 600), max_size=6), max_size=8))
def test_weights_are_those_of_one_article_after_the_other(articles: list[list[int]]) -> None:
    starts = starts_of(articles)
    found = information_weights([length for article in articles for length in article], starts)
    assert found.dtype == np.float32
    for article, (start, end) in zip(articles, pairwise(starts.tolist()), strict=True):
        part = np.minimum(np.array(article, float), 400)
        assert found[start:end] == pytest.approx(part / max(part.sum(), 1), rel=1e-4)


@pytest.mark.parametrize(
    ("lengths", "weights"),
    [
        ([100, 100], [0.5, 0.5]),
        ([300, 100], [0.75, 0.25]),
        ([4000, 400], [0.5, 0.5]),
        ([0, 100], [0.0, 1.0]),
        ([0, 0], [0.0, 0.0]),
        ([], []),
    ],
    ids=[
        "alike",
        "by length",
        "a very long one does not outweigh an article",
        "a line of the page",
        "all page",
        "none",
    ],
)
def test_a_sentence_tells_as_much_as_it_is_long(lengths: list[int], weights: list[float]) -> None:
    assert information_weights(lengths, np.array([0, len(lengths)])) == pytest.approx(weights)


def lowered(articles: Sequence[Sequence[int]], page: Sequence[int] = ()) -> list[list[float]]:
    """Weights of sentences, all equally long, the first of each article its headline; those in `page` do not count."""
    starts = starts_of(articles)
    flat = np.array([sentence for article in articles for sentence in article], np.int64)
    weights = information_weights(np.where(np.isin(flat, page), 0, 100), starts)
    found = without_recurring(weights, flat.astype(np.uint64), starts)
    assert found.dtype == np.float32
    return [part.tolist() for part in np.split(found, starts[1:-1])] if articles else []


WALL = [90, 91]
FIVE = [[10 * at, 10 * at + 1, *WALL] for at in range(5)]


@pytest.mark.parametrize(
    ("articles", "weights"),
    [
        pytest.param([[1, 2, 3, 4]], [1 / 4] * 4, id="told once"),
        pytest.param([[1, 2, 3], [4, 5, 6]], [1 / 3] * 3, id="all told once"),
        pytest.param([[1, 2, 3]] * 9, [1 / 3] * 3, id="copied"),
        pytest.param([[at, 50, 51] for at in range(9)], [1 / 3] * 3, id="copied under many headlines"),
        pytest.param([[1, 2, *WALL], [3, 4, *WALL]], [1 / 4] * 4, id="under two headlines"),
        pytest.param([[1, 2, *WALL]] * 9 + [[3, 4, *WALL]] * 9, [1 / 4] * 4, id="two headlines, told often"),
        pytest.param([[7], [7], [8, 7], [9, 7]], [1.0], id="nothing but a headline"),
        pytest.param([[1, 2, 2, 2]] * 2, [1 / 4] * 4, id="said thrice in one article"),
    ],
)
def test_what_is_no_boilerplate_keeps_its_weight(articles: list[list[int]], weights: list[float]) -> None:
    assert lowered(articles)[0] == pytest.approx(weights)


@pytest.mark.parametrize(
    ("articles", "weights"),
    [
        pytest.param(FIVE, [1 / 2.8, 1 / 2.8, 0.4 / 2.8, 0.4 / 2.8], id="a wall under five headlines"),
        pytest.param(FIVE[:3], [0.3, 0.3, 0.2, 0.2], id="under three"),
        pytest.param([*FIVE, [0, 1]], [1 / 2.8, 1 / 2.8, 0.4 / 2.8, 0.4 / 2.8], id="a copy without it changes nothing"),
        pytest.param(
            [[0, 50, 51, 90], *([at, 50, 51, 90] for at in range(1, 4)), *([at, at + 100, 90] for at in range(4, 8))],
            [2 / 7, 2 / 7, 2 / 7, 1 / 7],
            id="copied under four headlines, and a line under eight",
        ),
    ],
)
def test_what_recurs_under_other_headlines_weighs_less(articles: list[list[int]], weights: list[float]) -> None:
    assert lowered(articles)[0] == pytest.approx(weights)


def test_a_line_of_the_page_is_no_headline() -> None:
    plain = [[at, at + 10, *WALL] for at in range(4)]
    under = [[99, *article] for article in plain]
    assert [[0.0, *weights] for weights in lowered(plain)] == lowered(under, page=[99])
    assert lowered([[99], []], page=[99]) == [[0.0], []]


def by_hand(articles: Sequence[Sequence[int]]) -> list[list[float]]:
    headlines = {
        sentence: {article[0] for article in articles if sentence in article}
        for article in articles
        for sentence in article
    }
    found = []
    for article in articles:
        often = [len(headlines[sentence]) for sentence in article]
        least = max(2, min(often[1:], default=10**9))
        weights = [min(1.0, least / count) for count in often]
        found.append([weight / sum(weights) for weight in weights])
    return found


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(0, 9), max_size=6), max_size=12))
def test_weights_are_those_of_counting_headlines(articles: list[list[int]]) -> None:
    for found, expected in zip(lowered(articles), by_hand(articles), strict=True):
        assert found == pytest.approx(expected, rel=1e-5)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.lists(st.integers(0, 9), max_size=6), max_size=8), st.lists(st.integers(20, 29), max_size=9))
def test_articles_with_nothing_in_common_change_no_weight(articles: list[list[int]], stranger: list[int]) -> None:
    assert lowered([*articles, stranger])[:-1] == lowered(articles)


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_digit_does_not_make_another_sentence(script: str) -> None:
    text = f"340 {SCRIPTS[script].strip()}"
    one, same, other = masked_hashes("\n".join([text, text.replace("340", "7"), text[:-3]]).casefold())
    assert one == same
    assert one != other
    assert len(masked_hashes("")) == 0


@given(st.lists(st.text("1٣९𝟗𐰀 a\U0001f600b").filter(bool), max_size=8))
def test_lines_have_one_number_where_they_are_the_same_but_for_digits(lines: list[str]) -> None:
    plain = [re.sub(r"\d+", "0", line) for line in lines]
    found = masked_hashes("\n".join(lines)).tolist()
    assert len(found) == len(lines)
    assert [[one == other for other in plain] for one in plain] == [[one == other for other in found] for one in found]
