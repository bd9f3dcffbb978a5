"""Parquet report: one file a table, or a folder of parts for results too large for one report.

Both have the same columns, and readers of Parquet take a folder of parts for one table. Workers make the parts; the
process that started the run writes them, so that no other machine needs access to the destination, and holds one part
at a time.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import islice, starmap
from typing import TypeVar

import numpy as np

from dedup.arrays import Positions
from dedup.clustering.outcome import Outcome
from dedup.datatypes import Article, Cluster, Language, MatchKind, Report
from dedup.errors import MissingExtraError
from dedup.matching.evidence import PairBatch, describe_batch, pair_batches
from dedup.matching.exact import exact_match
from dedup.matching.features import StoredTexts
from dedup.report import records, view
from dedup.report.destination import Folder
from dedup.report.records import Record, as_dict, dumps, without_surrogates
from dedup.runtime.article_files import take_articles
from dedup.runtime.workers import Workers

_ARTICLE_FIELDS = {
    "id": "string",
    "path": "string",
    "title": "string",
    "language": "string",
    "language_probability": "float64",
    "declared_language": "string",
    "words": "int64",
    "hash": "string",
    "url": "string",
    "published": "string",
    "cluster": "string",
    "kind": "string",
    "representative": "bool_",
}

_MATCH_FIELDS = {
    "left": "string",
    "right": "string",
    "similarity": "float64",
    "score": "float64",
    "kind": "string",
    "excerpt": "string",
    "decided": "bool_",
    "coverage_left": "float64",
    "coverage_right": "float64",
    "evidence": "string",
}

_SKIPPED_FIELDS = {"path": "string", "line": "int64", "reason": "string"}

SUMMARY = "summary.json"
"""Name of the summary, which is written last: where it exists, the tables are complete."""

_BATCHES = 16  # batches of pairs in a part of the matches

_PAIRS = 4096  # exact copies in a part

_ARTICLES = 16_384  # articles in a part

_Item = TypeVar("_Item")

_Pairs = list[tuple[int, int]]

_Texts = tuple[Positions, Sequence[Article]]


def write_matches(found: Outcome, place: Folder, workers: Workers, with_text: bool) -> list[MatchKind]:
    """Write all matches except exact copies; returns the kind of each."""
    match_input, candidates, verdicts = found.matched
    batches = pair_batches(candidates, verdicts, found.full & with_text)
    tasks = (
        (
            part,
            _texts(
                match_input.articles, [at for batch in part for at in (batch.candidates.left, batch.candidates.right)]
            ),
        )
        for part in _parts(batches, _BATCHES)
    )
    work = partial(_matches, match_input.texts, with_text)
    kinds: list[MatchKind] = []
    for number, (table, of_table) in enumerate(workers.map(work, tasks)):
        place.write(f"matches/part-{number:06}.parquet", table)
        kinds += of_table
    return kinds


def _matches(
    texts: StoredTexts, with_text: bool, task: tuple[list[PairBatch], _Texts]
) -> tuple[bytes, list[MatchKind]]:
    batches, of_articles = task
    articles = _by_position(of_articles)
    matches = [match for batch in batches for match in describe_batch(texts, batch)]
    rows = (
        records.pair_record(articles[match.left], articles[match.right], match, with_text=with_text)
        for match in matches
    )
    return matches_table(rows), [match.kind for match in matches]


def write_copies(found: Outcome, articles: Sequence[Article], place: Folder, workers: Workers, with_text: bool) -> None:
    """Write the matches of exact copies with the first article of their text."""
    tasks = (
        (part, _texts(articles, [np.array(part, np.intp).ravel()])) for part in _parts(found.unique.copies(), _PAIRS)
    )
    for number, table in enumerate(workers.map(partial(_copies, with_text), tasks)):
        place.write(f"matches/part-copies-{number:06}.parquet", table)


def _copies(with_text: bool, task: tuple[_Pairs, _Texts]) -> bytes:
    pairs, texts = task
    articles = _by_position(texts)
    return matches_table(
        records.pair_record(articles[left], articles[right], exact_match(left, right), with_text=with_text)
        for left, right in pairs
    )


def write_articles(
    found: Outcome, clusters: Sequence[Cluster], articles: Sequence[Article], place: Folder, workers: Workers
) -> None:
    """Write all articles, each with its cluster."""
    record_of: dict[int, Record] = {}
    for cluster in clusters:
        record_of |= dict.fromkeys(cluster.members, _cluster_record(found, cluster))
    numbers = found.unique.numbers
    tasks = (
        (
            articles[start : start + _ARTICLES],
            [found.languages[number] for number in numbers[start : start + _ARTICLES].tolist()],
            [record_of.get(position) for position in range(start, min(start + _ARTICLES, len(articles)))],
        )
        for start in range(0, max(len(articles), 1), _ARTICLES)
    )
    for number, table in enumerate(workers.map(_articles, tasks)):
        place.write(f"articles/part-{number:06}.parquet", table)


def _articles(task: tuple[Sequence[Article], list[Language], list[Record | None]]) -> bytes:
    articles, languages, clusters = task
    return articles_table(map(records.article_record, articles, languages), clusters)


def _cluster_record(found: Outcome, cluster: Cluster) -> Record:
    """Columns of the table of articles that describe a cluster."""
    return {
        "id": view.cluster_id(found.standings[member].id for member in cluster.members),
        "kind": cluster.kind.value,
        "representative": found.standings[cluster.representative].id,
    }


def _texts(articles: Sequence[Article], positions: Sequence[Positions]) -> _Texts:
    every = np.unique(np.concatenate(positions))
    return every, take_articles(articles, every)


def _by_position(texts: _Texts) -> dict[int, Article]:
    positions, articles = texts
    return dict(zip(positions.tolist(), articles, strict=True))


def _parts(items: Iterable[_Item], size: int) -> Iterator[list[_Item]]:
    coming = iter(items)
    while part := list(islice(coming, size)):
        yield part


def as_parquet(report: Report, *, with_text: bool = True) -> dict[str, bytes]:
    """Render a report as three Parquet tables, by file name: articles (with their clusters), matches, skipped.

    Raises
    ------
    MissingExtraError
        If pyarrow is not installed (extra ``parquet``).
    """
    whole = as_dict(report, with_text=with_text)
    of_article = {id: cluster for cluster in whole["clusters"] for id in cluster["members"]}
    clusters = [of_article.get(article["id"]) for article in whole["articles"]]
    return {
        "articles.parquet": articles_table(whole["articles"], clusters),
        "matches.parquet": matches_table(whole["matches"]),
        "skipped.parquet": skipped_table(whole["skipped"]),
    }


def articles_table(articles: Iterable[Record], clusters: Iterable[Record | None]) -> bytes:
    """Make a Parquet file of articles, each with the id, kind and representative of its cluster."""
    return table(_ARTICLE_FIELDS, starmap(_parquet_article, zip(articles, clusters, strict=True)))


def matches_table(matches: Iterable[Record]) -> bytes:
    """Make a Parquet file of matches."""
    return table(_MATCH_FIELDS, map(_parquet_match, matches))


def skipped_table(skipped: Iterable[Record]) -> bytes:
    """Make a Parquet file of skipped files and records."""
    return table(_SKIPPED_FIELDS, skipped)


def _parquet_article(article: Record, cluster: Record | None) -> Record:
    if cluster is None:
        return article
    is_representative = article["id"] == cluster["representative"]
    return {**article, "cluster": cluster["id"], "kind": cluster["kind"], "representative": is_representative}


def _parquet_match(match: Record) -> Record:
    left, right = match["evidence"]["coverage"]
    columns = {"decided": match.get("decided", False), "coverage_left": left, "coverage_right": right}
    return {**match, **columns, "evidence": dumps(match["evidence"])}


def table(fields: dict[str, str], rows: Iterable[Record]) -> bytes:
    """Make a Parquet file in memory, of columns with the names and pyarrow types of `fields`."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise MissingExtraError("pyarrow", "parquet") from error
    types = pa.schema([(name, getattr(pa, kind)()) for name, kind in fields.items()])
    plain = [{name: without_surrogates(row.get(name)) for name in fields} for row in rows]
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(plain, schema=types), sink, compression="zstd")
    return sink.getvalue()
