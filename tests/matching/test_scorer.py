"""The score: a probability that agreement never lowers, and where it is read from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dedup
from dedup.datatypes import Level
from dedup.errors import SettingsError
from dedup.matching import scorer as scorer_module
from dedup.matching.literal import LITERAL_FEATURES
from dedup.matching.scorer import FEATURES, HEADS, RELATIONS, load_scorer, probability
from scores import as_file, random_scorer


@pytest.mark.parametrize("level", list(Level))
def test_no_feature_lowers_a_shipped_score(level: Level) -> None:
    scorer = load_scorer(level)
    assert scorer.weights.shape == (len(HEADS), len(FEATURES) + 1)
    assert (scorer.weights[:, :-1] >= 0).all()
    assert 0 < scorer.threshold < 1


@settings(deadline=None)
@given(
    st.lists(st.floats(-1, 1, width=32), min_size=len(FEATURES), max_size=len(FEATURES)),
    st.integers(0, len(FEATURES) - 1),
    st.integers(0, len(HEADS) - 1),
)
def test_more_agreement_never_scores_less(values: list[float], raised: int, head: int) -> None:
    rows = np.array([values, values], np.float32)
    rows[1, raised] += 0.5
    for scorer in (random_scorer(raised), load_scorer(Level.DUPLICATE)):
        low, high = probability(scorer.log_odds(rows, np.array([head, head])))
        assert 0 <= low <= high <= 1


@settings(deadline=None)
@given(
    st.lists(st.floats(-1, 1, width=32), min_size=len(FEATURES), max_size=len(FEATURES)),
    st.integers(0, len(HEADS) - 1),
)
def test_what_is_a_copy_belongs_to_the_story_too(values: list[float], head: int) -> None:
    rows, heads = np.array([values], np.float32), np.array([head])
    assert load_scorer(Level.STORY).log_odds(rows, heads) >= load_scorer(Level.DUPLICATE).log_odds(rows, heads)


def test_a_threshold_of_ones_own_is_kept() -> None:
    assert load_scorer(Level.DUPLICATE, 0.8).threshold == 0.8
    assert random_scorer(0, 0.0).least < -20
    assert random_scorer(0, 1.0).least > 20
    assert random_scorer(0, 0.5).least == 0
    assert load_scorer(Level.DUPLICATE, 0.0).least < -20
    assert load_scorer(Level.DUPLICATE, 1.0).least > 20


@settings(deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_a_bound_is_the_score_of_the_most_lenient_head(seed: int, pairs: int) -> None:
    generator = np.random.default_rng(pairs)
    scorer = random_scorer(seed)
    features = generator.uniform(-1, 1, (6, len(FEATURES))).astype(np.float32)
    possible = generator.random((6, len(HEADS))) < 0.4
    every = np.stack([scorer.log_odds(features, np.full(6, head)) for head in range(len(HEADS))], axis=1)
    expected = np.where(possible, every, -np.inf).max(axis=1)
    assert scorer.best_log_odds(features, possible) == pytest.approx(expected, abs=1e-9)
    more = features + generator.uniform(0, 1, features.shape).astype(np.float32)
    assert (scorer.best_log_odds(more, possible) >= scorer.best_log_odds(features, possible)).all()


@pytest.mark.parametrize("level", list(Level))
def test_words_shared_literally_count_in_one_language_alone(level: Level) -> None:
    weights = load_scorer(level).weights
    literal = weights[:, [FEATURES.index(name) for name in LITERAL_FEATURES]]
    apart = np.array([head.split()[0] in ("translation", "undetermined") for head in HEADS])
    assert not literal[apart].any()
    assert literal[~apart].any()


def test_heads_are_a_relation_each_and_its_excerpts() -> None:
    assert HEADS[: len(RELATIONS)] == RELATIONS
    assert HEADS[len(RELATIONS) :] == tuple(f"{relation} excerpt" for relation in RELATIONS)
    assert len(set(FEATURES)) == len(FEATURES)
    assert set(LITERAL_FEATURES) < set(FEATURES)


def without(heads: dict[str, Any], head: str) -> dict[str, Any]:
    return {name: row for name, row in heads.items() if name != head}


WRITTEN = as_file(random_scorer(1, 0.4))


def changed(name: str, value: Any) -> dict[str, Any]:
    """The written scorer with one weight of one head changed."""
    heads = WRITTEN["heads"]
    return WRITTEN | {"heads": heads | {"copy": heads["copy"] | {name: value}}}


def test_a_scorer_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "scorer.json"
    path.write_text(json.dumps(WRITTEN))
    found = load_scorer(Level.DUPLICATE, None, str(path))
    assert found.threshold == 0.4
    assert np.array_equal(found.weights, random_scorer(1).weights)
    assert load_scorer(Level.DUPLICATE, 0.9, str(path)).threshold == 0.9
    path.write_text(json.dumps(changed("intercept", -30)))
    assert load_scorer(Level.DUPLICATE, None, str(path)).weights[HEADS.index("copy"), -1] == -30


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot read the scorer"),
        ("{", "no scorer for this run"),
        ('{"heads": {}}', "fitted for the level None"),
        ("[]", "list instead of an object"),
        (json.dumps(without(WRITTEN, "threshold")), "threshold must be a number"),
        (json.dumps(WRITTEN | {"heads": without(WRITTEN["heads"], "rewording")}), "heads lacks rewording"),
        (json.dumps(changed("margin", 1.0)), "copy has the unknown margin"),
        (json.dumps(changed("lead", -0.1)), "lead must not be negative"),
        (json.dumps(changed("lead", float("nan"))), "no scorer for this run"),
        (json.dumps(changed("lead", "much")), "lead must be a number"),
        (json.dumps(WRITTEN | {"level": "story"}), "fitted for the level 'story'"),
    ],
    ids=[
        "missing",
        "broken",
        "another shape",
        "a list",
        "no threshold",
        "a head less",
        "a feature more",
        "negative",
        "not a number",
        "a word",
        "another level",
    ],
)
def test_a_scorer_that_cannot_be_used_is_named(content: str | None, message: str, tmp_path: Path) -> None:
    path = tmp_path / "scorer.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(SettingsError, match=message):
        load_scorer(Level.DUPLICATE, None, str(path))


def test_a_scorer_that_was_fitted_for_another_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "scorer.json"
    path.write_text(json.dumps(WRITTEN))
    assert load_scorer(Level.DUPLICATE, None, str(path), fingerprint="abc").threshold == 0.4
    with pytest.raises(SettingsError, match=r"fitted for the model 'mine@abc'.*dedup calibrate$"):
        load_scorer(Level.DUPLICATE, None, str(path), fingerprint="xyz")


def test_a_model_has_the_scorer_that_was_fitted_for_its_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = Path(dedup.__file__).parent / "scorers"
    for level in Level:
        fitted = json.loads((shipped / f"{level.value}.json").read_text(encoding="utf-8"))
        (tmp_path / "scorers").mkdir(exist_ok=True)
        (tmp_path / "scorers" / f"{level.value}.json").write_text(json.dumps(fitted))
        (tmp_path / "scorers" / f"{level.value}.abc.json").write_text(json.dumps(fitted | {"threshold": 0.6}))
    monkeypatch.setattr(scorer_module.resources, "files", lambda _: tmp_path)
    assert load_scorer(Level.DUPLICATE, fingerprint="abc").threshold == 0.6
    assert load_scorer(Level.DUPLICATE, fingerprint="xyz").threshold == load_scorer(Level.DUPLICATE).threshold == 0.5
    assert load_scorer(Level.STORY, fingerprint="abc").copied_from == 0.6
    assert load_scorer(Level.STORY, 0.7, fingerprint="abc").copied_from == 0.7
    assert load_scorer(Level.DUPLICATE, 0.7, fingerprint="abc").threshold == 0.7


@pytest.mark.parametrize(
    "path", sorted((Path(dedup.__file__).parent / "scorers").iterdir()), ids=lambda path: path.name
)
def test_a_shipped_scorer_says_what_it_was_fitted_to(path: Path) -> None:
    fitted = json.loads(path.read_text(encoding="utf-8"))
    assert path.name.startswith(fitted["level"])
    assert fitted["sets"]
    _, _, fingerprint = fitted["model"].rpartition("@")
    assert path.name in (f"{fitted['level']}.json", f"{fitted['level']}.{fingerprint}.json")


@pytest.mark.parametrize("threshold", [0.2, 0.5, 0.9])
def test_a_threshold_admits_what_just_reaches_it(threshold: float) -> None:
    scorer = load_scorer(Level.DUPLICATE, threshold)
    assert scorer.admits(np.array([scorer.least, np.nextafter(scorer.least, -9)])).tolist() == [True, False]
    assert probability(np.array([scorer.least])) == pytest.approx(threshold)


def test_log_odds_are_those_of_the_logistic_function() -> None:
    odds = np.array([-1e9, -np.log(3), 0.0, np.log(3), 1e9])
    assert probability(odds) == pytest.approx([0, 0.25, 0.5, 0.75, 1])
    assert 0 < probability(odds)[0] < 1e-20
