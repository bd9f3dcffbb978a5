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

import numpy as np
import numpy.typing as npt

from dedup.arrays import Positions, join_rows, slices, take_rows
from dedup.datatypes import Article, Candidates
from dedup.matching.facts import StoredFacts
from dedup.matching.features import (
    ALL_AGREED,
    ALL_COVERED,
    FACT_FEATURES,
    OPENING_FEATURES,
    SENTENCE_FEATURES,
    MatchInput,
    Measured,
    PairBlock,
    fact_bounds,
    fact_features,
    pair_block,
    sentence_features,
)
from dedup.matching.scorer import Scorer
from dedup.matching.sentence_store import StoredPassages
from dedup.runtime.article_files import take_articles
from dedup.runtime.workers import ALONE, Workers

_STORY_DAYS = 7  # between two reports of one event, as news monitors count a story

_NEVER = -20.0  # log-odds of a pair that cannot be

_PAIRS = 4096  # judged at a time, about 40 MB of sentence vectors

_ROUNDED = 1e-6  # by as much a bound may come out below what it bounds

_NONE = Candidates(np.empty(0, np.intp), np.empty(0, np.intp), *[np.empty(0, np.float32)] * 3)


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
    match_input: MatchInput,
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
    tasks = (pair_block(match_input, part) for part in blocks)
    work = partial(_match_block, match_input.passages, match_input.facts, scorer)
    kept, measures, done = [_NONE], [Measured.none()], 0
    for part, (found, measured) in zip(same, workers.map(work, tasks), strict=True):
        kept.append(take_rows(part, found))
        measures.append(measured)
        done += len(part)
        if progress:
            progress(done)
    candidates = join_rows(kept)
    verdicts = _verdicts(match_input, candidates, scorer, join_rows(measures))
    matching = verdicts.log_odds >= scorer.least
    return take_rows(candidates, matching), take_rows(verdicts, matching)


def judge_pairs(
    match_input: MatchInput, candidates: Candidates, scorer: Scorer, *, workers: Workers = ALONE
) -> Verdicts:
    """Features and log-odds of every candidate.

    Facts are compared only where they could still make a match: a pair that stays below the threshold even with perfect
    facts keeps that bound as its log-odds.
    """
    work = partial(_judge_block, match_input.passages, match_input.facts, scorer)
    parts = [Measured.none(), *workers.map(work, (pair_block(match_input, part) for part in _parts(candidates)))]
    return _verdicts(match_input, candidates, scorer, join_rows(parts))


def _parts(candidates: Candidates) -> Iterator[Candidates]:
    return (take_rows(candidates, part) for part in slices(len(candidates), _PAIRS))


def _match_block(
    passages: StoredPassages, facts: StoredFacts, scorer: Scorer, block: PairBlock
) -> tuple[Positions, Measured]:
    """Which pairs of a block may be matches, and what their texts say."""
    at, share = np.arange(len(block.left)), np.zeros((len(block.left), 2), np.float32)

    def narrow() -> None:
        nonlocal at, block, share
        open_ = scorer.log_odds(block.features, block.heads) >= scorer.least - _ROUNDED
        at, block, share = at[open_], take_rows(block, open_), share[open_]

    block = replace(block, features=block.features.copy())  # what came from elsewhere cannot be written to
    block.features[:, [*OPENING_FEATURES, *SENTENCE_FEATURES]] = ALL_COVERED
    block.features[:, FACT_FEATURES] = fact_bounds(facts, block.left, block.right)
    narrow()
    block.features[:, OPENING_FEATURES] = passages.openings_alike(block.left, block.right)
    narrow()
    block.features[:, SENTENCE_FEATURES], share = sentence_features(passages, block.left, block.right)
    narrow()
    block.features[:, FACT_FEATURES] = fact_features(facts, block.left, block.right)
    narrow()
    return at, Measured(block.features, share)


def _judge_block(passages: StoredPassages, facts: StoredFacts, scorer: Scorer, block: PairBlock) -> Measured:
    features = block.features.copy()
    features[:, OPENING_FEATURES] = passages.openings_alike(block.left, block.right)
    features[:, SENTENCE_FEATURES], share = sentence_features(passages, block.left, block.right)
    features[:, FACT_FEATURES] = ALL_AGREED
    open_ = np.flatnonzero(scorer.log_odds(features, block.heads) >= scorer.least)
    features[open_[:, None], FACT_FEATURES] = fact_features(facts, block.left[open_], block.right[open_])
    return Measured(features, share)


def _verdicts(match_input: MatchInput, candidates: Candidates, scorer: Scorer, measured: Measured) -> Verdicts:
    heads = match_input.heads(candidates)
    log_odds = scorer.log_odds(measured.features, heads)
    copies = np.ones(len(candidates), np.bool_)
    if scorer.copies:
        copies = scorer.copies.log_odds(measured.features, heads) >= scorer.copies.least
        others = np.flatnonzero(~copies)
        log_odds[others[_days_apart(match_input.articles, take_rows(candidates, others))]] = _NEVER
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
