"""Mail and what is stored like mail: messages, mailboxes, pages saved as MHTML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from dedup.datatypes import Article, Skipped
from dedup.errors import ReadError
from dedup.reading.encoding import declared_encoding, decode
from dedup.reading.fields import iso_date, make_article
from dedup.reading.markup import read_page, strip_tags
from dedup.reading.source import Source, one_line

if TYPE_CHECKING:  # other formats do not need it
    from email.message import EmailMessage

# Raised by the email package on messages that follow no rule.
_FAULTS = (LookupError, ValueError, TypeError, AttributeError, AssertionError, RecursionError)

_QUOTED_FROM = re.compile(rb"^>(?=>*From )", re.MULTILINE)


def read_mail(source: Source) -> Iterator[Article | Skipped]:
    """The article that a message is: its plain text, or its HTML where it has no other."""
    yield _article(source.data(), source, None)


def read_mailbox(source: Source) -> Iterator[Article | Skipped]:
    """The messages of a mailbox (mbox), each an article; memory holds one message at a time."""
    for number, message in enumerate(_messages(source), 1):
        if isinstance(message, ReadError):
            yield Skipped(source.path, str(message), number)
        else:
            yield _article(message, source, number)


def read_mhtml(source: Source) -> Iterator[Article | Skipped]:
    """The article on a web page saved as MHTML, read as any other page."""
    message = _parse(source.data())
    page = next((part for part in message.walk() if part.get_content_type() == "text/html"), None)
    data = page.get_payload(decode=True) if page else None
    if page is None or not isinstance(data, bytes):
        raise ReadError("no page in this MHTML file")
    found = read_page(decode(data, page.get_content_charset() or "", declared_encoding(data)))
    yield make_article(
        source.path,
        found.text,
        title=found.title or str(message.get("subject", "")),
        url=found.url or str(message.get("snapshot-content-location", "")),
        published=found.published,
        language=found.language,
    )


def _messages(source: Source) -> Iterator[bytes | ReadError]:
    """Messages between the lines that begin with ``From``, or why one of them cannot be read."""
    most = source.options.max_bytes
    lines: list[bytes] = []
    size = 0
    before = b"\n"
    while line := source.stream.readline(most):
        if line.startswith(b"From ") and before in (b"\n", b"\r\n"):
            yield from _message(lines, size, most)
            lines, size = [], 0
        else:
            size += len(line)
            if size <= most:
                lines.append(line)
        before = line
    yield from _message(lines, size, most)


def _message(lines: list[bytes], size: int, most: int) -> Iterator[bytes | ReadError]:
    if size > most:
        yield ReadError(f"too large: more than {most:,} bytes; raise --max-bytes to read it")
    elif size:
        yield _QUOTED_FROM.sub(b"", b"".join(lines))


def _article(data: bytes, source: Source, number: int | None) -> Article | Skipped:
    try:
        message = _parse(data)
        text = _body(message)
        subject, date, own_id, language = (
            str(message.get(name, "")) for name in ("subject", "date", "message-id", "content-language")
        )
    except (ReadError, *_FAULTS) as fault:
        return Skipped(source.path, f"broken message: {one_line(fault)}", number)
    return make_article(
        source.path,
        text,
        number=number,
        own_id="" if number is None else own_id.strip("<> "),
        title=subject,
        published=iso_date(date.partition(" (")[0]),
        language=language,
        line=number,
    )


def _parse(data: bytes) -> EmailMessage:
    from email import policy
    from email.parser import BytesParser

    message = BytesParser(policy=policy.default).parsebytes(data)
    if not message.keys():
        raise ReadError("no mail: it has no header")
    return message


def _body(message: EmailMessage) -> str:
    part = message.get_body(("plain", "html"))
    data = part.get_payload(decode=True) if part is not None else None
    if part is None or not isinstance(data, bytes) or not data.strip():
        return ""
    charset = part.get_content_charset() or ""
    if part.get_content_type() == "text/html":
        return strip_tags(decode(data, charset, declared_encoding(data)))
    return decode(data, charset)
