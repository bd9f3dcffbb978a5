"""The pipeline: read → detect → embed → match → cluster. The only file that knows the order."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
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
    take_articles,
)
from dedup.detect import detect_languages
from dedup.embed import Encoder, load_encoder
from dedup.facts import extract_facts
from dedup.factual import Keys, fact_keys, pairs_by_facts
from dedup.neighbours import Neighbourhood, search
from dedup.parallel import ALONE, Workers
from dedup.resources import estimate, require
from dedup.scoring import Scorer, load_scorer, probability
from dedup.text import content_hash, main_script, reading_length
from dedup.texts import batches, embed_bodies, split_bodies
from dedup.verify import Subjects, Verdicts, describe_pairs, judge_pairs

logger = logging.getLogger(__name__)

_MAPPED = 20_000  # articles up to which a report keeps the vectors; a map of more cannot be read
_COMPLETED = 100  # articles up to which a group of linked articles has all its pairs verified
_UNVERIFIED = -1.0  # log-odds, threshold taken off, of a pair that nobody has verified
_ALL_IN_FULL = 12  # articles up to which all pairs of a cluster have their evidence in full
_FEW_CHARACTERS = 4_000_000  # read by one process before others have started
_LONG_RUN = 20_000  # articles beyond which a run says beforehand what it takes
_NEAR = 1 << 20
_KINDS = (MatchKind.EXACT, MatchKind.NEAR, MatchKind.EXCERPT, MatchKind.TRANSLATION, MatchKind.SAME_STORY)

Group = tuple[int, ...]
Rank = tuple[bool, str, int, str]
"""What makes an article the representative of a story, the least first; an article's id stands last."""


def find_duplicates(
    articles: Iterable[Article | Skipped],
    *,
    settings: Settings = Settings(),
    encoder: Encoder | None = None,
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
    jobs : int
        Processes that share the work once there is enough of it; the report is the same with any number. They start
        afresh (spawn), so a script that asks for more than one must keep its own work under
        ``if __name__ == "__main__":``.
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
    """
    scorer = load_scorer(settings.level, settings.threshold, settings.scorer)
    encoder = encoder or load_encoder(settings.model)
    kept, skipped = (workers or ALONE).gather(articles, progress)
    with nullcontext(workers) if workers else Workers(_worthwhile(kept, jobs)) as sharing:
        found = decide(kept, encoder, scorer, settings, sharing, progress)
        of_distinct = describe_pairs(*found.matched, full=found.full, workers=sharing)
    distinct, originals = found.distinct, found.originals
    matches = [replace(match, left=distinct[match.left], right=distinct[match.right]) for match in of_distinct]
    matches += [exact_match(original, at) for at, original in enumerate(originals) if at != original]
    return Report(
        articles=tuple(kept),
        languages=tuple(found.languages[at] for at in np.searchsorted(distinct, originals)),
        matches=tuple(sorted(matches, key=lambda match: (match.left, match.right))),
        clusters=found.clusters({(match.left, match.right): match.kind for match in of_distinct}),
        skipped=tuple(skipped),
        settings=settings,
        model=f"{encoder.name}@{encoder.fingerprint}",
        threshold=scorer.threshold,
        embeddings=found.embeddings[np.searchsorted(distinct, originals)] if len(originals) <= _MAPPED else None,
    )


def _worthwhile(articles: Sequence[Article], jobs: int) -> int:
    """As many processes as were asked for, once there is enough for them to do."""
    return jobs if sum(len(article.text) for article in articles) > _FEW_CHARACTERS else 1


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
class Decisions:
    """All that a run decided, before it is told at length.

    originals : for each article the position of the first one with the same text
    distinct : positions of those that are the first, ascending; what follows counts among these
    languages : of the distinct articles
    matched : what `describe_pairs` makes matches of
    full : ndarray of shape (m,), bool, which of them are described in full
    groups, weakest : clusters of distinct articles, and the weakest pair of each
    ranks : of all articles that are in a cluster or copied, by their position among all
    embeddings : of the distinct articles
    """

    originals: list[int]
    distinct: list[int]
    languages: list[Language]
    matched: tuple[Subjects, Candidates, Verdicts]
    full: npt.NDArray[np.bool_]
    groups: list[Group]
    weakest: list[WeakestPair]
    ranks: Mapping[int, Rank]
    embeddings: Embeddings

    def clusters(self, kinds: Mapping[Pair, MatchKind]) -> tuple[Cluster, ...]:
        """Groups of distinct articles, each with its copies, and copies that match nothing else; `kinds` of matches."""
        copies = _copies(self.originals)
        clusters = []
        for group, weakest in zip(self.groups, self.weakest, strict=True):
            members = sorted(position for at in group for position in copies.pop(self.distinct[at]))
            kind = max((kinds[pair] for pair in combinations(group, 2) if pair in kinds), key=_KINDS.index)
            weakest = replace(weakest, left=self.distinct[weakest.left], right=self.distinct[weakest.right])
            clusters.append(Cluster(tuple(members), min(members, key=self.ranks.__getitem__), kind, weakest))
        for members in copies.values():
            if len(members) > 1:
                weakest = WeakestPair(members[0], members[1], 1.0, 1.0)
                representative = min(members, key=self.ranks.__getitem__)
                clusters.append(Cluster(tuple(members), representative, MatchKind.EXACT, weakest))
        return tuple(sorted(clusters, key=lambda cluster: cluster.members))


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
    pairs = list(zip(candidates.left.tolist(), candidates.right.tolist(), strict=True))
    evidence = dict(zip(pairs, (verdicts.log_odds - scorer.least).tolist(), strict=True))
    ranks = _rank(first, {position for pair in pairs for position in pair}, workers)
    groups = cluster_pairs(
        evidence,
        unknown=_UNVERIFIED,
        keys={position: rank[-1] for position, rank in ranks.items()},
        languages=[language.code for language in languages],
    )
    cosines = dict(zip(pairs, candidates.similarity.tolist(), strict=True))
    weakest = [_weakest(group, evidence, cosines, scorer) for group in groups]
    matched = np.flatnonzero(probability(verdicts.log_odds) >= scorer.threshold)
    return Decisions(
        originals=originals,
        distinct=distinct,
        languages=languages,
        matched=(subjects, take_rows(candidates, matched), take_rows(verdicts, matched)),
        full=_in_full([pairs[at] for at in matched], groups, weakest, ranks),
        groups=groups,
        weakest=weakest,
        ranks=_rank(articles, _clustered(groups, distinct, originals), workers),
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
    embeddings, means, shelf = embed_bodies(articles, codes, encoder, workers=workers, progress=progress)
    passages, lengths, shelves = split_bodies(articles, codes, means, encoder, workers=workers, progress=progress)
    subjects = Subjects(articles, np.array(codes, dtype=str), lengths, passages, (shelf, *shelves))
    unread = np.flatnonzero(subjects.codes == UNDETERMINED)
    groups = list(codes)
    for position, article in zip(unread.tolist(), take_articles(articles, unread), strict=True):
        groups[position] = f"und {main_script(article.body)}"
    found = search(embeddings, groups, neighbours=settings.neighbours, workers=workers, progress=progress)
    if len(unread):
        tasks = zip(batches(articles), batches(codes), strict=True)
        keys = [of_article for batch in workers.map(_fact_keys, tasks) for of_article in batch]
        found = found.with_pairs(pairs_by_facts(keys, unread))
    return subjects, found


def _fact_keys(texts: tuple[Sequence[Article], Sequence[str]]) -> list[Keys]:
    return [fact_keys(extract_facts(article.body, code)) for article, code in zip(*texts, strict=True)]


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
        verdicts = judge_pairs(subjects, candidates, scorer, workers=workers, progress=_within(progress, done, total))
        linking = verdicts.log_odds >= scorer.least
        judged.append((take_rows(candidates, linking), take_rows(verdicts, linking)))
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
    pairs: Sequence[Pair], groups: Sequence[Group], weakest: Sequence[WeakestPair], ranks: Mapping[int, Rank]
) -> npt.NDArray[np.bool_]:
    """Which pairs have their evidence in full: in a large group those of its representative, and the weakest."""
    central: dict[int, int] = {}  # of the members of large groups
    for group in groups:
        if len(group) > _ALL_IN_FULL:
            central |= dict.fromkeys(group, min(group, key=ranks.__getitem__))
    shown = {(pair.left, pair.right) for pair in weakest}
    return np.array([pair in shown or any(central.get(at, at) in pair for at in pair) for pair in pairs], np.bool_)


def _weakest(group: Group, evidence: dict[Pair, float], cosines: dict[Pair, float], scorer: Scorer) -> WeakestPair:
    """The verified pair of a group with the least score."""
    pair = min((pair for pair in combinations(group, 2) if pair in evidence), key=lambda pair: (evidence[pair], pair))
    score = probability(np.array([evidence[pair] + scorer.least]))[0]
    return WeakestPair(*pair, similarity=cosines[pair], score=float(score))


def exact_match(original: int, copy: int) -> Match:
    """The match of two articles with the same text."""
    return Match(original, copy, 1.0, 1.0, MatchKind.EXACT, Evidence(coverage=(1.0, 1.0)))


def _clustered(groups: Sequence[Group], distinct: Sequence[int], originals: Sequence[int]) -> set[int]:
    """Positions of the articles that are in a cluster."""
    copies = _copies(originals)
    grouped = {distinct[at] for group in groups for at in group}
    return {at for first, of_first in copies.items() if first in grouped or len(of_first) > 1 for at in of_first}


def _copies(originals: Sequence[int]) -> dict[int, list[int]]:
    """For each distinct article the positions of all that have its text."""
    copies: dict[int, list[int]] = {}
    for position, original in enumerate(originals):
        copies.setdefault(original, []).append(position)
    return copies


def _rank(articles: Sequence[Article], positions: Iterable[int], workers: Workers) -> dict[int, Rank]:
    """The earliest published of those that say when comes first, then the longest; ties by id."""
    wanted = np.array(sorted(positions), np.intp)
    ranked = workers.map(_ranks_of, batches(take_articles(articles, wanted)))
    return dict(zip(wanted.tolist(), (rank for batch in ranked for rank in batch), strict=True))


def _ranks_of(articles: Sequence[Article]) -> list[Rank]:
    return [
        (not article.published, article.published, -reading_length(article.text), article.id) for article in articles
    ]
