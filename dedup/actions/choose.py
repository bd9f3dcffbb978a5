"""Choice of the article to keep among some of a story, where its representative is not among them."""

from __future__ import annotations

from collections.abc import Sequence

from dedup.actions.keep import Choose
from dedup.clustering.decisions import Decisions
from dedup.clustering.keep_rules import KeepRules
from dedup.datatypes import Article, Report
from dedup.language.as_read import body_of
from dedup.language.text import content_hash


def chooser(report: Report, decisions: Decisions) -> Choose:
    """Chooser by the rules that choose representatives: what people decided first, the last decision before others."""
    order = {decision.keep: -number for number, decision in enumerate(decisions.keeps, 1)}
    rules = KeepRules.parse(report.settings.keep)

    def choose(positions: Sequence[int]) -> int:
        standings = [
            rules.standing(report.articles[position], position, report.languages[position].code)
            for position in positions
        ]
        if order:
            standings = [
                standing._replace(decided=_preference(report, standing.position, order)) for standing in standings
            ]
        return rules.choose(standings).position

    return choose


def chosen(report: Report, decisions: Decisions) -> frozenset[int]:
    """Positions of the articles in stories that people chose to keep, by ids or hashes."""
    names = {decision.keep for decision in decisions.keeps}
    members = (member for cluster in report.clusters for member in cluster.members) if names else ()
    return frozenset(at for at in members if not names.isdisjoint(_names(report.articles[at])))


def _preference(report: Report, position: int, order: dict[str, int]) -> int:
    return min(order.get(name, 0) for name in _names(report.articles[position]))


def _names(article: Article) -> tuple[str, str]:
    """Names by which decisions call an article: its id, and the hash of its text."""
    return article.id, content_hash(body_of(article))
