"""Readable text out of HTML and Markdown."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

_BLOCKS = frozenset(
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

_BREAK = "\u2028"  # a line break of ours, told from those in the source, which are mere spaces

_UNSEEN = ("head", "noscript", "script", "style", "svg", "template")

_LANGUAGE = re.compile(r"""<html\b[^>]{0,500}?\blang\s*=\s*["']?([\w-]{2,20})""", re.IGNORECASE)

# Whatever htmldate finds has to be the same next year: its own default refuses dates later than today.
_DATE_SEARCH = {"extensive_search": False, "original_date": True, "max_date": "2100-01-01"}

# What trafilatura, feedparser and lxml raise on markup no browser or feed reader would show.
MARKUP_FAULTS = (ValueError, TypeError, AttributeError, LookupError, AssertionError, RecursionError)

# Light markup only, each pattern bounded so that a long line of brackets takes no longer than a long line of words.
_MARKDOWN = (
    (re.compile(r"<!--(?:(?!<!--).){0,5000}?-->", re.DOTALL), ""),
    (re.compile(r"^ {0,3}(?:```|~~~).*$", re.MULTILINE), ""),
    (re.compile(r"^ {0,3}\[[^\]\n]{1,200}\]:[ \t]+\S.*$", re.MULTILINE), ""),
    (re.compile(r"!?\[([^\[\]]{0,500})\](?:\((?:[^()\n]|\([^()\n]{0,200}\)){0,2000}\)|\[[^\[\]\n]{0,200}\])"), r"\1"),
    (re.compile(r"<(https?://[^<>\s]{1,2000})>"), r"\1"),
    (re.compile(r"^ {0,3}#{1,6}[ \t]+", re.MULTILINE), ""),
    (re.compile(r"^(?: {0,3}>[ \t]?)+", re.MULTILINE), ""),
    (re.compile(r"^ {0,3}(?:=+|-{2,}|(?:\*[ \t]?){3,}|(?:_[ \t]?){3,})[ \t]*$", re.MULTILINE), ""),
    (re.compile(r"^[ \t]{0,12}[-*+][ \t]+(?=\S)", re.MULTILINE), ""),
    (re.compile(r"(\*\*|__)(?=\S)((?:(?!\1)[^\n]){1,1000})(?<=\S)\1"), r"\2"),
    (re.compile(r"(?<![\w*])\*(?=\S)([^*\n]{1,1000})(?<=\S)\*(?![\w*])"), r"\1"),
    (re.compile(r"(?<!\w)_(?=\S)([^_\n]{1,1000})(?<=\S)_(?!\w)"), r"\1"),
    (re.compile(r"`([^`\n]{1,1000})`"), r"\1"),
)

_HEADING = re.compile(r"^ {0,3}#[ \t]+(.+?)[ \t#]*$|^(\S.*)\n=+[ \t]*$", re.MULTILINE)


class Page(NamedTuple):
    """What a web page says: main text, and title, address, date and language where they are given."""

    text: str
    title: str = ""
    url: str = ""
    published: str = ""
    language: str = ""


def read_page(html: str) -> Page:
    """Main text and metadata of a page by trafilatura, or all its visible text where that finds no main text."""
    import trafilatura

    language = _LANGUAGE.search(html[:4096])
    with _silent("trafilatura", "htmldate", "courlan"):
        try:
            found = trafilatura.bare_extraction(
                html, with_metadata=True, include_comments=False, date_extraction_params=dict(_DATE_SEARCH)
            )
        except MARKUP_FAULTS:  # the page is stripped of its tags instead
            found = None
    page = Page(*(getattr(found, name, None) or "" for name in ("text", "title", "url", "date")))
    return page._replace(text=page.text.strip() or strip_tags(html), language=language[1] if language else "")


def strip_tags(html: str) -> str:
    """Visible text of a page or of a piece of one, a line for each block."""
    from lxml import etree

    if "<" not in html and "&" not in html:
        return html
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
        pieces += [_BREAK] if element.tag in _BLOCKS else []
        pieces.append((element.text if event == "start" else element.tail) or "")
    lines = (" ".join(line.split()) for line in "".join(pieces).split(_BREAK))
    return "\n".join(line for line in lines if line)


def first_heading(markdown: str) -> str:
    """The first heading of the first level, without its markup; empty where there is none."""
    found = _HEADING.search(markdown)
    return strip_markdown(found[1] or found[2]) if found else ""


def strip_markdown(markdown: str) -> str:
    """Text without the light markup: headings, emphasis, links and images to their words, fences, quotes, bullets."""
    for pattern, replacement in _MARKDOWN:
        markdown = pattern.sub(replacement, markdown)
    return markdown


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
