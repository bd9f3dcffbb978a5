"""Candidates: the exact search against brute force."""

from __future__ import annotations

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
    assert np.allclose(whole.margin, blocks.margin, atol=1e-6)


def test_pairs_are_unique_and_ordered() -> None:
    vectors, languages = random_articles(60, 4, 2)
    found = neighbours.search(vectors, languages, neighbours=8).candidates()
    pairs = list(zip(found.left.tolist(), found.right.tolist(), strict=True))
    assert pairs == sorted(set(pairs))
    assert all(left < right for left, right in pairs)
    assert np.allclose(found.similarity, np.einsum("ij,ij->i", vectors[found.left], vectors[found.right]), atol=1e-6)


def test_the_margin_is_taken_from_the_best_other_article_in_the_partners_language() -> None:
    angles = np.radians([0, 10, 30, 50])  # cosines of article 0 with the others: 0.985, 0.866, 0.643
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    found = neighbours.search(vectors, ["en", "id", "id", "de"], neighbours=3)
    candidates = found.candidates()
    pairs = zip(candidates.left.tolist(), candidates.right.tolist(), strict=True)
    margin = dict(zip(pairs, candidates.margin.tolist(), strict=True))
    assert margin[0, 1] == pytest.approx(min(0.9848 - 0.8660, 0.05), abs=1e-3)  # 1 has no other English partner
    assert margin[0, 2] == pytest.approx(0.8660 - 0.9848, abs=1e-3)
    assert margin[0, 3] == pytest.approx(0.05, abs=1e-3)


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


def test_isolation_is_what_a_pair_has_beyond_the_means_of_its_nearest() -> None:
    vectors, languages = random_articles(30, 3, 4)
    found = neighbours.search(vectors, languages, neighbours=4, floor=-1.0).candidates()
    cosine = vectors @ vectors.T
    closeness = np.array([np.sort(np.delete(cosine[row], row))[-4:].mean() for row in range(30)])
    expected = found.similarity - (closeness[found.left] + closeness[found.right]) / 2
    assert found.isolation == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    ("angles", "isolated"),
    [((0, 10), False), ((0, 10, 5, 15), False), ((0, 10, 80, 90), True)],
    ids=["nobody else to compare with", "a crowd", "far from all others"],
)
def test_a_pair_in_a_crowd_is_not_isolated(angles: tuple[int, ...], isolated: bool) -> None:
    vectors = np.stack([np.cos(np.radians(angles)), np.sin(np.radians(angles))], axis=1).astype(np.float32)
    found = neighbours.search(vectors, ["en"] * len(angles), neighbours=3, floor=-1.0).candidates()
    assert (found.isolation[0] > 0.2) == isolated
    assert (abs(found.isolation[0]) < 0.02) != isolated
