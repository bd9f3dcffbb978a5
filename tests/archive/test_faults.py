"""Files that are no archive, damaged, busy or not writable: an error that says what to do, and nothing lost."""

from __future__ import annotations

import lzma
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

import dedup
from archive.collection import gold
from dedup import Archive, Article
from dedup.archive.schema import APPLICATION, MIGRATIONS, VERSION
from dedup.archive.store import Store
from dedup.errors import ArchiveBusyError, ArchiveError

ROOT = Path(dedup.__file__).parent.parent


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Bytes of an archive of some articles."""
    path = tmp_path_factory.mktemp("whole") / "a.db"
    with Archive.open(path) as archive:
        archive.add(gold()[:40])
        archive.compact()
    return path.read_bytes()


def of_another_program(path: Path, _: bytes) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE notes (text)")
    connection.close()


def of_a_newer_version(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.close()


def cut_short(path: Path, content: bytes) -> None:
    path.write_bytes(content[: len(content) // 2])


def overwritten(path: Path, content: bytes) -> None:
    noise = random.Random(0).randbytes(len(content) - 8192)
    path.write_bytes(content[:8192] + noise)


def without_a_header(path: Path, content: bytes) -> None:
    path.write_bytes(b"\0" * 4096 + content[4096:])


FAULTS: list[tuple[Callable[[Path, bytes], object], str]] = [
    (of_another_program, "is a database of another program; name another file"),
    (of_a_newer_version, f"is of version {VERSION + 1}, and this dedup knows up to {VERSION}; install a newer dedup"),
    (cut_short, "is damaged: it was cut short; restore a copy"),
    (overwritten, "is damaged"),
    (without_a_header, "is no archive of dedup"),
    (lambda path, _: path.write_text("Dear diary,\n"), "is no archive of dedup; name another file"),
    (lambda path, _: path.mkdir(), "is no file; name a file for the archive"),
]


@pytest.mark.parametrize(("make", "said"), FAULTS, ids=lambda value: getattr(value, "__name__", None))
def test_a_file_that_is_no_whole_archive_is_refused(
    tmp_path: Path, whole: bytes, make: Callable[[Path, bytes], object], said: str
) -> None:
    path = tmp_path / "a.db"
    make(path, whole)
    before = path.read_bytes() if path.is_file() else b""
    with pytest.raises(ArchiveError, match=said):
        use(path)
    assert (path.read_bytes() if path.is_file() else b"") == before


def use(path: Path) -> None:
    with Archive.open(path) as archive:
        archive.stories()
        archive.check(gold()[0])
        archive.compact()


def test_a_file_that_is_not_there_is_made_only_to_be_filled(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="no such archive; make one with: dedup archive add"):
        Archive.open(tmp_path / "a.db", create=False)
    with pytest.raises(ArchiveError, match="there is no folder"):
        Archive.open(tmp_path / "nowhere" / "a.db")
    assert list(tmp_path.iterdir()) == []


def test_damage_anywhere_is_told_or_does_no_harm(tmp_path: Path, whole: bytes) -> None:
    generator = random.Random(1)
    for _ in range(30):
        damaged = bytearray(whole)
        start = generator.randrange(len(damaged))
        damaged[start : start + 512] = generator.randbytes(len(damaged[start : start + 512]))
        (tmp_path / "a.db").write_bytes(damaged)
        with suppress(ArchiveError):
            use(tmp_path / "a.db")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_file_without_permission_is_read(tmp_path: Path, whole: bytes) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(whole)
    path.chmod(0o444)
    with Archive.open(path) as archive:
        assert len(archive) == 40
        with pytest.raises(ArchiveError, match="read-only; change its permissions"):
            archive.add(gold()[40:42])


def test_a_reader_writes_nothing(tmp_path: Path, whole: bytes) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(whole)
    with Archive.open(path, read_only=True) as archive:
        assert archive.check(gold()[0])[0].score == 1
        with pytest.raises(ArchiveError, match="cannot be written: read-only"):
            archive.add(gold()[40:42])
    assert path.read_bytes() == whole


def test_a_second_writer_is_told_that_the_archive_is_busy(tmp_path: Path, whole: bytes) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(whole)
    store = Store(path, create=False, read_only=False, patience=1)
    with store.writing(), Archive.open(path, patience=0.1) as archive:
        assert len(archive) == 40
        assert archive.check(gold()[0])[0].score == 1
        for change in (lambda: archive.add(gold()[40:42]), lambda: archive.remove([gold()[0].id]), archive.compact):
            with pytest.raises(ArchiveBusyError, match="is busy: somebody else has been writing"):
                change()
    store.close()
    with Archive.open(path) as archive:
        assert archive.add(gold()[40:42]).added == 2


def test_two_processes_may_take_turns(tmp_path: Path) -> None:
    with Archive.open(tmp_path / "a.db") as one, Archive.open(tmp_path / "a.db") as other:
        for start in range(0, 40, 10):
            one.add(gold()[start : start + 5])
            other.add(gold()[start + 5 : start + 10])
        assert len(one) == len(other) == 40
        assert one.stories() == other.stories()
    with Archive.open(tmp_path / "b.db") as alone:
        alone.add(gold()[:40])
        members = {frozenset(story.members) for story in alone.stories()}
    with Archive.open(tmp_path / "a.db") as archive:
        assert {frozenset(story.members) for story in archive.stories()} == members


@pytest.mark.skipif(not hasattr(os, "setsid"), reason="needs a shell with ulimit")
def test_a_full_disk_loses_nothing(tmp_path: Path, whole: bytes) -> None:
    """A limit on the size of files stands for a disk without room: SQLite gets the same fault from both."""
    path = tmp_path / "a.db"
    path.write_bytes(whole)
    script = (
        "import resource, signal, sys, dedup; sys.path.insert(0, 'tests')\n"
        "from archive.collection import gold\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({len(whole) + 100_000},) * 2)\n"
        f"with dedup.Archive.open({str(path)!r}) as archive:\n"
        "    archive.add(gold())\n"
    )
    done = run(script)
    assert done.returncode == 1
    assert "ArchiveError" in done.stderr
    with Archive.open(path) as archive:
        assert len(archive) == 40
        assert archive.add(gold()).added == len(gold()) - 40


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
@pytest.mark.parametrize("doing", ["add", "compact", "remove"])
def test_a_process_that_is_killed_leaves_a_whole_archive(tmp_path: Path, doing: str) -> None:
    """Killed at a few random moments; the same command then ends in the same state."""
    generator = random.Random(doing)
    path = tmp_path / "a.db"
    work = {
        "add": "[archive.add(gold()[start:start + 16]) for start in range(0, 160, 16)]",
        "compact": "archive.add(gold()[:160]); [archive.compact() for _ in range(40)]",
        "remove": "archive.add(gold()[:160]); archive.remove([item.id for item in gold()[:80]])",
    }[doing]
    script = (
        "import sys; sys.path.insert(0, 'tests')\nimport dedup\nfrom archive.collection import gold\n"
        f"with dedup.Archive.open({str(path)!r}) as archive:\n    print('ready', flush=True)\n    {work}\n"
    )
    for _ in range(4):
        process = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE)
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        time.sleep(generator.uniform(0.1, 2.0))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        with sqlite3.connect(path) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.close()
    assert run(script).returncode == 0
    with Archive.open(path) as archive, Archive.open(tmp_path / "b.db") as other:
        other.add(item.article for item in archive.articles())
        assert len(archive) == (80 if doing == "remove" else 160)
        assert {frozenset(story.members) for story in archive.stories()} == {
            frozenset(story.members) for story in other.stories()
        }


def run(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("version", range(1, VERSION + 1))
def test_a_file_of_every_version_can_be_opened(tmp_path: Path, version: int) -> None:
    """Files as released versions wrote them are kept; what they hold is read without the model of that time."""
    path = tmp_path / "a.db"
    path.write_bytes(lzma.decompress((ROOT / "tests" / "data" / f"archive-{version}.db.xz").read_bytes()))
    with Archive.open(path) as archive:
        ids = [item.article.id for item in archive.articles()]
        assert ids == [
            *("translation/ferry/en", "translation/ferry/id"),
            *("translation/bees/tr", "translation/bees/en"),
        ]
        assert [list(story.members) for story in archive.stories()] == [ids[:2], ids[2:]]
        assert (archive.info().articles, archive.info().runs, len(MIGRATIONS)) == (4, 3, VERSION)
        assert archive.compact() >= 0
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)
        assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION,)
    connection.close()


def test_nothing_in_a_file_is_run(tmp_path: Path) -> None:
    """Names and texts are data: no quoting is needed, and nothing is unpickled."""
    hostile = "x'); DROP TABLE articles; --"
    with Archive.open(tmp_path / "a.db") as archive:
        archive.add([Article(hostile, "A report on the price of salt at the northern market.", title=hostile)])
        assert archive.remove([hostile]) == 1
