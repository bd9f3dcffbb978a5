"""Score of a pair as a sum: what each feature adds to the log-odds under the head that judged the pair."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from dedup.arrays import Floats
from dedup.datatypes import UNDETERMINED, Features, Language
from dedup.matching.event_scorer import EVENT_FEATURES, EVENT_HEADS, EventScorer
from dedup.matching.features import certain_languages, has_evidence, heads_of, is_uneven
from dedup.matching.scorer import FEATURES, HEADS, Scorer, probability

_ROUNDED = 2e-3  # difference of two probabilities that rounding of single precision explains


@dataclass(frozen=True, slots=True)
class Contribution:
    """Feature of a pair, its value, and what it adds to the log-odds: weight times value."""

    feature: str
    value: float
    log_odds: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """Score as a sum of log-odds.

    head : str, of `HEADS`: the case that the pair was judged as
    base : float, log-odds of such a pair before any feature is seen, the intercept
    contributions : tuple of Contribution, the largest first; features without weight or value are left out
    capped : whether the score is lower than the sum says, since too little of either text has a counterpart
    """

    head: str
    base: float
    contributions: tuple[Contribution, ...]
    capped: bool

    @property
    def total(self) -> float:
        """Log-odds of the sum."""
        return self.base + sum(part.log_odds for part in self.contributions)


def explain_score(
    scorer: Scorer, features: Features, languages: tuple[Language, Language], score: float
) -> Explanation | None:
    """Explain the score of a pair by its features and the languages of its two articles.

    None where they do not add up to the score: for copies, which are not judged, for features of another version, and
    for a score that another scorer gave.
    """
    row = np.frombuffer(features.packed, np.float32)[None]
    if features.names == EVENT_FEATURES and scorer.events:
        sums = (_sum_of_event(scorer.events, row, head, score) for head in range(len(EVENT_HEADS)))
        return next(filter(None, sums), None)
    return _sum(scorer, row[0], _head(row, languages), score) if features.names == FEATURES else None


def _sum_of_event(events: EventScorer, row: Floats, head: int, score: float) -> Explanation | None:
    """Sum of the contributions to the score of two reports of one event, where it gives the score."""
    added = events.contributions(row, np.array([bool(head)]))[0].tolist()
    parts = map(Contribution, EVENT_FEATURES, row[0].tolist(), added)
    told = sorted((part for part in parts if part.log_odds), key=lambda part: -abs(part.log_odds))
    found = Explanation(EVENT_HEADS[head], float(events.intercepts[head]), tuple(told), capped=False)
    reached = float(probability(np.array(found.total)))
    return found if math.isclose(reached, score, abs_tol=_ROUNDED) else None


def _head(row: Floats, languages: Sequence[Language]) -> int:
    codes = np.array([language.code for language in languages], dtype=str)
    certain = certain_languages(codes, [language.probability for language in languages])
    unread = bool((codes == UNDETERMINED).any())
    same = codes[0] == codes[1] and not unread
    same_, unsure, unread_ = (np.array([flag], np.bool_) for flag in (same, not certain.all(), unread))
    return int(heads_of(row, same_, unsure, unread_, is_uneven(row))[0])


def _sum(scorer: Scorer, row: Floats, head: int, score: float) -> Explanation | None:
    """Sum of the contributions, where it gives the score or where a pair without evidence was held down to it."""
    weights = scorer.weights[head]
    parts = [
        Contribution(name, float(value), float(value * weight))
        for name, value, weight in zip(FEATURES, row, weights[:-1], strict=True)
    ]
    parts = sorted((part for part in parts if part.log_odds), key=lambda part: -abs(part.log_odds))
    found = Explanation(HEADS[head], float(weights[-1]), tuple(parts), capped=False)
    reached = float(probability(np.array(found.total)))
    if math.isclose(reached, score, abs_tol=_ROUNDED):
        return found
    held_down = reached > score and not has_evidence(row[None], np.array([head]))[0]
    return replace(found, capped=True) if held_down else None
