"""Features of a pair → the probability that both are the same article.

A logistic model with one coefficient a feature and none of them negative, so that more agreement never lowers a score.
It has heads for what is asked differently: two texts of one language have to show more than a translation, one whose
language cannot be told shows less, and an excerpt covers little of what it was taken from.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dedup.datatypes import Level
from dedup.errors import SettingsError

FEATURES = (
    "cosine",  # of the article vectors, on the model's scale
    "margin",  # how much closer than the closest competitor in the partner's language
    "isolation",  # how much closer than each is to its nearest articles on average
    "coverage",  # mean similarity of sentences to their counterparts, less covered side
    "containment",  # the same, better covered side
    "order",  # counterparts at the same relative positions
    "headline",  # similarity of the first sentences, which are the titles where there are any
    "lead",  # the same of the first five
    "length",  # minus the absolute logarithm of the ratio of lengths
    "facts",  # share of the numbers, dates, versions and identifiers that both state
    "names",  # the same of names
    "clash",  # minus the logarithm of one plus the facts that each side states and the other does not
    "headline_clash",  # the same of the facts in the headlines
    "days",  # minus the logarithm of one plus the days between what they date
)
"""Names of the features, each oriented so that more means likelier the same article."""

HEADS = ("translation", "same-language", "undetermined", "excerpt")
"""What a head judges: pairs in two languages, in one, with a text whose language cannot be told; and before all these
pairs of which one text is more than twice as long as the other."""


@dataclass(frozen=True, slots=True, eq=False)
class Scorer:
    """A fitted model.

    weights : ndarray of shape (len(HEADS), len(FEATURES) + 1), float64
        A row a head; the intercept last, all others >= 0.
    threshold : float in [0, 1]
        Least probability of a match.
    copies : Scorer, optional
        Where this scorer also admits other reports of an event: the one that tells copies and translations from them.
    """

    weights: npt.NDArray[np.float64]
    threshold: float
    copies: Scorer | None = None

    @property
    def least(self) -> float:
        """The threshold as log-odds."""
        return float(np.log(max(self.threshold, 1e-9)) - np.log(max(1 - self.threshold, 1e-9)))

    def log_odds(self, features: npt.NDArray[np.float32], head: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
        """Log-odds of belonging together: ndarray of shape (m,) for features of shape (m, len(FEATURES)).

        Where the scorer has one for copies, a pair has the better of both.
        """
        weights = self.weights[head]
        own = np.asarray((features * weights[:, :-1]).sum(axis=1) + weights[:, -1], np.float64)
        return own if self.copies is None else np.maximum(own, self.copies.log_odds(features, head))


def probability(log_odds: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The logistic function."""
    return 1 / (1 + np.exp(-np.clip(log_odds, -50, 50)))


def load_scorer(level: Level, threshold: float | None = None, path: str = "", *, fingerprint: str = "") -> Scorer:
    """The fitted score of a level, or one from a file, with its own threshold where none is given.

    Of the shipped ones it is the one fitted for the model with this fingerprint, or else that for the bundled model.

    Raises
    ------
    SettingsError
        If the file cannot be read or was not written by ``dedup calibrate`` of this version.
    """
    names = (*FEATURES, "intercept")
    try:
        fitted = json.loads(Path(path).read_text(encoding="utf-8") if path else _shipped(level, fingerprint))
        weights = np.array([[fitted["heads"][head][name] for name in names] for head in HEADS], np.float64)
        copies = load_scorer(Level.DUPLICATE, fingerprint=fingerprint) if level is Level.STORY else None
        return Scorer(weights, float(fitted["threshold"]) if threshold is None else threshold, copies)
    except OSError as error:
        raise SettingsError(
            f"cannot read the scorer {path}: {error.strerror}; write one with: dedup calibrate"
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise SettingsError(f"{path} is no scorer of this version; write one with: dedup calibrate") from error


def _shipped(level: Level, fingerprint: str) -> str:
    folder = resources.files("dedup") / "scorers"
    own = folder / f"{level.value}.{fingerprint}.json"
    return (own if own.is_file() else folder / f"{level.value}.json").read_text(encoding="utf-8")
