"""Options that several commands of the command line share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from dedup.cli.kinds import KINDS_IN_WORDS
from dedup.cli.output import choose_colour
from dedup.cli.sizes import Whole, parse_size
from dedup.datatypes import KEEP_BY_DEFAULT, Level, Pairs

Command = TypeVar("Command", bound=Callable[..., Any])

FORMS = ("text", "json")
"""Shapes of an answer about one thing."""


class NamedPath(click.Path):
    """Path that is not empty: pathlib would take the empty text of a forgotten variable for the current folder."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Check a path and convert it."""
        if value == "":
            self.fail('"" names no file or folder; is a variable empty?', param, ctx)
        return super().convert(value, param, ctx)


PATH = NamedPath(path_type=Path)
"""A path, as pathlib has it."""


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
        help="The article that represents a story: newest or oldest (one without a date only where none has one), "
        "longest (of its language), first (read), reference, path:GLOB or language:id,en. May be repeated: a later "
        f"rule decides among those that are equal by the earlier ones, and the id last. By default {default}.",
    )


keep_option = _keep(", then ".join(KEEP_BY_DEFAULT))
"""Choice of the representative of a story, by rules in their order."""

keep_anew_option = _keep("as the report says")
"""Choice of the representative of a story, in place of the one in a report."""


def _form(otherwise: str, **more: Any) -> Callable[[Command], Command]:
    return click.option(
        "-f",
        "--format",
        "form",
        type=click.Choice(FORMS, case_sensitive=False),
        help=f"Shape of the answer{otherwise}.",
        **more,
    )


format_option = _form("; by default what the suffix of -o says, or else text")
"""Choice of the shape of an answer that may go to a file."""

printed_format_option = _form("", default=FORMS[0], show_default=True)
"""Choice of the shape of an answer that is printed."""

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
        type=float,
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
    help="Keep to what people decided: JSON lines with left, right and verdict (same or different), by ids or hashes "
    "of a report, or with keep, the representative of a story. May be repeated; later lines overrule earlier ones.",
)
"""Files of decisions."""

field_options = _several(
    *(
        click.option(f"--{part}-field", multiple=True, metavar="NAME", help=f"{more} the {part}; may be repeated.")
        for part, more in (
            ("text", "One more field of JSON, CSV and Parquet records to look for"),
            ("id", "One more field for"),
            ("title", "One more field for"),
            ("date", "One more field for"),
            ("language", "One more field for"),
        )
    ),
)
"""Names of the fields that records have."""

limit_options = _several(
    click.option(
        "--max-bytes",
        callback=parse_size,
        metavar="SIZE",
        help="Skip files larger than this, and longer lines of JSONL and CSV, such as 800k or 8M; by default 64M.",
    ),
    click.option(
        "--max-ratio",
        type=click.IntRange(min=1),
        metavar="N",
        help="Give up what unpacks to more than N times its size, and to more than --max-bytes; by default 200.",
    ),
    click.option(
        "--max-barren",
        type=click.IntRange(min=1),
        metavar="N",
        help="Give up a file after N records or blank lines on end that hold no article; by default 100,000.",
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

archive_options = _several(
    click.option(
        "--archive",
        type=NamedPath(path_type=Path, dir_okay=False),
        metavar="FILE.db",
        help="Add the articles to this archive and report all its stories; only what is new or changed is computed.",
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
    help='Read the paths in this list as well, one a line or NUL after each; "-" is standard input.',
)
"""List of further paths."""


def _against(then: str) -> Callable[[Command], Command]:
    return click.option(
        "--against",
        multiple=True,
        metavar="PATH",
        help=f"Compare with the articles of this reference alone, never inside it, {then}; may be repeated.",
    )


_pairs_options = _several(
    click.option(
        "--pairs",
        type=click.Choice([pairs.value for pairs in Pairs]),
        default=Pairs.ALL.value,
        show_default=True,
        help="Pairs that count. Two that do not may still be in one story, by way of a third.",
    ),
    click.option(
        "--languages", multiple=True, metavar="CODES", help="Compare only articles detected as these, such as id,en."
    ),
    click.option(
        "--within",
        metavar="SPAN",
        help="Compare only what was published within 36h, 7d or 2w of each other; what has no date, with all.",
    ),
    click.option(
        "--since", default="", metavar="DATE", help="Compare only what was published since, such as 2024-05-31."
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
    _against("and keep those of it unless --keep says otherwise"),
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
    help="Colour the text: on a terminal, always (for less -R), or never.",
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
        help="Show long lists in full, and log messages; -vv logs details.",
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
    help="Number of processes, one a core by default. The report is the same with any number.",
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

output_uri_option = _output(NamedPath(allow_dash=True))
"""Destination of the result, as a str, since it may be a URI."""

force_option = click.option("--force", is_flag=True, help="Overwrite a file that is not a report of dedup.")
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
        help='With --engine ray: the head of a cluster as host:port, or "auto" on one of its machines; by '
        "default a Ray of this machine's own.",
    ),
)
"""Choice of the machines that do the work."""
