"""Candidates → matches: decided by what the sentences and the hard facts say, with the evidence kept.

Pairs are judged block by block, and only what a block speaks of is in memory: the sentences of its articles, the facts
of those that its other features leave open. Blocks are shared among processes, which read both from disk.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from itertools import tee
from typing import Any

import numpy as np
import numpy.typing as npt

from dedup.alignment import Passages, StoredPassages, align, cover
from dedup.columns import join_rows, take_rows
from dedup.datatypes import (
    UNDETERMINED,
    Agreement,
    AlignedPair,
    Article,
    Candidates,
    Embeddings,
    Evidence,
    Features,
    Match,
    MatchKind,
    take_articles,
)
from dedup.facts import FactShelf, StoredFacts, Told, compare_told, days_apart, measure_facts
from dedup.parallel import ALONE, Workers
from dedup.scoring import FEATURES, HEADS, Scorer, probability
from dedup.scratch import RowShelf

_OPENING_FEATURES = [FEATURES.index(name) for name in ("headline", "lead")]
_SENTENCE_FEATURES = [FEATURES.index(name) for name in ("coverage", "containment", "order")]
_FACT_FEATURES = [FEATURES.index(name) for name in ("facts", "names", "clash", "headline_clash", "days")]
_ALL_COVERED = 1.01  # more than rounding lets a cosine of unit vectors be
_ALL_AGREED = (1, 1, 0, 0, 0)
_EXCERPT_COVERED = 0.55  # share of the shorter text that has a counterpart in the longer one, at least
_EXCERPT_EXTRA = 0.6  # share of the longer text that has one in the shorter, at most, relative to the above
_EXCERPT_RATIO = 2.0  # of lengths, beyond which a pair can only be an article and an excerpt of it
_STORY_DAYS = 7  # between two reports of one event, as news monitors count a story
_SOME_DAYS, _MOST_DAYS = 3, 30  # taken for what is not known, and for whatever lies further apart
_NEVER = -20.0  # log-odds of a pair that cannot be
_PAIRS = 4096  # judged at a time, about 40 MB of sentence vectors
_DESCRIBED = 256  # matches described at a time
_ROUNDED = 1e-6  # by as much a bound may come out below what it bounds

_Positions = npt.NDArray[np.intp]
_NONE = Candidates(np.empty(0, np.intp), np.empty(0, np.intp), *[np.empty(0, np.float32)] * 3)


@dataclass(frozen=True, slots=True, eq=False)
class Subjects:
    """All that verification knows of n articles with different texts.

    articles : sequence of length n
    codes : ndarray of shape (n,), str, language codes
    lengths : ndarray of shape (n,), float32, reading lengths
    passages, facts : their sentences, and their hard facts
    shelves : what holds those, whose files go when these go
    """

    articles: Sequence[Article]
    codes: npt.NDArray[np.str_]
    lengths: npt.NDArray[np.float32]
    passages: StoredPassages
    facts: StoredFacts
    shelves: tuple[RowShelf | FactShelf, ...]

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


def find_matches(
    subjects: Subjects,
    blocks: Iterable[Candidates],
    scorer: Scorer,
    *,
    workers: Workers = ALONE,
    progress: Callable[[int], None] | None = None,
) -> tuple[Candidates, Verdicts]:
    """Those of the candidates that are matches, with the features and log-odds that `judge_pairs` gives them.

    No feature lowers a score, so what costs more is looked at only where the rest, bounded from above, leaves a match
    possible: first the facts by their keys, then the headlines and leads, then all sentences, and the facts themselves
    at last. The blocks are asked for while workers look at those before; `progress` is told of the candidates done.
    """
    blocks, same = tee(part for block in blocks for part in _parts(block))
    tasks = (_task(subjects, part) for part in blocks)
    work = partial(_match_block, subjects.passages, subjects.facts, scorer)
    kept, measures, done = [_NONE], [_Measured.none()], 0
    for part, (found, measured) in zip(same, workers.map(work, tasks), strict=True):
        kept.append(take_rows(part, found))
        measures.append(measured)
        done += len(part)
        if progress:
            progress(done)
    candidates = join_rows(kept)
    verdicts = _verdicts(subjects, candidates, scorer, join_rows(measures))
    matching = verdicts.log_odds >= scorer.least
    return take_rows(candidates, matching), take_rows(verdicts, matching)


def judge_pairs(subjects: Subjects, candidates: Candidates, scorer: Scorer, *, workers: Workers = ALONE) -> Verdicts:
    """Features and log-odds of every candidate.

    Facts are compared only where they could still make a match: a pair that stays below the threshold even with perfect
    facts keeps that bound as its log-odds.
    """
    work = partial(_judge_block, subjects.passages, subjects.facts, scorer)
    parts = [_Measured.none(), *workers.map(work, (_task(subjects, part) for part in _parts(candidates)))]
    return _verdicts(subjects, candidates, scorer, join_rows(parts))


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
    describe = partial(describe_batch, subjects.passages, subjects.facts)
    sharing = workers if full.any() else ALONE  # to be sent takes a match longer than to be made without evidence
    described = sharing.map(describe, pair_batches(subjects, candidates, verdicts, full))
    return tuple(match for batch in described for match in batch)


@dataclass(frozen=True, slots=True, eq=False)
class PairBatch:
    """Pairs to be described, some in full."""

    candidates: Candidates
    verdicts: Verdicts
    full: npt.NDArray[np.bool_]
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
            subjects.codes[candidates.left[block]] == subjects.codes[candidates.right[block]],
        )
        for block in _slices(len(candidates), _DESCRIBED)
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Block:
    """Pairs to be judged: `left` and `right` positions, `features` as far as they are known, and `heads`."""

    left: _Positions
    right: _Positions
    features: npt.NDArray[np.float32]
    heads: _Positions


@dataclass(frozen=True, slots=True, eq=False)
class _Measured:
    """What the texts of m pairs say: all `features`, and the `share` of each text that has a counterpart."""

    features: npt.NDArray[np.float32]
    share: npt.NDArray[np.float32]

    @classmethod
    def none(cls) -> _Measured:
        """Of no pairs."""
        return cls(np.empty((0, len(FEATURES)), np.float32), np.empty((0, 2), np.float32))


def _parts(candidates: Candidates) -> Iterator[Candidates]:
    return (take_rows(candidates, part) for part in _slices(len(candidates), _PAIRS))


def _task(subjects: Subjects, candidates: Candidates) -> _Block:
    """Candidates with what is known without looking at their texts."""
    left, right = (np.log(np.maximum(subjects.lengths[side], 1)) for side in (candidates.left, candidates.right))
    features = np.zeros((len(candidates), len(FEATURES)), np.float32)
    features[:, FEATURES.index("cosine")] = candidates.similarity
    features[:, FEATURES.index("margin")] = candidates.margin
    features[:, FEATURES.index("isolation")] = candidates.isolation
    features[:, FEATURES.index("length")] = -np.abs(left - right)
    return _Block(candidates.left, candidates.right, features, subjects.heads(candidates))


def _match_block(
    passages: StoredPassages, facts: StoredFacts, scorer: Scorer, block: _Block
) -> tuple[_Positions, _Measured]:
    """Which pairs of a block may be matches, and what their texts say."""
    at, share = np.arange(len(block.left)), np.zeros((len(block.left), 2), np.float32)

    def narrow() -> None:
        nonlocal at, block, share
        open_ = scorer.log_odds(block.features, block.heads) >= scorer.least - _ROUNDED
        at, block, share = at[open_], take_rows(block, open_), share[open_]

    block = replace(block, features=block.features.copy())  # what came from elsewhere cannot be written to
    block.features[:, [*_OPENING_FEATURES, *_SENTENCE_FEATURES]] = _ALL_COVERED
    block.features[:, _FACT_FEATURES] = _fact_bounds(facts, block.left, block.right)
    narrow()
    block.features[:, _OPENING_FEATURES] = passages.openings_alike(block.left, block.right)
    narrow()
    block.features[:, _SENTENCE_FEATURES], share = _cover_pairs(passages, block.left, block.right)
    narrow()
    block.features[:, _FACT_FEATURES] = _compare_facts(facts, block.left, block.right)
    narrow()
    return at, _Measured(block.features, share)


def _judge_block(passages: StoredPassages, facts: StoredFacts, scorer: Scorer, block: _Block) -> _Measured:
    features = block.features.copy()
    features[:, _OPENING_FEATURES] = passages.openings_alike(block.left, block.right)
    features[:, _SENTENCE_FEATURES], share = _cover_pairs(passages, block.left, block.right)
    features[:, _FACT_FEATURES] = _ALL_AGREED
    open_ = np.flatnonzero(scorer.log_odds(features, block.heads) >= scorer.least)
    features[open_[:, None], _FACT_FEATURES] = _compare_facts(facts, block.left[open_], block.right[open_])
    return _Measured(features, share)


def _verdicts(subjects: Subjects, candidates: Candidates, scorer: Scorer, measured: _Measured) -> Verdicts:
    heads = subjects.heads(candidates)
    log_odds = scorer.log_odds(measured.features, heads)
    copies = np.ones(len(candidates), np.bool_)
    if scorer.copies:
        copies = scorer.copies.log_odds(measured.features, heads) >= scorer.copies.least
        others = np.flatnonzero(~copies)
        log_odds[others[_days_apart(subjects.articles, take_rows(candidates, others))]] = _NEVER
    return Verdicts(log_odds, measured.features, measured.share, copies)


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
    stored: StoredPassages, left: _Positions, right: _Positions
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """The features of sentences for pairs sorted by their left, shape (m, 3), and the shares of both, (m, 2)."""
    articles, numbers = np.unique(np.concatenate([left, right]), return_inverse=True)
    passages, left, right = stored.take(articles), numbers[: len(left)], numbers[len(left) :]
    found = cover(passages, left, right)
    least, most = found.similarity.min(axis=1), found.similarity.max(axis=1)
    return np.stack([least, most, found.order], axis=1), found.share


def _fact_bounds(stored: StoredFacts, left: _Positions, right: _Positions) -> npt.NDArray[np.float32]:
    """The best that the features of facts can be for pairs: ndarray of shape (m, 5), float32."""
    agreed, alike, fewer = stored.keys.bounds(left, right).T
    best = np.zeros(len(left))
    return np.stack([agreed, alike, -np.log1p(fewer), best, best], axis=1).astype(np.float32)


def _compare_facts(stored: StoredFacts, left: _Positions, right: _Positions) -> npt.NDArray[np.float32]:
    """The features of facts for pairs: ndarray of shape (m, 5), float32."""
    articles, numbers = np.unique(np.concatenate([left, right]), return_inverse=True)
    told = stored.told(articles)
    pairs = zip(numbers[: len(left)].tolist(), numbers[len(left) :].tolist(), strict=True)
    found = [
        (*_fact_features(told[one], told[other]), _closeness_in_time(days_apart(told[one].dates, told[other].dates)))
        for one, other in pairs
    ]
    return np.array(found, np.float32).reshape(-1, len(_FACT_FEATURES))


def describe_batch(stored: StoredPassages, stored_facts: StoredFacts, batch: PairBatch) -> list[Match]:
    """What `describe_pairs` says of a batch."""
    positions = np.unique(np.concatenate([batch.candidates.left[batch.full], batch.candidates.right[batch.full]]))
    numbers = {position: number for number, position in enumerate(positions.tolist())}
    if numbers:
        passages, told = stored.take(positions), stored_facts.told(positions)
    matches = []
    for left, right, similarity, score, share, features, copy, full, one_language in _rows(batch):
        evidence = Evidence(share, features=Features(FEATURES, features.tobytes()))
        if full:
            one, other = numbers[left], numbers[right]
            evidence = _with_facts(evidence, _align(passages, one, other), told[one], told[other])
        excerpt = _contained(share) if copy else ""
        kind = _kind(excerpt, copy=copy, one_language=one_language)
        matches.append(Match(left, right, similarity, score, kind, evidence, excerpt))
    return matches


def _rows(batch: PairBatch) -> Iterator[tuple[Any, ...]]:
    """What is known of each pair, in numbers of Python: made pair by pair they take as long as the rest of a match."""
    candidates, verdicts = batch.candidates, batch.verdicts
    scores = probability(verdicts.log_odds)
    numbers = (candidates.left, candidates.right, candidates.similarity, scores)
    flags = (verdicts.copies, batch.full, batch.one_language)
    told, flagged = ([column.tolist() for column in columns] for columns in (numbers, flags))
    return zip(*told, map(tuple, verdicts.share.tolist()), verdicts.features, *flagged, strict=True)


def _align(passages: Passages, left: int, right: int) -> tuple[AlignedPair, ...]:
    return align(*(_telling(passages, text) for text in (left, right)))


def _telling(passages: Passages, text: int) -> Embeddings:
    """The vectors of a text's sentences; those that carry no information are like nothing."""
    rows = passages.of(text)
    vectors, telling = passages.vectors[rows], passages.weights[rows] > 0
    return vectors if telling.all() else vectors * telling[:, None]


def _with_facts(evidence: Evidence, aligned: tuple[AlignedPair, ...], left: Told, right: Told) -> Evidence:
    facts = compare_told(left, right)
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


def _fact_features(left: Told, right: Told) -> tuple[float, float, float, float]:
    """The features "facts", "names", "clash" and "headline_clash"."""
    stated, named, fewer, at_the_top = measure_facts(left, right)
    return stated, named, -math.log1p(fewer), -math.log1p(at_the_top)


def _closeness_in_time(days: float) -> float:
    """The feature "days", which has a middling value where nobody says when."""
    return -math.log1p(_SOME_DAYS if math.isnan(days) else min(days, _MOST_DAYS))
