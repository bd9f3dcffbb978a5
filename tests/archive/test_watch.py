"""A watched folder: what arrives, half-written files among it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Queue

import pytest

import dedup
from archive.collection import gold
from dedup import Archive, Article, Skipped

pytest.importorskip("watchfiles", reason="needs the extra watch")

from dedup.archive.watch import Arrival, watch

ROOT = Path(dedup.__file__).parent.parent
FERRY = [article for article in gold() if article.id.startswith("translation/ferry/")]


@contextmanager
def watched(folder: Path, file: Path, settle: float = 0.3) -> Iterator[Queue[Arrival]]:
    """Arrivals in a folder, as they come."""
    arrivals, stop = Queue[Arrival](), threading.Event()

    def look() -> None:
        with Archive.open(file) as archive:
            for arrival in watch(folder, archive, settle=settle, stop=stop):
                arrivals.put(arrival)

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield arrivals
    finally:
        stop.set()
        looking.join(60)
    assert not looking.is_alive()


def write(path: Path, article: Article) -> None:
    path.write_text(article.body, encoding="utf-8")


def test_an_article_that_is_there_is_found_as_it_arrives(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    write(folder / "a.txt", FERRY[0])
    with watched(folder, tmp_path / "a.db") as arrivals:
        first = arrivals.get(timeout=60)
        assert isinstance(first.item, Article)
        assert (Path(first.item.path).name, first.findings) == ("a.txt", ())
        (folder / "deeper").mkdir()
        write(folder / "deeper" / "b.txt", FERRY[1])
        second = arrivals.get(timeout=60)
        assert [Path(finding.article.path).name for finding in second.findings] == ["a.txt"]
        write(folder / "c.txt", FERRY[0])
        assert {finding.kind.value for finding in arrivals.get(timeout=60).findings} == {"exact", "translation"}


def test_a_half_written_file_is_waited_for(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    half = len(FERRY[0].body) // 2
    with watched(folder, tmp_path / "a.db", settle=1.5) as arrivals:
        time.sleep(1)
        with (folder / "a.txt").open("w", encoding="utf-8") as file:
            file.write(FERRY[0].body[:half])
            file.flush()
            time.sleep(0.8)
            file.write(FERRY[0].body[half:])
        arrival = arrivals.get(timeout=60)
        assert isinstance(arrival.item, Article)
        assert len(arrival.item.text) == len(FERRY[0].body)
        assert arrivals.empty()


def test_two_that_arrive_together_are_found_once(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name, article in zip("abc", FERRY, strict=False):
        write(folder / f"{name}.txt", article)
    (folder / ".hidden.txt").write_text("not read", encoding="utf-8")
    (folder / "broken.pdf").write_bytes(b"no PDF")
    with watched(folder, tmp_path / "a.db") as arrivals:
        found = [arrivals.get(timeout=60) for _ in range(4)]
    counts = [len(arrival.findings) for arrival in found if isinstance(arrival.item, Article)]
    assert counts == [0, 1, 2]
    assert [Path(one.item.path).name for one in found if isinstance(one.item, Skipped)] == ["broken.pdf"]
    with watched(folder, tmp_path / "a.db") as arrivals:  # they are known by now
        time.sleep(1.5)
        assert [Path(arrivals.get().item.path).name for _ in range(arrivals.qsize())] == ["broken.pdf"]


def test_the_archive_itself_may_lie_in_the_folder(tmp_path: Path) -> None:
    write(tmp_path / "a.txt", FERRY[0])
    with watched(tmp_path, tmp_path / "a.db") as arrivals:
        assert isinstance(arrivals.get(timeout=60).item, Article)
        write(tmp_path / "b.txt", FERRY[1])
        assert len(arrivals.get(timeout=60).findings) == 1
        assert arrivals.empty()
    with Archive.open(tmp_path / "a.db") as archive:
        added = archive.add_paths([tmp_path])
        assert (added.unchanged, added.skipped) == (2, ())


def test_a_changed_file_does_not_find_itself(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    write(folder / "a.txt", FERRY[0])
    with watched(folder, tmp_path / "a.db") as arrivals:
        arrivals.get(timeout=60)
        (folder / "a.txt").write_text(f"{FERRY[0].body}\nUpdated at noon.", encoding="utf-8")
        assert arrivals.get(timeout=60).findings == ()


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with Archive.open(tmp_path / "a.db") as archive, pytest.raises(dedup.ReadError, match="no such folder"):
        watch(tmp_path / "nowhere", archive)


def test_the_command_writes_a_line_for_each_duplicate(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    command = [sys.executable, "-m", "dedup", "watch", str(folder), "--archive", str(tmp_path / "a.db")]
    process = subprocess.Popen(
        [*command, "--settle", "0.3"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    write(folder / "a.txt", FERRY[0])
    time.sleep(4)
    write(folder / "b.txt", FERRY[1])
    record = json.loads(process.stdout.readline())
    assert Path(record["path"]).name == "b.txt"
    assert [(one["kind"], Path(one["article"]["path"]).name) for one in record["findings"]] == [
        ("translation", "a.txt")
    ]
    process.send_signal(signal.SIGTERM)
    rest, said = process.communicate(timeout=60)
    assert (process.returncode, rest) == (0, "")
    assert "everything that was read is in the archive" in said
