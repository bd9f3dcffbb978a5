"""Values made of arrays side by side: rows taken from all of them, parts put one behind the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, TypeVar

import numpy as np

Columns = TypeVar("Columns")
"""A dataclass whose fields are all arrays with a row a pair."""


def take_rows(value: Columns, at: Any) -> Columns:
    """The rows that a slice or an array of positions or flags names."""
    return type(value)(*(getattr(value, field.name)[at] for field in fields(value)))  # type: ignore[arg-type]


def join_rows(parts: Sequence[Columns]) -> Columns:
    """The rows of all parts, one behind the other; at least one part."""
    names = [field.name for field in fields(parts[0])]  # type: ignore[arg-type]
    return type(parts[0])(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))
