"""Manners of the command line: help in sections, sizes, colours, completion, the environment, a real terminal."""

from __future__ import annotations

import os
import pty
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from dedup.cli import main
from dedup.cli.help import SECTIONS
from dedup.cli.options import NamedPath
from dedup.cli.sizes import parse_size
from dedup.reading.source import ReadOptions

ROOT = Path(__file__).parents[2]


def dedup(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "dedup", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )


def on_terminal(*arguments: str) -> tuple[int, str]:
    """Exit code and all that a terminal of 100 columns is sent."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100", "TERM": "xterm"}
    environment.pop("NO_COLOR", None)
    process = subprocess.Popen(
        [sys.executable, "-m", "dedup", *arguments], stdout=theirs, stderr=theirs, cwd=ROOT, env=environment
    )
    os.close(theirs)
    sent = b""
    try:
        while part := os.read(ours, 65536):
            sent += part
    except OSError:  # the other side is closed
        pass
    os.close(ours)
    return process.wait(timeout=120), sent.decode()


def commands(group: click.Group = main) -> Iterator[click.Command]:
    """All commands, those of groups among them."""
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command)
        else:
            yield command


def test_a_path_is_neither_empty_nor_an_address() -> None:
    named = [(command, one) for command in commands() for one in command.params if isinstance(one.type, click.Path)]
    assert len(named) > 30
    for command, parameter in named:
        context = click.Context(command)
        with pytest.raises(click.BadParameter, match="is a variable empty"):
            parameter.type.convert("", parameter, context)
        if (command.name, parameter.name) == ("scan", "output"):  # tables go to stores too
            continue
        with pytest.raises(click.BadParameter, match="s3://x/y is an address; name a file or folder of this machine"):
            parameter.type.convert("s3://x/y", parameter, context)


def test_options_stand_in_sections_and_each_in_one() -> None:
    shown = dedup("scan", "--help").stdout
    positions = [shown.index(f"\n{section}:\n") for section in SECTIONS]
    assert positions == sorted(positions)
    assert "\nOptions:\n" not in shown, "an option of scan has no section"
    named = [name for names in SECTIONS.values() for name in names]
    assert len(named) == len(set(named))
    assert shown.count("--threshold T") == 1


@pytest.mark.parametrize("command", ["scan", "compare", "keep", "archive add"])
def test_limits_and_what_they_are_by_default_stand_in_the_help(command: str) -> None:
    shown = dedup(*command.split(), "--help").stdout
    limits = shown[shown.index("\nLimits:\n") :].split("\n\n")[0]
    assert re.findall(r"--max-\w+|by default\s+[\w,]+", " ".join(limits.split())) == [
        *("--max-bytes", "by default 64M"),
        *("--max-ratio", "--max-bytes", "by default 200"),
        *("--max-barren", "by default 100,000"),
    ]
    options = ReadOptions()
    assert [options.max_bytes, options.max_ratio, options.max_barren] == [64 << 20, 200, 100_000]


@pytest.mark.parametrize(
    ("value", "size"),
    [("1", 1), ("500000", 500_000), ("8M", 8 << 20), ("800k", 800 << 10), ("1.5G", 3 << 29), ("2 MiB", 2 << 20)],
)
def test_sizes_are_read_as_people_write_them(value: str, size: int) -> None:
    assert parse_size(click.Context(main), main.params[0], value) == size


@pytest.mark.parametrize("value", ["", "0", "-1", "M", "8X", "8MM", "1,5G", "eight", "0.2", "١٢x"])
def test_other_sizes_are_refused_with_examples(value: str) -> None:
    done = dedup("scan", "seeds", "--max-bytes", value)
    assert done.returncode == 2
    assert "is no size; give at least 1 byte, as in 500000, 800k, 8M or 1G" in done.stderr


def test_a_folder_in_place_of_a_command_is_answered_with_scan() -> None:
    done = dedup("seeds")
    assert done.returncode == 2
    assert "did you mean: dedup scan seeds" in done.stderr
    assert "No such command 'sacn'" in dedup("sacn").stderr


@pytest.mark.parametrize("arguments", [("-q", "-v"), ("-v", "-q")])
def test_quiet_and_verbose_contradict_each_other(arguments: tuple[str, ...]) -> None:
    done = dedup("scan", "seeds", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "-q and -v contradict each other" in done.stderr


def test_shapes_may_be_in_capitals_and_the_version_is_asked_for_in_two_ways() -> None:
    assert dedup("scan", "seeds", "-f", "JSON").stdout == dedup("scan", "seeds", "-f", "json").stdout
    assert dedup("-V").stdout == dedup("--version").stdout


def test_options_may_stand_in_the_environment_and_the_command_line_wins() -> None:
    assert '"threshold": 0.75' in dedup("scan", "seeds", "-f", "json", DEDUP_SCAN_THRESHOLD="0.75").stdout
    asked = ("scan", "seeds", "-f", "json", "--threshold", "0.6")
    assert '"threshold": 0.6' in dedup(*asked, DEDUP_SCAN_THRESHOLD="0.75").stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_what_the_shell_loads(shell: str) -> None:
    assert "_DEDUP_COMPLETE" in dedup("completion", shell).stdout


def test_bash_completes_commands() -> None:
    done = dedup(_DEDUP_COMPLETE="bash_complete", COMP_WORDS="dedup sc", COMP_CWORD="1")
    assert done.stdout.splitlines() == ["plain,scan", "plain,schema"]


def test_colours_are_sent_through_a_pipe_only_when_asked_for() -> None:
    assert "\x1b[" not in dedup("scan", "seeds").stdout
    assert "\x1b[1m" in dedup("scan", "seeds", "--color", "always").stdout


def test_nothing_found_names_folder_and_pattern(tmp_path: Path) -> None:
    done = dedup("scan", str(tmp_path), "--glob", "*.html")
    assert done.returncode == 0
    assert f"there is no file whose name matches *.html in {tmp_path}" in done.stderr
    assert "there is no file" not in dedup("scan", "seeds").stderr


def test_a_terminal_gets_progress_that_goes_away_colours_and_the_time_it_took() -> None:
    code, sent = on_terminal("scan", "seeds")
    assert code == 0
    assert "starting" in sent
    assert "\x1b[?25l" not in sent.rpartition("\x1b[?25h")[2], "the cursor stays hidden"
    assert re.search(r"Took \d+\.\d s\.", sent)
    assert "\x1b[1;32mTranslation" in sent
    assert "starting" not in on_terminal("scan", "seeds", "--no-progress")[1]
    assert "\x1b[1;32m" not in on_terminal("scan", "seeds", "--color", "never")[1]


def test_a_page_is_not_poured_on_a_terminal() -> None:
    code, sent = on_terminal("scan", "seeds", "-f", "html")
    assert code == 2
    assert "write it into a file: -o report.html" in sent
    assert "<html" not in sent


def test_rich_is_loaded_for_a_terminal_alone() -> None:
    script = (
        "import sys; from dedup.cli import main; main(['scan', 'seeds'], standalone_mode=False)\n"
        "print('rich' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.stdout.endswith("False\n"), done.stderr


def test_the_manual_page_has_every_command_and_option_and_nothing_that_roff_takes_for_its_own() -> None:
    page = dedup("man").stdout
    lines = page.splitlines()
    assert lines[0].startswith(".TH DEDUP 1 ")
    for names in (("scan",), ("apply",), ("archive",), ("archive", "check"), ("completion",)):
        assert f".SS dedup {' '.join(names)}" in lines
        for option in re.findall(r"(?<=\s)--[a-z][a-z-]+", dedup(*names, "--help").stdout):
            assert option.replace("-", r"\-") in page
    assert {line.split()[0] for line in lines if line.startswith((".", "'"))} == {
        ".TH",
        ".SH",
        ".SS",
        ".B",
        ".EX",
        ".EE",
    }


@pytest.mark.skipif(shutil.which("groff") is None, reason="there is no groff")
def test_the_manual_page_is_read_without_a_warning(tmp_path: Path) -> None:
    (tmp_path / "dedup.1").write_text(dedup("man").stdout, encoding="utf-8")
    command = ["groff", "-man", "-ww", "-Tascii", "-P-cbou", str(tmp_path / "dedup.1")]
    shown = subprocess.run(command, capture_output=True, text=True, check=True)
    assert shown.stderr == ""
    assert "dedup archive check" in shown.stdout
    assert "--move-to DIR" in shown.stdout


def test_every_path_is_checked_alike() -> None:
    parameters = [parameter for command in commands() for parameter in command.params]
    paths = [parameter.type for parameter in parameters if isinstance(parameter.type, click.Path)]
    assert len(paths) > 20
    assert all(isinstance(path, NamedPath) for path in paths)


@pytest.mark.parametrize(
    ("path", "told"), [("", "is a variable empty?"), ("\udfff.jsonl", r"\udfff.jsonl can be the name")]
)
@pytest.mark.parametrize(
    "arguments", ["apply", "archive info", "calibrate a.jsonl", "evaluate", "scan -o", "serve --archive", "watch"]
)
def test_what_can_be_the_name_of_no_file_is_told(arguments: str, path: str, told: str) -> None:
    done = CliRunner().invoke(main, [*arguments.split(), path])
    assert (done.exit_code, told in done.stderr) == (2, True), done.stderr
