"""The commands `evaluate`, `calibrate` and `train`: quality measured, scores fitted, the model trained."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from dedup.cli import options
from dedup.cli.help import SectionedCommand
from dedup.cli.inputs import find, folder_of
from dedup.cli.output import check_output, choose_form, log_to_stderr, progress_line, write
from dedup.datatypes import Article, Level, Settings
from dedup.report.destination import check_model_folder
from dedup.report.records import dumps
from dedup.runtime.process import count_cores


@click.command(cls=SectionedCommand)
@click.argument("gold", type=options.PATH)
@click.argument("report", required=False, type=options.PATH)
@click.option(
    "--pairs",
    "labelled_pairs",
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
    labelled_pairs: Path | None,
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

    Pairwise precision and recall, BCubed and adjusted Rand index, over all pairs, across and within languages. GOLD
    holds JSON lines with id, story and lang; text and title if it is to be scanned; and optionally group: articles of
    one group and different stories look alike and must stay apart. REPORT is a JSON or JSONL report of dedup, or JSON
    lines with id and cluster.
    """
    from dedup.evaluation import metrics as measuring
    from dedup.evaluation.gold import check_pairs, read_clusters, read_gold, read_pairs, require_texts

    log_to_stderr(verbose)
    settings = Settings(model=model, threshold=threshold, level=Level(level), scorer=scorer)
    form = choose_form(form, output, options.FORMS)
    check_output(form, output, (gold, *filter(None, (report, labelled_pairs)), scorer, *folder_of(model)), force=force)
    known, labelled = read_gold(gold), read_pairs(labelled_pairs, Level(level)) if labelled_pairs else ()
    articles = [item.article for item in known]
    ids = {article.id for article in articles}
    if labelled_pairs:
        check_pairs(labelled, ids, labelled_pairs)
    if report:
        clusters = read_clusters(report, ids)
    else:
        require_texts(articles, gold)
        clusters = _scan_gold(articles, settings, shown=not (quiet or no_progress))
    evaluation = measuring.evaluate(known, clusters, labelled)
    if form == "json":
        write(dumps(measuring.evaluation_as_dict(evaluation), indent=1) + "\n", output)
    else:
        write(measuring.evaluation_as_text(evaluation), output)


@click.command(cls=SectionedCommand, short_help="Fit the score to labelled articles.")
@click.argument("golds", nargs=-1, required=True, type=options.PATH, metavar="GOLD...")
@click.option(
    "--against",
    "negatives",
    multiple=True,
    type=options.PATH,
    metavar="GOLD",
    help="Further sets, only for what must stay apart.",
)
@click.option(
    "--events",
    multiple=True,
    type=options.PATH,
    metavar="GOLD",
    help="Further sets, with other outlets' reports of the same events.",
)
@click.option(
    "--pairs",
    "labelled_pairs",
    multiple=True,
    type=options.PATH,
    metavar="FILE",
    help="Labelled pairs; they overrule the stories.",
)
@click.option(
    "--archive",
    "archives",
    multiple=True,
    type=options.PATH,
    metavar="FILE",
    help="Articles of an archive, labelled by --pairs.",
)
@click.option(
    "--decisions",
    "verdicts",
    multiple=True,
    type=options.PATH,
    metavar="FILE",
    help="Decisions as for dedup scan, which serve as labelled pairs and overrule --pairs.",
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
    negatives: tuple[Path, ...],
    events: tuple[Path, ...],
    labelled_pairs: tuple[Path, ...],
    archives: tuple[Path, ...],
    verdicts: tuple[Path, ...],
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

    GOLD holds JSON lines with id, story, text and optionally title and group. Standard error shows the figures
    of each set, by a fit with it and by one without it: F1 of single pairs, BCubed F1 of clusters or F1 of the --pairs.
    """
    from dedup.clustering.decisions import Decisions
    from dedup.embedding.load import load_encoder
    from dedup.evaluation.calibrate import calibrate_scorer

    log_to_stderr(verbose)
    if folds and level != Level.STORY.value:
        raise click.UsageError("--folds needs --level story: the fit of duplicates has no folds.")
    inputs: list[str | Path] = [*golds, *negatives, *events, *labelled_pairs, *archives, *verdicts, *folder_of(model)]
    check_output(choose_form("json", output, ["json"]), output, inputs, force=force)
    decided, encoder = Decisions.load(*verdicts), load_encoder(model)
    with progress_line(not (quiet or no_progress)) as progress:
        found = calibrate_scorer(
            golds,
            negatives,
            events,
            labelled_pairs,
            archives,
            decisions=decided,
            encoder=encoder,
            level=Level(level),
            folds=folds,
            jobs=jobs,
            progress=progress,
        )
    if not quiet:
        click.echo(found.as_text(), err=True, nl=False)
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
    """Cluster of every clustered gold article, by a scan that sees no gold story."""
    report = find(articles, settings, evidence=False, jobs=count_cores(), shown=shown)
    return {
        report.articles[member].id: str(number)
        for number, cluster in enumerate(report.clusters)
        for member in cluster.members
    }
