"""Days between the dates of two texts."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.matching.facts import days_apart, extract_facts

DATES = st.lists(st.dates().map(str), max_size=4)


@pytest.mark.parametrize(
    ("left", "right", "days"),
    [
        pytest.param(["2026-03-28"], ["2026-03-28"], 0, id="the same day"),
        pytest.param(["2026-03-28"], ["2026-04-02"], 5, id="across months"),
        pytest.param(["2025-12-30"], ["2026-01-02"], 3, id="across years"),
        pytest.param(["2025-03-28"], ["2026-03-28"], 365, id="a year later"),
        pytest.param(["2025-03-28"], ["03-28"], 0, id="a year unknown"),
        pytest.param(["12-30"], ["01-02"], 3, id="the year turns"),
        pytest.param(["2025-01-01", "2026-03-28"], ["2026-03-27", "2019-05-05"], 1, id="the closest count"),
        pytest.param(["02-29"], ["2024-02-29"], 0, id="a leap day"),
    ],
)
def test_days(left: list[str], right: list[str], days: int) -> None:
    assert days_apart(left, right) == days_apart(right, left) == days


@pytest.mark.parametrize(
    "dates", [[], ["2026-03"], ["2026-13-45"]], ids=["no date", "a month is no day", "no such day"]
)
def test_what_names_no_day_tells_nothing(dates: list[str]) -> None:
    assert math.isnan(days_apart(dates, ["2026-03-28"]))


@given(DATES.filter(bool), DATES.filter(bool))
def test_more_dates_never_lie_further_apart(left: list[str], right: list[str]) -> None:
    assert days_apart(left, right) >= days_apart([*left, *right], right) == 0


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The flood of 28 March 2026 took the bridge.", "en"),
        ("Banjir pada 28 Maret 2026 menghanyutkan jembatan.", "id"),
        ("Наводнение 28 марта 2026 года снесло мост.", "ru"),
        ("2026年3月28日的洪水冲走了桥。", "zh-cn"),
        ("28 मार्च 2026 की बाढ़ में पुल बह गया।", "hi"),
    ],
    ids=["Latin", "Indonesian", "Cyrillic", "Han", "Devanagari"],
)
def test_a_day_is_the_same_in_every_script(text: str, language: str) -> None:
    assert days_apart(extract_facts(text, language).dates, ["2026-03-30"]) == 2
