"""A report read back from its file, JSON or JSON Lines, that people or programs may have edited.

Everything used is checked, since a report is no more than what somebody wrote; other fields are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dedup.actions.places import is_absolute
from dedup.clustering.keep_rules import KeepRules
from dedup.datatypes import MatchKind, Root
from dedup.errors import ReadError, SettingsError
from dedup.language.json_text import parse_json
from dedup.language.text import printable
from dedup.report.records import SCHEMA

_HASH = re.compile("[0-9a-f]{32}")

_LISTS = {"article": "articles", "cluster": "clusters", "match": "matches"}

_KINDS = tuple(kind.value for kind in MatchKind)


@dataclass(frozen=True, slots=True)
class SavedArticle:
    """Article as a report lists it; `position` is its place among all."""

    id: str
    position: int
    path: str
    hash: str
    language: str
    words: int
    published: str
    reference: bool

    @property
    def shown(self) -> str:
        """Its id, after its path where the id does not begin with it; safe on a terminal."""
        inside = bool(self.path) and not self.id.startswith(self.path)
        return printable(f"{self.path}#{self.id}" if inside else self.id)


@dataclass(frozen=True, slots=True)
class SavedMatch:
    """Kind of a pair, for an excerpt the id of the article that is contained in the other, and how sure it is.

    `score` is 1 where the report does not say, and where people decided that the two are the same.
    """

    kind: MatchKind
    contained: str = ""
    score: float = 1.0


@dataclass(frozen=True, slots=True)
class SavedStory:
    """Story of a report: its articles, the one to keep, and the matches among them by their two ids."""

    id: str
    members: tuple[SavedArticle, ...]
    representative: SavedArticle
    matches: Mapping[frozenset[str], SavedMatch]


@dataclass(frozen=True, slots=True)
class SavedReport:
    """Report as it was saved, as far as actions need it; `rules` are those that chose the representatives."""

    roots: tuple[Root, ...]
    stories: tuple[SavedStory, ...]
    rules: KeepRules = field(default_factory=KeepRules)


def load_report(path: str | Path) -> SavedReport:
    """Load and check a report.

    Raises
    ------
    ReadError
        If it cannot be read, is no report, or says what cannot be; the message names the place in it.
    """
    shown = printable(str(path))
    try:
        content = Path(path).read_bytes()
    except (OSError, ValueError) as error:
        raise ReadError(f"cannot read {shown}: {getattr(error, 'strerror', None) or error}") from error
    try:
        return _report(_document(content))
    except ReadError as error:
        raise ReadError(f"{shown}: {error}") from error


def _document(content: bytes) -> dict[str, Any]:
    """The report as one object, whichever of the two forms it has."""
    try:
        head = parse_json(content.lstrip().partition(b"\n")[0])
    except ValueError:
        head = None
    try:
        if isinstance(head, dict) and head.get("type") == "report":
            return _of_lines(content, head)
        document = parse_json(content)
    except ValueError as error:
        raise ReadError(f"no JSON report ({error}); write one with dedup scan --format json -o FILE") from error
    if not isinstance(document, dict) or "schema" not in document or "clusters" not in document:
        raise ReadError("no JSON report; write one with dedup scan --format json -o FILE")
    return document


def _of_lines(content: bytes, head: dict[str, Any]) -> dict[str, Any]:
    document: dict[str, Any] = {**head, **{name: [] for name in _LISTS.values()}}
    for line in content.lstrip().split(b"\n")[1:]:
        record = parse_json(line) if line.strip() else {}
        if isinstance(record, dict) and record.get("type") in _LISTS:
            document[_LISTS[record["type"]]].append(record)
    return document


def _report(document: Mapping[str, Any]) -> SavedReport:
    if document["schema"] != SCHEMA:
        raise ReadError(f"schema is {_show(document['schema'])}, and this version reads {SCHEMA}; scan again")
    articles: dict[str, SavedArticle] = {}
    for where, record in _records(document, "articles"):
        article = _article(record, len(articles), where)
        if article.id in articles:
            raise ReadError(f"{where}: a second article with the id {_show(article.id)}; ids are unique")
        articles[article.id] = article
    settings = document.get("settings", {})
    roots = tuple(
        Root(_text(record, "given", where), _text(record, "resolved", where))
        for where, record in (_records(settings, "roots") if isinstance(settings, dict) and "roots" in settings else ())
    )
    if wrong := next((root for root in roots if not is_absolute(root.resolved)), None):
        raise ReadError(f"settings.roots: {_show(wrong.resolved)} must be an absolute path without ..; scan again")
    return SavedReport(roots, tuple(_stories(document, articles)), _rules(settings))


def _rules(settings: object) -> KeepRules:
    given = settings.get("keep") if isinstance(settings, dict) else None
    if given is None:
        return KeepRules()
    if not isinstance(given, list) or not all(isinstance(rule, str) for rule in given):
        raise ReadError(f"settings.keep must be a list of rules, got {_show(given)}")
    try:
        return KeepRules.parse(given)
    except SettingsError as error:
        raise ReadError(f"settings.keep: {error}") from error


def _article(record: Mapping[str, Any], position: int, where: str) -> SavedArticle:
    words, hash = record.get("words"), _text(record, "hash", where)
    if not isinstance(words, int) or isinstance(words, bool) or words < 0:
        raise ReadError(f"{where}.words must be a whole number, got {_show(words)}")
    if not _HASH.fullmatch(hash):
        raise ReadError(f"{where}.hash must be 32 hexadecimal digits, got {_show(hash)}")
    return SavedArticle(
        id=_name(record, "id", where),
        position=position,
        path=_text(record, "path", where),
        hash=hash,
        language=_text(record, "language", where),
        words=words,
        published=_text(record, "published", where),
        reference=record.get("reference", False) is not False,
    )


def _stories(document: Mapping[str, Any], articles: Mapping[str, SavedArticle]) -> Iterator[SavedStory]:
    story_of: dict[str, str] = {}
    clusters = list(_records(document, "clusters"))
    for where, record in clusters:
        for member in _members(record, articles, where):
            if member.id in story_of:
                raise ReadError(f"{where}.members: {_show(member.id)} is in {story_of[member.id]} too; a story each")
            story_of[member.id] = where
    matches = _matches(document, story_of)
    for where, record in clusters:
        members = _members(record, articles, where)
        representative = _name(record, "representative", where)
        if story_of.get(representative) != where:
            raise ReadError(f"{where}.representative: {_show(representative)} is none of its members; name one of them")
        yield SavedStory(_name(record, "id", where), members, articles[representative], matches.get(where, {}))


def _members(record: Mapping[str, Any], articles: Mapping[str, SavedArticle], where: str) -> tuple[SavedArticle, ...]:
    ids = record.get("members")
    if not isinstance(ids, list) or not ids:
        raise ReadError(f"{where}.members must be a list of ids, got {_show(ids)}")
    for id in ids:
        if not isinstance(id, str) or id not in articles:
            raise ReadError(f"{where}.members: {_show(id)} is no article of this report")
    return tuple(articles[id] for id in ids)


def _matches(document: Mapping[str, Any], story_of: Mapping[str, str]) -> dict[str, dict[frozenset[str], SavedMatch]]:
    """Matches within each story, by the place of the story in the report."""
    found: dict[str, dict[frozenset[str], SavedMatch]] = {}
    for where, record in _records(document, "matches"):
        left, right, kind = (_name(record, name, where) for name in ("left", "right", "kind"))
        if kind not in _KINDS:
            raise ReadError(f"{where}.kind must be one of {', '.join(_KINDS)}, got {_show(kind)}")
        if story_of.get(left) is not None and story_of.get(left) == story_of.get(right):
            side = {"left": left, "right": right}.get(str(record.get("excerpt")), "")
            match = SavedMatch(MatchKind(kind), side, _score(record, where))
            found.setdefault(story_of[left], {})[frozenset((left, right))] = match
    return found


def _score(record: Mapping[str, Any], where: str) -> float:
    if record.get("decided") is True:
        return 1.0
    score = record.get("score", 1.0)
    if isinstance(score, bool) or not isinstance(score, int | float) or not 0 <= score <= 1:
        raise ReadError(f"{where}.score must be a number from 0 to 1, got {_show(score)}")
    return float(score)


def _records(document: Mapping[str, Any], name: str) -> Iterable[tuple[str, Mapping[str, Any]]]:
    """Yield each record of a list with its place in the report."""
    records = document.get(name)
    if not isinstance(records, list):
        raise ReadError(f"{name} must be a list, got {_show(records)}")
    for number, record in enumerate(records):
        if not isinstance(record, dict):
            raise ReadError(f"{name}[{number}] must be an object, got {_show(record)}")
        yield f"{name}[{number}]", record


def _text(record: Mapping[str, Any], name: str, where: str) -> str:
    value = record.get(name)
    if not isinstance(value, str):
        raise ReadError(f"{where}.{name} must be a text, got {_show(value)}")
    return value


def _name(record: Mapping[str, Any], name: str, where: str) -> str:
    if value := _text(record, name, where):
        return value
    raise ReadError(f"{where}.{name} must not be empty")


def _show(value: object) -> str:
    shown = printable(f'"{value}"' if isinstance(value, str) else repr(value))
    return f"{shown[:80]}…" if len(shown) > 80 else shown
