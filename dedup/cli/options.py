"""Options that several commands of the command line share."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from dedup.cli.kinds import KINDS_IN_WORDS
from dedup.cli.output import choose_colour
from dedup.cli.sizes import Number, Whole, parse_size
from dedup.datatypes import KEEP_BY_DEFAULT, Level, Pairs
from dedup.language.text import printable
from dedup.runtime.remote_files import is_uri

Command = TypeVar("Command", bound=Callable[..., Any])

FORMS = ("text", "json")
"""Formats of an answer about one thing."""

REPORT_FORMS = ("text", "json", "jsonl", "csv", "html", "parquet")
"""Formats of a report."""


class NamedPath(click.Path):
    """Path of a file or folder of this machine.

    It is not empty, since pathlib would take the empty text of a forgotten variable for the current folder; it holds no
    half letters, and is no address, unless it `may_be_uri`.
    """

    def __init__(self, *, may_be_uri: bool = False, **given: Any) -> None:
        super().__init__(**given)
        self._may_be_uri = may_be_uri

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Check a path and convert it."""
        if value == "":
            self.fail('"" names no file or folder; is a variable empty?', param, ctx)
        try:
            os.fsencode(value)
        except UnicodeEncodeError:
            self.fail(f"{printable(str(value))} can be the name of no file or folder; check its letters", param, ctx)
        if not self._may_be_uri and is_uri(str(value)):
            self.fail(f"{printable(str(value))} is an address; name a file or folder of this machine", param, ctx)
        return super().convert(value, param, ctx)


PATH = NamedPath(path_type=Path)
"""Type of a path, which pathlib represents."""

FILE = NamedPath(path_type=Path, dir_okay=False)
"""Type of the path of a file."""


def _several(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Combine options into one decorator."""

    def decorate(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def _keep(default: str) -> Callable[[Command], Command]:
    return click.option(
        "--keep",
        multiple=True,
        metavar="RULE",
        help="Rule for the article that represents a story: newest or oldest (one without a date only if none has a "
        "date), longest (of its language), first (read), reference, path:GLOB or language:id,en. May be repeated: each "
        "further rule decides among the articles that are equal by those before it, and the id decides last. By "
        f"default {default}.",
    )


keep_option = _keep(", then ".join(KEEP_BY_DEFAULT))
"""Choice of the representative of a story, by rules in their order."""

keep_anew_option = _keep("the report's own choice stays")
"""Choice of the representative of a story, in place of the one in a report."""


def make_format_option(forms: Sequence[str], help: str, **more: Any) -> Callable[[Command], Command]:
    """Make the option --format of a command that can write these formats."""
    return click.option("-f", "--format", "form", type=click.Choice(forms, case_sensitive=False), help=help, **more)


_BY_SUFFIX = "by default the one that the suffix of -o names, or else text"

format_option = make_format_option(FORMS, f"Format of the answer; {_BY_SUFFIX}.")
"""Choice of the format of an answer that may go to a file."""

printed_format_option = make_format_option(FORMS, "Format of the answer.", default=FORMS[0], show_default=True)
"""Choice of the format of an answer that is printed."""

report_format_option = make_format_option(REPORT_FORMS, f"Format of the report; {_BY_SUFFIX}.")
"""Choice of the format of a report."""

model_option = click.option(
    "--model",
    default="bundled",
    show_default=True,
    metavar="NAME|DIR",
    help="Embedding model: the bundled one, or any sentence-transformers model.",
)
"""Choice of the embedding model."""

level_option = click.option(
    "--level",
    type=click.Choice([level.value for level in Level], case_sensitive=False),
    default=Level.DUPLICATE.value,
    show_default=True,
    help="duplicate: copies, edits, excerpts, translations; story: also other reports of the same event.",
)
"""Choice of what counts as one story."""

matching_options = _several(
    model_option,
    click.option(
        "--threshold",
        type=Number(hint="; such as 0.8, or leave it out for the model's own"),
        metavar="T",
        help="Minimum probability (0 to 1) of being the same article; by default the model's own threshold.",
    ),
    click.option("--scorer", default="", metavar="FILE", help="Scorer file fitted by dedup calibrate for this model."),
    level_option,
)
"""Options that decide what is a duplicate."""

decisions_option = click.option(
    "--decisions",
    multiple=True,
    type=PATH,
    metavar="FILE",
    help="Apply what people decided: JSON lines with left, right and verdict (same or different), or with keep, the "
    "article that represents its story; articles are named by the ids or hashes of a report. May be repeated; later "
    "lines overrule earlier ones.",
)
"""Files of decisions."""

field_options = _several(
    *(
        click.option(
            f"--{part}-field",
            multiple=True,
            metavar="NAME",
            help=f"Field of records that holds the {part}, besides the usual names; may be repeated.",
        )
        for part in ("text", "id", "title", "date", "language")
    ),
)
"""Names of the fields that records have."""

limit_options = _several(
    click.option(
        "--max-bytes",
        callback=parse_size,
        metavar="SIZE",
        help="Skip documents, and lines of JSONL, CSV and TSV, larger than this, such as 800k or 8M; by default 64M.",
    ),
    click.option(
        "--max-ratio",
        type=Whole(1),
        metavar="N",
        help="Give up what unpacks to more than N times its size, and to more than --max-bytes; by default 200.",
    ),
    click.option(
        "--max-barren",
        type=Whole(1),
        metavar="N",
        help="Give up a file after N records or blank lines in a row without an article; by default 100,000.",
    ),
)
"""Limits on what a file may take."""

reading_options = _several(
    field_options,
    click.option(
        "--glob",
        multiple=True,
        metavar="PATTERN",
        help="In folders, read only files whose name matches, such as '*.html'; may be repeated.",
    ),
    click.option(
        "--exclude",
        multiple=True,
        metavar="PATTERN",
        help="In folders, leave out files and folders whose name matches; may be repeated.",
    ),
    limit_options,
)
"""Options on what is read, and how."""

NOT_WITH_AN_ARCHIVE = "--against, --pairs, --languages, --within, --since, --kinds, --min-size or --engine ray"
"""Options of a scan that an archive cannot honour."""

archive_options = _several(
    click.option(
        "--archive",
        type=FILE,
        metavar="FILE.db",
        help="Add the articles to this archive and report all its stories; only what is new or changed is computed. "
        f"Goes with --keep and --decisions, and not with {NOT_WITH_AN_ARCHIVE}: its stories are those of all pairs.",
    ),
    click.option(
        "--only-new", is_flag=True, help="With --archive: report only the stories that a new article belongs to."
    ),
)
"""Archive that remembers what was scanned before."""

files_from_option = click.option(
    "--files-from",
    type=NamedPath(allow_dash=True),
    metavar="FILE|-",
    help='Also read the paths in this list, one per line or each followed by NUL; "-" is standard input.',
)
"""List of further paths."""


def _against(then: str) -> Callable[[Command], Command]:
    return click.option(
        "--against",
        multiple=True,
        metavar="PATH",
        help=f"Compare only with the articles of this reference, never with one another, {then}; may be repeated.",
    )


_pairs_options = _several(
    click.option(
        "--pairs",
        type=click.Choice([pairs.value for pairs in Pairs]),
        default=Pairs.ALL.value,
        show_default=True,
        help="Pairs that count. Two articles whose pair does not may still be in one story, through a third.",
    ),
    click.option(
        "--languages", multiple=True, metavar="CODES", help="Compare only articles in these languages, such as id,en."
    ),
    click.option(
        "--within",
        metavar="SPAN",
        help="Compare only articles published within this span of each other, such as 36h, 7d or 2w; those without a "
        "date are compared with all.",
    ),
    click.option(
        "--since", default="", metavar="DATE", help="Compare only articles published since, such as 2024-05-31."
    ),
    click.option(
        "--min-size",
        type=Whole(2),
        default=2,
        metavar="N",
        help="Count only stories of at least so many articles.",
    ),
)

selection_options = _several(
    _against("and keep those of the reference unless --keep says otherwise"),
    _pairs_options,
    click.option(
        "--kinds", multiple=True, metavar="KINDS", help=f"Count only matches of these kinds: {KINDS_IN_WORDS}."
    ),
)
"""Options on the pairs that count."""

kept_selection_options = _several(_against("and leave out what repeats one of them"), _pairs_options)
"""Options on the pairs that count, for a command that writes articles and has kinds of its own."""

_colour_option = click.option(
    "--color",
    "colour",
    type=click.Choice(["auto", "always", "never"], case_sensitive=False),
    default="auto",
    show_default=True,
    expose_value=False,
    callback=lambda context, _, value: choose_colour(context, value),
    help="Colour the text: auto does so on a terminal, always also through a pipe (less -R).",
)


def _not_with_quiet(context: click.Context, _: click.Parameter, verbose: int) -> int:
    """Refuse -v beside -q."""
    if verbose and context.params.get("quiet"):
        raise click.UsageError("-q and -v contradict each other; leave one out")
    return verbose


verbose_option = _several(
    click.option(
        "-v",
        "--verbose",
        count=True,
        callback=_not_with_quiet,
        help="Show long lists in full and log what is going on; -vv logs details.",
    ),
    _colour_option,
)
"""Amount of messages, and their colour."""

verbosity_options = _several(
    click.option("-q", "--quiet", is_flag=True, is_eager=True, help="Only print the result and errors."),
    verbose_option,
    click.option("--no-progress", is_flag=True, help="Show no progress line."),
)
"""Amount of messages, with progress and a summary."""

jobs_option = click.option(
    "-j",
    "--jobs",
    type=Whole(1, hint="; leave it out for one a core"),
    metavar="N",
    help="Number of processes; by default one per core. The result is the same with any number.",
)
"""Number of processes."""


def _output(kind: NamedPath) -> Callable[[Command], Command]:
    return click.option(
        "-o",
        "--output",
        type=kind,
        default="-",
        metavar="FILE",
        help="Write to this file instead of standard output, whole or not at all.",
    )


output_option = _output(NamedPath(path_type=Path, allow_dash=True))
"""Destination of the result, as a path."""

output_uri_option = _output(NamedPath(allow_dash=True, may_be_uri=True))
"""Destination of the result, as a str, since it may be a URI."""

force_option = click.option("--force", is_flag=True, help="Overwrite even a file that dedup did not write.")
"""Permission to overwrite, by a flag."""

ray_options = _several(
    click.option(
        "--engine",
        type=click.Choice(["local", "ray"]),
        default="local",
        show_default=True,
        help="Run on this machine, or on a Ray cluster. The result is the same.",
    ),
    click.option(
        "--ray-address",
        metavar="ADDRESS",
        help='With --engine ray: host:port of the head of a cluster, or "auto" on one of its machines; by default a '
        "Ray that runs on this machine alone.",
    ),
)
"""Choice of the machines that do the work."""
