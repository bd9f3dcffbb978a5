"""A report rendered: for eyes (text, HTML) and for programs (JSON, JSONL, CSV, Parquet).

Renderings show decisions and make none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dedup.report.comparison import comparison_as_json, comparison_as_text
from dedup.report.records import as_csv, as_dict, as_json, as_jsonl, as_parquet, schema
from dedup.report.text import as_text, summary_line
from dedup.report.view import counts

if TYPE_CHECKING:
    from dedup.report.html import as_html

__all__ = [
    "as_csv",
    "as_dict",
    "as_html",
    "as_json",
    "as_jsonl",
    "as_parquet",
    "as_text",
    "comparison_as_json",
    "comparison_as_text",
    "counts",
    "schema",
    "summary_line",
]


def __getattr__(name: str) -> Any:
    """The HTML page, loaded when asked for: it needs numpy, and `dedup --help` need not wait for it (PEP 562)."""
    if name != "as_html":
        raise AttributeError(f"module 'dedup.report' has no attribute {name!r}")
    from dedup.report.html import as_html

    return as_html
