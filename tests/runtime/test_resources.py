"""Estimate of what a run takes, and refusal of a run that does not fit."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from dedup import Article, find_duplicates, pipeline
from dedup.embedding.encoder import Encoder
from dedup.errors import ResourceError
from dedup.runtime import resources
from dedup.runtime.resources import Estimate, available_memory, estimate, require

MILLION = {"articles": 10**6, "characters": 6 * 10**8, "dimension": 256, "languages": 50, "jobs": 2}


@pytest.mark.parametrize("name", ["articles", "characters", "dimension", "languages"])
def test_more_takes_no_less(name: str) -> None:
    less, more = estimate(**MILLION), estimate(**{**MILLION, name: 2 * MILLION[name]})
    assert (less.seconds, less.memory, less.disk) != (more.seconds, more.memory, more.disk)
    assert less.seconds <= more.seconds
    assert less.memory <= more.memory
    assert less.disk <= more.disk


def test_more_processes_take_less_time_and_more_memory() -> None:
    two, four = estimate(**MILLION), estimate(**{**MILLION, "jobs": 4})
    assert four.seconds == two.seconds / 2
    assert four.memory > two.memory


def test_nothing_takes_nothing() -> None:
    assert estimate(articles=0, characters=0, dimension=256, languages=0, jobs=1) == Estimate(0, 0, 0)


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0.4, "about 0 seconds"), (119, "about 119 seconds"), (1740, "about 29 minutes")]
)
def test_an_estimate_is_given_in_units_people_use(seconds: float, expected: str) -> None:
    assert str(Estimate(seconds, 3 << 30, 1 << 29)) == f"{expected}, 3.0 GB of memory, 0.5 GB of temporary files"


def test_what_fits_is_let_pass() -> None:
    require(Estimate(1e9, 1 << 20, 1 << 10))


def test_what_does_not_fit_in_memory_is_refused_with_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "available_memory", lambda: 1 << 30)
    with pytest.raises(ResourceError, match=r"about 4.0 GB more memory and 1.0 GB are free; scan a part at a time"):
        require(Estimate(1, 4 << 30, 0))


def test_memory_that_the_system_does_not_tell_refuses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "available_memory", lambda: None)
    require(Estimate(1, 1 << 60, 0))


def test_what_does_not_fit_on_disk_is_refused_with_advice() -> None:
    with pytest.raises(ResourceError, match=r"of temporary files and .* has .* free; make room there, or .* TMPDIR"):
        require(Estimate(1, 0, 1 << 60))


def test_free_memory_is_known_where_the_system_gives_it() -> None:
    found = available_memory()
    assert found is None or 1 << 20 < found < 1 << 50


def test_files_that_a_container_has_read_are_no_memory_in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "_GROUP", tmp_path)
    for name, content in {"memory.max": "5000000\n", "memory.current": "4500000\n"}.items():
        (tmp_path / name).write_text(content)
    assert available_memory() == 500_000
    (tmp_path / "memory.stat").write_text("anon 1500000\ninactive_anon 7\ninactive_file 3000000\nactive_file 9\n")
    assert available_memory() == 3_500_000
    (tmp_path / "memory.max").write_text("max\n")
    found = available_memory()
    assert found is None or found > 5_000_000


def test_a_run_is_refused_before_its_work(monkeypatch: pytest.MonkeyPatch, toy_encoder: Encoder) -> None:
    monkeypatch.setattr(resources, "available_memory", lambda: 0)
    stages: list[str] = []
    two = [Article("a", "Cat sat."), Article("b", "Rain.")]
    with pytest.raises(ResourceError, match="needs about"):
        find_duplicates(two, encoder=toy_encoder, progress=lambda stage, *_: stages.append(stage))
    assert "embed" not in stages


@pytest.mark.parametrize(("long", "logged"), [(0, True), (10, False)], ids=["a long run", "a short one"])
def test_a_long_run_says_beforehand_what_it_takes(
    long: int, logged: bool, monkeypatch: pytest.MonkeyPatch, caplog: Any, toy_encoder: Encoder
) -> None:
    monkeypatch.setattr(pipeline, "_LONG_RUN", long)
    with caplog.at_level(logging.INFO, logger="dedup"):
        find_duplicates([Article("a", "Cat sat.")], encoder=toy_encoder)
    assert ("1 distinct articles: about 0 seconds" in caplog.text) is logged
