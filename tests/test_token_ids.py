"""Ids are those the tokenizer gives for the whole text, whatever was met before."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

import dedup
from dedup import token_ids
from dedup.token_ids import TokenIds

BUNDLED = next(Path(dedup.__file__).parent.glob("models/*/0_StaticEmbedding/tokenizer.json"))
SCRIPTS = {
    "Latin": "Ministers met in Astana, ministers left; 600 billion (2030)!",
    "Cyrillic": "Министры встретились в Астане — 600 миллиардов.",
    "Greek": "ΟΙ ΥΠΟΥΡΓΟΙ συναντήθηκαν στην Αστάνα.",
    "Arabic": "اجتمع الوزراء في أستانا، ٢٠٣٠",
    "Persian with joiners": "وزیران می‌روند",
    "Hebrew": "השרים נפגשו באסטנה.",
    "Devanagari": "मंत्रियों की बैठक २०३० में",
    "Tamil": "அமைச்சர்கள் சந்தித்தனர்",
    "Thai": "รัฐมนตรีพบกันที่อัสตานา",
    "Han": "部长们在阿斯塔纳会面，2030年。",
    "kana": "大臣たちがアスタナで会談した。",
    "Hangul": "장관들이 아스타나에서 만났다.",
    "nothing": "",
    "spaces alone": " \t\n ",
    "punctuation alone": "… — !",
}


@cache
def bundled_tokenizer() -> Tokenizer:
    return Tokenizer.from_file(str(BUNDLED))


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return bundled_tokenizer()


def cut(tokenizer: Tokenizer, texts: list[str]) -> list[list[int]]:
    return [encoding.ids for encoding in tokenizer.encode_batch(texts, add_special_tokens=False)]


def parted(known: TokenIds, texts: list[str]) -> list[list[int]]:
    ids, lengths = known.of(texts)
    assert len(ids) == lengths.sum()
    ends = lengths.cumsum()
    return [ids[end - length : end].tolist() for end, length in zip(ends, lengths, strict=True)]


@pytest.mark.parametrize("text", SCRIPTS.values(), ids=SCRIPTS.keys())
def test_ids_are_the_tokenizers_own_in_every_script(tokenizer: Tokenizer, text: str) -> None:
    known = TokenIds(tokenizer)
    for _ in range(2):  # met for the first time, and again
        assert parted(known, [text]) == cut(tokenizer, [text])
    every = list(SCRIPTS.values())
    assert parted(known, every) == cut(tokenizer, every)


def test_no_texts_have_no_ids(tokenizer: Tokenizer) -> None:
    ids, lengths = TokenIds(tokenizer).of([])
    assert (len(ids), len(lengths)) == (0, 0)


def test_what_is_forgotten_is_cut_again(tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_ids, "_MOST", 200)
    known = TokenIds(tokenizer)
    for text in (*SCRIPTS.values(), *SCRIPTS.values()):
        assert parted(known, [text, text]) == cut(tokenizer, [text, text])


@given(st.lists(st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn"]), max_size=40), max_size=5))
def test_any_texts_have_the_tokenizers_ids(texts: list[str]) -> None:
    tokenizer = bundled_tokenizer()
    assert parted(TokenIds(tokenizer), texts) == cut(tokenizer, texts)


@pytest.mark.parametrize(
    ("split", "crosses"),
    [
        (pre_tokenizers.BertPreTokenizer, False),
        (pre_tokenizers.Whitespace, False),
        (pre_tokenizers.WhitespaceSplit, False),
        (pre_tokenizers.Metaspace, True),
        (lambda: None, True),
    ],
    ids=["bert", "whitespace", "whitespace split", "metaspace keeps spaces", "none sees all"],
)
def test_tokenizers_that_see_spaces_get_whole_texts(split: Callable[[], object], crosses: bool) -> None:
    tokenizer = Tokenizer(models.BPE({"a": 0, "b": 1, " ": 2, "▁": 3, "ab": 4}, [("a", "b")]))
    tokenizer.normalizer = normalizers.Lowercase()
    if split() is not None:
        tokenizer.pre_tokenizer = split()
    texts = ["ab b", "B ab", " a"]
    ids = parted(TokenIds(tokenizer), texts)
    assert ids == cut(tokenizer, texts)
    assert crosses == any(token in (2, 3) for row in ids for token in row)
