"""An opened file to articles: its reader chosen, archives gone through, and a reason for everything that goes wrong."""

from __future__ import annotations

import gzip
import logging
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import PurePosixPath

from dedup.datatypes import Article, Skipped
from dedup.errors import MissingExtraError, ReadError
from dedup.language.text import printable
from dedup.reading import archives
from dedup.reading.content import suffix_of
from dedup.reading.encoding import LostError, Stream, looks_binary
from dedup.reading.files import cannot_be_read, file_format, show_path
from dedup.reading.formats import READERS, Reader
from dedup.reading.source import ReadOptions, Source, one_line

logger = logging.getLogger(__name__)

_DEEPEST = 2  # archives within archives

_ARCHIVES = {".zip": archives.zip_members} | dict.fromkeys((".tar", ".tgz", ".tbz2", ".txz"), archives.tar_members)

_PACKED_TAR = tuple(f".tar{suffix}" for suffix in archives.PACKED)

SUFFIXES = frozenset((*READERS, *_ARCHIVES, *archives.PACKED))
"""Suffixes of files that are read."""


def read_opened(
    opened: AbstractContextManager[Stream], path: str, options: ReadOptions, *, chosen: bool
) -> Iterator[Article | Skipped]:
    """Articles of a file that somebody opens, and what was skipped there; `path` is the one that reports show."""
    return read_with(opened, reader_of(path, options, chosen=chosen), path, options, packed=file_format(path)[1])


def marked(items: Iterator[Article | Skipped], *, reference: bool) -> Iterator[Article | Skipped]:
    """Items as they are, or those of a reference marked as such."""
    return (replace(item, reference=True) for item in items) if reference else items


def reader_of(path: str, options: ReadOptions, *, chosen: bool, depth: int = 0) -> Reader:
    """The reader of a file; one of an unknown type is tried as text if it was chosen by its name or a pattern."""
    suffix, packed = file_format(path)
    if reader := READERS.get(suffix):
        return reader
    if suffix in _ARCHIVES or path.lower().endswith(_PACKED_TAR):
        return partial(_read_archive, suffix if suffix in _ARCHIVES else ".tar", depth)
    if suffix in archives.PACKED:
        return partial(_read_packed, path[: -len(suffix)], suffix, depth)
    if not suffix and not packed:
        return partial(_read_by_content, depth)
    return READERS[".txt"] if chosen or options.glob else _read_unsupported


def read_with(
    opened: AbstractContextManager[Stream],
    reader: Reader,
    path: str,
    options: ReadOptions,
    *,
    packed: bool,
    charset: str = "",
) -> Iterator[Article | Skipped]:
    """Articles that a reader finds, and one `Skipped` for all that it could not reach (see `Source`).

    Anything else that a reader raises is its fault or that of a library: the file is skipped with the exception as the
    reason, and its traceback goes to the log.
    """
    empty = True
    barren = 0
    try:
        with opened as stream:
            if packed and isinstance(stream, gzip.GzipFile):
                stream = archives.in_proportion(stream, options)
            for item in reader(Source(path, stream, options, packed, charset)):
                empty = False
                barren = barren + 1 if isinstance(item, Skipped) and item.path == path else 0
                yield item
                if barren >= options.max_barren:
                    raise LostError(f"no article in {barren:,} records on end; raise --max-barren to read on")
    except (ReadError, MissingExtraError, LostError) as fault:
        yield Skipped(path, str(fault))
    except (EOFError, zlib.error, gzip.BadGzipFile) as fault:
        yield Skipped(path, f"broken {'gzip' if packed else 'file'}: {one_line(fault)}")
    except archives.FAULTS as fault:
        yield Skipped(path, archives.broken(fault))
    except OSError as fault:
        yield Skipped(path, cannot_be_read(fault))
    except MemoryError:
        raise
    except Exception as fault:  # the last net: no library that reads a file stops the run
        logger.debug("%s", path, exc_info=True)
        yield Skipped(path, f"could not be read: {type(fault).__name__}: {one_line(fault)}")
    else:
        if empty:
            yield Skipped(path, "no records")


def _read_archive(suffix: str, depth: int, source: Source) -> Iterator[Article | Skipped]:
    """The articles of all files in an archive; what is of no known type there is passed over."""
    if depth >= _DEEPEST:
        raise ReadError("an archive within archives; unpack it first")
    passed: dict[str, int] = {}
    for member in _ARCHIVES[suffix](source):
        if isinstance(member, Skipped):
            yield member
        elif not source.options.names.admits_inside(PurePosixPath(member.name)):
            continue
        elif not is_supported(member.name):
            kind = file_format(member.name)[0]
            passed[kind] = passed.get(kind, 0) + 1
        else:
            yield from _read_member(member, f"{source.path}/{show_path(member.name)}", source.options, depth + 1)
    for kind, count in sorted(passed.items()):
        yield Skipped(source.path, f'unsupported file type "{printable(kind)}" of {count:,} files in this archive')


def _read_member(member: archives.Member, path: str, options: ReadOptions, depth: int) -> Iterator[Article | Skipped]:
    packed = file_format(path)[1]
    reader = reader_of(path, options, chosen=False, depth=depth)
    return read_with(_gunzipped(member.opened) if packed else member.opened, reader, path, options, packed=packed)


@contextmanager
def _gunzipped(opened: AbstractContextManager[Stream]) -> Iterator[Stream]:
    with opened as stream, gzip.GzipFile(fileobj=stream) as unpacked:
        yield unpacked


def _read_packed(name: str, suffix: str, depth: int, source: Source) -> Iterator[Article | Skipped]:
    """The articles of the one file in a packed stream."""
    if depth >= _DEEPEST:
        raise ReadError("an archive within archives; unpack it first")
    reader = reader_of(name, source.options, chosen=False, depth=depth + 1)
    with archives.unpacked(source, suffix) as stream:
        yield from reader(Source(source.path, stream, source.options, packed=True))


def _read_by_content(depth: int, source: Source) -> Iterator[Article | Skipped]:
    """The articles of a file without a suffix, by the reader of what it looks like."""
    suffix = suffix_of(source.stream.peek(1))
    if suffix == ".txt" and looks_binary(source.stream.peek(1)):
        raise ReadError("unsupported file type, no suffix")
    if suffix in _ARCHIVES:
        return _read_archive(suffix, depth, source)
    return READERS[suffix](source)


def is_supported(path: str) -> bool:
    """Whether a file of this name is read without being chosen."""
    suffix, packed = file_format(path)
    return suffix in SUFFIXES or not (suffix or packed)


def _read_unsupported(source: Source) -> Iterator[Article | Skipped]:
    suffix, packed = file_format(source.path)
    suffix += ".gz" if packed else ""
    advice = _ADVICE.get(suffix, "")
    raise ReadError(f'unsupported file type "{printable(suffix)}"' + (f"; {advice}" if advice else ""))


_ADVICE = {
    ".doc": "save it as .docx",
    ".dot": "save it as .docx",
    ".xls": "save it as .xlsx or .csv",
    ".ods": "save it as .xlsx or .csv",
    ".pages": "save it as .docx",
    ".7z": "unpack it first",
    ".rar": "unpack it first",
    ".tex": "convert it to .txt, for instance with pandoc",
    ".msg": "save it as .eml",
    ".pst": "export it as .mbox",
    ".mobi": "convert it to .epub",
    ".azw3": "convert it to .epub",
}
