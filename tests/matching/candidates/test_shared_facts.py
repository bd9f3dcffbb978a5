"""Candidates by facts, for texts in languages the model does not know."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest

from dedup import Article, Language, Settings
from dedup.matching.candidates.shared_facts import fact_keys, pairs_by_facts
from dedup.matching.facts import Facts, extract_facts
from dedup.matching.prepare import prepare
from toy_encoder import ToyEncoder

ENGLISH = (
    "Magnus Carlsen won 1,736 games, said Jonas Petrauskas of Vilnius. The final on 14 March drew 27,500 people. "
    "Tickets cost 89 euros in Klaipeda and 112 in Kaunas."
)
FAROESE_LIKE = (
    "Magnus Carlsen vann 1.736 dystir, segði Jonas Petrauskas úr Vilnius. Til finaluna 14. mars komu 27.500 fólk. "
    "Atgongumerkini kostaðu 89 evrur í Klaipeda og 112 í Kaunas."
)


class _Unreading(ToyEncoder):
    """An encoder to which every text is one strange word."""

    def pool(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """A direction a text, whatever it says."""
        return super().pool([re.sub(r"\W+", "", value) for value in texts])


def keys_of(*facts: Facts) -> list[np.ndarray]:  # type: ignore[type-arg]
    return [fact_keys(each) for each in facts]


def test_rare_facts_outweigh_common_ones() -> None:
    common = Facts(numbers=("2025", "12"))
    keys = keys_of(
        Facts(numbers=("1736", "2025", "12")), Facts(numbers=("1736", "2025")), *[common] * 60, Facts(numbers=("99",))
    )
    found = pairs_by_facts(keys, np.array([0]))
    assert found.tolist() == [[0, 1]]


def test_names_meet_across_scripts() -> None:
    latin, cyrillic = (
        extract_facts("He met Volodymyr Petrenko in Kharkiv.", "en"),
        extract_facts("Сустрэў Уладзімір Пятрэнка ў Харкіў. Учора Валадымыр Петренко быў там.", "und"),
    )
    assert set(fact_keys(latin).tolist()) & set(fact_keys(cyrillic).tolist())


@pytest.mark.parametrize(
    "keys", [[], [Facts()], [Facts(), Facts(numbers=("17",))]], ids=["none", "one", "nothing shared"]
)
def test_nothing_in_common_proposes_nothing(keys: list[Facts]) -> None:
    asking = np.arange(len(keys))
    assert pairs_by_facts(keys_of(*keys), asking).shape == (0, 2)


@pytest.mark.parametrize("others", [(), (Facts(numbers=("99",)),)], ids=["all state it", "some do not"])
def test_what_all_articles_state_tells_nothing(others: tuple[Facts, ...]) -> None:
    keys = keys_of(*[Facts(numbers=("1736",))] * 3, *others)
    with np.errstate(all="raise"):
        found = pairs_by_facts(keys, np.array([0]))
    assert found.tolist() == [[0, 1], [0, 2]] * bool(others)


def test_at_most_twenty_and_never_itself() -> None:
    keys = keys_of(*[Facts(numbers=("1736", str(100 + number))) for number in range(30)], Facts(numbers=("5", "77")))
    found = pairs_by_facts(keys, np.arange(3))
    assert all(one != other for one, other in found.tolist())
    assert np.bincount(found[:, 0]).max() <= 20


@pytest.mark.parametrize(("code", "proposed"), [("und", True), ("en", False)], ids=["unknown", "taken for known"])
def test_an_article_in_an_unknown_language_is_proposed_by_its_facts(
    code: str, proposed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [f"Report {number} speaks of {number * 31 + 7} things in the town hall." for number in range(40)]
    articles = [Article("a", ENGLISH), Article("b", FAROESE_LIKE), *(Article(f"o{n}", t) for n, t in enumerate(others))]
    languages = [Language("en", 1.0), Language(code, 0.5), *[Language("en", 1.0)] * len(others)]
    monkeypatch.setattr("dedup.matching.prepare.detect_languages", lambda texts: languages)
    candidates = prepare(articles, _Unreading(), Settings(neighbours=1)).neighbourhood.candidates()
    assert ((0, 1) in zip(candidates.left.tolist(), candidates.right.tolist(), strict=True)) is proposed
