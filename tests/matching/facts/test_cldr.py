"""The words of the Unicode CLDR that are shipped are those that babel finds."""

from __future__ import annotations

import json

import babel
import pytest

from cldr import BABEL, FILE, words_by_language
from dedup.matching.facts.locale_words import words_of
from number_words import FILE as NUMBERS
from number_words import ICU, number_words_by_language


@pytest.mark.skipif(babel.__version__ != BABEL, reason="another babel may hold another CLDR")
def test_shipped_words_are_those_of_the_cldr() -> None:
    assert json.loads(FILE.read_bytes()) == words_by_language()


def test_shipped_number_words_are_those_of_icu() -> None:
    icu = pytest.importorskip("icu", reason="needs PyICU, which nobody else does")
    if not icu.ICU_VERSION.startswith(ICU):
        pytest.skip("another ICU may hold another CLDR")
    assert json.loads(NUMBERS.read_bytes()) == number_words_by_language()


def test_english_serves_for_a_language_without_words() -> None:
    assert words_of("xx") is words_of("en")
    assert words_of("zh") == words_of("zh-cn")
