"""Token ids of texts; each distinct part of a text is tokenized once.

Tokenizing dominates a static model's work, and most parts have occurred before. The ids always equal those that the
tokenizer gives for the whole text. A text is split into words where the tokenizer's rules are known down to its
characters, as those of the bundled model are; or else at spaces, where it never looks across them; or not at all.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from itertools import chain, count, islice
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from dedup.embedding.tokenizer.bpe import BytePairEncoder
from dedup.embedding.tokenizer.normaliser import Normaliser
from dedup.embedding.tokenizer.table_cache import keep_tables, kept_tables
from dedup.embedding.tokenizer.vocabulary import Vocabulary, make_tables, read_rule
from dedup.errors import ModelError
from dedup.language.word_hash import HashedWords, Hashes, Ids

if TYPE_CHECKING:
    from tokenizers import Tokenizer

WORDS = r"[^\s\p{P}\p{N}$+<=>^`|~]+|\p{N}+"
"""Pattern of a word, as in training: a run of letters and whatever is no space, mark or digit; or a run of digits."""

_MOST = 1 << 23  # characters in the cache, _OVERHEAD more for each part: about 25 MB

_OVERHEAD = 50

_MOST_WORDS = 1 << 19  # words in pieces that the cache holds: about 30 MB

_AT_SPACES = ("BertPreTokenizer", "Whitespace", "WhitespaceSplit")

_NORMALISER = {"type": "BertNormalizer", "handle_chinese_chars": False, "strip_accents": False}

_SPLITTER = {"type": "Split", "behavior": "Removed", "invert": True}

_MODEL = {
    **{"type": "BPE", "ignore_merges": True, "byte_fallback": False},
    **dict.fromkeys(["dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix"]),
}


class CachingTokenizer(Protocol):
    """Protocol of tokenizers with a cache, which never changes an answer; threads may share one."""

    @property
    def largest(self) -> int:
        """Largest token id, -1 if there is none."""
        ...

    def encode(self, texts: Sequence[str]) -> tuple[Ids, Ids]:
        """Token ids of the texts, concatenated, and the number of each: shapes (tokens,) and (len(texts),)."""
        ...


def load_tokenizer(path: Path, *, keep: bool = False) -> CachingTokenizer:
    """Load a file of the `tokenizers` library, without padding and truncation.

    With `keep` the tables made from the file are kept beside it for the next time.

    Raises
    ------
    ModelError
        If the file is damaged or not one of that library.
    """
    content = path.read_bytes()
    if keep and (tables := kept_tables(path, content)):
        return WordTokenizer(*tables)
    try:
        rule, parts = read_rule(content)
        if _is_by_words(rule):
            vocabulary, pairs = parts or make_tables(rule["model"])
            tables = rule["normalizer"], vocabulary, BytePairEncoder.of(vocabulary, pairs)
            if keep:
                keep_tables(path, content, tables)
            return WordTokenizer(*tables)
        if not rule["model"]:
            raise ValueError("no model")
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError) as error:
        raise ModelError(f"{path} is damaged or no tokenizer; install the model again") from error
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises no narrower one
        raise ModelError(
            f"{path} is no tokenizer that the tokenizers library reads; install the model again"
        ) from error
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return StretchTokenizer(tokenizer)


class WordTokenizer:
    """Tokenizer by words of letters and of digits: a word is one token, or else is encoded in pieces.

    Parameters
    ----------
    normaliser : dict
        Options of the file's `BertNormalizer`.
    vocabulary : Vocabulary
    merges : BytePairEncoder
    """

    def __init__(self, normaliser: dict[str, Any], vocabulary: Vocabulary, merges: BytePairEncoder) -> None:
        from tokenizers import Regex, normalizers, pre_tokenizers

        options = {name: value for name, value in normaliser.items() if name != "type"}
        splitter = pre_tokenizers.Split(Regex(WORDS), "removed", invert=True)
        self._words = Normaliser(normalizers.BertNormalizer(**options), splitter).words
        self._vocabulary, self._merges = vocabulary, merges
        self._known = _WordCache()
        self._lock = Lock()

    @property
    def largest(self) -> int:
        """Largest token id, -1 if there is none."""
        return int(self._vocabulary.places.values.max(initial=-1))

    def encode(self, texts: Sequence[str]) -> tuple[Ids, Ids]:
        """Token ids of the texts, concatenated, and the number of each."""
        with self._lock:
            words, counts = self._words(texts)
            hashes = words.hashes()
            ids = self._vocabulary.find(hashes).astype(np.intp)
            lengths = np.ones(len(ids), np.intp)
            lacking = np.flatnonzero(ids < 0)
            if len(lacking):
                pieces, lengths[lacking] = self._cut(words, hashes, lacking)
                ids = np.repeat(ids, lengths)
                ids[ids < 0] = pieces
        ends = np.append(0, np.cumsum(lengths))
        return ids, np.diff(ends[np.append(0, np.cumsum(counts))])

    def _cut(self, words: HashedWords, hashes: Hashes, lacking: Ids) -> tuple[Ids, Ids]:
        """Ids of words that are no tokens, concatenated, and the number of each."""
        different, first, number = np.unique(hashes[lacking], return_index=True, return_inverse=True)
        known = self._known
        fresh = known.missing(different)
        if len(fresh):
            known.learn(different[fresh], *self._merges.encode(words.take(lacking[first[fresh]])))
        ids, lengths = known.look_up(different, number)
        if len(known) > _MOST_WORDS:
            self._known = _WordCache()
        return ids, lengths


class _WordCache:
    """Cache of words that are no tokens: hash ``hashes[i]`` has the ids ``ids[starts[i]:][:lengths[i]]``."""

    def __init__(self) -> None:
        self._hashes = np.empty(0, np.uint64)  # ascending
        self._starts, self._lengths = np.empty(0, np.intp), np.empty(0, np.intp)
        self._ids = _GrowingArray()

    def __len__(self) -> int:
        return len(self._hashes)

    def missing(self, hashes: Hashes) -> Ids:
        """Places of the hashes that are not in the cache."""
        if not len(self):
            return np.arange(len(hashes))
        places = np.minimum(np.searchsorted(self._hashes, hashes), len(self) - 1)
        return np.flatnonzero(self._hashes[places] != hashes)

    def learn(self, hashes: Hashes, ids: Ids, lengths: Ids) -> None:
        """Add new words, in the order of their hashes."""
        places = np.searchsorted(self._hashes, hashes)
        self._hashes = np.insert(self._hashes, places, hashes)
        self._starts = np.insert(self._starts, places, len(self._ids) + np.cumsum(lengths) - lengths)
        self._lengths = np.insert(self._lengths, places, lengths)
        self._ids.extend(ids)

    def look_up(self, different: Hashes, number: Ids) -> tuple[Ids, Ids]:
        """Ids of the cached words ``different[number]``, concatenated, and the number of each."""
        places = np.searchsorted(self._hashes, different)[number]
        lengths = self._lengths[places]
        ends = np.cumsum(lengths)
        return self._ids.take(
            np.arange(lengths.sum()) + np.repeat(self._starts[places] - ends + lengths, lengths)
        ), lengths


class StretchTokenizer:
    """Tokenizer by stretches between spaces, or by whole texts where it may look across spaces.

    Control characters that Python counts as spaces, such as form feeds, split words here; a tokenizer may drop them.

    Parameters
    ----------
    tokenizer : Tokenizer
        Without padding and truncation.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._parted = _splits_at_spaces(tokenizer)
        self._known = _PartCache()
        self._lock = Lock()

    @property
    def largest(self) -> int:
        """Largest token id, -1 if there is none."""
        return max(self._tokenizer.get_vocab(with_added_tokens=True).values(), default=-1)

    def encode(self, texts: Sequence[str]) -> tuple[Ids, Ids]:
        """Token ids of the texts, concatenated, and the number of each."""
        stretches = [text.split() if self._parted else [text] for text in texts]
        counts = np.fromiter(map(len, stretches), np.intp, len(stretches))
        with self._lock:
            known = self._known
            numbers = known.number(list(chain.from_iterable(stretches)))
            if fresh := known.not_learnt():
                known.learn(fresh, *self._cut(fresh))
            if known.held > _MOST:
                self._known = _PartCache()
        ids, ends = known.look_up(numbers)
        return ids, np.diff(ends[np.append(0, np.cumsum(counts))])

    def _cut(self, stretches: list[str]) -> tuple[Ids, Ids]:
        """Ids of the stretches, concatenated, and the number of each."""
        rows = [encoding.ids for encoding in self._tokenizer.encode_batch_fast(stretches, add_special_tokens=False)]
        lengths = np.fromiter(map(len, rows), np.intp, len(rows))
        return np.fromiter(chain.from_iterable(rows), np.intp, lengths.sum()), lengths


class _PartCache:
    """Cache of parts: number i has the ids ``ids[starts[i]:][:lengths[i]]``."""

    def __init__(self) -> None:
        self.held = 0
        self._numbers: defaultdict[str, int] = defaultdict(count().__next__)  # in the order of first occurrence
        self._ids, self._starts, self._lengths = _GrowingArray(), _GrowingArray(), _GrowingArray()

    def number(self, parts: Sequence[str]) -> Ids:
        """Number the parts; new parts get new numbers."""
        return np.fromiter(map(self._numbers.__getitem__, parts), np.intp, len(parts))

    def not_learnt(self) -> list[str]:
        """Parts that have a number and no ids yet, in order."""
        return list(islice(reversed(self._numbers), len(self._numbers) - len(self._starts)))[::-1]

    def learn(self, fresh: list[str], ids: Ids, lengths: Ids) -> None:
        """Add the ids of the parts of `not_learnt`."""
        self._starts.extend(len(self._ids) + np.cumsum(lengths) - lengths)
        self._lengths.extend(lengths)
        self._ids.extend(ids)
        self.held += sum(map(len, fresh)) + _OVERHEAD * len(fresh)

    def look_up(self, numbers: Ids) -> tuple[Ids, Ids]:
        """Ids of numbered parts, concatenated, and the bounds of each part, starting with 0."""
        lengths = self._lengths.take(numbers)
        ends = np.append(0, np.cumsum(lengths))
        place = np.arange(ends[-1]) + np.repeat(self._starts.take(numbers) - ends[:-1], lengths)
        return self._ids.take(place), ends


class _GrowingArray:
    """Array that grows at its end, with spare room so that it is seldom copied."""

    def __init__(self) -> None:
        self._values, self._used = np.empty(0, np.intp), 0

    def __len__(self) -> int:
        return self._used

    def extend(self, values: Ids) -> None:
        """Append numbers."""
        end = self._used + len(values)
        if end > len(self._values):
            self._values = np.append(self._values[: self._used], np.empty(end, np.intp))
        self._values[self._used : end] = values
        self._used = end

    def take(self, places: Ids) -> Ids:
        """Values at the places given."""
        return self._values[places]


def _is_by_words(rule: dict[str, Any]) -> bool:
    """Whether a tokenizer is of the bundled kind: it normalises characters, splits words, merges within a word."""
    normaliser, splitter, model = (rule.get(part) or {} for part in ("normalizer", "pre_tokenizer", "model"))
    return (
        not rule.get("added_tokens")
        and rule.get("post_processor") is None
        and _has(normaliser, _NORMALISER)
        and _has(splitter, _SPLITTER)
        and splitter["pattern"] == {"Regex": WORDS}
        and _has(model, _MODEL)
        and all(isinstance(pair, list) for pair in model["merges"])
    )


def _has(part: dict[str, Any], values: dict[str, Any]) -> bool:
    return {name: part.get(name) for name in values} == values


def _splits_at_spaces(tokenizer: Tokenizer) -> bool:
    """Whether spaces separate tokens and leave no trace; False where the file does not show it."""
    if tokenizer.pre_tokenizer is None:
        return False
    rule: dict[str, Any] = json.loads(tokenizer.pre_tokenizer.__getstate__())
    if rule.get("type") == "Split":  # an inverted pattern matches what is kept
        kept = rule["pattern"].get("Regex", "")
        return bool(rule["invert"]) and rule["behavior"] == "Removed" and r"[^\s" in kept
    return rule.get("type") in _AT_SPACES
