"""Files that hold one article: plain text, Markdown, web pages."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from dedup.datatypes import Article, Skipped
from dedup.reading.csv_parquet import read_tsv
from dedup.reading.fields import find_columns, make_article, read_fields
from dedup.reading.front_matter import is_draft, split_front_matter, without_flags
from dedup.reading.own_reports import refuse_own_page, refuse_own_text
from dedup.reading.source import Source

_DATED_NAME = re.compile(r"(?:.*/)?((?:19|20)\d\d-\d\d-\d\d)-[^/]*", re.DOTALL)


def read_text(source: Source) -> Iterator[Article | Skipped]:
    """The article that a text file is, or the rows of a table that Excel has saved as "Unicode text"."""
    text = source.text()
    refuse_own_text(text)
    head = text[: text.find("\n")]
    if "\t" in head and find_columns(tuple(map(str.strip, head.split("\t"))), source.options).text:
        yield from read_tsv(replace(source, stream=io.BufferedReader(io.BytesIO(text.encode()))))
    else:
        yield make_article(source.path, text)


def read_markdown(source: Source) -> Iterator[Article | Skipped]:
    """The article that a Markdown file is.

    Title, date, language and address come from its front matter (YAML, TOML, JSON); else the title is the first
    heading, and the date stands in a name such as ``2024-05-01-title.md``.
    """
    from dedup.reading.markdown import read_body, strip_inline

    entries, markdown = split_front_matter(source.text().replace("\r\n", "\n"))
    body = read_body(markdown)
    fields = read_fields(without_flags(entries), source.options)
    yield make_article(
        source.path,
        body.text,
        title=strip_inline(fields.title) or body.heading,
        url=fields.url,
        published=fields.published or _date_of_name(source.path),
        language=fields.language,
        draft=is_draft(entries),
    )


def read_html(source: Source) -> Iterator[Article | Skipped]:
    """The article on a web page: its main text without navigation, its title, date, address and language."""
    from dedup.reading.markup import read_page

    html = source.markup()
    refuse_own_page(html)
    page = read_page(html)
    yield make_article(
        source.path, page.text, title=page.title, url=page.url, published=page.published, language=page.language
    )


def _date_of_name(path: str) -> str:
    """The date that the name of a file begins with, as Jekyll has it; empty where there is none."""
    found = _DATED_NAME.fullmatch(path)
    try:
        return date.fromisoformat(found[1]).isoformat() if found else ""
    except ValueError:  # the 31st of February
        return ""
