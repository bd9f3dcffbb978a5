"""Which pairs a cluster is judged by: those that match, and all others between articles that these link."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

import dedup
from dedup.clustering import linked_pairs
from dedup.clustering.linked_pairs import judge_linked, opposed
from dedup.datatypes import Article, Settings
from dedup.matching.prepare import Prepared, prepare
from dedup.matching.scorer import FEATURES, HEADS
from dedup.matching.verify import judge_pairs
from dedup.runtime.workers import ALONE
from real_articles import real_articles
from scores import constant_scorer, plain_scorer


@pytest.fixture(scope="module")
def prepared() -> Prepared:
    return prepare(real_articles(), dedup.load_encoder("bundled"), Settings(neighbours=3))


def test_every_pair_between_linked_articles_is_judged(prepared: Prepared) -> None:
    scorer = plain_scorer()
    candidates, verdicts = judge_linked(prepared.match_input, prepared.neighbourhood, scorer, ALONE, None)
    pairs = list(zip(candidates.left.tolist(), candidates.right.tolist(), strict=True))
    assert pairs == sorted(set(pairs))
    linking = [pair for pair, value in zip(pairs, verdicts.log_odds, strict=True) if value >= scorer.least]
    every = {pair for group in linked_pairs.linked_groups(linking) for pair in combinations(group, 2)}
    assert len(every) > len(linking) > 5
    assert every == set(pairs)
    judged = judge_pairs(prepared.match_input, candidates, scorer)
    assert np.array_equal(judged.log_odds, verdicts.log_odds), "none of them is a bound"
    assert np.array_equal(judged.features, verdicts.features)


def test_of_a_large_group_what_was_proposed_is_judged(prepared: Prepared, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linked_pairs, "COMPLETED", 2)
    monkeypatch.setattr(linked_pairs, "_NEAR", 7)
    candidates, verdicts = judge_linked(prepared.match_input, prepared.neighbourhood, plain_scorer(), ALONE, None)
    pairs = set(zip(candidates.left.tolist(), candidates.right.tolist(), strict=True))
    near = prepared.neighbourhood.candidates()
    proposed = set(zip(near.left.tolist(), near.right.tolist(), strict=True))
    linking = [pair for pair, value in zip(pairs, verdicts.log_odds, strict=True) if value >= 0]
    groups = linked_pairs.linked_groups(linking)
    assert pairs <= proposed
    assert {pair for group in groups for pair in combinations(group, 2)} & proposed <= pairs


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize(("left", "right"), [(True, True), (True, False), (False, True), (False, False)])
def test_a_veto_needs_two_certain_languages_and_words_in_common(
    head: str, left: bool, right: bool, prepared: Prepared
) -> None:
    pair = prepared.neighbourhood.between(np.array([0]), np.array([1]))
    verdicts = judge_pairs(prepared.match_input, pair, constant_scorer(0.0))
    certain = np.zeros_like(prepared.match_input.certain)
    certain[:2] = left, right
    match_input = replace(prepared.match_input, certain=certain)
    for overlap in (0.2, 0.4):
        features = verdicts.features.copy()
        features[:, FEATURES.index("overlap")] = overlap
        judged = replace(verdicts, features=features, heads=np.array([HEADS.index(head)]))
        expected = left and right and head in ("copy", "copy excerpt") and overlap > 0.3
        assert opposed(match_input, pair, judged).tolist() == [expected]


def test_one_article_more_tears_no_translations_apart() -> None:
    stories = ["en", "de", "ru", "fr", "ms", "id"]
    articles = [article for article in real_articles() if article.id in (*stories, "no")]
    assert len(articles) >= 6
    extra = Article("more", "The river burst its banks. Nobody knows when the bridges will open again for traffic.")
    found = [_clusters([*articles, *more]) for more in ((), (extra,))]
    (whole,) = found[0]
    assert any(whole <= cluster for cluster in found[1])


def _clusters(articles: list[Article]) -> list[set[str]]:
    from dedup.clustering.average_linkage import UNVERIFIED, cluster_pairs

    read = prepare(articles, dedup.load_encoder("bundled"), Settings())
    candidates, verdicts = judge_linked(read.match_input, read.neighbourhood, plain_scorer(), ALONE, None)
    groups = cluster_pairs(
        candidates.left,
        candidates.right,
        verdicts.log_odds,
        unknown=UNVERIFIED,
        key=lambda position: articles[position].id,
        certain=opposed(read.match_input, candidates, verdicts),
    )
    return [{articles[member].id for member in group} for group in groups]
