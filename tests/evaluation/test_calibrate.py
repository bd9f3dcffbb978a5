"""Calibration: what a fit sees of labelled articles, and that it tells their stories apart."""

from __future__ import annotations

import json
import lzma
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from dedup.datatypes import Article, Level
from dedup.embedding.encoder import Encoder
from dedup.embedding.load import load_encoder
from dedup.evaluation.calibrate import calibrate_scorer, fit_scorer, score_sets
from dedup.evaluation.gold import Gold, GoldPair
from dedup.evaluation.labelled_pairs import ARCHIVE, FEW_STORIES, ONE_TOPIC, WHOLE, label_pairs
from dedup.matching.scorer import FEATURES, HEADS, load_scorer, probability
from toy_encoder import ToyEncoder

TOPICS = ("rain", "flood", "earthquake", "minister", "meeting", "house", "cat", "city", "mat", "sat")


@pytest.fixture(scope="module")
def bundled() -> Encoder:
    return load_encoder("bundled")


def gold_of(n: int, *, groups: bool = False) -> list[Gold]:
    """Stories of our own in English and Indonesian that differ in their numbers and in one word of four."""
    gold = []
    for story in range(n):
        word, other = TOPICS[story % 10], TOPICS[(story * 7 + 3) % 10]
        english = f"The {word} was seen {story + 20} times. A {other} followed in {1990 + story}. {story * 37} more."
        foreign = f"Dia {word} {story + 20} kali. Lalu {other} pada {1990 + story}. Tidak ada {story * 37} lagi."
        group = f"g{story // 4}" if groups else ""
        gold += [
            Gold(Article(f"{story}-en", english), f"s{story}", "en", group),
            Gold(Article(f"{story}-id", foreign), f"s{story}", "id", group),
        ]
    return gold


def write_gold(path: Path, gold: Sequence[Gold]) -> Path:
    with lzma.open(path, "wt", encoding="utf-8") as file:
        for item in gold:
            record = {"id": item.article.id, "text": item.article.text, "story": item.story, "lang": item.language}
            file.write(json.dumps(record | {"group": item.group}) + "\n")
    return path


def test_a_fitted_scorer_tells_the_stories_apart(toy_encoder: Encoder) -> None:
    labelled = {"one": label_pairs(gold_of(12), toy_encoder), "two": label_pairs(gold_of(20)[10:], toy_encoder, seed=1)}
    scores = score_sets(labelled, fit_scorer(labelled))
    assert scores["one"].f1 > 0.9
    assert scores["one"].clustered > 0.9
    assert scores["two"].f1_left_out > 0.8
    assert scores["two"].clustered_left_out > 0.8
    assert 0 < scores["one"].candidate_recall <= 1


def test_a_head_that_has_seen_no_duplicate_joins_nothing(toy_encoder: Encoder) -> None:
    scorer = fit_scorer({"set": label_pairs(gold_of(8), toy_encoder)})
    unseen = HEADS.index("undetermined")
    assert probability(scorer.log_odds(np.ones((1, len(FEATURES)), np.float32), np.array([unseen])))[0] < 0.01


def test_what_must_stay_apart_is_learned_without_its_duplicates(toy_encoder: Encoder) -> None:
    one = label_pairs(gold_of(12), toy_encoder)
    other = label_pairs(gold_of(20)[10:], toy_encoder, seed=1).others_only()
    assert not other.pairs.same.any()
    alone, warned = fit_scorer({"one": one}), fit_scorer({"one": one}, [other])
    assert not np.array_equal(alone.weights, warned.weights)
    assert score_sets({"one": one}, warned, [other])["one"].f1 > 0.8


@pytest.mark.parametrize("groups", [False, True], ids=["no groups", "groups"])
def test_a_set_with_groups_is_also_seen_topic_by_topic(groups: bool, toy_encoder: Encoder) -> None:
    pairs = label_pairs(gold_of(8, groups=groups), toy_encoder).pairs
    assert set(pairs.way) == {WHOLE, FEW_STORIES, ARCHIVE, *([ONE_TOPIC] if groups else [])}
    hard = pairs.related & ~pairs.same
    assert hard.any() == groups
    assert pairs.related[pairs.way == ONE_TOPIC].all()


def test_few_stories_of_an_archive_are_told_twice(toy_encoder: Encoder) -> None:
    pairs = label_pairs(gold_of(20), toy_encoder).pairs
    same = {way: pairs.same[pairs.way == way] for way in (WHOLE, ARCHIVE)}
    assert 0 < same[ARCHIVE].sum() <= 4 * same[WHOLE].sum() / 2
    assert same[ARCHIVE].mean() < same[WHOLE].mean() / 2


def test_reports_of_an_event_are_no_duplicates_unless_one_may_be_copied(toy_encoder: Encoder) -> None:
    labelled = label_pairs(gold_of(8), toy_encoder)
    pairs, told = labelled.pairs, labelled.reports_only().pairs
    copied = pairs.same & (pairs.features[:, FEATURES.index("containment")] >= 0.5)
    assert copied.any()
    assert len(told.same) == len(pairs.same) - copied.sum()
    assert not told.same.any()
    assert told.related.sum() == (pairs.related & ~pairs.same).sum() + (pairs.same & ~copied).sum()


def test_labelled_pairs_overrule_the_stories(toy_encoder: Encoder) -> None:
    gold = gold_of(8, groups=True)
    labels = [GoldPair("0-en", "0-id", True), GoldPair("0-en", "1-en", False), GoldPair("0-en", "elsewhere", True)]
    labelled = label_pairs(gold, toy_encoder, labels=labels)
    whole = labelled.pairs.way == WHOLE
    assert labelled.labels == labels[:2]
    assert 0 < whole.sum() <= 2
    assert labelled.pairs.same[whole].sum() + labelled.missed == 1


def test_pairs_of_other_sets_change_nothing(toy_encoder: Encoder) -> None:
    own, told = (
        label_pairs(gold_of(6), toy_encoder, labels=labels).pairs for labels in ((), [GoldPair("x", "y", True)])
    )
    assert np.array_equal(own.features, told.features)
    assert np.array_equal(own.same, told.same)


@pytest.mark.parametrize("level", list(Level))
def test_a_calibration_is_read_back_as_it_was_fitted(level: Level, toy_encoder: Encoder, tmp_path: Path) -> None:
    gold, apart = write_gold(tmp_path / "own.jsonl.xz", gold_of(10)), write_gold(tmp_path / "x.jsonl.xz", gold_of(6))
    found = calibrate_scorer([gold], [apart], [apart], encoder=toy_encoder, level=level, jobs=1)
    path = tmp_path / "scorer.json"
    path.write_text(found.as_json())
    assert load_scorer(level, None, str(path)).weights == pytest.approx(found.scorer.weights, abs=1e-4)
    told = json.loads(found.as_json())
    assert (told["level"], told["model"]) == (level.value, "toy@toy-1")
    assert (told["sets"], told["against"], told["events"]) == (["own.jsonl.xz"], ["x.jsonl.xz"], ["x.jsonl.xz"])
    assert found.as_text().startswith("own.jsonl.xz: pairs ")


def test_the_same_articles_give_the_same_scorer_with_any_number_of_processes(bundled: Encoder, tmp_path: Path) -> None:
    gold = write_gold(tmp_path / "own.jsonl.xz", gold_of(6, groups=True))
    one, two = (calibrate_scorer([gold], encoder=bundled, jobs=jobs).as_json() for jobs in (1, 2))
    assert one == two


def test_a_slow_model_is_asked_once_for_each_text() -> None:
    asked: list[str] = []

    class Counting(ToyEncoder):
        def pool(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
            asked.extend(texts)
            return super().pool(texts)

    gold = gold_of(6, groups=True)
    label_pairs(gold, Counting())
    assert len(asked) == len(set(asked))
    assert {item.article.body for item in gold} <= set(asked)
