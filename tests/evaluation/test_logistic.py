"""The fit: what it must satisfy whatever the data, and what heads lend each other."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.evaluation.logistic import fit_heads

Pairs = tuple[npt.NDArray[np.float64], npt.NDArray[np.intp], npt.NDArray[np.bool_], npt.NDArray[np.float64]]


def pairs(seed: int, n: int = 300, heads: int = 2) -> Pairs:
    """Three features, of which the first two speak for a duplicate and the third against it."""
    generator = np.random.default_rng(seed)
    features = generator.standard_normal((n, 3))
    same = features @ [2.0, 1.0, -1.0] + generator.standard_normal(n) > 0.5
    return features, generator.integers(heads, size=n), same, generator.uniform(0.5, 2, n)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10_000), st.floats(0, 1))
def test_no_coefficient_is_negative(seed: int, together: float) -> None:
    assert (fit_heads(*pairs(seed), heads=2, together=together)[:, :-1] >= 0).all()


def test_a_head_alone_is_at_the_least_of_its_loss() -> None:
    features, head, same, weight = pairs(7, heads=1)
    (fitted,) = fit_heads(features, head, same, weight, heads=1, together=0.0)

    def loss(values: npt.NDArray[np.float64]) -> float:
        wrong = np.where(same, -1, 1) * (features @ values[:-1] + values[-1])
        return float(np.average(np.logaddexp(0, wrong), weights=weight))

    assert fitted[2] == 0, "what speaks against a duplicate may not count"
    for at in range(4):
        for step in (-0.05, 0.05):
            other = fitted + step * np.eye(4)[at]
            assert (other[:-1] < 0).any() or loss(other) > loss(fitted)


def test_a_head_without_duplicates_says_never() -> None:
    features, head, same, weight = pairs(3)
    same[head == 1] = False
    assert fit_heads(features, head, same, weight, heads=3)[1:].tolist() == [[0, 0, 0, -20]] * 2


@pytest.mark.parametrize(("together", "alike"), [(0.0, False), (100.0, True)], ids=["alone", "together"])
def test_a_head_that_has_seen_little_learns_from_the_others(together: float, alike: bool) -> None:
    features, head, same, weight = pairs(5, n=2000)
    few = np.flatnonzero(head == 1)[:12]
    kept = np.concatenate([np.flatnonzero(head == 0), few])
    own = fit_heads(features[kept], head[kept], same[kept], weight[kept], heads=2, together=together)
    assert (np.abs(own[0, :-1] - own[1, :-1]).max() < 0.05) == alike


def test_weights_count_as_copies() -> None:
    features, head, same, _ = pairs(11)
    twice = np.arange(len(same)) % 3 == 0
    weighted = fit_heads(features, head, same, 1.0 + twice, heads=2)
    rows = np.concatenate([np.arange(len(same)), np.flatnonzero(twice)])
    copied = fit_heads(features[rows], head[rows], same[rows], np.ones(len(rows)), heads=2)
    assert weighted == pytest.approx(copied, abs=1e-3)
