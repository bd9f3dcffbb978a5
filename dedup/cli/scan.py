"""The command `scan`: files in, a report out."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dedup import report as rendering
from dedup.cli import options
from dedup.cli.errors import FOUND_DUPLICATES, NothingRead
from dedup.cli.help import SectionedCommand
from dedup.cli.inputs import (
    all_paths,
    find,
    folder_of,
    read,
    read_options,
    remembered,
    roots_of,
    settings_are_given,
    warn_of_no_file,
    warn_of_nothing,
)
from dedup.cli.output import (
    check_output,
    choose_form,
    log_to_stderr,
    note_begun,
    note_written,
    progress_line,
    write,
    write_report,
)
from dedup.datatypes import Level, Selection, Settings
from dedup.runtime.name_patterns import NamePatterns
from dedup.runtime.process import count_cores

if TYPE_CHECKING:
    from dedup.runtime.ray_cluster import RayWorkers

_SCAN_FORMS = ("text", "json", "jsonl", "csv", "html", "parquet")


@click.command(cls=SectionedCommand)
@click.argument("paths", nargs=-1, metavar="PATH...")
@click.option(
    "-f",
    "--format",
    "form",
    help="Shape of the report; by default what the suffix of -o says, or else text.",
    type=click.Choice(_SCAN_FORMS, case_sensitive=False),
)
@options.output_uri_option
@options.force_option
@options.matching_options
@options.decisions_option
@options.keep_option
@options.selection_options
@options.files_from_option
@options.reading_options
@options.jobs_option
@options.ray_options
@click.option("--check", is_flag=True, help="Exit with code 3 if there are duplicates, 4 if nothing could be read.")
@click.option("--no-text", is_flag=True, help="Leave the text of the articles out of the report.")
@options.archive_options
@options.verbosity_options
def scan(
    paths: tuple[str, ...],
    form: str | None,
    output: str,
    force: bool,
    model: str,
    threshold: float | None,
    scorer: str,
    level: str,
    decisions: tuple[Path, ...],
    keep: tuple[str, ...],
    text_field: tuple[str, ...],
    id_field: tuple[str, ...],
    title_field: tuple[str, ...],
    date_field: tuple[str, ...],
    language_field: tuple[str, ...],
    glob: tuple[str, ...],
    exclude: tuple[str, ...],
    files_from: str | None,
    max_bytes: int | None,
    max_ratio: int | None,
    max_barren: int | None,
    jobs: int | None,
    engine: str,
    ray_address: str | None,
    check: bool,
    no_text: bool,
    quiet: bool,
    verbose: int,
    no_progress: bool,
    against: tuple[str, ...],
    archive: Path | None,
    only_new: bool,
    **selecting: Any,
) -> None:
    """Find duplicates in files and folders.

    \b
    dedup scan articles/
    dedup scan a.jsonl b.csv --text-field body --format csv -o duplicates.csv
    dedup scan articles/ --model sentence-transformers/LaBSE --threshold 0.7
    dedup scan today/ --against archive/ --within 7d --pairs cross-language
    dedup scan today/ --archive news.db --only-new
    dedup scan https://example.org/feed.xml articles/
    dedup scan s3://bucket/news --engine ray --ray-address auto --format parquet -o s3://bucket/duplicates

    A folder is walked in order of names; hidden files and links are left out; "-" is JSON lines on standard input. A
    path may be the address of one file on the web, or a URI of a store (s3://, gs://, hdfs://; extra parquet). A text
    file is one article; JSON, JSONL, CSV and Parquet hold one per record, with the fields text, id, title, url,
    published and language, of which only the text is needed, or their usual names in many languages. What cannot be
    used is skipped, counted and named with its reason. In the text, * marks the article to keep (--keep says by which
    rule), and with --level story, = one that is a version of the report above it.

    With --engine ray every machine must reach the paths, which may be URIs, and --format parquet writes tables in many
    parts, for results too large for one report.
    """
    from dedup.clustering.decisions import Decisions

    log_to_stderr(verbose)
    selection = Selection(against=bool(against), **selecting)
    paths = all_paths(paths, files_from)
    settings = Settings(
        model=model,
        threshold=threshold,
        level=Level(level),
        scorer=scorer,
        keep=keep,
        roots=roots_of((*paths, *against)),
        selection=selection,
    )
    form = choose_form(form, output, _SCAN_FORMS)
    inputs: tuple[str | Path, ...] = (*paths, *against, files_from or "", scorer, *decisions, *folder_of(model))
    inputs += (archive,) if archive else ()
    check_output(form, output, inputs, names=NamePatterns(glob, exclude), force=force)
    if archive and (engine != "local" or decisions or keep or against or selection):
        raise click.UsageError("--archive goes without --engine, --decisions, --keep, --against and choices of pairs")
    if only_new and not archive:
        raise click.UsageError("--only-new needs --archive FILE.db, which knows what is new")
    decided = Decisions.load(*decisions)
    reading = {
        "text_field": text_field,
        "id_field": id_field,
        "title_field": title_field,
        "date_field": date_field,
        "language_field": language_field,
        "glob": glob,
        "exclude": exclude,
        "max_bytes": max_bytes,
        "max_ratio": max_ratio,
        "max_barren": max_barren,
    }
    with _engine(engine, ray_address, jobs) as workers:
        articles = read(
            paths,
            shared=workers is not None,
            jobs=jobs or count_cores(),
            against=against,
            **reading,
        )
        report = None
        if archive:
            report, added = remembered(
                archive,
                paths,
                read_options(**reading),
                settings=settings if settings_are_given() else None,
                only_new=only_new,
                jobs=jobs or count_cores(),
                shown=not (quiet or no_progress),
            )
            counts = rendering.counts(report)
            if not quiet:
                told = f"{added.added:,} new, {added.changed:,} changed, {added.unchanged:,} there already"
                click.echo(f"{archive}: {told}", err=True)
            if not counts["read"] and added.unchanged:  # of nothing new there is nothing to report
                counts = {**counts, "seen": added.unchanged, "read": added.unchanged}
        elif workers and form == "parquet":
            from dedup.pipeline import write_tables

            note_begun(output)
            with progress_line(not (quiet or no_progress)) as progress:
                counts = write_tables(
                    articles,
                    output,
                    settings=settings,
                    decisions=decided,
                    workers=workers,
                    with_text=not no_text,
                    progress=progress,
                )["counts"]
            note_written(output)
        else:
            sharing: dict[str, Any] = {"workers": workers} if workers else {"jobs": jobs or count_cores()}
            with_evidence = not no_text or form in ("text", "html", "csv")  # these say how many sentences match
            sharing |= {"decisions": decided, "evidence": with_evidence}
            report = find(articles, settings, shown=not (quiet or no_progress), **sharing)
            counts = rendering.counts(report)
    if report and only_new and form == "text" and not report.clusters:
        write("No story has a new article.\n", Path(output))
    elif report:
        write_report(report, form, Path(output), full=verbose > 0, with_text=not no_text)
    if report and not archive:
        warn_of_nothing(counts, report.skipped, paths, against, glob=glob)
    elif not counts["seen"]:
        warn_of_no_file(paths, glob)
    if not quiet and (form != "text" or output != "-"):
        click.echo(rendering.summary_line(counts), err=True)
        if counts["skipped"]:
            click.echo(f"{counts['skipped']:,} of {counts['seen']:,} seen skipped; the report says why.", err=True)
    if check and not counts["read"]:
        raise NothingRead(f"--check: nothing was read, {counts['skipped']:,} skipped; check the paths")
    if check and counts["clusters"]:
        raise click.exceptions.Exit(FOUND_DUPLICATES)


@contextmanager
def _engine(engine: str, address: str | None, jobs: int | None) -> Iterator[RayWorkers | None]:
    """Ray, if it was asked for; meanwhile what it tells of workers that died goes to standard error."""
    if engine == "ray":
        from dedup.runtime.ray_cluster import RayWorkers

        with redirect_stdout(sys.stderr), RayWorkers(address, jobs=jobs) as workers:
            yield workers
    elif address is not None:
        raise click.UsageError("--ray-address needs --engine ray")
    else:
        yield None
