"""Batches of translation pairs: sentences and pseudo-documents, in groups of one language and often one source.

Segments, lines and weights lie on the device that trains, and a batch is drawn there, all its pairs at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import torch

    from dedup.training.settings import Stage, TrainSettings

Ints = npt.NDArray[np.int64]

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Ragged:
    """Token ids of many segments, concatenated: segment i is `ids[offsets[i]:offsets[i + 1]]`."""

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
    """Segments of one language ordered by source, the English line of each, and sampling weights."""

    tokens: Ragged
    lines: npt.NDArray[np.int32]
    order: Ints
    bounds: Ints
    heights: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Pairs of bags: the ids of left then right bags, where each starts, one key a pair, and their loss' temperature.

    Two pairs with the same key hold the same English line and must not be each other's negatives. All tensors are of
    int64.
    """

    ids: torch.Tensor
    starts: torch.Tensor
    keys: torch.Tensor
    temperature: float

    @property
    def pairs(self) -> int:
        return len(self.keys)


def make_side(
    tokens: Ragged,
    lines: npt.NDArray[np.int32],
    sources: npt.NDArray[np.int16],
    source_weights: npt.NDArray[np.float64],
) -> Side:
    """Prepare sampling of a language: a segment weighs its source's weight times its length up to 24 tokens."""
    order = np.argsort(sources, kind="stable")
    lengths = np.minimum(tokens.lengths(), 24)
    weights = (source_weights[sources] * lengths)[order]
    kinds = sources[order]
    bounds = np.flatnonzero(np.r_[True, kinds[1:] != kinds[:-1], True])
    return Side(tokens, lines, order, bounds, np.r_[0.0, np.cumsum(weights)])


class Segments:
    """Corpus on one device: English lines first, then the segments of each language in turn.

    Parameters
    ----------
    english : Ragged
        The English lines.
    sides : dict of str to Side
        The other languages.
    device : str
        Device of torch that holds them.
    """

    def __init__(self, english: Ragged, sides: dict[str, Side], device: str) -> None:
        import torch

        self.sides, self.device = list(sides.values()), device
        texts = [english, *(side.tokens for side in self.sides)]
        sizes = [len(text.offsets) - 1 for text in texts]
        firsts = np.cumsum([0, *sizes[:-1]])
        tokens = np.cumsum([0, *(len(text.ids) for text in texts)])
        self.bases = np.cumsum([0.0, *(side.heights[-1] for side in self.sides)])

        def put(*parts: npt.NDArray[np.generic]) -> torch.Tensor:
            return torch.from_numpy(np.concatenate(parts)).to(device)

        self.ids = put(*(text.ids for text in texts))
        self.offsets = put(
            *(text.offsets[:-1] + start for text, start in zip(texts, tokens, strict=False)), tokens[-1:]
        )
        self.heights = put(
            *(side.heights[:-1] + base for side, base in zip(self.sides, self.bases, strict=False)), self.bases[-1:]
        )
        placed = list(zip(self.sides, firsts[1:], strict=True))
        self.order = put(*(side.order + first for side, first in placed))
        self.lines = put(np.zeros(sizes[0], np.int32), *(side.lines for side in self.sides))
        positions = np.full((len(self.sides), sizes[0]), -1, np.int32)
        for position, (side, first) in zip(positions, placed, strict=True):
            position[side.lines[::-1]] = np.arange(len(side.lines) - 1, -1, -1) + first
        self.positions = torch.from_numpy(positions).to(device)

    def spans(self, languages: Ints, rng: np.random.Generator, one_source: float, least: int) -> Doubles:
        """Ranges of `heights` to draw from, of one source if it has `least` segments, or of all: shape (n, 2)."""
        return np.array([self._span(language, rng, one_source, least) for language in languages])

    def _span(self, language: int, rng: np.random.Generator, one_source: float, least: int) -> tuple[float, float]:
        side, base = self.sides[language], self.bases[language]
        low, high = 0.0, side.heights[-1]
        if rng.random() < one_source:
            point = np.searchsorted(side.heights, rng.random() * high, "right") - 1
            block = np.searchsorted(side.bounds, point, "right") - 1
            first, last = side.bounds[block], side.bounds[block + 1]
            if last - first >= least:
                low, high = side.heights[first], side.heights[last]
        return base + low, base + high

    def at(self, heights: torch.Tensor) -> torch.Tensor:
        """Segments at these heights, which are cumulated weights."""
        import torch

        places = torch.searchsorted(self.heights, heights, right=True) - 1
        return self.order[places.clamp_max_(len(self.order) - 1)]

    def tokens(self, segments: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Ids of the segments one after another, and how many each has."""
        starts = self.offsets[segments]
        lengths = self.offsets[segments + 1] - starts
        return self.ids[runs(starts, lengths)].long(), lengths


class Sampler:
    """Sampler of the batches of a stage; the same seed, step and kind of device give the same batch."""

    def __init__(self, segments: Segments, settings: TrainSettings, stage: Stage) -> None:
        self.segments, self.settings, self.stage = segments, settings, stage
        totals = np.diff(segments.bases) ** stage.evenness
        self.shares = totals / totals.sum()
        self.groups = settings.pairs // settings.group

    def draw(self, step: int) -> Batch:
        """Draw the batch of a step."""
        import torch

        rng = np.random.default_rng((self.settings.seed, step))
        generator = seeded(self.segments.device, rng)
        documents = rng.random() < self.stage.documents
        left, right, used = self._pairs(rng, generator, documents)
        keys = self.segments.lines[left[:, 0]].long()
        swapped = self._random(generator, len(left), 1) < 0.5
        bags = torch.cat([torch.where(swapped, right, left), torch.where(swapped, left, right)])
        used = used.repeat(2, 1)
        ids, lengths = self.segments.tokens(bags[used])
        counts = torch.zeros_like(bags).masked_scatter_(used, lengths).sum(1)
        if documents:
            return Batch(ids, _starts(counts), keys, self.stage.document_temperature)
        ids, counts = self._thinned(ids, counts, generator)
        return Batch(ids, _starts(counts), keys, self.stage.temperature)

    def _random(self, generator: torch.Generator, *shape: int) -> torch.Tensor:
        import torch

        return torch.rand(shape, dtype=torch.float64, device=self.segments.device, generator=generator)

    def _pairs(
        self, rng: np.random.Generator, generator: torch.Generator, documents: bool
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Draw segments of the left and of the right side, shape (pairs, longest), and flags of those in use.

        The pairs of a group are consecutive.
        """
        import torch

        device, size, longest = self.segments.device, self.settings.group, self.stage.longest if documents else 1
        languages = rng.choice(len(self.shares), self.groups, p=self.shares)
        spans = self.segments.spans(languages, rng, self.settings.one_source, 4 * size)
        low, high = torch.from_numpy(spans).to(device).T[:, :, None, None]
        used = torch.ones(self.groups, size, longest, dtype=torch.bool, device=device)
        if documents:
            counts = 2 + (self._random(generator, self.groups, size, 1) * (longest - 1)).long()
            used = torch.arange(longest, device=device) < counts
        left = self.segments.at(low + self._random(generator, self.groups, size, longest) * (high - low))
        right = self.segments.lines[left].long()
        others = np.flatnonzero(rng.random(self.groups) < self.settings.other)
        if len(others):
            right[others] = self._other_side(rng, languages[others], right[others], used[others])
        return left.flatten(0, 1), right.flatten(0, 1), used.flatten(0, 1)

    def _other_side(
        self, rng: np.random.Generator, languages: Ints, lines: torch.Tensor, used: torch.Tensor
    ) -> torch.Tensor:
        """Segments of these lines in that of three drawn languages which has most of them; English where it has none.

        Where no language has a third of the lines, all are English. Shapes: (groups, size, longest).
        """
        import torch

        candidates = rng.choice(len(self.shares), (len(languages), 3), p=self.shares)
        rows = torch.from_numpy(candidates).to(lines.device)[:, :, None, None]
        found = self.segments.positions[rows, lines[:, None]].long()
        counts = ((found >= 0) & used[:, None]).flatten(2).sum(2)
        counts[torch.from_numpy(candidates == languages[:, None]).to(lines.device)] = 0
        most, best = counts.max(1)
        chosen = found[torch.arange(len(best), device=lines.device), best]
        enough = most * 3 >= used.flatten(1).sum(1)
        return torch.where((chosen >= 0) & enough[:, None, None], chosen, lines)

    def _thinned(
        self, ids: torch.Tensor, counts: torch.Tensor, generator: torch.Generator
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Drop tokens from bags at random; each bag keeps at least one."""
        import torch

        if not self.stage.token_dropout:
            return ids, counts
        kept = self._random(generator, len(ids)) >= self.stage.token_dropout
        one = _starts(counts) + (self._random(generator, len(counts)) * counts).long()
        kept[one[counts > 0]] = True
        behind = torch.nn.functional.pad(kept.cumsum(0), (1, 0))
        ends = counts.cumsum(0)
        return ids[kept], behind[ends] - behind[ends - counts]


def seeded(device: str, rng: np.random.Generator) -> torch.Generator:
    """Random generator on a device, with a seed drawn from `rng`."""
    import torch

    return torch.Generator(device).manual_seed(int(rng.integers(1 << 62)))


def runs(starts: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """Concatenation of the ranges from `starts[i]` to ``starts[i] + lengths[i]``."""
    import torch

    ends = lengths.cumsum(0)
    total = int(ends[-1]) if len(ends) else 0
    shifts = torch.repeat_interleave(starts - ends + lengths, lengths, output_size=total)
    return torch.arange(total, device=starts.device) + shifts


def _starts(counts: torch.Tensor) -> torch.Tensor:
    return counts.cumsum(0) - counts
