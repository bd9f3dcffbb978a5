"""Progress is told after each result was used, in the sizes of the results, and never changes them."""

from __future__ import annotations

from dedup.runtime.stage import follow


def test_a_result_is_counted_once_it_was_used() -> None:
    steps: list[object] = []
    for text in follow(["one", "three", ""], len, "embed", 8, lambda *step: steps.append(step)):
        steps.append(text)
    assert steps == ["one", ("embed", 3, 8), "three", ("embed", 8, 8), "", ("embed", 8, 8)]


def test_nobody_needs_to_listen() -> None:
    assert list(follow(iter([1, 2]), lambda _: 1, "search", 2, None)) == [1, 2]
    assert list(follow([], len, "search", 0, None)) == []
