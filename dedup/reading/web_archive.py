"""Web archives: the pages of a WARC file, each an article."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from email.message import Message

from dedup.datatypes import Article, Skipped
from dedup.errors import MissingExtraError, ReadError
from dedup.reading.encoding import declared_encoding, decode
from dedup.reading.fields import make_article
from dedup.reading.markup import read_page
from dedup.reading.source import Source, one_line

_PAGES = ("text/html", "application/xhtml+xml")


def read_warc(source: Source) -> Iterator[Article | Skipped]:
    """The pages of a WARC file; records of other kinds, such as pictures and redirects, are passed over."""
    try:
        from warcio.archiveiterator import ArchiveIterator
        from warcio.exceptions import ArchiveLoadFailed
    except ImportError as fault:
        raise MissingExtraError("warcio", "documents") from fault
    logging.getLogger("warcio").setLevel(logging.CRITICAL + 1)  # it would print addresses as they stand in the file
    try:
        records = ArchiveIterator(source.stream)
        records.INC_RECORD = ""  # a warning that would go to standard error
        for number, record in enumerate(records, 1):
            headers = record.http_headers
            if record.rec_type != "response" or not headers or headers.get_statuscode() != "200":
                continue
            if headers.get_header("Content-Type", "").partition(";")[0].strip().lower() in _PAGES:
                yield _article(record, source, number)
    except (ArchiveLoadFailed, AttributeError, ValueError) as fault:
        raise ReadError(f"broken WARC: {one_line(fault)}") from fault


def _article(record: object, source: Source, number: int) -> Article | Skipped:
    most = source.options.max_bytes
    data = record.content_stream().read(most + 1)  # type: ignore[attr-defined]
    headers = record.rec_headers  # type: ignore[attr-defined]
    said = record.http_headers.get_header("Content-Type", "")  # type: ignore[attr-defined]
    if len(data) > most:
        return Skipped(source.path, f"too large: more than {most:,} bytes; raise --max-bytes to read it", number)
    try:
        page = read_page(decode(data, _charset(said), declared_encoding(data)))
    except ReadError as fault:
        return Skipped(source.path, str(fault), number)
    return make_article(
        source.path,
        page.text,
        number=number,
        title=page.title,
        url=headers.get_header("WARC-Target-URI", "").strip("<>"),
        published=page.published,
        language=page.language,
        line=number,
    )


def _charset(content_type: str) -> str:
    """The encoding in a header; empty where it names none."""
    header = Message()
    header["Content-Type"] = " ".join(content_type.split())
    return header.get_content_charset("")
