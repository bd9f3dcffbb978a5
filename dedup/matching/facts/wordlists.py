"""Words that state weekdays, months, ordinals and numbers, language by language, ready to be looked up."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import Any

from dedup.matching.facts.locale_words import WORD, words_of

START = 4  # letters by which most words are known to be none of those looked for
_LONG, _LONGEST = 6, 8  # letters of a name of which one or two at the end may change
_ENDING, _COMPOUND = 3, 10  # letters that may stand behind a stem
_COMPOUNDING = frozenset({"af", "da", "de", "nl", "no", "sv"})
_PARTS = re.compile(WORD)
_BEHIND = ("", ",", ".", ":", ";", ")", "!", "?", "-", "،", "؛", "।", "”", "»", "'", "’")
_PREFIXES = {"ar": ("", "ال", "و", "وال", "ب", "بال", "لل", "ل"), "he": ("", "ה", "ב", "ו", "ל", "מ", "כ")}
_ROMAN_NUMERALS = "I II III IV V VI VII VIII IX X XI XII XIII XIV XV XVI"
ROMAN = {numeral: n for n, numeral in enumerate(_ROMAN_NUMERALS.split(), 1)}
NO_ROMAN = frozenset("IVX")  # a pronoun, a letter, another letter
PHASED = frozenset({"id"})  # where a lone "I" is the first
_DIGIT_ENDINGS = {
    "en": "st nd rd th",
    "fr": "er ère ème e re nd nde",
    **dict.fromkeys(("es", "pt", "it"), "º ª ° o a"),
    **dict.fromkeys(("ru", "uk", "bg"), "-й -я -го -е -м -ю -му"),
}
_HUNDRED, THOUSAND = 100, 1000
# Words that are a number or a day only now and then: they can be met by the other text, and contradict none.
_DOUBTFUL = {
    "ca": "nou set segon segons",
    "da": "anden andet andre",
    "es": "segundo segundos cuarto cuartos",
    "fa": "نه ده دو مه",
    "fi": "toinen toisen toista toiset toisten toisia toisesta toisella",
    "fr": "neuf mars",
    "hi": "दो नौ दूसरा दूसरी दूसरे पहले",
    "hr": "drugi drugo druga druge drugog drugom",
    "hu": "hét hat",
    "id": "kedua minggu pertama satu",
    "it": "sei secondo prima primo secondi primi sette",
    "ne": "सय सात",
    "no": "andre",
    "pl": "drugi druga drugie drugiego drugiej",
    "cs": "druhý druhá druhé druhého",
    "sk": "druhý druhá druhé druhého",
    "sl": "drugi druga drugo drugega",
    "pt": "segundo segundos quarto",
    "ru": "семью",
    "sv": "andra andre",
    "tl": "linggo una unang",
    "tr": "yüz yedi pazar altı ocak on bin",
    "ur": "ہفتہ پیر نو",
    "vi": "ba năm chín hai tư",
    "et": "teine teise teist",
    "sq": "hënën hënë",
    "so": "kun",
}
# One half, quarter and third as per cent, which some say instead.
_SHARES = {
    "en": "half|halves quarter third|thirds",
    "de": "hälfte|halb|halbe|halben viertel drittel",
    "nl": "helft kwart derde",
    "sv": "hälften fjärdedel tredjedel",
    "da": "halvdelen fjerdedel tredjedel",
    "no": "halvparten fjerdedel tredjedel",
    "fr": "moitié quart tiers",
    "es": "mitad cuarto|cuarta tercio|tercera",
    "pt": "metade quarto terço",
    "it": "metà quarto terzo",
    "ca": "meitat quart terç",
    "ro": "jumătate sfert|pătrime treime",
    "pl": "połowa|połowy|połowę|połowie ćwierć|czwarta trzecia",
    "cs": "polovina|poloviny|polovinu|polovině čtvrtina|čtvrtinu třetina|třetinu|třetiny",
    "sk": "polovica|polovicu|polovice štvrtina|štvrtinu tretina|tretinu",
    "hr": "polovica|polovina|polovicu četvrtina|četvrtinu trećina|trećinu",
    "sl": "polovica|polovico četrtina|četrtino tretjina|tretjino",
    "ru": "половина|половину|половины|половине четверть|четверти треть|трети",
    "uk": "половина|половину|половини чверть|чверті третина|третину|третини",
    "bg": "половината|половин четвърт|четвъртина трета|третина",
    "el": "μισό|μισά|μισοί τέταρτο τρίτο",
    "hu": "fele|felét negyede|negyedét harmada|harmadát",
    "fi": "puolet neljännes kolmannes|kolmasosa",
    "et": "pool|pooled veerand kolmandik",
    "tr": "yarısı|yarısını|yarım çeyrek|çeyreği üçte",
    "id": "setengah|separuh|separuhnya seperempat sepertiga",
    "sw": "nusu robo theluthi",
    "ar": "نصف ربع ثلث",
    "fa": "نیمی|نصف ربع ثلث",
    "he": "מחצית|חצי רבע שליש",
    "ur": "نصف|آدھا|آدھی|آدھے چوتھائی تہائی",
    "hi": "आधा|आधे|आधी चौथाई तिहाई",
    "bn": "অর্ধেক চতুর্থাংশ তৃতীয়াংশ",
    "vi": "nửa",
}
_SHARE_TOKENS = (("~N50",), ("~N25", "~N75"), ("~N33", "~N33.3", "~N67", "~N66", "~N66.7"))


@dataclass(frozen=True, slots=True, eq=False)
class Wordlist:
    """Words that are looked for in a language.

    starts : frozenset of str, the first letters of anything looked for, small and capital
    readings : dict of str to tuple of str, whole words; a token in doubt begins with "~"
    stems : dict of str to list of tuple, by first letters: a stem, the longest word it is in, and its reading
    phrases : dict of str to list of tuple, by first word: the words behind it, and their reading
    cardinals, multipliers : dict of str to int, words of numbers, and what multiplies the number before it
    doubtful : frozenset of str
    """

    starts: frozenset[str]
    readings: dict[str, tuple[str, ...]]
    stems: dict[str, list[tuple[str, int, str]]]
    phrases: dict[str, list[tuple[tuple[str, ...], str]]]
    cardinals: dict[str, int]
    multipliers: dict[str, int]
    doubtful: frozenset[str]


@cache
def wordlist(language: str) -> Wordlist:
    """Word list of a language; English serves for one that is not known."""
    known = _number_words().get(language)
    if known is None:
        return wordlist("en")
    words = words_of(language)
    prefixes = _PREFIXES.get(language, ("",))
    doubtful = frozenset(plain(word, language) for word in _DOUBTFUL.get(language, "").split())
    multipliers = {_key(word, language): n for word, n in known["multipliers"].items()}
    cardinals = {_key(word, language): n for word, n in known["cardinals"].items()}
    hundreds = {word: n for word, n in multipliers.items() if n >= _HUNDRED and word not in cardinals}
    cardinals |= hundreds
    readings: dict[str, tuple[str, ...]] = {}
    phrases: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    names = [(name, f"W{day}") for name, day in words.weekday_numbers.items()]
    names += [(name, f"M{month}") for name, month in words.full_months.items()]
    ordinals = [(name, f"O{n}") for name, n in known["ordinals"].items()]
    for name, reading in (*names, *ordinals, *_with_digits(language)):
        first, *behind = name.split() if name[0].isdigit() else _key(name, language).split()
        if behind and language in ("ca", "sq"):  # "de gener", "e martë"
            first, *behind = behind
        if behind:
            for prefix in prefixes:
                phrases.setdefault(prefix + first, []).append((tuple(behind), reading))
        else:
            _add(readings, first, reading)
    if language == "pt":
        for name, day in words.weekday_numbers.items():
            _add(readings, _key(name, language).split()[0], f"W{day}")
    for word in [word for word in readings if word in cardinals or word in doubtful]:
        readings[word] = _in_doubt(readings[word])
    for forms, tokens in zip(_SHARES.get(language, "").split(), _SHARE_TOKENS, strict=False):
        for form in forms.split("|"):
            readings[form] = readings.get(form, ()) + tokens
    doubtful |= {word for word in cardinals if word in readings} | hundreds.keys()
    readings = {prefix + word: of for word, of in readings.items() for prefix in prefixes} | readings
    cardinals = {prefix + word: n for word, n in cardinals.items() for prefix in prefixes} | cardinals
    stems = _stems([(name, reading) for name, reading in names if " " not in _key(name, language)], language)
    firsts = {word.partition(" ")[0] for word, n in cardinals.items() if n > 1}
    alone = {*readings, *firsts, *phrases, *_written(language)}
    return Wordlist(
        frozenset(_starts(alone, (stem for of in stems.values() for stem, *_ in of))),
        readings,
        stems,
        phrases,
        cardinals,
        multipliers,
        doubtful,
    )


def _written(language: str) -> Iterator[str]:
    """Words as a text may write them that the tables have in another way."""
    words = words_of(language)
    known = _number_words()[language]
    yield from (word for word in (*words.weekday_numbers, *words.full_months, *known["ordinals"]))
    yield from (word for word, n in known["cardinals"].items() if n > 1)
    yield from (
        prefix + word
        for prefix in _PREFIXES.get(language, ())
        for word in (*words.weekday_numbers, *known["cardinals"])
    )
    yield from (numeral for numeral in ROMAN if numeral not in NO_ROMAN or language in PHASED)


def _add(readings: dict[str, tuple[str, ...]], word: str, reading: str) -> None:
    known = readings.get(word, ())
    if reading not in known and "~" + reading not in known:
        readings[word] = _in_doubt((*known, reading)) if known else (reading,)


def _in_doubt(readings: Iterable[str]) -> tuple[str, ...]:
    return tuple(reading if reading[0] == "~" else "~" + reading for reading in readings)


def _with_digits(language: str) -> Iterator[tuple[str, str]]:
    for ending in _DIGIT_ENDINGS.get(language, "").split():
        yield from ((f"{n}{ending}", f"O{n}") for n in range(1, 32))


def _key(word: str, language: str) -> str:
    return " ".join(plain_parts(word, language))


def _stems(names: Iterable[tuple[str, str]], language: str) -> dict[str, list[tuple[str, int, str]]]:
    """Stems of long names, whose ends may change or have more behind them."""
    more = _COMPOUND if language in _COMPOUNDING else _ENDING
    found: dict[str, set[str]] = {}
    for name, reading in names:
        name = _key(name, language)
        stem = name[: len(name) - (2 if len(name) >= _LONGEST else 1)] if len(name) >= _LONG else ""
        if stem and not (language == "en" and reading[0] == "M"):
            found.setdefault(stem, set()).add(reading)
    stems: dict[str, list[tuple[str, int, str]]] = {}
    for stem, readings in sorted(found.items(), key=lambda item: -len(item[0])):
        if len(readings) == 1:
            stems.setdefault(stem[:START], []).append((stem, len(stem) + 1 + more, next(iter(readings))))
    return stems


def _starts(words: Iterable[str], stems: Iterable[str]) -> Iterator[str]:
    """The first letters of words and stems, small and capital; of a short word with what may stand behind it."""
    for word in words:
        for form in {word, word.capitalize(), word.upper(), word.replace("'", "’"), word.replace("'", "ʼ")}:
            if len(form) >= START:
                yield form[:START]
            else:
                yield from ((form + mark)[:START] for mark in _BEHIND)
    for stem in stems:
        yield from {stem[:START], stem[:START].capitalize(), stem[:START].upper()}


@cache
def _number_words() -> Mapping[str, dict[str, Any]]:
    """Number words that `tests/number_words.py` has found, by language."""
    found: dict[str, dict[str, Any]] = json.loads(
        resources.files("dedup.matching.facts").joinpath("number_words.json").read_text(encoding="utf-8")
    )
    return found


@lru_cache(maxsize=1 << 14)
def plain_parts(word: str, language: str) -> tuple[str, ...]:
    """The parts of a word in small letters as the tables have them: "twenty" and "seven" of "Twenty-seven,"."""
    return tuple(_PARTS.findall(plain(word, language)))


def plain(word: str, language: str) -> str:
    """A word in small letters as the tables have it, without what is written one way or another."""
    word = word.lower()
    if word.isascii():
        return word
    if language == "uk":
        word = word.replace("'", "").replace("’", "").replace("ʼ", "")
    return word.translate(_SPACED if language in ("fa", "ur") else _JOINED)


_SAME = {"إ": "ا", "أ": "ا", "آ": "ا", "ё": "е", "ँ": "ं", "ʼ": "'", "’": "'", "ي": "ی", "ك": "ک", "\u0307": "", "ş": "ș"}
_SAME |= {"ţ": "ț"}
_JOINED = str.maketrans(_SAME | {"\u200c": "", "\u200d": ""})
_SPACED = str.maketrans(_SAME | {"\u200c": " ", "\u200d": ""})
