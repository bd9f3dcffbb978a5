"""Gold events → the scorer of reports of one event, and the table of rarity that it reads.

A set counts by its pairs as a scan finds them, so that a wrong join costs as much as a missed one: most candidates are
other events. Pairs that are copies or translations, which the scorer of duplicates joins whatever this one says, are
left out. Different events count more in a feed, in which most are told once, and most in one group, a crowded topic.
What a set gives left out of the fit is told beside it; sets that share articles are left out together.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dedup.arrays import Floats
from dedup.clustering.average_linkage import OF_EVENTS, UNVERIFIED, cluster_pairs
from dedup.clustering.linked_pairs import opposed
from dedup.clustering.outcome import are_in_one
from dedup.datatypes import Candidates, Level, Progress, Settings
from dedup.embedding.encoder import Encoder
from dedup.errors import ReadError
from dedup.evaluation.gold import Gold, GoldPair, read_articles, read_gold
from dedup.evaluation.logistic import fit_heads
from dedup.evaluation.metrics import PairKind, evaluate
from dedup.language.as_read import body_of
from dedup.language.detect import detect_languages
from dedup.language.sentences import sentences
from dedup.language.text import content_hash
from dedup.matching.event_scorer import (
    EVENT_FEATURES,
    EVENT_HEADS,
    LITERAL_OF_EVENTS,
    EventScorer,
    Knots,
    segments,
)
from dedup.matching.facts import extract_facts
from dedup.matching.facts.compare import name_key
from dedup.matching.features import is_apart
from dedup.matching.literal import literal_keys
from dedup.matching.prepare import prepare
from dedup.matching.rarity import Counted, Rarity, count_rarity
from dedup.matching.scorer import Scorer
from dedup.matching.verify import NEVER, STORY_DAYS, judge_pairs
from dedup.runtime.workers import ALONE, Workers

_NEIGHBOURS = 40  # candidates of an article that a fit sees
_WEIGHT, _FEWEST_SAME = 100.0, 60  # of the same pairs of a set, and how many count in full
_MISSED = 2.0  # times that a pair of one event counts: what is missed as single pairs is missed in clusters once more
_TOLD_ONCE = 4.0  # times that a pair of two events counts in a feed, where most events are told once
_CROWDED = 6.0  # weight of all pairs of two events of one group of a set, where that of the same pairs is 1
_APART_WEIGHT, _MOST_APART = 18.0, 6000  # of all pairs of a set that holds no event, and how many it gives
_CAREFUL = 0.15  # log-odds taken off, by which nearly nothing is missed and fewer topics are taken for events
_KNOTS = (0.3, 0.6, 0.85)  # quantiles of a feature at which its curve may bend
_DIGITS = 3

_OF_RARITY = 3000  # articles of a set that are counted at the most


@dataclass(frozen=True, slots=True, eq=False)
class EventSet:
    """Candidates of a gold set, measured.

    values : ndarray of shape (m, len(EVENT_FEATURES)), float32
    apart : ndarray of shape (m,), bool, whether the two are in two languages
    copied : ndarray of shape (m,), float64, log-odds of being one article
    never : ndarray of shape (m,), bool, whether they cannot be two reports of one event, by their dates
    same, related, labelled : ndarray of shape (m,), bool
        Whether they are of one event, of one group, and whether people say so of this pair, or of the set's stories.
    opposed : ndarray of shape (m,), bool, whether the pair may forbid a join
    """

    gold: Sequence[Gold]
    labels: Sequence[GoldPair]
    candidates: Candidates
    values: Floats
    apart: npt.NDArray[np.bool_]
    copied: npt.NDArray[np.float64]
    never: npt.NDArray[np.bool_]
    same: npt.NDArray[np.bool_]
    related: npt.NDArray[np.bool_]
    labelled: npt.NDArray[np.bool_]
    opposed: npt.NDArray[np.bool_]

    @property
    def ids(self) -> frozenset[str]:
        """Ids of the articles."""
        return frozenset(item.article.id for item in self.gold)

    @property
    def is_feed(self) -> bool:
        """Whether most events are told once."""
        times = Counter(item.story for item in self.gold)
        return sum(count == 1 for count in times.values()) > len(times) / 2


@dataclass(frozen=True, slots=True)
class EventScore:
    """Figures of a set: pairwise precision and recall, BCubed F1, F1 of pairs in two languages and of labelled pairs.

    `hard` is the share of pairs of two events of one group that are joined; not a number where there are none.
    """

    precision: float
    recall: float
    bcubed: float
    cross: float
    labelled: float
    hard: float

    def as_text(self) -> str:
        """Figures that say something, in words."""
        if self.labelled == self.labelled:
            return f"labelled pairs F1 {self.labelled:.3f}"
        parts = [f"pairwise P {self.precision:.3f} R {self.recall:.3f}", f"BCubed F1 {self.bcubed:.3f}"]
        parts += [f"in two languages F1 {self.cross:.3f}"] if self.cross == self.cross else []
        parts += [f"hard joined {self.hard:.2%}"] if self.hard == self.hard else []
        return ", ".join(parts)


def measure_set(
    gold: Sequence[Gold],
    encoder: Encoder,
    duplicates: Scorer,
    *,
    labels: Sequence[GoldPair] = (),
    workers: Workers = ALONE,
    progress: Progress | None = None,
) -> EventSet:
    """Measure the candidates of a set; where `labels` speak of its articles, they decide, and not its stories."""
    gold = list({content_hash(body_of(item.article)): item for item in reversed(gold)}.values())[::-1]
    settings = Settings(level=Level.STORY, neighbours=_NEIGHBOURS)
    read = prepare([item.article for item in gold], encoder, settings, workers=workers, progress=progress)
    ids = [item.article.id for item in gold]
    known = {frozenset((pair.left, pair.right)): pair.same for pair in labels}
    known = {pair: same for pair, same in known.items() if pair <= set(ids)}
    at = {name: position for position, name in enumerate(ids)}
    asked = sorted(sorted(at[name] for name in pair) for pair in known)
    candidates = read.neighbourhood.with_pairs(np.array(asked, np.int64).reshape(-1, 2)).candidates()
    measuring = Scorer(duplicates.weights, duplicates.threshold, _flat())
    verdicts = judge_pairs(read.match_input, candidates, measuring, workers=workers)
    left, right = candidates.left, candidates.right
    stories = np.array([item.story for item in gold])
    groups = np.array([item.group or item.article.id for item in gold])
    same, labelled = stories[left] == stories[right], np.ones(len(left), np.bool_)
    if known:
        told = [known.get(frozenset((ids[one], ids[other]))) for one, other in zip(left, right, strict=True)]
        same, labelled = np.array([bool(one) for one in told]), np.array([one is not None for one in told])
    days, empty = read.match_input.days, read.match_input.empty
    return EventSet(
        gold=gold,
        labels=[pair for pair in labels if frozenset((pair.left, pair.right)) in known],
        candidates=candidates,
        values=verdicts.events,
        apart=is_apart(verdicts.heads),
        copied=np.where(empty[left] | empty[right], NEVER, verdicts.copied),
        never=(np.abs(days[left] - days[right]) > STORY_DAYS) | empty[left] | empty[right],
        same=same,
        related=groups[left] == groups[right],
        labelled=labelled,
        opposed=opposed(read.match_input, candidates, verdicts),
    )


def _flat() -> EventScorer:
    """A model that says nothing, so that features are measured."""
    knots = dict.fromkeys(EVENT_FEATURES, ())
    return EventScorer(knots, np.zeros((len(EVENT_HEADS), len(EVENT_FEATURES))), np.full(len(EVENT_HEADS), NEVER))


def fit_events(sets: Sequence[EventSet], against: Sequence[EventSet] = ()) -> EventScorer:
    """Fit the curves to sets of events; of those in `against` no two stories are of one event."""
    rows = [_rows(one) for one in sets] + [_apart_rows(one) for one in against]
    values, apart, same, weight = (np.concatenate(column) for column in zip(*rows, strict=True))
    knots = _knots(np.concatenate([one.values for one in sets]))
    parts = segments(values, knots)
    literal = _columns_of(LITERAL_OF_EVENTS, knots)
    parts[np.ix_(apart, literal)] = 0
    fitted = fit_heads(parts, apart.astype(np.intp), same, weight, heads=len(EVENT_HEADS))
    fitted[1, :-1][literal] = 0  # in two languages there is nothing to see
    fitted[:, -1] -= _CAREFUL
    fitted = np.round(fitted, 4)
    return EventScorer(knots, fitted[:, :-1], fitted[:, -1])


_Rows = tuple[Floats, npt.NDArray[np.bool_], npt.NDArray[np.bool_], npt.NDArray[np.float64]]


def _rows(one: EventSet) -> _Rows:
    """Pairs of a set of events that the fit sees, and their weights."""
    used = np.flatnonzero(one.labelled & ~one.never & (one.copied < 0))
    same = one.same[used]
    weight = np.full(len(used), _WEIGHT / max(int(same.sum()), _FEWEST_SAME))
    weight[same] *= _MISSED
    if not one.labels:
        weight[~same] *= _TOLD_ONCE if one.is_feed else 1
        crowded = one.related[used] & ~same
        counts = (max(int(flags.sum()), _FEWEST_SAME) for flags in (crowded, same))
        weight[crowded] = _CROWDED * _WEIGHT / math.sqrt(math.prod(counts))
    return one.values[used], one.apart[used], same, weight


def _apart_rows(one: EventSet) -> _Rows:
    """Pairs of different stories of a set that holds no event."""
    used = np.flatnonzero(~one.same & ~one.never & (one.copied < 0))
    used = used[np.linspace(0, max(len(used) - 1, 0), min(len(used), _MOST_APART)).astype(np.intp)]
    weight = np.full(len(used), _APART_WEIGHT / max(len(used), _FEWEST_SAME))
    return one.values[used], one.apart[used], np.zeros(len(used), np.bool_), weight


def _knots(values: Floats) -> Knots:
    found = {}
    for name, column in zip(EVENT_FEATURES, values.T, strict=True):
        bends = np.unique(np.quantile(column, _KNOTS).astype(np.float64).round(_DIGITS))
        found[name] = [float(bend) for bend in bends if column.min() < bend < column.max()]
    return found


def _columns_of(names: Iterable[str], knots: Knots) -> npt.NDArray[np.bool_]:
    wanted = set(names)
    return np.array([name in wanted for name in EVENT_FEATURES for _ in range(len(knots[name]) + 1)], np.bool_)


def score_events(one: EventSet, scorer: EventScorer) -> EventScore:
    """Cluster the candidates of a set, and compare with its gold."""
    own = np.where(one.never, NEVER, scorer.log_odds(one.values, one.apart))
    cluster = partial(
        cluster_pairs,
        one.candidates.left,
        one.candidates.right,
        unknown=UNVERIFIED,
        key=lambda position: one.gold[position].article.id,
        certain=one.opposed,
    )
    versions = cluster(one.copied)
    log_odds, must = np.where(one.copied >= 0, one.copied, own), are_in_one(versions, one.candidates)
    groups = cluster(log_odds, must=must, reluctance=OF_EVENTS)
    of = {one.gold[member].article.id: number for number, group in enumerate(groups) for member in group}
    found = evaluate(one.gold, of, one.labels)
    every, across = found.scores[PairKind.ALL], found.scores[PairKind.CROSS_LINGUAL]
    hard = found.hard_negatives.get(PairKind.ALL)
    return EventScore(
        every.precision,
        every.recall,
        every.bcubed_f1,
        across.f1 if any(one.same & one.apart) else float("nan"),
        found.labelled_pairs[PairKind.ALL].f1 if one.labels else float("nan"),
        hard.rate if hard else float("nan"),
    )


@dataclass(frozen=True, slots=True, eq=False)
class EventCalibration:
    """A fitted scorer of events, what it was fitted to, and how each set fares, in the fit and left out of it."""

    scorer: EventScorer
    model: str
    against: Sequence[str]
    scores: Mapping[str, tuple[EventScore, EventScore]]

    def as_text(self) -> str:
        """Scores as text, two lines a set."""
        return "".join(
            f"{name}: {fitted.as_text()}\n{' ' * len(name)}  left out: {left_out.as_text()}\n"
            for name, (fitted, left_out) in self.scores.items()
        )

    def as_json(self) -> str:
        """The file that `load_scorer` reads."""
        origin = {"level": Level.STORY.value, "model": self.model, "sets": list(self.scores)}
        record = {**origin, "against": list(self.against), "threshold": 0.5, **self.scorer.as_record()}
        return json.dumps(record, indent=1) + "\n"


def calibrate_events(sets: Mapping[str, EventSet], against: Mapping[str, EventSet], *, model: str) -> EventCalibration:
    """Fit the scorer of events, and score each set in the fit and left out of it."""
    scorer = fit_events([*sets.values()], [*against.values()])
    scores = {}
    for name, one in sets.items():
        others = [other for other in sets.values() if not other.ids & one.ids]
        left_out = fit_events(others, [*against.values()]) if others else scorer
        scores[name] = score_events(one, scorer), score_events(one, left_out)
    return EventCalibration(scorer, model, list(against), scores)


def count_sets(paths: Sequence[Path]) -> Rarity:
    """Count words, names and numbers of gold sets and archives, one article a story."""
    return count_rarity(text for path in paths for text in _texts_of(path))


def _read(path: Path) -> Sequence[Gold]:
    """Gold articles, or those of an archive, each a story of its own."""
    try:
        return read_gold(path)
    except ReadError:
        return read_articles(path)


def _texts_of(path: Path) -> Iterator[Counted]:
    """Articles of a set, one a story and language."""
    by_story: dict[tuple[str, str], Gold] = {}
    for item in _read(path):
        by_story.setdefault((item.story, item.language), item)
    chosen = sorted(by_story.values(), key=lambda item: item.story)
    chosen = chosen[:: -(-len(chosen) // _OF_RARITY)]
    bodies = [body_of(item.article) for item in chosen]
    keys, counts = literal_keys([sentences(body) for body in bodies]).words
    words = np.split(keys, np.cumsum(counts)[:-1])
    counted = set[str]()
    for item, body, of_text, language in zip(chosen, bodies, words, detect_languages(bodies), strict=True):
        facts = extract_facts(body, language.code)
        names = [name_key(name) for name in facts.names]
        yield Counted(language.code, of_text.tolist(), names, facts.numbers, item.story in counted)
        counted.add(item.story)
