"""The command `apply`: repeats of a saved report moved, linked, deleted or listed, and moves and links taken back."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dedup.cli import options
from dedup.cli.help import SectionedCommand
from dedup.cli.inputs import read_options, roots_of
from dedup.cli.kinds import KINDS_IN_WORDS, parse_kinds
from dedup.cli.output import log_to_stderr, progress_line, write
from dedup.cli.sizes import Number
from dedup.datatypes import MatchKind

if TYPE_CHECKING:
    from dedup.actions.plan import Plan, Wishes

_OWN_JOURNAL = Path("")  # of --undo without a name: the journal of the report

_NAME_JOURNAL = "name the report (dedup apply REPORT --undo) or the journal that was written beside it"


def _flag(name: str, help: str) -> Callable[[options.Command], options.Command]:
    """Flag that the environment cannot set: no file goes by a variable that somebody has forgotten."""
    return click.option(name, is_flag=True, allow_from_autoenv=False, help=help)


@click.command(cls=SectionedCommand, short_help="Move, link, delete or list repeats; undo it.")
@click.argument("report", required=False, type=options.PATH, metavar="REPORT")
@click.option(
    "--move-to",
    metavar="DIR",
    type=options.PATH,
    allow_from_autoenv=False,
    help="Move the repeats to this folder, each to its path below the scanned folder. Nothing is overwritten: a name "
    "that is taken gets a number. DIR may not lie in a scanned folder, unless its name begins with a dot.",
)
@_flag("--hardlink", "Make a repeat and the kept file one file, where their bytes are the same.")
@_flag("--delete", "Delete the repeats for good; asks first, or needs --yes.")
@_flag("--list", "Print the paths of the repeats, one per line.")
@click.option(
    "--undo",
    metavar="[JOURNAL]",
    type=options.PATH,
    is_flag=False,
    flag_value=_OWN_JOURNAL,
    allow_from_autoenv=False,
    help="Take back the moves and links of this journal, by default that of REPORT, the last one first. What was "
    "deleted stays deleted.",
)
@click.option("-n", "--dry-run", is_flag=True, help="Print what would happen; nothing is changed or written.")
@click.option(
    "--kinds",
    metavar="KIND,...",
    default="exact,near",
    show_default=True,
    callback=parse_kinds,
    help=f"Kinds of repeats to act on: {KINDS_IN_WORDS}, or all.",
)
@click.option(
    "--min-score",
    metavar="SCORE",
    type=Number(0, 1),
    default=0.9,
    show_default=True,
    help="Minimum score of a match to act on. Exact copies and pairs that people accepted always count.",
)
@options.keep_anew_option
@options.decisions_option
@click.option(
    "--root",
    metavar="DIR",
    multiple=True,
    type=options.PATH,
    help="Touch nothing outside this folder; may be repeated. By default the scanned folders that the report names.",
)
@click.option(
    "--journal",
    metavar="FILE",
    type=options.PATH,
    allow_from_autoenv=False,
    help="File that records what is done, for --undo; by default REPORT.journal.jsonl.",
)
@_flag("--yes", "Do not ask before files are deleted.")
@options.printed_format_option
@options.reading_options
@options.verbosity_options
def apply(
    report: Path | None,
    move_to: Path | None,
    hardlink: bool,
    delete: bool,
    list: bool,
    undo: Path | None,
    dry_run: bool,
    kinds: tuple[MatchKind, ...],
    min_score: float,
    keep: tuple[str, ...],
    decisions: tuple[Path, ...],
    root: tuple[Path, ...],
    journal: Path | None,
    yes: bool,
    form: str | None,
    quiet: bool,
    verbose: int,
    no_progress: bool,
    **reading: Any,
) -> None:
    """Move, link, delete or list the articles of a report that repeat another.

    \b
    dedup scan articles/ -o report.json
    dedup apply report.json --move-to repeats/ --dry-run     what would happen
    dedup apply report.json --move-to repeats/
    dedup apply report.json --undo                           undo it

    REPORT is a JSON or JSONL report, which may have been edited. Of each story the representative stays, or the article
    that --keep chooses; exact and edited copies of it go if the match is sure (--min-score), other kinds if --kinds
    names them. Every file is read again first: one that has changed, is a link, lies outside the scanned folders, or
    holds more than its one article is left alone, and so is a story whose kept article has changed or is gone.

    Each act is noted in the journal before it is done. A run that was interrupted goes on with the same command.
    Options on reading that the scan was given (--text-field, --glob, ...) have to be given again.

    Exit codes: 0 finished, 1 something was refused, 2 wrong usage.
    """
    log_to_stderr(verbose)
    shown = not (quiet or no_progress)
    modes = {"--move-to": move_to is not None, "--hardlink": hardlink, "--delete": delete, "--list": list}
    chosen = [name for name, given in {**modes, "--undo": undo is not None}.items() if given]
    if len(chosen) != 1:
        raise click.UsageError(
            "name one of --move-to DIR, --hardlink, --delete or --list (or --undo JOURNAL), "
            f"got {' and '.join(chosen) or 'none'}"
        )
    if undo is not None:
        _undo(_journal_to_undo(undo, report, journal), dry_run=dry_run, form=form or "text", quiet=quiet)
        return
    if report is None:
        raise click.UsageError("name the report: dedup apply REPORT, as dedup scan --format json -o REPORT writes it")
    if delete and not (yes or dry_run or _can_ask()):
        raise click.UsageError("--delete needs --yes where nobody can be asked; look at --dry-run first")
    wishes = _wishes(
        chosen[0], move_to, kinds=kinds, least=min_score, keep=keep, decisions=decisions, root=root, reading=reading
    )
    place = journal or _journal_of(report)
    plan = _carried_out(report, wishes, place, dry_run=dry_run, yes=yes, shown=shown)
    _print(plan, form or "text", dry_run=dry_run, full=verbose > 0)
    if not quiet:
        _summarise(plan, wishes, place, dry_run=dry_run, undone=chosen[0] in ("--move-to", "--hardlink"))
    if any(step.outcome.value == "refused" for step in plan.steps):
        raise click.exceptions.Exit(1)


def _journal_of(report: Path) -> Path:
    return Path(f"{report}.journal.jsonl")


def _journal_to_undo(undo: Path, report: Path | None, journal: Path | None) -> Path:
    """The journal that --undo names, or that of the report."""
    if undo != _OWN_JOURNAL:
        if report is not None:
            raise click.UsageError(f"--undo {undo} names the journal; leave out {report}")
        return undo
    if journal is not None:
        return journal
    if report is None:
        raise click.UsageError("name a report or a journal: dedup apply REPORT --undo, or dedup apply --undo JOURNAL")
    return _journal_of(report)


def _wishes(
    mode: str,
    move_to: Path | None,
    *,
    kinds: Sequence[MatchKind],
    least: float,
    keep: tuple[str, ...],
    decisions: tuple[Path, ...],
    root: tuple[Path, ...],
    reading: dict[str, Any],
) -> Wishes:
    """Wishes of the user, as the library takes them."""
    from dedup.actions.journal import Action
    from dedup.actions.places import require_safe_paths
    from dedup.actions.plan import Wishes
    from dedup.clustering.decisions import Decisions
    from dedup.clustering.keep_rules import KeepRules

    require_safe_paths()
    actions = {"--move-to": Action.MOVE, "--hardlink": Action.LINK, "--delete": Action.DELETE, "--list": Action.LIST}
    return Wishes(
        action=actions[mode],
        destination=os.path.realpath(move_to) if move_to else "",
        kinds=kinds,
        least=least,
        rules=KeepRules.parse(keep) if keep else None,
        decisions=Decisions.load(*decisions),
        options=read_options(**reading),
        within=roots_of(map(str, root)),
    )


def _carried_out(report: Path, wishes: Wishes, place: Path, *, dry_run: bool, yes: bool, shown: bool) -> Plan:
    """Make the plan and carry it out, unless it is a dry run or a list; the steps then say what became of them."""
    from dataclasses import replace

    from dedup.actions.carry_out import carry_out
    from dedup.actions.journal import Action, open_journal, read_journal
    from dedup.actions.plan import Outcome, make_plan
    from dedup.actions.saved_report import load_report
    from dedup.actions.undo import settle

    saved = load_report(report)
    if dry_run or wishes.action is Action.LIST:
        with progress_line(shown) as progress:
            return make_plan(saved, wishes, read_journal(place).values(), progress)
    with open_journal(place, wishes.action.value, str(report)) as journal:
        settle(journal)
        with progress_line(shown) as progress:
            plan = make_plan(saved, wishes, journal.acts.values(), progress)
        if wishes.action is Action.DELETE and not yes and plan.count(Outcome.PLANNED):
            _ask(plan)
        with progress_line(shown) as progress:
            if wishes.destination and plan.count(Outcome.PLANNED):
                os.makedirs(wishes.destination, exist_ok=True)
            return replace(plan, steps=tuple(carry_out(plan, journal, progress)))


def _ask(plan: Plan) -> None:
    from dedup.actions.listing import roots_in_words
    from dedup.actions.plan import Outcome
    from dedup.report.view import counted

    files = counted(plan.count(Outcome.PLANNED), "file")
    click.confirm(f"Delete {files} in {roots_in_words(plan.roots)} for good?", abort=True, err=True)


def _print(plan: Plan, form: str, *, dry_run: bool, full: bool) -> None:
    from dedup.actions import listing
    from dedup.actions.journal import Action
    from dedup.report.records import dumps

    if form == "json":
        write(dumps({"dry_run": dry_run, **listing.record(plan)}, indent=1) + "\n", Path("-"))
        return
    shown = listing.paths(plan) if plan.action is Action.LIST else listing.lines(plan, full=full)
    write("".join(f"{line}\n" for line in shown), Path("-"))
    if plan.action is Action.LIST:
        for line in listing.refusals(plan):
            click.echo(line, err=True)


def _summarise(plan: Plan, wishes: Wishes, place: Path, *, dry_run: bool, undone: bool) -> None:
    from dedup.actions import listing
    from dedup.actions.plan import Outcome

    click.echo(listing.summary(plan, dry_run=dry_run, destination=wishes.destination), err=True)
    if left := listing.kinds_left(plan, wishes.kinds):
        kinds = ",".join(kind.value for kind in MatchKind if kind in wishes.kinds or kind in left)
        click.echo(f"To act on those left as well: --kinds {kinds}", err=True)
    if undone and not dry_run and plan.count(Outcome.DONE):
        click.echo(f"Journal: {place}; to undo: dedup apply --undo {place}", err=True)


def _undo(path: Path, *, dry_run: bool, form: str, quiet: bool) -> None:
    from dedup.actions import listing, undo
    from dedup.actions.journal import open_journal, read_journal
    from dedup.actions.places import require_safe_paths
    from dedup.actions.plan import Outcome
    from dedup.errors import ReadError
    from dedup.report.records import dumps

    require_safe_paths()
    if not path.is_file():
        raise ReadError(f"there is no journal {path}; dedup apply writes it beside its report")
    if not path.stat().st_size:
        raise ReadError(f"{path} is empty, and no journal of dedup apply; {_NAME_JOURNAL}")
    acts = read_journal(path, otherwise=_NAME_JOURNAL)  # refused here if it is none, before a line is added
    if dry_run:
        steps = [*undo.undo([*acts.values()], None)]
    else:
        with open_journal(path, "undo", "") as journal:
            steps = [*undo.undo([*journal.acts.values()], journal)]
    if form == "json":
        write(dumps({"dry_run": dry_run, **listing.undo_record(steps)}, indent=1) + "\n", Path("-"))
    else:
        write("".join(f"{line}\n" for line in listing.undo_lines(steps)), Path("-"))
    if not quiet:
        click.echo(listing.undo_summary(steps, dry_run=dry_run), err=True)
    if any(step.outcome is Outcome.REFUSED for step in steps):
        raise click.exceptions.Exit(1)


def _can_ask() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()
