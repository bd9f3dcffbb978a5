"""Questions to an archive that need nothing but its tables: stories, what became of them, and the articles."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

import numpy as np
import numpy.typing as npt

from dedup.archive.checksum import Damage
from dedup.archive.identity import Identity
from dedup.archive.intake import ARTICLE_COLUMNS, article_of
from dedup.archive.schema import VERSION
from dedup.archive.values import ArchivedArticle, ArchivedStory, ArchiveInfo
from dedup.clustering.keep_rules import KeepRules
from dedup.datatypes import Article, Language, MatchKind
from dedup.errors import SettingsError
from dedup.language.as_read import body_of
from dedup.language.sentences import sentences
from dedup.report.view import one_line

_RULES = KeepRules()

_LISTED = 1000  # articles that a reader of all has in memory


def stories_since(connection: sqlite3.Connection, since: str | int | None) -> tuple[ArchivedStory, ...]:
    """Stories that have gained an article since a run or a date, or all."""
    query = "SELECT * FROM stories WHERE grew >= ? ORDER BY born, id"
    rows = connection.execute(query, (first_run(connection, since),)).fetchall()
    return tuple(_story(connection, row) for row in rows)


def ids_since(connection: sqlite3.Connection, first_run: int) -> frozenset[str]:
    """Ids of the articles that came in a run or after it."""
    return frozenset(row[0] for row in connection.execute("SELECT id FROM articles WHERE run >= ?", (first_run,)))


def story_with(connection: sqlite3.Connection, id: str) -> ArchivedStory | None:
    """Story with an id, or the one that it has become part of."""
    met = set[str]()
    while id not in met:
        met.add(id)
        row = connection.execute("SELECT * FROM stories WHERE id = ?", (id,)).fetchone()
        if row:
            return _story(connection, row)
        query = "SELECT successor FROM successions WHERE story = ? ORDER BY run DESC LIMIT 1"
        found = connection.execute(query, (id,)).fetchone()
        id = found[0] if found and found[0] else id
    return None


def successions(connection: sqlite3.Connection) -> dict[str, str | None]:
    """Stories that are no more, each with the one that it has become part of, if of any."""
    query = "SELECT story, successor FROM successions WHERE story NOT IN (SELECT id FROM stories) ORDER BY run, story"
    return dict(connection.execute(query))


def articles_after(connection: sqlite3.Connection, last: int) -> tuple[int, list[ArchivedArticle]]:
    """The next thousand articles behind one by its number, and the number of the last of them."""
    columns = ", ".join(f"a.{name}" for name in ARTICLE_COLUMNS.split(", "))
    query = (
        "SELECT a.number, t.code, t.probability, t.hash, a.first_seen, a.run, t.story, "
        f"{columns} FROM articles a JOIN texts t ON t.number = a.text WHERE a.number > ? ORDER BY a.number LIMIT ?"
    )
    rows = connection.execute(query, (last, _LISTED)).fetchall()
    return rows[-1][0] if rows else last, [_archived(row) for row in rows]


def info_of(connection: sqlite3.Connection, path: str, size: int) -> ArchiveInfo:
    """Figures of an archive that takes so many bytes."""
    identity = Identity.load(connection)
    articles, texts, stories, runs = (
        connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]
        for table in ("articles", "texts", "stories", "runs")
    )
    languages = connection.execute(
        "SELECT code, COUNT(*) FROM articles a JOIN texts t ON t.number = a.text GROUP BY code "
        "ORDER BY COUNT(*) DESC, code"
    )
    return ArchiveInfo(
        path=path,
        articles=articles,
        texts=texts,
        stories=stories,
        runs=runs,
        languages=dict(languages.fetchall()),
        model=f"{identity.model}@{identity.fingerprint}" if identity else "",
        level=identity.level if identity else "",
        threshold=identity.threshold if identity else 0.0,
        version=VERSION,
        text_version=identity.text_version if identity else 0,
        bytes=size,
    )


def _archived(row: Sequence[Any]) -> ArchivedArticle:
    _, code, probability, value, first_seen, run, story, *columns = row
    return ArchivedArticle(article_of(columns), Language(code, probability), value.hex(), first_seen, run, story or "")


def _story(connection: sqlite3.Connection, row: Sequence[Any]) -> ArchivedStory:
    id, kind, score, born, grew = row
    members = connection.execute(
        "SELECT a.id, a.number, a.path, t.code, a.words, a.published FROM texts t "
        "JOIN articles a ON a.text = t.number WHERE t.story = ? ORDER BY a.number",
        (id,),
    ).fetchall()
    standings = [
        _RULES.standing_of(name, number, path=path, language=code, words=words, published=published)
        for name, number, path, code, words, published in members
    ]
    representative = _RULES.choose(standings)
    columns = ", ".join(f"a.{name}" for name in ARTICLE_COLUMNS.split(", "))
    query = f"SELECT m.weights, {columns} FROM articles a JOIN measures m ON m.text = a.text WHERE a.number = ?"
    shown = connection.execute(query, (representative.position,)).fetchone()
    if shown is None:
        raise Damage(f"what was read of article {representative.id} is not there")
    return ArchivedStory(
        id=id,
        members=tuple(member[0] for member in members),
        representative=representative.id,
        title=_title(article_of(shown[1:]), np.frombuffer(shown[0], np.float32)),
        languages=tuple(sorted({member[3] for member in members})),
        kind=MatchKind(kind),
        score=score,
        born=born,
        grew=grew,
    )


def _title(article: Article, weights: npt.NDArray[np.float32]) -> str:
    """Title of an article, or its first sentence that weighs at least half of what its sentences do on average."""
    if article.title.strip() or not len(weights):
        return one_line(article.title)
    first = int(np.argmax(weights >= weights.mean() / 2))  # no menu
    return one_line(sentences(body_of(article))[first])


def first_run(connection: sqlite3.Connection, since: str | int | None) -> int:
    """Number of the first run that counts."""
    if since is None:
        return 0
    if isinstance(since, int) or since.isdecimal():
        return int(since)
    try:
        day = datetime.fromisoformat(since)
    except ValueError as error:
        raise SettingsError(f"since must be the number of a run or a date such as 2026-12-01, got {since!r}") from error
    moment = day.astimezone(timezone.utc) if day.tzinfo else day.replace(tzinfo=timezone.utc)
    query = "SELECT MIN(number) FROM runs WHERE started >= ?"
    found = connection.execute(query, (moment.isoformat(timespec="seconds"),)).fetchone()[0]
    return int(found) if found is not None else 1 << 62
