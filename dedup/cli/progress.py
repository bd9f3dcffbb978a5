"""Progress of a run, on one line of a terminal that is erased at the end."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TextIO

_EVERY = 0.1  # seconds between two drawings


class ProgressLine:
    """Progress callback that redraws one line of a terminal; as a context manager it erases the line at the end.

    Parameters
    ----------
    stream : TextIO
        Where to draw, normally standard error: standard output is for data.
    shown : bool
        False draws nothing.
    """

    def __init__(self, stream: TextIO, *, shown: bool) -> None:
        self._stream = stream
        self._shown = shown
        self._drawn = 0.0

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Show a stage; total is 0 where it is not known."""
        now = time.monotonic()
        if not self._shown or now - self._drawn < _EVERY:
            return
        self._drawn = now
        share = f"/{total:,} {done / total:4.0%}" if total else ""
        self._write(f"{stage:<8} {done:,}{share}")

    def __enter__(self) -> ProgressLine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._drawn:
            self._write("")

    def _write(self, line: str) -> None:
        write = getattr(self._stream, "write_raw", self._stream.write)
        write(f"\r{line}\x1b[K")
        self._stream.flush()
