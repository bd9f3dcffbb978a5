"""The score: a probability that agreement never lowers, and where it is read from."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dedup
from dedup.datatypes import Level
from dedup.errors import SettingsError
from dedup.matching import scorer as scorer_module
from dedup.matching.scorer import FEATURES, HEADS, load_scorer, probability


@pytest.mark.parametrize("level", list(Level))
def test_no_feature_lowers_a_shipped_score(level: Level) -> None:
    scorer = load_scorer(level)
    assert scorer.weights.shape == (len(HEADS), len(FEATURES) + 1)
    assert (scorer.weights[:, :-1] >= 0).all()
    assert 0 < scorer.threshold < 1


@given(
    st.lists(st.floats(-1, 1, width=32), min_size=len(FEATURES), max_size=len(FEATURES)),
    st.integers(0, len(FEATURES) - 1),
    st.integers(0, len(HEADS) - 1),
)
def test_more_agreement_never_scores_less(values: list[float], raised: int, head: int) -> None:
    rows = np.array([values, values], np.float32)
    rows[1, raised] += 0.5
    low, high = probability(load_scorer(Level.DUPLICATE).log_odds(rows, np.array([head, head])))
    assert 0 <= low <= high <= 1


@given(
    st.lists(st.floats(-1, 1, width=32), min_size=len(FEATURES), max_size=len(FEATURES)),
    st.integers(0, len(HEADS) - 1),
)
def test_what_is_a_copy_belongs_to_the_story_too(values: list[float], head: int) -> None:
    rows, heads = np.array([values], np.float32), np.array([head])
    assert load_scorer(Level.STORY).log_odds(rows, heads) >= load_scorer(Level.DUPLICATE).log_odds(rows, heads)


def test_a_threshold_of_ones_own_is_kept() -> None:
    assert load_scorer(Level.DUPLICATE, 0.8).threshold == 0.8
    assert load_scorer(Level.DUPLICATE, 0.0).least < -20
    assert load_scorer(Level.DUPLICATE, 1.0).least > 20


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot read the scorer"),
        ("{", "no scorer of this version"),
        ('{"heads": {}}', "no scorer of this version"),
    ],
    ids=["missing", "broken", "another shape"],
)
def test_a_scorer_that_cannot_be_used_is_named(content: str | None, message: str, tmp_path: Path) -> None:
    path = tmp_path / "scorer.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(SettingsError, match=message):
        load_scorer(Level.DUPLICATE, None, str(path))


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
    copies = load_scorer(Level.STORY, fingerprint="abc").copies
    assert copies is not None
    assert copies.threshold == 0.6
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
