"""The pipeline: read → detect → embed → match → cluster. The only file that knows the order."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from itertools import accumulate

import numpy as np

from dedup.cluster import UNVERIFIED, cluster_pairs, linked_groups
from dedup.columns import join_rows, take_rows
from dedup.datatypes import (
    UNDETERMINED,
    Article,
    Candidates,
    Comparison,
    Language,
    Progress,
    Report,
    Settings,
    Skipped,
    take_articles,
)
from dedup.decisions import (
    Decisions,
    choose_in_full,
    exact_match,
    linked_positions,
    rank_articles,
    weakest_pairs,
)
from dedup.detect import detect_languages
from dedup.embed import Encoder, load_encoder
from dedup.facts import StoredFacts
from dedup.factual import Keys, fact_keys, pairs_by_facts
from dedup.garbage import give_back_memory
from dedup.neighbours import Neighbourhood, search
from dedup.parallel import ALONE, Workers, one_thread
from dedup.resources import estimate, require
from dedup.scoring import Scorer, load_scorer, probability
from dedup.shelved import ShelvedArticles
from dedup.text import content_hash, main_script
from dedup.texts import batches, embed_bodies, state_facts, weigh_sentences
from dedup.verify import Subjects, Verdicts, describe_pairs, find_matches, judge_pairs

logger = logging.getLogger(__name__)

_MAPPED = 20_000  # articles up to which a report keeps the vectors; a map of more cannot be read
_COMPLETED = 100  # articles up to which a group of linked articles has all its pairs verified
_FEW_CHARACTERS = 1_000_000  # read by one process before others have started
_LONG_RUN = 20_000  # articles beyond which a run says beforehand what it takes
_NEAR = 1 << 20


def find_duplicates(
    articles: Iterable[Article | Skipped],
    *,
    settings: Settings = Settings(),
    encoder: Encoder | None = None,
    evidence: bool = True,
    jobs: int = 1,
    workers: Workers | None = None,
    progress: Progress | None = None,
) -> Report:
    """Which articles are the same story, and why.

    Parameters
    ----------
    articles : iterable of Article or Skipped
        What `read_folder` yields, or articles made in memory; ids must be unique.
    settings : Settings
        Model, threshold and level.
    encoder : Encoder, optional
        Used instead of loading `settings.model`.
    evidence : bool
        Whether matches tell which sentences, numbers and names the two have in common; without it they carry their
        kind, scores, features and coverage alone, and are made in a fraction of the time.
    jobs : int
        Processes that share the work once there is enough of it; the report is the same with any number. They import
        the script that asks for more than one, which must keep its own work under ``if __name__ == "__main__":``. On
        Linux they are copies: of this process where it has no threads (numpy has some unless told otherwise), else of
        one that has loaded the model, which stays, idle, until this one ends.
    workers : Workers, optional
        Who shares the work instead: `RayWorkers`, for more than one machine.
    progress : callable (stage, done, total), optional
        Told how far the run has come.

    Returns
    -------
    Report
        Articles in the order they came, verified matches, clusters of two or more, everything skipped.

    Raises
    ------
    ModelError
        If the model cannot be loaded; asked for before any article is read.
    ResourceError
        If a run would not fit into this machine's memory, or memory or disk gave out.
    TypeError
        If something else is among the articles, or a text is no string.
    """
    encoder = encoder or load_encoder(settings.model)
    scorer = load_scorer(settings.level, settings.threshold, settings.scorer, fingerprint=encoder.fingerprint)
    kept, skipped = (workers or ALONE).gather(articles, progress)
    with one_thread(), nullcontext(workers) if workers else Workers(_worthwhile(kept, jobs)) as sharing:
        found = decide(kept, encoder, scorer, settings, sharing, progress)
        give_back_memory()
        matches = list(describe_pairs(*found.matched, full=found.full & evidence, workers=sharing))
    clusters = found.clusters([match.kind for match in matches])
    distinct, originals = found.distinct, found.originals
    numbers = np.searchsorted(distinct, originals)
    for at, match in enumerate(matches):  # in place: a million are half a gigabyte
        matches[at] = replace(match, left=distinct[match.left], right=distinct[match.right])
    matches += [exact_match(original, at) for at, original in enumerate(originals) if at != original]
    return Report(
        articles=kept if isinstance(kept, ShelvedArticles) else tuple(kept),
        languages=tuple(found.languages[number] for number in numbers.tolist()),
        matches=tuple(sorted(matches, key=lambda match: (match.left, match.right))),
        clusters=clusters,
        skipped=tuple(skipped),
        settings=settings,
        model=f"{encoder.name}@{encoder.fingerprint}",
        threshold=scorer.threshold,
        embeddings=found.embeddings[numbers] if len(originals) <= _MAPPED else None,
    )


def _worthwhile(articles: Sequence[Article], jobs: int) -> int:
    """As many processes as were asked for, once there is enough for them to do."""
    characters = accumulate(len(article.text) for article in articles)
    return jobs if any(sofar > _FEW_CHARACTERS for sofar in characters) else min(jobs, 1)


def compare_articles(
    left: Article, right: Article, *, settings: Settings = Settings(), encoder: Encoder | None = None
) -> Comparison:
    """Two articles side by side, with all the evidence, whether or not they are duplicates."""
    encoder = encoder or load_encoder(settings.model)
    scorer = load_scorer(settings.level, settings.threshold, settings.scorer, fingerprint=encoder.fingerprint)
    languages = detect_languages([left.body, right.body])
    subjects, neighbourhood = prepare([left, right], languages, encoder, settings)
    candidates = neighbourhood.between(np.array([0]), np.array([1]))
    verdicts = judge_pairs(subjects, candidates, scorer)
    (match,) = describe_pairs(subjects, candidates, verdicts)
    is_match = match.score >= scorer.threshold
    return Comparison(left, right, (languages[0], languages[1]), match, is_match, scorer.threshold)


def decide(
    articles: Sequence[Article],
    encoder: Encoder,
    scorer: Scorer,
    settings: Settings,
    workers: Workers,
    progress: Progress | None,
) -> Decisions:
    """Languages, matches and clusters of articles, which stay where they are: only workers look into them."""
    originals = _originals(articles, workers)
    distinct = sorted(set(originals))
    first = take_articles(articles, np.array(distinct, np.intp))
    languages = _detect(first, workers, progress)
    _check_resources(first, languages, encoder, workers)
    subjects, neighbourhood = prepare(first, languages, encoder, settings, workers=workers, progress=progress)
    candidates, verdicts = _judge(subjects, neighbourhood, scorer, workers, progress)
    ranks = rank_articles(articles, linked_positions(candidates, distinct, originals), workers)
    groups = cluster_pairs(
        candidates.left,
        candidates.right,
        verdicts.log_odds - scorer.least,
        unknown=UNVERIFIED,
        key=lambda position: ranks[distinct[position]][-1],
        languages=[language.code for language in languages],
    )
    weakest = weakest_pairs(candidates, verdicts, groups, len(first))
    is_match = probability(verdicts.log_odds) >= scorer.threshold
    matched = take_rows(candidates, is_match)
    return Decisions(
        originals=originals,
        distinct=distinct,
        languages=languages,
        matched=(subjects, matched, take_rows(verdicts, is_match)),
        full=choose_in_full(
            zip(matched.left.tolist(), matched.right.tolist(), strict=True),
            groups,
            weakest,
            lambda position: ranks[distinct[position]],
        ),
        groups=groups,
        weakest=weakest,
        ranks=ranks,
        embeddings=neighbourhood.embeddings,
    )


def _originals(articles: Sequence[Article], workers: Workers) -> list[int]:
    """For each article the position of the first one with the same text."""
    first: dict[str, int] = {}
    hashes = (value for batch in workers.map(_hash_bodies, batches(articles)) for value in batch)
    return [first.setdefault(value, position) for position, value in enumerate(hashes)]


def _detect(articles: Sequence[Article], workers: Workers, progress: Progress | None) -> list[Language]:
    found: list[Language] = []
    for batch in workers.map(_detect_bodies, batches(articles)):
        found += batch
        if progress:
            progress("detect", len(found), len(articles))
    return found


def _hash_bodies(articles: Sequence[Article]) -> list[str]:
    return [content_hash(article.body) for article in articles]


def _detect_bodies(articles: Sequence[Article]) -> Sequence[Language]:
    return detect_languages([article.body for article in articles])


def _check_resources(
    articles: Sequence[Article], languages: Sequence[Language], encoder: Encoder, workers: Workers
) -> None:
    """Say before a long run what it takes, and refuse one that does not fit this machine if it is the only one."""
    if workers.remote:
        return
    needed = estimate(
        articles=len(articles),
        characters=sum(len(article.text) for article in articles),
        dimension=encoder.dimension,
        languages=len({language.code for language in languages}),
        jobs=workers.jobs,
    )
    if len(articles) > _LONG_RUN:
        logger.info("%d distinct articles: %s", len(articles), needed)
    require(needed)


def prepare(
    articles: Sequence[Article],
    languages: Sequence[Language],
    encoder: Encoder,
    settings: Settings,
    *,
    workers: Workers = ALONE,
    progress: Progress | None = None,
) -> tuple[Subjects, Neighbourhood]:
    """Everything that verification and the search need to know of the articles."""
    codes = [language.code for language in languages]
    embeddings, means, shelf, parted = embed_bodies(articles, codes, encoder, workers=workers, progress=progress)
    passages, lengths, shelves = weigh_sentences(parted, codes, means, encoder, workers=workers, progress=progress)
    del parted  # and its files
    facts = state_facts(articles, codes, workers=workers, progress=progress)
    subjects = Subjects(
        articles, np.array(codes, dtype=str), lengths, passages, facts.stored(), (shelf, *shelves, facts)
    )
    unread = np.flatnonzero(subjects.codes == UNDETERMINED)
    groups = list(codes)
    for position, article in zip(unread.tolist(), take_articles(articles, unread), strict=True):
        groups[position] = f"und {main_script(article.body)}"
    found = search(embeddings, groups, neighbours=settings.neighbours, workers=workers, progress=progress)
    if len(unread):
        tasks = batches(range(len(articles)))
        keys = [of_article for batch in workers.map(partial(_fact_keys, subjects.facts), tasks) for of_article in batch]
        found = found.with_pairs(pairs_by_facts(keys, unread))
    give_back_memory()
    return subjects, found


def _fact_keys(stored: StoredFacts, articles: Sequence[int]) -> list[Keys]:
    return [fact_keys(facts) for facts in stored.take(np.array(articles, np.intp))]


def _judge(
    subjects: Subjects, neighbourhood: Neighbourhood, scorer: Scorer, workers: Workers, progress: Progress | None
) -> tuple[Candidates, Verdicts]:
    """Verified pairs among articles that are linked, in order.

    Of all candidates only those that look like matches are kept. A cluster is judged by all its pairs, so the others
    between articles that are linked, whether the search proposed them or not, are then verified too.
    """
    total = len(neighbourhood.near)
    told = (lambda done: progress("verify", done, total)) if progress else None
    linking, of_linking = find_matches(subjects, neighbourhood.blocks(), scorer, workers=workers, progress=told)
    lacking = _lacking(neighbourhood, linking)
    of_lacking = judge_pairs(subjects, lacking, scorer, workers=workers)
    every, of_every = join_rows([linking, lacking]), join_rows([of_linking, of_lacking])
    order = np.lexsort((every.right, every.left))
    return take_rows(every, order), take_rows(of_every, order)


def _lacking(neighbourhood: Neighbourhood, linking: Candidates) -> Candidates:
    """Pairs within groups of linked articles, as far as they were proposed or the group is small, less the linking."""
    n = len(neighbourhood.embeddings)
    known = linking.left * n + linking.right
    groups = linked_groups((number // n, number % n) for number in known.tolist())
    group_of = np.full(n, -1, np.int32)
    wanted = [np.empty(0, np.int64)]
    for number, group in enumerate(map(np.array, groups)):
        group_of[group] = number
        if 2 < len(group) <= _COMPLETED:
            one, other = np.triu_indices(len(group), 1)
            wanted.append(group[one] * n + group[other])
    for start in range(0, len(neighbourhood.near), _NEAR):
        near = neighbourhood.near[start : start + _NEAR]
        group_of_left = group_of[near // n]
        wanted.append(near[(group_of_left >= 0) & (group_of_left == group_of[near % n])])
    missing = np.setdiff1d(np.concatenate(wanted), known)
    return neighbourhood.between(*np.divmod(missing, max(n, 1)))
