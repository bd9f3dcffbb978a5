"""The command `scan`: files in, a report out."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dedup import report as rendering
from dedup.cli import options
from dedup.cli.errors import FOUND_DUPLICATES, NothingRead
from dedup.cli.help import SectionedCommand
from dedup.cli.inputs import all_paths, find, folder_of, read, remembered, roots_of, warn_of_no_file, warn_of_nothing
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
from dedup.datatypes import Article, Level, Selection, Settings, Skipped
from dedup.runtime.name_patterns import NamePatterns
from dedup.runtime.process import count_cores

if TYPE_CHECKING:
    from dedup.clustering.decisions import Decisions
    from dedup.runtime.ray_cluster import RayWorkers

_SELECTING = ("pairs", "languages", "within", "since", "kinds", "min_size")  # options that make a Selection


@click.command(cls=SectionedCommand)
@click.argument("paths", nargs=-1, metavar="PATH...")
@options.report_format_option
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
    against: tuple[str, ...],
    files_from: str | None,
    jobs: int | None,
    engine: str,
    ray_address: str | None,
    check: bool,
    no_text: bool,
    archive: Path | None,
    only_new: bool,
    quiet: bool,
    verbose: int,
    no_progress: bool,
    **given: Any,
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

    Folders are walked in order of names, without hidden files and links; "-" reads JSON lines from standard input. A
    path may be the address of one file on the web, or a URI of a store (s3://, gs://, hdfs://; extra parquet). A text
    file is one article; JSON, JSONL, CSV and Parquet hold one per record, with the fields text, id, title, url,
    published and language, or their usual names in many languages; only the text is needed. What cannot be used is
    skipped, counted and named with its reason. In the text report, * marks the article to keep (chosen by --keep) and,
    with --level story, = a version of the report above it.

    With --engine ray every machine must reach the paths, which may be URIs, and --format parquet writes tables in many
    parts, for results too large for one report.
    """
    from dedup.clustering.decisions import Decisions

    log_to_stderr(verbose)
    selecting = {name: given.pop(name) for name in _SELECTING}
    selection, reading = Selection(against=bool(against), **selecting), given
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
    form = choose_form(form, output, options.REPORT_FORMS)
    inputs: tuple[str | Path, ...] = (*paths, *against, files_from or "", scorer, *decisions, *folder_of(model))
    inputs += (archive,) if archive else ()
    check_output(form, output, inputs, names=NamePatterns(reading["glob"], reading["exclude"]), force=force)
    if archive and (engine != "local" or selection or against):
        raise click.UsageError(
            f"--archive goes with --keep and --decisions, and not with {options.NOT_WITH_AN_ARCHIVE}: the stories of "
            "an archive are those of all pairs in it; leave these out, or scan without --archive"
        )
    if only_new and not archive:
        raise click.UsageError("--only-new needs --archive FILE.db, which knows what is new")
    decided = Decisions.load(*decisions)
    shown, cores = not (quiet or no_progress), jobs or count_cores()
    report = None
    with _engine(engine, ray_address, jobs) as workers:
        if archive:
            report, added = remembered(
                *(archive, paths, reading),
                settings=settings,
                only_new=only_new,
                decisions=decided,
                jobs=cores,
                shown=shown,
            )
            if not quiet:
                known = f"{added.added:,} new, {added.changed:,} changed, {added.unchanged:,} there already"
                click.echo(f"{archive}: {known}", err=True)
            counts = rendering.counts(report)
        else:
            articles = read(paths, against=against, shared=workers is not None, jobs=cores, **reading)
            if workers and form == "parquet":
                counts = _write_tables(articles, output, settings, decided, workers, with_text=not no_text, shown=shown)
            else:
                sharing: dict[str, Any] = {"workers": workers} if workers else {"jobs": cores}
                with_evidence = not no_text or form in ("text", "html", "csv")  # these say how many sentences match
                report = find(articles, settings, shown=shown, decisions=decided, evidence=with_evidence, **sharing)
                counts = rendering.counts(report)
    if report and only_new and form == "text" and not report.clusters:
        write("No story has a new article.\n", Path(output))
    elif report:
        write_report(report, form, Path(output), full=verbose > 0, with_text=not no_text)
    if report and not archive:
        warn_of_nothing(counts, report.skipped, paths, against, glob=reading["glob"])
    elif not counts["seen"]:
        warn_of_no_file(paths, reading["glob"])
    if not quiet and (form != "text" or output != "-"):  # the text report has its own summary
        _summarise(counts)
    if check and not counts["read"]:
        raise NothingRead(f"--check: nothing was read, {counts['skipped']:,} skipped; check the paths")
    if check and counts["clusters"]:
        raise click.exceptions.Exit(FOUND_DUPLICATES)


def _summarise(counts: dict[str, int]) -> None:
    click.echo(rendering.summary_line(counts), err=True)
    if counts["skipped"]:
        click.echo(f"{counts['skipped']:,} of {counts['seen']:,} seen skipped; the report says why.", err=True)


def _write_tables(
    articles: Iterable[Article | Skipped],
    output: str,
    settings: Settings,
    decisions: Decisions,
    workers: RayWorkers,
    *,
    with_text: bool,
    shown: bool,
) -> dict[str, int]:
    """Write the tables of a result too large for one report; returns its counts."""
    from dedup.pipeline import write_tables

    note_begun(output)
    with progress_line(shown) as progress:
        summary = write_tables(
            articles,
            output,
            settings=settings,
            decisions=decisions,
            workers=workers,
            with_text=with_text,
            progress=progress,
        )
    note_written(output)
    counts: dict[str, int] = summary["counts"]
    return counts


@contextmanager
def _engine(engine: str, address: str | None, jobs: int | None) -> Iterator[RayWorkers | None]:
    """Workers on Ray, if it was asked for; the lines that it prints about workers that died go to standard error."""
    if engine == "ray":
        from dedup.runtime.ray_cluster import RayWorkers

        with redirect_stdout(sys.stderr), RayWorkers(address, jobs=jobs) as workers:
            yield workers
    elif address is not None:
        raise click.UsageError("--ray-address needs --engine ray")
    else:
        yield None
