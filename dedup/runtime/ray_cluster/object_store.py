"""Articles and rows in Ray's object store, and the actors that serve some of them.

Tasks put results into the object store in chunks, which Ray can fetch or compute again when a machine is lost. Ray
moves whole chunks, while a pair of articles needs two rows of two chunks: so every server holds the chunks of one range
of rows on its machine, and sends the rows that it is asked for. A server that is restarted fetches its chunks again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import numpy.typing as npt

from dedup.arrays import Positions
from dedup.datatypes import Article
from dedup.runtime.article_files import StoredArticles
from dedup.runtime.ray_cluster.errors import named_ray_errors
from dedup.runtime.row_files import RowFile, Rows, StoredRows

if TYPE_CHECKING:
    import ray

_CHUNK = 1 << 20  # bytes of rows collected before they are put into the store

_FETCHED = 1024  # articles fetched at a time by iteration


class RowServer:
    """Actor that holds ranges of rows or articles; a range is fetched when it is first asked for."""

    def __init__(self) -> None:
        self._held: dict[bytes, npt.NDArray[Any] | list[Any]] = {}

    def take(self, stretch: list[ray.ObjectRef[Any]], at: Positions) -> npt.NDArray[Any] | list[Any]:
        """Rows of a range; the range is passed in a list of one, since Ray would resolve a bare reference."""
        name = stretch[0].binary()
        if name not in self._held:
            self._held[name] = _fetch(stretch[0])
        held = self._held[name]
        return [held[place] for place in at.tolist()] if isinstance(held, list) else np.asarray(held[at])


def _fetch(stretch: ray.ObjectRef[Any]) -> npt.NDArray[Any] | list[Any]:
    """Fetch the chunks of a range and join them: articles in memory, rows in a row file."""
    import ray

    chunks = ray.get(stretch)
    first = ray.get(chunks[0])
    if isinstance(first, list):
        return [item for chunk in chunks for item in ray.get(chunk)]
    file = RowFile(first.dtype.str, first.shape[1] if first.ndim > 1 else None)
    for chunk in chunks:
        file.append(ray.get(chunk))
    return file.stored().open()  # stays readable when the row file removes its file


@dataclass(frozen=True, slots=True, eq=False)
class _ServerMap:
    """Map of rows to the servers that hold them.

    servers : actors, each with a range of rows
    stretches : reference to the list of chunks of each server
    bounds : ndarray of shape (servers + 1,), intp; server k has rows ``bounds[k]`` to ``bounds[k + 1]``
    """

    servers: Sequence[Any]
    stretches: Sequence[ray.ObjectRef[Any]]
    bounds: Positions


@dataclass(frozen=True, slots=True, eq=False)
class RemoteChunks:
    """Rows or articles held by servers: a reference to the map, which is small enough for every task."""

    register: ray.ObjectRef[_ServerMap]

    def pieces(self, at: Positions) -> Iterator[tuple[Positions, Any]]:
        """Fetch rows by number; yield for each server the places among `at` that it holds, and those rows."""
        import ray

        register = _look_up(self.register)
        owner = np.searchsorted(register.bounds, at, side="right") - 1
        asked = []
        for number in np.unique(owner).tolist():
            places = np.flatnonzero(owner == number)
            take = register.servers[number].take
            asked.append((places, take.remote([register.stretches[number]], at[places] - register.bounds[number])))
        with named_ray_errors():
            for places, piece in asked:
                yield places, ray.get(piece)


def forget_servers() -> None:
    """Forget the servers of a cluster: references of the next one may have the same names."""
    _look_up.cache_clear()


@lru_cache(maxsize=8)
def _look_up(register: ray.ObjectRef[_ServerMap]) -> _ServerMap:
    import ray

    with named_ray_errors():
        found: _ServerMap = ray.get(register)
    return found


def serve(servers: Sequence[Any], chunks: Sequence[ray.ObjectRef[Any]], sizes: Sequence[int]) -> RemoteChunks:
    """Divide chunks among servers, each a range of about the same number of rows."""
    import ray

    ends = np.concatenate([[0], np.cumsum(sizes)]).astype(np.intp)
    cuts = np.searchsorted(ends, np.linspace(0, ends[-1], len(servers) + 1))
    cuts[-1] = len(chunks)
    stretches = [ray.put(list(chunks[begin:end])) for begin, end in pairwise(cuts.tolist())]
    return RemoteChunks(ray.put(_ServerMap(tuple(servers), tuple(stretches), ends[cuts])))


@dataclass(frozen=True, slots=True, eq=False)
class RemoteRows:
    """Rows of numbers in the object store; indexing fetches some of them from any machine.

    place : ndarray of shape (n,), intp, where each row lies if the rows are stored in another order
    """

    kept: RemoteChunks
    dtype: str
    shape: tuple[int, ...]
    place: Positions | None = None

    def open(self) -> RemoteRows:
        """Return the rows themselves: they are fetched as they are used."""
        return self

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, at: Positions) -> npt.NDArray[Any]:
        rows = np.empty((len(at), *self.shape[1:]), self.dtype)
        for places, piece in self.kept.pieces(at if self.place is None else self.place[at]):
            rows[places] = piece
        return rows


class RemoteRowWriter:
    """Row file in the object store; rows of tasks do not pass through the process that started them."""

    def __init__(self, servers: Sequence[Any], dtype: str, columns: int | None = None) -> None:
        self._servers = servers
        self._dtype = np.dtype(dtype)
        self._row = () if columns is None else (columns,)
        self._chunks: list[ray.ObjectRef[Any]] = []
        self._sizes: list[int] = []
        self._waiting: list[npt.NDArray[Any]] = []

    def append(self, rows: npt.NDArray[Any]) -> None:
        """Append rows, converted to the file's type; they are put into the store in chunks."""
        self._waiting.append(np.asarray(rows, self._dtype))
        if sum(part.nbytes for part in self._waiting) >= _CHUNK:
            self._put()

    def take_over(self, chunk: ray.ObjectRef[Any], size: int) -> None:
        """Append a chunk of `size` rows that is in the object store already."""
        self._put()
        self._enter(chunk, size)

    def stored(self) -> Rows:
        """Rows appended so far."""
        self._put()
        shape = (sum(self._sizes), *self._row)
        return self._kept(shape) if all(shape) else StoredRows("", self._dtype.str, shape)

    def arranged(self, order: Positions) -> RemoteRows:
        """Rows appended so far, row i of the file under the number ``order[i]``."""
        self._put()
        place = np.empty(len(order), np.intp)
        place[order] = np.arange(len(order))
        return self._kept((sum(self._sizes), *self._row), place)

    def _put(self) -> None:
        import ray

        if self._waiting:
            rows = np.concatenate(self._waiting)
            self._waiting = []
            self._enter(ray.put(rows), len(rows))

    def _enter(self, chunk: ray.ObjectRef[Any], size: int) -> None:
        if size:
            self._chunks.append(chunk)
            self._sizes.append(size)

    def _kept(self, shape: tuple[int, ...], place: Positions | None = None) -> RemoteRows:
        return RemoteRows(serve(self._servers, self._chunks, self._sizes), self._dtype.str, shape, place)


@dataclass(frozen=True, slots=True, eq=False)
class RemoteArticles(StoredArticles):
    """Articles in the object store.

    at : ndarray of shape (n,), intp, the number of each article among those held
    names : replacement ids, by number, of articles whose own id occurs twice
    """

    kept: RemoteChunks
    at: Positions
    names: dict[int, str] = field(default_factory=dict)

    def take(self, positions: Positions) -> RemoteArticles:
        """Select articles by position, in the order of `positions`."""
        return self._of(self.at[positions])

    def __len__(self) -> int:
        return len(self.at)

    @overload
    def __getitem__(self, at: int) -> Article: ...
    @overload
    def __getitem__(self, at: slice) -> RemoteArticles: ...
    def __getitem__(self, at: int | slice) -> Article | RemoteArticles:
        return self._of(self.at[at]) if isinstance(at, slice) else next(iter(self[at : at + 1 or None]))

    def __iter__(self) -> Iterator[Article]:
        for start in range(0, len(self.at), _FETCHED):
            at = self.at[start : start + _FETCHED]
            found: dict[int, Article] = {}
            for places, piece in self.kept.pieces(at):
                found |= zip(places.tolist(), piece, strict=True)
            for place, number in enumerate(at.tolist()):
                article = found[place]
                yield replace(article, id=self.names[number]) if number in self.names else article

    def _of(self, at: Positions) -> RemoteArticles:
        named = self.names.keys() & at.tolist() if self.names else ()
        return RemoteArticles(self.kept, at, {number: self.names[number] for number in named})
