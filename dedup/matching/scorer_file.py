"""The file of a scorer, checked when it is loaded: what `dedup calibrate` writes, for this model and this level."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dedup.language.json_text import kind_of
from dedup.matching.event_scorer import EVENT_FEATURES, EVENT_HEADS, EventScorer

_KNOWN = {"level", "model", "sets", "against", "events", "archives", "threshold", "heads", "knots"}

_LARGEST = 1e4  # of a weight; fitted ones stay below a hundred


def check_origin(fitted: Any, *, level: str, fingerprint: str) -> float:
    """Check what a scorer's file was fitted for, and give its threshold.

    Parameters
    ----------
    fitted : object
        The parsed JSON.
    level : str
        What the run asks for.
    fingerprint : str
        Of the run's model; where it is empty, a scorer of any model is taken.

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    ValueError
        With what is wrong, in words for people.
    """
    if not isinstance(fitted, dict):
        raise ValueError(f"{kind_of(fitted)} instead of an object")
    unknown = sorted(map(str, set(fitted) - _KNOWN))
    if unknown:
        raise ValueError(f"unknown keys {', '.join(unknown)}")
    if fitted.get("level") != level:
        raise ValueError(f"fitted for the level {fitted.get('level')!r}, and the run has {level!r}")
    model = fitted.get("model")
    if not isinstance(model, str) or (fingerprint and model.rpartition("@")[2] != fingerprint):
        raise ValueError(f"fitted for the model {model!r}, and the run has one with the fingerprint {fingerprint}")
    threshold = _number(fitted.get("threshold"), "threshold")
    if not 0 <= threshold <= 1:
        raise ValueError(f"threshold must lie in [0, 1], got {threshold:g}")
    return threshold


def check_heads(fitted: Mapping[str, Any], *, heads: Sequence[str], features: Sequence[str]) -> list[list[float]]:
    """Check the weights of a scorer, of these rows and columns, and give them: the intercept last, no other negative.

    Raises
    ------
    ValueError
        With what is wrong, in words for people.
    """
    return [_row(fitted.get("heads"), head, features, heads) for head in heads]


def read_event_scorer(fitted: Mapping[str, Any]) -> EventScorer:
    """Check the curves of a scorer of events, and give the model.

    Raises
    ------
    ValueError
        With what is wrong, in words for people.
    """
    knots = _curves(fitted.get("knots"), "knots", EVENT_FEATURES)
    if falling := [name for name in EVENT_FEATURES if sorted(set(knots[name])) != knots[name]]:
        raise ValueError(f"knots: those of {falling[0]} must rise, got {knots[falling[0]]}")
    _check_names(fitted.get("heads"), EVENT_HEADS, "heads")
    slopes, intercepts = [], []
    for head in EVENT_HEADS:
        curves = fitted["heads"][head]
        _check_names(curves, (*EVENT_FEATURES, "intercept"), head)
        intercepts.append(_number(curves["intercept"], f"{head}: intercept"))
        slopes.append([slope for name in EVENT_FEATURES for slope in _slopes(curves[name], head, name, knots[name])])
    return EventScorer(knots, np.array(slopes, np.float64), np.array(intercepts, np.float64))


def _curves(values: Any, what: str, names: Sequence[str]) -> dict[str, list[float]]:
    _check_names(values, names, what)
    return {name: _numbers(values[name], f"{what}: {name}") for name in names}


def _slopes(values: Any, head: str, name: str, knots: Sequence[float]) -> list[float]:
    slopes = _numbers(values, f"{head}: {name}")
    if len(slopes) != len(knots) + 1:
        raise ValueError(f"{head}: {name} needs {len(knots) + 1} slopes, one more than it has knots, got {len(slopes)}")
    if negative := [slope for slope in slopes if slope < 0]:
        raise ValueError(f"{head}: {name} must not be negative, got {negative[0]:g}")
    return slopes


def _numbers(values: Any, name: str) -> list[float]:
    if not isinstance(values, list):
        raise ValueError(f"{name}: {kind_of(values)} instead of a list of numbers")
    return [_number(value, name) for value in values]


def _row(of_heads: Any, head: str, features: Sequence[str], heads: Sequence[str]) -> list[float]:
    _check_names(of_heads, heads, "heads")
    row, names = of_heads[head], (*features, "intercept")
    _check_names(row, names, head)
    values = [_number(row[name], f"{head}: {name}") for name in names]
    negative = [name for name, value in zip(features, values, strict=False) if value < 0]
    if negative:
        raise ValueError(f"{head}: {negative[0]} must not be negative, got {row[negative[0]]:g}")
    return values


def _check_names(values: Any, names: Sequence[str], what: str) -> None:
    if not isinstance(values, dict):
        raise ValueError(f"{what}: {kind_of(values)} instead of an object")
    for sort, odd in (("lacks", set(names) - set(values)), ("has the unknown", set(values) - set(names))):
        if odd:
            raise ValueError(f"{what} {sort} {', '.join(sorted(map(str, odd)))}")


def _number(value: Any, name: str) -> float:
    """A finite number, within what a fit gives."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"{name} must be a number, got {value!r:.40}")
    if not (-_LARGEST <= value <= _LARGEST) or not math.isfinite(value):
        raise ValueError(f"{name} must lie within {_LARGEST:g} of zero, got {str(value)[:40]}")
    return float(value)
