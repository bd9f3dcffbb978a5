"""Markdown to plain text, as a CommonMark parser sees it.

Template macros, attributes and JSX are cut out before the text is parsed. Blocks of code are left out, unless there is
nothing else, or nearly nothing beside blocks that name no language; code within a sentence stays, since the sentence
would not be whole without it. Lines that the source wraps are joined, so that a sentence is found in one piece.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, MutableMapping
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from dedup.reading.markdown_macros import strip_macros
from dedup.reading.markup import BLOCKS, strip_tags

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

Environment: TypeAlias = "MutableMapping[str, Any]"

_BREAK = "\u2028"  # a line break of ours, distinct from those in the source, which are mere spaces

_LONGEST_TITLE = 300

_NO_CODE = ("", "text", "txt", "plain")  # fences that may hold a letter or a licence

_MOSTLY = 3  # times more text in such fences than beside them makes it the text of the file

_DEEPEST = 40  # of lists and quotes within one another; the parser's own 20 loses what lies deeper


_MARKS = ("*", "_", "`", "[", "<", "&", "\\", "~", "  \n")  # looked for one by one, ten times as fast as a pattern

# Emphasis, links and code that stand alone and hold no other mark: most paragraphs have no more than these.
_PLAIN = r"[^*_`\[\]<>&\\~()]"
_SIMPLE = re.compile(
    rf"(?<![\w*])(\*{{1,2}})(?=[^\s*])({_PLAIN}{{0,500}}[^\s*_`\[\]<>&\\~()])\1(?![\w*])"
    rf"|(?<![!\w`])`({_PLAIN}{{1,200}})`(?![`\w])"
    rf"|(?<!!)\[({_PLAIN}{{1,500}})\]\([^()\s<>\\`]{{1,1000}}(?:[ ]\"[^\"\n<\\`]{{0,200}}\")?\)"
)

_LOOSE_LINK = re.compile(r"!?\[([^\[\]]{1,500})\]\([^()\n]{0,1000}\)")

_ADDRESS = re.compile(r"https?://[!#-;=?-Z\\^-~]{0,2000}[!#-&+\-/-9=?-Z\\^-z|~]", re.ASCII)

_WRAPPED_WIDE = re.compile(
    r"(?<=[\u3001-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uff01-\uff60])\n(?=[\u3001-\u9fff\uff01-\uff60])"
)

# Paragraphs that the parser can only take for such: at the margin, blank lines around them, each line beginning with a
# letter or a quotation mark. Most of a text is made of them.
_PARAGRAPHS = re.compile(r"""(?:\A|(?<=\n\n))(?:(?:(?:[^\W\d_]|["'(“”„‘«¿¡「『])[^\n]*\n)+(?:[ \t]*\n)+)+""")

_BLANK = re.compile(r"\n[ \t]*(?=\n)")

_FOLDED = "\ue000"

# What may hold blank lines, or make something else of the paragraph above it: fences, HTML, lists of definitions.
_REACHING = ("```", "~~~", "\n:", "\n~", "\r", "\0", _FOLDED)
_REACHING_INDENTED = re.compile(r"^[ \t]+[:~]", re.MULTILINE)
_REACHING_TAG = re.compile(r"<(?:script|pre|style|textarea|[!?])", re.IGNORECASE)

_HEADING_TAG = re.compile(r"\s*<h[1-6]\b", re.IGNORECASE)

_OPENED = re.compile(r"<(/?)([a-zA-Z][\w-]*)")


class Markdown(NamedTuple):
    """Plain text of a Markdown file, and its first heading, empty where there is none."""

    text: str
    heading: str


def read_body(markdown: str) -> Markdown:
    """Plain text and first heading of Markdown without its front matter."""
    blocks = list(_parsed(strip_macros(markdown), depth=0))
    prose, plain = (sum(len(line) for kind, line in blocks if kind == wanted) for wanted in ("text", "plain"))
    kinds = ("text", "plain") if prose * _MOSTLY < plain else ("text",) if prose else ("code", "plain")
    lines = [line for kind, line in blocks if kind in kinds]
    return Markdown("\n".join(lines), next((line for kind, line in blocks if kind == "title"), ""))


def strip_inline(markdown: str) -> str:
    """One line of Markdown, such as a title, without its markup."""
    if not any(mark in markdown for mark in "*_`[<&\\{"):
        return markdown
    return " ".join(_lines(strip_macros(markdown), {}, images=False))


@cache
def _parser() -> MarkdownIt:
    """Parser without indented code, which in practice is an indented paragraph more often than code."""
    from markdown_it import MarkdownIt
    from mdit_py_plugins.deflist import deflist_plugin
    from mdit_py_plugins.footnote import footnote_plugin

    parser = MarkdownIt("commonmark", {"html": True, "maxNesting": _DEEPEST}).enable(["table", "strikethrough"])
    parser.disable("code").use(footnote_plugin, inline=False).use(deflist_plugin)
    parser.core.ruler.enableOnly(["normalize", "block"])  # paragraphs are parsed one by one, and few need it
    parser.normalizeLink = parser.normalizeLinkText = str  # type: ignore[method-assign, assignment]
    parser.validateLink = bool  # type: ignore[method-assign, assignment]
    return parser


def _parsed(markdown: str, depth: int) -> Iterator[tuple[str, str]]:
    references: Environment = {}
    markdown, folded = _fold(markdown)
    return _blocks(_parser().parse(markdown, references), references, depth, iter(folded))


def _fold(markdown: str) -> tuple[str, list[list[str]]]:
    """Markdown with one sign for each run of plain paragraphs, and these: twice as fast to parse, to the same end."""
    if _is_reaching(markdown):
        return markdown, []
    folded: list[list[str]] = []

    def fold(run: re.Match[str]) -> str:
        folded.append([part.strip() for part in _BLANK.split(run[0]) if part.strip()])
        return f"{_FOLDED}\n\n"

    return _PARAGRAPHS.sub(fold, f"{markdown}\n\n"), folded


def _is_reaching(markdown: str) -> bool:
    if markdown[:1] in ":~" or any(mark in markdown for mark in _REACHING):
        return True
    indented = ("\n " in markdown or "\n\t" in markdown) and _REACHING_INDENTED.search(markdown)
    return bool(indented or ("<" in markdown and _REACHING_TAG.search(markdown)))


def _blocks(
    tokens: list[Token], references: Environment, depth: int, folded: Iterator[list[str]]
) -> Iterator[tuple[str, str]]:
    """Lines in their order, each with what it is: text, code, plain (of a fence that names no language), or title
    (of a heading, said a second time)."""
    numbered: list[bool] = []
    number = ""
    cells: list[str] | None = None
    for at, token in enumerate(tokens):
        if token.type == "inline":
            heading = tokens[at - 1].type == "heading_open"
            parts = next(folded, [_FOLDED]) if token.content == _FOLDED else [token.content]
            lines = [line for part in parts for line in _lines(part, references, images=not heading)]
            yield from _title(lines if heading else [])
            if cells is not None:
                cells += lines
            elif lines:
                yield from (("text", line) for line in (number + lines[0], *lines[1:]))
            number = ""
        elif token.type in ("fence", "code_block"):
            yield "code" if token.info.strip() not in _NO_CODE else "plain", token.content.strip("\n")
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


def _lines(markdown: str, references: Environment, *, images: bool) -> list[str]:
    """Lines of a paragraph, a heading or a cell."""
    text = markdown
    if _is_marked(markdown) and _is_marked(text := _SIMPLE.sub(_inner, markdown)):
        tokens: list[Token] = []
        parser = _parser()
        parser.inline.parse(markdown, parser, references, tokens)
        text = "".join(_words(tokens, images=images))
    if "](" in text:
        text = _LOOSE_LINK.sub(r"\1", text)
    if "://" in text:
        text = _ADDRESS.sub("", text)
    if "\n" in text:
        text = _WRAPPED_WIDE.sub("", text)
    lines = (" ".join(line.split()) for line in text.split(_BREAK))
    return [line for line in lines if line]


def _inner(found: re.Match[str]) -> str:
    return found[found.lastindex or 0]


def _is_marked(text: str) -> bool:
    return any(mark in text for mark in _MARKS)


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
        yield from _parsed("\n\n".join(lines), depth + 1)
