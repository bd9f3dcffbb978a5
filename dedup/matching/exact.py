"""Articles with the same normalised text: only the first copy is matched with others."""

from __future__ import annotations

from collections.abc import Sequence

from dedup.arrays import batches
from dedup.datatypes import Article, Evidence, Match, MatchKind
from dedup.language.as_read import body_of
from dedup.language.text import content_hash
from dedup.runtime.workers import Workers


def exact_match(original: int, copy: int) -> Match:
    """The match of two articles with the same text."""
    return Match(original, copy, 1.0, 1.0, MatchKind.EXACT, Evidence(coverage=(1.0, 1.0)))


def group_copies(originals: Sequence[int]) -> dict[int, list[int]]:
    """For each distinct article the positions of all that have its text."""
    copies: dict[int, list[int]] = {}
    for position, original in enumerate(originals):
        copies.setdefault(original, []).append(position)
    return copies


def first_copies(articles: Sequence[Article], workers: Workers) -> list[int]:
    """For each article the position of the first one with the same text."""
    first: dict[str, int] = {}
    hashes = (value for batch in workers.map(_hash_bodies, batches(articles)) for value in batch)
    return [first.setdefault(value, position) for position, value in enumerate(hashes)]


def _hash_bodies(articles: Sequence[Article]) -> list[str]:
    return [content_hash(body_of(article)) for article in articles]
