"""Candidates by shared runs of words, against brute force."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.datatypes import Article
from dedup.language.sentences import sentences
from dedup.matching.candidates import shared_runs
from dedup.matching.candidates.shared_runs import pairs_by_runs
from dedup.matching.literal import literal_keys
from dedup.runtime.row_files import ListFile
from real_articles import real_articles


def proposed(articles: Sequence[set[int]]) -> set[tuple[int, int]]:
    file = ListFile("u4")
    for article in articles:
        file.append(np.array(sorted(article), np.uint32), np.array([len(article)]))
    found = pairs_by_runs(file.stored(), len(articles))
    assert found.shape[1] == 2
    pairs = [(int(left), int(right)) for left, right in found]
    assert len(set(pairs)) == len(pairs)
    return set(pairs)


def brute_force(articles: Sequence[set[int]], sample: int, most: int, fewest: int) -> set[tuple[int, int]]:
    kept = [set(sorted(article)[:sample]) for article in articles]
    often = Counter(key for keys in kept for key in keys)
    return {
        (left, right)
        for left, right in combinations(range(len(articles)), 2)
        if sum(often[key] <= most for key in kept[left] & kept[right]) >= fewest
    }


@settings(deadline=None)
@given(st.lists(st.sets(st.integers(0, 60) | st.just(2**31 - 1), max_size=40), max_size=20))
def test_pairs_are_those_of_brute_force(articles: list[set[int]]) -> None:
    assert proposed(articles) == brute_force(articles, sample=24, most=12, fewest=2)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.sets(st.integers(0, 12), max_size=8), max_size=12), st.integers(1, 5), st.integers(2, 6))
def test_so_they_are_with_other_bounds_and_parts(articles: list[set[int]], sample: int, most: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shared_runs, "SAMPLE", sample)
        patch.setattr(shared_runs, "MOST_SHARING", most)
        patch.setattr(shared_runs, "_ARTICLES", 3)
        assert proposed(articles) == brute_force(articles, sample, most, fewest=2)


@pytest.mark.parametrize(
    ("articles", "pairs"),
    [
        pytest.param([], set(), id="no articles"),
        pytest.param([set(), set()], set(), id="nothing in them"),
        pytest.param([{1, 2}, {2, 3}], set(), id="one run in common"),
        pytest.param([{1, 2, 9}, {4}, {1, 2}], {(0, 2)}, id="two"),
        pytest.param([{1, 2}] * 12, set(combinations(range(12), 2)), id="twelve copies"),
        pytest.param([{1, 2}] * 13, set(), id="thirteen: a notice"),
        pytest.param([{*range(24), 90, 91}, {90, 91}], set(), id="runs beyond those it is entered under"),
    ],
)
def test_what_is_proposed(articles: list[set[int]], pairs: set[tuple[int, int]]) -> None:
    assert proposed(articles) == pairs


def test_a_copy_under_a_long_notice_is_proposed_in_every_script() -> None:
    notice = "Readers of this paper are kindly asked to keep all tickets, as the prize may be drawn again in May. " * 2
    articles = [article for article in real_articles() if article.id[:3] not in ("001", "002", "003", "004")][3:]
    telling = [article for article in articles if len(article.text) > 30]
    assert len(telling) > 70
    found = _proposed_of([*telling, *(Article(f"{one.id}+", f"{notice}\n{one.text}") for one in telling)])
    missed = [one.id for at, one in enumerate(telling) if (at, at + len(telling)) not in found]
    assert missed == []


def _proposed_of(articles: Sequence[Article]) -> set[tuple[int, int]]:
    keys, lengths = literal_keys([sentences(article.body) for article in articles]).shingles
    return proposed([set(part.tolist()) for part in np.split(keys, np.cumsum(lengths)[:-1])])
