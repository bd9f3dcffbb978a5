"""Postprocessing of a trained table: whitening within stories, and removal of words that their pieces replace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from dedup.training.batches import Ragged, Side
from dedup.training.build_vocabulary import forms_behind, keep_tokens

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Floats = npt.NDArray[np.float32]

Doubles = npt.NDArray[np.float64]

Ints = npt.NDArray[np.int64]

_HEAD = 2000  # most frequent words, which weigh about the same

_UNSEEN = 5e-8  # floor of frequencies: a twentieth of the median of the tokens kept

_ZEROS = (0x660, 0x6F0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xE50, 0xFF10)
"""Code points of zero in Arabic, Persian, nine scripts of South Asia and Thailand, and the full-width one."""


@dataclass(frozen=True, slots=True, eq=False)
class Documents:
    """Vectors of pseudo-documents: `left[language]` in the language, `right[language]` the same ones in English."""

    left: dict[str, Floats]
    right: dict[str, Floats]


def within_story_whitening(
    table: Floats, english: Ragged, sides: dict[str, Side], *, power: float, seed: int
) -> Floats:
    """Matrix C^-power of the covariance C of pseudo-documents around their translations.

    The table is multiplied by it: directions in which an article and its translation differ count less.
    """
    documents = pseudo_documents(table, english, sides, seed=seed)
    return whitening(within_story_covariance(documents), power).astype(np.float32)


def widest_directions(
    table: Floats, english: Ragged, dimensions: int, *, documents: int = 4000, segments: int = 20, seed: int = 0
) -> Floats:
    """Principal directions of English pseudo-documents, widest first: ndarray of shape (d, dimensions).

    A table with no more columns than that keeps all of them, and is only rotated.
    """
    rng = np.random.default_rng(seed)
    filled = np.flatnonzero(english.lengths())
    means = _pool(table, english, rng.choice(filled, documents * segments), segments)
    _, vectors = np.linalg.eigh(np.cov(means.T.astype(np.float64)))
    return np.ascontiguousarray(vectors[:, ::-1][:, :dimensions], np.float32)


def token_directions(rows: Floats, frequencies: Doubles) -> Floats:
    """Principal directions of unit rows, widest first: ndarray of shape (d, d), orthogonal.

    A row weighs its token's frequency to the power 0.3. Rotated to these directions, the rows take 1 % less room when
    they are quantised and compressed; cosines stay the same.
    """
    unit = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    weighted = unit * (frequencies**0.3)[:, None].astype(np.float32)
    _, vectors = np.linalg.eigh((unit.T @ weighted).astype(np.float64))
    return np.ascontiguousarray(vectors[:, ::-1], np.float32)


def token_frequencies(tokens: int, english: Ragged, sides: dict[str, Side]) -> Doubles:
    """Frequency of each token, the mean over languages, with a little for tokens that the corpus lacks."""
    texts = [english, *(side.tokens for side in sides.values())]
    shares = [np.bincount(text.ids, minlength=tokens) / max(len(text.ids), 1) for text in texts]
    frequencies: Doubles = np.mean(shares, axis=0) + _UNSEEN
    return frequencies


def choose_tokens(table: Floats, pieces: Floats, kept: int) -> npt.NDArray[np.bool_]:
    """Choose `kept` tokens: all pieces, and the words least like the sums of their pieces, which `pieces` holds.

    Words are replaced by their pieces where that changes least: by the square of the change times the word's frequency
    is (Zipf: the tokens come by frequency).
    """
    change = np.linalg.norm(table - pieces, axis=1) / np.maximum(np.linalg.norm(table, axis=1), 1e-9)
    whole = np.abs(table - pieces).max(axis=1) > 0
    loss = change**2 / (_HEAD + np.cumsum(whole))
    order = np.argsort(np.where(whole, -loss, -np.inf), kind="stable")
    chosen = np.zeros(len(table), np.bool_)
    chosen[order[: max(kept, np.count_nonzero(~whole))]] = True
    return chosen


def shrink(
    tokenizer: Tokenizer, table: Floats, chosen: npt.NDArray[np.bool_], whole: npt.NDArray[np.bool_]
) -> tuple[Tokenizer, Floats, Ints]:
    """Reduce tokenizer and table to the chosen tokens; returns the tokenizer, the rows, and the row of each token.

    A number in other digits shares the row of the same number in ASCII digits, a word behind a proclitic that of the
    bare word; `whole` says which tokens are words.
    """
    tokens = sorted(tokenizer.get_vocab(with_added_tokens=False).items(), key=lambda item: item[1])
    index = dict(tokens)
    rows = table.copy()
    for word, number in tokens:
        if word.isdecimal() and not word.isascii():
            plain = str(int(word)).zfill(len(word))
            rows[number] = table[index[plain]] if plain in index else table[[index[digit] for digit in plain]].sum(0)
    kept_words = {word for word, number in tokens if chosen[number]}
    sharing: dict[str, int] = {}
    for word, number in tokens:
        if chosen[number]:
            forms = _in_other_digits(word) if word.isdecimal() and word.isascii() else ()
            forms = forms_behind(word) if whole[number] and word.isalpha() else forms
            sharing |= {form: number for form in forms if form not in kept_words and form not in sharing}
    place = np.cumsum(chosen) - 1
    of_token = np.concatenate([place[chosen], place[list(sharing.values())].astype(np.int64)])
    return keep_tokens(tokenizer, chosen, list(sharing)), rows[chosen], of_token


def _in_other_digits(number: str) -> list[str]:
    return [number.translate({48 + value: zero + value for value in range(10)}) for zero in _ZEROS]


def pseudo_documents(
    table: Floats, english: Ragged, sides: dict[str, Side], *, documents: int = 200, segments: int = 20, seed: int = 0
) -> Documents:
    """Draw random documents of each language and their English counterparts, as mean-pooled vectors."""
    rng = np.random.default_rng(seed)
    left, right = {}, {}
    for name, side in sides.items():
        points = rng.random(documents * segments) * side.heights[-1]
        rows = side.order[np.minimum(np.searchsorted(side.heights, points, "right") - 1, len(side.order) - 1)]
        left[name] = _pool(table, side.tokens, rows, segments)
        right[name] = _pool(table, english, side.lines[rows].astype(np.int64), segments)
    return Documents(left, right)


def within_story_covariance(documents: Documents) -> Doubles:
    """Covariance of the difference between a document and its translation, languages weighing the same.

    The mean difference of each language is subtracted first.
    """
    differences = [documents.left[name] - documents.right[name] for name in documents.left]
    rest = [difference - difference.mean(0) for difference in differences]
    covariance: Doubles = np.mean([(r.T @ r).astype(np.float64) / (2 * len(r)) for r in rest], axis=0)
    return covariance


def whitening(covariance: Doubles, power: float, floor: float = 0.02) -> Doubles:
    """Symmetric matrix C^(-power), eigenvalues raised to at least `floor` times their mean."""
    values, vectors = np.linalg.eigh(covariance)
    values = np.maximum(values, floor * values.mean())
    matrix: Doubles = (vectors * (values / values.mean()) ** -power) @ vectors.T
    return matrix


def _pool(table: Floats, tokens: Ragged, rows: npt.NDArray[np.int64], segments: int) -> Floats:
    ids, lengths = tokens.gather(rows)
    counts = lengths.reshape(-1, segments).sum(1)
    starts = np.r_[0, np.cumsum(counts)[:-1]]
    means: Floats = np.add.reduceat(table[ids], starts, axis=0) / counts[:, None].astype(np.float32)
    return means
