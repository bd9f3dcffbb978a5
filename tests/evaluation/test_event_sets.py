"""What a fit of the scorer of events sees of a set: its articles, other days, and parts of its stories."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from click.testing import CliRunner

from dedup.cli import main
from dedup.datatypes import Article, Level
from dedup.embedding.encoder import Encoder
from dedup.evaluation.calibrate import calibrate_scorer
from dedup.evaluation.event_fit import EventCalibration, calibrate_events
from dedup.evaluation.event_sets import EventSet, measure_set
from dedup.evaluation.gold import Gold, GoldPair
from dedup.matching.event_features import place
from dedup.matching.scorer import load_scorer
from dedup.matching.verify import NEVER, STORY_DAYS

TOPICS = ("rain", "flood", "earthquake", "minister", "meeting", "house", "cat", "city", "mat", "sat")


def gold_of(stories: Sequence[int], *, dated: bool) -> list[Gold]:
    """Stories of our own, in English and Indonesian, a month apart and each told on two days if `dated`."""
    gold = []
    for story in stories:
        word, other = TOPICS[story % 10], TOPICS[(story * 7 + 3) % 10]
        english = f"The {word} was seen {story + 20} times. A {other} followed in {1990 + story}. {story * 37} more."
        foreign = f"Dia {word} {story + 20} kali. Lalu {other} pada {1990 + story}. Tidak ada {story * 37} lagi."
        days = (f"2025-{story % 12 + 1:02}-05", f"2025-{story % 12 + 1:02}-06") if dated else ("", "")
        gold += [
            Gold(Article(f"{story}-en", english, published=days[0]), f"s{story}", "en"),
            Gold(Article(f"{story}-id", foreign, published=days[1]), f"s{story}", "id"),
        ]
    return gold


def measured(encoder: Encoder, gold: Sequence[Gold], labels: Sequence[GoldPair] = ()) -> EventSet:
    return measure_set(gold, encoder, load_scorer(Level.DUPLICATE), labels=labels)


def test_a_dated_set_is_also_seen_as_a_dense_feed_and_without_dates(toy_encoder: Encoder) -> None:
    one = measured(toy_encoder, gold_of(range(10), dated=True))
    (share, as_it_is), (_, dense), (_, undated) = one.ways()
    assert share > 0.5
    assert math.isclose(sum(share for share, _ in one.ways()), 1)
    assert as_it_is is one
    gaps = [np.abs(way.days[way.candidates.left] - way.days[way.candidates.right]) for way in (one, dense)]
    assert (gaps[0][~one.same] > STORY_DAYS).all()
    assert np.array_equal(gaps[0][one.same], gaps[1][one.same])
    assert gaps[1].max() <= 15
    assert one.never[~one.same].all()
    assert not dense.never[~one.same].all()
    assert not undated.never.any()
    assert (undated.values[:, place("published")] == 0).all()
    others = [column for column in range(one.values.shape[1]) if column != place("published")]
    assert all(np.array_equal(way.values[:, others], one.values[:, others]) for way in (dense, undated))


def test_a_set_without_dates_is_seen_in_one_way(toy_encoder: Encoder) -> None:
    one = measured(toy_encoder, gold_of(range(6), dated=False))
    assert [(share, way is one) for share, way in one.ways()] == [(1.0, True)]


def test_a_pair_is_never_an_event_by_its_days_or_an_empty_text_alone(toy_encoder: Encoder) -> None:
    one = measured(toy_encoder, gold_of(range(6), dated=False))
    far = replace(one, copied=np.full_like(one.copied, 2 * NEVER))
    assert not far.never.any()
    far.copied[0] = NEVER
    assert far.never.tolist() == [True, *[False] * (len(far.never) - 1)]


def test_a_page_without_a_text_of_its_own_is_no_report(toy_encoder: Encoder) -> None:
    page = "We value your privacy. We and our partners store and access information on a device. Accept Reject all"
    gold = [*gold_of(range(6), dated=False), Gold(Article("page", page), "s0", "en")]
    one = measured(toy_encoder, gold)
    ids = np.array([item.article.id for item in one.gold])
    of_page = (ids[one.candidates.left] == "page") | (ids[one.candidates.right] == "page")
    assert np.array_equal(one.never, of_page)


def test_a_set_of_some_articles_is_what_is_measured_of_them(toy_encoder: Encoder) -> None:
    gold = gold_of(range(8), dated=True)
    one = measured(toy_encoder, gold, [GoldPair("0-en", "0-id", True), GoldPair("0-en", "7-id", False)])
    chosen = np.array([item.story != "s7" for item in one.gold])
    part = one.among(chosen)
    assert part.ids == one.ids - {"7-en", "7-id"}
    assert part.labels == [GoldPair("0-en", "0-id", True)]

    def pairs(of: EventSet) -> dict[tuple[str, str], tuple[bytes, float, bool]]:
        ids = [item.article.id for item in of.gold]
        both = zip(of.candidates.left.tolist(), of.candidates.right.tolist(), strict=True)
        told = zip(of.values, of.copied.tolist(), of.same.tolist(), strict=True)
        return {
            (ids[left], ids[right]): (values.tobytes(), copied, same)
            for (left, right), (values, copied, same) in zip(both, told, strict=True)
        }

    whole = pairs(one)
    assert pairs(part) == {pair: told for pair, told in whole.items() if "7" not in pair[0] + pair[1]}


def test_stories_are_judged_by_fits_that_have_not_seen_them(toy_encoder: Encoder) -> None:
    sets = {"own": measured(toy_encoder, gold_of(range(14), dated=True))}
    sets["more"] = measured(toy_encoder, gold_of(range(9, 23), dated=False))
    plain = calibrate_events(sets, {}, model="toy")
    dealt = calibrate_events(sets, {}, model="toy", folds=3)
    assert dealt.as_json() == plain.as_json()
    assert all(scores.others is None for scores in plain.scores.values())
    assert "other stories" not in plain.as_text()
    for name, scores in dealt.scores.items():
        assert scores.others is not None
        assert scores.fitted.as_text() == plain.scores[name].fitted.as_text()
        assert scores.left_out.as_text() == plain.scores[name].left_out.as_text()
        assert scores.others.precision > 0.5
    assert dealt.as_text().count("  other stories: pairwise P ") == 2


def test_judged_pairs_of_an_archive_are_fitted_and_scored(toy_encoder: Encoder, tmp_path: Path) -> None:
    def write(name: str, records: Sequence[dict[str, str]]) -> Path:
        path = tmp_path / name
        path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
        return path

    known = [
        {"id": item.article.id, "text": item.article.text, "story": item.story, "lang": item.language}
        for item in gold_of(range(10), dated=False)
    ]
    archive = [
        {"id": f"a{item.article.id}", "text": f"{item.article.text} So it was told."}
        for item in gold_of(range(10, 16), dated=False)
    ]
    judged = [{"a": f"a{story}-en", "b": f"a{story}-id", "judged": "E"} for story in range(10, 13)]
    judged += [{"a": f"a{story}-en", "b": f"a{story + 1}-id", "judged": "D"} for story in range(10, 12)]
    found = calibrate_scorer(
        [write("gold.jsonl", known)],
        pairs=[write("judged.jsonl", judged)],
        archives=[write("archive.jsonl", archive)],
        encoder=toy_encoder,
        level=Level.STORY,
        jobs=1,
    )
    assert isinstance(found, EventCalibration)
    assert list(found.scores) == ["gold.jsonl", "archive.jsonl"]
    assert "archive.jsonl: labelled pairs F1 " in found.as_text()
    alone = calibrate_scorer([tmp_path / "gold.jsonl"], encoder=toy_encoder, level=Level.STORY, jobs=1)
    assert alone.as_json() != found.as_json()


def test_folds_are_of_the_level_of_events(tmp_path: Path) -> None:
    gold = tmp_path / "gold.jsonl"
    gold.write_text("", encoding="utf-8")
    done = CliRunner().invoke(main, ["calibrate", str(gold), "--folds", "3"])
    assert done.exit_code == 2
    assert "--folds needs --level story" in done.stderr
