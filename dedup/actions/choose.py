"""Choice of the article to keep among some of a story, where its representative is not among them."""

from __future__ import annotations

from collections.abc import Sequence

from dedup.actions.keep import Choose
from dedup.clustering.decisions import Decisions
from dedup.clustering.keep_rules import KeepRules
from dedup.datatypes import Report
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


def _preference(report: Report, position: int, order: dict[str, int]) -> int:
    article = report.articles[position]
    named = order.get(article.id, 0)
    return min(named, order.get(content_hash(body_of(article)), 0))
