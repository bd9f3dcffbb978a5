"""Labelled pairs → the scorer: how the features of a pair become a probability.

All sets count alike, and within a set the ways it was seen. Where most that looks alike is the same, the same and the
different count alike too; where most stories come once a wrong join costs as much as a missed one. Each pair of an
archive that people judged counts alike.
What a set gives when it is left out of the fit is reported beside it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from dedup.arrays import join_rows, take_rows
from dedup.clustering.average_linkage import UNVERIFIED, cluster_pairs
from dedup.clustering.decisions import NO_DECISIONS, Decisions
from dedup.datatypes import Level, Progress
from dedup.embedding.encoder import Encoder
from dedup.errors import ReadError
from dedup.evaluation.event_fit import EventCalibration, calibrate_events
from dedup.evaluation.event_sets import measure_set
from dedup.evaluation.gold import Gold, GoldPair, check_pairs, pairs_of, read_articles, read_gold, read_pairs
from dedup.evaluation.labelled_pairs import (
    ARCHIVE,
    COPIES,
    FEED,
    SHORT,
    WHOLE,
    Labelled,
    Pairs,
    label_archive,
    label_pairs,
)
from dedup.evaluation.logistic import fit_heads
from dedup.evaluation.metrics import PairKind, evaluate
from dedup.language.text import content_hash, printable
from dedup.matching.scorer import FEATURES, HEADS, LITERAL, Scorer, load_scorer
from dedup.runtime.process import count_cores
from dedup.runtime.workers import Workers

_FEWEST = 100  # pairs of one kind, below which they count less than another kind

_FEWEST_SAME = 60  # duplicates of a feed or archive, below which all its pairs count less

_WEIGHTS = {WHOLE: 1.0, SHORT: 0.4, FEED: 0.7, COPIES: 0.15}
"""Weight of the pairs of a set, by the way it was seen."""

_JUDGED = 0.18  # weight of a pair of an archive that people judged: of any archive, however many of its pairs are right
_UNJUDGED = 4.0  # of all others of an archive together

_TEMPLATE = 0.15  # of feeds and short cuts of a set whose stories come in groups: a few sentences of one are all alike

_DOUBTED = 0.5  # shared runs of words from which on a pair of an archive that nobody judged counts for nothing

_CAREFUL = 0.004  # of F1, which is given up for fewer wrong pairs

_FEWEST_IN_VIEW = 8  # duplicates by which a threshold is judged, or others of an archive

_ARCHIVE_VIEWS = 3.0  # views of gold sets that an archive's judged pairs in one language count for: what a score is for

_STEPS = np.arange(-3, 3, 0.1)  # thresholds tried, in log-odds

_SLOPES = (0.6, 0.4, 0.2, 0.0)  # log-odds an amount tried, the most lenient first

_GRID = [[(slope, step) for step in _STEPS.tolist()] for slope in _SLOPES]
_FLAT = _GRID[-1:]

_AMOUNT = FEATURES.index("amount")

_CONTRADICTED = 4.0  # log-odds of a first fit from which on two stories are not believed to be different

_NO_EVIDENCE = -1.0  # log-odds, at most, of a pair without the evidence that a match needs

_LITERAL_HEADS = [place for place, head in enumerate(HEADS) if head.split()[0] in ("copy", "rewording")]
_LITERAL_FEATURES = [FEATURES.index(name) for name in LITERAL]
_OVERLAP = FEATURES.index("overlap")
_VERBATIM, _LENGTH = FEATURES.index("verbatim"), FEATURES.index("length")
_PIECES = HEADS.index("copy excerpt")
_LITERAL_EXCERPTS = [place for place in _LITERAL_HEADS if HEADS[place].endswith("excerpt")]


@dataclass(frozen=True, slots=True)
class SetScore:
    """Scores of one set at the common threshold: in the fit of all sets, and when it is left out of the fit.

    `f1` is that of single pairs, `clustered` the BCubed F1 of clusters, or where people labelled pairs, that of these.
    `fed` are the pairs joined in feeds of stories that mostly come once, right ones and wrong ones.
    """

    f1: float
    f1_left_out: float
    clustered: float
    clustered_left_out: float
    candidate_recall: float
    fed: tuple[int, int]


@dataclass(frozen=True, slots=True)
class ArchiveScore:
    """Judged pairs of an archive that are joined, right ones and wrong ones, of how many; left out of the fit."""

    right: int
    same: int
    wrong: int
    different: int


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """A fitted scorer, what it was fitted to, and how each set fares."""

    scorer: Scorer
    level: Level
    model: str
    against: Sequence[str]
    events: Sequence[str]
    archives: Mapping[str, ArchiveScore]
    scores: Mapping[str, SetScore]

    def as_text(self) -> str:
        """Scores as text, a line a set."""
        return "".join(
            f"{name}: pairs {score.f1:.4f}, left out {score.f1_left_out:.4f}; clusters {score.clustered:.4f}, "
            f"left out {score.clustered_left_out:.4f}; candidates found {score.candidate_recall:.2%}; "
            f"joined in feeds {score.fed[0]} right, {score.fed[1]} wrong\n"
            for name, score in self.scores.items()
        ) + "".join(
            f"{name}: left out of the fit it joins {score.right} of {score.same} duplicates that people judged, and "
            f"{score.wrong} of {score.different} others\n"
            for name, score in self.archives.items()
        )

    def as_json(self) -> str:
        """The file that `load_scorer` reads: for each head a coefficient a feature, and where they come from."""
        names = (*FEATURES, "intercept")
        heads = {
            head: {name: round(float(value), 4) for name, value in zip(names, row, strict=True)}
            for head, row in zip(HEADS, self.scorer.weights, strict=True)
        }
        fitted = {"level": self.level.value, "model": self.model}
        sets = {"sets": list(self.scores), "archives": list(self.archives)}
        sets |= {"against": list(self.against), "events": list(self.events)}
        return json.dumps({**fitted, **sets, "threshold": self.scorer.threshold, "heads": heads}, indent=1) + "\n"


def calibrate_scorer(
    golds: Sequence[Path],
    against: Sequence[Path] = (),
    events: Sequence[Path] = (),
    pairs: Sequence[Path] = (),
    archives: Sequence[Path] = (),
    *,
    decisions: Decisions = NO_DECISIONS,
    encoder: Encoder,
    level: Level = Level.DUPLICATE,
    folds: int | None = None,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Calibration | EventCalibration:
    """The scorer of a level for a model, fitted to gold sets.

    Parameters
    ----------
    golds : sequence of Path
        Sets of gold articles, which count alike.
    against : sequence of Path
        Sets of which only different stories count: what must stay apart.
    events : sequence of Path
        Sets whose stories are events, with reports of their own: none of them is a duplicate.
    pairs : sequence of Path
        Labelled pairs, of any of the sets; where there are some, they decide, and not the stories.
    archives : sequence of Path
        Articles of archives in which most stories come once, of which `pairs` are judged.
    decisions : Decisions
        More labelled pairs, as people decided on them in reports of the same articles; they overrule `pairs`.
    encoder : Encoder
        The model to fit for.
    level : Level
        At `STORY` the stories are events, and what is fitted stands beside the shipped scorer of duplicates for this
        model; of `archives` the articles of judged pairs are looked at there, and `events` are of no use.
    folds : int, at least 2, optional
        Of `STORY`: parts that the stories are dealt to, each to be judged by a fit that has not seen them.
    jobs : int
        Processes that share the work, by default one a core; the result is the same with any number.

    Raises
    ------
    ReadError
        If a file cannot be read or holds no gold, or there is nothing to fit: a set needs two articles of different
        texts, and all sets together pairs that are the same and pairs that are not.
    """
    of_path = {path: read_pairs(path, level) for path in pairs}
    known = [pair for some in of_path.values() for pair in some]
    sets = {path: read_gold(path) for path in (*golds, *against, *events)}
    of_archives = {path: read_articles(path) for path in archives}
    read = [*sets.items(), *of_archives.items()]
    for path, gold in read:
        _check_gold(gold, path)
    ids = {item.article.id for _, gold in read for item in gold}
    for path, some in of_path.items():
        check_pairs(some, ids, path)
    known = _overruled(known, pairs_of(decisions, (item.article for _, gold in read for item in gold)))
    if decisions.pairs and not known:
        raise ReadError("none of the decisions is on two articles of these sets; do the ids or hashes agree?")
    model = f"{Path(encoder.name).name}@{encoder.fingerprint}"  # a path is of this machine alone
    with Workers(count_cores() if jobs is None else jobs) as workers:
        if level is Level.STORY:
            duplicates = load_scorer(Level.DUPLICATE, fingerprint=encoder.fingerprint)
            measure = partial(measure_set, encoder=encoder, duplicates=duplicates, labels=known, workers=workers)
            judged = {name for pair in known for name in (pair.left, pair.right)}
            seen: dict[Path, Sequence[Gold]] = {path: sets[path] for path in (*golds, *against)}
            seen |= {path: [item for item in gold if item.article.id in judged] for path, gold in of_archives.items()}
            measured = {path.name: measure(gold, progress=progress) for path, gold in seen.items() if gold}
            apart_of = {path.name: measured.pop(path.name) for path in against}
            return calibrate_events(measured, apart_of, model=model, folds=folds)
        found = {
            path: label_pairs(
                gold,
                encoder,
                labels=known,
                varied=path in golds,
                workers=workers,
                progress=progress,
            )
            for path, gold in sets.items()
        }
        archived = {
            path.name: label_archive(gold, encoder, known, workers=workers, progress=progress)
            for path, gold in of_archives.items()
        }
    labelled = {path.name: found[path] for path in golds}
    apart = [found[path].others_only() for path in against] + [found[path].reports_only() for path in events]
    _check_pairs([*labelled.values(), *archived.values()])
    scorer, archived = fit_scorer(labelled, apart, archived)
    return Calibration(
        scorer,
        level,
        model,
        [path.name for path in against],
        [path.name for path in events],
        score_archives(labelled, scorer, apart, archived),
        score_sets(labelled, scorer, apart, archived),
    )


def _overruled(labels: Sequence[GoldPair], later: Sequence[GoldPair]) -> list[GoldPair]:
    """Labels, with later ones in place of those on the same two articles."""
    return list({frozenset((pair.left, pair.right)): pair for pair in (*labels, *later)}.values())


def _check_gold(gold: Sequence[Gold], path: Path) -> None:
    """Refuse a set in which nothing can be compared."""
    texts = {content_hash(item.article.body) for item in gold if item.article.body.strip()}
    if len(texts) < 2:
        counted = f"{len(texts)} different text{'' if texts else 's'}"
        raise ReadError(f"{printable(str(path))}: {counted}; a fit needs two at least")


def _check_pairs(labelled: Sequence[Labelled]) -> None:
    """Refuse pairs that no score can be fitted to."""
    same = sum(int(one.pairs.same.sum()) for one in labelled)
    others = sum(len(one.pairs.same) for one in labelled) - same
    if not (same and others):
        raise ReadError(
            f"nothing to fit: {same:,} pairs are the same and {others:,} are not, as far as the scan finds them; "
            "both kinds are needed"
        )


def fit_scorer(
    labelled: Mapping[str, Labelled],
    against: Sequence[Labelled] = (),
    archives: Mapping[str, Labelled] = MappingProxyType({}),
) -> tuple[Scorer, dict[str, Labelled]]:
    """The scorer of all sets, with a threshold of 0.5, and the pairs of archives that it was fitted to.

    From the sets in `against`, in which nothing is the same, it learns what must stay apart. Some labels are doubtful:
    of an archive those of candidates that nobody judged, and of short cuts and feeds those of two stories that say the
    same as far as they go. They are believed where a first fit without them does not contradict (trimmed likelihood:
    Neykov & Neytchev 1990).
    """
    every = {**labelled, **archives}
    first = Scorer(_fit([*(_certain(one) for one in every.values()), *against]), 0.5)
    believed = {name: _believed(one, first) for name, one in every.items()}
    weights = _fit([*believed.values(), *against], first.weights)
    weights -= _thresholds(weights, list(believed.values()))
    return Scorer(weights, 0.5), {name: believed[name] for name in archives}


def _thresholds(weights: npt.NDArray[np.float64], sets: Sequence[Labelled]) -> npt.NDArray[np.float64]:
    """Amounts to take off the weights so that each head joins from log-odds 0 on: a slope by amount, and a threshold.

    The steepest slope, and with it the highest threshold, that give nearly the best mean F1 of sets, each seen whole,
    as feeds of few duplicates, or by its judged pairs. The mean is flat around its best, and a threshold at the
    best would join more wrong pairs than the highest that is as good but for `_CAREFUL` (the idea of the
    one-standard-error rule: Breiman et al. 1984, "Classification and Regression Trees"). A long text that has its
    counterparts in another language needs less beside them than a headline, which the fit alone, of texts of all
    lengths, does not see well enough; copies and follow-ups with an earlier story in them are as long as each other.
    """
    views = [view for one in sets for view in _views(one)]
    copies = [take_rows(one.pairs, one.pairs.way == COPIES) for one in sets]
    found = np.zeros_like(weights)
    for head in range(len(HEADS)):
        every = [*views, *copies] if head == _PIECES else views  # pieces of longer texts are rare but for planted ones
        seen = [pairs for pairs in (take_rows(view, view.head == head) for view in every) if _is_telling(pairs)]
        if not any(pairs.same.sum() >= _FEWEST_IN_VIEW for pairs in seen):
            continue
        of_archive = _ARCHIVE_VIEWS if head in _LITERAL_HEADS else 1.0
        counts = [of_archive if (pairs.way == ARCHIVE).all() else 1.0 for pairs in seen]
        grid = _FLAT if head in _LITERAL_HEADS else _GRID
        means = [[[_worth_at(pairs, weights, *at) for pairs in seen] for at in row] for row in grid]
        mean = np.average(np.array(means), axis=2, weights=counts)
        good = mean >= mean.max() - _CAREFUL
        row = int(np.argmax(good.any(axis=1)))
        slope, step = grid[row][int(np.flatnonzero(good[row])[-1])]
        found[head, _AMOUNT], found[head, -1] = -slope, step
    return found


def _views(one: Labelled) -> Iterator[Pairs]:
    """The pairs of a set by which its threshold is judged."""
    pairs = one.pairs
    yield take_rows(pairs, pairs.way == WHOLE)
    yield take_rows(pairs, (pairs.way == ARCHIVE) & pairs.judged)
    if not any(item.group for item in one.whole.gold):
        yield take_rows(pairs, pairs.way == FEED)


def _is_telling(pairs: Pairs) -> bool:
    """Whether a view of one head has enough duplicates, or is of an archive and has enough others."""
    others = len(pairs.same) if (pairs.way == ARCHIVE).all() else 0
    return max(int(pairs.same.sum()), others) >= _FEWEST_IN_VIEW


def _worth_at(pairs: Pairs, weights: npt.NDArray[np.float64], slope: float, least: float) -> float:
    """F1 of a view; of an archive the share of judged pairs that are told; without duplicates that of those apart."""
    log_odds = Scorer(weights, 0.5).log_odds(pairs.features, pairs.head) + slope * pairs.features[:, _AMOUNT]
    joined = log_odds >= least
    same = int(pairs.same.sum())
    if (pairs.way == ARCHIVE).all():
        return float((joined == pairs.same).mean())
    if same < _FEWEST_IN_VIEW:
        return 1 - int((joined & ~pairs.same).sum()) / max(len(pairs.same) - same, 1)
    return 2 * int((joined & pairs.same).sum()) / max(int(joined.sum()) + same, 1)


def _certain(one: Labelled) -> Labelled:
    """A set seen whole and as copies, or the judged pairs of an archive."""
    pairs = one.pairs
    certain = (pairs.way == WHOLE) | (pairs.way == COPIES) | ((pairs.way == ARCHIVE) & pairs.judged)
    return replace(one, pairs=take_rows(pairs, certain))


def _believed(one: Labelled, scorer: Scorer) -> Labelled:
    """A set less the pairs whose label a scorer contradicts."""
    pairs = one.pairs
    log_odds = scorer.log_odds(pairs.features, pairs.head)
    unjudged = (pairs.way == ARCHIVE) & ~pairs.judged
    alike = unjudged & ((log_odds >= 0) | (pairs.features[:, _OVERLAP] >= _DOUBTED))
    alike |= (pairs.way != ARCHIVE) & ~pairs.same & (log_odds >= _CONTRADICTED)
    return replace(one, pairs=take_rows(pairs, ~alike))


def score_sets(
    labelled: Mapping[str, Labelled],
    scorer: Scorer,
    against: Sequence[Labelled] = (),
    archives: Mapping[str, Labelled] = MappingProxyType({}),
) -> dict[str, SetScore]:
    """Scores of each set under the common scorer, and under one fitted without it."""
    scores = {}
    for name, one in labelled.items():
        others = [value for other, value in labelled.items() if other != name]
        left_out = _refitted(scorer, [*others, *against, *archives.values()]) if others else scorer
        found = int(one.pairs.same[one.pairs.way == WHOLE].sum())
        scores[name] = SetScore(
            f1=_f1(scorer, one, 0.0),
            f1_left_out=_f1(left_out, one, 0.0),
            clustered=_clustered_f1(scorer, one),
            clustered_left_out=_clustered_f1(left_out, one),
            candidate_recall=found / max(found + one.missed, 1),
            fed=_joined(scorer, take_rows(one.pairs, one.pairs.way == FEED)),
        )
    return scores


def score_archives(
    labelled: Mapping[str, Labelled],
    scorer: Scorer,
    against: Sequence[Labelled],
    archives: Mapping[str, Labelled],
) -> dict[str, ArchiveScore]:
    """Judged pairs of each archive that a scorer fitted without it joins."""
    scores = {}
    for name, one in archives.items():
        others = [value for other, value in archives.items() if other != name]
        pairs = take_rows(one.pairs, one.pairs.judged & (one.pairs.way == ARCHIVE))
        right, wrong = _joined(_refitted(scorer, [*labelled.values(), *against, *others]), pairs)
        same = int(pairs.same.sum())
        scores[name] = ArchiveScore(right, same, wrong, len(pairs.same) - same)
    return scores


def _refitted(scorer: Scorer, sets: Sequence[Labelled]) -> Scorer:
    """A scorer fitted to other sets, with thresholds of its own."""
    weights = _fit(sets, scorer.weights)
    return replace(scorer, weights=weights - _thresholds(weights, sets))


def _joined(scorer: Scorer, pairs: Pairs) -> tuple[int, int]:
    """Pairs that a scorer joins, right ones and wrong ones."""
    joined = scorer.log_odds(pairs.features, pairs.head) >= 0
    right = int((joined & pairs.same).sum())
    return right, int(joined.sum()) - right


def _fit(sets: Sequence[Labelled], start: npt.NDArray[np.float64] | None = None) -> npt.NDArray[np.float64]:
    pairs = join_rows([one.pairs for one in sets])
    weight = np.concatenate([_weights(one) for one in sets])
    features = pairs.features.astype(np.float64)
    features[:, _VERBATIM] = 0  # not fitted: it gives back what the lengths take
    weights = fit_heads(features, pairs.head, pairs.same, weight, heads=len(HEADS), start=start)
    apart = np.setdiff1d(np.arange(len(HEADS)), _LITERAL_HEADS)
    weights[apart[:, None], _LITERAL_FEATURES] = 0  # in two languages there is nothing to see
    weights[:, _VERBATIM] = 0
    weights[_LITERAL_EXCERPTS, _VERBATIM] = weights[_LITERAL_EXCERPTS, _LENGTH]  # of what stands whole in the other
    return weights


def _weights(labelled: Labelled) -> npt.NDArray[np.float64]:
    """Weight of each pair of a set."""
    pairs = labelled.pairs
    weight = np.zeros(len(pairs.same))
    grouped = any(item.group for item in labelled.whole.gold)
    for way in np.unique(pairs.way).tolist():
        seen = pairs.way == way
        if way == ARCHIVE:
            unjudged = seen & ~pairs.judged
            weight[seen] = _JUDGED
            weight[unjudged] = _UNJUDGED / max(int(unjudged.sum()), 1)
            continue
        share = _WEIGHTS[way] * (_TEMPLATE if grouped and way in (SHORT, FEED) else 1)
        if way == FEED:
            weight[seen] = share / max(int((seen & pairs.same).sum()), _FEWEST_SAME)
            continue
        for kind in (pairs.same, ~pairs.same & pairs.related, ~pairs.same & ~pairs.related):
            weight[seen & kind] = share / max(int((seen & kind).sum()), _FEWEST)
    return weight


def _f1(scorer: Scorer, labelled: Labelled, least: float) -> float:
    """Pairwise F1 of the whole scan where pairs of log-odds `least` and more are joined."""
    pairs = take_rows(labelled.pairs, labelled.pairs.way == WHOLE)
    joined = scorer.log_odds(pairs.features, pairs.head) >= least
    return 2 * int((joined & pairs.same).sum()) / max(int(joined.sum() + pairs.same.sum()) + labelled.missed, 1)


def _clustered_f1(scorer: Scorer, labelled: Labelled) -> float:
    """BCubed F1 of the clusters of the whole scan."""
    whole = labelled.whole
    log_odds = scorer.log_odds(whole.features, whole.head) - scorer.least
    log_odds = np.where(whole.possible, log_odds, np.minimum(log_odds, _NO_EVIDENCE))
    clusters = cluster_pairs(
        whole.candidates.left,
        whole.candidates.right,
        log_odds,
        unknown=UNVERIFIED,
        key=lambda position: whole.gold[position].article.id,
        certain=whole.opposed,
    )
    cluster_of = {whole.gold[member].article.id: n for n, group in enumerate(clusters) for member in group}
    found = evaluate(whole.gold, cluster_of, labelled.labels)
    return found.labelled_pairs[PairKind.ALL].f1 if labelled.labels else found.scores[PairKind.ALL].bcubed_f1
