"""HTML report: one web page for the person who decides about each story.

The page is a single file: no request leaves it and no script comes from data. Jinja2 escapes the markup
(summary, skipped files); everything else travels in JSON islands that cannot end their element, and the page's own
script puts it into the document as text nodes. A content security policy admits that script and the style sheet by
their hashes and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from dedup.datatypes import Embeddings, MatchKind, Report
from dedup.language import text
from dedup.report import view
from dedup.report.page_data import page_islands
from dedup.report.wording import CERTAINTY_WORDS, KIND_PLURALS, certainty_words, language_name, selection_words
from dedup.version import __version__

if TYPE_CHECKING:
    from jinja2 import Environment

_SCRIPTS = (
    "dom.js",
    "data.js",
    "decisions.js",
    "exchange.js",
    "decide.js",
    "marks.js",
    "score.js",
    "evidence.js",
    "matrix.js",
    "cards.js",
    "map.js",
    "keyboard.js",
    "page.js",
)

_LANGUAGES_CHARTED = 8

_SKIPPED_LISTED = 1000

_MANY_SKIPPED = 0.1  # share of all that was seen from which the head of the page says so


def as_html(report: Report, *, with_text: bool = True, embeddings: Embeddings | None = None) -> str:
    """Render a report as one self-contained HTML page: summary, filters, a card per story, evidence side by side.

    The same report gives the same bytes. The page grows with the text of the clustered articles; of articles without
    a duplicate only titles and paths are kept.

    Parameters
    ----------
    report : Report
        Result of a run.
    with_text : bool
        False leaves out sentences, numbers, names and titles taken from the text; what remains says where articles
        are, how they were joined and how sure that is.
    embeddings : ndarray of shape (n, d), float32, unit rows, optional
        Article vectors; with them the page shows a map of all stories (principal components).

    Returns
    -------
    str
        The page; it can be written as UTF-8 whatever the input held.
    """
    stories = view.most_certain_first(view.stories(report))
    islands = page_islands(report, stories, with_text=with_text, embeddings=embeddings)
    style, script = _source("style.css"), _script()
    page = (
        _environment()
        .get_template("page.html")
        .render(
            islands=islands,
            style=style,
            script=script,
            policy=_policy(style, script),
            summary=_summary(report, stories),
            skipped=report.skipped[:_SKIPPED_LISTED],
            noted=[(view.place(report.articles[at]), note) for note, ats in view.noted(report) for at in ats][
                :_SKIPPED_LISTED
            ],
            report=report,
            version=__version__,
            with_text=with_text,
            selection=selection_words(report),
        )
    )
    return page.encode("utf-8", "replace").decode("utf-8")


@dataclass(frozen=True, slots=True)
class Bar:
    """Bar of a chart: `share` of the longest bar or of the whole, in percent; `key` is the value it filters by."""

    key: str
    label: str
    count: int
    share: float


@dataclass(frozen=True, slots=True)
class Summary:
    """Values that the head of the page shows.

    `reference` counts the articles that belong to a reference, `reasons` how many files were skipped for each reason.
    """

    articles: int
    reference: int
    stories: int
    duplicates: int
    languages: int
    skipped: int
    many_skipped: bool
    reasons: tuple[tuple[str, int], ...]
    kinds: tuple[Bar, ...]
    certainties: tuple[Bar, ...]
    by_language: tuple[Bar, ...]


def _summary(report: Report, stories: Sequence[view.Story]) -> Summary:
    kinds = [story.cluster.kind for story in stories]
    sure = [certainty_words(story.score) for story in stories]
    spoken = [language.code for language in report.languages]
    by_kind = [(kind.value, KIND_PLURALS[kind], kinds.count(kind)) for kind in MatchKind if kind in kinds]
    by_certainty = [(words.replace(" ", "-"), words, sure.count(words)) for _, words in CERTAINTY_WORDS]
    by_language = [(code, language_name(code), spoken.count(code)) for code in sorted(set(spoken))]
    by_language.sort(key=lambda row: (-row[2], row[1]))
    return Summary(
        articles=report.read,
        reference=view.counts(report).get("reference", 0),
        stories=len(stories),
        duplicates=report.duplicates,
        languages=len(by_language),
        skipped=len(report.skipped),
        many_skipped=len(report.skipped) >= _MANY_SKIPPED * (report.read + len(report.skipped)) > 0,
        reasons=tuple((reason, len(items)) for reason, items in view.by_reason(report.skipped)),
        kinds=_bars(by_kind, whole=len(kinds)),
        certainties=_bars(by_certainty, whole=max((count for *_, count in by_certainty), default=0)),
        by_language=_bars(by_language[:_LANGUAGES_CHARTED], whole=by_language[0][2] if by_language else 0),
    )


def _bars(rows: list[tuple[str, str, int]], *, whole: int) -> tuple[Bar, ...]:
    return tuple(Bar(key, label, count, round(100 * count / max(whole, 1), 2)) for key, label, count in rows)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("dedup.report", "templates")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["printable"] = text.printable
    return environment


@cache
def _source(name: str) -> str:
    """Content of a file beside the template."""
    environment = _environment()
    assert environment.loader is not None
    return environment.loader.get_source(environment, name)[0].strip()


def _script() -> str:
    """Script of the page: all script files in one scope."""
    return "\n".join(('"use strict";', "{", *map(_source, _SCRIPTS), "}"))


def _policy(style: str, script: str) -> str:
    """Content security policy: the page's style and script by hash, everything else forbidden."""
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(source: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
