"""Articles for tests of the archive: gold stories, texts in every script, copies, edits and a page's own sentences."""

from __future__ import annotations

import json
import random
from functools import cache
from pathlib import Path

from dedup.datatypes import Article
from real_articles import real_articles

_GOLD = Path(__file__).parent.parent / "data" / "gold.jsonl"

PAGE = (
    "Our newsroom in Velmora welcomes your letters and prints the best of them every Saturday.",
    "Support independent local reporting along the coast with a small donation today please.",
    "The weather desk answers questions on tides and winds from eight to noon.",
)
"""Sentences that stand under many articles of one site."""


@cache
def gold() -> tuple[Article, ...]:
    """Articles of the gold set."""
    records = map(json.loads, _GOLD.read_text(encoding="utf-8").splitlines())
    return tuple(Article(record["id"], record["text"], title=record.get("title", "")) for record in records)


def mixed(generator: random.Random, count: int) -> list[Article]:
    """Some of all of them, in any order: with copies whose case differs, and the page's sentences under a part."""
    pool = [*gold(), *real_articles()]
    for number in range(16):  # as many headlines as are counted one by one
        article = generator.choice(gold())
        cut = article.text[: generator.choice([200, 400, 1 << 20])]
        pool.append(Article(f"page/{number}", "\n".join([cut, *PAGE]), title=f"{article.title} again {number}"))
    for number in range(24):
        article = generator.choice(gold())
        text = article.text.upper() if number % 3 == 0 else f"{article.text} "
        pool.append(Article(f"copy/{number}", text, title=article.title))
    generator.shuffle(pool)
    return pool[:count]
