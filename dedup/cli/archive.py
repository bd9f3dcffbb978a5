"""The commands of `dedup archive`: a file that remembers articles."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dedup.cli import options
from dedup.cli.errors import FOUND_DUPLICATES
from dedup.cli.help import SectionedCommand
from dedup.cli.inputs import (
    all_paths,
    one_article,
    path_of,
    read,
    read_options,
    require_stdin,
    settings_are_given,
    warn_of_no_file,
)
from dedup.cli.output import (
    check_file,
    check_output,
    choose_form,
    layout,
    log_to_stderr,
    note_written,
    print_lines,
    progress_line,
    tell_skipped,
    write,
    write_report,
)
from dedup.datatypes import Article, Level, Settings, Skipped
from dedup.errors import ReadError
from dedup.language.text import printable
from dedup.report.records import dumps
from dedup.runtime.process import count_cores, load_numpy_alone

if TYPE_CHECKING:
    from dedup.archive.archive import Archive

_file = click.argument("file", type=options.FILE, metavar="FILE.db")

_since = click.option(
    "--since", metavar="DATE|RUN", help="Only stories that have gained an article since this date or run."
)

_EXPORTS = ("jsonl", "parquet")


@click.group(short_help="Remember articles, and look incoming ones up.")
def archive() -> None:
    """Remember articles in a file: is an incoming one already there, in any language?

    \b
    dedup archive add news.db articles/         only new and changed articles are computed
    dedup archive check news.db incoming.txt    exit code 3 if it is there, 0 if not
    dedup archive list news.db --since 2026-12-01
    """


@archive.command(cls=SectionedCommand)
@_file
@click.argument("paths", nargs=-1, metavar="PATH...")
@options.printed_format_option
@options.matching_options
@options.files_from_option
@options.reading_options
@options.jobs_option
@options.verbosity_options
def add(
    file: Path,
    paths: tuple[str, ...],
    form: str | None,
    model: str,
    threshold: float | None,
    scorer: str,
    level: str,
    files_from: str | None,
    jobs: int | None,
    quiet: bool,
    verbose: int,
    no_progress: bool,
    **reading: Any,
) -> None:
    """Add articles; the file is made if there is none.

    Paths are as for dedup scan, addresses (https://, s3://) among them; files that have not changed are not read again.
    An article is recognised by its path and the id that its source gives it. A run that is killed loses at most the
    last 4,096 articles, and the same command goes on from there. Model, level and threshold are those of the first run.
    """
    log_to_stderr(verbose)
    paths = all_paths(paths, files_from)
    require_stdin(paths)
    given = Settings(model=model, threshold=threshold, level=Level(level), scorer=scorer)
    chosen = read_options(**reading)
    kept = given if settings_are_given() else None
    with _opened(file, settings=kept) as opened, progress_line(not (quiet or no_progress)) as progress:
        added = opened.add_paths(paths, chosen, jobs=jobs or count_cores(), progress=progress)
    from dedup.archive import rendering

    if not (added.added or added.changed or added.unchanged or added.skipped):
        warn_of_no_file(paths, reading["glob"])
    if not quiet:
        tell_skipped(added.skipped, full=verbose > 0)
    if form == "json":
        write(dumps({**rendering.head(), **rendering.added_record(added)}) + "\n", Path("-"))
    elif not quiet:
        write(rendering.added_as_text(added), Path("-"))


@archive.command(cls=SectionedCommand)
@_file
@click.argument("path")
@options.format_option
@options.output_option
@options.force_option
@click.option("--no-text", is_flag=True, help="Leave the text of the articles out of the answer.")
@options.reading_options
@options.verbose_option
def check(
    file: Path,
    path: str,
    form: str | None,
    output: Path,
    force: bool,
    no_text: bool,
    verbose: int,
    **reading: Any,
) -> None:
    """Look articles up: are they there, in any language?

    PATH is a file, an address (https://), a record of a file (news.jsonl#1204), or "-" for JSON lines on standard
    input. Shows the kind, the score and the evidence. Exit code 3 if at least one article was found, 0 if none, 1 if
    nothing could be read.
    """
    log_to_stderr(verbose)
    form = choose_form(form, output, options.FORMS)
    check_output(form, output, (file, path_of(path)), force=force)
    load_numpy_alone()
    from dedup.archive import rendering

    articles = _articles(path, reading)
    with _looked_at(file) as opened:
        found = [(article, opened.check(article)) for article in articles]
    if form == "json":
        records = [rendering.checked_record(*item, with_text=not no_text) for item in found]
        write(dumps({**rendering.head(), "articles": records}, indent=1) + "\n", output)
    else:
        parts = (rendering.checked_as_text(*item, full=verbose > 0, **layout(output)) for item in found)
        write("".join(parts), output)
    if any(findings for _, findings in found):
        raise click.exceptions.Exit(FOUND_DUPLICATES)


@archive.command("list", cls=SectionedCommand)
@_file
@_since
@options.format_option
@options.output_option
@options.force_option
def list_stories(file: Path, since: str | None, form: str | None, output: Path, force: bool) -> None:
    """List the stories that were told more than once.

    A story keeps its id as it grows; the JSON also says which stories have become part of others.
    """
    form = choose_form(form, output, options.FORMS)
    check_output(form, output, (file,), force=force)
    from dedup.archive import rendering

    with _looked_at(file) as opened:
        stories, successions, articles = opened.stories(since=since), opened.successions(), len(opened)
    if form == "json":
        records = {"stories": list(map(rendering.story_record, stories)), "successions": successions}
        write(dumps({**rendering.head(), **records}, indent=1) + "\n", output)
    else:
        write(rendering.stories_as_text(stories), output)
    if not stories:
        grown = f" has gained an article since {since}" if since else " is told more than once"
        click.echo(f"No story{grown} among {articles:,} articles of {printable(str(file))}.", err=True)


@archive.command(cls=SectionedCommand)
@_file
@_since
@options.report_format_option
@options.output_option
@options.force_option
@click.option("--no-text", is_flag=True, help="Leave the text of the articles out of the report.")
@options.verbose_option
def report(
    file: Path, since: str | None, form: str | None, output: Path, force: bool, no_text: bool, verbose: int
) -> None:
    """Report the stories as a scan does, with all evidence.

    \b
    dedup archive report news.db --since 2026-12-01 -o today.html
    """
    log_to_stderr(verbose)
    form = choose_form(form, output, options.REPORT_FORMS)
    check_output(form, output, (file,), force=force)
    load_numpy_alone()
    with _opened(file, create=False) as opened:
        found = opened.report(since=since)
    write_report(found, form, output, full=verbose > 0, with_text=not no_text)


@archive.command(cls=SectionedCommand)
@_file
@click.argument("ids", nargs=-1, required=True, metavar="ID|PATH...")
@options.verbosity_options
def remove(file: Path, ids: tuple[str, ...], quiet: bool, verbose: int, no_progress: bool) -> None:
    """Remove articles by their ids, or all of a file by its path."""
    log_to_stderr(verbose)
    load_numpy_alone()
    with _opened(file, create=False) as opened, progress_line(not (quiet or no_progress)) as progress:
        removed = opened.remove(ids, progress=progress)
    if not quiet:
        write(f"{removed:,} removed\n", Path("-"))


@archive.command(cls=SectionedCommand)
@_file
@options.printed_format_option
def info(file: Path, form: str | None) -> None:
    """Show what an archive holds, and what it was made with."""
    from dataclasses import asdict

    from dedup.archive import rendering

    with _opened(file, create=False, read_only=True) as opened:
        found = opened.info()
    if form == "json":
        write(dumps({**rendering.head(), **asdict(found)}, indent=1) + "\n", Path("-"))
    else:
        write(rendering.info_as_text(found), Path("-"))


@archive.command(cls=SectionedCommand)
@_file
def compact(file: Path) -> None:
    """Check the file for damage, and rewrite it without unused space."""
    with _opened(file, create=False) as opened:
        saved = opened.compact()
    write(f"{saved:,} bytes saved\n", Path("-"))


@archive.command(cls=SectionedCommand)
@_file
@options.make_format_option(_EXPORTS, "By default the format that the suffix of -o names, or else jsonl.")
@options.output_option
@options.force_option
def export(file: Path, form: str | None, output: Path, force: bool) -> None:
    """Write all articles with their texts, languages and stories.

    The result can be read again: dedup archive add NEW.db articles.jsonl rebuilds the archive, with another model or
    for a version of dedup that computes other numbers.
    """
    form = choose_form(form, output, _EXPORTS)
    check_file(output, (file,), force=force)
    from dedup.archive import rendering
    from dedup.report.destination import write_whole

    with _opened(file, create=False, read_only=True) as opened:
        if form == "parquet":
            if str(output) == "-":
                raise click.UsageError("--format parquet needs a file: -o FILE.parquet")
            write_whole(output, rendering.exported_as_parquet(opened.articles()))
            note_written(output)
        elif str(output) == "-":
            print_lines(rendering.exported_as_jsonl(opened.articles()))
        else:
            write("".join(rendering.exported_as_jsonl(opened.articles())), output)


def _opened(file: Path, **given: Any) -> Archive:
    load_numpy_alone()
    from dedup.archive.archive import Archive

    return Archive.open(file, **given)


def _looked_at(file: Path) -> Archive:
    """An archive to look things up in; its file may be one that must not be written to."""
    writable = os.access(file, os.W_OK) and os.access(file.absolute().parent, os.W_OK)
    return _opened(file, create=False, read_only=not writable)


def _articles(path: str, reading: dict[str, Any]) -> list[Article]:
    """All articles of a file, or the one that is named in it."""
    found = list(read([path], **reading)) if path_of(path) == path else [one_article(path, **reading)]
    articles = [item for item in found if isinstance(item, Article)]
    if not articles:
        reasons = "; ".join(item.reason for item in found if isinstance(item, Skipped))
        raise ReadError(f"{path}: no article to look up{': ' if reasons else ''}{reasons}")
    return articles
