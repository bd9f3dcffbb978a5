"""Real processes: where results go, what is asked before, and streams that are closed, full or gone."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

import dedup
from dedup.cli.streams import Messages

ROOT = Path(__file__).parents[2]

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


def shell(command: str, folder: Path) -> subprocess.CompletedProcess[bytes]:
    """Run a line of the shell in which ``dedup`` is this package's command."""
    line = f'dedup() {{ "{sys.executable}" -m dedup "$@"; }}; {command}'
    return subprocess.run(
        ["bash", "-c", line], cwd=folder, env=ENVIRONMENT, capture_output=True, timeout=120, check=False
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder ``in`` with two copies, and a file of records beside it."""
    (tmp_path / "in").mkdir()
    for name in ("a.txt", "b.txt"):
        (tmp_path / "in" / name).write_text("The ministers met on Monday and spoke of energy.", encoding="utf-8")
    (tmp_path / "news.jsonl").write_text('{"id": "1", "text": "One two three."}\n', encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("command", "code", "message"),
    [
        ("dedup scan news.jsonl -o news.jsonl", 1, "it is one of the inputs"),
        ("dedup scan news.jsonl -o news.jsonl --force", 1, "it is one of the inputs"),
        ("dedup scan in -o in/a.txt --force", 1, "it lies in in"),
        ("dedup scan in -o in/report.html", 1, "it lies in in"),
        ("dedup scan in -f parquet -o in", 1, "it lies in in"),
        ("ln -s news.jsonl link.jsonl; dedup scan news.jsonl -o link.jsonl", 1, "it is one of the inputs"),
        ("ln news.jsonl hard.jsonl; dedup scan news.jsonl -o hard.jsonl", 1, "it is one of the inputs"),
        ("dedup compare in/a.txt 'news.jsonl#1' -o news.jsonl -f json --force", 2, "named like jsonl"),
        ("cp news.jsonl n; dedup compare in/a.txt 'n#1' -o n --force", 1, "it is one of the inputs"),
        ("dedup evaluate news.jsonl -o news.jsonl --force", 2, "named like jsonl"),
        ("cp news.jsonl n; dedup evaluate n -o n --force", 1, "it is one of the inputs"),
        ("cp news.jsonl n; dedup calibrate n -o n --force", 1, "it is one of the inputs"),
        ("cp news.jsonl n; dedup calibrate news.jsonl --archive n -o n --force", 1, "it is one of the inputs"),
        ("mkdir m; dedup scan in --model ./m -o m/config.json --force", 1, "it lies in ./m"),
        ("echo {} > s; dedup scan in --scorer s -o s --force", 1, "it is one of the inputs"),
        ("echo mine > notes.txt; dedup scan in -o notes.txt", 1, "is no report of dedup"),
        ("dedup scan in -f json -o r.html", 2, "is named like html, and the result is json"),
        ("dedup compare in/a.txt in/b.txt -o r.csv", 2, "is named like csv"),
        (f"dedup scan in -o {'x' * 256}", 1, "File name too long"),
        ("ulimit -n 16; dedup scan in", 1, "Too many open files"),
        ("dedup scan in >&-", 1, "standard output is closed; name a file with -o"),
        ("dedup scan in >/dev/full", 1, "cannot write to standard output: No space left on device"),
        ("dedup scan in -o /dev/full", 1, "cannot write /dev/full: No space left on device"),
        ("dedup schema >&-", 1, "standard output is closed"),
        ("dedup schema >/dev/full", 1, "cannot write to standard output: No space left on device"),
        ("dedup scan - <&-", 1, "standard input is closed"),
        ("dedup archive add a.db - <&-", 1, "standard input is closed"),
        ("dedup archive check a.db - <&-", 1, "standard input is closed"),
        ("dedup scan in/empty --check", 1, "no such file or folder"),
        ("mkdir none; dedup scan none --check -o none.json", 4, "--check: nothing was read"),
        ("dedup scan $'no\\e[31m\\x9bsuch'", 1, "no\\x1b[31m"),
        ("dedup evaluate $'no\\e[31msuch'", 1, "no\\x1b[31msuch"),
        ("dedup scan in -o $'no\\e[31m/x'", 1, "no\\x1b[31m/x"),
        ("dedup scan in --threshold $'\\e[31m'", 2, "\\x1b[31m"),
        ("dedup $'\\e[31m'", 2, "\\x1b[31m"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_message(folder: Path, command: str, code: int, message: str) -> None:
    done = shell(command, folder)
    assert (done.returncode, done.stdout.decode()) == (code, "")
    assert message in done.stderr.decode()
    assert not any(byte in done.stderr for byte in (b"\x1b", b"\x9b", b"Traceback", b"Exception ignored"))
    news = (folder / "news.jsonl").read_text(encoding="utf-8")
    assert news == '{"id": "1", "text": "One two three."}\n'
    assert not [path for path in folder.rglob("*") if path.name.startswith(".") or path.name == "r.html"]


@pytest.mark.parametrize(
    "command",
    [
        "dedup scan in -f json -o /dev/stdout",
        "dedup scan in -f json -o /dev/stdout | cat",
        "dedup scan in -f json -o >(cat); wait $!",
        "dedup scan in -f json 2>&-",
        "dedup scan in -f json 2>/dev/full",
        "dedup scan in -v -f json 2>&-",
        "dedup scan in -q -f json -o r.json 2>&- && cat r.json",
        "dedup scan in -o r.json 2>/dev/full && cat r.json",
        "dedup scan in -o r.json && dedup scan in -o r.json && cat r.json",
        "dedup scan in -f json -o r.json <&- && cat r.json",
    ],
)
def test_a_report_arrives_wherever_it_is_sent(folder: Path, command: str) -> None:
    done = shell(command, folder)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["counts"]["read"] == 2


def test_the_suffix_of_the_output_decides_its_form(folder: Path) -> None:
    done = shell("dedup scan in -q -o r.html; dedup scan in -q -o r.jsonl; dedup scan in -q -o r.log", folder)
    assert done.returncode == 0, done.stderr
    beginnings = {name: (folder / f"r.{name}").read_text(encoding="utf-8")[:9] for name in ("html", "jsonl", "log")}
    assert beginnings == {"html": "<!doctype", "jsonl": '{"type": ', "log": "1. Exact "}


def test_a_reader_that_has_enough_is_no_error(folder: Path) -> None:
    done = shell("dedup scan in -f html | head -c 1; dedup scan in -f json -o >(head -c 1); wait $!", folder)
    summary = b"1 story told more than once; 1 of 2 articles (50%) repeats another.\n"
    assert (done.stdout, done.stderr) == (b"<{", summary * 2)


def test_no_escape_of_a_file_reaches_a_terminal(folder: Path) -> None:
    (folder / "gold.jsonl").write_text('{"\\u001b]0;PWNED\\u0007\\u202e": 1}\n', encoding="utf-8")
    parent, child = pty.openpty()
    command = [sys.executable, "-m", "dedup", "evaluate", "gold.jsonl"]
    done = subprocess.run(command, cwd=folder, env=ENVIRONMENT, stdout=child, stderr=child, timeout=60, check=False)
    os.close(child)
    shown = os.read(parent, 1 << 16)
    os.close(parent)
    assert done.returncode == 1
    assert b"\\x1b]0;PWNED\\x07\\u202e" in shown
    assert b"\x1b" not in shown


def test_messages_are_printable_and_bars_still_move() -> None:
    stream = io.StringIO()
    messages = Messages(stream)
    for text in ("\r 50% \x1b[31m", "\r100%\n", "Error: a\rb\x9b\u202e\n", ""):
        assert messages.write(text) == len(text)
    assert stream.getvalue() == "\r 50% \\x1b[31m\r100%\nError: a\\rb\\x9b\\u202e\n"
    assert not messages.isatty()


def test_messages_to_a_closed_stream_are_lost() -> None:
    closed = io.StringIO()
    closed.close()
    for stream in (None, closed):
        messages = Messages(stream)
        assert messages.write("lost") == 4
        messages.flush()
        assert messages.writable()
        assert messages.encoding
        assert messages.errors


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("scan in", "no report was written"),
        ("compare in/a.txt in/b.txt", "no comparison was written"),
        ("evaluate gold.jsonl", "no figures were written"),
        ("calibrate gold.jsonl", "no scorer was written"),
        ("train corpus -o model", "no model was written; the same command goes on from the checkpoints in DIR.work"),
        ("scan in -f parquet -o tables", "tables/articles.parquet was written whole"),
        ("archive add a.db in", "what was added before is in the archive; the same command goes on from there"),
        ("archive export a.db", "nothing was written"),
        ("archive check a.db in", "no answer was written"),
        ("scan in -f json", "standard output was written whole"),
    ],
)
@pytest.mark.parametrize(("signal", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_what_an_interrupted_command_has_written_is_told(
    folder: Path, arguments: str, told: str, signal: str, code: int
) -> None:
    rows = ({"id": id, "story": "s", "lang": "en", "text": id} for id in ("one", "two"))
    (folder / "gold.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    stages = {
        "evaluate": "dedup.pipeline.find_duplicates",
        "compare": "dedup.pipeline.compare_articles",
        "calibrate": "dedup.evaluation.calibrate.calibrate_scorer",
        "train": "dedup.training.train_encoder",
        "archive add": "dedup.archive.archive.KnownFiles",
        "archive check": "dedup.archive.lookup.look_up",
        "archive export": "second dedup.archive.rendering.exported_record",
    }
    words = arguments.split()
    stage = stages.get(" ".join(words[: 2 if words[0] == "archive" else 1]), "dedup.pipeline.find_duplicates")
    if words[0] == "archive" and words[1] != "add":
        with dedup.Archive.open(folder / "a.db") as archive:
            archive.add_paths([folder / "in"])
    if "parquet" in arguments:
        stage = "second dedup.cli.output.write_whole"
    elif "json" in arguments.split():
        stage = "dedup.report.summary_line"
    script = f"""
import importlib, os, signal, sys
for name in ("SIGINT", "SIGTERM", "SIGHUP"):
    signal.signal(getattr(signal, name), signal.default_int_handler if name == "SIGINT" else signal.SIG_DFL)
*second, stage = {stage!r}.split(" ")
module, _, name = stage.rpartition(".")
module = importlib.import_module(module)
before, calls = getattr(module, name), []
def stop(*values, **options):
    calls.append(1)
    if second and len(calls) == 1:
        return before(*values, **options)
    os.kill(os.getpid(), signal.{signal})
    sum(range(10 ** 6))
setattr(module, name, stop)
from dedup.cli import main
main({arguments.split()!r}, prog_name="dedup")
"""
    if "train" in arguments:
        pytest.importorskip("torch")
    if "parquet" in arguments:
        pytest.importorskip("pyarrow")
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, env=ENVIRONMENT, capture_output=True, timeout=120, check=False
    )
    assert (done.returncode, done.stderr.decode()) == (code, f"Error: interrupted; {told}\n")


def test_a_command_that_is_interrupted_while_it_starts_says_so_in_a_line() -> None:
    script = (
        "import runpy, sys\n"
        "class Interrupting:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'dedup.cli.scan':\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupting())\n"
        "runpy.run_module('dedup', run_name='__main__')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env=ENVIRONMENT, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (130, "Error: interrupted; nothing was written\n")
