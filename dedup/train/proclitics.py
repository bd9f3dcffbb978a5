"""Hebrew and Arabic words behind "the", "and", "in", "to" ..., which are written as the words' first letters."""

from __future__ import annotations

import re

_PROCLITICS = (
    (re.compile("[א-ת]{3,}"), tuple("הובלמש")),
    (re.compile("[ء-غف-ي]{3,}"), ("ال", "و", "ب", "ل", "ف", "وال")),
)
"""Letters of a script's words, none of which Persian or Urdu has for itself, and what its words are written with."""


def forms_behind(word: str) -> list[str]:
    """The word behind each proclitic of its script."""
    fitting = (proclitics for letters, proclitics in _PROCLITICS if letters.fullmatch(word))
    return [proclitic + word for proclitics in fitting for proclitic in proclitics]


def bare_forms(word: str) -> list[str]:
    """What the word would be without each proclitic that it may begin with."""
    fitting = ((letters, proclitics) for letters, proclitics in _PROCLITICS if letters.fullmatch(word))
    return [
        word.removeprefix(proclitic)
        for letters, proclitics in fitting
        for proclitic in proclitics
        if word.startswith(proclitic) and letters.fullmatch(word.removeprefix(proclitic))
    ]
