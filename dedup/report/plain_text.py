"""Text report: a block for each story, then skipped files, then counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from dedup.datatypes import MatchKind, Report, Skipped
from dedup.language.text import printable
from dedup.report import view
from dedup.report.terminal import Pen, columns, fit, fit_end, pad, wrap
from dedup.report.wording import KIND_WORDS, certainty_words, selection_words

_NARROWEST = 40

_STORIES, _MEMBERS, _SKIPPED, _LANGUAGES, _NUMBERS = 50, 10, 10, 8, 4

_PLACES, _REASON_LINES = 3, 8

_ALL = 10**9


def as_text(
    report: Report, *, width: int = 80, colour: bool = False, full: bool = False, with_text: bool = True
) -> str:
    """Render a report as text of at most `width` columns, ending in a line break.

    Parameters
    ----------
    report : Report
        Result of a run.
    width : int
        Columns of the terminal; below 40 it counts as 40.
    colour : bool
        Whether to use ANSI colours.
    full : bool
        Show every story, member and skipped file; otherwise long lists are cut, with a count and a hint.
    with_text : bool
        False shows no word of the articles beyond the titles their sources give.
    """
    page = _Page(report, max(width, _NARROWEST), Pen(colour), full, with_text)
    return "\n".join((*page.stories(), *page.noted(), *page.skipped(), *page.summary())) + "\n"


def summary_line(counts: Mapping[str, int]) -> str:
    """Summarise the counts of a report in one sentence; articles of a reference are no part of the share."""
    reference = counts.get("reference", 0)
    compared = counts["read"] - reference
    articles = view.counted(compared, "article")
    if not compared:
        beside = f" beside {reference:,} of the reference" if reference else ""
        return f"Nothing to compare: no article was read{beside}."
    if not counts["clusters"]:
        return f"No duplicates among {articles}{f' and {reference:,} of the reference' if reference else ''}."
    stories = view.counted(counts["clusters"], "story")
    share = f"{counts['duplicates'] / compared:.0%}"
    repeats = "repeats" if counts["duplicates"] == 1 else "repeat"
    beside = f", {reference:,} of the reference aside" if reference else ""
    return f"{stories} told more than once; {counts['duplicates']:,} of {articles} ({share}) {repeats} another{beside}."


@dataclass(frozen=True, slots=True)
class _Page:
    report: Report
    width: int
    pen: Pen
    full: bool
    with_text: bool

    def stories(self) -> Iterator[str]:
        stories = view.most_certain_first(view.stories(self.report))
        shown = stories[: self._limit(_STORIES)]
        for number, story in enumerate(shown, 1):
            yield from self._story(number, story)
            yield ""
        if len(stories) > len(shown):
            yield self._more(len(stories) - len(shown), "story")
            yield ""

    def noted(self) -> Iterator[str]:
        groups = view.noted(self.report)
        if groups:
            yield self.pen("Read, with a note", "bold")
            for note, positions in groups:
                places = [view.place(self.report.articles[at]) for at in positions]
                yield from self._group(f"{len(places):,} × {note}", places)
            yield ""

    def skipped(self) -> Iterator[str]:
        skipped = self.report.skipped
        if not skipped:
            return
        yield self.pen("Skipped", "bold")
        groups = [(line, [line]) for line in map(_skipped_line, skipped)] if self.full else _by_reason(skipped)
        shown = groups[: self._limit(_SKIPPED)]
        for head, places in shown:
            yield from self._group(head, places if len(places) > 1 else [])
        if len(groups) > len(shown):
            yield "  " + self._more(sum(len(places) for _, places in groups[len(shown) :]), "file")
        yield ""

    def _group(self, head: str, places: Sequence[str]) -> Iterator[str]:
        """Lines of a reason and of the places that it applies to: some of them, or all in a full report."""
        yield from (f"  {part}" for part in wrap(head, self.width - 2, lines=_REASON_LINES))
        if places and self.full:
            yield from (f"    {fit_end(place, self.width - 4)}" for place in places)
        elif places:
            some = ", ".join(places[:_PLACES]) + (", …" if len(places) > _PLACES else "")
            yield f"    {fit(some, self.width - 4)}"

    def summary(self) -> Iterator[str]:
        report = self.report
        seen = view.counts(report)
        yield from self._wrapped(summary_line(seen), "bold")
        languages = Counter(language.code for language in report.languages)
        spoken = f" ({_most(languages, self._limit(_LANGUAGES))})" if languages else ""
        if report.counted:  # what was read is not what is listed, but what has come to an archive
            spoken = f"; {view.counted(len(report.articles), 'article')} listed{spoken}"
        read = f"Read {seen['read']:,} of {seen['seen']:,} seen, {seen['skipped']:,} skipped{spoken}."
        yield from self._wrapped(read, "dim")
        if selected := selection_words(report):
            yield from self._wrapped(selected, "dim")
        yield from self._wrapped(f"Model {printable(report.model)}, threshold {report.threshold:g}.", "dim")

    def _story(self, number: int, story: view.Story) -> Iterator[str]:
        kind, cluster = KIND_WORDS[story.cluster.kind], story.cluster
        reports = f", {len(cluster.versions)} reports" if len(cluster.versions) > 1 else ""
        size = f"{len(cluster.members)} articles{reports} in {_joined(view.languages_of(self.report, cluster))}"
        by_decision = cluster.decided and story.score < self.report.threshold
        words = "joined by decision" if by_decision else certainty_words(story.score)
        certainty = f"{words} ({view.score_figure(story.score)})"
        head = fit(f"{kind}, {certainty}: {size}", self.width - len(f"{number}. "))
        yield self.pen(f"{number}. ", "bold") + self.pen(head, "bold", "green" if story.score >= 0.95 else "yellow")
        yield from self._members(story)
        for reason in self._reasons(story):
            yield from self._wrapped(reason, "dim", indent=2)

    def _members(self, story: view.Story) -> Iterator[str]:
        members = story.ordered()
        shown = members[: self._limit(_MEMBERS)]
        places = [view.place(self.report.articles[member]) for member, _ in shown]
        badge = max(len(self.report.languages[member].code) for member, _ in shown)
        room = self.width - badge - 7
        place_width = min(max(map(columns, places)), room if self.full else room // 2)
        for (member, version), place in zip(shown, places, strict=True):
            title = pad(fit(self._headline(story, member), room - place_width), max(room - place_width, 0))
            mark = "*" if member == story.cluster.representative else "=" if version else " "
            language = self.pen(pad(self.report.languages[member].code, badge), "cyan")
            yield f"  {mark} {language} {title}  {self.pen(fit_end(place, place_width), 'dim')}"
        if len(members) > len(shown):
            yield "    " + self._more(len(members) - len(shown), "article")

    def _headline(self, story: view.Story, member: int) -> str:
        article = self.report.articles[member]
        if not self.with_text:
            return view.one_line(article.title)
        return view.headline(article, story.matches, member)

    def _reasons(self, story: view.Story) -> Iterator[str]:
        cluster, alike = story.cluster, story.matches
        if alike and (len(cluster.members) == 2 or cluster.kind is MatchKind.EXACT):
            yield view.why(self.report, alike[0], with_text=self.with_text)
            return
        pairs = view.counted(len(alike), "pair")
        yield f"{pairs} {'matches' if len(alike) == 1 else 'match'}{self._common_numbers(story)}"
        told = filter(None, (view.corrected(self.report, match) for match in alike if self.with_text))
        if corrected := next(told, ""):
            yield corrected
        if decided := sum(match.decided for match in alike):
            yield f"{view.counted(decided, 'pair')} joined by decision"
        weakest = cluster.weakest
        left, right = (view.place(self.report.articles[member]) for member in (weakest.left, weakest.right))
        yield f"weakest pair ({view.score_figure(weakest.score)}): {left} and {right}"

    def _common_numbers(self, story: view.Story) -> str:
        stated = [set(m.evidence.numbers.shared) for m in story.matches if m.kind is not MatchKind.EXACT]
        common = view.format_numbers(set.intersection(*stated)) if stated and self.with_text else []
        return f"; all agree on {', '.join(common[:_NUMBERS])}" if common else ""

    def _wrapped(self, line: str, *styles: str, indent: int = 0) -> Iterator[str]:
        for part in wrap(line, self.width - indent, lines=3):
            yield " " * indent + self.pen(part, *styles)

    def _more(self, n: int, noun: str) -> str:
        return self.pen(fit(f"… and {view.counted(n, noun)} more; -v shows all", self.width - 4), "dim")

    def _limit(self, n: int) -> int:
        return _ALL if self.full else n


def _skipped_line(skipped: Skipped) -> str:
    return f"{printable(skipped.place)}: {printable(skipped.reason)}"


def _by_reason(skipped: Iterable[Skipped]) -> list[tuple[str, list[str]]]:
    """Group skipped files by reason, as a heading and its places, the most frequent reason first."""
    return [
        (
            f"{len(items):,} × {printable(reason)}" if len(items) > 1 else _skipped_line(items[0]),
            [printable(item.place) for item in items],
        )
        for reason, items in view.by_reason(skipped)
    ]


def _joined(codes: list[str]) -> str:
    if len(codes) > _LANGUAGES:
        return view.counted(len(codes), "language")
    return codes[0] if len(codes) == 1 else f"{', '.join(codes[:-1])} and {codes[-1]}"


def _most(languages: Counter[str], limit: int) -> str:
    """Number of articles by language, most first: ``4 en, 1 id``."""
    ranked: Iterable[tuple[str, int]] = sorted(languages.items(), key=lambda item: (-item[1], item[0]))
    parts = [f"{count:,} {code}" for code, count in ranked]
    hidden = len(parts) - limit
    return ", ".join(parts[:limit]) + (f" and {view.counted(hidden, 'language')} more" if hidden > 0 else "")
