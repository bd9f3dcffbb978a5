"""Frozen values that an archive gives its users."""

from __future__ import annotations

from dataclasses import dataclass

from dedup.datatypes import Article, Comparison, Language, MatchKind, Skipped


@dataclass(frozen=True, slots=True)
class Added:
    """Account of what an add has done.

    added, changed, unchanged : int
        Articles that are new, that replace an older version of themselves, and that were there already.
    skipped : tuple of Skipped
        What could not be read.
    run : int
        Number of the run, by which `Archive.stories` tells what has grown since; 0 if nothing was written.
    """

    added: int
    changed: int
    unchanged: int
    skipped: tuple[Skipped, ...]
    run: int


@dataclass(frozen=True, slots=True)
class ArchivedArticle:
    """Article as the archive holds it: language, content hash, when (ISO 8601, UTC) and in which run it came."""

    article: Article
    language: Language
    hash: str
    first_seen: str
    run: int
    story: str


@dataclass(frozen=True, slots=True)
class ArchivedStory:
    """Story of two or more articles.

    id : str
        Stays as the story grows.
    members : tuple of str
        Ids of the articles in the order they came; `representative` is the one that reports put first.
    title : str
        Title of the representative, or its first long sentence.
    kind : MatchKind
        Kind of its matches that have least in common.
    score : float
        The lowest score among its pairs.
    born, grew : int
        Runs in which it came to be and in which it last gained an article.
    """

    id: str
    members: tuple[str, ...]
    representative: str
    title: str
    languages: tuple[str, ...]
    kind: MatchKind
    score: float
    born: int
    grew: int


@dataclass(frozen=True, slots=True)
class Finding:
    """Archived article that is the same as the one asked for, with the evidence, and the story it is in ("" if none).

    `comparison.left` is the article asked for; `number` tells which of two articles of the archive came first.
    """

    comparison: Comparison
    story: str
    first_seen: str
    number: int

    @property
    def article(self) -> Article:
        """The archived article."""
        return self.comparison.right

    @property
    def score(self) -> float:
        """Probability of being the same article."""
        return self.comparison.match.score

    @property
    def kind(self) -> MatchKind:
        """Kind of match."""
        return self.comparison.match.kind


@dataclass(frozen=True, slots=True)
class ArchiveInfo:
    """Figures of an archive: what is in it, what it was made with, and its size in bytes."""

    path: str
    articles: int
    texts: int
    stories: int
    runs: int
    languages: dict[str, int]
    model: str
    level: str
    threshold: float
    version: int
    text_version: int
    bytes: int
