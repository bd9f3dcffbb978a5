"""Gold articles → the scorer: how the features of a pair become a probability.

Each gold set is seen several ways, because a score has to hold in an archive and in a folder of a dozen: scanned whole;
in small scans of a few stories, every other one with excerpts beside the articles; and, where stories have groups, in
small scans of one topic, in which everything is near everything. All sets count alike, and within a set the ways, and
duplicates, hard negatives and others, so that no set is tuned on alone; what a set gives when it is left out of the fit
is reported beside it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dedup.cluster import UNVERIFIED, cluster_pairs, linked_groups
from dedup.datatypes import Article, Candidates, Level, Progress, Settings
from dedup.detect import detect_languages
from dedup.embed import Encoder, StaticEncoder, load_encoder
from dedup.evaluate import PairKind, evaluate
from dedup.gold import Gold, GoldPair, read_gold, read_pairs
from dedup.neighbours import NO_COMPETITOR
from dedup.parallel import ALONE, Workers, count_cores
from dedup.pipeline import prepare
from dedup.regression import fit_heads
from dedup.scoring import FEATURES, HEADS, Scorer, load_scorer
from dedup.text import content_hash, sentences
from dedup.texts import batches
from dedup.verify import judge_pairs

_SMALL_SCANS = 24  # of each of the three ways
_SMALL_STORIES = 6
_TOPIC_ARTICLES = 12
_EXCERPT = 1 / 3
_FEWEST = 100  # pairs of one kind, below which they count less than another kind
_FORGOTTEN = 0.3  # share of the pairs whose margin is hidden from the fit, as it is from a scan of two articles
_AFFORDED = 1.0  # of log-odds, by which clusters of copies are more careful than pairs
_MARGIN = FEATURES.index("margin")
_OPEN = Scorer(np.zeros((len(HEADS), len(FEATURES) + 1)), threshold=1e-9)
_STEPS = np.arange(-2, 6, 0.1)  # thresholds tried, in log-odds

_Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """Gold articles as a scan sees them: their languages and candidates, which head judges each, and the features."""

    gold: Sequence[Gold]
    languages: Sequence[str]
    candidates: Candidates
    head: npt.NDArray[np.intp]
    features: npt.NDArray[np.float32]

    @property
    def same(self) -> _Flags:
        """Which candidates tell one story."""
        return self._equal([item.story for item in self.gold])

    @property
    def related(self) -> _Flags:
        """Which candidates are of one group, whatever their stories."""
        return self._equal([item.group or item.article.id for item in self.gold])

    def _equal(self, names: Sequence[str]) -> _Flags:
        of = np.array(names, dtype=str)
        return np.asarray(of[self.candidates.left] == of[self.candidates.right], np.bool_)


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """Pairs of one gold set.

    features : ndarray of shape (m, len(FEATURES)), float32
    head : ndarray of shape (m,), intp, which of `HEADS` judges the pair
    same : ndarray of shape (m,), bool, whether people take the two for the same
    related : ndarray of shape (m,), bool, whether they are of one group: hard negatives, if they are not the same
    way : ndarray of shape (m,), intp, 0 where the pair comes from the scan of the whole set
    missed : int, duplicates of the whole set that were no candidates
    whole : the scan of the whole set, of which clusters are made
    pairs : pairs that people labelled, where stories are not certain
    """

    features: npt.NDArray[np.float32]
    head: npt.NDArray[np.intp]
    same: _Flags
    related: _Flags
    way: npt.NDArray[np.intp]
    missed: int
    whole: Scan
    pairs: Sequence[GoldPair] = ()


@dataclass(frozen=True, slots=True)
class SetScore:
    """How one set fares at the common threshold: in the fit of all sets, and when it is left out of the fit.

    `f1` is that of single pairs, `clustered` the BCubed F1 of clusters, or where people labelled pairs, that of these.
    """

    f1: float
    f1_left_out: float
    clustered: float
    clustered_left_out: float
    candidate_recall: float


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """A fitted scorer, what it was fitted to, and how each set fares."""

    scorer: Scorer
    level: Level
    model: str
    against: Sequence[str]
    scores: Mapping[str, SetScore]

    def as_text(self) -> str:
        """What each set gives, a line a set."""
        return "".join(
            f"{name}: pairs {score.f1:.4f}, left out {score.f1_left_out:.4f}; clusters {score.clustered:.4f}, "
            f"left out {score.clustered_left_out:.4f}; candidates found {score.candidate_recall:.2%}\n"
            for name, score in self.scores.items()
        )

    def as_json(self) -> str:
        """The file that `load_scorer` reads: for each head a coefficient a feature, and where they come from."""
        names = (*FEATURES, "intercept")
        heads = {
            head: {name: round(float(value), 4) for name, value in zip(names, row, strict=True)}
            for head, row in zip(HEADS, self.scorer.weights, strict=True)
        }
        source = {"level": self.level.value, "model": self.model, "sets": list(self.scores), "against": self.against}
        return json.dumps({**source, "threshold": self.scorer.threshold, "heads": heads}, indent=1) + "\n"


def calibrate_scorer(
    golds: Sequence[Path],
    against: Sequence[Path] = (),
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
        If a file cannot be read or holds no gold.
    """
    copies = load_scorer(Level.DUPLICATE, fingerprint=encoder.fingerprint) if level is Level.STORY else None
    known = [pair for path in pairs for pair in read_pairs(path)]
    sets = {path: read_gold(path) for path in (*golds, *against)}
    with Workers(jobs or count_cores()) as workers:
        found = {
            path: label_pairs(gold, encoder, pairs=known, workers=workers, progress=progress)
            for path, gold in sets.items()
        }
    labelled, apart = {path.name: found[path] for path in golds}, [found[path] for path in against]
    scorer = fit_scorer(labelled, apart, copies=copies)
    scores = score_sets(labelled, scorer, apart)
    return Calibration(scorer, level, f"{encoder.name}@{encoder.fingerprint}", [path.name for path in against], scores)


def label_pairs(
    gold: Sequence[Gold],
    encoder: Encoder,
    *,
    pairs: Sequence[GoldPair] = (),
    workers: Workers = ALONE,
    seed: int = 0,
    progress: Progress | None = None,
) -> Labelled:
    """The pairs of a gold set, scanned whole and in small parts.

    Where `pairs` speak of its articles, only what they say counts; otherwise the stories are taken as certain.
    """
    gold = _distinct(gold)
    ids = {item.article.id for item in gold}
    pairs = [pair for pair in pairs if pair.left in ids and pair.right in ids]
    whole = _scan(gold, encoder, workers, progress)
    scans, ways = [whole], [0]
    parts = list(_small_scans(gold, np.random.default_rng(seed)))
    sharing, source = (workers, encoder.name) if isinstance(encoder, StaticEncoder) else (ALONE, encoder)
    small = sharing.map(partial(_scan_part, source), [part for _, part in parts])
    for (way, _), scan in zip(parts, small, strict=True):
        scans.append(scan)
        ways.append(way)
        if progress:
            progress("calibrate", len(scans) - 1, len(parts))
    certain = [_certain(scan, pairs, labelled_only=scan is whole) for scan in scans]
    return Labelled(
        features=np.concatenate([scan.features[told] for scan, told in zip(scans, certain, strict=True)]),
        head=np.concatenate([scan.head[told] for scan, told in zip(scans, certain, strict=True)]),
        same=np.concatenate([scan.same[told] for scan, told in zip(scans, certain, strict=True)]),
        related=np.concatenate([scan.related[told] for scan, told in zip(scans, certain, strict=True)]),
        way=np.concatenate([np.full(int(told.sum()), way) for way, told in zip(ways, certain, strict=True)]),
        missed=_duplicates(gold, pairs) - int(whole.same[certain[0]].sum()),
        whole=whole,
        pairs=pairs,
    )


def fit_scorer(
    labelled: Mapping[str, Labelled], against: Sequence[Labelled] = (), *, copies: Scorer | None = None, seed: int = 0
) -> Scorer:
    """The scorer of all sets, its threshold of 0.5 where the mean F1 of single pairs is highest.

    Copies and translations afford a unit of log-odds less, since clusters hear all pairs of a group; reports of
    events, where a wrong pair seldom meets another that contradicts it, do not. Of the sets in `against`, only what
    must stay apart is learned; `copies` is the scorer that also admits a pair, at the story level.
    """
    weights = _fit([*labelled.values(), *map(_others_only, against)], seed)
    scorer = Scorer(weights, threshold=0.5, copies=copies)
    mean = np.mean([[_f1(scorer, pairs, step) for step in _STEPS] for pairs in labelled.values()], axis=0)
    weights[:, -1] -= _STEPS[mean.argmax()] - (0 if copies else _AFFORDED)
    return scorer


def score_sets(
    labelled: Mapping[str, Labelled], scorer: Scorer, against: Sequence[Labelled] = (), *, seed: int = 0
) -> dict[str, SetScore]:
    """How each set fares under the common scorer, and under one fitted without it."""
    scores = {}
    for name, pairs in labelled.items():
        others = {other: value for other, value in labelled.items() if other != name}
        left_out = fit_scorer(others, against, copies=scorer.copies, seed=seed) if others else scorer
        found = int(pairs.same[pairs.way == 0].sum())
        scores[name] = SetScore(
            f1=_f1(scorer, pairs, 0.0),
            f1_left_out=_f1(left_out, pairs, 0.0),
            clustered=_clustered_f1(scorer, pairs),
            clustered_left_out=_clustered_f1(left_out, pairs),
            candidate_recall=found / max(found + pairs.missed, 1),
        )
    return scores


def _distinct(gold: Sequence[Gold]) -> list[Gold]:
    return list({content_hash(item.article.body): item for item in reversed(gold)}.values())[::-1]


def _scan(gold: Sequence[Gold], encoder: Encoder, workers: Workers = ALONE, progress: Progress | None = None) -> Scan:
    """Every candidate of a scan with all its features."""
    articles = [item.article for item in gold]
    tasks = batches([article.body for article in articles])
    languages = [language for found in workers.map(detect_languages, tasks) for language in found]
    subjects, neighbourhood = prepare(articles, languages, encoder, Settings(), workers=workers, progress=progress)
    candidates = neighbourhood.candidates()
    features = judge_pairs(subjects, candidates, _OPEN, workers=workers, progress=progress).features
    return Scan(gold, [language.code for language in languages], candidates, subjects.heads(candidates), features)


_load_once = lru_cache(maxsize=1)(load_encoder)


def _scan_part(source: Encoder | str, gold: Sequence[Gold]) -> Scan:
    return _scan(gold, _load_once(source) if isinstance(source, str) else source)


def _small_scans(gold: Sequence[Gold], generator: np.random.Generator) -> Iterator[tuple[int, list[Gold]]]:
    """Ways, from 1, and scans: of a few stories, every other one with excerpts beside articles, and of one topic."""
    by_story = _grouped(gold, [item.story for item in gold])
    stories = sorted(by_story)

    def any_of(story: str) -> Gold:
        return by_story[story][int(generator.integers(len(by_story[story])))]

    for number in range(2 * _SMALL_SCANS):
        chosen = generator.choice(len(stories), min(_SMALL_STORIES, len(stories)), replace=False)
        part = [any_of(stories[at]) for at in chosen]
        partners = [any_of(stories[at]) for at in chosen[: len(chosen) // 2]]
        yield 1, _distinct([*part, *(map(_excerpt, partners) if number % 2 else partners)])
    by_topic = _grouped(gold, [item.group for item in gold])
    topics = [name for name in sorted(by_topic) if name and len({item.story for item in by_topic[name]}) > 1]
    for _ in range(_SMALL_SCANS if topics else 0):
        topic = by_topic[topics[int(generator.integers(len(topics)))]]
        chosen = generator.choice(len(topic), min(_TOPIC_ARTICLES, len(topic)), replace=False)
        yield 2, _distinct([topic[at] for at in chosen])


def _grouped(gold: Sequence[Gold], names: Sequence[str]) -> dict[str, list[Gold]]:
    found: dict[str, list[Gold]] = {}
    for item, name in zip(gold, names, strict=True):
        found.setdefault(name, []).append(item)
    return found


def _excerpt(item: Gold) -> Gold:
    """The beginning of an article, as a brief report of it would be."""
    found = sentences(item.article.body)
    text = "\n".join(found[: max(2, round(len(found) * _EXCERPT))])
    return replace(item, article=Article(id=item.article.id + "#excerpt", text=text))


def _certain(scan: Scan, pairs: Sequence[GoldPair], *, labelled_only: bool) -> _Flags:
    """Which candidates have a label to be trusted: all, or if people labelled pairs, those and other topics' pairs."""
    left, right = scan.candidates.left, scan.candidates.right
    if not pairs:
        return np.ones(len(left), np.bool_)
    ids = np.array([item.article.id for item in scan.gold], dtype=object)
    known = {frozenset((pair.left, pair.right)) for pair in pairs}
    told = np.array([frozenset(both) in known for both in zip(ids[left], ids[right], strict=True)], np.bool_)
    if labelled_only:
        return told
    return np.asarray(told | scan.same | ~scan.related, np.bool_)


def _duplicates(gold: Sequence[Gold], pairs: Sequence[GoldPair]) -> int:
    if pairs:
        return sum(pair.same for pair in pairs)
    stories = np.unique([item.story for item in gold], return_counts=True)[1]
    return int((stories * (stories - 1) // 2).sum())


def _others_only(labelled: Labelled) -> Labelled:
    """A set of which the fit sees what must stay apart, and none of the duplicates."""
    apart = ~labelled.same
    rows = {name: getattr(labelled, name)[apart] for name in ("features", "head", "same", "related", "way")}
    return replace(labelled, **rows, missed=0)


def _fit(sets: Sequence[Labelled], seed: int) -> npt.NDArray[np.float64]:
    generator = np.random.default_rng(seed)
    features = np.concatenate([pairs.features for pairs in sets]).astype(np.float64)
    features[generator.random(len(features)) < _FORGOTTEN, _MARGIN] = NO_COMPETITOR
    head = np.concatenate([pairs.head for pairs in sets])
    same = np.concatenate([pairs.same for pairs in sets])
    return fit_heads(features, head, same, np.concatenate([_balanced(pairs) for pairs in sets]), heads=len(HEADS))


def _balanced(pairs: Labelled) -> npt.NDArray[np.float64]:
    """Weights by which duplicates, hard negatives and others, and the ways they were seen, count alike.

    A handful of pairs counts less: one of them that is mislabelled would outweigh thousands.
    """
    weight = np.zeros(len(pairs.same))
    kinds = (pairs.same, ~pairs.same & pairs.related, ~pairs.same & ~pairs.related)
    for group in ((pairs.way == way) & kind for way in np.unique(pairs.way).tolist() for kind in kinds):
        weight[group] = 1 / max(int(group.sum()), _FEWEST)
    return weight


def _f1(scorer: Scorer, pairs: Labelled, least: float) -> float:
    """Pairwise F1 of the whole scan where pairs of log-odds `least` and more are joined."""
    whole = pairs.way == 0
    joined = scorer.log_odds(pairs.features[whole], pairs.head[whole]) >= least
    same = pairs.same[whole]
    return 2 * int((joined & same).sum()) / max(int(joined.sum() + same.sum()) + pairs.missed, 1)


def _clustered_f1(scorer: Scorer, labelled: Labelled) -> float:
    """What the clusters of the whole scan are worth."""
    whole = labelled.whole
    log_odds = scorer.log_odds(whole.features, whole.head) - scorer.least
    left, right = whole.candidates.left, whole.candidates.right
    linking = log_odds >= 0
    group_of = np.full(len(whole.gold), -1)
    for number, group in enumerate(linked_groups(zip(left[linking].tolist(), right[linking].tolist(), strict=True))):
        group_of[list(group)] = number
    linked = (group_of[left] >= 0) & (group_of[left] == group_of[right])
    pairs = zip(left[linked].tolist(), right[linked].tolist(), strict=True)
    clusters = cluster_pairs(
        dict(zip(pairs, log_odds[linked].tolist(), strict=True)),
        unknown=UNVERIFIED,
        keys=[item.article.id for item in whole.gold],
        languages=whole.languages,
    )
    cluster_of = {whole.gold[member].article.id: n for n, group in enumerate(clusters) for member in group}
    found = evaluate(whole.gold, cluster_of, labelled.pairs)
    return found.labelled_pairs[PairKind.ALL].f1 if labelled.pairs else found.scores[PairKind.ALL].bcubed_f1
