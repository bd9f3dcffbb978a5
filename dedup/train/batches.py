"""Batches of translation pairs: sentences and pseudo-documents, in groups of one language and often one source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from dedup.train.run import Stage, TrainSettings

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Ragged:
    """Token ids of many segments: segment i is `ids[offsets[i]:offsets[i + 1]]`."""

    ids: npt.NDArray[np.int32]
    offsets: npt.NDArray[np.int64]

    def lengths(self) -> Ints:
        return np.diff(self.offsets)

    def gather(self, segments: Ints) -> tuple[Ints, Ints]:
        """Ids of the segments one after another, and how many each has."""
        starts = self.offsets[segments]
        lengths = self.offsets[segments + 1] - starts
        total = np.cumsum(lengths)
        positions = np.arange(total[-1] if len(total) else 0) + np.repeat(starts - total + lengths, lengths)
        return self.ids[positions].astype(np.int64), lengths


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One language: its segments ordered by source, the English line of each, and sampling weights."""

    tokens: Ragged
    lines: npt.NDArray[np.int32]
    order: Ints
    bounds: Ints
    heights: npt.NDArray[np.float64]
    position: npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Pairs of bags: the ids of left then right bags, where each starts, one key a pair, and their loss' temperature.

    Two pairs with the same key hold the same English line and must not be each other's negatives.
    """

    ids: Ints
    starts: Ints
    keys: Ints
    temperature: float

    @property
    def pairs(self) -> int:
        return len(self.keys)


def make_side(
    tokens: Ragged,
    lines: npt.NDArray[np.int32],
    sources: npt.NDArray[np.int16],
    source_weights: npt.NDArray[np.float64],
    n_lines: int,
) -> Side:
    """Prepare sampling: a segment weighs its source's weight times its length up to 24 tokens."""
    order = np.argsort(sources, kind="stable")
    lengths = np.minimum(tokens.lengths(), 24)
    weights = (source_weights[sources] * lengths)[order]
    kinds = sources[order]
    bounds = np.flatnonzero(np.r_[True, kinds[1:] != kinds[:-1], True])
    position = np.full(n_lines, -1, np.int32)
    position[lines[::-1]] = np.arange(len(lines) - 1, -1, -1)
    return Side(tokens, lines, order, bounds, np.r_[0.0, np.cumsum(weights)], position)


class Sampler:
    """Draws the batches of a stage; the same seed and step give the same batch."""

    def __init__(self, english: Ragged, sides: dict[str, Side], settings: TrainSettings, stage: Stage) -> None:
        self.english, self.sides, self.settings, self.stage = english, sides, settings, stage
        self.names = list(sides)
        totals = np.array([side.heights[-1] for side in sides.values()]) ** stage.evenness
        self.shares = totals / totals.sum()
        self.size = settings.pairs // settings.groups

    def draw(self, step: int) -> Batch:
        """The batch of a step."""
        rng = np.random.default_rng((self.settings.seed, step))
        documents = rng.random() < self.stage.documents
        groups = [self._group(rng, documents) for _ in range(self.settings.groups)]
        bags = [part for side in (0, 1) for group in groups for part in np.split(group[side], group[2 + side])]
        keys = np.concatenate([group[4] for group in groups])
        bags = _swapped(bags, rng)
        if documents:
            return _batch(bags, keys, self.stage.document_temperature)
        return _batch([_thinned(bag, self.stage.token_dropout, rng) for bag in bags], keys, self.stage.temperature)

    def _group(self, rng: np.random.Generator, documents: bool) -> tuple[Ints, Ints, Ints, Ints, Ints]:
        """Ids of the left bags, of the right bags, where each is cut into bags, and the keys."""
        name = self.names[rng.choice(len(self.names), p=self.shares)]
        side = self.sides[name]
        counts = np.ones(self.size, np.int64)
        if documents:
            counts = rng.integers(2, self.stage.longest + 1, self.size)
        segments = self._segments(rng, side, int(counts.sum()))
        lines = side.lines[segments].astype(np.int64)
        right, right_rows = self.english, lines
        if rng.random() < self.settings.other:
            right, right_rows, kept = self._other_side(rng, name, lines)
            counts = counts[np.cumsum(counts) <= len(kept)]
            kept = kept[: counts.sum()]
            segments, lines, right_rows = segments[kept], lines[kept], right_rows[: counts.sum()]
        ends = np.cumsum(counts)
        left_ids, left_lengths = side.tokens.gather(segments)
        right_ids, right_lengths = right.gather(right_rows)
        left_cuts, right_cuts = np.cumsum(left_lengths)[ends - 1][:-1], np.cumsum(right_lengths)[ends - 1][:-1]
        return left_ids, right_ids, left_cuts, right_cuts, lines[ends - counts]

    def _segments(self, rng: np.random.Generator, side: Side, n: int) -> Ints:
        """Segments drawn by weight, from one source or from all."""
        low, high = 0.0, side.heights[-1]
        if rng.random() < self.settings.one_source:
            point = np.searchsorted(side.heights, rng.random() * high, "right") - 1
            block = np.searchsorted(side.bounds, point, "right") - 1
            first, last = side.bounds[block], side.bounds[block + 1]
            if last - first >= 4 * self.size:
                low, high = side.heights[first], side.heights[last]
        points = np.searchsorted(side.heights, low + rng.random(n) * (high - low), "right") - 1
        segments: Ints = side.order[np.minimum(points, len(side.order) - 1)]
        return segments

    def _other_side(self, rng: np.random.Generator, name: str, lines: Ints) -> tuple[Ragged, Ints, Ints]:
        """Of three languages the one that has most of these lines: its segments, the rows, the lines' positions.

        English where none has a third of them.
        """
        best, rows = self.english, lines
        kept = np.zeros(0, np.int64)
        for other in rng.choice(len(self.names), 3, p=self.shares):
            side = self.sides[self.names[other]]
            found = np.flatnonzero(side.position[lines] >= 0)
            if self.names[other] != name and len(found) > len(kept):
                best, rows, kept = side.tokens, side.position[lines[found]].astype(np.int64), found
        if len(kept) < len(lines) / 3:
            return self.english, lines, np.arange(len(lines))
        return best, rows, kept


def _swapped(bags: list[Ints], rng: np.random.Generator) -> list[Ints]:
    """Left bags, then right ones, changed in half of the pairs.

    Each bag thereby meets other pairs' bags of its own language too: the language is no shortcut.
    """
    n = len(bags) // 2
    swap = rng.random(n) < 0.5
    rows = np.arange(n)
    return [bags[i] for i in np.r_[rows + n * swap, rows + n * ~swap]]


def _thinned(bag: Ints, dropout: float, rng: np.random.Generator) -> Ints:
    """The bag without some of its tokens, but for one at least."""
    kept = bag[rng.random(len(bag)) >= dropout] if dropout else bag
    return kept if len(kept) else bag[:1]


def _batch(bags: list[Ints], keys: Ints, temperature: float) -> Batch:
    lengths = np.array([len(bag) for bag in bags])
    return Batch(np.concatenate(bags), np.cumsum(lengths) - lengths, keys, temperature)
