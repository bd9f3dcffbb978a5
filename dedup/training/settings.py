"""Settings of training: sources and their weights, stages, temperatures."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from dedup.errors import SettingsError

LOWEST_TEMPERATURE = 0.02
"""Lowest temperature of a loss: cosines divided by it stay within 50, so exponentials need no maximum subtracted."""

SOURCE_WEIGHTS: Mapping[str, float] = {
    "lexicon": 0.25,
    **dict.fromkeys(("id_tagging",), 0.3),
    **dict.fromkeys(("bible_sword", "bible_v11n", "bible_ref", "indian_wiki_joshua"), 0.5),
    **dict.fromkeys(("odoo12", "yast"), 0.6),
    **dict.fromkeys(
        (
            "tatoeba_anki",
            "hornmt",
            "tico19",
            "xquad",
            "korean_news",
            "uk_courts_cy",
            "mozilla_www",
            "mozilla_legal",
            "storybooks_pratham",
            "storybooks_african",
            "udhr",
            "bitcoin_org",
            "consul",
        ),
        2.0,
    ),
}
"""Weight of a segment of each source when segments are drawn; 1 for a source that is missing."""


def _check_shares(settings: Stage | TrainSettings, *names: str) -> None:
    for name in names:
        if not 0 <= getattr(settings, name) <= 1:
            raise SettingsError(f"{name} is a share and must lie in [0, 1], got {getattr(settings, name)}")


@dataclass(frozen=True, slots=True)
class Stage:
    """Stage of the training, at whose end the learning rate is zero.

    Parameters
    ----------
    steps, rate : int, float
        Steps, and the learning rate at the beginning.
    documents, longest : float, int
        Share of the steps whose pairs are pseudo-documents, of 2 to `longest` segments.
    evenness : float
        Languages are drawn by their corpus' size to this power.
    temperature, document_temperature : float
        Temperature of the loss of sentences, and of pseudo-documents. A low one separates the nearest, a high one
        draws translations together and brings all pairs onto one scale.
    token_dropout : float
        Share of the tokens of a sentence that are left out, drawn anew each time.
    """

    steps: int = 30_000
    rate: float = 0.02
    documents: float = 0.2
    longest: int = 4
    evenness: float = 0.4
    temperature: float = 0.05
    document_temperature: float = 0.05
    token_dropout: float = 0.0

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise SettingsError(f"steps must be at least 1, got {self.steps}")
        _check_shares(self, "documents", "token_dropout")
        for name in ("temperature", "document_temperature"):
            if getattr(self, name) < LOWEST_TEMPERATURE:
                raise SettingsError(f"{name} must be at least {LOWEST_TEMPERATURE}, got {getattr(self, name)}")


FINISHES = (
    Stage(
        steps=10_000,
        rate=0.01,
        documents=0.3,
        longest=8,
        evenness=0.25,
        temperature=0.06,
        document_temperature=0.1,
        token_dropout=0.15,
    ),
    Stage(
        steps=10_000,
        rate=0.016,
        documents=0.35,
        longest=8,
        evenness=0.2,
        temperature=0.06,
        document_temperature=0.1,
        token_dropout=0.1,
    ),
    Stage(
        steps=10_000,
        rate=0.013,
        documents=0.35,
        longest=8,
        evenness=0.3,
        temperature=0.06,
        document_temperature=0.08,
        token_dropout=0.12,
    ),
)
"""Last stages of the bundled model, each from the same table: longer documents, higher temperatures, dropped words. The
first is better at sentences, the second at articles, their mean at both."""


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """Settings that shape the model; the defaults are those of the bundled one.

    Parameters
    ----------
    tokens, pieces, kept : int
        Size of the vocabulary in training, the part of it from byte-pair encoding (the rest are the most frequent
        words), and tokens kept at the end: words that are nearly the sum of their pieces are dropped.
    width, dimensions : int
        Columns of the table in training, and at the end: the directions in which documents differ most.
    first : Stage
        First stage.
    finishes : tuple of Stage
        Stages that each go on from the first; the mean of their tables is kept (Wortsman et al. 2022, "Model soups").
    settled : float
        Share of the first stage after which the kept tokens and columns are chosen; training goes on with these.
    pairs, group : int
        Pairs a step, and pairs of one language in a group.
    other : float
        Share of the groups whose second side is another language than English.
    one_source : float
        Share of the groups drawn from one source: its other pairs are the harder negatives.
    word_dropout, spread : float
        Share of words encoded in pieces at a step, and standard deviation of the pieces' first vectors.
    whitening : float
        Power p of the within-story covariance C in C^-p, which is folded into the table.
    language_directions : int
        Number of directions, those in which languages differ most, that a linear layer behind the table removes.
    levels, tilt : float
        Quantisation steps in a row's root mean square (geometric mean), proportional to its token's frequency to the
        power `tilt`.
    seed : int
        Seed of all random choices.
    """

    tokens: int = 400_000
    pieces: int = 80_000
    kept: int = 240_000
    width: int = 512
    dimensions: int = 384
    first: Stage = Stage()
    finishes: tuple[Stage, ...] = FINISHES
    settled: float = 0.6
    pairs: int = 1024
    group: int = 256
    other: float = 0.3
    one_source: float = 0.5
    word_dropout: float = 0.12
    spread: float = 0.035
    whitening: float = 0.1
    language_directions: int = 2
    levels: float = 1.385
    tilt: float = 0.35
    seed: int = 0
    source_weights: Mapping[str, float] = field(default_factory=lambda: SOURCE_WEIGHTS)

    def __post_init__(self) -> None:
        for name in ("tokens", "pieces", "kept", "dimensions", "pairs", "group"):
            if getattr(self, name) < 1:
                raise SettingsError(f"{name} must be at least 1, got {getattr(self, name)}")
        _check_shares(self, "other", "one_source", "word_dropout", "settled")
        if not 0 <= self.language_directions < self.dimensions:
            raise SettingsError(
                f"language_directions must lie in [0, dimensions - 1 = {self.dimensions - 1}], "
                f"got {self.language_directions}"
            )
        if self.width < self.dimensions:
            raise SettingsError(f"width must be at least dimensions ({self.dimensions}), got {self.width}")
        if self.pairs % self.group:
            raise SettingsError(f"pairs must be a multiple of group ({self.group}), got {self.pairs}")

    @property
    def steps(self) -> int:
        """Number of steps of all stages."""
        return sum(stage.steps for stage in (self.first, *self.finishes))

    @property
    def key(self) -> str:
        """Hash of the settings, by which checkpoints are named."""
        content = json.dumps(asdict(self), sort_keys=True)
        return hashlib.blake2b(content.encode(), digest_size=6).hexdigest()
