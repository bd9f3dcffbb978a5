"""The time that two articles take grows with their texts, not with the square of them."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from dedup import Article, compare_articles
from dedup.embedding.encoder import Encoder
from dedup.embedding.load import load_encoder

TEXTS: dict[str, Callable[[int], str]] = {
    "list of prices": lambda n: "".join(f"item {number} at {number % 97}.5\n" for number in range(n)),
    "short lines": lambda n: "ab\n" * n,
    "sentences": lambda n: "".join(f"Town {number} was flooded by the river on Monday. " for number in range(n)),
    "one sentence": lambda n: "rain " * n,
    "numbers": lambda n: "".join(f"{number} " for number in range(n)),
    "names": lambda n: "".join(f"Mr Ab{number:x} and " for number in range(n)),
    "dates": lambda n: "".join(f"{number % 28 + 1} May {1900 + number % 150}, " for number in range(n)),
    "without spaces": lambda n: "雨が降った。" * n,
}
"""Texts of about n parts."""


@pytest.fixture(scope="module")
def bundled() -> Encoder:
    return load_encoder("bundled")


@pytest.mark.parametrize("name", TEXTS)
def test_four_times_as_much_takes_no_sixteen_times_as_long(name: str, bundled: Encoder) -> None:
    def seconds(n: int) -> float:
        text = TEXTS[name](n)
        left, right = (
            Article("left", text),
            Article("right", f"{text[: len(text) // 2]}\nNew.\n{text[len(text) // 2 :]}"),
        )
        taken = []
        for _ in range(2):
            before = time.process_time()
            compare_articles(left, right, encoder=bundled)
            taken.append(time.process_time() - before)
        return min(taken)

    seconds(10)
    size = 1_000
    assert seconds(4 * size) < 9 * max(seconds(size), 2e-3)
