"""Decisions of people: how they are read, what they put on a run, and that clusters keep to them."""

from __future__ import annotations

import json
import logging
import random
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.clustering.average_linkage import cluster_pairs
from dedup.clustering.constraints import Constraints, apply_decisions
from dedup.clustering.decisions import Decisions, KeepDecision, PairDecision
from dedup.datatypes import Article
from dedup.errors import ReadError, SettingsError
from dedup.language.text import content_hash
from dedup.matching.exact import UniqueArticles
from dedup.runtime.workers import ALONE

SAME = '{"left": "a", "right": "b", "verdict": "same", "by": "Ada", "at": "2026-01-01T00:00:00Z"}'
DIFFERENT = '{"left": "b", "right": "c", "verdict": "different"}'
KEEP = '{"keep": "a", "story": ["a", "b"], "by": "Ada"}'


def pair(left: str, right: str, same: bool) -> dict[str, Any]:
    return {"left": left, "right": right, "verdict": "same" if same else "different"}


def decided(*records: dict[str, Any]) -> Decisions:
    return Decisions.from_lines(map(json.dumps, records), "file")


def applied(texts: dict[str, str], *records: dict[str, Any]) -> tuple[UniqueArticles, Constraints]:
    decisions = decided(*records)
    articles = [Article(id, text) for id, text in texts.items()]
    return apply_decisions(decisions, UniqueArticles.find(articles, ALONE, names=decisions.names))


def pairs_by_id(texts: dict[str, str], unique: UniqueArticles, pairs: Any) -> set[tuple[str, ...]]:
    ids = list(texts)
    return {tuple(sorted(ids[unique.positions[number]] for number in pair)) for pair in pairs.tolist()}


def test_a_file_of_decisions_is_read_whatever_its_line_breaks(tmp_path: Path) -> None:
    path = tmp_path / "decisions.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + f"{SAME}\r\n\r\n  {DIFFERENT}\n{KEEP}".encode())
    found = Decisions.load(path)
    assert found.pairs == (
        PairDecision("a", "b", True, "Ada", "2026-01-01T00:00:00Z"),
        PairDecision("b", "c", False),
    )
    assert found.keeps == (KeepDecision("a", ("a", "b"), "Ada"),)
    assert [found.pairs[1].source, found.keeps[0].source] == [f"{path}:3", f"{path}:4"]
    assert found.names == {"a", "b", "c"}
    assert len(found) == 3


def test_several_files_are_read_one_after_the_other(tmp_path: Path) -> None:
    for name, line in (("1", SAME), ("2", DIFFERENT)):
        (tmp_path / name).write_text(line)
    found = Decisions.load(tmp_path / "1", tmp_path / "2")
    assert [decision.same for decision in found.pairs] == [True, False]
    assert Decisions.load() == Decisions()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "nested too deeply"),
        ("[1]", "list instead of an object"),
        ("{}", "no decision in this line"),
        ('{"left": "a", "right": "b", "verdict": "same", "keep": "a"}', "two decisions in this line"),
        ('{"left": "a", "right": "b"}', "verdict must be a string"),
        ('{"left": "a", "verdict": "same"}', "right must be a string"),
        ('{"left": "", "right": "b", "verdict": "same"}', "left must be a string that is not empty"),
        ('{"left": 7, "right": "b", "verdict": "same"}', "left must be a string.* got 7"),
        ('{"left": "a", "right": "b", "verdict": "S"}', 'verdict must be "same" or "different", got \'S\''),
        ('{"left": "a", "right": "a", "verdict": "different"}', "name them by their ids"),
        ('{"story": ["a"]}', "keep must be a string"),
        ('{"keep": "a", "story": "a"}', "story must be a list"),
        ('{"keep": "a", "story": [1]}', "story must be a string"),
        ('{"keep": "a", "story": [], "by": 3}', "by must be a string, got 3"),
        (b'{"keep": "\xff"}', "not UTF-8"),
        ('{"left": "a", "right": "b", "verdict": "\x1b[31m' + "x" * 500 + '"}', "got [^\x1b]{40,60}…|not JSON"),
    ],
)
def test_a_line_that_cannot_be_read_is_named_with_its_number(line: str | bytes, message: str) -> None:
    with pytest.raises(SettingsError, match=f"^file:3: .*{message}"):
        Decisions.from_lines([SAME, "", line], "file")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=r"cannot read the decisions in .*nothing"):
        Decisions.load(tmp_path / "nothing")


ABC = {"a": "Rain.", "b": "Snow.", "c": "Hail.", "d": "Fog."}
HASH = {id: content_hash(text) for id, text in ABC.items()}


@pytest.mark.parametrize("name", [str, HASH.__getitem__], ids=["ids", "hashes"])
def test_pairs_become_constraints(name: Any) -> None:
    unique, found = applied(ABC, pair(name("b"), name("a"), True), pair(name("c"), name("d"), False))
    assert found.must.tolist() == [[0, 1]]
    assert found.cannot.tolist() == [[2, 3]]
    assert unique.positions == [0, 1, 2, 3]


def test_an_id_that_looks_like_a_hash_is_an_id() -> None:
    _, found = applied({"a": "Rain.", HASH["a"]: "Snow.", "c": "Hail."}, pair(HASH["a"], "c", True))
    assert found.must.tolist() == [[1, 2]]


@pytest.mark.parametrize("last", [True, False])
def test_later_lines_overrule_earlier_ones_by_whatever_names(last: bool) -> None:
    lines = [pair("a", "b", last), pair(HASH["b"], HASH["a"], not last), pair("b", HASH["a"], last)]
    _, found = applied(ABC, *lines)
    assert (len(found.must), len(found.cannot)) == (int(last), int(not last))


def test_what_is_not_in_the_run_is_counted(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        _, found = applied(ABC, pair("a", "x", True), pair("a", "b", True), {"keep": "y", "story": ["a", "y"]})
    assert found.must.tolist() == [[0, 1]]
    assert caplog.messages == ["decisions: 2 of 3 are on articles that are not in this run; they change nothing"]


def test_of_decisions_that_contradict_each_other_the_earliest_same_gives_way(caplog: pytest.LogCaptureFixture) -> None:
    lines = [pair("a", "b", True), pair("a", "c", False), pair("b", "c", True), pair("c", "d", True)]
    unique, found = applied(ABC, *lines)
    assert pairs_by_id(ABC, unique, found.must) == {("b", "c"), ("c", "d")}
    assert pairs_by_id(ABC, unique, found.cannot) == {("a", "c")}
    assert len(caplog.messages) == 1
    assert caplog.messages[0].startswith("file:1: 'a' and 'b' stay apart, though decided as the same")


COPIES = {"a": "Rain.", "b": "Rain.", "c": "rain. ", "d": "Fog.", "e": "Rain."}
RAIN = content_hash("Rain.")


def parts_of(texts: dict[str, str], unique: UniqueArticles) -> set[str]:
    ids = list(texts)
    return {"".join(ids[at] for at in members) for members in unique.copies_of_each().values()}


@pytest.mark.parametrize(
    ("lines", "parts"),
    [
        ([], {"abce", "d"}),
        ([pair("a", "b", True)], {"abce", "d"}),
        ([pair("b", "a", False)], {"ace", "b", "d"}),
        ([pair("b", "c", False)], {"abe", "c", "d"}),
        ([pair("a", "b", False), pair("b", "c", False)], {"ace", "b", "d"}),
        ([pair("a", "b", False), pair("b", "c", False), pair("a", "c", False)], {"ae", "b", "c", "d"}),
        ([pair("a", "b", False), pair("c", "b", True)], {"ae", "bc", "d"}),
        ([pair("a", "b", False), pair("b", "a", True)], {"abce", "d"}),
        ([pair("a", "c", True), pair("a", "b", False), pair("c", "b", True)], {"ae", "bc", "d"}),
        ([pair(RAIN, "a", False)], {"abce", "d"}),
        ([pair(RAIN, RAIN, True)], {"abce", "d"}),
    ],
    ids=lambda value: " ".join(sorted(value)) if isinstance(value, set) else "",
)
def test_exact_copies_are_kept_apart_by_their_ids(lines: list[dict[str, Any]], parts: set[str]) -> None:
    for order in (list(COPIES), list(COPIES)[::-1], ["c", "e", "a", "d", "b"]):
        texts = {id: COPIES[id] for id in order}
        unique, found = applied(texts, *lines)
        assert {"".join(sorted(part)) for part in parts_of(texts, unique)} == parts
        apart = [number for number, at in enumerate(unique.positions) if texts[order[at]] != "Fog."]
        assert found.cannot.tolist() == [list(both) for both in combinations(apart, 2)]
        assert not len(found.must)


def test_a_hash_does_not_tell_exact_copies_apart(caplog: pytest.LogCaptureFixture) -> None:
    applied(COPIES, pair(RAIN, "a", False))
    assert caplog.messages == [
        "file:1: a hash cannot tell exact copies apart, and nothing is decided; name both by their ids"
    ]


def test_a_decision_on_one_copy_counts_for_all_unless_they_are_apart() -> None:
    unique, found = applied(COPIES, pair("c", "d", False))
    assert found.cannot.tolist() == [[0, 1]]
    unique, found = applied(COPIES, pair("a", "b", False), pair("b", "d", True))
    assert pairs_by_id(COPIES, unique, found.must) == {("b", "d")}
    unique, found = applied(COPIES, pair("a", "b", False), pair(RAIN, "d", True))
    assert pairs_by_id(COPIES, unique, found.must) == {("a", "d")}
    unique, found = applied(COPIES, pair("a", "b", False), pair(RAIN, "d", False))
    assert pairs_by_id(COPIES, unique, found.cannot) == {("a", "b"), ("a", "d"), ("b", "d")}


def test_representatives_chosen_last_are_preferred() -> None:
    _, found = applied(COPIES, {"keep": "d"}, {"keep": RAIN}, {"keep": "b", "story": ["b"]})
    assert found.kept == {3: -1, 0: -2, 1: -3, 2: -2, 4: -2}


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11), st.booleans()), max_size=20),
    st.permutations(range(12)),
)
def test_constraints_are_consistent_and_do_not_depend_on_the_order_of_articles(
    lines: list[tuple[int, int, bool]], order: Sequence[int]
) -> None:
    texts = {f"id{at:02}": f"text {at // 2}" for at in range(12)}  # two copies of each
    records = [pair(f"id{one:02}", f"id{other:02}", same) for one, other, same in lines if one != other]
    found = []
    for places in (range(12), order):
        these = {f"id{at:02}": texts[f"id{at:02}"] for at in places}
        unique, constraints = applied(these, *records)
        ids = list(these)
        units = {at: frozenset(ids[member] for member in unique.copies_of_each()[at]) for at in unique.positions}
        of_pairs = [
            {frozenset(units[unique.positions[number]] for number in both) for both in pairs.tolist()}
            for pairs in (constraints.must, constraints.cannot)
        ]
        found.append((set(units.values()), *of_pairs))
        groups = [{number} for number in range(len(unique))]
        for one, other in constraints.must.tolist():
            joined = groups[one] | groups[other]
            for member in joined:
                groups[member] = joined
        assert not any(other in groups[one] for one, other in constraints.cannot.tolist())
    assert found[0] == found[1]
    last = {frozenset(both): same for *both, same in lines if both[0] != both[1]}
    units, _, cannot = found[0]
    for both, same in last.items():
        if not same:
            of = [next(unit for unit in units if f"id{at:02}" in unit) for at in both]
            assert of[0] != of[1]
            if len({at // 2 for at in both}) == 1:
                assert frozenset(of) in cannot


PAIRS = st.dictionaries(
    st.tuples(st.integers(0, 11), st.integers(0, 11)).filter(lambda both: both[0] < both[1]),
    st.tuples(st.floats(-5, 5, allow_nan=False).filter(bool), st.sampled_from(["", "", "must", "cannot"])),
    max_size=50,
)


def clustered(log_odds: dict[tuple[int, int], tuple[float, str]], keys: Sequence[str]) -> set[frozenset[str]]:
    left, right = np.array([*log_odds], np.intp).reshape(-1, 2).T
    values = np.array([value for value, _ in log_odds.values()], np.float64)
    must, cannot = (np.array([mark == name for _, mark in log_odds.values()], np.bool_) for name in ("must", "cannot"))
    certain = values < -4
    found = cluster_pairs(
        left, right, values, unknown=-1.0, key=keys.__getitem__, certain=certain, must=must, cannot=cannot
    )
    return {frozenset(keys[member] for member in cluster) for cluster in found}


@settings(max_examples=200, deadline=None)
@given(PAIRS, st.randoms(use_true_random=False))
def test_clusters_keep_to_what_was_decided_in_any_order(
    log_odds: dict[tuple[int, int], tuple[float, str]], shuffle: random.Random
) -> None:
    keys = [f"article-{position:02}" for position in range(12)]
    group = {at: {at} for at in range(12)}
    for (one, other), (value, mark) in log_odds.items():  # no pair is apart that others join
        if mark == "must":
            joined = group[one] | group[other]
            if any(log_odds.get((a, b), (0.0, ""))[1] == "cannot" for a, b in combinations(sorted(joined), 2)):
                log_odds[one, other] = value, ""
            else:
                group |= dict.fromkeys(joined, joined)
    found = clustered(log_odds, keys)
    cluster_of = {key: cluster for cluster in found for key in cluster}
    for (one, other), (_, mark) in log_odds.items():
        together = keys[other] in cluster_of.get(keys[one], ())
        assert together or mark != "must"
        assert not together or mark != "cannot"
    place = list(range(12))
    shuffle.shuffle(place)
    moved_keys = [""] * 12
    for position, new in enumerate(place):
        moved_keys[new] = keys[position]
    moved = {(min(place[a], place[b]), max(place[a], place[b])): value for (a, b), value in log_odds.items()}
    assert clustered(moved, moved_keys) == found


def test_a_rejected_pair_does_not_join_by_way_of_a_third() -> None:
    keys = ["a", "b", "c"]
    all_alike = {(0, 1): (4.0, ""), (0, 2): (4.0, ""), (1, 2): (4.0, "")}
    assert clustered(all_alike, keys) == {frozenset("abc")}
    assert len(max(clustered({**all_alike, (0, 2): (4.0, "cannot")}, keys))) == 2


def test_a_pair_decided_as_the_same_joins_whatever_speaks_against_it() -> None:
    assert clustered({(0, 1): (-5.0, "must")}, ["a", "b"]) == {frozenset("ab")}
