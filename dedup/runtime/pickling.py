"""Pickling of the values that processes exchange by the thousand."""

from __future__ import annotations

import copyreg
from typing import Any

from dedup.datatypes import Agreement, AlignedPair, Article, Evidence, Features, Language, Match

BY_FIELDS = (Article, Language, AlignedPair, Agreement, Features, Evidence, Match)
"""Types that are pickled as a call with their fields.

Dataclasses with slots otherwise send names and values as a state, which takes three times as long: a tenth of a run
with many matches.
"""


def _by_fields(value: Any) -> tuple[Any, ...]:
    return type(value), tuple([getattr(value, name) for name in value.__match_args__])


for _type in BY_FIELDS:
    copyreg.pickle(_type, _by_fields)
