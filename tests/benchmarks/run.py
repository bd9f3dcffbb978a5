"""How long a scan takes, stage by stage, and how much memory: python tests/benchmarks/run.py [--sizes 1000,10000].

Needs the translation pairs in ../shared/corpus, of which the articles are made, or sets of real ones (`--sets`), and
psutil for the memory of all processes together. `--peers` runs, on the first size, `dedup scan` as a whole process and
what one would write by hand beside it (requirements.txt).
"""

from __future__ import annotations

import argparse
import compileall
import itertools
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import corpus
import peers
import psutil

import dedup
from dedup.runtime.process import count_cores

_LONGEST = 5  # seconds between looks at the memory, each of which holds the processes up for a moment


def main() -> None:
    """Measure each size in turn; a JSON line of figures a run on standard output."""
    options = _parse()
    sizes = [int(size) for size in options.sizes.split(",")]
    with tempfile.TemporaryDirectory() as folder:
        path = options.corpus or Path(folder) / "corpus.jsonl"
        if not path.exists():
            corpus.write(path, _rows(options, max(sizes)))
        if options.peers:
            for name in ("dedup scan", *peers.RUNNERS):
                _show(whole(name, path, sizes[0]))
            return
        for size in sizes:
            _show(scan(path, size, options.jobs))


def _rows(options: argparse.Namespace, count: int) -> Iterator[corpus.Row]:
    if options.sets:
        return corpus.real_rows(options.sets, count, seed=options.seed)
    return corpus.rows(count, options.characters, seed=options.seed)


def whole(name: str, path: Path, size: int) -> dict[str, Any]:
    """Figures of a whole process that reads a file of articles and tells which are one story."""
    part = path.with_name("part.jsonl")
    with path.open(encoding="utf-8") as file:
        part.write_text("".join(itertools.islice(file, size)), encoding="utf-8")
    command = [str(Path(peers.__file__)), name, str(part)]
    if name == "dedup scan":
        command = ["-m", "dedup", "scan", str(part), "--format", "json", "--no-text"]
    # Modules are compiled beforehand, as pip does it where it installs them.
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    root = Path(__file__).parents[2]
    compileall.compile_dir(root / "dedup", quiet=1)
    start = time.perf_counter()
    done = subprocess.run([sys.executable, *command], check=True, capture_output=True, cwd=root, env=environment)
    seconds = time.perf_counter() - start
    groups = json.loads(done.stdout)
    if name == "dedup scan":
        groups = [[int(member.rpartition("#")[2]) for member in cluster["members"]] for cluster in groups["clusters"]]
    return {"whole process": name, "articles": size, "seconds": round(seconds, 1), **_quality(part, size, groups)}


def scan(path: Path, size: int, jobs: int) -> dict[str, Any]:
    """Figures of one scan of the first articles of a corpus."""
    stages: dict[str, float] = defaultdict(float)
    since = time.perf_counter()

    def note(stage: str, _done: int, _total: int) -> None:
        nonlocal since
        now = time.perf_counter()
        stages[stage] += now - since
        since = now

    start = time.perf_counter()
    with _memory() as most:
        report = dedup.find_duplicates(_articles(path, size), jobs=jobs, progress=note)
    seconds = time.perf_counter() - start
    stages["report"] = time.perf_counter() - since
    return {
        "articles": size,
        "jobs": jobs,
        "seconds": round(seconds, 1),
        "articles_a_second": round(size / seconds),
        "memory_gb": round(most["anonymous"], 2),
        "mapped_files_gb": round(most["file"], 2),
        "stages": {stage: round(spent, 1) for stage, spent in stages.items()},
        "matches": len(report.matches),
        "model": report.model,
        **_quality(path, size, [cluster.members for cluster in report.clusters]),
    }


def _articles(path: Path, size: int) -> Iterator[dedup.Article]:
    with path.open(encoding="utf-8") as file:
        for line in itertools.islice(file, size):
            record = json.loads(line)
            yield dedup.Article(record["id"], record["text"])


def _quality(path: Path, size: int, groups: Sequence[Sequence[int]]) -> dict[str, float]:
    """Pairwise recall and precision against the stories the corpus was made of."""
    with path.open(encoding="utf-8") as file:
        stories = [json.loads(line)["story"] for line in itertools.islice(file, size)]
    gold = sum(_pairs(count) for count in Counter(stories).values())
    found = sum(_pairs(len(group)) for group in groups)
    right = sum(_pairs(count) for group in groups for count in Counter(stories[at] for at in group).values())
    return {"recall": round(right / max(gold, 1), 4), "precision": round(right / max(found, 1), 4)}


def _pairs(count: int) -> int:
    return count * (count - 1) // 2


@contextmanager
def _memory() -> Iterator[dict[str, float]]:
    """The most that all processes together held while the block ran, in GB: their own memory, and mapped files."""
    most = {"anonymous": 0.0, "file": 0.0}
    done = threading.Event()

    def watch() -> None:
        seconds = 0.2
        while not done.wait(seconds):
            anonymous, file = _held()
            most.update(anonymous=max(most["anonymous"], anonymous), file=max(most["file"], file))
            seconds = min(1.2 * seconds, _LONGEST)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    yield most
    done.set()
    watcher.join()


def _held() -> tuple[float, float]:
    sums: Counter[str] = Counter()
    process = psutil.Process()
    for one in (process, *process.children(recursive=True)):
        try:
            rows = Path(f"/proc/{one.pid}/smaps_rollup").read_text(encoding="ascii").splitlines()[1:]
        except OSError:  # it has just ended
            continue
        sums.update({row.split(":")[0]: int(row.split()[1]) for row in rows})
    return sums["Pss_Anon"] / 1e6, sums["Pss_File"] / 1e6


def _show(figures: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(figures) + "\n")
    sys.stdout.flush()


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="1000,10000", help="numbers of articles, with commas between")
    parser.add_argument("--characters", type=int, default=2000, help="length of an article")
    parser.add_argument("--jobs", type=int, default=count_cores(), help="processes")
    parser.add_argument("--seed", type=int, default=0, help="of the corpus")
    parser.add_argument("--sets", type=Path, nargs="+", help="real articles instead: sets with gold stories, .jsonl.xz")
    parser.add_argument("--corpus", type=Path, help="file of the articles; made where it is not there, and kept")
    parser.add_argument("--peers", action="store_true", help="whole processes side by side: ours, and by hand")
    return parser.parse_args()


if __name__ == "__main__":
    main()
