"""Candidates → matches: decided by what the sentences and the hard facts say, with the evidence kept.

Pairs are judged block by block, and only what a block speaks of is in memory: the sentences of its articles, the facts
of those that its other features leave open. Blocks are shared among processes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache, partial

import numpy as np
import numpy.typing as npt

from dedup.alignment import Passages, StoredPassages, align, cover
from dedup.columns import take_rows
from dedup.datatypes import (
    UNDETERMINED,
    Agreement,
    AlignedPair,
    Article,
    Candidates,
    Evidence,
    Match,
    MatchKind,
    Progress,
    take_articles,
)
from dedup.facts import Facts, compare_facts, extract_facts
from dedup.parallel import ALONE, Workers
from dedup.scoring import FEATURES, HEADS, Scorer, probability
from dedup.scratch import RowShelf

_TEXT_FEATURES = [FEATURES.index(name) for name in ("coverage", "containment", "order")]
_FACT_FEATURES = [FEATURES.index(name) for name in ("facts", "names", "clash")]
_EXCERPT_COVERED = 0.55  # share of the shorter text that has a counterpart in the longer one, at least
_EXCERPT_EXTRA = 0.6  # share of the longer text that has one in the shorter, at most, relative to the above
_EXCERPT_RATIO = 2.0  # of lengths, beyond which a pair can only be an article and an excerpt of it
_STORY_DAYS = 7  # between two reports of one event, as news monitors count a story
_NEVER = -20.0  # log-odds of a pair that cannot be
_PAIRS = 4096  # judged at a time, about 40 MB of sentence vectors
_TEXTS = 256  # articles and matches looked at in full at a time

_Positions = npt.NDArray[np.intp]
_Texts = tuple[_Positions, Sequence[Article], npt.NDArray[np.str_]]  # positions, the articles there, language codes


@dataclass(frozen=True, slots=True, eq=False)
class Subjects:
    """All that verification knows of n articles with different texts.

    articles : sequence of length n
    codes : ndarray of shape (n,), str, language codes
    lengths : ndarray of shape (n,), float32, reading lengths
    passages : their sentences
    shelves : what holds the passages, whose files go when these go
    """

    articles: Sequence[Article]
    codes: npt.NDArray[np.str_]
    lengths: npt.NDArray[np.float32]
    passages: StoredPassages
    shelves: tuple[RowShelf, ...]

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
    subjects: Subjects,
    candidates: Candidates,
    scorer: Scorer,
    *,
    workers: Workers = ALONE,
    progress: Progress | None = None,
) -> Verdicts:
    """Features and log-odds of every candidate.

    Facts are compared only where they could still make a match: no feature lowers a score, so a pair that stays below
    the threshold even with perfect facts keeps that bound as its log-odds.
    """
    features = np.zeros((len(candidates), len(FEATURES)), np.float32)
    share = np.zeros((len(candidates), 2), np.float32)
    lengths = np.log(np.maximum(subjects.lengths, 1))
    features[:, FEATURES.index("cosine")] = candidates.similarity
    features[:, FEATURES.index("margin")] = candidates.margin
    features[:, FEATURES.index("length")] = -np.abs(lengths[candidates.left] - lengths[candidates.right])
    blocks = list(_slices(len(candidates), _PAIRS))
    tasks = ((candidates.left[block], candidates.right[block]) for block in blocks)
    for block, found in zip(blocks, workers.map(partial(_cover_pairs, subjects.passages), tasks), strict=True):
        features[block, _TEXT_FEATURES], share[block] = found[:, :3], found[:, 3:]
        if progress:
            progress("verify", block.stop, len(candidates))
    heads = subjects.heads(candidates)
    features[:, _FACT_FEATURES] = (1, 1, 0)
    undecided = np.flatnonzero(scorer.log_odds(features, heads) >= scorer.least)
    features[undecided[:, None], _FACT_FEATURES] = _compare_facts(
        subjects, candidates.left[undecided], candidates.right[undecided], workers
    )
    log_odds = scorer.log_odds(features, heads)
    copies = np.ones(len(candidates), np.bool_)
    if scorer.copies:
        copies = scorer.copies.log_odds(features, heads) >= scorer.copies.least
        log_odds[~copies & _days_apart(subjects.articles, candidates)] = _NEVER
    return Verdicts(log_odds, features, share, copies)


def describe_pairs(
    subjects: Subjects,
    candidates: Candidates,
    verdicts: Verdicts,
    *,
    full: npt.NDArray[np.bool_] | None = None,
    workers: Workers = ALONE,
) -> tuple[Match, ...]:
    """Every candidate with its kind and evidence, whether or not it is a match.

    Where `full`, of shape (m,), is False, the evidence is coverage and features alone: the other pairs of a large group
    of translations would say the same over again, at a kilobyte and half a millisecond each.
    """
    full = np.ones(len(candidates), np.bool_) if full is None else full
    described = workers.map(
        partial(describe_batch, subjects.passages), pair_batches(subjects, candidates, verdicts, full)
    )
    return tuple(match for batch in described for match in batch)


@dataclass(frozen=True, slots=True, eq=False)
class PairBatch:
    """Pairs to be described, with the texts of those that are described in full."""

    candidates: Candidates
    verdicts: Verdicts
    full: npt.NDArray[np.bool_]
    texts: _Texts
    one_language: npt.NDArray[np.bool_]


def pair_batches(
    subjects: Subjects, candidates: Candidates, verdicts: Verdicts, full: npt.NDArray[np.bool_]
) -> Iterator[PairBatch]:
    """The pairs in batches, for `describe_batch`."""
    return (
        PairBatch(
            take_rows(candidates, block),
            take_rows(verdicts, block),
            full[block],
            _texts_of(subjects, candidates.left[block][full[block]], candidates.right[block][full[block]]),
            subjects.codes[candidates.left[block]] == subjects.codes[candidates.right[block]],
        )
        for block in _slices(len(candidates), _TEXTS)
    )


def _days_apart(articles: Sequence[Article], candidates: Candidates) -> npt.NDArray[np.bool_]:
    """Pairs whose articles both say when they were published, and too far apart for two reports of one event."""
    positions = np.unique(np.concatenate([candidates.left, candidates.right]))
    days = np.full(len(articles), np.nan)
    days[positions] = [_day(article.published) for article in take_articles(articles, positions)]
    return np.asarray(np.abs(days[candidates.left] - days[candidates.right]) > _STORY_DAYS, np.bool_)


def _day(published: str) -> float:
    """The day an ISO 8601 date falls on, counted from the year 1; not a number where there is no such date."""
    try:
        return float(date.fromisoformat(published[:10]).toordinal())
    except ValueError:
        return math.nan


def _slices(total: int, size: int) -> Iterator[slice]:
    return (slice(start, min(start + size, total)) for start in range(0, total, size))


def _cover_pairs(
    stored: StoredPassages, pairs: tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]
) -> npt.NDArray[np.float32]:
    """Coverage, containment and order of pairs sorted by their left, and the shares of both: shape (m, 5)."""
    left, right = pairs
    articles, numbers = np.unique(np.concatenate([left, right]), return_inverse=True)
    passages = stored.take(articles)
    left, right = numbers[: len(left)], numbers[len(left) :]
    features = np.zeros((len(left), 5), np.float32)
    lefts, begins = np.unique(left, return_index=True)
    for article, begin, end in zip(lefts.tolist(), begins.tolist(), [*begins[1:].tolist(), len(left)], strict=True):
        found = cover(passages, article, right[begin:end])
        features[begin:end, 0] = found.similarity.min(axis=1)
        features[begin:end, 1] = found.similarity.max(axis=1)
        features[begin:end, 2] = found.order
        features[begin:end, 3:] = found.share
    return features


def _compare_facts(
    subjects: Subjects, left: npt.NDArray[np.intp], right: npt.NDArray[np.intp], workers: Workers
) -> npt.NDArray[np.float32]:
    """The last three of `FEATURES` for pairs: ndarray of shape (m, 3), float32."""
    tasks = (
        (_texts_of(subjects, left[block], right[block]), left[block].tolist(), right[block].tolist())
        for block in _slices(len(left), _TEXTS)
    )
    return np.concatenate([np.empty((0, 3), np.float32), *workers.map(_fact_features_of, tasks)])


def _texts_of(subjects: Subjects, left: _Positions, right: _Positions) -> _Texts:
    positions = np.unique(np.concatenate([left, right]))
    return positions, take_articles(subjects.articles, positions), subjects.codes[positions]


def _facts_in(texts: _Texts) -> dict[int, Facts]:
    """Facts by position."""
    positions, articles, codes = texts
    every = zip(positions.tolist(), articles, codes.tolist(), strict=True)
    return {position: _facts_of(article.body, code) for position, article, code in every}


def _fact_features_of(task: tuple[_Texts, list[int], list[int]]) -> npt.NDArray[np.float32]:
    texts, left, right = task
    facts = _facts_in(texts)
    pairs = zip(left, right, strict=True)
    return np.array([fact_features(facts[one], facts[other]) for one, other in pairs], np.float32)


_facts_of = lru_cache(maxsize=8192)(extract_facts)
"""An article's candidates stand together, so the same articles come again soon."""


def describe_batch(stored: StoredPassages, batch: PairBatch) -> list[Match]:
    """What `describe_pairs` says of a batch."""
    positions = batch.texts[0]
    passages = stored.take(positions)
    numbers = {position: number for number, position in enumerate(positions.tolist())}
    facts = _facts_in(batch.texts)
    scores = probability(batch.verdicts.log_odds)
    pairs = zip(batch.candidates.left.tolist(), batch.candidates.right.tolist(), strict=True)
    matches = []
    for at, (left, right) in enumerate(pairs):
        share = (float(batch.verdicts.share[at, 0]), float(batch.verdicts.share[at, 1]))
        evidence = Evidence(share, features=tuple(zip(FEATURES, map(float, batch.verdicts.features[at]), strict=True)))
        if batch.full[at]:
            aligned = _align(passages, numbers[left], numbers[right])
            evidence = _with_facts(evidence, aligned, facts[left], facts[right])
        copy = bool(batch.verdicts.copies[at])
        excerpt = _contained(share) if copy else ""
        matches.append(
            Match(
                left=left,
                right=right,
                similarity=float(batch.candidates.similarity[at]),
                score=float(scores[at]),
                kind=_kind(excerpt, copy=copy, one_language=bool(batch.one_language[at])),
                evidence=evidence,
                excerpt=excerpt,
            )
        )
    return matches


def _align(passages: Passages, left: int, right: int) -> tuple[AlignedPair, ...]:
    own, other = (
        passages.vectors[rows] * (passages.weights[rows, None] > 0) for rows in map(passages.of, (left, right))
    )
    return align(own, other)


def _with_facts(evidence: Evidence, aligned: tuple[AlignedPair, ...], left: Facts, right: Facts) -> Evidence:
    facts = compare_facts(left, right)
    numbers = _joined(facts.numbers, facts.dates, facts.versions, facts.identifiers)
    return replace(evidence, aligned=aligned, numbers=numbers, names=facts.names)


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


def _kind(excerpt: str, *, copy: bool, one_language: bool) -> MatchKind:
    if not copy:
        return MatchKind.SAME_STORY
    if excerpt:
        return MatchKind.EXCERPT
    return MatchKind.NEAR if one_language else MatchKind.TRANSLATION


def fact_features(left: Facts, right: Facts) -> tuple[float, float, float]:
    """The last three of `FEATURES`."""
    found = compare_facts(left, right)
    kinds = (found.numbers, found.dates, found.versions, found.identifiers)
    fewer = min(sum(len(kind.left_only) for kind in kinds), sum(len(kind.right_only) for kind in kinds))
    return found.stated, found.named, -math.log1p(fewer)
