"""Rarity of words, names and numbers: what many texts have says little, and no count of a run matters."""

from __future__ import annotations

import numpy as np
import pytest

import dedup.matching.rarity as rarity_module
from dedup.matching.literal import literal_keys
from dedup.matching.rarity import Counted, count_rarity, load_rarity


def of(text: str) -> float:
    return float(load_rarity().of_words(literal_keys([[text]]).words[0])[0])


@pytest.mark.parametrize(
    ("common", "rare"),
    [("the", "police"), ("said", "quasar"), ("dan", "gempa"), ("että", "sähkökatko"), ("и", "землетрясение")],
)
def test_words_of_every_text_say_less_than_rare_ones(common: str, rare: str) -> None:
    assert 0 <= of(common) < of(rare) <= 9


def test_what_nobody_has_seen_is_as_rare_as_can_be() -> None:
    assert of("zzxqj") == load_rarity().of_name("zzxqj") == load_rarity().of_number("918273.5") == 9


def test_what_is_in_fewer_articles_is_rarer_and_survives_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [Counted("en", [1, 2] if at < 20 else [1], ["trnb"], ["7"], again=at % 2 == 1) for at in range(40)]
    table = count_rarity([*texts, Counted("fi", [3] * 9, [], [], again=False)])
    always, half, once = table.of_words(np.array([1, 2, 3], np.uint32))
    assert always < half < once == 9
    assert table.of_name("trnb") == table.of_number("7") < 9
    assert table.of_words(np.array([], np.uint32)).shape == (0,)

    class Folder:
        def __truediv__(self, _: str) -> Folder:
            return self

        def read_bytes(self) -> bytes:
            return table.as_bytes()

    monkeypatch.setattr(rarity_module.resources, "files", lambda _: Folder())
    load_rarity.cache_clear()
    try:
        read = load_rarity()
        assert read.of_words(np.array([1, 2, 3], np.uint32)).tolist() == [always, half, once]
        assert (read.names, read.numbers) == (table.names, table.numbers)
    finally:
        load_rarity.cache_clear()
