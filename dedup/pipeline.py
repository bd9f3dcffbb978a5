"""The pipeline: read → detect → embed → match → cluster. The only file that knows the order."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from itertools import accumulate, chain
from pathlib import Path
from typing import Any

import numpy as np

from dedup.arrays import take_rows
from dedup.clustering.average_linkage import OF_EVENTS, UNVERIFIED, cluster_pairs
from dedup.clustering.constraints import apply_decisions
from dedup.clustering.decisions import NO_DECISIONS, Decisions
from dedup.clustering.keep_rules import KeepRules
from dedup.clustering.linked_pairs import judge_linked, opposed
from dedup.clustering.outcome import Group, Outcome, are_in_one, choose_in_full, standings_of, weakest_pairs
from dedup.clustering.selected import select
from dedup.datatypes import (
    MOST_MAPPED,
    Article,
    Comparison,
    Level,
    MatchKind,
    Progress,
    Selection,
    Settings,
    Skipped,
)
from dedup.embedding.encoder import Encoder
from dedup.embedding.load import load_encoder
from dedup.errors import SettingsError
from dedup.language.as_read import body_of
from dedup.language.detect import detect_languages
from dedup.language.digest import digest
from dedup.matching.evidence import describe_pairs
from dedup.matching.exact import UniqueArticles, exact_match
from dedup.matching.prepare import prepare
from dedup.matching.scorer import Scorer, load_scorer
from dedup.matching.selection import PairFilter, check_languages, mark_articles
from dedup.matching.verify import judge_pairs
from dedup.reading.collect import collect
from dedup.reading.from_python import (
    USUAL_NAMES,
    Articles,
    CheckedArticles,
    ColumnNames,
    from_python,
    has_reference,
    one_from_python,
)
from dedup.reading.shards import Shards
from dedup.report import records, view
from dedup.report.destination import Folder, open_folder
from dedup.report.parquet import (
    SUMMARY,
    as_parquet,
    matches_table,
    skipped_table,
    write_articles,
    write_copies,
    write_matches,
)
from dedup.results import Report
from dedup.runtime.article_files import ArticlesOnDisk, take_articles
from dedup.runtime.process import give_back_memory, one_thread
from dedup.runtime.resources import estimate, require
from dedup.runtime.workers import ALONE, Workers

logger = logging.getLogger(__name__)

_FEW_CHARACTERS = 1_000_000  # which one process has read before others have started

_LONG_RUN = 20_000  # articles beyond which a run says beforehand what it takes

_SAMPLED = 200  # articles of a long run whose languages are detected beforehand, for that estimate

_MOST_LANGUAGES = 60  # assumed of a shorter run, where the number of languages makes no difference


def find_duplicates(
    articles: Articles,
    *,
    text: str | None = None,
    id: str | None = None,
    title: str | None = None,
    url: str | None = None,
    published: str | None = None,
    language: str | None = None,
    model: str | None = None,
    threshold: float | None = None,
    level: Level | str | None = None,
    keep: str | Sequence[str] | None = None,
    selection: Selection | None = None,
    against: Articles | None = None,
    settings: Settings | None = None,
    encoder: Encoder | None = None,
    decisions: Decisions = NO_DECISIONS,
    evidence: bool = True,
    jobs: int = 1,
    workers: Workers | None = None,
    progress: Progress | None = None,
) -> Report:
    """Find articles that are the same story, and why.

    >>> find_duplicates(["A text.", "Another."])
    >>> find_duplicates(frame, text="body", id="nid", threshold=0.8)
    >>> find_duplicates(read_folder("articles"), level="story")

    Parameters
    ----------
    articles : iterable of Article, Skipped, str or dict, or a table
        What `read_folder` yields, articles made in memory, texts, records, or a table: a frame of pandas or polars, a
        `datasets.Dataset`, a table of pyarrow. Ids must be unique. An item without an id is called by its position,
        counted from 0, and one without a text is skipped.
    text, id, title, url, published, language : str, optional
        Names of the columns of a table, or keys of records; by default the usual ones, such as ``text``, ``body`` and
        ``content``, in many languages.
    model, threshold, level, keep, selection : optional
        As in `Settings`, for those who set nothing else.
    against : as `articles`, optional
        A reference: articles are compared only with those of the reference, never with one another, nor these with one
        another. It comes first in the report, and represents its stories unless `keep` has other rules.
    settings : Settings, optional
        All settings, in place of those above.
    encoder : Encoder, optional
        Used instead of loading `settings.model`.
    decisions : Decisions
        Pairs that people decided to be the same or different, which clusters follow, and representatives they chose.
    evidence : bool
        Whether matches hold the sentences, numbers and names that the two have in common; without it they hold only
        their kind, scores, features and coverage, and are made in a fraction of the time.
    jobs : int
        Processes that share the work once there is enough of it; the report is the same with any number. They import
        the script that asks for more than one, which must keep its own work under ``if __name__ == "__main__":``. On
        Linux they are forks: of this process if it has no threads (numpy has some by default), or else of one that has
        loaded the model and stays, idle, until this one ends.
    workers : Workers, optional
        Workers to use instead: `RayWorkers`, for more than one machine.
    progress : callable (stage, done, total), optional
        Called as the run goes on.

    Returns
    -------
    Report
        Articles in the order they came, verified matches, clusters of two or more, everything skipped.

    Raises
    ------
    ModelError
        If the model cannot be loaded; this is found out before any article is read.
    ResourceError
        If the run would not fit into this machine's memory, or memory or disk gave out.
    SettingsError
        If a setting lies outside its range, a table lacks a column that is named, or two articles have one id.
    TypeError
        If something else is among the articles, or a text is no string.
    """
    settings = _choose(settings, model=model, threshold=threshold, level=level, keep=keep, selection=selection)
    _check_decisions(decisions)
    items = _read(articles, against, ColumnNames(text, id, title, url, published, language))
    check_languages(settings.selection)
    encoder, scorer = _load(settings, encoder)
    kept, skipped = collect(items, workers or ALONE, progress)
    settings = _with_reference(settings, items)
    with one_thread(), nullcontext(workers) if workers else Workers(_worthwhile(kept, jobs)) as sharing:
        return _report(kept, skipped, encoder, scorer, settings, sharing, progress, decisions, evidence=evidence)


def _report(
    kept: Sequence[Article],
    skipped: Sequence[Skipped],
    encoder: Encoder,
    scorer: Scorer,
    settings: Settings,
    workers: Workers,
    progress: Progress | None,
    decisions: Decisions,
    *,
    evidence: bool,
) -> Report:
    """Report of articles that have been read."""
    found = decide(kept, encoder, scorer, settings, workers, progress, decisions)
    give_back_memory()
    matches = list(describe_pairs(*found.matched, full=found.full & evidence, workers=workers))
    clusters = found.clusters([match.kind for match in matches])
    if found.pairs:
        matches, clusters = select(matches, clusters, found.pairs, found.representative)
    else:
        for at, match in enumerate(matches):  # in place: a million are half a gigabyte
            matches[at] = found.unique.at_positions(match)
        matches += [exact_match(original, copy) for original, copy in found.unique.copies()]
    numbers = found.unique.numbers
    return Report(
        articles=kept if isinstance(kept, ArticlesOnDisk) else tuple(kept),
        languages=tuple(found.languages[number] for number in numbers.tolist()),
        matches=tuple(sorted(matches, key=lambda match: (match.left, match.right))),
        clusters=clusters,
        skipped=tuple(skipped),
        settings=settings,
        model=f"{encoder.name}@{encoder.fingerprint}",
        threshold=scorer.threshold,
        embeddings=found.embeddings[numbers] if len(kept) <= MOST_MAPPED else None,
        notices=tuple(np.flatnonzero(found.matched[0].empty[numbers]).tolist()),
        digests=found.unique.digests,
    )


def _with_reference(settings: Settings, items: Iterable[Article | Skipped]) -> Settings:
    """Settings that say whether some of the items, which have been read, belong to a reference."""
    if not has_reference(items):
        return settings
    return replace(settings, selection=replace(settings.selection, against=True))


def _choose(settings: Settings | None, **given: Any) -> Settings:
    """Settings given as one value, or one by one.

    Raises
    ------
    SettingsError
        If both are given, or a setting lies outside its range.
    """
    chosen = {name: value for name, value in given.items() if value is not None}
    if settings is None:
        return Settings(**chosen)
    if chosen:
        names = " and ".join(f"{name}=" for name in chosen)
        raise SettingsError(f"both settings= and {names} were given; put {names} into Settings(...)")
    return settings


def _load(settings: Settings, encoder: Encoder | None) -> tuple[Encoder, Scorer]:
    """Load encoder and scorer of a run; a rule of `settings.keep` that does not exist is refused as well."""
    KeepRules.parse(settings.keep)
    encoder = encoder or load_encoder(settings.model)
    return encoder, load_scorer(settings.level, settings.threshold, settings.scorer, fingerprint=encoder.fingerprint)


def _check_decisions(decisions: object) -> None:
    """Refuse decisions that are not loaded, such as the name of a file of them."""
    if not isinstance(decisions, Decisions):
        raise TypeError(
            f"decisions must be dedup.Decisions, got {type(decisions).__name__}; Decisions.load(FILE) reads a file"
        )


def _read(articles: Articles, against: Articles | None, names: ColumnNames) -> Iterable[Article | Skipped]:
    """Articles from any form, a reference before the others; `Shards` stay as they are, for other machines to read."""
    items = from_python(articles, names)
    if against is None:
        return items if isinstance(items, Shards) else CheckedArticles(items)
    return CheckedArticles(chain(from_python(against, names, reference=True), items), has_reference=True)


def _worthwhile(articles: Sequence[Article], jobs: int) -> int:
    """Number of processes: as many as were asked for, once there is enough for them to do."""
    characters = accumulate(len(article.text) for article in articles)
    return jobs if any(sofar > _FEW_CHARACTERS for sofar in characters) else min(jobs, 1)


def compare_articles(
    left: Article | str | Mapping[str, Any],
    right: Article | str | Mapping[str, Any],
    *,
    model: str | None = None,
    threshold: float | None = None,
    level: Level | str | None = None,
    settings: Settings | None = None,
    encoder: Encoder | None = None,
) -> Comparison:
    """Compare two articles, with all the evidence, whether or not they are duplicates.

    They may be given as texts or records too, and the settings one by one or as one value (see `find_duplicates`).
    """
    settings = _choose(settings, model=model, threshold=threshold, level=level)
    left, right = one_from_python(left, "left"), one_from_python(right, "right")
    encoder, scorer = _load(settings, encoder)
    with one_thread():
        read = prepare([left, right], encoder, settings)
        candidates = read.neighbourhood.between(np.array([0]), np.array([1]))
        verdicts = judge_pairs(read.match_input, candidates, scorer)
        (match,) = describe_pairs(read.match_input, candidates, verdicts)
    same_text = digest(left)[0] == digest(right)[0]
    if same_text:  # a scan, too, calls them exact copies without comparing them
        match = replace(match, score=1.0, kind=MatchKind.EXACT)
    is_match = same_text or bool(scorer.admits(verdicts.log_odds)[0])
    languages, model = (read.languages[0], read.languages[1]), f"{encoder.name}@{encoder.fingerprint}"
    return Comparison(left, right, languages, match, is_match, scorer.threshold, settings, model)


def decide(
    articles: Sequence[Article],
    encoder: Encoder,
    scorer: Scorer,
    settings: Settings,
    workers: Workers,
    progress: Progress | None,
    decisions: Decisions = NO_DECISIONS,
) -> Outcome:
    """Decide on languages, matches and clusters, as far as people have not; articles are read by workers only.

    With a selection among the settings, only pairs that count are proposed and join articles; other pairs between the
    articles that these link can still keep them apart.
    """
    rules = KeepRules.parse(settings.keep)
    unique, decided = apply_decisions(decisions, UniqueArticles.find(articles, workers, names=decisions.names))
    first = take_articles(articles, np.array(unique.positions, np.intp))
    _check_resources(first, encoder, workers)
    restrict = None
    if settings.selection:
        marks = mark_articles(articles, settings.selection, workers)
        restrict = partial(PairFilter.of, settings.selection, unique, marks)
    read = prepare(first, encoder, settings, workers=workers, progress=progress, restrict=restrict)
    candidates, verdicts = judge_linked(
        read.match_input, read.neighbourhood, scorer, workers, progress, must=decided.must, cannot=decided.cannot
    )
    must, cannot = decided.linking(candidates), decided.forbidding(candidates)
    linked = unique.linked_positions(candidates.left, candidates.right)
    languages = [read.languages[number].code for number in unique.numbers[linked].tolist()]
    words = unique.digests.words[linked].tolist()
    standings = standings_of(articles, linked, languages, words, rules, workers, kept=decided.kept)
    is_match, log_odds = (scorer.admits(verdicts.log_odds) & ~cannot) | must, verdicts.log_odds - scorer.least
    copied = verdicts.copied - scorer.least_of_copies
    counted = np.ones(len(candidates), np.bool_)
    if read.pairs:
        counted = read.pairs.counted(candidates, verdicts, is_match)
        is_match, must = is_match & counted, must & counted
        for odds in (log_odds, copied):
            odds[~counted] = np.minimum(odds[~counted], 0.0)  # joins nothing
    cluster = partial(
        cluster_pairs,
        candidates.left,
        candidates.right,
        unknown=UNVERIFIED,
        key=lambda number: standings[unique.positions[number]].id,
        certain=opposed(read.match_input, candidates, verdicts),
        cannot=cannot,
    )
    versions = cluster(copied, must=must) if scorer.events else []
    held = must | are_in_one(versions, candidates)
    groups = cluster(log_odds, must=held, reluctance=OF_EVENTS if scorer.events else 0.0)
    weakest = weakest_pairs(take_rows(candidates, counted), take_rows(verdicts, counted), groups, len(first))
    matched = take_rows(candidates, is_match)

    def representative(group: Group) -> int:
        number_of = {unique.positions[number]: number for number in group}
        return number_of[rules.choose(standings[position] for position in number_of).position]

    return Outcome(
        unique=unique,
        languages=read.languages,
        matched=(read.match_input, matched, take_rows(replace(verdicts, decided=must), is_match)),
        full=choose_in_full(
            zip(matched.left.tolist(), matched.right.tolist(), strict=True),
            groups,
            weakest,
            representative,
        ),
        groups=groups,
        versions=versions,
        weakest=weakest,
        standings=standings,
        rules=rules,
        embeddings=read.neighbourhood.embeddings,
        pairs=read.pairs,
    )


def _check_resources(articles: Sequence[Article], encoder: Encoder, workers: Workers) -> None:
    """Log before a long run what it takes, and refuse a run on one machine that does not fit it."""
    if workers.remote:
        return
    needed = estimate(
        articles=len(articles),
        characters=sum(len(article.text) for article in articles),
        dimension=encoder.dimension,
        languages=_count_languages(articles) if len(articles) > _LONG_RUN else _MOST_LANGUAGES,
        jobs=workers.jobs,
    )
    if len(articles) > _LONG_RUN:
        logger.info("%d distinct articles: %s", len(articles), needed)
    require(needed)


def _count_languages(articles: Sequence[Article]) -> int:
    """Estimate the number of languages by a sample of the articles."""
    some = np.unique(np.linspace(0, len(articles) - 1, min(len(articles), _SAMPLED)).astype(np.intp))
    found = detect_languages([body_of(article) for article in take_articles(articles, some)])
    return len({language.code for language in found})


def write_tables(
    articles: Articles,
    folder: str | Path,
    *,
    settings: Settings = Settings(),
    encoder: Encoder | None = None,
    decisions: Decisions = NO_DECISIONS,
    workers: Workers = ALONE,
    with_text: bool = True,
    progress: Progress | None = None,
) -> records.Record:
    """Find duplicates and write the tables ``articles``, ``matches`` and ``skipped``; returns the summary.

    With a selection of pairs or a reference the matches are put together in this process, whose memory then grows with
    them as that of `find_duplicates` does; else it holds a part of a table at a time.

    Parameters
    ----------
    articles : iterable of Article, Skipped, str or dict, or a table
        As for `find_duplicates`; `Shards`, if they are to be read by other machines.
    folder : str or path
        An empty folder, or a URI such as ``s3://bucket/duplicates`` of one. Its matches are in the order of articles,
        those of exact copies after the others.
    decisions : Decisions
        As for `find_duplicates`.
    workers : Workers
        Workers that share the work: `RayWorkers`, for more than one machine.

    Returns
    -------
    dict
        Content of ``summary.json``: the JSON report without its lists of articles, clusters, matches and skipped.

    Raises
    ------
    WriteError
        If the folder is not empty, or cannot be written.
    """
    place = open_folder(folder)
    nothing = matches_table(())  # raises now, and not after the work, if pyarrow is not installed
    encoder, scorer = _load(settings, encoder)
    items = _read(articles, None, USUAL_NAMES)
    kept, skipped = collect(items, workers, progress)
    settings = _with_reference(settings, items)
    if settings.selection:
        with one_thread():
            report = _report(kept, skipped, encoder, scorer, settings, workers, progress, decisions, evidence=with_text)
        for name, table in as_parquet(report, with_text=with_text).items():
            place.write(f"{Path(name).stem}/part-000000.parquet", table)
        return _write_summary(place, report.model, settings, scorer, view.counts(report))
    with one_thread():
        found = decide(kept, encoder, scorer, settings, workers, progress, decisions)
        kinds = write_matches(found, place, workers, with_text)
    if not kinds:
        place.write("matches/part-000000.parquet", nothing)
    clusters = found.clusters(kinds)
    write_copies(found, kept, place, workers, with_text)
    write_articles(found, clusters, kept, place, workers)
    place.write("skipped/part-000000.parquet", skipped_table(map(records.skipped_record, skipped)))
    counts = view.counts_of(len(kept), len(skipped), clusters)
    return _write_summary(place, f"{encoder.name}@{encoder.fingerprint}", settings, scorer, counts)


def _write_summary(
    place: Folder, model: str, settings: Settings, scorer: Scorer, counts: Mapping[str, int]
) -> records.Record:
    """Write the summary of tables, which says that they are complete."""
    summary = {**records.head(model, settings, scorer.threshold), "counts": dict(counts)}
    place.write(SUMMARY, f"{records.dumps(summary, indent=1)}\n".encode())
    return summary
