"""The public names as a user writes them, read by a type checker."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import dedup

ROOT = Path(__file__).parent.parent

SNIPPET = """
from collections.abc import Iterator
from pathlib import Path

import dedup
from dedup import (
    Archive, ArchiveBusyError, ArchivedArticle, ArchivedStory, ArchiveError, Article, Cluster, Comparison, Decisions,
    DedupError, Encoder, Evidence, Finding, Language, Level, Match, MatchKind, MissingExtraError, ModelError, Pairs,
    RayWorkers, ReadError, ReadOptions, Report, ResourceError, Selection, Settings, SettingsError, Shards, Skipped,
    Story, WriteError, compare_articles, find_duplicates, load_encoder, read_folder, read_paths, write_tables,
)


def show(stage: str, done: int, total: int) -> None:
    assert stage and done <= total or not total


def kept(folder: Path) -> Iterator[Article]:
    for item in read_folder(folder, ReadOptions(glob="*.txt"), jobs=1):
        if isinstance(item, Skipped):
            reason: str = item.reason
            assert reason
        else:
            yield item


def scan(folder: Path, encoder: Encoder | None) -> list[tuple[MatchKind, list[str]]]:
    settings = Settings(threshold=0.7, level=Level.DUPLICATE)
    report: Report = find_duplicates(kept(folder), settings=settings, encoder=encoder, jobs=2, progress=show)
    matches: tuple[Match, ...] = report.matches
    evidence: Evidence = matches[0].evidence
    languages: tuple[Language, ...] = report.languages
    assert evidence.coverage
    assert languages
    clusters: tuple[Cluster, ...] = report.clusters
    return [(cluster.kind, [report.articles[member].id for member in cluster.members]) for cluster in clusters]


def from_values(rows: list[dict[str, object]], texts: list[str]) -> list[str]:
    report = find_duplicates(rows, text="body", id="nid", title="head", threshold=0.8, level="story")
    report.save("report.json", with_text=False)
    again = Report.load("report.json")
    stories: tuple[Story, ...] = (*again.stories(), *find_duplicates(texts, model="bundled").stories())
    kept: Article = stories[0].kept
    pairs: tuple[Comparison, ...] = stories[0].matches
    assert pairs and kept.id and report.as_html() and report.as_text(width=80)
    return [article.id for article in report.kept()] + list(report.to_pandas()["id"])


def only_some(new: list[Article], old: list[str]) -> Report:
    selection = Selection(pairs=Pairs.CROSS_LANGUAGE, languages=("id", "en"), within=7, kinds=(MatchKind.TRANSLATION,))
    return find_duplicates(new, against=old, selection=selection)


def compare(left: Article, right: Article) -> float:
    comparison: Comparison = compare_articles(left, right, settings=Settings())
    return comparison.match.score if comparison.is_match else 0.0


def tables(folder: str) -> None:
    with RayWorkers(None, jobs=2) as workers:
        write_tables(Shards(("seeds",)), folder, workers=workers)


def remember(path: Path, articles: list[Article]) -> list[ArchivedStory]:
    with Archive.open(path, settings=Settings(level=Level.STORY)) as archive:
        try:
            run: int = archive.add(articles).run
        except ArchiveBusyError:
            return []
        findings: tuple[Finding, ...] = archive.check(articles[0])
        assert all(finding.score >= 0.5 for finding in findings)
        first: ArchivedArticle = next(archive.articles())
        assert first.language.code
        return list(archive.stories(since=run))


def careful(name: str) -> Encoder | None:
    try:
        return load_encoder(name)
    except MissingExtraError as error:
        extra: str = error.extra
        print(extra)
    except (ArchiveError, ModelError, ReadError, WriteError, ResourceError, SettingsError) as error:
        print(error)
    except DedupError:
        raise
    return None


version: str = dedup.__version__
articles = list(read_paths(["seeds"]))
"""


def test_a_users_code_has_types(tmp_path: Path) -> None:
    pytest.importorskip("mypy", reason="needs mypy, which the test extra brings")
    (tmp_path / "snippet.py").write_text(SNIPPET, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--config-file", str(ROOT / "setup.cfg")]
    cache = ["--cache-dir", str(ROOT / ".mypy_cache")]
    done = subprocess.run(
        [*command, *cache, str(tmp_path / "snippet.py")], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_the_snippet_names_everything_public() -> None:
    named = set(re.findall(r"\w+", SNIPPET))
    assert [name for name in dedup.__all__ if name not in named] == []


def test_everything_that_is_imported_into_the_package_is_public_or_private() -> None:
    public = {name for name in dir(dedup) if not name.startswith("_")}
    modules = {"annotations", "logging", "errors", "datatypes", "version", "Any", "TYPE_CHECKING", *packages()}
    assert public - modules == set(dedup.__all__) - {"__version__"}


def test_every_error_is_public_and_has_one_root() -> None:
    from dedup import errors

    kinds = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, Exception)]
    assert all(issubclass(kind, dedup.DedupError) for kind in kinds)
    assert {kind.__name__ for kind in kinds} <= set(dedup.__all__)
    assert all(kind.__name__ in (errors.__doc__ or "") for kind in kinds)


def packages() -> set[str]:
    """Modules and packages inside dedup, which are names of it once they are imported."""
    return {path.stem for path in Path(dedup.__file__).parent.iterdir()}
