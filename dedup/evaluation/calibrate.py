"""Labelled pairs → the scorer: how the features of a pair become a probability.

All sets count alike, and within a set the ways it was seen, and duplicates, hard negatives and others, so that no set
is tuned on alone; what a set gives when it is left out of the fit is reported beside it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dedup.arrays import join_rows, take_rows
from dedup.clustering.average_linkage import UNVERIFIED, cluster_pairs
from dedup.datatypes import Level, Progress
from dedup.embedding.encoder import Encoder
from dedup.errors import ReadError
from dedup.evaluation.gold import Gold, check_pairs, read_gold, read_pairs
from dedup.evaluation.labelled_pairs import ARCHIVE, ARCHIVES, WHOLE, Labelled, Pairs, label_pairs
from dedup.evaluation.logistic import fit_heads
from dedup.evaluation.metrics import PairKind, evaluate
from dedup.language.text import content_hash, printable
from dedup.matching.candidates.neighbours import NO_COMPETITOR
from dedup.matching.scorer import FEATURES, HEADS, Scorer, load_scorer
from dedup.runtime.process import count_cores
from dedup.runtime.workers import Workers

_FEWEST = 100  # pairs of one kind, below which they count less than another kind

_FORGOTTEN = 0.3  # share of the pairs whose margin is hidden from the fit, as it is from a scan of two articles

_CAREFUL, _CAREFUL_OF_EVENTS = 0.002, 0.01  # of F1, which is given up for fewer wrong pairs

_MARGIN = FEATURES.index("margin")

_STEPS = np.arange(-2, 6, 0.1)  # thresholds tried, in log-odds


@dataclass(frozen=True, slots=True)
class SetScore:
    """How one set fares at the common threshold: in the fit of all sets, and when it is left out of the fit.

    `f1` is that of single pairs, `clustered` the BCubed F1 of clusters, or where people labelled pairs, that of these.
    `archived` are the pairs joined in archives (`labelled.ARCHIVE`), right ones and wrong ones.
    """

    f1: float
    f1_left_out: float
    clustered: float
    clustered_left_out: float
    candidate_recall: float
    archived: tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """A fitted scorer, what it was fitted to, and how each set fares."""

    scorer: Scorer
    level: Level
    model: str
    against: Sequence[str]
    events: Sequence[str]
    scores: Mapping[str, SetScore]

    def as_text(self) -> str:
        """What each set gives, a line a set."""
        return "".join(
            f"{name}: pairs {score.f1:.4f}, left out {score.f1_left_out:.4f}; clusters {score.clustered:.4f}, "
            f"left out {score.clustered_left_out:.4f}; candidates found {score.candidate_recall:.2%}; "
            f"joined in archives {score.archived[0]} right, {score.archived[1]} wrong\n"
            for name, score in self.scores.items()
        )

    def as_json(self) -> str:
        """The file that `load_scorer` reads: for each head a coefficient a feature, and where they come from."""
        names = (*FEATURES, "intercept")
        heads = {
            head: {name: round(float(value), 4) for name, value in zip(names, row, strict=True)}
            for head, row in zip(HEADS, self.scorer.weights, strict=True)
        }
        fitted = {"level": self.level.value, "model": self.model}
        sets = {"sets": list(self.scores), "against": self.against, "events": self.events}
        return json.dumps({**fitted, **sets, "threshold": self.scorer.threshold, "heads": heads}, indent=1) + "\n"


def calibrate_scorer(
    golds: Sequence[Path],
    against: Sequence[Path] = (),
    events: Sequence[Path] = (),
    pairs: Sequence[Path] = (),
    *,
    encoder: Encoder,
    level: Level = Level.DUPLICATE,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Calibration:
    """The scorer of a level for a model, fitted to gold sets.

    Parameters
    ----------
    golds : sequence of Path
        Sets of gold articles, which count alike.
    against : sequence of Path
        Sets of which only different stories count: what must stay apart.
    events : sequence of Path
        Sets whose stories are events, told by reports of their own: none of them is a duplicate.
    pairs : sequence of Path
        Labelled pairs, of any of the sets; where there are some, they decide, and not the stories.
    encoder : Encoder
        The model to fit for.
    level : Level
        At `STORY` the shipped scorer of duplicates for this model stands beside the one that is fitted.
    jobs : int
        Processes that share the work, by default one a core; the result is the same with any number.

    Raises
    ------
    ReadError
        If a file cannot be read or holds no gold, or there is nothing to fit: a set needs two articles of different
        texts, and all sets together pairs that are the same and pairs that are not.
    """
    copies = load_scorer(Level.DUPLICATE, fingerprint=encoder.fingerprint) if level is Level.STORY else None
    of_path = {path: read_pairs(path) for path in pairs}
    known = [pair for some in of_path.values() for pair in some]
    archives = 0 if level is Level.STORY else ARCHIVES  # stories told once may still be of one event
    sets = {path: read_gold(path) for path in (*golds, *against, *events)}
    for path, gold in sets.items():
        _check_gold(gold, path)
    ids = {item.article.id for gold in sets.values() for item in gold}
    for path, some in of_path.items():
        check_pairs(some, ids, path)
    with Workers(count_cores() if jobs is None else jobs) as workers:
        found = {
            path: label_pairs(gold, encoder, labels=known, archives=archives, workers=workers, progress=progress)
            for path, gold in sets.items()
        }
    labelled = {path.name: found[path] for path in golds}
    apart = [found[path].others_only() for path in against] + [found[path].reports_only() for path in events]
    _check_pairs(labelled)
    scorer = fit_scorer(labelled, apart, copies=copies)
    scores = score_sets(labelled, scorer, apart)
    model = f"{Path(encoder.name).name}@{encoder.fingerprint}"  # a path is of this machine alone
    return Calibration(scorer, level, model, [path.name for path in against], [path.name for path in events], scores)


def _check_gold(gold: Sequence[Gold], path: Path) -> None:
    """Refuse a set in which nothing can be compared."""
    texts = {content_hash(item.article.body) for item in gold if item.article.body.strip()}
    if len(texts) < 2:
        counted = f"{len(texts)} different text{'' if texts else 's'}"
        raise ReadError(f"{printable(str(path))}: {counted}; a fit needs two at least")


def _check_pairs(labelled: Mapping[str, Labelled]) -> None:
    """Refuse pairs that no score can be fitted to."""
    same = sum(int(one.pairs.same.sum()) for one in labelled.values())
    others = sum(len(one.pairs.same) for one in labelled.values()) - same
    if not (same and others):
        raise ReadError(
            f"nothing to fit: {same:,} pairs are the same and {others:,} are not, as far as the scan finds them; "
            "both kinds are needed"
        )


def fit_scorer(
    labelled: Mapping[str, Labelled], against: Sequence[Labelled] = (), *, copies: Scorer | None = None, seed: int = 0
) -> Scorer:
    """The scorer of all sets, its threshold of 0.5 the highest with nearly the best mean F1 of single pairs.

    From the sets in `against`, in which nothing is the same, it learns what must stay apart; `copies` is the scorer
    that admits a pair besides. The mean F1 is flat around its best, and belongs to sets in which most of what looks
    alike is the same. In an archive, where little is, a threshold at the best would join half as many wrong pairs again
    as the highest that is as good but for a fifth of a point (the idea of the one-standard-error rule: Breiman et al.
    1984, "Classification and Regression Trees").
    """
    weights = _fit([one.pairs for one in (*labelled.values(), *against)], seed)
    scorer = Scorer(weights, threshold=0.5, copies=copies)
    mean = np.mean([[_f1(scorer, one, step) for step in _STEPS] for one in labelled.values()], axis=0)
    given_up = _CAREFUL_OF_EVENTS if copies else _CAREFUL
    weights[:, -1] -= _STEPS[mean >= mean.max() - given_up][-1]
    return scorer


def score_sets(
    labelled: Mapping[str, Labelled], scorer: Scorer, against: Sequence[Labelled] = (), *, seed: int = 0
) -> dict[str, SetScore]:
    """How each set fares under the common scorer, and under one fitted without it."""
    scores = {}
    for name, one in labelled.items():
        others = {other: value for other, value in labelled.items() if other != name}
        left_out = fit_scorer(others, against, copies=scorer.copies, seed=seed) if others else scorer
        found = int(one.pairs.same[one.pairs.way == WHOLE].sum())
        scores[name] = SetScore(
            f1=_f1(scorer, one, 0.0),
            f1_left_out=_f1(left_out, one, 0.0),
            clustered=_clustered_f1(scorer, one),
            clustered_left_out=_clustered_f1(left_out, one),
            candidate_recall=found / max(found + one.missed, 1),
            archived=_archived(scorer, one.pairs),
        )
    return scores


def _archived(scorer: Scorer, pairs: Pairs) -> tuple[int, int]:
    joined = (pairs.way == ARCHIVE) & (scorer.log_odds(pairs.features, pairs.head) >= 0)
    right = int((joined & pairs.same).sum())
    return right, int(joined.sum()) - right


def _fit(sets: Sequence[Pairs], seed: int) -> npt.NDArray[np.float64]:
    pairs = join_rows(sets)
    features = pairs.features.astype(np.float64)
    features[np.random.default_rng(seed).random(len(features)) < _FORGOTTEN, _MARGIN] = NO_COMPETITOR
    weight = np.concatenate([_balanced(of_set) for of_set in sets])
    return fit_heads(features, pairs.head, pairs.same, weight, heads=len(HEADS))


def _balanced(pairs: Pairs) -> npt.NDArray[np.float64]:
    """Weights by which duplicates, hard negatives and others, and the ways they were seen, count alike.

    A handful of pairs counts less: one of them that is mislabelled would outweigh thousands.
    """
    weight = np.zeros(len(pairs.same))
    kinds = (pairs.same, ~pairs.same & pairs.related, ~pairs.same & ~pairs.related)
    for group in ((pairs.way == way) & kind for way in np.unique(pairs.way).tolist() for kind in kinds):
        weight[group] = 1 / max(int(group.sum()), _FEWEST)
    return weight


def _f1(scorer: Scorer, labelled: Labelled, least: float) -> float:
    """Pairwise F1 of the whole scan where pairs of log-odds `least` and more are joined."""
    pairs = take_rows(labelled.pairs, labelled.pairs.way == WHOLE)
    joined = scorer.log_odds(pairs.features, pairs.head) >= least
    return 2 * int((joined & pairs.same).sum()) / max(int(joined.sum() + pairs.same.sum()) + labelled.missed, 1)


def _clustered_f1(scorer: Scorer, labelled: Labelled) -> float:
    """What the clusters of the whole scan are worth."""
    whole = labelled.whole
    log_odds = scorer.log_odds(whole.features, whole.head) - scorer.least
    clusters = cluster_pairs(
        whole.candidates.left,
        whole.candidates.right,
        log_odds,
        unknown=UNVERIFIED,
        key=lambda position: whole.gold[position].article.id,
        languages=whole.languages,
    )
    cluster_of = {whole.gold[member].article.id: n for n, group in enumerate(clusters) for member in group}
    found = evaluate(whole.gold, cluster_of, labelled.labels)
    return found.labelled_pairs[PairKind.ALL].f1 if labelled.labels else found.scores[PairKind.ALL].bcubed_f1
