"""Articles to hold against each other: the seeds, parts of them, and a paragraph in each of 68 languages."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from dedup.datatypes import Article
from dedup.language.sentences import sentences
from samples import SCRIPTS

_TESTS = Path(__file__).parent
_PARAGRAPHS = (_TESTS / "data" / "paragraphs.tsv").read_text(encoding="utf-8").splitlines()


def real_articles() -> list[Article]:
    """Five long articles, an excerpt and an edited copy of each, and short ones in every script."""
    long = [
        Article(path.stem[:3], path.read_text(encoding="utf-8")) for path in sorted((_TESTS.parent / "seeds").iterdir())
    ]
    found = list(long)
    for article in long:
        lines = sentences(article.text)
        found.append(Article(f"{article.id}-excerpt", "\n".join(lines[: len(lines) // 3])))
        found.append(Article(f"{article.id}-edited", "\n".join(lines[:1] + lines[2:]).replace(" and ", " as well as ")))
    found += [Article(code, text) for code, _, text in (row.partition("\t") for row in _PARAGRAPHS)]
    found += [Article(f"{script} 2", text.strip()) for script, text in SCRIPTS.items()]
    return [replace(article, title=article.id if at % 7 == 0 else "") for at, article in enumerate(found)]
