"""Rules by which the article of a story to keep, its representative, is chosen.

Several rules apply in their order: each leaves those articles that are best by it, and the next one chooses among them;
the id decides last. What its source has cut off stands for no story that is there whole. A rule leaves all articles
that it cannot tell apart: two lengths in different languages, a day and an hour of that day, articles without a date.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import NamedTuple, TypeAlias

from dedup.datatypes import KEEP_BY_DEFAULT, Article
from dedup.errors import SettingsError
from dedup.language.as_read import body_of
from dedup.language.text import count_words, printable
from dedup.reading.dates import Span, span_of
from dedup.reading.fields import CUT

ALLOWED = "newest, oldest, longest, first, reference, path:GLOB or language:CODE,CODE"
"""All rules, for messages."""

_EXAMPLE = "--keep reference --keep language:id,en --keep newest"

_SHORT_IN_ANY_LANGUAGE = 4
"""Factor between numbers of words that no translation bridges.

Among 53 documents of NTREX in 55 languages the wordiest translation (Vietnamese) has at most 2.4 times as many words as
the tersest (Finnish, Korean), and 3.6 times with 73 further languages (Tibetan, Zulu). An article with less than a
quarter is a shorter one, whatever its language.
"""

_CODE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z]{2,8})*")


class Standing(NamedTuple):
    """Facts of an article that rules look at.

    `words` and `published` are None where no rule needs them, or nothing is known. `decided` is below 0 for an article
    that people chose to keep, lowest for the last choice; it comes before all rules. `cut` is a text that its source
    has cut off.
    """

    id: str
    position: int
    path: str = ""
    language: str = ""
    words: int | None = None
    published: Span | None = None
    reference: bool = False
    decided: int = 0
    cut: bool = False


Rule: TypeAlias = Callable[[Sequence[Standing]], Sequence[Standing]]
"""Function from articles to those of them that are best, at least one."""


@dataclass(frozen=True, slots=True)
class KeepRules:
    """Rules in their order, made by `parse`."""

    texts: tuple[str, ...] = KEEP_BY_DEFAULT

    @classmethod
    def parse(cls, texts: Iterable[str] = ()) -> KeepRules:
        """Parse rules as users write them; without any, those of the default are taken.

        Raises
        ------
        SettingsError
            If one is no rule; the message names it, the rules that there are, and an example.
        """
        given = tuple(texts)
        for text in given:
            _parsed(text)
        return cls(given or KEEP_BY_DEFAULT)

    def standing(self, article: Article, position: int, language: str, words: int | None = None) -> Standing:
        """Facts of an article that the rules need; its words are counted if they are not given."""
        if "longest" not in self.texts:
            words = None
        elif words is None:
            words = count_words(body_of(article))
        return self.standing_of(
            article.id,
            position,
            path=article.path,
            language=language,
            words=words,
            published=article.published,
            reference=article.reference,
            cut=CUT in article.note,
        )

    def standing_of(
        self,
        id: str,
        position: int,
        *,
        path: str,
        language: str,
        words: int | None,
        published: str,
        reference: bool = False,
        cut: bool = False,
    ) -> Standing:
        """Facts of an article that the rules need, from the fields of a report."""
        dated = not {"oldest", "newest"}.isdisjoint(self.texts)
        return Standing(id, position, path, language, words, span_of(published) if dated else None, reference, cut=cut)

    def choose(self, standings: Iterable[Standing]) -> Standing:
        """Choose the one to keep among one or more articles, in any order."""
        left = list(standings)
        lowest = min(standing.decided for standing in left)
        left = [standing for standing in left if standing.decided == lowest]
        left = [standing for standing in left if not standing.cut] or left
        for text in self.texts:
            if len(left) == 1:
                break
            left = list(_parsed(text)(left))
        return min(left, key=lambda standing: (standing.id, standing.position))


def _parsed(text: str) -> Rule:
    kind, colon, value = text.partition(":")
    if not colon and kind in _PLAIN:
        return _PLAIN[kind]
    if kind == "path" and value:
        return _matching(unicodedata.normalize("NFC", value))
    codes = [code.strip() for code in value.split(",")]
    if kind == "language" and all(map(_CODE.fullmatch, codes)):
        return _in_order(codes)
    reason = ""
    if kind == "language":
        reason = "; a language is a code such as id, en or zh-cn, as reports show it"
    elif "," in text:
        reason = "; several rules are several --keep"
    raise SettingsError(f'keep must be {ALLOWED}, got "{printable(text)}"{reason}; for instance {_EXAMPLE}')


def _best(standings: Sequence[Standing], key: Callable[[Standing], float]) -> list[Standing]:
    best = min(map(key, standings))
    return [standing for standing in standings if key(standing) == best]


def _oldest(standings: Sequence[Standing]) -> Sequence[Standing]:
    """Select those before which none was certainly published; articles without a date only where none has one."""
    dated = [(standing, standing.published) for standing in standings if standing.published]
    if not dated:
        return standings
    earliest = min(last for _, (_, last) in dated)
    return [standing for standing, (first, _) in dated if first <= earliest]


def _newest(standings: Sequence[Standing]) -> Sequence[Standing]:
    dated = [(standing, standing.published) for standing in standings if standing.published]
    if not dated:
        return standings
    latest = max(first for _, (first, _) in dated)
    return [standing for standing, (_, last) in dated if last >= latest]


def _longest(standings: Sequence[Standing]) -> Sequence[Standing]:
    """Select the longest of each language, except those too short to be a translation of the longest of all.

    Numbers of words say little across languages (a Finnish translation has half the words of a Vietnamese one), nor do
    characters or sentences; within a language they are compared as they are.
    """
    words = [(standing, standing.words) for standing in standings if standing.words is not None]
    most = max((count for _, count in words), default=0)
    long = [(standing, count) for standing, count in words if _SHORT_IN_ANY_LANGUAGE * count >= most]
    longest: dict[str, int] = {}
    for standing, count in long:
        longest[standing.language] = max(count, longest.get(standing.language, 0))
    return [standing for standing, count in long if count == longest[standing.language]] or standings


def _first(standings: Sequence[Standing]) -> Sequence[Standing]:
    return _best(standings, lambda standing: standing.position)


def _reference(standings: Sequence[Standing]) -> Sequence[Standing]:
    return _best(standings, lambda standing: not standing.reference)


def _matching(glob: str) -> Rule:
    """Make the rule that prefers articles whose path matches a pattern (`matches_path`)."""

    def matching(standings: Sequence[Standing]) -> Sequence[Standing]:
        return _best(standings, lambda standing: not matches_path(standing.path, glob))

    return matching


def matches_path(path: str, glob: str) -> bool:
    """Whether a path matches a pattern, as a whole or from some folder on; ``*`` also stands for ``/``."""
    path = unicodedata.normalize("NFC", path)
    return fnmatchcase(path, glob) or fnmatchcase(path, f"*/{glob}")


def _in_order(codes: Sequence[str]) -> Rule:
    """Make the rule that prefers earlier languages; ``zh`` also stands for ``zh-cn`` and ``zh-tw``."""

    def place(standing: Standing) -> int:
        code = standing.language.lower()
        names = [at for at, wanted in enumerate(codes) if f"{code}-".startswith(f"{wanted.lower()}-")]
        return min(names, default=len(codes))

    return lambda standings: _best(standings, place)


_PLAIN: dict[str, Rule] = {
    "newest": _newest,
    "oldest": _oldest,
    "longest": _longest,
    "first": _first,
    "reference": _reference,
}
