"""RSS and Atom feeds, exports of WordPress, and news in XML: every entry an article."""

from __future__ import annotations

import io
import re
from calendar import timegm
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from typing import Any

from dedup.datatypes import Article, Skipped
from dedup.errors import ReadError
from dedup.reading.fields import make_article, plain_text
from dedup.reading.markup import MARKUP_FAULTS, strip_tags
from dedup.reading.news_xml import read_news_xml
from dedup.reading.source import Source, one_line

# The bytes handed over are UTF-8 whatever their declaration says, and a response header outranks a declaration.
_HEADERS = {"content-type": "application/xml; charset=utf-8"}


def read_feed(source: Source) -> Iterator[Article | Skipped]:
    """The articles of a feed, a WordPress export or a document of a news agency, their markup stripped.

    Raises `ReadError` where it is none of these.
    """
    import feedparser

    text = source.markup()
    if _NEWS.search(text[:_HEAD]):
        yield from read_news_xml(text, source)
        return
    xml = io.BytesIO(text.encode())  # a stream: a string might be taken for an address
    try:
        feed = feedparser.parse(xml, response_headers=_HEADERS, sanitize_html=False, resolve_relative_uris=False)
    except MARKUP_FAULTS as fault:
        raise ReadError(f"broken feed: {one_line(fault)}") from fault
    if not feed.entries and not feed.get("version"):
        raise ReadError("no feed (RSS or Atom) and no news (NITF, NewsML-G2)")
    language = feed.feed.get("language") or ""
    for number, entry in enumerate(feed.entries, 1):
        yield _article(entry, source, number, language)


_HEAD = 4096

_NEWS = re.compile(r"<(?:\w+:)?(?:nitf|newsItem|newsMessage|packageItem)\b")

_OF_THE_SITE = frozenset(
    (
        "attachment",
        "nav_menu_item",
        "revision",
        "wp_navigation",
        "wp_global_styles",
        "wp_block",
        "wp_template",
        "wp_template_part",
        "custom_css",
        "customize_changeset",
        "oembed_cache",
        "user_request",
        "acf-field",
        "acf-field-group",
        "wpcf7_contact_form",
    )
)


def _article(entry: Mapping[str, Any], source: Source, number: int, language: str) -> Article | Skipped:
    kind, status = entry.get("wp_post_type"), entry.get("wp_status")
    if kind in _OF_THE_SITE or status in ("trash", "auto-draft"):
        shown = f"in the {status}" if kind not in _OF_THE_SITE else f'of type "{kind}"'
        return Skipped(source.path, f"WordPress entry {shown}, no article", number)
    contents = [str(content.get("value") or "") for content in entry.get("content", ())]
    link = entry.get("link") or ""
    return make_article(
        source.path,
        plain_text(_paragraphs(max([*contents, entry.get("summary") or ""], key=len), exported=bool(kind))),
        number=number,
        own_id=entry.get("id") or "",
        title=strip_tags(entry.get("title") or ""),
        url=link if "://" in link else "",
        published=_published(entry),
        language=entry.get("language") or language,
        line=number,
        draft=status in ("draft", "pending", "private", "future"),
    )


def _paragraphs(html: str, *, exported: bool) -> str:
    """HTML with its paragraphs marked, which WordPress does when it shows what it exports."""
    return html if not exported or "<p" in html else _BLANK_LINE.sub("<p>", html)


_BLANK_LINE = re.compile(r"\n\s*\n")


def _published(entry: Mapping[str, Any]) -> str:
    dates = (entry[name] for name in ("published_parsed", "updated_parsed") if name in entry)  # `get` would warn
    moment = next(filter(None, dates), None)
    try:
        return datetime.fromtimestamp(timegm(moment), timezone.utc).isoformat() if moment else ""
    except (ValueError, OverflowError):  # a year nobody will see
        return ""
