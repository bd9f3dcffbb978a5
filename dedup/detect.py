"""The language of a text: its script first, langdetect's profiles second.

A text is read in pieces of 256 characters. In each the script decides, or narrows the choice: Greek is Greek, kana is
Japanese, Cyrillic leaves Bulgarian, Macedonian, Russian and Ukrainian to langdetect's n-gram profiles
(`dedup.ngrams`). What the pieces say is averaged by their letters, so that the probability of a language is also the
share of the text that reads like it, a banner in English left aside. Every step looks at one text alone and nothing is
drawn at random: neither order nor batch changes an answer.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from dedup.datatypes import UNDETERMINED, Language
from dedup.ngrams import Codes, NgramModel, load_model, log_likelihoods
from dedup.spelling import code_points

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.intp]
Flags = npt.NDArray[np.bool_]

_FEWEST_LETTERS = 16  # fewer are "KTT G7" and "G7 summit", for which any answer is a guess
_LEAST_PROBABILITY = 0.5
_BODY_SHARE = 0.3  # of the letters in another language make English a banner around a body
_TEMPERATURE = 4.0  # n-grams overlap: so tempered, probabilities come out as often right as they say
_NONE_PRIOR = 0.01  # of a language without a profile: what 40 letters cannot outweigh and 200 can

_PIECE = 256
_START, _MIDDLE, _END = 256, 768, 1280  # characters read of a long text: banners stand at the top, so little of that
_BATCH = 128  # texts looked at together: at most 12 MB of arrays

_ADDRESS = re.compile(r"(?:https?://|www\.)[!-~]+|[-_.+0-9A-Za-z]{1,64}@[-_.0-9A-Za-z]{1,255}", re.IGNORECASE)
_NUMBER = re.compile(r"\d[0-9A-Za-z]*")  # with what hangs on: versions, hashes, "4th"


@dataclass(frozen=True, slots=True)
class _Script:
    """Letters as inclusive ranges of code points, the languages with a profile written in them, and what one weighs."""

    languages: tuple[str, ...]
    ranges: tuple[tuple[int, int], ...]
    weight: int = 1


def detect_languages(texts: Sequence[str]) -> tuple[Language, ...]:
    """The language of each text.

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
        none of the 55 fits. A close relative of one of them is taken for it: Malay for "id", Bosnian and Serbian in
        Latin script for "hr", Nynorsk for "no", Galician for "es".

    Notes
    -----
    Naive Bayes over n-grams of one to three characters with langdetect's profiles and smoothing, evaluated exactly
    where langdetect samples (https://github.com/Mimino666/langdetect).
    """
    return tuple(
        language for start in range(0, len(texts), _BATCH) for language in _detect_batch(texts[start : start + _BATCH])
    )


def detect_language(text: str) -> Language:
    """The language of one text; see `detect_languages`, which is faster for many."""
    return detect_languages([text])[0]


def _detect_batch(texts: Sequence[str]) -> list[Language]:
    samples = [_sample(text) for text in texts]
    codes = np.frombuffer("".join(samples).encode("utf-32-le", "surrogatepass"), "<u4").astype(np.uint32, copy=False)
    first_piece = np.cumsum([0, *(len(sample) // _PIECE for sample in samples)])[:-1]
    probability, letters = _read_pieces(codes.reshape(-1, _PIECE))
    total = np.add.reduceat(letters, first_piece)
    shares = np.add.reduceat(probability * letters[:, None], first_piece) / np.maximum(total, 1)[:, None]
    return _decide(shares, total)


def _sample(text: str) -> str:
    """What is read of a text, padded with ``\\0`` to whole pieces, at least one."""
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
    """The verdicts on texts from the share of their letters that reads like each language, and like none (the last)."""
    likeliest_other = np.delete(shares, [_ENGLISH, _NONE], axis=1).max(axis=1)
    around = likeliest_other >= _BODY_SHARE
    shares[around, _ENGLISH] = 0
    shares[around] /= shares[around].sum(axis=1, keepdims=True)
    best = shares.argmax(axis=1)
    share = shares[np.arange(len(best)), best]
    told = (letters >= _FEWEST_LETTERS) & (best != _NONE) & (share >= _LEAST_PROBABILITY)
    return [
        Language(_LANGUAGES[language], min(1.0, probability)) if known else Language(UNDETERMINED, 0.0)
        for language, probability, known in zip(best.tolist(), share.tolist(), told.tolist(), strict=True)
    ]


def _read_pieces(pieces: Codes) -> tuple[Floats, Counts]:
    """Probability of each language in each piece, of shape (n, 56), the last for none; letters, of shape (n,)."""
    letters = _count_letters(pieces)
    main = _main_script(letters)
    probability = np.zeros((len(pieces), len(_LANGUAGES) + 1))
    for script in np.unique(main):
        here = np.flatnonzero(main == script)
        columns, likelihood = _read_script(script, pieces[here], letters[here])
        probability[np.ix_(here, columns)] = _softmax(likelihood)
    return probability, letters.sum(axis=1)


def _count_letters(pieces: Codes) -> Counts:
    """Letters of each script in each piece, weighted, of shape (n, number of scripts)."""
    bins = len(_SCRIPTS) + 1
    script = _script_of()[np.minimum(pieces, 0xFFFF)] + bins * np.arange(len(pieces))[:, None]
    counts = np.bincount(script.ravel(), minlength=bins * len(pieces)).reshape(-1, bins)
    weighted: Counts = counts[:, :-1] * np.array([script.weight for script in _SCRIPTS.values()])
    return weighted


def _main_script(letters: Counts) -> Counts:
    """The script each piece is read in, of shape (n,): names, brands and code are Latin in every script."""
    votes = letters.copy()
    votes[:, _LATIN] //= 2
    votes[:, _HAN] += votes[:, _KANA]
    votes[:, _KANA] = 0
    script: Counts = votes.argmax(axis=1)
    return script


def _read_script(script: int, pieces: Codes, letters: Counts) -> tuple[Counts, Floats]:
    """The languages (columns) that a script leaves to choose from, and their log-likelihoods in each piece."""
    columns = np.array([_LANGUAGES.index(language) for language in _SCRIPTS[_NAMES[script]].languages], np.intp)
    if script == _HAN:
        return columns, _han_likelihoods(pieces, letters[:, _HAN], letters[:, _KANA])
    if len(columns) == 1:
        return columns, np.zeros((len(pieces), 1))
    if len(columns) == 0:
        return np.array([_NONE]), np.zeros((len(pieces), 1))
    likelihood = log_likelihoods(_model(script), pieces).astype(np.float64) / _TEMPERATURE
    likelihood[:, -1] += math.log(_NONE_PRIOR)
    return np.append(columns, _NONE), likelihood


def _han_likelihoods(pieces: Codes, han: Counts, kana: Counts) -> Floats:
    """Log-likelihoods of Simplified Chinese, Traditional Chinese and Japanese, of shape (n, 3).

    A character that only other countries' character sets hold speaks against a language, kana against Chinese, and a
    long run of Han without kana against Japanese.
    """
    known = _national_characters()[:, np.minimum(pieces, 0xFFFF)]
    likelihood: Floats = -2.0 * np.count_nonzero(known.any(axis=0) & ~known, axis=2).T
    likelihood[:, :2] -= 0.5 * kana[:, None]
    likelihood[:, 2] -= 0.08 * np.maximum(han - kana, 0)
    return likelihood


@cache
def _national_characters() -> Flags:
    """Whether GB 2312, Big5 and JIS X 0208 hold a code point, of shape (3, 65536)."""
    leads, trails = np.meshgrid(np.arange(0x81, 0xFF), np.arange(0x40, 0xFF), indexing="ij")
    pairs = np.stack([leads, trails, np.full_like(leads, ord("\n"))], axis=-1).astype(np.uint8).tobytes()
    known = np.zeros((3, 0x10000), np.bool_)
    for row, encoding in enumerate(("gb2312", "big5", "shift_jis")):
        codes = code_points(pairs.decode(encoding, "ignore"))
        known[row, codes[(codes >= 0x4E00) & (codes <= 0x9FFF)]] = True
    return known


def _softmax(likelihood: Floats) -> Floats:
    weight = np.exp(likelihood - likelihood.max(axis=1, keepdims=True))
    probability: Floats = weight / weight.sum(axis=1, keepdims=True)
    return probability


@cache
def _script_of() -> Counts:
    """The place in `_SCRIPTS` of each code point of shape (65536,); the number of scripts for what is no letter."""
    table = np.full(0x10000, len(_SCRIPTS))
    for number, script in enumerate(_SCRIPTS.values()):
        for first, last in script.ranges:
            table[first : last + 1] = number
    return table


@cache
def _model(script: int) -> NgramModel:
    return load_model(_SCRIPTS[_NAMES[script]].languages, _script_of() == script)


def _indic(language: str, block: int) -> _Script:
    """A script of India by its block of 128 code points, danda and digits left out."""
    return _Script((language,), ((block, block + 0x63), (block + 0x70, block + 0x7F)))


_SCRIPTS = {
    "Latin": _Script(
        (
            *("af", "ca", "cs", "cy", "da", "de", "en", "es", "et", "fi", "fr", "hr", "hu", "id", "it", "lt", "lv"),
            *("nl", "no", "pl", "pt", "ro", "sk", "sl", "so", "sq", "sv", "sw", "tl", "tr", "vi"),
        ),
        (
            *((0x41, 0x5A), (0x61, 0x7A), (0xC0, 0xD6), (0xD8, 0xF6), (0xF8, 0x2AF), (0x1E00, 0x1EFF)),
            *((0xFB00, 0xFB06), (0xFF21, 0xFF3A), (0xFF41, 0xFF5A)),
        ),
    ),
    "Cyrillic": _Script(("bg", "mk", "ru", "uk"), ((0x400, 0x52F),)),
    "Arabic": _Script(
        ("ar", "fa", "ur"),
        (
            *((0x620, 0x63F), (0x641, 0x65F), (0x66E, 0x6D3), (0x6D5, 0x6EF), (0x6FA, 0x6FF), (0x750, 0x77F)),
            *((0xFB50, 0xFDFF), (0xFE70, 0xFEFC)),
        ),
    ),
    "Devanagari": _Script(("hi", "mr", "ne"), ((0x900, 0x963), (0x970, 0x97F))),
    "Han": _Script(("zh-cn", "zh-tw", "ja"), ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF)), weight=3),
    "Kana": _Script(("ja",), ((0x3041, 0x30FF), (0xFF66, 0xFF9F)), weight=3),
    "Hangul": _Script(("ko",), ((0x1100, 0x11FF), (0x3131, 0x318E), (0xAC00, 0xD7A3)), weight=3),
    "Greek": _Script(("el",), ((0x370, 0x3FF), (0x1F00, 0x1FFF))),
    "Hebrew": _Script(("he",), ((0x591, 0x5F2),)),
    "Bengali": _indic("bn", 0x980),
    "Gurmukhi": _indic("pa", 0xA00),
    "Gujarati": _indic("gu", 0xA80),
    "Tamil": _indic("ta", 0xB80),
    "Telugu": _indic("te", 0xC00),
    "Kannada": _indic("kn", 0xC80),
    "Malayalam": _indic("ml", 0xD00),
    "Thai": _Script(("th",), ((0xE01, 0xE4E),)),
    # Armenian, Syriac, Thaana, N'Ko, Oriya, Sinhala, Lao, Tibetan, Burmese, Georgian, Ethiopic, Khmer, Mongolian, Yi
    "without a profile": _Script(
        (),
        (
            *((0x531, 0x587), (0x700, 0x74F), (0x780, 0x8FF), (0xB00, 0xB7F), (0xD80, 0xDFF), (0xE80, 0x10FF)),
            *((0x1200, 0x1DFF), (0x2C00, 0x2DFF), (0xA000, 0xABFF)),
        ),
    ),
}
_NAMES = tuple(_SCRIPTS)
_LATIN, _HAN, _KANA = (_NAMES.index(name) for name in ("Latin", "Han", "Kana"))
_LANGUAGES = tuple(sorted({language for script in _SCRIPTS.values() for language in script.languages}))
_ENGLISH = _LANGUAGES.index("en")
_NONE = len(_LANGUAGES)
