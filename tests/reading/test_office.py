"""Office documents, books and web archives: small ones made by the libraries that read them."""

from __future__ import annotations

import gzip
import io
import struct
import sys
import zipfile
from collections.abc import Callable

import pytest

import samples
from dedup.datatypes import Article, Skipped
from reading.collection import STORIES, html, zipped
from reading.office_files import docx, epub, odt, pdf, rtf, warc, xlsx
from samples import Found

reads = samples.reads

SCRIPTS = ("en", "ru", "ar", "hi", "th", "ja")


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


@pytest.mark.parametrize(
    ("begin", "title"),
    [
        (r"{\rtf1\ansi\ansicpg1251{\fonttbl{\f0 Arial;}}{\info{\title \'cf\'e0\'f0\'ee\'ec\'fb}", "Паромы"),
        (r"{\rtf1\ansi\uc1{\info{\author A}{\title Fa\u776?hren}", "Fähren"),
        (r"{\rtf1\ansi{\info{\title Ferries}", "Ferries"),
    ],
)
def test_title_and_date_of_rich_text(begin: str, title: str, reads: Callable[..., Found]) -> None:
    pytest.importorskip("striprtf")
    (article,), _ = reads({"a.rtf": rf"{begin}{{\creatim\yr2024\mo5\dy1\hr8}}}}The boats left.\par}}"})
    assert (article.title, article.published, article.text) == (title, "2024-05-01", "The boats left.")


def test_the_day_of_a_template_is_no_date(reads: Callable[..., Found]) -> None:
    stream = io.BytesIO()
    document = pytest.importorskip("docx").Document()
    document.add_paragraph("The boats left.")
    document.save(stream)
    (article,), _ = reads({"a.docx": stream.getvalue()})
    assert article.published == ""


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


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # of the writer
def test_pages_of_web_archives_are_in_the_encoding_that_their_server_named(reads: Callable[..., Found]) -> None:
    text = STORIES["he"][1][:22]  # too short to guess from
    articles, _ = reads({"a.warc": warc(pages={"text/html; charset=windows-1255": f"<p>{text}".encode("cp1255")})})
    assert [article.text for article in articles] == [text]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # of the writer
def test_nothing_is_printed_of_a_damaged_web_archive(
    reads: Callable[..., Found], capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    damaged = warc("en").replace(b"https://x.org/en", b"https://x.org/ \x1b[31m")
    reads({"a.warc": damaged})
    assert "Replacing" not in "".join(capfd.readouterr()) + caplog.text


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # of the writer
def test_a_page_of_a_web_archive_that_cannot_be_read_costs_that_page(reads: Callable[..., Found]) -> None:
    data = warc("en", "de", "fr")
    page = html("de").encode()
    binary = data.replace(page, b"\0\1\2\3" * (len(page) // 4) + b"\0" * (len(page) % 4))
    articles, skipped = reads({"a.warc": binary})
    assert [a.url[-2:] for a in articles] == ["en", "fr"]
    assert [(s.line, s.reason) for s in skipped] == [(2, "binary file, not text")]
    articles, skipped = reads({"a.warc": data}, max_bytes=len(page) - 1)
    assert "too large: more than" in skipped[0].reason
    assert len(articles) + len(skipped) == 3


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # of the writer
def test_pages_before_a_fault_of_a_web_archive_are_read(reads: Callable[..., Found]) -> None:
    begin, _, end = warc("en", "de").partition(b"WARC/1.0\r\n")[2].partition(b"WARC/1.0\r\n")
    articles, skipped = reads({"a.warc": b"WARC/1.0\r\n" + begin + b"no record at all\r\n" + end})
    assert [a.url[-2:] for a in articles] == ["en"]
    assert [s.reason.partition(":")[0] for s in skipped] == ["broken WARC"]


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


def test_offsets_that_lead_outside_an_arrow_file_cost_that_file(reads: Callable[..., Found]) -> None:
    arrow = pytest.importorskip("pyarrow")
    table = arrow.table({"text": ["boats", "storm"]})
    for opened, suffix in ((arrow.ipc.new_stream, "stream"), (arrow.ipc.new_file, "file")):
        stream = io.BytesIO()
        with opened(stream, table.schema) as writer:
            writer.write_table(table)
        offsets = struct.pack("<3i", 0, 5, 10)
        assert stream.getvalue().count(offsets) == 1
        for wrong in (struct.pack("<3i", 0, 5, 2**31 - 1), struct.pack("<3i", -(2**30), 5, 10)):
            articles, skipped = reads(
                {f"{suffix}.arrow": stream.getvalue().replace(offsets, wrong), "b.txt": "goes on"}
            )
            assert [a.text for a in articles][-1] == "goes on"
            assert "broken Arrow file" in skipped[0].reason


def test_half_of_an_open_document_is_none(reads: Callable[..., Found], capsys: pytest.CaptureFixture[str]) -> None:
    with zipfile.ZipFile(io.BytesIO(odt("en"))) as archive:
        members: dict[str, str | bytes] = {name: archive.read(name) for name in archive.namelist()}
    whole = members["content.xml"]
    members["content.xml"] = whole[: len(whole) - 60]
    articles, skipped = reads({"a.odt": zipped(members)})
    assert (articles, [s.reason for s in skipped]) == ([], ["broken OpenDocument text: its XML is not whole"])
    assert capsys.readouterr().out == ""
