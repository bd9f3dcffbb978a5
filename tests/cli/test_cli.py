from __future__ import annotations

import gzip
import json
import logging
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import chain
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from click.testing import CliRunner, Result

from dedup import find_duplicates, read_folder, report
from dedup.cli import main
from dedup.cli.kinds import KINDS_IN_WORDS
from dedup.datatypes import (
    Article,
    Cluster,
    Comparison,
    Evidence,
    Language,
    Level,
    Match,
    MatchKind,
    Report,
    Root,
    Settings,
    Skipped,
    WeakestPair,
)
from dedup.errors import ModelError
from dedup.language.text import content_hash
from dedup.report.wording import KIND_WORDS
from samples import lines

ROOT = Path(__file__).parents[2]
Run = Callable[..., Result]
stages = pytest.mark.usefixtures("simple_stages")


def find_same_text(
    articles: Iterable[Article | Skipped],
    *,
    settings: Settings,
    evidence: bool = True,
    jobs: int,
    progress: Any,
    decisions: Any = None,
) -> Report:
    """Stands in for the pipeline: articles with the same text are duplicates."""
    if settings.model == "absent":
        raise ModelError("no model 'absent' here; use bundled, a directory or a model's name")
    if settings.model == "interrupted":
        raise KeyboardInterrupt
    items = list(articles)
    read = tuple(item for item in items if isinstance(item, Article))
    logging.getLogger("dedup.pipeline").info("%d articles", len(read))
    logging.getLogger("dedup.pipeline").debug("by text, %d jobs", jobs)
    groups: dict[str, list[int]] = defaultdict(list)
    for position, article in enumerate(read):
        progress("read", position + 1, 0)
        groups[content_hash(article.text)].append(position)
    found = [group for group in groups.values() if len(group) > 1]
    pairs = [(group[0], other) for group in found for other in group[1:]]
    return Report(
        read,
        tuple(Language("en", 0.99) for _ in read),
        tuple(Match(left, right, 1.0, 1.0, MatchKind.EXACT, Evidence((1.0, 1.0))) for left, right in pairs),
        tuple(Cluster(tuple(g), g[0], MatchKind.EXACT, WeakestPair(g[0], g[1], 1.0, 1.0)) for g in found),
        tuple(item for item in items if isinstance(item, Skipped)),
        settings,
        "toy@toy-1",
        0.5 if settings.threshold is None else settings.threshold,
    )


def compare_texts(left: Article, right: Article, *, settings: Settings) -> Comparison:
    same = content_hash(left.text) == content_hash(right.text)
    match = Match(0, 1, float(same), float(same), MatchKind.EXACT, Evidence((float(same), float(same))))
    return Comparison(left, right, (Language("en", 1.0), Language("en", 1.0)), match, same, 0.5)


@pytest.fixture
def simple_stages(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line with a pipeline that needs no model."""
    pipeline = ModuleType("dedup.pipeline")
    vars(pipeline).update(find_duplicates=find_same_text, compare_articles=compare_texts)
    monkeypatch.setitem(sys.modules, "dedup.pipeline", pipeline)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two copies, one other article, one empty file."""
    articles = tmp_path / "articles"
    articles.mkdir()
    (articles / "a.txt").write_text("The ministers met on Monday and spoke of energy.", encoding="utf-8")
    (articles / "b.txt").write_text("THE MINISTERS met on Monday  and spoke of energy.", encoding="utf-8")
    (articles / "c.txt").write_text("Something else entirely happened in the harbour.", encoding="utf-8")
    (articles / "empty.txt").write_bytes(b"")
    return articles


@pytest.fixture
def run() -> Run:
    def invoke(*arguments: object) -> Result:
        return CliRunner().invoke(main, [str(argument) for argument in arguments], prog_name="dedup")

    return invoke


# --- scan -----------------------------------------------------------------------------------------------------------


@stages
def test_scan_prints_the_report_for_eyes(run: Run, folder: Path) -> None:
    result = run("scan", folder)
    assert result.exit_code == 0
    assert result.stdout.startswith("1. Exact copy, almost certain (1.00): 2 articles in en\n")
    assert "1 story told more than once; 1 of 3 articles (33%) repeats another." in result.stdout
    assert "Read 3 of 4 seen, 1 skipped" in result.stdout
    assert result.stderr == ""


@stages
@pytest.mark.parametrize("form", ["json", "jsonl", "csv", "html"])
def test_scan_keeps_data_and_talk_apart(run: Run, folder: Path, form: str) -> None:
    result = run("scan", folder, "--format", form)
    assert result.exit_code == 0, result.output
    assert "a.txt" in result.stdout
    told = "1 story told more than once; 1 of 3 articles (33%) repeats another."
    assert result.stderr == f"{told}\n1 of 4 seen skipped; the report says why.\n"
    assert run("scan", folder, "--format", form, "-q").stderr == ""
    assert run("scan", folder, "--format", form).stdout == result.stdout, "same input, same bytes"


@stages
def test_scan_json_counts_everything_seen(run: Run, folder: Path) -> None:
    report = json.loads(run("scan", folder, "-f", "json").stdout)
    assert report["counts"] == {"seen": 4, "read": 3, "skipped": 1, "clusters": 1, "duplicates": 1}
    assert [skipped["path"].rsplit("/")[-1] for skipped in report["skipped"]] == ["empty.txt"]


@stages
@pytest.mark.parametrize(
    ("names", "options", "code"),
    [
        (("a.txt", "b.txt"), ("--check",), 3),
        (("a.txt", "c.txt"), ("--check",), 0),
        (("a.txt", "b.txt"), (), 0),
        (("a.txt", "c.txt"), (), 0),
        (("empty.txt",), ("--check",), 4),
        (("empty.txt",), (), 0),
    ],
    ids=["found", "none", "found, unchecked", "none, unchecked", "nothing read", "nothing read, unchecked"],
)
def test_scan_exit_codes(run: Run, folder: Path, names: tuple[str, ...], options: tuple[str, ...], code: int) -> None:
    assert run("scan", *(folder / name for name in names), *options).exit_code == code


@stages
@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("--threshold", "85"), 2, "threshold must lie in (0, 1], got 85; a percentage? try 0.85"),
        (("--threshold", "0"), 2, "threshold must lie in (0, 1], got 0: it would join whatever is compared"),
        (("--threshold", "x"), 2, "give a number, got 'x'; such as 0.8, or leave it out for the model's own"),
        (("--threshold", "nan"), 2, "got nan"),
        (("--max-bytes", "0"), 2, "'0' is no size; give at least 1 byte"),
        (("--glob", ""), 2, "glob must not be empty"),
        (("--exclude", ""), 2, "exclude must not be empty"),
        (("--pairs", "mixed"), 2, "'mixed' is not one of 'all', 'cross-language', 'same-language'"),
        (("--within", "7x"), 2, "within must be a span of time such as 36h, 7d or 2w, or a number of days, got '7x'"),
        (("--since", "May"), 2, "since must be a date such as 2024-05-31, got 'May'"),
        (("--kinds", "copy"), 2, "kinds must be exact, near, translation, excerpt, same-story, got 'copy'"),
        (("--min-size", "1"), 2, "give a whole number of at least 2, got '1'"),
        (("--against", "nowhere"), 1, "nowhere: no such file or folder"),
        (("--files-from", "nowhere"), 1, "cannot read the list of paths nowhere: No such file or directory"),
        (("--format", "yaml"), 2, "'yaml' is not one of"),
        (("--level", "event"), 2, "'event' is not one of"),
        (("--format", "parquet"), 2, "needs a folder: -o FOLDER"),
        (("--nonsense",), 2, "No such option"),
        (("--model", "absent"), 1, "no model 'absent' here"),
        (("-o", "no/such/folder/r.json"), 1, "there is no folder"),
        (("-o", "r.xlsx"), 2, "cannot write .xlsx; name a file that ends in .txt, .text, .json, "),
        (("-o", "."), 1, "it is a folder; name a file in it"),
        (("--model", "interrupted"), 130, "interrupted"),
    ],
)
def test_scan_refuses_with_value_range_and_next_step(
    run: Run, folder: Path, options: tuple[str, ...], code: int, message: str
) -> None:
    result = run("scan", folder, *options)
    assert result.exit_code == code
    assert message in result.stderr
    assert "Traceback" not in result.output
    assert result.stdout == ""


@pytest.mark.parametrize("arguments", [("scan",), ("compare", "a"), ("nonsense",), ("train", "corpus")])
def test_wrong_usage_exits_with_2(run: Run, arguments: tuple[str, ...]) -> None:
    assert run(*arguments).exit_code == 2


@stages
def test_scan_of_nothing_there_is_an_error(run: Run, tmp_path: Path) -> None:
    result = run("scan", tmp_path / "absent")
    assert result.exit_code == 1
    assert "absent" in result.stderr
    assert "Traceback" not in result.stderr


@stages
def test_an_output_file_is_written_whole_or_not_at_all(run: Run, folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "report.json"
    target.write_text("yesterday's", encoding="utf-8")
    assert run("scan", folder, "-f", "json", "-o", target, "--force", "--model", "absent").exit_code == 1
    assert target.read_text(encoding="utf-8") == "yesterday's"
    result = run("scan", folder, "-f", "json", "-o", target, "--force")
    assert (result.exit_code, result.stdout) == (0, "")
    assert json.loads(target.read_text(encoding="utf-8"))["counts"]["duplicates"] == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["articles", "report.json"]


@stages
def test_parquet_goes_into_a_folder(run: Run, folder: Path, tmp_path: Path) -> None:
    pq = pytest.importorskip("pyarrow.parquet", reason="needs the extra dedup[parquet]")
    assert run("scan", folder, "-f", "parquet", "-o", tmp_path / "tables").exit_code == 0
    assert {path.name: pq.read_table(path).num_rows for path in (tmp_path / "tables").iterdir()} == {
        "articles.parquet": 3,
        "matches.parquet": 1,
        "skipped.parquet": 1,
    }


@stages
def test_reading_options_reach_the_readers(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"key": "k1", "words": "One two three."}\n', encoding="utf-8")
    (tmp_path / "b.txt").write_text("One two three.", encoding="utf-8")
    options = ("--text-field", "words", "--id-field", "key", "--glob", "*.jsonl", "--max-bytes", "1000")
    report = json.loads(run("scan", tmp_path, "-f", "json", *options).stdout)
    assert [article["id"] for article in report["articles"]] == ["k1"]


@stages
def test_a_limit_names_the_option_that_raises_it(run: Run, tmp_path: Path) -> None:
    rows = lines({"text": "One two three.", "more": "x" * 30_000})
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(rows.encode() * 200))
    (tmp_path / "b.jsonl").write_text("{}\n" * 20 + '{"text": "Four five six."}\n', encoding="utf-8")
    (tmp_path / "c.txt").write_text("Seven. " * 6000, encoding="utf-8")
    low = {"--max-bytes": "40000", "--max-ratio": "2", "--max-barren": "20"}
    report = json.loads(run("scan", tmp_path, "-f", "json", *chain.from_iterable(low.items())).stdout)
    reasons = [skipped["reason"] for skipped in report["skipped"] if skipped["line"] is None]
    assert [next(option for option in low if option in reason) for reason in reasons] == list(low)[1:] + list(low)[:1]
    high = {"--max-bytes": "40k", "--max-ratio": "2000", "--max-barren": "21"}
    report = json.loads(run("scan", tmp_path, "-f", "json", *chain.from_iterable(high.items())).stdout)
    assert not [skipped for skipped in report["skipped"] if skipped["line"] is None and "c.txt" not in skipped["path"]]


@stages
@pytest.mark.parametrize("end", ["\n", "\r\n", "\0"], ids=["lines", "Windows lines", "NUL"])
@pytest.mark.parametrize("by_stdin", [False, True], ids=["file", "stdin"])
def test_paths_may_come_from_a_list(tmp_path: Path, end: str, by_stdin: bool) -> None:
    names = [tmp_path / name for name in ("a b.txt", "ü.txt", "c.txt")]
    for name in names:
        name.write_text(f"Text of {name.name}.", encoding="utf-8")
    listed = end.join([*map(str, names[:2]), ""]).encode()
    (tmp_path / "list").write_bytes(listed)
    arguments = ["scan", "-f", "json", "--files-from", "-" if by_stdin else str(tmp_path / "list")]
    found = CliRunner().invoke(main, arguments, input=listed if by_stdin else None)
    assert [article["path"] for article in json.loads(found.stdout)["articles"]] == list(map(str, names[:2]))
    both = CliRunner().invoke(main, [*arguments, str(names[2])], input=listed if by_stdin else None)
    assert len(json.loads(both.stdout)["articles"]) == 3


@stages
def test_an_empty_list_of_paths_is_an_error(run: Run, tmp_path: Path) -> None:
    (tmp_path / "list").write_bytes(b"\n\n")
    found = run("scan", "--files-from", tmp_path / "list")
    assert (found.exit_code, "lists no path" in found.stderr) == (2, True)
    assert "cannot be both" in run("scan", "-", "--files-from", "-").stderr
    assert "Missing argument 'PATH...'" in run("scan").stderr


@stages
def test_selecting_options_reach_the_pipeline(run: Run, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "one.txt").write_text("An old text.", encoding="utf-8")
    options = (
        *("--pairs", "cross-language", "--languages", "id,en", "--languages", "de", "--within", "2w"),
        *("--since", "2024-05-01", "--kinds", "near,exact", "--min-size", "3", "--against", tmp_path / "old"),
    )
    report = json.loads(run("scan", folder, "-f", "json", *options).stdout)
    assert report["settings"]["selection"] == {
        "pairs": "cross-language",
        "languages": ["id", "en", "de"],
        "within": 14.0,
        "against": True,
        "since": "2024-05-01",
        "kinds": ["exact", "near"],
        "min_size": 3,
    }
    assert [article.get("reference", False) for article in report["articles"]][:2] == [True, False]
    inside = run("scan", folder, *options, "-o", tmp_path / "old" / "report.txt")
    assert "it lies in" in inside.stderr


@stages
def test_deciding_options_reach_the_pipeline(run: Run, folder: Path) -> None:
    options = ("--threshold", "0.25", "--level", "story", "--model", "mine")
    report = json.loads(run("scan", folder, "-f", "json", *options).stdout)
    assert report["settings"]["threshold"] == 0.25
    assert (report["settings"]["level"], report["settings"]["model"]) == ("story", "mine")


@stages
def test_colours_and_progress_need_a_terminal(run: Run, folder: Path) -> None:
    assert "\x1b" not in run("scan", folder, "-v").output


@stages
@pytest.mark.parametrize(
    ("options", "told"),
    [((), ""), (("-v",), "info: 3 articles\n"), (("-vv", "-j3"), "info: 3 articles\ndebug: by text, 3 jobs\n")],
    ids=["by default", "-v", "-vv"],
)
def test_what_is_going_on_is_told_on_demand(run: Run, folder: Path, options: tuple[str, ...], told: str) -> None:
    assert run("scan", folder, *options).stderr == told


@stages
@pytest.mark.parametrize(("no_colour", "coloured"), [("", True), ("1", False)], ids=["unset", "set"])
def test_no_color_is_honoured(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch, no_colour: str, coloured: bool
) -> None:
    monkeypatch.setattr("dedup.cli.output._on_terminal", lambda stream: True)
    monkeypatch.setenv("NO_COLOR", no_colour)
    monkeypatch.setenv("TERM", "xterm")
    # the runner is no terminal, so that click would strip what the report painted
    result = CliRunner().invoke(main, ["scan", str(folder), "--no-progress"], color=True)
    assert ("\x1b[1" in result.stdout) is coloured


# --- compare, evaluate, schema ----------------------------------------------------------------------------------------


@stages
def test_compare_says_whether_two_are_one(run: Run, folder: Path) -> None:
    same = run("compare", folder / "a.txt", folder / "b.txt", "--check")
    other = run("compare", folder / "a.txt", folder / "c.txt", "--check")
    assert (same.exit_code, other.exit_code) == (3, 0)
    assert same.stdout.startswith("Same article: exact copy")
    assert other.stdout.startswith("Not the same article")
    assert json.loads(run("compare", folder / "a.txt", folder / "b.txt", "-f", "json").stdout)["is_match"] is True


@stages
def test_compare_takes_one_article_a_side(run: Run, folder: Path) -> None:
    many, none = run("compare", folder, folder / "a.txt"), run("compare", folder / "empty.txt", folder / "a.txt")
    assert (many.exit_code, none.exit_code) == (1, 1)
    assert "holds 3 articles; name one, as in " in many.stderr
    assert "empty.txt: empty file" in none.stderr


@stages
@pytest.mark.parametrize(
    ("left", "right", "code"),
    [
        ("n.jsonl#x", "n.jsonl#y", 3),
        ("n.jsonl#x", "n.jsonl#3", 0),
        ("n.jsonl#x", "n.jsonl#z", 1),
        ("a#b.txt", "n.jsonl#x", 3),
    ],
    ids=["by id", "by number", "unknown id", "# in the name of a file"],
)
def test_compare_finds_records_by_id(run: Run, tmp_path: Path, left: str, right: str, code: int) -> None:
    rows = ({"id": "x", "text": "One two three."}, {"id": "y", "text": "ONE two three."}, {"text": "Other words."})
    (tmp_path / "n.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    (tmp_path / "a#b.txt").write_text("One two three.", encoding="utf-8")
    done = run("compare", tmp_path / left, tmp_path / right, "--check")
    assert done.exit_code == code
    if code == 1:
        assert "n.jsonl#z: no such article; the ids are x, y, " in done.stderr


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    """Three gold articles: a and b are one story with the same text, c is another."""
    rows = [
        {"id": "a", "story": "s1", "lang": "en", "text": "One two three."},
        {"id": "b", "story": "s1", "lang": "id", "text": "one two three."},
        {"id": "c", "story": "s2", "lang": "en", "text": "Four."},
    ]
    path = tmp_path / "gold.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@stages
def test_evaluate_scans_the_gold_itself_or_takes_a_report(run: Run, gold: Path, tmp_path: Path) -> None:
    scanned = json.loads(run("evaluate", gold, "-f", "json").stdout)
    assert (scanned["scores"]["all"]["f1"], scanned["unclustered"]) == (1.0, 1)
    predictions = tmp_path / "predictions.jsonl"
    predictions.write_text('{"id": "b", "cluster": 1}\n{"id": "c", "cluster": 1}\n', encoding="utf-8")
    assert json.loads(run("evaluate", gold, predictions, "-f", "json").stdout)["scores"]["all"]["f1"] == 0.0
    table = run("evaluate", gold, predictions).stdout.splitlines()
    assert table[0] == "3 articles of 2 stories in 2 languages; 2 clusters"
    assert [line.split()[0] for line in table[4:]] == ["all", "cross-lingual", "same-language"]


@stages
def test_evaluate_scans_no_gold_without_texts(run: Run, gold: Path) -> None:
    bare = "".join(f"{json.dumps(json.loads(line) | {'text': ''})}\n" for line in gold.read_text().splitlines())
    gold.write_text(bare, encoding="utf-8")
    done = run("evaluate", gold)
    assert (done.exit_code, done.stdout) == (1, "")
    assert "3 of 3 articles have no text to scan, the first is 'a'; add it, or name a report" in done.stderr


@stages
def test_evaluate_scores_labelled_pairs(run: Run, gold: Path, tmp_path: Path) -> None:
    pairs = tmp_path / "pairs.jsonl"
    pairs.write_text('{"a": "a", "b": "b", "label": 1}\n{"a": "a", "b": "c", "label": 0}\n', encoding="utf-8")
    result = json.loads(run("evaluate", gold, "--pairs", pairs, "-f", "json").stdout)
    assert result["labelled_pairs"]["all"]["accuracy"] == 1.0


def test_schema_is_printed_whole(run: Run) -> None:
    assert json.loads(run("schema").stdout)["title"] == "dedup report, schema 1"


# --- help -------------------------------------------------------------------------------------------------------------


def test_help_names_every_kind_in_the_words_of_reports() -> None:
    for kind in MatchKind:
        words = KIND_WORDS[kind].lower()
        assert f"{kind.value} ({words})" in KINDS_IN_WORDS or (kind.value in KINDS_IN_WORDS and kind.value in words)


def test_help_cuts_no_command_short(run: Run) -> None:
    assert "..." not in run("--help").stdout.partition("Commands:")[2]


def test_help_teaches_by_example(run: Run) -> None:
    shown = run("--help").stdout
    assert "dedup scan articles/ " in shown
    assert "Exit codes: 0 finished" in shown


@pytest.mark.parametrize("command", sorted(main.commands))
def test_every_command_and_option_explains_itself(run: Run, command: str) -> None:
    assert run(command, "--help").exit_code == 0
    assert main.commands[command].get_short_help_str(limit=60).endswith((".", "report"))
    options = [option for option in main.commands[command].params if option.param_type_name == "option"]
    assert all(getattr(option, "help", None) for option in options)


def test_version_is_printed(run: Run) -> None:
    assert run("--version").stdout.startswith("dedup, version ")


# --- a real process ---------------------------------------------------------------------------------------------------


def dedup(*arguments: object, **options: Any) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "dedup", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, timeout=120, check=False, env=environment, **{"cwd": ROOT, **options}
    )


def test_python_m_dedup_is_the_same_command() -> None:
    done = dedup("--version")
    assert done.stdout.startswith(b"dedup, version ")


@pytest.mark.parametrize("form", ["json", "jsonl", "csv"])
def test_no_text_leaves_out_what_the_report_of_the_library_does(form: str, seeds: Path) -> None:
    whole = find_duplicates(read_folder(seeds), settings=Settings(roots=(Root(str(seeds), str(seeds)),)))
    done = dedup("scan", str(seeds), "-f", form, "--no-text")
    assert done.stdout.decode() == getattr(report, f"as_{form}")(whole, with_text=False)


def test_scanning_the_seeds_finds_the_one_story_told_twice() -> None:
    done = dedup("scan", "seeds", "-f", "json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    (cluster,) = report["clusters"]
    assert cluster["members"] == ["seeds/000_567189f2596d5bef.txt", "seeds/001_c5fce8af078adf06.txt"]
    assert (cluster["kind"], cluster["languages"]) == ("translation", ["en", "id"])
    assert report["counts"] == {"seen": 5, "read": 5, "skipped": 0, "clusters": 1, "duplicates": 1}
    assert dedup("scan", "seeds", "-f", "json").stdout == done.stdout, "same input, same bytes"


def test_comparing_the_two_tellings_shows_facing_sentences() -> None:
    done = dedup("compare", "seeds/000_567189f2596d5bef.txt", "seeds/001_c5fce8af078adf06.txt", "-f", "json")
    comparison = json.loads(done.stdout)
    assert comparison["is_match"]
    assert comparison["left_only"]
    assert len(comparison["evidence"]["aligned"]) >= 5


def test_a_closed_pipe_is_no_trouble() -> None:
    command = f"{sys.executable} -m dedup schema | head -c 1"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(["bash", "-c", command], capture_output=True, timeout=60, env=environment, check=False)
    assert (done.stdout, done.stderr) == (b"{", b"")


def test_ctrl_c_says_so_and_exits_with_130() -> None:
    script = (
        "import os, signal, dedup.cli, dedup.reading.read\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a shell's background job inherits it ignored
        "dedup.reading.read.read_paths = lambda *_, **__: (os.kill(os.getpid(), signal.SIGINT) for _ in range(99))\n"
        "dedup.cli.main(['scan', 'seeds', '-o', 'never.txt'])"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=60, env=environment, check=False)
    assert (done.returncode, done.stdout) == (130, b"")
    assert done.stderr.strip() == b"Error: interrupted; no report was written"


def test_levels_named_on_the_command_line_are_the_levels() -> None:
    option = next(option for option in main.commands["scan"].params if option.name == "level")
    assert list(option.type.choices) == [level.value for level in Level]  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["-f", "--none", "-", ""])
def test_an_option_in_place_of_a_command_is_wrong_usage(name: str) -> None:
    done = CliRunner().invoke(main, ["--", name])
    assert (done.exit_code, done.output.startswith("Usage: ")) == (2, True)


def test_records_are_named_though_files_and_ids_hold_a_number_sign(tmp_path: Path) -> None:
    records = [{"id": id, "text": "The ministers met on Monday and spoke of energy."} for id in ("a#1", "../x#2#3")]
    file = tmp_path / "news #1.jsonl"
    file.write_text("".join(f"{json.dumps(record)}\n" for record in records), encoding="utf-8")
    done = CliRunner().invoke(main, ["compare", f"{file}#a#1", f"{file}#../x#2#3", "--check"])
    assert done.exit_code == 3, done.output


@pytest.mark.parametrize("command", [("scan",), ("keep", "-o", "-"), ("archive", "add", "a.db"), ("archive", "check")])
def test_a_field_that_no_record_has_is_named_once(
    command: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [{"text": f"The ferries of line {n} leave at nine on Monday.", "kop": "Ferries"} for n in range(3)]
    Path("a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    if command == ("archive", "check"):
        assert CliRunner().invoke(main, ["archive", "add", "b.db", "a.jsonl"]).exit_code == 0
        command = (*command, "b.db")
    told = CliRunner().invoke(main, [*command, "a.jsonl", "--text-field", "Wortlaut", "--title-field", "Kop"]).stderr
    assert told.count('Warning: no record has a field "Wortlaut"; there are: text, kop\n') == 1
    assert "Warning" not in CliRunner().invoke(main, [*command, "a.jsonl", "--title-field", "KOP"]).stderr
