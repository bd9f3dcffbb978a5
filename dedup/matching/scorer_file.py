"""The file of a scorer, checked when it is loaded: what `dedup calibrate` writes, for this model and this level."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

_KNOWN = {"level", "model", "sets", "against", "events", "archives", "threshold", "heads"}

_LARGEST = 1e4  # of a weight; fitted ones stay below a hundred


def check_scorer(
    fitted: Any, *, heads: Sequence[str], features: Sequence[str], level: str, fingerprint: str
) -> tuple[list[list[float]], float]:
    """Check what a scorer's file holds, and give its weights and its threshold.

    Parameters
    ----------
    fitted : object
        The parsed JSON.
    heads, features : sequence of str
        Names of the rows and of the columns, without the intercept.
    level : str
        What the run asks for.
    fingerprint : str
        Of the run's model; where it is empty, a scorer of any model is taken.

    Returns
    -------
    list of list of float, float
        A row a head with a weight a feature, none negative, and the intercept last; the threshold, in [0, 1].

    Raises
    ------
    ValueError
        With what is wrong, in words for people.
    """
    if not isinstance(fitted, dict):
        raise ValueError(f"{type(fitted).__name__} instead of an object")
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
    return [_row(fitted.get("heads"), head, features, heads) for head in heads], threshold


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
        raise ValueError(f"{what}: {type(values).__name__} instead of an object")
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
