"""Decisions that people made about pairs and stories, and how they apply to the articles of a run.

A file of decisions holds JSON lines of two forms, each of them optionally with ``by`` and ``at``::

    {"left": "<name>", "right": "<name>", "verdict": "same" | "different", "by": "...", "at": "..."}
    {"keep": "<name>", "story": ["<name>", ...], "by": "...", "at": "..."}

A name is the id of an article or the hash of its text, both as in the JSON report; a name that could be either is an
id. A hash does not change when files are moved.

Rules, none of which depends on the order of the articles:

- A later line overrules an earlier one about the same two articles; of two lines that choose a representative for one
  story, the later one counts.
- A decision on one of several exact copies counts for all with its text, except where it keeps two of these copies
  apart, which only their ids can tell.
- *Different* is stronger than *same* inferred through a third article: where a = b, b = c and a ≠ c, the earliest of
  the lines saying "same" gives way, and a warning names it.
- Decisions on articles that are not in the run change nothing and are counted in a warning.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dedup.errors import ReadError, SettingsError
from dedup.language.json_text import kind_of, parse_json
from dedup.language.text import printable

SAME, DIFFERENT = "same", "different"
"""Verdicts on a pair."""

_SHOWN = 60  # characters of a value in a message

_FORMS = 'expected {"left", "right", "verdict": "same" or "different"} or {"keep", "story": [...]}'


@dataclass(frozen=True, slots=True)
class PairDecision:
    """Decision that two articles, named by id or hash, are the same story or different ones."""

    left: str
    right: str
    same: bool
    by: str = ""
    at: str = ""
    source: str = field(default="", compare=False)
    """File and number of the line, for messages."""


@dataclass(frozen=True, slots=True)
class KeepDecision:
    """Decision on the representative of a story: `keep` and the members of the `story`, named by id or hash."""

    keep: str
    story: tuple[str, ...] = ()
    by: str = ""
    at: str = ""
    source: str = field(default="", compare=False)
    """File and number of the line, for messages."""


@dataclass(frozen=True, slots=True)
class Decisions:
    """Decisions of people, in the order in which they were made."""

    pairs: tuple[PairDecision, ...] = ()
    keeps: tuple[KeepDecision, ...] = ()

    @classmethod
    def load(cls, *paths: str | Path) -> Decisions:
        """Read files of decisions, the later of which overrule the earlier.

        Raises
        ------
        ReadError
            If a file cannot be read.
        SettingsError
            If a line is no decision; the message names it.
        """
        return cls._of(decision for path in paths for decision in _decisions(_lines_of(path), str(path)))

    @classmethod
    def from_lines(cls, lines: Iterable[str | bytes], source: str = "decisions") -> Decisions:
        """Read decisions from JSON lines; `source` names them in messages.

        Raises
        ------
        SettingsError
            If a line is no decision; the message names it.
        """
        return cls._of(_decisions(lines, source))

    @classmethod
    def _of(cls, decisions: Iterable[PairDecision | KeepDecision]) -> Decisions:
        pairs: list[PairDecision] = []
        keeps: list[KeepDecision] = []
        for decision in decisions:
            if isinstance(decision, PairDecision):
                pairs.append(decision)
            else:
                keeps.append(decision)
        return cls(tuple(pairs), tuple(keeps))

    def __len__(self) -> int:
        return len(self.pairs) + len(self.keeps)

    @property
    def names(self) -> frozenset[str]:
        """Names that the decisions are about: ids and hashes."""
        return frozenset(
            [*(name for pair in self.pairs for name in (pair.left, pair.right)), *(keep.keep for keep in self.keeps)]
        )


NO_DECISIONS = Decisions()
"""Absence of decisions."""


def _lines_of(path: str | Path) -> list[bytes]:
    try:
        return Path(path).read_bytes().split(b"\n")
    except OSError as error:
        raise ReadError(f"cannot read the decisions in {printable(str(path))}: {error.strerror}") from error


def _decisions(lines: Iterable[str | bytes], source: str) -> Iterator[PairDecision | KeepDecision]:
    for number, line in enumerate(lines, 1):
        where = f"{printable(source)}:{number}"
        text = _decoded(line, where) if isinstance(line, bytes) else line
        if text := text.removeprefix("\ufeff" if number == 1 else "").strip():
            yield _decision(text, where)


def _decoded(line: bytes, where: str) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise SettingsError(f"{where}: not UTF-8 ({error.reason}); a file of decisions is JSON lines") from error


def _decision(text: str, where: str) -> PairDecision | KeepDecision:
    try:
        record = parse_json(text)
    except ValueError as error:
        raise SettingsError(f"{where}: not JSON ({error}); {_FORMS}") from error
    if not isinstance(record, dict):
        raise SettingsError(f"{where}: {kind_of(record)} instead of an object; {_FORMS}")
    of_pair, of_story = record.keys() & {"left", "right", "verdict"}, record.keys() & {"keep", "story"}
    if bool(of_pair) == bool(of_story):
        raise SettingsError(f"{where}: {'two decisions' if of_pair else 'no decision'} in this line; {_FORMS}")
    return _pair_decision(record, where) if of_pair else _keep_decision(record, where)


def _pair_decision(record: Mapping[str, Any], where: str) -> PairDecision:
    left, right, verdict = (_name(record.get(key), key, where) for key in ("left", "right", "verdict"))
    if verdict not in (SAME, DIFFERENT):
        raise SettingsError(f'{where}: verdict must be "same" or "different", got {_shown(verdict)}')
    if left == right and verdict == DIFFERENT:
        raise SettingsError(
            f"{where}: {_shown(left)} cannot differ from itself; exact copies have one hash, so name them by their ids"
        )
    return PairDecision(left, right, verdict == SAME, *_signature(record, where), where)


def _keep_decision(record: Mapping[str, Any], where: str) -> KeepDecision:
    story = record.get("story", [])
    if not isinstance(story, list):
        raise SettingsError(f"{where}: story must be a list of ids or hashes, got {_shown(story)}")
    members = tuple(_name(member, "story", where) for member in story)
    return KeepDecision(_name(record.get("keep"), "keep", where), members, *_signature(record, where), where)


def _signature(record: Mapping[str, Any], where: str) -> tuple[str, str]:
    """Author and time of a decision; empty where the line does not say."""
    by, at = (record.get(key) for key in ("by", "at"))
    for key, value in (("by", by), ("at", at)):
        if not isinstance(value, str | None):
            raise SettingsError(f"{where}: {key} must be a string, got {_shown(value)}")
    return by or "", at or ""


def _name(value: object, key: str, where: str) -> str:
    if not isinstance(value, str) or not value:
        raise SettingsError(f"{where}: {key} must be a string that is not empty, got {_shown(value)}; {_FORMS}")
    return value


def _shown(value: object) -> str:
    shown = printable(repr(value))
    return shown if len(shown) <= _SHOWN else f"{shown[: _SHOWN - 1]}…"
