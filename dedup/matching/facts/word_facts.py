"""Weekdays, months, ordinals and numbers that a text states in words, whether or not its script parts them."""

from __future__ import annotations

from dedup.matching.facts.spaced_words import WordFacts, read_spaced
from dedup.matching.facts.unspaced_words import is_unspaced, read_unspaced


def read_word_facts(text: str, opening: int, language: str) -> WordFacts:
    """The tokens of a text, and again those of them that stand before the position `opening`."""
    if not is_unspaced(language):
        return read_spaced(text, opening, language)
    found = read_unspaced(text, language)
    return WordFacts(
        tuple(dict.fromkeys(token.lstrip("~") for token, _ in found)),
        tuple(dict.fromkeys(token for token, at in found if at < opening and token[0] != "~")),
    )
