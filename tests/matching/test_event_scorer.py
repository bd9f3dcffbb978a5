"""The scorer of events: curves that never fall, added up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.datatypes import Level
from dedup.matching.event_scorer import EVENT_FEATURES, OF_ONE_LANGUAGE, segments
from dedup.matching.scorer import load_scorer
from scores import random_event_scorer


@settings(deadline=None)
@given(st.integers(0, 10_000), st.integers(0, len(EVENT_FEATURES) - 1), st.floats(0, 2))
def test_more_agreement_never_lowers_a_score(seed: int, feature: int, more: float) -> None:
    scorer = random_event_scorer(seed)
    values = np.random.default_rng(seed).uniform(-2, 2, (5, len(EVENT_FEATURES))).astype(np.float32)
    apart = np.array([True, False, True, False, True])
    raised = values.copy()
    raised[:, feature] += np.float32(more)
    assert (scorer.log_odds(raised, apart) >= scorer.log_odds(values, apart) - 1e-9).all()


@settings(deadline=None)
@given(st.integers(0, 10_000))
def test_a_score_is_the_sum_of_what_its_features_add(seed: int) -> None:
    scorer = random_event_scorer(seed)
    values = np.random.default_rng(seed).uniform(-2, 2, (4, len(EVENT_FEATURES))).astype(np.float32)
    apart = np.array([True, False, True, False])
    added = scorer.contributions(values, apart)
    assert added.shape == values.shape
    total = added.sum(axis=1) + scorer.intercepts[apart.astype(int)]
    assert total == pytest.approx(scorer.log_odds(values, apart), abs=1e-9)


def test_a_curve_bends_at_its_knots_alone() -> None:
    knots = {name: (0.0, 1.0) if name == "facing" else () for name in EVENT_FEATURES}
    values = np.zeros((4, len(EVENT_FEATURES)), np.float32)
    values[:, EVENT_FEATURES.index("facing")] = -1, 0.5, 1, 3
    at = EVENT_FEATURES.index("facing")
    assert segments(values, knots)[:, at : at + 3].tolist() == [[-1, 0, 0], [0, 0.5, 0], [0, 1, 0], [0, 1, 2]]


def test_in_two_languages_neither_words_nor_lengths_count() -> None:
    events = load_scorer(Level.STORY).events
    assert events is not None
    curves = events.as_record()["heads"]["two languages"]
    assert not any(np.any(curves[name]) for name in OF_ONE_LANGUAGE)
    assert load_scorer(Level.DUPLICATE).events is None
