"""Real processes ended by real signals: what they say, and that nothing is left of them."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dedup import Archive
from dedup.runtime import process, row_files
from dedup.runtime.process import sweep_temporary
from dedup.runtime.row_files import RowFile, StoredRows

ROOT = Path(__file__).parents[2]

WORDS = (
    "river",
    "minister",
    "budget",
    "storm",
    "harvest",
    "museum",
    "election",
    "bridge",
    "vaccine",
    "rocket",
    "market",
)

CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the files have names elsewhere")


@pytest.fixture(scope="module")
def articles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of records, enough of them for a few seconds and for worker processes."""
    generator = random.Random(0)
    path = tmp_path_factory.mktemp("signals") / "news.jsonl"
    texts = (" ".join(generator.choices(WORDS, k=300)) for _ in range(800))
    path.write_text("".join(f'{{"text": "{text}"}}\n' for text in texts), encoding="utf-8")
    return path


def start(articles: Path, folder: Path, *options: str, command: str = "scan") -> subprocess.Popen[bytes]:
    """Start a command whose temporary files and result go to a folder."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(folder)}
    words = {
        "scan": ("scan", articles, "-o", folder / "r.json"),
        "keep": ("keep", articles, "-o", folder / "r.jsonl", "--force"),
        "archive add": ("archive", "add", folder / "a.db", articles),
    }
    line = [sys.executable, "-m", "dedup", *map(str, words[command]), *options]
    return subprocess.Popen(
        line, env=environment, stderr=subprocess.PIPE, start_new_session=True, preexec_fn=listen_to_signals
    )


def listen_to_signals() -> None:
    """Undo what a shell or ``nohup`` around the tests may have told its children to ignore."""
    for number in CODES:
        signal.signal(number, signal.SIG_DFL)


def wait_for_work(process: subprocess.Popen[bytes], folder: Path) -> None:
    """Wait until a scan has opened files in its temporary folder, or has ended."""
    while process.poll() is None:
        try:
            descriptors = f"/proc/{process.pid}/fd"
            names = [os.readlink(os.path.join(descriptors, name)) for name in os.listdir(descriptors)]
        except OSError:
            names = []
        if sum(name.startswith(str(folder)) and name.endswith(" (deleted)") for name in names) >= 2:
            return
        time.sleep(0.01)


def group_is_gone(process: subprocess.Popen[bytes]) -> bool:
    """Whether no process of its session is left, within a few seconds."""
    for _ in range(400):
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize("number", CODES, ids=lambda number: number.name)
@pytest.mark.parametrize("whom", [os.kill, os.killpg], ids=["one", "all"])
def test_a_signal_ends_a_scan_and_nothing_is_left(
    articles: Path, tmp_path: Path, number: signal.Signals, jobs: str, whom: object
) -> None:
    (tmp_path / "r.json").touch()
    scan = start(articles, tmp_path, "-j", jobs)
    wait_for_work(scan, tmp_path)
    assert callable(whom)
    whom(scan.pid, number)
    _, told = scan.communicate(timeout=60)
    assert (scan.returncode, told) == (CODES[number], b"Error: interrupted; no report was written\n")
    assert group_is_gone(scan)
    assert [(path.name, path.stat().st_size) for path in tmp_path.iterdir()] == [("r.json", 0)]


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_scan_that_is_killed_leaves_nothing(articles: Path, tmp_path: Path, jobs: str) -> None:
    scan = start(articles, tmp_path, "-j", jobs)
    wait_for_work(scan, tmp_path)
    scan.kill()
    scan.communicate(timeout=60)
    assert scan.returncode == -signal.SIGKILL
    assert group_is_gone(scan)
    assert list(tmp_path.iterdir()) == []


def test_a_signal_that_is_ignored_stays_ignored(articles: Path, tmp_path: Path) -> None:
    lines = articles.read_text(encoding="utf-8").splitlines(keepends=True)
    (tmp_path / "few.jsonl").write_text("".join(lines[:200]), encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)}
    command = f"trap '' HUP; exec {sys.executable} -m dedup scan few.jsonl -q -o r.json"
    scan = subprocess.Popen(["bash", "-c", command], cwd=tmp_path, env=environment)
    wait_for_work(scan, tmp_path)
    scan.send_signal(signal.SIGHUP)
    assert scan.wait(timeout=60) == 0
    assert (tmp_path / "r.json").stat().st_size


def test_files_of_processes_that_are_gone_are_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    left, other, mine = (f"dedup-{number}-0123456789ab-x" for number in (gone.pid, os.getppid(), os.getpid()))
    for name in (left, other, mine, "dedup-notes.txt"):
        (tmp_path / name).touch()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    sweep_temporary.cache_clear()
    sweep_temporary()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([other, mine, "dedup-notes.txt"])


def test_files_have_a_name_where_the_system_has_no_other_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(row_files.os.path, "exists", lambda path: False)
    file = RowFile("f4")
    assert [path.name.startswith(process.TEMPORARY) for path in tmp_path.iterdir()] == [True]
    assert file.stored() != StoredRows(file.stored().path, "<f4", (0,), number=-1)
    del file
    assert list(tmp_path.iterdir()) == []


HITS = int(os.environ.get("DEDUP_SIGNALS", "2"))
"""Runs of each command that are ended at any moment; a campaign has more (see tests/README.md)."""

LEFT_BY_SQLITE = {"a.db", "a.db-wal", "a.db-shm", "a.db-journal"}
"""What SQLite finds again where a process was killed, or ended in the moment in which it opened the file."""


@pytest.mark.parametrize("command", ["scan", "keep"])
def test_a_command_that_is_ended_at_any_moment_leaves_nothing(articles: Path, tmp_path: Path, command: str) -> None:
    begun = time.monotonic()
    first = start(articles, tmp_path, command=command)
    first.communicate(timeout=300)
    assert first.returncode == 0
    (result,) = tmp_path.iterdir()
    whole, seconds = result.read_bytes(), time.monotonic() - begun
    for number in ended_at_any_moment(articles, tmp_path, command, seconds):
        left = {path.name for path in tmp_path.iterdir() if not path.name.endswith(".part")}
        if number == signal.SIGKILL:  # of Python's own processes, whose folder nobody is there to remove
            left = {name for name in left if not name.startswith("pymp-")}
        assert left == {result.name}
        assert result.read_bytes() == whole


def test_an_archive_that_is_ended_at_any_moment_is_whole(articles: Path, tmp_path: Path) -> None:
    begun = time.monotonic()
    first = start(articles, tmp_path, command="archive add")
    first.communicate(timeout=300)
    assert first.returncode == 0
    seconds = time.monotonic() - begun
    (tmp_path / "a.db").unlink()
    for _ in ended_at_any_moment(articles, tmp_path, "archive add", seconds):
        left = {path.name for path in tmp_path.iterdir()}
        assert left <= LEFT_BY_SQLITE
        if left:
            with Archive.open(tmp_path / "a.db") as archive:
                archive.compact()  # checks the file for damage
                assert len(archive) <= 800
        for path in tmp_path.iterdir():
            path.unlink()


def ended_at_any_moment(articles: Path, folder: Path, command: str, seconds: float) -> Iterator[signal.Signals]:
    """Run a command, which takes some seconds, as often as there are `HITS`, and end it; yields by which signal."""
    generator = random.Random(f"{command} {HITS}")
    for hit in range(HITS):
        number = (signal.SIGTERM, signal.SIGKILL)[hit % 2]
        process = start(articles, folder, "-j", str(1 + (hit + hit // 2) % 2), command=command)
        time.sleep(generator.uniform(0.1, 1) * seconds)
        process.send_signal(number)
        process.communicate(timeout=300)
        assert process.returncode in (0, CODES.get(number), -number)
        assert group_is_gone(process)
        yield number
