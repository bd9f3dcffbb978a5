"""Exact naive Bayes over langdetect's n-gram profiles, for many pieces of text at once.

langdetect (Nakatani Shuyo's language-detection) draws n-grams of a text at random until one language stands out. Here
every n-gram of one to three characters counts, with the same probabilities and smoothing: the answer to which random
trials converge, without a seed. All n-grams that end at one position have their log-probabilities summed
beforehand, so that scoring is one row of a table read for each position. What a piece repeats counts once: forty
kernel-image packages in a row are not Danish.

Beside its languages a model scores one more hypothesis, *none of them*: a text that the mean of all profiles explains
about as well as the best single one is written in a language without a profile.
"""

from __future__ import annotations

import importlib.util
import json
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dedup.arrays import distinct
from dedup.errors import ModelError
from dedup.language.fast_json import parse_numbers
from dedup.language.word_hash import HashedWords, code_points

Codes = npt.NDArray[np.uint32]

Symbols = npt.NDArray[np.intp]

Probabilities = npt.NDArray[np.float64]

_FREQUENCIES = '{"freq":{'

_SMOOTHING = 0.5 / 10_000  # langdetect's ALPHA_DEFAULT / BASE_FREQ

_NONE_BONUS = 0.01  # nats for each n-gram and each log(number of languages)

_FOREIGN_LETTER = 0.01  # under "none of them", the probability of a letter that no profile of the script has

_BLOCK = 32  # pieces whose rows are gathered at once: about a megabyte, which stays in the cache

# Characters that langdetect replaces (NGram.normalize): letters with a comma below by those with a cedilla, as in its
# Romanian profiles, Farsi yeh by the Arabic one, and all letters that only Vietnamese writes by a single one.
_FOLDED = {0x219: 0x15F, 0x21B: 0x163, 0x6CC: 0x64A} | dict.fromkeys(range(0x1EA0, 0x1F00), 0x1EC3)


@dataclass(frozen=True, slots=True, eq=False)
class NgramModel:
    """Profiles of the languages of one script, compiled for look-up.

    A position of a text is scored by the symbols a, b, c that end there: ``rows[states[a, b], c]`` names the row of
    `log_probability` with the sum over the n-grams abc, bc and c, as far as the profiles know them.

    languages : L codes, the columns of `log_probability`; its last column stands for none of them.
    symbols : ndarray of shape (65536,), intp; of each code point, 0 for a space and all that breaks words.
    small : ndarray of shape (S,), intp; the symbol of the small letter.
    capital : ndarray of shape (S,), bool.
    states : ndarray of shape (S, S), intp.
    rows : ndarray of shape (number of states, S), int32, which are sorted in half the time.
    log_probability : ndarray of shape (number of rows, L + 1), float32.
    """

    languages: tuple[str, ...]
    symbols: Symbols
    small: Symbols
    capital: npt.NDArray[np.bool_]
    states: Symbols
    rows: npt.NDArray[np.int32]
    log_probability: npt.NDArray[np.float32]


def log_likelihoods(model: NgramModel, pieces: Codes) -> npt.NDArray[np.float32]:
    """Log-likelihood of each piece of text under each language of the model, and under none of them.

    Runs of capitals are passed over, as langdetect does, unless most of a piece is written in them. The n-grams that
    end at one position count together, and once a piece; letters that no profile has count each time.

    Parameters
    ----------
    model : NgramModel
    pieces : ndarray of shape (n, width), uint32
        Code points, one piece a row, padded with zeros.

    Returns
    -------
    ndarray of shape (n, L + 1), float32
        All zero for a piece without any n-gram that the profiles know.
    """
    symbols = np.zeros((len(pieces), pieces.shape[1] + 3), np.intp)  # two spaces before a piece and one after it
    symbols[:, 2:-1] = model.symbols[np.minimum(pieces, 0xFFFF)]
    shouted = 2 * np.count_nonzero(model.capital[symbols], axis=1) > np.count_nonzero(symbols, axis=1)
    symbols[shouted] = model.small[symbols[shouted]]
    rows = model.rows[model.states[symbols[:, :-2], symbols[:, 1:-1]], symbols[:, 2:]]
    rows.sort(axis=1)
    rows[:, 1:][(rows[:, 1:] == rows[:, :-1]) & (rows[:, 1:] != _FOREIGN)] = 0
    sums = np.empty((len(pieces), model.log_probability.shape[1]), np.float32)
    for start in range(0, len(pieces), _BLOCK):
        block = model.log_probability.take(rows[start : start + _BLOCK], axis=0)
        np.einsum("nwl->nl", block, out=sums[start : start + _BLOCK])
    return sums


def load_model(languages: Sequence[str], letters: npt.NDArray[np.bool_]) -> NgramModel:
    """Compile a model of languages that share a script, from the profiles that come with langdetect.

    Parameters
    ----------
    languages : sequence of str
        Names of profiles.
    letters : ndarray of shape (65536,), bool
        The code points of the script. Everything else breaks words, and n-grams with it are left out.
    """
    ngrams, probability = _merge([_read_profile(language, letters) for language in languages])
    alphabet = [" ", "\N{REPLACEMENT CHARACTER}", *map(chr, distinct(ngrams[ngrams > ord(" ")]))]
    symbols = _number_symbols(alphabet, letters)
    capital = np.array([letter.isupper() for letter in alphabet])
    scores = np.concatenate([np.zeros((2, len(languages) + 1)), _log_probability(probability)])
    scores[_FOREIGN] = [np.log(_SMOOTHING)] * len(languages) + [np.log(_FOREIGN_LETTER)]
    states, rows = _compile(symbols[ngrams], np.count_nonzero(ngrams, axis=1), capital, scores)
    return NgramModel(
        languages=tuple(languages),
        symbols=symbols,
        small=np.array([symbols[ord(letter.lower()[0])] or symbol for symbol, letter in enumerate(alphabet)]),
        capital=capital,
        states=states,
        rows=rows.astype(np.int32),
        log_probability=scores.astype(np.float32),
    )


_FOREIGN = 1  # symbol, and row, of a letter of the script that is in no profile; 0 is a space and an unknown n-gram


def _read_profile(language: str, letters: npt.NDArray[np.bool_]) -> tuple[Codes, Probabilities]:
    """N-grams of a profile, code points of shape (m, 3) padded with zeros, and their share among those as long."""
    ngrams, counts, totals = _read_counts((_profile_directory() / language).read_text(encoding="utf-8"))
    codes = np.zeros((len(counts), 3), np.uint32)
    for place in range(3):
        longer = np.flatnonzero(ngrams.lengths > place)
        codes[longer, place] = ngrams.text[ngrams.starts[longer] + place]
    known = np.minimum(codes, 0xFFFF)
    usable = (letters[known] | (known == ord(" ")) | (known == 0)).all(axis=1)
    share = counts / np.array(totals, float)[ngrams.lengths - 1]
    return known[usable], share[usable]


def _read_counts(profile: str) -> tuple[HashedWords, npt.NDArray[np.intp], list[int]]:
    """N-grams of a profile, the count of each, and the total of each length."""
    end = profile.find("}")
    if profile.startswith(_FREQUENCIES) and "\\" not in profile:
        found = parse_numbers(code_points(profile[len(_FREQUENCIES) : end]))
        if found is not None:
            return *found, json.loads(_FREQUENCIES + profile[end:])["n_words"]
    read = json.loads(profile)
    return HashedWords.of(list(read["freq"])), np.array(list(read["freq"].values()), np.intp), read["n_words"]


@cache
def _profile_directory() -> Path:
    """Directory of langdetect's profiles, found without importing it, which would compile tables not needed here."""
    spec = importlib.util.find_spec("langdetect")
    if spec is None or spec.origin is None:
        raise ModelError(
            "langdetect, whose profiles languages are detected by, is not installed; run: pip install langdetect"
        )
    return Path(spec.origin).parent / "profiles"


def _merge(profiles: list[tuple[Codes, Probabilities]]) -> tuple[Codes, Probabilities]:
    """Union of the n-grams of several profiles, shape (m, 3), and the probability in each, shape (m, L)."""
    packed = [ngrams.astype(np.uint64) @ np.array([1 << 32, 1 << 16, 1], np.uint64) for ngrams, _ in profiles]
    keys, row = np.unique(np.concatenate(packed), return_inverse=True)
    column = np.repeat(np.arange(len(profiles)), [len(keys) for keys in packed])
    probability = np.zeros((len(keys), len(profiles)))
    probability[row.ravel(), column] = np.concatenate([share for _, share in profiles])
    return np.stack([keys >> 32, keys >> 16 & 0xFFFF, keys & 0xFFFF], axis=1).astype(np.uint32), probability


def _log_probability(probability: Probabilities) -> Probabilities:
    """Smoothed logarithms, shape (m, L + 1); the last column scores an n-gram by the mean of all languages.

    Without the bonus a text in a language without profile (Icelandic, Hausa, Zulu) scores about the same in the last
    column as in the best other one, between -0.2 and +0.15 nats an n-gram apart, while a text in one of the languages
    scores at least 0.22 better in its own.
    """
    languages = probability.shape[1]
    mean = np.log(probability.mean(axis=1, keepdims=True) + _SMOOTHING) + _NONE_BONUS * np.log(languages)
    return np.concatenate([np.log(probability + _SMOOTHING), mean], axis=1)


def _number_symbols(alphabet: list[str], letters: npt.NDArray[np.bool_]) -> Symbols:
    """Symbol of each code point: its place in the alphabet, `_FOREIGN` for other letters of the script, else 0."""
    symbols = np.zeros(0x10000, np.intp)
    place = {letter: number for number, letter in enumerate(alphabet)}
    for code in np.flatnonzero(letters).tolist():
        plain = unicodedata.normalize("NFKC", chr(code))[0]  # replaces wide letters, ligatures and positional forms
        symbols[code] = place.get(chr(code)) or place.get(plain) or (_FOREIGN if plain.isalpha() else 0)
    for code, stand_in in _FOLDED.items():
        symbols[code] = symbols[stand_in]
    return symbols


def _compile(
    ngrams: Symbols, lengths: Symbols, capital: npt.NDArray[np.bool_], scores: Probabilities
) -> tuple[Symbols, Symbols]:
    """Compile the tables `states` and `rows`; adds to each n-gram's score those of the shorter ones it ends with.

    Two symbols lead to a state: one of their own where a three-character n-gram begins with them, or else the state of
    the second symbol alone.
    """
    row = np.arange(len(scores) - len(ngrams), len(scores))
    one, two, three = (lengths == n for n in (1, 2, 3))
    size = len(capital)

    after_none = np.zeros(size, np.intp)
    after_none[_FOREIGN] = _FOREIGN
    after_none[ngrams[one, 0]] = row[one]
    after_one = np.tile(after_none, (size, 1))
    after_one[ngrams[two, 0], ngrams[two, 1]] = row[two]
    scores[row[two]] += scores[after_none[ngrams[two, 1]]]
    scores[row[three]] += scores[after_one[ngrams[three, 1], ngrams[three, 2]]]

    prefixes, prefix = np.unique(ngrams[three, 0] * size + ngrams[three, 1], return_inverse=True)
    states = np.tile(np.arange(size), (size, 1))
    states.flat[prefixes] = size + np.arange(len(prefixes))
    second = np.concatenate([np.arange(size), prefixes % size])
    rows = after_one[second]
    rows[size + prefix.ravel(), ngrams[three, 2]] = row[three]
    rows[capital[second][:, None] & capital] = 0
    return states, rows
