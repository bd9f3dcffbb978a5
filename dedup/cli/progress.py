"""Progress of a run on a terminal, gone at its end: step, bar, count, rate, time left."""

from __future__ import annotations

import io
import time
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress

_EVERY = 0.1  # seconds between two drawings

_WORDS = {"read": "reading", "embed": "embedding", "search": "searching", "verify": "comparing"}
"""Words for the stages of a scan, in their order; the stages of other commands are not counted."""


class ProgressLine:
    """Progress callback that redraws one line of a terminal; as a context manager it erases the line at the end.

    Parameters
    ----------
    stream : TextIO
        Stream to draw on, normally standard error: standard output is for data.
    shown : bool
        False draws nothing.
    """

    def __init__(self, stream: TextIO, *, shown: bool) -> None:
        self._stream = stream
        self._shown = shown
        self._drawn = 0.0
        self._stage = ""
        self._progress: Progress | None = None

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Show a stage; total is 0 where it is not known."""
        now = time.monotonic()
        if not self._progress or (now - self._drawn < _EVERY and stage == self._stage):
            return
        self._drawn = now
        if stage != self._stage:
            step = f"{[*_WORDS].index(stage) + 1} of {len(_WORDS)} {_WORDS[stage]}" if stage in _WORDS else stage
            self._begin(step, total)
            self._stage = stage
        (task,) = self._progress.tasks
        rate = f"{done / task.elapsed:,.0f}/s" if task.elapsed and done else ""
        self._progress.update(task.id, completed=done, total=total or None, rate=rate)
        self._progress.refresh()

    def _begin(self, description: str, total: int) -> None:
        assert self._progress is not None
        for task in self._progress.task_ids:
            self._progress.remove_task(task)
        self._progress.add_task(description, total=total or None, rate="")

    def __enter__(self) -> ProgressLine:
        if self._shown:
            self._progress = _bars(self._stream)
            self._progress.start()
            self._progress.console.show_cursor()  # a killed run could not do so
            self._begin("starting", 0)
        return self

    def erase(self) -> None:
        """Erase the line, for a message that is to stand in its place; the next step draws it again."""
        if self._progress:
            self._progress.console.file.write("\r\x1b[2K")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress:
            self._progress.stop()


class _Raw(io.TextIOBase, TextIO):
    """Stream for what moves the cursor, which `Messages` would escape."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._stream.encoding

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()

    def write(self, text: str) -> int:
        getattr(self._stream, "write_raw", self._stream.write)(text)
        return len(text)

    def flush(self) -> None:
        self._stream.flush()


def _bars(stream: TextIO) -> Progress:
    """Display that is drawn on demand and not by a thread: worker processes are forked from one without threads."""
    from rich import progress
    from rich.console import Console

    return progress.Progress(
        progress.TextColumn("{task.description}"),
        progress.BarColumn(bar_width=24),
        progress.MofNCompleteColumn(),
        progress.TextColumn("{task.fields[rate]}"),
        progress.TimeRemainingColumn(compact=True, elapsed_when_finished=True),
        console=Console(file=_Raw(stream)),
        auto_refresh=False,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
