"""Candidates by facts, for texts in languages the model does not know."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from math import log, sqrt

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup import Article, Language, Settings
from dedup.matching.candidates import shared_facts
from dedup.matching.candidates.shared_facts import Keys, fact_keys
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


def pairs_by_facts(keys: Sequence[Keys], asking: npt.NDArray[np.intp]) -> npt.NDArray[np.int64]:
    joined = np.concatenate([np.empty(0, np.uint64), *keys])
    return shared_facts.pairs_by_facts(joined, np.array([*map(len, keys)], np.intp), asking)


def cosines_one_by_one(keys: Sequence[Sequence[int]], one: int) -> dict[int, float]:
    """Cosines of an article with each of the others, fact by fact."""
    n, stated_by = len(keys), Counter(key for of_article in keys for key in of_article)
    weights = {key: log(n / count) for key, count in stated_by.items() if 1 < count < n and count <= max(50, 0.1 * n)}
    vectors = [{key: weights[key] for key in of_article if key in weights} for of_article in keys]
    lengths = [sqrt(sum(weight**2 for weight in vector.values())) for vector in vectors]
    return {
        other: round(sum(vectors[one][key] * vectors[other][key] for key in shared) / lengths[one] / lengths[other], 9)
        for other in range(n)
        if other != one and (shared := vectors[one].keys() & vectors[other].keys())
    }


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


LISTS = st.lists(st.sets(st.integers(0, 60), max_size=8), max_size=70)


@given(LISTS, st.sets(st.integers(0, 69), max_size=6), st.sampled_from([1, 1 << 21]))
def test_pairs_are_those_of_comparing_one_by_one(lists: list[set[int]], some: set[int], products: int) -> None:
    spread = [sorted(key * 0x9E3779B97F4A7C15 % (1 << 64) for key in each) for each in lists]
    asking = sorted(at for at in some if at < len(lists))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shared_facts, "_PRODUCTS", products)
        patch.setattr(shared_facts, "_CHUNK", 7)
        found = pairs_by_facts([np.array(each, np.uint64) for each in spread], np.array(asking, np.intp))
    cosines = {one: cosines_one_by_one(spread, one) for one in asking}
    expected = {one: sorted(value for value in cosines[one].values() if value >= 0.05)[:-21:-1] for one in asking}
    told = {one: [cosines[one][other] for other in found[found[:, 0] == one, 1].tolist()] for one in asking}
    assert told == expected


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
