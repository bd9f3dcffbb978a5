"""Skeletons of whole texts, and of names, against the plain way: word by word, one step after another."""

from __future__ import annotations

import random
import re
from itertools import chain

import pytest

from dedup.matching.facts.extract import extract_facts
from dedup.matching.facts.locale_words import month_of, words_of
from dedup.matching.facts.phonetic_key import _caseless_table, _keys, _latin_table, phonetic_key, phonetic_keys

WORD = re.compile(r"[\u0590-\u06ff\u0900-\u0d7f\u30a1-\u30fa\u30fc\uac00-\ud7a3]+")
SPELT = [*range(0x590, 0x700), *range(0x900, 0xD80), *range(0x30A1, 0x30FD)]
PIECES = [
    *(" ", "\n", "a", "é", "中", "。", "・", "\u0e01", "\ud800", "\U0001f600", "\uffff", "\x00"),
    *("ا", "ב", "ר", "क", "ं", "ট", "ম", "త", "ア", "リ", "ル", "ー", "ン", "러", "앙", "닭", "값", "히"),
]


def squeezed(sounds: str) -> str:
    once = re.sub(r"(.)(?=\1)", "", sounds)
    return re.sub(r"(.)(?=\1)", "", re.sub("(?<=[a-zR])a+", "", once))


def word_by_word(text: str) -> tuple[str, ...]:
    table = dict.fromkeys(SPELT, "") | _caseless_table()
    return tuple(
        dict.fromkeys(chain.from_iterable(_keys(squeezed(word.translate(table))) for word in WORD.findall(text)))
    )


@pytest.mark.parametrize("seed", range(20))
def test_all_words_of_a_text_at_once_have_the_skeletons_of_each(seed: int) -> None:
    generator = random.Random(seed)
    for length in (0, 1, 2, 5, 50, 500):
        text = "".join(generator.choices(PIECES, k=length))
        assert phonetic_keys(text) == word_by_word(text)
        text = "".join(map(chr, generator.choices([*SPELT, *range(0xABF0, 0xD7B0), *range(0x20, 0x30)], k=length)))
        assert phonetic_keys(text) == word_by_word(text)


@pytest.mark.parametrize("seed", range(20))
def test_a_name_is_squeezed_in_one_step_as_in_three(seed: int) -> None:
    generator = random.Random(seed)
    for _ in range(500):
        name = "".join(generator.choices("aabbnoeRXß中\n", k=generator.randrange(12)))
        plain = squeezed(name.translate(_latin_table()))
        assert phonetic_key(name) == (plain if len(plain) >= 3 else "")


def test_every_name_of_a_month_is_told_by_its_opening() -> None:
    for language in ("en", "de", "ru", "zh-cn", "ja", "ar", "hi", "vi", "not known"):
        words = words_of(language)
        told = {name: month_of(name, words) for name in words.months if len(name) > 1}
        assert told == {name: month for name, month in words.months.items() if len(name) > 1}
    assert extract_facts("10-Okt-08, 10-Oct-08", "de").dates == ("2008-10-10", "2008-10-10")
