"""Articles in and out: which are new, which replace an older version, which text each belongs to."""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dedup.archive.checksum import Damage
from dedup.archive.texts import ReadText, listed
from dedup.archive.writer import NewText, Writer
from dedup.datatypes import Article
from dedup.language.as_read import body_of
from dedup.language.text import content_hash, count_words

Key = tuple[str, str]
"""Path of an article, and the id by which its source knows it: by these it is known again."""

Read = Callable[[Sequence[Article]], list[ReadText]]
"""Function that reads articles, perhaps in several processes."""

ARTICLE_COLUMNS = "id, path, own_id, title, url, published, language, note, content"
"""Columns of the table `articles` that make an article."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Plan for a batch of articles.

    news : articles to be entered, by their keys
    replaced : number, id and time of the older version of some of them
    unchanged : number of articles that are there as they are
    """

    news: dict[Key, Article]
    replaced: dict[Key, tuple[int, str]]
    unchanged: int


def key_of(article: Article, taken: set[Key]) -> Key:
    """Key of an article; where another of the same run has it, by the id that the run gave it."""
    key = (article.path, article.own_id or article.id)
    return (article.path, article.id) if key in taken else key


def plan(connection: sqlite3.Connection, batch: Mapping[Key, Article]) -> Plan:
    """Find out which articles of a batch are new or have changed."""
    news, replaced, unchanged = {}, {}, 0
    query = "SELECT number, id, digest FROM articles WHERE path = ? AND own_id = ?"
    for key, article in batch.items():
        known = connection.execute(query, tuple(map(plain, key))).fetchone()
        if known and known[2] == _digest(article):
            unchanged += 1
            continue
        news[key] = article
        if known:
            replaced[key] = (known[0], known[1])
    return Plan(news, replaced, unchanged)


def number_of(connection: sqlite3.Connection, article: Article) -> int | None:
    """Number of an article that is held as it is."""
    query = "SELECT number FROM articles WHERE path = ? AND own_id IN (?, ?) AND digest = ? ORDER BY number"
    row = (plain(article.path), plain(article.own_id or article.id), plain(article.id), _digest(article))
    found = connection.execute(query, row).fetchone()
    return int(found[0]) if found else None


def unread(connection: sqlite3.Connection, news: Mapping[Key, Article], met: set[bytes]) -> list[Article]:
    """Articles whose texts have to be read: one for each content hash that is neither held nor among those met."""
    first: dict[bytes, Article] = {}
    for article in news.values():
        first.setdefault(_text_hash(article), article)
    wanted = [value for value in first if value not in met]
    met.update(wanted)
    known = _known_texts(connection, wanted)
    return [first[value] for value in wanted if value not in known]


def enter(
    connection: sqlite3.Connection,
    writer: Writer,
    planned: Plan,
    texts: Mapping[bytes, ReadText],
    read: Read,
    run: int,
    now: str,
) -> None:
    """Enter the new articles, and take the older versions away.

    What was read beforehand is in `texts`, by `body_hash`; what else is needed is read now.
    """
    again = _drop(connection, writer, [number for number, _ in planned.replaced.values()])
    hashes = {key: _text_hash(article) for key, article in planned.news.items()}
    first = {value: article for value, (article, _) in again.items()}
    for key, article in planned.news.items():
        first.setdefault(hashes[key], article)
    numbers = _known_texts(connection, first)
    unknown = {value: article for value, article in first.items() if value not in numbers}
    numbers |= _enter_texts(writer, unknown, texts, read)
    _move(connection, again, numbers)
    for key, article in planned.news.items():
        number = numbers[hashes[key]]
        writer.change.touched.add(number)
        writer.change.grown.add(number)
        wanted = planned.replaced[key][1] if key in planned.replaced else article.id
        connection.execute(
            "INSERT INTO articles (text, digest, words, first_seen, run, own_id, path, id, title, url, published, "
            "language, note, content) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(number, _digest(article), count_words(body_of(article)), now, run, plain(key[1])),
                *(plain(article.path), _free_id(connection, wanted, key), plain(article.title)),
                *(plain(article.url), plain(article.published), plain(article.declared_language)),
                *(plain(article.note), zlib.compress(article.text.encode("utf-8", "surrogatepass"), 6)),
            ),
        )


def remove(connection: sqlite3.Connection, writer: Writer, numbers: Sequence[int], read: Read) -> None:
    """Take articles away by their numbers."""
    again = _drop(connection, writer, numbers)
    _move(connection, again, _enter_texts(writer, {value: article for value, (article, _) in again.items()}, {}, read))


def article_of(row: Sequence[Any]) -> Article:
    """Article from the columns `ARTICLE_COLUMNS`."""
    id, path, own_id, title, url, published, language, note, content = row
    try:
        text = zlib.decompress(content).decode("utf-8", "surrogatepass")
    except (zlib.error, ValueError) as fault:
        raise Damage(f"article {id} is not as it was written") from fault
    return Article(id, text, title, path, url, published, language, own_id, note=note)


_Again = Mapping[bytes, tuple[Article, int]]
"""Articles by whose text a hash is to be read again, and the number that the text had."""


def _drop(connection: sqlite3.Connection, writer: Writer, numbers: Sequence[int]) -> _Again:
    """Delete articles, and the texts that nothing is left of.

    A text was read from its first article. Where that goes and the next copy differs in what a content hash does not
    see, the text has to be read again, from the copies that are returned.
    """
    wanted = listed(numbers)
    query = "SELECT DISTINCT text FROM articles WHERE number IN (SELECT value FROM json_each(?))"
    texts = [row[0] for row in connection.execute(query, (wanted,))]
    connection.execute("DELETE FROM articles WHERE number IN (SELECT value FROM json_each(?))", (wanted,))
    gone, again = list[int](), dict[bytes, tuple[Article, int]]()
    for text in texts:
        query = f"SELECT {ARTICLE_COLUMNS} FROM articles WHERE text = ? ORDER BY number LIMIT 1"
        row = connection.execute(query, (text,)).fetchone()
        value, body = connection.execute("SELECT hash, body FROM texts WHERE number = ?", (text,)).fetchone()
        if row and body_hash(article_of(row)) == body:
            writer.change.touched.add(text)
            continue
        gone.append(text)
        if row:
            again[value] = article_of(row), text
    writer.remove_texts(gone)
    return again


def _known_texts(connection: sqlite3.Connection, hashes: Iterable[bytes]) -> dict[bytes, int]:
    query = "SELECT hash, number FROM texts WHERE hash = ?"
    rows = (connection.execute(query, (value,)).fetchone() for value in hashes)
    return dict(row for row in rows if row)


def _enter_texts(
    writer: Writer, articles: Mapping[bytes, Article], texts: Mapping[bytes, ReadText], read: Read
) -> dict[bytes, int]:
    """Enter texts by the articles that they are read from; their numbers by their hashes."""
    numbers = {value: number for number, value in enumerate(articles, writer.next_number)}
    bodies = {value: body_hash(article) for value, article in articles.items()}
    lacking = [value for value in articles if bodies[value] not in texts]
    now = read([articles[value] for value in lacking]) if lacking else ()
    found = {**texts, **{bodies[value]: text for value, text in zip(lacking, now, strict=True)}}
    writer.add_texts({numbers[value]: NewText(value, body, found[body]) for value, body in bodies.items()})
    return numbers


def _move(connection: sqlite3.Connection, again: _Again, numbers: Mapping[bytes, int]) -> None:
    """Let copies belong to their text as it was read again."""
    for value, (_, before) in again.items():
        connection.execute("UPDATE articles SET text = ? WHERE text = ?", (numbers[value], before))


def _free_id(connection: sqlite3.Connection, wanted: str, key: Key) -> str:
    """Id that no other article of the archive has."""
    name = plain(wanted)
    while connection.execute("SELECT 1 FROM articles WHERE id = ?", (name,)).fetchone():
        name = f"{name}+" if "#" in name else plain("#".join(part for part in key if part))
        name = f"{name}+" if name == plain(wanted) else name
    return name


def _digest(article: Article) -> bytes:
    """Digest of all that an archive keeps of an article, but for its names."""
    parts = (article.text, article.title, article.url, article.published, article.declared_language, article.note)
    return _hash(*parts)


def _text_hash(article: Article) -> bytes:
    return bytes.fromhex(content_hash(body_of(article)))


def body_hash(article: Article) -> bytes:
    """Digest of all that verification sees of an article."""
    return _hash(body_of(article), article.published)


def _hash(*parts: str) -> bytes:
    joined = "\0".join(f"{len(part)} {part}" for part in parts)
    return hashlib.blake2b(joined.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def plain(value: str) -> str:
    """A string that SQLite can keep: bytes of file names that are no text are escaped."""
    return value.encode("utf-8", "backslashreplace").decode()
