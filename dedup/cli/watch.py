"""The command `watch`: duplicates as files arrive in a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from dedup.cli import options
from dedup.cli.help import SectionedCommand
from dedup.cli.inputs import read_options
from dedup.cli.output import check_file, log_to_stderr, tell_skipped, write
from dedup.cli.sizes import Number
from dedup.datatypes import Skipped
from dedup.language.text import printable
from dedup.report.records import dumps
from dedup.runtime.process import load_numpy_alone


@click.command(cls=SectionedCommand, short_help="Watch a folder for articles seen before.")
@click.argument("folder", type=options.NamedPath(path_type=Path, file_okay=False))
@click.option(
    "--archive", "file", required=True, type=options.FILE, metavar="FILE.db",
    help="Archive in which to look, and to which everything is added; it is made if there is none.",
)  # fmt: skip
@click.option(
    "--settle", type=Number(0), default=1.0, show_default=True, metavar="SECONDS",
    help="How long a file has to stay unchanged before it is read, so that one still being written is waited for.",
)  # fmt: skip
@click.option("--no-text", is_flag=True, help="Leave the text of the articles out of the lines.")
@options.reading_options
@options.verbose_option
def watch(
    folder: Path,
    file: Path,
    settle: float,
    no_text: bool,
    verbose: int,
    **reading: Any,
) -> None:
    """Watch a folder, and report every article that has been seen before.

    Writes a JSON line for each article that is in the archive already, in any language, with kind, score and evidence.
    Every article that arrives is added. Ends on Ctrl-C or SIGTERM. Needs the extra dedup-articles[watch]. Feeds are not
    watched: let another program save them into the folder.

    \b
    dedup watch incoming/ --archive news.db
    """
    log_to_stderr(verbose)
    check_file("-")
    load_numpy_alone()
    from dedup.archive import rendering
    from dedup.archive.archive import Archive
    from dedup.archive.watch import check_folder
    from dedup.archive.watch import watch as watched

    chosen = read_options(**reading)
    check_folder(folder)
    with Archive.open(file) as archive:
        click.echo(f"watching {printable(str(folder))} with {printable(str(file))}; Ctrl-C ends it", err=True)
        try:
            for arrival in watched(folder, archive, options=chosen, settle=settle):
                if isinstance(arrival.item, Skipped):
                    tell_skipped([arrival.item], full=True)
                elif arrival.findings:
                    record = rendering.checked_record(arrival.item, arrival.findings, with_text=not no_text)
                    write(dumps({**rendering.head(), "path": arrival.item.path, **record}) + "\n", Path("-"))
        except KeyboardInterrupt:
            click.echo("watch ended; everything that was read is in the archive", err=True)
