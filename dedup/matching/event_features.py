"""Features of two independent reports of one event, measured where other reports of an event are wanted.

Two reports of one event share who, where, when and how many at the top, in whatever words and language; two reports on
one topic share the topic. So rare names, numbers and words count for more than common ones (see `rarity`), the lead for
more than the rest, and days between the two against it. A pair alone decides, and each feature is 0 where nothing is
stated; each is oriented so that more means likelier one event.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dedup.arrays import Floats, Positions, rows_of
from dedup.matching.event_scorer import EVENT_FEATURES, OF_TRANSLATIONS, OF_WORDS, TAKEN_OVER
from dedup.matching.facts import Facts, days_apart
from dedup.matching.facts.compare import name_key
from dedup.matching.features import PairBlock, StoredTexts, columns, is_apart
from dedup.matching.lexicon import compare_reports, load_lexicon
from dedup.matching.rarity import Rarity, load_rarity
from dedup.matching.sentence_store import Passages

_SENTENCES = ("facing", "headline_facing", "closest")
_FACTS = ("dated", "rare_names", "lead_names", "lead_numbers", "rare_numbers")

_EVEN_DAYS = 3.0  # days between two reports that speak neither for nor against one event, and one more
_MOST_DAYS = 30
_FIRST = 6  # sentences, names or numbers at the top of a report
_CLOSEST = 3
_STATED = 3.0  # rarity of names that any two texts are taken to share, of twice as much that they state
_NEUTRAL = 0.5
_HEADLINE = (
    15.0  # rarity of words that any headline is taken to have more, and the other text not: two words tell little
)


def place(name: str) -> int:
    """Column of a feature of events."""
    return EVENT_FEATURES.index(name)


def measure_events(texts: StoredTexts, block: PairBlock) -> Floats:
    """Measure pairs whose other features are known: ndarray of shape (m, len(EVENT_FEATURES)), float32."""
    found = np.zeros((len(block), len(EVENT_FEATURES)), np.float32)
    if not len(block):
        return found
    found[:, : len(TAKEN_OVER)] = block.features[:, columns(TAKEN_OVER)]
    found[:, place("published")] = closeness_in_time(block.days)
    articles, numbers = np.unique(np.concatenate([block.left, block.right]), return_inverse=True)
    left, right = numbers[: len(block)], numbers[len(block) :]
    rarity = load_rarity()
    together = np.flatnonzero(~is_apart(block.heads()))
    of_words = _WeighedWords.of(texts, articles, rarity)
    found[together[:, None], [place(name) for name in OF_WORDS]] = of_words.compare(left[together], right[together])
    apart = np.flatnonzero(is_apart(block.heads()))
    if len(apart):
        translated = compare_reports(
            texts.literal, block.left[apart], block.right[apart], block.codes[apart], load_lexicon()
        )
        found[apart[:, None], [place(name) for name in OF_TRANSLATIONS]] = translated
    passages = texts.passages.take(articles)
    found[:, [place(name) for name in _SENTENCES]] = _compare_sentences(passages, left, right)
    stated = [_Stated.of(facts, rarity) for facts in texts.facts.take(articles)]
    pairs = zip(left.tolist(), right.tolist(), strict=True)
    found[:, [place(name) for name in _FACTS]] = [stated[one].compare(stated[other]) for one, other in pairs]
    return found


def closeness_in_time(days: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Closeness from 1.1 on one day to -2.3 a month apart, and 0 where it is not known."""
    apart = np.minimum(np.nan_to_num(days.astype(np.float64), nan=_EVEN_DAYS - 1), _MOST_DAYS)
    return np.asarray(math.log(_EVEN_DAYS) - np.log1p(apart), np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class _Keys:
    """Ascending keys of texts, one text behind the other, and the rarity of each."""

    keys: npt.NDArray[np.uint32]
    starts: Positions
    rarity: npt.NDArray[np.float64]

    @classmethod
    def of(cls, keys: npt.NDArray[np.uint32], starts: Positions, rarity: Rarity) -> _Keys:
        return cls(keys, starts, rarity.of_words(keys))

    def coded(self) -> npt.NDArray[np.int64]:
        """Keys with the number of their text before them: ascending."""
        of_text = np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))
        return np.append((of_text << 32) | self.keys, np.int64(1) << 62)

    def sums(self, one: Positions) -> npt.NDArray[np.float64]:
        """Rarity of all keys of texts."""
        return self.totals(self.rarity)[one]

    def totals(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Sum of a value a key over each text."""
        texts = len(self.starts) - 1
        of_text = np.repeat(np.arange(texts), np.diff(self.starts))
        return np.asarray(np.bincount(of_text, values, texts), np.float64)

    def met(self, one: Positions, known: npt.NDArray[np.int64], other: Positions) -> tuple[Positions, Positions]:
        """Pairs, and rows of keys of text ``one[i]`` that are among the known ones of text ``other[i]``."""
        rows, _, lengths = rows_of(self.starts, one)
        pair = np.repeat(np.arange(len(one)), lengths)
        wanted = (other[pair] << 32) | self.keys[rows]
        found = known[np.searchsorted(known, wanted)] == wanted
        return pair[found], rows[found]


@dataclass(frozen=True, slots=True, eq=False)
class _WeighedWords:
    """Words of texts, of their leads and of their headlines."""

    words: _Keys
    lead: _Keys
    headline: _Keys

    @classmethod
    def of(cls, texts: StoredTexts, articles: Positions, rarity: Rarity) -> _WeighedWords:
        stored = texts.literal
        headline, starts = stored.headline.take(articles)
        return cls(
            _Keys.of(*stored.words.take(articles), rarity),
            _Keys.of(*stored.lead.take(articles), rarity),
            _Keys.of(headline >> np.uint32(1), starts, rarity),
        )

    def compare(self, left: Positions, right: Positions) -> npt.NDArray[np.float64]:
        """Columns of `OF_WORDS`."""
        known = self.words.coded()
        squares = np.square(self.words.rarity)
        pair, rows = self.words.met(left, known, right)
        shared = np.bincount(pair, squares[rows], len(left))
        lengths = np.sqrt(self.words.totals(squares))
        cosine = shared / np.maximum(lengths[left] * lengths[right], 1e-9)
        leads = [_covered(self.lead, *sides, known) for sides in ((left, right), (right, left))]
        headlines = [_covered(self.headline, *sides, known, _HEADLINE) for sides in ((left, right), (right, left))]
        return np.stack([cosine, (leads[0] + leads[1]) / 2, np.minimum(*headlines)], axis=1)


def _covered(
    keys: _Keys, one: Positions, other: Positions, known: npt.NDArray[np.int64], more: float = 1e-9
) -> npt.NDArray[np.float64]:
    """Share of the rarity of one side's keys, and of `more`, that the other side has; 0 where there are none."""
    pair, rows = keys.met(one, known, other)
    return np.bincount(pair, keys.rarity[rows], len(one)) / (keys.sums(one) + more)


def _compare_sentences(passages: Passages, left: Positions, right: Positions) -> Floats:
    """Columns of `_SENTENCES`."""
    counted = [
        passages.starts[at] + np.flatnonzero(passages.scales[passages.of(at)] > 0)
        for at in range(len(passages.starts) - 1)
    ]
    found = np.zeros((len(left), len(_SENTENCES)), np.float32)
    for at, (one, other) in enumerate(zip(left.tolist(), right.tolist(), strict=True)):
        rows, others = counted[one], counted[other]
        if len(rows) and len(others):
            scale = passages.scales[rows][:, None] * passages.scales[others]
            found[at] = _facing(
                passages.vectors[rows] @ passages.vectors[others].T * scale,
                passages.weights[rows],
                passages.weights[others],
            )
    return found


def _facing(table: Floats, weights: Floats, others: Floats) -> tuple[float, float, float]:
    """Mean cosine of the less similar text, cosine of the headlines, and mean of the closest three."""
    best, best_of_others = table.max(axis=1), table.max(axis=0)
    mean = float((best * weights).sum() / weights.sum())
    mean_of_others = float((best_of_others * others).sum() / others.sum())
    closest = [float(np.sort(side)[-_CLOSEST:].mean()) for side in (best, best_of_others)]
    headline = max(float(table[0, :_FIRST].max()), float(table[:_FIRST, 0].max()))
    return min(mean, mean_of_others), headline, (closest[0] + closest[1]) / 2


@dataclass(frozen=True, slots=True, eq=False)
class _Stated:
    """Names and numbers of one text in order, with their rarity.

    names : dict of str to float, the sounds of names and their rarity
    known : frozenset of str, what names of another text may meet
    total : float, rarity of all names
    numbers : dict of str to float
    telling : tuple of str, numbers that are neither a year nor a digit
    dates : tuple of str
    """

    names: dict[str, float]
    known: frozenset[str]
    total: float
    numbers: dict[str, float]
    telling: tuple[str, ...]
    dates: tuple[str, ...]

    @classmethod
    def of(cls, facts: Facts, rarity: Rarity) -> _Stated:
        names = {sound: rarity.of_name(sound) for sound in map(name_key, facts.names)}
        numbers = {number: rarity.of_number(number) for number in facts.numbers}
        telling = tuple([number for number in numbers if len(number) > 1 and not _is_year(number)])
        known = frozenset(names).union(facts.hints)
        return cls(names, known, sum(names.values()), numbers, telling, facts.dates)

    def compare(self, other: _Stated) -> tuple[float, ...]:
        """Columns of `_FACTS`."""
        days = days_apart(self.dates, other.dates)
        dated = 0.0 if math.isnan(days) else math.log(_EVEN_DAYS) - math.log1p(min(days, _MOST_DAYS))
        share = min(self._named(other), other._named(self))
        rare = (self._rare(other) + other._rare(self)) / 2
        lead = {*filter(other.numbers.__contains__, self.telling[:_FIRST])}
        lead.update(filter(self.numbers.__contains__, other.telling[:_FIRST]))
        common = sum(self.numbers[number] for number in sorted(self.numbers.keys() & other.numbers.keys()))
        return dated, rare - _NEUTRAL, share - _NEUTRAL, math.log1p(len(lead)), math.log1p(common)

    def _named(self, other: _Stated) -> float:
        first = list(self.names)[:_FIRST]
        return sum(sound in other.known for sound in first) / len(first) if first else _NEUTRAL

    def _rare(self, other: _Stated) -> float:
        met = sum([rarity for sound, rarity in self.names.items() if sound in other.known])
        return (met + _STATED) / (self.total + 2 * _STATED)


def _is_year(number: str) -> bool:
    return len(number) == len("2026") and number[0] in "12"
