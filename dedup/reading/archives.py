"""Archives: the files inside one, each opened when it is its turn, and streams unpacked."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from functools import partial
from pathlib import PurePosixPath
from typing import IO, NamedTuple, cast

from dedup.datatypes import Skipped
from dedup.errors import MissingExtraError, ReadError
from dedup.reading.encoding import LostError, Stream
from dedup.reading.source import Source, one_line

MOST_MEMBERS = 1_000_000
"""Files of one archive that are looked at."""

_AHEAD = 2 << 20  # bytes that readers of whole files ask for beyond `max_bytes`, to say that there are more

MOST_TIMES = 200
"""Multiple of its packed size that a stream may unpack to; text seldom goes beyond 20, and gzip not beyond 1,032."""

MOST_UNPACKED = 64
"""Multiple of `ReadOptions.max_bytes` that an archive or a packed stream may unpack to."""


class ArchiveError(Exception):
    """The rest of an archive is lost; no `ReadError`, which readers of lines take for the fault of one line."""


FAULTS = (ArchiveError, zipfile.BadZipFile, tarfile.TarError, lzma.LZMAError)
"""Raised on archives that are broken, beside `OSError`, `EOFError` and `zlib.error`."""


class Member(NamedTuple):
    """A file in an archive, by its path in it, and how to open it."""

    name: str
    opened: AbstractContextManager[Stream]


class _Limited(io.RawIOBase):
    """A stream that raises `ArchiveError` on faults and behind a number of bytes that all of an archive share."""

    def __init__(self, stream: io.BufferedIOBase, left: list[int], faults: tuple[type[Exception], ...] = ()) -> None:
        self._stream, self._left, self._faults = stream, left, faults

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: object) -> int:
        """Bytes read into the buffer."""
        view = memoryview(cast(bytearray, buffer))
        try:
            data = self._stream.read1(len(view))
        except self._faults as fault:
            raise ArchiveError(one_line(fault)) from fault
        self._left[0] -= len(data)
        if self._left[0] < 0:
            raise ArchiveError("unpacks to too much; raise --max-bytes to read it")
        view[: len(data)] = data
        return len(data)


class _Proportionate(io.RawIOBase):
    """An unpacked stream that raises `LostError` where it is out of proportion to what is packed."""

    def __init__(self, stream: gzip.GzipFile, least: int) -> None:
        self._stream, self._least, self._done = stream, least, 0

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: object) -> int:
        """Bytes read into the buffer."""
        view = memoryview(cast(bytearray, buffer))
        data = self._stream.read1(len(view))  # all there is before a fault
        self._done += len(data)
        if self._done > self._least and self._done > MOST_TIMES * self._packed():
            raise LostError(f"unpacks to more than {MOST_TIMES} times its size; unpack it first, if it is no trap")
        view[: len(data)] = data
        return len(data)

    def _packed(self) -> int:
        """Bytes that have been unpacked; a file in an archive, which has limits of its own, does not know its place."""
        try:
            return int(cast(IO[bytes], self._stream.fileobj).tell())
        except OSError:
            return self._least


def in_proportion(stream: gzip.GzipFile, max_bytes: int) -> Stream:
    """The unpacked bytes of a stream, as long as they are no trap; `max_bytes` never are."""
    return _buffered(_Proportionate(stream, max_bytes + _AHEAD))


def zip_members(source: Source) -> Iterator[Member | Skipped]:
    """Files of a ZIP archive in order of their names."""
    file = io.BytesIO(source.data()) if source.packed or not source.stream.seekable() else source.stream
    left = _allowance(source)
    with zipfile.ZipFile(cast(io.BytesIO, file)) as archive:
        found = sorted((info for info in archive.infolist() if not info.is_dir()), key=lambda info: info.filename)
        for info in found[:MOST_MEMBERS]:
            if info.flag_bits & 1:
                yield Skipped(f"{source.path}/{info.filename}", "encrypted; unpack it first")
            elif _is_seen(info.filename):
                yield Member(info.filename, _opened(partial(archive.open, info), left))


def tar_members(source: Source) -> Iterator[Member | Skipped]:
    """Files of a tar archive, packed or not, in the order in which they lie there."""
    left = _allowance(source)
    stream = cast(IO[bytes], _plain_tar(source.stream))
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for number, info in enumerate(archive):
            if number == MOST_MEMBERS:
                return
            if info.isfile() and _is_seen(info.name):
                yield Member(info.name, _opened(partial(archive.extractfile, info), left))


def unpacked(source: Source, suffix: str) -> Stream:
    """The file in a packed stream (``.xz``, ``.bz2``, ``.zst``)."""
    stream = cast(io.BufferedIOBase, _UNPACK[suffix](source.stream))
    return _buffered(_Limited(stream, _allowance(source)))


def _unpack_zstd(stream: Stream) -> object:
    try:
        import zstandard
    except ImportError as fault:
        raise MissingExtraError("zstandard", "documents") from fault
    reader = zstandard.ZstdDecompressor().stream_reader(cast(IO[bytes], stream), read_across_frames=True)
    return _buffered(_Limited(cast(io.BufferedIOBase, reader), [sys.maxsize], (zstandard.ZstdError,)))


_UNPACK: dict[str, Callable[..., object]] = {".xz": lzma.LZMAFile, ".bz2": bz2.BZ2File, ".zst": _unpack_zstd}

_MAGIC: dict[bytes, Callable[..., object]] = {
    b"\x1f\x8b": lambda stream: gzip.GzipFile(fileobj=stream),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\0": lzma.LZMAFile,
    b"\x28\xb5\x2f\xfd": _unpack_zstd,
}

PACKED = tuple(_UNPACK)
"""Suffixes of packed streams beside ``.gz``."""


def _plain_tar(stream: Stream) -> object:
    """The bytes of a tar archive; tarfile's own unpacking takes a truncated archive for a whole one."""
    head = stream.peek(6)[:6]
    return next((unpack(stream) for magic, unpack in _MAGIC.items() if head.startswith(magic)), stream)


def _opened(opener: Callable[[], object], left: list[int]) -> AbstractContextManager[Stream]:
    return cast("AbstractContextManager[Stream]", _Opening(opener, left))


class _Opening(AbstractContextManager["Stream"]):
    """A member that is opened when it is entered, so that whatever goes wrong is reported of that member."""

    def __init__(self, opener: Callable[[], object], left: list[int]) -> None:
        self._opener, self._left = opener, left

    def __enter__(self) -> Stream:
        try:
            opened = self._opener()
        except (NotImplementedError, RuntimeError) as fault:  # a way of packing that zipfile does not know
            raise ArchiveError(one_line(fault)) from fault
        if opened is None:
            raise ReadError("not a file")
        self._file = closing(cast(io.BufferedIOBase, opened))
        return _buffered(_Limited(self._file.__enter__(), self._left))

    def __exit__(self, *fault: object) -> None:
        self._file.__exit__(*fault)


def _buffered(raw: io.RawIOBase) -> io.BufferedReader:
    return io.BufferedReader(raw, 1 << 16)


def _allowance(source: Source) -> list[int]:
    return [source.options.max_bytes * MOST_UNPACKED]


def _is_seen(name: str) -> bool:
    return not any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(name).parts if part != "..")


def broken(fault: BaseException) -> str:
    """The reason why the rest of an archive is lost."""
    return f"broken archive: {one_line(fault)}"
