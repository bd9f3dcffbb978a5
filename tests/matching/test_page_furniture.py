"""Page furniture: found in any language by English examples, and never mistaken for the article."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from dedup.embedding.encoder import Encoder
from dedup.embedding.load import load_encoder
from dedup.matching.sentence_weights import Page, page_furniture

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
        Page.of(encoder.encode),
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
        "The minister said that cookies were a threat to privacy.",
        "Google will stop using third-party cookies in Chrome next year.",
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
    found = page_furniture(empty, [], np.array([0, 0, 0]), Page.of(bundled.encode))
    assert found.shape == (0,)


@pytest.mark.parametrize(
    "notice",
    [
        "Wir verwenden Cookies und ähnliche Technologien, um Inhalte und Anzeigen zu personalisieren und die Zugriffe "
        "auf unsere Website zu analysieren.",
        "Dengan mengklik Setuju, Anda menyetujui pemrosesan data Anda.",
        "Cet article est réservé aux abonnés.",
        "Вы исчерпали лимит бесплатных статей.",
        "Ya es suscriptor? Inicie sesión aquí.",
    ],
)
def test_notices_are_found_in_any_language(notice: str, bundled: Encoder) -> None:
    assert furniture([notice, *ARTICLE], bundled) == [True, False, False, False]


def test_a_page_of_nothing_but_a_notice_under_a_title_loses_the_title_too(bundled: Encoder) -> None:
    wall = ["This article is for subscribers only.", "Already a subscriber? Sign in here."]
    assert furniture(["Harbour reopens after the storm", *wall], bundled) == [True] * 3
    assert furniture(["Harbour reopens after the storm", ARTICLE[0], *wall], bundled) == [False, False, True, True]


def test_a_page_of_nothing_but_a_request_for_consent_matches_nothing(bundled: Encoder) -> None:
    asked = [
        "We and our partners use cookies and similar technologies to store and access information on your device.",
        "You can accept all cookies or manage your preferences at any time.",
        "Personalised advertising and content, audience research and services development.",
    ]
    assert furniture(["Harbour reopens after the storm", *asked], bundled) == [True] * 4
