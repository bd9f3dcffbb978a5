"""A campaign of fuzzing: as many new inputs for each target as are asked for, counted, within a budget of time.

    PYTHONPATH=.:tests python -m fuzz.campaign --inputs 100000 --seconds 1800 texts facts readers

Prints a line for each target: how many inputs it was given, in how many seconds, and the first that broke it. The
readers, which are many functions, share the number by default; ``readers.md`` names one.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterable
from typing import Any

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from dedup.reading.formats import READERS
from fuzz.targets import TARGETS

_ROUND = 1000  # inputs by one seed: hypothesis remembers what it has tried, and slows down


def main() -> None:
    """Run the campaign; exit with 1 if anything broke."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", help="names or beginnings of names; all by default")
    parser.add_argument("--inputs", type=int, default=100_000, help="of each target")
    parser.add_argument("--seconds", type=float, default=3600, help="for each target at most")
    given_values = parser.parse_args()
    broken = False
    for name, members in _chosen(given_values.targets).items():
        begun = time.monotonic()
        share = given_values.inputs // len(members), given_values.seconds / len(members)
        done = [_run(member, *share) for member in members]
        count, faults = sum(one for one, _ in done), [fault for _, fault in done if fault]
        verdict = "\n".join(faults) or "nothing broke"
        sys.stdout.write(f"{name}: {count:,} inputs in {time.monotonic() - begun:,.0f} s: {verdict}\n")
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


def _run(name: str, inputs: int, seconds: float) -> tuple[int, str]:
    """Number of inputs that a target took, and the first that broke it."""
    check, strategies = TARGETS[name]
    end = time.monotonic() + seconds
    count = 0

    def counted(*values: Any) -> None:
        nonlocal count
        count += 1
        check(*values)

    while count < inputs and time.monotonic() < end:
        number = secrets.randbits(64)
        try:
            _round(counted, strategies, number, min(_ROUND, inputs - count))
        except Exception:
            return count, f"{name}, seed {number}\n{traceback.format_exc()}"
    return count, ""


def _round(check: Callable[..., None], strategies: tuple[Any, ...], number: int, inputs: int) -> None:
    @seed(number)
    @settings(max_examples=inputs, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.tuples(*strategies))
    def holds(values: tuple[object, ...]) -> None:
        check(*values)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        holds()


if __name__ == "__main__":
    main()
