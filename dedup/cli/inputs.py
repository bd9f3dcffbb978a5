"""Inputs of the commands: paths to articles, articles to a report."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from dedup.cli.output import progress_line
from dedup.datatypes import KEEP_BY_DEFAULT, Article, Report, Root, Settings, Skipped
from dedup.errors import ReadError
from dedup.language.text import printable
from dedup.runtime.process import load_numpy_alone
from dedup.runtime.remote_files import is_uri

if TYPE_CHECKING:
    from dedup.archive.values import Added
    from dedup.clustering.decisions import Decisions
    from dedup.reading.field_names import NamedFields
    from dedup.reading.source import ReadOptions

_MOST_IDS = 5  # that a message names

_MOST_FIELDS = 12  # that a message names

_NAMED = "dedup.named_fields"


def find(articles: Iterable[Article | Skipped], settings: Settings, *, shown: bool, **sharing: Any) -> Report:
    """Find duplicates, with a progress line if it is to be `shown`."""
    load_numpy_alone()
    from dedup.pipeline import find_duplicates

    with progress_line(shown) as progress:
        return find_duplicates(articles, settings=settings, progress=progress, **sharing)


def all_paths(paths: Sequence[str], files_from: str | None) -> tuple[str, ...]:
    """Paths of the command line, then those of a list: one per line, or each followed by NUL.

    Raises
    ------
    UsageError
        If there is no path at all.
    """
    if files_from is None and not paths:
        raise click.UsageError("Missing argument 'PATH...'.")
    if files_from == "-" and "-" in paths:
        raise click.UsageError('standard input ("-") cannot be both articles and a list of paths')
    listed = _listed(files_from) if files_from is not None else []
    if not paths and not listed:
        raise click.UsageError(f"--files-from {printable(str(files_from))} lists no path")
    return (*paths, *listed)


def _listed(name: str) -> list[str]:
    try:
        if name == "-":
            if sys.stdin is None:
                raise ReadError("standard input is closed; name a file of paths, or send them to it")
            content = sys.stdin.buffer.read()
        else:
            content = Path(name).read_bytes()
    except (OSError, ValueError) as fault:
        reason = getattr(fault, "strerror", None) or fault
        raise ReadError(f"cannot read the list of paths {printable(name)}: {reason}") from fault
    parts = content.split(b"\0") if b"\0" in content else content.splitlines()
    return [os.fsdecode(part) for part in parts if part.strip()]


def read(
    paths: Sequence[str], *, against: Sequence[str] = (), shared: bool = False, jobs: int = 1, **given: Any
) -> Iterable[Article | Skipped]:
    """Read the paths, here or, if `shared`, by the workers of a cluster; `given` are as for `read_options`."""
    from dedup.reading.read import read_paths

    require_stdin(paths)
    chosen = read_options(**given)
    if shared:
        from dedup.reading.shards import Shards

        return Shards(tuple(paths), chosen, tuple(against))
    return read_paths(paths, chosen, against=against, jobs=jobs)


def warn_of_nothing(
    counts: Mapping[str, int],
    skipped: Iterable[Skipped],
    paths: Sequence[str],
    against: Sequence[str],
    *,
    glob: Sequence[str],
) -> None:
    """Warn on standard error where there is no file in the paths, or no article in the reference."""
    reference = counts.get("reference", 0)
    if counts["read"] == reference and all(item.reference for item in skipped):
        warn_of_no_file(paths, glob, beside=" that is not of the reference" if against else "")
    if against and not reference:
        click.echo(f"Warning: no article was read in the reference {_listed_paths(against)}", err=True)


def warn_of_no_file(paths: Sequence[str], glob: Sequence[str], *, beside: str = "") -> None:
    """Warn on standard error that there is no file in the paths."""
    named = f" whose name matches {printable(' or '.join(glob))}" if glob else ""
    click.echo(f"Warning: there is no file{named} in {_listed_paths(paths)}{beside}", err=True)


def _listed_paths(paths: Sequence[str]) -> str:
    return printable(", ".join(paths))


def require_stdin(paths: Sequence[str]) -> None:
    """Raise `ReadError` if standard input is among the paths and is closed."""
    if "-" in paths and sys.stdin is None:
        raise ReadError("standard input is closed; name a file, or send JSON lines to it")


def read_options(**given: Any) -> ReadOptions:
    """Options on what is read, and how; those that are None keep their defaults.

    A field that is named and that no record has is warned of once the command is done.
    """
    from dedup.reading.field_names import NamedFields
    from dedup.reading.source import ReadOptions

    fields = [name for part, names in given.items() if part.endswith("_field") for name in names or ()]
    context = click.get_current_context(silent=True)
    if not fields or context is None:
        return ReadOptions(**{name: value for name, value in given.items() if value is not None})
    named = context.meta.get(_NAMED)
    if named is None:
        named = context.meta[_NAMED] = NamedFields(fields)
        context.call_on_close(lambda: _warn_of_fields(named))
    return ReadOptions(**{name: value for name, value in given.items() if value is not None}, named=named)


def _warn_of_fields(named: NamedFields) -> None:
    """Warn on standard error of fields that were named and that no record has."""
    if named.missing and named.seen:
        fields = " or ".join(f'"{printable(name)}"' for name in named.missing)
        seen = ", ".join(printable(name) for name in list(named.seen)[:_MOST_FIELDS])
        more = f" and {len(named.seen) - _MOST_FIELDS} more" if len(named.seen) > _MOST_FIELDS else ""
        click.echo(f"Warning: no record has a field {fields}; there are: {seen}{more}", err=True)


def settings_are_given() -> bool:
    """Whether the user chose a model, threshold, level or scorer; an archive has its own."""
    context = click.get_current_context()
    sources = (context.get_parameter_source(name) for name in ("model", "threshold", "level", "scorer"))
    return any(source not in (ParameterSource.DEFAULT, ParameterSource.DEFAULT_MAP) for source in sources)


def remembered(
    file: Path,
    paths: Sequence[str],
    reading: dict[str, Any],
    *,
    settings: Settings,
    only_new: bool,
    decisions: Decisions,
    jobs: int,
    shown: bool,
) -> tuple[Report, Added]:
    """Add the articles of the paths to an archive; report all its stories, or only those with a new article.

    Its model, level and threshold are its own unless somebody says something about them, and must be these then.
    Articles that decisions name are scanned anew, with all that matches lead to from them.
    """
    require_stdin(paths)
    load_numpy_alone()
    from dedup.archive.archive import Archive
    from dedup.archive.report import of_new, with_counts, with_decided
    from dedup.results import with_representatives

    own = settings if settings_are_given() else None
    with Archive.open(file, settings=own) as archive, progress_line(shown) as progress:
        added = archive.add_paths(paths, read_options(**reading), jobs=jobs, progress=progress)
        since = (added.run or archive.info().runs + 1) if only_new else None
        named = archive.around(decisions.names) if len(decisions) else ()
        report = archive.report(since=since, whole=True, also=[article.id for article in named])
        new = archive.ids_since(since)
    if settings.keep != KEEP_BY_DEFAULT:
        report = with_representatives(report, settings.keep)
    report = replace(report, settings=replace(report.settings, roots=settings.roots), skipped=added.skipped)
    if len(decisions):
        report = with_decided(report, find(named, report.settings, shown=False, decisions=decisions))
    if only_new:
        report = with_counts(of_new(report, new), new, added.added + added.changed + added.unchanged)
    return report, added


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


def one_article(name: str, **given: Any) -> Article:
    """Read the article that a path names, or a path and an id as reports show them: ``news.jsonl#id``."""
    path = path_of(name)
    found = list(read([path], **given))
    articles = [item for item in found if isinstance(item, Article) and _names(name, path, item)]
    if len(articles) == 1:
        return articles[0]
    if articles:
        one = articles[0].path if os.path.isdir(name) else f"{name}#ID"
        raise ReadError(f"{name} holds {len(articles)} articles; name one, as in {one}, or scan them all")
    reasons = "; ".join(item.reason for item in found if isinstance(item, Skipped))
    ids = [item.id for item in found if isinstance(item, Article)]
    if ids:
        more = f" and {len(ids) - _MOST_IDS:,} more" if len(ids) > _MOST_IDS else ""
        raise ReadError(f"{name}: no such article; the ids are {', '.join(map(printable, ids[:_MOST_IDS]))}{more}")
    raise ReadError(f"{name}: {reasons or 'no article in it'}")


def folder_of(model: str) -> list[str]:
    """The folder of a model that is named by its folder, as an input that no output may replace; else nothing."""
    return [] if model == "bundled" else [model]


def path_of(name: str) -> str:
    """The file of an article that is named by its path, or by path and id (`one_article`)."""
    if os.path.exists(name) or "#" not in name:
        return name
    parts = name.split("#")  # ids may hold it, and names of files too
    files = ("#".join(parts[:end]) for end in range(len(parts) - 1, 0, -1))
    return next(filter(os.path.exists, files), name.rpartition("#")[0])


def _names(name: str, path: str, article: Article) -> bool:
    return name in (path, article.id, f"{article.path}#{article.id}")
