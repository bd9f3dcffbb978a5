"""Kind of duplicate that an article is of the kept one, by the matches of a report and the hashes of the texts."""

from __future__ import annotations

from dataclasses import dataclass

from dedup.actions.saved_report import SavedArticle, SavedStory
from dedup.datatypes import MatchKind

_STRICTEST_FIRST = (
    MatchKind.EXACT,
    MatchKind.NEAR,
    MatchKind.EXCERPT,
    MatchKind.TRANSLATION,
    MatchKind.SAME_STORY,
)


@dataclass(frozen=True, slots=True)
class Relation:
    """Kind of an article towards the kept one; `contained` says whether the article lies in it as an excerpt.

    `score` is that of the match, 1 for exact copies.
    """

    kind: MatchKind
    contained: bool = False
    score: float = 1.0


def relations(story: SavedStory, kept: SavedArticle) -> dict[str, Relation]:
    """Relations of the articles of a story to the kept one, by the hash of their text; none without a match.

    Exact copies stand for one another: their matches are those of any of them. That a report calls two texts exact
    copies counts for nothing; their hashes, compared with the files, do. Nor does one match by way of another: an edit
    of an edit need not be one of the first text.
    """
    hash_of = {member.id: member.hash for member in story.members}
    found = {kept.hash: Relation(MatchKind.EXACT)}
    for pair, match in story.matches.items():
        hashes = {hash_of[id] for id in pair}
        if kept.hash not in hashes or len(hashes) < 2 or match.kind is MatchKind.EXACT:
            continue
        (other,) = hashes - {kept.hash}
        relation = Relation(match.kind, hash_of.get(match.contained) == other, match.score)
        before = found.get(other)
        if before is None or _STRICTEST_FIRST.index(relation.kind) < _STRICTEST_FIRST.index(before.kind):
            found[other] = relation
    return found
