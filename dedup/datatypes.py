"""Frozen values that flow through the pipeline.

One invariant holds everywhere: *position i is the same article in every sequence and array of a run*. Ids and paths
appear at the edges (reading, reports) only. A pair is always ``left < right``. A similarity is a cosine in [-1, 1],
larger is closer; a score is a probability in [0, 1]; a threshold admits ``>=``.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import Enum
from numbers import Real
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from dedup.errors import SettingsError

if TYPE_CHECKING:  # importing numpy would delay `dedup --help` by a third of a second
    import numpy as np
    import numpy.typing as npt

Embeddings: TypeAlias = "npt.NDArray[np.float32]"
"""ndarray of shape (n, d), float32, unit rows; row i belongs to article i."""

Progress: TypeAlias = Callable[[str, int, int], None]
"""Callback ``progress(stage, done, total)``; total is 0 where it is not known beforehand."""

UNDETERMINED = "und"
"""Language code of a text whose language is not known (BCP 47)."""

EVIDENCE_FOR_ALL_PAIRS = 12
"""Largest cluster whose pairs all have their evidence in full; in a larger one, only those of its representative."""

KEEP_BY_DEFAULT = ("reference", "oldest", "longest")
"""Rules that choose the representative of a story by default; the id decides last."""

MOST_IN_FULL = 100_000
"""Largest number of matches of a run that have their evidence in full, two kilobytes each."""

MOST_MAPPED = 20_000
"""Largest number of articles whose vectors a report keeps; a map of more cannot be read."""

_OPTIONAL = ("title", "path", "url", "published", "declared_language", "own_id")

_SHOWN = 40  # characters of a text that `repr` shows


def is_absent(value: object) -> bool:
    """Whether a value stands for a missing one: None, NaN, or pandas' NA and NaT."""
    return value is None or (not isinstance(value, str) and str(value) in ("nan", "NaN", "NaT", "<NA>"))


def _shown(value: object) -> str:
    """Representation of a short value, after a space, for an error message; empty for a long one."""
    shown = repr(value)
    return f" {shown}" if value is not None and len(shown) <= _SHOWN else ""


class MatchKind(str, Enum):
    """Kind of duplicate that a pair is."""

    EXACT = "exact"
    NEAR = "near"
    TRANSLATION = "translation"
    EXCERPT = "excerpt"
    SAME_STORY = "same-story"


class Level(str, Enum):
    """Definition of a story: copies of one article, or also independent reports of one event."""

    DUPLICATE = "duplicate"
    STORY = "story"


@dataclass(frozen=True, slots=True)
class Article:
    """Article as it was read.

    Parameters
    ----------
    id : str
        Unique in a run: the record's own id, the path, or ``path#n`` for the n-th record of a file.
    text : str
        The main text, not empty.
    title, url, published, declared_language : str
        Empty where the source does not say. The declared language is shown, never trusted.
    path : str
        The file it came from, as the user wrote it; empty for an article made in memory.
    own_id : str
        The id that its source gives it, from which `id` differs where another file uses the same; empty without one.
    reference : bool
        Whether it belongs to a reference, with which alone the other articles are compared; it never counts as a
        repeat.
    note : str
        What a reader of reports should know, such as that its source calls it a draft or gives only its beginning.

    None and NaN stand for an absent title, path, url, published or language; a date is put as ISO 8601.

    Raises
    ------
    TypeError
        If the id or the text is no string, or another part is neither a string nor absent.
    """

    id: str
    text: str
    title: str = ""
    path: str = ""
    url: str = ""
    published: str = ""
    declared_language: str = ""
    own_id: str = field(default="", compare=False)
    reference: bool = field(default=False, compare=False)
    note: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        for name in ("id", "text"):
            if not isinstance(value := getattr(self, name), str):
                whose = f" of {self.id!r}" if name == "text" else " of an article"
                raise TypeError(f"the {name}{whose} must be a string, got {type(value).__name__}{_shown(value)}")
        for name in _OPTIONAL:
            if not isinstance(value := getattr(self, name), str):
                object.__setattr__(self, name, self._optional(name, value))

    def __repr__(self) -> str:
        text = self.text if len(self.text) <= _SHOWN else f"{self.text[:_SHOWN]}…"
        given = (f", {name}={value!r}" for name in _OPTIONAL if (value := getattr(self, name)) and value != self.id)
        return f"Article({self.id!r}, {text!r}{''.join(given)}{', reference=True' if self.reference else ''})"

    def _optional(self, name: str, value: object) -> str:
        """Value of an optional part as a string; empty where there is none."""
        if is_absent(value):
            return ""
        if name == "published" and isinstance(value, date):
            return value.isoformat()
        raise TypeError(f"{name} of {self.id!r} must be a string, got {type(value).__name__}{_shown(value)}")

    @property
    def body(self) -> str:
        """Title and text in one, the title once; this is detected, embedded and verified."""
        title = self.title.strip()
        if not title or self.text.lstrip()[: len(title)] == title:
            return self.text
        return f"{title}\n{self.text}"


@dataclass(frozen=True, slots=True)
class Skipped:
    """File or record that could not be used, and why; `line` counts from 1 where one record of a file is meant.

    `reference` says whether it belongs to a reference, as of an `Article`.
    """

    path: str
    reason: str
    line: int | None = None
    reference: bool = field(default=False, compare=False, repr=False)

    @property
    def place(self) -> str:
        """The path, with the line behind a colon where there is one."""
        return self.path if self.line is None else f"{self.path}:{self.line}"


@dataclass(frozen=True, slots=True)
class Language:
    """Detected language: langdetect's code, or "und" where it is not known, and its probability in [0, 1]."""

    code: str
    probability: float


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Pairs worth verifying, never to be called matches.

    left, right : ndarray of shape (m,), intp, ``left < right``, unique, sorted by left then right.
    similarity : ndarray of shape (m,), float32, the cosine of the article vectors.
    """

    left: npt.NDArray[np.intp]
    right: npt.NDArray[np.intp]
    similarity: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.left)


@dataclass(frozen=True, slots=True)
class AlignedPair:
    """Pair of aligned sentences, by their positions in `sentences` of each article's body."""

    left: int
    right: int
    similarity: float


@dataclass(frozen=True, slots=True)
class Agreement:
    """Facts of one kind (numbers, names) that both articles state, or only one of them; canonical forms, sorted."""

    shared: tuple[str, ...] = ()
    left_only: tuple[str, ...] = ()
    right_only: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Features:
    """Features of a pair; iterating gives pairs of name and value.

    names : tuple of str, the same for all pairs of a run
    packed : bytes, the values as float32; a million matches would need a gigabyte more for their floats
    """

    names: tuple[str, ...] = ()
    packed: bytes = b""

    def __iter__(self) -> Iterator[tuple[str, float]]:
        return zip(self.names, array("f", self.packed), strict=True)

    def __repr__(self) -> str:
        return f"Features({', '.join(f'{name}={value:.3g}' for name, value in self)})"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Reasons for taking a pair for the same article.

    coverage : (float, float)
        How much of the left and of the right text, weighted by information, has a close counterpart; each in [0, 1].
    aligned : tuple of AlignedPair
        The aligned sentences, in order of the left article.
    numbers, names : Agreement
        Facts that agree or clash.
    features : Features
        The values from which the score was computed.
    """

    coverage: tuple[float, float]
    aligned: tuple[AlignedPair, ...] = ()
    numbers: Agreement = Agreement()
    names: Agreement = Agreement()
    features: Features = Features()


@dataclass(frozen=True, slots=True)
class Match:
    """Verified pair: positions of two articles that are duplicates, how sure that is, and why.

    `similarity` is the cosine of the article vectors, `score` the calibrated probability of being duplicates, and
    `excerpt` names the side ("left" or "right") that is contained in the other where the kind is `EXCERPT`. A pair is
    `decided` where people said that the two are the same; its score is what it would be without them.
    """

    left: int
    right: int
    similarity: float
    score: float
    kind: MatchKind
    evidence: Evidence
    excerpt: str = ""
    decided: bool = False

    def __repr__(self) -> str:
        excerpt = f", excerpt={self.excerpt!r}" if self.excerpt else ""
        return f"Match({self.left}, {self.right}, kind={self.kind.value!r}, score={self.score:.3f}{excerpt})"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Comparison of two articles: `match.left` is 0 and `match.right` is 1, with full evidence either way.

    `is_match` says whether `match.score` reaches `threshold`; `match.kind` is the kind it would be where it does not.
    `settings` and `model` (``name@fingerprint``) are those of the comparison; without them a rendering cannot say what
    the score is made of.
    """

    left: Article
    right: Article
    languages: tuple[Language, Language]
    match: Match
    is_match: bool
    threshold: float
    settings: Settings | None = None
    model: str = ""


@dataclass(frozen=True, slots=True)
class WeakestPair:
    """Pair of a cluster with the lowest score, among all its pairs and not only the matched ones."""

    left: int
    right: int
    similarity: float
    score: float


@dataclass(frozen=True, slots=True)
class Cluster:
    """Articles of one story: two or more positions in ascending order; `decided` where people joined two of them.

    `versions` are the reports of an event: groups of members that are copies and translations of one another, or one
    member alone, each ascending, in the order of their first members. Empty where the story is one article.
    """

    members: tuple[int, ...]
    representative: int
    kind: MatchKind
    weakest: WeakestPair
    decided: bool = False
    versions: tuple[tuple[int, ...], ...] = ()


class Pairs(str, Enum):
    """Choice of pairs by the languages of the two: all, in two languages, or in one."""

    ALL = "all"
    CROSS_LANGUAGE = "cross-language"
    SAME_LANGUAGE = "same-language"


@dataclass(frozen=True, slots=True)
class Selection:
    """Selection of the pairs that count; no score depends on it.

    A pair that does not count never joins its two articles, which may still be in one story through a third; if they
    contradict each other, it keeps them apart all the same.

    Parameters
    ----------
    pairs : Pairs
        Pairs in two languages, in one, or all. "und" counts as a language, and forms of one (zh-cn, zh-tw) as one.
    languages : tuple of str
        Codes of the languages whose articles take part, as detected; all by default. "zh" stands for all its forms.
    within : float, or None
        Days that may lie between the dates of two articles; also a text such as "36h", "7d" or "2w".
    since : str
        ISO 8601 date before which articles do not take part.
    kinds : tuple of MatchKind
        Kinds of matches that count; all by default, or by the name "all".
    min_size : int
        Least number of articles of a story, at least 2.
    against : bool
        Whether only pairs of an article of a reference and another count; set by a run that has a reference.

    Dates leave out only what is known to lie outside: an article without a date, or with one that is not ISO 8601,
    takes part and may be paired with any.
    """

    pairs: Pairs = Pairs.ALL
    languages: tuple[str, ...] = ()
    within: float | None = None
    since: str = ""
    kinds: tuple[MatchKind, ...] = ()
    min_size: int = 2
    against: bool = False

    def __post_init__(self) -> None:
        names = _several("kinds", self.kinds)
        kinds = () if "all" in names else tuple(_choice("kinds", MatchKind, name) for name in names)
        object.__setattr__(self, "pairs", _choice("pairs", Pairs, self.pairs))  # these accept names too
        object.__setattr__(self, "kinds", tuple(kind for kind in MatchKind if kind in kinds))
        object.__setattr__(
            self, "languages", tuple(dict.fromkeys(map(str.lower, _several("languages", self.languages))))
        )
        object.__setattr__(self, "within", _days(self.within))
        object.__setattr__(self, "since", _date(self.since))
        if self.min_size < 2:
            raise SettingsError(f"min_size must be at least 2, got {self.min_size}")

    def __bool__(self) -> bool:
        return self != Selection()


_Choice = TypeVar("_Choice", bound=Enum)

_TIME_SPAN = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)\s*([hdw]?)", re.ASCII)

_DAYS = {"h": 1 / 24, "d": 1.0, "": 1.0, "w": 7.0}


def _several(setting: str, given: object) -> tuple[str, ...]:
    """Names given as a sequence, or as one text with commas; none at all where nothing was given."""
    if not isinstance(given, Iterable):
        raise SettingsError(f"{setting} are given as a sequence or with commas, got {given!r}")
    texts = [
        str(name.value if isinstance(name, Enum) else name) for name in ((given,) if isinstance(given, str) else given)
    ]
    names = tuple(part.strip() for text in texts for part in text.split(",") if part.strip())
    if texts and not names:
        raise SettingsError(f"{setting} must name at least one, got {','.join(texts)!r}; leave it out for all")
    return names


def _choice(name: str, kind: type[_Choice], given: object) -> _Choice:
    try:
        return kind(given)
    except ValueError:
        known = ", ".join(str(choice.value) for choice in kind)
        raise SettingsError(f"{name} must be {known}, got {given!r}") from None


def _days(given: object) -> float | None:
    """Days of a span of time: a number, a `timedelta`, or a text such as 36h, 7d or 2w."""
    if given is None:
        return None
    days = given / timedelta(days=1) if isinstance(given, timedelta) else given
    if isinstance(days, str) and (span := _TIME_SPAN.fullmatch(days.strip())):
        days = float(span[1]) * _DAYS[span[2]]
    if isinstance(days, (int, float)) and not isinstance(days, bool) and 0 <= days < 1e6:
        return float(days)
    raise SettingsError(f"within must be a span of time such as 36h, 7d or 2w, or a number of days, got {given!r}")


def _date(given: object) -> str:
    text = given.isoformat() if isinstance(given, date) else str(given or "").strip()
    try:
        if text:
            datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise SettingsError(f"since must be a date such as 2024-05-31, got {given!r}") from None
    return text


@dataclass(frozen=True, slots=True)
class Root:
    """Folder or file that a run was asked to read: its path as paths of articles begin, and its resolved path."""

    given: str
    resolved: str


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of a run; the same settings and input give the same bytes.

    Parameters
    ----------
    model : str
        "bundled", a directory, or the name of a sentence-transformers model.
    threshold : float in (0, 1], or None
        Least score (probability of being duplicates) of a match; None takes the default of the model and level.
    level : Level
        `DUPLICATE` joins copies, edits, excerpts and translations; `STORY` also independent reports of one event.
    scorer : str
        File of a score fitted by ``dedup calibrate``; empty for the one that comes with the level.
    neighbours : int
        Candidates kept per article, at least 1.
    keep : tuple of str
        Rules that choose the representative of each story, in their order, as ``dedup scan --keep`` takes them
        (`dedup.clustering.keep_rules`); a str is one rule, and without any, those of the default are taken.
    roots : tuple of Root
        Folders and files that were read, for actions on the report; they change no result.
    selection : Selection
        Pairs that count.
    """

    model: str = "bundled"
    threshold: float | None = None
    scorer: str = ""
    level: Level = Level.DUPLICATE
    neighbours: int = 24
    keep: tuple[str, ...] = KEEP_BY_DEFAULT
    roots: tuple[Root, ...] = ()
    selection: Selection = Selection()

    def __post_init__(self) -> None:
        threshold: object = self.threshold
        if not isinstance(threshold, Real | None):
            raise SettingsError(f"threshold must be a number in (0, 1], got {threshold!r}")
        if self.threshold is not None and not 0 < self.threshold <= 1:
            hint = f"; a percentage? try {self.threshold / 100:g}" if 1 < self.threshold <= 100 else ""
            if self.threshold == 0:
                hint = ": it would join whatever is compared; try 0.1 to see what is unlikely too"
            raise SettingsError(f"threshold must lie in (0, 1], got {self.threshold:g}{hint}")
        if self.neighbours < 1:
            raise SettingsError(f"neighbours must be at least 1, got {self.neighbours}")
        if self.level not in set(Level):
            raise SettingsError(f"level must be one of {', '.join(level.value for level in Level)}, got {self.level!r}")
        object.__setattr__(self, "level", Level(self.level))  # accepts the name of a level too
        rules: object = self.keep
        object.__setattr__(self, "keep", (rules,) if isinstance(rules, str) else tuple(self.keep) or KEEP_BY_DEFAULT)


@dataclass(frozen=True, slots=True, eq=False)
class Digests:
    """Hash and number of words of n articles, as `dedup.language.digest.digest` gives them, in 36 bytes each.

    hashes : ndarray of shape (n,), 32 bytes each
    words : ndarray of shape (n,), int32
    """

    hashes: npt.NDArray[np.bytes_]
    words: npt.NDArray[np.int32]

    def rows(self) -> Iterator[tuple[str, int]]:
        """Iterate over the hash and number of words of each article."""
        return ((value.decode(), words) for value, words in zip(self.hashes.tolist(), self.words.tolist(), strict=True))


@dataclass(frozen=True, slots=True)
class Report:
    """Result of a run; `dedup.report` renders it.

    `languages[i]` belongs to `articles[i]`; matches and clusters hold positions. `model` is ``name@fingerprint``.
    `articles` are a tuple, or a sequence that reads them from disk where their texts would fill the memory.
    `embeddings` are kept for drawing a map of up to 20,000 articles. `notices` are positions of articles that are
    nothing but a request for consent or payment, and match nothing. `digests` are those of the articles, if known.
    `counted` are how many articles were read and how many of these repeat another, where a report lists others than
    those that were read: the stories of an archive that today's articles belong to. Reports are compared without
    embeddings and digests.
    """

    articles: Sequence[Article]
    languages: tuple[Language, ...]
    matches: tuple[Match, ...]
    clusters: tuple[Cluster, ...]
    skipped: tuple[Skipped, ...]
    settings: Settings
    model: str
    threshold: float
    embeddings: Embeddings | None = field(default=None, compare=False, repr=False)
    notices: tuple[int, ...] = ()
    digests: Digests | None = field(default=None, compare=False, repr=False)
    counted: tuple[int, int] | None = None

    @property
    def read(self) -> int:
        """Number of articles that were read."""
        return self.counted[0] if self.counted else len(self.articles)

    @property
    def duplicates(self) -> int:
        """Number of articles that repeat another: the members of each story but one, none of them of a reference."""
        if self.counted:
            return self.counted[1]
        if not self.settings.selection.against:
            return sum(len(cluster.members) - 1 for cluster in self.clusters)
        repeats = (at for story in self.clusters for at in story.members if at != story.representative)
        return sum(not self.articles[at].reference for at in repeats)

    def __repr__(self) -> str:
        sizes = (f"{name}={len(getattr(self, name))}" for name in ("articles", "matches", "clusters", "skipped"))
        return f"Report({', '.join(sizes)}, model={self.model!r}, threshold={self.threshold:g})"
