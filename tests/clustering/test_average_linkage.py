"""Clusters: no chaining, no dependence on order, networkx as the oracle of what is linked."""

from __future__ import annotations

import random
from collections.abc import Collection

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.clustering.average_linkage import UNVERIFIED, cluster_pairs
from dedup.clustering.linked_pairs import linked_groups

PAIRS = st.dictionaries(
    st.tuples(st.integers(0, 14), st.integers(0, 14)).filter(lambda pair: pair[0] < pair[1]),
    st.floats(-5, 5, allow_nan=False).filter(bool),
    max_size=60,
)
KEYS = [f"article-{position:02}" for position in range(15)]


def clustered(
    log_odds: dict[tuple[int, int], float], *, keys: list[str] = KEYS, certain: Collection[tuple[int, int]] = ()
) -> list[tuple[int, ...]]:
    left, right = np.array([*log_odds], np.intp).reshape(-1, 2).T
    values = np.array([*log_odds.values()], np.float64)
    sure = np.array([pair in certain for pair in log_odds], np.bool_)
    return cluster_pairs(left, right, values, unknown=UNVERIFIED, key=keys.__getitem__, certain=sure)


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)).filter(lambda pair: pair[0] != pair[1])))
def test_linked_groups_are_connected_components(pairs: list[tuple[int, int]]) -> None:
    graph = nx.Graph(pairs)
    assert linked_groups(pairs) == sorted(tuple(sorted(group)) for group in nx.connected_components(graph))


@pytest.mark.parametrize(
    ("log_odds", "clusters"),
    [
        pytest.param({}, [], id="nothing to join"),
        pytest.param({(0, 1): -1.0}, [], id="evidence against"),
        pytest.param({(0, 1): 2.0}, [(0, 1)], id="a pair"),
        pytest.param({(0, 1): 2.0, (1, 2): 1.5, (0, 2): 1.0}, [(0, 1, 2)], id="a triangle"),
        pytest.param({(0, 1): 2.0, (1, 2): 1.5, (0, 2): -4.0}, [(0, 1)], id="a chain through a contradiction"),
        pytest.param({(0, 1): 2.0, (1, 2): 1.5, (0, 2): -1.0}, [(0, 1, 2)], id="a weak pair among strong ones"),
        pytest.param({(0, 1): 2.0, (1, 2): 1.5}, [(0, 1, 2)], id="an unverified pair counts a little against"),
        pytest.param({(0, 1): 2.0, (1, 2): 0.5}, [(0, 1)], id="and outweighs weak evidence"),
        pytest.param(
            {(0, 1): 3.0, (2, 3): 3.0, (1, 2): 1.0, (0, 2): -2.0, (0, 3): -2.0, (1, 3): -2.0},
            [(0, 1), (2, 3)],
            id="one bridge does not join two stories",
        ),
    ],
)
def test_clusters(log_odds: dict[tuple[int, int], float], clusters: list[tuple[int, ...]]) -> None:
    assert clustered(log_odds) == clusters


def test_one_bad_pair_outweighs_good_ones_only_where_it_is_certain() -> None:
    log_odds = {(0, 1): 4.0, (1, 2): 3.5, (0, 2): -100.0}
    assert clustered(log_odds) == [(0, 1, 2)]
    assert clustered(log_odds, certain={(0, 2)}) == [(0, 1)]


BRIDGES = {(0, 1): 5.0, (2, 3): 5.0, (0, 2): -0.5, (0, 3): 1.0, (1, 2): 1.0, (1, 3): -0.5}


@pytest.mark.parametrize(
    ("certain", "clusters"),
    [
        ([], [(0, 1, 2, 3)]),
        ([(0, 1), (2, 3)], [(0, 1, 2, 3)]),
        ([(0, 2)], [(0, 1), (2, 3)]),
        ([(0, 2), (1, 3)], [(0, 1), (2, 3)]),
        ([(0, 2), (0, 3)], [(0, 1, 2, 3)]),
        ([*BRIDGES], [(0, 1, 2, 3)]),
    ],
    ids=[
        "nothing is certain",
        "what is certain speaks for it",
        "one contradiction is certain",
        "both are",
        "a certain pair outweighs it",
        "all are certain, and in sum they favour it",
    ],
)
def test_pairs_that_are_certain_have_a_veto(certain: list[tuple[int, int]], clusters: list[tuple[int, ...]]) -> None:
    assert clustered(BRIDGES, certain=certain) == clusters


@settings(deadline=None)
@given(PAIRS, st.data())
def test_a_cluster_has_no_veto_against_it(log_odds: dict[tuple[int, int], float], data: st.DataObject) -> None:
    certain = data.draw(st.sets(st.sampled_from([*log_odds] or [(0, 1)])))
    for cluster in clustered(log_odds, certain=certain):
        assert sum(log_odds.get(pair, 0) for pair in certain if set(pair) <= set(cluster)) > -1e-9
    for_it = [pair for pair in log_odds if log_odds[pair] > 0]
    assert clustered(log_odds, certain=for_it) == clustered(log_odds)


@given(PAIRS)
def test_every_cluster_stays_within_what_is_linked(log_odds: dict[tuple[int, int], float]) -> None:
    linked = linked_groups(pair for pair, value in log_odds.items() if value > 0)
    clusters = clustered(log_odds)
    assert all(any(set(cluster) <= set(group) for group in linked) for cluster in clusters)
    members = [member for cluster in clusters for member in cluster]
    assert len(members) == len(set(members))


@given(PAIRS)
def test_the_pairs_of_a_cluster_speak_for_it_on_average(log_odds: dict[tuple[int, int], float]) -> None:
    for cluster in clustered(log_odds):
        pairs = [(left, right) for left in cluster for right in cluster if left < right]
        assert sum(log_odds.get(pair, -1.0) for pair in pairs) > 0


@settings(max_examples=50)
@given(PAIRS, st.randoms(use_true_random=False))
def test_the_order_of_the_articles_does_not_matter(
    log_odds: dict[tuple[int, int], float], shuffle: random.Random
) -> None:
    place = list(range(15))
    shuffle.shuffle(place)
    keys = [""] * 15
    for position, new in enumerate(place):
        keys[new] = KEYS[position]
    moved = {tuple(sorted((place[left], place[right]))): value for (left, right), value in log_odds.items()}
    expected = {frozenset(KEYS[member] for member in cluster) for cluster in clustered(log_odds)}
    found = clustered(moved, keys=keys)  # type: ignore[arg-type]
    assert {frozenset(keys[member] for member in cluster) for cluster in found} == expected
