"""The pipeline: read → detect → embed → match → cluster. The only file that knows the order."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import numpy.typing as npt

from dedup.alignment import Passages, information_weights
from dedup.cluster import Pair, cluster_pairs, linked_groups
from dedup.datatypes import (
    UNDETERMINED,
    Article,
    Candidates,
    Cluster,
    Comparison,
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
from dedup.embed import Encoder, embed_articles, embed_sentences, load_encoder
from dedup.facts import extract_facts
from dedup.neighbours import Neighbourhood, search
from dedup.scoring import Scorer, load_scorer, probability
from dedup.text import content_hash, main_script, reading_length, sentences
from dedup.verify import Subjects, Verdicts, describe_pair, find_matches, judge_pairs

_COMPLETED = 100  # articles up to which a group of linked articles has all its pairs verified
_UNVERIFIED = -1.0  # log-odds, threshold taken off, of a pair that nobody has verified
_BATCH = 1024
_DIGITS = re.compile(r"\d+")
_KINDS = tuple(MatchKind)


def find_duplicates(
    articles: Iterable[Article | Skipped],
    *,
    settings: Settings = Settings(),
    encoder: Encoder | None = None,
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
    """
    scorer = load_scorer(settings.level, settings.threshold, settings.scorer)
    encoder = encoder or load_encoder(settings.model)
    kept, skipped = _partition(articles, progress)
    hashes = [content_hash(article.body) for article in kept]
    originals = _originals(hashes)
    distinct = sorted(set(originals))
    languages = dict(zip(distinct, _detect([kept[at] for at in distinct], progress), strict=True))
    found = _match(
        [kept[at] for at in distinct], [languages[at] for at in distinct], encoder, scorer, settings, progress
    )
    matches = [replace(match, left=distinct[match.left], right=distinct[match.right]) for match in found.matches]
    matches += [_exact_match(original, at) for at, original in enumerate(originals) if at != original]
    return Report(
        articles=tuple(kept),
        languages=tuple(languages[original] for original in originals),
        matches=tuple(sorted(matches, key=lambda match: (match.left, match.right))),
        clusters=_clusters(found, distinct, originals, kept),
        skipped=tuple(skipped),
        settings=settings,
        model=f"{encoder.name}@{encoder.fingerprint}",
        threshold=scorer.threshold,
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
    match = describe_pair(subjects, candidates, verdicts, 0)
    return Comparison(left, right, (languages[0], languages[1]), match, match.score >= scorer.threshold, scorer.threshold)


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """What matching found among distinct articles: matches, groups of positions and each group's weakest pair."""

    matches: tuple[Match, ...]
    groups: list[tuple[int, ...]]
    weakest: list[WeakestPair]


def _partition(
    articles: Iterable[Article | Skipped], progress: Progress | None
) -> tuple[list[Article], list[Skipped]]:
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


def _originals(hashes: Sequence[str]) -> list[int]:
    """For each article the position of the first one with the same text."""
    first: dict[str, int] = {}
    return [first.setdefault(value, position) for position, value in enumerate(hashes)]


def _detect(articles: Sequence[Article], progress: Progress | None) -> list[Language]:
    found: list[Language] = []
    for start in range(0, len(articles), _BATCH):
        found += detect_languages([article.body for article in articles[start : start + _BATCH]])
        if progress:
            progress("detect", len(found), len(articles))
    return found


def _match(
    articles: Sequence[Article],
    languages: Sequence[Language],
    encoder: Encoder,
    scorer: Scorer,
    settings: Settings,
    progress: Progress | None,
) -> _Found:
    """Match articles with different texts."""
    subjects, neighbourhood = prepare(articles, languages, encoder, settings, progress=progress)
    candidates = neighbourhood.candidates()
    verdicts = judge_pairs(subjects, candidates, scorer, progress=progress)
    candidates, verdicts = _completed(subjects, neighbourhood, candidates, verdicts, scorer)
    evidence = {
        (left, right): value
        for left, right, value in zip(
            candidates.left.tolist(), candidates.right.tolist(), verdicts.log_odds - scorer.least, strict=True
        )
    }
    groups = cluster_pairs(
        evidence,
        unknown=_UNVERIFIED,
        keys=[article.id for article in articles],
        languages=[language.code for language in languages],
    )
    cosines = dict(zip(evidence, candidates.similarity.tolist(), strict=True))
    weakest = [_weakest(group, evidence, cosines, scorer) for group in groups]
    return _Found(find_matches(subjects, candidates, verdicts, scorer), groups, weakest)


def prepare(
    articles: Sequence[Article],
    languages: Sequence[Language],
    encoder: Encoder,
    settings: Settings,
    *,
    progress: Progress | None = None,
) -> tuple[Subjects, Neighbourhood]:
    """Everything that verification and the search need to know of the articles."""
    bodies = [article.body for article in articles]
    codes = [language.code for language in languages]
    embeddings, means = embed_articles(bodies, codes, encoder, progress=progress)
    split = [sentences(body) for body in bodies]
    starts = np.concatenate([[0], np.cumsum([len(of_text) for of_text in split], dtype=np.intp)]).astype(np.intp)
    flat = [sentence for of_text in split for sentence in of_text]
    weights = information_weights([len(sentence) for sentence in flat], _recurrence(split), starts)
    vectors = embed_sentences(split, codes, means, encoder, progress=progress)
    subjects = Subjects(
        languages=languages,
        facts=[extract_facts(body, code) for body, code in zip(bodies, codes, strict=True)],
        lengths=np.array([reading_length(body) for body in bodies], np.float32),
        passages=Passages(vectors, weights, starts),
    )
    groups = [f"und {main_script(body)}" if code == UNDETERMINED else code for code, body in zip(codes, bodies, strict=True)]
    return subjects, search(embeddings, groups, neighbours=settings.neighbours, progress=progress)


def _recurrence(split: Sequence[Sequence[str]]) -> list[int]:
    """In how many articles each sentence stands, digits masked."""
    masked = [[_DIGITS.sub("0", sentence.casefold()) for sentence in of_text] for of_text in split]
    articles = Counter(sentence for of_text in masked for sentence in set(of_text))
    return [articles[sentence] for of_text in masked for sentence in of_text]


def _completed(
    subjects: Subjects, neighbourhood: Neighbourhood, candidates: Candidates, verdicts: Verdicts, scorer: Scorer
) -> tuple[Candidates, Verdicts]:
    """Candidates and verdicts with the pairs added that groups of linked articles still lack.

    A cluster is judged by all its pairs, so those the search did not propose are verified too.
    """
    linked = verdicts.log_odds >= scorer.least
    known = set(zip(candidates.left.tolist(), candidates.right.tolist(), strict=True))
    groups = linked_groups(zip(candidates.left[linked].tolist(), candidates.right[linked].tolist(), strict=True))
    missing = [
        pair
        for group in groups
        if 2 < len(group) <= _COMPLETED
        for pair in combinations(group, 2)
        if pair not in known
    ]
    if not missing:
        return candidates, verdicts
    left, right = np.array(missing, np.int64).T
    more = neighbourhood.between(left, right)
    return _merged(candidates, verdicts, more, judge_pairs(subjects, more, scorer))


def _merged(
    candidates: Candidates, verdicts: Verdicts, more: Candidates, of_more: Verdicts
) -> tuple[Candidates, Verdicts]:
    left = np.concatenate([candidates.left, more.left])
    right = np.concatenate([candidates.right, more.right])
    order = np.lexsort((right, left))
    both = Candidates(
        left[order],
        right[order],
        np.concatenate([candidates.similarity, more.similarity])[order],
        np.concatenate([candidates.margin, more.margin])[order],
    )
    return both, Verdicts(
        np.concatenate([verdicts.log_odds, of_more.log_odds])[order],
        np.concatenate([verdicts.features, of_more.features])[order],
        np.concatenate([verdicts.share, of_more.share])[order],
        np.concatenate([verdicts.copies, of_more.copies])[order],
    )


def _weakest(
    group: tuple[int, ...], evidence: dict[Pair, float], cosines: dict[Pair, float], scorer: Scorer
) -> WeakestPair:
    """The verified pair of a group with the least score."""
    pair = min((pair for pair in combinations(group, 2) if pair in evidence), key=lambda pair: (evidence[pair], pair))
    score = probability(np.array([evidence[pair] + scorer.least]))[0]
    return WeakestPair(*pair, similarity=cosines[pair], score=float(score))


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
