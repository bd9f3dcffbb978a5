"""Features of pairs, cheapest first: what is known of both articles, facts, openings, sentences."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dedup.arrays import Positions
from dedup.datatypes import UNDETERMINED, Article, Candidates
from dedup.matching.alignment import cover
from dedup.matching.facts import FactFile, FactSets, StoredFacts, days_apart, fact_scores
from dedup.matching.scorer import FEATURES, HEADS
from dedup.matching.sentence_store import StoredPassages
from dedup.runtime.row_files import RowWriter

OPENING_FEATURES = [FEATURES.index(name) for name in ("headline", "lead")]

SENTENCE_FEATURES = [FEATURES.index(name) for name in ("coverage", "containment", "order")]

FACT_FEATURES = [FEATURES.index(name) for name in ("facts", "names", "clash", "headline_clash", "days")]

ALL_COVERED = 1.01  # more than rounding lets a cosine of unit vectors be
ALL_AGREED = (1, 1, 0, 0, 0)
_EXCERPT_RATIO = 2.0  # of lengths, beyond which a pair can only be an article and an excerpt of it
_SOME_DAYS, _MOST_DAYS = 3, 30  # taken for what is not known, and for whatever lies further apart


@dataclass(frozen=True, slots=True, eq=False)
class MatchInput:
    """All that verification knows of n articles with different texts.

    articles : sequence of length n
    codes : ndarray of shape (n,), str, language codes
    lengths : ndarray of shape (n,), float32, reading lengths
    passages, facts : their sentences, and their hard facts
    files : what holds those, whose files go when these go
    """

    articles: Sequence[Article]
    codes: npt.NDArray[np.str_]
    lengths: npt.NDArray[np.float32]
    passages: StoredPassages
    facts: StoredFacts
    files: tuple[RowWriter | FactFile, ...]

    def heads(self, candidates: Candidates) -> npt.NDArray[np.intp]:
        """Which of the scorer's `HEADS` judges each pair."""
        left, right = self.codes[candidates.left], self.codes[candidates.right]
        heads = np.where(left == right, HEADS.index("same-language"), HEADS.index("translation"))
        heads[(left == UNDETERMINED) | (right == UNDETERMINED)] = HEADS.index("undetermined")
        longer = np.maximum(self.lengths[candidates.left], self.lengths[candidates.right])
        shorter = np.minimum(self.lengths[candidates.left], self.lengths[candidates.right])
        heads[longer > _EXCERPT_RATIO * shorter] = HEADS.index("excerpt")
        return heads.astype(np.intp)


@dataclass(frozen=True, slots=True, eq=False)
class PairBlock:
    """Pairs to be judged: `left` and `right` positions, `features` as far as they are known, and `heads`."""

    left: Positions
    right: Positions
    features: npt.NDArray[np.float32]
    heads: Positions


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """What the texts of m pairs say: all `features`, and the `share` of each text that has a counterpart."""

    features: npt.NDArray[np.float32]
    share: npt.NDArray[np.float32]

    @classmethod
    def none(cls) -> Measured:
        """Of no pairs."""
        return cls(np.empty((0, len(FEATURES)), np.float32), np.empty((0, 2), np.float32))


def pair_block(match_input: MatchInput, candidates: Candidates) -> PairBlock:
    """Candidates with what is known without looking at their texts."""
    left, right = (np.log(np.maximum(match_input.lengths[side], 1)) for side in (candidates.left, candidates.right))
    features = np.zeros((len(candidates), len(FEATURES)), np.float32)
    features[:, FEATURES.index("cosine")] = candidates.similarity
    features[:, FEATURES.index("margin")] = candidates.margin
    features[:, FEATURES.index("isolation")] = candidates.isolation
    features[:, FEATURES.index("length")] = -np.abs(left - right)
    return PairBlock(candidates.left, candidates.right, features, match_input.heads(candidates))


def sentence_features(
    stored: StoredPassages, left: Positions, right: Positions
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """The features of sentences for pairs sorted by their left, shape (m, 3), and the shares of both, (m, 2)."""
    articles, numbers = np.unique(np.concatenate([left, right]), return_inverse=True)
    passages, left, right = stored.take(articles), numbers[: len(left)], numbers[len(left) :]
    found = cover(passages, left, right)
    least, most = found.similarity.min(axis=1), found.similarity.max(axis=1)
    return np.stack([least, most, found.order], axis=1), found.share


def fact_bounds(stored: StoredFacts, left: Positions, right: Positions) -> npt.NDArray[np.float32]:
    """The best that the features of facts can be for pairs: ndarray of shape (m, 5), float32."""
    agreed, alike, fewer = stored.keys.bounds(left, right).T
    best = np.zeros(len(left))
    return np.stack([agreed, alike, -np.log1p(fewer), best, best], axis=1).astype(np.float32)


def fact_features(stored: StoredFacts, left: Positions, right: Positions) -> npt.NDArray[np.float32]:
    """The features of facts for pairs: ndarray of shape (m, 5), float32."""
    articles, numbers = np.unique(np.concatenate([left, right]), return_inverse=True)
    fact_sets = stored.fact_sets(articles)
    pairs = zip(numbers[: len(left)].tolist(), numbers[len(left) :].tolist(), strict=True)
    found = [
        (
            *_fact_agreement(fact_sets[one], fact_sets[other]),
            _closeness_in_time(days_apart(fact_sets[one].dates, fact_sets[other].dates)),
        )
        for one, other in pairs
    ]
    return np.array(found, np.float32).reshape(-1, len(FACT_FEATURES))


def _fact_agreement(left: FactSets, right: FactSets) -> tuple[float, float, float, float]:
    """The features "facts", "names", "clash" and "headline_clash"."""
    stated, named, fewer, at_the_top, *_ = fact_scores(left, right)
    return stated, named, -math.log1p(fewer), -math.log1p(at_the_top)


def _closeness_in_time(days: float) -> float:
    """The feature "days", which has a middling value where nobody says when."""
    return -math.log1p(_SOME_DAYS if math.isnan(days) else min(days, _MOST_DAYS))
