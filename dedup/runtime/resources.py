"""Estimate of a run's time, memory and disk, and refusal of a run that does not fit this machine.

The figures are set by hand to fit the runs in tests/benchmarks/README.md; they answer "minutes or hours?" and "does it
fit?", no more.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from dedup.datatypes import MOST_IN_FULL
from dedup.errors import ResourceError

_GROUP = Path("/sys/fs/cgroup")  # of the container

_PROCESS = 330 << 20  # bytes of a worker process with the model

_ARTICLE = 3_000  # bytes an article beside its text: neighbours, candidates, language

_LANGUAGE = 12  # bytes an article and language of the run: the closest article in that language

_MATCH = 1_000  # bytes a match; the estimate assumes one match an article

_IN_FULL = 2_500  # bytes of a match's full evidence, on top

_SENTENCE = 90  # characters of a sentence

_CHARACTER_SECONDS = 1e-6  # seconds a character in one process: language, embedding, sentences, facts

_ARTICLE_SECONDS = 8e-4  # seconds an article in one process: search, verification, evidence

_FACTS = 0.4  # bytes of facts on disk for a character


@dataclass(frozen=True, slots=True)
class Estimate:
    """Estimate in seconds, bytes of memory beyond those taken so far, and bytes in the temporary folder."""

    seconds: float
    memory: int
    disk: int

    def __str__(self) -> str:
        minutes = self.seconds / 60
        time = f"{minutes:.0f} minutes" if minutes >= 2 else f"{self.seconds:.0f} seconds"
        return f"about {time}, {_size(self.memory)} of memory, {_size(self.disk)} of temporary files"


def estimate(*, articles: int, characters: int, dimension: int, languages: int, jobs: int) -> Estimate:
    """Estimate what matching takes from here on.

    Parameters
    ----------
    dimension : int
        Columns of the model's vectors.
    languages : int
        Different languages among the articles.
    jobs : int
        Processes that share the work.
    """
    evidence = articles * _MATCH + min(articles, MOST_IN_FULL) * _IN_FULL
    return Estimate(
        seconds=(characters * _CHARACTER_SECONDS + articles * _ARTICLE_SECONDS) / jobs,
        memory=_PROCESS * (jobs if jobs > 1 else 0) + articles * (_ARTICLE + _LANGUAGE * languages) + evidence,
        disk=dimension * (6 * articles + 3 * (characters // _SENTENCE)) + int(_FACTS * characters),
    )


def require(needed: Estimate) -> None:
    """Refuse a run that does not fit this machine.

    Raises
    ------
    ResourceError
        If memory or the temporary folder is too small; the message says by how much and what to do.
    """
    memory, folder = available_memory(), tempfile.gettempdir()
    if memory is not None and needed.memory > memory:
        raise ResourceError(
            f"this run needs about {_size(needed.memory)} more memory and {_size(memory)} are free; "
            "scan a part at a time, leave copies and very short articles out, use --jobs 1, or a larger machine"
        )
    disk = shutil.disk_usage(folder).free
    if needed.disk > disk:
        raise ResourceError(
            f"this run needs about {_size(needed.disk)} of temporary files and {folder} has {_size(disk)} "
            "free; make room there, or name a folder that has room in TMPDIR"
        )


def available_memory() -> int | None:
    """Bytes of memory that can be allocated, within the limit of the container; None where the system does not say."""
    found = []
    with suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        found.append(1024 * next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")))
    with suppress(OSError, ValueError):
        limit, used = (int((_GROUP / name).read_text(encoding="ascii")) for name in ("memory.max", "memory.current"))
        found.append(limit - used + _given_back())
    if not found and hasattr(os, "sysconf"):
        with suppress(OSError, ValueError):
            found.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    return min(found, default=None)


def _given_back() -> int:
    """Bytes that count as used by the container and are given back at need: files read and not used since."""
    with suppress(OSError, ValueError, StopIteration):
        lines = (_GROUP / "memory.stat").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("inactive_file "))
    return 0


def _size(size: int) -> str:
    megabytes = size / (1 << 20)
    return f"{megabytes / 1024:.1f} GB" if megabytes >= 100 else f"{megabytes:.1f} MB"
