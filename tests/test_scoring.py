"""The score: a probability that agreement never lowers, and how it is fitted to labelled articles."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.calibrate import fit_scorer, label_pairs, others_only, score_sets, scorer_as_json
from dedup.datatypes import Article, Level
from dedup.embed import Encoder
from dedup.errors import SettingsError
from dedup.gold import Gold
from dedup.scoring import FEATURES, HEADS, load_scorer, probability

TOPICS = ("rain", "flood", "earthquake", "minister", "meeting", "house", "cat", "city", "mat", "sat")


def gold_of(n: int) -> list[Gold]:
    """Stories of our own in English and Indonesian that differ in their numbers and in one word of four."""
    gold = []
    for story in range(n):
        word, other = TOPICS[story % 10], TOPICS[(story * 7 + 3) % 10]
        english = f"The {word} was seen {story + 20} times. A {other} followed in {1990 + story}. {story * 37} more."
        foreign = f"Dia {word} {story + 20} kali. Lalu {other} pada {1990 + story}. Tidak ada {story * 37} lagi."
        gold += [
            Gold(Article(f"{story}-en", english), f"s{story}", "en"),
            Gold(Article(f"{story}-id", foreign), f"s{story}", "id"),
        ]
    return gold


@pytest.mark.parametrize("level", list(Level))
def test_no_feature_lowers_a_shipped_score(level: Level) -> None:
    scorer = load_scorer(level)
    assert scorer.weights.shape == (len(HEADS), len(FEATURES) + 1)
    assert (scorer.weights[:, :-1] >= 0).all()
    assert 0 < scorer.threshold < 1


@given(
    st.lists(st.floats(-1, 1, width=32), min_size=len(FEATURES), max_size=len(FEATURES)),
    st.integers(0, len(FEATURES) - 1),
    st.integers(0, len(HEADS) - 1),
)
def test_more_agreement_never_scores_less(values: list[float], raised: int, head: int) -> None:
    rows = np.array([values, values], np.float32)
    rows[1, raised] += 0.5
    low, high = probability(load_scorer(Level.DUPLICATE).log_odds(rows, np.array([head, head])))
    assert 0 <= low <= high <= 1


@given(
    st.lists(st.floats(-1, 1, width=32), min_size=len(FEATURES), max_size=len(FEATURES)),
    st.integers(0, len(HEADS) - 1),
)
def test_what_is_a_copy_belongs_to_the_story_too(values: list[float], head: int) -> None:
    rows, heads = np.array([values], np.float32), np.array([head])
    assert load_scorer(Level.STORY).log_odds(rows, heads) >= load_scorer(Level.DUPLICATE).log_odds(rows, heads)


def test_a_head_that_has_seen_no_duplicate_joins_nothing(toy_encoder: Encoder) -> None:
    scorer = fit_scorer({"set": label_pairs(gold_of(8), toy_encoder)})
    unseen = HEADS.index("undetermined")
    assert probability(scorer.log_odds(np.ones((1, len(FEATURES)), np.float32), np.array([unseen])))[0] < 0.01


def test_sets_to_keep_apart_only_lower_scores_of_their_pairs(toy_encoder: Encoder) -> None:
    one, other = label_pairs(gold_of(12), toy_encoder), label_pairs(gold_of(20)[10:], toy_encoder, seed=1)
    assert not others_only(other).same.any()
    assert len(others_only(other).features) == (~other.same).sum()
    scorer = fit_scorer({"one": one}, [other])
    assert score_sets({"one": one}, scorer, [other])["one"].f1 > 0.8


def test_a_threshold_of_ones_own_is_kept() -> None:
    assert load_scorer(Level.DUPLICATE, 0.8).threshold == 0.8
    assert load_scorer(Level.DUPLICATE, 0.0).least < -20
    assert load_scorer(Level.DUPLICATE, 1.0).least > 20


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot read the scorer"),
        ("{", "no scorer of this version"),
        ('{"heads": {}}', "no scorer of this version"),
    ],
    ids=["missing", "broken", "another shape"],
)
def test_a_scorer_that_cannot_be_used_is_named(content: str | None, message: str, tmp_path: Path) -> None:
    path = tmp_path / "scorer.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(SettingsError, match=message):
        load_scorer(Level.DUPLICATE, None, str(path))


def test_a_fitted_scorer_tells_the_stories_apart_and_is_read_back(toy_encoder: Encoder, tmp_path: Path) -> None:
    labelled = {"one": label_pairs(gold_of(12), toy_encoder), "two": label_pairs(gold_of(20)[10:], toy_encoder, seed=1)}
    scorer = fit_scorer(labelled)
    scores = score_sets(labelled, scorer)
    assert scores["one"].f1 > 0.9
    assert scores["two"].f1_left_out > 0.8
    assert 0 < scores["one"].candidate_recall <= 1
    path = tmp_path / "scorer.json"
    path.write_text(scorer_as_json(scorer))
    assert load_scorer(Level.DUPLICATE, None, str(path)).weights == pytest.approx(scorer.weights, abs=1e-4)
    assert set(json.loads(path.read_text())["heads"]) == set(HEADS)


def test_fitting_twice_gives_the_same(toy_encoder: Encoder) -> None:
    first, second = (scorer_as_json(fit_scorer({"set": label_pairs(gold_of(8), toy_encoder)})) for _ in range(2))
    assert first == second
