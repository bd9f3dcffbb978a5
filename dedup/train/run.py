"""The whole of a training run, in order, with checkpoints and a log of figures."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import logging
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dedup.datatypes import Progress
from dedup.errors import MissingExtraError, SettingsError
from dedup.train.batches import Ragged, Sampler, Segments, Side, make_side
from dedup.train.corpus import Corpus, read_corpus, read_word_counts
from dedup.train.export import levels_by_frequency, save_model
from dedup.train.languages import take_off_languages
from dedup.train.optimise import LOWEST_TEMPERATURE, Table, train_step
from dedup.train.postprocess import (
    choose_tokens,
    shrink,
    token_directions,
    token_frequencies,
    widest_directions,
    within_story_whitening,
)
from dedup.train.vocabulary import (
    Vocabulary,
    build_vocabulary,
    count_words,
    encode_segments,
    rank_words,
    train_pieces,
)

Floats = npt.NDArray[np.float32]
logger = logging.getLogger(__name__)

SOURCE_WEIGHTS: Mapping[str, float] = {
    "lexicon": 0.25,
    **dict.fromkeys(("id_tagging",), 0.3),
    **dict.fromkeys(("bible_sword", "bible_v11n", "bible_ref", "indian_wiki_joshua"), 0.5),
    **dict.fromkeys(("odoo12", "yast"), 0.6),
    **dict.fromkeys(
        ("tatoeba_anki", "hornmt", "tico19", "xquad", "korean_news", "uk_courts_cy", "mozilla_www", "mozilla_legal",
         "storybooks_pratham", "storybooks_african", "udhr", "bitcoin_org", "consul"), 2.0),
}  # fmt: skip
"""How much a segment of a source counts when segments are drawn; 1 where nothing is said."""


def _check_shares(settings: Stage | TrainSettings, *names: str) -> None:
    for name in names:
        if not 0 <= getattr(settings, name) <= 1:
            raise SettingsError(f"{name} is a share and must lie in [0, 1], got {getattr(settings, name)}")


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of the training, at whose end the learning rate is nought.

    Parameters
    ----------
    steps, rate : int, float
        Steps, and the learning rate at the beginning.
    documents, longest : float, int
        Share of the steps whose pairs are pseudo-documents, of 2 to `longest` segments.
    evenness : float
        Languages are drawn by their corpus' size to this power.
    temperature, document_temperature : float
        Temperature of the loss of sentences, and of pseudo-documents. A low one tells apart what is nearest, a high
        one draws translations together and brings all pairs onto one scale.
    token_dropout : float
        Share of the tokens of a sentence that are left out, other ones each time.
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
        steps=10_000, rate=0.01, documents=0.3, longest=8, evenness=0.25, temperature=0.06, document_temperature=0.1,
        token_dropout=0.15,
    ),
    Stage(
        steps=10_000, rate=0.016, documents=0.35, longest=8, evenness=0.2, temperature=0.06, document_temperature=0.1,
        token_dropout=0.1,
    ),
    Stage(
        steps=10_000, rate=0.013, documents=0.35, longest=8, evenness=0.3, temperature=0.06, document_temperature=0.08,
        token_dropout=0.12,
    ),
)  # fmt: skip
"""How the bundled model is finished, each time anew: longer documents, higher temperatures, words missing. The first
way is better at sentences, the second at articles, their mean at both."""


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """Everything that shapes the model; the defaults are those of the bundled one.

    Parameters
    ----------
    tokens, pieces, kept : int
        Size of the vocabulary in training, how much of it byte-pair encoding gives (most frequent words the rest),
        and tokens kept at the end: words that are nearly the sum of their pieces are left to them.
    width, dimensions : int
        Columns of the table in training, and at the end: the directions in which documents differ most.
    first : Stage
        How training begins.
    finishes : tuple of Stage
        Ways to go on from there, each for itself; the mean of the tables is kept (Wortsman et al. 2022, "Model soups").
    settled : float
        Share of the first stage after which the kept tokens and columns are chosen; the rest of the training knows no
        others.
    pairs, group : int
        Pairs a step, and how many of them are of one language.
    other : float
        Share of the groups whose second side is another language than English.
    one_source : float
        Share of the groups drawn from one source: its other pairs are the harder negatives.
    word_dropout, spread : float
        Share of words a step leaves to their pieces, and standard deviation of the pieces' first vectors.
    whitening : float
        Power p of the within-story covariance C in C^-p, which is folded into the table.
    language_directions : int
        Directions in which languages stand apart most: a linear layer behind the table takes them off.
    levels, tilt : float
        Quantisation steps in a row's root mean square (geometric mean), which go by its token's frequency to the power
        `tilt`.
    seed : int
        Of everything random.
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
        """Steps of all stages."""
        return sum(stage.steps for stage in (self.first, *self.finishes))

    @property
    def key(self) -> str:
        """Changes whenever a setting does: names the checkpoints."""
        content = json.dumps(asdict(self), sort_keys=True)
        return hashlib.blake2b(content.encode(), digest_size=6).hexdigest()


def train_encoder(
    corpus: Path,
    out: Path,
    *,
    settings: TrainSettings | None = None,
    work: Path | None = None,
    checkpoint_every: int = 500,
    progress: Progress | None = None,
) -> Path:
    """Train a static embedding model on a corpus of translation pairs and write it as a directory.

    The same corpus, settings and number of threads give the same model; a stopped run, started again with the
    same work folder, gives it too.

    Parameters
    ----------
    corpus : Path
        Folder with ``en.txt.xz``, ``<language>.tsv.xz`` and, if there are any, ``words/<language>.txt.xz``.
    out : Path
        The model directory; replaced if it is there.
    settings : TrainSettings, optional
        The bundled model's by default.
    work : Path, optional
        Where checkpoints, token ids and ``log.jsonl`` go; by default ``<out>.work``. About 2 GB for the whole corpus.
    checkpoint_every : int
        Steps between two checkpoints.
    progress : callable (stage, done, total), optional
        Told how far the run has come.

    Returns
    -------
    Path
        The model directory.

    Raises
    ------
    MissingExtraError
        If torch is not installed.
    """
    if importlib.util.find_spec("torch") is None:
        raise MissingExtraError("torch", "train")
    settings = settings or TrainSettings()
    work = (work or out.with_name(out.name + ".work")) / settings.key
    work.mkdir(parents=True, exist_ok=True)
    texts = read_corpus(corpus)
    pairs = _prepare(texts, corpus, work, settings, progress)
    table = _optimise(pairs, work, settings, checkpoint_every, progress)
    folded = table.fold()
    kept = table.kept.cpu().numpy()
    tokenizer, rows, of_token = shrink(pairs.vocabulary.tokenizer, folded, kept, pairs.vocabulary.own > 0)
    rows = rows @ within_story_whitening(
        folded, pairs.english, pairs.sides, power=settings.whitening, seed=settings.seed
    )
    frequencies = token_frequencies(pairs.vocabulary.tokens, pairs.english, pairs.sides)[kept]
    levels = levels_by_frequency(frequencies, settings.levels, settings.tilt)
    rows = rows @ token_directions(rows, frequencies)
    save_model(out, tokenizer, rows, of_token, ["en", *pairs.sides], levels=levels)
    take_off_languages(out, texts, settings.source_weights, directions=settings.language_directions, seed=settings.seed)
    return out


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """The corpus as token ids of a vocabulary."""

    vocabulary: Vocabulary
    english: Ragged
    sides: dict[str, Side]


def _prepare(corpus: Corpus, folder: Path, work: Path, settings: TrainSettings, progress: Progress | None) -> Pairs:
    """Build the vocabulary and turn segments into ids."""
    vocabulary = _vocabulary(corpus, folder, work, settings, progress)
    weights = np.array([settings.source_weights.get(name, 1.0) for name in corpus.sources])
    ids = work / "ids"
    ids.mkdir(exist_ok=True)
    english = _encoded(ids / "en.npz", vocabulary, corpus.english)
    sides = {}
    for number, (language, side) in enumerate(corpus.translations.items()):
        segments = _encoded(ids / f"{language}.npz", vocabulary, side.segments)
        sides[language] = make_side(segments, side.lines, side.sources, weights)
        _tell(progress, "encode", number + 1, len(corpus.translations))
    return Pairs(vocabulary, english, sides)


def _vocabulary(
    corpus: Corpus, folder: Path, work: Path, settings: TrainSettings, progress: Progress | None
) -> Vocabulary:
    pieces, words = work / "pieces.json", work / "words.json"
    if not (pieces.exists() and words.exists()):
        _tell(progress, "vocabulary", 0, 2)
        counts = count_words(corpus)
        ranked = rank_words(counts, read_word_counts(folder))[: settings.tokens]
        words.write_text(json.dumps(ranked, ensure_ascii=False), encoding="utf-8")
        _tell(progress, "vocabulary", 1, 2)
        pieces.write_text(train_pieces(counts, settings.pieces, seed=settings.seed), encoding="utf-8")
    ranked = json.loads(words.read_text(encoding="utf-8"))
    return build_vocabulary(pieces.read_text(encoding="utf-8"), ranked, settings.tokens)


def _encoded(path: Path, vocabulary: Vocabulary, segments: list[str]) -> Ragged:
    if not path.exists():
        tokens = encode_segments(vocabulary.tokenizer, segments)
        partial = path.with_suffix(".partial.npz")
        np.savez(partial, ids=tokens.ids, offsets=tokens.offsets)
        partial.rename(path)
    with np.load(path) as arrays:
        return Ragged(arrays["ids"], arrays["offsets"])


def _optimise(
    pairs: Pairs, work: Path, settings: TrainSettings, checkpoint_every: int, progress: Progress | None
) -> Table:
    """Train the table, from its checkpoints if there are any."""
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    table = Table(pairs.vocabulary, settings.width, spread=settings.spread, seed=settings.seed, device=device)
    segments = Segments(pairs.english, pairs.sides, device)
    mean, before = torch.zeros((), device=device), 0
    for number, stage in enumerate((settings.first, *settings.finishes)):
        if number:
            table.restore(work / "checkpoint-0.safetensors")
        plan = _Plan(stage, before, work / f"checkpoint-{number}.safetensors", checkpoint_every)
        _train_stage(table, pairs, segments, plan, settings, progress)
        before += stage.steps
        mean = mean + table.vectors / len(settings.finishes) if number else mean
    if settings.finishes:
        table.vectors = mean
    return table


@dataclass(frozen=True, slots=True)
class _Plan:
    """A stage, the steps before it, and its checkpoints: where, and every how many steps."""

    stage: Stage
    before: int
    checkpoint: Path
    every: int


def _train_stage(
    table: Table, pairs: Pairs, segments: Segments, plan: _Plan, settings: TrainSettings, progress: Progress | None
) -> None:
    """Take the steps of a stage, from its checkpoint if there is one."""
    import torch

    stage = plan.stage
    sampler = Sampler(segments, settings, stage)
    settling = min(int(settings.settled * settings.first.steps), settings.first.steps - 1)
    losses: list[torch.Tensor] = []
    began = time.monotonic()
    for behind in range(table.restore(plan.checkpoint), stage.steps):
        step, done = plan.before + behind, behind + 1
        if step == settling:
            _settle(table, pairs, settings)
        rate = stage.rate * min(1, done / 50) * max(1 - behind / stage.steps, 0.02)
        losses.append(train_step(table, sampler.draw(step), step=step, rate=rate, settings=settings))
        if done % plan.every == 0 or done == stage.steps:
            table.save(plan.checkpoint, done)
            seconds = round(time.monotonic() - began, 1)
            _log(
                plan.checkpoint.parent,
                step=step + 1,
                loss=float(torch.stack(losses).mean()),
                rate=rate,
                seconds=seconds,
            )
            losses.clear()
        _tell(progress, "train", step + 1, settings.steps)


def _settle(table: Table, pairs: Pairs, settings: TrainSettings) -> None:
    """Choose the words and the columns that are kept."""
    folded = table.fold()
    kept = choose_tokens(folded, table.fold(own=False), settings.kept)
    matrix = _whitened_directions(folded, pairs, settings)
    table.settle(kept, np.linalg.qr(matrix)[0])


def _whitened_directions(folded: Floats, pairs: Pairs, settings: TrainSettings) -> Floats:
    """Whitening within stories, and of what that gives the directions in which documents differ most."""
    matrix = within_story_whitening(folded, pairs.english, pairs.sides, power=settings.whitening, seed=settings.seed)
    return matrix @ widest_directions(folded @ matrix, pairs.english, settings.dimensions, seed=settings.seed)


def _log(work: Path, **figures: float) -> None:
    with (work / "log.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(figures) + "\n")
    logger.info("%s", figures)


def _tell(progress: Progress | None, stage: str, done: int, total: int) -> None:
    if progress:
        progress(stage, done, total)
