"""Inputs of the commands: paths to articles, articles to a report."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from dedup.cli.output import progress_line
from dedup.datatypes import Article, Report, Root, Settings, Skipped
from dedup.errors import ReadError
from dedup.runtime.process import load_numpy_alone
from dedup.runtime.remote_files import is_uri

if TYPE_CHECKING:
    from dedup.reading.source import ReadOptions


def find(articles: Iterable[Article | Skipped], settings: Settings, *, shown: bool, **sharing: Any) -> Report:
    load_numpy_alone()
    from dedup.pipeline import find_duplicates

    with progress_line(shown) as progress:
        return find_duplicates(articles, settings=settings, progress=progress, **sharing)


def read(paths: Sequence[str], *, shared: bool = False, jobs: int = 1, **given: Any) -> Iterable[Article | Skipped]:
    """Read the paths, here or by those who share the work; options not given keep their defaults."""
    from dedup.reading.read import read_paths

    if "-" in paths and sys.stdin is None:
        raise ReadError("standard input is closed; name a file, or send JSON lines to it")

    chosen = read_options(**given)
    if shared:
        from dedup.reading.shards import Shards

        return Shards(tuple(paths), chosen)
    return read_paths(paths, chosen, jobs=jobs)


def read_options(**given: Any) -> ReadOptions:
    """Options on what is read, and how; those not given keep their defaults."""
    from dedup.reading.source import ReadOptions

    return ReadOptions(**{name: value for name, value in given.items() if value is not None})


def roots_of(paths: Iterable[str]) -> tuple[Root, ...]:
    """Folders and files of this machine among the paths, each with the place it leads to; links to files stay links."""
    from dedup.reading.files import STDIN, show_path

    here = (path for path in dict.fromkeys(paths) if path != STDIN and not is_uri(path))
    return tuple(Root(show_path(path), _place_of(path)) for path in here)


def _place_of(path: str) -> str:
    if os.path.isdir(path):
        return os.path.realpath(path)
    folder, name = os.path.split(os.path.abspath(path))
    return os.path.join(os.path.realpath(folder), name)


def one_article(name: str) -> Article:
    """The article that a path names, or a path and an id as reports show them: ``news.jsonl#id``."""
    path = path_of(name)
    found = list(read([path]))
    articles = [item for item in found if isinstance(item, Article) and _names(name, path, item)]
    if len(articles) == 1:
        return articles[0]
    if articles:
        one = articles[0].path if os.path.isdir(name) else f"{name}#ID"
        raise ReadError(f"{name} holds {len(articles)} articles; name one, as in {one}, or scan them all")
    reasons = "; ".join(item.reason for item in found if isinstance(item, Skipped))
    raise ReadError(f"{name}: no such article{': ' if reasons else ''}{reasons}")


def folder_of(model: str) -> list[str]:
    """The folder of a model that is named by it."""
    return [] if model == "bundled" else [model]


def path_of(name: str) -> str:
    """The file of an article that is named by its path, or by path and id."""
    return name if os.path.exists(name) or "#" not in name else name.rpartition("#")[0]


def _names(name: str, path: str, article: Article) -> bool:
    return name in (path, article.id, f"{article.path}#{article.id}")
