"""Articles with one text are told from others, and numbers of unique articles go back to positions among all."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dedup.datatypes import Article, WeakestPair
from dedup.matching.exact import UniqueArticles
from dedup.runtime.workers import ALONE


def unique(*texts: str) -> UniqueArticles:
    return UniqueArticles.find([Article(id=str(at), text=text) for at, text in enumerate(texts)], ALONE)


def test_the_first_article_with_a_text_stands_for_all() -> None:
    found = unique("Rain.", "Snow.", "rain. ", "Hail.", "Snow.", "RAIN.")
    assert found.positions == [0, 1, 3]
    assert found.originals == [0, 1, 0, 3, 1, 0]
    assert found.numbers.tolist() == [0, 1, 0, 2, 1, 0]
    assert list(found.copies()) == [(0, 2), (1, 4), (0, 5)]
    assert found.copies_of_each() == {0: [0, 2, 5], 1: [1, 4], 3: [3]}
    assert found.at_positions(WeakestPair(1, 2, 0.5, 0.5)) == WeakestPair(1, 3, 0.5, 0.5)


def test_articles_without_copies_are_themselves() -> None:
    found = unique("Rain.", "Snow.")
    assert found.positions == found.originals == found.numbers.tolist() == [0, 1]
    assert not list(found.copies())


def test_linked_are_all_copies_and_all_with_a_text_that_is_named() -> None:
    found = unique("Rain.", "Snow.", "Hail.", "Rain.", "Fog.")
    none = np.array([], np.intp)
    assert found.linked_positions(none, none).tolist() == [0, 3]
    assert found.linked_positions(np.array([1]), np.array([3])).tolist() == [0, 1, 3, 4]


@given(st.lists(st.sampled_from("abcde")))
def test_there_and_back(texts: list[str]) -> None:
    found = unique(*texts)
    assert len(found) == len(set(texts))
    assert [texts[found.positions[number]] for number in found.numbers] == texts
    assert sorted(at for copies in found.copies_of_each().values() for at in copies) == list(range(len(texts)))
