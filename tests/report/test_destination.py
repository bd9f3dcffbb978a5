from __future__ import annotations

import errno
import fcntl
import importlib.util
import io
import os
import threading
from pathlib import Path

import pytest

from dedup import Article, compare_articles, find_duplicates
from dedup import report as rendering
from dedup.cli.progress import ProgressLine
from dedup.errors import WriteError
from dedup.report.destination import (
    check_folder,
    check_model_folder,
    check_writable,
    filling_folder,
    write_whole,
    writing_whole,
)
from dedup.report.recognise import is_report
from dedup.runtime.name_patterns import NamePatterns


def test_a_file_is_written_and_written_over(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    for content in (b"one", b"two"):
        check_writable(path, force=True)
        write_whole(path, content)
        assert path.read_bytes() == content
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.json"], "nothing is left beside it"


def test_a_failed_write_leaves_the_old_file_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(b"old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WriteError, match=r"cannot write .*report\.json: No space left on device"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.json"]


def test_a_file_written_bit_by_bit_is_there_when_all_of_it_is(tmp_path: Path) -> None:
    path, link = tmp_path / "file", tmp_path / "link"
    path.write_bytes(b"old")
    path.chmod(0o640)
    link.symlink_to(path)
    with writing_whole(link) as file:
        file.write(b"one")
        assert path.read_bytes() == b"old"
        file.write(b"two")
    assert path.read_bytes() == b"onetwo"
    assert link.is_symlink()
    assert path.stat().st_mode & 0o777 == 0o640
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["file", "link"]


@pytest.mark.parametrize("fault", [KeyboardInterrupt(), WriteError("no"), OSError(errno.ENOSPC, "full")], ids=repr)
def test_of_a_file_or_folder_that_was_begun_nothing_is_left(fault: BaseException, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    expected = WriteError if isinstance(fault, OSError) else type(fault)

    def begin_file() -> None:
        with writing_whole(path) as file:
            file.write(b"new")
            raise fault

    def begin_folder() -> None:
        with filling_folder(tmp_path / "folder") as folder:
            (folder / "sub").mkdir()
            (folder / "sub" / "file").write_bytes(b"new")
            raise fault

    for begin in (begin_file, begin_folder):
        with pytest.raises(expected):
            begin()
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_a_folder_gets_its_name_when_all_is_there(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("new", "empty"):
        with filling_folder(tmp_path / name) as folder:
            (folder / "file").write_bytes(b"new")
            assert not (tmp_path / name / "file").exists()
        assert (tmp_path / name / "file").read_bytes() == b"new"
    with pytest.raises(WriteError, match="new is not empty"), filling_folder(tmp_path / "new"):
        pytest.fail("the folder was opened")


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
    ("name", "message"),
    [
        (".", "it is a folder"),
        ("no/report.json", "there is no folder .*; create it first"),
        ("no/../a.json", "no folder .*no/..;"),
    ],
)
def test_places_that_cannot_be_written_are_refused_beforehand(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(WriteError, match=message):
        check_writable(tmp_path / name)


def test_writing_where_nothing_can_be_written_says_where(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match=r"cannot write .*report: No such file or directory; choose another place"):
        write_whole(tmp_path / "no" / "report", b"")


def test_an_input_is_never_written_over(tmp_path: Path) -> None:
    folder, outside = tmp_path / "in", tmp_path / "out"
    folder.mkdir(), outside.mkdir()
    article = folder / "a.txt"
    article.write_text("An article.", encoding="utf-8")
    (outside / "link").symlink_to(article)
    os.link(article, outside / "hard")
    for place in (article, outside / "link", outside / "hard", folder / ".." / "in" / "a.txt"):
        for force in (False, True):
            with pytest.raises(WriteError, match="one of the inputs"):
                check_writable(place, [article], force=force)
            with pytest.raises(WriteError, match=r"it lies in|it is a link to a file in"):
                check_writable(place, [folder], force=force)


@pytest.mark.parametrize(
    ("name", "glob", "refused"),
    [
        ("new.html", None, True),
        ("sub/new.html", None, True),
        (".new.html", None, False),
        (".sub/new.html", None, False),
        ("new.html", "*.txt", False),
        ("new.html", "!*.html", False),
        ("new.html", "!*.txt", True),
        ("../new.html", None, False),
        ("link/new.html", None, False),
    ],
)
def test_a_place_among_the_inputs_is_refused_if_it_would_be_read(
    tmp_path: Path, name: str, glob: str | None, refused: bool
) -> None:
    folder = tmp_path / "in"
    left_out = glob and glob.startswith("!")
    names = NamePatterns(exclude=(glob[1:],)) if left_out else NamePatterns((glob,) if glob else ())
    for sub in ("sub", ".sub", "../out"):
        (folder / sub).mkdir(parents=True)
    (folder / "link").symlink_to(tmp_path / "out")
    if refused:
        with pytest.raises(WriteError, match=r"it lies in .*choose another folder"):
            check_writable(folder / name, [folder], names=names, force=True)
    else:
        check_writable(folder / name, [folder], names=names)


def test_a_folder_among_the_inputs_is_refused_for_tables(tmp_path: Path) -> None:
    (tmp_path / "in" / "tables").mkdir(parents=True)
    for folder in ("in", "in/tables", "in/new"):
        with pytest.raises(WriteError, match="it lies in"):
            check_folder(tmp_path / folder, [tmp_path / "in"])
    (tmp_path / "file").touch()
    with pytest.raises(WriteError, match="it is a file"):
        check_folder(tmp_path / "file")
    check_folder(tmp_path / "new", [tmp_path / "in"])


def test_a_model_replaces_a_model_and_nothing_else(tmp_path: Path) -> None:
    corpus, model, mine = (tmp_path / name for name in ("corpus", "model", "mine"))
    for folder in (corpus / "sub", model, mine):
        folder.mkdir(parents=True)
    (model / "modules.json").touch()
    (mine / "letters.txt").touch()
    check_model_folder(model, corpus)
    check_model_folder(tmp_path / "new", corpus)
    with pytest.raises(WriteError, match=r"it holds letters\.txt; name a new folder"):
        check_model_folder(mine, corpus)
    with pytest.raises(WriteError, match="it is a file"):
        check_model_folder(mine / "letters.txt", corpus)
    for place in (corpus, tmp_path, corpus / "sub" / "new"):
        with pytest.raises(WriteError, match="it is the corpus, or holds it, or lies in it"):
            check_model_folder(place, corpus)


def test_only_what_dedup_wrote_is_written_over_unasked(tmp_path: Path) -> None:
    path = tmp_path / "notes.json"
    path.write_text('{"schema": "mine"}', encoding="utf-8")
    with pytest.raises(WriteError, match=r"is no report of dedup; .*--force"):
        check_writable(path)
    check_writable(path, force=True)
    path.write_bytes(b"")
    check_writable(path)


def test_reports_in_every_form_are_recognised(tmp_path: Path) -> None:
    report = find_duplicates([Article("a", "One two three."), Article("b", "One two  three.")])
    forms = {
        name: getattr(rendering, f"as_{name}")(report).encode() for name in ("text", "json", "jsonl", "csv", "html")
    }
    comparison = compare_articles(*report.articles)
    forms |= {"compared.json": rendering.comparison_as_json(comparison).encode()}
    forms |= {"compared": rendering.comparison_as_text(comparison, colour=False, width=80).encode()}
    if importlib.util.find_spec("pyarrow"):
        forms |= rendering.as_parquet(report)
    forms |= {"none": rendering.as_text(find_duplicates([])).encode(), "schema": rendering.schema().encode()}
    for name, content in forms.items():
        (tmp_path / name).write_bytes(content)
        assert is_report(tmp_path / name), name
    for content in (b"Cluster analysis", b'{"articles": []}', b"id,text\n1,a\n", b"<!doctype html><title>Mine"):
        (tmp_path / "other").write_bytes(content)
        assert not is_report(tmp_path / "other"), content


def test_a_planted_link_is_not_followed_and_the_mode_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    victim, path = tmp_path / "victim", tmp_path / "r.json"
    victim.write_bytes(b"mine")
    tokens = iter(["0" * 16, "1" * 16])
    monkeypatch.setattr("secrets.token_hex", lambda _: next(tokens))
    (tmp_path / f".dedup-{'0' * 16}.part").symlink_to(victim)
    with pytest.raises(WriteError, match="File exists"):
        write_whole(path, b"new")
    path.write_bytes(b"old")
    path.chmod(0o600)
    write_whole(path, b"new")
    assert (path.read_bytes(), path.stat().st_mode & 0o777, victim.read_bytes()) == (b"new", 0o600, b"mine")


def test_a_file_that_is_mounted_is_written_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object) -> None:
        raise OSError(errno.EBUSY, "Device or resource busy")

    monkeypatch.setattr(os, "replace", busy)
    path = tmp_path / "r.json"
    path.write_bytes(b"an older one")
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    with writing_whole(path) as file:
        file.write(b"bit by bit")
    assert path.read_bytes() == b"bit by bit"
    assert [entry.name for entry in tmp_path.iterdir()] == ["r.json"]


def test_names_as_long_as_the_system_allows(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 255)
    check_writable(path)
    write_whole(path, b"new")
    with pytest.raises(WriteError, match="File name too long"):
        check_writable(tmp_path / ("x" * 256))


def test_a_loop_of_links_is_refused(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(WriteError, match="symbolic links"):
        check_writable(tmp_path / "loop")


def test_what_a_killed_run_left_is_swept_and_what_another_writes_stays(tmp_path: Path) -> None:
    left, other = tmp_path / f".dedup-{'a' * 16}.part", tmp_path / f".dedup-{'b' * 16}.part"
    left.touch(), other.touch(), (tmp_path / ".dedup-mine.part").touch()
    with other.open() as writing:
        fcntl.flock(writing, fcntl.LOCK_EX)
        write_whole(tmp_path / "r.json", b"new")
    assert sorted(path.name for path in tmp_path.iterdir()) == [other.name, ".dedup-mine.part", "r.json"]


def test_open_descriptors_are_written_to(tmp_path: Path) -> None:
    with (tmp_path / "file").open("wb") as file:
        file.write(b"before ")
        file.flush()
        path = Path(f"/dev/fd/{file.fileno()}")
        check_writable(path)
        write_whole(path, b"new")
    assert (tmp_path / "file").read_bytes() == b"before new"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_drawn_on_one_line_and_wiped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    stream = Terminal()
    with ProgressLine(stream, shown=True) as progress:
        progress("embed", 1200, 4800)
        progress("embed", 1201, 4800)  # too soon after the last
    drawn = stream.getvalue()
    assert "2 of 4 embedding" in drawn
    assert "1200/4800" in drawn
    assert "1201" not in drawn
    assert drawn.count("\n") == 1, "one line, left and wiped at the end"
    assert drawn.endswith("\x1b[2K"), "erased"


def test_progress_without_a_total_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    stream = Terminal()
    with ProgressLine(stream, shown=True) as progress:
        progress("read", 7, 0)
    assert "1 of 4 reading" in stream.getvalue()
    assert "7/?" in stream.getvalue()


def test_hidden_progress_writes_nothing() -> None:
    stream = io.StringIO()
    with ProgressLine(stream, shown=False) as progress:
        progress("read", 1, 2)
    assert stream.getvalue() == ""
