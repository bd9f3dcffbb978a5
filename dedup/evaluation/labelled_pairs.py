"""Gold articles → labelled pairs: what a fit of the score sees of them.

The score of a pair does not ask who else is there, so a set is seen in the forms in which its articles come back:
whole; cut to a headline and a few sentences; as a feed in which most stories come once, so that what is nearest to
an article seldom is its duplicate; and as copies with changes. An archive, of few duplicates, is seen whole: with the
pairs that people judged, and its other candidates.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt

from dedup.arrays import join_rows, take_rows
from dedup.clustering.linked_pairs import opposed
from dedup.datatypes import Candidates, Progress, Settings
from dedup.embedding.encoder import Encoder
from dedup.embedding.load import EncoderByName, workers_for
from dedup.evaluation.gold import Gold, GoldPair
from dedup.evaluation.variants import copies, cut, retold
from dedup.language.as_read import body_of
from dedup.language.text import content_hash
from dedup.matching.prepare import prepare
from dedup.matching.scorer import FEATURES, HEADS, Scorer
from dedup.matching.verify import judge_pairs
from dedup.runtime.stage import follow
from dedup.runtime.workers import ALONE, Workers

WHOLE, SHORT, FEED, COPIES, ARCHIVE = range(5)
"""The ways in which a pair was seen."""

_CUTS = (0, 1, 2)  # sentences behind the title that short articles keep
_FEED_CUTS = (0, 1, 2, 3, None)  # the same of feeds; None keeps all
_FEEDS = 3  # feeds of each cut
_TWICE = 0.3  # share of a feed's stories that come twice, where they can be
_RETOLD_LINES = 5  # sentences behind the title, less than which a story is retold in
_EQUALLY_LONG = 0.2  # of a logarithm of the ratio of lengths
_COPIED = 120  # articles of a set that are copied
_MOST = {WHOLE: (1500, 2500), SHORT: (400, 800), FEED: (200, 250), COPIES: (1200, 400), ARCHIVE: (1500, 6000)}
"""Pairs of a scan that are kept, the same and the different; of the different the likeliest."""
_COPIED_CONTAINMENT, _COPIED_OVERLAP = 0.5, 0.3  # from which on reports of one event may hold parts of each other

_LIKELY = [FEATURES.index(name) for name in ("containment", "overlap", "lead", "facts", "headline_clash")]
_CLASHES = [FEATURES.index(name) for name in ("clash", "headline_clash", "opening_clash", "subject_clash")]
_COVERAGE, _ALL_ALIKE = FEATURES.index("coverage"), 0.8
_CONTAINMENT, _OVERLAP = FEATURES.index("containment"), FEATURES.index("overlap")

_OPEN = Scorer(np.zeros((len(HEADS), len(FEATURES) + 1)), threshold=1e-9)
_OPEN_SCORE = 0.0  # log-odds that it gives all pairs but those without evidence

_Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """Gold articles as a scan sees them.

    candidates, features, head : pairs, what is measured of them, and which head judges each
    possible : ndarray of shape (m,), bool, whether a pair has the evidence that a match needs
    opposed : ndarray of shape (m,), bool, whether a pair may forbid a join
    """

    gold: Sequence[Gold]
    candidates: Candidates
    features: npt.NDArray[np.float32]
    head: npt.NDArray[np.intp]
    possible: _Flags
    opposed: _Flags

    @property
    def same(self) -> _Flags:
        """Whether each candidate tells one story."""
        return self._equal([item.story for item in self.gold])

    @property
    def related(self) -> _Flags:
        """Whether each candidate is of one group, whatever its stories."""
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
    judged : ndarray of shape (m,), bool, whether people have said so of this very pair, or of its articles' stories
    way : ndarray of shape (m,), intp, `WHOLE`, `SHORT`, `FEED`, `COPIES` or `ARCHIVE`
    """

    features: npt.NDArray[np.float32]
    head: npt.NDArray[np.intp]
    same: _Flags
    related: _Flags
    judged: _Flags
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
        """The set without its duplicates: what must stay apart."""
        return replace(self, pairs=take_rows(self.pairs, ~self.pairs.same), missed=0)

    def reports_only(self) -> Labelled:
        """The set with no duplicate in it, where stories are events and articles are reports of their own.

        What may be a copy of agency text all the same, since one of the two mostly faces the other, is left out.
        """
        features = self.pairs.features
        copied = (features[:, _CONTAINMENT] >= _COPIED_CONTAINMENT) | (features[:, _OVERLAP] >= _COPIED_OVERLAP)
        pairs = take_rows(self.pairs, ~self.pairs.same | ~copied)
        pairs = replace(pairs, same=np.zeros(len(pairs.same), np.bool_), related=pairs.related | pairs.same)
        return replace(self, pairs=pairs, missed=0)


def label_pairs(
    gold: Sequence[Gold],
    encoder: Encoder,
    *,
    labels: Sequence[GoldPair] = (),
    varied: bool = True,
    workers: Workers = ALONE,
    seed: int = 0,
    progress: Progress | None = None,
) -> Labelled:
    """The pairs of a gold set, whole and, if `varied`, cut short, as feeds, and as copies.

    Where `labels` speak of its articles, only what they say counts; otherwise the stories are taken as certain.
    """
    gold = _distinct(gold)
    ids = {item.article.id for item in gold}
    labels = [pair for pair in labels if pair.left in ids and pair.right in ids]
    whole = _scan(gold, encoder, workers, progress)
    pairs = [_pairs(whole, WHOLE, labels)]
    parts = list(_parts(gold, np.random.default_rng(seed))) if varied else []
    work = partial(_scan_part, EncoderByName(encoder))
    scans = workers_for(encoder, workers).map(work, [part for _, part in parts])
    for (way, _), scan in follow(zip(parts, scans, strict=True), lambda _: 1, "calibrate", len(parts), progress):
        pairs.append(_likely(_pairs(scan, way, labels)))
    missed = _duplicates(gold, labels) - int(pairs[WHOLE].same.sum())
    return Labelled(join_rows([_likely(pairs[WHOLE]), *pairs[1:]]), missed, whole, labels)


def label_archive(
    articles: Sequence[Gold],
    encoder: Encoder,
    labels: Sequence[GoldPair],
    *,
    workers: Workers = ALONE,
    seed: int = 0,
    progress: Progress | None = None,
) -> Labelled:
    """The candidates of an archive with few duplicates: those that people judged, others, and planted copies.

    Candidates that nobody judged count as different, but for what is not `judged`; a fit decides which it believes.
    """
    gold = _distinct(articles)
    at = {item.article.id: position for position, item in enumerate(gold)}
    known = {
        (min(at[pair.left], at[pair.right]), max(at[pair.left], at[pair.right])): pair.same
        for pair in labels
        if pair.left in at and pair.right in at
    }
    whole = _scan(gold, encoder, workers, progress, asked=list(known))
    both = list(zip(whole.candidates.left.tolist(), whole.candidates.right.tolist(), strict=True))
    judged = np.array([pair in known for pair in both], np.bool_)
    same = np.array([known.get(pair, False) for pair in both], np.bool_)
    way = np.full(len(same), ARCHIVE)
    pairs = Pairs(whole.features, whole.head, same, judged, judged, way)
    generator = np.random.default_rng(seed)
    copied = _pairs(_scan(_copied(gold, generator), encoder, workers), COPIES, ())
    return Labelled(join_rows([_likely(take_rows(pairs, whole.possible)), copied]), 0, whole)


def _likely(pairs: Pairs) -> Pairs:
    """Some of the pairs: those that people judged one by one, the likeliest of the different, any of the same."""
    pairs = take_rows(pairs, _telling(pairs))
    if not len(pairs.same):
        return pairs
    most_same, most_different = _MOST[int(pairs.way[0])]
    likely = pairs.features[:, _LIKELY].sum(axis=1)
    same, different = np.flatnonzero(pairs.same), np.flatnonzero(~pairs.same)
    chosen = [
        same[_spread(len(same), most_same)],
        different[np.argsort(-likely[different], kind="stable")[:most_different]],
        np.flatnonzero(pairs.judged & (pairs.way == ARCHIVE)),
    ]
    return take_rows(pairs, np.unique(np.concatenate(chosen)))


def _telling(pairs: Pairs) -> _Flags:
    """Pairs whose label follows from what the two texts say.

    Two stories cut to their first sentences may say the same, and a round-up or a borrowed title is of two stories:
    of short articles and feeds what covers each other and states nothing else is left out, of copies all that differ.
    """
    features = pairs.features
    alike = (features[:, _COVERAGE] >= _ALL_ALIKE) & (features[:, _CLASHES] >= 0).all(axis=1)
    doubtful = (np.isin(pairs.way, (SHORT, FEED)) & alike) | ((pairs.way == COPIES) & ~_is_retold(pairs))
    return np.asarray(pairs.same | ~doubtful, np.bool_)


def _is_retold(pairs: Pairs) -> _Flags:
    """Pairs of a text and the same words about something else, among copies: what only the subject tells apart."""
    retold = pairs.related & (pairs.features[:, FEATURES.index("length")] > -_EQUALLY_LONG)
    return np.asarray(retold & (pairs.features[:, FEATURES.index("subject_clash")] < 0), np.bool_)


def _spread(total: int, most: int) -> npt.NDArray[np.intp]:
    """Positions from all over."""
    return np.linspace(0, max(total - 1, 0), min(total, most)).astype(np.intp)


def _distinct(gold: Sequence[Gold]) -> list[Gold]:
    return list({content_hash(body_of(item.article)): item for item in reversed(gold)}.values())[::-1]


def _scan(
    gold: Sequence[Gold],
    encoder: Encoder,
    workers: Workers = ALONE,
    progress: Progress | None = None,
    asked: Sequence[tuple[int, int]] = (),
) -> Scan:
    """Every candidate of a scan, and pairs asked for, with all their features."""
    read = prepare([item.article for item in gold], encoder, Settings(), workers=workers, progress=progress)
    pairs = np.array(asked, np.int64).reshape(-1, 2)
    candidates = read.neighbourhood.with_pairs(pairs).candidates()
    verdicts = judge_pairs(read.match_input, candidates, _OPEN, workers=workers)
    possible = verdicts.log_odds >= _OPEN_SCORE
    return Scan(
        gold, candidates, verdicts.features, verdicts.heads, possible, opposed(read.match_input, candidates, verdicts)
    )


def _scan_part(named: EncoderByName, gold: Sequence[Gold]) -> Scan:
    return _scan(gold, named.encoder)


def _parts(gold: Sequence[Gold], generator: np.random.Generator) -> Iterator[tuple[int, list[Gold]]]:
    """Ways and scans: short articles, feeds, copies."""
    for lines in _CUTS:
        yield SHORT, _distinct([cut(item, lines) for item in gold])
    by_story: dict[str, list[Gold]] = {}
    for item in gold:
        by_story.setdefault(item.story, []).append(item)
    for kept in _FEED_CUTS * _FEEDS:
        feed: list[Gold] = []
        for _, versions in sorted(by_story.items()):
            times = min(len(versions), 1 + int(generator.random() < _TWICE))
            feed += [versions[at] for at in generator.choice(len(versions), times, replace=False)]
        yield FEED, _distinct(feed if kept is None else [cut(item, kept) for item in feed])
    yield COPIES, _copied(gold, generator)


def _copied(gold: Sequence[Gold], generator: np.random.Generator) -> list[Gold]:
    """Some articles with one copy of each kind, as stories of their own."""
    found: list[Gold] = []
    for at in generator.permutation(len(gold))[:_COPIED].tolist():
        name = gold[at].article.id
        item = replace(gold[at], story=name, group=name)
        found += [item, *copies(item, gold, generator)]
        short = cut(item, int(generator.integers(1, _RETOLD_LINES)))
        short = replace(short, story=f"{name}#short", article=replace(short.article, id=f"{name}#short"))
        if other := retold(short, gold, generator):
            found += [short, other]
    return _distinct(found)


def _pairs(scan: Scan, way: int, labels: Sequence[GoldPair]) -> Pairs:
    """The candidates of a scan that have a label to be trusted.

    That is all of them, or, where people labelled pairs, those alone.
    """
    same, related = scan.same, scan.related
    certain = np.ones(len(same), np.bool_)
    if labels:
        ids = np.array([item.article.id for item in scan.gold], dtype=object)
        known = {frozenset((pair.left, pair.right)): pair.same for pair in labels}
        both = list(map(frozenset, zip(ids[scan.candidates.left], ids[scan.candidates.right], strict=True)))
        certain = np.array([pair in known for pair in both], np.bool_)
        same = np.array([known.get(pair, False) for pair in both], np.bool_)
    every = Pairs(scan.features, scan.head, same, related, np.ones(len(same), np.bool_), np.full(len(same), way))
    return take_rows(every, certain & scan.possible)


def _duplicates(gold: Sequence[Gold], labels: Sequence[GoldPair]) -> int:
    if labels:
        return sum(pair.same for pair in labels)
    stories = np.unique([item.story for item in gold], return_counts=True)[1]
    return int((stories * (stories - 1) // 2).sum())
