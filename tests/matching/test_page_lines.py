"""Lines of the page are told by their form; what an article says never is."""

from __future__ import annotations

import pytest

from dedup.matching.page_lines import is_page_line, page_lines


@pytest.mark.parametrize(
    "line",
    [
        "By Jane Doe",
        "By Jane Doe and Tom Yard, Harbour Press",
        "Oleh Siti Rahma",
        "Von Anna Berg",
        "Reporter: Avanty Nur",
        "Photo: Tom Yard/Press Pool",
        "Foto: Antara",
        "© 2024 Tom Yard",
        "Copyright 2024 The Harbour Times. All rights reserved.",
        "(c) 2023 Harbour Times",
        "5 min read",
        "Lesezeit: 3 Minuten",
        "3 menit baca",
        "Facebook Twitter WhatsApp Email",
        "## Title",
        "Zusammenfassung",
        "Authors:",
    ],
)
def test_lines_of_the_page_are_told(line: str) -> None:
    assert is_page_line(line)


@pytest.mark.parametrize(
    "line",
    [
        "By Friday the ferry will run again",
        "By lowering the price the port won ships.",
        "by Kidder and Salomon, expires on July 10.",
        "Di Kabupaten Jembrana, banjir terjadi di beberapa titik.",
        "Von allen Häfen ist dieser der kleinste.",
        "Por la mañana llueve",
        "The photo shows the pier: a heap of stones.",
        "The title of the book is unknown",
        "Facebook buys a harbour",
        "5 minutes later the engine failed",
        "Summary justice in the harbour",
        "12",
        "",
    ],
)
def test_what_an_article_says_is_kept(line: str) -> None:
    assert not is_page_line(line)


def test_a_name_alone_signs_the_last_line_only() -> None:
    assert page_lines(["Tom Yard", "The port is closed.", "It opens in May.", "Tom Yard"]) == [
        False,
        False,
        False,
        True,
    ]
    assert page_lines(["The port is closed.", "It opens in May.", "North Carolina."]) == [False] * 3
    assert page_lines(["Port closed", "Jane Doe, Harbour News Agency", "It opens in May."]) == [False, True, False]


def test_a_text_of_such_lines_alone_keeps_them() -> None:
    assert page_lines(["By Jane Doe", "5 min read"]) == [False, False]
