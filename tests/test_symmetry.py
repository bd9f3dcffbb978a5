"""Order changes nothing: the score of two real articles, from either side and at either level.

``DEDUP_PAIRS=10000`` tries as many pairs, from all development sets where they are at hand (see tests/README.md).
"""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from dedup import Article, Level, Settings
from dedup.embedding.encoder import Encoder
from dedup.embedding.load import load_encoder
from dedup.evaluation.gold import Gold, read_gold
from dedup.matching.prepare import prepare
from dedup.matching.scorer import load_scorer
from dedup.matching.verify import judge_pairs

PAIRS = int(os.environ.get("DEDUP_PAIRS", "200"))

ARTICLES = 80
"""Articles of a set between which pairs are drawn."""

OWN = Path(__file__).parent / "data" / "gold.jsonl"

AT_HAND = Path(__file__).parents[2] / "shared" / "eval"

NAMES = """
    debian_news debian_weekly meantime near_dup news_events ntrex ntrex_other optech_newsletters ruby_news semeval22
    templated wmt wmt24
"""


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return load_encoder("bundled")


def some_of(gold: Sequence[Gold], generator: random.Random) -> list[Gold]:
    """Some articles, most of them of stories that are told several times."""
    stories: dict[str, list[Gold]] = {}
    for item in gold:
        stories.setdefault(item.story, []).append(item)
    order = sorted(stories, key=lambda story: (len(stories[story]) == 1, generator.random()))
    return [item for story in order for item in stories[story][:5]][:ARTICLES]


def log_odds(
    articles: Sequence[Article], pairs: set[frozenset[str]], level: Level, encoder: Encoder
) -> dict[frozenset[str], float]:
    """Log-odds of pairs of ids, the article that comes first on the left."""
    place = {article.id: number for number, article in enumerate(articles)}
    left, right = np.array([sorted(place[id] for id in pair) for pair in pairs]).T
    read = prepare(articles, encoder, Settings(level=level))
    candidates = read.neighbourhood.between(left, right)
    verdicts = judge_pairs(read.match_input, candidates, load_scorer(level, fingerprint=encoder.fingerprint))
    named = zip(candidates.left, candidates.right, verdicts.log_odds.tolist(), strict=True)
    return {frozenset((articles[one].id, articles[other].id)): value for one, other, value in named}


@pytest.mark.parametrize("level", Level)
def test_a_score_is_the_same_from_both_sides(level: Level, encoder: Encoder) -> None:
    at_hand = [AT_HAND / f"{name}.jsonl.xz" for name in NAMES.split()]
    chosen = [OWN, *(path for path in at_hand if path.exists() and PAIRS > 1000)]
    pairs_of_one_story = 0
    for path in chosen:
        generator = random.Random(path.name)
        gold = some_of(read_gold(path), generator)
        every = sorted(combinations(gold, 2), key=lambda pair: (pair[0].story != pair[1].story, generator.random()))
        some = every[: -(-PAIRS // len(chosen))]
        pairs_of_one_story += sum(one.story == other.story for one, other in some)
        pairs = {frozenset((one.article.id, other.article.id)) for one, other in some}
        articles = [item.article for item in gold]
        there, back = (log_odds(order, pairs, level, encoder) for order in (articles, articles[::-1]))
        assert there == back, path.name
        assert there.keys() == pairs
    assert pairs_of_one_story > PAIRS / 10
