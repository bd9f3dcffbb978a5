"""Candidates → matches: decided by what the two texts say, stage by stage.

Pairs are judged block by block, and only what a block speaks of is in memory. Blocks are shared among processes, which
read sentences, words and facts from disk.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise, tee

import numpy as np
import numpy.typing as npt

from dedup.arrays import Floats, Positions, join_rows, take_rows
from dedup.datatypes import Candidates, Progress
from dedup.matching.event_features import measure_events
from dedup.matching.event_scorer import EVENT_FEATURES
from dedup.matching.features import (
    BOUNDED_STAGES,
    STAGES,
    MatchInput,
    PairBlock,
    StoredTexts,
    has_evidence,
    is_apart,
    pair_block,
)
from dedup.matching.scorer import FEATURES, Scorer
from dedup.runtime.stage import follow
from dedup.runtime.workers import ALONE, Workers

STORY_DAYS = 7  # between two reports of one event, as news monitors count a story

NEVER = -20.0  # log-odds of a pair that cannot be

_NO_EVIDENCE = -1.0  # log-odds, at most, of a pair that shows nothing in common: no match, and no proof against one

_PAIRS = 4096  # judged at a time, about 40 MB of sentence vectors

_SENTENCE = 80.0  # letters of a sentence, about

_COSINES = 1 << 23  # of sentences, about, that a task has at the most: a few long articles are shared like many short

_ROUNDED = 1e-6  # by as much a bound may come out below what it bounds

_NONE = Candidates(np.empty(0, np.intp), np.empty(0, np.intp), np.empty(0, np.float32))


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """Measures of the texts of m pairs.

    features : ndarray of shape (m, len(FEATURES)), float32
    heads : ndarray of shape (m,), intp, which of the scorer's `HEADS` judges each
    share : ndarray of shape (m, 2), float32, how much of the left and of the right text has a counterpart
    days : ndarray of shape (m,), float32, days between publication of the two; not a number where unknown
    events : ndarray of shape (m, len(EVENT_FEATURES)), float32; of no columns where no reports of events are wanted
    """

    features: Floats
    heads: Positions
    share: Floats
    days: Floats
    events: Floats

    @classmethod
    def none(cls, scorer: Scorer) -> Measured:
        """Measures of no pairs."""
        columns = len(EVENT_FEATURES) if scorer.events else 0
        empty = np.empty(0, np.float32)
        return cls(
            empty.reshape(0, len(FEATURES)),
            np.empty(0, np.intp),
            empty.reshape(0, 2),
            empty,
            np.empty((0, columns), np.float32),
        )

    @classmethod
    def of(cls, texts: StoredTexts, block: PairBlock, scorer: Scorer) -> Measured:
        """Measures of a block that has been through all stages."""
        events = measure_events(texts, block) if scorer.events else np.empty((len(block), 0), np.float32)
        return cls(block.features, block.heads(), block.share, block.days, events)


@dataclass(frozen=True, slots=True, eq=False)
class Verdicts:
    """Results of verification for m candidates.

    log_odds : ndarray of shape (m,), float64, of being the same article, or a report of the same event where wanted
    features : ndarray of shape (m, len(FEATURES)), float32
    heads : ndarray of shape (m,), intp, which of the scorer's `HEADS` judged each
    share : ndarray of shape (m, 2), float32, how much of the left and of the right text has a counterpart
    copies : ndarray of shape (m,), bool, whether a match is a copy or translation and no other report of the event
    decided : ndarray of shape (m,), bool, whether people decided that the two are the same
    copied : ndarray of shape (m,), float64, log-odds of being the same article
    events : ndarray of shape (m, len(EVENT_FEATURES)), float32; of no columns where no reports of events are wanted
    """

    log_odds: npt.NDArray[np.float64]
    features: Floats
    heads: Positions
    share: Floats
    copies: npt.NDArray[np.bool_]
    decided: npt.NDArray[np.bool_]
    copied: npt.NDArray[np.float64]
    events: Floats


def find_matches(
    match_input: MatchInput,
    blocks: Iterable[Candidates],
    scorer: Scorer,
    *,
    workers: Workers = ALONE,
    total: int = 0,
    progress: Progress | None = None,
) -> tuple[Candidates, Verdicts]:
    """Find the candidates that are matches, with the features and log-odds that `judge_pairs` gives them.

    No feature lowers a score, so what costs more is looked at only where the rest, bounded from above, leaves a match
    possible. The blocks are asked for while workers look at those before; `total` are their candidates.
    """
    blocks, same = tee(part for block in blocks for part in _parts(match_input, block))
    tasks = (pair_block(match_input, part) for part in blocks)
    kept, measures = [_NONE], [Measured.none(scorer)]
    work = partial(_match_block, match_input.texts, scorer)
    measured_parts = zip(same, workers.map(work, tasks), strict=True)
    for part, (found, measured) in follow(measured_parts, lambda of: len(of[0]), "verify", total, progress):
        kept.append(take_rows(part, found))
        measures.append(measured)
    candidates = join_rows(kept)
    verdicts = _verdicts(match_input, candidates, scorer, join_rows(measures))
    matching = scorer.admits(verdicts.log_odds)
    return take_rows(candidates, matching), take_rows(verdicts, matching)


def judge_pairs(
    match_input: MatchInput, candidates: Candidates, scorer: Scorer, *, workers: Workers = ALONE
) -> Verdicts:
    """All features of every candidate, and its log-odds."""
    work = partial(_judge_block, match_input.texts, scorer)
    tasks = (pair_block(match_input, part) for part in _parts(match_input, candidates))
    return _verdicts(match_input, candidates, scorer, join_rows([Measured.none(scorer), *workers.map(work, tasks)]))


def _parts(match_input: MatchInput, candidates: Candidates) -> Iterator[Candidates]:
    """Candidates in parts that take about as long, of not too many pairs or sentences."""
    one, other = (1 + match_input.lengths[side] / _SENTENCE for side in (candidates.left, candidates.right))
    cost = np.maximum(one.astype(np.float64) * other / _COSINES, 1 / _PAIRS)
    number = np.cumsum(cost).astype(np.intp)
    bounds = [0, *(1 + np.flatnonzero(np.diff(number))).tolist(), len(candidates)]
    return (take_rows(candidates, slice(begin, end)) for begin, end in pairwise(bounds) if end > begin)


def _match_block(texts: StoredTexts, scorer: Scorer, block: PairBlock) -> tuple[Positions, Measured]:
    """Find the pairs of a block that may be matches, and what their texts say."""
    at = np.arange(len(block))
    block = _writable(block)
    if scorer.events:
        return at, _judge_block(texts, scorer, block)
    for stage in BOUNDED_STAGES:
        stage(texts, block)
        open_ = np.flatnonzero(_bounds(scorer, block) >= scorer.least - _ROUNDED)
        at, block = at[open_], take_rows(block, open_)
    return at, Measured.of(texts, block, scorer)


def _bounds(scorer: Scorer, block: PairBlock) -> npt.NDArray[np.float64]:
    """The most that the log-odds of pairs can be as far as they are measured."""
    possible = block.possible_heads()
    return scorer.best_log_odds(block.features, possible)


def _judge_block(texts: StoredTexts, scorer: Scorer, block: PairBlock) -> Measured:
    block = _writable(block)
    for stage in STAGES:
        stage(texts, block)
    return Measured.of(texts, block, scorer)


def _writable(block: PairBlock) -> PairBlock:
    """A block whose features may be filled in: what came from another process cannot be written to."""
    return replace(
        block,
        features=block.features.copy(),
        read=block.read.copy(),
        retouched=block.retouched.copy(),
        share=block.share.copy(),
    )


def _verdicts(match_input: MatchInput, candidates: Candidates, scorer: Scorer, measured: Measured) -> Verdicts:
    log_odds = copied = scorer.log_odds(measured.features, measured.heads)
    without = ~has_evidence(measured.features, measured.heads)
    log_odds[without] = np.minimum(log_odds[without], scorer.least_of_copies + _NO_EVIDENCE)
    copies = np.ones(len(candidates), np.bool_)
    if scorer.events:
        copies = np.asarray(log_odds >= scorer.least_of_copies, np.bool_)
        reports = scorer.events.log_odds(measured.events, is_apart(measured.heads))
        reports[measured.days > STORY_DAYS] = NEVER
        log_odds = np.where(copies, log_odds, reports)
    empty = match_input.empty[candidates.left] | match_input.empty[candidates.right]
    log_odds[empty] = copied[empty] = NEVER
    decided = np.zeros(len(candidates), np.bool_)
    return Verdicts(
        log_odds, measured.features, measured.heads, measured.share, copies, decided, copied, measured.events
    )
