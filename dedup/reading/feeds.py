"""RSS and Atom feeds: every entry an article."""

from __future__ import annotations

import io
from calendar import timegm
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from typing import Any

from dedup.datatypes import Article, Skipped
from dedup.errors import ReadError
from dedup.reading.encoding import declared_encoding, decode
from dedup.reading.fields import make_article
from dedup.reading.markup import MARKUP_FAULTS, strip_tags
from dedup.reading.source import Source, one_line

# The bytes handed over are UTF-8 whatever their declaration says, and a response header outranks a declaration.
_HEADERS = {"content-type": "application/xml; charset=utf-8"}


def read_feed(source: Source) -> Iterator[Article | Skipped]:
    """The articles of a feed, their markup stripped; raises `ReadError` where it is no feed."""
    import feedparser

    data = source.data()
    xml = io.BytesIO(decode(data, declared_encoding(data)).encode())  # a stream: a string might be taken for an address
    try:
        feed = feedparser.parse(xml, response_headers=_HEADERS, sanitize_html=False, resolve_relative_uris=False)
    except MARKUP_FAULTS as fault:
        raise ReadError(f"broken feed: {one_line(fault)}") from fault
    if not feed.entries and not feed.get("version"):
        raise ReadError("no feed (RSS or Atom)")
    language = feed.feed.get("language") or ""
    for number, entry in enumerate(feed.entries, 1):
        yield _article(entry, source, number, language)


def _article(entry: Mapping[str, Any], source: Source, number: int, language: str) -> Article | Skipped:
    contents = [str(content.get("value") or "") for content in entry.get("content", ())]
    link = entry.get("link") or ""
    return make_article(
        source.path,
        strip_tags(max([*contents, entry.get("summary") or ""], key=len)),
        number=number,
        own_id=entry.get("id") or "",
        title=strip_tags(entry.get("title") or ""),
        url=link if "://" in link else "",
        published=_published(entry),
        language=entry.get("language") or language,
        line=number,
    )


def _published(entry: Mapping[str, Any]) -> str:
    dates = (entry[name] for name in ("published_parsed", "updated_parsed") if name in entry)  # `get` would warn
    moment = next(filter(None, dates), None)
    try:
        return datetime.fromtimestamp(timegm(moment), timezone.utc).isoformat() if moment else ""
    except (ValueError, OverflowError):  # a year nobody will see
        return ""
