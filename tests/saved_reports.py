"""Folders of real files with a report on them as `dedup scan` writes it, and the command line that acts on it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from dedup import report as rendering
from dedup.cli import main
from dedup.cli.inputs import roots_of
from dedup.datatypes import Article, Cluster, Evidence, Language, Match, MatchKind, Report, Settings, WeakestPair
from dedup.reading.read import read_paths

EVIDENCE = Evidence((1.0, 1.0))


@dataclass(frozen=True, slots=True)
class Case:
    """A folder that was scanned, the report on it, and what each file held."""

    base: Path
    report: Path

    @property
    def news(self) -> Path:
        """The scanned folder."""
        return self.base / "news"

    @property
    def journal(self) -> Path:
        """The journal beside the report."""
        return self.report.with_name(f"{self.report.name}.journal.jsonl")

    def edit(self, change: Callable[[dict[str, Any]], object]) -> None:
        """Edit the report as a person or a program would."""
        document = json.loads(self.report.read_text(encoding="utf-8"))
        change(document)
        self.report.write_text(json.dumps(document), encoding="utf-8")

    def apply(self, *arguments: object, report: bool = True) -> Result:
        """Run the command with the report."""
        given = [self.report, *arguments] if report else arguments
        return CliRunner().invoke(main, ["apply", *map(str, given)], prog_name="dedup")

    def steps(self, *arguments: object) -> dict[str, tuple[str, str]]:
        """Outcome and reason of each article, by a run that gives JSON."""
        result = self.apply(*arguments, "-f", "json")
        assert result.exit_code in (0, 1), result.output
        steps = json.loads(result.stdout)["steps"]
        assert result.exit_code == any(step["outcome"] == "refused" for step in steps)
        return {step["article"]: (step["outcome"], step["reason"]) for step in steps}


def tree(folder: Path) -> dict[str, bytes | str]:
    """Everything below a folder: the bytes of files, the targets of links, and what else there is."""
    found: dict[str, bytes | str] = {}
    for path in sorted(folder.rglob("*"), key=os.fspath):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[name] = os.readlink(path)
        elif path.is_file():
            found[name] = path.read_bytes()
        else:
            found[name] = "folder" if path.is_dir() else "special"
    return found


def write_report(
    paths: Sequence[str | Path],
    report: Path,
    stories: Iterable[Sequence[str]] = (),
    kind: MatchKind = MatchKind.NEAR,
    **more: Any,
) -> None:
    """Write a report on what is read at the paths, with stories given by ids, the first of each its representative."""
    articles = [item for item in read_paths(paths) if isinstance(item, Article)]
    at = {article.id: position for position, article in enumerate(articles)}
    clusters, matches = [], []
    for story in stories:
        members = sorted(at[id] for id in story)
        clusters.append(Cluster(tuple(members), at[story[0]], kind, WeakestPair(members[0], members[1], 1.0, 1.0)))
        for id in story[1:]:
            left, right = sorted((at[story[0]], at[id]))
            excerpt = ("left" if at[id] == left else "right") if kind is MatchKind.EXCERPT else ""
            matches.append(Match(left, right, 1.0, 1.0, kind, EVIDENCE, excerpt))
    settings = Settings(roots=roots_of([os.fspath(path) for path in paths]))
    languages = tuple(Language("en", 1.0) for _ in articles)
    found = Report(tuple(articles), languages, tuple(matches), tuple(clusters), (), settings, "toy@toy-1", 0.5, **more)
    report.write_text(rendering.as_json(found), encoding="utf-8")


def text(name: str) -> str:
    """An article that is told apart from others by its name."""
    return f"The article {name} tells at some length of what the ministers of {name} said on Monday.\n"


def make_case(base: Path, files: dict[str, str], stories: Iterable[Sequence[str]], **more: Any) -> Case:
    """Files below ``news``, named without it, and a report on stories of them."""
    for name, content in files.items():
        place = base / "news" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(content, encoding="utf-8")
    case = Case(base, base / "report.json")
    write_report([case.news], case.report, [[id_of(case, name) for name in story] for story in stories], **more)
    return case


def id_of(case: Case, name: str) -> str:
    """Id of an article by the name of its file below ``news``."""
    return (case.news / name).as_posix()
