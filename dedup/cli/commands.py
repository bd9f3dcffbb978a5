"""The command line: parse, call, print.

Standard output is data, standard error is everything else. Exit codes: 0 finished, 1 failed, 2 wrong usage,
3 duplicates found and 4 nothing read under ``--check``, 130 interrupted, 129 and 143 ended by a signal. The stages are
imported inside the commands that run them, so that ``--help`` answers at once.
"""

from __future__ import annotations

import errno
import json
import os
import signal
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dedup import report as rendering
from dedup.cli import options
from dedup.cli.output import (
    begun,
    check_output,
    choose_form,
    layout,
    log_to_stderr,
    note_begun,
    note_written,
    progress_line,
    write,
    write_report,
    written,
)
from dedup.cli.streams import open_closed_descriptors, safe_messages
from dedup.datatypes import Article, Level, Report, Settings, Skipped
from dedup.errors import DedupError, ReadError, SettingsError
from dedup.report.destination import check_model_folder
from dedup.runtime.process import (
    Ended,
    collected_seldom,
    count_cores,
    ended_by_signals,
    load_numpy_alone,
    search_no_more_at_exit,
)
from dedup.version import __version__

if TYPE_CHECKING:
    from dedup.runtime.ray_cluster import RayWorkers

_FOUND_DUPLICATES, _NOTHING_READ = 3, 4

_GAVE_OUT = {
    errno.EMFILE: "allow more open files (ulimit -n 256)",
    errno.ENFILE: "the whole machine has too many files open",
    errno.ENOSPC: "make room, or name a folder that has room in TMPDIR",
    errno.ENOMEM: "scan a part at a time, or use --jobs 1",
}
"""Next step for each error of the system that says something has run out."""

_NOT_WRITTEN = {
    "scan": "no report was written",
    "compare": "no comparison was written",
    "evaluate": "no figures were written",
    "calibrate": "no scorer was written",
    "train": "no model was written; the same command goes on from the checkpoints in DIR.work",
    "schema": "the schema was not printed whole",
}
"""Message of an interrupted command, by its name."""


class _Interrupted(click.ClickException):
    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        vars(self)["exit_code"] = code  # of this signal, where click has one code for all errors of a kind


class _NothingRead(click.ClickException):
    exit_code = _NOTHING_READ


class _ErrorGroup(click.Group):
    """The one place where errors become messages and exit codes."""

    def main(self, *args: Any, **options: Any) -> Any:
        """Run the command line; whether somebody listens to its messages does not matter."""
        open_closed_descriptors()
        with safe_messages():
            return super().main(*args, **options)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; dedup's own errors end it with a message instead of a traceback."""
        search_no_more_at_exit()
        try:
            with collected_seldom(), ended_by_signals():
                return super().invoke(ctx)
        except SettingsError as error:
            raise click.UsageError(str(error)) from error
        except DedupError as error:
            raise click.ClickException(str(error)) from error
        except MemoryError as error:
            raise click.ClickException("memory gave out; scan a part at a time, or use --jobs 1") from error
        except OSError as error:
            if error.errno not in _GAVE_OUT:
                raise
            raise click.ClickException(f"{error.strerror}; {_GAVE_OUT[error.errno]}") from error
        except KeyboardInterrupt as error:
            raise _interrupted(ctx, error) from error


def _interrupted(context: click.Context, error: KeyboardInterrupt) -> _Interrupted:
    """State of the output of an interrupted command: written, or not."""
    done = written(context)
    names = ", ".join("standard output" if name == "-" else name for name in done)
    whole = f"{names} {'was' if len(done) == 1 else 'were'} written whole" if done else ""
    missing = _NOT_WRITTEN.get(context.invoked_subcommand or "", "nothing was written")
    if place := begun(context):
        missing = f"the tables in {place} are not whole, and lack summary.json"
    code = 128 + (error.number if isinstance(error, Ended) else signal.SIGINT)
    return _Interrupted(f"interrupted; {whole or missing}", code)


_SCAN_FORMS = ("text", "json", "jsonl", "csv", "html", "parquet")

_FORMS = ("text", "json")

_format_option = click.option(
    "-f",
    "--format",
    "form",
    type=click.Choice(_FORMS),
    help="Shape of the answer; by default what the suffix of -o says, or else text.",
)

_path = click.Path(path_type=Path)


@click.group(cls=_ErrorGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="dedup")
def main() -> None:
    """Find articles that tell the same story, also in other languages, and see why.

    \b
    dedup scan articles/                                every story told more than once, with the reason
    dedup scan articles/ --format html -o report.html   a page to look through and decide
    dedup scan news.jsonl --format json -o report.json  for other programs (its shape: dedup schema)
    dedup scan articles/ --check -q                     exit code 3 if there are duplicates
    dedup compare first.txt second.html                 two articles side by side
    dedup evaluate gold.jsonl report.json               how right a report is

    Reads text, Markdown, web pages, mail, feeds, JSON, tables and archives, and with dedup[documents] Word, PDF and
    other documents. Nothing that is read is changed, and nothing leaves the machine.

    Exit codes: 0 finished, 1 failed, 2 wrong usage, 3 duplicates found under --check, 4 nothing read under --check,
    130 interrupted (143 and 129 by SIGTERM and SIGHUP).
    """


@main.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option(
    "-f",
    "--format",
    "form",
    help="Shape of the report; by default what the suffix of -o says, or else text.",
    type=click.Choice(_SCAN_FORMS),
)
@options.output_uri_option
@options.force_option
@options.matching_options
@options.reading_options
@options.jobs_option
@options.ray_options
@click.option("--check", is_flag=True, help="Exit with code 3 if there are duplicates, 4 if nothing could be read.")
@click.option("--no-text", is_flag=True, help="Leave the text of the articles out of the report.")
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
    text_field: tuple[str, ...],
    id_field: tuple[str, ...],
    title_field: tuple[str, ...],
    date_field: tuple[str, ...],
    language_field: tuple[str, ...],
    glob: str | None,
    max_bytes: int | None,
    jobs: int | None,
    engine: str,
    ray_address: str | None,
    check: bool,
    no_text: bool,
    quiet: bool,
    verbose: int,
    no_progress: bool,
) -> None:
    """Find duplicates in files and folders.

    \b
    dedup scan articles/
    dedup scan a.jsonl b.csv --text-field body --format csv -o duplicates.csv
    dedup scan articles/ --model sentence-transformers/LaBSE --threshold 0.7
    dedup scan s3://bucket/news --engine ray --ray-address auto --format parquet -o s3://bucket/duplicates

    A folder is walked in order of names; hidden files and links are left out; "-" is JSON lines on standard input. A
    text file is one article; JSON, JSONL, CSV and Parquet hold one a record, with fields text and, if present, id,
    title, url, published, language. What cannot be used is skipped, counted and named with its reason.

    With --engine ray every machine must reach the paths, which may be URIs, and --format parquet writes tables in many
    parts, for results too large for one report.
    """
    log_to_stderr(verbose)
    settings = Settings(model=model, threshold=threshold, level=Level(level), scorer=scorer)
    form = choose_form(form, output, _SCAN_FORMS)
    check_output(form, output, (*paths, scorer, *_folder_of(model)), glob=glob, force=force)
    with _engine(engine, ray_address, jobs) as workers:
        articles = _read(
            paths,
            shared=workers is not None,
            jobs=jobs or count_cores(),
            text_field=text_field,
            id_field=id_field,
            title_field=title_field,
            date_field=date_field,
            language_field=language_field,
            glob=glob,
            max_bytes=max_bytes,
        )
        report = None
        if workers and form == "parquet":
            from dedup.pipeline import write_tables

            note_begun(output)
            with progress_line(not (quiet or no_progress)) as progress:
                counts = write_tables(
                    articles, output, settings=settings, workers=workers, with_text=not no_text, progress=progress
                )["counts"]
            note_written(output)
        else:
            sharing: dict[str, Any] = {"workers": workers} if workers else {"jobs": jobs or count_cores()}
            with_evidence = not no_text or form in ("text", "html", "csv")  # these say how many sentences match
            report = _find(articles, settings, shown=not (quiet or no_progress), evidence=with_evidence, **sharing)
            counts = rendering.counts(report)
    if report:
        write_report(report, form, Path(output), full=verbose > 0, with_text=not no_text)
    if not quiet and (form != "text" or output != "-"):
        click.echo(rendering.summary_line(counts), err=True)
    if check and not counts["read"]:
        raise _NothingRead(f"--check: nothing was read, {counts['skipped']:,} skipped; check the paths")
    if check and counts["clusters"]:
        raise click.exceptions.Exit(_FOUND_DUPLICATES)


@main.command()
@click.argument("left")
@click.argument("right")
@_format_option
@options.output_option
@options.force_option
@options.matching_options
@click.option("--check", is_flag=True, help="Exit with code 3 if the two are the same article.")
@options.verbose_option
def compare(
    left: str,
    right: str,
    form: str | None,
    output: Path,
    force: bool,
    model: str,
    threshold: float | None,
    scorer: str,
    level: str,
    check: bool,
    verbose: int,
) -> None:
    """Hold two articles side by side.

    Shows the verdict, the sentences that face each other, what only one of the two says, and the numbers and names
    that agree or clash.

    \b
    dedup compare first.txt second.html
    dedup compare news.jsonl#1204 news.jsonl#1377     records by their ids
    """
    from dedup.pipeline import compare_articles

    log_to_stderr(verbose)
    settings = Settings(model=model, threshold=threshold, level=Level(level), scorer=scorer)
    form = choose_form(form, output, _FORMS)
    check_output(form, output, (*map(_path_of, (left, right)), scorer, *_folder_of(model)), force=force)
    comparison = compare_articles(_one_article(left), _one_article(right), settings=settings)
    if form == "json":
        write(rendering.comparison_as_json(comparison), output)
    else:
        write(rendering.comparison_as_text(comparison, full=verbose > 0, **layout(output)), output)
    if check and comparison.is_match:
        raise click.exceptions.Exit(_FOUND_DUPLICATES)


@main.command()
@click.argument("gold", type=_path)
@click.argument("report", required=False, type=_path)
@click.option(
    "--pairs",
    type=_path,
    metavar="FILE",
    help="Labelled pairs to score as well: JSON lines with a, b and label 1 or 0.",
)
@_format_option
@options.output_option
@options.force_option
@options.matching_options
@options.verbosity_options
def evaluate(
    gold: Path,
    report: Path | None,
    pairs: Path | None,
    form: str | None,
    output: Path,
    force: bool,
    model: str,
    threshold: float | None,
    scorer: str,
    level: str,
    quiet: bool,
    verbose: int,
    no_progress: bool,
) -> None:
    """Measure a report against gold stories.

    \b
    dedup evaluate gold.jsonl.xz                scans the articles in it, then measures
    dedup evaluate gold.jsonl.xz report.json    measures a report that is already there

    Pairwise precision and recall, BCubed, adjusted Rand index; over all pairs, across and within languages. GOLD holds
    JSON lines with id, story and lang, text and title for a scan, and group, whose articles of different
    stories are hard negatives. REPORT is a JSON or JSONL report of ours, or JSON lines with id and cluster.
    """
    from dedup.evaluation import metrics as measuring
    from dedup.evaluation.gold import check_pairs, read_clusters, read_gold, read_pairs

    log_to_stderr(verbose)
    settings = Settings(model=model, threshold=threshold, level=Level(level), scorer=scorer)
    form = choose_form(form, output, _FORMS)
    check_output(form, output, (gold, *filter(None, (report, pairs)), scorer, *_folder_of(model)), force=force)
    known, labelled = read_gold(gold), read_pairs(pairs) if pairs else ()
    articles = [item.article for item in known]
    ids = {article.id for article in articles}
    if pairs:
        check_pairs(labelled, ids, pairs)
    clusters = (
        read_clusters(report, ids) if report else _scan_gold(articles, settings, shown=not (quiet or no_progress))
    )
    evaluation = measuring.evaluate(known, clusters, labelled)
    if form == "json":
        write(json.dumps(measuring.evaluation_as_dict(evaluation), indent=1, allow_nan=False) + "\n", output)
    else:
        write(measuring.evaluation_as_text(evaluation), output)


@main.command()
def schema() -> None:
    """Print the JSON Schema of the JSON report."""
    check_output("json", "-")
    write(rendering.schema(), Path("-"))


@main.command()
@click.argument("golds", nargs=-1, required=True, type=_path, metavar="GOLD...")
@click.option("--against", multiple=True, type=_path, metavar="GOLD", help="More sets, for what must stay apart alone.")
@click.option("--events", multiple=True, type=_path, metavar="GOLD", help="More, whose stories others tell anew.")
@click.option("--pairs", multiple=True, type=_path, metavar="FILE", help="Labelled pairs, which overrule the stories.")
@click.option(
    "--archive",
    "archives",
    multiple=True,
    type=_path,
    metavar="FILE",
    help="Articles of an archive, judged by --pairs.",
)
@options.level_option
@options.model_option
@options.output_option
@options.force_option
@options.jobs_option
@options.verbosity_options
def calibrate(
    golds: tuple[Path, ...],
    against: tuple[Path, ...],
    events: tuple[Path, ...],
    pairs: tuple[Path, ...],
    archives: tuple[Path, ...],
    level: str,
    model: str,
    output: Path,
    force: bool,
    jobs: int | None,
    quiet: bool,
    verbose: int,
    no_progress: bool,
) -> None:
    """Fit the score to labelled articles, for another model or another kind of text.

    \b
    dedup calibrate mine.jsonl more.jsonl --model sentence-transformers/LaBSE -o labse.json
    dedup scan articles/ --model sentence-transformers/LaBSE --scorer labse.json

    GOLD holds JSON lines with id, story, text and, if present, title, group. Standard error says what each gives, and
    what it gives left out of the fit: the F1 of single pairs, the BCubed F1 of clusters or the F1 of the --pairs.
    """
    from dedup.embedding.load import load_encoder
    from dedup.evaluation.calibrate import calibrate_scorer

    log_to_stderr(verbose)
    inputs: list[str | Path] = [*golds, *against, *events, *pairs, *archives, *_folder_of(model)]
    check_output(choose_form("json", output, ["json"]), output, inputs, force=force)
    sets, encoder = (golds, against, events, pairs, archives), load_encoder(model)
    with progress_line(not (quiet or no_progress)) as progress:
        found = calibrate_scorer(*sets, encoder=encoder, level=Level(level), jobs=jobs, progress=progress)
    click.echo("" if quiet else found.as_text(), err=True, nl=False)
    write(found.as_json(), output)


@main.command()
@click.argument("corpus", type=_path)
@click.option(
    "-o",
    "--output",
    "out",
    required=True,
    type=_path,
    metavar="DIR",
    help="Folder for the model; a stopped run goes on from its checkpoints in DIR.work.",
)
@options.verbosity_options
def train(corpus: Path, out: Path, quiet: bool, verbose: int, no_progress: bool) -> None:
    """Train the embedding model.

    CORPUS is a folder of translation pairs; needs the extra dedup[train].
    """
    from dedup.training import train_encoder

    log_to_stderr(verbose)
    check_model_folder(out, corpus)
    with progress_line(not (quiet or no_progress)) as progress:
        train_encoder(corpus, out, progress=progress)


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


def _find(articles: Iterable[Article | Skipped], settings: Settings, *, shown: bool, **sharing: Any) -> Report:
    load_numpy_alone()
    from dedup.pipeline import find_duplicates

    with progress_line(shown) as progress:
        return find_duplicates(articles, settings=settings, progress=progress, **sharing)


def _read(paths: Sequence[str], *, shared: bool = False, jobs: int = 1, **given: Any) -> Iterable[Article | Skipped]:
    """Read the paths, here or by those who share the work; options not given keep their defaults."""
    from dedup.reading.read import read_paths
    from dedup.reading.source import ReadOptions

    if "-" in paths and sys.stdin is None:
        raise ReadError("standard input is closed; name a file, or send JSON lines to it")

    chosen = ReadOptions(**{name: value for name, value in given.items() if value is not None})
    if shared:
        from dedup.reading.shards import Shards

        return Shards(tuple(paths), chosen)
    return read_paths(paths, chosen, jobs=jobs)


def _one_article(name: str) -> Article:
    """The article that a path names, or a path and an id as reports show them: ``news.jsonl#id``."""
    path = _path_of(name)
    found = list(_read([path]))
    articles = [item for item in found if isinstance(item, Article) and _names(name, path, item)]
    if len(articles) == 1:
        return articles[0]
    if articles:
        raise ReadError(f"{name} holds {len(articles)} articles; name one as {name}#ID, or scan them all")
    reasons = "; ".join(item.reason for item in found if isinstance(item, Skipped))
    raise ReadError(f"{name}: no such article{': ' if reasons else ''}{reasons}")


def _folder_of(model: str) -> list[str]:
    """The folder of a model that is named by it."""
    return [] if model == "bundled" else [model]


def _path_of(name: str) -> str:
    """The file of an article that is named by its path, or by path and id."""
    return name if os.path.exists(name) or "#" not in name else name.rpartition("#")[0]


def _names(name: str, path: str, article: Article) -> bool:
    return name in (path, article.id, f"{article.path}#{article.id}")


def _scan_gold(articles: Iterable[Article], settings: Settings, *, shown: bool) -> dict[str, str]:
    """Cluster of every clustered gold article, from a scan that sees nothing of the gold."""
    report = _find(articles, settings, evidence=False, jobs=count_cores(), shown=shown)
    return {
        report.articles[member].id: str(number)
        for number, cluster in enumerate(report.clusters)
        for member in cluster.members
    }
