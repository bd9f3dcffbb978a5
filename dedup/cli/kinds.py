"""Kinds of duplicates as an option takes them: ``exact,near``, or ``all``."""

from __future__ import annotations

import click

from dedup.datatypes import MatchKind
from dedup.language.text import printable

KINDS = [kind.value for kind in MatchKind]
"""Names of the kinds."""

KINDS_IN_WORDS = "exact, near (edited copy), translation, excerpt, same-story (same event)"
"""Names of the kinds, beside those that a report calls otherwise the words it has for them."""


def parse_kinds(_: click.Context, __: click.Parameter, value: str) -> tuple[MatchKind, ...]:
    """Callback of an option: kinds in their order.

    Raises
    ------
    BadParameter
        If one is none, or there is none.
    """
    names = [name.strip().lower() for name in value.split(",") if name.strip()]
    wrong = [name for name in names if name not in (*KINDS, "all")]
    if wrong or not names:
        shown = printable(", ".join(wrong)) or "nothing"
        raise click.BadParameter(f"kinds are {', '.join(KINDS)}, or all; got {shown}; for instance --kinds exact,near")
    return tuple(MatchKind) if "all" in names else tuple(kind for kind in MatchKind if kind.value in names)
