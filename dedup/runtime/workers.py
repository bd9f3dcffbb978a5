"""Workers that share a run's tasks among processes, with the same results in the same order as in one process.

A run asks its `Workers` for everything that depends on where it runs: who does the work, and where the rows computed
from articles lie. `dedup.runtime.ray_cluster` has workers on several machines. Nothing heavy is imported here: a worker
process sets its number of threads before numpy is loaded.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from threading import Thread, Timer
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from dedup.errors import ResourceError, SettingsError
from dedup.runtime.process import TEMPORARY, count_cores, remove_temporary, restrict_threads

if TYPE_CHECKING:
    from concurrent.futures import Future, ProcessPoolExecutor
    from multiprocessing.context import BaseContext

    import numpy as np
    import numpy.typing as npt

    from dedup.runtime.row_files import RowWriter

Task = TypeVar("Task")

Result = TypeVar("Result")

_AHEAD = 3  # tasks submitted for each worker: no worker waits, and results do not pile up

_PATIENCE = 3.0  # seconds that tasks have to end in once a run is interrupted

_GRACE = 2.0  # seconds that a worker lives on after SIGTERM


class Workers:
    """Pool of processes that share the work of a run; with one job everything happens in this process.

    Used as a context manager; the processes start with the first `map` and end with the block.

    Parameters
    ----------
    jobs : int
        Processes, at least 1.
    """

    remote = False
    """Whether the work may be done by other machines, which share neither memory nor disk with this one."""

    def __init__(self, jobs: int = 1) -> None:
        if jobs < 1:
            raise SettingsError(f"jobs must be at least 1, got {jobs}; this machine has {count_cores()} cores")
        self.jobs = jobs
        self._pool: ProcessPoolExecutor | None = None
        self._starting: list[Future[None]] = []

    def map(self, work: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[Result]:
        """Yield the results of `work` in the order of the tasks; tasks are taken as results are asked for.

        Until the processes have started this one works alone.

        Raises
        ------
        ResourceError
            If a worker process is killed, as the system does when memory runs out.
        """
        if self.jobs == 1:
            yield from map(work, tasks)
            return
        from concurrent.futures.process import BrokenProcessPool

        pool = self._start()
        waiting: deque[Future[Result]] = deque()
        try:
            for task in tasks:
                if not waiting and not any(future.done() for future in self._starting):
                    yield work(task)
                    continue
                waiting.append(pool.submit(work, task))
                if len(waiting) >= _AHEAD * self.jobs:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool as error:
            raise ResourceError(
                f"one of {self.jobs} worker processes was ended from outside, perhaps because memory ran out; "
                "run again with fewer --jobs"
            ) from error

    def map_arrays(self, work: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[Result]:
        """Yield results in the order of the tasks, computed by threads: work on large arrays, which are not copied."""
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(self.jobs) as pool:
            yield from pool.map(work, tasks)

    def fill(
        self,
        writers: Sequence[RowWriter],
        work: Callable[[Task], tuple[Result, Sequence[npt.NDArray[Any]]]],
        tasks: Iterable[Task],
    ) -> Iterator[Result]:
        """Append the rows that `work` returns for each file, and yield its other result, in the order of the tasks."""
        for answer, parts in self.map(work, tasks):
            for row_writer, rows in zip(writers, parts, strict=True):
                row_writer.append(rows)
            yield answer

    def row_writer(self, dtype: str, columns: int | None = None) -> RowWriter:
        """Create a row file that all workers can read."""
        from dedup.runtime.row_files import RowFile

        return RowFile(dtype, columns)

    def share(self, rows: npt.NDArray[Any], _order: npt.NDArray[np.intp]) -> npt.NDArray[Any]:
        """Make rows available to tasks of `map_arrays`; workers elsewhere may store them in an order of their own."""
        return rows

    def __enter__(self) -> Workers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            if isinstance(error, KeyboardInterrupt):
                _end_soon_or_now(self._pool)
            else:
                self._pool.shutdown(cancel_futures=True)
            self._pool, self._starting = None, []

    def wait(self) -> None:
        """Start the processes and wait until one is ready."""
        from concurrent.futures import FIRST_COMPLETED, wait

        self._start()
        wait(self._starting, return_when=FIRST_COMPLETED)

    def _start(self) -> ProcessPoolExecutor:
        from concurrent.futures import ProcessPoolExecutor

        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                self.jobs, mp_context=_context(), initializer=_start_worker, initargs=(TEMPORARY,)
            )
            self._starting = [self._pool.submit(_do_nothing) for _ in range(self.jobs)]
        return self._pool


def _context() -> BaseContext:
    """Start method of processes: fork of this process, fork of a server that has loaded code and model, or spawn.

    Forking this process is fastest, but breaks libraries that have threads, as numpy has unless it is limited to one.
    Only on Linux is a process safe to fork that has used the system's own libraries.
    """
    from multiprocessing import get_context

    if sys.platform != "linux":
        return get_context("spawn")
    if len(os.listdir("/proc/self/task")) == 1:
        return get_context("fork")
    context = get_context("forkserver")
    context.set_forkserver_preload(["dedup.preload"])
    return context


def _do_nothing() -> None:
    pass


def _end_soon_or_now(pool: ProcessPoolExecutor) -> None:
    """End the processes once they have done their tasks, or kill them after a few seconds.

    The thread that collects results may then wait for the rest of a result that was cut off, for ever while this
    process still holds the writing end of their pipe, which is therefore closed.
    """
    collector, results = getattr(pool, "_executor_manager_thread", None), getattr(pool, "_result_queue", None)
    processes = list((getattr(pool, "_processes", None) or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    if collector is None:
        return
    collector.join(_PATIENCE)
    if collector.is_alive():
        for process in processes:
            process.kill()
        for process in processes:
            process.join(_PATIENCE)
        writer = getattr(results, "_writer", None)
        if writer is not None:
            writer.close()
        collector.join(_PATIENCE)


def _start_worker(temporary: str) -> None:
    """Prepare a worker process: it ignores signals, uses one thread, and ends with the process that started it.

    Some tools send SIGTERM to all processes of a run at once. The first process then reports that and ends the workers,
    so a worker waits a moment for it.
    """
    gc.freeze()  # of a fork, objects that are never touched again stay shared
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _end_later)
    restrict_threads()
    Thread(target=_end_with_parent, args=(temporary,), daemon=True).start()


def _end_later(number: int, _frame: FrameType | None) -> None:
    timer = Timer(_GRACE, os._exit, (128 + number,))
    timer.daemon = True
    timer.start()


def _end_with_parent(temporary: str) -> None:
    from multiprocessing import parent_process
    from multiprocessing.connection import wait

    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        remove_temporary(temporary)
        os._exit(1)


ALONE = Workers(1)
"""Workers that are this process alone."""
