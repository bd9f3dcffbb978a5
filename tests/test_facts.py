"""Hard facts come out the same in every language, and differ where two texts of one template differ."""

from __future__ import annotations

import pytest

from dedup.facts import Facts, compare_facts, extract_facts

SIX_HUNDRED_BILLION = [
    ("en", "600 billion dollars"),
    ("id", "600 miliar dolar"),
    ("de", "600 Milliarden Dollar"),
    ("es", "600 mil millones de dólares"),
    ("ru", "600 млрд долларов"),
    ("uk", "600 мільярдів доларів"),
    ("el", "600 δισεκατομμύρια δολάρια"),
    ("ar", "٦٠٠ مليار دولار"),
    ("he", "600 מיליארד דולר"),
    ("fa", "۶۰۰ میلیارد دلار"),
    ("hi", "६०० अरब डॉलर"),
    ("ta", "600 பில்லியன் டாலர்"),
    ("th", "6 แสนล้านดอลลาร์"),
    ("vi", "600 tỷ đô la"),
    ("zh-cn", "6000亿美元"),
    ("ja", "6000億ドル"),
    ("ko", "6천억 달러"),
]


@pytest.mark.parametrize(("language", "text"), SIX_HUNDRED_BILLION, ids=[row[0] for row in SIX_HUNDRED_BILLION])
def test_an_amount_is_one_number_in_every_script(language: str, text: str) -> None:
    assert extract_facts(text, language).numbers == ("600000000000",)


def test_two_notes_of_one_template_share_no_version() -> None:
    left = extract_facts("Ruby 2.7.1 was released on 2020-03-31.", "en")
    right = extract_facts("Ruby 2.7.2 wurde am 2. Oktober 2020 veröffentlicht.", "de")
    agreement = compare_facts(left, right)
    assert agreement.versions.shared == ()
    assert agreement.dates.left_only == ("2020-03-31",)
    assert agreement.dates.right_only == ("2020-10-02",)


def test_no_text_states_nothing() -> None:
    assert extract_facts("", "en") == Facts()
