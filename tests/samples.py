"""What tests of reading share: sentences in every script, a page, feeds, a row a format, and a folder to read."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dedup.datatypes import Article, Skipped
from dedup.reading.read import read_paths
from dedup.reading.source import ReadOptions

Found = tuple[list[Article], list[Skipped]]

SCRIPTS = {
    "Latin": "Le ministre des Affaires étrangères a reçu lundi ses collègues ; le budget présenté a été adopté.\n",
    "Cyrillic": "Министр иностранных дел встретился в понедельник с коллегами и обсудил бюджет на будущий год.\n",
    "Greek": "Ο υπουργός Εξωτερικών συναντήθηκε τη Δευτέρα με τους ομολόγους του και συζήτησε τον προϋπολογισμό.\n",
    "Arabic": "اجتمع وزير الخارجية يوم الاثنين مع نظرائه وناقش ميزانية العام المقبل في العاصمة.\n",
    "Hebrew": "שר החוץ נפגש ביום שני עם עמיתיו ודן בתקציב לשנה הבאה בעיר הבירה.\n",
    "Devanagari": "विदेश मंत्री ने सोमवार को अपने समकक्षों से मुलाकात की और अगले वर्ष के बजट पर चर्चा की।\n",
    "Tamil": "வெளியுறவு அமைச்சர் திங்கட்கிழமை தனது சகாக்களைச் சந்தித்து அடுத்த ஆண்டு நிதிநிலை குறித்து பேசினார்.\n",
    "Thai": "รัฐมนตรีว่าการกระทรวงการต่างประเทศพบกับเพื่อนร่วมงานเมื่อวันจันทร์และหารือเรื่องงบประมาณปีหน้า\n",
    "Han": "外交部長星期一在首都會見各國同行，討論了明年的預算問題，這是一次重要的會議。\n",
    "kana": "外務大臣は月曜日に首都で各国の外相と会談し、来年の予算について話し合った。\n",
    "Hangul": "외무장관은 월요일 수도에서 각국 장관들과 만나 내년 예산 문제를 논의했다고 밝혔다.\n",
}
LEGACY = [
    ("Latin", "cp1252"),
    ("Cyrillic", "cp1251"),
    ("Cyrillic", "koi8_r"),
    ("Greek", "cp1253"),
    ("Arabic", "cp1256"),
    ("Hebrew", "cp1255"),
    ("Thai", "cp874"),
    ("Han", "big5"),
    ("Han", "gb18030"),
    ("kana", "cp932"),
    ("kana", "euc_jp"),
    ("kana", "iso2022_jp"),
    ("Hangul", "cp949"),
]
PAGE = """<!doctype html><html lang="id"><head><title>Pertemuan menteri - Harian</title>
<meta property="og:title" content="Pertemuan menteri"><link rel="canonical" href="https://example.org/a">
<meta property="article:published_time" content="2024-05-01T10:00:00Z"></head><body>
<nav><ul><li><a href="/">Beranda</a></li><li><a href="/olahraga">Olahraga</a></li></ul></nav>
<article><h1>Pertemuan menteri</h1>
<p>Menteri luar negeri bertemu di Jakarta pada hari Senin dan membahas anggaran tahun depan bersama tujuh negara.</p>
<p>Mereka sepakat menambah enam ratus miliar rupiah untuk jalan, sekolah, dan rumah sakit di seluruh provinsi.</p>
<p>Pertemuan berikutnya akan diadakan di Astana pada bulan September, kata juru bicara kementerian kepada pers.</p>
</article><script>track("me")</script><footer>Hak cipta 2024</footer></body></html>"""
RSS = """<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><language>de</language>
<item><guid isPermaLink="false">tag:1</guid><title>Erste &amp; letzte</title><link>https://example.org/1</link>
<pubDate>Tue, 21 May 2024 10:00:00 +0300</pubDate>
<description>&lt;p&gt;Guten &lt;b&gt;Tag&lt;/b&gt;&lt;/p&gt;&lt;p&gt;Zwei&lt;/p&gt;</description></item>
<item><title>nur ein Titel</title></item></channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en"><entry><title>T</title><id>urn:1</id>
<updated>2024-05-01T00:00:00Z</updated><summary>short</summary>
<content type="html">&lt;p&gt;a longer text&lt;/p&gt;</content>
</entry></feed>"""


def write(folder: Path, files: dict[str, str | bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def read(*paths: Path | str, **options: Any) -> Found:
    found = list(read_paths(paths, ReadOptions(**options)))
    return [a for a in found if isinstance(a, Article)], [s for s in found if isinstance(s, Skipped)]


@pytest.fixture
def reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Found]:
    """Writes files into an empty folder that is the current one, and reads them."""
    monkeypatch.chdir(tmp_path)

    def call(files: dict[str, str | bytes], *paths: str, **options: Any) -> Found:
        write(tmp_path, files)
        return read(*(paths or (".",)), **options)

    return call


def parquet(rows: list[dict[str, object]]) -> bytes:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet as writer

    stream = io.BytesIO()
    writer.write_table(pyarrow.Table.from_pylist(rows), stream)
    return stream.getvalue()


def lines(*records: object) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


RECORD = {
    "id": "n1",
    "title": "T",
    "text": "some text",
    "url": "https://x.org/1",
    "published": "2024-05-01",
    "language": "en",
}
ROW = ",".join(RECORD) + "\n" + ",".join(RECORD.values()) + "\n"
ARTICLE = Article("n1", "some text", "T", "", "https://x.org/1", "2024-05-01", "en")
FORMATS: dict[str, tuple[str, list[tuple[str, str]]]] = {
    ".txt": (" a\r\nb\n", [("a.txt", "a\nb")]),
    ".md": ("# Head\n\nsome *text*\n", [("a.md", "Head\nsome text")]),
    ".text": ("a", [("a.text", "a")]),
    ".markdown": ("a **b**", [("a.markdown", "a b")]),
    ".mdx": ("a <B c={1}>b</B>", [("a.mdx", "a b")]),
    ".rst": ("Head\n====\n\n*some* text\n", [("a.rst", "Head\nsome text")]),
    ".adoc": ("= Head\n\n*some* text\n", [("a.adoc", "Head\nsome text")]),
    ".srt": ("1\n00:00:01,000 --> 00:00:02,000\na\nb\n", [("a.srt", "a b")]),
    ".vtt": ("WEBVTT\n\n00:01.000 --> 00:02.000\na\nb\n", [("a.vtt", "a b")]),
    ".eml": ("Subject: s\n\nsome text\n", [("a.eml", "some text")]),
    ".mbox": ("From a Wed\nSubject: s\n\na\n\nFrom b\nMessage-ID: <x>\n\nb", [("a.mbox#1", "a"), ("x", "b")]),
    ".html": ("<p>One short sentence.</p>", [("a.html", "One short sentence.")]),
    ".xhtml": ("<p>One short sentence.</p>", [("a.xhtml", "One short sentence.")]),
    ".htm": ("<p>One short sentence.</p>", [("a.htm", "One short sentence.")]),
    ".json": (json.dumps([RECORD, {"text": "b"}]), [("n1", "some text"), ("a.json#2", "b")]),
    ".jsonl": (lines(RECORD) + "\n" + lines({"text": "b"}), [("n1", "some text"), ("a.jsonl#2", "b")]),
    ".ndjson": (lines(RECORD), [("n1", "some text")]),
    ".csv": (ROW + ",,b,,,\n", [("n1", "some text"), ("a.csv#2", "b")]),
    ".tsv": (ROW.replace(",", "\t"), [("n1", "some text")]),
    ".xml": (RSS, [("tag:1", "Guten Tag\nZwei")]),
    ".rss": (RSS, [("tag:1", "Guten Tag\nZwei")]),
    ".atom": (ATOM, [("urn:1", "a longer text")]),
}
