"""Files on any filesystem that pyarrow knows, by URI: ``s3://bucket/news``, ``gs://``, ``hdfs://``, ``file://``."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO, Any, cast

from dedup.errors import MissingExtraError, ReadError, WriteError
from dedup.runtime.name_patterns import NamePatterns

_URI = re.compile(r"[a-z][a-z0-9+]+://")


@dataclass(frozen=True, slots=True)
class Store:
    """Path on a filesystem; it can be sent to another process.

    Parameters
    ----------
    scheme : str
        As in the URI, with ``://``.
    filesystem : pyarrow.fs.FileSystem
        Holds the server and the credentials.
    """

    scheme: str
    filesystem: Any
    path: str

    @classmethod
    def at(cls, uri: str) -> Store:
        """Resolve a URI.

        Raises
        ------
        ReadError
            If pyarrow knows no such filesystem.
        MissingExtraError
            If pyarrow is not installed (extra ``parquet``).
        """
        try:
            from pyarrow import ArrowException, fs
        except ImportError as error:
            raise MissingExtraError("pyarrow", "parquet") from error
        try:
            filesystem, path = fs.FileSystem.from_uri(uri)
        except (ArrowException, OSError, ImportError) as error:
            raise ReadError(f"cannot reach {uri}: {_first_line(error)}; check the name, and your access") from error
        return cls(_URI.match(uri)[0], filesystem, path)  # type: ignore[index]

    @property
    def uri(self) -> str:
        """URI of the path, as reports show it."""
        return self.scheme + self.path

    def files(self, names: NamePatterns) -> Iterator[tuple[Store, int]]:
        """Yield the file itself, or the files under a folder in order of names, each with its size in bytes.

        Raises
        ------
        ReadError
            If there is nothing, or it may not be read.
        """
        from pyarrow import fs

        try:
            info = self.filesystem.get_file_info(self.path)
            if info.type == fs.FileType.NotFound:
                raise ReadError(f"{self.uri}: no such file or folder; check the spelling")
            if info.is_file:
                yield self, info.size
                return
            found = self.filesystem.get_file_info(fs.FileSelector(self.path, recursive=True))
        except OSError as error:
            raise ReadError(f"cannot read {self.uri}: {_first_line(error)}; check your access") from error
        inside = len(PurePosixPath(self.path).parts)
        placed = [(PurePosixPath(entry.path).parts[inside:], entry) for entry in found if entry.is_file]
        for parts, entry in sorted(placed, key=lambda one: one[0]):
            hidden = any(part.startswith(".") for part in parts)
            if not hidden and names.admits(PurePosixPath(entry.path)) and not _left_out(parts, names):
                yield Store(self.scheme, self.filesystem, entry.path), entry.size

    @contextmanager
    def opened(self, packed: bool) -> Iterator[io.BufferedReader]:
        """Open the file for reading, through gzip where it is packed."""
        import gzip

        with self.filesystem.open_input_file(self.path) as file:
            stream = gzip.GzipFile(fileobj=file) if packed else io.BufferedReader(cast(Any, file))
            yield cast(io.BufferedReader, stream)

    def is_empty(self) -> bool:
        """Whether there is no file under the folder."""
        from pyarrow import fs

        return not self.filesystem.get_file_info(fs.FileSelector(self.path, allow_not_found=True))

    def write(self, name: str, content: bytes) -> None:
        """Write a file under the folder; missing folders are created.

        Raises
        ------
        WriteError
            If it cannot be written there.
        """
        path = f"{self.path}/{name}"
        file: IO[bytes]
        try:
            self.filesystem.create_dir(path.rpartition("/")[0], recursive=True)
            with self.filesystem.open_output_stream(path, compression=None) as file:
                file.write(content)
        except OSError as error:
            raise WriteError(f"cannot write {self.scheme}{path}: {_first_line(error)}; check your access") from error


def _left_out(parts: tuple[str, ...], names: NamePatterns) -> bool:
    """Whether one of the folders on the way to a file is left out."""
    return any(map(names.excludes, PurePosixPath(*parts).parents))


def is_uri(path: str) -> bool:
    """Whether a path is a URI: a scheme of two letters and more, since one is a drive of Windows."""
    return bool(_URI.match(path))


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0]
