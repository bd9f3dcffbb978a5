"""The time that functions on texts take grows with the text, not with its square."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from dedup.language.detect import detect_languages
from dedup.language.sentences import sentences
from dedup.language.text import clean, count_words, main_script, normalise, printable, reading_length, words
from dedup.report.terminal import fit, wrap

FUNCTIONS: dict[str, Callable[[str], object]] = {
    "clean": clean,
    "normalise": normalise,
    "printable": printable,
    "words": words,
    "count_words": count_words,
    "reading_length": reading_length,
    "main_script": main_script,
    "sentences": lambda text: list(sentences(text)),
    "detect_languages": lambda text: detect_languages([text]),
    "fit": lambda text: fit(printable(text), 80),
    "wrap": lambda text: wrap(printable(text), 80, lines=5),
}

TEXTS: dict[str, Callable[[int], str]] = {
    "marks in disorder": lambda n: "a" + "\u0316\u0301\u0334" * n,
    "marks in order": lambda n: "b" + "\u0301" * n,
    "short lines": lambda n: "ab\n" * n,
    "one word": lambda n: "ab" * n,
    "dots": lambda n: "." * n,
    "initials": lambda n: "A. " * n,
    "quotes": lambda n: '"' * n,
    "spaces": lambda n: " " * n,
    "breaks": lambda n: "\r\n" * n,
    "digits": lambda n: "1," * n,
    "addresses": lambda n: "a@b.c/" * n,
    "right to left": lambda n: "א\u202e" * n,
    "joined": lambda n: "क\u200d्" * n,
}


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_four_times_the_text_takes_no_sixteen_times_as_long(function: str, text: str) -> None:
    work, make = FUNCTIONS[function], TEXTS[text]
    work(make(10))

    def seconds(n: int) -> float:
        value = make(n)
        taken = []
        for _ in range(3):
            before = time.process_time()
            work(value)
            taken.append(time.process_time() - before)
        return min(taken)

    size = 4_000
    assert seconds(4 * size) < 9 * max(seconds(size), 1e-3)
