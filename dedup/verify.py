"""Candidates → matches: decided by what the sentences and the hard facts say, with the evidence kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from dedup.alignment import Passages, align, cover
from dedup.datatypes import (
    UNDETERMINED,
    Agreement,
    AlignedPair,
    Candidates,
    Evidence,
    Language,
    Match,
    MatchKind,
    Progress,
)
from dedup.facts import Facts, compare_facts
from dedup.scoring import FEATURES, HEADS, Scorer, probability

_FACT_FEATURES = [FEATURES.index(name) for name in ("numbers", "numbers_either", "clash", "names")]
_EXCERPT_COVERED = 0.55  # share of the shorter text that has a counterpart in the longer one, at least
_EXCERPT_EXTRA = 0.6  # share of the longer text that has one in the shorter, at most, relative to the above
_EXCERPT_RATIO = 2.0  # of lengths, beyond which a pair can only be an article and an excerpt of it


@dataclass(frozen=True, slots=True, eq=False)
class Subjects:
    """All that verification knows of n articles with different texts.

    languages, facts : sequences of length n
    lengths : ndarray of shape (n,), float32, reading lengths
    passages : Passages of the n articles
    """

    languages: Sequence[Language]
    facts: Sequence[Facts]
    lengths: npt.NDArray[np.float32]
    passages: Passages

    def heads(self, candidates: Candidates) -> npt.NDArray[np.intp]:
        """Which of the scorer's `HEADS` judges each pair."""
        codes = np.array([language.code for language in self.languages], dtype=str)
        left, right = codes[candidates.left], codes[candidates.right]
        heads = np.where(left == right, HEADS.index("same-language"), HEADS.index("translation"))
        heads[(left == UNDETERMINED) | (right == UNDETERMINED)] = HEADS.index("undetermined")
        longer = np.maximum(self.lengths[candidates.left], self.lengths[candidates.right])
        shorter = np.minimum(self.lengths[candidates.left], self.lengths[candidates.right])
        heads[longer > _EXCERPT_RATIO * shorter] = HEADS.index("excerpt")
        return heads.astype(np.intp)


@dataclass(frozen=True, slots=True, eq=False)
class Verdicts:
    """What verification found for m candidates.

    log_odds : ndarray of shape (m,), float64, of being the same article
    features : ndarray of shape (m, len(FEATURES)), float32
    share : ndarray of shape (m, 2), float32, how much of the left and of the right text has a counterpart
    copies : ndarray of shape (m,), bool, whether a match is a copy or translation and no other report of the event
    """

    log_odds: npt.NDArray[np.float64]
    features: npt.NDArray[np.float32]
    share: npt.NDArray[np.float32]
    copies: npt.NDArray[np.bool_]


def judge_pairs(
    subjects: Subjects, candidates: Candidates, scorer: Scorer, *, progress: Progress | None = None
) -> Verdicts:
    """Features and log-odds of every candidate.

    Facts are compared only where they could still make a match: no feature lowers a score, so a pair that stays below
    the threshold even with perfect facts keeps that bound as its log-odds.
    """
    features, share = _text_features(subjects, candidates, progress)
    heads = subjects.heads(candidates)
    bound = features.copy()
    bound[:, _FACT_FEATURES] = (1, 1, 0, 1)
    open_still = np.flatnonzero(scorer.log_odds(bound, heads) >= scorer.least)
    weighted = [_weighted(facts) for facts in subjects.facts]
    bound[open_still[:, None], _FACT_FEATURES] = [
        fact_features(weighted[left], weighted[right])
        for left, right in zip(candidates.left[open_still].tolist(), candidates.right[open_still].tolist(), strict=True)
    ] or np.empty((0, 4))
    copies = np.ones(len(candidates), np.bool_)
    if scorer.copies:
        copies = scorer.copies.log_odds(bound, heads) >= scorer.copies.least
    return Verdicts(scorer.log_odds(bound, heads), bound, share, copies)


def find_matches(
    subjects: Subjects, candidates: Candidates, verdicts: Verdicts, scorer: Scorer
) -> tuple[Match, ...]:
    """The candidates whose score reaches the threshold, with kind and evidence, in the candidates' order."""
    scores = probability(verdicts.log_odds)
    return tuple(
        describe_pair(subjects, candidates, verdicts, at) for at in np.flatnonzero(scores >= scorer.threshold).tolist()
    )


def describe_pair(subjects: Subjects, candidates: Candidates, verdicts: Verdicts, at: int) -> Match:
    """Candidate number `at` with its kind and all its evidence, whether or not it is a match."""
    left, right = int(candidates.left[at]), int(candidates.right[at])
    passages = subjects.passages
    aligned = align(passages.vectors[passages.of(left)], passages.vectors[passages.of(right)])
    share = (float(verdicts.share[at, 0]), float(verdicts.share[at, 1]))
    excerpt = _contained(share) if verdicts.copies[at] else ""
    return Match(
        left=left,
        right=right,
        similarity=float(candidates.similarity[at]),
        score=float(probability(verdicts.log_odds[at : at + 1])[0]),
        kind=_kind(bool(verdicts.copies[at]), excerpt, subjects.languages[left], subjects.languages[right]),
        evidence=_evidence(subjects.facts[left], subjects.facts[right], share, aligned, verdicts.features[at]),
        excerpt=excerpt,
    )


def _evidence(
    left: Facts,
    right: Facts,
    share: tuple[float, float],
    aligned: tuple[AlignedPair, ...],
    features: npt.NDArray[np.float32],
) -> Evidence:
    facts = compare_facts(left, right)
    return Evidence(
        coverage=share,
        aligned=aligned,
        numbers=_joined(facts.numbers, facts.dates, facts.versions, facts.identifiers),
        names=facts.names,
        features=tuple(zip(FEATURES, map(float, features), strict=True)),
    )


def _joined(*kinds: Agreement) -> Agreement:
    return Agreement(
        tuple(fact for kind in kinds for fact in kind.shared),
        tuple(fact for kind in kinds for fact in kind.left_only),
        tuple(fact for kind in kinds for fact in kind.right_only),
    )


def _contained(share: tuple[float, float]) -> str:
    """The side that is an excerpt of the other, if one is."""
    covered = max(share)
    if covered < _EXCERPT_COVERED or min(share) > _EXCERPT_EXTRA * covered:
        return ""
    return "left" if share[0] > share[1] else "right"


def _kind(copy: bool, excerpt: str, left: Language, right: Language) -> MatchKind:
    if not copy:
        return MatchKind.SAME_STORY
    if excerpt:
        return MatchKind.EXCERPT
    return MatchKind.NEAR if left.code == right.code else MatchKind.TRANSLATION


def _text_features(
    subjects: Subjects, candidates: Candidates, progress: Progress | None
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Features that need no facts, and the shares of both texts that have a counterpart."""
    features = np.zeros((len(candidates), len(FEATURES)), np.float32)
    share = np.zeros((len(candidates), 2), np.float32)
    features[:, 0] = candidates.similarity
    features[:, 1] = candidates.margin
    lengths = np.log(np.maximum(subjects.lengths, 1))
    features[:, 5] = -np.abs(lengths[candidates.left] - lengths[candidates.right])
    lefts, begins = np.unique(candidates.left, return_index=True)
    ends = np.append(begins, len(candidates))[1:]
    for number, (left, begin, end) in enumerate(zip(lefts.tolist(), begins.tolist(), ends.tolist(), strict=True)):
        found = cover(subjects.passages, left, candidates.right[begin:end])
        features[begin:end, 2] = found.similarity.min(axis=1)
        features[begin:end, 3] = found.similarity.max(axis=1)
        features[begin:end, 4] = found.order
        share[begin:end] = found.share
        if progress and number % 64 == 0:
            progress("verify", end, len(candidates))
    return features, share


@dataclass(frozen=True, slots=True, eq=False)
class _Weighted:
    """Facts with what they weigh: numbers of all kinds, and names."""

    numbers: dict[str, float]
    names: frozenset[str]


def _weighted(facts: Facts) -> _Weighted:
    numbers = {number: number_weight(number) for number in facts.numbers}
    numbers |= dict.fromkeys(facts.dates, 1.5) | dict.fromkeys(facts.versions + facts.identifiers, 2.0)
    return _Weighted(numbers, frozenset(facts.names))


@lru_cache(maxsize=1 << 16)
def number_weight(number: str) -> float:
    """How much a shared number says: 0.3 for one digit, 0.6 for two or a year, more for longer ones."""
    if len(number) == 1:
        return 0.3
    if len(number) == 2 or (len(number) == 4 and number[:2] in ("19", "20")):
        return 0.6
    return 1 + 0.1 * min(len(number), 8)


def fact_features(left: _Weighted, right: _Weighted) -> tuple[float, float, float, float]:
    """The last four of `FEATURES`."""
    shared = left.numbers.keys() & right.numbers.keys()
    both = sum(left.numbers[number] for number in shared)
    ours = sum(left.numbers.values()) - both
    theirs = sum(right.numbers.values()) - both
    fewer = min(ours, theirs)
    names = len(left.names & right.names)
    return (
        (both + 0.5) / (both + ours + theirs + 1),
        (both + 0.5) / (both + fewer + 1),
        -float(np.log1p(fewer)),
        (names + 0.5) / (min(len(left.names), len(right.names)) + 1),
    )
