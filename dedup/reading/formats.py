"""One reader a format: an opened file in, articles and what had to be skipped out.

The suffix of a file decides: documents hold one article, JSON, tables and feeds one a record. Libraries that are slow
to import (trafilatura, feedparser, pyarrow, those of office documents) are loaded when the first such file is met.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from dedup.datatypes import Article, Skipped
from dedup.reading.csv_parquet import read_arrow, read_csv, read_parquet, read_tsv
from dedup.reading.documents import read_html, read_markdown, read_text
from dedup.reading.feeds import read_feed
from dedup.reading.json_files import read_json, read_json_lines
from dedup.reading.light_markup import read_asciidoc, read_rst, read_subtitles
from dedup.reading.mail import read_mail, read_mailbox, read_mhtml
from dedup.reading.office import read_docx, read_epub, read_odt, read_pdf, read_rtf, read_xlsx
from dedup.reading.source import Source
from dedup.reading.web_archive import read_warc

Reader: TypeAlias = Callable[[Source], Iterator[Article | Skipped]]
"""Yields one `Article` or `Skipped` for every record it sees; raises `ReadError` where the rest of a file is lost."""

READERS: dict[str, Reader] = {
    ".txt": read_text,
    ".text": read_text,
    ".md": read_markdown,
    ".markdown": read_markdown,
    ".mdx": read_markdown,
    ".rst": read_rst,
    ".adoc": read_asciidoc,
    ".srt": read_subtitles,
    ".vtt": read_subtitles,
    ".html": read_html,
    ".htm": read_html,
    ".xhtml": read_html,
    ".mhtml": read_mhtml,
    ".mht": read_mhtml,
    ".eml": read_mail,
    ".mbox": read_mailbox,
    ".json": read_json,
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
    ".csv": read_csv,
    ".tsv": read_tsv,
    ".parquet": read_parquet,
    ".arrow": read_arrow,
    ".xlsx": read_xlsx,
    ".docx": read_docx,
    ".odt": read_odt,
    ".rtf": read_rtf,
    ".pdf": read_pdf,
    ".epub": read_epub,
    ".warc": read_warc,
    ".xml": read_feed,
    ".rss": read_feed,
    ".atom": read_feed,
}
"""Reader by suffix in lower case; each suffix may be followed by ``.gz``."""
