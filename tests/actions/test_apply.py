"""`dedup apply` does what its dry run says, to the files that a report names and no others, and takes it back."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from dedup import report as rendering
from dedup.actions.saved_report import load_report
from dedup.cli import main
from dedup.datatypes import MatchKind
from handmade import handmade_report
from saved_reports import Case, id_of, make_case, text, tree, write_report

FILES = {
    "a.txt": text("A"),
    "b.txt": text("A") + "A line more.\n",
    "sub/a.txt": text("A"),
    "sub/deep/c.txt": text("C"),
    "d.txt": text("D"),
}
STORIES = [["a.txt", "b.txt", "sub/a.txt"]]


@pytest.fixture
def case(tmp_path: Path) -> Case:
    """One story of three articles (a copy and an edited version of the first), and two articles told once."""
    return make_case(tmp_path, FILES, STORIES)


def test_a_dry_run_says_what_the_run_does_and_does_nothing(case: Case) -> None:
    before = tree(case.base)
    told = case.apply("--move-to", case.base / "out", "--dry-run")
    assert told.exit_code == 0, told.output
    assert tree(case.base) == before
    done = case.apply("--move-to", case.base / "out")
    assert done.exit_code == 0, done.output
    assert done.stdout == told.stdout
    assert told.stderr.startswith(f"2 files would be moved to {case.base}/out.")
    assert done.stderr.startswith(f"2 files moved to {case.base}/out.")
    assert sorted(tree(case.base / "out")) == ["b.txt", "sub", "sub/a.txt"]
    assert sorted(tree(case.news)) == ["a.txt", "d.txt", "sub", "sub/deep", "sub/deep/c.txt"]


@pytest.mark.parametrize("arguments", [("--move-to", ".out"), ("--hardlink",), ("--delete", "--yes"), ("--list",)])
def test_json_of_a_dry_run_is_that_of_the_run(case: Case, arguments: tuple[str, ...]) -> None:
    where = [case.base / part if part == ".out" else part for part in arguments]
    told = json.loads(case.apply(*where, "-n", "-f", "json").stdout)
    done = json.loads(case.apply(*where, "-f", "json").stdout)
    assert told.pop("dry_run") is True
    assert done.pop("dry_run") is False
    if arguments != ("--list",):
        assert {step["outcome"] for step in done["steps"]} <= {"done", "left"}
    for step in (*told["steps"], *done["steps"]):
        step["outcome"] = step["outcome"].replace("planned", "done")
    assert told["steps"] == done["steps"]


def test_moves_are_taken_back_with_their_times_and_modes(case: Case) -> None:
    os.chmod(case.news / "b.txt", 0o640)
    os.utime(case.news / "b.txt", ns=(10**18, 10**18 + 1))
    before, stat = tree(case.news), os.stat(case.news / "b.txt")
    assert case.apply("--move-to", case.base / "out").exit_code == 0
    dry = case.apply("--undo", case.journal, "--dry-run", report=False)
    assert len(tree(case.base / "out")) == 3
    undone = case.apply("--undo", case.journal, report=False)
    assert (dry.exit_code, dry.stdout) == (undone.exit_code, undone.stdout) == (0, undone.stdout)
    assert tree(case.news) == before
    after = os.stat(case.news / "b.txt")
    assert (after.st_mode, after.st_mtime_ns) == (stat.st_mode, stat.st_mtime_ns)
    again = case.apply("--undo", case.journal, report=False)
    assert (again.exit_code, again.stdout, again.stderr) == (0, "", "0 changes undone.\n")
    by_report = case.apply("--undo", "--dry-run")
    assert (by_report.exit_code, by_report.stderr) == (0, "0 changes would be undone.\n")
    assert case.apply("--move-to", case.base / "out").exit_code == 0, "and done again under the same journal"
    assert case.apply("--undo", case.journal, report=False).exit_code == 0
    assert tree(case.news) == before


def test_an_undo_needs_a_report_or_a_journal(case: Case) -> None:
    asked = case.apply("--undo", report=False)
    assert asked.exit_code == 2
    assert "dedup apply REPORT --undo, or dedup apply --undo JOURNAL" in asked.stderr


def test_the_lines_say_the_kind_and_how_to_act_on_others(tmp_path: Path) -> None:
    case = make_case(tmp_path, FILES, STORIES)
    told = case.apply("--move-to", case.base / "out", "--kinds", "near", "-n")
    (line,) = [line for line in told.stdout.splitlines() if "move" in line]
    assert line.endswith("b.txt (edited copy)")
    assert "To act on those left as well: --kinds exact,near\n" in told.stderr


def test_links_are_made_where_bytes_are_the_same_and_taken_back(case: Case) -> None:
    os.chmod(case.news / "sub/a.txt", 0o600)
    case.apply("--hardlink")
    assert os.stat(case.news / "sub/a.txt").st_nlink == 1
    assert case.steps("--hardlink")[id_of(case, "sub/a.txt")] == (
        "left",
        "not linked: owner or permissions differ from those of the kept file",
    )
    os.chmod(case.news / "sub/a.txt", os.stat(case.news / "a.txt").st_mode)
    before = tree(case.news)
    assert case.steps("--hardlink") == {
        id_of(case, "b.txt"): ("left", "not linked: the bytes differ from those of the kept file"),
        id_of(case, "sub/a.txt"): ("done", ""),
    }
    assert os.path.samefile(case.news / "a.txt", case.news / "sub/a.txt")
    assert case.steps("--hardlink")[id_of(case, "sub/a.txt")] == ("done", "a hard link to the kept file already")
    assert case.apply("--undo", case.journal, report=False).exit_code == 0
    assert not os.path.samefile(case.news / "a.txt", case.news / "sub/a.txt")
    assert tree(case.news) == before


def test_what_is_deleted_is_asked_for_and_stays_deleted(case: Case) -> None:
    before = tree(case.news)
    refused = case.apply("--delete")
    assert (refused.exit_code, tree(case.news)) == (2, before)
    assert "--yes" in refused.stderr
    assert case.apply("--delete", "--yes").exit_code == 0
    assert sorted(tree(case.news)) == ["a.txt", "d.txt", "sub", "sub/deep", "sub/deep/c.txt"]
    undone = case.apply("--undo", case.journal, report=False)
    assert undone.exit_code == 1
    assert "deleted for good" in undone.stdout
    assert case.apply("--delete", "--yes").exit_code == 0, "done by an earlier run"


@pytest.mark.parametrize("answer, files", [("y\n", 3), ("n\n", 5), ("", 5)])
def test_a_question_on_a_terminal(case: Case, answer: str, files: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(__import__("sys").modules["dedup.cli.apply"], "_can_ask", lambda: True)
    result = CliRunner().invoke(main, ["apply", str(case.report), "--delete"], input=answer, prog_name="dedup")
    assert result.exit_code == (0 if files == 3 else 1)
    assert f"Delete 2 files in {case.news} for good?" in result.stderr
    assert sum(isinstance(content, bytes) for content in tree(case.news).values()) == files


def test_list_prints_paths_and_writes_nothing(case: Case) -> None:
    before = tree(case.base)
    result = case.apply("--list")
    assert result.stdout.splitlines() == [str(case.news / "b.txt"), str(case.news / "sub/a.txt")]
    assert tree(case.base) == before


def test_no_variable_of_the_environment_acts(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    before = tree(case.base)
    for name in ("DELETE", "YES", "HARDLINK", "MOVE_TO", "UNDO", "JOURNAL", "LIST"):
        monkeypatch.setenv(f"DEDUP_APPLY_{name}", "1")
    assert case.apply().exit_code == 2
    assert case.apply("--delete").exit_code == 2
    assert tree(case.base) == before


@pytest.mark.parametrize(
    "arguments, told",
    [
        ((), "got none"),
        (("--list", "--delete"), "got --delete and --list"),
        (
            ("--list", "--kinds", "exact,similar"),
            "or all; got similar",
        ),
        (("--list", "--keep", "latest"), 'got "latest"'),
        (("--undo", "x"), "names the journal; leave out "),
    ],
)
def test_wrong_usage(case: Case, arguments: tuple[str, ...], told: str) -> None:
    result = case.apply(*arguments)
    assert result.exit_code == 2, result.output
    assert told in result.stderr


# --- what is kept, and which kinds go -------------------------------------------------------------------------------


@pytest.mark.parametrize("place", [".", "/"])
def test_a_folder_is_no_report(place: str) -> None:
    done = CliRunner().invoke(main, ["apply", place, "--list"])
    assert (done.exit_code, done.stderr.splitlines()[-1][:7]) == (1, "Error: ")


@pytest.mark.parametrize("option", ["--move-to", "--undo", "--root", "--journal", "--decisions"])
def test_an_empty_path_is_not_the_current_folder(case: Case, option: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (empty := case.base / "empty").mkdir()
    monkeypatch.chdir(empty)
    before = tree(case.base)
    for arguments in ((option, ""), (option, "", "--list"), (option, "", "--delete", "--yes")):
        done = case.apply(*arguments)
        assert done.exit_code == 2
        assert '"" names no file or folder; is a variable empty?' in done.stderr
    assert tree(case.base) == before


def test_keep_rules_may_be_given_anew(case: Case) -> None:
    assert case.apply("--list", "--keep", "longest").stdout.splitlines() == [
        str(case.news / "a.txt"),
        str(case.news / "sub/a.txt"),
    ]
    assert case.apply("--list", "--keep", "path:sub/*").stdout.splitlines() == [
        str(case.news / "a.txt"),
        str(case.news / "b.txt"),
    ]


def test_an_edited_version_of_an_edited_version_is_left(case: Case) -> None:
    copy = id_of(case, "sub/a.txt")
    assert case.steps("--list", "--keep", "longest")[copy] == ("planned", ""), "a copy has the matches of its twin"
    case.edit(lambda report: report["matches"].clear())
    assert case.steps("--list") == {
        id_of(case, "b.txt"): ("left", "no match with the kept article; another one of the story joins them"),
        id_of(case, "sub/a.txt"): ("planned", ""),
    }


@pytest.mark.parametrize("kind", [MatchKind.TRANSLATION, MatchKind.EXCERPT, MatchKind.SAME_STORY])
def test_other_kinds_go_only_if_named(tmp_path: Path, kind: MatchKind) -> None:
    case = make_case(tmp_path, FILES, [["d.txt", "b.txt"]], kind=kind)
    own = id_of(case, "b.txt")
    assert case.steps("--list") == {own: ("left", f"{kind.value}; add it to --kinds to act on it")}
    assert case.steps("--list", "--kinds", f"exact,{kind.value}") == {own: ("planned", "")}


def test_the_fuller_article_is_not_taken_for_an_excerpt(tmp_path: Path) -> None:
    case = make_case(tmp_path, FILES, [["b.txt", "a.txt"]], kind=MatchKind.EXCERPT)
    steps = case.steps("--list", "--kinds", "excerpt", "--keep", "path:a.txt")
    assert steps == {id_of(case, "b.txt"): ("left", "the kept article is only an excerpt of it")}


def test_copies_of_an_article_go_though_an_older_piece_of_it_represents_the_story(tmp_path: Path) -> None:
    paragraphs = [text(letter) for letter in "ABC"]
    whole = "\n".join(paragraphs)
    files = {"2024-01-01-piece.md": paragraphs[0], "2024-02-01-whole.md": whole, "2024-02-02-copy.md": whole}
    case = make_case(tmp_path, files, [["2024-02-01-whole.md", "2024-01-01-piece.md"]], kind=MatchKind.EXCERPT)
    members = [id_of(case, name) for name in files]
    case.edit(lambda report: report["clusters"][0].update(members=members, representative=members[0]))
    steps = case.steps("--list")
    assert steps[id_of(case, "2024-02-02-copy.md")] == ("planned", "")
    assert id_of(case, "2024-02-01-whole.md") not in steps
    assert steps[id_of(case, "2024-01-01-piece.md")] == ("left", "excerpt; add it to --kinds to act on it")
    case.edit(lambda report: report["settings"].update(keep=["first", "newest"]))
    assert id_of(case, "2024-02-01-whole.md") not in case.steps("--list")
    case.edit(lambda report: report["settings"].update(keep=["newest", 3]))
    assert "settings.keep must be a list of rules" in case.apply("--list").stderr


def test_a_reference_is_never_touched(case: Case) -> None:
    case.edit(lambda report: report["articles"][1].update(reference=True))  # as scan --against writes it
    assert case.steps("--list")[id_of(case, "b.txt")] == ("left", "belongs to the reference")
    assert case.steps("--list", "--keep", "reference")[id_of(case, "a.txt")] == ("planned", "")


# --- files with several articles ------------------------------------------------------------------------------------


def test_records_are_never_cut_out_of_their_file(tmp_path: Path) -> None:
    records = [json.dumps({"id": f"r{n}", "text": text("R" if n < 2 else "S")}) for n in range(3)]
    case = make_case(tmp_path, {**FILES, "r.jsonl": "\n".join(records)}, [])
    write_report([case.news], case.report, [["r0", "r1"], ["r2", id_of(case, "d.txt")]], kind=MatchKind.NEAR)
    steps = case.steps("--move-to", tmp_path / "out")
    assert steps["r1"] == ("left", "its file holds more than this article; dedup keep writes such files anew")
    assert steps[id_of(case, "d.txt")] == ("done", ""), "a record may be the one that is kept"
    assert f"keep {case.news / 'r.jsonl'}#r2\n" in case.apply("--move-to", tmp_path / "out", "--dry-run").stdout
    (case.news / "r.jsonl").write_text("\n".join(records[:2]))
    assert case.apply("--undo", case.journal, report=False).exit_code == 0
    assert case.steps("--move-to", tmp_path / "out")[id_of(case, "d.txt")][0] == "refused", "the kept record is gone"


def test_archives_stay_whole(tmp_path: Path) -> None:
    import zipfile

    case = make_case(tmp_path, FILES, [])
    with zipfile.ZipFile(case.news / "x.zip", "w") as archive:
        archive.writestr("in/e.txt", text("D"))
        archive.writestr("in/f.txt", text("F"))
    member = id_of(case, "x.zip/in/e.txt")
    write_report([case.news], case.report, [[id_of(case, "d.txt"), member]])
    assert case.steps("--move-to", tmp_path / "out")[member][0] == "left"
    write_report([case.news], case.report, [[member, id_of(case, "d.txt")]])
    assert case.steps("--move-to", tmp_path / "out")[id_of(case, "d.txt")] == ("done", "")
    assert (case.news / "x.zip").exists()


def test_a_packed_file_and_a_file_chosen_by_name(tmp_path: Path) -> None:
    import gzip

    case = make_case(tmp_path, FILES, [])
    (case.news / "e.txt.gz").write_bytes(gzip.compress(text("D").encode()))
    (case.base / "odd.name").write_text(text("A"))
    write_report(
        [case.news, case.base / "odd.name"],
        case.report,
        [[id_of(case, "d.txt"), id_of(case, "e.txt.gz")], [id_of(case, "a.txt"), str(case.base / "odd.name")]],
    )
    assert case.apply("--move-to", tmp_path / "out").exit_code == 0
    assert sorted(tree(tmp_path / "out")) == ["e.txt.gz", "odd.name"]
    assert case.apply("--undo", case.journal, report=False).exit_code == 0
    assert (case.base / "odd.name").exists()


# --- where files are moved to ---------------------------------------------------------------------------------------


def test_nothing_is_overwritten_and_names_get_numbers(case: Case) -> None:
    out = case.base / "out"
    (out / "sub").mkdir(parents=True)
    (out / "b.txt").write_text("mine")
    (out / "sub/a.txt").symlink_to("/nowhere")
    told = case.apply("--move-to", out, "-n").stdout
    assert case.apply("--move-to", out).stdout == told
    assert (out / "b.txt").read_text() == "mine"
    assert os.readlink(out / "sub/a.txt") == "/nowhere"
    assert (out / "b-2.txt").read_text() == FILES["b.txt"]
    assert (out / "sub/a-2.txt").read_text() == FILES["sub/a.txt"]
    assert case.apply("--undo", case.journal, report=False).exit_code == 0
    assert sorted(tree(out)) == ["b.txt", "sub", "sub/a.txt"]


def test_two_roots_with_the_same_names(tmp_path: Path) -> None:
    for name in ("one", "two", "three"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.txt").write_text(text("A"))
    case = Case(tmp_path, tmp_path / "report.json")
    roots = [tmp_path / name for name in ("one", "two", "three")]
    write_report(roots, case.report, [[str(root / "a.txt") for root in roots]])
    assert case.apply("--move-to", tmp_path / "out").exit_code == 0
    assert sorted(tree(tmp_path / "out")) == ["a-2.txt", "a.txt"]


@pytest.mark.parametrize("link", [True, False])
def test_folders_in_the_way_are_not_followed(case: Case, link: bool) -> None:
    out, elsewhere = case.base / "out", case.base / "elsewhere"
    elsewhere.mkdir()
    out.mkdir()
    if link:
        (out / "sub").symlink_to(elsewhere)
    else:
        (out / "sub").write_text("a file")
    outcome, reason = case.steps("--move-to", out)[id_of(case, "sub/a.txt")]
    assert (outcome, "is no folder" in reason) == ("refused", True)
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize(
    "where, told",
    [
        ("news", "lies in the scanned folder"),
        ("news/out", "lies in the scanned folder"),
        (".", "the scanned folder"),
        ("news/a.txt", "no folder"),
        ("missing/out", "create it first"),
        ("link-to-news", "lies in the scanned folder"),
    ],
)
def test_a_folder_that_would_be_read_again_is_refused(case: Case, where: str, told: str) -> None:
    (case.base / "link-to-news").symlink_to(case.news)
    before = tree(case.news)
    for more in ((), ("--dry-run",)):
        result = case.apply("--move-to", case.base / where, *more)
        assert result.exit_code == 1
        assert told in result.stderr
    assert tree(case.news) == before


def test_a_hidden_folder_among_the_articles_is_taken(case: Case) -> None:
    assert case.apply("--move-to", case.news / ".repeats").exit_code == 0
    assert (case.news / ".repeats/sub/a.txt").exists()


# --- reports --------------------------------------------------------------------------------------------------------


def test_json_lines_are_read_as_json(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text(rendering.as_json(handmade_report()))
    (tmp_path / "r.jsonl").write_text(rendering.as_jsonl(handmade_report()))
    assert load_report(tmp_path / "r.json") == load_report(tmp_path / "r.jsonl")
    assert len(load_report(tmp_path / "r.json").stories) == 2


def test_a_report_without_roots_needs_them_named(case: Case) -> None:
    case.edit(lambda report: report["settings"].pop("roots"))
    result = case.apply("--list")
    assert result.exit_code == 1
    assert "--root" in result.stderr
    assert len(case.apply("--list", "--root", case.news).stdout.splitlines()) == 2
    assert case.apply("--list", "--root", case.news / "sub").exit_code == 1


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("-", "read from standard input, so no file holds it"),
        ("", "made in memory, so no file holds it"),
        ("s3://bucket/a.txt", "on another file system, and files of this machine alone are acted on"),
    ],
)
def test_a_report_of_no_files_says_why_nothing_can_be_done(case: Case, path: str, reason: str) -> None:
    def in_no_file(report: dict[str, Any]) -> None:
        report["settings"]["roots"] = []
        for article in report["articles"]:
            article["path"] = path

    case.edit(lambda report: report["articles"][1].update(path=path))
    assert ("refused", reason) in case.steps("--list").values()
    case.edit(in_no_file)
    for more in ((), ("--root", case.news)):
        done = case.apply("--list", *more)
        assert done.exit_code == 1
        assert f"({reason}); save what was read to a file or a folder" in done.stderr


def test_a_file_that_is_no_journal_is_not_taken_for_one(case: Case) -> None:
    other = case.base / "other.txt"
    for content in ("", "hello\n", '{"a": 1}\n', case.report.read_text(encoding="utf-8")):
        other.write_text(content, encoding="utf-8")
        for more in ((), ("--dry-run",)):
            done = case.apply("--undo", other, *more, report=False)
            assert done.exit_code == 1
            assert (
                "no journal of dedup apply; name the report (dedup apply REPORT --undo) or the journal" in done.stderr
            )
            assert other.read_text(encoding="utf-8") == content, "nothing is added to it"
    other.write_text("hello\n", encoding="utf-8")
    assert (
        "no journal of dedup apply; name another with --journal"
        in case.apply("--delete", "--yes", "--journal", other).stderr
    )


def test_relative_paths_mean_what_they_meant_at_the_scan(
    case: Case, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(case.base)
    for given, prefix in (("news", "news/"), (".", "news/"), ("../" + case.base.name, f"../{case.base.name}/news/")):
        monkeypatch.chdir(case.base)
        write_report([given], case.report, [[f"{prefix}a.txt", f"{prefix}b.txt"]])
        monkeypatch.chdir("/")
        assert case.apply("--list").stdout.splitlines() == [str(case.news / "b.txt")], given


def test_root_limits_what_is_touched(case: Case) -> None:
    steps = case.steps("--list", "--root", case.news / "sub")
    assert steps[id_of(case, "b.txt")][0] == "refused"


# --- decisions ------------------------------------------------------------------------------------------------------


def test_decisions_come_before_the_report_and_the_rules(case: Case) -> None:
    (story,) = load_report(case.report).stories
    by_name = {Path(member.id).relative_to(case.news).as_posix(): member for member in story.members}
    a, b, copy = (by_name[name] for name in ("a.txt", "b.txt", "sub/a.txt"))
    file = case.base / "decisions.jsonl"

    def outcomes(*decisions: dict[str, object]) -> dict[str, str]:
        file.write_text("".join(f"{json.dumps(decision)}\n" for decision in decisions))
        steps = case.steps("--list", "--decisions", file, "--keep", "path:a.txt")
        return {id: outcome for id, (outcome, _) in steps.items()}

    def verdict(left: str, right: str, same: str = "different") -> dict[str, object]:
        return {"left": left, "right": right, "verdict": same}

    left, planned = "left", "planned"
    assert outcomes() == {b.id: planned, copy.id: planned}
    for one, other in ((a.id, b.id), (b.hash, a.hash), (copy.id, b.hash)):
        assert outcomes(verdict(one, other)) == {b.id: left, copy.id: planned}, "said of a text, whatever its copy"
        assert outcomes(verdict(one, other), verdict(a.hash, b.id, "same")) == {b.id: planned, copy.id: planned}
    assert outcomes(verdict(a.id, copy.id)) == {b.id: planned, copy.id: left}, "two copies, by their ids only"
    assert outcomes({"keep": b.hash}) == {a.id: planned, copy.id: planned}
    assert outcomes({"keep": b.id}, {"keep": copy.id, "story": [a.id, copy.id]}) == {a.id: planned, b.id: planned}
    assert outcomes({"keep": "elsewhere"}) == {b.id: planned, copy.id: planned}
    file.write_text("no decision\n")
    assert case.apply("--list", "--decisions", file).exit_code == 2


@pytest.mark.parametrize(
    ("score", "decided", "arguments", "outcome"),
    [
        (0.9, None, (), "planned"),
        (0.73, None, (), "left"),
        (0.73, True, (), "planned"),
        (0.73, None, ("--min-score", "0.7"), "planned"),
        (0.95, None, ("--min-score", "1"), "left"),
    ],
)
def test_only_sure_matches_are_acted_on(
    case: Case, score: float, decided: bool | None, arguments: tuple[str, ...], outcome: str
) -> None:
    def change(document: dict[str, Any]) -> None:
        for match in document["matches"]:
            match |= {"score": score} | ({"decided": decided} if decided else {})

    case.edit(change)
    steps = case.steps("--list", *arguments)
    b, copy = (str(case.news / name) for name in ("b.txt", "sub/a.txt"))
    assert steps[b][0] == outcome
    assert steps[copy][0] == "planned", "an exact copy is sure"
    if outcome == "left":
        assert steps[b][1].startswith(f"score below {arguments[1] if arguments else '0.9'}; it is {score:.2f}")


def test_an_accepted_pair_is_acted_on_however_unsure(case: Case) -> None:
    case.edit(lambda document: [match.update(score=0.6) for match in document["matches"]])
    a, b = (str(case.news / name) for name in ("a.txt", "b.txt"))
    assert case.steps("--list")[b][0] == "left"
    (case.base / "d.jsonl").write_text(json.dumps({"left": a, "right": b, "verdict": "same"}))
    assert case.steps("--list", "--decisions", case.base / "d.jsonl")[b][0] == "planned"


@pytest.mark.parametrize("score", [1.5, -0.1, "1", None, True])
def test_a_score_that_is_none_is_refused(case: Case, score: object) -> None:
    case.edit(lambda document: [match.update(score=score) for match in document["matches"]])
    result = case.apply("--list")
    assert result.exit_code == 1
    assert "score must be a number from 0 to 1" in result.stderr


# --- from a scan on -------------------------------------------------------------------------------------------------


def test_from_a_scan_to_a_move_and_back(tmp_path: Path, seeds: Path) -> None:
    case = Case(tmp_path, tmp_path / "report.json")
    (case.news / "wire").mkdir(parents=True)
    for seed in sorted(seeds.iterdir()):
        shutil.copy(seed, case.news)
    original = sorted(seeds.iterdir())[2]
    shutil.copy(original, case.news / "wire/copy.txt")
    edited = original.read_text(encoding="utf-8").replace(" and ", " as well as ")
    (case.news / "wire/edited.txt").write_text(edited, encoding="utf-8")
    before = tree(case.news)
    for form in ("json", "jsonl"):
        report = Case(tmp_path, tmp_path / f"report.{form}")
        scan = ["scan", str(case.news), "--keep", "path:wire/*", "--keep", "longest", "-o", str(report.report), "-q"]
        assert CliRunner().invoke(main, scan).exit_code == 0
        moved = report.apply("--move-to", tmp_path / "out")
        assert moved.exit_code == 0, moved.output
        assert moved.stderr.startswith(f"2 files moved to {tmp_path}/out; 1 left (translation: 1).")
        assert sorted(tree(tmp_path / "out")) == [original.name, "wire", "wire/copy.txt"]
        assert report.apply("--undo", report.journal, report=False).exit_code == 0
        assert tree(case.news) == before
        shutil.rmtree(tmp_path / "out")


def test_what_repeats_a_reference_goes_and_the_reference_stays(tmp_path: Path, seeds: Path) -> None:
    case = Case(tmp_path, tmp_path / "report.json")
    archive = tmp_path / "archive"
    shutil.copytree(seeds, archive)
    case.news.mkdir()
    for seed in sorted(seeds.iterdir())[2:4]:
        shutil.copy(seed, case.news / f"today-{seed.name}")
    scan = ["scan", str(case.news), "--against", str(archive), "-o", str(case.report), "-q"]
    assert CliRunner().invoke(main, scan).exit_code == 0
    before = tree(archive)
    result = case.apply("--move-to", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert (tree(case.news), tree(archive), len(tree(tmp_path / "out"))) == ({}, before, 2)


def test_where_nothing_goes_no_folder_is_made(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text("The ministers met on Monday and spoke of energy.", encoding="utf-8")
    report = tmp_path / "r.json"
    assert CliRunner().invoke(main, ["scan", str(tmp_path / "in"), "-o", str(report)]).exit_code == 0
    assert CliRunner().invoke(main, ["apply", str(report), "--move-to", str(tmp_path / "out")]).exit_code == 0
    assert not (tmp_path / "out").exists()
