"""Decisions of people as they apply to a saved report: pairs that are different, and articles chosen to be kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from dedup.actions.saved_report import SavedArticle, SavedStory


class PairVerdict(Protocol):
    """Verdict on two articles, each named by its id or the hash of its text."""

    @property
    def left(self) -> str:
        """Name of one."""
        ...

    @property
    def right(self) -> str:
        """Name of the other."""
        ...

    @property
    def same(self) -> bool:
        """Whether they are one story."""
        ...


class Choice(Protocol):
    """Choice of the article to keep, named by its id or the hash of its text."""

    @property
    def keep(self) -> str:
        """Name of the article."""
        ...

    @property
    def story(self) -> Sequence[str]:
        """Names of the articles among which it was chosen; empty for any."""
        ...


@dataclass(frozen=True, slots=True)
class Decided:
    """Decisions that matter to the stories of a report; of two on one question the later counts.

    same : by the hashes of two texts, or by the ids of two copies of one text
    choices : in their order
    """

    same: Mapping[frozenset[str], bool] = field(default_factory=dict)
    choices: tuple[Choice, ...] = ()

    @classmethod
    def of(cls, pairs: Iterable[PairVerdict], choices: Iterable[Choice], stories: Iterable[SavedStory]) -> Decided:
        """Decisions in the order in which they were made, in the terms of a report."""
        hash_of = {member.id: member.hash for story in stories for member in story.members}
        same: dict[frozenset[str], bool] = {}
        for pair in pairs:
            names = {pair.left, pair.right}
            hashes = {hash_of.get(name, name) for name in names}
            same[frozenset(hashes if len(hashes) == 2 else names)] = pair.same
        return cls(same, tuple(choices))

    def parts(self, one: SavedArticle, other: SavedArticle) -> bool:
        """Whether people decided that two articles are different; what is said of one copy counts for all."""
        names = (one.id, other.id) if one.hash == other.hash else (one.hash, other.hash)
        return self.same.get(frozenset(names)) is False

    def chosen(self, story: SavedStory) -> SavedArticle | None:
        """Article of a story that people chose to keep; None where nobody did."""
        for choice in reversed(self.choices):
            found = [member for member in story.members if choice.keep in (member.id, member.hash)]
            others = [member for member in story.members if not {member.id, member.hash}.isdisjoint(choice.story)]
            if found and (not choice.story or len(others) > 1):
                return story.representative if story.representative in found else min(found, key=lambda m: m.id)
        return None
