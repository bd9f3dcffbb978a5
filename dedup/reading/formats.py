"""One reader a format: an opened file in, articles and what had to be skipped out.

The suffix of a file decides: documents hold one article, JSON, tables and feeds one a record. Libraries that are slow
to import (trafilatura, feedparser, pyarrow, those of office documents) are loaded when the first such file is met.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import TypeAlias, cast

from dedup.datatypes import Article, Skipped
from dedup.reading.source import Source

Reader: TypeAlias = Callable[[Source], Iterator[Article | Skipped]]
"""Yields one `Article` or `Skipped` for every record it sees; raises `ReadError` where the rest of a file is lost."""


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A reader whose module is loaded with the first file of its format."""

    module: str
    name: str

    def __call__(self, source: Source) -> Iterator[Article | Skipped]:
        """Read a file."""
        return cast(Reader, getattr(import_module(f"dedup.reading.{self.module}"), self.name))(source)


READERS: dict[str, Reader] = {
    ".txt": _Loaded("documents", "read_text"),
    ".text": _Loaded("documents", "read_text"),
    ".md": _Loaded("documents", "read_markdown"),
    ".markdown": _Loaded("documents", "read_markdown"),
    ".mdx": _Loaded("documents", "read_markdown"),
    ".rst": _Loaded("light_markup", "read_rst"),
    ".adoc": _Loaded("light_markup", "read_asciidoc"),
    ".srt": _Loaded("light_markup", "read_subtitles"),
    ".vtt": _Loaded("light_markup", "read_subtitles"),
    ".html": _Loaded("documents", "read_html"),
    ".htm": _Loaded("documents", "read_html"),
    ".xhtml": _Loaded("documents", "read_html"),
    ".mhtml": _Loaded("mail", "read_mhtml"),
    ".mht": _Loaded("mail", "read_mhtml"),
    ".eml": _Loaded("mail", "read_mail"),
    ".mbox": _Loaded("mail", "read_mailbox"),
    ".json": _Loaded("json_files", "read_json"),
    ".jsonl": _Loaded("json_files", "read_json_lines"),
    ".ndjson": _Loaded("json_files", "read_json_lines"),
    ".csv": _Loaded("csv_parquet", "read_csv"),
    ".tsv": _Loaded("csv_parquet", "read_tsv"),
    ".parquet": _Loaded("csv_parquet", "read_parquet"),
    ".arrow": _Loaded("csv_parquet", "read_arrow"),
    ".xlsx": _Loaded("office", "read_xlsx"),
    ".docx": _Loaded("office", "read_docx"),
    ".odt": _Loaded("office", "read_odt"),
    ".rtf": _Loaded("office", "read_rtf"),
    ".pdf": _Loaded("office", "read_pdf"),
    ".epub": _Loaded("office", "read_epub"),
    ".warc": _Loaded("web_archive", "read_warc"),
    ".xml": _Loaded("feeds", "read_feed"),
    ".rss": _Loaded("feeds", "read_feed"),
    ".atom": _Loaded("feeds", "read_feed"),
}
"""Reader by suffix in lower case; each suffix may be followed by ``.gz``."""

_OF_ONE_ARTICLE = (".html", ".md", ".txt", ".rst", ".adoc", ".eml", ".mhtml", ".pdf", ".docx", ".odt", ".rtf")

DOCUMENTS = frozenset(READERS[suffix] for suffix in _OF_ONE_ARTICLE)
"""Readers of files that hold one article each, and that take a while."""
