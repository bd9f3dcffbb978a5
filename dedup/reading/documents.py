"""Files that hold one article: plain text, Markdown, web pages."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dedup.datatypes import Article, Skipped
from dedup.reading.encoding import declared_encoding, decode
from dedup.reading.fields import iso_date, make_article
from dedup.reading.markup import first_heading, read_page, strip_markdown
from dedup.reading.source import Source

_FRONT_MATTER = re.compile(r"\A(---|\+\+\+)[ \t]*\n(.*?)^\1[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)

_ENTRY = re.compile(r"^(\w+)[ \t]*[:=][ \t]*(\S.*)$", re.MULTILINE)


def read_text(source: Source) -> Iterator[Article | Skipped]:
    """The article that a text file is."""
    yield make_article(source.path, decode(source.data()))


def read_markdown(source: Source) -> Iterator[Article | Skipped]:
    """The article that a Markdown file is: title, date, language and address from its front matter (YAML or TOML)."""
    markdown = decode(source.data()).replace("\r\n", "\n")
    front = _FRONT_MATTER.match(markdown)
    entries = {name.casefold(): value.strip("\"' \t") for name, value in _ENTRY.findall(front[2])} if front else {}
    body = markdown[front.end() :] if front else markdown
    yield make_article(
        source.path,
        strip_markdown(body),
        title=entries.get("title") or first_heading(body),
        url=entries.get("url", ""),
        published=iso_date(entries.get("date") or entries.get("published")),
        language=entries.get("lang") or entries.get("language", ""),
    )


def read_html(source: Source) -> Iterator[Article | Skipped]:
    """The article on a web page: its main text without navigation, its title, date, address and language."""
    data = source.data()
    page = read_page(decode(data, declared_encoding(data)))
    yield make_article(
        source.path, page.text, title=page.title, url=page.url, published=page.published, language=page.language
    )
