"""Sentences against sentences: coverage against a plain double loop, order, alignment, information."""

from __future__ import annotations

import numpy as np
import pytest

from dedup.datatypes import AlignedPair, Embeddings
from dedup.embedding.language_means import unit_rows
from dedup.embedding.quantise import pack_rows, quantise, unpack_rows
from dedup.matching import alignment
from dedup.matching.alignment import UNORDERED, align, cover
from dedup.matching.sentence_store import Passages, leads
from dedup.matching.sentence_weights import information_weights


def random_passages(lengths: list[int], seed: int) -> Passages:
    generator = np.random.default_rng(seed)
    vectors = unit_rows(generator.standard_normal((sum(lengths), 6)).astype(np.float32))
    starts = np.cumsum([0, *lengths]).astype(np.intp)
    weights = np.concatenate([np.full(length, 1 / length, np.float32) for length in lengths if length])
    return Passages(vectors, weights, starts)


def one_hot(order: list[int]) -> Embeddings:
    return np.eye(8, dtype=np.float32)[order]


def test_coverage_is_the_weighted_mean_of_every_sentences_best_counterpart() -> None:
    passages = random_passages([4, 3, 5, 1], seed=3)
    found = cover(passages, np.zeros(3, np.intp), np.array([1, 2, 3]))
    for row, other in enumerate((1, 2, 3)):
        table = passages.vectors[passages.of(0)] @ passages.vectors[passages.of(other)].T
        assert found.similarity[row] == pytest.approx([table.max(axis=1).mean(), table.max(axis=0).mean()], abs=1e-6)
        shares = [np.clip((table.max(axis=axis) - 0.3) / 0.5, 0, 1).mean() for axis in (1, 0)]
        assert found.share[row] == pytest.approx(shares, abs=1e-6)


@pytest.mark.parametrize("cosines", [1, 40, 1 << 17])
def test_pairs_are_covered_as_if_each_were_alone(cosines: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alignment, "_COSINES", cosines)
    passages = random_passages([4, 0, 3, 5, 1, 7, 2], seed=4)
    pairs = [(left, right) for left in range(7) for right in range(7)]
    left, right = np.array(pairs).T
    found = cover(passages, left, right)
    for at, (one, other) in enumerate(pairs):
        alone = cover(passages, np.array([one]), np.array([other]))
        assert found.similarity[at] == pytest.approx(alone.similarity[0], abs=1e-5)
        assert found.share[at] == pytest.approx(alone.share[0], abs=1e-5)
        assert found.order[at] == pytest.approx(alone.order[0], abs=1e-5)


def test_a_text_without_sentences_covers_nothing() -> None:
    found = cover(random_passages([2, 0], seed=5), np.array([0, 1]), np.array([1, 1]))
    assert not found.similarity.any()
    assert not found.share.any()
    assert found.order.tolist() == [UNORDERED] * 2


def test_of_equal_sentences_the_first_is_the_counterpart() -> None:
    vectors = np.concatenate([one_hot([0, 1]), one_hot([0, 1]) * np.float32(1 - 1e-7), one_hot([0, 1])])
    passages = Passages(vectors, np.array([0.5, 0.5, *[0.25] * 4], np.float32), np.array([0, 2, 6]))
    apart = (abs(1 / 4 - 1 / 8) + abs(3 / 4 - 3 / 8)) / 2
    assert cover(passages, np.array([0]), np.array([1])).order[0] == pytest.approx(1 - 2 * apart, abs=1e-6)


@pytest.mark.parametrize(
    ("right", "order"),
    [([0, 1, 2, 3], 1.0), ([3, 2, 1, 0], 0.0), ([0], UNORDERED), ([7, 6, 5, 4], UNORDERED)],
    ids=["the same order", "reversed", "one sentence has no order", "nothing in common"],
)
def test_order_tells_a_translation_from_a_shuffled_text(right: list[int], order: float) -> None:
    vectors = np.concatenate([one_hot([0, 1, 2, 3]), one_hot(right)])
    starts = np.array([0, 4, 4 + len(right)])
    weights = np.concatenate([np.full(4, 0.25), np.full(len(right), 1 / len(right))]).astype(np.float32)
    assert cover(Passages(vectors, weights, starts), np.array([0]), np.array([1])).order[0] == pytest.approx(
        order, abs=1e-6
    )


def test_each_sentence_is_aligned_once_and_the_closest_first() -> None:
    left = unit_rows(np.array([[1, 0, 0], [1, 0.6, 0], [0, 1, 0]], np.float32))
    right = unit_rows(np.array([[0, 1, 0.1], [1, 0, 0]], np.float32))
    pairs = align(left, right)
    assert [(pair.left, pair.right) for pair in pairs] == [(0, 1), (2, 0)]
    assert pairs[0].similarity == pytest.approx(1.0)


def test_of_two_equal_counterparts_the_one_at_the_same_place_is_taken() -> None:
    pairs = align(one_hot([0, 1, 0]), one_hot([0, 1, 0]))
    assert [(pair.left, pair.right) for pair in pairs] == [(0, 0), (1, 1), (2, 2)]


def test_unrelated_sentences_are_not_aligned() -> None:
    assert align(one_hot([0, 1]), one_hot([2, 3])) == ()
    assert align(one_hot([]), one_hot([2, 3])) == ()
    assert align(one_hot([0]), one_hot([0])) == (AlignedPair(0, 0, 1.0),)


def test_boilerplate_weighs_less_and_a_copied_article_keeps_its_weights() -> None:
    starts = np.array([0, 3, 6])
    weights = information_weights([100, 100, 100, 100, 100, 100], [1, 1, 20, 7, 7, 7], starts)
    assert weights[:3] == pytest.approx([0.4878, 0.4878, 0.0244], abs=1e-3)
    assert weights[3:] == pytest.approx([1 / 3] * 3)


def test_a_very_long_sentence_does_not_outweigh_an_article() -> None:
    assert information_weights([4000, 400], [1, 1], np.array([0, 2])) == pytest.approx([0.5, 0.5])


def test_a_lead_is_the_direction_of_the_first_sentences_that_count() -> None:
    vectors = one_hot([0, 1, 2, 3, 4, 5])
    weights = np.array([0, 0.5, 0.3, 0.2, 0.6, 0.4], np.float32)  # the first is a line of the page
    found = leads(Passages(vectors, weights, np.array([0, 4, 4, 6])), 2)
    assert found[0] == pytest.approx(unit_rows(np.array([[0, 0.5, 0.3, 0, 0, 0, 0, 0]], np.float32))[0])
    assert not found[1].any(), "an article without sentences has none"
    assert found[2] == pytest.approx(unit_rows(np.array([[0, 0, 0, 0, 0.6, 0.4, 0, 0]], np.float32))[0])


def test_a_long_lead_is_the_whole_article() -> None:
    passages = random_passages([3, 2], seed=5)
    whole = np.stack([passages.vectors[passages.of(at)].sum(axis=0) for at in (0, 1)])
    assert leads(passages, 10) == pytest.approx(unit_rows(whole), abs=1e-6)


@pytest.mark.parametrize("columns", [1, 6, 384])
def test_packed_rows_keep_their_cosines(columns: int) -> None:
    generator = np.random.default_rng(columns)
    vectors = unit_rows(np.repeat(generator.standard_normal((40, columns)), 2, axis=0).astype(np.float32))
    vectors[10] = 0
    found = unpack_rows(pack_rows(vectors))
    assert found @ found.T == pytest.approx(vectors @ vectors.T, abs=0.05 / columns**0.5)
    assert np.array_equal(found[20], found[21])
    assert not found[10].any()
    for dtype, error in ((np.int8, 1 / 254), (np.int16, 1 / 65534)):
        packed, scales = quantise(7 * vectors, dtype)
        assert packed.dtype == dtype
        assert packed * scales[:, None] == pytest.approx(7 * vectors, abs=7.01 * error)
    assert unpack_rows(pack_rows(vectors[:0])).shape == (0, columns)
