"""Wording of kinds, scores and languages in reports that people read."""

from __future__ import annotations

from functools import cache

from dedup.datatypes import UNDETERMINED, MatchKind

KIND_WORDS = {
    MatchKind.EXACT: "Exact copy",
    MatchKind.NEAR: "Edited copy",
    MatchKind.TRANSLATION: "Translation",
    MatchKind.EXCERPT: "Excerpt",
    MatchKind.SAME_STORY: "Same event",
}

KIND_PLURALS = {
    MatchKind.EXACT: "Exact copies",
    MatchKind.NEAR: "Edited copies",
    MatchKind.TRANSLATION: "Translations",
    MatchKind.EXCERPT: "Excerpts",
    MatchKind.SAME_STORY: "Same event",
}

CERTAINTY_WORDS = ((0.99, "almost certain"), (0.95, "very likely"), (0.8, "likely"), (0.0, "possible"))
"""Lowest score and the words for it, most certain first."""

_VARIANTS = {
    "prs": "Dari",
    "sr-Latn": "Serbian (Latin)",
    "zh-cn": "Chinese (simplified)",
    "zh-tw": "Chinese (traditional)",
}


def certainty_words(score: float) -> str:
    """Words for a score: how sure it is."""
    return next(words for least, words in CERTAINTY_WORDS if score >= least)


def language_name(code: str) -> str:
    """English name of a language, by CLDR; the code itself where it has none."""
    if code == UNDETERMINED:
        return "Undetermined"
    return _VARIANTS.get(code) or _english_names().get(code, code)


@cache
def _english_names() -> dict[str, str]:
    from babel import Locale

    return dict(Locale("en").languages)
