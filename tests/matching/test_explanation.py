"""Scores as sums: what the features of a pair contribute adds up to the score that it was given."""

from __future__ import annotations

import math
from array import array
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest

import dedup
from dedup.datatypes import Article, Features, Language, Level, Match, MatchKind, Settings
from dedup.evaluation.gold import read_gold
from dedup.matching.explanation import Explanation, explain_score
from dedup.matching.scorer import FEATURES, HEADS, load_scorer
from dedup.report.waterfall import comparison_waterfall, waterfalls
from dedup.report.wording import feature_words, head_words
from handmade import handmade_report

GOLD = tuple(item.article for item in read_gold(Path(__file__).parents[1] / "data" / "gold.jsonl"))
ENGLISH, INDONESIAN = Language("en", 0.99), Language("id", 0.99)


def explained(match: Match, languages: tuple[Language, Language], level: Level) -> Explanation | None:
    return explain_score(load_scorer(level), match.evidence.features, languages, match.score)


@pytest.mark.parametrize("level", list(Level), ids=lambda level: level.value)
def test_every_match_is_explained_by_a_sum_that_gives_its_score(level: Level) -> None:
    report = dedup.find_duplicates(GOLD, settings=Settings(level=level))
    judged = [match for match in report.matches if match.kind is not MatchKind.EXACT]
    heads = set()
    for match in judged:
        found = explained(match, (report.languages[match.left], report.languages[match.right]), level)
        assert found is not None
        assert found.total == pytest.approx(found.base + sum(part.log_odds for part in found.contributions))
        assert 1 / (1 + math.exp(-found.total)) == pytest.approx(match.score, abs=2e-3)
        heads.add(found.head)
    assert len(judged) > 50
    assert heads >= {"translation", "copy"}


def test_pairs_that_are_no_match_are_explained_too() -> None:
    articles = GOLD[::40]
    for left, right in combinations(articles, 2):
        steps = comparison_waterfall(dedup.compare_articles(left, right))
        assert steps is None or steps.limit or steps.total < 0 or left.body == right.body


def test_the_largest_contributions_come_first_and_none_is_empty(seeds: Path) -> None:
    report = dedup.find_duplicates(dedup.read_folder(seeds))
    (match,) = report.matches
    found = explained(match, (report.languages[match.left], report.languages[match.right]), Level.DUPLICATE)
    assert found is not None
    sizes = [abs(part.log_odds) for part in found.contributions]
    assert sizes == sorted(sizes, reverse=True)
    assert min(sizes) > 0
    steps = waterfalls(report)(match)
    assert steps is not None
    assert steps.base.words == "start: two texts in two languages"
    assert steps.total == pytest.approx(steps.base.log_odds + sum(step.log_odds for step in steps.steps), abs=0.05)


def test_another_scorer_is_not_made_to_explain_a_score(seeds: Path) -> None:
    report = dedup.find_duplicates(dedup.read_folder(seeds))
    (match,) = report.matches
    assert waterfalls(report)(replace(match, score=0.6)) is None
    assert waterfalls(replace(report, settings=Settings(scorer="gone.json")))(match) is None


def test_features_of_another_version_and_copies_are_not_explained() -> None:
    report = handmade_report()
    assert [waterfalls(report)(match) for match in report.matches] == [None] * 3
    same = Article("a", "One text."), Article("b", "One text.")
    (copy,) = dedup.find_duplicates(same).matches
    assert waterfalls(dedup.find_duplicates(same))(copy) is None


def test_a_pair_without_evidence_is_held_down() -> None:
    values = dict.fromkeys(FEATURES, 0.0) | {"facts": 0.5, "names": 0.5, "amount": 2.5, "headline": 1.0}
    features = Features(FEATURES, array("f", values.values()).tobytes())
    held = explain_score(load_scorer(Level.DUPLICATE), features, (ENGLISH, INDONESIAN), 0.01)
    assert held is not None
    assert held.capped
    assert held.total > 0


WORDS = {
    "cosine": (0.871, "whole texts alike (cosine 0.87)"),
    "length": (-math.log(2.5), "one text is 2.5 times as long"),
    "amount": (math.log(4.52), "about 500 letters to compare"),
    "amount, short": (0.2, "about 120 letters to compare"),
    "amount, the most": (2.5, "over 1,200 letters to compare"),
    "coverage": (0.91, "91% of the less covered text has a counterpart"),
    "order": (0.9, "counterparts in the same order (90%)"),
    "facts": (0.3, "numbers and dates agree"),
    "facts, against": (-0.3, "few numbers and dates agree"),
    "names": (0.1, "names agree"),
    "clash": (-math.log1p(1), "1 number or date contradicts"),
    "clash, several": (-math.log1p(3), "3 numbers or dates contradict"),
    "days": (-math.log1p(30), "30 days between what they date"),
    "something_new": (1.0, "something new"),
}


@pytest.mark.parametrize(
    ("name", "value", "words"), [(name.split(",")[0], *row) for name, row in WORDS.items()], ids=WORDS
)
def test_features_in_words(name: str, value: float, words: str) -> None:
    assert feature_words(name, value) == words


def test_every_feature_and_head_has_words_of_its_own() -> None:
    assert len({feature_words(name, 0.5) for name in FEATURES}) == len(FEATURES)
    assert not [name for name in FEATURES if feature_words(name, 0.5) == name.replace("_", " ")]
    assert len({head_words(head) for head in HEADS}) == len(HEADS)
