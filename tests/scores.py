"""Scores made by hand, for what has to be so whatever a score was fitted to."""

from __future__ import annotations

from typing import Any

import numpy as np

from dedup.matching.scorer import FEATURES, HEADS, Scorer


def plain_scorer(threshold: float = 0.5, copies: Scorer | None = None) -> Scorer:
    """Every head asks for sentences with counterparts, and what differs counts against a pair."""
    weights = np.full((len(HEADS), len(FEATURES) + 1), 0.3)
    weights[:, [FEATURES.index(name) for name in ("coverage", "containment", "lead", "overlap")]] = 2.0
    weights[:, -1] = -3.5
    return Scorer(weights, threshold, copies)


def random_scorer(seed: int, threshold: float = 0.5, copies: Scorer | None = None) -> Scorer:
    """Weights of which none but the intercepts is negative, and many are 0."""
    generator = np.random.default_rng(seed)
    weights = generator.exponential(1.5, (len(HEADS), len(FEATURES) + 1))
    weights *= generator.random(weights.shape) < 0.7
    weights[:, -1] = -generator.uniform(0, 10, len(HEADS))
    return Scorer(weights, threshold, copies)


def constant_scorer(log_odds: float, copies: Scorer | None = None) -> Scorer:
    """All pairs alike."""
    weights = np.zeros((len(HEADS), len(FEATURES) + 1))
    weights[:, -1] = log_odds
    return Scorer(weights, 0.5, copies)


def as_file(scorer: Scorer, fingerprint: str = "abc") -> dict[str, Any]:
    """What `load_scorer` reads, as JSON, of a scorer of duplicates that was fitted for a model."""
    names = (*FEATURES, "intercept")
    rows = zip(HEADS, scorer.weights.tolist(), strict=True)
    heads = {head: dict(zip(names, row, strict=True)) for head, row in rows}
    return {"level": "duplicate", "model": f"mine@{fingerprint}", "threshold": scorer.threshold, "heads": heads}
