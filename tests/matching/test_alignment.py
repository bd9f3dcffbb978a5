"""Sentences against sentences: coverage against a plain double loop, order, alignment, openings."""

from __future__ import annotations

import math
import tracemalloc
from dataclasses import fields, replace
from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

from dedup.arrays import take_rows
from dedup.datatypes import AlignedPair, Embeddings
from dedup.embedding.language_means import unit_rows
from dedup.embedding.quantise import pack_rows, quantise, unpack_rows
from dedup.matching import alignment
from dedup.matching.alignment import Coverage, align, cover, most_sequence
from dedup.matching.sentence_store import Passages, leads

DIMENSION = 6
OF_CHANCE = 0.34  # 1 - 2 * the mean distance of two random places, about


def random_passages(lengths: list[int], seed: int, *, dimension: int = DIMENSION, zero: float = 0.0) -> Passages:
    """Articles of so many sentences, in part alike; `zero` is the share of sentences that do not count."""
    generator = np.random.default_rng(seed)
    topics = generator.standard_normal((5, dimension))
    rows = topics[generator.integers(5, size=sum(lengths))] + 0.7 * generator.standard_normal((sum(lengths), dimension))
    weights = generator.uniform(0.1, 1, len(rows)) * (generator.random(len(rows)) >= zero)
    starts = np.cumsum([0, *lengths]).astype(np.intp)
    for begin, end in pairwise(starts.tolist()):
        weights[begin:end] /= max(weights[begin:end].sum(), 1e-9)
    return Passages.of_unit_rows(unit_rows(rows.astype(np.float32)), weights.astype(np.float32), starts)


def one_hot(order: list[int]) -> Embeddings:
    return np.eye(8, dtype=np.float32)[order]


def passages_of(*articles: list[int]) -> Passages:
    """Articles whose sentences are alike where their numbers are equal."""
    lengths = [len(article) for article in articles]
    weights = np.concatenate([np.full(length, 1 / max(length, 1), np.float32) for length in lengths])
    vectors = one_hot([sentence for article in articles for sentence in article])
    return Passages.of_unit_rows(vectors, weights, np.cumsum([0, *lengths]).astype(np.intp))


def plainly(passages: Passages, left: int, right: int) -> tuple[list[float], list[float], float, float, float]:
    """Shares, close shares, order, opening and sequence of one pair, sentence after sentence."""
    ours, theirs = passages.unit_rows(left), passages.unit_rows(right)
    cosines = [[float(one @ other) for other in theirs] for one in ours]
    both = (cosines, [list(row) for row in zip(*cosines, strict=True)])
    if not all(both):
        return [0.0, 0.0], [0.0, 0.0], 0.0, 0.0, 0.0
    weights = [passages.weights[passages.of(at)].tolist() for at in (left, right)]
    counted = [sum(weight > 0 for weight in of_text) for of_text in weights]
    places = [
        [(sum(weight > 0 for weight in of_text[:at]) + 0.5) / max(n, 1) for at in range(len(of_text))]
        for of_text, n in zip(weights, counted, strict=True)
    ]
    shares, closely, total, distance = [0.0, 0.0], [0.0, 0.0], 0.0, 0.0
    openings, rising = [0.0, 0.0], [0.0, 0.0]
    for side, rows in enumerate(both):
        covered = [w * min(max((max(row) - 0.3) / 0.5, 0), 1) for w, row in zip(weights[side], rows, strict=True)]
        first = [at for at in range(len(rows)) if sum(weight > 0 for weight in weights[side][:at]) < 5]
        openings[side] = sum(covered[at] for at in first) / max(sum(weights[side][at] for at in first), 1e-6)
        facing = [row.index(max(row)) for row in rows]
        steps = [(min(covered[at : at + 2]), facing[at + 1] > facing[at]) for at in range(len(rows) - 1)]
        if (together := sum(weight for weight, _ in steps)) > 1e-6:
            rising[side] = sum(weight for weight, rises in steps if rises) / together - 0.5
        for at, row in enumerate(rows):
            best = max(row)
            weight, alike = weights[side][at], min(max((best - 0.3) / 0.5, 0), 1)
            shares[side] += weight * alike
            closely[side] += weight * min(max((best - 0.5) / 0.4, 0), 1)
            total += weight * alike
            distance += weight * alike * abs(places[side][at] - places[1 - side][row.index(best)])
    in_order = 1 - 2 * distance / total if min(counted) > 1 and total > 1e-6 else 0.5
    order = min(max((in_order - OF_CHANCE) / (1 - OF_CHANCE), 0), 1) * max(shares)
    return shares, closely, order, min(openings), max(rising) * math.log1p(min(counted) * max(shares))


LENGTHS = st.lists(st.integers(0, 9), min_size=2, max_size=6)


@settings(deadline=None)
@given(LENGTHS, st.integers(0, 10_000), st.sampled_from([0.0, 0.3]))
def test_coverage_is_that_of_a_plain_double_loop(lengths: list[int], seed: int, zero: float) -> None:
    passages = random_passages(lengths, seed, zero=zero)
    pairs = [(left, right) for left in range(len(lengths)) for right in range(len(lengths))]
    found = cover(passages, *np.array(pairs, np.intp).T)
    for row, (left, right) in enumerate(pairs):
        shares, closely, order, opening, sequence = plainly(passages, left, right)
        assert found.share[row] == pytest.approx(shares, abs=1e-5)
        assert found.closely[row] == pytest.approx(closely, abs=1e-5)
        assert found.order[row] == pytest.approx(order, abs=1e-4)
        assert found.opening[row] == pytest.approx(opening, abs=1e-4)
        assert found.sequence[row] == pytest.approx(sequence, abs=1e-3)
        fewest = np.diff(passages.starts)[[left, right]].min()
        assert found.sequence[row] <= most_sequence(fewest) + 1e-6


def bits(found: Coverage) -> list[bytes]:
    return [getattr(found, field.name).tobytes() for field in fields(found)]


def swapped(found: Coverage) -> Coverage:
    """Coverage of pairs whose texts change places."""
    return replace(found, share=found.share[:, ::-1], closely=found.closely[:, ::-1])


@settings(deadline=None, max_examples=40)
@given(LENGTHS, st.integers(0, 10_000), st.randoms(use_true_random=False))
def test_a_pair_is_covered_alike_in_any_block_and_from_both_sides(
    lengths: list[int], seed: int, random: Random
) -> None:
    passages = random_passages(lengths, seed, dimension=40, zero=0.2)
    pairs = sorted({(random.randrange(len(lengths)), random.randrange(len(lengths))) for _ in range(12)})
    left, right = np.array(pairs, np.intp).T
    whole, back = cover(passages, left, right), cover(passages, right, left)
    assert bits(whole) == bits(swapped(back))
    for at in range(len(pairs)):
        alone = cover(passages, left[at : at + 1], right[at : at + 1])
        assert bits(alone) == bits(take_rows(whole, at))


@pytest.mark.parametrize("cosines", [1, 40, 1 << 17])
@pytest.mark.parametrize("piece", [1, 1000, 1 << 18])
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("large", [0, 1000, 1 << 22])
def test_parts_pieces_strips_and_threads_change_not_a_bit(
    cosines: int, piece: int, threads: int, large: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    passages = random_passages([40, 0, 31, 5, 1, 70, 23], seed=4, dimension=256)
    left, right = np.array([(one, other) for one in range(7) for other in range(7)], np.intp).T
    with threadpool_limits(1, "blas"):
        expected = bits(cover(passages, left, right))
    monkeypatch.setattr(alignment, "_COSINES", cosines)
    monkeypatch.setattr(alignment, "_ONE_THREAD", piece)
    monkeypatch.setattr(alignment, "_LARGE", large)
    monkeypatch.setattr(alignment, "_STRIP", 7)
    with threadpool_limits(threads, "blas"):
        assert bits(cover(passages, left, right)) == expected


def test_what_the_article_says_itself_can_only_lower_coverage() -> None:
    whole = random_passages([6, 8, 5], seed=7)
    own = whole.weights.copy()
    own[[0, 7, 15]] = 0
    less = Passages(whole.vectors, whole.scales, whole.weights, own, whole.starts)
    left, right = np.array([0, 0, 1]), np.array([1, 2, 2])
    found, lowered = cover(whole, left, right), cover(less, left, right)
    for name in ("share", "closely", "order", "opening"):
        one, other = getattr(found, name), getattr(lowered, name)
        assert (other <= one).all()
        assert (other < one).any()


def test_a_text_without_sentences_covers_nothing() -> None:
    found = cover(random_passages([2, 0], seed=5), np.array([0, 1]), np.array([1, 1]))
    assert not any(getattr(found, field.name).any() for field in fields(found))


def test_of_equal_sentences_the_first_is_the_counterpart() -> None:
    apart = (abs(1 / 4 - 1 / 8) + abs(3 / 4 - 3 / 8)) / 2  # from the left text
    back = (abs(1 / 8 - 1 / 4) + abs(3 / 8 - 3 / 4) + abs(5 / 8 - 1 / 4) + abs(7 / 8 - 3 / 4)) / 4
    found = cover(passages_of([0, 1], [0, 1, 0, 1]), np.array([0]), np.array([1])).order[0]
    assert found == pytest.approx((1 - (apart + back) - OF_CHANCE) / (1 - OF_CHANCE), abs=1e-6)


@pytest.mark.parametrize(
    ("right", "order"),
    [
        ([0, 1, 2, 3], 1.0),
        ([3, 2, 1, 0], 0.0),
        ([0, 1, 6, 7], 0.5),
        ([0], 0.24),
        ([7, 6, 5, 4], 0.0),
    ],
    ids=[
        "the same order",
        "reversed",
        "half of the text in order",
        "one sentence says little of an order",
        "nothing in common",
    ],
)
def test_order_tells_a_translation_from_a_shuffled_text(right: list[int], order: float) -> None:
    found = cover(passages_of([0, 1, 2, 3], right), np.array([0]), np.array([1]))
    assert found.order[0] == pytest.approx(order, abs=0.003)
    assert found.order[0] <= found.share[0].max()


@pytest.mark.parametrize(
    ("right", "sequence"),
    [
        ([0, 1, 2, 3, 4, 5, 6, 7], math.log(9) / 2),
        ([7, 6, 5, 4, 3, 2, 1, 0], -math.log(9) / 2),
        ([0, 1], math.log(3) / 2),
        ([6], 0),
    ],
    ids=["all rise", "all fall", "of two sentences", "no next sentence"],
)
def test_sequence_grows_with_the_sentences_that_rise(right: list[int], sequence: float) -> None:
    found = cover(passages_of(sorted(right), right), np.array([0]), np.array([1]))
    assert found.sequence[0] == pytest.approx(sequence, abs=1e-3)


def test_an_opening_counts_on_the_side_that_has_less_of_it() -> None:
    follow_up = passages_of([0, 1, 2, 3, 4], [5, 6, 7, 7, 7, 0, 1, 2, 3, 4])
    found = cover(follow_up, np.array([0]), np.array([1]))
    assert found.share[0].max() == pytest.approx(1, abs=1e-3)
    assert found.opening[0] == 0


def test_a_line_of_the_page_moves_nothing() -> None:
    plain = passages_of([0, 1, 2], [0, 1, 2])
    weights = np.array([*[1 / 3] * 3, 0, *[1 / 3] * 3], np.float32)
    under = Passages.of_unit_rows(one_hot([0, 1, 2, 7, 0, 1, 2]), weights, np.array([0, 3, 7]))
    left, right = np.array([0]), np.array([1])
    assert bits(cover(plain, left, right)) == bits(cover(under, left, right))


def test_each_sentence_is_aligned_once_and_the_closest_first() -> None:
    left = unit_rows(np.array([[1, 0, 0], [1, 0.6, 0], [0, 1, 0]], np.float32))
    right = unit_rows(np.array([[0, 1, 0.1], [1, 0, 0]], np.float32))
    pairs = align(left, right)
    assert [(pair.left, pair.right) for pair in pairs] == [(0, 1), (2, 0)]
    assert pairs[0].similarity == pytest.approx(1.0)


def test_of_two_equal_counterparts_the_one_at_the_same_place_is_taken() -> None:
    pairs = align(one_hot([0, 1, 0]), one_hot([0, 1, 0]))
    assert [(pair.left, pair.right) for pair in pairs] == [(0, 0), (1, 1), (2, 2)]


def test_long_texts_are_aligned_by_their_closest_sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(2)
    left = generator.normal(size=(60, 40)).astype(np.float32)
    right = left[generator.permutation(60)] + 0.1 * generator.normal(size=(60, 40)).astype(np.float32)
    left, right = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (left, right))
    expected = [(pair.left, pair.right) for pair in align(left, right, least=0.8)]
    monkeypatch.setattr(alignment, "_LARGE", 0)
    monkeypatch.setattr(alignment, "_STRIP", 7)
    assert [(pair.left, pair.right) for pair in align(left, right, least=0.8)] == expected
    assert len(expected) == 60


def test_memory_of_two_long_texts_is_no_square() -> None:
    sentences, dimension = 12_000, 8
    passages = random_passages([sentences, sentences], seed=1, dimension=dimension)
    one, other = np.array([0], np.intp), np.array([1], np.intp)
    tracemalloc.start()
    try:
        cover(passages, one, other)
        align(passages.unit_rows(0), passages.unit_rows(1))
        assert tracemalloc.get_traced_memory()[1] < sentences**2, "a quarter of a table of cosines"
    finally:
        tracemalloc.stop()


def test_unrelated_sentences_are_not_aligned() -> None:
    assert align(one_hot([0, 1]), one_hot([2, 3])) == ()
    assert align(one_hot([]), one_hot([2, 3])) == ()
    assert align(one_hot([0]), one_hot([0])) == (AlignedPair(0, 0, 1.0),)


def test_a_lead_is_the_direction_of_the_first_sentences_that_count() -> None:
    vectors = one_hot([0, 1, 2, 3, 4, 5])
    weights = np.array([0, 0.5, 0.3, 0.2, 0.6, 0.4], np.float32)  # the first is a line of the page
    found = leads(vectors, weights, np.array([0, 4, 4, 6]), 2)
    assert found[0] == pytest.approx(unit_rows(np.array([[0, 0.5, 0.3, 0, 0, 0, 0, 0]], np.float32))[0])
    assert not found[1].any(), "an article without sentences has none"
    assert found[2] == pytest.approx(unit_rows(np.array([[0, 0, 0, 0, 0.6, 0.4, 0, 0]], np.float32))[0])
    assert not leads(vectors[:0], weights[:0], np.array([0, 0]), 2).any()


def test_a_long_lead_is_the_whole_article() -> None:
    passages = random_passages([3, 2], seed=5)
    vectors = np.concatenate([passages.unit_rows(at) for at in (0, 1)])
    weighted = vectors * passages.weights[:, None]
    whole = np.stack([weighted[passages.of(at)].sum(axis=0) for at in (0, 1)])
    assert leads(vectors, passages.weights, passages.starts, 10) == pytest.approx(unit_rows(whole), abs=1e-6)


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


def test_a_cosine_does_not_lie_beyond_one_by_rounding() -> None:
    rows = one_hot([0, 1, 2]) * np.float32(1.000001)
    assert [pair.similarity for pair in align(rows, rows)] == [1.0, 1.0, 1.0]
