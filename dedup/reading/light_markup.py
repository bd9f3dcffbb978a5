"""Text files with a little markup of their own: reStructuredText, AsciiDoc, subtitles."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dedup.datatypes import Article, Skipped
from dedup.reading.fields import iso_date, make_article, read_fields
from dedup.reading.markup import strip_tags
from dedup.reading.source import Source

_RST_HEADING = re.compile(
    r"(?:^([=\-~^\"'#*+.:_`])\1{2,}[ \t]*\n)?^[ \t]?(\S[^\n]{0,300})\n([=\-~^\"'#*+.:_`])\3{2,}[ \t]*$", re.MULTILINE
)

_RST_FIELD = re.compile(r"^:([\w -]{1,40}):[ \t]+(\S[^\n]*)$", re.MULTILINE)

# A directive of code, an image or a table of contents goes with what is indented below it; of others the words stay.
_RST_CODE = re.compile(
    r"^([ \t]*)\.\.[ \t]+(?:code|code-block|sourcecode|image|contents|toctree|raw|math|include|literalinclude|highlight"
    r"|meta|_[^\n:]{1,200}|\|[^|\n]{1,80}\|[ \t]*\w+)(?:::?)[^\n]*(?:\n(?:[ \t]*$|\1[ \t]+[^\n]*))*",
    re.MULTILINE,
)

_RST = (
    (re.compile(r"^[ \t]*\.\.[ \t]+[\w-]{1,40}::[ \t]*", re.MULTILINE), ""),
    (re.compile(r"^[ \t]*\.\.(?:[ \t]+(?!\[)[^\n]*)?$", re.MULTILINE), ""),
    (re.compile(r"^[ \t]*\.\.[ \t]+\[[^\]\n]{1,40}\][ \t]+", re.MULTILINE), ""),
    (re.compile(r"^[ \t]+:[\w-]{1,40}:[^\n]*$", re.MULTILINE), ""),
    (re.compile(r":[\w.:-]{1,40}:(?=`)"), ""),
    (re.compile(r"`([^`<>]{0,500}?)\s*<[^<>`]{1,1000}>`_{0,2}"), r"\1"),
    (re.compile(r"``?([^`\n]{1,500})``?_{0,2}"), r"\1"),
    (re.compile(r"\[(?:#[\w-]{0,40}|\d{1,4}|\*)\]_"), ""),
    (re.compile(r"(?<![\w*])\*{1,2}(?=\S)([^*\n]{1,500})(?<=\S)\*{1,2}(?!\w)"), r"\1"),
    (re.compile(r"(?<=\w)_{1,2}(?!\w)"), ""),
    (re.compile(r"^[ \t]*(?:[=\-~^\"'#*+.:_`|]{3,}|[=\-+| \t]{4,})[ \t]*$", re.MULTILINE), ""),
    (re.compile(r"^[ \t]*(?:[-*+•]|#\.)[ \t]+", re.MULTILINE), ""),
    (re.compile(r"^[ \t]*\|[ \t]", re.MULTILINE), ""),
    (re.compile(r"::[ \t]*$", re.MULTILINE), ":"),
)

_ADOC_TITLE = re.compile(r"^={1,6}[ \t]+(\S[^\n]{0,300})$", re.MULTILINE)

# Author and revision, which stand in the lines below the title.
_ADOC_ABOUT = re.compile(
    r"=[ \t]+\S[^\n]*\n(?P<author>[^\W\d_][\w.'-]*(?:[ ][\w.'-]+){0,3}(?:[ ]<[^<>\n]{1,200}>)?(?<![.!?])[ \t]*\n)"
    r"(?P<revision>v?\d[\w.]{0,20},[ \t]*(\d{4}-\d\d-\d\d)?[^\n]*\n|(\d{4}-\d\d-\d\d)[ \t]*\n)?"
)

_ADOC_FIELD = re.compile(r"^:([\w-]{1,40}):[ \t]+(\S[^\n]*)$", re.MULTILINE)

_ADOC = (
    (re.compile(r"^////+[ \t]*$.*?^////+[ \t]*$", re.DOTALL | re.MULTILINE), ""),
    (re.compile(r"^(?:-{4,}|\.{4,})[ \t]*$.*?^(?:-{4,}|\.{4,})[ \t]*$", re.DOTALL | re.MULTILINE), ""),
    (re.compile(r"^(?:={4,}|\*{4,}|_{4,}|\+{4,}|\|={3,}|--|'''|<<<)[ \t]*$", re.MULTILINE), ""),
    (re.compile(r"^:!?[\w-]{1,40}!?:[^\n]*$|^//[^\n]*$|^\[[^\[\]\n]{0,300}\][ \t]*$", re.MULTILINE), ""),
    (re.compile(r"^(?:include|image|video|audio|toc)::[^\n]*$", re.MULTILINE), ""),
    (re.compile(r"^={1,6}[ \t]+", re.MULTILINE), ""),
    (re.compile(r"(?:link:|xref:|mailto:|https?://)[^\s\[\]]{1,1000}\[([^\[\]\n]{0,500})\]"), r"\1"),
    (re.compile(r"<<[^<>,\n]{1,200}(?:,([^<>\n]{1,300}))?>>"), r"\1"),
    (re.compile(r"(?:image|footnote|kbd|btn|menu):[^\s\[\]]{0,300}\[([^\[\]\n]{0,500})\]"), r" \1"),
    (re.compile(r"^[ \t]*(?:\*{1,5}|-|\.{1,5})[ \t]+|^\.(?=[^\s.])|^\|", re.MULTILINE), ""),
    (re.compile(r"[ \t]\|(?=\S)"), " "),
    (re.compile(r"^(?:NOTE|TIP|IMPORTANT|WARNING|CAUTION):[ \t]+|[ \t]\+$", re.MULTILINE), ""),
    (re.compile(r"(?<![\w*_`])([*_`])(?=\S)([^*_`\n]{1,500})(?<=\S)\1(?![\w*_`])"), r"\2"),
)

_CUE_TIME = re.compile(r"(?:\d{1,3}:)?\d\d:\d\d[.,]\d{3}[ \t]+-->")

_CUE_TAG = re.compile(r"\{\\[^{}\n]{1,40}\}")


def read_rst(source: Source) -> Iterator[Article | Skipped]:
    """The article that a reStructuredText file is: title from its first heading, date and language from its fields."""
    text = _text(source)
    heading = _RST_HEADING.search(text)
    fields = read_fields(dict(_RST_FIELD.findall(text[:2000])), source.options)
    body = _paragraphs(_replaced(_RST_CODE.sub("", _RST_FIELD.sub("", text)), _RST))
    title = fields.title or (_replaced(heading[2], _RST) if heading else "")
    yield make_article(source.path, body, title=title, published=fields.published, language=fields.language)


def read_asciidoc(source: Source) -> Iterator[Article | Skipped]:
    """The article that an AsciiDoc file is: title from its first heading, date and language from its attributes."""
    text = _text(source)
    heading = _ADOC_TITLE.search(text)
    entries = dict(_ADOC_FIELD.findall(text[:2000]))
    fields = read_fields(entries, source.options)
    title = fields.title or (_replaced(heading[1], _ADOC) if heading else "")
    revised = ""
    if heading and (about := _ADOC_ABOUT.match(text, heading.start())):
        revised = about[3] or about[4] or ""
        text = text[: about.start("author")] + text[about.end() :]
    published = fields.published or iso_date(entries.get("revdate", revised))
    yield make_article(
        source.path,
        _paragraphs(_replaced(text, _ADOC)),
        title=title,
        published=published,
        language=fields.language,
    )


def read_subtitles(source: Source) -> Iterator[Article | Skipped]:
    """The article that a file of subtitles is (SubRip, WebVTT): what is said, without times and numbers."""
    cues = re.split(r"\n\s*\n", _text(source))
    yield make_article(source.path, "\n".join(filter(None, map(_cue, cues))))


def _cue(cue: str) -> str:
    lines = cue.split("\n")
    spoken = next((at + 1 for at, line in enumerate(lines) if _CUE_TIME.match(line.strip())), None)
    return " ".join(strip_tags(_CUE_TAG.sub("", " ".join(lines[spoken:]))).split()) if spoken else ""


def _text(source: Source) -> str:
    return source.text().replace("\r\n", "\n").replace("\r", "\n")


def _replaced(text: str, patterns: tuple[tuple[re.Pattern[str], str], ...]) -> str:
    for pattern, replacement in patterns:
        text = pattern.sub(replacement, text)
    return text.strip()


def _paragraphs(text: str) -> str:
    """Paragraphs in a line each, as sentences are wrapped in the source."""
    return "\n".join(" ".join(part.split()) for part in re.split(r"\n\s*\n", text) if not part.isspace())
