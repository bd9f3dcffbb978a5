"""Floors under what the story level gives on real articles, where the development sets are at hand."""

from __future__ import annotations

from pathlib import Path

from dedup.datatypes import Level, Settings
from dedup.evaluation.gold import read_gold, read_pairs
from dedup.evaluation.metrics import Evaluation, PairKind, evaluate
from dedup.pipeline import find_duplicates


def scanned(folder: Path, name: str) -> Evaluation:
    """A set scanned at the story level with default settings."""
    gold, labels = read_gold(folder / f"{name}.jsonl.xz"), folder / f"{name}.pairs.jsonl.xz"
    report = find_duplicates([item.article for item in gold], settings=Settings(level=Level.STORY))
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
