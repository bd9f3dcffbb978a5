"""``python -m dedup``, and the command ``dedup``."""

import sys


def run() -> None:
    """Run the command line; one that is interrupted while it starts says so in a line too."""
    try:
        from dedup.cli import main
    except KeyboardInterrupt:
        sys.stderr.write("Error: interrupted; nothing was written\n")
        sys.exit(130)
    main(prog_name="dedup")


if __name__ == "__main__":
    run()
