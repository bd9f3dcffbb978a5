"""Order changes nothing: the score of two real articles, from either side and at either level.

``DEDUP_PAIRS=10000`` tries as many pairs, from all development sets where they are at hand (see tests/README.md).
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import pytest

from dedup import Article, Level, compare_articles
from dedup.embedding.encoder import Encoder
from dedup.embedding.load import load_encoder
from dedup.evaluation.gold import Gold, read_gold

PAIRS = int(os.environ.get("DEDUP_PAIRS", "200"))

OWN = Path(__file__).parent / "data" / "gold.jsonl"

AT_HAND = Path(__file__).parents[2] / "shared" / "eval"


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return load_encoder("bundled")


def pairs_of(gold: Sequence[Gold], generator: random.Random) -> Iterator[tuple[Article, Article]]:
    """Pairs without end: of one story, and of any two, by turns."""
    stories: dict[str, list[Article]] = {}
    for item in gold:
        stories.setdefault(item.story, []).append(item.article)
    told_twice = [articles for articles in stories.values() if len(articles) > 1]
    while True:
        left, right = generator.sample(generator.choice(told_twice), 2)
        yield left, right
        yield left, generator.choice(gold).article


@pytest.mark.parametrize("level", Level)
def test_a_score_is_the_same_from_both_sides(level: Level, encoder: Encoder) -> None:
    sets = [OWN, *(sorted(AT_HAND.glob("*.jsonl.xz")) if PAIRS > 1000 else ())]
    chosen = [path for path in sets if ".pairs." not in path.name and path.name != "cases.jsonl.xz"]
    above = 0
    for path in chosen:
        pairs = islice(pairs_of(read_gold(path), random.Random(path.name)), PAIRS // len(chosen) // len(Level))
        for left, right in pairs:
            there = compare_articles(left, right, level=level, encoder=encoder)
            back = compare_articles(right, left, level=level, encoder=encoder)
            told = [
                (one.match.score, one.match.similarity, one.match.kind, one.match.evidence.features, one.is_match)
                for one in (there, back)
            ]
            assert told[0] == told[1], (path.name, left.id, right.id)
            above += there.is_match
    assert above > PAIRS / 10
