"""Selection of the pairs that count: by language, date, kind, and whether one of the two belongs to a reference.

Pairs are dropped before they are verified. A pair that does not count joins nothing; two articles that form one may
still stand in one story through a third, which counts with both. Exact copies are told apart here, since two with the
same text may differ in their dates, and one of them may belong to the reference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dedup.arrays import Flags, Positions, batches, slices, take_rows
from dedup.datatypes import UNDETERMINED, Article, Candidates, Language, MatchKind, Pairs, Selection
from dedup.errors import SettingsError
from dedup.language.scripts import LANGUAGES
from dedup.language.siblings import SIBLING_CODES
from dedup.matching.evidence import kinds_of
from dedup.matching.exact import UniqueArticles
from dedup.matching.verify import Verdicts
from dedup.reading.dates import Span, span_of
from dedup.runtime.workers import Workers

_DAY = 86_400.0  # seconds

_FAR = np.inf  # an unknown date may be any

_MOST_COMPARED = 1 << 16  # pairs of copies of two texts up to which all are told

_AT_A_TIME = 1 << 20

_Floats = npt.NDArray[np.float64]


def check_languages(selection: Selection) -> None:
    """Raise `SettingsError` where a language is none that can be detected."""
    known = {UNDETERMINED, *LANGUAGES, *SIBLING_CODES}
    known |= {_primary(code) for code in known}
    for code in selection.languages:
        if code not in {name.lower() for name in known}:
            raise SettingsError(
                f"languages must be codes that can be detected, got {code!r}; there are: {', '.join(sorted(known))}"
            )


@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """Facts about n articles by which pairs are selected.

    begin, end : ndarray of shape (n,), float64
        Seconds since 1970 between which an article was published: a day, a moment, or all time where nobody knows.
    reference : ndarray of shape (n,), bool
    """

    begin: _Floats
    end: _Floats
    reference: Flags

    @classmethod
    def unknown(cls, n: int) -> Marks:
        """Marks of n articles of which none is asked for."""
        return cls(np.full(n, -_FAR), np.full(n, _FAR), np.zeros(n, np.bool_))

    def joined(self, numbers: Positions, counted: Flags, m: int) -> Marks:
        """Marks of m texts, as wide as those of the articles with each that are counted; unknown without one."""
        begin, end = np.full(m, _FAR), np.full(m, -_FAR)
        np.minimum.at(begin, numbers[counted], self.begin[counted])
        np.maximum.at(end, numbers[counted], self.end[counted])
        begin[np.isposinf(begin)], end[np.isneginf(end)] = -_FAR, _FAR
        return Marks(begin, end, _any(numbers, counted & self.reference, m))

    @classmethod
    def of(cls, articles: Sequence[Article], workers: Workers) -> Marks:
        """Marks of all articles, which workers read."""
        rows = [row for batch in workers.map(_marks_of, batches(articles)) for row in batch]
        begin, end, reference = np.array(rows, np.float64).reshape(-1, 3).T
        return cls(begin, end, reference > 0)


def mark_articles(articles: Sequence[Article], selection: Selection, workers: Workers) -> Marks:
    """Marks of all articles, as far as a selection asks for them."""
    if selection.against or selection.since or selection.within is not None:
        return Marks.of(articles, workers)
    return Marks.unknown(len(articles))


def _marks_of(articles: Sequence[Article]) -> list[tuple[float, float, float]]:
    return [(*time_span(article.published), float(article.reference)) for article in articles]


def time_span(published: str) -> Span:
    """First and last second, since 1970, at which an article may have been published; all time where nobody knows."""
    return span_of(published) or (-_FAR, _FAR)


@dataclass(frozen=True, slots=True, eq=False)
class PairFilter:
    """Filter of the pairs among n articles with m different texts.

    selection : Selection
    numbers : ndarray of shape (n,), intp, the number of each article's text
    copies : sequence of m lists, the positions of the articles with each text
    languages : ndarray of shape (m,), intp, the number of the language of each text
    takes_part : ndarray of shape (n,), bool
    marks : Marks of the articles
    of_texts : Marks of the texts, as wide as those of all copies that take part; `reference` where one of them is
    some : ndarray of shape (m,), bool, texts of which a copy takes part
    new : ndarray of shape (m,), bool, texts of which a copy that takes part is not of the reference
    """

    selection: Selection
    numbers: Positions
    copies: Sequence[Sequence[int]]
    languages: Positions
    takes_part: Flags
    marks: Marks
    of_texts: Marks
    some: Flags
    new: Flags

    @classmethod
    def of(
        cls,
        selection: Selection,
        unique: UniqueArticles,
        marks: Marks,
        languages: Sequence[Language],
    ) -> PairFilter:
        """Filter for articles whose marks are known, and the languages of their texts."""
        numbers, codes = unique.numbers, [language.code for language in languages]
        primary = np.array([_primary(code) for code in codes], dtype=str)
        chosen = set(selection.languages)
        listed = [not chosen or bool({code.lower(), _primary(code)} & chosen) for code in codes]
        takes_part = np.array(listed, np.bool_)[numbers]
        if selection.since:
            takes_part &= marks.end >= time_span(selection.since)[0]
        return cls(
            selection=selection,
            numbers=numbers,
            copies=list(unique.copies_of_each().values()),
            languages=np.unique(primary, return_inverse=True)[1].astype(np.intp),
            takes_part=takes_part,
            marks=marks,
            of_texts=marks.joined(numbers, takes_part, len(codes)),
            some=_any(numbers, takes_part, len(codes)),
            new=_any(numbers, takes_part & ~marks.reference, len(codes)),
        )

    def asking(self) -> tuple[Positions, Flags] | None:
        """Texts that look for neighbours, and those among which they look; None where all look among all."""
        if self.selection.against:
            return np.flatnonzero(self.new), self.of_texts.reference
        return None if self.some.all() else (np.flatnonzero(self.some), self.some)

    def near(self, numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Pairs of texts, as ``left * m + right``, that may count."""
        m = max(len(self.languages), 1)
        parts = [numbers[part] for part in slices(len(numbers), _AT_A_TIME)]
        return np.concatenate([np.empty(0, np.int64), *(part[self.texts(*np.divmod(part, m))] for part in parts)])

    def texts(self, left: Positions, right: Positions) -> Flags:
        """Whether pairs of texts may count, for some of the copies of each."""
        allowed = self.some[left] & self.some[right] & self._languages(left, right)
        allowed &= self._close(self.of_texts, left, right)
        if self.selection.against:
            reference = self.of_texts.reference
            allowed &= (self.new[left] & reference[right]) | (reference[left] & self.new[right])
        return np.asarray(allowed, np.bool_)

    def articles(self, left: Positions, right: Positions) -> Flags:
        """Whether pairs of articles count, but for their kind."""
        allowed = self.takes_part[left] & self.takes_part[right] & self._close(self.marks, left, right)
        if self.selection.against:
            allowed &= self.marks.reference[left] != self.marks.reference[right]
        return np.asarray(allowed & self._languages(self.numbers[left], self.numbers[right]), np.bool_)

    def counted(self, candidates: Candidates, verdicts: Verdicts, is_match: Flags) -> Flags:
        """Whether verified pairs of texts count; of matches the kind is asked for too: ndarray of shape (m,), bool."""
        counted = self.texts(candidates.left, candidates.right)
        several = np.array([len(copies) > 1 for copies in self.copies], np.bool_)
        for at in np.flatnonzero(counted & (several[candidates.left] | several[candidates.right])).tolist():
            counted[at] = any(True for _ in self.copies_that_count(int(candidates.left[at]), int(candidates.right[at])))
        if self.selection.kinds:
            asked = np.flatnonzero(counted & is_match)
            counted[asked] = [kind in self.selection.kinds for kind in kinds_of(take_rows(verdicts, asked))]
        return counted

    def copies_that_count(self, left: int, right: int) -> Iterator[tuple[int, int]]:
        """Pairs of articles with two texts, or with the same, that count; of very many copies the nearest by date."""
        ones, others = self.copies[left], np.array(self.copies[right], np.intp)
        near = self._nearest(others) if len(ones) * len(others) > _MOST_COMPARED else None
        for one in ones:
            possible = others if near is None else near(one)
            found = possible[self.articles(np.full(len(possible), one, np.intp), possible)]
            yield from ((one, other) for other in found[found != one].tolist())

    def _nearest(self, others: Positions) -> Callable[[int], Positions]:
        """Function of an article: those nearest to it by date, and the first, of the reference and not of it."""
        others = others[self.takes_part[others]]
        of_reference = self.marks.reference[others]
        kinds = [others[of_reference], others[~of_reference]]
        kinds = [kind[np.argsort(self.marks.begin[kind], kind="stable")] for kind in kinds if len(kind)]
        dates = [self.marks.begin[kind] for kind in kinds]

        def near(one: int) -> Positions:
            found = [np.empty(0, np.intp)]
            for kind, begin in zip(kinds, dates, strict=True):
                at = int(np.searchsorted(begin, self.marks.begin[one]))
                found.append(kind[[0, *range(max(at - 2, 0), min(at + 3, len(kind)))]])
            return np.unique(np.concatenate(found))

        return near

    @property
    def counts_copies(self) -> bool:
        """Whether exact copies may count."""
        kinds = self.selection.kinds
        return self.selection.pairs is not Pairs.CROSS_LANGUAGE and (not kinds or MatchKind.EXACT in kinds)

    def _languages(self, left: Positions, right: Positions) -> Flags:
        if self.selection.pairs is Pairs.ALL:
            return np.ones(len(left), np.bool_)
        same = self.languages[left] == self.languages[right]
        return np.asarray(same if self.selection.pairs is Pairs.SAME_LANGUAGE else ~same, np.bool_)

    def _close(self, marks: Marks, left: Positions, right: Positions) -> Flags:
        """Whether two dates may lie as near each other as asked for."""
        if self.selection.within is None:
            return np.ones(len(left), np.bool_)
        apart = np.maximum(marks.begin[left] - marks.end[right], marks.begin[right] - marks.end[left])
        return np.asarray(apart <= self.selection.within * _DAY, np.bool_)


def _primary(code: str) -> str:
    """Language of a code without its form: zh of zh-tw."""
    return code.lower().partition("-")[0]


def _any(numbers: Positions, flags: Flags, m: int) -> Flags:
    """Whether a flag is set for an article with each of m texts."""
    return np.bincount(numbers[flags], minlength=m) > 0
