"""Forms of a report, by the suffixes of files."""

from __future__ import annotations

SUFFIXES = {
    ".txt": "text",
    ".text": "text",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".html": "html",
    ".htm": "html",
    ".parquet": "parquet",
}
"""Form of a report by the suffix of its file."""
