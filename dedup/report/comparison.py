"""Comparison of two articles, as text and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from dedup.datatypes import Agreement, Article, Comparison
from dedup.language.text import printable
from dedup.report import view
from dedup.report.records import SCHEMA, Record, article_record, dumps, match_record
from dedup.report.terminal import Pen, fit, fit_end, pad, wrap
from dedup.report.wording import KIND_WORDS, certainty_words, language_name
from dedup.version import __version__

_NARROWEST = 40

_PAIRS, _ALONE, _CELL_LINES, _FACTS = 12, 6, 3, 12

_ALL = 10**9


def comparison_as_text(comparison: Comparison, *, width: int = 80, colour: bool = False, full: bool = False) -> str:
    """Render a comparison as text: verdict, aligned sentences, sentences of one side only, facts that agree or clash.

    `full` shows every sentence in full length, and what the score is made of; otherwise long lists and sentences are
    cut.
    """
    page = _Page(comparison, max(width, _NARROWEST), Pen(colour), full)
    blocks = (page.verdict(), page.articles(), page.aligned(), page.alone(), page.facts(), page.score())
    return "\n\n".join(filter(None, ("\n".join(block) for block in blocks))) + "\n"


def comparison_as_json(comparison: Comparison) -> str:
    """Render a comparison as one JSON document, with all aligned sentence pairs and all sentences without one."""
    left, right = comparison.left, comparison.right
    record: Record = {
        "schema": SCHEMA,
        "dedup": __version__,
        "is_match": comparison.is_match,
        "threshold": comparison.threshold,
        "left": article_record(left, comparison.languages[0]),
        "right": article_record(right, comparison.languages[1]),
        **match_record(left, right, comparison.match, pairs=_ALL),
        "left_only": _unmatched(left, [pair.left for pair in comparison.match.evidence.aligned]),
        "right_only": _unmatched(right, [pair.right for pair in comparison.match.evidence.aligned]),
    }
    return dumps(record, indent=1) + "\n"


@dataclass(frozen=True, slots=True)
class _Page:
    comparison: Comparison
    width: int
    pen: Pen
    full: bool

    def verdict(self) -> Iterator[str]:
        comparison, match = self.comparison, self.comparison.match
        figure = view.score_figure(match.score)
        if comparison.is_match:
            kind = KIND_WORDS[match.kind]
            said, colour = f"Same article: {kind.lower()}, {certainty_words(match.score)} ({figure})", "green"
        else:
            said, colour = f"Not the same article ({figure}, a match needs {comparison.threshold:g})", "yellow"
        yield from self._wrapped(said, "bold", colour)
        left, right = (f"{share:.0%}" for share in match.evidence.coverage)
        covered = f"{left} of the left and {right} of the right text has a counterpart; cosine {match.similarity:.2f}"
        yield from self._wrapped(covered)
        if match.excerpt:
            yield f"The {match.excerpt} text is contained in the other."

    def articles(self) -> Iterator[str]:
        sides = (self.comparison.left, self.comparison.right)
        names = [language_name(language.code) for language in self.comparison.languages]
        yield from self._row([fit_end(view.place(side), self._column) for side in sides], "dim")
        yield from self._row([fit(name, self._column) for name in names], "cyan")
        matches = [self.comparison.match]
        heads = [view.headline(side, matches, position) for position, side in enumerate(sides)]
        yield from self._row(heads, "bold")

    def aligned(self) -> Iterator[str]:
        pairs = self.comparison.match.evidence.aligned
        if not pairs:
            return
        yield self.pen(view.counted(len(pairs), "aligned sentence"), "bold")
        left, right = view.sentences(self.comparison.left), view.sentences(self.comparison.right)
        for pair in pairs[: self._limit(_PAIRS)]:
            yield from self._row([view.one_line(left[pair.left]), view.one_line(right[pair.right])])
        yield from self._hidden(len(pairs) - _PAIRS, "pair")

    def alone(self) -> Iterator[str]:
        aligned = self.comparison.match.evidence.aligned
        for name, article, matched in (
            ("left", self.comparison.left, [pair.left for pair in aligned]),
            ("right", self.comparison.right, [pair.right for pair in aligned]),
        ):
            rest = _unmatched(article, matched)
            if rest:
                yield self.pen(f"Only in the {name} text: {view.counted(len(rest), 'sentence')}", "bold")
            for sentence in rest[: self._limit(_ALONE)]:
                yield from self._wrapped(view.one_line(sentence), "dim", indent=2)
            yield from self._hidden(len(rest) - _ALONE, "sentence")

    def facts(self) -> Iterator[str]:
        evidence = self.comparison.match.evidence
        yield from self._agreement("Numbers", evidence.numbers, view.format_numbers)
        yield from self._agreement("Names", evidence.names, lambda names: list(map(printable, names)))

    def score(self) -> Iterator[str]:
        """Lines of the waterfall: what the features of the pair add to its log-odds."""
        if not self.full:
            return
        from dedup.report.waterfall import comparison_waterfall  # loads numpy

        found = comparison_waterfall(self.comparison)
        if found is None:
            return
        yield self.pen("Why this score (log-odds: 0 is even chances, +3 is 95%)", "bold")
        for step in (found.base, *found.steps):
            yield from self._wrapped(f"{step.log_odds:+6.1f}  {step.words}", indent=2)
        if found.limit:
            yield from self._wrapped(f"{'':6}  {found.limit}", indent=2)
        yield f"  {found.total:+6.1f}  together; the score is {view.score_figure(self.comparison.match.score)}"

    def _agreement(
        self, noun: str, agreement: Agreement, readable: Callable[[Sequence[str]], list[str]]
    ) -> Iterator[str]:
        sides = (
            ("agree", agreement.shared),
            ("only in the left text", agreement.left_only),
            ("only in the right text", agreement.right_only),
        )
        for words, facts in sides:
            if facts:
                shown = ", ".join(readable(facts)[: self._limit(_FACTS)])
                more = f" and {len(facts) - _FACTS} more" if len(facts) > self._limit(_FACTS) else ""
                head = f"{noun} {words}: "
                first, *others = wrap(shown + more, self.width - len(head), lines=self._limit(1))
                yield self.pen(head, "bold") + first
                yield from (" " * len(head) + line for line in others)

    def _wrapped(self, line: str, *styles: str, indent: int = 0) -> Iterator[str]:
        for part in self._cell(line, self.width - indent):
            yield " " * indent + self.pen(part, *styles)

    def _row(self, cells: Sequence[str], *styles: str) -> Iterator[str]:
        """Lines of two cells side by side, each wrapped in its column."""
        left, right = (self._cell(cell, self._column) for cell in cells)
        for one, other in zip_longest(left, right, fillvalue=""):
            yield f"{self.pen(pad(one, self._column), *styles)} │ {self.pen(other, *styles)}".rstrip()

    def _cell(self, value: str, width: int) -> list[str]:
        return wrap(value, width, lines=self._limit(_CELL_LINES))

    def _hidden(self, n: int, noun: str) -> Iterator[str]:
        if n > 0 and not self.full:
            yield self.pen(f"… and {view.counted(n, noun)} more; -v shows all", "dim")

    def _limit(self, n: int) -> int:
        return _ALL if self.full else n

    @property
    def _column(self) -> int:
        return (self.width - 3) // 2


def _unmatched(article: Article, matched: Sequence[int]) -> list[str]:
    """Sentences of an article without a counterpart, in order."""
    faced = set(matched)
    return [sentence for index, sentence in enumerate(view.sentences(article)) if index not in faced]
