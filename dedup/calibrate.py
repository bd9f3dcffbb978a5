"""Gold articles → the scorer: how the features of a pair become a probability.

Each gold set is seen three ways, because a score has to hold in an archive and in a folder of a dozen: scanned whole,
in small scans of a few stories, and in small scans where articles stand beside an excerpt of themselves or of their
translation. The heads are logistic regressions with no negative coefficient, fitted on all sets with equal weight (and
equal weight of duplicates and others within a set), so that no set is tuned on alone; what a set gives when it is left
out of the fit is reported beside it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from dedup.datatypes import Article, Progress, Settings
from dedup.detect import detect_languages
from dedup.embed import Encoder
from dedup.gold import Gold
from dedup.neighbours import NO_COMPETITOR
from dedup.pipeline import prepare
from dedup.scoring import FEATURES, HEADS, Scorer
from dedup.text import content_hash, sentences
from dedup.verify import judge_pairs

_SMALL_SCANS = 24
_SMALL_STORIES = 6
_EXCERPT = 1 / 3
_RIDGE = 1e-5
_FORGOTTEN = 0.3  # share of the pairs whose margin is hidden from the fit, as it is from a scan of two articles
_AFFORDED = 0.5  # of log-odds, by which clusters are more careful than pairs
_NEVER = -20.0  # log-odds where a head has seen no duplicate
_MARGIN = FEATURES.index("margin")
_OPEN = Scorer(np.zeros((len(HEADS), len(FEATURES) + 1)), threshold=1e-9)


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """Pairs of one gold set.

    features : ndarray of shape (m, len(FEATURES)), float32
    head : ndarray of shape (m,), intp, which of `HEADS` judges the pair
    same : ndarray of shape (m,), bool, whether people take the two for the same
    whole : ndarray of shape (m,), bool, whether the pair comes from the scan of the whole set
    missed : int, duplicates of the whole set that were no candidates
    """

    features: npt.NDArray[np.float32]
    head: npt.NDArray[np.intp]
    same: npt.NDArray[np.bool_]
    whole: npt.NDArray[np.bool_]
    missed: int


@dataclass(frozen=True, slots=True)
class SetScore:
    """Pairwise F1 of one set at the common threshold: in the fit of all sets, and when it is left out of the fit."""

    f1: float
    f1_left_out: float
    best_f1: float
    candidate_recall: float


def label_pairs(gold: Sequence[Gold], encoder: Encoder, *, seed: int = 0, progress: Progress | None = None) -> Labelled:
    """The pairs of a gold set, scanned whole and in small parts."""
    gold = _distinct(gold)
    whole = _scan(gold, encoder)
    parts = [whole]
    for number, part in enumerate(_small_scans(gold, np.random.default_rng(seed))):
        parts.append(_scan(part, encoder))
        if progress:
            progress("calibrate", number + 1, 2 * _SMALL_SCANS)
    stories = np.unique([item.story for item in gold], return_counts=True)[1]
    return Labelled(
        features=np.concatenate([part[0] for part in parts]),
        head=np.concatenate([part[1] for part in parts]),
        same=np.concatenate([part[2] for part in parts]),
        whole=np.concatenate([np.full(len(part[2]), part is whole) for part in parts]),
        missed=int((stories * (stories - 1) // 2).sum() - whole[2].sum()),
    )


def others_only(labelled: Labelled) -> Labelled:
    """A set of which the fit sees what must stay apart, and none of the duplicates."""
    apart = ~labelled.same
    return Labelled(labelled.features[apart], labelled.head[apart], labelled.same[apart], labelled.whole[apart], 0)


def fit_scorer(labelled: Mapping[str, Labelled], against: Sequence[Labelled] = (), *, seed: int = 0) -> Scorer:
    """The scorer of all sets, its threshold of 0.5 half a unit of log-odds below where their mean F1 is highest.

    The F1 is that of single pairs; clusters, which hear all pairs of a group, afford a little more.
    """
    weights = _fit_heads([*labelled.values(), *map(others_only, against)], seed)
    steps = np.arange(-2, 6, 0.1)
    scorer = Scorer(weights, threshold=0.5)
    mean = np.mean([[_f1(scorer, pairs, step) for step in steps] for pairs in labelled.values()], axis=0)
    weights[:, -1] -= steps[mean.argmax()] - _AFFORDED
    return Scorer(weights, threshold=0.5)


def score_sets(
    labelled: Mapping[str, Labelled], scorer: Scorer, against: Sequence[Labelled] = (), *, seed: int = 0
) -> dict[str, SetScore]:
    """How each set fares under the common scorer, and under one fitted without it."""
    scores = {}
    for name, pairs in labelled.items():
        others = {other: value for other, value in labelled.items() if other != name}
        left_out = fit_scorer(others, against, seed=seed) if others else scorer
        found = int(pairs.same[pairs.whole].sum())
        scores[name] = SetScore(
            f1=_f1(scorer, pairs, 0.0),
            f1_left_out=_f1(left_out, pairs, 0.0),
            best_f1=max(_f1(scorer, pairs, step) for step in np.arange(-3, 6, 0.1)),
            candidate_recall=found / max(found + pairs.missed, 1),
        )
    return scores


def scorer_as_json(scorer: Scorer) -> str:
    """The file that `load_scorer` reads: for each head a coefficient a feature."""
    names = (*FEATURES, "intercept")
    heads = {
        head: {name: round(float(value), 4) for name, value in zip(names, row, strict=True)}
        for head, row in zip(HEADS, scorer.weights, strict=True)
    }
    return json.dumps({"threshold": scorer.threshold, "heads": heads}, indent=1) + "\n"


def _distinct(gold: Sequence[Gold]) -> list[Gold]:
    return list({content_hash(item.article.body): item for item in reversed(gold)}.values())[::-1]


_Pairs = tuple[npt.NDArray[np.float32], npt.NDArray[np.intp], npt.NDArray[np.bool_]]


def _scan(gold: Sequence[Gold], encoder: Encoder) -> _Pairs:
    """Features, head and truth of every candidate of a scan."""
    articles = [item.article for item in gold]
    languages = detect_languages([article.body for article in articles])
    subjects, neighbourhood = prepare(articles, languages, encoder, Settings())
    candidates = neighbourhood.candidates()
    features = judge_pairs(subjects, candidates, _OPEN).features
    stories = np.array([item.story for item in gold], dtype=str)
    return features, subjects.heads(candidates), stories[candidates.left] == stories[candidates.right]


def _small_scans(gold: Sequence[Gold], generator: np.random.Generator) -> Iterator[list[Gold]]:
    """Scans of a few stories, every other one with excerpts beside the articles."""
    by_story: dict[str, list[Gold]] = {}
    for item in gold:
        by_story.setdefault(item.story, []).append(item)
    stories = sorted(by_story)
    for number in range(2 * _SMALL_SCANS):
        chosen = generator.choice(len(stories), min(_SMALL_STORIES, len(stories)), replace=False)
        part = [by_story[stories[at]][int(generator.integers(len(by_story[stories[at]])))] for at in chosen]
        for at in chosen[: len(chosen) // 2]:
            partner = by_story[stories[at]][int(generator.integers(len(by_story[stories[at]])))]
            part.append(_excerpt(partner) if number % 2 else partner)
        yield _distinct(part)


def _excerpt(item: Gold) -> Gold:
    """The beginning of an article, as a brief report of it would be."""
    found = sentences(item.article.body)
    text = "\n".join(found[: max(2, round(len(found) * _EXCERPT))])
    return replace(item, article=Article(id=item.article.id + "#excerpt", text=text))


def _fit_heads(sets: Sequence[Labelled], seed: int) -> npt.NDArray[np.float64]:
    generator = np.random.default_rng(seed)
    features = np.concatenate([pairs.features for pairs in sets]).astype(np.float64)
    head = np.concatenate([pairs.head for pairs in sets])
    same = np.concatenate([pairs.same for pairs in sets])
    weight = np.concatenate([_balanced(pairs) for pairs in sets])
    features[generator.random(len(features)) < _FORGOTTEN, _MARGIN] = NO_COMPETITOR
    return np.stack([_fit_head(features[head == at], same[head == at], weight[head == at]) for at in range(len(HEADS))])


def _balanced(pairs: Labelled) -> npt.NDArray[np.float64]:
    """Weights by which duplicates and others, from the whole scan and from small ones, count alike."""
    weight = np.zeros(len(pairs.same))
    for group in (part & truth for part in (pairs.whole, ~pairs.whole) for truth in (pairs.same, ~pairs.same)):
        weight[group] = 1 / max(int(group.sum()), 1)
    return weight


def _fit_head(
    features: npt.NDArray[np.float64], same: npt.NDArray[np.bool_], weight: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Coefficients (none negative) and intercept of one logistic regression, by L-BFGS-B on standardised features."""
    from scipy.optimize import minimize

    if not same.any():
        return np.append(np.zeros(features.shape[1]), _NEVER)
    centre, spread = features.mean(axis=0), features.std(axis=0) + 1e-6
    standard = (features - centre) / spread
    weight = weight / weight.sum()
    sign = np.where(same, -1.0, 1.0)

    def loss(values: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        wrong = sign * (standard @ values[:-1] + values[-1])
        slope = weight * sign / (1 + np.exp(-wrong))
        penalty = _RIDGE * np.square(values[:-1]).sum()
        gradient = np.append(standard.T @ slope + 2 * _RIDGE * values[:-1], slope.sum())
        return float(weight @ np.logaddexp(0, wrong) + penalty), gradient

    bounds = [(0, None)] * features.shape[1] + [(None, None)]
    found = minimize(loss, np.zeros(len(bounds)), jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 1000})
    coefficients = found.x[:-1] / spread
    return np.append(coefficients, found.x[-1] - coefficients @ centre)


def _f1(scorer: Scorer, pairs: Labelled, least: float) -> float:
    """Pairwise F1 of the whole scan where pairs of log-odds `least` and more are joined."""
    joined = scorer.log_odds(pairs.features[pairs.whole], pairs.head[pairs.whole]) >= least
    same = pairs.same[pairs.whole]
    return 2 * int((joined & same).sum()) / max(int(joined.sum() + same.sum()) + pairs.missed, 1)
