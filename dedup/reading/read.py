"""Paths to articles: folders walked in order, one reader a format, and a reason for everything that cannot be used.

Whatever is met yields at least one `Article` or `Skipped`, so that seen = read + skipped, and nothing but a path that
does not exist stops the run. Files come one after the other, and so do the records of a file. Documents, of which web
pages take a hundred times as long as text, may be shared among processes; files of records are streams and are not.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, groupby, islice
from typing import TypeAlias

from dedup.datatypes import Article, Skipped
from dedup.errors import ReadError
from dedup.language.text import printable
from dedup.reading.elsewhere import StoredFile, WebFile, find_elsewhere
from dedup.reading.files import STDIN, file_format, open_file, open_stdin, show_path, walk
from dedup.reading.formats import DOCUMENTS, READERS, Reader
from dedup.reading.opened import marked, read_opened, read_with, reader_of
from dedup.reading.source import ReadOptions
from dedup.runtime.remote_files import is_uri
from dedup.runtime.workers import Workers

__all__ = ["ReadOptions", "read_folder", "read_paths"]

_BATCH = 16  # documents that a process reads at a time

_FEW = 512  # files read by one process before others have started


def read_folder(
    path: str | os.PathLike[str], options: ReadOptions | None = None, *, jobs: int = 1
) -> Iterator[Article | Skipped]:
    """Articles of a folder or a file, and what had to be skipped there.

    A folder is walked with its subfolders in order of names; hidden files are passed over, symbolic links are not
    followed. Formats go by suffix, each also with ``.gz``; files without one go by their content. One article a file:
    ``.txt .text .md .markdown .mdx .rst .adoc .html .htm .xhtml .mhtml .srt .vtt .eml``, and with the extra
    ``documents`` ``.docx .odt .rtf .pdf``. One a record: ``.json .jsonl .ndjson .csv .tsv .parquet .arrow .mbox .xml
    .rss .atom`` (feeds, WordPress exports, NITF, NewsML-G2), and with the extra ``.xlsx .epub .warc``. Archives
    (``.zip .tar .xz .bz2 .zst``) are read file by file.

    Parameters
    ----------
    path : str or path
        A folder, a file, ``-`` for JSON Lines from standard input, the address of a file on the web (``https://``), or
        a URI of a filesystem that pyarrow knows (``s3://bucket/news``).
    options : ReadOptions, optional
        Fields to read, files to choose, size to allow.
    jobs : int
        Processes that share the documents of a folder with many; the answer is the same with any number. They start
        afresh, as those of `find_duplicates` do.

    Returns
    -------
    iterator of Article or Skipped
        In the same order on every machine. Ids are unique: the record's own where no other has it, otherwise the path,
        or ``path#n`` for the n-th record of a file. Memory grows with the ids alone.

    Raises
    ------
    ReadError
        If the path does not exist: at once, not when the first article is asked for, unless it is a URI.
    """
    return read_paths([path], options, jobs=jobs)


def read_paths(
    paths: Iterable[str | os.PathLike[str]],
    options: ReadOptions | None = None,
    *,
    against: Iterable[str | os.PathLike[str]] = (),
    jobs: int = 1,
) -> Iterator[Article | Skipped]:
    """Articles of several folders and files in the order given, each file once (see `read_folder`).

    Parameters
    ----------
    paths : iterable of str or path
        Folders, files, ``-`` for JSON Lines from standard input, or URIs; what these lead to comes last.
    options : ReadOptions, optional
        Fields to read, files to choose, size to allow.
    against : iterable of str or path
        Folders and files of a reference, which are read before the others. A file in both belongs to the one that
        names it more closely, and to the reference where both do.
    jobs : int
        Processes that share the documents where there are many.

    Returns
    -------
    iterator of Article or Skipped
        In the same order on every machine, with unique ids.

    Raises
    ------
    ReadError
        If one of the paths does not exist.
    """
    roots, reference = _roots(paths), _roots(against)
    for root in (*reference, *roots):
        if not is_uri(root):
            require(root)
    options = options or ReadOptions()
    return with_unique_ids(read_files(find_all(roots, options, reference), options, jobs))


def _roots(paths: Iterable[str | os.PathLike[str]]) -> list[str]:
    return [os.fspath(path) for path in ([paths] if isinstance(paths, (str, os.PathLike)) else paths)]


def require(root: str) -> None:
    """Raise `ReadError` where there is no such file or folder."""
    if not root:
        raise ReadError('"" names no file or folder; is a variable empty?')
    try:
        if root != STDIN:
            os.stat(root)
    except PermissionError:
        return  # something is there; the attempt to read it says why it cannot be used
    except (OSError, ValueError) as fault:
        shown = printable(show_path(root))
        raise ReadError(f"{shown}: no such file or folder; check the spelling and the current folder") from fault


def with_unique_ids(files: Iterable[Iterable[Article | Skipped]]) -> Iterator[Article | Skipped]:
    """The items of all files; an id that was taken before gives way to ``path#n``."""
    taken: set[str] = set()
    for file in files:
        for number, item in enumerate(file, 1):
            if isinstance(item, Article):
                if item.id in taken:
                    item = replace(item, id=_free_id(f"{item.path}#{number}", taken))
                taken.add(item.id)
            yield item


def _free_id(id: str, taken: set[str]) -> str:
    while id in taken:
        id += "+"
    return id


@dataclass(frozen=True, slots=True)
class File:
    """A path that was met, the reason why it cannot be used, if any, and whether it was given by name."""

    path: str
    fault: str
    chosen: bool
    reference: bool = False

    def read(self, options: ReadOptions) -> Iterator[Article | Skipped]:
        """Its articles, and what was skipped there."""
        return marked(self._items(options), reference=self.reference)

    def _items(self, options: ReadOptions) -> Iterator[Article | Skipped]:
        if self.fault:
            return iter([Skipped(show_path(self.path), self.fault)])
        if self.path == STDIN:
            return read_with(open_stdin(), READERS[".jsonl"], self.path, options, packed=False)
        opened = open_file(self.path, file_format(self.path)[1])
        return read_opened(opened, show_path(self.path), options, chosen=self.chosen)

    def reader(self, options: ReadOptions) -> Reader:
        """Reader of this file."""
        return reader_of(self.path, options, chosen=self.chosen)

    @property
    def size(self) -> int:
        """Bytes of the file; 0 where it cannot be read, as whoever tries will say."""
        try:
            return os.stat(self.path).st_size
        except OSError:
            return 0


AnyFile: TypeAlias = File | StoredFile | WebFile
"""Files of this machine and elsewhere."""


def read_files(files: Iterator[AnyFile], options: ReadOptions, jobs: int = 1) -> Iterator[Iterable[Article | Skipped]]:
    """Articles of each file, one file to be used up before the next."""
    first = list(islice(files, _FEW)) if jobs > 1 else []
    many = len(first) == _FEW
    with Workers(jobs) as workers:
        for shared, run in groupby(chain(first, files), lambda file: many and _is_document(file, options)):
            if shared:
                yield from chain.from_iterable(workers.map(partial(_read_batch, options), _batches(run)))
            else:
                yield from (file.read(options) for file in run)


def _is_document(file: AnyFile, options: ReadOptions) -> bool:
    return isinstance(file, File) and file.reader(options) in DOCUMENTS


def find_all(roots: Sequence[str], options: ReadOptions, against: Sequence[str] = ()) -> Iterator[AnyFile]:
    """Every file once: those of this machine as `find_files` has them, then those that URIs lead to.

    Raises
    ------
    ReadError
        If there is nothing at a URI, or nothing is known of such URIs.
    """
    local, reference = ([path for path in paths if not is_uri(path)] for paths in (roots, against))
    yield from find_files(local, options, reference)
    met: set[str] = set()
    for number, uri in enumerate(filter(is_uri, [*against, *roots])):
        for file in find_elsewhere(uri, options, reference=number < len(against) - len(reference)):
            if file.path not in met:
                met.add(file.path)
                yield file


def find_files(roots: list[str], options: ReadOptions, against: Sequence[str] = ()) -> Iterator[File]:
    """The files of a reference, then those under the roots; one met by several ways comes once.

    A file under a root and in the reference belongs to the one that names it more closely.
    """
    met: set[str] = set()
    for number, root in enumerate([*against, *roots]):
        reference = number < len(against)
        closer = _inside(root, roots) if reference else []
        for path, fault in walk(root, options.names):
            if len(roots) + len(against) > 1:
                place = os.path.abspath(path) if fault else os.path.realpath(path)
                if place in met or any(place == inner or place.startswith(inner + os.sep) for inner in closer):
                    continue
                met.add(place)
            yield File(path, fault, chosen=path == root, reference=reference)


def _inside(folder: str, roots: Sequence[str]) -> list[str]:
    """Places of the roots that lie inside a folder."""
    outer = os.path.join(os.path.realpath(folder), "")
    return [place for place in map(os.path.realpath, roots) if place.startswith(outer)]


def _batches(files: Iterator[AnyFile]) -> Iterator[list[AnyFile]]:
    return iter(lambda: list(islice(files, _BATCH)), [])


def _read_batch(options: ReadOptions, files: list[AnyFile]) -> list[list[Article | Skipped]]:
    return [list(file.read(options)) for file in files]
