"""The command `man`: the manual page, made from the help of the commands."""

from __future__ import annotations

from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path

import click

from dedup.cli.output import write
from dedup.version import __version__

_COLUMNS = 78  # so that the page is the same whatever terminal it is made on


@click.command(short_help="Print the manual page.")
@click.pass_context
def man(context: click.Context) -> None:
    """Print the manual page, with the help of every command.

    \b
    mkdir -p ~/.local/share/man/man1
    dedup man > ~/.local/share/man/man1/dedup.1    then: man dedup
    """
    write("\n".join(_page(context.find_root().command)) + "\n", Path("-"))


def _page(program: click.Command) -> Iterator[str]:
    """Lines of the page in the macros of man(7)."""
    summary, _, rest = cleandoc(program.help or "").partition("\n\n")
    yield f'.TH DEDUP 1 "" "dedup {__version__}" "User Commands"'
    yield from (".SH NAME", f"dedup \\- {_escaped(_as_name(summary))}")
    yield from (".SH SYNOPSIS", ".B dedup", "COMMAND [OPTIONS] [ARGUMENTS]")
    yield from (".SH DESCRIPTION", *_verbatim(rest.replace("\b\n", "")))
    yield ".SH COMMANDS"
    for context in _contexts(click.Context(program, info_name="dedup", terminal_width=_COLUMNS)):
        yield from (f".SS {_escaped(context.command_path)}", *_verbatim(context.get_help()))
    yield from (".SH ENVIRONMENT", "Every option may be set by a variable named for its command, as in")
    yield from (".B DEDUP_SCAN_THRESHOLD=0.8", "; what deletes files may not.")


def _as_name(summary: str) -> str:
    """Sentence as the line under NAME has it: no capital in front, no full stop."""
    words = " ".join(summary.split()).rstrip(".")
    return words[:1].lower() + words[1:]


def _contexts(context: click.Context) -> Iterator[click.Context]:
    """Contexts of the commands under one, and of those under them, in the order of the help."""
    group = context.command
    if isinstance(group, click.Group):
        for name in group.list_commands(context):
            command = group.commands[name]
            inner = click.Context(command, info_name=name, parent=context, help_option_names=["-h", "--help"])
            yield inner
            yield from _contexts(inner)


def _verbatim(text: str) -> Iterator[str]:
    """Lines that keep their breaks and columns."""
    yield from (".EX", *map(_escaped, text.strip("\n").splitlines()), ".EE")


def _escaped(line: str) -> str:
    """Line of text without meaning to roff: backslashes and hyphens as they are, no macro at its beginning."""
    escaped = line.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + escaped if escaped.startswith((".", "'")) else escaped
