"""Quality of clusters against gold stories: pairwise, BCubed, adjusted Rand index, joined hard negatives.

Pairs are unordered pairs of articles. Every figure is given for all pairs, for cross-lingual pairs (gold languages
differ) and for pairs within a language. An article that is in no predicted cluster is a cluster of its own.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any

from dedup.evaluation.gold import Gold, GoldPair


class PairKind(str, Enum):
    """Kind of article pairs that a figure is computed over."""

    ALL = "all"
    CROSS_LINGUAL = "cross-lingual"
    SAME_LANGUAGE = "same-language"


@dataclass(frozen=True, slots=True)
class Scores:
    """Figures of one kind of pair, each in [0, 1] (`ari` in [-1, 1]); NaN where there is nothing to divide by.

    BCubed (Bagga & Baldwin 1998) averages over articles. Restricted to a kind of pair, an article counts its
    neighbours of that kind and itself; articles without a gold or predicted neighbour of that kind are left out. The
    adjusted Rand index (Hubert & Arabie 1985) is corrected for chance over the pairs of the kind.
    """

    pairs: int
    gold_pairs: int
    predicted_pairs: int
    correct_pairs: int
    precision: float
    recall: float
    f1: float
    bcubed_precision: float
    bcubed_recall: float
    bcubed_f1: float
    ari: float


@dataclass(frozen=True, slots=True)
class HardNegatives:
    """Hard negatives: pairs of different stories within a group, and the number of them that were joined."""

    pairs: int
    joined: int
    rate: float


@dataclass(frozen=True, slots=True)
class LabelledPairs:
    """Figures of labelled pairs whose articles are both gold: label against being in one cluster."""

    pairs: int
    positive: int
    correct: int
    wrongly_joined: int
    precision: float
    recall: float
    f1: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Figures of a run; `hard_negatives` and `labelled_pairs` are empty where the gold has none."""

    articles: int
    stories: int
    clusters: int
    languages: int
    unclustered: int
    scores: Mapping[PairKind, Scores]
    hard_negatives: Mapping[PairKind, HardNegatives]
    labelled_pairs: Mapping[PairKind, LabelledPairs]


def evaluate(gold: Sequence[Gold], cluster_of: Mapping[str, Hashable], pairs: Sequence[GoldPair] = ()) -> Evaluation:
    """Evaluate clusters against gold stories.

    Parameters
    ----------
    gold : sequence of Gold
        The articles that count; clusters of others are ignored.
    cluster_of : mapping of article id to cluster
        Articles that are missing are clusters of their own.
    pairs : sequence of GoldPair
        Labelled pairs, scored as well.
    """
    stories = [article.story for article in gold]
    predicted: list[Hashable] = [
        (True, cluster_of[id]) if id in cluster_of else (False, id) for id in (item.article.id for item in gold)
    ]
    languages = [article.language for article in gold]
    return Evaluation(
        articles=len(gold),
        stories=len(set(stories)),
        clusters=len(set(predicted)),
        languages=len(set(languages)),
        unclustered=sum(article.article.id not in cluster_of for article in gold),
        scores={kind: _scores(stories, predicted, languages, kind) for kind in PairKind},
        hard_negatives=_hard_negatives(gold, predicted),
        labelled_pairs=_labelled_pairs(gold, cluster_of, pairs),
    )


def evaluation_as_dict(evaluation: Evaluation) -> dict[str, Any]:
    """Figures by name, for ``all``, ``cross-lingual`` and ``same-language`` pairs; None stands for NaN."""
    plain = asdict(evaluation)
    for name in ("scores", "hard_negatives", "labelled_pairs"):
        plain[name] = {kind.value: _without_nan(figures) for kind, figures in plain[name].items()}
    return plain


def evaluation_as_text(evaluation: Evaluation) -> str:
    """Render the figures as a table of text, ending in a line break."""
    return "\n".join(_lines(evaluation)) + "\n"


def _counted(n: int, noun: str, plural: str = "") -> str:
    return f"{n:,} {noun if n == 1 else plural or f'{noun}s'}"


def _lines(evaluation: Evaluation) -> Iterator[str]:
    e = evaluation
    articles, stories = _counted(e.articles, "article"), _counted(e.stories, "story", "stories")
    yield f"{articles} of {stories} in {_counted(e.languages, 'language')}; {_counted(e.clusters, 'cluster')}"
    yield ""
    yield f"{'':16}{'pairwise':>24}  {'BCubed':>24}"
    yield f"{'pairs':16}" + f"{'P':>8}{'R':>8}{'F1':>8}  " * 2 + f"{'ARI':>8}"
    for kind, s in e.scores.items():
        pairwise, bcubed = (s.precision, s.recall, s.f1), (s.bcubed_precision, s.bcubed_recall, s.bcubed_f1)
        yield f"{kind.value:16}{_figures(pairwise)}  {_figures(bcubed)}  {_figures((s.ari,))}"
    for kind, hard in e.hard_negatives.items():
        share = f" ({hard.rate:.2%})" if hard.pairs else ""
        joined = f"{hard.joined:,} of {hard.pairs:,} joined{share}"
        yield ("\n" if kind is PairKind.ALL else "") + f"hard negatives, {kind.value}: {joined}"
    for kind, labelled in e.labelled_pairs.items():
        figures = f"P R F1 {_figures((labelled.precision, labelled.recall, labelled.f1))}"
        yield ("\n" if kind is PairKind.ALL else "") + f"{labelled.pairs:,} labelled pairs, {kind.value}: {figures}"


def _figures(values: Sequence[float]) -> str:
    return "".join(f"{'–':>8}" if math.isnan(value) else f"{value:8.4f}" for value in values)


def _without_nan(figures: dict[str, Any]) -> dict[str, Any]:
    return {name: None if isinstance(value, float) and math.isnan(value) else value for name, value in figures.items()}


def _scores(gold: list[str], predicted: list[Hashable], languages: list[str], kind: PairKind) -> Scores:
    both = list(zip(gold, predicted, strict=True))
    everything = [None] * len(gold)
    total, n_gold, n_predicted, correct = (
        _count_pairs(labels, languages, kind) for labels in (everything, gold, predicted, both)
    )
    precision, recall, f1 = _precision_recall_f1(correct, n_predicted, n_gold)
    return Scores(
        total,
        n_gold,
        n_predicted,
        correct,
        precision,
        recall,
        f1,
        *_bcubed(gold, predicted, languages, kind),
        _adjusted_rand_index(correct, n_predicted, n_gold, total),
    )


def _count_pairs(labels: Sequence[Hashable], languages: Sequence[str], kind: PairKind) -> int:
    """Number of pairs of one kind whose labels are equal."""
    every = _pairs_within(labels)
    if kind is PairKind.ALL:
        return every
    same_language = _pairs_within(list(zip(labels, languages, strict=True)))
    return same_language if kind is PairKind.SAME_LANGUAGE else every - same_language


def _pairs_within(labels: Sequence[Hashable]) -> int:
    return sum(math.comb(size, 2) for size in Counter(labels).values())


def _precision_recall_f1(correct: int, predicted: int, gold: int) -> tuple[float, float, float]:
    return _ratio(correct, predicted), _ratio(correct, gold), _ratio(2 * correct, predicted + gold)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else math.nan


def _bcubed(
    gold: list[str], predicted: list[Hashable], languages: list[str], kind: PairKind
) -> tuple[float, float, float]:
    """Precision, recall and F1 averaged over articles."""
    of_gold = _neighbours(gold, languages, kind)
    of_predicted = _neighbours(predicted, languages, kind)
    of_both = _neighbours(list(zip(gold, predicted, strict=True)), languages, kind)
    rows = zip(of_gold, of_predicted, of_both, strict=True)
    counted = [row for row in rows if kind is PairKind.ALL or row[0] or row[1]]
    if not counted:
        return math.nan, math.nan, math.nan
    precision = math.fsum((both + 1) / (own + 1) for _, own, both in counted) / len(counted)
    recall = math.fsum((both + 1) / (own + 1) for own, _, both in counted) / len(counted)
    return precision, recall, 2 * precision * recall / (precision + recall)


def _neighbours(labels: Sequence[Hashable], languages: Sequence[str], kind: PairKind) -> list[int]:
    """Number of other articles of the kind with the same label, for every article."""
    every, spoken = Counter(labels), Counter(zip(labels, languages, strict=True))
    same = [spoken[pair] - 1 for pair in zip(labels, languages, strict=True)]
    if kind is PairKind.SAME_LANGUAGE:
        return same
    others = [every[label] - 1 for label in labels]
    return others if kind is PairKind.ALL else [n - m for n, m in zip(others, same, strict=True)]


def _adjusted_rand_index(correct: int, predicted: int, gold: int, total: int) -> float:
    if not total:
        return math.nan
    expected, most = predicted * gold / total, (predicted + gold) / 2
    return (correct - expected) / (most - expected) if most != expected else 1.0


def _hard_negatives(gold: Sequence[Gold], predicted: list[Hashable]) -> dict[PairKind, HardNegatives]:
    grouped = [(item, cluster) for item, cluster in zip(gold, predicted, strict=True) if item.group]
    languages = [item.language for item, _ in grouped]
    within = [item.group for item, _ in grouped]
    of_story = [(item.group, item.story) for item, _ in grouped]
    of_cluster = [(item.group, cluster) for item, cluster in grouped]
    of_both = [(item.group, item.story, cluster) for item, cluster in grouped]
    found = {}
    for kind in PairKind if grouped else ():
        pairs = _count_pairs(within, languages, kind) - _count_pairs(of_story, languages, kind)
        joined = _count_pairs(of_cluster, languages, kind) - _count_pairs(of_both, languages, kind)
        found[kind] = HardNegatives(pairs, joined, _ratio(joined, pairs))
    return found


def _labelled_pairs(
    gold: Sequence[Gold], cluster_of: Mapping[str, Hashable], pairs: Sequence[GoldPair]
) -> dict[PairKind, LabelledPairs]:
    language = {item.article.id: item.language for item in gold}
    known = [pair for pair in pairs if pair.left in language and pair.right in language]
    found = {}
    for kind in PairKind if pairs else ():
        wanted = [p for p in known if kind in (PairKind.ALL, _kind(language[p.left], language[p.right]))]
        found[kind] = _score_labels([(pair.same, _joined(cluster_of, pair)) for pair in wanted])
    return found


def _kind(left: str, right: str) -> PairKind:
    return PairKind.SAME_LANGUAGE if left == right else PairKind.CROSS_LINGUAL


def _joined(cluster_of: Mapping[str, Hashable], pair: GoldPair) -> bool:
    return pair.left in cluster_of and pair.right in cluster_of and cluster_of[pair.left] == cluster_of[pair.right]


def _score_labels(labels: list[tuple[bool, bool]]) -> LabelledPairs:
    """Compute figures from pairs (same by gold, same by the clusters)."""
    cells = Counter(labels)
    correct, missed, wrong = cells[True, True], cells[True, False], cells[False, True]
    accuracy = _ratio(correct + cells[False, False], len(labels))
    scores = _precision_recall_f1(correct, correct + wrong, correct + missed)
    return LabelledPairs(len(labels), correct + missed, correct, wrong, *scores, accuracy)
