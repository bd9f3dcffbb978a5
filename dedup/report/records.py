"""Reports for programs: JSON (the contract, schema 1), JSONL, CSV and Parquet.

The same report gives the same bytes. Similarities, scores and coverages carry six digits.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from importlib import resources
from itertools import chain, starmap
from typing import Any, TypeAlias

from dedup.datatypes import Agreement, Article, Cluster, Language, Match, Report, Settings, Skipped
from dedup.errors import MissingExtraError
from dedup.report import view
from dedup.text import content_hash, count_words
from dedup.version import __version__

SCHEMA = 1
"""Version of the JSON report's shape; it changes only when a program that reads reports would have to."""

COLUMNS = (
    "cluster", "kind", "role", "score", "id", "language", "words", "title", "path", "url", "published", "why",
)  # fmt: skip
"""Columns of the CSV report."""

Record: TypeAlias = dict[str, Any]

_ALIGNED = 5
_UNTOLD = Agreement()
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, check_circular=False).encode
_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_FORMULA = ("=", "+", "-", "@", "\t", "＝", "＋", "－", "＠")


def as_dict(report: Report, *, with_text: bool = True) -> Record:
    """The report as plain values, in the shape of `schema`.

    Without text, no sentence, number or name of an article's text is in it; titles given by the source are.
    """
    rows = {name: list(records) for name, records in _rows(report, with_text).items()}
    return {**_head(report), **rows, "counts": view.counts(report)}


def as_json(report: Report, *, with_text: bool = True) -> str:
    """The report as one JSON document, one line an article, cluster, match and skipped file."""
    whole = {**_head(report), **_rows(report, with_text), "counts": view.counts(report)}
    lines = [f"{dumps(key)}: {_block(value)}" for key, value in whole.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def as_jsonl(report: Report, *, with_text: bool = True) -> str:
    """The same objects one a line, each with its ``type``: report, article, cluster, match, skipped."""
    types = {"articles": "article", "clusters": "cluster", "matches": "match", "skipped": "skipped"}
    first = {"type": "report", **_head(report), "counts": view.counts(report)}
    rows = ({"type": types[name], **row} for name, rows in _rows(report, with_text).items() for row in rows)
    return "".join(f"{dumps(row)}\n" for row in chain([first], rows))


def as_csv(report: Report, *, with_text: bool = True) -> str:
    """One row a clustered article, then one a skipped file, in `COLUMNS`; no cell runs as a spreadsheet formula.

    The role is ``representative``, ``duplicate`` or ``skipped``; score and why are those of the match with the
    representative, or with the closest member where the two were not matched.
    """
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for story in view.stories(report):
        for member in story.cluster.members:
            writer.writerow(_clustered_row(report, story, member, with_text))
    for skipped in report.skipped:
        where = skipped.path if skipped.line is None else f"{skipped.path}:{skipped.line}"
        writer.writerow({"role": "skipped", "path": _cell(where), "why": _cell(skipped.reason)})
    return out.getvalue()


def as_parquet(report: Report, *, with_text: bool = True) -> dict[str, bytes]:
    """File names and contents of three Parquet tables: articles (with their clusters), matches, skipped.

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
    """A Parquet file of articles, each with the cluster it is in, of which id, kind and representative are needed."""
    return _table(_ARTICLE_FIELDS, starmap(_parquet_article, zip(articles, clusters, strict=True)))


def matches_table(matches: Iterable[Record]) -> bytes:
    """A Parquet file of matches."""
    return _table(_MATCH_FIELDS, map(_parquet_match, matches))


def skipped_table(skipped: Iterable[Record]) -> bytes:
    """A Parquet file of what was skipped."""
    return _table(_SKIPPED_FIELDS, skipped)


def head(model: str, settings: Settings, threshold: float) -> Record:
    """What a report says of the run itself."""
    return {
        "schema": SCHEMA,
        "dedup": __version__,
        "model": model,
        "settings": {**asdict(settings), "level": settings.level.value, "threshold": threshold},
    }


def schema() -> str:
    """The JSON Schema (draft 2020-12) of the JSON report."""
    return (resources.files("dedup.report") / "schema.json").read_text(encoding="utf-8")


def article_record(article: Article, language: Language) -> Record:
    """An article and its language as reports list them, without its text."""
    return {
        "id": article.id,
        "path": article.path,
        "title": article.title,
        "language": language.code,
        "language_probability": _round(language.probability),
        "declared_language": article.declared_language,
        "words": count_words(article.body),
        "hash": content_hash(article.body),
        "url": article.url,
        "published": article.published,
    }


def match_record(
    left: Article, right: Article, match: Match, *, with_text: bool = True, pairs: int = _ALIGNED
) -> Record:
    """What a match says of two articles, with at most `pairs` of the closest sentences as evidence."""
    evidence = match.evidence
    return {
        "similarity": _round(match.similarity),
        "score": _round(match.score),
        "kind": match.kind.value,
        "excerpt": match.excerpt or None,
        "evidence": {
            "coverage": [_round(share) for share in evidence.coverage],
            "aligned": _aligned(left, right, match, pairs) if with_text else [],
            "numbers": _agreement(evidence.numbers if with_text else _UNTOLD),
            "names": _agreement(evidence.names if with_text else _UNTOLD),
            "features": {name: _round_single(value) for name, value in evidence.features},
        },
    }


def pair_record(left: Article, right: Article, match: Match, *, with_text: bool = True) -> Record:
    """The same with the ids of the two, as reports list it."""
    return {"left": left.id, "right": right.id, **match_record(left, right, match, with_text=with_text)}


def skipped_record(skipped: Skipped) -> Record:
    """What was skipped, as reports list it."""
    return {"path": skipped.path, "line": skipped.line, "reason": skipped.reason}


def dumps(value: Any, indent: int | None = None) -> str:
    """JSON in plain UTF-8; what is no Unicode text (undecodable bytes of a file name) stays escaped."""
    dumped = _encode(value) if indent is None else json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)
    try:
        dumped.encode()  # ten times as fast as a search for half a character
    except UnicodeEncodeError:
        return _LONE_SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", dumped)
    return dumped


def _head(report: Report) -> Record:
    return head(report.model, report.settings, report.threshold)


def _rows(report: Report, with_text: bool) -> dict[str, Iterator[Record]]:
    """The lists of a report, each record made when its turn comes."""
    return {
        "articles": starmap(article_record, zip(report.articles, report.languages, strict=True)),
        "clusters": (_cluster(report, cluster) for cluster in report.clusters),
        "matches": (_match(report, match, with_text) for match in report.matches),
        "skipped": map(skipped_record, report.skipped),
    }


def _cluster(report: Report, cluster: Cluster) -> Record:
    members = view.ids_of(report, cluster)
    weakest = cluster.weakest
    return {
        "id": view.cluster_id(members),
        "members": members,
        "representative": report.articles[cluster.representative].id,
        "languages": view.languages_of(report, cluster),
        "kind": cluster.kind.value,
        "weakest": {
            "left": report.articles[weakest.left].id,
            "right": report.articles[weakest.right].id,
            "similarity": _round(weakest.similarity),
            "score": _round(weakest.score),
        },
    }


def _match(report: Report, match: Match, with_text: bool) -> Record:
    return pair_record(report.articles[match.left], report.articles[match.right], match, with_text=with_text)


def _aligned(left: Article, right: Article, match: Match, limit: int) -> list[Record]:
    pairs = view.best_aligned(match.evidence, limit)
    if not pairs:
        return []
    told, retold = view.sentences(left), view.sentences(right)
    return [
        {"left": told[pair.left], "right": retold[pair.right], "similarity": _round(pair.similarity)} for pair in pairs
    ]


def _agreement(agreement: Agreement) -> dict[str, list[str]]:
    return {
        "shared": list(agreement.shared),
        "left_only": list(agreement.left_only),
        "right_only": list(agreement.right_only),
    }


def _round(value: float) -> float:
    return round(float(value), 6) + 0.0  # no negative zero


def _round_single(value: float) -> float:
    """The same of a number of single precision, a million times which is exact: three times as fast."""
    return round(value * 1e6) / 1e6


def _block(value: Any) -> str:
    """Records with one line each, anything else on one line."""
    if not isinstance(value, Iterator):
        return dumps(value)
    lines = ",\n ".join(map(dumps, value))
    return f"[\n {lines}\n]" if lines else "[]"


def _clustered_row(report: Report, story: view.Story, member: int, with_text: bool) -> dict[str, str | int]:
    article = report.articles[member]
    represents = member == story.cluster.representative
    match = None if represents else story.explaining(member)
    return {
        "cluster": story.id,
        "kind": story.cluster.kind.value,
        "role": "representative" if represents else "duplicate",
        "score": f"{match.score:.6f}" if match else "",
        "id": _cell(article.id),
        "language": report.languages[member].code,
        "words": count_words(article.body),
        "title": _cell(article.title),
        "path": _cell(article.path),
        "url": _cell(article.url),
        "published": _cell(article.published),
        "why": _cell(view.why(report, match, with_text=with_text)) if match else "",
    }


def _cell(value: str) -> str:
    """A cell that no spreadsheet runs and no terminal obeys.

    What begins like a formula gets an apostrophe before it (CWE-1236); control characters are escaped.
    """
    plain = _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", _plain(value))
    return f"'{plain}" if plain.startswith(_FORMULA) else plain


_ARTICLE_FIELDS = {
    "id": "string", "path": "string", "title": "string", "language": "string", "language_probability": "float64",
    "declared_language": "string", "words": "int64", "hash": "string", "url": "string", "published": "string",
    "cluster": "string", "kind": "string", "representative": "bool_",
}  # fmt: skip
_MATCH_FIELDS = {
    "left": "string", "right": "string", "similarity": "float64", "score": "float64", "kind": "string",
    "excerpt": "string", "coverage_left": "float64", "coverage_right": "float64", "evidence": "string",
}  # fmt: skip
_SKIPPED_FIELDS = {"path": "string", "line": "int64", "reason": "string"}


def _parquet_article(article: Record, cluster: Record | None) -> Record:
    if cluster is None:
        return article
    is_representative = article["id"] == cluster["representative"]
    return {**article, "cluster": cluster["id"], "kind": cluster["kind"], "representative": is_representative}


def _parquet_match(match: Record) -> Record:
    left, right = match["evidence"]["coverage"]
    return {**match, "coverage_left": left, "coverage_right": right, "evidence": dumps(match["evidence"])}


def _table(fields: dict[str, str], rows: Iterable[Record]) -> bytes:
    """One Parquet file in memory."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise MissingExtraError("pyarrow", "parquet") from error
    types = pa.schema([(name, getattr(pa, kind)()) for name, kind in fields.items()])
    plain = [{name: _plain(row.get(name)) for name in fields} for row in rows]
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(plain, schema=types), sink, compression="zstd")
    return sink.getvalue()


def _plain(value: Any) -> Any:
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value
