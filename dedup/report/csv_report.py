"""CSV report, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
import re

from dedup.datatypes import Report
from dedup.language.as_read import body_of
from dedup.language.text import count_words
from dedup.report import view
from dedup.report.records import without_surrogates

COLUMNS = (
    "cluster",
    "kind",
    "role",
    "score",
    "id",
    "language",
    "words",
    "title",
    "path",
    "url",
    "published",
    "why",
)
"""Columns of the CSV report."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_FORMULA = ("=", "+", "-", "@", "\t", "＝", "＋", "－", "＠")


def as_csv(report: Report, *, with_text: bool = True) -> str:
    """Render a report as CSV in `COLUMNS`: a row for each clustered article, then one for each skipped file.

    The role is ``representative``, ``repeat`` or ``skipped``; score and why are those of the match with the
    representative, or with the closest member where the two were not matched. No cell runs as a spreadsheet formula.
    """
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for story in view.stories(report):
        for member in story.cluster.members:
            writer.writerow(_clustered_row(report, story, member, with_text))
    for skipped in report.skipped:
        writer.writerow({"role": "skipped", "path": _cell(skipped.place), "why": _cell(skipped.reason)})
    return out.getvalue()


def _clustered_row(report: Report, story: view.Story, member: int, with_text: bool) -> dict[str, str | int]:
    article = report.articles[member]
    represents = member == story.cluster.representative
    match = None if represents else story.explaining(member)
    return {
        "cluster": story.id,
        "kind": story.cluster.kind.value,
        "role": "representative" if represents else "repeat",
        "score": f"{match.score:.6f}" if match else "",
        "id": _cell(article.id),
        "language": report.languages[member].code,
        "words": count_words(body_of(article)),
        "title": _cell(article.title),
        "path": _cell(article.path),
        "url": _cell(article.url),
        "published": _cell(article.published),
        "why": _cell(view.why(report, match, with_text=with_text)) if match else "",
    }


def _cell(value: str) -> str:
    """Escape a cell: an apostrophe before the beginning of a formula (CWE-1236), escapes for control characters."""
    plain = _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", without_surrogates(value))
    return f"'{plain}" if plain.startswith(_FORMULA) else plain
