"""Gold events → the scorer of reports of one event, and the table of rarity that it reads.

A set counts by its pairs as a scan finds them, so that a wrong join costs as much as a missed one: most candidates are
other events. Pairs that are copies or translations, which the scorer of duplicates joins whatever this one says, are
left out. Different events count more in a feed, in which most are told once, and most in one group, a crowded topic.
What a set gives left out of the fit is told beside it; sets that share articles are left out together. So is, where
asked for, what its stories give that the fit has not seen, while it has seen others of the set.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dedup.arrays import Floats
from dedup.clustering.average_linkage import OF_EVENTS, UNVERIFIED, cluster_pairs
from dedup.clustering.linked_pairs import linked_groups
from dedup.clustering.outcome import are_in_one
from dedup.datatypes import Level
from dedup.errors import ReadError
from dedup.evaluation.event_sets import EventSet
from dedup.evaluation.gold import Gold, read_articles, read_gold
from dedup.evaluation.logistic import fit_heads
from dedup.evaluation.metrics import PairKind, evaluate
from dedup.language.as_read import body_of
from dedup.language.detect import detect_languages
from dedup.language.sentences import sentences
from dedup.matching.event_features import closeness_in_time
from dedup.matching.event_scorer import (
    EVENT_FEATURES,
    EVENT_HEADS,
    OF_ONE_LANGUAGE,
    OF_TRANSLATIONS,
    EventScorer,
    Knots,
    segments,
)
from dedup.matching.facts import extract_facts
from dedup.matching.facts.compare import name_key
from dedup.matching.literal import literal_keys
from dedup.matching.rarity import Counted, Rarity, count_rarity
from dedup.matching.verify import NEVER

_WEIGHT, _FEWEST_SAME = 100.0, 60  # of the same pairs of a set, and how many count in full
_MISSED = 1.5  # times that a pair of one event counts: what is missed as single pairs is missed in clusters once more
_TOLD_ONCE = 4.0  # times that a pair of two events counts in a feed, where most events are told once
_CROWDED = 18.0  # weight of all pairs of two events of one group of a set, where that of the same pairs is 1
_APART_WEIGHT, _MOST_APART = 18.0, 6000  # of all pairs of a set that holds no event, and how many it gives
_PRIOR = 0.8  # log-odds added: an event that falls apart costs more than the weights of single pairs say
_KNOTS = (0.3, 0.6, 0.85, 0.95)  # quantiles of a feature at which its curve may bend
_BENDS_OF_DAYS = (6, 3, 2, 1)  # days between publication at which that curve may bend
_DIGITS = 3

_OF_RARITY = 3000  # articles of a set that are counted at the most


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


def fit_events(sets: Sequence[EventSet], against: Sequence[EventSet] = ()) -> EventScorer:
    """Fit the curves to sets of events; of those in `against` no two stories are of one event."""
    rows = [_rows(way, share) for one in sets for share, way in one.ways()] + [_apart_rows(one) for one in against]
    values, apart, same, weight = (np.concatenate(column) for column in zip(*rows, strict=True))
    knots = _knots(*(np.concatenate(column) for column in zip(*((one.values, one.apart) for one in sets), strict=True)))
    parts = segments(values, knots)
    silent = [_columns_of(names, knots) for names in (OF_TRANSLATIONS, OF_ONE_LANGUAGE)]  # in one language, in two
    for head, nothing in enumerate(silent):
        parts[np.ix_(apart == bool(head), nothing)] = 0
    fitted = fit_heads(parts, apart.astype(np.intp), same, weight, heads=len(EVENT_HEADS))
    for head, nothing in enumerate(silent):
        fitted[head, :-1][nothing] = 0  # as in parts, where what all heads have in common would leave something
    fitted[:, -1] += _PRIOR
    fitted = np.round(fitted, 4)
    return EventScorer(knots, fitted[:, :-1], fitted[:, -1])


_Rows = tuple[Floats, npt.NDArray[np.bool_], npt.NDArray[np.bool_], npt.NDArray[np.float64]]


def _rows(one: EventSet, share: float) -> _Rows:
    """Pairs of a set of events that the fit sees, and their weights."""
    used = np.flatnonzero(one.labelled & ~one.never & (one.copied < 0))
    same = one.same[used]
    weight = np.full(len(used), share * _WEIGHT / max(int(same.sum()), _FEWEST_SAME))
    weight[same] *= _MISSED
    if not one.labels:
        weight[~same] *= _TOLD_ONCE if one.is_feed else 1
        crowded = one.related[used] & ~same
        counts = (max(int(flags.sum()), _FEWEST_SAME) for flags in (crowded, same))
        weight[crowded] = share * _CROWDED * _WEIGHT / math.sqrt(math.prod(counts))
    return one.values[used], one.apart[used], same, weight


def _apart_rows(one: EventSet) -> _Rows:
    """Pairs of different stories of a set that holds no event."""
    used = np.flatnonzero(~one.same & ~one.never & (one.copied < 0))
    used = used[np.linspace(0, max(len(used) - 1, 0), min(len(used), _MOST_APART)).astype(np.intp)]
    weight = np.full(len(used), _APART_WEIGHT / max(len(used), _FEWEST_SAME))
    return one.values[used], one.apart[used], np.zeros(len(used), np.bool_), weight


def _knots(values: Floats, apart: npt.NDArray[np.bool_]) -> Knots:
    """Values at which curves may bend: quantiles of a feature among the pairs that can have it."""
    found = {}
    days = closeness_in_time(np.array(_BENDS_OF_DAYS, np.float32))
    for name, every in zip(EVENT_FEATURES, values.T, strict=True):
        column = every[apart] if name in OF_TRANSLATIONS and apart.any() else every
        bends = days if name == "published" else np.unique(np.quantile(column, _KNOTS).astype(np.float64))
        bends = np.unique(bends.round(_DIGITS))
        found[name] = [float(bend) for bend in bends if column.min() < bend < column.max()]
    return found


def _columns_of(names: Iterable[str], knots: Knots) -> npt.NDArray[np.bool_]:
    wanted = set(names)
    return np.array([name in wanted for name in EVENT_FEATURES for _ in range(len(knots[name]) + 1)], np.bool_)


def score_events(one: EventSet, log_odds: npt.NDArray[np.float64]) -> EventScore:
    """Cluster the candidates of a set, of these log-odds of being of one event, and compare with its gold."""
    own = np.where(one.never, NEVER, log_odds)
    cluster = partial(
        cluster_pairs,
        one.candidates.left,
        one.candidates.right,
        unknown=UNVERIFIED,
        key=lambda position: one.gold[position].article.id,
        certain=one.opposed,
    )
    versions = cluster(one.copied)
    own, must = np.where(one.copied >= 0, one.copied, own), are_in_one(versions, one.candidates)
    groups = cluster(own, must=must, reluctance=OF_EVENTS)
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


@dataclass(frozen=True, slots=True)
class SetScores:
    """Figures of a set: in the fit, by fits that saw other stories of it alone, if there are some, and left out."""

    fitted: EventScore
    others: EventScore | None
    left_out: EventScore


@dataclass(frozen=True, slots=True, eq=False)
class EventCalibration:
    """A fitted scorer of events, what it was fitted to, and how each set fares."""

    scorer: EventScorer
    model: str
    against: Sequence[str]
    scores: Mapping[str, SetScores]

    def as_text(self) -> str:
        """Scores as text, two or three lines a set."""
        return "".join(
            f"{name}: {scores.fitted.as_text()}\n"
            + (f"  other stories: {scores.others.as_text()}\n" if scores.others else "")
            + f"  left out: {scores.left_out.as_text()}\n"
            for name, scores in self.scores.items()
        )

    def as_json(self) -> str:
        """The file that `load_scorer` reads."""
        origin = {"level": Level.STORY.value, "model": self.model, "sets": list(self.scores)}
        record = {**origin, "against": list(self.against), "threshold": 0.5, **self.scorer.as_record()}
        return json.dumps(record, indent=1) + "\n"


def calibrate_events(
    sets: Mapping[str, EventSet], against: Mapping[str, EventSet], *, model: str, folds: int | None = None
) -> EventCalibration:
    """Fit the scorer of events, and score each set in the fit and left out of it.

    With `folds`, at least 2, the stories are dealt to as many parts, and each is judged by a fit to all others.
    """
    apart = [*against.values()]
    scorer = fit_events([*sets.values()], apart)
    unseen = _unseen_log_odds(sets, apart, folds) if folds else {}
    scores = {}
    for name, one in sets.items():
        others = [other for other in sets.values() if not other.ids & one.ids]
        left_out = fit_events(others, apart) if others else scorer
        scores[name] = SetScores(
            score_events(one, scorer.log_odds(one.values, one.apart)),
            score_events(one, unseen[name]) if folds else None,
            score_events(one, left_out.log_odds(one.values, one.apart)),
        )
    return EventCalibration(scorer, model, list(against), scores)


def _unseen_log_odds(
    sets: Mapping[str, EventSet], against: Sequence[EventSet], folds: int
) -> dict[str, npt.NDArray[np.float64]]:
    """Log-odds of each set's pairs by fits that have not seen them: of a pair of two parts, the mean of two fits."""
    part_of = _dealt([*sets.values()], folds)
    parts = {name: np.array([part_of[item.article.id] for item in one.gold]) for name, one in sets.items()}
    total = {name: np.zeros(len(one.candidates)) for name, one in sets.items()}
    for part in range(folds):
        scorer = fit_events([one.among(parts[name] != part) for name, one in sets.items()], against)
        for name, one in sets.items():
            ends = parts[name][one.candidates.left] == part, parts[name][one.candidates.right] == part
            total[name] += scorer.log_odds(one.values, one.apart) * (ends[0] * 0.5 + ends[1] * 0.5)
    return total


def _dealt(sets: Sequence[EventSet], folds: int) -> dict[str, int]:
    """Part of each article, by id: those of one story or labelled pair, in whichever set, are in one part."""
    links = [(item.article.id, f"{number} {item.story}") for number, one in enumerate(sets) for item in one.gold]
    links += [(pair.left, pair.right) for one in sets for pair in one.labels]
    names = sorted({name for link in links for name in link})
    number_of = {name: number for number, name in enumerate(names)}
    groups = linked_groups((number_of[one], number_of[other]) for one, other in links)
    order = np.random.default_rng(0).permutation(len(groups)).tolist()
    return {names[member]: order[at] % folds for at, group in enumerate(groups) for member in group}


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
