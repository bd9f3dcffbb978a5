"""Fuzzing guided by coverage, for one kind of file: atheris looks for bytes that reach lines not reached before.

    pip install atheris
    PYTHONPATH=.:tests python -m fuzz.guided .md -max_total_time=600

Options behind the suffix are those of libFuzzer. Good files of the kind are its corpus.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["dedup"], enable_loader_override=False):
    from fuzz.seeds import LIMIT, seeds_of
    from fuzz.targets import read_any_file


def main() -> None:
    """Fuzz the reader of a suffix until something breaks or the time is up."""
    suffix, *options = sys.argv[1:]

    def check(data: bytes) -> None:
        read_any_file(suffix, data, packed=False)

    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(seeds_of(suffix)):
            (Path(corpus) / f"{number}").write_bytes(seed)
        atheris.Setup([sys.argv[0], corpus, f"-max_len={LIMIT}", *options], check)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
