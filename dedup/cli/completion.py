"""The command `completion`: what a shell has to load to complete commands and options."""

from __future__ import annotations

from pathlib import Path

import click
from click.shell_completion import get_completion_class

from dedup.cli.output import write

_VARIABLE = "_DEDUP_COMPLETE"


@click.command(short_help="Print the script for shell completion.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"], case_sensitive=False))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script that completes commands and options in a shell.

    \b
    eval "$(dedup completion bash)"                          in ~/.bashrc
    eval "$(dedup completion zsh)"                           in ~/.zshrc
    dedup completion fish > ~/.config/fish/completions/dedup.fish
    """
    kind = get_completion_class(shell)
    assert kind is not None  # click brings these three
    write(kind(context.find_root().command, {}, "dedup", _VARIABLE).source() + "\n", Path("-"))
