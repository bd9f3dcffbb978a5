"""Digest of an article's text, for reports, which do not show the text itself."""

from __future__ import annotations

from dedup.datatypes import Article
from dedup.language.as_read import body_of
from dedup.language.text import content_hash, count_words


def digest(article: Article) -> tuple[str, int]:
    """Hash of an article's text, equal for copies, and number of its words."""
    body = body_of(article)
    return content_hash(body), count_words(body)
