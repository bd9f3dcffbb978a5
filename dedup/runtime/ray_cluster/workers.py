"""Workers on a Ray cluster."""

from __future__ import annotations

import logging
import os
import socket
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from types import TracebackType
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from dedup.arrays import Positions
from dedup.errors import MissingExtraError, ResourceError, SettingsError
from dedup.runtime.process import count_cores
from dedup.runtime.ray_cluster.errors import named_ray_errors
from dedup.runtime.ray_cluster.object_store import RemoteArticles, RemoteRowWriter, RowServer, forget_servers, serve
from dedup.runtime.row_files import RowWriter
from dedup.runtime.workers import Workers
from dedup.version import __version__

Task = TypeVar("Task")

Result = TypeVar("Result")

_AHEAD = 3  # tasks submitted for each core

_TRIES = 5  # retries of a task whose worker dies

_CORES_A_SERVER = 4

_SHARED_ROWS = 1 << 14  # rows of article vectors in a chunk: 16 MB

_PATIENCE = 10.0  # seconds for a cluster's head to answer

_ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",  # nothing leaves the machine
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # Ray's coming default, set to silence its warning
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
}  # environment of a Ray started here


class RayWorkers(Workers):
    """Ray cluster that shares the work of a run; used as a context manager, it is left as it was found.

    Ray prints a line on standard output when a worker dies and its task is run again.

    Parameters
    ----------
    address : str, optional
        ``host:port`` of a cluster's head, or "auto" on one of its machines, which all have this version of dedup and
        the model. By default a Ray is started on this machine alone, which ends with the block.
    jobs : int, optional
        Cores that a Ray on this machine alone may use, at least 1; by default all.

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
        self._servers: list[Any] = []

    def __enter__(self) -> RayWorkers:
        ray = _import_ray()
        if not ray.is_initialized():
            _connect(ray, self._address, self.jobs)
            self._connected = True
        self.jobs = max(1, int(ray.cluster_resources().get("CPU", 1)))
        server = ray.remote(num_cpus=0, max_restarts=-1, max_task_retries=-1, scheduling_strategy="SPREAD")(RowServer)
        self._servers = [server.remote() for _ in range(max(2, self.jobs // _CORES_A_SERVER))]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        ray = _import_ray()
        for server in self._servers:
            ray.kill(server)
        self._servers = []
        forget_servers()
        if self._connected:
            ray.shutdown()
            self._connected = False

    def map(self, work: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[Result]:
        """Yield the results of `work` in the order of the tasks; tasks are taken as results are asked for.

        Raises
        ------
        ResourceError
            If the workers of a task die time and again, or the cluster is lost.
        """
        ray = _import_ray()
        return _in_order(ray.remote(_apply), work, tasks, ahead=_AHEAD * self.jobs, receive=ray.get)

    def map_arrays(self, work: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[Result]:
        """Yield results in the order of the tasks; each machine receives the arrays in `work` once."""
        return self.map(work, tasks)

    def fill(
        self,
        writers: Sequence[RowWriter],
        work: Callable[[Task], tuple[Result, Sequence[npt.NDArray[Any]]]],
        tasks: Iterable[Task],
    ) -> Iterator[Result]:
        """Put the rows that `work` returns for each file into the object store, and yield its other result."""
        ray = _import_ray()
        remote_writers = [row_writer for row_writer in writers if isinstance(row_writer, RemoteRowWriter)]

        def receive(refs: Sequence[Any]) -> Result:
            answer, sizes = ray.get(refs[0])
            for row_writer, rows, size in zip(remote_writers, refs[1:], sizes, strict=True):
                row_writer.take_over(rows, size)
            return answer  # type: ignore[no-any-return]

        apart = ray.remote(num_returns=1 + len(remote_writers))(_apply_apart)
        yield from _in_order(apart, work, tasks, ahead=_AHEAD * self.jobs, receive=receive)

    def row_writer(self, dtype: str, columns: int | None = None) -> RemoteRowWriter:
        """Create a row file in the object store."""
        return RemoteRowWriter(self._servers, dtype, columns)

    def share(self, rows: npt.NDArray[Any], order: Positions) -> Any:
        """Put rows into the object store, in an order that puts rows together that are read together."""
        if not len(rows):
            return rows
        row_writer = self.row_writer(rows.dtype.str, rows.shape[1])
        for start in range(0, len(rows), _SHARED_ROWS):
            row_writer.append(rows[order[start : start + _SHARED_ROWS]])
        return row_writer.arranged(order)

    def put(self, value: Any) -> Any:
        """Put a value into the object store; returns a reference."""
        return _import_ray().put(value)

    def stream(self, read: Callable[..., Iterator[Any]], tasks: Iterable[tuple[Any, ...]]) -> Iterator[Iterator[Any]]:
        """Yield for each task, in order, an iterator of references to the values that `read` yields."""
        remote = _import_ray().remote(num_returns="streaming", max_retries=_TRIES)(read).remote
        coming = iter(tasks)
        streams = deque(remote(*task) for task in islice(coming, _AHEAD * self.jobs))
        while streams:
            yield streams.popleft()
            streams.extend(remote(*task) for task in islice(coming, 1))

    def get(self, reference: Any) -> Any:
        """Fetch the value of a reference."""
        return _import_ray().get(reference)

    def serve_articles(self, chunks: Sequence[Any], sizes: Sequence[int], names: dict[int, str]) -> RemoteArticles:
        """Sequence of the articles in chunks of the object store; `names` replaces ids, by number."""
        return RemoteArticles(serve(self._servers, chunks, sizes), np.arange(sum(sizes)), names)


def _in_order(
    function: Any, work: Callable[[Task], Any], tasks: Iterable[Task], *, ahead: int, receive: Callable[[Any], Result]
) -> Iterator[Result]:
    """Yield results in the order of the tasks, of which `ahead` are submitted at a time."""
    ray = _import_ray()
    submit = function.options(max_retries=_TRIES).remote
    waiting: deque[Any] = deque()
    with named_ray_errors():
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
    """Run a task of `map`, if this machine has the same version of dedup."""
    if version != __version__:
        raise ResourceError(f"this run is of dedup {version}, a machine of the cluster has {__version__}; update it")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    return work(task)


def _apply_apart(
    version: str, work: Callable[[Task], tuple[Result, Sequence[npt.NDArray[Any]]]], task: Task
) -> tuple[Any, ...]:
    """Run a task of `fill`; returns its result with the numbers of rows, then the rows for each file."""
    answer, parts = _apply(version, work, task)
    return (answer, [len(rows) for rows in parts]), *parts


def _connect(ray: Any, address: str | None, cores: int) -> None:
    """Join a cluster, or start a Ray on this machine alone; Ray logs only errors, on standard error."""
    quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
    with _environment(_ENVIRONMENT):
        if address is None:
            ray.init("local", num_cpus=cores, include_dashboard=False, **quiet)
            return
        try:
            _check_listening(address)
            ray.init(address, **quiet)
        except (OSError, ValueError, RuntimeError) as error:
            raise ResourceError(
                f"no Ray cluster answers at {address!r}; start one with ray start --head, name its head as host:port "
                'from one of its machines, or "auto", or leave the address out for a Ray on this machine alone'
            ) from error


def _check_listening(address: str) -> None:
    """Raise `OSError` or `ValueError` if nothing listens at an address; Ray itself would go on asking for minutes."""
    if address != "auto":
        host, _, port = address.rpartition(":")
        socket.create_connection((host, int(port)), timeout=_PATIENCE).close()


@contextmanager
def _environment(given: dict[str, str]) -> Iterator[None]:
    """Set environment variables within the block; those that are set already stay."""
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
