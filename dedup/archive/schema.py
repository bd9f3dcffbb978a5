"""Tables of the file, as numbered migrations, and what tells a file of ours from any other."""

from __future__ import annotations

import sqlite3

APPLICATION = 0x64647570
"""Application id in the header of a file of ours: "ddup"."""

_FIRST = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;

CREATE TABLE runs (number INTEGER PRIMARY KEY, started TEXT NOT NULL, articles INTEGER NOT NULL DEFAULT 0,
                   removed INTEGER NOT NULL DEFAULT 0);

-- A text is what articles with one content hash have in common; its number is its row among the vectors.
CREATE TABLE texts (number INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, body BLOB NOT NULL, code TEXT NOT NULL,
                    probability REAL NOT NULL, length REAL NOT NULL, empty INTEGER NOT NULL, sentences INTEGER NOT NULL,
                    headline INTEGER NOT NULL, facts BLOB NOT NULL, story TEXT);
CREATE INDEX texts_by_headline ON texts (headline);
CREATE INDEX texts_by_story ON texts (story) WHERE story IS NOT NULL;

-- Columns that verification reads, in the order of its stages, and the checksums of all: a row is read as far as the
-- stage needs.
CREATE TABLE measures (text INTEGER PRIMARY KEY, sums BLOB, openings BLOB, stated BLOB, admitted BLOB, named BLOB,
                       shingles BLOB, words BLOB, headline BLOB, lead BLOB, facts BLOB, hashes BLOB, weights BLOB,
                       sentences BLOB);

CREATE TABLE articles (number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, text INTEGER NOT NULL,
                       path TEXT NOT NULL, own_id TEXT NOT NULL, title TEXT NOT NULL, url TEXT NOT NULL,
                       published TEXT NOT NULL, language TEXT NOT NULL, note TEXT NOT NULL, words INTEGER NOT NULL,
                       digest BLOB NOT NULL, content BLOB NOT NULL, first_seen TEXT NOT NULL, run INTEGER NOT NULL);
CREATE INDEX articles_by_text ON articles (text);
CREATE INDEX articles_by_path ON articles (path, own_id);
CREATE INDEX articles_by_run ON articles (run);

CREATE TABLE vectors (chunk INTEGER PRIMARY KEY, generation INTEGER NOT NULL, sums BLOB NOT NULL,
                      groups BLOB NOT NULL, vectors BLOB NOT NULL);
CREATE TABLE neighbours (text INTEGER PRIMARY KEY, near BLOB NOT NULL, closest BLOB NOT NULL);
CREATE TABLE language_groups (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);

-- Smallest shingles of each text, and the number of its headline.
CREATE TABLE entries (entry INTEGER, text INTEGER, PRIMARY KEY (entry, text)) WITHOUT ROWID;
CREATE TABLE fact_pairs (one INTEGER, other INTEGER, PRIMARY KEY (one, other)) WITHOUT ROWID;

-- Under which headlines each sentence stands, and how often that is for those that recur.
CREATE TABLE headlines (hash INTEGER, headline INTEGER, texts INTEGER NOT NULL, PRIMARY KEY (hash, headline))
    WITHOUT ROWID;
CREATE TABLE recurring (hash INTEGER PRIMARY KEY, headlines INTEGER NOT NULL);

-- Verified pairs: those that match, and the others between texts that these link.
CREATE TABLE pairs ("left" INTEGER, "right" INTEGER, proposed INTEGER NOT NULL, similarity REAL NOT NULL,
                    log_odds REAL NOT NULL, certain INTEGER NOT NULL, kind TEXT NOT NULL,
                    PRIMARY KEY ("left", "right")) WITHOUT ROWID;
CREATE INDEX pairs_by_right ON pairs ("right");

CREATE TABLE stories (id TEXT PRIMARY KEY, kind TEXT NOT NULL, score REAL NOT NULL, born INTEGER NOT NULL,
                      grew INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX stories_by_growth ON stories (grew);
CREATE TABLE successions (story TEXT, successor TEXT, run INTEGER NOT NULL, PRIMARY KEY (story, run)) WITHOUT ROWID;

-- Files whose articles are all there, by what is in them.
CREATE TABLE files (path TEXT PRIMARY KEY, digest BLOB NOT NULL, articles INTEGER NOT NULL) WITHOUT ROWID;
"""

_SECOND = """
-- Log-odds of being one article, which at the level of events are others than those of the pair.
ALTER TABLE pairs ADD COLUMN copied REAL NOT NULL DEFAULT 0;
UPDATE pairs SET copied = log_odds;
"""

_THIRD = """
-- Vectors lie in cells, and those that have come lately in none (-1). Those of before are of another text version.
DROP TABLE vectors;
CREATE TABLE vectors (chunk INTEGER PRIMARY KEY, generation INTEGER NOT NULL, cell INTEGER NOT NULL,
                      sums BLOB NOT NULL, texts BLOB NOT NULL, groups BLOB NOT NULL, vectors BLOB NOT NULL);
CREATE TABLE cells (generation INTEGER PRIMARY KEY, texts INTEGER NOT NULL, sums BLOB NOT NULL, centres BLOB NOT NULL);
"""

_FOURTH = """
-- Lists that the batches of an add have changed, side by side, until they are put where they belong.
CREATE TABLE fresh_lists (batch INTEGER PRIMARY KEY, sums BLOB NOT NULL, texts BLOB NOT NULL, near BLOB NOT NULL,
                          closest BLOB NOT NULL);
"""

MIGRATIONS = (_FIRST, _SECOND, _THIRD, _FOURTH)
"""Scripts that bring a file from version i to version i + 1; what has been released is never changed."""

VERSION = len(MIGRATIONS)
"""Version of the tables that this code reads and writes."""


def migrate(connection: sqlite3.Connection, version: int) -> None:
    """Bring the tables of a file from a version to the newest, within the transaction that is open."""
    for script in MIGRATIONS[version:]:
        for statement in _statements(script):
            connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION}")
    connection.execute(f"PRAGMA user_version = {VERSION}")


def _statements(script: str) -> list[str]:
    """Statements of a script one by one: `executescript` would end the transaction."""
    return [statement for statement in script.split(";\n") if statement.strip()]
