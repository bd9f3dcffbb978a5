"""Wording of kinds, scores and languages in reports that people read."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

from dedup.datatypes import UNDETERMINED, MatchKind, Pairs, Report

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
"""Lowest score of each certainty and the words for it, most certain first."""

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


def selection_words(report: Report) -> str:
    """Sentence on the pairs that were compared; empty where all were."""
    selection, parts = report.settings.selection, []
    if selection.against:
        parts.append("with a reference")
    if selection.pairs is not Pairs.ALL:
        parts.append(f"{selection.pairs.value} pairs")
    if selection.languages:
        parts.append(f"articles in {', '.join(selection.languages)}")
    if selection.within is not None:
        parts.append(f"published within {_days(selection.within)} of each other")
    if selection.since:
        parts.append(f"published since {selection.since}")
    if selection.kinds:
        parts.append(f"matches that are {', '.join(kind.value for kind in selection.kinds)}")
    if selection.min_size > 2:
        parts.append(f"stories of at least {selection.min_size} articles")
    return f"Compared only: {'; '.join(parts)}." if parts else ""


@cache
def _english_names() -> dict[str, str]:
    from babel import Locale

    return dict(Locale("en").languages)


def head_words(head: str) -> str:
    """Words for the scorer's head that judged a pair, which is where its score starts."""
    relation, _, excerpt = head.partition(" ")
    return _RELATIONS.get(relation, relation) + (", one more than twice as long" if excerpt == "excerpt" else "")


def feature_words(name: str, value: float) -> str:
    """Words for a feature of a pair and its value."""
    if name in _BY_SIGN:
        return f"{_BY_SIGN[name]} agree" if value > 0 else f"few {_BY_SIGN[name]} agree"
    if name in _SHARES:
        return f"{value:.0%} of {_SHARES[name]}"
    if name in _COSINES:
        return f"{_COSINES[name]} alike (cosine {value:.2f})"
    if name in _COUNTS:
        number = round(math.exp(-value)) - 1
        return f"{number} {_COUNTS[name][number > 1]}"
    if name in _OTHERS:
        return _OTHERS[name](value)
    return name.replace("_", " ")


_RELATIONS = {
    "translation": "two texts in two languages",
    "copy": "two texts in one language that share runs of words",
    "rewording": "two texts in one language, in other words",
    "undetermined": "two texts, one of them in an unknown language",
    "one": "two reports in one language",
    "two": "two reports in two languages",
}

_BY_SIGN = {
    "translated_words": "words of both reports, translated by a lexicon,",
    "translated_lead_words": "words of both leads, translated by a lexicon,",
    "translated_headline_words": "words of both headlines, translated by a lexicon,",
    "facts": "numbers and dates",
    "names": "names",
    "rare_names": "names, the rare ones above all,",
    "lead_names": "names at the top of both reports",
}

_SHARES = {
    "coverage": "the less covered text has a counterpart",
    "containment": "the better covered text has a counterpart",
    "closeness": "the better covered text has a close counterpart",
    "opening": "the first sentences have counterparts, on the less covered side",
    "overlap": "the runs of five words are shared",
    "vocabulary": "the words are shared",
    "lead_words": "the words of an opening are in the other text",
    "headline_words": "the words of a headline are in the other text",
    "rare_lead_words": "the words of the leads, weighted by rarity, are in the other text",
    "rare_headline_words": "the words of a headline, weighted by rarity and number, are in the other text",
}

_COSINES = {
    "cosine": "whole texts",
    "headline": "first sentences",
    "lead": "first five sentences",
    "facing": "sentences and their counterparts",
    "headline_facing": "a headline and the other report's first sentences",
    "closest": "the closest sentences",
    "rare_words": "words, weighted by rarity,",
}

_COUNTS = {
    "subject_clash": ("subject of each headline is not in the other", "subjects of each headline are not in the other"),
    "clash": ("number or date contradicts", "numbers or dates contradict"),
    "headline_clash": ("number or date of the headlines contradicts", "numbers or dates of the headlines contradict"),
    "opening_clash": ("weekday, month or number contradicts", "weekdays, months or numbers contradict"),
    "name_clash": ("name of each opening is not in the other", "names of each opening are not in the other"),
    "days": ("day between what they date", "days between what they date"),
}
"""Features that are minus the logarithm of one plus a count: words for one and for several."""


def _amount(value: float) -> str:
    letters = round(_LETTERS * math.exp(value), -1 if value < 1 else -2)
    return f"{'over' if value >= _MOST_AMOUNT else 'about'} {letters:,.0f} letters to compare"


def _days_between(of: str) -> Callable[[float], str]:
    return lambda value: f"{max(round(_EVEN_DAYS * math.exp(-value)) - 1, 0)} days between {of}"


_OTHERS: dict[str, Callable[[float], str]] = {
    "figures": lambda value: f"{-value:.0%} of the figures contradict",
    "published": _days_between("publication"),
    "dated": _days_between("what they date"),
    "lead_numbers": lambda value: f"{round(math.exp(value)) - 1} numbers at the top in common",
    "rare_numbers": lambda value: f"numbers in common, weighted by rarity ({value:.1f})",
    "verbatim": lambda value: (
        "all of the shorter text stands word for word in the longer" if value else "no copy of the whole"
    ),
    "length": lambda value: f"one text is {math.exp(-value):.1f} times as long",
    "amount": _amount,
    "order": lambda value: f"counterparts in the same order ({value:.0%})",
    "sequence": lambda value: f"how steadily counterparts rise from sentence to sentence ({value:.2f})",
    "swap": lambda value: f"subjects of the headlines differ in the same words ({-value:.2f})",
    "short_swap": lambda value: f"subjects of short headlines differ ({-value:.2f})",
    "repetition": lambda value: f"shared runs of words, weighted by length ({value:.2f})",
}

_EVEN_DAYS = 3.0  # of the features `published` and `dated`: days and one more at which they are 0

_LETTERS, _MOST_AMOUNT = 100.0, 2.49  # of the feature `amount`: its unit, and where it ends


def _days(number: float) -> str:
    """Format a number of days, or of hours where it is less than one."""
    if number < 1:
        return f"{number * 24:g} hour{'' if number * 24 == 1 else 's'}"
    return f"{number:g} day{'' if number == 1 else 's'}"
