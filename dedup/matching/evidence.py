"""Matches with their kind and evidence: aligned sentences, and facts that agree or clash."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from dedup.arrays import distinct, slices, take_rows
from dedup.datatypes import Agreement, AlignedPair, Candidates, Evidence, Features, Match, MatchKind
from dedup.matching.alignment import align
from dedup.matching.event_scorer import EVENT_FEATURES
from dedup.matching.facts import FactSets, compare_fact_sets
from dedup.matching.features import MatchInput, StoredTexts
from dedup.matching.scorer import FEATURES, RELATIONS, probability
from dedup.matching.sentence_store import Passages
from dedup.matching.verify import Verdicts
from dedup.runtime.workers import ALONE, Workers

_EXCERPT_COVERED = 0.55  # share of the shorter text that has a counterpart in the longer one, at least
_EXCERPT_EXTRA = 0.6  # share of the longer text that has one in the shorter, at most, relative to the above
_ONE_LANGUAGE = [RELATIONS.index(name) for name in ("copy", "rewording")]
_DESCRIBED = 256  # matches described at a time


def describe_pairs(
    match_input: MatchInput,
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
    describe = partial(describe_batch, match_input.texts)
    sharing = workers if full.any() else ALONE  # to be sent takes a match longer than to be made without evidence
    described = sharing.map(describe, pair_batches(candidates, verdicts, full))
    return tuple(match for batch in described for match in batch)


@dataclass(frozen=True, slots=True, eq=False)
class PairBatch:
    """Pairs to be described, some in full."""

    candidates: Candidates
    verdicts: Verdicts
    full: npt.NDArray[np.bool_]
    one_language: npt.NDArray[np.bool_]


def pair_batches(candidates: Candidates, verdicts: Verdicts, full: npt.NDArray[np.bool_]) -> Iterator[PairBatch]:
    """The pairs in batches, for `describe_batch`."""
    return (
        PairBatch(
            take_rows(candidates, block),
            take_rows(verdicts, block),
            full[block],
            np.isin(verdicts.heads[block] % len(RELATIONS), _ONE_LANGUAGE),
        )
        for block in slices(len(candidates), _DESCRIBED)
    )


def describe_batch(texts: StoredTexts, batch: PairBatch) -> list[Match]:
    """Describe a batch, as `describe_pairs` does all."""
    positions = distinct(np.concatenate([batch.candidates.left[batch.full], batch.candidates.right[batch.full]]))
    numbers = {position: number for number, position in enumerate(positions.tolist())}
    if numbers:
        passages, fact_sets = texts.passages.take(positions), texts.facts.fact_sets(positions)
    matches = []
    for left, right, similarity, score, share, features, events, copy, full, one_language, decided in _rows(batch):
        judged_by = (FEATURES, features) if copy or not len(events) else (EVENT_FEATURES, events)
        evidence = Evidence(share, features=Features(judged_by[0], judged_by[1].tobytes()))
        if full:
            one, other = numbers[left], numbers[right]
            evidence = _with_facts(evidence, _align(passages, one, other), fact_sets[one], fact_sets[other])
        excerpt = _contained(share) if copy else ""
        kind = _kind(excerpt, copy=copy, one_language=one_language)
        matches.append(Match(left, right, similarity, score, kind, evidence, excerpt, decided))
    return matches


def kinds_of(verdicts: Verdicts) -> list[MatchKind]:
    """Kind of each verified pair, as `describe_batch` tells it."""
    one_language = np.isin(verdicts.heads % len(RELATIONS), _ONE_LANGUAGE).tolist()
    rows = zip(map(tuple, verdicts.share.tolist()), verdicts.copies.tolist(), one_language, strict=True)
    return [_kind(_contained(share) if copy else "", copy=copy, one_language=same) for share, copy, same in rows]


def _rows(batch: PairBatch) -> Iterator[tuple[Any, ...]]:
    """Columns of pairs as rows of Python numbers: made pair by pair they take as long as the rest of a match."""
    candidates, verdicts = batch.candidates, batch.verdicts
    scores = probability(verdicts.log_odds)
    numbers = (candidates.left, candidates.right, candidates.similarity, scores)
    flags = (verdicts.copies, batch.full, batch.one_language, verdicts.decided)
    values, flagged = ([column.tolist() for column in columns] for columns in (numbers, flags))
    shares = map(tuple, verdicts.share.tolist())
    return zip(*values, shares, verdicts.features, verdicts.events, *flagged, strict=True)


def _align(passages: Passages, left: int, right: int) -> tuple[AlignedPair, ...]:
    return align(passages.unit_rows(left), passages.unit_rows(right))


def _with_facts(evidence: Evidence, aligned: tuple[AlignedPair, ...], left: FactSets, right: FactSets) -> Evidence:
    facts = compare_fact_sets(left, right)
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
