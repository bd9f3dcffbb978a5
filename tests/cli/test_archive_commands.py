"""`dedup archive` as a user runs it."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import dedup
from dedup.cli import main

ROOT = Path(dedup.__file__).parent.parent


def run(*arguments: object, **given: object) -> Result:
    return CliRunner().invoke(main, ["archive", *map(str, arguments)], **given)  # type: ignore[arg-type]


@pytest.fixture
def file(tmp_path: Path, seeds: Path) -> Path:
    """An archive of the seeds but for the second, a translation of the first."""
    path = tmp_path / "a.db"
    paths = [part for part in sorted(seeds.iterdir()) if not part.name.startswith("001")]
    assert run("add", path, *paths).exit_code == 0
    return path


def test_an_add_counts_what_it_did(file: Path, seeds: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "broken.pdf").write_bytes(b"no PDF")
    done = run("add", file, seeds, tmp_path / "in")
    assert done.stdout == "1 added, 0 changed, 4 unchanged, 1 skipped (run 2)\n"
    assert "broken.pdf" in done.stderr
    record = json.loads(run("add", file, seeds, "-f", "json").stdout)
    assert (record["schema"], record["added"], record["unchanged"], record["skipped"]) == (1, 0, 5, [])
    assert run("add", file, seeds, "-q").output == ""


def test_a_file_that_is_as_it_was_is_not_read_again(tmp_path: Path) -> None:
    file, news = tmp_path / "a.db", tmp_path / "news.jsonl"
    lines = [json.dumps({"id": str(number), "text": f"Report {number} on the harbour."}) for number in range(3)]
    news.write_text("\n".join(lines), encoding="utf-8")
    assert run("add", file, news).stdout == "3 added, 0 changed, 0 unchanged (run 1)\n"
    assert run("add", file, news).stdout == "0 added, 0 changed, 3 unchanged\n"
    news.write_text("\n".join([*lines[:2], lines[2].replace("harbour", "port")]), encoding="utf-8")
    assert run("add", file, news).stdout == "0 added, 1 changed, 2 unchanged (run 2)\n"
    assert run("remove", file, "1").exit_code == 0
    assert run("add", file, news).stdout == "1 added, 0 changed, 2 unchanged (run 4)\n"
    assert run("add", file, news, "--text-field", "id").stdout.startswith("0 added, 3 changed, 0 unchanged")


def test_a_check_answers_by_exit_code_and_says_why(file: Path, seeds: Path) -> None:
    incoming = next(seeds.glob("001*"))
    done = run("check", file, incoming)
    assert done.exit_code == 3
    assert "1 article in the archive" in done.stdout
    assert "Translation, almost certain (over 0.99)" in done.stdout
    assert "sentences match" in done.stdout
    assert len(run("check", file, incoming, "-v").stdout) > 2 * len(done.stdout)


def test_a_check_in_json_has_the_score_of_compare(file: Path, seeds: Path) -> None:
    incoming, first = next(seeds.glob("001*")), next(seeds.glob("000*"))
    done = run("check", file, incoming, "-f", "json")
    (checked,) = json.loads(done.stdout)["articles"]
    (finding,) = checked["findings"]
    compared = CliRunner().invoke(main, ["compare", str(incoming), str(first), "-f", "json"])
    expected = json.loads(compared.stdout)
    assert finding["score"] == pytest.approx(expected["score"], abs=1e-6)
    assert (finding["kind"], finding["evidence"]["coverage"]) == (expected["kind"], expected["evidence"]["coverage"])
    private = run("check", file, incoming, "-f", "json", "--no-text").stdout
    assert json.loads(private)["articles"][0]["findings"][0]["evidence"]["aligned"] == []


def test_articles_come_on_standard_input(file: Path) -> None:
    lines = [{"id": "x", "text": "Nothing at all like the others, only a line about turnips in the rain."}]
    done = run("check", file, "-", input="".join(f"{json.dumps(line)}\n" for line in lines))
    assert (done.exit_code, done.stdout) == (0, "-#x: not in the archive\n")


def test_nothing_to_look_up_is_an_error(file: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text("", encoding="utf-8")
    done = run("check", file, tmp_path / "empty.txt")
    assert (done.exit_code, "no article to look up: empty file" in done.stderr) == (1, True)


def test_stories_are_listed_with_ids_that_stay(file: Path, seeds: Path) -> None:
    assert run("list", file).stdout == ""
    assert run("add", file, seeds).exit_code == 0
    listed = json.loads(run("list", file, "-f", "json").stdout)
    (story,) = listed["stories"]
    assert (story["kind"], story["languages"], story["grew"]) == ("translation", ["en", "id"], 2)
    assert run("list", file).stdout.startswith(f"{story['id']}  Translation, 2 articles: English, Indonesian\n")
    assert run("list", file, "--since", "3").stdout == ""
    assert run("list", file, "--since", "soon").exit_code == 2
    assert run("remove", file, story["members"][0]).stdout == "1 removed\n"
    assert json.loads(run("list", file, "-f", "json").stdout)["successions"] == {story["id"]: None}


@pytest.mark.parametrize("form", ["text", "json", "jsonl", "csv", "html"])
def test_a_report_has_every_form_of_a_scan(file: Path, seeds: Path, tmp_path: Path, form: str) -> None:
    assert run("add", file, seeds).exit_code == 0
    written = tmp_path / "report"
    assert run("report", file, "-f", form, "-o", written, "--since", "2").exit_code == 0
    assert "001_c5fce8af078adf06.txt" in written.read_text(encoding="utf-8")
    assert run("report", file, "-f", form, "--since", "3").exit_code == 0


def test_a_scan_with_an_archive_reports_what_is_new(seeds: Path, tmp_path: Path) -> None:
    file, first, rest = tmp_path / "a.db", next(seeds.glob("000*")), sorted(seeds.iterdir())[1:]

    def scan(*arguments: object) -> Result:
        return CliRunner().invoke(main, ["scan", *map(str, arguments), "--archive", str(file), "-f", "json"])

    alone = json.loads(scan(first, "--only-new").stdout)
    assert (alone["counts"]["read"], alone["counts"]["clusters"]) == (1, 0)
    new = json.loads(scan(*rest, "--only-new").stdout)
    assert [sorted(article["id"] for article in new["articles"])] == [[str(first), *map(str, rest)]]
    assert new["clusters"][0]["members"] == [str(first), str(rest[0])]
    nothing = json.loads(scan(first, *rest, "--only-new").stdout)
    assert (nothing["articles"], nothing["clusters"]) == ([], [])
    whole = json.loads(scan(first).stdout)
    plain = json.loads(CliRunner().invoke(main, ["scan", str(first), *map(str, rest), "-f", "json"]).stdout)
    assert (whole["clusters"], whole["matches"], whole["articles"]) == (
        plain["clusters"],
        plain["matches"],
        plain["articles"],
    )
    assert scan(first, "--engine", "ray").exit_code == 2
    assert run("remove", file, rest[0]).exit_code == 0
    again = CliRunner().invoke(main, ["scan", *map(str, rest[:2]), "--archive", str(file), "--only-new"]).stdout
    assert "Read 2 of 2 seen, 0 skipped; 2 articles listed (1 en, 1 id)." in again
    assert CliRunner().invoke(main, ["scan", str(first), "--only-new"]).exit_code == 2
    told = CliRunner().invoke(main, ["scan", str(first), "--only-new", "--archive", str(file)])
    assert told.stdout == "No story has a new article.\n"
    assert "0 new, 0 changed, 1 there already" in told.stderr
    assert "there is no file" not in told.stderr


def test_an_export_builds_an_archive_anew(file: Path, tmp_path: Path) -> None:
    exported = tmp_path / "articles.jsonl"
    assert run("export", file, "-o", exported).exit_code == 0
    assert run("export", file).stdout == exported.read_text(encoding="utf-8")
    assert run("add", tmp_path / "b.db", exported).stdout == "4 added, 0 changed, 0 unchanged (run 1)\n"
    first, second = (
        [json.loads(line) for line in run("export", path).stdout.splitlines()] for path in (file, tmp_path / "b.db")
    )
    assert [(row["id"], row["text"], row["hash"]) for row in first] == [
        (row["id"], row["text"], row["hash"]) for row in second
    ]


def test_an_export_may_be_a_table(file: Path, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    assert run("export", file, "-o", tmp_path / "articles.parquet").exit_code == 0
    table = parquet.read_table(tmp_path / "articles.parquet").to_pylist()
    assert [row["id"] for row in table] == [json.loads(line)["id"] for line in run("export", file).stdout.splitlines()]
    assert run("export", file, "-f", "parquet").exit_code == 2


def test_nothing_is_written_over_the_archive(file: Path) -> None:
    before = file.read_bytes()
    for command in (("list", file), ("check", file, "seeds"), ("export", file)):
        done = run(*command, "-o", file, "--force")
        assert done.exit_code in (1, 2)
    assert file.read_bytes() == before


def test_settings_are_those_of_the_first_run(tmp_path: Path, seeds: Path) -> None:
    assert run("add", tmp_path / "a.db", seeds, "--level", "story").exit_code == 0
    assert run("add", tmp_path / "a.db", seeds).exit_code == 0
    done = run("add", tmp_path / "a.db", seeds, "--level", "duplicate")
    assert (done.exit_code, "level story, and asked for is duplicate" in done.stderr) == (1, True)
    assert "level      story" in run("info", tmp_path / "a.db").stdout


def test_info_and_compact(file: Path) -> None:
    told = json.loads(run("info", file, "-f", "json").stdout)
    assert (told["articles"], told["stories"], told["languages"], told["version"]) == (4, 0, {"en": 4}, 4)
    assert run("info", file).stdout.startswith("articles   4\n")
    assert run("compact", file).stdout.endswith(" bytes saved\n")


def test_errors_are_messages(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("The harbour is closed until Monday.", encoding="utf-8")
    done = run("check", tmp_path / "none.db", tmp_path / "a.txt")
    assert (done.exit_code, done.stderr.startswith("Error: ")) == (1, True)
    assert "no such archive; make one with: dedup archive add" in done.stderr


def test_help_loads_nothing_heavy() -> None:
    script = (
        "import sys\nfrom click.testing import CliRunner\nfrom dedup.cli import main\n"
        "for command in ('add', 'check', 'list', 'remove', 'info', 'compact', 'export'):\n"
        "    assert CliRunner().invoke(main, ['archive', command, '--help']).exit_code == 0\n"
        "print(*({'numpy', 'sqlite3'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize(
    ("command", "package", "extra"), [(("serve",), "fastapi", "serve"), (("watch", "."), "watchfiles", "watch")]
)
def test_without_its_extra_a_command_makes_no_archive_and_says_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], package: str, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    file = tmp_path / "news.db"
    done = CliRunner().invoke(main, [*command, "--archive", str(file)])
    assert (done.exit_code, file.exists()) == (1, False)
    assert done.stderr.startswith(f"Error: {package} is needed here and is not installed; ")
    assert f"dedup-articles[{extra}]" in done.stderr


def test_a_folder_that_is_not_there_is_not_watched_and_makes_no_archive(tmp_path: Path) -> None:
    pytest.importorskip("watchfiles", reason="needs the extra watch")
    file = tmp_path / "news.db"
    done = CliRunner().invoke(main, ["watch", str(tmp_path / "absent"), "--archive", str(file)])
    assert (done.exit_code, file.exists()) == (1, False)
    assert "no such folder; name a folder to watch" in done.stderr


def test_nothing_is_left_beside_a_file_that_was_looked_at(file: Path) -> None:
    for command in (("info", file), ("export", file), ("list", file)):
        assert run(*command).exit_code == 0
        assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_what_an_archive_is_made_with_may_stand_in_the_environment(tmp_path: Path, seeds: Path) -> None:
    given = {"env": {"DEDUP_ARCHIVE_ADD_LEVEL": "story"}}
    assert run("add", tmp_path / "a.db", seeds, **given).exit_code == 0
    assert json.loads(run("info", tmp_path / "a.db", "-f", "json").stdout)["level"] == "story"


def test_a_folder_is_the_same_however_it_is_named(tmp_path: Path, seeds: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "in").mkdir()
    for seed in seeds.iterdir():
        (tmp_path / "in" / seed.name).write_bytes(seed.read_bytes())
    monkeypatch.chdir(tmp_path)
    assert run("add", "a.db", "in").stdout == "5 added, 0 changed, 0 unchanged (run 1)\n"
    for spelling in ("./in/", tmp_path / "in", "in/../in"):
        assert run("add", "a.db", spelling).stdout == "0 added, 0 changed, 5 unchanged\n"
    monkeypatch.chdir(tmp_path / "in")
    assert run("add", tmp_path / "a.db", ".").stdout == "0 added, 0 changed, 5 unchanged\n"
    name = next(seeds.iterdir()).name
    assert run("remove", tmp_path / "a.db", name).stdout == "1 removed\n"


def test_files_are_removed_by_any_spelling_of_their_path(
    tmp_path: Path, seeds: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    names = [os.fsdecode(b"\xff.txt"), "b.txt"]
    for name, seed in zip(names, sorted(seeds.iterdir()), strict=False):
        (tmp_path / "in" / name).write_bytes(seed.read_bytes())
    assert run("add", "a.db", "in").exit_code == 0
    assert run("remove", "a.db", f"in/{names[0]}", "./in//b.txt").stdout == "2 removed\n"
    assert run("remove", "a.db", "in/\ud800", "x").exit_code == 1
    assert "holds no article 'in/\\xfe'; " in run("remove", "a.db", os.fsdecode(b"in/\xfe")).stderr


def test_columns_are_named_when_articles_are_looked_up_as_when_they_are_added(tmp_path: Path, seeds: Path) -> None:
    table = tmp_path / "news.csv"
    texts = [path.read_text(encoding="utf-8") for path in sorted(seeds.iterdir())[:2]]
    with table.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["nr", "what"], *enumerate(texts)])
    named = ("--text-field", "what", "--id-field", "nr")
    (tmp_path / "list").write_text(str(table), encoding="utf-8")
    done = run("add", tmp_path / "a.db", "--files-from", tmp_path / "list", *named)
    assert done.stdout == "2 added, 0 changed, 0 unchanged (run 1)\n"
    for path in (table, f"{table}#1"):
        assert run("check", tmp_path / "a.db", path, *named).exit_code == 3
    compared = CliRunner().invoke(main, ["compare", f"{table}#0", f"{table}#1", "--check", *named])
    assert compared.exit_code == 3


def test_every_command_shows_its_options_in_sections() -> None:
    for command in main.commands["archive"].commands.values():  # type: ignore[attr-defined]
        assert "\nMessages:\n" in run(command.name, "--help").stdout


def test_an_archive_that_may_not_be_written_can_be_looked_at(file: Path, seeds: Path) -> None:
    bound: list[str] = []
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("root may write everywhere")
        bound = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"]
    file.chmod(0o444)
    file.parent.chmod(0o555)
    try:
        for arguments, code in (
            (("list", str(file)), 0),
            (("info", str(file)), 0),
            (("check", str(file), str(next(seeds.glob("001*")))), 3),
            (("export", str(file)), 0),
            (("add", str(file), str(seeds)), 1),
        ):
            command = [*bound, sys.executable, "-m", "dedup", "archive", *arguments]
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
            assert done.returncode == code, (arguments, done.stderr)
    finally:
        file.parent.chmod(0o755)


def test_what_is_empty_is_told_of(file: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = run("add", file, tmp_path / "empty")
    assert (done.exit_code, done.stdout) == (0, "0 added, 0 changed, 0 unchanged\n")
    assert done.stderr == f"Warning: there is no file in {tmp_path / 'empty'}\n"
    assert run("list", file).stderr == f"No story is told more than once among 4 articles of {file}.\n"
    told = run("list", file, "--since", "7")
    assert (told.stdout, told.stderr) == ("", f"No story has gained an article since 7 among 4 articles of {file}.\n")


def scan(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["scan", *map(str, arguments)])


def test_counts_are_those_of_all_articles_read(seeds: Path, tmp_path: Path) -> None:
    file, (first, *rest) = tmp_path / "a.db", sorted(seeds.iterdir())
    assert scan(first, *rest[1:], "--archive", file).exit_code == 0
    new = json.loads(scan(*rest, "--archive", file, "--only-new", "-f", "json").stdout)
    assert [article["id"] for article in new["articles"]] == [str(first), str(rest[0])]
    assert (new["counts"]["read"], new["counts"]["clusters"], new["counts"]["duplicates"]) == (4, 1, 1)
    again = scan(*rest, "--archive", file, "--only-new", "-f", "json", "-o", tmp_path / "new.json")
    assert again.stderr.endswith("No duplicates among 4 articles.\n")
    whole = json.loads(run("report", file, "-f", "json").stdout)
    assert (len(whole["articles"]), whole["counts"]["read"], whole["counts"]["duplicates"]) == (2, 5, 1)
    since = json.loads(run("report", file, "--since", "2", "-f", "json").stdout)
    assert (len(since["articles"]), since["counts"]["read"], since["counts"]["duplicates"]) == (2, 1, 1)
    assert dedup.Report.load(tmp_path / "new.json").counted == (4, 0)


def test_a_scan_with_an_archive_keeps_to_decisions_and_rules(seeds: Path, tmp_path: Path) -> None:
    texts = sorted(seeds.iterdir())
    decisions = tmp_path / "decisions.jsonl"
    lines = [
        {"left": str(texts[0]), "right": str(texts[1]), "verdict": "different"},
        {"left": str(texts[1]), "right": str(texts[2]), "verdict": "same"},
        {"keep": str(texts[2]), "story": [str(texts[1]), str(texts[2])]},
    ]
    for chosen in (lines, lines[1:], lines[:1]):
        decisions.write_text("".join(f"{json.dumps(line)}\n" for line in chosen), encoding="utf-8")
        given = ("--decisions", decisions, "--keep", "longest", "-f", "json")
        plain = json.loads(scan(*texts, *given).stdout)
        held = json.loads(scan(*texts, "--archive", tmp_path / "a.db", *given).stdout)
        for part in ("clusters", "matches", "articles", "counts", "settings"):
            assert held[part] == plain[part], part
    refused = scan(*texts, "--archive", tmp_path / "a.db", "--against", seeds)
    assert (refused.exit_code, "--archive goes with --keep and --decisions, and not with" in refused.stderr) == (
        2,
        True,
    )


def test_new_articles_alone_are_reported_as_people_decided(seeds: Path, tmp_path: Path) -> None:
    texts, file, decisions = sorted(seeds.iterdir()), tmp_path / "a.db", tmp_path / "decisions.jsonl"
    assert scan(*texts[:4], "--archive", file).exit_code == 0
    line = {"left": str(texts[4]), "right": str(texts[0]), "verdict": "same"}
    decisions.write_text(json.dumps(line), encoding="utf-8")
    new = json.loads(scan(*texts[3:], "--archive", file, "--only-new", "--decisions", decisions, "-f", "json").stdout)
    assert [cluster["members"] for cluster in new["clusters"]] == [[str(texts[at]) for at in (0, 1, 4)]]
    assert new["counts"] == {"seen": 2, "read": 2, "skipped": 0, "clusters": 1, "duplicates": 1}
