"""Readers: every format and field name to articles; what cannot be read says why."""

from __future__ import annotations

import csv
import gzip
import io
import json
import logging
import sys
from collections.abc import Callable
from typing import Any

import pytest

import samples
from dedup.datatypes import Article, Skipped
from dedup.reading.fields import iso_date
from dedup.reading.formats import READERS
from dedup.reading.markdown import read_body
from dedup.reading.markup import strip_tags, without_floods
from samples import ARTICLE, ATOM, FORMATS, PAGE, RECORD, ROW, RSS, SCRIPTS, Found, lines, parquet

reads = samples.reads


def test_every_suffix_has_its_row_here() -> None:
    elsewhere = {".parquet", ".arrow", ".mhtml", ".mht", ".xlsx", ".docx", ".odt", ".rtf", ".pdf", ".epub", ".warc"}
    assert set(FORMATS) | elsewhere == set(READERS)


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gz"])
@pytest.mark.parametrize("suffix", FORMATS)
def test_each_format_is_read_plain_and_packed(suffix: str, packed: bool, reads: Callable[..., Found]) -> None:
    content, expected = FORMATS[suffix]
    name = f"a{suffix}.gz" if packed else f"a{suffix}"
    articles, _ = reads({name: gzip.compress(content.encode()) if packed else content})
    assert [(a.id, a.text) for a in articles] == [(id.replace(f"a{suffix}", name), text) for id, text in expected]
    assert {a.path for a in articles} == {name}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", json.dumps(RECORD)),
        ("a.JSONL", lines(RECORD)),
        ("a.csv", ROW),
        ("a.tsv", ROW.replace(",", "\t")),
    ],
)
def test_records_carry_all_their_fields(name: str, content: str, reads: Callable[..., Found]) -> None:
    articles, skipped = reads({name: content})
    assert [Article(a.id, a.text, a.title, "", a.url, a.published, a.declared_language) for a in articles] == [ARTICLE]
    assert not skipped


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gz"])
def test_parquet_rows_are_articles(packed: bool, reads: Callable[..., Found]) -> None:
    data = parquet([{"Text": "a", "title": "t", "n": 1}, {"Text": None, "title": "u", "n": 2}])
    name = "a.parquet.gz" if packed else "a.parquet"
    articles, skipped = reads({name: gzip.compress(data) if packed else data})
    assert [(a.id, a.title, a.text) for a in articles] == [(f"{name}#1", "t", "a")]
    assert skipped == [Skipped(name, "no text", 2)]


def test_without_pyarrow_a_parquet_file_names_the_extra(
    reads: Callable[..., Found], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    articles, skipped = reads({"a.parquet": "x", "b.txt": "goes on"})
    assert [a.text for a in articles] == ["goes on"]
    assert 'pip install "dedup-articles[parquet]"' in skipped[0].reason


def test_unknown_suffixes_are_skipped_in_folders_and_tried_when_chosen(reads: Callable[..., Found]) -> None:
    files: dict[str, str | bytes] = {"a.log": "words", "README": b"\0\x01\x02", "b.png": b"\x89PNG\0\x01\x02"}
    assert [s.reason for s in reads(files)[1]] == [
        "unsupported file type, no suffix",
        'unsupported file type ".log"',
        'unsupported file type ".png"',
    ]
    assert [a.text for a in reads({"README": "more words"}, "a.log", "README")[0]] == ["words", "more words"]
    assert [a.text for a in reads({}, glob="*.log")[0]] == ["words"]
    assert [s.reason for s in reads({}, "b.png")[1]] == ["binary file, not text"]


@pytest.mark.parametrize(
    ("record", "options", "text"),
    [
        pytest.param({"text": "t", "body": "b"}, {}, "t", id="text before body"),
        pytest.param({"text": " ", "body": "b"}, {}, "b", id="body where text is blank"),
        pytest.param({"text": None, "content": "c"}, {}, "c", id="content where text is null"),
        pytest.param({"Text": "t"}, {}, "t", id="capitals"),
        pytest.param({"TEXT": "T", "text": "t"}, {}, "t", id="exact name first"),
        pytest.param({"content_text": "t"}, {}, "t", id="JSON Feed"),
        pytest.param({"text": "t", "lead": "l"}, {"text_field": "lead"}, "l", id="text field named"),
        pytest.param({"Main-Text": "m"}, {"text_field": "main text"}, "m", id="text field named loosely"),
        pytest.param({"text": "t"}, {"text_field": "lead"}, "t", id="names are added to the common ones"),
        pytest.param({"b": "t", "c": "u"}, {"text_field": ("a", "c", "b")}, "u", id="several text fields"),
        pytest.param({"a": {"B": [{"c": "t"}]}}, {"text_field": "a.b.c"}, "t", id="within others"),
        pytest.param({"a.b": "t"}, {"text_field": "a.b"}, "t", id="a dot in the name"),
        pytest.param({"content": {"rendered": "<p>a &amp; b</p>"}}, {}, "a & b", id="WordPress"),
        pytest.param({"body": {"value": "x", "processed": "<p>x</p>"}}, {}, "x", id="Drupal"),
        pytest.param({"text": ["a", "b"]}, {}, "a\nb", id="paragraphs"),
        pytest.param({"text": "<p>a<p>b"}, {}, "a\nb", id="HTML in a text"),
        pytest.param({"text": "if a<b and <p> c"}, {}, "if a<b and <p> c", id="a text with a tag is no HTML"),
    ],
)
def test_text_field(record: dict[str, Any], options: dict[str, str], text: str, reads: Callable[..., Found]) -> None:
    assert [a.text for a in reads({"a.jsonl": lines(record)}, **options)[0]] == [text]


@pytest.mark.parametrize(
    ("record", "options", "reason"),
    [
        (
            {"headline": "h", "Übersicht": 1},
            {},
            'no field "text", "body" or "content"; name one with --text-field; there are: headline, Übersicht',
        ),
        (
            {"words": "t"},
            {"text_field": "lead"},
            'no field "lead", "text", "body" or "content"; choose one of them with --text-field; there are: words',
        ),
        ({}, {}, "there are: none"),
        ({str(n): "" for n in range(20)}, {}, "there are: 0, 1, 2, 3, 4, 5, 6, 7, ..."),
        ({str(n): "" for n in range(8)}, {}, "there are: 0, 1, 2, 3, 4, 5, 6, 7"),
        ({"a\x1b[31m": ""}, {}, r"there are: a\x1b[31m"),
        ({"text": ""}, {}, "no text"),
        ({"text": "\u200b\n"}, {}, "no text"),
        ({"text": 5}, {}, 'field "text" holds a number, not text'),
        ({"text": [1]}, {}, 'field "text" holds a list, not text'),
        ({"text": True}, {}, 'field "text" holds true or false, not text'),
    ],
)
def test_a_record_without_text_says_why(
    record: dict[str, Any], options: dict[str, str], reason: str, reads: Callable[..., Found]
) -> None:
    articles, skipped = reads({"a.jsonl": "\n" + lines(record)}, **options)
    assert not articles
    assert [(s.path, s.line) for s in skipped] == [("a.jsonl", 2)]
    assert skipped[0].reason.endswith(reason)


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_a_table_without_text_is_skipped_once_with_its_columns(name: str, reads: Callable[..., Found]) -> None:
    data = parquet([{"name": "x", "note": "y"}] * 3) if name == "a.parquet" else b"name,note\n" + b"x,y\n" * 3
    articles, skipped = reads({name: data})
    assert not articles
    assert [(s.path, s.line) for s in skipped] == [(name, None)]
    assert "there are: name, note" in skipped[0].reason


@pytest.mark.parametrize(
    "names",
    [
        ("Titre", "Texte", "Date", "Langue"),
        ("Titel", "Inhalt", "Datum", "Sprache"),
        ("Überschrift", "Inhalt", "Veröffentlicht am", "Sprache"),
        ("ueberschrift", "inhalt", "veroeffentlicht", "sprache"),
        ("Título", "Texto", "Fecha", "Idioma"),
        ("Titolo", "Testo", "Data", "Lingua"),
        ("Tytuł", "Treść", "data", "język"),
        ("judul", "isi", "tanggal", "bahasa"),
        ("Başlık", "Metin", "Tarih", "Dil"),
        ("Заголовок", "Текст", "Дата", "Язык"),
        ("العنوان", "النص", "التاريخ", "اللغة"),
        ("כותרת", "תוכן", "תאריך", "שפה"),
        ("标题", "正文", "日期", "语言"),
        ("タイトル", "本文", "日付", "言語"),
        ("제목", "본문", "날짜", "언어"),
        ("शीर्षक", "पाठ", "दिनांक", "भाषा"),
        ("Tiêu đề", "Nội dung", "Ngày", "Ngôn ngữ"),
    ],
)
def test_common_names_of_many_languages(names: tuple[str, ...], reads: Callable[..., Found]) -> None:
    values = ("head", "words", "2024-05-01", "xx")
    (article,), _ = reads({"a.csv": ";".join(names) + "\n" + ";".join(values) + "\n"})
    assert (article.title, article.text, article.published, article.declared_language) == values


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Fish &amp; chips", "Fish & chips"),
        ("<em>New</em> boats", "New boats"),
        ("&#8220;Yes&#8221;", "“Yes”"),
        ("AT&T < Sons & co", "AT&T < Sons & co"),
        ("The <b> tag", "The <b> tag"),
    ],
)
def test_titles_of_records_lose_entities_and_tags(title: str, shown: str, reads: Callable[..., Found]) -> None:
    assert [a.title for a in reads({"a.json": json.dumps({"title": title, "text": "t"})})[0]] == [shown]


def test_every_field_may_be_named(reads: Callable[..., Found]) -> None:
    record = {"k": 5, "h": "head", "when": "2024-05-01", "tongue": "xx", "w": "words", "title": "other"}
    names = {"text": "w", "id": "k", "title": "h", "date": "when", "language": "tongue"}
    (article,), _ = reads({"a.json": json.dumps(record)}, **{f"{part}_field": name for part, name in names.items()})
    assert article == Article("5", "words", "head", "a.json", "", "2024-05-01", "xx")


@pytest.mark.parametrize(
    ("value", "id"),
    [("x", "x"), (7, "7"), ("  x\ty ", "x y"), ("", "a.json"), (None, "a.json"), (True, "a.json"), (1.5, "a.json")],
)
def test_own_ids_are_texts_or_whole_numbers(value: object, id: str, reads: Callable[..., Found]) -> None:
    assert [a.id for a in reads({"a.json": json.dumps({"id": value, "text": "t"})})[0]] == [id]
    assert [a.id for a in reads({"a.json": json.dumps({"key": value, "text": "t"})}, id_field="key")[0]] == [id]


@pytest.mark.parametrize(
    ("given", "iso"),
    [
        ("Tue, 21 May 2024 10:00:00 +0300", "2024-05-21T10:00:00+03:00"),
        ("21 May 2024 10:00 GMT", "2024-05-21T10:00:00+00:00"),
        (1716282000, "2024-05-21T09:00:00+00:00"),
        (1716282000123, "2024-05-21T09:00:00+00:00"),
        (1716282000.5, "2024-05-21T09:00:00+00:00"),
        ("2024-05-21 10:00:00 -0400", "2024-05-21T10:00:00-04:00"),
        ("2024-05-21 10:00", "2024-05-21T10:00"),
        ("2024-05-21 10:00:00.5 UTC", "2024-05-21T10:00:00.5Z"),
        ("20240521T100000Z", "2024-05-21T10:00:00Z"),
        ("20240521T1000-0400", "2024-05-21T10:00-04:00"),
    ],
)
def test_dates_become_iso_8601(given: object, iso: str) -> None:
    assert iso_date(given) == iso


@pytest.mark.parametrize(
    ("about", "published"),
    [
        ("Jane Doe <jane@example.org>\n:revdate: 2024-05-01\n", "2024-05-01"),
        ("Jane Doe\nv1.2, 2024-05-01: Mended\n", "2024-05-01"),
        ("Jan van der Berg\n2024-05-01\n", "2024-05-01"),
        ("J. M. Doe <j@example.org>\n", ""),
        (":author: Jane Doe\n", ""),
    ],
)
def test_author_and_revision_of_asciidoc_are_no_words(about: str, published: str, reads: Callable[..., Any]) -> None:
    (article,), _ = reads({"a.adoc": f"= Ferries\n{about}\nThe boats left.\n"})
    assert (article.title, article.published, article.text) == ("Ferries", published, "Ferries\nThe boats left.")


def test_a_short_line_below_a_heading_of_asciidoc_stays(reads: Callable[..., Any]) -> None:
    (article,), _ = reads({"a.adoc": "= Ferries\nThe boats left.\n\n== Later\nMore boats\n"})
    assert article.text == "Ferries The boats left.\nLater More boats"


@pytest.mark.parametrize(
    "given", ["2024-05-21", "2024-05-21T10:00:00Z", "Selasa, 21 Mei 2024", "31 Feb 2024 10:00", "", "x"]
)
def test_other_dates_stay_in_their_words(given: str) -> None:
    assert iso_date(given) == given


@pytest.mark.parametrize(
    ("given", "shown"),
    [(2024, "2024"), (20240521, "20240521"), (float("nan"), ""), (10**400, str(10**400)), (None, ""), ([], "")],
)
def test_numbers_that_are_no_moment_are_no_date(given: object, shown: str) -> None:
    assert iso_date(given) == shown


@pytest.mark.parametrize(
    ("content", "ids"),
    [
        pytest.param({"text": "t"}, ["a.json"], id="object"),
        pytest.param([{"text": "t"}], ["a.json#1"], id="list"),
        pytest.param(
            {"status": "ok", "articles": [{"text": "t"}, {"content": "u"}]}, ["a.json#1", "a.json#2"], id="wrapped"
        ),
        pytest.param({"items": [{"text": "t"}], "tags": ["x"]}, ["a.json#1"], id="the one list of objects"),
        pytest.param({"text": "t", "links": [{"url": "u"}]}, ["a.json"], id="text outside the list"),
    ],
)
def test_shapes_of_json(content: object, ids: list[str], reads: Callable[..., Found]) -> None:
    articles, skipped = reads({"a.json": json.dumps(content, indent=1)})
    assert [a.id for a in articles] == ids
    assert not skipped


def test_json_under_the_wrong_suffix_is_read_as_what_it_is(reads: Callable[..., Found]) -> None:
    articles, skipped = reads(
        {
            "a.json": lines({"text": "a"}, {"text": "b"}),
            "b.jsonl": json.dumps([{"text": "c"}, {"text": "d"}], indent=1),
            "c.jsonl": lines(["no article"], {"text": "e"}),
        }
    )
    assert [a.text for a in articles] == ["a", "b", "c", "d", "e"]
    assert skipped == [Skipped("c.jsonl", "holds a list, not an object", 1)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"], ids=["comma", "semicolon", "tab", "bar"])
def test_csv_is_read_with_the_delimiter_of_its_header(delimiter: str, reads: Callable[..., Found]) -> None:
    stream = io.StringIO()
    rows = [["id", "text"], ["1", 'He said: "a, b; c|d\te".\nThen left.'], ["2", "x" * 300_000]]
    csv.writer(stream, delimiter=delimiter).writerows(rows)
    limit = csv.field_size_limit()
    articles, skipped = reads({"a.csv": stream.getvalue()})
    assert [[a.id, a.text] for a in articles] == [[id, text.replace("\t", "\t")] for id, text in rows[1:]]
    assert not skipped
    assert csv.field_size_limit() == limit


def test_a_stray_quote_costs_no_row(reads: Callable[..., Found]) -> None:
    table = 'id\ttext\n1\t"Hello," he said\n2\t"open\n3\t"two\nlines"\n4\t5" long\n5\tlast\n'
    articles, skipped = reads({"a.tsv": table})
    assert [a.text for a in articles] == ['"Hello," he said', '"open', "two\nlines", '5" long', "last"]
    assert not skipped


@pytest.mark.parametrize(
    ("markdown", "plain"),
    [
        ("## Two\ntext", "Two\ntext"),
        ("a **bold** and *slanted* and __strong__ and _soft_ word", "a bold and slanted and strong and soft word"),
        ("see [the page](https://x.org/a_(b)) and [that][1]\n\n[1]: https://x.org", "see the page and that"),
        ("![a map](map.png) at <https://x.org> here", "a map at here"),
        ("> quoted\n>> twice\n\n> [!NOTE]\n> kept", "quoted\ntwice\nkept"),
        ("- one\n* two\n+ [x] three\n    - four", "one\ntwo\nthree\nfour"),
        ("1. one\n2. two\n", "one\ntwo"),
        ("Text.\n```python\nx = 1\n```\n", "Text."),
        ("```python\nx = 1\n```", "x = 1"),
        ("a `code` b<!-- not\nseen -->c", "a code bc"),
        ("Title\n=====\ntext\n\n---\n", "Title\ntext"),
        ("one line\nwrapped\n\nnext  \nbroken", "one line wrapped\nnext\nbroken"),
        ("明日は\n雨です", "明日は雨です"),
        ("|a|b|\n|-|-|\n|1|2|", "a b\n1 2"),
        ("A.[^1]\n\n[^1]: The *note*.\n", "A.\nThe note."),
        ("Apple\n: A fruit\n", "Apple\nA fruit"),
        ('# A {#a}\n\nb\n{: .x}\n\n[c](d){:target="_blank"} e', "A\nb\nc e"),
        ("* TOC\n{:toc}\n\nwords", "words"),
        ('{% include a.html %}{{ b }}{{< c d="e" >}}words {% raw %}stay{% endraw %} {# not #}here', "words stay here"),
        ('[caption id="a" width="1"]words[/caption] [sic]', "words [sic]"),
        ("{% highlight ruby %}\nputs 1\n{% endhighlight %}\nwords", "words"),
        (':::tip[Mind]\nthe gap\n:::\n\n!!! note "And"\n    the door\n', "Mind\nthe gap\nAnd\nthe door"),
        ("import A from 'a'\n\n<A b={() => 1}>*words*</A>\n\n{/* no */}\n", "words"),
        ("<div>\n\n*one*<br>two\n\n</div>\n<p>**three** &amp; four<script>x()</script>", "one\ntwo\nthree & four"),
        ("<table><tr><td>1</td><td>2</td></tr></table>", "1\n2"),
        ("[a loose link](/the path/) and [[Page|wiki]]", "a loose link and wiki"),
    ],
)
def test_light_markup_is_stripped(markdown: str, plain: str) -> None:
    assert read_body(markdown).text == plain


@pytest.mark.parametrize(
    "text",
    [
        "2 * 3 * 4",
        "snake_case_name",
        "a [sic] b",
        "24. first",
        "1999) first",
        "C# and F#",
        "#one",
        "x < y > z",
        "**",
        "e-mail -1",
        "{a, b} and {{ open",
        "imports from 'abroad' fell",
        "a_b_c [not] (a link) ~ and $5",
        *SCRIPTS.values(),
    ],
)
def test_what_is_no_markup_stays(text: str) -> None:
    assert read_body(f"words\n{text}").text.replace("\n", " ").removeprefix("words ") == text.strip()


@pytest.mark.parametrize(
    ("front", "title", "published"),
    [
        ('---\ntitle: "Front: matter"\ndate: 2024-05-01\nlang: en\n---\n# Head\n', "Front: matter", "2024-05-01"),
        ('+++\ntitle = "Front"\ndate = 2024-05-01\nlanguage = "en"\n+++\n# Head\n', "Front", "2024-05-01"),
        ("# *Head* line #\n", "Head line", ""),
        ("Head line\n=========\n", "Head line", ""),
        ("## Second level {#id}\n", "Second level", ""),
        ("```sh\n# comment\n```\n", "", ""),
        ("Not one --- of these\n", "", ""),
    ],
)
def test_title_and_date_of_markdown(front: str, title: str, published: str, reads: Callable[..., Found]) -> None:
    (article,), _ = reads({"a.md": front + "\nBody.\n"})
    assert (article.title, article.published) == (title, published)
    assert article.declared_language == ("en" if published else "")
    assert not article.text.startswith("---")
    assert article.text.endswith("Body.")


def test_a_page_gives_its_main_text_title_date_address_and_language(reads: Callable[..., Found]) -> None:
    (article,), _ = reads({"a.html": PAGE})
    assert (article.title, article.published, article.url) == (
        "Pertemuan menteri",
        "2024-05-01",
        "https://example.org/a",
    )
    assert article.declared_language == "id"
    assert article.text.startswith("Pertemuan menteri\nMenteri luar negeri bertemu")
    assert not {"Olahraga", "track", "Hak cipta"} & set(article.text.replace("(", " ").split())


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ('<meta name="date" content="2024-05-01">', ("A", "", "2024-05-01", "")),
        ('<link rel="canonical" href="https://x.org/a">', ("A", "https://x.org/a", "", "")),
        (
            '<meta property="og:url" content="https://x.org/b"><meta property="og:title" content="Other">',
            ("Other", "https://x.org/b", "", ""),
        ),
        ('<meta http-equiv="content-language" content="id">', ("A", "", "", "id")),
        ("<meta property='og:locale' content='id_ID'>", ("A", "", "", "id_ID")),
        (
            '<script type="application/ld+json">{"@context":"https://schema.org",'
            '"@type": "NewsArticle", "headline": '
            '"Real \\u0026 head", "datePublished": "2024-05-01T10:00:00Z", "inLanguage": "id", "mainEntityOfPage": '
            '"https://x.org/a"}</script>',
            ("Real & head", "https://x.org/a", "2024-05-01", "id"),
        ),
    ],
)
def test_what_the_head_of_a_page_says(head: str, said: tuple[str, ...], reads: Callable[..., Found]) -> None:
    text = PAGE[PAGE.index("<p>") : PAGE.index("</article>")]
    head = f"<!doctype html><html><head><title>A - Site</title>{head}</head>"
    page = f"{head}<body><article><h1>A</h1>{text}</article></body></html>"
    (article,), _ = reads({"a.html": page})
    assert (article.title, article.url, article.published, article.declared_language) == said


@pytest.mark.parametrize("script", SCRIPTS)
def test_navigation_is_told_from_text_in_every_script(script: str, reads: Callable[..., Found]) -> None:
    paragraphs = [f"{SCRIPTS[script].strip()} {n}" for n in range(6)]
    page = (
        '<html><body><nav><ul><li><a href="/">Home</a></li></ul></nav><div>'
        + "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
        + '</div><aside><ul><li><a href="/x">Other story</a></li></ul></aside><footer>© 2024</footer></body></html>'
    )
    assert [a.text for a in reads({"a.html": page})[0]] == ["\n".join(paragraphs)]


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("Just words", "Just words"),
        ("<p>Fish &amp; chips<br>today", "Fish & chips\ntoday"),
        ("<div>a<div>b</div>c</div><script>x</script><style>y</style><!-- z -->", "a\nb\nc"),
        ("<table><tr><td>1<td>2</table>", "1\n2"),
        ("<p> a <b>b</b>\n c</p>", "a b c"),
        ("<p>a&#1;b&#xd800;<p>c", "a\x01b\ufffd\nc"),
        ("", ""),
        ("<script>x</script>", ""),
        *((f"<p>{text.strip()}</p>", text.strip()) for text in SCRIPTS.values()),
    ],
)
def test_tags_are_stripped_block_by_block(html: str, text: str) -> None:
    assert strip_tags(html) == text


def test_pages_are_read_in_silence_and_leave_loggers_alone(
    reads: Callable[..., Found], capfd: pytest.CaptureFixture[str]
) -> None:
    before = logging.getLogger("trafilatura").level
    reads({"a.html": "<html></html>", "b.html": "<p>x", "c.html": "<" * 5000})
    assert capfd.readouterr() == ("", "")
    assert logging.getLogger("trafilatura").level == before


def test_entries_of_feeds_are_articles_without_markup(reads: Callable[..., Found]) -> None:
    (article,), skipped = reads({"a.rss": RSS})
    assert (article.title, article.url) == ("Erste & letzte", "https://example.org/1")
    assert (article.published, article.declared_language) == ("2024-05-21T07:00:00+00:00", "de")
    assert skipped == [Skipped("a.rss", "no text", 2)]
    (article,), _ = reads({"b.atom": ATOM}, "b.atom")
    assert (article.text, article.published, article.declared_language) == (
        "a longer text",
        "2024-05-01T00:00:00+00:00",
        "en",
    )


def test_a_feed_never_opens_another_file(reads: Callable[..., Found]) -> None:
    entity = '<!DOCTYPE r [<!ENTITY x SYSTEM "secret.txt">]>'
    articles, _ = reads(
        {"secret.txt": "secret", "a.xml": RSS.replace("<rss", f"{entity}<rss").replace("Tag", "&x;")}, "a.xml"
    )
    assert not any("secret" in a.text for a in articles)


FLOOD = " ".join(f'a{n}="x>"' for n in range(3000))


@pytest.mark.parametrize(
    ("html", "text"),
    [
        (f"<p>One.</p><p {FLOOD}>Two.</p><p>Three.</p>", "One.\nTwo.\nThree."),
        (f"<p {' '.join(f'a{n}' for n in range(9000))}>One.</p>", "One."),
        (f"<!-- <p {FLOOD} --><p>One.</p>", "One."),
        (f"<script>if (a <b) {{ {FLOOD} }}</script><p>One.</p>", "One."),
        (f"<script>{'a <b; x = 1; ' * 3000}</script><p>One.</p>", "One."),
        (f"<p>One.</p><p {FLOOD}", "One."),
        (f'<p><img src="data:{"A" * 100_000}" alt="no">One.</p>', "One."),
    ],
    ids=["many", "many without values", "in a comment", "in a script", "comparisons", "unclosed", "long"],
)
def test_a_tag_of_thousands_of_attributes_is_one_without(html: str, text: str) -> None:
    assert strip_tags(html) == text


def test_pages_as_people_write_them_keep_their_attributes() -> None:
    page = PAGE.replace("<article>", "<article class='a' data-x=\"b > c\">" + "<i title='x = y'></i>" * 3000)
    assert without_floods(page) == page


def test_a_list_of_one_object_is_that_object(reads: Callable[..., Found]) -> None:
    one, two = {"body": [{"value": "words"}]}, {"body": [{"value": "words"}, {"value": "more"}]}
    articles, skipped = reads({"a.jsonl": lines(one, two, {"body": [{"value": ["no", "text"]}]}, {"body": []})})
    assert [article.text for article in articles] == ["words"]
    assert [item.line for item in skipped] == [2, 3, 4]


def test_a_paragraph_inside_another_of_agency_xml_is_read_once(reads: Callable[..., Found]) -> None:
    body = (
        "<blockquote><p>One two.</p><p>Three <em>four</em>.</p></blockquote>"
        "<table><tr><td><p>Five</p></td></tr></table><ul><li>Six <p>seven</p> eight<!-- no word --></li></ul>"
    )
    articles, _ = reads({"a.xml": f"<nitf><body><body.content>{body}</body.content></body></nitf>"})
    assert [a.text for a in articles] == ["One two.\nThree four.\nFive\nSix eight\nseven"]


def test_items_of_a_message_are_articles_and_one_without_text_is_told(reads: Callable[..., Found]) -> None:
    item = "<newsItem guid='{0}'><headline>{0}</headline><inlineXML><p>{1}</p></inlineXML></newsItem>"
    told = "".join(item.format(*one) for one in (("a", "One."), ("b", ""), ("c", "Three.")))
    articles, skipped = reads({"a.xml": f"<newsMessage><itemSet>{told}</itemSet></newsMessage>"})
    assert [(a.id, a.title, a.text) for a in articles] == [("a", "a", "One."), ("c", "c", "Three.")]
    assert [(s.line, s.reason) for s in skipped] == [(2, "no text")]
