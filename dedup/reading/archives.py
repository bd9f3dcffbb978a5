"""Archives: the files inside one, each opened when it is its turn, and streams unpacked."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from functools import partial
from pathlib import PurePosixPath
from typing import IO, Any, NamedTuple, cast

from dedup.datatypes import Skipped
from dedup.errors import MissingExtraError, ReadError
from dedup.reading.encoding import LostError, Stream
from dedup.reading.source import ReadOptions, Source, one_line

_AHEAD = 2 << 20  # bytes that readers of whole files ask for beyond `max_bytes`, to say that there are more


class ArchiveError(Exception):
    """The rest of an archive is lost; no `ReadError`, which readers of lines take for the fault of one line."""


FAULTS = (ArchiveError, zipfile.BadZipFile, tarfile.TarError, lzma.LZMAError)
"""Raised on archives that are broken, beside `OSError`, `EOFError` and `zlib.error`."""


class Member(NamedTuple):
    """A file in an archive, by its path in it, and how to open it."""

    name: str
    opened: AbstractContextManager[Stream]


class _Budget:
    """Bytes that an archive or a packed stream may unpack to: in proportion to its own, of which `packed` tells."""

    def __init__(self, options: ReadOptions, packed: Callable[[], int]) -> None:
        self._least, self._most_times = options.max_bytes + _AHEAD, options.max_ratio
        self._packed, self._done = packed, 0

    def spend(self, size: int) -> None:
        """Count bytes that were unpacked; raises `LostError` where they are too many."""
        self._done += size
        if self._done > self._least and self._done > self._most_times * self._packed():
            raise LostError(
                f"unpacks to more than {self._most_times:,} times its size; raise --max-ratio, if it is no trap"
            )


class _Unpacked(io.RawIOBase):
    """An unpacked stream that keeps to its budget, raises `ArchiveError` on faults and knows how much has been read."""

    def __init__(
        self, stream: io.BufferedIOBase, budget: _Budget | None = None, faults: tuple[type[Exception], ...] = ()
    ) -> None:
        self._stream, self._budget, self._faults, self._place = stream, budget, faults, 0

    def readable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """Bytes that have been read."""
        return self._place

    def readinto(self, buffer: object) -> int:
        """Bytes read into the buffer."""
        view = memoryview(cast(bytearray, buffer))
        try:
            data = self._stream.read1(len(view))  # all there is before a fault
        except self._faults as fault:
            raise ArchiveError(one_line(fault)) from fault
        self._place += len(data)
        if self._budget:
            self._budget.spend(len(data))
        view[: len(data)] = data
        return len(data)


def in_proportion(stream: gzip.GzipFile, options: ReadOptions) -> Stream:
    """The unpacked bytes of a stream, as long as they are no trap; `ReadOptions.max_bytes` never are."""
    return _buffered(_Unpacked(stream, _Budget(options, cast(IO[bytes], stream.fileobj).tell)))


def zip_members(source: Source) -> Iterator[Member | Skipped]:
    """Files of a ZIP archive in order of their names."""
    file = io.BytesIO(source.data()) if source.packed or not source.stream.seekable() else source.stream
    size = file.seek(0, os.SEEK_END)
    budget = _Budget(source.options, lambda: size)
    with zipfile.ZipFile(cast(io.BytesIO, file)) as archive:
        found = sorted((info for info in archive.infolist() if not info.is_dir()), key=lambda info: info.filename)
        for info in found:
            if info.flag_bits & 1:
                yield Skipped(f"{source.path}/{info.filename}", "encrypted; unpack it first")
            elif _is_seen(info.filename):
                yield Member(info.filename, _opened(partial(archive.open, info), budget))


def tar_members(source: Source) -> Iterator[Member | Skipped]:
    """Files of a tar archive, packed or not, in the order in which they lie there."""
    budget = _Budget(source.options, source.stream.tell)  # of files that claim holes; what is packed has its own
    with tarfile.open(fileobj=cast(IO[bytes], _plain_tar(source)), mode="r|") as archive:
        for info in archive:
            if info.isfile() and _is_seen(info.name):
                yield Member(info.name, _opened(partial(archive.extractfile, info), budget))


def unpacked(source: Source, suffix: str) -> Stream:
    """The file in a packed stream (``.xz``, ``.bz2``, ``.zst``)."""
    return _within_budget(source, _UNPACK[suffix])


def _within_budget(source: Source, unpack: Callable[[Stream], io.BufferedIOBase]) -> Stream:
    return _buffered(_Unpacked(unpack(source.stream), _Budget(source.options, source.stream.tell)))


def _unpack_zstd(stream: Stream) -> io.BufferedIOBase:
    try:
        import zstandard
    except ImportError as fault:
        raise MissingExtraError("zstandard", "documents") from fault
    reader = zstandard.ZstdDecompressor().stream_reader(cast(IO[bytes], stream), read_across_frames=True)
    return _buffered(_Unpacked(cast(io.BufferedIOBase, reader), faults=(zstandard.ZstdError,)))


_UNPACK: dict[str, Callable[[Any], io.BufferedIOBase]] = {
    ".xz": lzma.LZMAFile,
    ".bz2": bz2.BZ2File,
    ".zst": _unpack_zstd,
}

_MAGIC: dict[bytes, Callable[[Any], io.BufferedIOBase]] = {
    b"\x1f\x8b": lambda stream: gzip.GzipFile(fileobj=stream),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\0": lzma.LZMAFile,
    b"\x28\xb5\x2f\xfd": _unpack_zstd,
}

PACKED = tuple(_UNPACK)
"""Suffixes of packed streams beside ``.gz``."""


def _plain_tar(source: Source) -> Stream:
    """The bytes of a tar archive; tarfile's own unpacking takes a truncated archive for a whole one."""
    head = source.stream.peek(6)[:6]
    unpack = next((unpack for magic, unpack in _MAGIC.items() if head.startswith(magic)), None)
    return _within_budget(source, unpack) if unpack else source.stream


def _opened(opener: Callable[[], object], budget: _Budget) -> AbstractContextManager[Stream]:
    return cast("AbstractContextManager[Stream]", _Opening(opener, budget))


class _Opening(AbstractContextManager["Stream"]):
    """A member that is opened when it is entered, so that whatever goes wrong is reported of that member."""

    def __init__(self, opener: Callable[[], object], budget: _Budget) -> None:
        self._opener, self._budget = opener, budget

    def __enter__(self) -> Stream:
        try:
            opened = self._opener()
        except (NotImplementedError, RuntimeError) as fault:  # a way of packing that zipfile does not know
            raise ArchiveError(one_line(fault)) from fault
        if opened is None:
            raise ReadError("not a file")
        self._file = closing(cast(io.BufferedIOBase, opened))
        return _buffered(_Unpacked(self._file.__enter__(), self._budget))

    def __exit__(self, *fault: object) -> None:
        self._file.__exit__(*fault)


def _buffered(raw: io.RawIOBase) -> io.BufferedReader:
    return io.BufferedReader(raw, 1 << 16)


def _is_seen(name: str) -> bool:
    return not any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(name).parts if part != "..")


def broken(fault: BaseException) -> str:
    """The reason why the rest of an archive is lost."""
    return f"broken archive: {one_line(fault)}"
