"""Gold events → pairs and what is measured of them, seen in more ways than one.

A set with dates is seen as it is, as a dense feed, and without dates: each event keeps the days between its reports and
is moved to a day within two weeks, so that to be of one day says no more than it does in a feed, and the curves of
words and names are not left to days where there are some.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from dedup.arrays import Floats
from dedup.clustering.linked_pairs import opposed
from dedup.datatypes import Candidates, Level, Progress, Settings
from dedup.embedding.encoder import Encoder
from dedup.evaluation.gold import Gold, GoldPair
from dedup.language.as_read import body_of
from dedup.language.text import content_hash
from dedup.matching.event_features import closeness_in_time, place
from dedup.matching.event_scorer import EVENT_FEATURES, EVENT_HEADS, EventScorer
from dedup.matching.features import is_apart
from dedup.matching.prepare import prepare
from dedup.matching.scorer import Scorer
from dedup.matching.verify import NEVER, STORY_DAYS, judge_pairs
from dedup.runtime.workers import ALONE, Workers

_NEIGHBOURS = 40  # candidates of an article that a fit sees
_WAYS = 0.6, 0.2, 0.2  # weights of a dated set as it is, as a dense feed, and without dates
_DENSE = 14  # days in which all events of a dense feed begin

_Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class EventSet:
    """Candidates of a gold set, measured.

    days : ndarray of shape (n,), float32, day of publication of each article; not a number where unknown
    values : ndarray of shape (m, len(EVENT_FEATURES)), float32
    apart : ndarray of shape (m,), bool, whether the two are in two languages
    copied : ndarray of shape (m,), float64, log-odds of being one article; `NEVER` where one of the two has no text
    same, related, labelled : ndarray of shape (m,), bool
        Whether they are of one event, of one group, and whether people say so of this pair, or of the set's stories.
    opposed : ndarray of shape (m,), bool, whether the pair may forbid a join
    """

    gold: Sequence[Gold]
    labels: Sequence[GoldPair]
    days: npt.NDArray[np.float32]
    candidates: Candidates
    values: Floats
    apart: _Flags
    copied: npt.NDArray[np.float64]
    same: _Flags
    related: _Flags
    labelled: _Flags
    opposed: _Flags

    @property
    def ids(self) -> frozenset[str]:
        """Ids of the articles."""
        return frozenset(item.article.id for item in self.gold)

    @property
    def is_feed(self) -> bool:
        """Whether most events are told once."""
        times = Counter(item.story for item in self.gold)
        return sum(count == 1 for count in times.values()) > len(times) / 2

    @property
    def never(self) -> _Flags:
        """Whether two cannot be reports of one event, by their dates or because one has no text: shape (m,)."""
        apart = np.abs(self.days[self.candidates.left] - self.days[self.candidates.right])
        return np.asarray((apart > STORY_DAYS) | (self.copied == NEVER), np.bool_)

    def among(self, chosen: _Flags) -> EventSet:
        """The set of some of its articles alone; `chosen` of shape (n,)."""
        one, other = self.candidates.left, self.candidates.right
        kept = chosen[one] & chosen[other]
        number = np.cumsum(chosen) - 1
        gold = [item for item, is_chosen in zip(self.gold, chosen.tolist(), strict=True) if is_chosen]
        ids = {item.article.id for item in gold}
        return EventSet(
            gold=gold,
            labels=[pair for pair in self.labels if pair.left in ids and pair.right in ids],
            days=self.days[chosen],
            candidates=Candidates(number[one[kept]], number[other[kept]], self.candidates.similarity[kept]),
            values=self.values[kept],
            apart=self.apart[kept],
            copied=self.copied[kept],
            same=self.same[kept],
            related=self.related[kept],
            labelled=self.labelled[kept],
            opposed=self.opposed[kept],
        )

    def ways(self) -> Iterator[tuple[float, EventSet]]:
        """The forms in which a fit sees the set, with their weights."""
        if np.isnan(self.days).all():
            yield 1.0, self
            return
        unknown = np.full(len(self.days), np.nan, np.float32)
        yield from zip(_WAYS, (self, self.on(self._dense_days()), self.on(unknown)), strict=True)

    def on(self, days: npt.NDArray[np.float32]) -> EventSet:
        """The set published on other days, of shape (n,)."""
        values = self.values.copy()
        apart = np.abs(days[self.candidates.left] - days[self.candidates.right])
        values[:, place("published")] = closeness_in_time(apart)
        return replace(self, days=days, values=values)

    def _dense_days(self) -> npt.NDArray[np.float32]:
        """Days of which each event keeps those between its reports, and begins on one of a few."""
        generator = np.random.default_rng(0)
        stories, event = np.unique([item.story for item in self.gold], return_inverse=True)
        first = np.full(len(stories), np.inf)
        np.fmin.at(first, event, self.days)
        begin = generator.integers(0, _DENSE, len(stories))
        return np.asarray(self.days - first[event] + begin[event], np.float32)


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
    empty = read.match_input.empty
    return EventSet(
        gold=gold,
        labels=[pair for pair in labels if frozenset((pair.left, pair.right)) in known],
        days=read.match_input.days,
        candidates=candidates,
        values=verdicts.events,
        apart=is_apart(verdicts.heads),
        copied=np.where(empty[left] | empty[right], NEVER, verdicts.copied),
        same=same,
        related=groups[left] == groups[right],
        labelled=labelled,
        opposed=opposed(read.match_input, candidates, verdicts),
    )


def _flat() -> EventScorer:
    """A model that says nothing, so that features are measured."""
    knots = dict.fromkeys(EVENT_FEATURES, ())
    return EventScorer(knots, np.zeros((len(EVENT_HEADS), len(EVENT_FEATURES))), np.full(len(EVENT_HEADS), NEVER))
