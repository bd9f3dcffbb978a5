"""Scorers from files: taken as they were fitted, or refused with what is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from dedup.matching.scorer_file import check_scorer

HEADS, FEATURES = ("one", "two"), ("cosine", "facts")


def fitted() -> dict[str, Any]:
    row = {"cosine": 1.0, "facts": 0, "intercept": -3.5}
    return {"level": "duplicate", "model": "mine@abc", "threshold": 0.5, "heads": {"one": dict(row), "two": dict(row)}}


def check(scorer: Any, fingerprint: str = "abc") -> Any:
    return check_scorer(scorer, heads=HEADS, features=FEATURES, level="duplicate", fingerprint=fingerprint)


def test_a_fitted_scorer_is_taken() -> None:
    assert check(fitted()) == ([[1.0, 0.0, -3.5]] * 2, 0.5)
    assert check(fitted(), fingerprint="") == check(fitted())


Change = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.update(threshold=float("nan")), "threshold must lie within"),
        (lambda s: s.update(threshold=10**400), "threshold must lie within"),
        (lambda s: s.update(threshold=5), "got 5"),
        (lambda s: s.update(threshold=-1), "got -1"),
        (lambda s: s.update(threshold="0.5"), "must be a number"),
        (lambda s: s.pop("threshold"), "must be a number, got None"),
        (lambda s: s.update(level="story"), "fitted for the level 'story'"),
        (lambda s: s.update(model="other@123"), "fitted for the model 'other@123'"),
        (lambda s: s.update(model=5), "fitted for the model 5"),
        (lambda s: s.update(mine=1), "unknown keys mine"),
        (lambda s: s.update(heads=[]), "heads: list instead of an object"),
        (lambda s: s["heads"].pop("two"), "heads lacks two"),
        (lambda s: s["heads"].update(three={}), "heads has the unknown three"),
        (lambda s: s["heads"]["one"].pop("facts"), "one lacks facts"),
        (lambda s: s["heads"]["one"].update(other=1), "one has the unknown other"),
        (lambda s: s["heads"]["one"].update(facts=float("inf")), "facts must lie within"),
        (lambda s: s["heads"]["one"].update(facts=None), "facts must be a number"),
        (lambda s: s["heads"]["one"].update(facts=[1]), "facts must be a number"),
        (lambda s: s["heads"]["one"].update(facts=True), "facts must be a number"),
        (lambda s: s["heads"]["one"].update(facts="5"), "facts must be a number"),
        (lambda s: s["heads"]["one"].update(facts=-5), "facts must not be negative, got -5"),
    ],
)
def test_what_no_fit_gives_is_refused(change: Change, message: str) -> None:
    scorer = fitted()
    change(scorer)
    with pytest.raises(ValueError, match=message):
        check(scorer)


@pytest.mark.parametrize("scorer", [[], None, 5, "x"])
def test_what_is_no_object_is_refused(scorer: Any) -> None:
    with pytest.raises(ValueError, match="instead of an object"):
        check(json.loads(json.dumps(scorer)))
