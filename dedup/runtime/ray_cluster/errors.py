"""Errors of Ray as errors of dedup."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from dedup.errors import ResourceError


@contextmanager
def named_ray_errors() -> Iterator[None]:
    """Raise errors of a task as they were raised there, and failures of Ray as `ResourceError`."""
    from ray.exceptions import RayError, RayTaskError

    try:
        yield
    except RayError as fault:
        cause: BaseException = fault
        while isinstance(cause, RayTaskError) and isinstance(cause.cause, BaseException):
            cause = cause.cause
        if not isinstance(cause, RayError):
            raise cause from fault
        reason = str(cause).strip().partition("\n")[0]
        raise ResourceError(
            f"the Ray cluster lost work that it could not do again ({type(cause).__name__}: {reason}); "
            "look for machines that ended or ran out of memory, and run again with more of them or fewer --jobs"
        ) from fault
