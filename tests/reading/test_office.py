"""Office documents, books and web archives: small ones made here by the libraries that read them."""

from __future__ import annotations

import gzip
import io
import sys
from collections.abc import Callable
from datetime import datetime

import pytest

import samples
from dedup.datatypes import Article, Skipped
from reading.collection import STORIES, html
from samples import Found

reads = samples.reads

SCRIPTS = ("en", "ru", "ar", "hi", "th", "ja")


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


def warc(*languages: str) -> bytes:
    """Pages as responses of a web archive, with a picture among them."""
    pytest.importorskip("warcio")
    from warcio.statusandheaders import StatusAndHeaders
    from warcio.warcwriter import WARCWriter

    stream = io.BytesIO()
    writer = WARCWriter(stream, gzip=False)
    for language, kind in [*((language, "text/html; charset=utf-8") for language in languages), ("en", "image/png")]:
        headers = StatusAndHeaders("200 OK", [("Content-Type", kind)], protocol="HTTP/1.0")
        payload = io.BytesIO(html(language).encode())
        writer.write_record(
            writer.create_warc_record(f"https://x.org/{language}", "response", payload=payload, http_headers=headers)
        )
    return stream.getvalue()


@pytest.mark.parametrize("language", SCRIPTS)
def test_word_documents(language: str, reads: Callable[..., Found]) -> None:
    title, text = STORIES[language]
    (article,), _ = reads({"a.docx": docx(language)})
    assert article.text == "\n".join([title, *text.split("\n\n"), "one two"])
    assert (article.title, article.published[:10], article.declared_language) == (title, "2024-05-01", language)


@pytest.mark.parametrize("language", SCRIPTS)
def test_open_documents(language: str, reads: Callable[..., Found]) -> None:
    title, text = STORIES[language]
    (article,), _ = reads({"a.odt": odt(language)})
    assert article.text == "\n".join([title, *text.split("\n\n")])
    assert (article.title, article.published, article.declared_language) == (title, "2024-05-01", language)


@pytest.mark.parametrize("language", SCRIPTS)
def test_rich_text(language: str, reads: Callable[..., Found]) -> None:
    (article,), _ = reads({"a.rtf": rtf(language)})
    assert article.text.split() == STORIES[language][1].split()


def test_rows_of_workbooks(reads: Callable[..., Found]) -> None:
    articles, skipped = reads({"a.xlsx": xlsx(*SCRIPTS)})
    assert [(a.title, a.text, a.declared_language) for a in articles] == [(*STORIES[one], one) for one in SCRIPTS]
    assert {a.published for a in articles} == {"2024-05-01T00:00:00"}
    assert not skipped


def test_chapters_of_books(reads: Callable[..., Found]) -> None:
    articles, _ = reads({"a.epub": epub(*SCRIPTS)})
    assert [a.title for a in articles] == [STORIES[language][0] for language in SCRIPTS]
    assert [a.text.split()[-1] for a in articles] == [STORIES[language][1].split()[-1] for language in SCRIPTS]
    assert {(a.published, a.declared_language) for a in articles} == {("2024-05-01", "en")}


def test_pages_of_pdf_files(reads: Callable[..., Found]) -> None:
    articles, skipped = reads({"a.pdf": pdf("The boats left at nine.", "Most were glad."), "b.pdf": pdf()})
    assert [(a.text, a.title, a.published) for a in articles] == [
        ("The boats left at nine.\nMost were glad.", "Ferries", "2024-05-01")
    ]
    assert [s.reason for s in skipped] == [
        "no text in this PDF; where its pages are scanned, run it through OCR, such as ocrmypdf"
    ]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # of the writer
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gz"])
def test_pages_of_web_archives(packed: bool, reads: Callable[..., Found]) -> None:
    data = warc(*SCRIPTS)
    articles, _ = reads({"a.warc.gz": gzip.compress(data)} if packed else {"a.warc": data})
    assert [a.title for a in articles] == [STORIES[language][0] for language in SCRIPTS]
    assert [a.url for a in articles] == [f"https://x.org/{language}" for language in SCRIPTS]


MODULES = {
    ".docx": "docx",
    ".odt": "odf",
    ".rtf": "striprtf.striprtf",
    ".pdf": "pypdf",
    ".epub": "ebooklib",
    ".xlsx": "openpyxl",
    ".warc": "warcio.archiveiterator",
    ".txt.zst": "zstandard",
}


@pytest.mark.parametrize("suffix", MODULES)
def test_a_missing_library_is_named_with_its_extra(
    suffix: str, reads: Callable[..., Found], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, MODULES[suffix], None)
    articles, skipped = reads({f"a{suffix}": "x", "b.txt": "goes on"})
    assert [a.text for a in articles] == ["goes on"]
    assert 'pip install "dedup-articles[documents]"' in skipped[0].reason


@pytest.mark.parametrize("suffix", [".docx", ".odt", ".rtf", ".pdf", ".epub", ".xlsx", ".warc", ".arrow"])
def test_broken_documents_are_skipped(suffix: str, reads: Callable[..., Found]) -> None:
    whole = {".docx": docx, ".odt": odt, ".epub": epub, ".xlsx": xlsx}.get(suffix, lambda _: b"")("en")
    files: dict[str, str | bytes] = {f"{name}{suffix}": data for name, data in (("a", b"words"), ("b", whole[:-400]))}
    for item in [*reads(files)[0], *reads(files)[1]]:
        assert isinstance(item, Skipped)
        assert item.reason.isprintable()


def test_files_of_datasets(reads: Callable[..., Found]) -> None:
    arrow = pytest.importorskip("pyarrow")
    table = arrow.table({"text": ["a", "b"], "title": ["x", "y"]})
    for opened, name in ((arrow.ipc.new_stream, "a.arrow"), (arrow.ipc.new_file, "b.arrow")):
        stream = io.BytesIO()
        with opened(stream, table.schema) as writer:
            writer.write_table(table)
        articles, _ = reads({name: stream.getvalue()}, name)
        assert articles == [
            Article(f"{name}#{n}", text, title, name) for n, text, title in ((1, "a", "x"), (2, "b", "y"))
        ]


def test_zstandard(reads: Callable[..., Found]) -> None:
    library = pytest.importorskip("zstandard")
    packed = library.compress(b"one\n") + library.compress(b"two")
    assert [a.text for a in reads({"a.txt.zst": packed})[0]] == ["one\ntwo"]
