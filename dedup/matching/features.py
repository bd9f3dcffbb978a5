"""Features of pairs, in stages from the cheapest: keys of facts, openings, literal words, sentences, facts.

Every stage fills some named columns. None of them asks who else is in the run, and the two articles may change places.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dedup.arrays import Floats, Positions
from dedup.datatypes import UNDETERMINED, Article, Candidates
from dedup.matching.alignment import MOST_SEQUENCE, cover, most_sequence
from dedup.matching.facts import FactFile, FactSets, StoredFacts, days_apart, fact_scores
from dedup.matching.literal import LITERAL_FEATURES, LiteralFile, StoredLiteral
from dedup.matching.scorer import FEATURES, HEADS, LITERAL, RELATIONS
from dedup.matching.sentence_store import StoredPassages
from dedup.runtime.row_files import RowWriter

_OPENINGS = ("headline", "lead")
_CORRECTED = ("clash", "figures", "opening_clash")
_SWAPS = ("subject_clash", "swap", "short_swap")
_SENTENCES = ("coverage", "containment", "closeness", "order", "opening", "sequence")
_FACTS = ("facts", "names", "clash", "figures", "headline_clash", "opening_clash", "name_clash", "days")

_ALL_COVERED = 1.01  # more than rounding lets a cosine of unit vectors be
_EXCERPT_RATIO = 2.0  # of lengths, beyond which a pair can only be an article and an excerpt of it
_CERTAIN = 0.97  # probability of a language from which on it is taken for certain
_KIN = 0.3  # shared vocabulary from which on two texts of uncertain languages are taken to be in one
_KIN_BY_AMOUNT = 0.1  # and more in long texts, which may quote or list things in another language
_LITERAL = 0.12  # shared runs of words from which on a pair is judged as copies
_REWORDED = 1.2  # amount from which on two texts of one language for certain may be one thing in other words
_EVENLY = 0.2  # of a logarithm of the ratio of lengths
_ALL_BUT_EQUAL = 4  # power of the shared vocabulary: of texts that share half of it next to nothing is left
_LETTERS = 100.0  # of a text that is hardly more than a headline
_MOST_AMOUNT = 2.5
_NEUTRAL = 0.5  # what the shares of facts and names are where there are none
_MOST_DAYS = 30  # taken for whatever lies further apart

_TRANSLATION, _COPY, _REWORDING, _UNDETERMINED = range(len(RELATIONS))


def column(name: str) -> int:
    """Place of a feature."""
    return FEATURES.index(name)


def columns(names: Sequence[str]) -> list[int]:
    """Places of features."""
    return [FEATURES.index(name) for name in names]


def is_apart(heads: Positions) -> npt.NDArray[np.bool_]:
    """Whether heads judge two texts that are not in one language, as far as is known."""
    return np.isin(heads % len(RELATIONS), (_TRANSLATION, _UNDETERMINED))


@dataclass(frozen=True, slots=True)
class StoredTexts:
    """Columns that verification reads of n articles' texts: sentences, literal words and hard facts."""

    passages: StoredPassages
    literal: StoredLiteral
    facts: StoredFacts


@dataclass(frozen=True, slots=True, eq=False)
class MatchInput:
    """Input of verification: n articles with different texts.

    articles : sequence of length n
    codes : ndarray of shape (n,), str, language codes
    certain : ndarray of shape (n,), bool, whether the language is certain
    lengths : ndarray of shape (n,), float32, reading lengths
    empty : ndarray of shape (n,), bool, whether nothing but the page's own words is in it (consent, paywall)
    days : ndarray of shape (n,), float32, day of publication, counted from the year 1; not a number where unknown
    texts : what is read of their texts
    files : what holds those, whose files go when these go
    """

    articles: Sequence[Article]
    codes: npt.NDArray[np.str_]
    certain: npt.NDArray[np.bool_]
    lengths: npt.NDArray[np.float32]
    empty: npt.NDArray[np.bool_]
    days: npt.NDArray[np.float32]
    texts: StoredTexts
    files: tuple[RowWriter | FactFile | LiteralFile, ...]


def certain_languages(codes: npt.NDArray[np.str_], probabilities: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Whether each language is certain; "und" never is."""
    return np.asarray((codes != UNDETERMINED) & (np.asarray(probabilities) >= _CERTAIN), np.bool_)


@dataclass(frozen=True, slots=True, eq=False)
class PairBlock:
    """Pairs to be judged.

    left, right : ndarray of shape (m,), intp, positions of the articles
    codes : ndarray of shape (m, 2), str, their languages
    features : ndarray of shape (m, len(FEATURES)), float32, as far as they are known
    same, unsure, unread : ndarray of shape (m,), bool
        Whether both are in one language; whether one of the languages is uncertain; whether one is unknown.
    uneven : ndarray of shape (m,), bool, whether one text is more than twice as long as the other
    read : ndarray of shape (m,), bool, whether literal words have been compared
    retouched : ndarray of shape (m,), bool, whether two copies differ in one place alone, as far as words tell
    share : ndarray of shape (m, 2), float32, how much of the left and of the right text has a counterpart
    days : ndarray of shape (m,), float32, days between publication of the two; not a number where unknown
    """

    left: Positions
    right: Positions
    codes: npt.NDArray[np.str_]
    features: Floats
    same: npt.NDArray[np.bool_]
    unsure: npt.NDArray[np.bool_]
    unread: npt.NDArray[np.bool_]
    uneven: npt.NDArray[np.bool_]
    read: npt.NDArray[np.bool_]
    retouched: npt.NDArray[np.bool_]
    share: Floats
    days: Floats

    def __len__(self) -> int:
        return len(self.left)

    def heads(self) -> npt.NDArray[np.intp]:
        """Head of the scorer's `HEADS` that judges each pair, once its literal words are known."""
        return heads_of(self.features, self.same, self.unsure, self.unread, self.uneven)

    def possible_heads(self) -> npt.NDArray[np.bool_]:
        """Heads that may judge each pair, one once its literal words are known: shape (m, len(HEADS))."""
        if self.read.all():
            return np.asarray(self.heads()[:, None] == np.arange(len(HEADS)), np.bool_)
        kin = self.same | self.unsure
        relations = np.zeros((len(self), len(RELATIONS)), np.bool_)
        relations[:, _COPY] = relations[:, _REWORDING] = kin
        relations[:, _TRANSLATION] = ~self.same & ~self.unread
        relations[:, _UNDETERMINED] = ~self.same & self.unread
        even = ~self.uneven[:, None]
        return np.concatenate([relations & even, relations & ~even], axis=1)


def heads_of(
    features: Floats,
    same: npt.NDArray[np.bool_],
    unsure: npt.NDArray[np.bool_],
    unread: npt.NDArray[np.bool_],
    uneven: npt.NDArray[np.bool_],
) -> npt.NDArray[np.intp]:
    """Head of the scorer's `HEADS` that judges each pair; features of shape (m, len(FEATURES)), flags of shape (m,).

    Two short texts of one language for certain that share no runs of words are two reports more often than two
    translations, which nothing but their length tells apart: they are judged as copies, which they hardly are.
    """
    alike = features[:, column("vocabulary")] >= _KIN + _KIN_BY_AMOUNT * features[:, column("amount")]
    kin = same | (unsure & alike)
    short = same & ~unsure & (features[:, column("amount")] < _REWORDED)
    copied = short | (features[:, column("overlap")] >= _LITERAL)
    apart = np.where(unread, _UNDETERMINED, _TRANSLATION)
    relation = np.where(kin, np.where(copied, _COPY, _REWORDING), apart)
    return np.asarray(relation + len(RELATIONS) * uneven, np.intp)


def is_uneven(features: Floats) -> npt.NDArray[np.bool_]:
    """Whether one text of each pair is more than twice as long as the other, by the feature of their lengths."""
    return np.asarray(features[:, column("length")] < -np.log(np.float32(_EXCERPT_RATIO)), np.bool_)


def pair_block(match_input: MatchInput, candidates: Candidates) -> PairBlock:
    """Candidates with what is known without looking at their texts; all other features at their best."""
    left, right = candidates.left, candidates.right
    one, other = (np.maximum(match_input.lengths[side], 1) for side in (left, right))
    features = np.full((len(candidates), len(FEATURES)), _ALL_COVERED, np.float32)
    features[:, columns(_FACTS)] = _BEST_FACTS
    features[:, columns(_SWAPS)] = 0
    features[:, column("sequence")] = _ALL_COVERED * MOST_SEQUENCE
    features[:, column("repetition")] = _ALL_COVERED * _MOST_AMOUNT
    features[:, column("cosine")] = np.maximum(candidates.similarity, 0)
    features[:, column("length")] = -np.abs(np.log(one) - np.log(other))
    features[:, column("verbatim")] = -features[:, column("length")]
    features[:, column("amount")] = np.clip(np.log(np.minimum(one, other) / _LETTERS), 0, _MOST_AMOUNT)
    codes = np.stack([match_input.codes[left], match_input.codes[right]], axis=1)
    same = codes[:, 0] == codes[:, 1]
    unread = (codes == UNDETERMINED).any(axis=1)
    unsure = ~(match_input.certain[left] & match_input.certain[right])
    uneven = np.maximum(one, other) > _EXCERPT_RATIO * np.minimum(one, other)
    share = np.zeros((len(candidates), 2), np.float32)
    read, retouched = np.zeros((2, len(candidates)), np.bool_)
    days = np.abs(match_input.days[left] - match_input.days[right])
    return PairBlock(left, right, codes, features, same & ~unread, unsure, unread, uneven, read, retouched, share, days)


Stage = Callable[[StoredTexts, PairBlock], None]
"""Fills columns of a block in place."""


def bound_facts(texts: StoredTexts, block: PairBlock) -> None:
    """Bound the features of facts from above, by keys of facts instead of facts."""
    agreed, alike, fewer, clashing = texts.facts.keys.bounds(block.left, block.right).T
    kin = block.same | block.unsure
    held = ~block.retouched if block.read.all() else ~(kin & _is_even(block))
    block.features[held, column("facts")] = agreed[held] - _NEUTRAL
    block.features[held, column("clash")] = -np.log1p(fewer[held])
    block.features[:, column("names")] = alike - _NEUTRAL
    block.features[~kin, column("figures")] = -clashing[~kin]


def _is_even(block: PairBlock) -> npt.NDArray[np.bool_]:
    """Whether two texts are about as long."""
    return np.asarray(block.features[:, column("length")] > -_EVENLY, np.bool_)


def compare_openings(texts: StoredTexts, block: PairBlock) -> None:
    """Compare headlines and leads by their vectors; so many sentences can be in one order as the shorter text has."""
    alike = texts.passages.openings_alike(block.left, block.right)
    block.features[:, columns(_OPENINGS)] = np.maximum(alike, 0)
    fewest = np.minimum(texts.passages.counts(block.left), texts.passages.counts(block.right))
    block.features[:, column("sequence")] = most_sequence(fewest)


def compare_words(texts: StoredTexts, block: PairBlock) -> None:
    """Compare literal words where two texts may be in one language; elsewhere there is nothing to see."""
    block.features[:, columns(LITERAL)] = 0
    kin = np.flatnonzero(block.same | block.unsure)
    found, one_place, whole = texts.literal.compare(block.left[kin], block.right[kin])
    block.features[kin[:, None], columns(LITERAL_FEATURES)] = found
    block.features[:, column("repetition")] = block.features[:, column("overlap")] * block.features[:, column("amount")]
    swapped, amount = block.features[:, column("subject_clash")], block.features[:, column("amount")]
    block.features[:, column("swap")] = swapped * block.features[:, column("vocabulary")] ** _ALL_BUT_EQUAL
    block.features[:, column("short_swap")] = swapped / (1 + amount)
    block.features[kin, column("verbatim")] = np.where(whole, -block.features[kin, column("length")], 0)
    apart = is_apart(block.heads())
    block.features[np.flatnonzero(apart)[:, None], columns(LITERAL)] = 0
    block.retouched[kin] = one_place
    block.retouched[apart | ~_is_even(block) | (block.features[:, column("subject_clash")] < 0)] = False
    block.read[:] = True


def compare_sentences(texts: StoredTexts, block: PairBlock) -> None:
    """Compare all sentences; pairs of one left article stand side by side."""
    articles, numbers = np.unique(np.concatenate([block.left, block.right]), return_inverse=True)
    found = cover(texts.passages.take(articles), numbers[: len(block)], numbers[len(block) :])
    share, closely = found.share, found.closely
    measured = (share.min(axis=1), share.max(axis=1), closely.max(axis=1), found.order, found.opening, found.sequence)
    block.features[:, columns(_SENTENCES)] = np.stack(measured, axis=1)
    block.share[:] = share


def compare_facts(texts: StoredTexts, block: PairBlock) -> None:
    """Compare hard facts.

    Two copies that differ in one place, and not in what their headlines state, are an article and its correction: what
    clashes there is no other news.
    """
    articles, numbers = np.unique(np.concatenate([block.left, block.right]), return_inverse=True)
    fact_sets = texts.facts.fact_sets(articles)
    one, other = numbers[: len(block)].tolist(), numbers[len(block) :].tolist()
    apart = is_apart(block.heads()).tolist()
    found = [_fact_features(fact_sets[a], fact_sets[b], apart=far) for a, b, far in zip(one, other, apart, strict=True)]
    block.features[:, columns(_FACTS)] = np.array(found, np.float32).reshape(-1, len(_FACTS))
    corrected = np.flatnonzero(block.retouched & (block.features[:, column("headline_clash")] == 0))
    block.features[corrected[:, None], columns(_CORRECTED)] = 0
    block.features[corrected, column("facts")] = np.maximum(block.features[corrected, column("facts")], 0)


STAGES: tuple[Stage, ...] = (compare_openings, compare_words, compare_sentences, compare_facts)
"""Measures of a pair, the cheapest first."""

BOUNDED_STAGES: tuple[Stage, ...] = (
    bound_facts,
    *(compare_openings, compare_words),
    bound_facts,  # once more, now that copies with a correction are known
    *(compare_sentences, compare_facts),
)
"""Measures with bounds of facts between them, for pairs of which only matches are wanted."""


def _fact_features(left: FactSets, right: FactSets, *, apart: bool) -> tuple[float, ...]:
    found = fact_scores(left, right)
    days = days_apart(left.dates, right.dates)
    return (
        found.stated - _NEUTRAL,
        found.named - _NEUTRAL,
        -math.log1p(found.clash),
        -(found.clashing if apart else found.clashing_numbers),
        -math.log1p(found.headline_clash),
        -math.log1p(found.opening_clash),
        -math.log1p(found.name_clash),
        0.0 if math.isnan(days) else -math.log1p(min(days, _MOST_DAYS)),
    )


_BEST_FACTS = (1 - _NEUTRAL, 1 - _NEUTRAL, 0, 0, 0, 0, 0, 0)

_LEAST_CONTAINMENT = {
    "translation": 0.05,
    "copy": 0.45,
    "rewording": 0.3,
    "undetermined": 0.0,
    "translation excerpt": 0.3,
    "copy excerpt": 0.55,
    "rewording excerpt": 0.55,
    "undetermined excerpt": 0.0,
}
"""Share of the better covered text that has a counterpart, below which no pair is a match: no evidence, no match.

Of judged pairs of archives, gold sets, cuts of them and planted copies nearly all true ones lie above.
"""

_LEAST = np.array([_LEAST_CONTAINMENT[head] for head in HEADS], np.float32)


def has_evidence(features: Floats, heads: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
    """Whether enough of one text has a counterpart in the other for a match."""
    return np.asarray(features[:, column("containment")] >= _LEAST[heads], np.bool_)
