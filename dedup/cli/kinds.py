"""Kinds of duplicates as an option takes them: ``exact,near``, or ``all``."""

from __future__ import annotations

import click

from dedup.datatypes import MatchKind
from dedup.language.text import printable

KINDS_IN_WORDS = "exact, near (edited copy), translation, excerpt, same-story (same event)"
"""Names of the kinds, with the words of reports where these differ."""


def parse_kinds(_: click.Context, __: click.Parameter, value: str) -> tuple[MatchKind, ...]:
    """Read the kinds that an option names, in their own order.

    Raises
    ------
    BadParameter
        If a name is none of a kind, or there is no name.
    """
    known = [kind.value for kind in MatchKind]
    names = [name.strip().lower() for name in value.split(",") if name.strip()]
    wrong = [name for name in names if name not in (*known, "all")]
    if wrong or not names:
        shown = printable(", ".join(wrong)) or "nothing"
        raise click.BadParameter(f"kinds are {', '.join(known)}, or all; got {shown}; for instance --kinds exact,near")
    return tuple(MatchKind) if "all" in names else tuple(kind for kind in MatchKind if kind.value in names)
