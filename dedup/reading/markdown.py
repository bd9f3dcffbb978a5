"""Markdown to plain text, as a CommonMark parser sees it.

Template macros, attributes and JSX are cut out before the text is parsed. Blocks of code are left out, unless there is
nothing else, or nearly nothing beside blocks that name no language; code within a sentence stays, since the sentence
would not be whole without it. Lines that the source wraps are joined, so that a sentence is found in one piece.
"""

from __future__ import annotations

import re
import string
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


# What stands for itself in a paragraph, from left to right as the parser meets it: escaped signs, code, underscores
# within words, common entities, ampersands, tags.
_UNITS = re.compile(
    r"[\\`_&<](?:(?<=\\)(?P<escaped>[!-/:-@\[-`{-~])"
    r"|(?<=`)(?<!``)(?P<code>[^`]+)`(?!`)"
    r"|(?<=[^\W_]_)(?P<within>_*)(?=[^\W_])"
    r"|(?<=&)(?:(?P<entity>amp|lt|gt|quot|nbsp);|(?P<and>(?![#A-Za-z])))"
    r"|(?<=<)(?:(?P<br>br)[ ]?/?|(?P<tag>(?:a|abbr|b|code|em|i|img|kbd|span|strong|sub|sup|u)"
    r"(?:[ ]{1,9}[a-z-]{1,40}=\"[^\"<>\n]{0,2000}\")*[ ]{0,9}/?"
    r"|/(?:a|abbr|b|code|em|i|kbd|span|strong|sub|sup|u)))>)"
)

# Their signs meanwhile: halves of characters, of which decoded text has none. The first leaves nothing behind.
_NOTHING = "\ud800"
_HIDDEN = {ord(sign): 0xDC00 + ord(sign) for sign in string.punctuation}
_SHOWN = {chr(hidden): chr(sign) for sign, hidden in _HIDDEN.items()} | {_NOTHING: ""}
_HALF = re.compile("[\ud800-\udfff]")

_ENTITIES = {"amp": "&".translate(_HIDDEN), "lt": "<".translate(_HIDDEN), "gt": ">".translate(_HIDDEN)} | {
    "quot": '"'.translate(_HIDDEN),
    "nbsp": "\xa0",
}

# Emphasis, links and images that hold no other mark, at places where nothing else can be meant: with units and these,
# few paragraphs need the parser.
_PLAIN = r"[^*_`\[\]<>&\\~()]"
_BEFORE = r"(?<![^\s\ud800-\udfff!-)+-/:-@\[-^`{-~«“„‘—–])"
_AFTER = r"(?![^\s\ud800-\udfff!-)+-/:-@\[-^`{-~»”’—–…。，、])"
_EMPHASIS = re.compile(rf"{_BEFORE}(\*{{1,2}}|_{{1,2}})(?=[^\s*_])({_PLAIN}{{0,500}}[^\s*_`\[\]<>&\\~()])\1{_AFTER}")
_LINK = re.compile(
    rf"(?:!\[({_PLAIN}{{0,500}})|(?<!!)\[({_PLAIN}{{1,500}}))"
    r"\]\([^()\s<>\\`]{1,1000}(?:[ ]\"[^\"\n<\\`]{0,200}\")?\)"
)

_LOOSE_LINK = re.compile(r"!?\[([^\[\]]{1,500})\]\([^()\n]{0,1000}\)")

_ADDRESS = re.compile(r"https?://[!#-;=?-Z\\^-~]{0,2000}[!#-&+\-/-9=?-Z\\^-z|~]", re.ASCII)

_WRAPPED_WIDE = re.compile(
    r"\n(?<=[\u3001-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uff01-\uff60]\n)(?=[\u3001-\u9fff\uff01-\uff60])"
)

# Blocks that the parser can only take for what they are where they stand at the margin, behind a blank line or one
# another: fences, comments, headings, lists of one level, paragraphs. Most of a text is made of them. The lines of
# lists and paragraphs begin with nothing that begins another block.
_BEGIN = r"(?:[^\s#>\-+*\d`~<=_|:\[\ue000]|[*_]{1,3}(?=[^\W_])|\d+(?![\d.)])|`{1,2}(?!`)|\[(?!\^))"
_FIRST = rf"(?!\[(?:[^\[\\]|\\.)*\]:){_BEGIN}[^\n]*\n"  # and defines no link
_NEXT = rf"(?:[ \t]*{_BEGIN}[^\n]*\n)*"
_BULLET = r"[-*+][ ]{1,4}"
_BETWEEN = r"(?:[ \t]*\n)*"
_BLOCK = re.compile(
    rf"{_BETWEEN}(?:"
    r"(?P<fence>`{3,})(?P<info>[^`\n]*)\n(?P<code>(?:(?![ ]{0,3}```)[^\n]*\n)*)[ ]{0,3}(?P=fence)`*[ \t]*\n"
    r"|(?P<comment><!--(?!-?>)(?:(?!--!?>|<!--).)*-->)[ \t]*\n"
    r"|\#{1,6}[ \t]+(?P<heading>[^\s#](?:[^\n]*[^\s#])?)[ \t]*\n"
    rf"|(?P<list>(?:{_BULLET}{_FIRST}{_NEXT})+)(?=```|\#{{1,6}}[ \t]|(?:[ \t]*\n)+(?:\S|\Z))"
    rf"|(?P<paragraph>{_FIRST}{_NEXT})(?=```|\#{{1,6}}[ \t]|{_BULLET}{_BEGIN}|[ \t]*\n)"
    rf"){_BETWEEN}",
    re.DOTALL,
)

_ITEM = re.compile(rf"^{_BULLET}", re.MULTILINE)

_FOLDED = "\ue000"

# What may hold blank lines, or make something else of the paragraph above it: other fences, HTML, lists of definitions.
_REACHING = ("```", "~~~", "\n:", "\n~")
_REACHING_INDENTED = re.compile(r"^[ \t]+[:~]", re.MULTILINE)
_REACHING_TAG = re.compile(r"<(?:script|pre|style|textarea|[!?])", re.IGNORECASE)

# Rules of the parser for blocks, and a sign without which none of these is in a text: it tries each rule on each line.
_SIGNS = {
    "table": re.compile(r"\|"),
    "fence": re.compile("```|~~~"),
    "blockquote": re.compile(">"),
    "reference": re.compile("]:"),
    "html_block": re.compile("<"),
    "heading": re.compile("#"),
    "lheading": re.compile(r"[=-][ \t]*$", re.MULTILINE),
    "footnote_def": re.compile(r"\[\^"),
    "deflist": re.compile(r"(?:\A|[\s>])[:~][ \t]"),
}

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
def _parser(idle: tuple[str, ...] = ()) -> MarkdownIt:
    """Parser without some rules, and without indented code, which in practice is more often an indented paragraph."""
    from markdown_it import MarkdownIt
    from mdit_py_plugins.deflist import deflist_plugin
    from mdit_py_plugins.footnote import footnote_plugin

    parser = MarkdownIt("commonmark", {"html": True, "maxNesting": _DEEPEST}).enable(["table", "strikethrough"])
    parser.disable("code").use(footnote_plugin, inline=False).use(deflist_plugin).disable(list(idle))
    parser.core.ruler.enableOnly(["normalize", "block"])  # paragraphs are parsed one by one, and few need it
    parser.normalizeLink = parser.normalizeLinkText = str  # type: ignore[method-assign, assignment]
    parser.validateLink = bool  # type: ignore[method-assign, assignment]
    return parser


def _parsed(markdown: str, depth: int) -> Iterator[tuple[str, str]]:
    references: Environment = {}
    markdown, folded = _fold(markdown)
    idle = tuple(rule for rule, sign in _SIGNS.items() if not sign.search(markdown))
    return _blocks(_parser(idle).parse(markdown, references), references, depth, iter(folded))


def _fold(markdown: str) -> tuple[str, list[list[tuple[str, str]]]]:
    """Markdown with one sign for each run of plain blocks, and these with their kinds: a fraction of the work for the
    parser, to the same end."""
    if any(mark in markdown for mark in ("\r", "\0", _FOLDED)):
        return markdown, []
    text = f"{markdown}\n\n"
    rest: list[str] = []
    folded: list[list[tuple[str, str]]] = []
    at = 0
    while at < len(text):
        run = []
        while found := _BLOCK.match(text, at):
            run.append(_plain_block(found))
            at = found.end()
        if run:
            folded.append(run)
            rest.append(f"{_FOLDED}\n\n")
        end = text.find("\n\n", at) + 2
        rest.append(text[at : end if end > 1 else len(text)])
        at += len(rest[-1]) or 1
    left = "".join(rest)
    return (markdown, []) if _is_reaching(left) else (left, folded)


def _plain_block(found: re.Match[str]) -> tuple[str, str]:
    kind = found.lastgroup or ""
    if kind == "code":
        return _kind_of_code(found["info"]), found[kind]
    return kind, found[kind]


def _kind_of_code(info: str) -> str:
    return "code" if info.strip() not in _NO_CODE else "plain"


def _is_reaching(markdown: str) -> bool:
    if markdown[:1] in ":~" or any(mark in markdown for mark in _REACHING):
        return True
    indented = ("\n " in markdown or "\n\t" in markdown) and _REACHING_INDENTED.search(markdown)
    return bool(indented or ("<" in markdown and _REACHING_TAG.search(markdown)))


def _blocks(
    tokens: list[Token], references: Environment, depth: int, folded: Iterator[list[tuple[str, str]]]
) -> Iterator[tuple[str, str]]:
    """Lines in their order, each with what it is: text, code, plain (of a fence that names no language), or title
    (of a heading, said a second time)."""
    numbered: list[bool] = []
    number = ""
    cells: list[str] | None = None
    for at, token in enumerate(tokens):
        if token.type == "inline" and token.content == _FOLDED:
            run = next(folded, [("paragraph", _FOLDED)])
            if next((kind for kind, _ in run if kind in ("heading", "list", "paragraph")), "") == "list":
                number = ""  # of an item of nothing before a list of another kind
            for kind, line in _plain_lines(run, references):
                yield kind, number + line if kind == "text" else line
                number = "" if kind == "text" else number
        elif token.type == "inline":
            heading = tokens[at - 1].type == "heading_open"
            lines = _lines(token.content, references, images=not heading)
            yield from _title(lines if heading else [])
            if cells is not None:
                cells += lines
            elif lines:
                yield from (("text", line) for line in (number + lines[0], *lines[1:]))
            number = ""
        elif token.type in ("fence", "code_block"):
            yield _kind_of_code(token.info), token.content.strip("\n")
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


def _plain_lines(run: list[tuple[str, str]], references: Environment) -> Iterator[tuple[str, str]]:
    """Lines of a run of blocks that were folded."""
    for kind, content in run:
        if kind in ("code", "plain"):
            yield kind, content.strip("\n")
        elif kind == "heading":
            lines = _lines(content, references, images=False)
            yield from _title(lines)
            yield from (("text", line) for line in lines)
        elif kind != "comment":
            for part in _ITEM.split(content)[1:] if kind == "list" else (content,):
                for line in _lines(part.strip(), references, images=True):
                    yield "text", line


def _title(lines: list[str]) -> Iterator[tuple[str, str]]:
    title = " ".join(lines)
    if title and len(title) <= _LONGEST_TITLE:
        yield "title", title


def _lines(markdown: str, references: Environment, *, images: bool) -> list[str]:
    """Lines of a paragraph, a heading or a cell."""
    text = markdown
    if _is_marked(markdown, references):
        text = _simplified(markdown, images=images)
        if _is_marked(text, references):
            tokens: list[Token] = []
            parser = _parser()
            parser.inline.parse(markdown, parser, references, tokens)
            text = "".join(_words(tokens, images=images))
        else:
            text = _HALF.sub(_shown, text)
    if "](" in text:
        text = _LOOSE_LINK.sub(r"\1", text)
    if "://" in text:
        text = _ADDRESS.sub("", text)
    if "\n" in text:
        text = _WRAPPED_WIDE.sub("", text)
    if _BREAK not in text:
        line = " ".join(text.split())
        return [line] if line else []
    lines = (" ".join(line.split()) for line in text.split(_BREAK))
    return [line for line in lines if line]


def _simplified(markdown: str, *, images: bool) -> str:
    """A paragraph without its simple markup; signs that are meant as such are hidden."""
    if _HALF.search(markdown):
        return markdown
    text = _UNITS.sub(_unit, markdown)
    for pattern in (_EMPHASIS, _LINK, _EMPHASIS):
        if pattern is not _LINK:
            text = pattern.sub(_inner, text) if "*" in text or "_" in text else text
        elif "](" in text and (images or "![" not in text):
            text = pattern.sub(_inner, text)
    return text


def _unit(found: re.Match[str]) -> str:
    kind = found.lastgroup or ""
    if kind == "code":
        code = found[kind].replace("\n", " ")
        padded = code[0] == code[-1] == " " and not code.isspace()
        return (code[1:-1] if padded else code).translate(_HIDDEN)
    if kind == "entity":
        return _ENTITIES[found[kind]]
    if kind in ("tag", "br"):
        return _NOTHING if kind == "tag" else _BREAK
    return (found[kind] if kind == "escaped" else found[0]).translate(_HIDDEN)


def _shown(found: re.Match[str]) -> str:
    return _SHOWN.get(found[0], found[0])


def _inner(found: re.Match[str]) -> str:
    return f"{_NOTHING}{found[found.lastindex or 0]}{_NOTHING}"


def _is_marked(text: str, references: Environment) -> bool:
    """Whether a paragraph may hold markup; brackets are some where they hold an address or somebody defines them."""
    return (  # written out, four times as fast as a loop
        "*" in text
        or "_" in text
        or "`" in text
        or "<" in text
        or "&" in text
        or "\\" in text
        or "~~" in text
        or "  \n" in text
        or ("[" in text and (bool(references) or "](" in text))
    )


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
