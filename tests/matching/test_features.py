"""Which head judges a pair, and which may while its words have not been read."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from dedup.arrays import take_rows
from dedup.datatypes import UNDETERMINED, Candidates
from dedup.matching.features import MatchInput, PairBlock, certain_languages, pair_block
from dedup.matching.scorer import FEATURES, HEADS

OVERLAP, VOCABULARY = FEATURES.index("overlap"), FEATURES.index("vocabulary")


def block_of(
    codes: tuple[str, str], probability: float = 0.99, lengths: tuple[float, float] = (1000, 900)
) -> PairBlock:
    named = np.array(codes, dtype=str)
    match_input = MatchInput(
        articles=(),
        codes=named,
        certain=certain_languages(named, [probability] * 2),
        lengths=np.array(lengths, np.float32),
        empty=np.zeros(2, np.bool_),
        days=np.full(2, np.nan, np.float32),
        texts=None,  # type: ignore[arg-type]
        files=(),
    )
    return pair_block(match_input, Candidates(np.array([0]), np.array([1]), np.array([0.5], np.float32)))


def with_words(block: PairBlock, overlap: float, vocabulary: float) -> PairBlock:
    block.features[:, [OVERLAP, VOCABULARY]] = overlap, vocabulary
    block.read[:] = True
    return block


@pytest.mark.parametrize(
    ("codes", "probability", "overlap", "vocabulary", "head"),
    [
        (("en", "en"), 0.99, 0.5, 0.6, "copy"),
        (("en", "en"), 0.99, 0.05, 0.6, "rewording"),
        (("en", "en"), 0.5, 0.0, 0.0, "rewording"),
        (("en", "id"), 0.99, 0.0, 0.0, "translation"),
        (("en", "id"), 0.99, 0.9, 0.9, "translation"),
        (("ms", "id"), 0.5, 0.3, 0.5, "copy"),
        (("ms", "id"), 0.5, 0.0, 0.5, "rewording"),
        (("ms", "id"), 0.5, 0.0, 0.2, "translation"),
        (("und", "id"), 0.99, 0.0, 0.0, "undetermined"),
        (("und", "und"), 0.0, 0.0, 0.1, "undetermined"),
        (("und", "und"), 0.0, 0.4, 0.6, "copy"),
        (("und", "en"), 0.99, 0.0, 0.5, "rewording"),
    ],
)
@pytest.mark.parametrize("uneven", [False, True], ids=["even", "excerpt"])
def test_the_relation_of_two_texts_chooses_the_head(
    codes: tuple[str, str], probability: float, overlap: float, vocabulary: float, head: str, uneven: bool
) -> None:
    lengths = (1000, 400) if uneven else (1000, 600)
    block = block_of(codes, probability, lengths)
    before = block.possible_heads()
    named = HEADS.index(f"{head} excerpt" if uneven else head)
    read = with_words(block, overlap, vocabulary)
    assert read.heads().tolist() == [named]
    assert np.flatnonzero(read.possible_heads()[0]).tolist() == [named]
    assert before[0, named], "what judges a pair was possible before"
    excerpts = [head.endswith("excerpt") for head in HEADS]
    assert not before[0, np.logical_not(excerpts) if uneven else excerpts].any()


@pytest.mark.parametrize(
    ("codes", "probability", "letters", "head"),
    [
        (("en", "en"), 0.99, 300, "copy"),
        (("en", "en"), 0.99, 400, "rewording"),
        (("en", "en"), 0.5, 300, "rewording"),
        (("en", "id"), 0.99, 300, "translation"),
        (("und", "und"), 0.0, 300, "undetermined"),
    ],
    ids=["short", "longer", "uncertain", "two languages", "unknown"],
)
def test_short_texts_of_one_language_are_no_translations_of_one(
    codes: tuple[str, str], probability: float, letters: float, head: str
) -> None:
    block = with_words(block_of(codes, probability, (letters, letters)), 0.0, 0.1)
    assert block.heads().tolist() == [HEADS.index(head)]


def test_no_pairs_have_no_heads() -> None:
    none = take_rows(block_of(("en", "en")), slice(0, 0))
    assert none.heads().shape == (0,)
    assert none.possible_heads().shape == (0, len(HEADS))


@pytest.mark.parametrize(
    ("code", "probability", "certain"),
    [("en", 0.97, True), ("en", 0.96, False), (UNDETERMINED, 0.0, False), (UNDETERMINED, 1.0, False)],
)
def test_a_language_is_certain_from_a_probability_on(code: str, probability: float, certain: bool) -> None:
    assert certain_languages(np.array([code]), [probability]).tolist() == [certain]


@pytest.mark.parametrize(
    ("lengths", "length", "amount"),
    [
        ((1000, 1000), 0.0, np.log(10)),
        ((1000, 500), -np.log(2), np.log(5)),
        ((50, 20), -np.log(2.5), 0.0),
        ((10**6, 10**6), 0.0, 2.5),
        ((0, 0), 0.0, 0.0),
    ],
    ids=["alike", "half as long", "headlines", "very long", "empty"],
)
def test_lengths_are_read_as_ratios(lengths: tuple[float, float], length: float, amount: float) -> None:
    for both in (lengths, lengths[::-1]):
        features = block_of(("en", "en"), lengths=both).features[0]
        found: npt.NDArray[np.float32] = features[[FEATURES.index(name) for name in ("length", "amount")]]
        assert found == pytest.approx([length, amount], abs=1e-6)
