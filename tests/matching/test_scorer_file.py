"""Scorers from files: taken as they were fitted, or refused with what is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from dedup.matching.event_scorer import EVENT_FEATURES, EVENT_HEADS
from dedup.matching.scorer_file import check_heads, check_origin, read_event_scorer

HEADS, FEATURES = ("one", "two"), ("cosine", "facts")


def fitted() -> dict[str, Any]:
    row = {"cosine": 1.0, "facts": 0, "intercept": -3.5}
    return {"level": "duplicate", "model": "mine@abc", "threshold": 0.5, "heads": {"one": dict(row), "two": dict(row)}}


def check(scorer: Any, fingerprint: str = "abc") -> Any:
    threshold = check_origin(scorer, level="duplicate", fingerprint=fingerprint)
    return check_heads(scorer, heads=HEADS, features=FEATURES), threshold


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
        (lambda s: s.update(heads=[]), "heads: a list instead of an object"),
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


def fitted_events() -> dict[str, Any]:
    curves: dict[str, Any] = {name: [0, 1.5] for name in EVENT_FEATURES} | {"intercept": -2}
    return {"knots": {name: [0.25] for name in EVENT_FEATURES}, "heads": {head: dict(curves) for head in EVENT_HEADS}}


def test_a_fitted_scorer_of_events_is_taken_and_written_as_it_is() -> None:
    assert read_event_scorer(fitted_events()).as_record() == fitted_events()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop("knots"), "knots: nothing instead of an object"),
        (lambda s: s["knots"].pop("facing"), "knots lacks facing"),
        (lambda s: s["knots"].update(facing=5), "knots: facing: a number instead of a list"),
        (lambda s: s["knots"].update(facing=["x"]), "knots: facing must be a number"),
        (lambda s: s["knots"].update(facing=[0.5, 0.25]), "knots: those of facing must rise"),
        (lambda s: s["knots"].update(facing=[0.5, 0.5]), "knots: those of facing must rise"),
        (lambda s: s["knots"].update(facing=[]), "facing needs 1 slopes, .*got 2"),
        (lambda s: s.pop("heads"), "heads: nothing instead of an object"),
        (lambda s: s["heads"].pop("one language"), "heads lacks one language"),
        (lambda s: s["heads"].update({"one language": []}), "one language: a list instead of an object"),
        (lambda s: s["heads"]["one language"].pop("facing"), "one language lacks facing"),
        (lambda s: s["heads"]["one language"].pop("intercept"), "one language lacks intercept"),
        (lambda s: s["heads"]["one language"].update(facing=1), "one language: facing: a number instead of a list"),
        (lambda s: s["heads"]["one language"].update(facing=[1]), "facing needs 2 slopes, .*got 1"),
        (lambda s: s["heads"]["one language"].update(facing=[1, -1]), "facing must not be negative, got -1"),
        (lambda s: s["heads"]["one language"].update(intercept=float("inf")), "intercept must lie within"),
    ],
)
def test_curves_that_no_fit_gives_are_refused(change: Change, message: str) -> None:
    scorer = fitted_events()
    change(scorer)
    with pytest.raises(ValueError, match=message):
        read_event_scorer(scorer)
