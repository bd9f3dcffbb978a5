"""Documents of office programs and books: .docx .odt .rtf .pdf .epub, and the rows of .xlsx.

Each library is imported when the first such file is met; the error for one that is not installed names the extra.
"""

from __future__ import annotations

import io
import logging
import re
import warnings
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from datetime import datetime, timezone
from functools import wraps
from typing import Any, TypeAlias

from dedup.datatypes import Article, Skipped
from dedup.errors import MissingExtraError, ReadError
from dedup.reading.encoding import decode
from dedup.reading.fields import iso_date, make_article, read_record, text_columns
from dedup.reading.markup import strip_tags
from dedup.reading.source import Source, one_line

logger = logging.getLogger(__name__)

_EXTRA = "documents"

_MOST_EXPANDED = 16  # times `ReadOptions.max_bytes` that a zipped document may unpack to

_PDF_DATE = re.compile(r"D:(\d{4})(\d\d)(\d\d)")

# When the template of python-docx was made, which programs leave in the documents that they write with it;
# and the title that it gives a document without properties.
_OF_TEMPLATE = datetime(2013, 12, 23, 23, 15, tzinfo=timezone.utc)
_WITHOUT_TITLE = "Word Document"

_RTF_TITLE = re.compile(rb"\{\\title\s((?:[^{}\\]|\\[^{}]){1,2000})\}")

_RTF_CREATED = re.compile(rb"\{\\creatim\\yr(\d{4})\\mo(\d{1,2})\\dy(\d{1,2})\b")

_HYPHENATED = re.compile(r"(?<=\w)[-\u00ad]\n(?=[^\W\d_A-Z])")

_TITLE_TAG = re.compile(r"<h[1-6]\b[^<>]*>(.*?)</h[1-6]>", re.IGNORECASE | re.DOTALL)


# Raised by these libraries on documents that are not what they seem; the zipfile module adds its own.
_FAULTS = (ValueError, LookupError, TypeError, AttributeError, NotImplementedError, RuntimeError, zipfile.BadZipFile)

Reader: TypeAlias = Callable[[Source], Iterator[Article | Skipped]]


def _whole(kind: str) -> Callable[[Reader], Reader]:
    """Make a reader tell of a broken document what its library says."""

    def decorate(reader: Reader) -> Reader:
        @wraps(reader)
        def read(source: Source) -> Iterator[Article | Skipped]:
            try:
                yield from reader(source)
            except _FAULTS as fault:
                logger.debug("%s", source.path, exc_info=True)
                raise ReadError(f"broken {kind}: {one_line(fault)}") from fault

        return read

    return decorate


@_whole("Word document")
def read_docx(source: Source) -> Iterator[Article | Skipped]:
    """The article that a Word document is, tables included; title, date and language from its properties."""
    with _library("python-docx"):
        import docx
        from docx.table import Table
    document = docx.Document(_zipped(source))
    lines: list[str] = []
    heading = ""
    for block in document.iter_inner_content():
        if isinstance(block, Table):
            lines += [" ".join(dict.fromkeys(cell.text for cell in row.cells)) for row in block.rows]
            continue
        lines.append(block.text)
        style = (block.style.name or "") if block.style is not None else ""
        heading = heading or (block.text if style.startswith(("Heading", "Title")) else "")
    about = document.core_properties
    yield make_article(
        source.path,
        "\n".join(line for line in lines if line.strip()),
        title=heading or (about.title if about.title != _WITHOUT_TITLE else "") or "",
        published=iso_date(about.created if about.created != _OF_TEMPLATE else None),
        language=about.language or "",
    )


@_whole("OpenDocument text")
def read_odt(source: Source) -> Iterator[Article | Skipped]:
    """The article that an OpenDocument text is; title, date and language from its metadata."""
    with _library("odfpy"):
        from odf import opendocument, teletype
        from odf.namespaces import TEXTNS
    with redirect_stdout(io.StringIO()) as told:  # where odfpy prints XML that is broken, and goes on with a part of it
        document = opendocument.load(_zipped(source))
    if told.getvalue():
        raise ReadError("broken OpenDocument text: its XML is not whole")
    blocks = [
        (element.qname[1], teletype.extractText(element))
        for element in _elements(document.text)
        if element.qname in ((TEXTNS, "p"), (TEXTNS, "h"))
    ]
    about = {element.qname[1]: teletype.extractText(element) for element in document.meta.childNodes}
    yield make_article(
        source.path,
        "\n".join(text for _, text in blocks if text.strip()),
        title=about.get("title") or next((text for name, text in blocks if name == "h"), ""),
        published=about.get("creation-date") or about.get("date", ""),
        language=about.get("language", ""),
    )


@_whole("RTF")
def read_rtf(source: Source) -> Iterator[Article | Skipped]:
    """The article that a file of Rich Text Format is."""
    with _library("striprtf"):
        from striprtf.striprtf import rtf_to_text
    data = source.data()
    if not data.lstrip().startswith(b"{\\rtf"):
        raise ReadError("no RTF file")
    title, created = _RTF_TITLE.search(data), _RTF_CREATED.search(data)
    head = data[: data.find(b"{\\info")].decode("latin-1")  # with the code page
    yield make_article(
        source.path,
        rtf_to_text(data.decode("latin-1"), errors="replace").replace("|\n", "\n"),
        title=rtf_to_text(f"{head} {title[1].decode('latin-1')}}}", errors="replace") if title else "",
        published="-".join(part.decode().zfill(2) for part in created.groups()) if created else "",
    )


@_whole("PDF")
def read_pdf(source: Source) -> Iterator[Article | Skipped]:
    """The article that a PDF file is, as far as its pages hold text and not pictures of it."""
    with _library("pypdf"):
        import pypdf
        from pypdf.errors import PyPdfError
    with _quiet("pypdf"):
        try:
            reader = pypdf.PdfReader(io.BytesIO(source.data()))
            if reader.is_encrypted and not reader.decrypt(""):
                raise ReadError("PDF with a password")
            pages = list(_pages(reader, source.options.max_bytes))
            about: Any = reader.metadata or {}
        except PyPdfError as fault:
            raise ReadError(f"broken PDF: {one_line(fault)}") from fault
    text = "\n".join(pages)
    if not text.strip():
        raise ReadError("no text in this PDF; where its pages are scanned, run it through OCR, such as ocrmypdf")
    date = _PDF_DATE.match(str(about.get("/CreationDate", "")))
    yield make_article(
        source.path,
        _HYPHENATED.sub("", text),
        title=str(about.get("/Title") or ""),
        published="-".join(date.groups()) if date else "",
    )


@_whole("EPUB")
def read_epub(source: Source) -> Iterator[Article | Skipped]:
    """The chapters of a book in EPUB, each an article."""
    with _library("ebooklib"):
        from ebooklib import ITEM_DOCUMENT, epub
    with _quiet("ebooklib"):
        try:
            book = epub.read_epub(_zipped(source), {"ignore_ncx": True})
        except (epub.EpubException, KeyError) as fault:
            raise ReadError(f"broken EPUB: {one_line(fault)}") from fault
    book_title, published, language = (
        next((str(value) for value, _ in book.get_metadata("DC", name)), "") for name in ("title", "date", "language")
    )
    chapters = [book.get_item_with_id(id) for id, *_ in book.spine]
    number = 0
    for chapter in chapters:
        if chapter is None or chapter.get_type() != ITEM_DOCUMENT or isinstance(chapter, epub.EpubNav):
            continue
        number += 1
        html = decode(chapter.get_content(), "utf-8")
        heading = _TITLE_TAG.search(html)
        yield make_article(
            source.path,
            strip_tags(html),
            number=number,
            title=strip_tags(heading[1]).replace("\n", " ") if heading else book_title,
            published=published,
            language=language,
            line=number,
        )


@_whole("Excel workbook")
def read_xlsx(source: Source) -> Iterator[Article | Skipped]:
    """The rows of an Excel workbook, each an article; the first row of a sheet names its columns."""
    with _library("openpyxl"):
        import openpyxl
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of parts of a workbook that openpyxl leaves out
        book = openpyxl.load_workbook(_zipped(source), read_only=True, data_only=True)
    try:
        yield from _sheets(book, source)
    finally:
        book.close()


def _sheets(book: Any, source: Source) -> Iterator[Article | Skipped]:
    """The rows of the sheets that have a text column; raises `ReadError` where none has one."""
    number = 0
    fault: ReadError | None = None
    for sheet in book.worksheets:
        rows = sheet.iter_rows(values_only=True)
        header = ["" if name is None else str(name).strip() for name in next(rows, ())]
        try:
            text_columns(header, source.options)
        except ReadError as missing:
            fault = fault or missing
            continue
        for line, row in enumerate(rows, 2):
            if any(value is not None for value in row):
                number += 1
                yield read_record(dict(zip(header, row, strict=False)), source, number, line)
    if fault and not number:
        raise fault


def _pages(reader: Any, most: int) -> Iterator[str]:
    left = most
    for page in reader.pages:
        text = page.extract_text()
        left -= len(text)
        if left < 0:
            raise ReadError(f"too large: more than {most:,} characters; raise --max-bytes to read it")
        yield text


def _elements(element: Any) -> Iterator[Any]:
    """An element and all that lies in it, in their order."""
    waiting = [element]
    while waiting:
        element = waiting.pop()
        if hasattr(element, "qname"):
            yield element
        waiting += reversed(element.childNodes)


def _zipped(source: Source) -> io.BytesIO:
    """A document that is a ZIP archive; raises `ReadError` where it is none or unpacks to too much."""
    file = io.BytesIO(source.data())
    try:
        with zipfile.ZipFile(file) as archive:
            size = sum(info.file_size for info in archive.infolist())
    except zipfile.BadZipFile as fault:
        raise ReadError(f"broken document: {one_line(fault)}") from fault
    if size > source.options.max_bytes * _MOST_EXPANDED:
        raise ReadError(f"unpacks to {size:,} bytes; raise --max-bytes to read it")
    file.seek(0)
    return file


@contextmanager
def _library(name: str) -> Iterator[None]:
    try:
        yield
    except ImportError as fault:
        raise MissingExtraError(name, _EXTRA) from fault


@contextmanager
def _quiet(name: str) -> Iterator[None]:
    """Mute a library that reports ordinary files as faulty."""
    log = logging.getLogger(name)
    level = log.level
    log.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(level)
