"""Floors under what real articles give, where the development sets are at hand."""

from __future__ import annotations

from pathlib import Path
from random import Random

from dedup.datatypes import Level, Settings
from dedup.evaluation.gold import Gold, read_gold, read_pairs
from dedup.evaluation.metrics import Evaluation, PairKind, evaluate
from dedup.evaluation.variants import cut
from dedup.pipeline import find_duplicates


def scanned(folder: Path, name: str, level: Level = Level.STORY) -> Evaluation:
    """A set scanned with default settings."""
    gold, labels = read_gold(folder / f"{name}.jsonl.xz"), folder / f"{name}.pairs.jsonl.xz"
    report = find_duplicates([item.article for item in gold], settings=Settings(level=level))
    cluster_of = {
        report.articles[member].id: number
        for number, cluster in enumerate(report.clusters)
        for member in cluster.members
    }
    return evaluate(gold, cluster_of, read_pairs(labels) if labels.exists() else ())


def test_follow_ups_on_one_topic_are_different_events(shared_eval: Path) -> None:
    found = scanned(shared_eval, "meantime")
    assert found.scores[PairKind.ALL].bcubed_f1 >= 0.97
    assert found.hard_negatives[PairKind.ALL].rate <= 0.005


def test_pairs_that_people_take_for_one_event_are_found_and_others_are_not(shared_eval: Path) -> None:
    labelled = scanned(shared_eval, "semeval22").labelled_pairs[PairKind.ALL]
    assert labelled.f1 >= 0.54
    assert labelled.precision >= 0.87


def test_translations_of_essays_and_speech_are_found(shared_eval: Path) -> None:
    found = scanned(shared_eval, "wmt24", Level.DUPLICATE)
    assert found.scores[PairKind.ALL].bcubed_f1 >= 0.982
    assert found.scores[PairKind.ALL].precision >= 0.995


def test_clipped_stories_told_once_have_no_duplicates(shared_eval: Path) -> None:
    generator, by_story = Random(7), dict[str, list[Gold]]()
    for item in read_gold(shared_eval / "ntrex.jsonl.xz"):
        by_story.setdefault(item.story, []).append(item)
    chosen = [generator.choice(items) for items in by_story.values()]
    assert len({item.language for item in chosen}) >= 20
    assert not find_duplicates([cut(item, 1).article for item in chosen]).matches
