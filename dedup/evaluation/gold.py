"""Gold data for evaluation: articles with their stories, labelled pairs, and predicted clusters."""

from __future__ import annotations

import gzip
import logging
import lzma
import zlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import IO, Any

from dedup.clustering.decisions import Decisions
from dedup.datatypes import UNDETERMINED, Article, Level
from dedup.errors import ReadError
from dedup.language.as_read import body_of
from dedup.language.json_text import kind_of, parse_json
from dedup.language.text import content_hash, printable

logger = logging.getLogger(__name__)

_MOST_NAMES = 20  # of fields named in a message

_Label = tuple[str, str, str, tuple[object, ...], tuple[object, ...]]

_LABELS: Mapping[Level, tuple[_Label, ...]] = {
    Level.DUPLICATE: (("a", "b", "label", (1,), (0,)), ("left", "right", "verdict", ("S", "U"), ("D",))),
    Level.STORY: (
        ("a", "b", "judged", ("S", "U", "E"), ("D",)),
        ("a", "b", "label", (1,), (0,)),
        ("left", "right", "verdict", ("S", "U", "E"), ("D",)),
    ),
}  # names of the two ids and of the label, and the labels that mean the same and different, the first of them first

_UNREADABLE = (OSError, EOFError, UnicodeDecodeError, lzma.LZMAError, zlib.error)

_EXAMPLE = '{"id": "a", "story": "flood", "lang": "en", "text": "..."}'


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
    found = tuple(_gold(record, _place(path, line), path) for line, record in _records(path))
    counts = Counter(gold.article.id for gold in found)
    twice = next((id for id, count in counts.items() if count > 1), None)
    if twice is not None:
        raise ReadError(f"{_show(path)}: id {twice!r} comes twice; every gold article needs an id of its own")
    if not found:
        raise ReadError(f"{_show(path)}: no article in it; expected JSON lines with id, story and lang")
    return found


def require_texts(articles: Sequence[Article], path: Path) -> None:
    """Check that gold articles can be scanned.

    Raises
    ------
    ReadError
        If one of them has no text.
    """
    without = [article.id for article in articles if not article.body.strip()]
    if without:
        raise ReadError(
            f"{_show(path)}: {len(without):,} of {len(articles):,} articles have no text to scan, the first is "
            f"{without[0]!r}; add it, or name a report to measure: dedup evaluate GOLD REPORT"
        )


def read_articles(path: Path) -> tuple[Gold, ...]:
    """Read articles of an archive from a JSONL file, each as a story of its own: id, text and optionally title.

    Raises
    ------
    ReadError
        If the file cannot be read, or a line is no such record.
    """
    return tuple(
        _gold(
            {**record, "story": record.get("id"), "lang": record.get("lang") or UNDETERMINED}, _place(path, line), path
        )
        for line, record in _records(path)
    )


def read_pairs(path: Path, level: Level = Level.DUPLICATE) -> tuple[GoldPair, ...]:
    """Read labelled pairs from a JSONL file: a, b and label (1 same, 0 different; others are left out).

    Lines may also be verdicts on the pairs of a report: left, right and verdict (S same, U updated or contained, D
    different; E, another report of the event, is neither and left out). At `STORY` E is of one event as S and U are,
    and the same letters as `judged` overrule a label, which is of articles and not of events.

    Raises
    ------
    ReadError
        If the file cannot be read, holds no labelled pair, or labels a pair in two ways.
    """
    labels: dict[tuple[str, str], bool] = {}
    for line, record in _records(path):
        for pair in _labelled(record, _place(path, line), level):
            before = labels.get((pair.right, pair.left), pair.same)
            if labels.setdefault((pair.left, pair.right), before) != pair.same or before != pair.same:
                both = f"{pair.left!r} and {pair.right!r}"
                raise ReadError(f"{_place(path, line)}: {both} are labelled both as the same and as different")
    if not labels:
        raise ReadError(
            f"{_show(path)}: no labelled pair in it; expected JSON lines with a, b and label 1 or 0, or with left, "
            "right and verdict S, U or D"
        )
    return tuple(GoldPair(left, right, same) for (left, right), same in labels.items())


def pairs_of(decisions: Decisions, articles: Iterable[Article]) -> tuple[GoldPair, ...]:
    """Labelled pairs of articles that decisions, which name them by id or by the hash of the text, come to.

    Of two decisions on one pair the later one counts; those on other articles, or on two copies, are left out.
    """
    named: dict[str, list[str]] = {}
    for article in articles:
        if (hash_ := content_hash(body_of(article))) in decisions.names:
            named.setdefault(hash_, []).append(article.id)
        if article.id in decisions.names:
            named[article.id] = [article.id]
    labels: dict[tuple[str, str], bool] = {}
    for decision in decisions.pairs:
        for left, right in product(named.get(decision.left, ()), named.get(decision.right, ())):
            if left != right:
                labels[min(left, right), max(left, right)] = decision.same
    return tuple(GoldPair(left, right, same) for (left, right), same in labels.items())


def _labelled(record: Mapping[str, Any], where: str, level: Level) -> Iterator[GoldPair]:
    """Yield the pair that a record labels, if it does, in one of the forms of a level."""
    for one, other, key, same, different in _LABELS[level]:
        label = record.get(key)
        if label in (*same, *different):
            left, right = _field(record, one, where), _field(record, other, where)
            if left == right:
                raise ReadError(f"{where}: {left!r} is paired with itself")
            yield GoldPair(left, right, label in same)
            return


def check_pairs(pairs: Iterable[GoldPair], ids: Collection[str], source: Path) -> None:
    """Refuse pairs of which none can be scored: both articles have to be gold.

    Raises
    ------
    ReadError
        If no pair is of articles with these ids. Those that are not are named in a warning.
    """
    pairs = list(pairs)
    known = sum(pair.left in ids and pair.right in ids for pair in pairs)
    if not known:
        raise ReadError(f"{_show(source)}: none of its {len(pairs):,} pairs is of gold articles; do the ids agree?")
    if known < len(pairs):
        logger.warning("%s: %d of %d pairs are not of gold articles", source, len(pairs) - known, len(pairs))


def read_clusters(path: Path, ids: Collection[str] | None = None) -> dict[str, str]:
    """Read predicted clusters: a mapping from the id of each clustered article to its cluster.

    The file is a JSON report of ours, its JSONL form, or JSON lines with ``id`` and ``cluster``; articles that are in
    none, or whose cluster is null, are left out.

    Parameters
    ----------
    ids : collection of str, optional
        Those of the gold articles.

    Raises
    ------
    ReadError
        If the file cannot be read, has another form, or names no gold article.
    """
    try:
        with _open(path) as file:
            whole = parse_json(file.read())
    except UnicodeDecodeError as error:
        raise _unreadable(path, error) from error
    except ValueError:  # not a single document: JSON lines
        clustered = _clusters_of_lines(path)
    except _UNREADABLE as error:
        raise _unreadable(path, error) from error
    else:
        is_report = isinstance(whole, dict) and "clusters" in whole
        clustered = _clusters_of_report(whole, _show(path)) if is_report else _clusters_of_lines(path)
    clusters, articles = clustered
    if not articles:
        raise ReadError(f"{_show(path)}: no article in it; expected a JSON or JSONL report, or lines of id and cluster")
    if ids is not None:
        known = sum(id in ids for id in articles)
        if not known:
            raise ReadError(f"{_show(path)}: none of its {len(articles):,} articles is gold; do the ids agree?")
        if known < len(articles):
            unknown = len(articles) - known
            logger.warning("%s: %d of %d articles are not gold and left out", path, unknown, len(articles))
    return clusters


def _clusters_of_report(report: Mapping[str, Any], where: str) -> tuple[dict[str, str], set[str]]:
    """Clusters of a JSON report, and the ids of all its articles."""
    clusters: dict[str, str] = {}
    for cluster in _list(report, "clusters", where):
        _enter(cluster, where, clusters)
    listed = report.get("articles")
    found = {_field(article, "id", where) for article in _list(report, "articles", where)} if listed is not None else ()
    return clusters, {*clusters, *found}


def _clusters_of_lines(path: Path) -> tuple[dict[str, str], set[str]]:
    clusters: dict[str, str] = {}
    articles: set[str] = set()
    named = False
    for line, record in _records(path):
        where = _place(path, line)
        named = named or "type" in record
        if record.get("type") == "cluster":
            _enter(record, where, clusters)
        elif record.get("type") == "article":
            articles.add(_field(record, "id", where))
        elif "type" not in record:
            articles.add(id := _field(record, "id", where))
            named = named or "cluster" in record
            if record.get("cluster") is not None:
                _put(id, _field(record, "cluster", where), where, clusters)
    if articles and not named:
        raise ReadError(f"{_show(path)}: no record has a 'cluster'; expected a JSON or JSONL report of dedup")
    return clusters, {*clusters, *articles}


def _enter(cluster: object, where: str, clusters: dict[str, str]) -> None:
    """Enter the members of a cluster of a report."""
    if not isinstance(cluster, dict):
        raise ReadError(f"{where}: {kind_of(cluster)} instead of a cluster")
    name = _field(cluster, "id", where)
    for member in _list(cluster, "members", where):
        _put(_field({"members": member}, "members", where), name, where, clusters)


def _put(id: str, cluster: str, where: str, clusters: dict[str, str]) -> None:
    if clusters.setdefault(id, cluster) != cluster:
        raise ReadError(f"{where}: {id!r} is in two clusters, {clusters[id]!r} and {cluster!r}")


def _list(record: Mapping[str, Any], name: str, where: str) -> list[Any]:
    value = record.get(name)
    if not isinstance(value, list):
        if name in record:
            raise ReadError(f"{where}: {name!r} holds {kind_of(value)}, not a list")
        raise ReadError(f"{where}: no list of {name!r}; it has {_names(record)}")
    return value


def _gold(record: Mapping[str, Any], where: str, path: Path) -> Gold:
    article = Article(
        id=_field(record, "id", where),
        text=_text(record, "text", where),
        title=_text(record, "title", where),
        path=str(path),
        published=_text(record, "published", where),
    )
    return Gold(article, _field(record, "story", where), _field(record, "lang", where), _text(record, "group", where))


def _field(record: object, name: str, where: str) -> str:
    if not isinstance(record, dict):
        raise ReadError(f"{where}: {kind_of(record)} instead of an object such as {_EXAMPLE}")
    value = _text(record, name, where)
    if not value:
        raise ReadError(f"{where}: no {name!r} in this record; it has {_names(record)}")
    return value


def _text(record: Mapping[str, Any], name: str, where: str) -> str:
    """Value of a field that holds a text or a number, as text; empty if it is absent."""
    value = record.get(name)
    if isinstance(value, (dict, list, bool)):
        raise ReadError(f"{where}: {name!r} holds {kind_of(value)}, not a text")
    return "" if value is None else str(value)


def _names(record: Mapping[str, Any]) -> str:
    """Names of the fields of a record, for a message."""
    return printable(", ".join(sorted(record)[:_MOST_NAMES])) or "nothing"


def _records(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield line numbers from 1 and JSON objects of a JSONL file."""
    try:
        with _open(path) as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield number, _record(line, _place(path, number))
    except _UNREADABLE as error:
        raise _unreadable(path, error) from error


def _record(line: str, where: str) -> Mapping[str, Any]:
    try:
        record = parse_json(line)
    except ValueError as error:
        raise ReadError(f"{where}: not JSON ({error}); expected one object a line, such as {_EXAMPLE}") from error
    if not isinstance(record, dict):
        raise ReadError(f"{where}: {kind_of(record)} instead of an object such as {_EXAMPLE}")
    return record


def _open(path: Path) -> IO[str]:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8")
    if path.suffix == ".xz":
        return lzma.open(path, "rt", encoding="utf-8")
    return path.open(encoding="utf-8")


def _unreadable(path: Path, error: Exception) -> ReadError:
    return ReadError(f"cannot read {_show(path)}: {getattr(error, 'strerror', None) or error}")


def _place(path: Path, line: int) -> str:
    return f"{_show(path)}:{line}"


def _show(path: Path) -> str:
    return printable(str(path))
