"""Template macros, attributes, containers and JSX cut out of Markdown files."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dedup.reading.markup import strip_shortcodes

_MACROS = (("{{", "}}"), ("{%", "%}"), ("{#", "#}"), ("{/*", "*/}"))

_LONGEST_MACRO = 4000


_MOST_OPEN = 1000  # brackets that nothing closes, each of which the parser follows to the end of its paragraph

_HIGHLIGHT = re.compile(r"^[ \t]*\{%-?[ \t]*(?:end)?highlight\b[^\n]{0,200}%\}[ \t]*$", re.MULTILINE)

_IMPORT = re.compile(
    r"""^(?:import\s(?:[\w*{},$\s]{1,500}?\sfrom\s+)?|export\s(?:[\w*{},$\s]{1,500}?\sfrom\s+))['"][^'"\n]{1,500}['"];?"""
    r"[ \t]*$",
    re.MULTILINE,
)

_EXPORT = re.compile(
    r"^export[ \t]+(?:const|let|var|default|function|async)\b[^\n]*(?:\n[^\n]*\S[^\n]*)*", re.MULTILINE
)

_TAG = re.compile(r"</?([A-Za-z])[\w.:-]*(?:\s(?:=>|[^<>]){0,4000})?>")

# What site generators read as attributes, containers and marks; each line by line, bounded, and tried only where one of
# the strings in front of it occurs.
_MARKS = (
    (("{:toc",), re.compile(r"^[ \t]{0,8}[-*+][ \t]+[^\n]{0,200}\n[ \t]{0,8}\{:toc[^{}\n]{0,200}\}[ \t]*$", re.M), ""),
    (("{",), re.compile(r"\{:[^{}\n]{0,500}\}|\{[#.][\w-][^{}\n]{0,300}\}|(?<=\))\{[^{}\n]{1,300}\}"), ""),
    (
        (":::",),
        re.compile(r"^[ \t]{0,20}:{3,}[ \t]*[\w-]*[ \t]*(?:\[([^\[\]\n]{0,300})\])?[^\n]*$", re.MULTILINE),
        "\n\\1\n",
    ),
    (
        ("!!!", "???"),
        re.compile(r"^[ \t]{0,20}(?:!!!|\?\?\?)\+?[ \t]+[\w-]+[^\"\n]{0,80}(?:\"([^\"\n]{0,300})\")?[ \t]*$", re.M),
        "\\1\n",
    ),
    (("[!",), re.compile(r"^([ \t]{0,20}>[ \t]*)\[![A-Za-z]{1,20}\][ \t]*[-+]?", re.MULTILINE), r"\1"),
    (("[ ]", "[x]", "[X]"), re.compile(r"^([ \t]{0,20}[-*+][ \t]+)\[[ xX]\](?=[ \t])", re.MULTILINE), r"\1"),
    (("toc]", "TOC]"), re.compile(r"^[ \t]*\[\[?_?toc_?\]?\][ \t]*$", re.MULTILINE | re.IGNORECASE), ""),
    (("[[",), re.compile(r"\[\[(?:[^\[\]|\n]{1,200}\|)?([^\[\]|\n]{1,200})\]\]"), r"\1"),
    (("##",), re.compile(r"^(#{2,6})(?=[^\s#!-])", re.MULTILINE), r"\1 "),
)


_FIRST_HEADING = re.compile(r"\A\s*#(?=[^\s#!-])")

_FENCE = re.compile(r"^[ \t>*+-]{0,40}(`{3,}|~{3,})([^\n]*)$", re.MULTILINE)


def strip_macros(markdown: str) -> str:
    """Markdown without what template engines, MDX and site generators would have replaced before anyone sees it.

    Fenced code stays as it is, so that half a macro in it takes nothing with it.
    """
    if "endhighlight" in markdown and len(_HIGHLIGHT.findall(markdown)) % 2 == 0:
        markdown = _HIGHLIGHT.sub("```", markdown)
    markdown = _FIRST_HEADING.sub("# ", markdown)
    if "```" not in markdown and "~~~" not in markdown:
        return _strip(markdown)
    return "".join(piece if fenced else _strip(piece) for piece, fenced in _pieces(markdown))


def _pieces(markdown: str) -> Iterator[tuple[str, bool]]:
    """Runs of text and of fenced code in turn; a fence that nothing closes is text."""
    done, begin, fence = 0, 0, ""
    for found in _FENCE.finditer(markdown):
        if not fence:
            if found[1][0] == "~" or "`" not in found[2]:
                begin, fence = found.start(), found[1]
        elif found[1].startswith(fence) and not found[2].strip():
            yield markdown[done:begin], False
            yield markdown[begin : found.end()], True
            done, fence = found.end(), ""
    yield markdown[done:], False


def _strip(markdown: str) -> str:
    if "import" in markdown or "export" in markdown:
        markdown = _EXPORT.sub("", _IMPORT.sub("", markdown))
    if "<" in markdown:
        markdown = _TAG.sub(lambda tag: "" if tag[1].isupper() or "={" in tag[0] else tag[0], markdown)
    for opener, closer in _MACROS:
        markdown = _cut(markdown, opener, closer)
    for signs, pattern, replacement in _MARKS:
        if any(sign in markdown for sign in signs):
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
