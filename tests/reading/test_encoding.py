"""Bytes to text: told right in every script, refused where they are no text, never dropped."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import samples
from dedup.errors import ReadError
from dedup.reading.encoding import declared_encoding, decode, find_encoding, looks_binary
from samples import LEGACY, SCRIPTS, Found, lines

reads = samples.reads

SEVERAL_SPELLINGS = ("utf-16", "utf-32", "cp932", "euc_jp", "iso2022_jp", "big5", "gb18030", "cp949")
"""Encodings in which one text can be written as more than one row of bytes."""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("script", SCRIPTS)
def test_unicode_is_told_with_and_without_its_mark(script: str, encoding: str) -> None:
    text = SCRIPTS[script]
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize(("script", "encoding"), LEGACY)
def test_legacy_encodings_are_told_from_the_text(script: str, encoding: str) -> None:
    text = SCRIPTS[script] * 3
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize(("script", "encoding"), [row for row in LEGACY if row[1] != "iso2022_jp"])  # which looks ASCII
def test_records_in_legacy_encodings_are_told_line_by_line(
    script: str, encoding: str, reads: Callable[..., Found]
) -> None:
    text = SCRIPTS[script].strip() * 2
    rows = "".join(json.dumps({"text": f"{text} {n}"}, ensure_ascii=False) + "\n" for n in range(3))
    table = f"id\ttext\n1\t{text} 0\n2\t{text} 1\n3\t{text} 2\n"
    articles, skipped = reads(
        {"a.jsonl": b'{"text": "ascii"}\n' + rows.encode(encoding), "b.csv": table.encode(encoding)}
    )
    expected = [f"{text} {n}" for n in range(3)]
    assert [a.text for a in articles] == ["ascii", *expected, *expected]
    assert not skipped


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-8-sig"])
def test_records_in_wide_or_marked_encodings(encoding: str, reads: Callable[..., Found]) -> None:
    articles, skipped = reads(
        {"a.jsonl": lines({"text": "a"}, {"text": "b"}).encode(encoding), "b.csv": "text,id\nc,1\n".encode(encoding)}
    )
    assert [a.text for a in articles] == ["a", "b", "c"]
    assert not skipped


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("encoding", ["utf-8", "cp1251", "utf-16"])
def test_lines_end_as_on_any_system(end: str, encoding: str, reads: Callable[..., Found]) -> None:
    words = SCRIPTS["Cyrillic"].strip()
    table = end.join(["text,id", f"{words},1", f'"{words}{end}two",2', ""])
    records = end.join([json.dumps({"text": words}, ensure_ascii=False), '{"text": "b"}'])
    articles, skipped = reads({"a.csv": table.encode(encoding), "b.jsonl": records.encode(encoding)})
    assert [a.text for a in articles] == [words, f"{words}\ntwo", words, "b"]
    assert not skipped


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [
        ("windows-1251", "cp1251"),
        ("koi8-r", "koi8_r"),
        ("KOI8-R", "koi8_r"),
        ("x-unknown", "cp1251"),
        ("rot13", "cp1251"),
    ],
)
def test_pages_and_feeds_are_read_as_they_declare(declared: str, encoding: str, reads: Callable[..., Found]) -> None:
    text = SCRIPTS["Cyrillic"].strip()
    page = f'<html><head><meta http-equiv="Content-Type" content="text/html; charset={declared}"></head><p>{text}'
    feed = f'<?xml version="1.0" encoding="{declared}"?><rss><channel><item><description>{text}</description>'
    articles, _ = reads({"a.html": page.encode(encoding), "b.xml": f"{feed}</item></channel></rss>".encode(encoding)})
    assert [a.text for a in articles] == [text, text]


def test_a_page_in_a_mail_is_read_as_it_declares(reads: Callable[..., Found]) -> None:
    head = b"Subject: A\nContent-Type: text/html\nContent-Transfer-Encoding: 8bit\n\n<meta charset=windows-1255><p>"
    articles, _ = reads({"a.eml": head + "שלום לכולם".encode("cp1255")})
    assert [article.text for article in articles] == ["שלום לכולם"]


@pytest.mark.parametrize(
    "data", [bytes(range(256)), b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" * 9, b"\0" * 99, b"%PDF\x01\x02\x03\x04"]
)
def test_binary_data_is_refused(data: bytes) -> None:
    with pytest.raises(ReadError, match="binary"):
        decode(data)


@given(st.binary(max_size=200))
@settings(deadline=None)
def test_any_bytes_are_decoded_without_loss_or_refused(data: bytes) -> None:
    try:
        encoding = find_encoding(data)
    except ReadError:
        return
    text = decode(data)
    assert len(text) <= len(data)
    if encoding not in SEVERAL_SPELLINGS:
        assert text.encode(encoding) == data


def test_japanese_in_seven_bits_is_no_binary_file() -> None:
    text = "日a本b語c" * 40  # an escape for every letter
    assert decode(text.encode("iso2022_jp")) == text


@pytest.mark.parametrize("control", [b"\x00", b"\x08", b"\x0e", b"\x1a", b"\x1c", b"\x1f", b"\x7f"])
def test_one_control_character_in_thirty_is_text_and_more_is_binary(control: bytes) -> None:
    assert not looks_binary((b"x" * 29 + control) * 9)
    assert looks_binary((b"x" * 28 + control) * 9)
    assert not looks_binary(b"\t\n\x0b\x0c\r\x1b" * 50)


@pytest.mark.parametrize(("page", "label"), [(b'<meta charset="KOI8-R">', "KOI8-R"), (b"<meta name=charset>", "")])
def test_the_declared_encoding_of_a_page(page: bytes, label: str) -> None:
    assert declared_encoding(page) == label


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Kryetari tha se ura do të mbyllet këtë javë për shkak të çmimeve.", "cp1252"),
        ("El año pasado, los niños del colegio más pequeño celebraron su canción.", "cp1252"),
        ("Wójt gminy ogłosił, że most zostanie zamknięty w środę; później będzie śnieg.", "cp1250"),
        ("Belediye başkanı köprünün çarşamba günü kapatılacağını söyledi; ağır yağış sürüyor.", "cp1254"),
        ("Meras pranešė, kad tiltas bus uždarytas šią savaitę dėl žvyro ir ąžuolų.", "cp1257"),
    ],
)
def test_a_sentence_is_told_by_the_letters_of_its_language(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize("end", [" ", "\n"])
@pytest.mark.parametrize(("script", "encoding"), [("Cyrillic", "cp1251"), ("Hangul", "cp949")])
def test_a_long_text_is_told_by_its_beginning_with_and_without_lines(script: str, encoding: str, end: str) -> None:
    text = (SCRIPTS[script].replace("\n", " ") + end) * (40_000 // len(SCRIPTS[script]))
    assert decode(text.encode(encoding)) == text


def test_blank_lines_are_counted_on_end(reads: Callable[..., Found]) -> None:
    row = lines({"text": "a"}).encode()
    articles, skipped = reads({"a.jsonl": (b"\n" * 3 + row) * 2 + b"\n" * 4 + row}, max_barren=3)
    assert ([a.text for a in articles], len(skipped)) == (["a", "a"], 1)
