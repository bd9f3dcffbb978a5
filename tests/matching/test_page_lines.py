"""Lines of the page are told by their form; what an article says never is."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.matching.page_lines import is_page_line, page_lines


def marked(lines: Sequence[str]) -> list[bool]:
    return page_lines(lines, "\n".join(lines).casefold())


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
    assert marked(["Tom Yard", "The port is closed.", "It opens in May.", "Tom Yard"]) == [
        False,
        False,
        False,
        True,
    ]
    assert marked(["The port is closed.", "It opens in May.", "North Carolina."]) == [False] * 3
    assert marked(["Port closed", "Jane Doe, Harbour News Agency", "It opens in May."]) == [False, True, False]


def test_a_text_of_such_lines_alone_keeps_them() -> None:
    assert marked(["By Jane Doe", "5 min read"]) == [False, False]


PIECES = ["©", "(C) 2024", "copyrİght 2024", "COPYRIGHT ©", "all rıghtſ reServed", "Alle Rechte VORBEHALTEN", "x" * 40]
PIECES += [
    "tous droits réservés",
    "TOUS DROITS RÉSERVÉS",
    "Haĸ cipta",
    "hak cipta DILINDUNGI",
    "The port",
    "By Ann Lee",
]


@given(st.lists(st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map(" ".join), min_size=1, max_size=2))
def test_copyright_lines_are_found_as_by_the_pattern_alone(lines: list[str]) -> None:
    assert marked(["It opens in May.", *lines, "The port is closed."])[1:-1] == list(map(is_page_line, lines))
