"""A report edited to do harm does none: nothing outside the roots, no link or device, never the last copy."""

from __future__ import annotations

import json
import os
import socket
import tempfile
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dedup.actions.saved_report import load_report
from dedup.errors import ReadError
from saved_reports import Case, id_of, make_case, text, tree, write_report

ACTIONS = (("--move-to", "out"), ("--hardlink",), ("--delete", "--yes"))

FILES = {"a.txt": text("A"), "b.txt": text("A"), "c.txt": text("C"), "d.txt": text("C"), "sub/e.txt": text("E")}


@pytest.fixture
def case(tmp_path: Path) -> Case:
    """Two stories of two copies each, a lone article, and a secret beside the scanned folder."""
    case = make_case(tmp_path, FILES, [["a.txt", "b.txt"], ["c.txt", "d.txt"]])
    (tmp_path / "secret.txt").write_text(text("A"))
    return case


def act(case: Case, action: tuple[str, ...]) -> dict[str, tuple[str, str]]:
    """Steps of an action, whose folder lies beside the report."""
    return case.steps(*(case.base / part if part == "out" else part for part in action))


def put(case: Case, path: str) -> None:
    """Give the second article another path."""
    case.edit(lambda report: report["articles"][1].update(path=path))


@pytest.mark.parametrize("action", ACTIONS, ids=str)
@pytest.mark.parametrize(
    "path",
    [
        "{base}/secret.txt",
        "{news}/../secret.txt",
        "{news}/sub/../../secret.txt",
        "{news}/../news/b.txt",
        "../secret.txt",
        "secret.txt",
        "/etc/passwd",
        "/dev/null",
        "/dev/sda",
        "/proc/self/mem",
        "",
        "-",
        "s3://bucket/b.txt",
        "file:///etc/passwd",
        "{news}",
        "{news}/",
        "{news}/sub",
        "/",
        ".",
        "{news}/b.txt\0",
        "{news}/missing.txt",
        "{news}/b.txt/inside.txt",
        "{news}/" + "x" * 300,
        "{news}x/b.txt",
        "{news}/.hidden.txt",
        "{news}/.hidden/b.txt",
    ],
)
def test_paths_that_lead_elsewhere_are_refused(case: Case, path: str, action: tuple[str, ...]) -> None:
    (case.news / ".hidden").mkdir()
    for hidden in (".hidden.txt", ".hidden/b.txt"):
        (case.news / hidden).write_text(text("A"))
    put(case, path.format(base=case.base, news=case.news))
    before = tree(case.base)
    outcome, reason = act(case, action)[id_of(case, "b.txt")]
    assert (outcome, bool(reason)) in (("refused", True), ("left", True)), reason
    after = tree(case.base)
    assert {name: after.get(name) for name in before if name[:4] not in ("repo", "news")} == {
        name: content for name, content in before.items() if name[:4] not in ("repo", "news")
    }
    assert all(f"news/{name}" in after for name in (*FILES, ".hidden.txt", ".hidden/b.txt") if name != "d.txt")


@pytest.mark.parametrize("action", ACTIONS, ids=str)
@pytest.mark.parametrize(
    "kind", ["link", "link to a folder", "pipe", "socket", "device", "folder", "empty", "link to the kept file"]
)
def test_what_is_no_plain_file_is_refused(case: Case, kind: str, action: tuple[str, ...]) -> None:
    place = case.news / "b.txt"
    place.unlink()
    if kind == "link":
        place.symlink_to(case.base / "secret.txt")
    elif kind == "link to the kept file":
        place.symlink_to(case.news / "a.txt")
    elif kind == "link to a folder":
        place.symlink_to(case.news)
    elif kind == "pipe":
        os.mkfifo(place)
    elif kind == "socket":
        os.chdir(case.news)
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind("b.txt")
    elif kind == "device":
        try:
            os.mknod(place, 0o600 | 0o020000, os.makedev(1, 3))
        except PermissionError:
            pytest.skip("only root makes devices")
    elif kind == "folder":
        place.mkdir()
    else:
        place.touch()
    steps = act(case, action)
    assert steps[id_of(case, "b.txt")][0] == "refused"
    assert steps[id_of(case, "d.txt")][0] == "done"
    assert os.path.lexists(place)
    assert (case.base / "secret.txt").read_text() == text("A")


@pytest.mark.parametrize("action", ACTIONS, ids=str)
def test_no_link_on_the_way_is_followed(case: Case, action: tuple[str, ...]) -> None:
    elsewhere = case.base / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "b.txt").write_text(text("A"))
    (case.news / "linked").symlink_to(elsewhere)
    put(case, f"{case.news}/linked/b.txt")
    assert act(case, action)[id_of(case, "b.txt")] == (
        "refused",
        '"linked" in its path is a symbolic link, not followed',
    )
    assert (elsewhere / "b.txt").exists()


@pytest.mark.parametrize("action", ACTIONS, ids=str)
def test_a_root_that_was_replaced_by_a_link_is_not_followed(case: Case, action: tuple[str, ...]) -> None:
    case.news.rename(case.base / "moved")
    case.news.symlink_to(case.base / "moved")
    before = tree(case.base / "moved")
    assert {outcome for outcome, _ in act(case, action).values()} == {"refused"}
    assert tree(case.base / "moved") == before


@pytest.mark.parametrize("roots", [["/"], ["{base}"], ["{base}/secret.txt"], ["{news}", "{base}"], ["{news}x"]])
def test_root_holds_whatever_roots_a_report_was_edited_to_name(case: Case, roots: list[str]) -> None:
    put(case, f"{case.base}/secret.txt")
    named = [root.format(base=case.base, news=case.news) for root in roots]
    case.edit(lambda report: report["settings"].update(roots=[{"given": name, "resolved": name} for name in named]))
    steps = case.steps("--delete", "--yes", "--root", case.news)
    assert steps[id_of(case, "b.txt")][0] == "refused"
    assert (case.base / "secret.txt").exists()


@pytest.mark.parametrize("action", ACTIONS, ids=str)
def test_a_file_that_changed_is_refused(case: Case, action: tuple[str, ...]) -> None:
    (case.news / "b.txt").write_text(text("A") + "A correction.")
    steps = act(case, action)
    assert steps[id_of(case, "b.txt")] == ("refused", "changed since the scan, or read with other options then")
    assert steps[id_of(case, "d.txt")][0] == "done"
    assert (case.news / "b.txt").exists()


@pytest.mark.parametrize("change", ["changed", "gone", "link"])
@pytest.mark.parametrize("action", ACTIONS, ids=str)
def test_a_story_whose_kept_article_is_not_there_is_left(case: Case, action: tuple[str, ...], change: str) -> None:
    kept = case.news / "a.txt"
    kept.unlink()
    if change == "changed":
        kept.write_text(text("Z"))
    elif change == "link":
        kept.symlink_to("b.txt")
    steps = act(case, action)
    assert steps[id_of(case, "b.txt")][0] == "refused"
    assert "its kept article" in steps[id_of(case, "b.txt")][1]
    assert steps[id_of(case, "d.txt")][0] == "done"
    assert (case.news / "b.txt").read_text() == text("A")


# --- never the last copy --------------------------------------------------------------------------------------------


def contents(case: Case) -> set[bytes]:
    return {content for name, content in tree(case.base).items() if isinstance(content, bytes) and name[-4:] == ".txt"}


def same_path(report: dict[str, Any]) -> None:
    report["articles"][1]["path"] = report["articles"][0]["path"]


def other_spelling(report: dict[str, Any]) -> None:
    report["articles"][1]["path"] = report["articles"][0]["path"].replace("/a.txt", "/./sub/../a.txt")


def doubled_slash(report: dict[str, Any]) -> None:
    report["articles"][1]["path"] = report["articles"][0]["path"].replace("/a.txt", "//.//a.txt")


def kept_elsewhere(report: dict[str, Any]) -> None:
    """Each story's kept article is the file that the other one lets go."""
    a, b, c, d, *_ = report["articles"]
    for article in (c, d):
        article["hash"] = a["hash"]
    c["path"], d["path"] = b["path"], a["path"]


def all_in_one(report: dict[str, Any]) -> None:
    """All articles one story of exact copies."""
    report["clusters"][0]["members"] = [article["id"] for article in report["articles"]]
    del report["clusters"][1:]
    report["matches"] = [
        {**report["matches"][0], "left": a["id"], "right": b["id"], "kind": "exact"}
        for a in report["articles"]
        for b in report["articles"]
    ]


@pytest.mark.parametrize("action", ACTIONS, ids=str)
@pytest.mark.parametrize("change", [same_path, other_spelling, doubled_slash, kept_elsewhere, all_in_one])
def test_no_edit_takes_the_last_copy(
    case: Case, change: Callable[[dict[str, Any]], None], action: tuple[str, ...]
) -> None:
    before = contents(case)
    case.edit(change)
    act(case, action)
    in_news = {content for name, content in tree(case.news).items() if isinstance(content, bytes)}
    assert in_news == before, "of every text a copy stays where it was"


@pytest.mark.parametrize(
    "change, told",
    [
        (lambda r: r["clusters"][0].update(representative=""), "must not be empty"),
        (lambda r: r["clusters"][0].update(representative="nobody"), "is none of its members"),
        (lambda r: r["clusters"][0].update(representative=r["articles"][2]["id"]), "is none of its members"),
        (lambda r: r["clusters"][0].update(members=[]), "must be a list of ids"),
        (lambda r: r["clusters"][0].update(members="all"), "must be a list of ids"),
        (lambda r: r["clusters"][0]["members"].append("nobody"), "is no article of this report"),
        (lambda r: r["clusters"][0]["members"].append(r["articles"][2]["id"]), "is in clusters[0] too"),
        (lambda r: r["clusters"][0]["members"].append(r["articles"][0]["id"]), "is in clusters[0] too"),
        (lambda r: r["clusters"].append(r["clusters"][0]), "is in clusters[0] too"),
        (lambda r: r["articles"].append(r["articles"][0]), "a second article with the id"),
        (lambda r: r["articles"][0].update(hash="0" * 31), "32 hexadecimal digits"),
        (lambda r: r["articles"][0].update(path=None), "articles[0].path must be a text, got None"),
        (lambda r: r["articles"][0].update(id=""), "must not be empty"),
        (lambda r: r["articles"][0].update(words=True), "whole number"),
        (lambda r: r.update(articles={}), "articles must be a list"),
        (lambda r: r.update(matches=None), "matches must be a list"),
        (lambda r: r["matches"].insert(0, 7), "matches[0] must be an object"),
        (lambda r: r["matches"][0].update(kind="equal"), "must be one of exact, near"),
        (lambda r: r.update(schema=2), "schema is 2"),
        (lambda r: r["settings"].update(roots="/"), "roots must be a list"),
        (lambda r: r["settings"].update(roots=[{"given": "news", "resolved": "news"}]), "must be an absolute path"),
        (lambda r: r["settings"].update(roots=[{"given": "news", "resolved": "/tmp/.."}]), "must be an absolute path"),
        (
            lambda r: r["settings"]["roots"][0].update(resolved=r["settings"]["roots"][0]["resolved"] + "/.."),
            "without ..",
        ),
    ],
)
def test_a_report_that_contradicts_itself_is_refused_whole(
    case: Case, change: Callable[[dict[str, Any]], None], told: str
) -> None:
    case.edit(change)
    before = tree(case.base)
    result = case.apply("--delete", "--yes")
    assert result.exit_code == 1
    assert told in result.stderr, result.stderr
    assert str(case.report) in result.stderr
    assert tree(case.base) == before


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b"7", b"[" * 100_000, b"\xff\xfe\x00", b"<html>", b'{"schema": 1']
)
def test_what_is_no_report_is_refused(case: Case, content: bytes) -> None:
    case.report.write_bytes(content)
    result = case.apply("--list")
    assert result.exit_code == 1
    assert "dedup scan --format json" in result.stderr


def test_reports_that_cannot_be_read(case: Case) -> None:
    for wrong in (case.base / "missing.json", case.base):
        with pytest.raises(ReadError, match="cannot read"):
            load_report(wrong)


def test_a_member_left_alone_by_an_edit_is_no_repeat(case: Case) -> None:
    case.edit(lambda report: report["clusters"][0].update(members=[report["articles"][0]["id"]]))
    assert list(act(case, ("--delete", "--yes"))) == [id_of(case, "d.txt")]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_value_anywhere_ends_in_a_message(case: Case, data: st.DataObject) -> None:
    document = json.loads(case.report.read_text())
    place: Any = document
    path = []
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        path.append(key)
        if isinstance(place[key], (dict, list)) and place[key] and data.draw(st.booleans()):
            place = place[key]
        else:
            break
    place[key] = data.draw(JSON)
    edited = case.base / "edited.json"
    edited.write_text(json.dumps(document))
    result = Case(case.base, edited).apply("--list")
    assert result.exit_code in (0, 1), (path, result.output, result.exception)
    assert result.exception is None or isinstance(result.exception, SystemExit), path


NAMES = ("a.txt", "b.txt", "c.txt", "sub/d.txt", "sub/e.txt", "f.txt")

SPELLINGS = tuple(f"{{news}}{way}/{{name}}" for way in ("", "/.", "/", "/sub/..", "/link", "x"))


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_of_every_text_a_copy_stays_whatever_is_edited(data: st.DataObject) -> None:
    """Articles, copies, hard links and links, with a report whose paths, hashes, stories and choices are shuffled."""
    with tempfile.TemporaryDirectory() as folder:
        texts = {name: text(data.draw(st.sampled_from("AB"))) for name in NAMES}
        case = make_case(Path(folder), texts, [])
        for name in data.draw(st.sets(st.sampled_from(NAMES[1:]), max_size=2)):
            (case.news / name).unlink()
            other = case.news / data.draw(st.sampled_from([other for other in NAMES if other != name]))
            if other.exists():
                (os.link if data.draw(st.booleans()) else os.symlink)(other, case.news / name)
        (case.news / "link").symlink_to(case.news)
        write_report([case.news], case.report)
        document = json.loads(case.report.read_text())
        ids = [article["id"] for article in document["articles"]]
        hashes = [article["hash"] for article in document["articles"]]
        for article in document["articles"]:
            if data.draw(st.booleans()):
                name, spelling = data.draw(st.sampled_from(NAMES)), data.draw(st.sampled_from(SPELLINGS))
                article["path"] = spelling.format(news=case.news, name=name)
                article["hash"] = data.draw(st.sampled_from(hashes))
        order = data.draw(st.permutations(ids))
        at = data.draw(st.integers(1, len(ids)))
        document["clusters"] = [
            {"id": f"{number}", "members": members, "representative": data.draw(st.sampled_from(members))}
            for number, members in enumerate((order[:at], order[at:]))
            if members
        ]
        case.report.write_text(json.dumps(document))
        before = tree(case.news)
        action = data.draw(st.sampled_from(ACTIONS))
        for _ in range(data.draw(st.integers(1, 2))):
            act(case, action)
        after = tree(case.news)
        assert {content for content in after.values() if isinstance(content, bytes)} == {
            content for content in before.values() if isinstance(content, bytes)
        }
        assert {name for name in before if (case.news / name).is_symlink()} <= set(after)
        if action[0] == "--move-to":
            assert case.apply("--undo", case.journal, report=False).exit_code == 0
            assert tree(case.news) == before


# --- names ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ACTIONS, ids=str)
def test_hard_links_are_never_two_copies(case: Case, action: tuple[str, ...]) -> None:
    (case.news / "b.txt").unlink()
    os.link(case.news / "a.txt", case.news / "b.txt")
    outcome, reason = act(case, action)[id_of(case, "b.txt")]
    assert (outcome, "hard link" in reason) == ("done" if action == ("--hardlink",) else "left", True)
    assert os.path.samefile(case.news / "a.txt", case.news / "b.txt")


@pytest.mark.parametrize(
    "name",
    [
        "new\nline.txt",
        " spaces  .txt",
        "tab\t.txt",
        "\x1b[31mred.txt",
        "-rf.txt",
        "*.txt",
        "ﬁ.txt",
        "\u202egnp.txt",
        "\\xff.txt",
    ],
)
def test_odd_names_go_and_come_back(tmp_path: Path, name: str) -> None:
    case = make_case(tmp_path, {"a.txt": text("A"), name: text("A")}, [["a.txt", name]])
    before = tree(case.news)
    told = case.apply("--move-to", tmp_path / "out", "-n").stdout
    done = case.apply("--move-to", tmp_path / "out")
    assert (done.exit_code, done.stdout) == (0, told)
    assert "\x1b" not in told
    assert "\u202e" not in told
    assert len(told.splitlines()) == 2
    assert os.listdir(tmp_path / "out") == [name]
    assert case.apply("--undo", case.journal, report=False).exit_code == 0
    assert tree(case.news) == before


def test_names_that_are_no_text_go_and_come_back(tmp_path: Path) -> None:
    case = make_case(tmp_path, {"a.txt": text("A")}, [])
    raw = os.fsencode(case.news) + b"/caf\xe9.txt"
    with open(raw, "wb") as file:
        file.write(text("A").encode())
    own = id_of(case, "caf\\xe9.txt")
    write_report([case.news], case.report, [[id_of(case, "a.txt"), own]])
    assert case.steps("--move-to", tmp_path / "out") == {own: ("done", "")}
    assert os.listdir(os.fsencode(tmp_path / "out")) == [b"caf\xe9.txt"]
    assert case.apply("--undo", case.journal, report=False).exit_code == 0
    assert os.path.exists(raw)
    (case.news / "caf\\xe9.txt").write_text(text("A"))
    outcome, reason = case.steps("--move-to", tmp_path / "out")[own]
    assert (outcome, reason.startswith("two files go by this path")) == ("refused", True)


def test_a_root_whose_name_is_no_text(tmp_path: Path) -> None:
    root = os.fsdecode(os.fsencode(tmp_path) + b"/n\xe9ws")
    os.mkdir(root)
    for name in ("a.txt", "b.txt"):
        Path(root, name).write_text(text("A"))
    case = Case(tmp_path, tmp_path / "report.json")
    shown = str(tmp_path / "n\\xe9ws")
    write_report([root], case.report, [[f"{shown}/a.txt", f"{shown}/b.txt"]])
    assert case.steps("--move-to", tmp_path / "out") == {f"{shown}/b.txt": ("done", "")}
    assert case.apply("--undo", case.journal, report=False).exit_code == 0
    assert sorted(os.listdir(root)) == ["a.txt", "b.txt"]


def test_names_that_differ_in_their_unicode_form_are_two_files(tmp_path: Path) -> None:
    composed, decomposed = (unicodedata.normalize(form, "caf\u00e9.txt") for form in ("NFC", "NFD"))
    case = make_case(tmp_path, {composed: text("A"), decomposed: text("A"), "a.txt": text("A")}, [])
    if len(os.listdir(case.news)) < 3:
        pytest.skip("this file system takes the two for one")
    write_report([case.news], case.report, [[id_of(case, name) for name in ("a.txt", composed, decomposed)]])
    assert set(case.steps("--move-to", tmp_path / "out").values()) == {("done", "")}
    names = sorted(os.listdir(tmp_path / "out"))
    assert len(names) == 2
    assert names != sorted((composed, decomposed)), "the second gets a number, for file systems that take them for one"
    case.edit(lambda report: [a.update(path=a["path"].replace(composed, "gone.txt")) for a in report["articles"]])
    assert case.apply("--undo", case.journal, report=False).exit_code == 0
    assert len(os.listdir(case.news)) == 3
