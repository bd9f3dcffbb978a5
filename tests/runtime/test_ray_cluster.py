"""A run shared by the workers of a real Ray: the same bytes as in one process, also when workers die."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from click.testing import CliRunner

import dedup
from dedup import Article, ReadOptions, Settings, Shards, Skipped, errors, find_duplicates
from dedup.cli import main
from dedup.cli.progress import ProgressLine
from dedup.datatypes import Level
from dedup.embedding.encoder import Encoder
from dedup.evaluation.gold import read_gold
from dedup.language.text import content_hash
from dedup.matching.candidates import neighbours
from dedup.pipeline import write_tables
from dedup.reading.collect import collect
from dedup.report import as_json
from dedup.runtime.ray_cluster import RayWorkers
from dedup.runtime.ray_cluster.object_store import RemoteArticles
from samples import FORMATS, SCRIPTS, lines, parquet, write

ray = pytest.importorskip("ray", reason="needs the extra dedup[ray]")

ROOT = Path(__file__).parents[2]
TOWNS = ("Verona", "Surabaya", "Hamburg", "Nairobi", "Oslo", "Kyoto", "Lima", "Riga")
WORKERS = 3
PATIENCE = {
    "RAY_raylet_start_wait_time_s": "180",
    "RAY_worker_register_timeout_seconds": "300",
    "RAY_gcs_rpc_server_connect_timeout_s": "60",
}
"""Environment of a Ray that may start slowly: a busy machine needs minutes for what takes seconds."""


@pytest.fixture(scope="module")
def workers() -> Iterator[RayWorkers]:
    ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])  # workers cannot import a test file
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        for name, seconds in PATIENCE.items():
            patch.setenv(name, seconds)
        found = start_ray(stack)
        yield found
        if "coverage" in sys.modules:
            list(found.map(keep_coverage, range(20 * WORKERS)))
            ray.get([server.__ray_call__.remote(keep_coverage) for server in found._servers])
    ray.cloudpickle.unregister_pickle_by_value(sys.modules[__name__])


def keep_coverage(_: object) -> None:
    """Have a worker write down what it has run, where coverage is measured: Ray ends its processes without warning."""
    measured = sys.modules["coverage"].Coverage.current() if "coverage" in sys.modules else None
    if measured:
        measured.save()
        time.sleep(0.1)  # another worker takes the next task


def start_ray(stack: ExitStack) -> RayWorkers:
    """Start a Ray of this machine's own, a second time if the first fails; skip the tests where both fail."""
    failures: list[Exception] = []
    while len(failures) < 2:
        try:
            return stack.enter_context(RayWorkers(jobs=WORKERS))
        except Exception as error:
            ray.shutdown()
            if not is_slow_start(error):
                raise
            failures.append(error)
    pytest.skip(f"Ray starts too slowly on this machine: {failures[-1]}")


def is_slow_start(error: Exception) -> bool:
    """Whether Ray's processes were not there in time, for which Ray raises a bare `Exception` as well."""
    return type(error) is Exception or isinstance(error, (OSError, RuntimeError, ray.exceptions.RayError))


@pytest.fixture(scope="module")
def bundled() -> Encoder:
    return dedup.load_encoder("bundled")


def news() -> list[Article]:
    """The seeds, reports of floods with copies and edits, and every script: enough for a few batches."""
    floods = [
        Article(
            f"{number:03}",
            f"Heavy rain flooded {number % 300} streets in {TOWNS[number % 8]} on Monday, the mayor said. About "
            f"{3 * number % 700} people had to leave their homes. Damage is put at {number % 150}.5 million euros.",
            published=f"2025-03-{number % 28 + 1:02}",
        )
        for number in range(500)
    ]
    edit = floods[5].text.replace("Heavy", "Strong")
    seeds = [item for item in dedup.read_folder(ROOT / "seeds") if isinstance(item, Article)]
    scripts = [Article(script, text * 2, title=f"12 {script}") for script, text in SCRIPTS.items()]
    return [*floods, Article("copy", floods[3].text.upper()), Article("edit", edit), *seeds, *scripts]


# --- work shared ----------------------------------------------------------------------------------------------------


def square(number: int) -> int:
    return number * number


def meet(folder: Path, number: int) -> int:
    """Comes back once two are at it at the same time."""
    (folder / str(number)).touch()
    until = time.monotonic() + 60
    while len(list(folder.iterdir())) < 2 and time.monotonic() < until:
        time.sleep(0.01)
    return os.getpid()


def die_once(folder: Path, number: int) -> int:
    """Its process is killed the first time."""
    mark = folder / str(number)
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def die(_: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def fail(number: int) -> None:
    raise errors.SettingsError(f"no {number}")


def rows(number: int) -> tuple[int, list[npt.NDArray[Any]]]:
    return number, [np.full((number, 2), number, np.float32), np.full(number, number)]


@pytest.mark.parametrize("tasks", [0, 1, 50], ids="{} tasks".format)
def test_results_come_in_the_order_of_the_tasks(workers: RayWorkers, tasks: int) -> None:
    assert list(workers.map(square, range(tasks))) == [number * number for number in range(tasks)]


def test_tasks_are_taken_as_results_are_asked_for(workers: RayWorkers) -> None:
    taken: list[int] = []
    results = workers.map(square, (taken.append(number) or number for number in range(1000)))
    next(results)
    assert len(taken) <= 3 * WORKERS
    results.close()  # type: ignore[attr-defined]


def test_several_workers_are_at_work_at_once(workers: RayWorkers, tmp_path: Path) -> None:
    assert len(set(workers.map(partial(meet, tmp_path), range(2)))) == 2


def test_an_error_of_a_task_is_raised_as_it_is_where_its_result_is_asked_for(workers: RayWorkers) -> None:
    with pytest.raises(errors.SettingsError, match=r"^no 7$"):
        list(workers.map(fail, [7]))
    assert list(workers.map(square, [7])) == [49]


def test_a_killed_worker_costs_a_retry(workers: RayWorkers, tmp_path: Path) -> None:
    assert list(workers.map(partial(die_once, tmp_path), range(3))) == [0, 1, 2]
    assert len(list(tmp_path.iterdir())) == 3


def test_a_task_that_kills_every_worker_ends_the_run_with_what_helps(
    workers: RayWorkers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dedup.runtime.ray_cluster.workers._TRIES", 1)
    with pytest.raises(errors.ResourceError, match="machines that ended or ran out of memory"):
        list(workers.map(die, [0]))


# --- articles and rows kept -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("parts", [[], [0], [3], [2, 0, 5, 1]], ids=str)
def test_rows_come_back_from_wherever_they_are_kept(workers: RayWorkers, parts: list[int]) -> None:
    wide, plain = workers.row_writer("f4", 2), workers.row_writer("i8")
    assert list(workers.fill([wide, plain], rows, parts)) == parts
    wide.append(np.array([[7, 7]]))
    plain.append(np.array([7]))
    expected = np.append(np.repeat(parts, parts), 7).astype(np.int64)
    order = np.random.default_rng(0).permutation(len(expected))
    assert np.array_equal(plain.stored().open()[order], expected[order])
    assert np.array_equal(wide.stored().open()[order], expected[order, None].repeat(2, axis=1).astype(np.float32))


def test_rows_kept_in_another_order_are_called_as_before(workers: RayWorkers) -> None:
    values = np.arange(40, dtype=np.float32).reshape(20, 2)
    shared = workers.share(values, np.random.default_rng(0).permutation(20))
    assert np.array_equal(shared[np.array([7, 3, 3, 19])], values[[7, 3, 3, 19]])


def test_articles_are_a_sequence_wherever_they_are_kept(workers: RayWorkers) -> None:
    articles = news()
    kept, skipped = collect([*articles[:300], Skipped("a", "why"), *articles[300:]], workers)
    assert isinstance(kept, RemoteArticles)
    assert (len(kept), skipped) == (len(articles), [Skipped("a", "why")])
    assert list(kept) == articles
    assert (kept[0], kept[-1], kept[257]) == (articles[0], articles[-1], articles[257])
    assert list(kept[250:260][2:4]) == articles[252:254]
    assert list(kept.take(np.array([400, 2]))) == [articles[400], articles[2]]


FILES: dict[str, str | bytes] = {
    **{f"all/a{suffix}": content for suffix, (content, _) in FORMATS.items()},
    "all/same ids.jsonl": lines({"id": "n1", "text": "b"}, {"id": "n1", "text": "c"}, {"title": "no text"}),
    "all/empty.txt": "",
    "all/broken.json": "{",
    "all/.hidden.txt": "x",
    "all/deep/down.txt": "at the bottom",
    "all/unknown.bin": "x",
    "many.jsonl": lines(*({"id": str(number % 400), "text": f"text {number}"} for number in range(600))),
}


@pytest.mark.parametrize("uri", [False, True], ids=["paths", "URIs"])
@pytest.mark.parametrize("glob", [None, "*.jsonl"], ids=["all files", "some files"])
def test_shards_read_by_workers_are_those_read_here(
    workers: RayWorkers, tmp_path: Path, uri: bool, glob: str | None
) -> None:
    write(tmp_path, {**FILES, "all/a.parquet": parquet([{"text": "in a table"}, {"text": None}])})
    names = [str(tmp_path / "many.jsonl"), str(tmp_path / "all")]
    here = list(dedup.read_paths(names, ReadOptions(glob=glob)))
    shards = Shards(tuple(f"file://{name}" for name in names) if uri else tuple(names), ReadOptions(glob=glob))
    seen: list[int] = []
    kept, skipped = collect(shards, workers, lambda stage, done, total: seen.append(done))
    found = [without_scheme(item) for item in (*kept, *skipped)]
    assert found == [item for kind in (Article, Skipped) for item in here if isinstance(item, kind)]
    assert [without_scheme(item) for item in shards] == here
    assert len(here) > 600


@pytest.mark.parametrize("uri", [False, True], ids=["paths", "URIs"])
def test_a_reference_is_marked_by_workers_too(workers: RayWorkers, tmp_path: Path, uri: bool) -> None:
    write(tmp_path, {"new/a.txt": "one", "old/a.txt": "two", "old/b.jsonl": lines({"id": "x", "text": "three"})})
    new, old = (f"{'file://' if uri else ''}{tmp_path / name}" for name in ("new", "old"))
    kept, _ = collect(shards := Shards((new,), against=(old,)), workers)
    assert [article.reference for article in kept] == [True, True, False]
    assert [article.reference for article in shards if isinstance(article, Article)] == [True, True, False]


def without_scheme(item: Article | Skipped) -> Article | Skipped:
    values = {name: getattr(item, name) for name in item.__dataclass_fields__}
    return type(item)(
        **{name: value.replace("file://", "") if isinstance(value, str) else value for name, value in values.items()}
    )


@pytest.mark.parametrize(
    ("path", "error", "message"),
    [
        ("-", errors.SettingsError, "other machines cannot read"),
        ("nowhere/at/all", errors.ReadError, "no such file or folder"),
        ("file:///nowhere/at/all", errors.ReadError, "no such file or folder"),
        ("nonsense://bucket", errors.ReadError, "cannot reach nonsense://bucket"),
    ],
)
def test_what_cannot_be_read_is_named(path: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        list(Shards((path,)))


# --- the whole run --------------------------------------------------------------------------------------------------


def real_articles(name: str, request: pytest.FixtureRequest) -> list[Article]:
    if name == "our own":
        return news()
    gold = read_gold(request.getfixturevalue("shared_eval") / f"{name}.jsonl.xz")
    return [item.article for item in gold]


@pytest.mark.parametrize("cells", [False, True], ids=["exact", "cells"])
@pytest.mark.parametrize("name", ["our own", "meantime"])
def test_ray_gives_the_same_bytes_as_one_process(
    name: str,
    cells: bool,
    workers: RayWorkers,
    bundled: Encoder,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    articles = real_articles(name, request)
    monkeypatch.setitem(neighbours.search.__kwdefaults__, "most_exact", 50 if cells else 50_000)
    settings = Settings(level=Level.STORY if cells else Level.DUPLICATE)
    alone = as_json(find_duplicates(articles, settings=settings, encoder=bundled))
    shared = as_json(find_duplicates(articles, settings=settings, encoder=bundled, workers=workers))
    assert shared == alone
    assert '"clusters": []' not in alone


def test_decisions_hold_in_a_cluster_as_in_one_process(workers: RayWorkers, bundled: Encoder) -> None:
    articles = [*news(), Article("one more copy", news()[0].text)]
    found = find_duplicates(articles, encoder=bundled)
    one, other = (found.articles[member].id for member in found.clusters[0].members[:2])
    single = next(at for at in range(len(articles)) if not any(at in cluster.members for cluster in found.clusters))
    lines = [
        {"left": one, "right": other, "verdict": "different"},
        {"left": content_hash(articles[single].body), "right": one, "verdict": "same"},
        {"keep": articles[single].id, "story": [one]},
    ]
    decisions = dedup.Decisions.from_lines(map(json.dumps, lines))
    alone = as_json(find_duplicates(articles, encoder=bundled, decisions=decisions))
    assert as_json(find_duplicates(articles, encoder=bundled, decisions=decisions, workers=workers)) == alone
    assert '"decided": true' in alone


def test_workers_and_servers_killed_in_the_middle_cost_retries_and_not_the_run(
    workers: RayWorkers, bundled: Encoder
) -> None:
    articles = news()
    killed: list[int] = []

    def kill(stage: str, done: int, total: int) -> None:
        if stage == "embed" and not killed:
            (pid,) = workers.map(own_pid, [0])
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)
            for server in workers._servers:
                ray.kill(server, no_restart=False)

    shared = as_json(find_duplicates(articles, encoder=bundled, workers=workers, progress=kill))
    assert killed
    assert shared == as_json(find_duplicates(articles, encoder=bundled))


def own_pid(_: int) -> int:
    return os.getpid()


def test_an_encoder_that_workers_cannot_load_works_in_this_process(workers: RayWorkers, toy_encoder: Encoder) -> None:
    articles = news()[:40]
    alone = as_json(find_duplicates(articles, encoder=toy_encoder))
    assert as_json(find_duplicates(articles, encoder=toy_encoder, workers=workers)) == alone


@pytest.mark.parametrize("articles", [[], [Article("one", "alone")]], ids=["none", "one"])
def test_hardly_anything_is_no_trouble(articles: list[Article], workers: RayWorkers, bundled: Encoder) -> None:
    assert as_json(find_duplicates(articles, encoder=bundled, workers=workers)) == as_json(
        find_duplicates(articles, encoder=bundled)
    )


def test_an_interrupted_run_leaves_the_workers_free(workers: RayWorkers, bundled: Encoder) -> None:
    def interrupt(stage: str, done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        find_duplicates(news(), encoder=bundled, workers=workers, progress=interrupt)
    assert list(workers.map(square, range(20))) == [number * number for number in range(20)]


@pytest.mark.parametrize("against", [False, True], ids=["all pairs", "a reference"])
def test_workers_write_the_tables_that_one_process_writes(
    against: bool, workers: RayWorkers, bundled: Encoder, tmp_path: Path
) -> None:
    write(tmp_path / "in", {"a.jsonl": lines(*({"id": a.id, "text": a.text} for a in news())), "b.txt": ""})
    write(tmp_path / "old", {"c.jsonl": lines(*({"id": f"old {a.id}", "text": a.text} for a in news()))})
    shards = Shards((str(tmp_path / "in"),), against=(str(tmp_path / "old"),) if against else ())
    alone = write_tables(shards, tmp_path / "alone", encoder=bundled)
    assert write_tables(shards, f"file://{tmp_path}/shared", encoder=bundled, workers=workers) == alone
    assert ("reference" in alone["counts"]) == against
    assert contents(tmp_path / "shared") == contents(tmp_path / "alone")
    assert alone["counts"]["skipped"] == 1


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# --- clusters -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"jobs": 0}, "jobs must be at least 1, got 0"),
        ({"jobs": 2, "address": "auto"}, "jobs counts the cores of this machine, got 2"),
    ],
    ids=["no job", "jobs of a cluster"],
)
def test_settings_that_make_no_sense_are_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(errors.SettingsError, match=message):
        RayWorkers(**given)


def test_without_ray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(errors.MissingExtraError, match=r'pip install "dedup-articles\[ray\]"'), RayWorkers():
        pass


def test_a_cluster_that_is_there_is_joined_and_left_as_it_was(workers: RayWorkers) -> None:
    with RayWorkers() as joined:
        assert list(joined.map(square, [3])) == [9]
        assert joined.jobs == WORKERS
    assert list(workers.map(square, [4])) == [16]


def test_what_ray_tells_of_killed_workers_is_no_data(
    workers: RayWorkers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"a.jsonl": lines(*({"id": article.id, "text": article.text} for article in news()))})
    arguments = ["scan", str(tmp_path / "a.jsonl"), "-f", "json"]
    local = CliRunner().invoke(main, arguments)
    marks = tmp_path / "marks"
    marks.mkdir()

    def kill(_: ProgressLine, stage: str, done: int, total: int) -> None:
        list(workers.map(partial(die_once, marks), [stage != "read", stage == "verify"]))

    monkeypatch.setattr(ProgressLine, "__call__", kill)
    shared = CliRunner().invoke(main, [*arguments, "--engine", "ray"])
    assert len(list(marks.iterdir())) == 2
    assert (shared.exit_code, shared.stdout) == (0, local.stdout), shared.exception


def dedup_(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    environment = {**PATIENCE, **os.environ}
    environment.pop("RAY_ADDRESS", None)
    return subprocess.run(
        [sys.executable, "-m", "dedup", *arguments],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        timeout=600,
        check=False,
        env=environment,
    )


def test_the_command_line_keeps_data_and_talk_apart() -> None:
    local = dedup_("scan", "seeds", "-f", "json")
    shared = dedup_("scan", "seeds", "-f", "json", "--engine", "ray", "--jobs", "2")
    assert (shared.returncode, shared.stdout, shared.stderr) == (0, local.stdout, local.stderr)
    assert json.loads(shared.stdout)["counts"]["clusters"] == 1


@pytest.mark.parametrize("address", ["127.0.0.1:1", "nowhere", "ray://127.0.0.1:1"])
def test_a_cluster_that_does_not_answer_is_named(address: str) -> None:
    done = dedup_("scan", "seeds", "--engine", "ray", "--ray-address", address)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"Error: no Ray cluster answers at '{address}'; start one with ray start --head")


def test_an_address_without_the_engine_is_refused() -> None:
    done = dedup_("scan", "seeds", "--ray-address", "auto")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--ray-address needs --engine ray" in done.stderr
