"""Candidates: the exact search against brute force."""

from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.datatypes import Embeddings
from dedup.embedding.language_means import unit_rows
from dedup.errors import SettingsError
from dedup.matching.candidates import neighbours


def random_articles(n: int, languages: int, seed: int) -> tuple[Embeddings, list[str]]:
    generator = np.random.default_rng(seed)
    vectors = unit_rows(generator.standard_normal((n, 8)).astype(np.float32))
    return vectors, [f"l{code}" for code in generator.integers(languages, size=n)]


def brute_force(vectors: Embeddings, languages: list[str], k: int, floor: float) -> set[tuple[int, int]]:
    n = len(vectors)
    cosine = vectors.astype(np.float64) @ vectors.T.astype(np.float64)
    closest = {
        (row, code): max((at for at in range(n) if languages[at] == code and at != row), key=lambda at: cosine[row, at])
        for row in range(n)
        for code in {languages[at] for at in range(n) if at != row}
    }
    pairs = set()
    for row in range(n):
        others = sorted((at for at in range(n) if at != row), key=lambda at: -cosine[row, at])
        pairs |= {(min(row, at), max(row, at)) for at in others[:k] if cosine[row, at] >= floor}
        for code in set(languages):
            at = closest.get((row, code))
            if at is not None and closest.get((at, languages[row])) == row and cosine[row, at] >= floor:
                pairs.add((min(row, at), max(row, at)))
    return pairs


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 40), st.integers(1, 5), st.integers(0, 10_000), st.integers(1, 6), st.floats(-1, 1))
def test_candidates_are_those_of_brute_force(n: int, codes: int, seed: int, k: int, floor: float) -> None:
    vectors, languages = random_articles(n, codes, seed)
    found = neighbours.search(vectors, languages, neighbours=k, floor=floor).candidates()
    assert set(zip(found.left.tolist(), found.right.tolist(), strict=True)) == brute_force(vectors, languages, k, floor)


def test_blocks_do_not_change_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, languages = random_articles(50, 3, 1)
    whole = neighbours.search(vectors, languages, neighbours=5).candidates()
    monkeypatch.setattr(neighbours, "_ROWS", 7)
    monkeypatch.setattr(neighbours, "_COLUMNS", 11)
    blocks = neighbours.search(vectors, languages, neighbours=5).candidates()
    assert np.array_equal(whole.left, blocks.left)
    assert np.array_equal(whole.right, blocks.right)
    assert np.array_equal(whole.similarity, blocks.similarity)


def test_pairs_are_unique_and_ordered() -> None:
    vectors, languages = random_articles(60, 4, 2)
    found = neighbours.search(vectors, languages, neighbours=8).candidates()
    pairs = list(zip(found.left.tolist(), found.right.tolist(), strict=True))
    assert pairs == sorted(set(pairs))
    assert all(left < right for left, right in pairs)
    assert np.allclose(found.similarity, np.einsum("ij,ij->i", vectors[found.left], vectors[found.right]), atol=1e-6)


@pytest.mark.parametrize(
    ("pairs", "added"),
    [
        ([], set()),
        ([(0, 1)], {(0, 1)}),
        ([(9, 3), (3, 9), (3, 9)], {(3, 9)}),
        ([(0, 19), (18, 19)], {(0, 19), (18, 19)}),
    ],
    ids=["none", "one", "twice and backwards", "two"],
)
def test_pairs_that_others_propose_are_candidates_too(
    pairs: list[tuple[int, int]], added: set[tuple[int, int]]
) -> None:
    vectors, languages = random_articles(20, 1, 3)
    found = neighbours.search(vectors, languages, neighbours=1)
    more = found.with_pairs(np.array(pairs, np.int64).reshape(-1, 2))
    told = [
        set(zip(one.left.tolist(), one.right.tolist(), strict=True)) for one in (found.candidates(), more.candidates())
    ]
    assert told[1] == told[0] | added
    assert np.all(np.diff(more.near) > 0)


def test_a_candidate_has_the_same_cosine_whoever_asks() -> None:
    vectors, languages = random_articles(30, 2, 5)
    found = neighbours.search(vectors, languages, neighbours=3)
    candidates = found.candidates()
    between = found.between(candidates.right[::-1], candidates.left[::-1])
    for one, other in zip(astuple(candidates), astuple(between), strict=True):
        assert np.array_equal(one, other)
    few = neighbours.search(vectors[:2], languages[:2], neighbours=3, floor=-1.0).candidates()
    assert few.similarity.tolist() == found.between(np.array([0]), np.array([1])).similarity.tolist()


def test_one_article_has_no_neighbour() -> None:
    vectors, languages = random_articles(1, 1, 0)
    assert len(neighbours.search(vectors, languages).candidates()) == 0


@pytest.mark.parametrize(
    ("given_settings", "message"),
    [
        ({"neighbours": 0}, "neighbours must be at least 1, got 0"),
        ({"floor": 2.0}, r"floor must lie in \[-1, 1\], got 2"),
    ],
    ids=["no neighbours", "floor above one"],
)
def test_a_setting_out_of_range_is_named(given_settings: dict[str, float], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        neighbours.search(*random_articles(3, 1, 0), **given_settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("most_exact", [20_000, 0], ids=["all", "cells"])
@settings(deadline=None, max_examples=40)
@given(st.integers(2, 40), st.integers(1, 4), st.integers(0, 10_000), st.integers(1, 6), st.data())
def test_some_look_among_others_alone(
    most_exact: int, n: int, codes: int, seed: int, k: int, data: st.DataObject
) -> None:
    vectors, languages = random_articles(n, codes, seed)
    reference = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    rows = np.flatnonzero(~reference)
    found = neighbours.search(
        vectors, languages, neighbours=k, floor=-1, asking=(rows, reference), most_exact=most_exact
    ).candidates()
    cosine = vectors.astype(np.float64) @ vectors.T.astype(np.float64)
    expected = set()
    for row in rows.tolist():
        others = sorted(np.flatnonzero(reference).tolist(), key=lambda at: -cosine[row, at])
        firsts = {languages[at]: at for at in reversed(others)}
        expected |= {(min(row, at), max(row, at)) for at in (*others[:k], *firsts.values())}
    assert set(zip(found.left.tolist(), found.right.tolist(), strict=True)) == expected


def test_some_among_themselves_find_what_they_find_alone() -> None:
    vectors, languages = random_articles(60, 3, 2)
    some = np.arange(60) % 3 > 0
    rows = np.flatnonzero(some)
    found = neighbours.search(vectors, languages, neighbours=2, asking=(rows, some)).candidates()
    alone = neighbours.search(vectors[rows], [languages[row] for row in rows], neighbours=2).candidates()
    assert np.array_equal(found.left, rows[alone.left])
    assert np.array_equal(found.right, rows[alone.right])
