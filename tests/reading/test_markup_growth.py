"""The time that patterns for markup take grows with the text, not with its square."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from dedup.language.text import clean, normalise
from dedup.reading.markup import first_heading, strip_markdown

FAMILIES: dict[str, tuple[Callable[[str], object], Callable[[int], str]]] = {
    "heading of marks": (first_heading, lambda n: "# a" + " #" * n + " x"),
    "heading of spaces": (first_heading, lambda n: "# a" + " " * n + "x"),
    "underlines": (first_heading, lambda n: "a\n" + "=" * n + "x"),
    "headings": (first_heading, lambda n: "## a\n" * n),
    "stars": (strip_markdown, lambda n: "* " * n + "x"),
    "brackets": (strip_markdown, lambda n: "[" * n),
    "marks in disorder": (clean, lambda n: "a" + "\u0316\u0301\u0334" * n),
    "marks in disorder, normalised": (normalise, lambda n: "a" + "\u0316\u0301\u0334" * n),
}


@pytest.mark.parametrize("name", FAMILIES)
def test_four_times_the_text_takes_no_sixteen_times_as_long(name: str) -> None:
    work, text = FAMILIES[name]
    work(text(10))

    def seconds(n: int) -> float:
        value = text(n)
        taken = []
        for _ in range(3):
            before = time.process_time()
            work(value)
            taken.append(time.process_time() - before)
        return min(taken)

    size = 5_000
    assert seconds(4 * size) < 9 * max(seconds(size), 1e-3)


@pytest.mark.parametrize(
    ("markdown", "title"),
    [
        ("# Title #\ntext", "Title"),
        ("#  Title ##  ", "Title"),
        ("# a # b\n", "a # b"),
        ("Title\n===", "Title"),
        ("x", ""),
    ],
)
def test_the_first_heading_is_without_its_marks(markdown: str, title: str) -> None:
    assert first_heading(markdown) == title
