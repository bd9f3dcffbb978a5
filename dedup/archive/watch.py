"""Folder that is watched: articles are added as files arrive, and those that are there already are reported.

A file is read once its size and time of change have stayed the same for a while, so that one that is still being
written is waited for.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from dedup.archive.archive import Archive
from dedup.archive.values import Finding
from dedup.datatypes import Article, Skipped
from dedup.errors import MissingExtraError, ReadError
from dedup.language.text import printable
from dedup.reading.files import absolute
from dedup.reading.read import File, find_files, with_unique_ids
from dedup.reading.source import ReadOptions

_LOOK = 200  # milliseconds between looks at files that may still be written
_TOGETHER = 64  # files that are added at a time

_State = tuple[int, int]  # size and time of change


@dataclass(frozen=True, slots=True)
class Arrival:
    """Article that has arrived, and the articles of the archive that are the same; or what could not be read."""

    item: Article | Skipped
    findings: tuple[Finding, ...] = ()


def check_folder(folder: Path) -> None:
    """Check that a folder can be watched.

    Raises
    ------
    MissingExtraError
        If watchfiles is not installed (extra ``watch``).
    ReadError
        If there is no such folder.
    """
    try:
        import watchfiles  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("watchfiles", "watch") from error
    if not folder.is_dir():
        raise ReadError(f"{printable(str(folder))}: no such folder; name a folder to watch")


def watch(
    folder: Path,
    archive: Archive,
    *,
    options: ReadOptions | None = None,
    settle: float = 1.0,
    stop: Event | None = None,
) -> Iterator[Arrival]:
    """Yield what arrives in a folder and its subfolders, files that are there at the beginning among it.

    Articles that the archive holds as they are have arrived before and are passed over; what is removed from the folder
    stays in the archive.

    Parameters
    ----------
    folder : Path
    archive : Archive
        Everything that arrives is added to it.
    options : ReadOptions, optional
    settle : float
        Seconds for which a file has to stay as it is before it is read.
    stop : Event, optional
        Ends the watch once it is set.

    Raises
    ------
    MissingExtraError
        If watchfiles is not installed (extra ``watch``).
    ReadError
        If there is no such folder.
    """
    check_folder(folder)
    import watchfiles

    changes = watchfiles.watch(
        folder, stop_event=stop or Event(), debounce=_LOOK, rust_timeout=_LOOK, yield_on_timeout=True
    )
    return _arrivals_of(map(bool, changes), folder, archive, options or ReadOptions(), settle)


def _arrivals_of(
    changes: Iterable[bool], folder: Path, archive: Archive, options: ReadOptions, settle: float
) -> Iterator[Arrival]:
    """Arrivals in a folder, looked at whenever something has changed, and first of all."""
    waiting = _Waiting(settle)
    for number, changed in enumerate(changes):
        if changed or not number:
            met = (file for file in find_files([absolute(os.fspath(folder))], options) if not archive.owns(file.path))
            waiting.look(met, at_first=not number)
        ready = waiting.ready()
        for start in range(0, len(ready), _TOGETHER):
            yield from _arrivals(ready[start : start + _TOGETHER], archive, options)


class _Waiting:
    """Files that have been met, those among them that may still be written, and since when they are as they are."""

    def __init__(self, settle: float) -> None:
        self._settle = settle
        self._read: dict[str, _State] = {}
        self._unread: dict[str, tuple[File, _State, float]] = {}

    def look(self, files: Iterable[File], *, at_first: bool) -> None:
        """Look at all files of the folder; those that are there at the beginning were written before."""
        for file in files:
            state = _state(file.path)
            if state is None or file.fault or self._read.get(file.path) == state:
                continue
            since = time.monotonic() - (self._settle if at_first and not _is_young(file.path, self._settle) else 0)
            known = self._unread.get(file.path)
            if known is None or known[1] != state:
                self._unread[file.path] = (file, state, since)

    def ready(self) -> list[File]:
        """Files that have stayed as they are for long enough, in order of their names."""
        now = time.monotonic()
        found = []
        for path, (file, before, since) in sorted(self._unread.items()):
            state = _state(path)
            if state is None:
                del self._unread[path]
            elif state != before:
                self._unread[path] = (file, state, now)
            elif now - since >= self._settle:
                del self._unread[path]
                self._read[path] = state
                found.append(file)
        return found


def _state(path: str) -> _State | None:
    try:
        found = os.stat(path, follow_symlinks=False)
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def _is_young(path: str, settle: float) -> bool:
    """Whether a file has been changed so lately that it may still be written."""
    try:
        return time.time() - os.stat(path).st_mtime < settle
    except OSError:
        return True


def _arrivals(files: list[File], archive: Archive, options: ReadOptions) -> Iterator[Arrival]:
    """Add the articles of some files, and look each up among those that were there before it."""
    items = list(with_unique_ids(file.read(options) for file in files))
    before = archive.last_number()
    archive.add(item for item in items if isinstance(item, Article))
    for item in items:
        if isinstance(item, Skipped):
            yield Arrival(item)
            continue
        number = archive.number_of(item)
        if number is not None and number > before:
            found = archive.check(item)
            yield Arrival(item, tuple(finding for finding in found if finding.number < number))
