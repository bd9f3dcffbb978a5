"""One reader a format: an opened file in, articles and what had to be skipped out.

The suffix of a file decides: documents hold one article, JSON, tables and feeds one a record. Libraries that are slow
to import (trafilatura, feedparser, pyarrow, charset-normalizer) are loaded when the first such file is met.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from dedup.datatypes import Article, Skipped
from dedup.reading.csv_parquet import read_csv, read_parquet, read_tsv
from dedup.reading.documents import read_html, read_markdown, read_text
from dedup.reading.feeds import read_feed
from dedup.reading.json_files import read_json, read_json_lines
from dedup.reading.source import Source

Reader: TypeAlias = Callable[[Source], Iterator[Article | Skipped]]
"""Yields one `Article` or `Skipped` for every record it sees; raises `ReadError` where the rest of a file is lost."""

READERS: dict[str, Reader] = {
    ".txt": read_text,
    ".md": read_markdown,
    ".html": read_html,
    ".htm": read_html,
    ".json": read_json,
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
    ".csv": read_csv,
    ".tsv": read_tsv,
    ".parquet": read_parquet,
    ".xml": read_feed,
    ".rss": read_feed,
    ".atom": read_feed,
}
"""Reader by suffix in lower case; each suffix may be followed by ``.gz``."""
