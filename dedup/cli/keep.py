"""The command `keep`: files in, the same records out without the repeats."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from dedup.cli import options
from dedup.cli.help import SectionedCommand
from dedup.cli.inputs import all_paths, find, folder_of, read, read_options, warn_of_nothing
from dedup.cli.kinds import KINDS_IN_WORDS, parse_kinds
from dedup.cli.output import check_file, log_to_stderr, note_written, standard_output, tell_skipped
from dedup.datatypes import Level, MatchKind, Pairs, Report, Selection, Settings, Skipped
from dedup.errors import ReadError, WriteError
from dedup.language.text import printable
from dedup.report import view
from dedup.report.destination import check_folder, filling_folder, writing_whole
from dedup.runtime.name_patterns import NamePatterns
from dedup.runtime.process import count_cores

if TYPE_CHECKING:
    from dedup.actions.keep import Kept, Output
    from dedup.clustering.decisions import Decisions

_EMPTY = ("empty file", "no records")  # reasons for which nothing is lost

_SUFFIXES = ".jsonl, .csv, .tsv, .parquet, the first three also with .gz, or a folder"


@click.command(cls=SectionedCommand, short_help="Write the input without repeats.")
@click.argument("paths", nargs=-1, metavar="INPUT...")
@click.option(
    "-o",
    "--output",
    type=options.NamedPath(allow_dash=True),
    required=True,
    metavar="OUT",
    help=f"File or folder to write, by its suffix: {_SUFFIXES}; - for JSON Lines on standard output. Written whole or "
    "not at all.",
)
@options.force_option
@click.option(
    "--kinds",
    default="exact,near",
    show_default=True,
    metavar="KIND,...",
    callback=parse_kinds,
    help=f"Kinds of repeats that go: {KINDS_IN_WORDS}, or all. Of kinds that are not named, one article stays for each "
    "group of copies.",
)
@click.option(
    "--annotate",
    is_flag=True,
    help="Keep all records, and add the fields story_id, role (single, representative, version, repeat), kind, score "
    "and repeats (the id of the article that a record repeats).",
)
@click.option("--prefix", default="", metavar="TEXT", help="Text to put before the names of the added fields.")
@click.option("--drop-skipped", is_flag=True, help="Leave out records that could not be read; otherwise they stay.")
@options.matching_options
@options.decisions_option
@options.keep_option
@options.kept_selection_options
@options.reading_options
@options.files_from_option
@options.jobs_option
@options.verbosity_options
def keep(
    paths: tuple[str, ...],
    output: str,
    force: bool,
    kinds: tuple[MatchKind, ...],
    annotate: bool,
    prefix: str,
    drop_skipped: bool,
    model: str,
    threshold: float | None,
    scorer: str,
    level: str,
    decisions: tuple[Path, ...],
    keep: tuple[str, ...],
    files_from: str | None,
    jobs: int | None,
    quiet: bool,
    verbose: int,
    no_progress: bool,
    against: tuple[str, ...],
    pairs: str,
    languages: tuple[str, ...],
    within: str | None,
    since: str,
    min_size: int,
    **reading: Any,
) -> None:
    """Write the input again without the repeats.

    \b
    dedup keep news.jsonl -o unique.jsonl
    dedup keep a.csv b.csv -o both.csv --kinds exact
    dedup keep shards/ -o unique.parquet --annotate
    dedup keep articles/ -o unique/ --kinds all             one article per story, in whatever language
    dedup keep new.jsonl --against old.jsonl -o fresh.jsonl     what old.jsonl does not have yet

    Of each story one article stays, chosen by --keep; by default only its exact and edited copies go. What stays keeps
    its order and its form: one file of JSON Lines or CSV is written into one of its kind byte for byte, several become
    UTF-8. JSON Lines take all formats: an element of a JSON list or a row of a table becomes an object with its fields,
    a page or a mail one with the fields of an article. CSV and Parquet take files with the same columns. A folder gets
    files like those read: files of records without the repeats, others whole unless all their articles go.

    Articles that are not compared stay: those in other languages than --languages, from before --since, and, with
    --against, repeats among the input alone, which a second run without it leaves out. Nothing of the reference is
    written.

    The input is read twice, and nothing is written if it has changed in between.
    """
    from dedup.clustering.decisions import Decisions

    log_to_stderr(verbose)
    if prefix and not annotate:
        raise click.UsageError("--prefix names the fields that --annotate adds; name that too")
    selection = Selection(
        pairs=Pairs(pairs),
        languages=languages,
        within=within,  # type: ignore[arg-type]
        since=since,
        min_size=min_size,
        against=bool(against),
    )
    _require_possible(selection, kinds, annotate=annotate)
    paths = all_paths(paths, files_from)
    settings = Settings(
        model=model,
        threshold=threshold,
        level=Level(level),
        scorer=scorer,
        keep=("reference", *keep) if against and keep else keep,  # what stays is not written in its place
        selection=selection,
    )
    form, suffix = _form_of(output)
    inputs: tuple[str | Path, ...] = (*paths, *against, files_from or "", scorer, *decisions, *folder_of(model))
    if form == "folder":
        _check_folder(Path(output), inputs)
    else:
        names = NamePatterns(reading["glob"], reading["exclude"])
        check_file(output, inputs, names=names, force=force)
    decided = Decisions.load(*decisions)
    kept, inside, report = _keep(
        paths,
        against,
        output,
        form,
        suffix,
        kinds=kinds,
        prefix=prefix if annotate else None,
        drop_skipped=drop_skipped,
        reading=reading,
        settings=settings,
        decisions=decided,
        jobs=jobs or count_cores(),
        shown=not (quiet or no_progress),
    )
    warn_of_nothing(view.counts(report), report.skipped, paths, against, glob=reading["glob"])
    if not quiet:
        tell_skipped(report.skipped, full=verbose > 0)
        click.echo(_summary(kept, inside, annotated=annotate, dropped=drop_skipped), err=True)


def _require_possible(selection: Selection, kinds: tuple[MatchKind, ...], *, annotate: bool) -> None:
    """Refuse a choice of pairs of which none could leave anything out."""
    in_one_language = {MatchKind.EXACT, MatchKind.NEAR}
    if selection.pairs is Pairs.CROSS_LANGUAGE and not annotate and in_one_language.issuperset(kinds):
        raise click.UsageError(
            "--pairs cross-language compares no exact and edited copies, and only these go; name what goes, such as "
            "--kinds translation"
        )


def _keep(
    paths: tuple[str, ...],
    against: tuple[str, ...],
    output: str,
    form: str,
    suffix: str,
    *,
    kinds: tuple[MatchKind, ...],
    prefix: str | None,
    drop_skipped: bool,
    reading: dict[str, Any],
    settings: Settings,
    decisions: Decisions,
    jobs: int,
    shown: bool,
) -> tuple[Kept, int, Report]:
    """Scan the input and write it; returns counts, repeats in files that stay whole, and the report."""
    from dedup.actions.choose import chooser
    from dedup.actions.choose import chosen as chosen_by_people
    from dedup.actions.folder_output import FolderOutput
    from dedup.actions.keep import FirstReading, mark_articles, name_in_output, write_kept
    from dedup.actions.survey import survey

    chosen = read_options(**reading)
    seen = survey(paths, chosen, form, suffix, prefix, against)
    first = FirstReading()
    articles = first.follow(read(paths, against=against, jobs=jobs, **reading))
    report = find(articles, settings, shown=shown, decisions=decisions, jobs=jobs, evidence=False)
    if form != "folder" and not first.articles:
        _require_some(report.skipped)
    chooses = chooser(report, decisions)
    marks = mark_articles(report, chooses, kinds, chosen=chosen_by_people(report, decisions), name=name_in_output)
    with ExitStack() as opened:
        destination: Output
        if form == "folder":
            folder = opened.enter_context(filling_folder(Path(output)))
            destination = opened.enter_context(FolderOutput(folder, seen.places, prefix=prefix))
        else:
            destination = _open(output, form, opened, prefix=prefix, as_they_are=seen.as_they_are)
        kept = write_kept(
            paths,
            chosen,
            first,
            marks,
            destination,
            against=against,
            annotated=prefix is not None,
            drop_skipped=drop_skipped,
        )
    note_written(output)
    within = destination.repeats_within if isinstance(destination, FolderOutput) else 0
    return kept, within, report


def _require_some(skipped: Sequence[Skipped]) -> None:
    """Refuse an input of which no article could be read if a file of it would be lost: a wrong field is no empty set.

    Raises
    ------
    ReadError
        With the first of these files, and why it could not be read.
    """
    lost = [item for item in skipped if item.line is None and item.reason not in _EMPTY and not item.reference]
    if lost:
        where, reason = printable(lost[0].path), printable(lost[0].reason)
        others = f" (and {len(lost) - 1:,} more files)" if len(lost) > 1 else ""
        raise ReadError(f"no article was read, so nothing is written; {where}: {reason}{others}")


def _open(output: str, form: str, opened: ExitStack, *, prefix: str | None, as_they_are: bool) -> Output:
    from dedup.actions.folder_output import make_output, packed

    stream: BinaryIO
    if output == "-":
        stream = opened.enter_context(standard_output())
    else:
        stream = opened.enter_context(writing_whole(Path(output)))
    if output.lower().endswith(".gz"):
        stream = opened.enter_context(packed(stream))
    return make_output(form, stream, opened, prefix=prefix, as_they_are=as_they_are)


def _form_of(output: str) -> tuple[str, str]:
    """Form of an output, and the suffix that says so, without ``.gz``."""
    from dedup.actions.survey import FORM_OF_SUFFIX

    if output == "-":
        return "jsonl", ".jsonl"
    if output.endswith(("/", os.sep)) or os.path.isdir(output):
        return "folder", ""
    packed = output.lower().endswith(".gz")
    suffix = Path(output[: -len(".gz")] if packed else output).suffix.lower()
    form = FORM_OF_SUFFIX.get(suffix)
    if form is None or (packed and form in ("folder", "parquet")):
        shown = printable(output)
        raise click.UsageError(f"-o {shown}: the name has to say what to write: {_SUFFIXES}")
    return form, suffix


def _check_folder(path: Path, inputs: tuple[str | Path, ...]) -> None:
    """Refuse a folder that is not empty, or lies among the inputs."""
    if path.is_dir() and any(path.iterdir()):
        raise WriteError(f"{printable(str(path))} is not empty; name a new folder")
    check_folder(path, inputs)


def _summary(kept: Kept, within: int, *, annotated: bool, dropped: bool) -> str:
    """Counts of an output in a sentence or two."""
    read = view.counted(kept.kept + kept.repeats, "article")
    if annotated:
        said = f"{read} written, {view.counted(kept.repeats, 'repeat')} among them."
    else:
        gone = kept.repeats - within
        stay = kept.kept + within
        said = f"{stay:,} of {read} kept, {view.counted(gone, 'repeat')} left out."
    if within:
        files = "stays in a file that holds" if within == 1 else "stay in files that hold"
        said += f" {within:,} more {'repeat' if within == 1 else 'repeats'} {files} other articles too."
    if kept.skipped:
        fate = "kept as they are" + (f" but for {kept.lost:,} that could not be carried over" if kept.lost else "")
        if dropped or kept.lost == kept.skipped:
            fate = "left out" if dropped else "not carried over"
        said += f" {kept.skipped:,} skipped, {fate}."
    return said
