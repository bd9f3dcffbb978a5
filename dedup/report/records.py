"""Reports for programs, as JSON (the contract, schema 1) and JSON Lines; Parquet tables are made of the same records.

The same report gives the same bytes. Similarities, scores and coverages carry six digits.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, fields
from enum import Enum
from importlib import resources
from itertools import chain, repeat
from typing import Any, TypeAlias

from dedup.datatypes import Agreement, Article, Cluster, Language, Match, Report, Selection, Settings, Skipped
from dedup.language.digest import digest
from dedup.report import view
from dedup.version import __version__

SCHEMA = 1
"""Version of the form of the JSON report; it changes only when programs that read reports have to change."""

Record: TypeAlias = dict[str, Any]

TYPES = {"articles": "article", "clusters": "cluster", "matches": "match", "skipped": "skipped"}
"""Type of a line of JSON Lines, by the list of the JSON document that it belongs to."""

_ALIGNED = 5

_WITHHELD = Agreement()

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, check_circular=False).encode

_ESCAPED = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def as_dict(report: Report, *, with_text: bool = True) -> Record:
    """Render a report as plain values that conform to `schema`.

    Without text, no sentence, number or name of an article's text is in it; titles given by the source are.
    """
    rows = {name: list(records) for name, records in _rows(report, with_text).items()}
    return {**_head(report), **rows, "counts": view.counts(report)}


def as_json(report: Report, *, with_text: bool = True) -> str:
    """Render a report as one JSON document, one line an article, cluster, match and skipped file."""
    return dump_json({**_head(report), **_rows(report, with_text), "counts": view.counts(report)})


def as_jsonl(report: Report, *, with_text: bool = True) -> str:
    """Render a report as JSON lines, each object with its ``type``: report, article, cluster, match, skipped."""
    return dump_jsonl({**_head(report), "counts": view.counts(report), **_rows(report, with_text)})


def dump_json(whole: Record) -> str:
    """Dump a report in plain values, whose lists may be iterators, as one JSON document."""
    lines = [f"{dumps(key)}: {_block(value)}" for key, value in whole.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def dump_jsonl(whole: Record) -> str:
    """Dump a report in plain values, whose lists may be iterators, as JSON Lines."""
    first = {"type": "report", **{name: value for name, value in whole.items() if name not in TYPES}}
    rows = ({"type": type, **row} for name, type in TYPES.items() for row in whole[name])
    return "".join(f"{dumps(row)}\n" for row in chain([first], rows))


def head(model: str, settings: Settings, threshold: float) -> Record:
    """Record of the run itself: schema, version, model, settings."""
    return {
        "schema": SCHEMA,
        "dedup": __version__,
        "model": model,
        "settings": {
            **_settings(settings),
            "level": settings.level.value,
            "threshold": threshold,
            "keep": list(settings.keep),
            "roots": list(map(asdict, settings.roots)),
        },
    }


def _settings(settings: Settings) -> Record:
    """Settings in plain values; of a selection, those that select."""
    plain = {name: value for name, value in asdict(settings).items() if name != "selection"}
    chosen, usual = settings.selection, Selection()
    names = [field.name for field in fields(Selection)]
    selected = {name: _plain(value) for name in names if (value := getattr(chosen, name)) != getattr(usual, name)}
    return {**plain, "selection": selected} if selected else plain


def _plain(value: object) -> object:
    """A setting without enums and tuples."""
    if isinstance(value, Enum):
        return value.value
    return list(map(_plain, value)) if isinstance(value, tuple) else value


def schema() -> str:
    """JSON Schema (draft 2020-12) of the JSON report."""
    return (resources.files("dedup.report") / "schema.json").read_text(encoding="utf-8")


def article_record(article: Article, language: Language, known: tuple[str, int] | None = None) -> Record:
    """Record of an article and its language, without its text; `known` is its `digest` if that has been made."""
    content, words = known or digest(article)
    given = {"own_id": article.own_id} if article.own_id not in ("", article.id) else {}
    reference = {"reference": True} if article.reference else {}
    return {
        "id": article.id,
        **given,
        **reference,
        "path": article.path,
        "title": article.title,
        "language": language.code,
        "language_probability": _round(language.probability),
        "declared_language": article.declared_language,
        "words": words,
        "hash": content,
        "url": article.url,
        "published": article.published,
    }


def match_record(
    left: Article, right: Article, match: Match, *, with_text: bool = True, pairs: int = _ALIGNED
) -> Record:
    """Record of a match, with at most `pairs` of the closest sentences as evidence."""
    evidence = match.evidence
    return {
        "similarity": _round(match.similarity),
        "score": _round(match.score),
        "kind": match.kind.value,
        "excerpt": match.excerpt or None,
        **_decided(match),
        "evidence": {
            "coverage": [_round(share) for share in evidence.coverage],
            "aligned": _aligned(left, right, match, pairs) if with_text else [],
            "numbers": _agreement(evidence.numbers if with_text else _WITHHELD),
            "names": _agreement(evidence.names if with_text else _WITHHELD),
            # Of single precision: the product with a million is exact, so this is `_round` in a third of the time.
            "features": {name: round(value * 1e6) / 1e6 for name, value in evidence.features},
        },
    }


def pair_record(left: Article, right: Article, match: Match, *, with_text: bool = True) -> Record:
    """Record of a match with the ids of its two articles."""
    return {"left": left.id, "right": right.id, **match_record(left, right, match, with_text=with_text)}


def skipped_record(skipped: Skipped) -> Record:
    """Record of a skipped file or record."""
    return {"path": skipped.path, "line": skipped.line, "reason": skipped.reason}


def dumps(value: Any, indent: int | None = None) -> str:
    """Dump JSON in plain UTF-8.

    Lone surrogates (undecodable bytes of a file name) are escaped, and so is what a terminal or an editor would obey:
    control characters, also those above 127, line separators, and characters that change the direction of a line.
    """
    dumped = _encode(value) if indent is None else json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)
    if dumped.isprintable():  # most lines are, and this takes a tenth of the time
        return dumped
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", dumped)


def _head(report: Report) -> Record:
    return head(report.model, report.settings, report.threshold)


def _rows(report: Report, with_text: bool) -> dict[str, Iterator[Record]]:
    """Lists of a report, as iterators that make each record when it is asked for."""
    return {
        "articles": (
            {**article_record(*of_article), **({"note": said} if (said := view.note(report, at)) else {})}
            for at, of_article in enumerate(zip(report.articles, report.languages, _digests(report), strict=True))
        ),
        "clusters": (_cluster(report, cluster) for cluster in report.clusters),
        "matches": (_match(report, match, with_text) for match in report.matches),
        "skipped": map(skipped_record, report.skipped),
    }


def _digests(report: Report) -> Iterable[tuple[str, int] | None]:
    return report.digests.rows() if report.digests else repeat(None, len(report.articles))


def _cluster(report: Report, cluster: Cluster) -> Record:
    members = view.ids_of(report, cluster)
    weakest = cluster.weakest
    return {
        "id": view.cluster_id(members),
        "members": members,
        "representative": report.articles[cluster.representative].id,
        "languages": view.languages_of(report, cluster),
        "kind": cluster.kind.value,
        **_decided(cluster),
        **_versions(report, cluster),
        "weakest": {
            "left": report.articles[weakest.left].id,
            "right": report.articles[weakest.right].id,
            "similarity": _round(weakest.similarity),
            "score": _round(weakest.score),
        },
    }


def _versions(report: Report, cluster: Cluster) -> Record:
    """Field with the reports of an event, if the story is one."""
    versions = [[report.articles[member].id for member in version] for version in cluster.versions]
    return {"versions": versions} if versions else {}


def _decided(joined: Match | Cluster) -> Record:
    """Field that says that people decided, if they did."""
    return {"decided": True} if joined.decided else {}


def _match(report: Report, match: Match, with_text: bool) -> Record:
    return pair_record(report.articles[match.left], report.articles[match.right], match, with_text=with_text)


def _aligned(left: Article, right: Article, match: Match, limit: int) -> list[Record]:
    if not match.evidence.aligned:
        return []
    pairs = view.best_aligned(match.evidence, limit)
    left_sentences, right_sentences = view.sentences(left), view.sentences(right)
    return [
        {"left": left_sentences[pair.left], "right": right_sentences[pair.right], "similarity": _round(pair.similarity)}
        for pair in pairs
    ]


def _agreement(agreement: Agreement) -> dict[str, list[str]]:
    return {
        "shared": list(agreement.shared),
        "left_only": list(agreement.left_only),
        "right_only": list(agreement.right_only),
    }


def _round(value: float) -> float:
    return round(float(value), 6) + 0.0  # avoids negative zero


def _block(value: Any) -> str:
    """Dump a list of records with one line each, and any other value on one line."""
    if not isinstance(value, (Iterator, list)):
        return dumps(value)
    lines = ",\n ".join(map(dumps, value))
    return f"[\n {lines}\n]" if lines else "[]"


def without_surrogates(value: Any) -> Any:
    """Escape the lone surrogates of a text; other values stay as they are."""
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value
