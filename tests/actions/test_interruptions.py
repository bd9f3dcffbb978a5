"""Moves that are killed, that find no room or no permission, and that others interfere with lose nothing."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dedup.actions.carry_out import carry_out
from dedup.actions.journal import Action, State, open_journal, read_journal
from dedup.actions.plan import Outcome, Wishes, make_plan
from dedup.actions.saved_report import load_report
from dedup.actions.undo import settle, undo
from dedup.errors import ReadError, WriteError
from saved_reports import Case, id_of, make_case, text, tree

ROOT = Path(__file__).parent.parent.parent

ROUNDS = int(os.environ.get("DEDUP_SIGNALS", "2"))

MANY = 200


def pairs(count: int) -> tuple[dict[str, str], list[list[str]]]:
    files = {f"{side}/{number:03}.txt": text(f"N{number}") for number in range(count) for side in ("kept", "copy")}
    return files, [[f"kept/{number:03}.txt", f"copy/{number:03}.txt"] for number in range(count)]


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return make_case(tmp_path, *pairs(4))


@pytest.fixture
def elsewhere() -> Iterator[Path]:
    """A folder on another device."""
    if not os.path.isdir("/dev/shm") or not os.access("/dev/shm", os.W_OK):
        pytest.skip("needs /dev/shm")
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        if os.stat(folder).st_dev == os.stat(tempfile.gettempdir()).st_dev:
            pytest.skip("needs a second device")
        yield Path(folder)


def files_in(*folders: Path) -> Counter[bytes]:
    """Bytes of all articles in the folders, and how often each occurs."""
    return Counter(
        content
        for folder in folders
        if folder.exists()
        for name, content in tree(folder).items()
        if isinstance(content, bytes) and name.endswith(".txt")
    )


# --- killed ---------------------------------------------------------------------------------------------------------


def kill_on_the_way(case: Case, moments: random.Random, *arguments: object) -> None:
    """Start a run in a process of its own and kill it after some of its acts, and a moment more."""
    command = [sys.executable, "-m", "dedup", "apply", *map(str, arguments)]
    before, acts = lines_of(case.journal), moments.randrange(MANY)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    while process.poll() is None and lines_of(case.journal) < before + 2 * acts:
        time.sleep(0.001)
    time.sleep(moments.random() * 0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()


def seeded() -> random.Random:
    """Random numbers whose seed a failing test shows."""
    seed = random.randrange(10**6)
    sys.stdout.write(f"seed {seed}\n")
    return random.Random(seed)


def lines_of(journal: Path) -> int:
    return journal.read_bytes().count(b"\n") if journal.exists() else 0


@pytest.mark.parametrize("device", ["same", "other"])
def test_killed_at_any_moment_nothing_is_lost(tmp_path: Path, device: str, request: pytest.FixtureRequest) -> None:
    moments = seeded()
    out = tmp_path / "out" if device == "same" else request.getfixturevalue("elsewhere") / "out"
    case = make_case(tmp_path, *pairs(MANY))
    before, whole = tree(case.news), files_in(case.news)
    for turn in range(ROUNDS):
        kill_on_the_way(case, moments, case.report, "--move-to", out)
        found = files_in(case.news, out)
        found.pop(b"", None)
        assert set(found) == set(whole)
        assert all(2 <= count <= 3 for count in found.values()), "each in one place, or in both on the way"
        acts = read_journal(case.journal)
        assert sorted(acts) == list(range(1, len(acts) + 1))
        if turn % 2:
            kill_on_the_way(case, moments, "--undo", case.journal)
        else:
            rest = case.apply("--move-to", out)
            assert rest.exit_code == 0, rest.output
            assert files_in(case.news) == Counter(dict.fromkeys(whole, 1))
            assert files_in(out) == files_in(case.news)
            assert sorted(tree(out)) == sorted(name for name in before if name.startswith("copy"))
        back = case.apply("--undo", case.journal, report=False)
        assert back.exit_code == 0, back.output
        assert tree(case.news) == before
        assert files_in(out) == Counter()
        assert [path for path in out.rglob("*") if not path.is_dir()] == []


def test_links_killed_at_any_moment(tmp_path: Path) -> None:
    case = make_case(tmp_path, *pairs(MANY))
    before, moments = tree(case.news), seeded()
    for _ in range(ROUNDS):
        kill_on_the_way(case, moments, case.report, "--hardlink")
        assert {name: content for name, content in tree(case.news).items() if name[-5:] != ".part"} == before
        assert case.apply("--hardlink").exit_code == 0
        assert tree(case.news) == before, "no leftovers"
        assert all(path.stat().st_nlink == 2 for path in case.news.rglob("*.txt"))
        assert case.apply("--undo", case.journal, report=False).exit_code == 0
        assert tree(case.news) == before
        assert all(path.stat().st_nlink == 1 for path in case.news.rglob("*.txt"))


@pytest.mark.parametrize("cut", ["begun", "placeholder", "copied", "renamed"])
def test_each_state_in_which_a_move_can_be_cut_off(case: Case, cut: str) -> None:
    out = case.base / "out"
    before = tree(case.news)
    plan = make_plan(load_report(case.report), Wishes(Action.MOVE, str(out)))
    step = plan.steps[0]
    assert step.file is not None
    assert step.target is not None
    source, target = Path(step.file.place.path), Path(step.target.path)
    target.parent.mkdir(parents=True)
    with open_journal(case.journal, "move", "report.json") as journal:
        act = journal.begin(Action.MOVE, step.article.id, step.file, step.target, ".dedup-0123456789abcdef.part")
    if cut == "placeholder":
        target.touch()
        (target.parent / act.part).write_bytes(b"half")
    elif cut == "copied":
        shutil.copy2(source, target)
    elif cut == "renamed":
        source.rename(target)
    snapshot = tree(case.base)
    told = case.apply("--move-to", out, "-n")
    assert tree(case.base) == snapshot
    back = [*undo([*read_journal(case.journal).values()], None)]
    assert [step.outcome for step in back] == [Outcome.PLANNED if cut == "renamed" else Outcome.DONE]
    done = case.apply("--move-to", out)
    assert (done.exit_code, done.stdout) == (0, told.stdout)
    assert sorted(tree(out)) == ["copy", *(f"copy/{number:03}.txt" for number in range(4))]
    assert case.apply("--undo", case.journal, report=False).exit_code == 0
    assert tree(case.news) == before


# --- journals -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("keep", [0.0, 0.2, 0.5, 0.9, 1.0])
def test_a_journal_that_was_cut_off_in_a_line_is_whole(case: Case, keep: float) -> None:
    assert case.apply("--move-to", case.base / "out").exit_code == 0
    content = case.journal.read_bytes()
    lines = content.splitlines(keepends=True)
    begun = lines[-2]
    case.journal.write_bytes(b"".join(lines[:-2]) + begun[: int(len(begun) * keep)])
    acts = read_journal(case.journal)
    assert len(acts) == (4 if keep == 1 else 3)
    with open_journal(case.journal, "move", "again") as journal:
        settle(journal)
        assert {act.state for act in journal.acts.values()} == {State.DONE}
    assert all(json.loads(line) for line in case.journal.read_text().splitlines())


@pytest.mark.parametrize(
    "content",
    [
        b"my own notes",
        b"my own\nnotes\n",
        b'{"id": "a", "text": "an article"}\n',
        b'{"journal": 2, "dedup": "9", "action": "", "report": ""}\n',
        b'{"journal": 1, "dedup": "9", "action": "", "report": ""}\n{"n": 1, "state": "done"}\n',
        b'{"journal": 1, "dedup": "9", "action": "", "report": ""}\n[]\n{}\n',
        b'{"journal": 1, "dedup": "9", "action": "", "report": ""}\nnot json\n{}\n',
    ],
)
def test_what_is_no_journal_is_never_written_over(case: Case, content: bytes) -> None:
    case.journal.write_bytes(content)
    before = tree(case.base)
    for arguments in (("--move-to", case.base / "out"), ("--delete", "--yes"), ("--move-to", case.base / "out", "-n")):
        result = case.apply(*arguments)
        assert result.exit_code == 1
        assert str(case.journal) in result.stderr
    assert case.apply("--undo", case.journal, report=False).exit_code == 1
    assert tree(case.base) == before


def test_an_edited_journal_leads_nowhere_else(case: Case) -> None:
    assert case.apply("--move-to", case.base / "out").exit_code == 0
    lines = case.journal.read_text().splitlines()
    for wrong in ("../../etc/passwd", "/etc/passwd", "copy/../000.txt", ""):
        record = json.loads(lines[1])
        record["source"][1] = wrong
        case.journal.write_text("\n".join([lines[0], json.dumps(record), *lines[2:]]) + "\n")
        with pytest.raises(ReadError, match="damaged"):
            read_journal(case.journal)


def test_one_journal_has_one_writer(case: Case) -> None:
    with open_journal(case.journal, "move", "one"):
        result = case.apply("--move-to", case.base / "out")
    assert result.exit_code == 1
    assert "in use by another run" in result.stderr


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_a_journal_is_a_plain_file(case: Case, kind: str) -> None:
    if kind == "link":
        case.journal.symlink_to(case.news / "kept/000.txt")
    elif kind == "pipe":
        os.mkfifo(case.journal)
    else:
        case.journal.mkdir()
    before = tree(case.news)
    assert case.apply("--move-to", case.base / "out").exit_code == 1
    assert tree(case.news) == before


def test_a_scan_passes_a_journal_over(case: Case) -> None:
    from dedup.datatypes import Skipped
    from dedup.reading.read import read_paths

    journal = case.news / "report.journal.jsonl"
    assert case.apply("--move-to", case.base / "out", "--journal", journal).exit_code == 0
    items = [item for item in read_paths([case.news]) if item.path == str(journal)]
    assert items == [Skipped(str(journal), "a report of dedup, passed over")]


# --- interference ---------------------------------------------------------------------------------------------------


def change(path: Path) -> None:
    path.write_text(text("changed"))


def replace_by_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/passwd")


def replace_by_twin(path: Path) -> None:
    content = path.read_bytes()
    path.unlink()
    path.with_name("other").write_bytes(b"keeps the inode busy")
    path.write_bytes(content)


@pytest.mark.parametrize("action", [Action.MOVE, Action.DELETE, Action.LINK])
@pytest.mark.parametrize("which", ["kept", "copy"])
@pytest.mark.parametrize("how", [change, Path.unlink, replace_by_link, replace_by_twin])
def test_what_changes_after_the_check_is_refused(case: Case, action: Action, which: str, how: object) -> None:
    out = str(case.base / "out")
    plan = make_plan(load_report(case.report), Wishes(action, out))
    assert callable(how)
    how(case.news / which / "000.txt")
    os.makedirs(out)
    before = tree(case.news)
    with open_journal(case.journal, action.value, "report.json") as journal:
        steps = [*carry_out(plan, journal)]
    assert [step.outcome for step in steps] == [Outcome.REFUSED, *[Outcome.DONE] * 3]
    after = tree(case.news)
    for name in ("kept/000.txt", "copy/000.txt"):
        assert after.get(name) == before.get(name)


def test_a_place_taken_after_the_check_is_not_overwritten(case: Case) -> None:
    out = case.base / "out"
    plan = make_plan(load_report(case.report), Wishes(Action.MOVE, str(out)))
    (out / "copy").mkdir(parents=True)
    (out / "copy/000.txt").write_text("mine")
    with open_journal(case.journal, "move", "report.json") as journal:
        steps = [*carry_out(plan, journal)]
    assert (steps[0].outcome, "meanwhile" in steps[0].reason) == (Outcome.REFUSED, True)
    assert (out / "copy/000.txt").read_text() == "mine"
    assert case.apply("--undo", case.journal, report=False).exit_code == 0
    assert (out / "copy/000.txt").read_text() == "mine"


@pytest.mark.parametrize("between", ["target changed", "target gone", "source taken", "target a link", "folder a link"])
def test_undo_refuses_where_something_came_between(case: Case, between: str) -> None:
    out = case.base / "out"
    assert case.apply("--move-to", out).exit_code == 0
    source, target = case.news / "copy/000.txt", out / "copy/000.txt"
    if between == "target changed":
        target.write_text(text("A correction"))
    elif between == "target gone":
        target.unlink()
    elif between == "source taken":
        source.write_text("mine")
    elif between == "target a link":
        target.unlink()
        target.symlink_to(case.news / "kept/000.txt")
    else:
        (out / "copy").rename(out / "real")
        (out / "copy").symlink_to("real")
    before = tree(case.base)
    dry = case.apply("--undo", case.journal, "-n", report=False)
    assert tree(case.base) == before
    result = case.apply("--undo", case.journal, report=False)
    assert (result.exit_code, result.stdout) == (1, dry.stdout)
    assert result.stdout.count("refused") == (4 if between == "folder a link" else 1)
    assert tree(case.base).get("news/copy/000.txt") == before.get("news/copy/000.txt")
    assert tree(case.base).get("out/copy/000.txt") == before.get("out/copy/000.txt")


def test_undo_of_links_refuses_a_file_that_changed(case: Case) -> None:
    assert case.apply("--hardlink").exit_code == 0
    (case.news / "copy/000.txt").write_text(text("changed in both"))
    result = case.apply("--undo", case.journal, report=False)
    assert result.exit_code == 1
    assert "changed since it was linked" in result.stdout
    assert os.path.samefile(case.news / "copy/000.txt", case.news / "kept/000.txt")
    assert not os.path.samefile(case.news / "copy/001.txt", case.news / "kept/001.txt")


def test_undo_makes_folders_that_were_removed(case: Case) -> None:
    before = tree(case.news)
    assert case.apply("--move-to", case.base / "out").exit_code == 0
    (case.news / "copy").rmdir()
    assert case.apply("--undo", case.journal, report=False).exit_code == 0
    assert tree(case.news) == before


# --- no room, no permission -----------------------------------------------------------------------------------------


@contextmanager
def small_device(size: str) -> Iterator[Path]:
    """A folder with little room."""
    folder = Path(tempfile.mkdtemp())
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if done.returncode:
        folder.rmdir()
        pytest.skip("needs the right to mount a small file system")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)
        folder.rmdir()


def test_a_full_target_stops_the_run_and_loses_nothing(tmp_path: Path) -> None:
    files, stories = pairs(6)
    files = {name: content * 300 for name, content in files.items()}
    case = make_case(tmp_path, files, stories)
    before = tree(case.news)
    with small_device("64k") as out:
        result = case.apply("--move-to", out)
        assert result.exit_code == 1
        assert "No space left" in result.stdout
        assert "not begun: No space left" in result.stdout
        assert len(tree(case.news)) + len(files_in(out)) == len(before)
        assert [name for name in tree(out) if name.endswith(".part")] == []
        assert b"" not in files_in(out)
        assert case.apply("--undo", case.journal, report=False).exit_code == 0
        assert tree(case.news) == before


def test_a_full_disk_under_the_journal_stops_before_the_act(case: Case) -> None:
    before = tree(case.news)
    with small_device("4k") as folder:
        (folder / "filler").write_bytes(b"x" * 4096)
        result = case.apply("--move-to", case.base / "out", "--journal", folder / "journal.jsonl")
        assert result.exit_code == 1
        assert "cannot write the journal" in result.stderr
    assert tree(case.news) == before


@contextmanager
def nobody() -> Iterator[None]:
    """Run as a user for whom permissions count, where the tests run as root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize("closed", ["source", "target", "journal"])
def test_folders_without_permission(closed: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        case = make_case(base, *pairs(2))
        (base / "out").mkdir()
        assert case.apply("--move-to", base / "out").exit_code == 0  # everything is imported from here on
        assert case.apply("--undo", case.journal, report=False).exit_code == 0
        case.journal.unlink()
        (base / "out/copy").rmdir()
        for path in (base, *base.rglob("*")):
            os.chown(path, 65534, 65534)
        before = tree(case.news)
        place = {"source": case.news / "copy", "target": base / "out", "journal": base}[closed]
        os.chmod(place, 0o555)
        with nobody():
            result = case.apply("--move-to", base / "out")
        os.chmod(place, 0o755)
        assert result.exit_code == 1, result.output
        assert "ermission denied" in result.output
        assert tree(case.news) == before
        assert files_in(base / "out") == Counter()


def test_moves_to_another_device(case: Case, elsewhere: Path) -> None:
    os.chmod(case.news / "copy/000.txt", 0o640)
    os.utime(case.news / "copy/000.txt", ns=(10**18, 10**18 + 7))
    before, status = tree(case.news), os.stat(case.news / "copy/000.txt")
    assert case.apply("--move-to", elsewhere / "out").exit_code == 0
    moved = os.stat(elsewhere / "out/copy/000.txt")
    assert (moved.st_mode, moved.st_mtime_ns, moved.st_uid) == (status.st_mode, status.st_mtime_ns, status.st_uid)
    assert len(files_in(elsewhere)) == 4
    assert case.apply("--undo", case.journal, report=False).exit_code == 0
    assert tree(case.news) == before
    assert os.stat(case.news / "copy/000.txt").st_mtime_ns == status.st_mtime_ns
    assert files_in(elsewhere) == Counter()


def test_links_to_another_device_are_not_made(case: Case, elsewhere: Path) -> None:
    from saved_reports import write_report

    (elsewhere / "x.txt").write_text(text("N0"))
    write_report([case.news, elsewhere], case.report, [[id_of(case, "kept/000.txt"), str(elsewhere / "x.txt")]])
    assert case.steps("--hardlink") == {
        str(elsewhere / "x.txt"): ("left", "not linked: on another file system than the kept file")
    }


def test_errors_of_the_journal_are_named(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="name another with --journal"), open_journal(tmp_path / "no/j", "move", ""):
        pass
