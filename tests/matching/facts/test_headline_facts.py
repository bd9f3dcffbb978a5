"""The facts of a headline: what tells two notes of one template apart, and says the same in a translation."""

from __future__ import annotations

import pytest

from dedup.matching.facts import Facts, FactSets, extract_facts, fact_scores

REST = "\nMore on 7 May 2021 from 1.2.3, the version before."


def at_the_top(left: Facts, right: Facts) -> int:
    return fact_scores(FactSets.of(left), FactSets.of(right))[3]


@pytest.mark.parametrize(
    ("text", "language", "stated"),
    [
        pytest.param("Ruby 3.0.4 Released" + REST, "en", ("3.0.4",), id="a version"),
        pytest.param("\n\n  DSA-5432-1 and 12 more" + REST, "en", ("12", "DSA-5432-1"), id="behind empty lines"),
        pytest.param("The ministers met" + REST, "en", (), id="nothing"),
        pytest.param("", "en", (), id="no text"),
        pytest.param("Published 10:32, 3 pages" + REST, "en", ("3",), id="a time of day"),
        pytest.param("word " * 39 + "12345 67" + REST, "en", (), id="a number cut off by the limit is none"),
        pytest.param("١٢ قتيلا في زلزال" + REST, "ar", ("12",), id="Arabic digits"),
        pytest.param("भूकंप में १२ की मौत" + REST, "hi", ("12",), id="Devanagari digits"),
        pytest.param("地震で12人死亡" + REST, "ja", ("12",), id="Han"),
        pytest.param("แผ่นดินไหว ๑๒ ราย" + REST, "th", ("12",), id="Thai digits"),
        pytest.param("600 miliar dolar" + REST, "id", ("600000000000",), id="a scale word"),
    ],
)
def test_facts_of_the_first_line(text: str, language: str, stated: tuple[str, ...]) -> None:
    assert extract_facts(text, language).headline == stated


@pytest.mark.parametrize(
    ("left", "right", "clashing"),
    [
        pytest.param("Ruby 3.0.4 Released", "Ruby 3.1.2 Released", 1, id="another version"),
        pytest.param("12 dead in ferry accident", "15 dead in ferry accident", 1, id="another toll"),
        pytest.param("Ruby 3.0.4 Released", "Ruby 3.0.4 veröffentlicht", 0, id="a translation"),
        pytest.param("Two dead in 3 days", "2 Tote in 3 Tagen", 0, id="a number in words"),
        pytest.param("2.5 million votes", "2500000 Stimmen", 0, id="a number in another form"),
        pytest.param("Ruby 2.5 and 3.0.4", "Ruby 2.6 und 3.0.5", 2, id="two"),
        pytest.param("Ferry accident", "15 dead in ferry accident", 0, id="one says more"),
        pytest.param("Ruby Preview 1 Released", "Ruby Preview 2 Released", 1, id="another preview"),
    ],
)
def test_headlines_clash_where_each_states_what_the_other_does_not(left: str, right: str, clashing: int) -> None:
    assert at_the_top(extract_facts(left + REST, "en"), extract_facts(right + REST, "de")) == clashing


def test_a_number_in_words_far_below_is_none_of_the_headline() -> None:
    far = "\nIt is here." + " Nothing changed, nothing broke." * 20 + " Two of us tested it for one day."
    first, second = (extract_facts(f"Version {number} of the editor is released{far}", "en") for number in (7, 2))
    assert "2" in first.spelled
    assert at_the_top(first, second) == 1
    assert at_the_top(extract_facts("Version 7 is released\nTwo of us tested it", "en"), second) == 0
