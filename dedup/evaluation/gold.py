"""Gold data for evaluation: articles with their stories, labelled pairs, and predicted clusters."""

from __future__ import annotations

import gzip
import json
import lzma
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from dedup.datatypes import UNDETERMINED, Article
from dedup.errors import ReadError

_UNREADABLE = (OSError, EOFError, UnicodeDecodeError, lzma.LZMAError)


@dataclass(frozen=True, slots=True)
class Gold:
    """Article with its gold story and language; different stories of one `group` are hard negatives."""

    article: Article
    story: str
    language: str
    group: str = ""


@dataclass(frozen=True, slots=True)
class GoldPair:
    """Two article ids, and whether people labelled them as the same."""

    left: str
    right: str
    same: bool


def read_gold(path: Path) -> tuple[Gold, ...]:
    """Read gold articles from a JSONL file (plain, .gz or .xz): id, story, lang; text, title and group are optional.

    The `Article` itself holds no gold: neither story nor language nor group.

    Raises
    ------
    ReadError
        If the file cannot be read, a line is no such record, or an id comes twice.
    """
    found = tuple(_gold(record, f"{path}:{line}", path) for line, record in _records(path))
    ids = [gold.article.id for gold in found]
    if len(set(ids)) < len(ids):
        twice = next(id for n, id in enumerate(ids) if id in ids[:n])
        raise ReadError(f"{path}: id {twice!r} comes twice; every gold article needs an id of its own")
    if not found:
        raise ReadError(f"{path}: no article in it; expected JSON lines with id, story and lang")
    return found


def read_articles(path: Path) -> tuple[Gold, ...]:
    """Articles of an archive in a JSONL file, each taken for a story of its own: id, text, and title if it has one.

    Raises
    ------
    ReadError
        If the file cannot be read, or a line is no such record.
    """
    return tuple(
        _gold({**record, "story": record.get("id"), "lang": record.get("lang") or UNDETERMINED}, f"{path}:{line}", path)
        for line, record in _records(path)
    )


def read_pairs(path: Path) -> tuple[GoldPair, ...]:
    """Read labelled pairs from a JSONL file: a, b and label (1 same, 0 different; others are left out).

    Or, as people judge the pairs of a report: left, right and verdict (S same, U updated or contained, D different; E,
    another report of the event, is neither and left out).
    """
    records = ((f"{path}:{line}", record) for line, record in _records(path))
    return tuple(
        GoldPair(_field(record, one, where), _field(record, other, where), record[key] in same)
        for where, record in records
        for one, other, key, same in (("a", "b", "label", (1,)), ("left", "right", "verdict", ("S", "U")))
        if record.get(key) in (*same, *_DIFFERENT[key])
    )


_DIFFERENT = {"label": (0,), "verdict": ("D",)}


def read_clusters(path: Path) -> dict[str, str]:
    """Read predicted clusters: a mapping from the id of each clustered article to its cluster.

    The file is a JSON report of ours, its JSONL form, or JSON lines with ``id`` and ``cluster``; articles that are in
    none, or whose cluster is null, are left out.
    """
    try:
        with _open(path) as file:
            whole = json.load(file)
    except _UNREADABLE as error:
        raise _unreadable(path, error) from error
    except ValueError:  # not a single document: JSON lines
        return _clusters_of_lines(path)
    if isinstance(whole, dict) and "clusters" in whole:
        return {member: cluster["id"] for cluster in whole["clusters"] for member in cluster["members"]}
    return _clusters_of_lines(path)


def _clusters_of_lines(path: Path) -> dict[str, str]:
    clusters: dict[str, str] = {}
    for line, record in _records(path):
        if record.get("type") == "cluster":
            clusters |= dict.fromkeys(record["members"], record["id"])
        elif "type" not in record and record.get("cluster") is not None:
            id, cluster = _field(record, "id", f"{path}:{line}"), str(record["cluster"])
            if clusters.setdefault(id, cluster) != cluster:
                raise ReadError(f"{path}:{line}: {id!r} is in two clusters, {clusters[id]!r} and {cluster!r}")
    return clusters


def _gold(record: Mapping[str, Any], where: str, path: Path) -> Gold:
    article = Article(
        id=_field(record, "id", where),
        text=str(record.get("text") or ""),
        title=str(record.get("title") or ""),
        path=str(path),
        published=str(record.get("published") or ""),
    )
    return Gold(article, _field(record, "story", where), _field(record, "lang", where), str(record.get("group") or ""))


def _field(record: Mapping[str, Any], name: str, where: str) -> str:
    if record.get(name) in (None, ""):
        raise ReadError(f"{where}: no {name!r} in this record; it has {', '.join(sorted(record)) or 'nothing'}")
    return str(record[name])


def _records(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield line numbers from 1 and JSON objects of a JSONL file."""
    try:
        with _open(path) as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield number, _record(line, f"{path}:{number}")
    except _UNREADABLE as error:
        raise _unreadable(path, error) from error


def _record(line: str, where: str) -> Mapping[str, Any]:
    try:
        record = json.loads(line)
    except ValueError as error:
        raise ReadError(f"{where}: not JSON ({error}); expected one object a line") from error
    if not isinstance(record, dict):
        raise ReadError(f"{where}: {type(record).__name__} instead of an object")
    return record


def _open(path: Path) -> IO[str]:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8")
    if path.suffix == ".xz":
        return lzma.open(path, "rt", encoding="utf-8")
    return path.open(encoding="utf-8")


def _unreadable(path: Path, error: Exception) -> ReadError:
    return ReadError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}")
