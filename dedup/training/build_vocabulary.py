"""Vocabulary: pieces by byte-pair encoding, whole words by frequency, and the composition of each token."""

from __future__ import annotations

import json
import random
import re
import string
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from dedup.embedding.tokenizer.token_ids import WORDS, StretchTokenizer
from dedup.training.batches import Ragged
from dedup.training.corpus import Corpus

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_PROCLITICS = (
    (re.compile("[א-ת]{3,}"), tuple("הובלמש")),
    (re.compile("[ء-غف-ي]{3,}"), ("ال", "و", "ب", "ل", "ف", "وال")),
)
"""Pairs of a pattern of words in a script, without letters proper to Persian and Urdu, and the script's proclitics."""

Counts = dict[str, int]

_DIGITS = re.compile(r"(\d+)")

_SEGMENTS = 20_000  # segments of the corpus held as tokens or words at a time


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """Tokenizer, and the atoms of each token: atom i is token i itself, atoms of word beginnings come after.

    `composition` lists for a known word the word itself, the known words left when a proclitic is removed, the
    beginnings of four and six letters of all these, and its pieces; for a piece the piece alone. `own[i]` is the number
    of token i's first atoms that are not its pieces' (0 for a piece).
    """

    tokenizer: Tokenizer
    composition: Ragged
    own: npt.NDArray[np.int64]
    beginnings: dict[str, int]

    @property
    def tokens(self) -> int:
        """Number of tokens."""
        return len(self.own)

    @property
    def atoms(self) -> int:
        """Number of atoms: tokens and beginnings."""
        return len(self.own) + len(self.beginnings)


def count_words(corpus: Corpus) -> dict[str, Counter[str]]:
    """Count the words of each language, split as the tokenizer splits them."""
    table = _character_table()
    counts = {"en": _count(corpus.english, table)}
    for language, side in corpus.translations.items():
        counts[language] = _count(side.segments, table)
    return counts


def train_pieces(counts: Mapping[str, Counter[str]], size: int, *, words: int = 400_000, seed: int = 0) -> str:
    """Train byte-pair encoding (Sennrich et al., 2016) on equally many words a language; returns tokenizer.json."""
    from tokenizers import Tokenizer, models, trainers

    tokenizer = Tokenizer(models.BPE())
    _set_splitting(tokenizer)
    trainer = trainers.BpeTrainer(
        vocab_size=size, min_frequency=2, show_progress=False, limit_alphabet=9000, max_token_length=12
    )
    tokenizer.train_from_iterator(_balanced(counts, words, random.Random(seed)), trainer)
    return str(tokenizer.to_str())


def rank_words(counts: Mapping[str, Counter[str]], subtitles: Mapping[str, Counts]) -> list[str]:
    """Rank words by frequency summed over languages: 0.6 from the corpus and 0.4 from the word lists.

    Every language has the same total, so a language with many forms gets many words.
    """
    value: defaultdict[str, float] = defaultdict(float)
    for language, words in counts.items():
        listed = subtitles.get(language, {})
        share = 0.6 if listed else 1.0
        total = words.total()
        for word, n in words.items():
            if (n >= 2 or word in listed) and len(word) <= 20:
                value[word] += share * n / total
        total = sum(listed.values())
        for word, n in listed.items():
            lowered = word.lower()
            if lowered.isalpha() or not lowered.isascii():
                value[lowered] += (1 - share) * n / total
    return sorted(value, key=value.__getitem__, reverse=True)


def build_vocabulary(pieces: str, words: list[str], size: int) -> Vocabulary:
    """Build a vocabulary of `size` tokens from the pieces and the first of the ranked words.

    A word in the vocabulary is one token (`ignore_merges`); any other is encoded in pieces.
    """
    from tokenizers import Tokenizer

    content = json.loads(pieces)
    vocabulary: dict[str, int] = content["model"]["vocab"]
    for word in words:
        if len(vocabulary) >= size:
            break
        vocabulary.setdefault(word, len(vocabulary))
    content["model"]["ignore_merges"] = False
    cutter = Tokenizer.from_str(json.dumps(content))
    content["model"]["ignore_merges"] = True
    tokens = sorted(vocabulary, key=vocabulary.__getitem__)
    cut = [encoding.ids for encoding in cutter.encode_batch(tokens, add_special_tokens=False)]
    composition, own, beginnings = _compose(tokens, cut)
    return Vocabulary(Tokenizer.from_str(json.dumps(content, ensure_ascii=False)), composition, own, beginnings)


def keep_tokens(tokenizer: Tokenizer, kept: npt.NDArray[np.bool_], added: list[str]) -> Tokenizer:
    """Reduce a tokenizer to the kept tokens, renumbered in order, and append more words."""
    from tokenizers import Tokenizer

    content = json.loads(tokenizer.to_str())
    vocabulary: dict[str, int] = content["model"]["vocab"]
    tokens = [token for token in sorted(vocabulary, key=vocabulary.__getitem__) if kept[vocabulary[token]]]
    content["model"]["vocab"] = {token: number for number, token in enumerate([*tokens, *added])}
    return Tokenizer.from_str(json.dumps(content, ensure_ascii=False))


def encode_segments(tokenizer: Tokenizer, segments: list[str], *, longest: int = 128) -> Ragged:
    """Encode segments, each truncated to `longest` tokens."""
    encoder = StretchTokenizer(tokenizer)
    parts, counts = [], []
    for start in range(0, len(segments), _SEGMENTS):
        ids, lengths = encoder.encode(segments[start : start + _SEGMENTS])
        place = np.arange(len(ids)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        parts.append(ids[place < longest].astype(np.int32))
        counts.append(np.minimum(lengths, longest))
    return Ragged(np.concatenate(parts), np.append(0, np.cumsum(np.concatenate(counts))).astype(np.int64))


def _set_splitting(tokenizer: Tokenizer) -> None:
    """Set normaliser and splitter: lower case, no format characters and punctuation, digits apart from letters.

    A single pattern is a quarter faster than a chain of the same steps.
    """
    from tokenizers import Regex, normalizers, pre_tokenizers

    tokenizer.normalizer = normalizers.BertNormalizer(
        clean_text=True, handle_chinese_chars=False, strip_accents=False, lowercase=True
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(WORDS), "removed", invert=True)


def _compose(tokens: list[str], pieces: list[list[int]]) -> tuple[Ragged, npt.NDArray[np.int64], dict[str, int]]:
    beginnings: dict[str, int] = {}
    known = {token: number for number, token in enumerate(tokens)}
    rows, own = [], np.zeros(len(tokens), np.int64)
    for token, (word, ids) in enumerate(zip(tokens, pieces, strict=True)):
        if not ids or ids == [token]:
            rows.append([token])
            continue
        forms = [word, *(form for form in bare_forms(word) if form in known)]
        starts = [start for form in forms for start in _starts(form)]
        added = [known[form] for form in forms[1:]]
        added += [beginnings.setdefault(start, len(tokens) + len(beginnings)) for start in starts]
        own[token] = 1 + len(added)
        rows.append([token, *added, *ids])
    offsets = np.zeros(len(rows) + 1, np.int64)
    np.cumsum([len(row) for row in rows], out=offsets[1:])
    atoms = np.array([atom for row in rows for atom in row], np.int32)
    return Ragged(atoms, offsets), own, beginnings


def _starts(word: str) -> list[str]:
    return [] if word.isdigit() else [word[:length] for length in (4, 6) if len(word) > length]


def _balanced(counts: Mapping[str, Counter[str]], words: int, rng: random.Random) -> Iterator[str]:
    for counter in counts.values():
        scale = min(words / counter.total(), 2.0)
        for word, n in counter.items():
            times = int(n * scale) + (rng.random() < n * scale % 1)
            if times and not word.isdigit():
                yield (word + " ") * min(times, 2000)


def _count(segments: list[str], table: dict[int, str | None]) -> Counter[str]:
    runs: Counter[str] = Counter()
    for start in range(0, len(segments), _SEGMENTS):
        runs.update("\n".join(segments[start : start + _SEGMENTS]).lower().translate(table).split())
    words: Counter[str] = Counter()
    for run, n in runs.items():
        for word in (run,) if run.isalpha() else _DIGITS.split(run):
            if word:
                words[word] += n
    return words


@cache
def _character_table() -> dict[int, str | None]:
    """Translation table: punctuation to a space, format and control characters to nothing."""
    table: dict[int, str | None] = {}
    for point in range(0x110000):
        character = chr(point)
        category = unicodedata.category(character)
        if category[0] == "P" or character in string.punctuation:
            table[point] = " "
        elif category in ("Cf", "Cc", "Co", "Cn", "Cs") and not character.isspace():
            table[point] = None
    return table


def forms_behind(word: str) -> list[str]:
    """Forms of a word with each proclitic of its script before it."""
    fitting = (proclitics for letters, proclitics in _PROCLITICS if letters.fullmatch(word))
    return [proclitic + word for proclitics in fitting for proclitic in proclitics]


def bare_forms(word: str) -> list[str]:
    """Forms of a word without each proclitic that it may begin with."""
    fitting = ((letters, proclitics) for letters, proclitics in _PROCLITICS if letters.fullmatch(word))
    return [
        word.removeprefix(proclitic)
        for letters, proclitics in fitting
        for proclitic in proclitics
        if word.startswith(proclitic) and letters.fullmatch(word.removeprefix(proclitic))
    ]
