"""Where results and messages of the command line go: files, standard output, the terminal."""

from __future__ import annotations

import logging
import os
import shutil
import sys
from pathlib import Path
from typing import IO, Any

import click

from dedup import report as rendering
from dedup.cli.progress import ProgressLine
from dedup.datatypes import Report
from dedup.report.destination import check_writable, make_folder, write_whole
from dedup.runtime.remote_files import is_uri


class _StandardError(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        click.echo(f"{record.levelname.lower()}: {record.getMessage()}", err=True)


def write_report(report: Report, form: str, output: Path, *, full: bool, with_text: bool) -> None:
    if form == "parquet":
        for name, content in rendering.as_parquet(report, with_text=with_text).items():
            write_whole(output / name, content)
    elif form == "text":
        write(rendering.as_text(report, full=full, with_text=with_text, **layout(output)), output)
    elif form == "html":
        write(rendering.as_html(report, with_text=with_text, embeddings=report.embeddings), output)
    else:
        write(getattr(rendering, f"as_{form}")(report, with_text=with_text), output)


def check_output(form: str, output: str | Path) -> None:
    """Refuse an output that cannot be written before the long work, not after it."""
    if form == "parquet":
        if str(output) == "-":
            raise click.UsageError("--format parquet writes three tables and needs a folder: -o FOLDER")
        if not is_uri(str(output)):
            make_folder(Path(output))
    elif str(output) != "-":
        check_writable(Path(output))


def write(content: str, output: Path) -> None:
    """Text to a file or to standard output, always in UTF-8; bytes of file names that are no text are escaped."""
    encoded = content.encode("utf-8", "backslashreplace")
    if str(output) == "-":
        click.echo(encoded, nl=False)
    else:
        write_whole(output, encoded)


def layout(output: Path) -> dict[str, Any]:
    """Width and colour of text for people: those of the terminal, if it goes to one."""
    terminal = str(output) == "-" and _on_terminal(sys.stdout)
    colour = terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    width = shutil.get_terminal_size().columns if terminal else 100
    return {"width": min(width, 140), "colour": colour}


def progress_line(shown: bool) -> ProgressLine:
    return ProgressLine(sys.stderr, shown=shown and _on_terminal(sys.stderr))


def _on_terminal(stream: IO[str]) -> bool:
    return stream.isatty()


def log_to_stderr(verbose: int) -> None:
    """Warnings always, what is going on with -v, details with -vv."""
    logger = logging.getLogger("dedup")
    logger.handlers = [_StandardError()]
    logger.setLevel((logging.WARNING, logging.INFO, logging.DEBUG)[min(verbose, 2)])
