"""Detection of the language of a text: its script first, langdetect's profiles second.

A text is read in pieces of 256 characters. In each the script decides, or narrows the choice: Greek is Greek, kana is
Japanese, Cyrillic leaves Bulgarian, Macedonian, Russian and Ukrainian to langdetect's n-gram profiles
(`dedup.language.ngram_model`). What the pieces say is averaged by their letters, so that the probability of a language
is also the share of the text that reads like it, a banner in English left aside. Every step looks at one text alone and
nothing is drawn at random: neither order nor batch changes an answer.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

from dedup.arrays import Counts, distinct
from dedup.datatypes import UNDETERMINED, Language
from dedup.language.ngram_model import Codes, NgramModel, load_model, log_likelihoods
from dedup.language.scripts import (
    ENGLISH,
    HAN,
    KANA,
    LANGUAGES,
    LATIN,
    NO_LANGUAGE,
    SCRIPT_NAMES,
    SCRIPTS,
    national_characters,
    script_of,
)
from dedup.language.siblings import refine

Floats = npt.NDArray[np.float64]

_FEWEST_LETTERS = 16  # fewer are "KTT G7" and "G7 summit", for which any answer is a guess

_LEAST_PROBABILITY = 0.5

_BODY_SHARE = 0.3  # share of letters in another language from which English is a banner around a body

_TEMPERATURE = 4.0  # n-grams overlap: so tempered, probabilities come out as often right as they say

_BY_LETTERS = 0.99  # probability of a language known by letters it alone has
_NONE_PRIOR = 0.01  # probability of a language without a profile, which 200 letters can outweigh but 40 cannot

_PIECE = 256

_START, _MIDDLE, _END = 256, 768, 1280  # characters read of a long text: banners stand at the top, so little of that

_BATCH = 128  # texts looked at together: at most 12 MB of arrays

_ADDRESS = re.compile(r"(?:https?://|www\.)[!-~]+|[-_.+0-9A-Za-z]{1,64}@[-_.0-9A-Za-z]{1,255}", re.IGNORECASE)

_NUMBER = re.compile(r"\d[0-9A-Za-z]*")  # with letters attached: versions, hashes, "4th"


def detect_languages(texts: Sequence[str]) -> tuple[Language, ...]:
    """Detect the language of each text.

    Some 8,000 news articles a second on one core, after 0.1 s for loading the profiles of the scripts that occur.

    Parameters
    ----------
    texts : sequence of str
        Article bodies. Addresses and numbers are passed over; of a text longer than 2,304 characters the beginning,
        the middle and the end are read, and English at the top or bottom (a cookie banner, share buttons) does not
        hide a body in another language that makes up three tenths of what is read.

    Returns
    -------
    tuple of Language
        One of langdetect's 55 codes with its probability, or "und" with 0 where there are fewer than 16 letters (a Han
        character, a kana or a Hangul syllable counts three), no language is more likely than all others together, or
        none of the 55 fits. A close relative of one of them ("ms" of "id", "gl" of "es", "nn" of "no", "sr-Latn" and
        "bs" of "hr") is recognised by words that it alone has, and taken for the better known where there are none
        (`dedup.language.siblings`).

    Notes
    -----
    Naive Bayes over n-grams of one to three characters with langdetect's profiles and smoothing, evaluated exactly
    where langdetect samples (https://github.com/Mimino666/langdetect).
    """
    return tuple(
        language for start in range(0, len(texts), _BATCH) for language in _detect_batch(texts[start : start + _BATCH])
    )


def detect_language(text: str) -> Language:
    """Detect the language of one text; `detect_languages` is faster for many."""
    return detect_languages([text])[0]


def _refined(language: Language, text: str) -> Language:
    code = refine(language.code, text)
    if code == language.code:
        return language
    if code == UNDETERMINED:
        return Language(UNDETERMINED, 0.0)
    return Language(code, language.probability or _BY_LETTERS)


def _detect_batch(texts: Sequence[str]) -> list[Language]:
    samples = [_sample(text) for text in texts]
    codes = np.frombuffer("".join(samples).encode("utf-32-le", "surrogatepass"), "<u4").astype(np.uint32, copy=False)
    first_piece = np.cumsum([0, *(len(sample) // _PIECE for sample in samples)])[:-1]
    probability, letters = _read_pieces(codes.reshape(-1, _PIECE))
    total = np.add.reduceat(letters, first_piece)
    shares = np.add.reduceat(probability * letters[:, None], first_piece) / np.maximum(total, 1)[:, None]
    decided = zip(_decide(shares, total), samples, strict=True)
    return [_refined(language, sample.rstrip("\0")) for language, sample in decided]


def _sample(text: str) -> str:
    """Part of a text that is read, padded with ``\\0`` to whole pieces, at least one."""
    if len(text) > _START + _MIDDLE + _END:
        middle = (len(text) - _MIDDLE) // 2
        text = f"{text[:_START]} {text[middle : middle + _MIDDLE]} {text[-_END:]}"
    if "@" in text or "://" in text or "www." in text:
        text = _ADDRESS.sub(" ", text)
    text = _NUMBER.sub(" ", text)
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    return text.ljust(max(1, -(-len(text) // _PIECE)) * _PIECE, "\0")


def _decide(shares: Floats, letters: Counts) -> list[Language]:
    """Decide on texts, by the shares of their letters that read like each language and (last) like none."""
    likeliest_other = np.delete(shares, [ENGLISH, NO_LANGUAGE], axis=1).max(axis=1)
    around = likeliest_other >= _BODY_SHARE
    shares[around, ENGLISH] = 0
    shares[around] /= shares[around].sum(axis=1, keepdims=True)
    best = shares.argmax(axis=1)
    share = shares[np.arange(len(best)), best]
    certain = (letters >= _FEWEST_LETTERS) & (best != NO_LANGUAGE) & (share >= _LEAST_PROBABILITY)
    return [
        Language(LANGUAGES[language], min(1.0, probability)) if known else Language(UNDETERMINED, 0.0)
        for language, probability, known in zip(best.tolist(), share.tolist(), certain.tolist(), strict=True)
    ]


def _read_pieces(pieces: Codes) -> tuple[Floats, Counts]:
    """Probability of each language in each piece, of shape (n, 56), the last for none; letters, of shape (n,)."""
    letters = _count_letters(pieces)
    main = _main_script(letters)
    probability = np.zeros((len(pieces), len(LANGUAGES) + 1))
    for script in distinct(main):
        here = np.flatnonzero(main == script)
        columns, likelihood = _read_script(script, pieces[here], letters[here])
        probability[np.ix_(here, columns)] = _softmax(likelihood)
    return probability, letters.sum(axis=1)


def _count_letters(pieces: Codes) -> Counts:
    """Letters of each script in each piece, weighted, of shape (n, number of scripts)."""
    bins = len(SCRIPTS) + 1
    script = script_of()[np.minimum(pieces, 0xFFFF)] + bins * np.arange(len(pieces))[:, None]
    counts = np.bincount(script.ravel(), minlength=bins * len(pieces)).reshape(-1, bins)
    weighted: Counts = counts[:, :-1] * np.array([script.weight for script in SCRIPTS.values()])
    return weighted


def _main_script(letters: Counts) -> Counts:
    """The script each piece is read in, of shape (n,): names, brands and code are Latin in every script."""
    votes = letters.copy()
    votes[:, LATIN] //= 2
    votes[:, HAN] += votes[:, KANA]
    votes[:, KANA] = 0
    script: Counts = votes.argmax(axis=1)
    return script


def _read_script(script: int, pieces: Codes, letters: Counts) -> tuple[Counts, Floats]:
    """The languages (columns) that a script leaves to choose from, and their log-likelihoods in each piece."""
    columns = np.array([LANGUAGES.index(language) for language in SCRIPTS[SCRIPT_NAMES[script]].languages], np.intp)
    if script == HAN:
        return columns, _han_likelihoods(pieces, letters[:, HAN], letters[:, KANA])
    if len(columns) == 1:
        return columns, np.zeros((len(pieces), 1))
    if len(columns) == 0:
        return np.array([NO_LANGUAGE]), np.zeros((len(pieces), 1))
    likelihood = log_likelihoods(_model(script), pieces).astype(np.float64) / _TEMPERATURE
    likelihood[:, -1] += math.log(_NONE_PRIOR)
    return np.append(columns, NO_LANGUAGE), likelihood


def _han_likelihoods(pieces: Codes, han: Counts, kana: Counts) -> Floats:
    """Log-likelihoods of Simplified Chinese, Traditional Chinese and Japanese, of shape (n, 3).

    A character that only other countries' character sets hold speaks against a language, kana against Chinese, and a
    long run of Han without kana against Japanese.
    """
    known = national_characters()[:, np.minimum(pieces, 0xFFFF)]
    likelihood: Floats = -2.0 * np.count_nonzero(known.any(axis=0) & ~known, axis=2).T
    likelihood[:, :2] -= 0.5 * kana[:, None]
    likelihood[:, 2] -= 0.08 * np.maximum(han - kana, 0)
    return likelihood


def _softmax(likelihood: Floats) -> Floats:
    weight = np.exp(likelihood - likelihood.max(axis=1, keepdims=True))
    probability: Floats = weight / weight.sum(axis=1, keepdims=True)
    return probability


@cache
def _model(script: int) -> NgramModel:
    return load_model(SCRIPTS[SCRIPT_NAMES[script]].languages, script_of() == script)
