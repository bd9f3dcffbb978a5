"""The command line: arguments in, a report on standard output or in a file, an exit code.

`main` is the entry point. Importing it loads no stage and no numpy, so that ``--help`` answers at once.
"""

from dedup.cli.commands import main

__all__ = ["main"]
