"""Ray in the place of the processes that share a run's work."""

from __future__ import annotations

import logging
import os
import socket
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby, islice, tee
from types import TracebackType
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from dedup.datatypes import Article, Progress, Skipped
from dedup.distributed.faults import faults_named
from dedup.distributed.keepers import Keeper, KeptArticles, KeptShelf, Positions, forget, keep
from dedup.distributed.reading import CHUNK, Shards, read_chunks
from dedup.errors import MissingExtraError, ResourceError, SettingsError
from dedup.parallel import Workers, count_cores
from dedup.read import with_unique_ids
from dedup.scratch import RowShelf
from dedup.version import __version__

Task = TypeVar("Task")
Result = TypeVar("Result")

_AHEAD = 3  # tasks in hand for each core
_TRIES = 5  # more, of a task whose worker dies
_CORES_A_KEEPER = 4
_SHARED_ROWS = 1 << 14  # of article vectors in a chunk: 16 MB
_TOLD = 1024  # articles after which the progress of reading is told
_PATIENCE = 10.0  # seconds for a cluster's head to answer
_OWN = {
    "RAY_USAGE_STATS_ENABLED": "0",  # nothing leaves the machine
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # what Ray is going to do anyway, without a warning
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
}  # the environment of a Ray of this machine's own


class RayWorkers(Workers):
    """A Ray cluster that shares the work of a run; used as a context manager, it is left as it was found.

    Ray prints a line on standard output when a worker dies and its task is run again.

    Parameters
    ----------
    address : str, optional
        ``host:port`` of a cluster's head, or "auto" on one of its machines, which all have this version of dedup and
        the model. By default a Ray of this machine's own, which ends with the block.
    jobs : int, optional
        Cores that a Ray of this machine's own may use, at least 1; by default all.

    Raises
    ------
    MissingExtraError
        If Ray is not installed (extra ``ray``).
    ResourceError
        If no cluster answers there.
    SettingsError
        If `jobs` is below 1, or given beside an address.
    """

    remote = True

    def __init__(self, address: str | None = None, *, jobs: int | None = None) -> None:
        if address is not None and jobs is not None:
            raise SettingsError(f"jobs counts the cores of this machine, got {jobs} beside the cluster {address!r}")
        super().__init__(count_cores() if jobs is None else jobs)
        self._address = address
        self._connected = False
        self._keepers: list[Any] = []

    def __enter__(self) -> RayWorkers:
        ray = _import_ray()
        if not ray.is_initialized():
            _connect(ray, self._address, self.jobs)
            self._connected = True
        self.jobs = max(1, int(ray.cluster_resources().get("CPU", 1)))
        keeper = ray.remote(num_cpus=0, max_restarts=-1, max_task_retries=-1, scheduling_strategy="SPREAD")(Keeper)
        self._keepers = [keeper.remote() for _ in range(max(2, self.jobs // _CORES_A_KEEPER))]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        ray = _import_ray()
        for keeper in self._keepers:
            ray.kill(keeper)
        self._keepers = []
        forget()
        if self._connected:
            ray.shutdown()
            self._connected = False

    def map(self, work: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[Result]:
        """What `work` makes of each task, in their order; tasks are taken as results are asked for.

        Raises
        ------
        ResourceError
            If the workers of a task die time and again, or the cluster is lost.
        """
        ray = _import_ray()
        return _in_order(ray.remote(_apply), work, tasks, ahead=_AHEAD * self.jobs, receive=ray.get)

    def map_arrays(self, work: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[Result]:
        """The same: each machine receives the arrays in `work` once."""
        return self.map(work, tasks)

    def fill(
        self,
        shelves: Sequence[RowShelf],
        work: Callable[[Task], tuple[Result, Sequence[npt.NDArray[Any]]]],
        tasks: Iterable[Task],
    ) -> Iterator[Result]:
        """What `work` tells of each task; the rows that it makes for each of the shelves stay in the object store."""
        ray = _import_ray()
        kept = [shelf for shelf in shelves if isinstance(shelf, KeptShelf)]

        def receive(refs: Sequence[Any]) -> Result:
            told, sizes = ray.get(refs[0])
            for shelf, rows, size in zip(kept, refs[1:], sizes, strict=True):
                shelf.take_over(rows, size)
            return told  # type: ignore[no-any-return]

        apart = ray.remote(num_returns=1 + len(kept))(_apply_apart)
        yield from _in_order(apart, work, tasks, ahead=_AHEAD * self.jobs, receive=receive)

    def shelf(self, dtype: str, columns: int | None = None) -> KeptShelf:
        """A shelf in the object store."""
        return KeptShelf(self._keepers, dtype, columns)

    def share(self, rows: npt.NDArray[Any], order: Positions) -> Any:
        """Rows in the object store, kept in an order in which neighbours are asked for together."""
        if not len(rows):
            return rows
        shelf = self.shelf(rows.dtype.str, rows.shape[1])
        for start in range(0, len(rows), _SHARED_ROWS):
            shelf.append(rows[order[start : start + _SHARED_ROWS]])
        return shelf.arranged(order)

    def gather(
        self, articles: Iterable[Article | Skipped], progress: Progress | None = None
    ) -> tuple[Sequence[Article], list[Skipped]]:
        """All that is to be compared, in the object store, and all that was skipped.

        `Shards` are read by the workers; articles of another kind go to the object store as they come.
        """
        pile = _Pile()
        if isinstance(articles, Shards):
            heads, same = tee(pile.heads(self._read(articles)))
            unique = with_unique_ids(of_file for _, of_file in groupby(same, key=lambda head: head.path))
        else:
            heads, unique = tee(pile.heads(_put(articles)))
        with faults_named():
            for head, item in zip(heads, unique, strict=True):
                pile.enter(head, item)
                if progress and not pile.seen % _TOLD:
                    progress("read", pile.seen, 0)
        kept = keep(self._keepers, pile.chunks, pile.sizes)
        return KeptArticles(kept, np.arange(sum(pile.sizes)), pile.names), pile.skipped

    def _read(self, shards: Shards) -> Iterator[tuple[Any, Sequence[Article | Skipped]]]:
        """Chunks of articles in the object store with their heads, a task a group of files."""
        ray = _import_ray()
        read = ray.remote(num_returns="streaming", max_retries=_TRIES)(read_chunks)
        groups = shards.groups()
        streams = deque(read.remote(group, shards.options) for group in islice(groups, _AHEAD * self.jobs))
        while streams:
            stream = streams.popleft()
            for chunk in stream:
                yield chunk, ray.get(next(stream, chunk))  # a chunk that nothing follows is an error
            streams.extend(read.remote(group, shards.options) for group in islice(groups, 1))


class _Pile:
    """Chunks of articles, and what is told of them as they come."""

    def __init__(self) -> None:
        self.chunks: list[Any] = []
        self.sizes: list[int] = []
        self.names: dict[int, str] = {}
        self.skipped: list[Skipped] = []
        self.seen = 0

    def heads(self, read: Iterable[tuple[Any, Sequence[Article | Skipped]]]) -> Iterator[Article | Skipped]:
        """The heads of all chunks one after the other; each chunk is put on the pile."""
        for chunk, heads in read:
            size = sum(isinstance(head, Article) for head in heads)
            if size:
                self.chunks.append(chunk)
                self.sizes.append(size)
            yield from heads

    def enter(self, head: Article | Skipped, item: Article | Skipped) -> None:
        """Note the head of an article by the name it is given, or what was skipped."""
        self.seen += 1
        if isinstance(item, Skipped):
            self.skipped.append(item)
        elif isinstance(head, Article) and item.id != head.id:
            self.names[self.seen - 1 - len(self.skipped)] = item.id


def _put(items: Iterable[Article | Skipped]) -> Iterator[tuple[Any, Sequence[Article | Skipped]]]:
    """Articles at hand, sent to the object store in chunks."""
    ray = _import_ray()
    coming = iter(items)
    while heads := list(islice(coming, CHUNK)):
        yield ray.put([item for item in heads if isinstance(item, Article)]), heads


def _in_order(
    function: Any, work: Callable[[Task], Any], tasks: Iterable[Task], *, ahead: int, receive: Callable[[Any], Result]
) -> Iterator[Result]:
    """Results in the order of the tasks, of which a few are in hand at a time."""
    ray = _import_ray()
    submit = function.options(max_retries=_TRIES).remote
    waiting: deque[Any] = deque()
    with faults_named():
        shared = ray.put(work)
        try:
            for task in tasks:
                waiting.append(submit(__version__, shared, task))
                if len(waiting) >= ahead:
                    yield receive(waiting.popleft())
            while waiting:
                yield receive(waiting.popleft())
        finally:
            for left in waiting:
                ray.cancel(left[0] if isinstance(left, list) else left)


def _apply(version: str, work: Callable[[Task], Result], task: Task) -> Result:
    """A task of `map`."""
    if version != __version__:
        raise ResourceError(f"this run is of dedup {version}, a machine of the cluster has {__version__}; update it")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    return work(task)


def _apply_apart(
    version: str, work: Callable[[Task], tuple[Result, Sequence[npt.NDArray[Any]]]], task: Task
) -> tuple[Any, ...]:
    """A task of `fill`: what it tells with the numbers of rows, and then the rows for each shelf."""
    told, parts = _apply(version, work, task)
    return (told, [len(rows) for rows in parts]), *parts


def _connect(ray: Any, address: str | None, cores: int) -> None:
    """Join a cluster, or start one of this machine's own; Ray says nothing but errors, and those on standard error."""
    quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
    with _environment(_OWN):
        if address is None:
            ray.init("local", num_cpus=cores, include_dashboard=False, **quiet)
            return
        try:
            _knock(address)
            ray.init(address, **quiet)
        except (OSError, ValueError, RuntimeError) as error:
            raise ResourceError(
                f"no Ray cluster answers at {address!r}; start one with ray start --head, name its head as host:port "
                'from one of its machines, or "auto", or leave the address out for a Ray of this machine\'s own'
            ) from error


def _knock(address: str) -> None:
    """Raise `OSError` or `ValueError` where nobody listens: Ray itself goes on asking for minutes."""
    if address != "auto":
        host, _, port = address.rpartition(":")
        socket.create_connection((host, int(port)), timeout=_PATIENCE).close()


@contextmanager
def _environment(given: dict[str, str]) -> Iterator[None]:
    """Some environment variables for a moment; those that are set already stay."""
    added = {name: value for name, value in given.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)


def _import_ray() -> Any:
    try:
        import ray
    except ImportError as error:
        raise MissingExtraError("ray", "ray") from error
    return ray
