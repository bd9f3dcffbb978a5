from __future__ import annotations

import io
import os
import threading
from pathlib import Path

import pytest

from dedup.cli.progress import ProgressLine
from dedup.errors import ReadError
from dedup.report.destination import check_writable, write_whole


def test_a_file_is_written_and_written_over(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    for content in (b"one", b"two"):
        check_writable(path)
        write_whole(path, content)
        assert path.read_bytes() == content
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.json"], "nothing is left beside it"


def test_a_failed_write_leaves_the_old_file_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(b"old")

    def full(self: Path, content: bytes) -> int:
        with self.open("wb") as file:
            file.write(content[:1])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(ReadError, match=r"cannot write .*report\.json: No space left on device"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.json"]


def test_links_are_followed_and_stay(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"old")
    link.symlink_to(target)
    write_whole(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


def test_devices_and_pipes_are_written_to_and_stay(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()), daemon=True)
    reader.start()
    write_whole(pipe, b"data")
    reader.join(timeout=10)
    assert read == [b"data"]
    assert pipe.is_fifo()


@pytest.mark.parametrize(
    ("name", "message"), [(".", "it is a folder"), ("no/report.json", "there is no folder .*; create it first")]
)
def test_places_that_cannot_be_written_are_refused_beforehand(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(ReadError, match=message):
        check_writable(tmp_path / name)


def test_writing_where_nothing_can_be_written_says_where(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=r"cannot write .*report: No such file or directory; choose another place"):
        write_whole(tmp_path / "no" / "report", b"")


def test_progress_is_drawn_on_one_line_and_wiped() -> None:
    stream = io.StringIO()
    with ProgressLine(stream, shown=True) as progress:
        progress("embed", 1200, 4800)
        progress("embed", 1201, 4800)  # too soon after the last
    assert stream.getvalue() == "\rembed    1,200/4,800  25%\x1b[K\r\x1b[K"


def test_progress_without_a_total_counts() -> None:
    stream = io.StringIO()
    with ProgressLine(stream, shown=True) as progress:
        progress("read", 7, 0)
    assert stream.getvalue().startswith("\rread     7\x1b[K")


def test_hidden_progress_writes_nothing() -> None:
    stream = io.StringIO()
    with ProgressLine(stream, shown=False) as progress:
        progress("read", 1, 2)
    assert stream.getvalue() == ""
