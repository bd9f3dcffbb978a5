"""Literal words against sets of words, in every script."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.language.sentences import sentences
from dedup.language.text import HAN_OR_KANA, LETTER, MARK, UNSPACED_LETTER, character_kinds, fold
from dedup.matching import literal
from dedup.matching.literal import LITERAL_FEATURES, LiteralFile, LiteralKeys, StoredLiteral, literal_keys
from real_articles import real_articles

TEXTS = [sentences(article.body) for article in real_articles()]
PIECES = [
    "The ferry",
    "ferries",
    "-",
    ". ",
    "’",
    "'s",
    "12",
    "渡轮",
    "冬",
    "เรือ",
    "กฺ",
    "नाव",
    "ी",
    "É",
    "é",
    "ﬁ",
    "한국",
    " ",
]
PIECES += ["The ferry", "ǅ", "\u0301"]
WRITTEN = st.lists(st.lists(st.sampled_from(PIECES), max_size=12).map("".join), max_size=5)
WORD = tuple[str, int, int, bool]  # the word, sentence, place in it, and whether it stands between spaces


def words_of(text: Sequence[str]) -> list[WORD]:
    """Words and single characters of a text, character after character."""
    found: list[WORD] = []
    for rank, sentence in enumerate(fold("\n".join(text)).split("\n")):
        word, begin = "", 0
        for place, (character, kind) in enumerate(zip(sentence, character_kinds(sentence).tolist(), strict=True)):
            if kind == LETTER or (kind == MARK and word):
                word, begin = word + character, begin if word else place
                continue
            found += [(word, rank, begin, True)] if word else []
            word = ""
            found += [(character, rank, place, False)] if kind in (HAN_OR_KANA, UNSPACED_LETTER) else []
        found += [(word, rank, begin, True)] if word else []
    return found


def shingles_of(words: Sequence[WORD]) -> set[tuple[str, ...]]:
    """Five words or nine characters on from each, whatever follows; a text of fewer is one run."""
    sizes = [5 if spaced else 9 for *_, spaced in words]
    names = [name for name, *_ in words]
    return {tuple(names[at : at + size]) for at, size in enumerate(sizes) if at == 0 or at + size <= len(names)}


def stems_of(words: Sequence[WORD]) -> list[tuple[str, int, int]]:
    """Beginnings of words, pairs of characters that stand side by side, and characters that stand alone."""
    found, paired = [], set()
    for at, ((one, rank, begin, spaced), (other, other_rank, next_begin, other_spaced)) in enumerate(pairwise(words)):
        if not spaced and not other_spaced and rank == other_rank and next_begin == begin + 1:
            found.append((one + other, rank, begin))
            paired |= {at, at + 1}
    return found + [
        (name[:6] if spaced else name, rank, begin)
        for at, (name, rank, begin, spaced) in enumerate(words)
        if at not in paired
    ]


def compared(left: Sequence[str], right: Sequence[str]) -> list[float]:
    """The features of two texts, by sets of words."""
    sides = [words_of(text) for text in (left, right)]
    runs = [shingles_of(words) for words in sides]
    stems = [stems_of(words) for words in sides]
    known = [{name for name, *_ in of_text} for of_text in stems]
    headlines = [{name for name, rank, begin in of_text if rank == 0 and begin < 200} for of_text in stems]
    leads = [{name for name, rank, _ in of_text if rank < 3} for of_text in stems]
    later = [{name for name, rank, _ in of_text if rank > 0} for of_text in stems]

    def share(of: list[set[str]]) -> float:
        return max(len(of[side] & known[1 - side]) / max(len(of[side]), 1) for side in (0, 1))

    missing = min(len((headlines[side] & later[side]) - known[1 - side]) for side in (0, 1))
    return [
        len(runs[0] & runs[1]) / max(min(map(len, runs)), 1),
        len(known[0] & known[1]) / max(min(map(len, known)), 1),
        share(leads),
        share(headlines),
        -math.log1p(missing),
    ]


def stored(keys: LiteralKeys, *more: LiteralKeys) -> tuple[StoredLiteral, LiteralFile]:
    file = LiteralFile()
    for part in (keys, *more):
        columns = (part.shingles, part.words, part.headline, part.lead)
        for rows, (numbers, _) in zip(file.rows, columns, strict=True):
            rows.append(numbers)
        file.enter([lengths for _, lengths in columns])
    return file.stored(), file


def found_of(texts: Sequence[Sequence[str]], left: Sequence[int], right: Sequence[int]) -> npt.NDArray[np.float32]:
    read, _file = stored(literal_keys(texts))
    return read.compare(np.array(left, np.intp), np.array(right, np.intp))[0]


@cache
def real() -> tuple[StoredLiteral, LiteralFile]:
    return stored(literal_keys(TEXTS))


def few(text: Sequence[str]) -> bool:
    """Whether all of a text counts: neither are its runs sampled, nor its vocabulary."""
    words = words_of(text)
    return len(shingles_of(words)) < 512 and len({name for name, *_ in stems_of(words)}) < 256


SHORT = [at for at, text in enumerate(TEXTS) if few(text)]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(SHORT), st.sampled_from(SHORT)), min_size=1, max_size=10))
def test_real_texts_agree_as_sets_of_their_words_do(pairs: list[tuple[int, int]]) -> None:
    left, right = np.array(pairs, np.intp).T
    found, *_ = real()[0].compare(left, right)
    assert found.shape == (len(pairs), len(LITERAL_FEATURES))
    for row, (one, other) in zip(found, pairs, strict=True):
        assert row == pytest.approx(compared(TEXTS[one], TEXTS[other]), abs=1e-6)


def test_texts_that_share_words_are_among_them() -> None:
    left, right = np.triu_indices(len(SHORT), 1)
    found, *_ = real()[0].compare(np.array(SHORT)[left], np.array(SHORT)[right])
    assert (found[:, :4] > 0).sum(axis=0).min() >= 5
    assert (found[:, 4] < 0).sum() > 5


@settings(deadline=None)
@given(st.lists(WRITTEN, min_size=1, max_size=4))
def test_so_do_texts_of_anything(texts: list[list[str]]) -> None:
    left, right = np.array([(one, other) for one in range(len(texts)) for other in range(len(texts))]).T
    found = found_of(texts, left, right)
    for row, one, other in zip(found, left.tolist(), right.tolist(), strict=True):
        assert row == pytest.approx(compared(texts[one], texts[other]), abs=1e-6)


@pytest.mark.parametrize(
    ("left", "right", "one_place"),
    [
        (["Eels sold", " ".join("abcdefghijklmnop")], ["Eels sold", " ".join("abcdefghXjklmnop")], True),
        (["Eels sold", " ".join("abcdefghijklmnop")], ["Eels sold", " ".join("abcXefghijklXnop")], False),
        (["Eels sold", " ".join("abcdefghijklmnop")], ["Eels bought", " ".join("abcdefghijklmnop")], False),
        (["Eels sold", *[f"{n} boats are out" for n in range(20)]], ["Eels lost", *["9 boats are out"] * 3], False),
    ],
    ids=["a word", "two words", "a word of the headline", "a shorter text"],
)
def test_texts_may_differ_in_one_place(left: list[str], right: list[str], one_place: bool) -> None:
    read, _file = stored(literal_keys([left, right]))
    for one, other in ((0, 1), (1, 0)):
        assert read.compare(np.array([one]), np.array([other]))[1].tolist() == [one_place]


_NAMES = [f"{first}{second}{third}" for first in "bdfg" for second in "aeiou" for third in "klmnprst"]
_LONG = [f"{one} stands beside {other} and {other} looks at {one}" for one, other in pairwise(_NAMES)]


@pytest.mark.parametrize(
    ("short", "whole"),
    [
        (_LONG[:4], True),
        (_LONG[100:140], True),
        (_LONG[:1], False),
        ([*_LONG[:40], "and something else"], False),
        (["An elk was seen", *_LONG[:40], "the elk is gone"], False),
        (["eels were sold at the harbour of the town this year", "and next year too they say"], False),
    ],
    ids=["its beginning", "its middle", "a few words", "a phrase more", "another headline", "something else"],
)
def test_the_shorter_text_may_stand_in_the_longer(short: list[str], whole: bool) -> None:
    read, _file = stored(literal_keys([short, _LONG]))
    for one, other in ((0, 1), (1, 0)):
        assert read.compare(np.array([one]), np.array([other]))[2].tolist() == [whole]


@settings(deadline=None)
@given(st.lists(st.text(max_size=60).map(sentences), max_size=4))
def test_a_text_has_the_keys_that_it_has_alone(texts: list[list[str]]) -> None:
    together, _one = stored(literal_keys(texts))
    apart, _other = stored(literal_keys(texts[:0]), *(literal_keys([text]) for text in texts))
    every = np.arange(len(texts))
    for name in ("shingles", "words", "headline", "lead"):
        for one, other in zip(getattr(together, name).take(every), getattr(apart, name).take(every), strict=True):
            assert np.array_equal(one, other)


@settings(deadline=None)
@given(st.lists(st.text("aBß\u0301éﬁ Ａ漢ক়া. \n", max_size=60).map(sentences), max_size=4))
def test_texts_folded_before_have_the_keys_of_those_that_are_not(texts: list[list[str]]) -> None:
    folded = ["\n".join(text).casefold() if at % 3 else None for at, text in enumerate(texts)]
    plain, given_folded = literal_keys(texts), literal_keys(texts, folded)
    for name in ("shingles", "words", "headline", "lead"):
        for one, other in zip(getattr(plain, name), getattr(given_folded, name), strict=True):
            assert np.array_equal(one, other)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(0, len(TEXTS) - 1), min_size=2, max_size=8))
def test_both_texts_may_change_places(places: list[int]) -> None:
    left, right = np.array(places[:-1]), np.array(places[1:])
    there, back = real()[0].compare(left, right), real()[0].compare(right, left)
    assert all(np.array_equal(one, other) for one, other in zip(there, back, strict=True))


@pytest.mark.parametrize("kept", [8, 64, 511])
def test_long_texts_are_sampled(kept: int, monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(kept)
    monkeypatch.setattr(literal, "_MOST_SHINGLES", kept)
    monkeypatch.setattr(literal, "_SAMPLED_WORDS", kept)
    words = [f"w{number:04}" for number in range(6000)]
    texts = [words[:4000], words[2000:], words[:4000], generator.permutation(words).tolist()]
    found = found_of([[" ".join(text)] for text in texts], [0, 0, 0], [1, 2, 3])
    assert found[0, :2] == pytest.approx([1 / 2, 1 / 2], abs=2 / kept**0.5)
    assert found[1, :2].tolist() == [1.0, 1.0]
    assert found[2, 0] == 0


@pytest.mark.parametrize(
    ("left", "right", "clash"),
    [
        ("Rain in Oslo. Oslo was wet.", "Rain in Oslo. Oslo was wet.", 0),
        ("Rain in Oslo. Oslo was wet.", "Rain in Rome. Rome was wet.", 1),
        ("Rain in Oslo. Oslo was wet.", "Rain in Rome. It was wet.", 0),
        ("Oslo strike. In Oslo the strike goes on.", "Rome vote. In Rome the vote goes on.", 2),
        ("奥斯陆大雨。奥斯陆很湿。", "罗马晴天了。罗马很热。", 1),
        ("Дождь в Осло. В Осло сыро.", "Дождь в Риме. В Риме сыро.", 1),
    ],
    ids=["one story", "another town", "named once", "two words", "Han", "Cyrillic"],
)
def test_what_a_headline_speaks_of_and_the_other_text_lacks(left: str, right: str, clash: int) -> None:
    texts = [sentences(text) for text in (left, right)]
    assert len(texts[0]) == 2
    assert found_of(texts, [0, 1], [1, 0])[:, 4] == pytest.approx([-math.log1p(clash)] * 2)


NOTICE = (
    "Readers of this paper are kindly asked to keep all tickets until the prize is drawn again.",
    "页面由编辑部制作",
)


@pytest.mark.parametrize("above", [True, False], ids=["above", "below"])
@pytest.mark.parametrize("text", TEXTS[15::3], ids=lambda text: text[0][:12])
def test_a_notice_in_another_script_takes_no_run_away(text: list[str], above: bool) -> None:
    copy = [*NOTICE, *text] if above else [*text, *NOTICE]
    assert found_of([text, copy], [0], [1])[0, :4] == pytest.approx([1] * 4)
