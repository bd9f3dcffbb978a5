"""Standard streams that are closed, full or gone, and messages that hold what no terminal should get.

A run does not fail because nobody listens to what it says, and what a file or its name holds is shown as characters
that can be seen, never sent to the terminal as it is.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from dedup.language.text import printable

_STANDARD = 0, 1, 2


def open_closed_descriptors() -> None:
    """Open the null device where a standard descriptor is closed: a file of ours would get its number otherwise."""
    for number in _STANDARD:
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free


def discard(number: int) -> None:
    """Send what is still written to a descriptor to the null device, what is left in buffers included."""
    with suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, number)
        os.close(nowhere)


@contextmanager
def safe_messages() -> Iterator[None]:
    """Show messages on standard error in printable characters; those that cannot be written are lost."""
    before = sys.stderr
    sys.stderr = Messages(before)
    try:
        yield
    finally:
        sys.stderr = before


class Messages(io.TextIOBase, TextIO):
    """A stream of text that drops what the one behind it does not take, and escapes what is not printable.

    Parameters
    ----------
    stream : TextIO or None
        None where the stream is closed.
    """

    def __init__(self, stream: TextIO | None) -> None:
        super().__init__()
        self._stream = stream

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """The encoding of the stream."""
        return getattr(self._stream, "encoding", None) or "utf-8"

    @property
    def errors(self) -> str:  # type: ignore[override]
        """Error handler for characters that the encoding lacks."""
        return getattr(self._stream, "errors", None) or "backslashreplace"

    def writable(self) -> bool:
        """Tell that anything can be written."""
        return True

    def isatty(self) -> bool:
        """Whether there is a terminal."""
        return self._stream is not None and bool(self._stream.isatty())

    def fileno(self) -> int:
        """The descriptor of the stream."""
        if self._stream is None:
            raise io.UnsupportedOperation("no stream")
        return int(self._stream.fileno())

    def write(self, text: str) -> int:
        """Write a text in printable characters, or drop it; progress bars of libraries begin with a carriage return."""
        back = "\r" if text.startswith("\r") else ""
        self.write_raw(back + "\n".join(map(printable, text[len(back) :].split("\n"))))
        return len(text)

    def write_raw(self, text: str) -> None:
        """Write a text as it is, or drop it: what moves the cursor of a terminal."""
        if self._stream is not None:
            try:
                self._stream.write(text)
                self._stream.flush()
            except (OSError, ValueError):
                self._give_up()

    def flush(self) -> None:
        """Flush the stream."""
        if self._stream is not None:
            try:
                self._stream.flush()
            except (OSError, ValueError):
                self._give_up()

    def _give_up(self) -> None:
        with suppress(OSError, ValueError, AttributeError):
            if self._stream is not None and self._stream.fileno() == 2:
                discard(2)
        self._stream = None
