"""A report in, its rendering out: for eyes (text, HTML) and for programs (JSON, JSONL, CSV, Parquet).

Renderings show decisions and make none; the same report gives the same bytes. JSON is the contract with other programs
(``schema.json``). Cost: small beside the scan; HTML and Parquet load their libraries when first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dedup.report.comparison import comparison_as_json, comparison_as_text
from dedup.report.csv_report import as_csv
from dedup.report.plain_text import as_text, summary_line
from dedup.report.records import as_dict, as_json, as_jsonl, schema
from dedup.report.view import counts

if TYPE_CHECKING:
    from dedup.report.html import as_html
    from dedup.report.parquet import as_parquet

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

_LATER = {"as_html": "dedup.report.html", "as_parquet": "dedup.report.parquet"}


def __getattr__(name: str) -> Any:
    """Load renderings that need numpy when they are asked for, so that `dedup --help` need not wait (PEP 562)."""
    from importlib import import_module

    if name not in _LATER:
        raise AttributeError(f"module 'dedup.report' has no attribute {name!r}")
    return getattr(import_module(_LATER[name]), name)
