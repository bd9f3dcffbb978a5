"""The command `compare`: two articles side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from dedup import report as rendering
from dedup.cli import options
from dedup.cli.errors import FOUND_DUPLICATES
from dedup.cli.help import SectionedCommand
from dedup.cli.inputs import folder_of, one_article, path_of
from dedup.cli.output import check_output, choose_form, layout, log_to_stderr, write
from dedup.datatypes import Level, Settings


@click.command(cls=SectionedCommand)
@click.argument("left")
@click.argument("right")
@options.format_option
@options.output_option
@options.force_option
@options.matching_options
@options.field_options
@options.limit_options
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
    **reading: Any,
) -> None:
    """Compare two articles side by side.

    Shows the verdict, the aligned sentences, what only one of the two says, and the numbers and names that agree or
    clash.

    \b
    dedup compare first.txt second.html
    dedup compare news.jsonl#1204 news.jsonl#1377     records by their ids
    """
    from dedup.pipeline import compare_articles

    log_to_stderr(verbose)
    settings = Settings(model=model, threshold=threshold, level=Level(level), scorer=scorer)
    form = choose_form(form, output, options.FORMS)
    check_output(form, output, (*map(path_of, (left, right)), scorer, *folder_of(model)), force=force)
    comparison = compare_articles(one_article(left, **reading), one_article(right, **reading), settings=settings)
    if form == "json":
        write(rendering.comparison_as_json(comparison), output)
    else:
        write(rendering.comparison_as_text(comparison, full=verbose > 0, **layout(output)), output)
    if check and comparison.is_match:
        raise click.exceptions.Exit(FOUND_DUPLICATES)
