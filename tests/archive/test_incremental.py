"""Stories of an archive after any number of steps are those of one scan of everything."""

from __future__ import annotations

import random
import sqlite3
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import dedup
from archive.collection import gold, mixed
from dedup import Archive, Article, Encoder, Settings
from dedup.archive import archive as archive_module
from dedup.archive import neighbour_lists, shared_words
from dedup.archive import vectors as vectors_of_archive
from dedup.archive.neighbour_lists import NeighbourLists
from dedup.archive.schema import migrate
from dedup.archive.vectors import Cache, Directory, Vectors
from dedup.matching.candidates import shared_runs as in_a_scan
from dedup.matching.candidates.neighbours import search
from toy_encoder import ToyEncoder

Told = dict[frozenset[str], tuple[str, float, str]]
"""Kind, score of the weakest pair and representative of each story, by its members."""


def told_by(archive: Archive) -> Told:
    return {
        frozenset(story.members): (story.kind.value, round(story.score, 5), story.representative)
        for story in archive.stories()
    }


def told_by_a_scan(articles: Iterable[Article], chosen: Settings, encoder: Encoder | None) -> Told:
    report = dedup.find_duplicates(articles, settings=chosen, encoder=encoder, evidence=False)
    return {
        frozenset(report.articles[at].id for at in cluster.members): (
            cluster.kind.value,
            round(cluster.weakest.score, 5),
            report.articles[cluster.representative].id,
        )
        for cluster in report.clusters
    }


def articles_in(archive: Archive) -> list[Article]:
    return [archived.article for archived in archive.articles()]


@pytest.mark.parametrize("level", ["duplicate", "story"])
def test_ten_shuffled_steps_give_the_stories_of_one_scan(tmp_path: Path, level: str) -> None:
    pool = mixed(random.Random(level), 240)
    chosen = Settings(level=dedup.Level(level))
    with Archive.open(tmp_path / "a.db", settings=chosen) as archive:
        for start in range(0, len(pool), 24):
            archive.add(pool[start : start + 24])
        assert told_by(archive) == told_by_a_scan(articles_in(archive), chosen, None)
        assert len(told_by(archive)) > 15
        assert_reports_alike(archive.report(), dedup.find_duplicates(articles_in(archive), settings=chosen))


def assert_reports_alike(report: dedup.Report, expected: dedup.Report) -> None:
    """Compare matches and clusters by the ids of their articles; the archive's report leaves all other articles out."""
    assert [clustered(report, cluster) for cluster in report.clusters] == [
        clustered(expected, cluster) for cluster in expected.clusters
    ]
    story_of = {at: number for number, cluster in enumerate(expected.clusters) for at in cluster.members}
    inside = [match for match in expected.matches if story_of.get(match.left, -1) == story_of.get(match.right, -2)]
    assert [matched(report, match) for match in report.matches] == [matched(expected, match) for match in inside]
    for ours, theirs in zip(report.matches, inside, strict=True):
        if theirs.evidence.aligned:  # a scan leaves some pairs of large stories without it
            assert ours.evidence.aligned == theirs.evidence.aligned
            assert ours.evidence.numbers == theirs.evidence.numbers


def clustered(report: dedup.Report, cluster: dedup.Cluster) -> tuple[object, ...]:
    ids = [report.articles[at].id for at in cluster.members]
    weakest = cluster.weakest
    return ids, report.articles[cluster.representative].id, cluster.kind, round(weakest.score, 5)


def matched(report: dedup.Report, match: dedup.Match) -> tuple[object, ...]:
    ids = report.articles[match.left].id, report.articles[match.right].id
    return *ids, match.kind, round(match.score, 5), match.excerpt


@settings(max_examples=12, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 1 << 30), st.sampled_from([1, 3, 24]), st.sampled_from([3, 12]), st.booleans(), st.booleans())
def test_any_steps_give_the_stories_of_one_scan(
    seed: int, neighbours: int, sharing: int, toy: bool, divided: bool
) -> None:
    generator = random.Random(seed)
    waiting = mixed(generator, 90)
    chosen, encoder = Settings(neighbours=neighbours), ToyEncoder() if toy else None
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setattr(shared_words, "MOST_SHARING", sharing)
        patch.setattr(in_a_scan, "MOST_SHARING", sharing)
        if divided:  # into so few cells that a text looks into all
            patch.setattr(vectors_of_archive, "_MOST_EXACT", 10)
        with Archive.open(Path(folder) / "a.db", settings=chosen, encoder=encoder) as archive:
            for _ in range(6):
                waiting = take_a_step(archive, waiting, generator)
                expected = told_by_a_scan(articles_in(archive), chosen, encoder)
                assert told_by(archive) == expected


def take_a_step(archive: Archive, waiting: list[Article], generator: random.Random) -> list[Article]:
    """Add, remove or change some articles; what still waits to be added."""
    step, held = generator.random(), articles_in(archive)
    if not held or (waiting and step < 0.6):
        count = generator.choice([1, 3, 20, 40])
        archive.add(waiting[:count])
        return waiting[count:]
    some = generator.sample(held, min(len(held), generator.choice([1, 5, 15])))
    if step < 0.9:
        archive.remove([article.id for article in some])
        return [*waiting, *some]
    others = [" ".join(generator.choice(gold()).text.split()[:30]) for _ in some]
    changed = [
        replace(article, text=article.text[: len(article.text) // 2] + other)
        for article, other in zip(some, others, strict=True)
    ]
    assert archive.add(changed).changed == len(some)
    return waiting


class BrokenOffError(Exception):
    """Raised in the middle of an add, as a stand-in for a process that is killed between two transactions."""


def test_an_add_that_broke_off_goes_on_with_the_lists_of_its_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_module, "_BATCH", 8)
    monkeypatch.setattr(archive_module, "_MOST", 16)
    pool, path = mixed(random.Random(5), 160), tmp_path / "a.db"

    def break_off(stage: str, done: int, total: int) -> None:
        if done > 60:
            raise BrokenOffError

    with Archive.open(path) as archive, pytest.raises(BrokenOffError):
        archive.add(pool, progress=break_off)
    with sqlite3.connect(path) as connection:
        (saved,) = connection.execute("SELECT COUNT(*) FROM neighbours").fetchone()
        (listed,) = connection.execute("SELECT value FROM meta WHERE name = 'listed'").fetchone()
    connection.close()
    with Archive.open(path) as archive:
        assert saved < listed <= len(archive) < len(pool)
        archive.add(pool)
        assert told_by(archive) == told_by_a_scan(articles_in(archive), Settings(), None)
        assert len(archive) == len(pool)


@settings(max_examples=40)
@given(st.integers(0, 1 << 30), st.integers(1, 6), st.integers(1, 4), st.sampled_from([5, 20_000]))
def test_lists_propose_the_pairs_of_a_search_of_all(seed: int, neighbours: int, languages: int, exact: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vectors_of_archive, "_MOST_EXACT", exact)
        check_lists(seed, neighbours, languages)


def check_lists(seed: int, neighbours: int, languages: int) -> None:
    generator = np.random.default_rng(seed)
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection, 0)
    vectors, lists = Vectors(connection, Directory(8, Cache(1 << 16))), NeighbourLists(neighbours)
    alive = np.empty(0, np.int64)
    for step in range(5):
        if len(alive) and generator.random() < 0.4:
            gone = generator.choice(alive, generator.integers(1, len(alive) + 1), replace=False)
            vectors.remove(gone, step)
            lists.remove(vectors, gone)
            alive = np.setdiff1d(alive, gone)
        else:
            new = np.arange(len(vectors.groups()[: int(alive.max(initial=-1)) + 1]), dtype=np.int64)[-1:] + 1
            first = int(new[0]) if len(new) else 0
            new = np.arange(first, first + generator.integers(1, 30), dtype=np.int64)
            rows = generator.standard_normal((len(new), 8)).astype(np.float32)
            rows /= np.linalg.norm(rows, axis=1, keepdims=True)
            groups = generator.integers(0, languages, len(new)).astype(np.int16)
            vectors.add(new, rows, groups, step)
            lists.add(vectors, new, languages)
            alive = np.append(alive, new)
        vectors.divide(step)
        if lists.are_due or generator.random() < 0.4:
            lists.save(connection)
        else:
            lists.save_fresh(connection)
        kept = NeighbourLists.load(connection, vectors, neighbours, languages)
        assert np.array_equal(kept.nearest[alive], lists.nearest[alive])
        assert np.array_equal(kept.closest[alive], lists.closest[alive])
        expected = search(vectors.take(alive), vectors.groups()[alive].tolist(), neighbours=neighbours).candidates()
        pairs = np.stack([alive[expected.left], alive[expected.right]], axis=1)
        assert np.array_equal(lists.proposals(alive), neighbour_lists.distinct([pairs]))
        assert lists.proposes(pairs).all()
