"""A campaign of fuzzing: as many new inputs for each target as are asked for, counted, within a budget of time.

    PYTHONPATH=.:tests python -m fuzz.campaign --inputs 100000 --seconds 1800 texts facts readers

One input in twenty is made by hypothesis; the others are offspring of these (``offspring.py``). Prints a line for each
target: how many inputs it was given, in how many seconds, what the slowest took of the processor, and what broke it.
The readers, which are many functions, share the number by default; ``readers.md`` names one. The same ``--seed`` gives
the same inputs.
"""

from __future__ import annotations

import argparse
import random
import secrets
import sys
import time
import traceback
import warnings
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from dedup.reading.formats import READERS
from fuzz.offspring import Breed
from fuzz.targets import TARGETS

_ROUND = 20_000
"""Inputs of one seed."""

_MADE = 20
"""One input in as many is made by hypothesis, which remembers what it has made, and slows down."""

_MOST_FAULTS = 5


class Outcome(NamedTuple):
    """What came of a target: its inputs, the slowest of them in seconds of processor time, and its different faults."""

    inputs: int
    slowest: float
    faults: list[str]


def main() -> None:
    """Run the campaign; exit with 1 if anything broke."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", help="names or beginnings of names; all by default")
    parser.add_argument("--inputs", type=int, default=100_000, help="of each target")
    parser.add_argument("--seconds", type=float, default=3600, help="for each target at most")
    parser.add_argument("--seed", type=int, default=secrets.randbits(32))
    given_values = parser.parse_args()
    warnings.simplefilter("ignore")
    sys.stdout.write(f"seed {given_values.seed}\n")
    broken = False
    for name, members in _chosen(given_values.targets).items():
        begun = time.monotonic()
        share = given_values.inputs // len(members), given_values.seconds / len(members), given_values.seed
        done = [_run(member, *share) for member in members]
        count, slowest = sum(one.inputs for one in done), max(one.slowest for one in done)
        faults = [fault for one in done for fault in one.faults]
        verdict = "\n".join(faults) or "nothing broke"
        took = f"{time.monotonic() - begun:,.0f} s, slowest {slowest:.2f} s"
        sys.stdout.write(f"{name}: {count:,} inputs in {took}: {verdict}\n")
        sys.stdout.flush()
        broken |= bool(faults)
    sys.exit(broken)


def _chosen(names: Iterable[str]) -> dict[str, list[str]]:
    """Targets by the name that is shown; the readers in one, each function of theirs once."""
    met: dict[object, str] = {}
    for name in TARGETS:
        suffix = name.removeprefix("readers")
        met.setdefault(READERS.get(suffix, name) if name.startswith("readers") else name, name)
    groups: dict[str, list[str]] = {}
    for name in met.values():
        groups.setdefault("readers" if name.startswith("readers") else name, []).append(name)
    wanted = list(names)
    if not wanted:
        return groups
    return {name: groups.get(name) or [name] for name in wanted}


def _run(name: str, inputs: int, seconds: float, number: int) -> Outcome:
    """Inputs that a target took, and what broke it."""
    check, _ = TARGETS[name]
    end = time.monotonic() + seconds
    count, slowest = 0, 0.0
    faults: dict[object, str] = {}
    for values in _inputs(name, inputs, number):
        if time.monotonic() > end or len(faults) >= _MOST_FAULTS:
            break
        count += 1
        begun = time.process_time()
        try:
            check(*values)
        except Exception as fault:
            place = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(fault.__traceback__)][-1]
            faults.setdefault((type(fault), place), f"{name}{values!r:.5000}\n{traceback.format_exc(limit=-6)}")
        slowest = max(slowest, time.process_time() - begun)
    return Outcome(count, slowest, list(faults.values()))


def _inputs(name: str, inputs: int, number: int) -> Iterator[tuple[Any, ...]]:
    """As many inputs of a target."""
    _, strategies = TARGETS[name]
    for first in range(0, inputs, _ROUND):
        size = min(_ROUND, inputs - first)
        made = list(_made(strategies, size // _MADE or 1, number + first))
        yield from made
        breed = Breed(made, random.Random(f"{name} {number + first}"))
        for _ in range(size - len(made)):
            yield breed.next()


def _made(strategies: tuple[Any, ...], inputs: int, number: int) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []

    @seed(number)
    @settings(max_examples=inputs, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.tuples(*strategies))
    def collect(values: tuple[Any, ...]) -> None:
        found.append(values)

    collect()
    return found


if __name__ == "__main__":
    main()
