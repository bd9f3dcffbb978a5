"""Calibration: what a fit sees of labelled articles, and that it tells their stories apart."""

from __future__ import annotations

import json
import lzma
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from dedup.clustering.decisions import Decisions
from dedup.datatypes import Article, Level
from dedup.embedding.encoder import Encoder
from dedup.embedding.load import load_encoder
from dedup.errors import ReadError
from dedup.evaluation.calibrate import Calibration, calibrate_scorer, fit_scorer, score_archives, score_sets
from dedup.evaluation.event_fit import EventCalibration
from dedup.evaluation.gold import Gold, GoldPair
from dedup.evaluation.labelled_pairs import ARCHIVE, COPIES, FEED, SHORT, WHOLE, label_archive, label_pairs
from dedup.language.text import content_hash
from dedup.matching.literal import LITERAL_FEATURES
from dedup.matching.scorer import FEATURES, HEADS, load_scorer, probability

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
    scores = score_sets(labelled, fit_scorer(labelled)[0])
    assert scores["one"].f1 > 0.9
    assert scores["one"].clustered > 0.9
    assert scores["two"].f1_left_out > 0.8
    assert scores["two"].clustered_left_out > 0.8
    assert 0 < scores["one"].candidate_recall <= 1
    right, wrong = scores["one"].fed
    assert right > 5 * wrong


def test_a_head_that_has_seen_no_duplicate_joins_nothing(toy_encoder: Encoder) -> None:
    labelled = label_pairs(gold_of(8), toy_encoder, varied=False)
    unseen = sorted(set(range(len(HEADS))) - set(labelled.pairs.head[labelled.pairs.same].tolist()))
    assert HEADS.index("undetermined excerpt") in unseen
    log_odds = fit_scorer({"set": labelled})[0].log_odds(
        np.ones((len(unseen), len(FEATURES)), np.float32), np.array(unseen)
    )
    assert (probability(log_odds) < 0.01).all()


def test_literal_words_count_in_one_language_alone(toy_encoder: Encoder) -> None:
    weights = fit_scorer({"set": label_pairs(gold_of(12), toy_encoder)})[0].weights
    literal = [FEATURES.index(name) for name in LITERAL_FEATURES]
    for at, head in enumerate(HEADS):
        if head.split()[0] in ("translation", "undetermined"):
            assert not weights[at, literal].any()
    assert (weights[:, :-1] >= 0).all()


def test_what_must_stay_apart_is_learned_without_its_duplicates(toy_encoder: Encoder) -> None:
    one = label_pairs(gold_of(12), toy_encoder)
    other = label_pairs(gold_of(20)[10:], toy_encoder, seed=1).others_only()
    assert not other.pairs.same.any()
    alone, warned = fit_scorer({"one": one})[0], fit_scorer({"one": one}, [other])[0]
    assert not np.array_equal(alone.weights, warned.weights)
    assert score_sets({"one": one}, warned, [other])["one"].f1 > 0.8


@pytest.mark.parametrize(
    ("varied", "ways"), [(True, {WHOLE, SHORT, FEED, COPIES}), (False, {WHOLE})], ids=["varied", "whole alone"]
)
def test_a_set_is_seen_whole_short_as_a_feed_and_as_copies(varied: bool, ways: set[int], toy_encoder: Encoder) -> None:
    pairs = label_pairs(gold_of(8), toy_encoder, varied=varied).pairs
    assert set(pairs.way.tolist()) == ways
    assert pairs.judged.all()
    for way in ways - {COPIES}:
        assert set(pairs.same[pairs.way == way].tolist()) == {False, True}
    of_copies = pairs.way == COPIES
    assert pairs.same[of_copies & ~pairs.related].all()


@pytest.mark.parametrize("groups", [False, True], ids=["no groups", "groups"])
def test_stories_of_one_group_are_hard_negatives(groups: bool, toy_encoder: Encoder) -> None:
    pairs = label_pairs(gold_of(8, groups=groups), toy_encoder).pairs
    assert (pairs.related & ~pairs.same).any() == groups


def test_most_stories_of_a_feed_are_told_once(toy_encoder: Encoder) -> None:
    pairs = label_pairs(gold_of(20), toy_encoder).pairs
    same = {way: pairs.same[pairs.way == way] for way in (WHOLE, FEED)}
    feeds = 15
    assert 0 < same[FEED].sum() < feeds * same[WHOLE].sum() / 2
    assert same[FEED].mean() < same[WHOLE].mean()


def test_the_same_seed_gives_the_same_pairs(toy_encoder: Encoder) -> None:
    one, other, another = (label_pairs(gold_of(5), toy_encoder, seed=seed).pairs for seed in (0, 0, 1))
    assert np.array_equal(one.features, other.features)
    assert one.features.shape != another.features.shape or not np.array_equal(one.features, another.features)


def test_reports_of_an_event_are_no_duplicates_unless_one_may_be_copied(toy_encoder: Encoder) -> None:
    labelled = label_pairs(gold_of(8), toy_encoder)
    pairs, told = labelled.pairs, labelled.reports_only().pairs
    containment, overlap = (pairs.features[:, FEATURES.index(name)] for name in ("containment", "overlap"))
    copied = pairs.same & ((containment >= 0.5) | (overlap >= 0.3))
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


ARCHIVED = [
    *(Article(f"x{at}", item.article.text) for at, item in enumerate(gold_of(20)[24::2])),
    Article("x0+", gold_of(13)[24].article.text.replace("The", "And the")),
    Article("x1~", gold_of(14)[26].article.text.replace("seen", "not seen")),
]
JUDGED = [GoldPair("x0+", "x0", True), GoldPair("x2", "x3", False), GoldPair("x1", "x1~", False)]
STRANGE = [GoldPair("x0", "elsewhere", True), GoldPair("0-en", "0-id", True)]


def archive() -> list[Gold]:
    return [Gold(article, article.id, "") for article in ARCHIVED]


def test_an_archive_is_seen_with_what_people_judged_and_with_copies(toy_encoder: Encoder) -> None:
    pairs = label_archive(archive(), toy_encoder, [*JUDGED, *STRANGE]).pairs
    assert set(pairs.way.tolist()) == {ARCHIVE, COPIES}
    of_archive = pairs.way == ARCHIVE
    assert 1 <= (pairs.judged & of_archive).sum() <= len(JUDGED)
    assert (pairs.same & of_archive).sum() == 1
    assert pairs.judged[pairs.same].all()
    assert (~pairs.judged & of_archive).sum() > 5
    assert pairs.same[~of_archive].any()


def test_an_archive_that_nobody_judged_has_no_duplicates_but_planted_ones(toy_encoder: Encoder) -> None:
    pairs = label_archive(archive(), toy_encoder, STRANGE).pairs
    assert not (pairs.judged & (pairs.way == ARCHIVE)).any()
    assert not pairs.same[pairs.way == ARCHIVE].any()


def test_a_fit_does_not_believe_that_all_that_nobody_judged_is_different(toy_encoder: Encoder) -> None:
    gold = {"set": label_pairs(gold_of(12), toy_encoder)}
    doubted = {"archive": label_archive(gold_of(12), toy_encoder, [])}  # stories told twice, which nobody has seen
    scorer, believed = fit_scorer(gold, [], doubted)
    assert score_sets(gold, scorer, [], believed)["set"].f1 > 0.9


def test_pairs_that_were_judged_are_told_of_an_archive_left_out(toy_encoder: Encoder) -> None:
    gold = {"set": label_pairs(gold_of(12), toy_encoder)}
    archives = {name: label_archive(archive(), toy_encoder, JUDGED, seed=seed) for seed, name in enumerate("ab")}
    found = score_archives(gold, fit_scorer(gold, [], archives)[0], [], archives)
    assert set(found) == {"a", "b"}
    for name, score in found.items():
        pairs = archives[name].pairs
        judged = pairs.judged & (pairs.way == ARCHIVE)
        assert (score.same, score.different) == (1, judged.sum() - 1)
        assert 0 <= score.wrong <= score.different
        assert score.right == 1


def test_a_calibration_is_read_back_as_it_was_fitted(toy_encoder: Encoder, tmp_path: Path) -> None:
    gold, apart = write_gold(tmp_path / "own.jsonl.xz", gold_of(10)), write_gold(tmp_path / "x.jsonl.xz", gold_of(6))
    found = calibrate_scorer([gold], [apart], [apart], encoder=toy_encoder, jobs=1)
    assert isinstance(found, Calibration)
    path = tmp_path / "scorer.json"
    path.write_text(found.as_json())
    assert load_scorer(Level.DUPLICATE, None, str(path)).weights == pytest.approx(found.scorer.weights, abs=1e-4)
    told = json.loads(found.as_json())
    assert (told["level"], told["model"]) == ("duplicate", "toy@toy-1")
    assert (told["sets"], told["against"], told["events"]) == (["own.jsonl.xz"], ["x.jsonl.xz"], ["x.jsonl.xz"])
    assert told["archives"] == []
    assert found.as_text().startswith("own.jsonl.xz: pairs ")


def test_a_calibration_to_events_is_read_back_as_it_was_fitted(toy_encoder: Encoder, tmp_path: Path) -> None:
    paths = [write_gold(tmp_path / f"{name}.jsonl.xz", gold_of(n)) for name, n in (("own", 14), ("more", 9), ("x", 6))]
    found = calibrate_scorer(paths[:2], paths[2:], encoder=toy_encoder, level=Level.STORY, jobs=1)
    assert isinstance(found, EventCalibration)
    path = tmp_path / "scorer.json"
    path.write_text(found.as_json())
    read = load_scorer(Level.STORY, None, str(path)).events
    assert read is not None
    assert read.as_record() == found.scorer.as_record()
    told = json.loads(found.as_json())
    assert (told["level"], told["sets"]) == ("story", ["own.jsonl.xz", "more.jsonl.xz"])
    assert (told["model"], told["against"]) == ("toy@toy-1", ["x.jsonl.xz"])
    assert found.as_text().startswith("own.jsonl.xz: pairwise P ")
    assert (read.slopes >= 0).all()


def test_archives_are_read_with_the_pairs_that_people_judged(toy_encoder: Encoder, tmp_path: Path) -> None:
    gold = write_gold(tmp_path / "own.jsonl.xz", gold_of(10))
    told, verdicts = tmp_path / "archive.jsonl", tmp_path / "verdicts.jsonl"
    told.write_text("".join(json.dumps({"id": one.id, "text": one.text}) + "\n" for one in ARCHIVED))
    verdicts.write_text(
        "".join(
            json.dumps({"left": pair.left, "right": pair.right, "verdict": "S" if pair.same else "D"}) + "\n"
            for pair in JUDGED
        )
    )
    found = calibrate_scorer([gold], pairs=[verdicts], archives=[told], encoder=toy_encoder, jobs=1)
    assert isinstance(found, Calibration)
    score = found.archives["archive.jsonl"]
    assert (score.same, 1 <= score.different <= 2) == (1, True)
    assert json.loads(found.as_json())["archives"] == ["archive.jsonl"]
    assert "archive.jsonl: left out of the fit it joins " in found.as_text()
    plain = calibrate_scorer([gold], encoder=toy_encoder, jobs=1)
    assert isinstance(plain, Calibration)
    assert plain.archives == {}
    assert not np.array_equal(plain.scorer.weights, found.scorer.weights)


def test_decisions_are_labelled_pairs_by_id_or_hash_and_overrule_others(toy_encoder: Encoder, tmp_path: Path) -> None:
    gold = write_gold(tmp_path / "own.jsonl.xz", gold_of(10))
    told, verdicts = tmp_path / "archive.jsonl", tmp_path / "verdicts.jsonl"
    told.write_text("".join(json.dumps({"id": one.id, "text": one.text}) + "\n" for one in ARCHIVED))
    verdicts.write_text(json.dumps({"left": "x0", "right": "x0+", "verdict": "D"}) + "\n")
    hash_of = {one.id: content_hash(one.body) for one in ARCHIVED}
    lines = [
        json.dumps({"left": left, "right": right, "verdict": "same" if pair.same else "different"})
        for pair in JUDGED
        for left, right in ((hash_of[pair.left], pair.right),)
    ]
    found = calibrate_scorer(
        [gold],
        pairs=[verdicts],
        archives=[told],
        decisions=Decisions.from_lines(lines),
        encoder=toy_encoder,
        jobs=1,
    )
    score = found.archives["archive.jsonl"]
    assert (score.same, 1 <= score.different <= 2) == (1, True)
    elsewhere = Decisions.from_lines(['{"left": "x", "right": "y", "verdict": "same"}'])
    with pytest.raises(ReadError, match="none of the decisions is on two articles of these sets"):
        calibrate_scorer([gold], decisions=elsewhere, encoder=toy_encoder, jobs=1)


def test_a_label_overrules_the_story_that_it_contradicts(toy_encoder: Encoder) -> None:
    labels = [GoldPair("0-en", "0-id", False), GoldPair("1-en", "1-id", True)]
    labelled = label_pairs(gold_of(8), toy_encoder, labels=labels)
    whole = labelled.pairs.way == WHOLE
    assert sorted(labelled.pairs.same[whole].tolist()) == [False, True]


def test_the_same_articles_give_the_same_scorer_with_any_number_of_processes(bundled: Encoder, tmp_path: Path) -> None:
    gold = write_gold(tmp_path / "own.jsonl.xz", gold_of(6, groups=True))
    told = write_gold(tmp_path / "archive.jsonl.xz", archive())
    one, two = (calibrate_scorer([gold], archives=[told], encoder=bundled, jobs=jobs).as_json() for jobs in (1, 2))
    assert one == two
