"""Settings that an archive was made with: what decides its numbers cannot be changed later."""

from __future__ import annotations

import hashlib
import sqlite3
from dataclasses import dataclass

from dedup.datatypes import Level, Settings
from dedup.embedding.encoder import Encoder
from dedup.errors import ArchiveError
from dedup.language.text import printable
from dedup.matching.prepare import TEXT_VERSION
from dedup.matching.scorer import Scorer

_NAMES = ("model", "fingerprint", "dimension", "level", "threshold", "scorer", "scores", "neighbours", "text_version")


@dataclass(frozen=True, slots=True)
class Identity:
    """Model, settings and text version of an archive; `scores` is a digest of the scorer's weights."""

    model: str
    fingerprint: str
    dimension: int
    level: str
    threshold: float
    scorer: str
    scores: str
    neighbours: int
    text_version: int

    @classmethod
    def of(cls, settings: Settings, encoder: Encoder, scorer: Scorer) -> Identity:
        """Identity of an archive to be made."""
        return cls(
            model=encoder.name,
            fingerprint=encoder.fingerprint,
            dimension=encoder.dimension,
            level=settings.level.value,
            threshold=scorer.threshold,
            scorer=settings.scorer,
            scores=_digest(scorer),
            neighbours=settings.neighbours,
            text_version=TEXT_VERSION,
        )

    @classmethod
    def load(cls, connection: sqlite3.Connection) -> Identity | None:
        """Identity as the file holds it, none for a file to which nothing was added yet."""
        found = dict(connection.execute("SELECT name, value FROM meta"))
        return cls(**{name: found[name] for name in _NAMES}) if "model" in found else None

    def save(self, connection: sqlite3.Connection) -> None:
        """Write it into a new file."""
        rows = [(name, getattr(self, name)) for name in _NAMES]
        connection.executemany("INSERT INTO meta VALUES (?, ?)", [*rows, ("generation", 0)])

    @property
    def settings(self) -> Settings:
        """Settings by which the encoder and the scorer are loaded again."""
        return Settings(
            model=self.model,
            threshold=self.threshold,
            scorer=self.scorer,
            level=Level(self.level),
            neighbours=self.neighbours,
        )

    def check(self, now: Identity, shown: str) -> None:
        """Refuse to go on with another model, other settings or another version; the message says how to rebuild."""
        model = "" if now.model == "bundled" else f" --model {now.model}"
        level = "" if now.level == Level.DUPLICATE.value else f" --level {now.level}"
        rebuild = (
            f"rebuild it: dedup archive export {shown} -o articles.jsonl, then "
            f"dedup archive add NEW.db articles.jsonl{printable(model)}{level}"
        )
        if (self.fingerprint, self.dimension) != (now.fingerprint, now.dimension):
            old, new = (f"{printable(which.model)}@{which.fingerprint}" for which in (self, now))
            raise ArchiveError(f"{shown} was made with the model {old}, and this is {new}; {rebuild}")
        if self.text_version != now.text_version:
            raise ArchiveError(
                f"{shown} was made by text version {self.text_version}, and this dedup has {now.text_version}; "
                f"{rebuild}"
            )
        for name in ("level", "threshold", "neighbours", "scores"):
            if getattr(self, name) != getattr(now, name):
                raise ArchiveError(
                    f"{shown} was made with {name} {getattr(self, name)}, and asked for is {getattr(now, name)}; "
                    f"leave it out, or {rebuild}"
                )


def _digest(scorer: Scorer) -> str:
    weights = scorer.weights.tobytes()
    if scorer.events:
        weights += scorer.events.slopes.tobytes() + scorer.events.intercepts.tobytes()
    return hashlib.blake2b(weights, digest_size=8).hexdigest()
