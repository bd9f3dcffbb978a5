"""Choice of the article to keep among some of a story, where its representative is not among them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dedup.actions.keep import Choose
from dedup.clustering.decisions import Decisions
from dedup.clustering.outcome import rank_articles
from dedup.datatypes import Report
from dedup.language.as_read import body_of
from dedup.language.text import content_hash
from dedup.runtime.workers import ALONE


def chooser(report: Report, decisions: Decisions) -> Choose:
    """Chooser by the rules that choose representatives: what people decided first, the last decision before others."""
    order = {decision.keep: -number for number, decision in enumerate(decisions.keeps, 1)}

    def choose(positions: Sequence[int]) -> int:
        kept = {position: _preference(report, position, order) for position in positions} if order else {}
        ranks = rank_articles(report.articles, np.array(positions, np.intp), ALONE, kept=kept)
        return min(positions, key=ranks.__getitem__)

    return choose


def _preference(report: Report, position: int, order: dict[str, int]) -> int:
    article = report.articles[position]
    named = order.get(article.id, 0)
    return min(named, order.get(content_hash(body_of(article)), 0))
