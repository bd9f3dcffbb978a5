"""Work shared among processes: the same results in the same order, and a word when a process dies."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

import dedup
from dedup import Article, errors, find_duplicates, pipeline
from dedup.embedding.encoder import Encoder
from dedup.embedding.load import EncoderByName
from dedup.reading import read
from dedup.report import as_json
from dedup.runtime.process import count_cores
from dedup.runtime.workers import Workers


def square(number: int) -> int:
    return number * number


def threads(_: int) -> str | None:
    return os.environ.get("OPENBLAS_NUM_THREADS")


def die(_: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def process(_: int) -> int:
    return os.getpid()


def fail(number: int) -> None:
    raise ValueError(f"no {number}")


@pytest.fixture(scope="module")
def pair() -> Iterator[Workers]:
    with Workers(2) as workers:
        workers.wait()
        yield workers


@pytest.fixture(params=[1, 2], ids=["alone", "two processes"])
def workers(request: pytest.FixtureRequest, pair: Workers) -> Workers:
    return pair if request.param == 2 else Workers(1)


@pytest.mark.parametrize("tasks", [0, 1, 50], ids="{} tasks".format)
def test_results_come_in_the_order_of_the_tasks(workers: Workers, tasks: int) -> None:
    assert list(workers.map(square, range(tasks))) == [number * number for number in range(tasks)]


def test_tasks_are_taken_as_results_are_asked_for(workers: Workers) -> None:
    taken: list[int] = []
    results = workers.map(square, (taken.append(number) or number for number in range(1000)))
    next(results)
    assert len(taken) <= 6
    results.close()  # type: ignore[attr-defined]


def test_this_process_works_until_another_has_started() -> None:
    with Workers(2) as workers:
        workers.wait()
        assert os.getpid() not in list(workers.map(process, range(3)))
        workers._starting = [Future()]
        assert list(workers.map(process, range(3))) == 3 * [os.getpid()]


PARENTS = """
import os
from dedup.runtime.process import load_numpy_alone
from dedup.runtime.workers import Workers

def parent(_):
    return os.getppid()

if __name__ == "__main__":
    {prepare}
    import numpy
    with Workers(2) as workers:
        workers.wait()
        print(*{{pid == os.getpid() for pid in workers.map(parent, range(8))}}, os.environ.get("OPENBLAS_NUM_THREADS"))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only on Linux may a process be copied as it stands")
@pytest.mark.parametrize(
    ("prepare", "threads", "expected"),
    [
        ("load_numpy_alone()", None, "True None"),
        ("load_numpy_alone()", "2", "True 2"),
        ("import threading; threading.Thread(target=threading.Event().wait, daemon=True).start()", None, "False None"),
    ],
    ids=["without threads", "without threads, though asked for", "with a thread"],
)
def test_only_a_process_without_threads_is_copied(
    prepare: str, threads: str | None, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if threads is None:
        monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    else:
        monkeypatch.setenv("OPENBLAS_NUM_THREADS", threads)
    script = tmp_path / "script.py"
    script.write_text(PARENTS.format(prepare=prepare), encoding="utf-8")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == expected.split()


def test_an_encoder_is_sent_by_its_name() -> None:
    named = EncoderByName(dedup.load_encoder("bundled"))
    sent = pickle.dumps(named)
    assert len(sent) < 200
    received = pickle.loads(sent)
    assert received is pickle.loads(sent)
    assert (received.encoder.encode(["a ship"]) == named.encoder.encode(["a ship"])).all()


def test_an_error_of_a_task_is_raised_where_its_result_is_asked_for(workers: Workers) -> None:
    with pytest.raises(ValueError, match="no 7"):
        list(workers.map(fail, [7]))


def test_a_worker_computes_in_one_thread(pair: Workers) -> None:
    before = os.environ.get("OPENBLAS_NUM_THREADS")
    assert list(pair.map(threads, [0])) == ["1"]
    assert os.environ.get("OPENBLAS_NUM_THREADS") == before


def test_a_killed_worker_is_named_with_what_helps() -> None:
    with Workers(2) as workers:
        workers.wait()
        with pytest.raises(errors.ResourceError, match="fewer --jobs"):
            list(workers.map(die, range(8)))


def test_an_interrupted_run_does_not_wait_for_long_tasks() -> None:
    before = time.monotonic()
    with pytest.raises(KeyboardInterrupt), Workers(2) as workers:  # noqa: PT012
        workers.wait()
        tasks = [workers._start().submit(time.sleep, 300) for _ in range(4)]
        while not tasks[0].running():
            time.sleep(0.01)
        time.sleep(0.5)
        raise KeyboardInterrupt
    assert time.monotonic() - before < 60


KILLED = """
import os, signal, sys
from dedup.runtime.workers import Workers
from dedup.runtime.row_files import RowFile
if __name__ == "__main__":
    row_file = RowFile("f4")
    with Workers(2) as workers:
        workers.wait()
        print(row_file.stored().path, *os.listdir(sys.argv[1]), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("threads", ["1", "2"], ids=["copies", "from a server"])
def test_when_the_first_process_is_killed_no_file_is_left(threads: str, tmp_path: Path) -> None:
    script, folder = tmp_path / "killed.py", tmp_path / "temporary"
    script.write_text(KILLED, encoding="utf-8")
    folder.mkdir()
    (folder / "dedup-of-another").touch()
    environment = {**os.environ, "TMPDIR": str(folder), "OPENBLAS_NUM_THREADS": threads}
    done = subprocess.run([sys.executable, str(script), str(folder)], env=environment, capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL
    assert len(done.stdout.split()) >= 2
    for _ in range(200):
        if not list(folder.glob("dedup-[0-9]*-*")):
            break
        time.sleep(0.05)
    assert [path.name for path in folder.glob("dedup-*")] == ["dedup-of-another"]


@pytest.mark.parametrize("jobs", [0, -2])
def test_a_number_of_jobs_below_one_is_refused(jobs: int) -> None:
    message = f"jobs must be at least 1, got {jobs}; this machine has {count_cores()} cores"
    with pytest.raises(errors.SettingsError, match=message):
        Workers(jobs)
    with pytest.raises(errors.SettingsError, match=message):
        find_duplicates(news()[:2], jobs=jobs)


def news() -> list[Article]:
    """Copies, edits and others, in enough batches to be shared."""
    towns = ("Verona", "Surabaya", "Hamburg", "Nairobi", "Oslo", "Kyoto", "Lima", "Riga")
    rows = [
        Article(
            f"{number:03}",
            f"Heavy rain flooded {number % 300} streets in {towns[number % 8]} on Monday, the mayor said. About "
            f"{3 * number % 700} people had to leave their homes. Damage is put at {number % 150}.5 million euros.",
        )
        for number in range(500)
    ]
    return [*rows, Article("copy", rows[3].text.upper()), Article("edit", rows[5].text.replace("Heavy", "Strong"))]


def test_any_number_of_jobs_gives_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "_FEW_CHARACTERS", 0)
    encoder = dedup.load_encoder("bundled")
    alone, shared = (as_json(find_duplicates(news(), encoder=encoder, jobs=jobs)) for jobs in (1, 2))
    assert alone == shared
    assert '"clusters": []' not in alone


@pytest.mark.parametrize("jobs", [1, 2])
def test_documents_come_in_their_order_whoever_reads_them(
    jobs: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read, "_FEW", 5)
    monkeypatch.setattr(read, "_BATCH", 2)
    texts = {f"{number:02}.txt": f"Text {number}" for number in range(12)}
    pages = {f"{number:02}-page.html": f"<p>Page {number} says something.</p>" for number in range(0, 12, 3)}
    records = {"05-records.jsonl": '{"id": "00.txt", "text": "first"}\n{"text": "second"}\n'}
    unusable = {"06-empty.txt": "", "07-picture.png": "x", "08-broken.json": "{"}
    files = {**texts, **pages, **records, **unusable}
    for name, content in files.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    found = list(read.read_folder(tmp_path, jobs=jobs))
    assert found == list(read.read_folder(tmp_path))
    assert len(found) == len(files) + 1
    assert [Path(item.path).name for item in found] == sorted([*files, "05-records.jsonl"])


def test_a_file_is_read_when_its_articles_are_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read, "_FEW", 2)
    for number in range(40):
        (tmp_path / f"{number:02}.txt").write_text("before", encoding="utf-8")
    found = read.read_folder(tmp_path)
    next(found)
    (tmp_path / "01.txt").write_text("after", encoding="utf-8")
    assert next(item.text for item in found if isinstance(item, Article)) == "after"


def test_an_encoder_that_cannot_be_shared_works_in_this_process(
    monkeypatch: pytest.MonkeyPatch, toy_encoder: Encoder
) -> None:
    monkeypatch.setattr(pipeline, "_FEW_CHARACTERS", 0)
    alone, shared = (as_json(find_duplicates(news()[:40], encoder=toy_encoder, jobs=jobs)) for jobs in (1, 2))
    assert alone == shared
