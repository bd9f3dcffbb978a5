"""Progress of a stage: results come in order from those who share the work, and each is counted once it was used."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from dedup.datatypes import Progress

_Result = TypeVar("_Result")


def follow(
    results: Iterable[_Result], size: Callable[[_Result], int], stage: str, total: int, progress: Progress | None
) -> Iterator[_Result]:
    """Results of a stage, unchanged.

    Parameters
    ----------
    results : iterable
        Results as `Workers.map` gives them, in order.
    size : callable
        Articles or pairs of one result, by which the stage has come further.
    stage, total
        Name of the stage and the size of all results, as `progress` hears them.
    progress : callable (stage, done, total), optional
        Called after each result, once its user asks for the next one.
    """
    done = 0
    for result in results:
        yield result
        done += size(result)
        if progress:
            progress(stage, done, total)
