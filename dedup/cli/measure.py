"""The commands of whoever measures: `evaluate`, `calibrate` and `train`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import click

from dedup.cli import options
from dedup.cli.help import SectionedCommand
from dedup.cli.inputs import find, folder_of
from dedup.cli.output import check_output, choose_form, log_to_stderr, progress_line, write
from dedup.datatypes import Article, Level, Settings
from dedup.report.destination import check_model_folder
from dedup.runtime.process import count_cores


@click.command(cls=SectionedCommand)
@click.argument("gold", type=options.PATH)
@click.argument("report", required=False, type=options.PATH)
@click.option(
    "--pairs",
    type=options.PATH,
    metavar="FILE",
    help="Labelled pairs to score as well: JSON lines with a, b and label 1 or 0.",
)
@options.format_option
@options.output_option
@options.force_option
@options.matching_options
@options.verbosity_options
def evaluate(
    gold: Path,
    report: Path | None,
    pairs: Path | None,
    form: str | None,
    output: Path,
    force: bool,
    model: str,
    threshold: float | None,
    scorer: str,
    level: str,
    quiet: bool,
    verbose: int,
    no_progress: bool,
) -> None:
    """Measure a report against gold stories.

    \b
    dedup evaluate gold.jsonl.xz                scans the articles in it, then measures
    dedup evaluate gold.jsonl.xz report.json    measures a report that is already there

    Pairwise precision and recall, BCubed, adjusted Rand index; over all pairs, across and within languages. GOLD holds
    JSON lines with id, story and lang, text and title for a scan, and group, whose articles of different
    stories are hard negatives. REPORT is a JSON or JSONL report of ours, or JSON lines with id and cluster.
    """
    from dedup.evaluation import metrics as measuring
    from dedup.evaluation.gold import check_pairs, read_clusters, read_gold, read_pairs, require_texts

    log_to_stderr(verbose)
    settings = Settings(model=model, threshold=threshold, level=Level(level), scorer=scorer)
    form = choose_form(form, output, options.FORMS)
    check_output(form, output, (gold, *filter(None, (report, pairs)), scorer, *folder_of(model)), force=force)
    known, labelled = read_gold(gold), read_pairs(pairs) if pairs else ()
    articles = [item.article for item in known]
    ids = {article.id for article in articles}
    if pairs:
        check_pairs(labelled, ids, pairs)
    if report:
        clusters = read_clusters(report, ids)
    else:
        require_texts(articles, gold)
        clusters = _scan_gold(articles, settings, shown=not (quiet or no_progress))
    evaluation = measuring.evaluate(known, clusters, labelled)
    if form == "json":
        write(json.dumps(measuring.evaluation_as_dict(evaluation), indent=1, allow_nan=False) + "\n", output)
    else:
        write(measuring.evaluation_as_text(evaluation), output)


@click.command(cls=SectionedCommand, short_help="Fit the score to labelled articles.")
@click.argument("golds", nargs=-1, required=True, type=options.PATH, metavar="GOLD...")
@click.option(
    "--against", multiple=True, type=options.PATH, metavar="GOLD", help="More sets, for what must stay apart alone."
)
@click.option(
    "--events",
    multiple=True,
    type=options.PATH,
    metavar="GOLD",
    help="More sets, with other outlets' reports of the same events.",
)
@click.option(
    "--pairs", multiple=True, type=options.PATH, metavar="FILE", help="Labelled pairs, which overrule the stories."
)
@click.option(
    "--archive",
    "archives",
    multiple=True,
    type=options.PATH,
    metavar="FILE",
    help="Articles of an archive, judged by --pairs.",
)
@click.option(
    "--decisions",
    multiple=True,
    type=options.PATH,
    metavar="FILE",
    help="Decisions on pairs of reports, as for dedup scan: more labelled pairs, which overrule --pairs.",
)
@options.level_option
@click.option(
    "--folds",
    type=click.IntRange(2, 100),
    metavar="N",
    help="With --level story, also score each of N parts of the stories by a fit that has not seen them.",
)
@options.model_option
@options.output_option
@options.force_option
@options.jobs_option
@options.verbosity_options
def calibrate(
    golds: tuple[Path, ...],
    against: tuple[Path, ...],
    events: tuple[Path, ...],
    pairs: tuple[Path, ...],
    archives: tuple[Path, ...],
    decisions: tuple[Path, ...],
    level: str,
    folds: int | None,
    model: str,
    output: Path,
    force: bool,
    jobs: int | None,
    quiet: bool,
    verbose: int,
    no_progress: bool,
) -> None:
    """Fit the score to labelled articles, for another model or another kind of text.

    \b
    dedup calibrate mine.jsonl more.jsonl --model sentence-transformers/LaBSE -o labse.json
    dedup scan articles/ --model sentence-transformers/LaBSE --scorer labse.json

    GOLD holds JSON lines with id, story, text and, if present, title, group. Standard error says what each gives, and
    what it gives left out of the fit: the F1 of single pairs, the BCubed F1 of clusters or the F1 of the --pairs.
    """
    from dedup.clustering.decisions import Decisions
    from dedup.embedding.load import load_encoder
    from dedup.evaluation.calibrate import calibrate_scorer

    log_to_stderr(verbose)
    if folds and level != Level.STORY.value:
        raise click.UsageError("--folds needs --level story: the fit of duplicates has no folds.")
    inputs: list[str | Path] = [*golds, *against, *events, *pairs, *archives, *decisions, *folder_of(model)]
    check_output(choose_form("json", output, ["json"]), output, inputs, force=force)
    decided = Decisions.load(*decisions)
    sets, encoder = (golds, against, events, pairs, archives), load_encoder(model)
    with progress_line(not (quiet or no_progress)) as progress:
        found = calibrate_scorer(
            *sets, decisions=decided, encoder=encoder, level=Level(level), folds=folds, jobs=jobs, progress=progress
        )
    click.echo("" if quiet else found.as_text(), err=True, nl=False)
    write(found.as_json(), output)


@click.command(cls=SectionedCommand)
@click.argument("corpus", type=options.PATH)
@click.option(
    "-o",
    "--output",
    "out",
    required=True,
    type=options.PATH,
    metavar="DIR",
    help="Folder for the model; a stopped run goes on from its checkpoints in DIR.work.",
)
@options.verbosity_options
def train(corpus: Path, out: Path, quiet: bool, verbose: int, no_progress: bool) -> None:
    """Train the embedding model.

    CORPUS is a folder of translation pairs; needs dedup-articles[train].
    """
    from dedup.training import train_encoder

    log_to_stderr(verbose)
    check_model_folder(out, corpus)
    with progress_line(not (quiet or no_progress)) as progress:
        train_encoder(corpus, out, progress=progress)


def _scan_gold(articles: Iterable[Article], settings: Settings, *, shown: bool) -> dict[str, str]:
    """Cluster of every clustered gold article, from a scan that sees nothing of the gold."""
    report = find(articles, settings, evidence=False, jobs=count_cores(), shown=shown)
    return {
        report.articles[member].id: str(number)
        for number, cluster in enumerate(report.clusters)
        for member in cluster.members
    }
