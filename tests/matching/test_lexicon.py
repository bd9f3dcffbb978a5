"""Words of two languages that translate each other, against sets of meanings, and the fit of the lexicon."""

from __future__ import annotations

import lzma
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.evaluation.lexicon_fit import fit_lexicon
from dedup.language.sentences import sentences
from dedup.matching.lexicon import Lexicon, compare_reports, lexicon_of, load_lexicon
from dedup.matching.literal import LiteralFile, LiteralKeys, literal_keys
from real_articles import real_articles

CODES = ("en", "de", "id", "ar", "zh-cn", "und", "xx")
PIECES = (
    "Turkey",
    "Japan",
    "Türkei",
    "Jepang",
    "Samstag",
    "Saturday",
    "Sabtu",
    "تركيا",
    "اليابان",
    "日本",
    "土耳其",
    "12",
)
TEXTS = st.tuples(st.sampled_from(CODES), st.lists(st.sampled_from(PIECES), max_size=5).map(" ".join))


def measure(texts: Sequence[str], codes: Sequence[tuple[str, str]], lexicon: Lexicon) -> npt.NDArray[np.float32]:
    """Measures of the first text and each of the others; a pair of languages for each pair of texts."""
    files = LiteralFile()
    keys = literal_keys([sentences(text) for text in texts])
    lists = [getattr(keys, name) for name in LiteralKeys.__dataclass_fields__]
    for rows, (values, _) in zip(files.rows, lists, strict=True):
        rows.append(values)
    files.enter([counts for _, counts in lists])
    right = np.arange(1, len(texts))
    return compare_reports(files.stored(), np.zeros_like(right), right, np.array(codes), lexicon)


def compare(left: tuple[str, str], right: tuple[str, str]) -> tuple[float, float, float]:
    """Measures of two texts, each given by its language and its words."""
    found = measure([left[1], right[1]], [(left[0], right[0])], load_lexicon())
    return float(found[0, 0]), float(found[0, 1]), float(found[0, 2])


@pytest.mark.parametrize(
    ("language", "word", "english", "other"),
    [
        ("de", "Frankreich", "France", "Japan"),
        ("id", "Jepang", "Japan", "Turkey"),
        ("ar", "تركيا", "Turkey", "Japan"),
        ("ru", "выборы", "elections", "earthquake"),
        ("fi", "maanjäristys", "earthquake", "election"),
        ("es", "gobierno", "government", "Friday"),
        ("hi", "भूकंप", "earthquake", "election"),
        ("zh-cn", "银行", "bank", "school"),
        ("ja", "病院", "hospital", "bank"),
        ("ko", "병원", "hospital", "bank"),
        ("sw", "hospitali", "hospital", "bank"),
        ("el", "πόλεμος", "war", "peace"),
        ("he", "מלחמה", "war", "peace"),
        ("tr", "hastane", "hospital", "election"),
    ],
)
def test_a_word_meets_its_translation_and_no_other(language: str, word: str, english: str, other: str) -> None:
    alike, apart = compare((language, word), ("en", english)), compare((language, word), ("en", other))
    assert min(alike) > 0 > max(apart)


def test_two_languages_meet_without_english() -> None:
    assert min(compare(("de", "Türkei"), ("id", "Turki"))) > 0 > max(compare(("de", "Türkei"), ("id", "Jepang")))


@pytest.mark.parametrize("other", ["en", "de", "und"])
@pytest.mark.parametrize("left", [("und", "Turkey"), ("xx", "Turkey"), ("en", ""), ("en", "12"), ("de", "qqqq")])
def test_nothing_known_is_nothing_measured(left: tuple[str, str], other: str) -> None:
    assert compare(left, (other, "Japan")) == (0, 0, 0)


@given(TEXTS, TEXTS)
@settings(deadline=None, max_examples=50)
def test_measures_are_those_of_sets_of_meanings_and_symmetric(left: tuple[str, str], right: tuple[str, str]) -> None:
    assert compare(left, right) == pytest.approx(tuple(by_sets(left, right)), abs=1e-6)
    assert compare(left, right) == compare(right, left)


def by_sets(left: tuple[str, str], right: tuple[str, str]) -> Iterator[float]:
    """The same measures with sets, a word at a time, of texts that are all lead."""
    sides = [
        (list(meanings_of(*side)), max(1, len(literal_keys([sentences(side[1])]).words[0]))) for side in (left, right)
    ]
    shares = []
    for (one, _), (other, words) in (sides, sides[::-1]):
        present = {meaning for of_word in other for meaning in of_word}
        weights = [float(load_lexicon().rarity[of_word[0]]) for of_word in one]
        shared = sum(weight for weight, of_word in zip(weights, one, strict=True) if present.intersection(of_word))
        missing = (sum(weights) - shared) * len(other) / words
        shares.append((shared + 2.5) / (shared + missing + 10) - 0.25)
    yield min(shares)
    yield sum(shares) / 2
    yield min(shares)


def meanings_of(code: str, text: str) -> Iterator[list[int]]:
    """Meanings of each word that the lexicon knows."""
    lexicon = load_lexicon()
    entries = lexicon.entries(code)
    if entries is None:
        return
    for key in literal_keys([sentences(text)]).words[0]:
        known, meanings = entries.find(np.array([key]))
        if known[0]:
            yield [meaning for meaning in meanings[0].tolist() if meaning < len(lexicon.english)]


def test_a_real_translation_shares_more_than_another_article() -> None:
    articles = real_articles()
    english, indonesian = ([a for a in articles if a.id.startswith(code)] for code in ("000", "001"))
    others = [a for a in articles if a.id[:3] in ("002", "003", "004")]
    told = compare(("en", english[0].body), ("id", indonesian[0].body))
    assert len(others) >= 3
    for other in others:
        assert told[0] > compare(("en", other.body), ("id", indonesian[0].body))[0]


def test_the_fit_finds_the_words_that_stand_for_each_other(tmp_path: Path) -> None:
    english = ["the red house", "a red river", "the old house", "a deep river", "an old bridge", "a deep red"]
    theirs = ["rumah merah", "sungai merah", "rumah tua", "sungai dalam", "jembatan tua", "merah dalam"]
    with lzma.open(tmp_path / "en.txt.xz", "wt", encoding="utf-8") as lines:
        lines.writelines(f"{line}\n" for line in english)
    with lzma.open(tmp_path / "id.tsv.xz", "wt", encoding="utf-8") as lines:
        lines.writelines(f"{number}\tmade\t{segment}\n" for number, segment in enumerate(theirs))
    written = fit_lexicon(tmp_path)
    lexicon = lexicon_of(written)
    measured = measure(["rumah tua", "old house", "deep river"], [("id", "en"), ("id", "en")], lexicon)
    assert measured[0].min() > 0 > measured[1].max()
    assert written == fit_lexicon(tmp_path)
