"""Arguments in; a report on standard output or in a file, messages on standard error and an exit code out.

`main` is the entry point. A command is: parse, one call of the library, print. Cost: importing this package loads no
stage and no numpy, so that ``--help`` answers at once.
"""

from dedup.cli.commands import main

__all__ = ["main"]
