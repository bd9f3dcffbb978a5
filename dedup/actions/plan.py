"""Plan of what is done with the repeats of a report: every file checked, and nothing touched yet."""

from __future__ import annotations

import os
import stat
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import PurePosixPath

from dedup.actions.decided import Decided
from dedup.actions.file_checks import CheckedFile, SeveralArticlesError, check_among, check_single, status_of
from dedup.actions.journal import Act, Action, State
from dedup.actions.kinds import Relation, relations
from dedup.actions.places import Place, lies_in, locate, no_file
from dedup.actions.saved_report import SavedArticle, SavedReport, SavedStory
from dedup.clustering.decisions import NO_DECISIONS, Decisions
from dedup.clustering.keep_rules import KeepRules
from dedup.datatypes import MatchKind, Progress, Root
from dedup.errors import ReadError, WriteError
from dedup.language.text import printable
from dedup.reading.source import ReadOptions

KINDS = (MatchKind.EXACT, MatchKind.NEAR)
"""Kinds of repeats that are acted on unless a user names others."""

LEAST_SCORE = 0.9
"""Least score of a match that is acted on unless a user says otherwise; nine in ten judged pairs above are right."""


class Outcome(str, Enum):
    """Outcome of a step."""

    PLANNED = "planned"
    DONE = "done"
    LEFT = "left"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Step:
    """Step of a plan: one article that repeats the kept one of its story.

    outcome, reason : done or planned; left, because nobody asked for it; or refused, because a check failed
    file, kept_file : as they were checked, where the step is planned
    target : place that the file is moved to
    """

    story: str
    article: SavedArticle
    kept: SavedArticle
    kind: MatchKind | None
    outcome: Outcome
    reason: str = ""
    file: CheckedFile | None = None
    kept_file: CheckedFile | None = None
    target: Place | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Plan of an action on the files below some roots."""

    action: Action
    roots: tuple[Root, ...]
    steps: tuple[Step, ...]

    def count(self, outcome: Outcome) -> int:
        """Number of steps with an outcome."""
        return sum(step.outcome is outcome for step in self.steps)


@dataclass(frozen=True, slots=True)
class Wishes:
    """Wishes of the user.

    action, destination : where files are moved to is a folder, absolute and without links
    kinds : kinds of repeats to act on
    least : score in [0, 1] that a match has at least, unless people decided on it
    rules : rules that choose what to keep anew; None for the representatives of the report
    decisions : of people, which come before the rules
    options : of the scan, since they decide on what is read of a file
    within : folders that limit what may be touched, beside the roots of the report or in their stead if it has none
    """

    action: Action
    destination: str = ""
    kinds: Collection[MatchKind] = KINDS
    least: float = LEAST_SCORE
    rules: KeepRules | None = None
    decisions: Decisions = NO_DECISIONS
    options: ReadOptions = field(default_factory=ReadOptions)
    within: tuple[Root, ...] = ()


def make_plan(
    report: SavedReport, wishes: Wishes, earlier: Iterable[Act] = (), progress: Progress | None = None
) -> Plan:
    """Check all files and decide what would be done with each; nothing is changed.

    Parameters
    ----------
    report : SavedReport
        Report, which may have been edited.
    wishes : Wishes
        Action, kinds and rules.
    earlier : iterable of Act
        Acts of earlier runs, by the journal; what they finished is done, and their leftovers do not stand in the way.
    progress : callable (stage, done, total), optional
        Told how far the checks have come.

    Raises
    ------
    ReadError
        If the report names no roots, or no file.
    WriteError
        If files cannot be moved to the destination, or should not be.
    """
    roots = _roots(report, wishes)
    if wishes.action is Action.MOVE:
        check_destination(wishes.destination, [root.resolved for root in roots])
    decided = Decided.of(wishes.decisions, report.stories)
    planner = _Planner(wishes, report.rules, roots, decided, {act.source: act for act in earlier})
    steps = []
    for number, story in enumerate(report.stories, 1):
        steps += planner.story(story)
        if progress:
            progress("check", number, len(report.stories))
    return Plan(wishes.action, roots, tuple(planner.with_targets(planner.without_twice_named(steps))))


def check_destination(folder: str, roots: Sequence[str]) -> None:
    """Refuse a folder to move files to that a scan of the roots would read again, or in which a root lies.

    Raises
    ------
    WriteError
        With the reason, and what to do instead.
    """
    shown = printable(os.fsencode(folder).decode("utf-8", "backslashreplace"))
    if not os.path.isdir(folder):
        if os.path.lexists(folder):
            raise WriteError(f"cannot move files to {shown}: it is no folder; name another")
        if not os.path.isdir(os.path.dirname(folder)):
            raise WriteError(f"cannot move files to {shown}: the folder around it does not exist; create it first")
    above = folder if os.path.isdir(folder) else os.path.dirname(folder)
    if not os.access(above, os.W_OK | os.X_OK):
        raise WriteError(f"cannot move files to {shown}: permission denied; name another folder")
    for root in roots:
        if lies_in(folder, root) and os.path.isdir(root):
            below = PurePosixPath(os.path.relpath(folder, root)).parts
            if not any(part.startswith(".") and part != "." for part in below):
                raise WriteError(
                    f"cannot move files to {shown}: it lies in the scanned folder {printable(root)}, where the next "
                    "scan would read them again; name a folder outside, or one whose name begins with a dot"
                )
        elif lies_in(root, folder) and os.path.isdir(root):
            raise WriteError(
                f"cannot move files to {shown}: the scanned folder {printable(root)} lies in it; name a folder of "
                "its own"
            )


def _roots(report: SavedReport, wishes: Wishes) -> tuple[Root, ...]:
    reasons = {no_file(member.path) for story in report.stories for member in story.members}
    if reasons and all(reasons):
        raise ReadError(
            f"no article of this report is a file to act on ({'; '.join(sorted(reasons))}); save what was read to a "
            "file or a folder and scan that, or write it without repeats by dedup keep"
        )
    roots = report.roots or wishes.within
    if not roots:
        raise ReadError(
            "the report does not say which folders were scanned (reports of an archive, of older versions, and in "
            "Python without Settings.roots do not); name them with --root"
        )
    return roots


@dataclass(frozen=True, slots=True)
class _Planner:
    wishes: Wishes
    rules: KeepRules
    roots: tuple[Root, ...]
    decided: Decided
    earlier: Mapping[Place, Act]
    kept: dict[tuple[int, int], str] = field(default_factory=dict)
    """Id of the kept article in each file that holds one, by device and inode."""
    named: dict[tuple[int, int, int], set[str]] = field(default_factory=lambda: defaultdict(set))
    """Ids of the articles that name a file, by device, inode and a number that is 0 for a file with one name."""

    def story(self, story: SavedStory) -> list[Step]:
        """Steps of a story, each planned, left or refused; two names of one file are told apart later."""
        kept = self._kept(story)
        others = [member for member in story.members if member is not kept]
        self._note_names(story)
        found = relations(story, kept)
        steps = [self._wanted(story, kept, member, found.get(member.hash)) for member in others]
        if all(step.outcome is not Outcome.PLANNED for step in steps):
            return steps
        try:
            kept_file = self._check(kept, check_among)
        except ReadError as fault:
            reason = f"its kept article {kept.shown}: {fault}"
            return [
                replace(step, outcome=Outcome.REFUSED, reason=reason) if step.outcome is Outcome.PLANNED else step
                for step in steps
            ]
        self.kept[kept_file.identity] = kept.id
        return [self._checked(step, kept_file) if step.outcome is Outcome.PLANNED else step for step in steps]

    def without_twice_named(self, steps: Sequence[Step]) -> Iterator[Step]:
        """Refuse steps on files that are kept under another name, or that two articles of the report name."""
        for step in steps:
            yield self._once_named(step) if step.outcome is Outcome.PLANNED else step

    def with_targets(self, steps: Iterable[Step]) -> Iterator[Step]:
        """Choose a place to move each file to: where nothing is, and no other file of the plan goes."""
        leftovers = {act.target: act.size for act in self.earlier.values() if act.state is State.BEGUN and act.target}
        taken: set[str] = set()
        for step in steps:
            if step.outcome is not Outcome.PLANNED or self.wishes.action is not Action.MOVE or step.file is None:
                yield step
                continue
            try:
                target = self._free(step.file.place.relative, taken, leftovers)
            except ReadError as fault:
                yield replace(step, outcome=Outcome.REFUSED, reason=str(fault))
            else:
                taken.add(_folded(target.relative))
                yield replace(step, target=target)

    def _kept(self, story: SavedStory) -> SavedArticle:
        """Article that is kept: the representative, unless it is a piece of another one, or what the user wishes."""
        if chosen_by_people := self.decided.chosen(story):
            return chosen_by_people
        rules, members = self.wishes.rules, story.members
        if rules is None:
            contained = {match.contained for match in story.matches.values()}
            pieces = {member.hash for member in story.members if member.id in contained}
            members = tuple(member for member in story.members if member.hash not in pieces)
            if not members or story.representative.hash not in pieces:
                return story.representative
            rules = self.rules
        by_id = {member.id: member for member in members}
        chosen = rules.choose(
            rules.standing_of(
                member.id,
                member.position,
                path=member.path,
                language=member.language,
                words=member.words,
                published=member.published,
                reference=member.reference,
            )
            for member in members
        )
        return by_id[chosen.id]

    def _wanted(self, story: SavedStory, kept: SavedArticle, article: SavedArticle, relation: Relation | None) -> Step:
        """Step on an article as far as the report alone decides."""
        step = Step(story.id, article, kept, relation.kind if relation else None, Outcome.LEFT)
        if article.reference:
            return replace(step, reason="belongs to the reference")
        if self.decided.parts(article, kept):
            return replace(step, reason="decided to be another article than the kept one")
        if relation is None:
            return replace(step, reason="no match with the kept article; another one of the story joins them")
        if relation.kind not in self.wishes.kinds:
            return replace(step, reason=f"{relation.kind.value}; add it to --kinds to act on it")
        if relation.kind is MatchKind.EXCERPT and not relation.contained:
            return replace(step, reason="the kept article is only an excerpt of it")
        if relation.score < self.wishes.least and not self.decided.joins(article, kept):
            return replace(
                step, reason=f"score below {self.wishes.least:g}; it is {relation.score:.2f}, see --min-score"
            )
        return replace(step, outcome=Outcome.PLANNED)

    def _checked(self, step: Step, kept_file: CheckedFile) -> Step:
        """Step on an article whose file has been checked."""
        try:
            file = self._check(step.article, check_single)
        except SeveralArticlesError as fault:
            return replace(step, outcome=Outcome.LEFT, reason=f"{fault}; dedup keep writes such files anew")
        except ReadError as fault:
            return self._done_earlier(step) or replace(step, outcome=Outcome.REFUSED, reason=str(fault))
        step = replace(step, file=file, kept_file=kept_file)
        return self._linkable(step, file, kept_file) if self.wishes.action is Action.LINK else step

    def _linkable(self, step: Step, file: CheckedFile, kept: CheckedFile) -> Step:
        reason = ""
        if file.identity == kept.identity:
            return replace(step, outcome=Outcome.DONE, reason="a hard link to the kept file already")
        if (file.sha256, file.size) != (kept.sha256, kept.size):
            reason = "not linked: the bytes differ from those of the kept file"
        elif file.device != kept.device:
            reason = "not linked: on another file system than the kept file"
        elif (file.mode, file.uid, file.gid) != (kept.mode, kept.uid, kept.gid):
            reason = "not linked: owner or permissions differ from those of the kept file"
        return replace(step, outcome=Outcome.LEFT, reason=reason) if reason else step

    def _check(self, article: SavedArticle, check: Callable[..., CheckedFile]) -> CheckedFile:
        place = self._place(article)
        chosen = any(root.given == article.path for root in self.roots)
        return check(place, article, self.wishes.options, chosen=chosen)

    def _place(self, article: SavedArticle) -> Place:
        place = locate(article.path, self.roots)
        if self.wishes.within and not any(lies_in(place.path, root.resolved) for root in self.wishes.within):
            raise ReadError("outside the folders named by --root")
        return place

    def _done_earlier(self, step: Step) -> Step | None:
        """Step that an earlier run has done, by its journal and what is there now."""
        try:
            place = self._place(step.article)
        except ReadError:
            return None
        act = self.earlier.get(place)
        if act is None or act.state not in (State.BEGUN, State.DONE) or status_of(place) is not None:
            return None
        if act.action is Action.DELETE:
            return replace(step, outcome=Outcome.DONE, reason="deleted by an earlier run")
        status = status_of(act.target) if act.target else None
        if act.target is None or status is None or not stat.S_ISREG(status.st_mode) or status.st_size != act.size:
            return None
        return replace(step, outcome=Outcome.DONE, reason="moved by an earlier run", target=act.target)

    def _note_names(self, story: SavedStory) -> None:
        """Note which articles name which file, also those of which nothing is to be done."""
        for member in story.members:
            try:
                place = self._place(member)
            except ReadError:
                continue
            status = status_of(place)
            if status is not None and stat.S_ISREG(status.st_mode):
                for key in _names_of(place, status):
                    self.named[key].add(member.id)

    def _once_named(self, step: Step) -> Step:
        assert step.file is not None
        file, own = step.file, step.article.id
        status = status_of(file.place)
        same = {id for key in (_names_of(file.place, status) if status else ()) for id in self.named[key]} - {own}
        if same:
            reason = f"one file with {printable(min(same))}: never one of two copies"
            return replace(step, outcome=Outcome.REFUSED, reason=reason)
        kept = self.kept.get(file.identity)
        if kept is not None:
            reason = f"a hard link to the file of {printable(kept)}, which is kept"
            return replace(step, outcome=Outcome.LEFT, reason=reason)
        return step

    def _free(self, relative: str, taken: Collection[str], leftovers: Mapping[Place, int]) -> Place:
        """Place below the destination where nothing is; a number is added to a name that is taken."""
        parts = relative.split("/")
        for depth in range(1, len(parts)):
            status = status_of(above := Place(self.wishes.destination, "/".join(parts[:depth])))
            if status is not None and not stat.S_ISDIR(status.st_mode):
                raise ReadError(f"cannot be moved: {above.shown} is no folder")
        number = 1
        while True:
            place = Place(self.wishes.destination, _numbered(relative, number))
            status = status_of(place)
            free = status is None or (place in leftovers and status.st_size in (0, leftovers[place]))
            if free and _folded(place.relative) not in taken:
                return place
            number += 1


def _names_of(place: Place, status: os.stat_result) -> Iterator[tuple[int, int, int]]:
    """Keys under which the names of one file meet, and hard links do not.

    A file with one link has one name, however that is spelled. Of one with several links those names are the same that
    have the same letters in the same folder, hashed since folders can be spelled in several ways.
    """
    if status.st_nlink == 1:
        yield status.st_dev, status.st_ino, 0
    else:
        yield status.st_dev, status.st_ino, hash(_folded(os.path.realpath(place.path)))


def _numbered(relative: str, number: int) -> str:
    if number == 1:
        return relative
    folder, name = os.path.split(relative)
    stem, suffix = os.path.splitext(name)
    if suffix in (".gz", ".bz2", ".xz", ".zst"):
        stem, inner = os.path.splitext(stem)
        suffix = inner + suffix
    return os.path.join(folder, f"{stem}-{number}{suffix}")


def _folded(relative: str) -> str:
    """Form in which two names are one on some file systems."""
    return unicodedata.normalize("NFC", relative).casefold()
