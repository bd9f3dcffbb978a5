"""Finds articles that tell the same story, also in other languages, and shows why.

>>> import dedup
>>> report = dedup.find_duplicates(dedup.read_folder("seeds"))
>>> [[report.articles[member].id for member in cluster.members] for cluster in report.clusters]
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
    Report,
    Settings,
    Skipped,
)
from dedup.errors import DedupError, MissingExtraError, ModelError, ReadError, ResourceError, SettingsError
from dedup.version import __version__

if TYPE_CHECKING:
    from dedup.distributed import RayWorkers, Shards
    from dedup.embed import Encoder, load_encoder
    from dedup.pipeline import compare_articles, find_duplicates
    from dedup.read import ReadOptions, read_folder, read_paths
    from dedup.tables import write_tables

__all__ = [
    "Article",
    "Cluster",
    "Comparison",
    "DedupError",
    "Encoder",
    "Evidence",
    "Language",
    "Level",
    "Match",
    "MatchKind",
    "MissingExtraError",
    "ModelError",
    "RayWorkers",
    "ReadError",
    "ReadOptions",
    "Report",
    "ResourceError",
    "Settings",
    "SettingsError",
    "Shards",
    "Skipped",
    "__version__",
    "compare_articles",
    "find_duplicates",
    "load_encoder",
    "read_folder",
    "read_paths",
    "write_tables",
]

_STAGES = {
    "Encoder": "dedup.embed",
    "load_encoder": "dedup.embed",
    "compare_articles": "dedup.pipeline",
    "find_duplicates": "dedup.pipeline",
    "RayWorkers": "dedup.distributed",
    "Shards": "dedup.distributed",
    "write_tables": "dedup.tables",
    "ReadOptions": "dedup.read",
    "read_folder": "dedup.read",
    "read_paths": "dedup.read",
}

logging.getLogger(__name__).addHandler(logging.NullHandler())


def __getattr__(name: str) -> Any:
    """The stages, loaded when first asked for: they need numpy, and `dedup --help` need not wait for it (PEP 562)."""
    from importlib import import_module

    if name not in _STAGES:
        raise AttributeError(f"module 'dedup' has no attribute {name!r}")
    return getattr(import_module(_STAGES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
