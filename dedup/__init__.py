"""Finds articles that tell the same story, also in other languages, and shows why.

>>> import dedup
>>> report = dedup.find_duplicates(dedup.read_folder("seeds"))
>>> [[article.id for article in story.articles] for story in report.stories()]
[['seeds/000_567189f2596d5bef.txt', 'seeds/001_c5fce8af078adf06.txt']]
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from dedup.datatypes import (
    Article,
    Cluster,
    Comparison,
    Evidence,
    Language,
    Level,
    Match,
    MatchKind,
    Pairs,
    Selection,
    Settings,
    Skipped,
)
from dedup.errors import (
    ArchiveBusyError,
    ArchiveError,
    DedupError,
    MissingExtraError,
    ModelError,
    ReadError,
    ResourceError,
    SettingsError,
    WriteError,
)
from dedup.version import __version__

if TYPE_CHECKING:
    from dedup.archive.archive import Archive
    from dedup.archive.values import ArchivedArticle, ArchivedStory, Finding
    from dedup.clustering.decisions import Decisions
    from dedup.embedding.encoder import Encoder
    from dedup.embedding.load import load_encoder
    from dedup.pipeline import compare_articles, find_duplicates, write_tables
    from dedup.reading.read import read_folder, read_paths
    from dedup.reading.shards import Shards
    from dedup.reading.source import ReadOptions
    from dedup.results import Report, Story
    from dedup.runtime.ray_cluster import RayWorkers

__all__ = [
    "Archive",
    "ArchiveBusyError",
    "ArchiveError",
    "ArchivedArticle",
    "ArchivedStory",
    "Article",
    "Cluster",
    "Comparison",
    "Decisions",
    "DedupError",
    "Encoder",
    "Evidence",
    "Finding",
    "Language",
    "Level",
    "Match",
    "MatchKind",
    "MissingExtraError",
    "ModelError",
    "Pairs",
    "RayWorkers",
    "ReadError",
    "ReadOptions",
    "Report",
    "ResourceError",
    "Selection",
    "Settings",
    "SettingsError",
    "Shards",
    "Skipped",
    "Story",
    "WriteError",
    "__version__",
    "compare_articles",
    "find_duplicates",
    "load_encoder",
    "read_folder",
    "read_paths",
    "write_tables",
]

_STAGES = {
    "Archive": "dedup.archive.archive",
    "ArchivedArticle": "dedup.archive.values",
    "ArchivedStory": "dedup.archive.values",
    "Finding": "dedup.archive.values",
    "Decisions": "dedup.clustering.decisions",
    "Encoder": "dedup.embedding.encoder",
    "load_encoder": "dedup.embedding.load",
    "compare_articles": "dedup.pipeline",
    "find_duplicates": "dedup.pipeline",
    "write_tables": "dedup.pipeline",
    "Report": "dedup.results",
    "Story": "dedup.results",
    "RayWorkers": "dedup.runtime.ray_cluster",
    "ReadOptions": "dedup.reading.source",
    "Shards": "dedup.reading.shards",
    "read_folder": "dedup.reading.read",
    "read_paths": "dedup.reading.read",
}

logging.getLogger(__name__).addHandler(logging.NullHandler())


def __getattr__(name: str) -> Any:
    """Load a stage when it is first asked for: stages need numpy, for which `dedup --help` need not wait (PEP 562)."""
    from importlib import import_module

    if name not in _STAGES:
        raise AttributeError(f"module 'dedup' has no attribute {name!r}")
    return getattr(import_module(_STAGES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
