"""XML of news agencies: NITF and NewsML-G2."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dedup.datatypes import Article, Skipped
from dedup.errors import ReadError
from dedup.reading.fields import iso_date, make_article
from dedup.reading.source import Source, one_line

_LANG = "{http://www.w3.org/XML/1998/namespace}lang"

_PARAGRAPHS = ("p", "h1", "h2", "h3", "h4", "li", "td", "th", "hl2", "blockquote", "pre")


def read_news_xml(xml: str, source: Source) -> Iterator[Article | Skipped]:
    """The articles of a NITF document, a NewsML-G2 item or a message of several; raises `ReadError` for other XML."""
    root = _parse(xml)
    items = list(root.iter("{*}newsItem", "newsItem")) or list(root.iter("{*}nitf", "nitf"))
    if not items:
        raise ReadError("no feed (RSS or Atom) and no news (NITF, NewsML-G2)")
    for number, item in enumerate(items, 1):
        yield _article(item, source, number if len(items) > 1 else None)


def _parse(xml: str) -> Any:
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, recover=True)
    try:
        root = etree.fromstring(xml.encode(), parser)
    except (etree.XMLSyntaxError, ValueError) as fault:
        raise ReadError(f"broken XML: {one_line(fault)}") from fault
    if root is None:
        raise ReadError("broken XML")
    return root


def _article(item: Any, source: Source, number: int | None) -> Article | Skipped:
    content = _find(item, "body.content", "body", "inlineData", "inlineXML")
    lines = _lines(content) if content is not None else []
    return make_article(
        source.path,
        "\n".join(lines),
        number=number,
        own_id=item.get("guid") or _attribute(item, "doc-id", "id-string") if number else "",
        title=_words(_find(item, "hl1", "headline", "title")),
        published=iso_date(
            _words(_find(item, "contentCreated", "versionCreated", "firstCreated"))
            or _attribute(item, "date.issue", "norm")
            or _attribute(item, "story.date", "norm")
        ),
        language=_attribute(item, "language", "tag") or item.get(_LANG) or "",
        line=number,
    )


def _find(item: Any, *names: str) -> Any:
    """The first element of the first of the names that occurs."""
    return next((element for name in names for element in item.iter(name, f"{{*}}{name}")), None)


def _attribute(item: Any, name: str, attribute: str) -> str:
    element = _find(item, name)
    return "" if element is None else element.get(attribute) or ""


def _words(element: Any) -> str:
    return "" if element is None else " ".join("".join(element.itertext()).split())


def _lines(content: Any) -> list[str]:
    """Words of each paragraph, in order; of one inside another, as in a quotation, they are a line of their own."""
    lines = [" ".join("".join(_own(element)).split()) for element in content.iter() if _is_paragraph(element)]
    return [line for line in lines if line] or [_words(content)]


def _own(element: Any) -> Iterator[str]:
    """Text of an element without that of paragraphs inside it."""
    yield element.text or ""
    for child in element:
        yield from (" ",) if _is_paragraph(child) else _own(child) if isinstance(child.tag, str) else ()
        yield child.tail or ""


def _is_paragraph(element: Any) -> bool:
    tag = element.tag
    return isinstance(tag, str) and tag.rpartition("}")[2] in _PARAGRAPHS
