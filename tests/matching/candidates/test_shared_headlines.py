"""Candidates by headlines of the same words, against brute force."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.matching.candidates import shared_headlines
from dedup.matching.candidates.shared_headlines import pairs_by_headlines
from dedup.matching.literal import LiteralFile, literal_keys
from dedup.runtime.row_files import ListFile


def proposed(headlines: Sequence[frozenset[int]]) -> set[tuple[int, int]]:
    file = ListFile("u4")
    for number, headline in enumerate(headlines):
        keys = np.array(sorted(headline), np.uint32) * np.uint32(2) + np.uint32(number % 2)  # whether it comes back
        file.append(keys, np.array([len(headline)]))
    found = [(int(left), int(right)) for left, right in pairs_by_headlines(file.stored(), len(headlines))]
    assert len(set(found)) == len(found)
    return set(found)


words = st.frozensets(st.integers(0, 5) | st.just(2**31 - 1), max_size=5)


@settings(deadline=None)
@given(st.lists(words, max_size=40), st.integers(1, 50))
def test_pairs_are_those_of_brute_force(headlines: list[frozenset[int]], at_a_time: int) -> None:
    often = Counter(headlines)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shared_headlines, "_ARTICLES", at_a_time)
        assert proposed(headlines) == {
            (left, right)
            for left, right in combinations(range(len(headlines)), 2)
            if headlines[left] == headlines[right] and len(headlines[left]) >= 3 and often[headlines[left]] <= 12
        }


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        ("Harbour closed until Tuesday", "HARBOUR CLOSED UNTIL TUESDAY!", True),
        ("Порт закрыт до вторника", "Порт закрыт до вторника", True),
        ("港口关闭至周二", "港口关闭至周二", True),
        ("Morning briefing", "Morning briefing", False),
        ("Harbour closed until Tuesday", "Harbour closed until Wednesday", False),
    ],
)
def test_headlines_meet_by_their_words(one: str, other: str, found: bool) -> None:
    file = LiteralFile()
    literal = literal_keys([[one, "A first report tells of a storm."], [other, "Later all else was said anew."]])
    lists = [literal.shingles, literal.words, literal.headline, literal.lead]
    for rows, (keys, _) in zip(file.rows, lists, strict=True):
        rows.append(keys)
    file.enter([lengths for _, lengths in lists])
    assert (len(pairs_by_headlines(file.stored().headline, 2)) == 1) is found
