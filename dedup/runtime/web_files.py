"""Files on the web, fetched whole into a temporary file before they are read.

The standard library is all that takes: addresses are few, files are read from their beginning, and what a server does
wrong (answers that never end, redirects in circles) is kept in bounds here in any case.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import TemporaryFile
from threading import Event, Thread
from typing import IO
from urllib.parse import quote, urlsplit, urlunsplit

from dedup.errors import ReadError
from dedup.version import __version__

PATIENCE = 30.0
"""Seconds to wait for a sign of life."""

LONGEST = 300.0
"""Seconds that a file may take in all."""

_PIECE = 1 << 16

_WEB = re.compile(r"https?://")


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that was fetched, and what its server says of it.

    file : its bytes, at their beginning
    url : where it lay in the end, behind all redirects
    type : in lower case; empty where the server does not say
    charset : encoding of a text; empty where the server does not say
    packed : whether it was sent through gzip
    """

    file: IO[bytes]
    url: str
    type: str
    charset: str
    packed: bool


def is_web(path: str) -> bool:
    """Whether a path is an address of the web."""
    return bool(_WEB.match(path))


@contextmanager
def fetched(url: str, most: int) -> Iterator[Fetched]:
    """Fetch a file of at most so many bytes; it is deleted in the end.

    Raises
    ------
    ReadError
        With what the server says, or what it does wrong.
    """
    with TemporaryFile() as file:
        answers: list[Fetched | Exception] = []
        given_up = Event()
        fetch = Thread(target=_fetch, args=(url, most, file, answers, given_up), daemon=True)
        fetch.start()
        fetch.join(LONGEST)
        given_up.set()
        answer = answers[0] if answers else ReadError(f"not fetched within {LONGEST:.0f} seconds; download it first")
        if isinstance(answer, Exception):
            raise answer
        yield answer


def _fetch(url: str, most: int, file: IO[bytes], answers: list[Fetched | Exception], given_up: Event) -> None:
    from http.client import HTTPException
    from urllib.error import HTTPError, URLError

    try:
        answers.append(_receive(url, most, file, given_up))
    except HTTPError as fault:
        answers.append(ReadError(f"the server says: {fault.code} {_line(fault.reason)}"))
        fault.close()
    except ReadError as fault:
        answers.append(fault)
    except (URLError, HTTPException, OSError, ValueError) as fault:
        reason = _line(getattr(fault, "reason", fault))
        answers.append(ReadError(f"cannot be fetched: {reason or type(fault).__name__}"))


def _receive(url: str, most: int, file: IO[bytes], given_up: Event) -> Fetched:
    from urllib.request import HTTPRedirectHandler, Request, build_opener

    class Redirects(HTTPRedirectHandler):
        max_redirections = 5

        def redirect_request(self, req, fp, code, msg, headers, newurl):  # type: ignore[no-untyped-def]
            if not is_web(newurl) or (req.full_url.startswith("https:") and not newurl.startswith("https:")):
                fp.close()
                raise ReadError(f"leads to {_line(newurl)}, which is not followed")
            return super().redirect_request(req, fp, code, msg, headers, newurl)

    asked = Request(_plain(url), headers={"User-Agent": f"dedup/{__version__}", "Accept-Encoding": "identity"})
    with build_opener(Redirects).open(asked, timeout=PATIENCE) as response:
        coding = (response.headers.get("Content-Encoding") or "identity").lower()
        if coding not in ("identity", "gzip", "x-gzip"):
            raise ReadError(f'sent packed as "{_line(coding)}", which was not asked for; download it first')
        size = 0
        while piece := response.read1(_PIECE):
            size += len(piece)
            if given_up.is_set():
                raise ReadError("given up")
            if size > most:
                raise ReadError(f"larger than {most:,} bytes; raise --max-bytes, or download it first")
            file.write(piece)
        if response.length:
            raise ReadError(f"broken off after {size:,} bytes")
        file.seek(0)
        kind = response.headers.get_content_type() if response.headers.get("Content-Type") else ""
        charset = response.headers.get_content_charset("")
        return Fetched(file, response.geturl(), kind, charset, coding != "identity")


def _plain(url: str) -> str:
    """An address in ASCII; raises `ReadError` for one with a password, which would stand in reports."""
    parts = urlsplit(url)
    if "@" in parts.netloc:
        raise ReadError("an address with a name and a password, which would stand in reports; download it first")
    host = parts.netloc.encode("idna").decode()
    path, query = (quote(part, safe="/%:@!$&'()*+,;=~?") for part in (parts.path, parts.query))
    return urlunsplit((parts.scheme, host, path or "/", query, ""))


def _line(message: object) -> str:
    return " ".join(str(message).split())[:200]
