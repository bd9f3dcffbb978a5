"""Progress of a stage, whose results come in order and are counted once they have been used."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from dedup.datatypes import Progress

_Result = TypeVar("_Result")


def follow(
    results: Iterable[_Result], size: Callable[[_Result], int], stage: str, total: int, progress: Progress | None
) -> Iterator[_Result]:
    """Pass the results of a stage on unchanged, and report progress.

    Parameters
    ----------
    results : iterable
        Results as `Workers.map` gives them, in order.
    size : callable
        Number of articles or pairs that a result stands for.
    stage, total
        Name of the stage and size of all results, for `progress`.
    progress : callable (stage, done, total), optional
        Called once the result after it is asked for.
    """
    done = 0
    for result in results:
        yield result
        done += size(result)
        if progress:
            progress(stage, done, total)
