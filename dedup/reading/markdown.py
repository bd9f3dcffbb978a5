"""Markdown to plain text, as a CommonMark parser sees it.

Template macros, attributes and JSX are cut out before the text is parsed. Blocks of code are left out, unless there is
nothing else; code within a sentence stays, since the sentence would not be whole without it. Lines that the source
wraps are joined, so that a sentence is found in one piece.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from dedup.reading.markup import BLOCKS, strip_shortcodes, strip_tags

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_BREAK = "\u2028"  # a line break of ours, told from those in the source, which are mere spaces

_MACROS = (("{{", "}}"), ("{%", "%}"), ("{#", "#}"), ("{/*", "*/}"))

_LONGEST_MACRO = 4000

_LONGEST_TITLE = 300

_DEEPEST = 40  # of lists and quotes within one another; the parser's own 20 loses what lies deeper

_MOST_OPEN = 1000  # brackets that nothing closes, each of which the parser follows to the end of its paragraph

_HIGHLIGHT = re.compile(
    r"^[ \t]*\{%-?[ \t]*highlight[^\n]{0,200}%\}[ \t]*$(.*?)^[ \t]*\{%-?[ \t]*endhighlight[ \t]*-?%\}[ \t]*$",
    re.DOTALL | re.MULTILINE,
)

_IMPORT = re.compile(
    r"""^(?:import\s(?:[\w*{},$\s]{1,500}?\sfrom\s+)?|export\s(?:[\w*{},$\s]{1,500}?\sfrom\s+))['"][^'"\n]{1,500}['"];?"""
    r"[ \t]*$",
    re.MULTILINE,
)

_EXPORT = re.compile(
    r"^export[ \t]+(?:const|let|var|default|function|async)\b[^\n]*(?:\n[^\n]*\S[^\n]*)*", re.MULTILINE
)

_TAG = re.compile(r"</?([A-Za-z])[\w.:-]*(?:\s(?:=>|[^<>]){0,4000})?>")

# What site generators read as attributes, containers and marks; each line by line and bounded.
_MARKS = (
    (re.compile(r"^[ \t]{0,8}[-*+][ \t]+[^\n]{0,200}\n[ \t]{0,8}\{:toc[^{}\n]{0,200}\}[ \t]*$", re.MULTILINE), ""),
    (re.compile(r"\{:[^{}\n]{0,500}\}|\{[#.][\w-][^{}\n]{0,300}\}|(?<=\))\{[^{}\n]{1,300}\}"), ""),
    (re.compile(r"^[ \t]{0,20}:{3,}[ \t]*[\w-]*[ \t]*(?:\[([^\[\]\n]{0,300})\])?[^\n]*$", re.MULTILINE), "\n\\1\n"),
    (
        re.compile(r"^[ \t]{0,20}(?:!!!|\?\?\?)\+?[ \t]+[\w-]+[^\"\n]{0,80}(?:\"([^\"\n]{0,300})\")?[ \t]*$", re.M),
        "\\1\n",
    ),
    (re.compile(r"^([ \t]{0,20}>[ \t]*)\[![A-Za-z]{1,20}\][ \t]*[-+]?", re.MULTILINE), r"\1"),
    (re.compile(r"^([ \t]{0,20}[-*+][ \t]+)\[[ xX]\](?=[ \t])", re.MULTILINE), r"\1"),
    (re.compile(r"^[ \t]*\[\[?_?toc_?\]?\][ \t]*$", re.MULTILINE | re.IGNORECASE), ""),
    (re.compile(r"\[\[(?:[^\[\]|\n]{1,200}\|)?([^\[\]|\n]{1,200})\]\]"), r"\1"),
    (re.compile(r"(\A\s*#|^#{2,6})(?=[^\s#!-])", re.MULTILINE), r"\1 "),
)

_LOOSE_LINK = re.compile(r"!?\[([^\[\]]{1,500})\]\([^()\n]{0,1000}\)")

_ADDRESS = re.compile(r"https?://[!#-;=?-Z\\^-~]{0,2000}[!#-&+\-/-9=?-Z\\^-z|~]", re.ASCII)

_WRAPPED_WIDE = re.compile(
    r"(?<=[\u3001-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uff01-\uff60])\n(?=[\u3001-\u9fff\uff01-\uff60])"
)

_HEADING_TAG = re.compile(r"\s*<h[1-6]\b", re.IGNORECASE)

_OPENED = re.compile(r"<(/?)([a-zA-Z][\w-]*)")


class Markdown(NamedTuple):
    """Plain text of a Markdown file, and its first heading, empty where there is none."""

    text: str
    heading: str


def read_body(markdown: str) -> Markdown:
    """Plain text and first heading of Markdown without its front matter."""
    blocks = list(_blocks(_parser().parse(_without_macros(markdown)), depth=0))
    lines = [line for kind, line in blocks if kind == "text"] or [line for kind, line in blocks if kind == "code"]
    return Markdown("\n".join(lines), next((line for kind, line in blocks if kind == "title"), ""))


def strip_inline(markdown: str) -> str:
    """One line of Markdown, such as a title, without its markup."""
    if not any(mark in markdown for mark in "*_`[<&\\{"):
        return markdown
    tokens = _parser().parseInline(_without_macros(markdown))
    return " ".join(" ".join(_lines(token, images=False)) for token in tokens)


@cache
def _parser() -> MarkdownIt:
    """Parser without indented code, which in practice is an indented paragraph more often than code."""
    from markdown_it import MarkdownIt
    from mdit_py_plugins.deflist import deflist_plugin
    from mdit_py_plugins.footnote import footnote_plugin

    parser = MarkdownIt("commonmark", {"html": True, "maxNesting": _DEEPEST}).enable(["table", "strikethrough"])
    return parser.disable("code").use(footnote_plugin, inline=False).use(deflist_plugin)


def _without_macros(markdown: str) -> str:
    if "{" in markdown:
        markdown = _HIGHLIGHT.sub(r"```\n\1\n```", markdown)
    if "import" in markdown or "export" in markdown:
        markdown = _EXPORT.sub("", _IMPORT.sub("", markdown))
    if "<" in markdown:
        markdown = _TAG.sub(lambda tag: "" if tag[1].isupper() or "={" in tag[0] else tag[0], markdown)
    for opener, closer in _MACROS:
        markdown = _cut(markdown, opener, closer)
    for pattern, replacement in _MARKS:
        markdown = pattern.sub(replacement, markdown)
    if markdown.count("[") > markdown.count("]") + _MOST_OPEN:
        markdown = markdown.replace("[", "\\[")
    return strip_shortcodes(markdown)


def _cut(text: str, opener: str, closer: str) -> str:
    """Text without what stands between two marks in one paragraph."""
    kept = []
    done = 0
    begin = text.find(opener)
    while begin >= 0:
        end = text.find(closer, begin + 2, begin + _LONGEST_MACRO)
        if end >= 0 and text.find("\n\n", begin, end) < 0:
            kept.append(text[done:begin])
            done = end + len(closer)
            begin = text.find(opener, done)
        else:
            begin = text.find(opener, begin + 2)
    return "".join([*kept, text[done:]]) if done else text


def _blocks(tokens: list[Token], depth: int) -> Iterator[tuple[str, str]]:
    """Lines in their order, each with what it is: text, title (of a heading, said a second time) or code."""
    numbered: list[bool] = []
    number = ""
    cells: list[str] | None = None
    for at, token in enumerate(tokens):
        if token.type == "inline":
            heading = tokens[at - 1].type == "heading_open"
            lines = _lines(token, images=not heading)
            yield from _title(lines if heading else [])
            if cells is not None:
                cells += lines
            elif lines:
                yield from (("text", line) for line in (number + lines[0], *lines[1:]))
            number = ""
        elif token.type in ("fence", "code_block"):
            yield "code", token.content.strip("\n")
        elif token.type == "html_block":
            yield from _html(token.content, depth)
        elif token.type == "tr_open":
            cells = []
        elif token.type == "tr_close":
            if cells:
                yield "text", " ".join(cells)
            cells = None
        elif token.type == "ordered_list_open":
            numbered.append(int(token.attrGet("start") or 0) > 1)
        elif token.type == "ordered_list_close":
            numbered.pop()
        elif token.type == "list_item_open":  # a text that begins with a day or a year is no list
            number = f"{token.info}{token.markup} " if token.info and numbered and numbered[-1] else ""


def _title(lines: list[str]) -> Iterator[tuple[str, str]]:
    title = " ".join(lines)
    if title and len(title) <= _LONGEST_TITLE:
        yield "title", title


def _lines(token: Token, *, images: bool) -> list[str]:
    """Lines of a paragraph, a heading or a cell."""
    text = "".join(_words(token.children or (), images=images))
    if "](" in text:
        text = _LOOSE_LINK.sub(r"\1", text)
    if "://" in text:
        text = _ADDRESS.sub("", text)
    if "\n" in text:
        text = _WRAPPED_WIDE.sub("", text)
    lines = (" ".join(line.split()) for line in text.split(_BREAK))
    return [line for line in lines if line]


def _words(tokens: Iterable[Token], *, images: bool) -> Iterator[str]:
    unseen = ""
    for token in tokens:
        if token.type == "html_inline":
            closing, name = _tag(token.content)
            if unseen or name in ("script", "style"):
                unseen = "" if closing and name == unseen else unseen or ("" if closing else name)
            elif name in BLOCKS:
                yield _BREAK
        elif unseen:
            continue
        elif token.type == "softbreak":
            yield "\n"
        elif token.type == "hardbreak":
            yield _BREAK
        elif token.type == "image":
            yield from _words(token.children or (), images=images) if images else ()
        elif token.content and token.type in ("text", "code_inline", "text_special"):
            yield token.content


def _tag(html: str) -> tuple[bool, str]:
    """Whether a tag closes, and its name in lower case."""
    found = _OPENED.match(html)
    return (bool(found[1]), found[2].lower()) if found else (False, "")


def _html(content: str, depth: int) -> Iterator[tuple[str, str]]:
    """Lines of a block of HTML, in which Markdown may stand again."""
    lines = [line for line in strip_tags(content).split("\n") if line]
    if _HEADING_TAG.match(content):
        yield from _title(lines[:1])
    if depth or not any(mark in content for mark in "*_[`"):
        yield from (("text", line) for line in lines)
    else:
        yield from _blocks(_parser().parse("\n\n".join(lines)), depth + 1)
