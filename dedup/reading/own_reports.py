"""Reports of dedup, which lie among the articles where somebody wrote one there: recognised by how they begin."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from dedup.errors import ReadError

_HEAD = 4096

PAGE_TITLE = "<title>Duplicate report: "
"""Beginning of the title of a report in HTML."""

_PAGE = re.compile(rf"{PAGE_TITLE}[^<]*</title>.*?<style>", re.DOTALL)

_RUN = frozenset(("schema", "dedup", "model", "settings"))

JOURNAL_KEYS = frozenset(("journal", "dedup", "action", "report"))
"""Keys of the first line of a journal of `dedup apply`."""

CSV_COLUMNS = ("cluster", "kind", "role", "score", "id", "language", "words")
"""First columns of a report in CSV."""

_TABLES = (
    frozenset(("language_probability", "words", "hash", "cluster", "kind", "representative")),
    frozenset(("left", "right", "similarity", "coverage_left", "coverage_right", "evidence")),
)

_SKIPPED = ("path", "line", "reason")

_TEXT = re.compile(r"^Read [\d,]+ of [\d,]+ seen, .*\nModel \S+@[0-9a-f]{16}, threshold [\d.]+\.\s*\Z", re.M | re.S)

_TAIL = 1000


class OwnReportError(ReadError):
    """A file is a report of dedup and holds no article."""

    def __init__(self) -> None:
        super().__init__("a report of dedup, passed over")


def refuse_own_text(text: str) -> None:
    """Raise `OwnReportError` for a report for eyes."""
    if _TEXT.search(text[-_TAIL:]):
        raise OwnReportError


def refuse_own_page(html: str) -> None:
    """Raise `OwnReportError` for a report in HTML."""
    if _PAGE.search(html[:_HEAD]):
        raise OwnReportError


def refuse_own_record(record: object) -> None:
    """Raise `OwnReportError` for a report in JSON, or the first line of one in JSON Lines or of a journal."""
    if isinstance(record, Mapping) and (record.keys() >= _RUN or record.keys() >= JOURNAL_KEYS):
        raise OwnReportError


def refuse_own_table(names: Iterable[str]) -> None:
    """Raise `OwnReportError` for a table with the columns of a report in CSV or Parquet."""
    columns = tuple(names)
    of_csv = columns[: len(CSV_COLUMNS)] == CSV_COLUMNS
    if of_csv or columns == _SKIPPED or any(table <= frozenset(columns) for table in _TABLES):
        raise OwnReportError
