"""Markdown as people write it: front matter in its forms, and what of the markup becomes words."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import samples
from dedup.reading import markdown
from dedup.reading.front_matter import split_front_matter
from dedup.reading.markdown import read_body, strip_inline
from reading.collection import files
from samples import Found

reads = samples.reads

FORMS = {
    "folded": (
        "---\ntitle: >-\n  Ferries run again\n  after the storm\n---\nThe boats left at nine.\n",
        ("Ferries run again after the storm", "", "", "The boats left at nine."),
    ),
    "literal": (
        "---\ntitle: |\n  Ferries run again\n---\nThe boats left at nine.\n",
        ("Ferries run again", "", "", "The boats left at nine."),
    ),
    "next line": (
        "---\ntitle:\n  Ferries run again\n---\nThe boats left at nine.\n",
        ("Ferries run again", "", "", "The boats left at nine."),
    ),
    "plain over two lines": (
        "---\ntitle: Ferries run again\n  after the storm\n---\nThe boats left at nine.\n",
        ("Ferries run again after the storm", "", "", "The boats left at nine."),
    ),
    "quote inside": (
        "---\ntitle: 'The captain''s view'\n---\nThe boats left at nine.\n",
        ("The captain's view", "", "", "The boats left at nine."),
    ),
    "escaped quote": (
        '---\ntitle: "The \\"Star\\" sails"\n---\nThe boats left at nine.\n',
        ('The "Star" sails', "", "", "The boats left at nine."),
    ),
    "comment": (
        "---\ntitle: Ferries run again  # draft\n---\nThe boats left at nine.\n",
        ("Ferries run again", "", "", "The boats left at nine."),
    ),
    "key with hyphen (pub-date)": (
        "---\ntitle: T\npub-date: 2024-03-05\n---\nThe boats left at nine.\n",
        ("T", "2024-03-05", "", "The boats left at nine."),
    ),
    "pubDate (Astro)": (
        "---\ntitle: T\npubDate: 2024-03-05\n---\nThe boats left at nine.\n",
        ("T", "2024-03-05", "", "The boats left at nine."),
    ),
    "TOML date": (
        '+++\ntitle = "T"\ndate = 2024-03-05T09:00:00Z\n+++\nThe boats left at nine.\n',
        ("T", "2024-03-05T09:00:00+00:00", "", "The boats left at nine."),
    ),
    "JSON front matter (Hugo)": (
        '{\n "title": "T",\n "date": "2024-03-05"\n}\n\nThe boats left at nine.\n',
        ("T", "2024-03-05", "", "The boats left at nine."),
    ),
    "nested lang": (
        "---\ntitle: T\nlanguage: en # x\n---\nThe boats left at nine.\n",
        ("T", "", "en", "The boats left at nine."),
    ),
    "locale": ("---\ntitle: T\nlocale: fr\n---\nThe boats left at nine.\n", ("T", "", "fr", "The boats left at nine.")),
    "blank line first": (
        "\n---\ntitle: T\ndate: 2024-03-05\n---\nThe boats left at nine.\n",
        ("T", "2024-03-05", "", "The boats left at nine."),
    ),
    "closed by ...": (
        "---\ntitle: T\ndate: 2024-03-05\n...\nThe boats left at nine.\n",
        ("T", "2024-03-05", "", "The boats left at nine."),
    ),
    "no title, heading 2 first": (
        "## XI. Logs\n\nThe boats left at nine.\n",
        ("XI. Logs", "", "", "XI. Logs\nThe boats left at nine."),
    ),
    "heading with id": (
        "# Ferries {#ferries}\n\nThe boats left at nine.\n",
        ("Ferries", "", "", "Ferries\nThe boats left at nine."),
    ),
    "setext heading": (
        "Ferries\n=======\n\nThe boats left at nine.\n",
        ("Ferries", "", "", "Ferries\nThe boats left at nine."),
    ),
    "# comment in a code fence": (
        "```sh\n# install first\npip install x\n```\nThe boats left at nine.\n",
        ("", "", "", "The boats left at nine."),
    ),
    "shortcode": (
        "---\ntitle: T\n---\n{{< youtube abc123XYZ >}}\n"
        'The boats left at nine. {{% pageinfo color="info" %}}{% include toc.html %}\n',
        ("T", "", "", "The boats left at nine."),
    ),
    "HTML in Markdown": (
        '<div class="box"><p>The boats <b>left</b> at nine&nbsp;o\'clock.<br/></p></div>\n<script>var x = 1</script>\n',
        ("", "", "", "The boats left at nine o'clock."),
    ),
    "code fence": ("Text.\n\n```python\nprint('x')\n```\n", ("", "", "", "Text.")),
    "reference links": (
        'See [the table][1] and [x].\n\n[1]: https://example.com/a "Title"\n[x]: https://example.com/b\n',
        ("", "", "", "See the table and x."),
    ),
    "footnote": (
        "A claim.[^1]\n\n[^1]: The source of the claim.\n",
        ("", "", "", "A claim.\nThe source of the claim."),
    ),
    "bare URL": ("See https://example.com/a/long/path?x=1 now.\n", ("", "", "", "See now.")),
    "table": ("| a | b |\n|---|---|\n| 1 | 2 |\n", ("", "", "", "a b\n1 2")),
    "MDX import": (
        "import Tabs from '@theme/Tabs'\n\nThe boats <Tabs>left</Tabs> at nine.\n",
        ("", "", "", "The boats left at nine."),
    ),
    "admonition": (
        ':::note\nMind the gap.\n:::\n\n!!! warning "Note"\n    Indented.\n',
        ("", "", "", "Mind the gap.\nNote\nIndented."),
    ),
    "kramdown attribute": ("Text.\n{: .no_toc}\n\n* TOC\n{:toc}\n", ("", "", "", "Text.")),
}
"""Each form of front matter and markup with its title, date, language and text."""


@pytest.mark.parametrize("form", FORMS)
def test_forms_of_front_matter_and_markup(form: str, reads: Callable[..., Found]) -> None:
    markdown, expected = FORMS[form]
    (article,), skipped = reads({"x.md": markdown})
    assert (article.title, article.published, article.declared_language, article.text) == expected
    assert not skipped


@pytest.mark.parametrize(
    ("front", "entries"),
    [
        ("---\ntitle: Foo: bar\nlang: no\n---\n", {"title": "Foo: bar", "lang": "no"}),
        ("---\ntitle: {{ page.title }}\nlang: 'en'\n---\n", {"title": "{{ page.title }}", "lang": "en"}),
        ("---\ntitle: 1984\nlang: no\n---\n", {"title": "1984", "lang": "no"}),
        ("---\na: &a [x]\nb: *a\n---\n", {"a": ["x"], "b": ["x"]}),
        ('+++\ntitle = "T"\n[params]\nlang = "en"\n+++\n', {"title": "T", "params": {"lang": "en"}}),
        ("---\n---\n", {}),
        ("---\ndate of first publication: 1984\n---\n", {"date of first publication": "1984"}),
    ],
)
def test_front_matter_is_read_and_cut_off(front: str, entries: dict[str, object]) -> None:
    assert split_front_matter(front + "Words.") == (entries, "Words.")


@pytest.mark.parametrize(
    "markdown",
    [
        "Words.",
        "---\n\nA text between two rules. It has a colon: here.\n\n---\nWords.",
        "---\ntitle: open\n\nWords.",
        "{not json}\nWords.",
        '{"a": 1} is an object.',
        "{{< x >}}\nWords.",
        "--- no rule\na: b\n---\n",
        "---\nWe met them in the harbour: a note\n---\nWords.",
        "---\ntitle: a\nWe met them in the harbour: a note\n---\nWords.",
        "---\nWhat they told us then: a note\n---\nWords.",
    ],
)
def test_what_is_no_front_matter_stays(markdown: str) -> None:
    assert split_front_matter(markdown) == ({}, markdown)


@pytest.mark.parametrize(
    ("title", "plain"),
    [
        ("*Two* `words`", "Two words"),
        ("Tu C&oacute;digo", "Tu Código"),
        ("Coder\\_: a view", "Coder_: a view"),
        ("See [this](https://x.org) ![icon](a.png)", "See this"),
        ("snake_case * star", "snake_case * star"),
        ("R&D < 5", "R&D < 5"),
    ],
)
def test_titles_lose_their_markup(title: str, plain: str) -> None:
    assert strip_inline(title) == plain


@pytest.mark.parametrize(
    ("name", "published"),
    [
        ("_posts/2019-11-24-release.md", "2019-11-24"),
        ("2019-02-31-x.md", ""),
        ("v2019-11-24-x.md", ""),
        ("2019-11-24.md", ""),
    ],
)
def test_dates_of_names(name: str, published: str, reads: Callable[..., Found]) -> None:
    (article,), _ = reads({name: "Words."}, name)
    assert article.published == published


@pytest.mark.parametrize(
    "text",
    [
        '**a** *b* `c` [d](e) [f](g "h")',
        "**a *b* c** *a **b***",
        "*a*b **a**b a*b* 2*3*4 * a * b",
        "`*a*` *`a`* `a``b` ``a`b``",
        "[*a*](b) [a](b(c)d) [a]( b ) [a] (b) ![a](b) [![a](b)](c)",
        "(**a**) «*a*» “**a**”, *a*. **a**:",
        "漢字**漢字**漢字 *漢字*。",
        "*a\nb* `a\nb` [a\nb](c)",
        "***a*** ****a**** * *a* *",
        "[a](b)[c](d) *a**b* **a*b**",
        "\\*a* \\[b](c)",
        "*a(b)* (*a)b*",
    ],
)
def test_the_short_way_gives_what_the_parser_gives(text: str) -> None:
    assert in_short(text) == in_full(text)


SPANS = (
    "word", "two words", "नदी", "का", "漢字", "*", "**", "_", "__", "*a*", "**b c**", "_d_", "__e__", "`", "``",
    "`f`", "`g*h`", "`i\nj`", "` k `", "[l](m)", '[n](o "p")', "[q]", "[r](s(t))", "[*u*](v)", "![w](x.png)",
    "![](y.png)", "[", "]", "](", "(", ")", "\\", "\\*", "\\_", "\\`", "\\[", "\\\\", "snake_case", "a__b", "&",
    "&amp;", "&amp", "&lt;", "&copy;", "&#42;", "R&D", '<a href="x">', "</a>", "<b>", "</b>", "<br>", "<br/>",
    "<", ">", "<x>", "<https://a.b>", "~", "~~", "~~z~~", "“", "”", ".", ",", "-", "\n", "  \n", "  ", "\xa0",
    "https://c.d/e_f_g", "{{ h }}", "\ud800", "\udc2a",
)  # fmt: skip


@given(st.lists(st.tuples(st.sampled_from(SPANS), st.sampled_from(["", "", " "])), max_size=14), st.booleans())
@settings(max_examples=600, deadline=None)
def test_simple_markup_is_read_as_the_parser_reads_it(spans: list[tuple[str, str]], defined: bool) -> None:
    text = "a" + "".join(span + between for span, between in spans)
    references: dict[str, object] = {"references": {"Q": {"href": "/q", "title": ""}}} if defined else {}
    for images in (True, False):
        assert in_short(text, references, images=images) == in_full(text, references, images=images)


def in_short(text: str, references: dict[str, object] | None = None, *, images: bool = True) -> list[str]:
    """Lines of a paragraph, as they are read."""
    return markdown._lines(text, references or {}, images=images)


def in_full(text: str, references: dict[str, object] | None = None, *, images: bool = True) -> list[str]:
    """Lines of a paragraph, as the parser alone sees them."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(markdown, "_simplified", lambda whole, **_: whole)
        patched.setattr(markdown, "_is_marked", lambda *_: True)
        return markdown._lines(text, references or {}, images=images)


def test_code_takes_no_prose_with_it() -> None:
    code = "```js\nexport const a = `{{`\n```\n\nOne.\n\n```\nimport {\n```\nTwo.\n\n~~~\n{% }}\n```\n~~~\nThree.\n"
    assert read_body(code).text == "One.\nTwo.\nThree."


def test_a_letter_in_a_fence_is_a_text() -> None:
    letter = "The boats left at nine.\n" * 5
    assert read_body(f"# Letter\n```\n{letter}```\n").text == f"Letter\n{letter}".strip()
    assert read_body(f"# Letter\n```py\n{letter}```\n").text == "Letter"
    assert read_body(f"{letter}\n\n```\n{letter}```\n").text == letter.strip().replace("\n", " ")


def test_footnotes_that_nothing_refers_to_stay() -> None:
    assert read_body("Words.[^1]\n\n[^1]: One.\n[^2]: Two.\n").text == "Words.\nOne.\nTwo."


HOSTILE = {
    "brackets": "[" * 40_000,
    "links": "[a](" * 10_000,
    "images": "![" * 20_000,
    "quotes": ">" * 40_000,
    "lists": "- " * 20_000,
    "nested lists": "".join(" " * (2 * depth) + "- a\n" for depth in range(200)),
    "simple emphasis": " *a" * 13_000,
    "simple links": " [a](b" * 6_000,
    "emphasis": "*a **b " * 6_000,
    "ticks": "".join("`" * (n % 60 + 1) + "a" for n in range(1200)),
    "tags": "<a " * 13_000,
    "tags with spaces": "<a" + " b" * 20_000,
    "comments": "<!-- " * 8_000,
    "macros": "{{" * 20_000,
    "macros and lines": "{%\n" * 13_000,
    "attributes": "{:" * 20_000,
    "shortcodes": "[a b=" * 8_000,
    "references": "[a]: b\n" * 6_000,
    "footnotes": "[^a]: b\n\n" * 4_000,
    "tables": "|a" * 5_000 + "\n" + "|-" * 5_000 + "\n" + "|a" * 5_000,
    "table rows": "|a|b|\n|-|-|\n" + "|a|b|\n" * 6_000,
    "headings": "# a " * 10_000,
    "addresses": "http://" * 6_000,
    "exports": "export const a\n" * 3_000,
    "imports": "import a, " * 4_000,
    "fences": "```\n" * 10_000,
    "highlights": "{% highlight %}\n" * 2_500,
    "definitions": "a\n: b\n\n" * 5_000,
    "entities": "&amp" * 10_000,
    "autolinks": "<https://a" * 4_000,
}
"""Markup of some 40 kB made to take long."""


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_markup_takes_little_time(kind: str) -> None:
    begin = time.process_time()
    read_body(HOSTILE[kind])
    split_front_matter("---\n" + HOSTILE[kind])
    assert time.process_time() - begin < 2


PIECES = (
    "A plain line.", "Two\nlines of it.", "“Quoted,” she said.", "(Aside.)", "नदी का जल बढ़ा।", "船隻九點出發。",
    "Ends in  ", "\xa0", "# Head", "## Head\nText below", "Setext\n===", "Setext\n---", "- item",
    "- item\n\n  more of it", "1. one\n2. two", "12. late", "2.", "- ", "> quote\nlazy", ">", "    indented",
    "\tindented", "  two spaces", "| a | b |\n|---|---|\n| 1 | 2 |", "a | b\n--|--\n1 | 2",
    "```\nfence\n\nPlain in it.\n```", "```", "~~~", "<div>\nWords\n</div>", "<div>", "</div>", "<script>",
    "</script>", "<!-- hidden", "-->", "<pre>", "</pre>", "<p>Words *inside*\n\nPlain.</p>", "Term\n: meaning",
    "Term", ": meaning", "  : meaning", "~ meaning", "[^1]: A note.", "A claim.[^1]",
    "[x]: https://example.com", "See [x] and [y](https://example.com \"T\").", "![x](y.png)", "*a* **b** `c`",
    "***", "---", "* * *", "- *one*\n* two\n  more", "para:\n- a\n- b", "- a\n  - b", "- [x](y)\n\n    deep",
    "#", "#x", "## Closed ##", "```py\ncode\n```", "````\n```\n````", " ```", "```a`b```", "<!-- note -->",
    "<!-- two\n\nlines -->", "<!-->", "<!-- a <!-- b -->", "[a\nb]: /c", "[a](b)\n[x]: /d", "`code` first",
    "**Bold** first", "_i_ first", "2024 began", "1. one\n\n2. two", "2020.", "Line  \nbreak", "Line\\\nbreak",
    "\ue000", "\r", "\x0c", "Text\x0cmore", "\x00", "{{< x >}}", "Text &amp; more",
)  # fmt: skip


@given(
    st.lists(st.tuples(st.sampled_from(PIECES), st.sampled_from(["\n", "\n\n", "\n \t\n", "\n\n\n", ""])), max_size=12)
)
@example([("2020.", "\n\n"), ("- item", "\n")])
@example([("2020.", "\n\n"), ("```py\ncode\n```", "\n\n"), ("- item", "\n")])
@example([("2020.", "\n\n"), ("# Heading", "\n\n"), ("- item", "\n")])
@example([("2020.", "\n\n"), ("Words", "\n\n"), ("- item", "\n")])
@settings(max_examples=600, deadline=None)
def test_plain_paragraphs_folded_are_read_as_the_parser_reads_them(pieces: list[tuple[str, str]]) -> None:
    text = "".join(piece + between for piece, between in pieces)
    assert list(markdown._parsed(text, 0)) == unfolded(text)


@pytest.mark.parametrize("suffix", [".md", ".markdown", ".mdx"])
def test_folding_changes_no_file(suffix: str) -> None:
    for name, (content, _) in files().items():
        if name.endswith(suffix) and isinstance(content, str):
            assert list(markdown._parsed(content, 0)) == unfolded(content)


def unfolded(text: str) -> list[tuple[str, str]]:
    """Blocks as the parser alone sees them."""
    references: dict[str, object] = {}
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(markdown, "_fold", lambda whole: (whole, []))
        return list(markdown._blocks(markdown._parser().parse(text, references), references, 0, iter(())))
