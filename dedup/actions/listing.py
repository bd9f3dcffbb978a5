"""Steps of a plan, or of taking one back, as lines for people and as records for programs.

A dry run and the run itself give the same lines where nothing comes in between.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from dedup.actions.journal import Action
from dedup.actions.places import Place
from dedup.actions.plan import Outcome, Plan, Step
from dedup.actions.undo import UndoStep
from dedup.datatypes import MatchKind, Root
from dedup.language.text import printable
from dedup.report.view import counted
from dedup.report.wording import KIND_WORDS

_WORDS = {Action.MOVE: "moved", Action.LINK: "linked", Action.DELETE: "deleted", Action.LIST: "listed"}

_WIDTH = len("hardlink")


def lines(plan: Plan, *, full: bool = False) -> Iterator[str]:
    """Yield a block for each story in which something is done or refused; with `full` also what is left."""
    for _, group in groupby(plan.steps, key=lambda step: (step.story, step.kept.id)):
        steps = list(group)
        shown = [step for step in steps if full or step.outcome is not Outcome.LEFT]
        if shown:
            yield f"keep {steps[0].kept.shown}"
            yield from (f"  {_line(plan.action, step)}" for step in shown)


def paths(plan: Plan) -> Iterator[str]:
    """Yield the absolute path of each file that an action would concern."""
    return (step.file.place.shown for step in plan.steps if step.outcome is Outcome.PLANNED and step.file)


def refusals(plan: Plan) -> Iterator[str]:
    """Yield a line for each step refused."""
    return (_line(plan.action, step) for step in plan.steps if step.outcome is Outcome.REFUSED)


def summary(plan: Plan, *, dry_run: bool, destination: str = "") -> str:
    """Summarise what was done, or would be."""
    counts = Counter(step.outcome for step in plan.steps)
    done = counts[Outcome.PLANNED] if dry_run or plan.action is Action.LIST else counts[Outcome.DONE]
    earlier = sum(step.outcome is Outcome.DONE and step.file is None for step in plan.steps)
    word = _WORDS[plan.action]
    to = f" to {printable(destination)}" if destination else ""
    parts = [f"{counted(done if dry_run else done - earlier, 'file')} {'would be ' if dry_run else ''}{word}{to}"]
    if earlier:
        parts.append(f"{earlier:,} {word} by an earlier run")
    if counts[Outcome.LEFT]:
        reasons = Counter(step.reason.split("; ")[0] for step in plan.steps if step.outcome is Outcome.LEFT)
        shown = ", ".join(f"{printable(reason)}: {count:,}" for reason, count in reasons.most_common(4))
        parts.append(f"{counts[Outcome.LEFT]:,} left ({shown})")
    if counts[Outcome.REFUSED]:
        parts.append(f"{counts[Outcome.REFUSED]:,} refused")
    return "; ".join(parts) + "."


def kinds_left(plan: Plan, kinds: Collection[MatchKind]) -> list[MatchKind]:
    """List the kinds of repeats that are left because they are not among those asked for."""
    left = {step.kind for step in plan.steps if step.outcome is Outcome.LEFT}
    return [kind for kind in MatchKind if kind in left and kind not in kinds]


def record(plan: Plan) -> dict[str, Any]:
    """Record of a plan, with a list of steps; paths that are not UTF-8 keep their bytes as lone surrogates."""
    return {
        "action": plan.action.value,
        "roots": [{"given": root.given, "resolved": root.resolved} for root in plan.roots],
        "steps": list(map(_step_record, plan.steps)),
        "counts": {outcome.value: plan.count(outcome) for outcome in Outcome},
    }


def _step_record(step: Step) -> dict[str, Any]:
    return {
        "story": step.story,
        "article": step.article.id,
        "path": step.article.path,
        "kept": step.kept.id,
        "kind": step.kind.value if step.kind else None,
        "outcome": step.outcome.value,
        "reason": step.reason,
        "file": step.file.place.path if step.file else None,
        "target": step.target.path if step.target else None,
    }


def undo_lines(steps: Iterable[UndoStep]) -> Iterator[str]:
    """Yield a line for each act taken back, or not."""
    for step in steps:
        act = step.act
        if step.outcome is Outcome.REFUSED:
            yield f"refused  {act.source.shown}: {printable(step.reason)}"
        elif step.reason:
            yield f"done     {act.source.shown}: {printable(step.reason)}"
        elif act.action is Action.MOVE and act.target:
            yield f"move     {act.target.shown} -> {act.source.shown}"
        else:
            yield f"separate {act.source.shown} from {act.target.shown if act.target else 'its link'}"


def undo_summary(steps: Sequence[UndoStep], *, dry_run: bool) -> str:
    """Summarise what was taken back, or would be."""
    refused = sum(step.outcome is Outcome.REFUSED for step in steps)
    taken = f"{counted(len(steps) - refused, 'change')} {'would be ' if dry_run else ''}undone"
    return f"{taken}; {refused:,} refused." if refused else f"{taken}."


def undo_record(steps: Sequence[UndoStep]) -> dict[str, Any]:
    """Record of acts taken back."""

    def path(place: Place | None) -> str | None:
        return place.path if place else None

    return {
        "action": "undo",
        "steps": [
            {
                "article": step.act.article,
                "action": step.act.action.value,
                "outcome": step.outcome.value,
                "reason": step.reason,
                "file": path(step.act.source),
                "target": path(step.act.target),
            }
            for step in steps
        ],
        "counts": {outcome.value: sum(step.outcome is outcome for step in steps) for outcome in Outcome},
    }


def roots_in_words(roots: Sequence[Root]) -> str:
    """Folders that are touched, for a question."""
    shown = [printable(os.fsencode(root.resolved).decode("utf-8", "backslashreplace")) for root in roots]
    return ", ".join(shown[:3]) + (f" and {len(shown) - 3} more" if len(shown) > 3 else "")


def _line(action: Action, step: Step) -> str:
    where = printable(step.article.path) or printable(step.article.id)
    if step.outcome is Outcome.REFUSED:
        return f"{'refused':<{_WIDTH}} {where}: {printable(step.reason)}"
    if step.outcome is Outcome.LEFT:
        return f"{'left':<{_WIDTH}} {where}: {printable(step.reason)}"
    to = f" -> {step.target.shown}" if step.target else ""
    link = f" -> {step.kept_file.place.shown}" if action is Action.LINK and step.kept_file else ""
    verb = "done" if step.reason else action.value
    notes = "; ".join(filter(None, (KIND_WORDS[step.kind].lower() if step.kind else "", printable(step.reason))))
    return f"{verb:<{_WIDTH}} {where}{to}{link}{f' ({notes})' if notes else ''}"
