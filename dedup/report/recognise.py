"""Recognition of files that dedup wrote, by how they begin and end: these may be overwritten without asking."""

from __future__ import annotations

import os
import re

from dedup.reading.own_reports import CSV_COLUMNS, PAGE_TITLE

_BEGINNINGS = re.compile(
    rb"""
    \{\s*"schema":\ \d+,\s*"dedup":\ "                       # the JSON report, and two articles side by side
    | \{"type":\ "report",\ "schema":\ \d+,                  # JSON Lines
    | (?:\xef\xbb\xbf)?%(columns)b,                          # CSV
    | \{\s*"articles":\ \d+,\s*"stories":\ \d+,              # figures of `dedup evaluate`
    | [\d,]+\ articles\ of\ [\d,]+\ stor                     # the same as text
    | \{\s*"level":\ "\w+",\s*"model":\ "                    # a scorer
    | \{\s*"\$schema":                                       # `dedup schema`
    | (?:Same|Not\ the\ same)\ article                       # two articles side by side, as text
    """
    % {b"columns": ",".join(CSV_COLUMNS).encode()},
    re.VERBOSE,
)

_ENDINGS = re.compile(rb"^Model .+, threshold [\d.]+\.?\s*$", re.MULTILINE)  # of a report as text

_TITLE = PAGE_TITLE.encode()

_COLUMNS = (b"language_probability", b"similarity", b"reason")  # of the tables, in the footer of a Parquet file

_LOOKED_AT = 1 << 14


def is_report(path: str | os.PathLike[str]) -> bool:
    """Whether a file is empty or was written by dedup, as far as its first and last bytes tell.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    with open(path, "rb") as file:
        head = file.read(_LOOKED_AT)
        file.seek(max(0, os.fstat(file.fileno()).st_size - _LOOKED_AT))
        tail = file.read(_LOOKED_AT)
    if head.startswith(b"PAR1"):
        return any(column in tail for column in _COLUMNS)
    return not head or bool(_BEGINNINGS.match(head) or _TITLE in head or _ENDINGS.search(tail))
