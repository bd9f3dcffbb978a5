"""Reports loaded from JSON or JSON Lines: all that these hold, which texts are no part of."""

from __future__ import annotations

import json
from array import array
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from dedup.datatypes import (
    Agreement,
    Article,
    Cluster,
    Evidence,
    Features,
    Language,
    Match,
    MatchKind,
    Report,
    Root,
    Selection,
    Settings,
    Skipped,
    WeakestPair,
)
from dedup.errors import ReadError
from dedup.language.text import printable
from dedup.report.records import SCHEMA, TYPES, Record

_LISTS = {type: name for name, type in TYPES.items()}

_MALFORMED = (KeyError, TypeError, ValueError, AttributeError)
"""Raised by values of another kind than a report holds; errors of settings are among them."""


def read_report(path: str | Path) -> Record:
    """Read a report as `as_dict` renders one, from a file that is JSON or JSON Lines.

    Raises
    ------
    ReadError
        If it cannot be read, or is no report of this schema.
    """
    shown = printable(str(path))
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, ValueError) as fault:
        raise ReadError(f"cannot read {shown}: {getattr(fault, 'strerror', None) or fault}") from fault
    try:
        record = _lines(text) if text.startswith('{"type":') else json.loads(text)
    except (ValueError, RecursionError) as fault:
        raise ReadError(f"{shown} is no report in JSON or JSON Lines: {fault}") from fault
    if not isinstance(record, dict) or not {"schema", "dedup", *_LISTS.values()} <= record.keys():
        raise ReadError(f"{shown} is no report in JSON or JSON Lines; dedup scan --format json writes one")
    if record["schema"] != SCHEMA:
        raise ReadError(f"{shown} has schema {record['schema']!r:.20}, and this version reads schema {SCHEMA}")
    return record


def report_of(record: Record, path: str | Path) -> Report:
    """Make the report that a record describes; texts, aligned sentences and vectors are absent.

    Raises
    ------
    ReadError
        If the record contradicts itself or lacks a part.
    """
    try:
        return _report(record)
    except _MALFORMED as fault:
        what = f"lacks {fault}" if isinstance(fault, KeyError) else str(fault)
        raise ReadError(f"{printable(str(path))} is not a whole report: {printable(what)[:200]}") from fault


def _lines(text: str) -> Record:
    """JSON document with what the JSON Lines hold."""
    first, *rows = (json.loads(line) for line in text.split("\n") if line)
    record: Record = {name: value for name, value in first.items() if name not in ("type", "counts")}
    record |= {name: [] for name in _LISTS.values()}
    for row in rows:
        record[_LISTS[row.pop("type")]].append(row)
    return {**record, "counts": first["counts"]}


def _report(record: Record) -> Report:
    known = {field.name for field in fields(Settings)}
    settings = {name: value for name, value in record["settings"].items() if name in known}
    if "selection" in settings:
        settings["selection"] = Selection(**settings["selection"])
    settings["roots"] = tuple(Root(**root) for root in settings.get("roots", ()))
    articles = tuple(map(_article, record["articles"]))
    position = {article.id: number for number, article in enumerate(articles)}
    if len(position) < len(articles):
        raise ValueError("two articles have the same id")
    report = Report(
        articles=articles,
        languages=tuple(Language(row["language"], row["language_probability"]) for row in record["articles"]),
        matches=tuple(_match(row, position) for row in record["matches"]),
        clusters=tuple(_cluster(row, position) for row in record["clusters"]),
        skipped=tuple(Skipped(row["path"], row["reason"], row["line"]) for row in record["skipped"]),
        settings=Settings(**settings),
        model=record["model"],
        threshold=record["settings"]["threshold"],
    )
    counted = (record["counts"]["read"], record["counts"]["duplicates"])
    return report if counted == (report.read, report.duplicates) else replace(report, counted=counted)


def _article(row: Mapping[str, Any]) -> Article:
    return Article(
        id=row["id"],
        text="",
        title=row["title"],
        path=row["path"],
        url=row["url"],
        published=row["published"],
        declared_language=row["declared_language"],
        own_id=row.get("own_id", ""),
        reference=row.get("reference", False),
        note=row.get("note", ""),
    )


def _cluster(row: Mapping[str, Any], position: Mapping[str, int]) -> Cluster:
    weakest = row["weakest"]
    left, right = position[weakest["left"]], position[weakest["right"]]
    members = tuple(position[id] for id in row["members"])
    return Cluster(
        members,
        position[row["representative"]],
        MatchKind(row["kind"]),
        WeakestPair(left, right, weakest["similarity"], weakest["score"]),
        row.get("decided", False),
        tuple(tuple(position[id] for id in version) for version in row.get("versions", ())),
    )


def _match(row: Mapping[str, Any], position: Mapping[str, int]) -> Match:
    given = row["evidence"]
    one, other = given["coverage"]
    evidence = Evidence(
        coverage=(one, other),
        numbers=_agreement(given["numbers"]),
        names=_agreement(given["names"]),
        features=Features(tuple(given["features"]), array("f", given["features"].values()).tobytes()),
    )
    left, right = position[row["left"]], position[row["right"]]
    kind, excerpt = MatchKind(row["kind"]), row["excerpt"] or ""
    decided = row.get("decided", False)
    return Match(left, right, row["similarity"], row["score"], kind, evidence, excerpt, decided)


def _agreement(row: Mapping[str, Any]) -> Agreement:
    return Agreement(tuple(row["shared"]), tuple(row["left_only"]), tuple(row["right_only"]))
