"""Drafts, texts that their source has cut, and pages that are nothing but a notice: read, and told to be such."""

from __future__ import annotations

import json
from collections.abc import Callable

import jsonschema
import pytest

import samples
from dedup import report as rendering
from dedup.datatypes import Article
from dedup.pipeline import find_duplicates
from dedup.reading.fields import CUT, DRAFT
from dedup.report.view import NOTICE, noted
from reading.collection import feed, feed_item
from samples import Found, lines

reads = samples.reads

TEXT = "The boats left at nine."


@pytest.mark.parametrize(
    ("front", "note", "published"),
    [
        ("draft: true", DRAFT, ""),
        ("draft: false", "", ""),
        ("Draft: yes", DRAFT, ""),
        ("published: false", DRAFT, ""),
        ("published: true\ndate: 2024-05-01", "", "2024-05-01"),
        ("published: 2024-05-01", "", "2024-05-01"),
        ("status: draft", DRAFT, ""),
        ("status: publish", "", ""),
    ],
)
def test_drafts_are_read_and_told(front: str, note: str, published: str, reads: Callable[..., Found]) -> None:
    (article,), skipped = reads({"a.md": f"---\ntitle: No\n{front}\n---\n{TEXT}\n"})
    assert (article.title, article.text, article.note, article.published) == ("No", TEXT, note, published)
    assert not skipped


def test_drafts_in_toml_and_json(reads: Callable[..., Found]) -> None:
    articles, _ = reads({"a.md": f"+++\ndraft = true\n+++\n{TEXT}\n", "b.md": f'{{"draft": true}}\n\n{TEXT}\n'})
    assert [(a.text, a.note) for a in articles] == [(TEXT, DRAFT)] * 2


@pytest.mark.parametrize(("status", "note"), [("publish", ""), ("draft", DRAFT), ("pending", DRAFT), ("future", DRAFT)])
def test_drafts_of_wordpress(status: str, note: str, reads: Callable[..., Found]) -> None:
    (article,), _ = reads({"a.xml": feed(feed_item("en", wp_post_type="post", wp_status=status))})
    assert article.note == note


@pytest.mark.parametrize(
    ("text", "kept", "note"),
    [
        (f"{TEXT} Some 400 passengers… [+2100 chars]", f"{TEXT} Some 400 passengers…", CUT),
        (f"{TEXT} [+2100 chars]", TEXT, CUT),
        (f"{TEXT} […]", TEXT, CUT),
        (f"{TEXT} [...]", TEXT, CUT),
        (f"{TEXT} [Read more…]", TEXT, CUT),
        (f"{TEXT} [Continue reading →]", TEXT, CUT),
        (f"{TEXT} (more…)", TEXT, CUT),
        (f"{TEXT} Some 400 passengers…", f"{TEXT} Some 400 passengers…", CUT),
        (f"{TEXT} Some 400 passengers...", f"{TEXT} Some 400 passengers...", CUT),
        ("船隻九點出發，乘客…", "船隻九點出發，乘客…", CUT),
        (f"{TEXT} “Well …”", f"{TEXT} “Well …”", ""),
        (f"{TEXT} [1]", f"{TEXT} [1]", ""),
        (f"{TEXT} [+2100 chars] of text", f"{TEXT} [+2100 chars] of text", ""),
        (f"{TEXT} " * 50 + "And then…", (f"{TEXT} " * 50 + "And then…"), ""),
        (f"{TEXT} [READING. . .]", TEXT, CUT),
        (f"{TEXT} Some 400 passengers ...", f"{TEXT} Some 400 passengers ...", CUT),
        (f"{TEXT} Some 400 passengers..", f"{TEXT} Some 400 passengers..", ""),
        (TEXT, TEXT, ""),
    ],
)
def test_marks_of_a_cut_go_and_are_told(text: str, kept: str, note: str, reads: Callable[..., Found]) -> None:
    (article,), _ = reads({"a.jsonl": lines({"text": text})})
    assert (article.text, article.note) == (kept, note)


def test_a_teaser_is_an_excerpt_of_the_article_with_its_title() -> None:
    full = (
        "The ferries between Oban and Mull left again on Monday morning after three days in harbour. Some 400 "
        "passengers had waited in the town, many of them in the school hall. The captain said the swell had fallen to "
        "two metres. Tickets bought for the weekend stay valid until the end of May."
        " Hotels had been full for three nights."
    )
    teaser = f"{full[: full.index(' the town')]}…"
    found = find_duplicates(
        [Article("a", full, "Ferries run again"), Article("b", teaser, "Ferries run again", note=CUT)]
    )
    assert [(match.kind.value, match.excerpt) for match in found.matches] == [("excerpt", "right")]


CONSENT = (
    "Port workers accept pay offer\nWe value your privacy.\nWe and our partners store and access information on your "
    "device to show and measure personalised advertising.\nYou can withdraw your consent at any time in the privacy "
    "settings.\nAccept all\nReject all\n"
)


def test_a_page_of_nothing_but_a_notice_is_told_in_every_report() -> None:
    articles = [
        Article("consent", CONSENT),
        Article("draft", "The bread rose slowly, and the whole village came to eat it on Sunday.", note=DRAFT),
        Article("other", "The council votes on Thursday on the new school in Tobermory, which is to open in 2028."),
    ]
    report = find_duplicates(articles)
    assert report.notices == (0,)
    assert noted(report) == [(NOTICE, [0]), (DRAFT, [1])]
    told = json.loads(rendering.as_json(report))
    jsonschema.validate(told, json.loads(rendering.schema()))
    assert [article.get("note") for article in told["articles"]] == [NOTICE, DRAFT, None]
    assert told["counts"]["read"] + told["counts"]["skipped"] == told["counts"]["seen"]
    shown = rendering.as_text(report)
    assert f"1 × {NOTICE}\n    consent\n" in shown
    assert f"1 × {DRAFT}\n    draft\n" in shown
    assert NOTICE in rendering.as_html(report)


def test_a_report_without_notes_says_nothing_of_them() -> None:
    report = find_duplicates([Article("a", TEXT)])
    assert "note" not in rendering.as_text(report)
    assert "note" not in json.loads(rendering.as_json(report))["articles"][0]


_EXPORT = (
    '<?xml version="1.0"?><rss version="2.0" xmlns:wp="http://wordpress.org/export/1.2/"'
    ' xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><item><title>T</title>'
    "<content:encoded><![CDATA[{text}]]></content:encoded>{kind}</item></channel></rss>"
)


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("One line.\n\nAnother line.", "<wp:post_type>post</wp:post_type>", "One line.\nAnother line."),
        ("<p>One line.\n\nThe same line.</p>", "<wp:post_type>post</wp:post_type>", "One line. The same line."),
        ("One line.\n\nAnother line.", "", "One line.\n\nAnother line."),
    ],
)
def test_paragraphs_of_what_wordpress_exports(text: str, kind: str, expected: str, reads: Callable[..., Found]) -> None:
    (article,), skipped = reads({"x.xml": _EXPORT.format(text=text, kind=kind)})
    assert (article.text, skipped) == (expected, [])


def test_a_feed_of_nothing_is_a_feed_and_other_xml_is_none(reads: Callable[..., Found]) -> None:
    nothing = '<?xml version="1.0"?><rss version="2.0"><channel><title>T</title></channel></rss>'
    articles, skipped = reads({"x.rss": nothing, "y.rss": '<?xml version="1.0"?><note><to>T</to></note>'})
    assert [one.reason for one in skipped] == ["no records", "no feed (RSS or Atom) and no news (NITF, NewsML-G2)"]
    assert not articles
