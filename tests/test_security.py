"""What SECURITY.md promises of a default run: no connection, nothing unpickled from outside, no program started."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

WATCHED = """
import os, sys

installed = ("dedup.", "babel.", "numpy", "builtins.", "multiprocessing.", "concurrent.", "functools.", "copyreg.")
watched = ("socket.", "pickle.find_class", "subprocess.", "os.exec", "os.system", "os.posix_spawn", "ftplib.",
           "urllib.", "http.client")

def watch(event, arguments):
    if not event.startswith(watched) or event == "socket.__new__" and arguments[1] == 1:  # 1: within this machine
        return
    if event == "pickle.find_class" and f"{arguments[0]}.{arguments[1]}".startswith(installed):
        return  # babel's own data of languages, tasks and articles on their way to worker processes
    os.write(2, f"watched: {event} {arguments}\\n".encode())
    os._exit(99)

sys.addaudithook(watch)
from dedup.cli import main
main(sys.argv[1:], prog_name="dedup")
"""


def watched(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line with everything forbidden that opens a connection, unpickles or starts a program."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "", "TRANSFORMERS_OFFLINE": ""}
    command = [sys.executable, "-c", WATCHED, *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("scan", str(ROOT / "seeds"), "-j", "1"),
        ("scan", str(ROOT / "seeds"), "-f", "html"),
        ("scan", "news.jsonl", "-j", "1", "-f", "json"),
        ("compare", "news.jsonl#1", "news.jsonl#2"),
        ("schema",),
    ],
    ids=lambda arguments: " ".join(map(os.path.basename, arguments)),
)
def test_a_default_run_opens_no_socket_and_unpickles_nothing(arguments: tuple[str, ...], tmp_path: Path) -> None:
    records = "".join(f'{{"id": "{number}", "text": "Rain in town {number}."}}\n' for number in range(30))
    (tmp_path / "news.jsonl").write_text(records, encoding="utf-8")
    done = watched(tmp_path, *arguments)
    assert done.returncode == 0, done.stderr
    assert "watched" not in done.stderr


def test_processes_of_a_run_unpickle_only_what_is_ours(tmp_path: Path) -> None:
    text = "The minister met his colleagues in the capital on Monday. " * 30
    records = "".join(f'{{"id": "{number}", "text": "{number} {text}"}}\n' for number in range(700))
    (tmp_path / "news.jsonl").write_text(records, encoding="utf-8")
    done = watched(tmp_path, "scan", "news.jsonl", "-j", "2", "-f", "json", "-o", "r.json")
    assert done.returncode == 0, done.stderr
    assert "watched" not in done.stderr


def test_what_is_forbidden_is_seen(tmp_path: Path) -> None:
    done = watched(tmp_path, "scan", str(ROOT / "seeds"), "--model", "nobody/nothing")
    assert (done.returncode, "watched: socket." in done.stderr) == (99, True)
