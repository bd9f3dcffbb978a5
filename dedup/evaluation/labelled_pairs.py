"""Gold articles → labelled pairs: what a fit of the score sees of them.

Each gold set is seen several ways, because a score has to hold in an archive and in a folder of a dozen: scanned whole;
as an archive in which nine stories of ten are told once, so that what is nearest to an article seldom is its duplicate;
in small scans of a few stories, every other one with excerpts beside the articles; and, where stories have groups, in
small scans of one topic, in which everything is near everything.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt

from dedup.arrays import batches, join_rows, take_rows
from dedup.datatypes import Article, Candidates, Embeddings, Progress, Settings
from dedup.embedding.encoder import Encoder
from dedup.embedding.load import EncoderByName
from dedup.embedding.static_encoder import StaticEncoder
from dedup.evaluation.gold import Gold, GoldPair
from dedup.language.as_read import body_of
from dedup.language.detect import detect_languages
from dedup.language.sentences import sentences
from dedup.language.text import content_hash
from dedup.matching.prepare import prepare
from dedup.matching.scorer import FEATURES, HEADS, Scorer
from dedup.matching.verify import judge_pairs
from dedup.runtime.workers import ALONE, Workers

WHOLE, FEW_STORIES, ONE_TOPIC, ARCHIVE = range(4)
"""The ways in which a pair was seen."""

ARCHIVES = 4
"""How many of these a set is seen as."""

_SMALL_SCANS = 24  # of each kind

_SMALL_STORIES = 6

_TOPIC_ARTICLES = 12

_REPORTED_TWICE = 0.1  # share of an archive's stories that are told twice, where they can be

_EXCERPT = 1 / 3

_COPIED = 0.5  # containment of articles of one event, from which on one may hold parts of the other

_CONTAINMENT = FEATURES.index("containment")

_OPEN = Scorer(np.zeros((len(HEADS), len(FEATURES) + 1)), threshold=1e-9)

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
class Pairs:
    """Pairs and what people say of them, side by side.

    features : ndarray of shape (m, len(FEATURES)), float32
    head : ndarray of shape (m,), intp, which of `HEADS` judges the pair
    same : ndarray of shape (m,), bool, whether people take the two for the same
    related : ndarray of shape (m,), bool, whether they are of one group: hard negatives, if they are not the same
    way : ndarray of shape (m,), intp, `WHOLE`, `FEW_STORIES`, `ONE_TOPIC` or `ARCHIVE`
    """

    features: npt.NDArray[np.float32]
    head: npt.NDArray[np.intp]
    same: _Flags
    related: _Flags
    way: npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """One gold set: its pairs, how many duplicates of the whole set were no candidates, and the scan of the whole set.

    `labels` are those that people gave to single pairs of the set, where stories are not certain.
    """

    pairs: Pairs
    missed: int
    whole: Scan
    labels: Sequence[GoldPair] = ()

    def others_only(self) -> Labelled:
        """The same without its duplicates: what must stay apart."""
        return replace(self, pairs=take_rows(self.pairs, ~self.pairs.same), missed=0)

    def reports_only(self) -> Labelled:
        """The same with no duplicate in it, where stories are events and articles are reports of their own.

        What may be a copy of agency text all the same, since one of the two mostly faces the other, is left out.
        """
        own = ~self.pairs.same | (self.pairs.features[:, _CONTAINMENT] < _COPIED)
        pairs = take_rows(self.pairs, own)
        pairs = replace(pairs, same=np.zeros(len(pairs.same), np.bool_), related=pairs.related | pairs.same)
        return replace(self, pairs=pairs, missed=0)


def label_pairs(
    gold: Sequence[Gold],
    encoder: Encoder,
    *,
    labels: Sequence[GoldPair] = (),
    archives: int = ARCHIVES,
    workers: Workers = ALONE,
    seed: int = 0,
    progress: Progress | None = None,
) -> Labelled:
    """The pairs of a gold set, scanned whole and in parts, so many archives among them.

    Where `labels` speak of its articles, only what they say counts; otherwise the stories are taken as certain.
    """
    gold = _distinct(gold)
    ids = {item.article.id for item in gold}
    labels = [pair for pair in labels if pair.left in ids and pair.right in ids]
    sharing = workers if isinstance(encoder, StaticEncoder) else ALONE
    encoder = encoder if isinstance(encoder, StaticEncoder) else _Remembering(encoder)
    whole = _scan(gold, encoder, workers, progress)
    pairs = [_pairs(whole, WHOLE, labels)]
    ways, parts = zip(*_parts(gold, archives, np.random.default_rng(seed)), strict=True)
    for way, scan in zip(ways, sharing.map(partial(_scan_part, EncoderByName(encoder)), parts), strict=True):
        pairs.append(_pairs(scan, way, labels))
        if progress:
            progress("calibrate", len(pairs) - 1, len(parts))
    missed = _duplicates(gold, labels) - int(pairs[WHOLE].same.sum())
    return Labelled(join_rows(pairs), missed, whole, labels)


def _distinct(gold: Sequence[Gold]) -> list[Gold]:
    return list({content_hash(body_of(item.article)): item for item in reversed(gold)}.values())[::-1]


def _scan(gold: Sequence[Gold], encoder: Encoder, workers: Workers = ALONE, progress: Progress | None = None) -> Scan:
    """Every candidate of a scan with all its features."""
    articles = [item.article for item in gold]
    tasks = batches([body_of(article) for article in articles])
    languages = [language for found in workers.map(detect_languages, tasks) for language in found]
    match_input, neighbourhood = prepare(articles, languages, encoder, Settings(), workers=workers, progress=progress)
    candidates = neighbourhood.candidates()
    features = judge_pairs(match_input, candidates, _OPEN, workers=workers).features
    return Scan(gold, [language.code for language in languages], candidates, match_input.heads(candidates), features)


class _Remembering:
    """An encoder that keeps what it has embedded, since small scans hold the articles of the whole one again."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._known: dict[str, npt.NDArray[np.float32]] = {}
        self.name, self.fingerprint, self.dimension = encoder.name, encoder.fingerprint, encoder.dimension
        self.language_means, self.encode = encoder.language_means, encoder.encode
        self.sentence_transformer = encoder.sentence_transformer

    def pool(self, texts: Sequence[str]) -> Embeddings:
        """What the encoder makes of the texts, asked once for each."""
        new = list(dict.fromkeys(text for text in texts if text not in self._known))
        self._known |= zip(new, self._encoder.pool(new), strict=True)
        rows = [self._known[text] for text in texts]
        return np.array(rows, np.float32).reshape(len(texts), self.dimension)


def _scan_part(named: EncoderByName, gold: Sequence[Gold]) -> Scan:
    return _scan(gold, named.encoder)


def _parts(gold: Sequence[Gold], archives: int, generator: np.random.Generator) -> Iterator[tuple[int, list[Gold]]]:
    """Ways and scans: of a few stories, every other one with excerpts beside articles, of one topic, and archives."""
    by_story = _grouped(gold, [item.story for item in gold])
    stories = sorted(by_story)

    def any_of(story: str) -> Gold:
        return by_story[story][int(generator.integers(len(by_story[story])))]

    for number in range(2 * _SMALL_SCANS):
        chosen = generator.choice(len(stories), min(_SMALL_STORIES, len(stories)), replace=False)
        part = [any_of(stories[at]) for at in chosen]
        partners = [any_of(stories[at]) for at in chosen[: len(chosen) // 2]]
        yield FEW_STORIES, _distinct([*part, *(map(_excerpt, partners) if number % 2 else partners)])
    by_topic = _grouped(gold, [item.group for item in gold])
    topics = [name for name in sorted(by_topic) if name and len({item.story for item in by_topic[name]}) > 1]
    for _ in range(_SMALL_SCANS if topics else 0):
        topic = by_topic[topics[int(generator.integers(len(topics)))]]
        chosen = generator.choice(len(topic), min(_TOPIC_ARTICLES, len(topic)), replace=False)
        yield ONE_TOPIC, _distinct([topic[at] for at in chosen])
    for _ in range(archives):
        twice = generator.random(len(stories)) < _REPORTED_TWICE
        yield ARCHIVE, _distinct([any_of(story) for story in np.repeat(stories, 1 + twice).tolist()])


def _grouped(gold: Sequence[Gold], names: Sequence[str]) -> dict[str, list[Gold]]:
    found: dict[str, list[Gold]] = {}
    for item, name in zip(gold, names, strict=True):
        found.setdefault(name, []).append(item)
    return found


def _excerpt(item: Gold) -> Gold:
    """The beginning of an article, as a brief report of it would be."""
    found = sentences(body_of(item.article))
    text = "\n".join(found[: max(2, round(len(found) * _EXCERPT))])
    return replace(item, article=Article(id=item.article.id + "#excerpt", text=text))


def _pairs(scan: Scan, way: int, labels: Sequence[GoldPair]) -> Pairs:
    """The candidates of a scan that have a label to be trusted.

    That is all of them, or, where people labelled pairs, those and, in small scans, what is of different topics.
    """
    same, related = scan.same, scan.related
    certain = np.ones(len(same), np.bool_)
    if labels:
        ids = np.array([item.article.id for item in scan.gold], dtype=object)
        known = {frozenset((pair.left, pair.right)) for pair in labels}
        both = zip(ids[scan.candidates.left], ids[scan.candidates.right], strict=True)
        certain = np.array([frozenset(pair) in known for pair in both], np.bool_)
        if way != WHOLE:
            certain |= same | ~related
    every = Pairs(scan.features, scan.head, same, related, np.full(len(same), way))
    return take_rows(every, certain)


def _duplicates(gold: Sequence[Gold], labels: Sequence[GoldPair]) -> int:
    if labels:
        return sum(pair.same for pair in labels)
    stories = np.unique([item.story for item in gold], return_counts=True)[1]
    return int((stories * (stories - 1) // 2).sum())
