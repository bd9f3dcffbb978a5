"""Output of the command line: results to files or standard output, messages to the terminal."""

from __future__ import annotations

import logging
import os
import shutil
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO

import click

from dedup import report as rendering
from dedup.cli.progress import ProgressLine
from dedup.cli.streams import discard
from dedup.datatypes import Report, Skipped
from dedup.errors import WriteError
from dedup.language.text import printable
from dedup.report.destination import ALL_NAMES, check_folder, check_writable, make_folder, write_whole
from dedup.report.forms import SUFFIXES
from dedup.runtime.name_patterns import NamePatterns
from dedup.runtime.remote_files import is_uri
from dedup.runtime.web_files import is_web

_OF_OTHERS = (
    *(".xlsx", ".xls", ".ods", ".docx", ".doc", ".odt", ".pdf", ".rtf", ".epub", ".xml"),
    *(".tsv", ".yaml", ".yml", ".db", ".sqlite", ".zip", ".gz", ".xz"),
)
"""Suffixes of files that are no text, or text of another form: a text by such a name would not open."""

_MOST_SKIPPED = 5  # skipped files that are named unless -v asks for all

_WRITTEN, _BEGUN, _COLOUR = "dedup.written", "dedup.begun", "dedup.colour"


class _StandardError(logging.Handler):
    """Handler that writes log messages to standard error, in the place of a progress line."""

    def emit(self, record: logging.LogRecord) -> None:
        for line in _shown_lines:
            line.erase()
        click.echo(f"{record.levelname.lower()}: {record.getMessage()}", err=True)


def write_report(report: Report, form: str, output: Path, *, full: bool, with_text: bool) -> None:
    """Write a report in a form; `full` shows long lists in full, where a form cuts them."""
    if form == "parquet":
        make_folder(output)
        for name, content in rendering.as_parquet(report, with_text=with_text).items():
            write_whole(output / name, content)
            note_written(output / name)
    elif form == "text":
        write(rendering.as_text(report, full=full, with_text=with_text, **layout(output)), output)
    elif form == "html":
        write(rendering.as_html(report, with_text=with_text, embeddings=report.embeddings), output)
    else:
        write(getattr(rendering, f"as_{form}")(report, with_text=with_text), output)


def choose_form(form: str | None, output: str | Path, known: Sequence[str]) -> str:
    """Choose the form of a result: the one asked for, or that of the suffix of its file, or else the first one known.

    Raises
    ------
    UsageError
        If the suffix contradicts the form asked for, or names one that the command cannot write.
    """
    named = SUFFIXES.get(Path(output).suffix.lower())
    if named and (named not in known or form not in (None, named)):
        shown = printable(str(output))
        wanted = form or f"one of {', '.join(known)}"
        raise click.UsageError(f"-o {shown} is named like {named}, and the result is {wanted}; choose another name")
    suffix = Path(output).suffix.lower()
    if form is None and named is None and suffix in _OF_OTHERS:
        names = ", ".join(name for name, kind in SUFFIXES.items() if kind in known)
        raise click.UsageError(f"cannot write {suffix}; name a file that ends in {names}, or choose with --format")
    return form or named or known[0]


def check_output(
    form: str,
    output: str | Path,
    inputs: Iterable[str | Path] = (),
    *,
    names: NamePatterns = ALL_NAMES,
    force: bool = False,
) -> None:
    """Refuse a place for a report that cannot be written, or should not be, before the long work and not after it."""
    if form == "html" and str(output) == "-" and _on_terminal(sys.stdout):
        raise click.UsageError("a page is not for the terminal; write it into a file: -o report.html")
    if form == "parquet":
        if str(output) == "-":
            raise click.UsageError("--format parquet writes three tables and needs a folder: -o FOLDER")
        if not is_uri(str(output)):
            check_folder(Path(output), inputs, names=names, force=force)
        elif is_web(str(output)):
            raise click.UsageError(f"-o {printable(str(output))}: tables go to a folder, or to a store such as s3://")
    elif is_uri(str(output)):
        raise click.UsageError(
            f"-o {printable(str(output))} is an address; name a file of this machine, or write tables: --format parquet"
        )
    else:
        check_file(output, inputs, names=names, force=force)


def check_file(
    output: str | Path, inputs: Iterable[str | Path] = (), *, names: NamePatterns = ALL_NAMES, force: bool = False
) -> None:
    """Refuse a file, or standard output, that cannot be written, or should not be, before the long work."""
    if str(output) != "-":
        check_writable(Path(output), inputs, names=names, force=force)
    elif sys.stdout is None:
        raise WriteError("standard output is closed; name a file with -o")


def write(content: str, output: Path) -> None:
    """Write text to a file or to standard output, always in UTF-8; bytes of file names that are no text are escaped."""
    encoded = content.encode("utf-8", "backslashreplace")
    if str(output) == "-":
        with standard_output() as stream:
            stream.write(encoded)
    else:
        write_whole(output, encoded)
    note_written(output)


def print_lines(lines: Iterable[str]) -> None:
    """Write lines to standard output as they come."""
    with standard_output() as stream:
        for line in lines:
            stream.write(line.encode("utf-8", "backslashreplace"))
    note_written("-")


@contextmanager
def standard_output() -> Iterator[BinaryIO]:
    """Open standard output for bytes, which are flushed at the end.

    Raises
    ------
    WriteError
        If it is closed, or its disk is full.
    """
    if sys.stdout is None:
        raise WriteError("standard output is closed; name a file with -o")
    try:
        yield sys.stdout.buffer
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads has enough
        raise
    except OSError as error:
        discard(1)
        raise WriteError(f"cannot write to standard output: {error.strerror}; name a file with -o") from error


def note_written(output: str | Path) -> None:
    """Remember what has been written whole, for the message of a run that is interrupted."""
    context = click.get_current_context(silent=True)
    if context is not None:
        context.find_root().meta.setdefault(_WRITTEN, []).append(str(output))


def note_begun(output: str | Path) -> None:
    """Remember a folder in which tables are written part by part from now on."""
    context = click.get_current_context(silent=True)
    if context is not None:
        context.find_root().meta[_BEGUN] = str(output)


def begun(context: click.Context) -> str | None:
    """The folder in which tables are being written part by part, if there is one."""
    place: str | None = context.find_root().meta.get(_BEGUN)
    return place


def written(context: click.Context) -> list[str]:
    """Files written whole so far, in order; "-" is standard output."""
    return list(context.find_root().meta.get(_WRITTEN, ()))


def choose_colour(context: click.Context, value: str) -> None:
    """Remember whether text is to be coloured: auto, always or never."""
    context.meta[_COLOUR] = value
    if value == "always":
        context.color = True  # else click would take the colours off for a pipe


def _chosen_colour() -> str:
    context = click.get_current_context(silent=True)
    return "auto" if context is None else str(context.meta.get(_COLOUR, "auto"))


def layout(output: Path) -> dict[str, Any]:
    """Width and colour of text for people: those of the terminal, if it goes to one."""
    terminal = str(output) == "-" and _on_terminal(sys.stdout)
    chosen = _chosen_colour()
    colour = terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    colour = chosen == "always" or (colour and chosen != "never")
    width = shutil.get_terminal_size().columns if terminal else 100
    return {"width": min(width, 140), "colour": colour}


def tell_skipped(skipped: Sequence[Skipped], *, full: bool) -> None:
    """Name what was skipped, and why, on standard error; only the first few unless `full`."""
    for item in skipped if full else skipped[:_MOST_SKIPPED]:
        click.echo(f"skipped {printable(item.place)}: {printable(item.reason)}", err=True)
    if not full and len(skipped) > _MOST_SKIPPED:
        click.echo(f"skipped {len(skipped) - _MOST_SKIPPED:,} more; -v names all", err=True)


@contextmanager
def progress_line(shown: bool) -> Iterator[ProgressLine]:
    """Line that shows how far a run has come, if standard error is a terminal; then it says how long the run took."""
    shown = shown and _on_terminal(sys.stderr)
    started = time.monotonic()
    with ProgressLine(sys.stderr, shown=shown) as line:
        _shown_lines.append(line)
        try:
            yield line
        finally:
            _shown_lines.remove(line)
    if shown:
        click.echo(f"Took {_duration(time.monotonic() - started)}.", err=True)


_shown_lines: list[ProgressLine] = []


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes:,} min {rest} s" if minutes else f"{seconds:.1f} s"


def _on_terminal(stream: IO[str] | None) -> bool:
    return stream is not None and stream.isatty()


def log_to_stderr(verbose: int) -> None:
    """Send log messages to standard error: warnings always, with -v also what is going on, with -vv details."""
    logger = logging.getLogger("dedup")
    logger.handlers = [_StandardError()]
    logger.setLevel((logging.WARNING, logging.INFO, logging.DEBUG)[min(verbose, 2)])
