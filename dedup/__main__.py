"""``python -m dedup``, and the command ``dedup``."""

import sys


def run() -> None:
    """Run the command line; an interruption while it is being imported is reported in one line, too."""
    try:
        from dedup.cli import main
    except KeyboardInterrupt:
        sys.stderr.write("Error: interrupted; nothing was written\n")
        sys.exit(130)
    main(prog_name="dedup")


if __name__ == "__main__":
    run()
