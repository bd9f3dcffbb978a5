"""JSON data of the HTML page.

Three islands: `page` is parsed when the page opens; `texts` (a line an article) and `evidence` (a line a pair) are
parsed only when someone looks at a pair, so that a page of thousands of articles opens quickly.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from markupsafe import Markup

from dedup.datatypes import EVIDENCE_FOR_ALL_PAIRS, UNDETERMINED, Agreement, Article, Embeddings, Match, Report
from dedup.language import text
from dedup.language.as_read import body_of
from dedup.language.text import content_hash
from dedup.matching.facts.names import fold_name
from dedup.report import view
from dedup.report.story_map import story_positions
from dedup.report.waterfall import Waterfall, waterfalls
from dedup.report.wording import CERTAINTY_WORDS, KIND_WORDS, language_name

_RIGHT_TO_LEFT = frozenset({"ar", "ckb", "dv", "fa", "he", "prs", "ps", "sd", "ug", "ur", "yi"})

_SINGLES_LISTED = 20_000  # articles in no cluster that the page has room for

_LONGEST_TITLE = 160

_CAPITALISED = re.compile(r"[^\W\d_]+")

_UNSAFE = re.compile("[<>&\u2028\u2029\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Islands:
    """Three islands as script-safe JSON, and the values that the markup around them needs."""

    page: Markup
    texts: Markup
    evidence: Markup
    has_map: bool
    singles: int
    singles_listed: int


def page_islands(
    report: Report, stories: Sequence[view.Story], *, with_text: bool, embeddings: Embeddings | None
) -> Islands:
    """Build the data for the page's script; stories stay in the order given."""
    clustered = {member: story for story in stories for member in story.cluster.members}
    singles = [position for position in range(len(report.articles)) if position not in clustered]
    listed = singles[:_SINGLES_LISTED]
    shown = sorted([*clustered, *listed])
    place = {position: index for index, position in enumerate(shown)}
    kept = [match for story in stories for match in _with_evidence(story)]
    line = {(match.left, match.right): number for number, match in enumerate(kept)}
    positions = _positions(embeddings, stories, listed)
    hashes = {position: content_hash(body_of(report.articles[position])) for position in clustered}
    ids = {at: report.articles[at].id for story in stories for at in _copies(story, hashes)}
    page = {
        "digest": _digest(stories, hashes),
        "withText": with_text,
        "kinds": {kind.value: words for kind, words in KIND_WORDS.items()},
        "certainties": CERTAINTY_WORDS,
        "languages": _languages(report),
        "features": next((match.evidence.features.names for match in kept if match.evidence.features.names), ()),
        "articles": [
            [*_article(report, at, clustered.get(at), with_text), hashes.get(at, ""), ids.get(at, "")] for at in shown
        ],
        "stories": [_story(report, story, place, line, with_text) for story in stories],
        "singles": [place[position] for position in listed],
        "map": positions,
    }
    spelled = _spelled_names(report, kept)
    texts = ([_text(report.articles[at], spelled.get(at, {}))] if at in clustered else [] for at in shown)
    steps_of = waterfalls(report)
    return Islands(
        page=_safe_json(page),
        texts=_lines(texts if with_text else ()),
        evidence=_lines([_evidence(report, match, spelled, steps_of(match), with_text)] for match in kept),
        has_map=len(positions) > 1,
        singles=len(singles),
        singles_listed=len(listed),
    )


def _with_evidence(story: view.Story) -> Iterable[Match]:
    """Matches whose evidence the page keeps: all of a small story, those of the representative in a large one."""
    if len(story.cluster.members) <= EVIDENCE_FOR_ALL_PAIRS:
        return story.matches
    weakest = (story.cluster.weakest.left, story.cluster.weakest.right)
    central = story.cluster.representative
    return (m for m in story.matches if central in (m.left, m.right) or (m.left, m.right) == weakest)


def _copies(story: view.Story, hashes: Mapping[int, str]) -> list[int]:
    """Members of a story that have their text in common with another, so that their hash does not tell them apart."""
    times = Counter(hashes[member] for member in story.cluster.members)
    return [member for member in story.cluster.members if times[hashes[member]] > 1]


def _digest(stories: Sequence[view.Story], hashes: Mapping[int, str]) -> str:
    """Hash of the stories and the texts in them, by which a page written again finds the decisions made on this one."""
    parts = (part for story in stories for part in (story.id, *(hashes[member] for member in story.cluster.members)))
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=16).hexdigest()


def _languages(report: Report) -> dict[str, list[str]]:
    codes = sorted({language.code for language in report.languages})
    return {code: [language_name(code), "rtl" if code in _RIGHT_TO_LEFT else "auto"] for code in codes}


def _article(report: Report, position: int, story: view.Story | None, with_text: bool) -> list[Any]:
    article, language = report.articles[position], report.languages[position]
    place = view.place(article)
    return [
        place,
        text.printable(article.path) or place,
        _title(article, position, story, with_text) or place,
        language.code,
        text.count_words(body_of(article)),
        article.url if article.url.startswith(("http://", "https://")) else "",
        article.published[:10],
    ]


def _title(article: Article, position: int, story: view.Story | None, with_text: bool) -> str:
    if with_text:
        title = view.headline(article, story.matches if story else (), position)
    else:
        title = view.one_line(article.title)
    return title if len(title) <= _LONGEST_TITLE else title[: _LONGEST_TITLE - 1].rstrip() + "…"


def _story(
    report: Report, story: view.Story, place: dict[int, int], line: dict[tuple[int, int], int], with_text: bool
) -> dict[str, Any]:
    cluster, weakest = story.cluster, story.cluster.weakest
    return {
        "id": story.id,
        "members": [place[member] for member in cluster.members],
        "representative": place[cluster.representative],
        "kind": cluster.kind.value,
        **({"versions": [[place[at] for at in version] for version in cluster.versions]} if cluster.versions else {}),
        "score": _score(story.score),
        "decided": cluster.decided and story.score < report.threshold,
        "why": _why(report, story, with_text),
        "weakest": [place[weakest.left], place[weakest.right], _score(weakest.score), round(weakest.similarity, 3)],
        "pairs": [_pair(report, match, place, line) for match in story.matches],
    }


def _why(report: Report, story: view.Story, with_text: bool) -> str:
    """Reason why the articles were joined, in one line."""
    n = len(story.cluster.members)
    if n > 2:
        return f"{len(story.matches):,} of {view.counted(n * (n - 1) // 2, 'pair')} match"
    return view.why(report, story.matches[0], with_text=with_text) if story.matches else ""


def _pair(report: Report, match: Match, place: dict[int, int], line: dict[tuple[int, int], int]) -> list[Any]:
    number = line.get((match.left, match.right), -1)
    score, similarity = _score(match.score), round(match.similarity, 3)
    decided = match.decided and match.score < report.threshold
    return [place[match.left], place[match.right], match.kind.value, score, similarity, number, match.excerpt, decided]


def _score(score: float) -> float:
    """Score with four digits, never rounded up to 1."""
    return round(score, 4) if score == 1 else min(round(score, 4), 0.9999)


def _text(article: Article, spelled: Mapping[str, str]) -> list[Any]:
    """Sentences of an article, and the words in them that its evidence counts as names, with their keys."""
    return [view.sentences(article), spelled]


def _spelled_names(report: Report, matches: Iterable[Match]) -> dict[int, dict[str, str]]:
    """Words of each article that stand for a name of its evidence, with the key of that name."""
    stated: dict[int, set[str]] = {}
    for match in matches:
        names = match.evidence.names
        stated.setdefault(match.left, set()).update(names.shared, names.left_only)
        stated.setdefault(match.right, set()).update(names.shared, names.right_only)
    return {position: _words_of(report.articles[position], names) for position, names in stated.items() if names}


def _words_of(article: Article, names: set[str]) -> dict[str, str]:
    capitalised = {word for word in _CAPITALISED.findall(body_of(article)) if word[0].isupper()}
    acronyms = capitalised & names  # these are not folded
    return {
        word: key for word in sorted(capitalised) if (key := word if word in acronyms else fold_name(word)) in names
    }


def _evidence(
    report: Report, match: Match, spelled: Mapping[int, Mapping[str, str]], steps: Waterfall | None, with_text: bool
) -> dict[str, Any]:
    evidence = match.evidence
    aligned = [(pair.left, pair.right, round(pair.similarity, 2)) for pair in evidence.aligned]
    names, alike = _certain_names(report, match, spelled)
    return {
        "coverage": [round(share, 3) for share in evidence.coverage],
        "alignedCount": len(aligned),
        "aligned": aligned if with_text else [],
        "numbers": _agreement(evidence.numbers, with_text),
        "names": [*_agreement(names, with_text), list(alike) if with_text else len(alike)],
        "features": [round(value, 3) for _, value in evidence.features],
        "score": _steps(steps) if steps else None,
    }


def _certain_names(
    report: Report, match: Match, spelled: Mapping[int, Mapping[str, str]]
) -> tuple[Agreement, tuple[str, ...]]:
    """Names of a pair, of which only those that both texts spell alike are shared, and names that only sound alike.

    Names in different scripts are compared by their consonants, by which words that are no names may agree by chance.
    """
    names = match.evidence.names
    codes = {report.languages[match.left].code, report.languages[match.right].code}
    if len(codes) == 1 and UNDETERMINED not in codes:
        return names, ()
    both = set(spelled.get(match.left, {}).values()) & set(spelled.get(match.right, {}).values())
    certain = tuple(name for name in names.shared if name in both)
    return replace(names, shared=certain), tuple(name for name in names.shared if name not in both)


def _steps(steps: Waterfall) -> list[Any]:
    """Steps of a score: words and log-odds of the start and of each step, the sum, and why the score lies below it."""
    shown = [[step.words, round(step.log_odds, 2)] for step in (steps.base, *steps.steps)]
    return [shown, round(steps.total, 2), steps.limit]


def _agreement(agreement: Agreement, with_text: bool) -> list[Any]:
    """Facts shared, only left and only right; without text, the number of each."""
    sides = (agreement.shared, agreement.left_only, agreement.right_only)
    return [list(side) if with_text else len(side) for side in sides]


def _positions(embeddings: Embeddings | None, stories: Sequence[view.Story], singles: Sequence[int]) -> list[list[int]]:
    if embeddings is None:
        return []
    return story_positions(embeddings, [*(story.cluster.members for story in stories), *((one,) for one in singles)])


def _lines(rows: Iterable[list[Any]]) -> Markup:
    """Lines of JSON, one a row; empty for an empty row."""
    return Markup("\n").join(_safe_json(row[0]) if row else Markup() for row in rows)


def _safe_json(value: Any) -> Markup:
    """Dump JSON that cannot end its script element: ``<``, ``>``, ``&``, line separators, lone surrogates escaped."""
    return Markup(_UNSAFE.sub(_escape, json.dumps(value, ensure_ascii=False, separators=(",", ":"))))


def _escape(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"
