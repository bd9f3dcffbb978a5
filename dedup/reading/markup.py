"""Readable text out of HTML."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

BLOCKS = frozenset(
    (
        "address",
        "article",
        "aside",
        "blockquote",
        "br",
        "caption",
        "dd",
        "div",
        "dl",
        "dt",
        "figcaption",
        "figure",
        "footer",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "td",
        "th",
        "tr",
        "ul",
    )
)

_BREAK = "\u2028"  # a line break of ours, distinct from those in the source, which are mere spaces

_UNSEEN = ("head", "noscript", "script", "style", "svg", "template")

_LANGUAGE = re.compile(r"""<html\b[^>]{0,500}?\blang\s*=\s*["']?([\w-]{2,20})""", re.IGNORECASE)

# Where a page says its language beside the html element: JSON-LD, meta elements, Open Graph.
_LANGUAGE_ELSEWHERE = re.compile(
    r'''"inLanguage"\s{0,5}:\s{0,5}"([A-Za-z]{2,3}(?:[-_]\w{2,8})?)"'''
    r"""|<meta\b[^<>]{0,200}?(?:content-language|dc\.language|dcterms\.language|og:locale)["']?"""
    r"""[^<>]{0,100}?\bcontent\s*=\s*["']?([A-Za-z]{2,3}(?:[-_]\w{2,8})?)\b""",
    re.IGNORECASE,
)

_ADDRESS = re.compile(
    r""""mainEntityOfPage"\s{0,5}:\s{0,5}(?:"(https?://[^"\s]{1,1000})"|\{[^{}]{0,300}?"@id"\s{0,5}:\s{0,5}"""
    r""""(https?://[^"\s]{1,1000})")"""
)

_HEAD = 1 << 16

# Whatever htmldate finds has to be the same next year: its own default refuses dates later than today.
_DATE_SEARCH = {"extensive_search": False, "original_date": True, "max_date": "2100-01-01"}

# What trafilatura, feedparser and lxml raise on markup no browser or feed reader would show.
MARKUP_FAULTS = (ValueError, TypeError, AttributeError, LookupError, AssertionError, RecursionError)

# Shortcodes of WordPress and its page builders: known ones, any with attributes, any that closes.
_SHORTCODE = re.compile(
    r"\[(?:/[a-z][\w-]{1,40}|(?:caption|gallery|embed|audio|video|playlist|toc)\b[^\[\]]{0,2000}"
    r"|[a-z][\w-]{1,40}\s+[\w-]{1,40}=[\"'\w][^\[\]]{0,2000})/?\]"
)


_MOST_ATTRIBUTES = 500  # of a tag; libxml2 compares each with all others

_MANY_SIGNS, _LONG_TAG = 2000, 8000  # in a page that is looked through for such tags

_OPENING = re.compile(r"<(?:(!--)|(script|style)\b|[a-zA-Z][\w:-]*)", re.IGNORECASE)

_IN_TAG = re.compile(r"""\"[^\"]*\"|'[^']*'|[\s/]+|>""")


class Page(NamedTuple):
    """Main text of a web page, and its title, address, date and language where they are given."""

    text: str
    title: str = ""
    url: str = ""
    published: str = ""
    language: str = ""


def read_page(html: str) -> Page:
    """Main text and metadata of a page by trafilatura, or all its visible text where that finds no main text."""
    import trafilatura

    html = without_floods(html)
    language = _LANGUAGE.search(html[:4096])
    with _silent("trafilatura", "htmldate", "courlan"):
        try:
            found = trafilatura.bare_extraction(
                html, with_metadata=True, include_comments=False, date_extraction_params=dict(_DATE_SEARCH)
            )
        except MARKUP_FAULTS:  # the page is stripped of its tags instead
            found = None
    page = Page(*(getattr(found, name, None) or "" for name in ("text", "title", "url", "date")))
    return page._replace(
        text=page.text.strip() or strip_tags(html),
        url=page.url or _said(_ADDRESS, html),
        language=language[1] if language else _said(_LANGUAGE_ELSEWHERE, html),
    )


def _said(pattern: re.Pattern[str], html: str) -> str:
    """First find of a pattern in the head of a page."""
    found = pattern.search(html[:_HEAD])
    return found[found.lastindex or 0] if found else ""


def strip_tags(html: str) -> str:
    """Visible text of a page or of a piece of one, a line for each block."""
    from lxml import etree

    if "<" not in html and "&" not in html:
        return html
    html = without_floods(html)
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True)
    try:
        tree = etree.fromstring(html.encode("utf-8", "replace"), parser)
    except etree.XMLSyntaxError:  # nothing in it, not even a word
        tree = None
    if tree is None:
        return ""
    etree.strip_elements(tree, *_UNSEEN, with_tail=False)
    pieces = []
    for event, element in etree.iterwalk(tree, events=("start", "end")):
        pieces += [_BREAK] if element.tag in BLOCKS else []
        pieces.append((element.text if event == "start" else element.tail) or "")
    lines = (" ".join(line.split()) for line in "".join(pieces).split(_BREAK))
    return "\n".join(line for line in lines if line)


def without_floods(html: str) -> str:
    """A page without the attributes of tags that have more of them than anybody writes."""
    if html.count("=") <= _MANY_SIGNS and len(max(html.split(">"), key=len)) <= _LONG_TAG:
        return html
    kept: list[str] = []
    done = 0
    opening = _OPENING.search(html)
    while opening:
        if opening[1]:
            end = html.find("-->", opening.end())
        else:
            count, end = _attributes(html, opening.end())
            if count > _MOST_ATTRIBUTES:
                kept.append(html[done : opening.end()])
                done = end
            if opening[2]:
                closing = re.compile(f"</{opening[2]}", re.IGNORECASE).search(html, end)
                end = closing.start() if closing else -1
        opening = _OPENING.search(html, end) if end >= 0 else None
    return "".join([*kept, html[done:]])


def _attributes(html: str, begin: int) -> tuple[int, int]:
    """About how many attributes a tag has, and where it ends."""
    count = 0
    for part in _IN_TAG.finditer(html, begin):
        if part[0] == ">":
            return count, part.start()
        count += part[0][0] not in "\"'"
    return count, len(html)


def strip_shortcodes(text: str) -> str:
    """Text without the shortcodes of WordPress; what they enclose stays."""
    return _SHORTCODE.sub("", text) if "[" in text and ("=" in text or "[/" in text or "[gallery" in text) else text


@contextmanager
def _silent(*names: str) -> Iterator[None]:
    """Mute the loggers of libraries that report ordinary pages as errors; their levels are put back after."""
    loggers = [logging.getLogger(name) for name in names]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
