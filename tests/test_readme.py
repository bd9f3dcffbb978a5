"""What README promises holds: its commands exist, its examples run, and `.ci/run` runs nothing else."""

from __future__ import annotations

import configparser
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from dedup.cli import main

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    """Every ``dedup ...`` in the text, of tables and code alike."""
    return sorted({found.strip() for found in re.findall(r"(?:`|&& )(dedup [a-z][^`\n]*)", README)})


def test_two_commands_install_scan_and_test() -> None:
    assert blocks("sh") == [
        "pip install -c constraints.txt . && dedup scan seeds\n",
        'pip install -c constraints.txt ".[test]" && python -m pytest\n',
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="needs bash and sed")
def test_continuous_integration_runs_just_them() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    (extract,) = re.findall(r"^(sed .*README\.md) \|", script, re.MULTILINE)
    done = subprocess.run(["bash", "-c", extract], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "".join(blocks("sh"))


@pytest.mark.parametrize("command", commands())
def test_every_command_in_the_readme_is_understood(command: str) -> None:
    name, *arguments = shlex.split(command)[1:]
    subcommand = main.commands[name]
    assert subcommand.make_context(name, arguments).command is subcommand


def test_python_examples_run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    for example in blocks("python"):
        exec(compile(example, "README.md", "exec"), {})
        said = [line[2:] for line in example.splitlines() if line.startswith("# ")]
        assert capsys.readouterr().out.splitlines() == said


def test_the_output_shown_is_the_output(monkeypatch: pytest.MonkeyPatch) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "dedup", "scan", "seeds"], cwd=ROOT, capture_output=True, encoding="utf-8", check=True
    )
    shown = blocks("text")[0]
    assert _without_model(shown) == _without_model(done.stdout)


def _without_model(report: str) -> str:
    return re.sub(r"^Model .*\n", "", report, flags=re.MULTILINE)


def test_documents_are_wide_enough_to_read_in_a_diff() -> None:
    assert [line for line in README.splitlines() if len(line) > 140 and not line.startswith("|")] == []


def pins() -> list[str]:
    return [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]


def test_every_requirement_is_pinned() -> None:
    metadata = configparser.ConfigParser()
    metadata.read(ROOT / "setup.cfg")
    lists = (metadata["options"]["install_requires"], *metadata["options.extras_require"].values())
    required = set(re.findall(r"^([a-z][a-z0-9-]*)", "\n".join(lists), re.MULTILINE))
    assert len(required) > 15
    assert required <= {line.split("==")[0] for line in pins()}


def test_constraints_name_versions_and_nothing_else() -> None:
    lines = pins()
    pattern = r'[a-z0-9-]+==[0-9][\w.]*(; python_version (<|>=) "3\.11")?'
    assert all(re.fullmatch(pattern, line) for line in lines)
    assert "torch==2.13.0" in lines
