"""The pipeline: read → detect → embed → match → cluster. The only file that knows the order."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations

import numpy as np
import numpy.typing as npt

from dedup.cluster import Pair, cluster_pairs, linked_groups
from dedup.columns import join_rows, take_rows
from dedup.datatypes import (
    UNDETERMINED,
    Article,
    Candidates,
    Cluster,
    Comparison,
    Embeddings,
    Evidence,
    Language,
    Match,
    MatchKind,
    Progress,
    Report,
    Settings,
    Skipped,
    WeakestPair,
)
from dedup.detect import detect_languages
from dedup.embed import Encoder, load_encoder
from dedup.facts import StoredFacts
from dedup.factual import Keys, fact_keys, pairs_by_facts
from dedup.neighbours import Neighbourhood, search
from dedup.parallel import ALONE, Workers
from dedup.resources import estimate, require
from dedup.scoring import Scorer, load_scorer, probability
from dedup.text import content_hash, main_script, reading_length
from dedup.texts import batches, embed_bodies, split_bodies, state_facts
from dedup.verify import Subjects, Verdicts, describe_pairs, find_matches, judge_pairs

logger = logging.getLogger(__name__)

_MAPPED = 20_000  # articles up to which a report keeps the vectors; a map of more cannot be read
_COMPLETED = 100  # articles up to which a group of linked articles has all its pairs verified
_UNVERIFIED = -1.0  # log-odds, threshold taken off, of a pair that nobody has verified
_ALL_IN_FULL = 12  # articles up to which all pairs of a cluster have their evidence in full
_MOST_IN_FULL = 100_000  # pairs with evidence in full, two kilobytes each
_FEW_CHARACTERS = 4_000_000  # read by one process before others have started
_LONG_RUN = 20_000  # articles beyond which a run says beforehand what it takes
_BATCH = 1024
_NEAR = 1 << 20
_KINDS = (MatchKind.EXACT, MatchKind.NEAR, MatchKind.EXCERPT, MatchKind.TRANSLATION, MatchKind.SAME_STORY)

Group = tuple[int, ...]


def find_duplicates(
    articles: Iterable[Article | Skipped],
    *,
    settings: Settings = Settings(),
    encoder: Encoder | None = None,
    jobs: int = 1,
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
    jobs : int
        Processes that share the work once there is enough of it; the report is the same with any number. They start
        afresh (spawn), so a script that asks for more than one must keep its own work under
        ``if __name__ == "__main__":``.
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
    """
    scorer = load_scorer(settings.level, settings.threshold, settings.scorer)
    encoder = encoder or load_encoder(settings.model)
    kept, skipped = _partition(articles, progress)
    with Workers(jobs if sum(len(article.text) for article in kept) > _FEW_CHARACTERS else 1) as workers:
        originals = _originals(kept, workers)
        distinct = sorted(set(originals))
        first = [kept[at] for at in distinct]
        languages = _detect(first, workers, progress)
        found = _match(first, languages, encoder, scorer, settings, workers, progress)
    numbers = np.searchsorted(distinct, originals)
    matches = [replace(match, left=distinct[match.left], right=distinct[match.right]) for match in found.matches]
    matches += [_exact_match(original, at) for at, original in enumerate(originals) if at != original]
    return Report(
        articles=tuple(kept),
        languages=tuple(languages[number] for number in numbers.tolist()),
        matches=tuple(sorted(matches, key=lambda match: (match.left, match.right))),
        clusters=_clusters(found, distinct, originals, kept),
        skipped=tuple(skipped),
        settings=settings,
        model=f"{encoder.name}@{encoder.fingerprint}",
        threshold=scorer.threshold,
        embeddings=found.embeddings[numbers] if len(originals) <= _MAPPED else None,
    )


def compare_articles(
    left: Article, right: Article, *, settings: Settings = Settings(), encoder: Encoder | None = None
) -> Comparison:
    """Two articles side by side, with all the evidence, whether or not they are duplicates."""
    scorer = load_scorer(settings.level, settings.threshold, settings.scorer)
    encoder = encoder or load_encoder(settings.model)
    languages = detect_languages([left.body, right.body])
    subjects, neighbourhood = prepare([left, right], languages, encoder, settings)
    candidates = neighbourhood.between(np.array([0]), np.array([1]))
    verdicts = judge_pairs(subjects, candidates, scorer)
    (match,) = describe_pairs(subjects, candidates, verdicts)
    is_match = match.score >= scorer.threshold
    return Comparison(left, right, (languages[0], languages[1]), match, is_match, scorer.threshold)


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """What matching found among distinct articles: matches, groups of positions, each group's weakest pair, vectors."""

    matches: tuple[Match, ...]
    groups: list[Group]
    weakest: list[WeakestPair]
    embeddings: Embeddings


def _partition(articles: Iterable[Article | Skipped], progress: Progress | None) -> tuple[list[Article], list[Skipped]]:
    kept: list[Article] = []
    skipped: list[Skipped] = []
    for item in articles:
        if isinstance(item, Skipped):
            skipped.append(item)
        else:
            kept.append(item)
        if progress and not (len(kept) + len(skipped)) % _BATCH:
            progress("read", len(kept) + len(skipped), 0)
    return kept, skipped


def _originals(articles: Sequence[Article], workers: Workers) -> list[int]:
    """For each article the position of the first one with the same text."""
    first: dict[str, int] = {}
    hashes = (value for batch in workers.map(_hash_bodies, _bodies(articles)) for value in batch)
    return [first.setdefault(value, position) for position, value in enumerate(hashes)]


def _detect(articles: Sequence[Article], workers: Workers, progress: Progress | None) -> list[Language]:
    found: list[Language] = []
    for batch in workers.map(detect_languages, _bodies(articles)):
        found += batch
        if progress:
            progress("detect", len(found), len(articles))
    return found


def _bodies(articles: Sequence[Article]) -> Iterator[list[str]]:
    return ([article.body for article in batch] for batch in batches(articles))


def _hash_bodies(bodies: Sequence[str]) -> list[str]:
    return [content_hash(body) for body in bodies]


def _match(
    articles: Sequence[Article],
    languages: Sequence[Language],
    encoder: Encoder,
    scorer: Scorer,
    settings: Settings,
    workers: Workers,
    progress: Progress | None,
) -> _Found:
    """Match articles with different texts."""
    _check_resources(articles, languages, encoder, workers)
    subjects, neighbourhood = prepare(articles, languages, encoder, settings, workers=workers, progress=progress)
    candidates, verdicts = _judge(subjects, neighbourhood, scorer, workers, progress)
    pairs = list(zip(candidates.left.tolist(), candidates.right.tolist(), strict=True))
    evidence = dict(zip(pairs, (verdicts.log_odds - scorer.least).tolist(), strict=True))
    groups = cluster_pairs(
        evidence,
        unknown=_UNVERIFIED,
        keys=[article.id for article in articles],
        languages=[language.code for language in languages],
    )
    weakest = _weakest(candidates, verdicts, groups, len(articles))
    matched = np.flatnonzero(probability(verdicts.log_odds) >= scorer.threshold)
    full = _in_full([pairs[at] for at in matched], groups, weakest, articles)
    candidates, verdicts = take_rows(candidates, matched), take_rows(verdicts, matched)
    matches = describe_pairs(subjects, candidates, verdicts, full=full, workers=workers)
    return _Found(matches, groups, weakest, neighbourhood.embeddings)


def _check_resources(
    articles: Sequence[Article], languages: Sequence[Language], encoder: Encoder, workers: Workers
) -> None:
    """Say before a long run what it takes, and refuse one that does not fit."""
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
    embeddings, means, shelf = embed_bodies(articles, codes, encoder, workers=workers, progress=progress)
    passages, lengths, shelves = split_bodies(articles, codes, means, encoder, workers=workers, progress=progress)
    facts = state_facts(articles, codes, workers=workers, progress=progress)
    subjects = Subjects(
        articles, np.array(codes, dtype=str), lengths, passages, facts.stored(), (shelf, *shelves, facts)
    )
    groups = [
        f"und {main_script(article.body)}" if code == UNDETERMINED else code
        for code, article in zip(codes, articles, strict=True)
    ]
    found = search(embeddings, groups, neighbours=settings.neighbours, threads=workers.jobs, progress=progress)
    unread = np.flatnonzero(subjects.codes == UNDETERMINED)
    if len(unread):
        tasks = batches(range(len(articles)))
        keys = [of_article for batch in workers.map(partial(_fact_keys, subjects.facts), tasks) for of_article in batch]
        found = found.with_pairs(pairs_by_facts(keys, unread))
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
    judged: list[tuple[Candidates, Verdicts]] = []
    done, total = 0, len(neighbourhood.near)
    for candidates in neighbourhood.blocks():
        told = _within(progress, done, total)
        judged.append(find_matches(subjects, candidates, scorer, workers=workers, progress=told))
        done += len(candidates)
    lacking = _lacking(neighbourhood, [candidates for candidates, _ in judged])
    judged.append((lacking, judge_pairs(subjects, lacking, scorer, workers=workers)))
    every = join_rows([candidates for candidates, _ in judged])
    of_every = join_rows([verdicts for _, verdicts in judged])
    order = np.lexsort((every.right, every.left))
    return take_rows(every, order), take_rows(of_every, order)


def _within(progress: Progress | None, done: int, total: int) -> Progress | None:
    """Tell the progress of a part as that of the whole."""
    return None if progress is None else lambda stage, now, _: progress(stage, done + now, total)


def _lacking(neighbourhood: Neighbourhood, linking: Sequence[Candidates]) -> Candidates:
    """Pairs within groups of linked articles, as far as they were proposed or the group is small, less the linking."""
    n = len(neighbourhood.embeddings)
    known = np.concatenate([np.empty(0, np.int64), *(part.left * n + part.right for part in linking)])
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


def _in_full(
    pairs: Sequence[Pair], groups: Sequence[Group], weakest: Sequence[WeakestPair], articles: Sequence[Article]
) -> npt.NDArray[np.bool_]:
    """Which pairs have their evidence in full: in a large group those of its representative, and the weakest.

    A run with more of them than memory is for keeps to the weakest of each group, and to the first groups.
    """
    central: dict[int, int] = {}  # of the members of large groups
    for group in groups:
        if len(group) > _ALL_IN_FULL:
            central |= dict.fromkeys(group, _representative(group, articles))
    shown = {(pair.left, pair.right) for pair in weakest}
    full = np.array([pair in shown or any(central.get(at, at) in pair for at in pair) for pair in pairs], np.bool_)
    if full.sum() > _MOST_IN_FULL:
        full = np.array([pair in shown for pair in pairs], np.bool_)
        full[np.flatnonzero(full)[_MOST_IN_FULL:]] = False
    return full


def _weakest(candidates: Candidates, verdicts: Verdicts, groups: Sequence[Group], articles: int) -> list[WeakestPair]:
    """The verified pair of each group with the least score; the first of those that are equal."""
    group_of = np.full(articles, -1)
    for number, group in enumerate(groups):
        group_of[list(group)] = number
    left, right = group_of[candidates.left], group_of[candidates.right]
    within = np.flatnonzero((left == right) & (left >= 0))
    order = within[np.lexsort((verdicts.log_odds[within], left[within]))]
    weakest = order[np.unique(left[order], return_index=True)[1]]
    found, scores = take_rows(candidates, weakest), probability(verdicts.log_odds[weakest])
    columns = (found.left, found.right, found.similarity, scores)
    return [WeakestPair(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]


def _exact_match(original: int, copy: int) -> Match:
    return Match(original, copy, 1.0, 1.0, MatchKind.EXACT, Evidence(coverage=(1.0, 1.0)))


def _clusters(
    found: _Found, distinct: Sequence[int], originals: Sequence[int], articles: Sequence[Article]
) -> tuple[Cluster, ...]:
    """Groups of distinct articles, each with its copies, and copies that match nothing else."""
    copies: dict[int, list[int]] = {}
    for position, original in enumerate(originals):
        copies.setdefault(original, []).append(position)
    kinds: dict[Pair, MatchKind] = {(match.left, match.right): match.kind for match in found.matches}
    clusters = []
    for group, weakest in zip(found.groups, found.weakest, strict=True):
        members = sorted(position for at in group for position in copies.pop(distinct[at]))
        kind = max((kinds[pair] for pair in combinations(group, 2) if pair in kinds), key=_KINDS.index)
        weakest = replace(weakest, left=distinct[weakest.left], right=distinct[weakest.right])
        clusters.append(Cluster(tuple(members), _representative(members, articles), kind, weakest))
    for members in copies.values():
        if len(members) > 1:
            weakest = WeakestPair(members[0], members[1], 1.0, 1.0)
            clusters.append(Cluster(tuple(members), _representative(members, articles), MatchKind.EXACT, weakest))
    return tuple(sorted(clusters, key=lambda cluster: cluster.members))


def _representative(members: Sequence[int], articles: Sequence[Article]) -> int:
    """The earliest published of those that say when, else the longest; ties by id."""

    def rank(position: int) -> tuple[bool, str, int, str]:
        article = articles[position]
        return not article.published, article.published, -reading_length(article.text), article.id

    return min(members, key=rank)
