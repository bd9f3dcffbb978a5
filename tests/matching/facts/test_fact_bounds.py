"""Bounds on how far facts agree hold for any two texts, and facts come back from disk as they were."""

from __future__ import annotations

import json
import lzma
import math
import random
from dataclasses import astuple, replace
from pathlib import Path
from string import ascii_lowercase

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dedup
from dedup import Article, Level, Settings
from dedup.arrays import take_rows
from dedup.datatypes import Candidates
from dedup.matching.facts import (
    FactAgreement,
    FactFile,
    Facts,
    FactSets,
    StoredFacts,
    compare_facts,
    days_apart,
    extract_facts,
    fact_scores,
    pack_facts,
)
from dedup.matching.features import MatchInput
from dedup.matching.prepare import prepare
from dedup.matching.scorer import load_scorer
from dedup.matching.verify import find_matches, judge_pairs

SCRIPTS = {
    "en": "On March 28, 2025, Angela Merkel paid $1.5 million for Ruby 3.2.1 in Berlin at 7:30 p.m. (CVE-2025-1234).",
    "de": "Am 28.03.2025 zahlte Angela Merkel um 19.30 Uhr in Berlin 1,5 Mio. Dollar für Ruby 3.2.1 (CVE-2025-1234).",
    "ru": "28 марта 2025 года Ангела Меркель заплатила в Берлине 1,5 млн долларов за Ruby 3.2.1.",
    "el": "Στις 28 Μαρτίου η Άνγκελα Μέρκελ πλήρωσε 1,5 εκατ. δολάρια στο Βερολίνο.",
    "ar": "دفعت أنغيلا ميركل ١٫٥ مليون دولار في برلين يوم 28 مارس 2025.",
    "he": "אנגלה מרקל שילמה 1.5 מיליון דולר בברלין בשנת 2025.",
    "hi": "अंगेला मर्केल ने 28 मार्च को बर्लिन में 15 लाख डॉलर दिए।",
    "ta": "ஏஞ்சலா மெர்க்கல் 2025 மார்ச் 28 அன்று பெர்லினில் 15 லட்சம் டாலர் செலுத்தினார்.",
    "th": "อังเกลา แมร์เคิล จ่ายเงิน 1.5 ล้านดอลลาร์ วันที่ 28 มีนาคม 2568",
    "ja": "アンゲラ・メルケルは2025年3月28日にベルリンで150万ドルを支払った。",
    "ko": "앙겔라 메르켈은 2025년 3월 28일 베를린에서 150만 달러를 냈다.",
    "zh-cn": "默克尔于2025年3月28日在柏林支付了150万美元。",
}


def stored(texts: list[Facts]) -> tuple[StoredFacts, FactFile]:
    file = FactFile()
    for start in range(0, len(texts), 3):
        file.append(pack_facts(texts[start : start + 3]))
    return file.stored(), file


def hold(texts: list[Facts], pairs: list[tuple[int, int]]) -> int:
    """Assert that no pair agrees more than its bounds say; how many agree less than a bound."""
    keys = stored(texts)
    left, right = np.array(pairs, np.intp).reshape(-1, 2).T
    looser = 0
    bounds = keys[0].keys.bounds(left, right).tolist()
    for (one, other), (stated, named, fewer, clashing) in zip(pairs, bounds, strict=True):
        found = compare_facts(texts[one], texts[other])
        scores = fact_scores(FactSets.of(texts[one]), FactSets.of(texts[other]))
        assert stated >= found.stated - 1e-12, (texts[one], texts[other])
        assert named >= found.named - 1e-12, (texts[one], texts[other])
        assert fewer <= fewer_alone(found), (texts[one], texts[other])
        assert clashing <= scores.clashing + 1e-12, (texts[one], texts[other])
        looser += (stated, fewer) != (found.stated, fewer_alone(found))
    return looser


def fewer_alone(found: FactAgreement) -> int:
    kinds = (found.numbers, found.dates, found.versions, found.identifiers)
    return min(sum(len(kind.left_only) for kind in kinds), sum(len(kind.right_only) for kind in kinds))


def test_bounds_hold_in_every_script() -> None:
    texts = [extract_facts(text, language) for language, text in SCRIPTS.items()]
    pairs = [(one, other) for one in range(len(texts)) for other in range(len(texts))]
    assert hold(texts, pairs) < len(pairs) / 2


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (Facts(), Facts()),
        (Facts(("19:30",)), Facts(("7:30",))),
        (Facts(("19:00",)), Facts(("7",))),
        (Facts(("1980",)), Facts(("80",))),
        (Facts(("2.5",)), Facts(("2500000",))),
        (Facts(dates=("2018-03-28",)), Facts(dates=("03-28",))),
        (Facts(dates=("2018-03-28",)), Facts(dates=("2018-03",))),
        (Facts(dates=("2018-03-08",)), Facts(("2018", "8"))),
        (Facts(dates=("03-28", "05-01")), Facts(("28",), dates=("04-02",))),
        (Facts(("62992", "0")), Facts(identifiers=("R62992",))),
        (Facts(("9",)), Facts(identifiers=("NONE",))),
        (Facts(("3", "7")), Facts(("700",), spelled=("3", "7"))),
        (Facts(("3",), spelled=("4",)), Facts(("4",), spelled=("3",))),
        (Facts(("200",), units=("200 mi",)), Facts(("320",), units=("320 km",))),
        (Facts(("200",), units=("200 idr",)), Facts(("320",), units=("320 sar",))),
        (Facts(dates=("2018-03-08",), ambiguous_dates=("2018-03-08",)), Facts(("8",), dates=("2018-08-03",))),
        (Facts(dates=("2018-03-08",), ambiguous_dates=("2018-03-08",)), Facts(("2018",))),
        (Facts(identifiers=("A-10", "B-20")), Facts(identifiers=("A-10", "B-30"))),
        (Facts(versions=("2.7.1",)), Facts(versions=("2.7.2",))),
        (Facts(names=("putin", "nato", "UN"), hints=("brln",)), Facts(names=("berlin", "UN"), hints=("btn", "nt"))),
    ],
    ids=str,
)
def test_bounds_hold_where_a_fact_has_two_forms(left: Facts, right: Facts) -> None:
    hold([left, right], [(0, 1), (1, 0), (0, 0), (1, 1)])


def test_what_clashes_openly_is_bounded_exactly() -> None:
    texts = [
        Facts(("12", "340"), versions=("2.7.1",), names=("merkel", "berlin")),
        Facts(("17", "519"), versions=("2.7.2",), names=("obama", "berlin")),
        Facts(("12", "340"), versions=("2.7.1",), names=("merkel", "berlin")),
    ]
    assert hold(texts, [(0, 1), (0, 2), (1, 2)]) == 0


numbers = st.sampled_from(
    ["7", "19", "80", "1980", "12.5", "125", "12500", "0", "0.0", "19:30", "7:30", "19.00", "2.5", "2500000", "28"]
)
dates = st.sampled_from(
    ["2018-03-08", "2018-08-03", "2018-03-28", "03-28", "2018-03", "2019-03-28", "05-01", "0990-12-31"]
)
identifiers = st.sampled_from(["CVE-2018-28", "R62992", "G7", "NONE", "COVID-19", "A80"])
names = st.sampled_from(["putin", "UN", "U", "merkel", "berlin", "berlyn", "trump", "tramp", "å"])
hints = st.sampled_from(["btn", "nrkl", "brln", "trnb"])
ambiguous_dates = st.sampled_from(["2018-03-08", "2018-08-03"])
spelled = st.sampled_from(["7", "19", "80", "28", "2500000"])
units = st.sampled_from(["7 mi", "19 km", "80 usd", "125 eur", "12500 idr", "12.5 sar", "2500000 usd", "28 °c"])
tokens = st.sampled_from(["W2", "W3", "M5", "O2", "N7", "N19"])
kinds = (numbers, dates, st.just("2.7.1"), identifiers, names, hints)
any_facts = st.builds(
    lambda first, ordinals, of_units, in_two_ways, **more: Facts(
        *first[:1],
        (*first[1], *in_two_ways),
        *first[2:],
        ordinals=ordinals,
        units=tuple({unit.split()[0]: unit for unit in of_units if unit.split()[0] in first[0]}.values()),
        ambiguous_dates=in_two_ways,
        **more,
    ),
    st.tuples(*(st.lists(kind, max_size=5).map(tuple) for kind in kinds)),
    st.lists(st.sampled_from(["2", "19"]), max_size=2).map(tuple),
    st.lists(units, max_size=4).map(tuple),
    st.lists(ambiguous_dates, max_size=2, unique=True).map(tuple),
    spelled=st.lists(spelled, max_size=4).map(tuple),
    opening=st.lists(tokens, max_size=3).map(tuple),
    opening_names=st.lists(names, max_size=3).map(tuple),
)


@settings(deadline=None)
@given(st.lists(any_facts, min_size=2, max_size=4))
def test_bounds_hold_for_any_facts(texts: list[Facts]) -> None:
    hold(texts, [(one, other) for one in range(len(texts)) for other in range(len(texts))])


@settings(deadline=None)
@given(st.lists(any_facts | st.text(max_size=40).map(lambda text: extract_facts(text, "en")), max_size=7))
def test_facts_come_back_from_disk(texts: list[Facts]) -> None:
    found, _file = stored(texts)
    backwards = np.arange(len(texts))[::-1]
    assert found.take(backwards) == texts[::-1]
    for _ in range(2):  # the second time they are at hand
        fact_sets = found.fact_sets(backwards)
        assert [astuple(each) for each in fact_sets] == [astuple(FactSets.of(facts)) for facts in texts[::-1]]


@given(any_facts, any_facts)
def test_facts_are_counted_as_they_are_compared(left: Facts, right: Facts) -> None:
    stated, named, fewer, *_ = fact_scores(FactSets.of(left), FactSets.of(right))
    found = compare_facts(left, right)
    assert (stated, named, fewer) == (found.stated, found.named, fewer_alone(found))


def test_facts_too_long_to_be_kept_are_read_as_well() -> None:
    long = Facts(names=tuple(f"name{letter}{other}" for letter in ascii_lowercase for other in ascii_lowercase * 3))
    found, _file = stored([long])
    assert astuple(found.fact_sets(np.array([0]))[0]) == astuple(FactSets.of(long))


def test_bounds_hold_for_articles_of_one_topic(shared_eval: Path) -> None:
    for name in ("templated", "ruby_news", "ntrex", "near_dup"):
        with lzma.open(shared_eval / f"{name}.jsonl.xz", "rt", encoding="utf-8") as lines:
            rows = [json.loads(line) for line in lines]
        rows = sorted(random.Random(name).sample(rows, 200), key=lambda row: str(row.get("group", row["story"])))
        texts = [extract_facts(row["text"][:3000], row["lang"]) for row in rows]
        pairs = [(at, at + step) for step in (1, 2, 3) for at in range(len(texts) - step)]
        assert hold(texts, pairs) < 0.6 * len(pairs)


def scanned(shared_eval: Path) -> tuple[MatchInput, Candidates]:
    articles = []
    for name in ("wmt", "ruby_news", "near_dup"):
        with lzma.open(shared_eval / f"{name}.jsonl.xz", "rt", encoding="utf-8") as lines:
            for number, row in enumerate(map(json.loads, lines)):
                if number < 80:
                    articles.append(Article(f"{name}/{number}", row["text"][:3000]))
    prepared = prepare(articles, dedup.load_encoder("bundled"), Settings())
    return prepared.match_input, prepared.neighbourhood.candidates()


@pytest.mark.parametrize("level", list(Level))
def test_matches_found_by_bounds_are_those_of_judging_every_pair(level: Level, shared_eval: Path) -> None:
    match_input, candidates = scanned(shared_eval)
    scorer = load_scorer(level)
    every = judge_pairs(match_input, candidates, scorer)
    matching = every.log_odds >= scorer.least
    found, verdicts = find_matches(match_input, [candidates], scorer)
    assert 50 < matching.sum() < len(candidates) / 2
    for column, expected in zip(astuple(found), astuple(take_rows(candidates, matching)), strict=True):
        assert np.array_equal(column, expected)
    for column, expected in zip(astuple(verdicts), astuple(take_rows(every, matching)), strict=True):
        assert np.array_equal(column, expected)


@settings(deadline=None, max_examples=1000)
@given(any_facts, any_facts, st.booleans())
def test_the_two_texts_may_change_places(left: Facts, right: Facts, alike: bool) -> None:
    right = replace(right, numbers=left.numbers, names=left.names) if alike else right
    one, other = FactSets.of(left), FactSets.of(right)
    assert fact_scores(one, other) == fact_scores(other, one)
    there, back = days_apart(one.dates, other.dates), days_apart(other.dates, one.dates)
    assert there == back or (math.isnan(there) and math.isnan(back))
