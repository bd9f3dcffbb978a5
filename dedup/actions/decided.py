"""Decisions of people as they apply to a saved report: pairs that are different, and articles chosen to be kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from dedup.actions.saved_report import SavedArticle, SavedStory
from dedup.clustering.decisions import Decisions


@dataclass(frozen=True, slots=True)
class Decided:
    """Decisions that matter to the stories of a report; of two on one question the later counts.

    same : by the hashes of two texts, or by the ids of two copies of one text
    choices : ids or hashes of articles to keep, each with the number of the last line that says so
    """

    same: Mapping[frozenset[str], bool] = field(default_factory=dict)
    choices: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, decisions: Decisions, stories: Iterable[SavedStory]) -> Decided:
        """Decisions in the terms of a report."""
        hash_of = {member.id: member.hash for story in stories for member in story.members}
        same: dict[frozenset[str], bool] = {}
        for pair in decisions.pairs:
            names = {pair.left, pair.right}
            hashes = {hash_of.get(name, name) for name in names}
            same[frozenset(hashes if len(hashes) == 2 else names)] = pair.same
        return cls(same, {choice.keep: number for number, choice in enumerate(decisions.keeps, 1)})

    def parts(self, one: SavedArticle, other: SavedArticle) -> bool:
        """Whether people decided that two articles are different; what is said of one copy counts for all."""
        names = (one.id, other.id) if one.hash == other.hash else (one.hash, other.hash)
        return self.same.get(frozenset(names)) is False

    def joins(self, one: SavedArticle, other: SavedArticle) -> bool:
        """Whether people decided that two articles are the same; what is said of one copy counts for all."""
        return self.same.get(frozenset((one.hash, other.hash))) is True

    def chosen(self, story: SavedStory) -> SavedArticle | None:
        """Article of a story that people chose last; None where they chose none."""
        last = {member.id: self._last(member) for member in story.members} if self.choices else {}
        best = max(last.values(), default=0)
        if not best:
            return None
        found = [member for member in story.members if last[member.id] == best]
        return story.representative if story.representative in found else min(found, key=lambda member: member.id)

    def _last(self, article: SavedArticle) -> int:
        return max(self.choices.get(article.id, 0), self.choices.get(article.hash, 0))
