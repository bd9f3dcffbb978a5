"""Commands whose help shows their options in sections, and whose options may stand in the environment."""

from __future__ import annotations

from typing import Any

import click

SECTIONS = {
    "Input": (
        *("text_field", "id_field", "title_field", "date_field", "language_field", "glob", "exclude", "files_from"),
        *("languages", "since"),
    ),
    "Limits": ("max_bytes", "max_ratio", "max_barren"),
    "Matching": (
        *("model", "level", "threshold", "scorer", "pairs", "within", "against", "decisions", "archive"),
        *("kinds", "min_size", "keep", "only_new"),
    ),
    "Output": ("form", "output", "force", "no_text", "check", "annotate", "prefix", "drop_skipped"),
    "Speed": ("jobs", "engine", "ray_address"),
    "Messages": ("quiet", "verbose", "no_progress", "colour"),
}
"""Names of options by their section of the help; the options of one command alone stand before these sections."""

_RUNNING = "dedup.running"


def running(context: click.Context) -> str:
    """Return the name of the command that runs, such as ``archive add``; empty before it has begun."""
    return str(context.find_root().meta.get(_RUNNING, ""))


def _names(context: click.Context) -> list[str]:
    """Names of the groups that a command belongs to and of the command, without that of the program."""
    return [*_names(context.parent), str(context.info_name)] if context.parent else []


def _may_be_set(option: click.Option, context: click.Context) -> bool:
    """Whether an option may be set in the environment; those that delete files may not."""
    return bool(context.auto_envvar_prefix and option.allow_from_autoenv and not option.envvar)


class SectionedCommand(click.Command):
    """Command whose help shows its options in sections, and whose options may stand in the environment."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments; other options are read from variables such as DEDUP_SCAN_THRESHOLD."""
        for parameter in self.get_params(ctx):
            if isinstance(parameter, click.Option) and _may_be_set(parameter, ctx):
                name = max(parameter.opts, key=len).lstrip("-").replace("-", "_").upper()
                parameter.envvar = f"{ctx.auto_envvar_prefix}_{name}"
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, whose name `running` then returns."""
        ctx.find_root().meta[_RUNNING] = " ".join(_names(ctx))
        return super().invoke(ctx)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options: those of this command alone first, the others by section."""
        section_of = {name: section for section, names in SECTIONS.items() for name in names}
        found: dict[str, list[tuple[str, str]]] = {"Options": [], **{section: [] for section in SECTIONS}}
        for option in self.get_params(ctx):
            if isinstance(option, click.Option) and (record := option.get_help_record(ctx)):
                section = "Messages" if "--help" in option.opts else section_of.get(option.name or "", "Options")
                found[section].append(record)
        for section, records in found.items():
            if records:
                with formatter.section(section):
                    formatter.write_dl(records)
