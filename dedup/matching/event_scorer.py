"""Features of events → log-odds that two articles are reports of one event.

An additive model: each feature adds a rising, piecewise straight curve (a generalised additive model: Hastie &
Tibshirani 1986, with slopes none of them negative, so that more agreement never lowers a score). There is one set of
curves for two texts in one language and one for two languages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from dedup.arrays import Floats

TAKEN_OVER = (
    *("length", "amount", "order", "headline", "lead", "subject_clash", "facts", "names"),
    *("headline_clash", "opening_clash", "name_clash"),
)
"""Features of copies that also speak of events."""

OF_WORDS = ("rare_words", "rare_lead_words", "rare_headline_words")

OF_TRANSLATIONS = ("translated_words", "translated_lead_words", "translated_headline_words")
"""Features that the lexicon tells of two texts in two languages."""

EVENT_FEATURES = (
    *TAKEN_OVER,
    "published",  # logarithm of three over one plus the days between publication
    "dated",  # the same of the closest dates in the texts
    "rare_words",  # cosine of the words weighted by rarity, in one language
    "rare_lead_words",  # share of the words of the leads that the other text has, weighted by rarity, in one language
    "rare_headline_words",  # the same of the headlines, on the side that has fewer; of a headline of few words less
    "translated_words",  # share of words that the other text translates, by rarity, in two languages; of the smaller
    "translated_lead_words",  # the same of the leads, the mean of both
    "translated_headline_words",  # the same of the headlines, on the side that has fewer
    "facing",  # mean similarity of the sentences to their counterparts, of the less similar text
    "headline_facing",  # similarity of a headline to the closest of the other's first sentences
    "closest",  # mean similarity of the three sentences of each text that have the closest counterparts
    "rare_names",  # share of names that the other text has, weighted by rarity
    "lead_names",  # share of the first names that the other text has, on the side that has fewer
    "lead_numbers",  # logarithm of one plus the first numbers that the other text has; no years and no digits alone
    "rare_numbers",  # logarithm of one plus the rarity of all numbers that both state
)
"""Names of the features."""

OF_ONE_LANGUAGE = ("length", "subject_clash", *OF_WORDS)
"""Features that tell nothing of two texts in two languages: of words they share none, and it is translations of one
article, not two reports, that are as long as each other."""

EVENT_HEADS = ("one language", "two languages")
"""Relations of two reports that have curves of their own."""

Knots = Mapping[str, Sequence[float]]
"""Values of each feature at which its curve may bend, ascending."""


@dataclass(frozen=True, slots=True, eq=False)
class EventScorer:
    """A fitted model.

    knots : for each of `EVENT_FEATURES`
    slopes : ndarray of shape (len(EVENT_HEADS), segments), float64, none negative, as `segments` has its columns
    intercepts : ndarray of shape (len(EVENT_HEADS),), float64
    """

    knots: Knots
    slopes: npt.NDArray[np.float64]
    intercepts: npt.NDArray[np.float64]

    def log_odds(self, values: Floats, apart: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
        """Log-odds of m pairs; `apart`, of shape (m,), tells those in two languages."""
        head = apart.astype(np.intp)
        parts = segments(values, self.knots) * self.slopes[head]
        return np.asarray(parts.sum(axis=1) + self.intercepts[head], np.float64)

    def contributions(self, values: Floats, apart: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
        """Log-odds that each feature adds: ndarray of shape (m, len(EVENT_FEATURES))."""
        parts = segments(values, self.knots) * self.slopes[apart.astype(np.intp)]
        begins = np.cumsum([0, *(len(self.knots[name]) + 1 for name in EVENT_FEATURES[:-1])])
        return np.add.reduceat(parts, begins, axis=1)

    def as_record(self) -> dict[str, Any]:
        """Curves as JSON has them: for each head and feature the slopes between its knots."""
        heads = {}
        for head, slopes, intercept in zip(EVENT_HEADS, self.slopes.tolist(), self.intercepts.tolist(), strict=True):
            curves = {name: [slopes.pop(0) for _ in range(len(self.knots[name]) + 1)] for name in EVENT_FEATURES}
            heads[head] = {**curves, "intercept": intercept}
        return {"knots": {name: list(self.knots[name]) for name in EVENT_FEATURES}, "heads": heads}


def segments(values: Floats, knots: Knots) -> npt.NDArray[np.float64]:
    """Reach of each feature into each stretch between its knots: shape (m, segments), a feature after the other.

    The first stretch is counted from its end downwards, so that a curve is 0 at its first knot, or at 0 without knots.
    """
    columns = []
    for column, name in zip(values.T.astype(np.float64), EVENT_FEATURES, strict=True):
        bounds = [-np.inf, *knots[name], np.inf]
        starts = [knots[name][0] if len(knots[name]) else 0.0, *knots[name]]
        columns += [np.clip(column, *ends) - start for ends, start in zip(pairwise(bounds), starts, strict=True)]
    return np.stack(columns, axis=1)
