"""Training run: all steps in order, with checkpoints and a log of figures."""

from __future__ import annotations

import importlib.util
import json
import logging
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dedup.datatypes import Progress
from dedup.errors import MissingExtraError
from dedup.training.batches import Ragged, Sampler, Segments, Side, make_side
from dedup.training.build_vocabulary import (
    Vocabulary,
    build_vocabulary,
    count_words,
    encode_segments,
    rank_words,
    train_pieces,
)
from dedup.training.contrastive import Table, train_step
from dedup.training.corpus import Corpus, read_corpus, read_word_counts
from dedup.training.export import levels_by_frequency, save_model
from dedup.training.language_directions import take_off_languages
from dedup.training.postprocess import (
    choose_tokens,
    shrink,
    token_directions,
    token_frequencies,
    widest_directions,
    within_story_whitening,
)
from dedup.training.settings import Stage, TrainSettings

Floats = npt.NDArray[np.float32]

logger = logging.getLogger(__name__)


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
        Folder for checkpoints, token ids and ``log.jsonl``; by default ``<out>.work``. About 2 GB for the whole corpus.
    checkpoint_every : int
        Steps between two checkpoints.
    progress : callable (stage, done, total), optional
        Called with the progress of the run.

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
    """Corpus as token ids of a vocabulary."""

    vocabulary: Vocabulary
    english: Ragged
    sides: dict[str, Side]


def _prepare(corpus: Corpus, folder: Path, work: Path, settings: TrainSettings, progress: Progress | None) -> Pairs:
    """Build the vocabulary and encode the segments."""
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
    """Plan of a stage: the steps before it, the place of its checkpoints, and the steps between them."""

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
    """Whiten within stories, and find the directions in which whitened documents differ most."""
    matrix = within_story_whitening(folded, pairs.english, pairs.sides, power=settings.whitening, seed=settings.seed)
    return matrix @ widest_directions(folded @ matrix, pairs.english, settings.dimensions, seed=settings.seed)


def _log(work: Path, **figures: float) -> None:
    with (work / "log.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(figures) + "\n")
    logger.info("%s", figures)


def _tell(progress: Progress | None, stage: str, done: int, total: int) -> None:
    if progress:
        progress(stage, done, total)
