"""The command line: parse, call, print.

Standard output is data, standard error is everything else. Exit codes: 0 finished, 1 failed, 2 wrong usage,
3 duplicates found and 4 nothing read under ``--check``, 130 interrupted, 129 and 143 ended by a signal. The stages are
imported inside the commands that run them, so that ``--help`` answers at once.
"""

from __future__ import annotations

from pathlib import Path

import click

from dedup import report as rendering
from dedup.cli.apply import apply
from dedup.cli.archive import archive
from dedup.cli.compare import compare
from dedup.cli.completion import completion
from dedup.cli.errors import ErrorGroup
from dedup.cli.keep import keep
from dedup.cli.manual import man
from dedup.cli.measure import calibrate, evaluate, train
from dedup.cli.output import check_file, write
from dedup.cli.scan import scan
from dedup.cli.serve import serve
from dedup.cli.watch import watch
from dedup.version import __version__

_CONTEXT = {
    "help_option_names": ["-h", "--help"],
    "max_content_width": 100,
    "auto_envvar_prefix": "DEDUP",
}


@click.group(cls=ErrorGroup, context_settings=_CONTEXT)
@click.version_option(__version__, "-V", "--version", prog_name="dedup")
def main() -> None:
    """Find articles that tell the same story, also in other languages, and see why.

    \b
    dedup scan articles/                             every story told more than once, with the reason
    dedup scan articles/ -o report.html              a page to look through and decide
    dedup scan news.jsonl -o report.json             for other programs (described by dedup schema)
    dedup scan articles/ --check -q                  exit code 3 if there are duplicates
    dedup apply report.json --move-to DIR --dry-run  which repeats would be moved
    dedup compare first.txt second.html              two articles side by side
    dedup keep news.jsonl -o unique.jsonl            the same records without the repeats
    dedup archive add news.db articles/              remember articles, to look up new ones
    dedup archive check news.db draft.txt            is it in the archive, in any language?
    dedup evaluate gold.jsonl report.json            how accurate a report is

    Reads text, Markdown, web pages, mail, feeds, JSON, tables and archives; with dedup-articles[documents] also Word,
    PDF and other documents. Scanning changes nothing that it reads, and nothing leaves the machine.

    Exit codes: 0 finished, 1 failed, 2 wrong usage, 3 duplicates found under --check, 4 nothing read under --check,
    130 interrupted (143 and 129 by SIGTERM and SIGHUP).
    """


@main.command()
def schema() -> None:
    """Print the JSON Schema of the JSON report."""
    check_file("-")
    write(rendering.schema(), Path("-"))


for command in (scan, apply, compare, keep, archive, watch, serve, evaluate, calibrate, train, completion, man):
    main.add_command(command)
