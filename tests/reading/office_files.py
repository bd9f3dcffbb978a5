"""Office documents, books and web archives with a story, made by the libraries that read them."""

from __future__ import annotations

import io
from datetime import datetime

import pytest

from reading.collection import STORIES, html


def docx(language: str) -> bytes:
    """A story as a Word document with a table."""
    library = pytest.importorskip("docx")
    title, text = STORIES[language]
    document = library.Document()
    document.core_properties.created = datetime(2024, 5, 1)
    document.core_properties.language = language
    document.add_heading(title, 1)
    for part in text.split("\n\n"):
        document.add_paragraph(part)
    cells = document.add_table(1, 2).rows[0].cells
    cells[0].text, cells[1].text = "one", "two"
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def odt(language: str) -> bytes:
    """A story as an OpenDocument text."""
    pytest.importorskip("odf")
    from odf import dc, opendocument, text

    title, story = STORIES[language]
    document = opendocument.OpenDocumentText()
    document.meta.addElement(dc.Title(text=title))
    document.meta.addElement(dc.Date(text="2024-05-01"))
    document.meta.addElement(dc.Language(text=language))
    document.text.addElement(text.H(outlinelevel=1, text=title))
    for part in story.split("\n\n"):
        document.text.addElement(text.P(text=part))
    stream = io.BytesIO()
    document.write(stream)
    return stream.getvalue()


def rtf(language: str) -> bytes:
    """A story in Rich Text Format."""
    pytest.importorskip("striprtf")
    parts = STORIES[language][1].split("\n\n")
    escaped = [
        "".join(c if c.isascii() else f"\\u{ord(c)}?" if ord(c) < 32768 else f"\\u{ord(c) - 65536}?" for c in part)
        for part in parts
    ]
    return ("{\\rtf1\\ansi\\uc1 {\\fonttbl{\\f0 Times;}}" + "\\par ".join(escaped) + "\\par}").encode()


def xlsx(*languages: str) -> bytes:
    """Stories as rows of a sheet behind one that holds none."""
    library = pytest.importorskip("openpyxl")
    book = library.Workbook()
    book.active.append(["Name", "Number"])
    book.active.append(["x", 1])
    sheet = book.create_sheet("stories")
    sheet.append(["Titel", "Inhalt", "Datum", "Sprache"])
    for language in languages:
        sheet.append([*STORIES[language], datetime(2024, 5, 1), language])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def epub(*languages: str) -> bytes:
    """Stories as chapters of a book."""
    pytest.importorskip("ebooklib")
    from ebooklib import epub as library

    book = library.EpubBook()
    book.set_identifier("x")
    book.set_title("The book")
    book.set_language("en")
    book.add_metadata("DC", "date", "2024-05-01")
    for language in languages:
        title, text = STORIES[language]
        chapter = library.EpubHtml(title=title, file_name=f"{language}.xhtml")
        chapter.content = f"<h1>{title}</h1>" + "".join(f"<p>{part}</p>" for part in text.split("\n\n"))
        book.add_item(chapter)
        book.spine.append(chapter)
    book.add_item(library.EpubNcx())
    book.add_item(library.EpubNav())
    stream = io.BytesIO()
    library.write_epub(stream, book)
    return stream.getvalue()


def pdf(*lines: str) -> bytes:
    """A page with lines of ASCII; none makes an empty page, as a scanner does."""
    pytest.importorskip("pypdf")
    shown = "".join(f"({line}) Tj 0 -20 Td " for line in lines)
    content = f"BT /F1 12 Tf 50 700 Td {shown}ET".encode()
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(content), content),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        b"<</Title(Ferries)/CreationDate(D:20240501080000Z)>>",
    ]
    data, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(data)
    return (
        data
        + b"xref\n0 7\n0000000000 65535 f \n%strailer<</Size 7/Root 1 0 R/Info 6 0 R>>\nstartxref\n%d\n%%%%EOF"
        % (
            table,
            start,
        )
    )


def warc(*languages: str, pages: dict[str, bytes] | None = None) -> bytes:
    """Pages as responses of a web archive, with a picture among them; `pages` are further ones by their types."""
    pytest.importorskip("warcio")
    from warcio.statusandheaders import StatusAndHeaders
    from warcio.warcwriter import WARCWriter

    stream = io.BytesIO()
    writer = WARCWriter(stream, gzip=False)
    usual = [(language, "text/html; charset=utf-8", html(language).encode()) for language in languages]
    more = [(f"more-{number}", *page) for number, page in enumerate((pages or {}).items())]
    for name, kind, content in [*usual, *more, ("en", "image/png", html("en").encode())]:
        headers = StatusAndHeaders("200 OK", [("Content-Type", kind)], protocol="HTTP/1.0")
        payload = io.BytesIO(content)
        record = writer.create_warc_record(f"https://x.org/{name}", "response", payload=payload, http_headers=headers)
        writer.write_record(record)
        record.raw_stream.close()
    return stream.getvalue()
