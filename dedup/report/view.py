"""Parts that all renderings share: stories with their matches, headlines, counts, and reasons in words."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from dedup.datatypes import AlignedPair, Article, Cluster, Evidence, Match, MatchKind, Report, Skipped
from dedup.language import text
from dedup.language.as_read import body_of
from dedup.language.sentences import sentences as split_sentences

_SHOWN_FACTS = 4

_CORRECTED = 2  # figures of either side at most, where one text corrects the other

_LARGE = re.compile(r"[1-9][0-9]{4,17}")

_NOT_DIGITS = re.compile(r"[^0-9]")

_LONG_ENOUGH = 4  # words of a sentence that can serve as the headline of an untitled article


NOTICE = "no article text: a request for consent or payment; matches nothing"
"""Note on an article that is nothing but a request for consent or payment."""


@dataclass(frozen=True, slots=True)
class Story:
    """Cluster with the matches between its members, as reports show it.

    `score` is that of the text joined least firmly: the lowest of the scores of each text's best match inside.
    """

    id: str
    cluster: Cluster
    matches: tuple[Match, ...]
    score: float

    def ordered(self) -> tuple[tuple[int, bool], ...]:
        """Members as people read them, and whether each is a version of the one before it.

        The representative comes first; of an event the versions of one report stand together.
        """
        first = self.cluster.representative
        reports = self.cluster.versions or ((member,) for member in self.cluster.members)
        others = sorted(reports, key=lambda report: first not in report)
        in_order = (sorted(report, key=lambda member: member != first) for report in others)
        return tuple((member, place > 0) for report in in_order for place, member in enumerate(report))

    def explaining(self, member: int) -> Match | None:
        """Match of a member with the representative, or else its best one inside the story."""
        own = [match for match in self.matches if member in (match.left, match.right)]
        direct = [match for match in own if self.cluster.representative in (match.left, match.right)]
        return max(direct or own, key=lambda match: match.score, default=None)


def stories(report: Report) -> tuple[Story, ...]:
    """Stories of a report, in the order of its clusters."""
    story_of = {member: number for number, cluster in enumerate(report.clusters) for member in cluster.members}
    inside: list[list[Match]] = [[] for _ in report.clusters]
    for match in report.matches:
        number = story_of.get(match.left)
        if number is not None and number == story_of.get(match.right):
            inside[number].append(match)
    return tuple(
        Story(cluster_id(ids_of(report, cluster)), cluster, tuple(matches), _story_score(cluster, matches))
        for cluster, matches in zip(report.clusters, inside, strict=True)
    )


def most_certain_first(found: Iterable[Story]) -> list[Story]:
    """Sort stories as people read them: the most certain, then the largest, then the first read."""
    return sorted(found, key=lambda story: (-round(story.score, 4), -len(story.cluster.members), story.cluster.members))


def cluster_id(ids: Iterable[str]) -> str:
    """Hash of a cluster's sorted ids, 16 hexadecimal digits (BLAKE2b): equal whenever the members are."""
    joined = "\0".join(sorted(ids)).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(joined, digest_size=8).hexdigest()


def ids_of(report: Report, cluster: Cluster) -> list[str]:
    """Ids of a cluster's members, in order of reading."""
    return [report.articles[member].id for member in cluster.members]


def languages_of(report: Report, cluster: Cluster) -> list[str]:
    """Languages of a cluster's members, each once, in alphabetical order."""
    return sorted({report.languages[member].code for member in cluster.members})


def counts(report: Report) -> dict[str, int]:
    """Count what was seen, read and skipped (read + skipped = seen), clusters, duplicates, and a reference if any."""
    found = counts_of(report.read, len(report.skipped), report.clusters) | {"duplicates": report.duplicates}
    if report.settings.selection.against:
        found["reference"] = sum(article.reference for article in report.articles)
    return found


def counts_of(read: int, skipped: int, clusters: Sequence[Cluster]) -> dict[str, int]:
    """Count seen, read, skipped, clusters and duplicates of a run without a report."""
    return {
        "seen": read + skipped,
        "read": read,
        "skipped": skipped,
        "clusters": len(clusters),
        "duplicates": sum(len(cluster.members) - 1 for cluster in clusters),
    }


def by_reason(skipped: Iterable[Skipped]) -> list[tuple[str, list[Skipped]]]:
    """Group skipped files and records by their reason, the most frequent first."""
    groups: dict[str, list[Skipped]] = {}
    for item in skipped:
        groups.setdefault(item.reason, []).append(item)
    return sorted(groups.items(), key=lambda group: -len(group[1]))


def best_aligned(evidence: Evidence, limit: int) -> list[AlignedPair]:
    """Closest sentence pairs, at most `limit`, in order of the left article."""
    closest = sorted(evidence.aligned, key=lambda pair: (-pair.similarity, pair.left, pair.right))[:limit]
    return sorted(closest, key=lambda pair: (pair.left, pair.right))


@lru_cache(maxsize=1024)
def sentences(article: Article) -> tuple[str, ...]:
    """Sentences of an article as `AlignedPair` numbers them."""
    return tuple(split_sentences(body_of(article)))


def place(article: Article) -> str:
    """Place of an article: its id, after its path where the id does not begin with it; safe on a terminal."""
    inside = bool(article.path) and not article.id.startswith(article.path)
    return text.printable(f"{article.path}#{article.id}" if inside else article.id)


def note(report: Report, position: int) -> str:
    """Note on an article: that it has no article text, or what its source says of it; empty without one."""
    return NOTICE if position in report.notices else text.printable(report.articles[position].note)


def noted(report: Report) -> list[tuple[str, list[int]]]:
    """Notes with the positions of their articles, the most frequent first."""
    groups: dict[str, list[int]] = {}
    for position in range(len(report.articles)):
        if said := note(report, position):
            groups.setdefault(said, []).append(position)
    return sorted(groups.items(), key=lambda group: -len(group[1]))


def headline(article: Article, matches: Sequence[Match] = (), position: int = -1) -> str:
    """Title of an article, or else its first long sentence with a counterpart in `matches`, or else the first long one.

    A sentence with a counterpart is no menu of a site. One line, safe on a terminal.
    """
    if article.title.strip():
        return one_line(article.title)
    of_article = sentences(article)
    same = {position}  # an exact copy shows the sentence that its original does
    for match in matches:
        if match.kind is MatchKind.EXACT and position in (match.left, match.right):
            same |= {match.left, match.right}
    aligned = {pair.left for match in matches if match.left in same for pair in match.evidence.aligned}
    aligned |= {pair.right for match in matches if match.right in same for pair in match.evidence.aligned}
    long = [index for index, sentence in enumerate(of_article) if text.count_words(sentence) >= _LONG_ENOUGH]
    telling = [index for index in long if index in aligned]
    return one_line(of_article[next(iter(telling or long), 0)]) if of_article else ""


def why(report: Report, match: Match, *, with_text: bool = True) -> str:
    """Reason for a match in one line; without text, it holds no number or name of the articles."""
    if match.kind is MatchKind.EXACT:
        return "the same text, but for spaces, case and invisible characters"
    reasons = ["joined by decision"] if match.decided else []
    reasons.append(_matching_sentences(report, match))
    if with_text:
        reasons += [_facts(match.evidence), corrected(report, match)]
    return "; ".join(filter(None, reasons))


def corrected(report: Report, match: Match) -> str:
    """Figures in which two versions of a text differ, where each has a few of its own; empty where they do not."""
    numbers = match.evidence.numbers
    sides = ((match.left, numbers.left_only), (match.right, numbers.right_only))
    if match.kind is not MatchKind.NEAR or not all(0 < len(alone) <= _CORRECTED for _, alone in sides):
        return ""
    return ", ".join(f"{place(report.articles[at])} says {' and '.join(format_numbers(alone))}" for at, alone in sides)


def format_numbers(numbers: Iterable[str]) -> list[str]:
    """Format numbers as people write them, least likely to agree by chance first: 16764.09, then 2008, then 15."""
    ranked = sorted(numbers, key=lambda number: (-len(_NOT_DIGITS.sub("", number).strip("0")), number))
    return [f"{int(number):,}" if _LARGE.fullmatch(number) else text.printable(number) for number in ranked]


def score_figure(score: float) -> str:
    """Format a score with two digits, never rounded up to 1."""
    return "over 0.99" if 0.995 <= score < 1 else f"{score:.2f}"


def counted(n: int, noun: str) -> str:
    """Format a number and its noun: ``1 story``, ``2 stories``, ``1,200 articles``."""
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{n:,} {noun if n == 1 else plural}"


def one_line(value: str) -> str:
    """Join the lines of a text into one, safe on a terminal."""
    return text.printable(" ".join(text.clean(value).split()))


def _story_score(cluster: Cluster, matches: Sequence[Match]) -> float:
    """Score of the text joined least firmly; exact copies count as one text, since they say nothing of other texts."""
    text_of = {match.right: match.left for match in matches if match.kind is MatchKind.EXACT}
    best = {text_of.get(member, member): 0.0 for member in cluster.members}
    if len(best) == 1:
        return min(match.score for match in matches)
    for match in matches:
        if match.kind is not MatchKind.EXACT:
            for side in (match.left, match.right):
                text = text_of.get(side, side)
                best[text] = max(best[text], match.score)
    return min(best.values()) or cluster.weakest.score


def _matching_sentences(report: Report, match: Match) -> str:
    aligned, coverage = len(match.evidence.aligned), match.evidence.coverage
    found = f"{counted(aligned, 'sentence')} {'matches' if aligned == 1 else 'match'}"
    if match.kind is MatchKind.EXCERPT and match.excerpt:
        inner, covered = (match.left, coverage[0]) if match.excerpt == "left" else (match.right, coverage[1])
        return f"{found}, {covered:.0%} of {place(report.articles[inner])}"
    low, high = (round(100 * share) for share in sorted(coverage))
    return f"{found}, {high}% of both texts" if low == high else f"{found}, {low}–{high}% of the texts"


def _facts(evidence: Evidence) -> str:
    """Numbers that agree or clash; names where there are no numbers."""
    numbers, names = evidence.numbers, evidence.names
    alone = len(numbers.left_only) + len(numbers.right_only)
    if numbers.shared:
        return _agree("number", format_numbers(numbers.shared)) + (f" ({alone} on one side only)" if alone else "")
    if numbers.left_only and numbers.right_only:
        return "no number in common"
    return _agree("name", [text.printable(name) for name in names.shared]) if names.shared else ""


def _agree(noun: str, facts: Sequence[str]) -> str:
    shown = ", ".join(facts[:_SHOWN_FACTS])
    more = f" and {len(facts) - _SHOWN_FACTS} more" if len(facts) > _SHOWN_FACTS else ""
    return f"{noun} {shown} agrees" if len(facts) == 1 else f"{noun}s {shown}{more} agree"
