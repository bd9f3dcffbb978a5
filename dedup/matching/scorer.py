"""Features of a pair → the probability that both are the same article.

A logistic model with one coefficient a feature and none of them negative, so that more agreement never lowers a score.
All features belong to the two articles and the model alone, and each is 0 where there is nothing to see. There are
heads for what is asked differently: two texts of one language that copy from each other, two that say one thing in
other words (translations into one language, or into its sibling), a translation, a text whose language is unknown;
and each of these once more for an article and a much shorter one, which has to be contained in it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dedup.datatypes import Level
from dedup.errors import SettingsError
from dedup.language.json_text import parse_json
from dedup.language.text import printable
from dedup.matching.event_scorer import EventScorer
from dedup.matching.scorer_file import check_heads, check_origin, read_event_scorer

FEATURES = (
    "cosine",  # of the article vectors, 0 where negative
    "length",  # minus the absolute logarithm of the ratio of lengths
    "amount",  # logarithm of the shorter length over 100 letters, in [0, 2.5]: how much there is to compare
    "coverage",  # share of the less covered text that has counterparts in the other
    "containment",  # the same of the better covered text
    "closeness",  # the same of the better covered text with close counterparts alone
    "order",  # counterparts at the same relative positions, in proportion to containment
    "opening",  # share of the first five sentences that has counterparts, of the text of which less has
    "sequence",  # how steadily counterparts rise from sentence to sentence, times the logarithm of the sentences
    "headline",  # similarity of the first sentences, which are the titles where there are any; 0 where negative
    "lead",  # the same of the first five sentences
    "overlap",  # shared runs of five words, in one language
    "repetition",  # the same times the amount: a third of a long text is a copy, a third of a sentence a phrase
    "vocabulary",  # shared words, in one language
    "verbatim",  # logarithm of the ratio of lengths where all of the shorter text stands in the longer, in one language
    "lead_words",  # words of the first three sentences that the other text has, in one language
    "headline_words",  # the same of the headline
    "subject_clash",  # minus the logarithm of one plus the words of each headline that the other text lacks
    "swap",  # the same in proportion to the vocabulary to the fourth: in texts of the same words it is other news
    "short_swap",  # the same over one plus the amount: a headline alone has no other way to say so
    "facts",  # share of the numbers, dates, versions and identifiers that both state, 0 where none is stated
    "names",  # the same of names
    "clash",  # minus the logarithm of one plus the facts that each side states and the other does not
    "figures",  # minus the share of the facts of both that clash; in one language of numbers alone, in words as well
    "headline_clash",  # minus the logarithm of one plus the clashing facts of the headlines
    "opening_clash",  # the same of weekdays, months, ordinals and numbers in words in the openings
    "name_clash",  # the same of the names in the openings
    "days",  # minus the logarithm of one plus the days between what they date; 0 where one of them dates nothing
)
"""Names of the features, each oriented so that more means likelier the same article."""

LITERAL = (
    *("overlap", "repetition", "vocabulary", "verbatim", "lead_words", "headline_words"),
    *("subject_clash", "swap", "short_swap"),
)
"""Features of literal words, which two texts in two languages have none of."""

RELATIONS = ("translation", "copy", "rewording", "undetermined")
"""Relations of two texts: in two languages; in one, sharing runs of words or hardly any; or in one that
is unknown."""

HEADS = (*RELATIONS, *(f"{relation} excerpt" for relation in RELATIONS))
"""Cases that a head judges: a relation, and the same where one text is more than twice as long as the other."""


@dataclass(frozen=True, slots=True, eq=False)
class Scorer:
    """A fitted model.

    weights : ndarray of shape (len(HEADS), len(FEATURES) + 1), float64
        A row a head; the intercept last, all others >= 0.
    threshold : float in [0, 1]
        Least probability of a match.
    events : EventScorer, optional
        Where other reports of an event are admitted besides: the model that judges them.
    copied_from : float in [0, 1], optional
        Least probability of a copy or translation among the matches; without it the threshold.
    """

    weights: npt.NDArray[np.float64]
    threshold: float
    events: EventScorer | None = None
    copied_from: float | None = None

    @property
    def least(self) -> float:
        """The threshold as log-odds."""
        return _log_odds_of(self.threshold)

    @property
    def least_of_copies(self) -> float:
        """Log-odds from which on a match is a copy or translation."""
        return _log_odds_of(self.threshold if self.copied_from is None else self.copied_from)

    def admits(self, log_odds: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        """Whether pairs of these log-odds are matches."""
        return np.asarray(log_odds >= self.least, np.bool_)

    def log_odds(self, features: npt.NDArray[np.float32], head: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
        """Log-odds of being one article: ndarray of shape (m,) for features of shape (m, len(FEATURES))."""
        weights = self.weights[head]
        return np.asarray((features * weights[:, :-1]).sum(axis=1) + weights[:, -1], np.float64)

    def best_log_odds(
        self, features: npt.NDArray[np.float32], possible: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.float64]:
        """Log-odds under the most lenient head of those that may judge a pair: `possible` of shape (m, len(HEADS))."""
        every = features.astype(np.float64) @ self.weights[:, :-1].T + self.weights[:, -1]
        return np.asarray(np.where(possible, every, -np.inf).max(axis=1, initial=-np.inf), np.float64)


def _log_odds_of(threshold: float) -> float:
    return math.log(max(threshold, 1e-9)) - math.log(max(1 - threshold, 1e-9))


def probability(log_odds: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The logistic function."""
    return 1 / (1 + np.exp(-np.clip(log_odds, -50, 50)))


def load_scorer(level: Level, threshold: float | None = None, path: str = "", *, fingerprint: str = "") -> Scorer:
    """The fitted score of a level, or one from a file, with its own threshold where none is given.

    Of the shipped ones it is the one fitted for the model with this fingerprint, or else that for the bundled model.

    Raises
    ------
    SettingsError
        If the file cannot be read, or was not written by ``dedup calibrate`` of this version for this model and level.
    """
    try:
        content = Path(path).read_text(encoding="utf-8") if path else _shipped(level, fingerprint)
        required = fingerprint if path else ""  # a model without one of its own has that of the bundled model
        fitted = parse_json(content)
        own_threshold = check_origin(fitted, level=level.value, fingerprint=required)
        if level is Level.STORY:
            events = read_event_scorer(fitted)
        else:
            weights = check_heads(fitted, heads=HEADS, features=FEATURES)
    except OSError as error:
        reason = f"cannot read the scorer {printable(path)}: {error.strerror}"
        raise SettingsError(f"{reason}; write one with: dedup calibrate") from error
    except ValueError as error:
        reason = f"{printable(path) or level.value} is no scorer for this run: {error}"
        raise SettingsError(f"{reason}; write one with: dedup calibrate") from error
    least = own_threshold if threshold is None else threshold
    if level is Level.STORY:
        copies = load_scorer(Level.DUPLICATE, fingerprint=fingerprint)
        return Scorer(copies.weights, least, events, copies.threshold if threshold is None else threshold)
    return Scorer(np.array(weights, np.float64), least)


def _shipped(level: Level, fingerprint: str) -> str:
    folder = resources.files("dedup") / "scorers"
    own = folder / f"{level.value}.{fingerprint}.json"
    return (own if own.is_file() else folder / f"{level.value}.json").read_text(encoding="utf-8")
