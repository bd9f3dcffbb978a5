"""Options that several commands of the command line share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from dedup.datatypes import Level

Command = TypeVar("Command", bound=Callable[..., Any])


def _several(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Several options as one decorator."""

    def decorate(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


model_option = click.option(
    "--model",
    default="bundled",
    show_default=True,
    metavar="NAME|DIR",
    help="Embedding model: the bundled one, or any sentence-transformers model.",
)
"""What makes vectors."""

level_option = click.option(
    "--level",
    type=click.Choice([level.value for level in Level]),
    default=Level.DUPLICATE.value,
    show_default=True,
    help="duplicate: copies, edits, excerpts, translations; story: also other reports of the same event.",
)
"""What counts as one story."""

matching_options = _several(
    model_option,
    click.option(
        "--threshold",
        type=float,
        metavar="T",
        help="Least probability (0 to 1) of being the same article; the default suits the model.",
    ),
    click.option("--scorer", default="", metavar="FILE", help="A score fitted by dedup calibrate, for this model."),
    level_option,
)
"""What decides about duplicates."""

reading_options = _several(
    click.option("--text-field", metavar="NAME", help="Field of JSON, CSV and Parquet records that holds the text."),
    click.option("--id-field", metavar="NAME", help="Field that holds the id."),
    click.option("--glob", metavar="PATTERN", help="In folders, read only files whose name matches, such as '*.html'."),
    click.option("--max-bytes", type=click.IntRange(min=1), metavar="N", help="Skip files larger than this."),
)
"""What is read, and how."""

verbose_option = click.option(
    "-v", "--verbose", count=True, help="Show long lists in full, and what is going on; -vv in detail."
)
"""How much is told."""

verbosity_options = _several(
    click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors beside the result."),
    verbose_option,
    click.option("--no-progress", is_flag=True, help="No progress line."),
)
"""How much is told, with progress and a summary."""

jobs_option = click.option(
    "-j",
    "--jobs",
    type=click.IntRange(min=1),
    metavar="N",
    help="Processes that share the work; by default all cores. The report is the same with any number.",
)
"""How many processes."""


def _output(kind: click.Path) -> Callable[[Command], Command]:
    return click.option(
        "-o",
        "--output",
        type=kind,
        default="-",
        metavar="FILE",
        help="Write here instead of to standard output; whole or not at all.",
    )


output_option = _output(click.Path(path_type=Path, allow_dash=True))
"""Where the result goes."""

output_uri_option = _output(click.Path(allow_dash=True))
"""The same, as a str, since it may be a URI."""

force_option = click.option("--force", is_flag=True, help="Write over a file that is no report of dedup.")
"""What may be lost."""

ray_options = _several(
    click.option(
        "--engine",
        type=click.Choice(["local", "ray"]),
        default="local",
        show_default=True,
        help="Who does the work: this machine's processes, or Ray. The result is the same.",
    ),
    click.option(
        "--ray-address",
        metavar="ADDRESS",
        help='With --engine ray: the head of a cluster as host:port, or "auto" on one of its machines; by '
        "default a Ray of this machine's own.",
    ),
)
"""On which machines."""
