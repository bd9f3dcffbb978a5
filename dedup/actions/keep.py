"""Deduplicated output: every record that stays, as it was, in the order in which it was read.

The input is read twice, first by the scan, then to be written. Readers tell of each record with its article, so that
the two cannot be out of step, and fingerprints of all that was read the first time are compared with those of the
second.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Protocol

from dedup.clustering.linked_pairs import linked_groups
from dedup.datatypes import Article, Match, MatchKind, Report, Skipped
from dedup.errors import WriteError
from dedup.language.text import printable
from dedup.reading.files import show_path
from dedup.reading.raw import RawRecord, Recorder, TableHead
from dedup.reading.read import File, find_files
from dedup.reading.source import ReadOptions
from dedup.report import view
from dedup.runtime.remote_files import is_uri

BY_DEFAULT = (MatchKind.EXACT, MatchKind.NEAR)
"""Kinds of repeats that go unless somebody says otherwise: translations and excerpts of a story stay."""

FIELDS = ("story_id", "role", "kind", "score", "repeats")
"""Fields that annotated records have in addition."""

SINGLE, REPRESENTATIVE, VERSION, REPEAT, SKIPPED = "single", "representative", "version", "repeat", "skipped"
"""Roles of a record: in no story; first choice of its story; kept beside that; repeat of one that is kept; unread."""

Choose = Callable[[Sequence[int]], int]
"""Function that chooses which of some articles of a story to keep, all by their positions."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Part that an article plays in its story.

    `kind` and `score` are those of its match with the article it repeats, or, of a version, with the representative, or
    with the closest one in the story where these two did not match. `repeats` is the id of the article that it repeats.
    """

    role: str
    story_id: str | None = None
    kind: str | None = None
    score: float | None = None
    repeats: str | None = None

    def fields(self, prefix: str = "") -> dict[str, str | float | None]:
        """Fields of an annotated record."""
        return {f"{prefix}{name}": getattr(self, name) for name in FIELDS}


@dataclass(frozen=True, slots=True)
class Kept:
    """Counts of a deduplicated output: records that stay, repeats, records that could not be read, and of the latter
    those that could not be carried over either."""

    kept: int
    repeats: int
    skipped: int
    lost: int


def mark_articles(
    report: Report,
    choose: Choose,
    kinds: Collection[MatchKind] = BY_DEFAULT,
    *,
    chosen: Collection[int] = (),
    name: Callable[[Article], str] = attrgetter("id"),
) -> dict[int, Mark]:
    """Parts that articles play in their stories, by position; articles in no story are left out.

    Of the articles of a story that matches of the `kinds` link, one is kept: the representative of the story where it
    is among them, otherwise the best by `choose`; but none that is an excerpt of another, as far as there are others,
    unless people have `chosen` it. Repeats tell it by its `name`.
    """
    marks: dict[int, Mark] = {}
    for story in view.stories(report):
        between = _StoryMatches(story.matches)
        representative = story.cluster.representative
        linked = [match for match in story.matches if match.kind in kinds]
        links = [(match.left, match.right) for match in linked]
        excerpts = {match.left if match.excerpt == "left" else match.right for match in linked if match.excerpt}
        groups = linked_groups([*links, *((member, member) for member in story.cluster.members)])
        for group in groups:
            whole = [member for member in group if member in chosen or member not in excerpts] or group
            keeper = representative if representative in whole else choose(whole)
            name_of_keeper = name(report.articles[keeper])
            for member in group:
                if member == keeper == representative:
                    marks[member] = Mark(REPRESENTATIVE, story.id)
                elif member == keeper:
                    marks[member] = Mark(VERSION, story.id, *between.of(member, representative))
                else:
                    marks[member] = Mark(REPEAT, story.id, *between.of(member, keeper), name_of_keeper)
    return marks


class _StoryMatches:
    """Matches of a story: those between two of its articles, and the best of each."""

    def __init__(self, matches: Iterable[Match]) -> None:
        self._between: dict[tuple[int, int], Match] = {}
        self._best: dict[int, Match] = {}
        for match in matches:
            self._between[match.left, match.right] = match
            for member in (match.left, match.right):
                if member not in self._best or match.score > self._best[member].score:
                    self._best[member] = match

    def of(self, member: int, other: int) -> tuple[str | None, float | None]:
        """Kind and score of a member's match with another, or of its best one."""
        match = self._between.get((min(member, other), max(member, other))) or self._best.get(member)
        return (match.kind.value, round(match.score, 6)) if match else (None, None)


def name_in_output(article: Article) -> str:
    """Name by which annotated records call an article: its id, and of one that is not among them its file too."""
    return view.place(article) if article.reference else article.id


class FirstReading:
    """Fingerprints of all that the scan reads, eight bytes each, in their order.

    What belongs to a reference is not read again. The input stands in one piece among it: `begin` counts the articles
    of a reference that come before, `articles` those of the input.
    """

    def __init__(self) -> None:
        self._fingerprints = array("Q")
        self.begin = self.articles = 0

    def __len__(self) -> int:
        return len(self._fingerprints)

    def follow(self, items: Iterable[Article | Skipped]) -> Iterator[Article | Skipped]:
        """The items, each noted as it is read."""
        for item in items:
            is_article = isinstance(item, Article)
            if not item.reference:
                self._fingerprints.append(_fingerprint(item))
                self.articles += is_article
            elif not self._fingerprints:
                self.begin += is_article
            yield item

    def had(self, number: int, item: Article | Skipped) -> bool:
        """Whether an item was read as the one of this number."""
        return number < len(self) and self._fingerprints[number] == _fingerprint(item)


def _fingerprint(item: Article | Skipped) -> int:
    """Hash of what was read, but for the id, which depends on the other articles."""
    parts = (item.title, item.text) if isinstance(item, Article) else ("\0", item.path, item.reason)
    data = "\0".join(parts).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "little")


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """Record on its way to an output.

    passed : bytes passed over before it, such as blank lines
    raw : the record as it stands in its file; None where it is of another kind
    item : what was read of it
    mark : the part that it plays in its story
    stays : whether it is to be written
    """

    passed: bytes
    raw: RawRecord | None
    item: Article | Skipped
    mark: Mark
    stays: bool


@dataclass(frozen=True, slots=True, eq=False)
class Rest:
    """Rest of a file behind its last record: bytes passed over, and the head of its table, if it is one."""

    passed: bytes
    head: TableHead | None


class Output(Protocol):
    """Destination of records, file by file."""

    def begin(self, file: File) -> None:
        """Begin with the records of a file."""
        ...

    def put(self, record: Record) -> bool:
        """Write a record, if it stays, and what was passed over before it; False if it cannot be carried over."""
        ...

    def end(self, rest: Rest) -> None:
        """Finish the records of a file."""
        ...


def write_kept(
    paths: Iterable[str],
    options: ReadOptions,
    first: FirstReading,
    marks: Mapping[int, Mark],
    output: Output,
    *,
    against: Iterable[str] = (),
    annotated: bool = False,
    drop_skipped: bool = False,
) -> Kept:
    """Read the input a second time and write the records that stay, or, `annotated`, all of them.

    Records that could not be read stay as they are, unless they are to be dropped. Nothing of a reference, the paths in
    `against`, is written.

    Raises
    ------
    WriteError
        If the input is no longer what was read the first time, or a record cannot be written.
    """
    recorder = Recorder()
    options = replace(options, recorder=recorder)
    number, position = 0, first.begin
    counts = dict.fromkeys(("kept", "repeats", "skipped", "lost"), 0)
    for file in find_files(list(paths), options, [path for path in against if not is_uri(path)]):
        if file.reference:
            continue
        recorder.head = None
        output.begin(file)
        for item in file.read(options):
            if not first.had(number, item):
                raise _changed(file)
            number += 1
            mark = Mark(SKIPPED)
            if isinstance(item, Article):
                mark = marks.get(position, Mark(SINGLE))
                position += 1
            stays = not drop_skipped if mark.role == SKIPPED else annotated or mark.role != REPEAT
            counts[{REPEAT: "repeats", SKIPPED: "skipped"}.get(mark.role, "kept")] += 1
            passed, raw = recorder.take()
            if isinstance(item, Skipped) and item.line is None:  # no record, but all that was left of the file
                raw = None
            carried = output.put(Record(passed, raw, item, mark, stays))
            counts["lost"] += stays and not carried
        output.end(Rest(recorder.take()[0], recorder.head))
    if number != len(first):
        raise WriteError("the input has fewer records than when it was scanned; nothing was written; run it again")
    return Kept(**counts)


def refuse_clash(names: Iterable[str], prefix: str, where: str) -> None:
    """Refuse records that have fields of the names that are to be added.

    Raises
    ------
    WriteError
        With the name and what to do instead.
    """
    added = {f"{prefix}{name}" for name in FIELDS}
    if clash := sorted(added.intersection(names)):
        other = "dedup_" if prefix != "dedup_" else "dedup2_"
        raise WriteError(
            f'{where} has a field "{clash[0]}" of its own, which --annotate would add; name the added fields '
            f"otherwise: --prefix {other}"
        )


def _changed(file: File) -> WriteError:
    shown = printable(show_path(file.path))
    return WriteError(f"{shown} is no longer what was scanned, or stands elsewhere; nothing was written; run it again")
