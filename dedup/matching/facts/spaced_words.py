"""Facts in words of languages that part their words: weekdays, months alone, ordinal and cardinal numbers.

Each is a token that no language changes: "W2" is Tuesday, "M5" May, "O2" the second, "N3" three.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import compress
from operator import itemgetter

from dedup.matching.facts.locale_words import words_of
from dedup.matching.facts.wordlists import NO_ROMAN, PHASED, ROMAN, START, THOUSAND, Wordlist, plain_parts, wordlist

_first_letters = itemgetter(slice(START))
_FEW = 8  # words that a number in words can have
_STOPS = (".", "!", "?", ":", "…", "।", "؟")
_MARKS = ".,:;!?()»”’'"
_NUMBERED_DAYS = frozenset({"vi"})  # "thứ hai" is Monday, and the second
_AND = "and und en og och e y i et и і та و na a şi și dhe ja"
_LINKS = frozenset(_AND.split())
_TEN_FIRST = frozenset({"sw", "tr", "vi", "cy"})  # "kumi na mbili" is 12
_IN_PLACE = ("M3", "M5", "O1", "O2")
_TIMES = frozenset({"a", "per", "every", "each", "split", "one"})  # in front of "second"
_COMMON_IN_TITLES = ("minist", "міністр", "министр")  # "premier ministre" is no first


@dataclass(frozen=True, slots=True)
class WordFacts:
    """Facts stated in words: tokens once each in order, and those of them that the opening states.

    `tokens` holds those in doubt as well, which `opening` leaves out.
    """

    tokens: tuple[str, ...]
    opening: tuple[str, ...]


def read_spaced(text: str, opening: int, language: str) -> WordFacts:
    """The tokens of a text in NFC, about 0.05 ms for 2,000 characters; the opening ends at the position `opening`."""
    table = wordlist(language)
    words = text.split()
    known = map(table.starts.__contains__, map(_first_letters, words))  # a third of the time of a loop
    hits = list(compress(range(len(words)), known))
    if not hits:
        return WordFacts((), ())
    top = len(text[:opening].split())
    tokens: list[str] = []
    at_the_top: list[str] = []
    done = 0
    for at in hits:
        if at >= done:
            readings = _alone(words[at], language)
            if readings is None:
                readings, length = _read(words, at, table, language)
                done = at + length
            tokens += readings
            if at < top:
                at_the_top += readings
    return WordFacts(
        tuple(dict.fromkeys([token.lstrip("~") for token in tokens])),
        tuple(dict.fromkeys([token for token in at_the_top if token[0] != "~"])),
    )


@lru_cache(maxsize=1 << 16)
def _alone(word: str, language: str) -> tuple[str, ...] | None:
    """The readings of a word, as it is written, that does not need those around it; nothing where it does."""
    table = wordlist(language)
    bare = word.strip(_MARKS)
    if bare in ROMAN:
        return None
    parts = plain_parts(word, language)
    if parts and (parts[0] in table.phrases or parts[0] in table.cardinals):
        return None if parts[0] in table.phrases or table.cardinals[parts[0]] > 1 else ()
    readings = _readings(bare, parts, table)
    return None if readings and readings[0] in _IN_PLACE else readings


def _readings(bare: str, parts: Sequence[str], table: Wordlist) -> tuple[str, ...]:
    """The readings of a word without its marks, or of the first of its parts."""
    if readings := table.readings.get(bare.lower()):  # 2nd, 3-й
        return readings
    first = parts[0] if parts else ""
    if readings := table.readings.get(first):
        return readings
    for stem, longest, reading in table.stems.get(first[:START], ()):
        if first.startswith(stem) and len(first) <= longest:
            return (reading,)
    return ()


def _read(words: Sequence[str], at: int, table: Wordlist, language: str) -> tuple[tuple[str, ...], int]:
    """The readings of a word, or of several that are one, and how many those are."""
    parts = plain_parts(words[at], language)
    if not parts:
        return (), 1
    word = parts[0]
    if roman := ROMAN.get(words[at].strip(_MARKS)):
        return _roman(words, at, roman, language), 1
    if word in table.phrases:
        behind = parts[1:] or _parts_behind(words, at, language)
        for phrase, reading in table.phrases[word]:
            if tuple(behind[: len(phrase)]) == phrase:
                reading = "~" + reading if language in _NUMBERED_DAYS and reading[0] == "W" else reading
                return (reading,), 1 if len(parts) > 1 else 1 + len(phrase)
    if word in table.cardinals:
        return _cardinal(words, at, table, language)
    return _in_place(_readings(words[at].strip(_MARKS), parts, table), words, at, language), 1


def _in_place(readings: tuple[str, ...], words: Sequence[str], at: int, language: str) -> tuple[str, ...]:
    """The readings of a word that may be another one: "may" and "march" where they have no capital or start."""
    if readings and readings[0] in ("M3", "M5") and language == "en":
        if words[at][0].islower():
            return ()
        if at == 0 or words[at - 1].endswith(_STOPS):
            return ("~" + readings[0],)
    if readings and readings[0] == "O2" and language == "en" and at and words[at - 1].lower() in _TIMES:
        return ("~O2",)
    if readings and readings[0] == "O1" and at + 1 < len(words) and words[at + 1].lower().startswith(_COMMON_IN_TITLES):
        return ()
    return readings


def _roman(words: Sequence[str], at: int, number: int, language: str) -> tuple[str, ...]:
    """A Roman numeral that stands behind a word with small letters in it."""
    before = words[at - 1] if at else ""
    if not before[-1:].isalpha() or before.isupper():
        return ()
    if words[at][0] in NO_ROMAN and len(words[at].strip(_MARKS)) == 1 and language not in PHASED:
        return ()
    return (f"O{number}",)


def _cardinal(words: Sequence[str], at: int, table: Wordlist, language: str) -> tuple[tuple[str, ...], int]:
    """A number in words, however many ("four hundred", "vingt et un"), and how many they are."""
    parts: list[str] = []
    counted = 0
    for count, word in enumerate(words[at : at + _FEW], start=1):
        of_word = plain_parts(word, language)
        if counted and not any(
            part in table.cardinals or part in table.multipliers or part in _LINKS for part in of_word
        ):
            parts += of_word[:1]
            break
        parts += of_word
        counted = count
        if word[-1] in ",;.:!?)،।":
            break
    value, used = _value(parts, table, language)
    scale = words_of(language)
    behind = parts[used] if used < len(parts) else ""
    power, end = scale.power_after(" " + behind, 0) if behind and behind not in _LINKS else (0, 0)
    if power and end == len(behind) + 1:
        value, used = value * 10**power, used + 1
    first = parts[0]
    if used == 1 and (value == 1 or first in table.doubtful):
        return (() if value == 1 else (f"~N{value}",)) + table.readings.get(first, ()), 1
    readings = (f"N{value}",) if value > 1 else ()
    return readings + (table.readings.get(first, ()) if used == 1 else ()), max(1, min(counted, used))


def _value(parts: Sequence[str], table: Wordlist, language: str) -> tuple[int, int]:
    """The number that words add up to, and how many of them do."""
    phrase = " ".join(parts[:2])
    total, used = (table.cardinals[phrase], 2) if phrase in table.cardinals else (table.cardinals[parts[0]], 1)
    last = total
    while used < len(parts):
        step = 2 if parts[used] in _LINKS and used + 1 < len(parts) else 1
        word = parts[used + step - 1]
        factor = table.multipliers.get(word, 0)
        size = table.cardinals.get(word, 0)
        if step == 1 and factor and last < factor and (last < 10 or factor >= THOUSAND):
            total, last = total - last + last * factor, last * factor
        elif step == 1 and word == "vingt" and parts[used - 1] == "quatre" and last == 4:
            total, last = total - 4 + 80, 80
        elif size and (_room(last, language) > size or (language == "ar" and 2 < last < 10 and 20 <= size < 100)):
            total, last = total + size, size
        else:
            break
        used += step
    return total, used


def _room(last: int, language: str) -> int:
    """Bound below which a number that follows is added: 10 behind "twenty", 100 behind "three hundred"."""
    if last % 100 == 0:
        return 100 if last % 1000 else 1000
    if last == 10 and language == "fr":
        return 10
    if last == 80 or (last == 60 and language == "fr"):
        return 20
    return 10 if last % 10 == 0 and (last > 10 or language in _TEN_FIRST) else 0


def _parts_behind(words: Sequence[str], at: int, language: str) -> list[str]:
    return [part for word in words[at + 1 : at + 3] for part in plain_parts(word, language)]
