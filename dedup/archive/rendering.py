"""Answers of an archive as text, as JSON and as tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict

from dedup.archive.values import Added, ArchivedArticle, ArchivedStory, ArchiveInfo, Finding
from dedup.datatypes import Article, Report, Settings
from dedup.language.text import printable
from dedup.report import view
from dedup.report.comparison import comparison_as_text
from dedup.report.parquet import table
from dedup.report.records import Record, article_record, dumps, match_record
from dedup.report.wording import KIND_WORDS, certainty_words, language_name
from dedup.version import __version__

SCHEMA = 1
"""Version of the shape of all JSON of an archive."""

_FIELDS = {
    **dict.fromkeys(("id", "path", "own_id", "title", "text", "url", "published", "language", "detected"), "string"),
    **dict.fromkeys(("hash", "first_seen"), "string"),
    "run": "int64",
    "story": "string",
}


def head() -> Record:
    """Record of the shape and of who wrote it."""
    return {"schema": SCHEMA, "dedup": __version__}


def finding_record(finding: Finding, *, with_text: bool = True) -> Record:
    """Record of a finding: the archived article, its story, and the match with its evidence."""
    comparison = finding.comparison
    return {
        "article": article_record(comparison.right, comparison.languages[1]),
        "story": finding.story or None,
        "first_seen": finding.first_seen,
        **match_record(comparison.left, comparison.right, comparison.match, with_text=with_text),
    }


def checked_record(article: Article, findings: Sequence[Finding], *, with_text: bool = True) -> Record:
    """Record of an article that was looked up."""
    found = [finding_record(finding, with_text=with_text) for finding in findings]
    return {"id": article.id, "found": bool(findings), "findings": found}


def checked_as_text(article: Article, findings: Sequence[Finding], *, full: bool, width: int, colour: bool) -> str:
    """Render what was found of an article as text; in full with the sentences side by side."""
    if not findings:
        return f"{view.place(article)}: not in the archive\n"
    lines = [f"{view.place(article)}: {view.counted(len(findings), 'article')} in the archive"]
    for finding in findings:
        language = language_name(finding.comparison.languages[1].code)
        figure = f"{certainty_words(finding.score)} ({view.score_figure(finding.score)})"
        lines.append(f"  {KIND_WORDS[finding.kind]}, {figure}: {view.place(finding.article)}")
        lines.append(f"    {language}; {_why(finding)}")
        lines.append(f"    first seen {finding.first_seen}" + (f", story {finding.story}" if finding.story else ""))
        if full:
            compared = comparison_as_text(finding.comparison, width=width, colour=colour)
            lines += ["", *compared.splitlines(), ""]
    return "\n".join(lines) + "\n"


def story_record(story: ArchivedStory) -> Record:
    """Record of a story."""
    return {**asdict(story), "kind": story.kind.value, "score": round(story.score, 6)}


def stories_as_text(stories: Iterable[ArchivedStory]) -> str:
    """Render stories as text, the title and the members of each under it."""
    parts = []
    for story in stories:
        languages = ", ".join(language_name(code) for code in story.languages)
        counted = view.counted(len(story.members), "article")
        parts.append(f"{story.id}  {KIND_WORDS[story.kind]}, {counted}: {languages}")
        parts.append(f"  {printable(story.title)}")
        parts += [f"  {'*' if member == story.representative else ' '} {printable(member)}" for member in story.members]
    return "".join(f"{line}\n" for line in parts)


def added_record(added: Added) -> Record:
    """Record of what an add has done."""
    skipped = [asdict(item) for item in added.skipped]
    return {**asdict(added), "skipped": skipped}


def added_as_text(added: Added) -> str:
    """Render what an add has done in one line."""
    counts = (("added", added.added), ("changed", added.changed), ("unchanged", added.unchanged))
    told = ", ".join(f"{number:,} {name}" for name, number in counts)
    skipped = f", {len(added.skipped):,} skipped" if added.skipped else ""
    return f"{told}{skipped}{f' (run {added.run})' if added.run else ''}\n"


def info_as_text(info: ArchiveInfo) -> str:
    """Render the figures of an archive as text."""
    languages = ", ".join(f"{language_name(code)} {count:,}" for code, count in info.languages.items())
    each = f" ({info.bytes // info.articles:,} an article)" if info.articles else ""
    rows = (
        ("articles", f"{info.articles:,}"),
        ("stories", f"{info.stories:,}"),
        ("runs", f"{info.runs:,}"),
        ("languages", languages),
        ("model", printable(info.model)),
        ("level", f"{info.level}, threshold {info.threshold:g}" if info.level else ""),
        ("versions", f"tables {info.version}, texts {info.text_version}"),
        ("bytes", f"{info.bytes:,}{each}"),
    )
    return "".join(f"{name:<10} {value}\n" for name, value in rows)


def exported_record(archived: ArchivedArticle) -> Record:
    """Record of an archived article, with its text, that can be read again."""
    article = archived.article
    return {
        "id": article.id,
        "path": article.path,
        "own_id": article.own_id,
        "title": article.title,
        "text": article.text,
        "url": article.url,
        "published": article.published,
        "language": article.declared_language,
        "detected": archived.language.code,
        "hash": archived.hash,
        "first_seen": archived.first_seen,
        "run": archived.run,
        "story": archived.story,
    }


def exported_as_jsonl(articles: Iterable[ArchivedArticle]) -> Iterator[str]:
    """Render articles as JSON lines."""
    return (f"{dumps(exported_record(article))}\n" for article in articles)


def exported_as_parquet(articles: Iterable[ArchivedArticle]) -> bytes:
    """Render articles as a Parquet table."""
    return table(_FIELDS, map(exported_record, articles))


def _why(finding: Finding) -> str:
    comparison = finding.comparison
    report = Report(
        articles=(comparison.left, comparison.right),
        languages=comparison.languages,
        matches=(comparison.match,),
        clusters=(),
        skipped=(),
        settings=Settings(),
        model="",
        threshold=comparison.threshold,
    )
    return view.why(report, comparison.match)
