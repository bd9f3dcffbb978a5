"""Page furniture: found in any language by English examples, and never mistaken for the article."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from dedup.embedding.encoder import Encoder
from dedup.embedding.load import load_encoder
from dedup.matching.sentence_weights import EXAMPLES, MORE_STORIES, page_furniture

ARTICLE = (
    "The ministers met in Almaty on Tuesday to talk about water and energy.",
    "They agreed to build 12 new measuring stations by 2030.",
    "The next meeting will be held in Tashkent in the spring.",
)


@pytest.fixture(scope="module")
def bundled() -> Encoder:
    return load_encoder("bundled")


def furniture(lines: Sequence[str], encoder: Encoder) -> list[bool]:
    return page_furniture(
        encoder.encode(lines),
        [len(line) for line in lines],
        np.array([0, len(lines)]),
        encoder.encode(EXAMPLES),
        encoder.encode(MORE_STORIES),
    ).tolist()


@pytest.mark.parametrize(
    "line",
    [
        "Share this article:",
        "Bagikan artikel ini:",
        "Diesen Artikel teilen",
        "Поделиться этой статьёй",
        "Compartir este artículo",
        "分享这篇文章",
    ],
)
def test_a_share_bar_is_found_in_any_language(line: str, bundled: Encoder) -> None:
    assert furniture([*ARTICLE, line], bundled) == [False, False, False, True]


@pytest.mark.parametrize(
    "line",
    [
        "Ministers share the costs of the canal.",
        "Para menteri berbagi biaya kanal itu.",
        "Читатели получили газету в понедельник утром.",
        "The newspaper published an article about cookies and bread on Friday.",
        "12",
    ],
)
def test_what_the_article_says_stays(line: str, bundled: Encoder) -> None:
    assert furniture([*ARTICLE, line], bundled) == [False] * 4


def test_other_stories_begin_under_their_heading(bundled: Encoder) -> None:
    teasers = ["You May Also Like", "Three killed in a fire in Lisbon", "Oil prices rise again"]
    assert furniture([*ARTICLE, *teasers], bundled) == [False] * 3 + [True] * 3


def test_a_heading_at_the_top_takes_nothing_with_it(bundled: Encoder) -> None:
    assert furniture(["Related articles", *ARTICLE], bundled) == [False] * 4


def test_a_text_of_nothing_but_furniture_keeps_it(bundled: Encoder) -> None:
    assert furniture(["Read more", "Share this article"], bundled) == [False, False]


def test_no_sentences_are_no_furniture(bundled: Encoder) -> None:
    empty = bundled.encode([])
    found = page_furniture(empty, [], np.array([0, 0, 0]), bundled.encode(EXAMPLES), bundled.encode(MORE_STORIES))
    assert found.shape == (0,)
