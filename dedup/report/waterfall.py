"""Explanation of a score in steps: where such a pair starts, and what each feature adds or takes away, in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dedup.datatypes import Comparison, Language, Match, MatchKind, Report, Settings
from dedup.errors import SettingsError
from dedup.matching.explanation import Explanation, explain_score
from dedup.matching.scorer import Scorer, load_scorer
from dedup.report.wording import feature_words, head_words

_STEPS = 8  # contributions listed one by one

_LEAST = 0.05  # log-odds below which a contribution counts among the rest

_REST = "everything else"

_CAPPED = "too little of either text has a counterpart: no match without evidence"


@dataclass(frozen=True, slots=True)
class Step:
    """Part of a score: the words for it and the log-odds it adds, negative where it takes away."""

    words: str
    log_odds: float


@dataclass(frozen=True, slots=True)
class Waterfall:
    """Steps of a score: where such a pair starts, the contributions, the largest first, and where they lead.

    `total` is in log-odds, 0 for even chances. `limit` says in words why the score lies below the sum, where it does.
    """

    base: Step
    steps: tuple[Step, ...]
    total: float
    limit: str = ""


def waterfalls(report: Report) -> Callable[[Match], Waterfall | None]:
    """Make a function from a match of the report to the steps of its score.

    It returns None for exact copies, which have no scorer, and where the scorer of the run is missing or comes to
    another score.
    """
    scorer = _scorer(report.settings, report.threshold, report.model)

    def of_match(match: Match) -> Waterfall | None:
        languages = (report.languages[match.left], report.languages[match.right])
        return _waterfall(scorer, match, languages)

    return of_match


def comparison_waterfall(comparison: Comparison) -> Waterfall | None:
    """Steps of the score of two articles that were compared; None as in `waterfalls`."""
    if comparison.settings is None:
        return None
    scorer = _scorer(comparison.settings, comparison.threshold, comparison.model)
    return _waterfall(scorer, comparison.match, comparison.languages)


def _scorer(settings: Settings, threshold: float, model: str) -> Scorer | None:
    """Scorer of a run; None where its file is gone."""
    try:
        return load_scorer(settings.level, threshold, settings.scorer, fingerprint=model.rpartition("@")[2])
    except SettingsError:
        return None


def _waterfall(scorer: Scorer | None, match: Match, languages: tuple[Language, Language]) -> Waterfall | None:
    if scorer is None or match.kind is MatchKind.EXACT:
        return None
    found = explain_score(scorer, match.evidence.features, languages, match.score)
    return _steps(found) if found else None


def _steps(found: Explanation) -> Waterfall:
    listed = [part for part in found.contributions[:_STEPS] if abs(part.log_odds) >= _LEAST]
    steps = [Step(feature_words(part.feature, part.value), part.log_odds) for part in listed]
    rest = sum(part.log_odds for part in found.contributions[len(listed) :])
    if abs(rest) >= _LEAST:
        steps.append(Step(_REST, rest))
    limit = _CAPPED if found.capped else ""
    return Waterfall(Step(f"start: {head_words(found.head)}", found.base), tuple(steps), found.total, limit)
