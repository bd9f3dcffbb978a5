"""Errors of the library turned into messages and exit codes, in one place."""

from __future__ import annotations

import errno
import os
import signal
from typing import Any

import click

from dedup.cli.help import running
from dedup.cli.output import begun, written
from dedup.cli.streams import open_closed_descriptors, safe_messages
from dedup.errors import DedupError, SettingsError
from dedup.language.text import printable
from dedup.runtime.process import Ended, collected_seldom, ended_by_signals, search_no_more_at_exit

FOUND_DUPLICATES = 3
"""Exit code of --check where there are duplicates."""

_NOTHING_READ = 4

_GAVE_OUT = {
    errno.EMFILE: "allow more open files (ulimit -n 256)",
    errno.ENFILE: "the whole machine has too many files open",
    errno.ENOSPC: "make room, or name a folder that has room in TMPDIR",
    errno.ENOMEM: "scan a part at a time, or use --jobs 1",
}
"""Next step for each error of the system that says something has run out."""

_NOT_WRITTEN = {
    "scan": "no report was written",
    "apply": "what has been done stands in the journal; the same command goes on, and --undo takes it back",
    "compare": "no comparison was written",
    "keep": "nothing was written",
    "evaluate": "no figures were written",
    "calibrate": "no scorer was written",
    "train": "no model was written; the same command goes on from the checkpoints in DIR.work",
    "schema": "the schema was not printed whole",
    "archive add": "what was added before is in the archive; the same command goes on from there",
    "archive remove": "what was removed before is gone from the archive; the same command goes on from there",
    "archive compact": "the archive is as it was",
    "archive check": "no answer was written",
    "archive list": "no list was written",
    "watch": "what was read before is in the archive; the same command goes on from there",
    "serve": "nothing was served",
}
"""Message of an interrupted command, by its name."""


class _Interrupted(click.ClickException):
    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.exit_code = code  # type: ignore[misc]  # of this signal; click has one code for all errors of a class


class NothingRead(click.ClickException):
    """Failure of --check where nothing could be read: exit code 4."""

    exit_code = _NOTHING_READ


class ErrorGroup(click.Group):
    """The one place where errors become messages and exit codes."""

    def main(self, *args: Any, **options: Any) -> Any:
        """Run the command line; that a standard stream is closed is no error."""
        open_closed_descriptors()
        with safe_messages():
            return super().main(*args, **options)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is named; a path in its place is answered with the command that would scan it."""
        named = args[0]  # click takes the list apart where it looks like an option
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            if not os.path.exists(named):
                raise
            shown = printable(named)
            raise click.UsageError(f"{shown} is no command; did you mean: dedup scan {shown}", ctx) from error

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
    """Make the error of an interrupted command, which says what has been written."""
    done = written(context)
    names = ", ".join("standard output" if name == "-" else name for name in done)
    whole = f"{names} {'was' if len(done) == 1 else 'were'} written whole" if done else ""
    missing = _NOT_WRITTEN.get(running(context) or context.invoked_subcommand or "", "nothing was written")
    if place := begun(context):
        missing = f"the tables in {place} are not whole, and lack summary.json"
    code = 128 + (error.number if isinstance(error, Ended) else signal.SIGINT)
    return _Interrupted(f"interrupted; {whole or missing}", code)
