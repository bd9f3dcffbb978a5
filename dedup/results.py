"""The report that a run returns, with methods for its users: stories, kept articles, renderings, saving, loading.

Stages and renderings know the plain value `datatypes.Report`; the methods here call the renderings.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from dedup import datatypes
from dedup import report as rendering
from dedup.actions.choose import chooser
from dedup.actions.keep import FIELDS, REPEAT, SINGLE, Mark, mark_articles
from dedup.clustering.decisions import NO_DECISIONS
from dedup.clustering.keep_rules import KeepRules
from dedup.datatypes import Article, Cluster, Comparison, Language, Match, MatchKind, Selection
from dedup.errors import MissingExtraError, ReadError, SettingsError
from dedup.report import records, saved, view
from dedup.report.destination import check_folder, check_writable, make_folder, write_whole
from dedup.report.forms import SUFFIXES

if TYPE_CHECKING:
    import pandas

_Report = TypeVar("_Report", bound="Report")

_COLUMNS = ("id", "title", "language", "published", "url", "path")

_SINGLE = Mark(SINGLE)


@dataclass(frozen=True, slots=True)
class Story:
    """Articles of one story.

    Parameters
    ----------
    id : str
        Hash of the ids of its articles, equal whenever they are the same.
    articles : tuple of Article
        All of them, in order of reading.
    languages : tuple of str
        Language code of each article.
    kept : Article
        The representative, which `Report.kept` keeps.
    kind : MatchKind
        Kind of its matches that have least in common.
    score : float
        Score of the article joined least firmly.
    matches : tuple of Comparison
        Its verified pairs, with the two articles of each. Their evidence lists sentences and facts only as far as the
        report does.
    """

    id: str
    articles: tuple[Article, ...]
    languages: tuple[str, ...]
    kept: Article
    kind: MatchKind
    score: float
    matches: tuple[Comparison, ...]

    @property
    def repeats(self) -> tuple[Article, ...]:
        """All its articles but the one kept."""
        return tuple(article for article in self.articles if article.id != self.kept.id)

    def __repr__(self) -> str:
        languages = ", ".join(sorted(set(self.languages)))
        shown = f"{len(self.articles)} articles in {languages}, kept={self.kept.id!r}"
        return f"Story({shown}, kind={self.kind.value!r}, score={self.score:.3f})"


@dataclass(frozen=True, slots=True, repr=False)
class Report(datatypes.Report):
    """Result of a run: articles, their languages, matches, clusters, and what was skipped.

    `stories` gives the stories with their articles; `clusters` and `matches` hold positions in `articles`, and
    ``languages[i]`` belongs to ``articles[i]``. A report that `load` returns has everything but the texts.
    """

    saved: records.Record | None = field(default=None, compare=False)

    def stories(self) -> tuple[Story, ...]:
        """Stories told more than once, in the order in which their first articles were read."""
        return tuple(self._story(story) for story in view.stories(self))

    def kept(self, by: str | Iterable[str] = (), *, kinds: Iterable[MatchKind] | None = None) -> list[Article]:
        """Articles that remain when every story keeps one, in order of reading; those of a reference among them.

        Parameters
        ----------
        by : str or iterable of str
            Rules that choose it, in their order, as for ``dedup scan --keep``: newest, oldest, longest, first,
            reference, path:GLOB, language:CODE,CODE. By default it is the representative, which decisions and the rules
            of the run chose.
        kinds : iterable of MatchKind, optional
            Kinds, or names of kinds: only repeats by a match of one of these go, so that a story may keep several
            articles, such as one in each language.

        Raises
        ------
        SettingsError
            If a rule or a kind does not exist.
        ReadError
            If a rule needs the length of texts, which a loaded report does not have.
        """
        if by:
            return with_representatives(self, (by,) if isinstance(by, str) else tuple(by)).kept(kinds=kinds)
        marks = self._marks(Selection(kinds=tuple(kinds)).kinds if kinds is not None else tuple(MatchKind))
        return [article for at, article in enumerate(self.articles) if at not in marks or marks[at].role != REPEAT]

    def to_pandas(self) -> pandas.DataFrame:
        """Table of all articles, a row each, in order of reading.

        Returns
        -------
        pandas.DataFrame
            Columns id, title, language, published, url, path and role ("single", "representative" or "repeat"). An
            article in a story also has a story_id, and a repeat the id of the article that it repeats, with kind and
            score of their match, or of its match with the closest other article if these two do not match.

        Raises
        ------
        MissingExtraError
            If pandas is not installed.
        """
        try:
            import pandas
        except ImportError as fault:
            raise MissingExtraError("pandas", "pandas") from fault
        marks = self._marks(tuple(MatchKind))
        rows = (
            (
                *(article.id, article.title, language.code, article.published, article.url, article.path),
                *marks.get(at, _SINGLE).fields().values(),
            )
            for at, (article, language) in enumerate(zip(self.articles, self.languages, strict=True))
        )
        return pandas.DataFrame(rows, columns=[*_COLUMNS, *FIELDS]).astype({"score": "float64"})

    def as_dict(self, *, with_text: bool = True) -> records.Record:
        """Render as plain values of the shape that `dedup schema` prints."""
        return self.saved if self.saved is not None else rendering.as_dict(self, with_text=with_text)

    def as_json(self, *, with_text: bool = True) -> str:
        """Render as one JSON document."""
        return rendering.as_json(self, with_text=with_text) if self.saved is None else records.dump_json(self.saved)

    def as_jsonl(self, *, with_text: bool = True) -> str:
        """Render as JSON Lines."""
        return rendering.as_jsonl(self, with_text=with_text) if self.saved is None else records.dump_jsonl(self.saved)

    def as_csv(self, *, with_text: bool = True) -> str:
        """Render as CSV: a row for each article in a story, then one for each skipped file."""
        return rendering.as_csv(self._with_texts("CSV"), with_text=with_text)

    def as_text(self, *, width: int = 100, full: bool = False, with_text: bool = True) -> str:
        """Render as text of at most `width` columns; long lists are cut unless `full`."""
        return rendering.as_text(self._with_texts("text"), width=width, full=full, with_text=with_text)

    def as_html(self, *, with_text: bool = True) -> str:
        """Render as one HTML page, which needs no other file and no network."""
        return rendering.as_html(self._with_texts("HTML"), with_text=with_text, embeddings=self.embeddings)

    def save(self, path: str | Path, *, with_text: bool = True, force: bool = False) -> None:
        """Write to a file, in the form that its suffix names: .json, .jsonl, .csv, .html, .txt; .parquet is a folder.

        Parameters
        ----------
        path : str or path
            A file, written whole or not at all.
        with_text : bool
            False leaves out sentences, numbers and names of the articles.
        force : bool
            Whether a file that is no report of dedup may be overwritten.

        Raises
        ------
        SettingsError
            If the suffix is none of these.
        WriteError
            If the file is one of those read, holds something other than a report, or cannot be written.
        """
        path = Path(path)
        form = SUFFIXES.get(path.suffix.lower())
        if form is None:
            raise SettingsError(f"the suffix of a report must be one of {', '.join(SUFFIXES)}, got {path.name!r}")
        inputs = {article.path for article in self.articles if article.path}
        if form == "parquet":
            check_folder(path, inputs, force=force)
            tables = rendering.as_parquet(self._with_texts("Parquet"), with_text=with_text)
            make_folder(path)
            for name, table in tables.items():
                write_whole(path / name, table)
            return
        check_writable(path, inputs, force=force)
        content: str = getattr(self, f"as_{form}")(with_text=with_text)
        write_whole(path, content.encode("utf-8", "backslashreplace"))

    @classmethod
    def load(cls: type[_Report], path: str | Path) -> _Report:
        """Read a report that was saved as JSON or JSON Lines.

        It holds no texts: those of articles are empty, evidence lists facts and no aligned sentences, and it renders
        only as JSON and JSON Lines, byte for byte as it was.

        Raises
        ------
        ReadError
            If the file cannot be read, or is not a whole report.
        """
        record = saved.read_report(path)
        plain = saved.report_of(record, path)
        return cls(**{name: getattr(plain, name) for name in plain.__match_args__}, saved=record)

    def _with_texts(self: _Report, form: str) -> _Report:
        if self.saved is not None:
            raise ReadError(
                f"a loaded report holds no texts, which {form} needs; save it as .json or .jsonl, or scan again"
            )
        return self

    def _story(self, story: view.Story) -> Story:
        cluster = story.cluster
        return Story(
            id=story.id,
            articles=tuple(self.articles[at] for at in cluster.members),
            languages=tuple(self.languages[at].code for at in cluster.members),
            kept=self.articles[cluster.representative],
            kind=cluster.kind,
            score=story.score,
            matches=tuple(map(self._comparison, story.matches)),
        )

    def _comparison(self, match: Match) -> Comparison:
        languages: tuple[Language, Language] = self.languages[match.left], self.languages[match.right]
        alone = replace(match, left=0, right=1)
        left, right = self.articles[match.left], self.articles[match.right]
        return Comparison(left, right, languages, alone, is_match=True, threshold=self.threshold)

    def _marks(self, kinds: Collection[MatchKind]) -> dict[int, Mark]:
        return mark_articles(self, chooser(self, NO_DECISIONS), kinds)


def with_representatives(report: Report, by: tuple[str, ...]) -> Report:
    """Report whose representatives are chosen by other rules.

    Raises
    ------
    SettingsError
        If one is no rule.
    ReadError
        If a rule asks for the length of texts that a loaded report does not have.
    """
    rules = KeepRules.parse(by)
    if "longest" in rules.texts:
        report._with_texts("the length")

    def choose(cluster: Cluster) -> Cluster:
        standings = (rules.standing(report.articles[at], at, report.languages[at].code) for at in cluster.members)
        return replace(cluster, representative=rules.choose(standings).position)

    return replace(report, clusters=tuple(map(choose, report.clusters)), settings=replace(report.settings, keep=by))
