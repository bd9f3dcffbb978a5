"""Scores made by hand, for what has to be so whatever a score was fitted to."""

from __future__ import annotations

from typing import Any

import numpy as np

from dedup.matching.event_scorer import EVENT_FEATURES, EVENT_HEADS, EventScorer
from dedup.matching.scorer import FEATURES, HEADS, Scorer


def plain_scorer(threshold: float = 0.5) -> Scorer:
    """Every head asks for sentences with counterparts, and what differs counts against a pair."""
    weights = np.full((len(HEADS), len(FEATURES) + 1), 0.3)
    weights[:, [FEATURES.index(name) for name in ("coverage", "containment", "lead", "overlap")]] = 2.0
    weights[:, -1] = -3.5
    return Scorer(weights, threshold)


def random_scorer(seed: int, threshold: float = 0.5, events: EventScorer | None = None) -> Scorer:
    """Weights of which none but the intercepts is negative, and many are 0."""
    generator = np.random.default_rng(seed)
    weights = generator.exponential(1.5, (len(HEADS), len(FEATURES) + 1))
    weights *= generator.random(weights.shape) < 0.7
    weights[:, -1] = -generator.uniform(0, 10, len(HEADS))
    return Scorer(weights, threshold, events)


def random_event_scorer(seed: int) -> EventScorer:
    """Curves that rise or stay, each with two bends."""
    generator = np.random.default_rng(seed)
    knots = {name: sorted(generator.uniform(-1, 1, 2).round(3).tolist()) for name in EVENT_FEATURES}
    slopes = generator.exponential(1.0, (len(EVENT_HEADS), 3 * len(EVENT_FEATURES)))
    slopes *= generator.random(slopes.shape) < 0.5
    return EventScorer(knots, slopes, -generator.uniform(0, 10, len(EVENT_HEADS)))


def constant_scorer(log_odds: float, events: float | None = None) -> Scorer:
    """All pairs alike, as copies and, where `events` is given, as reports of one event."""
    weights = np.zeros((len(HEADS), len(FEATURES) + 1))
    weights[:, -1] = log_odds
    return Scorer(weights, 0.5, None if events is None else constant_event_scorer(events))


def constant_event_scorer(log_odds: float) -> EventScorer:
    """All pairs alike."""
    flat = np.zeros((len(EVENT_HEADS), len(EVENT_FEATURES)))
    return EventScorer(dict.fromkeys(EVENT_FEATURES, ()), flat, np.full(len(EVENT_HEADS), log_odds))


def as_file(scorer: Scorer, fingerprint: str = "abc") -> dict[str, Any]:
    """What `load_scorer` reads, as JSON, of a scorer of duplicates that was fitted for a model."""
    names = (*FEATURES, "intercept")
    rows = zip(HEADS, scorer.weights.tolist(), strict=True)
    heads = {head: dict(zip(names, row, strict=True)) for head, row in rows}
    return {"level": "duplicate", "model": f"mine@{fingerprint}", "threshold": scorer.threshold, "heads": heads}
