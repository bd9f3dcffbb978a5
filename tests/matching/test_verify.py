"""Pairs judged: by the two articles alone, alike from both sides, and by bounds as without them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, replace
from functools import cache

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dedup
from dedup.arrays import take_rows
from dedup.datatypes import UNDETERMINED, Article, Candidates, Level, Settings
from dedup.language.sentences import sentences as split
from dedup.matching import verify
from dedup.matching.features import has_evidence
from dedup.matching.literal import LITERAL_FEATURES
from dedup.matching.prepare import Prepared, prepare
from dedup.matching.scorer import FEATURES, HEADS, Scorer, load_scorer
from dedup.matching.verify import Verdicts, find_matches, judge_pairs
from dedup.runtime.workers import Workers
from real_articles import real_articles
from scores import constant_scorer, plain_scorer, random_event_scorer, random_scorer
from toy_encoder import ToyEncoder

ARTICLES = real_articles()
AT = {article.id: position for position, article in enumerate(ARTICLES)}
PLACES = st.integers(0, len(ARTICLES) - 1)
STORIES = [tuple(name for name in AT if name.startswith(start)) for start in ("000", "001", "002", "003", "004")]
TWO = PLACES.flatmap(lambda one: st.tuples(st.just(one), PLACES.filter(lambda other: other != one)))


def read(articles: Sequence[Article]) -> Prepared:
    return prepare(articles, dedup.load_encoder("bundled"), Settings())


@cache
def everything() -> Prepared:
    return read(ARTICLES)


def pairs_of(prepared: Prepared, *pairs: tuple[int, int]) -> Candidates:
    """Pairs as they are given, the left one in front even where it comes later."""
    left, right = np.array(pairs, np.intp).reshape(-1, 2).T
    vectors = prepared.neighbourhood.embeddings
    return Candidates(left, right, (vectors[left] * vectors[right]).sum(axis=1))


def every_pair(prepared: Prepared) -> Candidates:
    return prepared.neighbourhood.between(*np.triu_indices(len(prepared.languages), 1))


def judged(articles: Sequence[Article], left: Article, right: Article, scorer: Scorer) -> Verdicts:
    prepared = read(articles)
    found = prepared.neighbourhood.between(np.array([articles.index(left)]), np.array([articles.index(right)]))
    return judge_pairs(prepared.match_input, found, scorer)


def equal(one: Verdicts, other: Verdicts) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(astuple(one), astuple(other), strict=True))


@settings(deadline=None, max_examples=30)
@given(TWO, st.sets(PLACES, max_size=30), st.integers(0, 32))
def test_a_score_does_not_ask_who_else_is_there(pair: tuple[int, int], others: set[int], place: int) -> None:
    left, right = (ARTICLES[at] for at in sorted(pair))
    company = [ARTICLES[at] for at in sorted(others - set(pair))]
    among = [*company[:place], left, *company[place:], right]
    alone, fed = (judged(articles, left, right, plain_scorer()) for articles in ([left, right], among))
    assert equal(alone, fed)


@pytest.mark.parametrize(
    ("left", "right"),
    [(story[0], other) for story in STORIES for other in (*story[1:], "id", "004-excerpt") if other != story[0]],
)
def test_so_it_is_with_long_articles(left: str, right: str) -> None:
    one, other = ARTICLES[AT[left]], ARTICLES[AT[right]]
    company = [article for article in ARTICLES if article.id[:3] not in (left[:3], right[:3])][:30]
    alone, fed = (
        judged(articles, one, other, plain_scorer())
        for articles in ([one, other], [*company[:15], one, other, *company[15:]])
    )
    assert equal(alone, fed)


FURNITURE = (
    "The harbour quarter was rebuilt by the city between the two wars and belongs to it to this day.",
    "Visitors find the old lighthouse, two museums and a garden of medicinal herbs behind the fish market.",
    "The town hall keeps a list of all the fountains, benches and trees that citizens have given since.",
)
STORIES_ABOVE_IT = (
    "A ferry ran aground off the northern pier on Monday.\nAll 212 passengers were brought ashore by midnight.",
    "Thieves took eleven paintings from the museum of glass.\nThe guards noticed nothing before the morning.",
    "The school orchestra won a prize for its new symphony.\nIt will play in the capital next spring.",
    "Four bakers have opened a bakery in the old prison.\nTheir bread is sold out by nine.",
    "The council wants a tunnel for cyclists under the river.\nIt would cost some 30 million.",
)


@pytest.mark.parametrize("level", Level)
def test_ten_thousand_pairs_have_one_score_from_both_sides(level: Level) -> None:
    halves = [half for article in ARTICLES for half in halves_of(article)]
    prepared = read(list({article.text: article for article in (*ARTICLES, *halves)}.values()))
    there = every_pair(prepared)
    assert len(there) >= 10_000
    back = Candidates(there.right, there.left, there.similarity)
    verdicts, turned = (judge_pairs(prepared.match_input, pairs, load_scorer(level)) for pairs in (there, back))
    assert np.array_equal(verdicts.log_odds, turned.log_odds)
    assert (verdicts.log_odds > 0).sum() >= 100, "many are matches"


def halves_of(article: Article) -> list[Article]:
    """The first half of the sentences of an article, and the second half where it is long."""
    found = split(article.text)
    middle = len(found) // 2
    parts = (found[:middle], found[middle:]) if len(found) > 20 else (found[:middle],)
    return [Article(f"{article.id}/{number}", "\n".join(part)) for number, part in enumerate(parts)]


@pytest.mark.parametrize(("pages", "lower"), [(2, False), (3, True), (5, True)])
def test_what_recurs_under_many_headlines_can_only_lower_a_score(pages: int, lower: bool) -> None:
    found = [Article(str(at), "\n".join([story, *FURNITURE])) for at, story in enumerate(STORIES_ABOVE_IT)][:pages]
    alone = judged(found[:2], found[0], found[1], plain_scorer())
    among = judged(found, found[0], found[1], plain_scorer())
    assert (among.log_odds[0] < alone.log_odds[0]) == lower
    assert (among.features <= alone.features).all()
    assert np.array_equal(among.heads, alone.heads)


def told(subject: str, story: str) -> Article:
    return Article(subject + story[:9], story.format(subject), title=f"{subject} opens a new station")


def test_another_subject_weighs_by_how_equal_the_words_are_beside_it() -> None:
    template = (
        "{0} opens a new railway station on Monday. The mayor of {0} spoke of a great day for all who travel to work. "
        "Trains will stop there every ten minutes from six in the morning until midnight."
    )
    reworded = (
        "From Monday on commuters have another stop. At the ceremony in {0} the council praised builders, who finished "
        "early; services run every ten minutes until midnight."
    )
    one, swapped, other = told("Velmora", template), told("Garrowmere", template), told("Garrowmere", reworded)
    equal_words, other_words = (judged([one, two], one, two, plain_scorer()).features[0] for two in (swapped, other))
    subject, swap, short = (FEATURES.index(name) for name in ("subject_clash", "swap", "short_swap"))
    assert equal_words[subject] == other_words[subject] < 0
    assert equal_words[swap] == pytest.approx(equal_words[subject] * equal_words[FEATURES.index("vocabulary")] ** 4)
    assert equal_words[swap] < 5 * other_words[swap] < 0
    assert equal_words[short] == pytest.approx(equal_words[subject] / (1 + equal_words[FEATURES.index("amount")]))


@settings(deadline=None)
@given(st.lists(TWO, min_size=1, max_size=12), st.integers(0, 10_000))
def test_the_two_articles_may_change_places(pairs: list[tuple[int, int]], seed: int) -> None:
    prepared = everything()
    scorer = random_scorer(seed)
    there = judge_pairs(prepared.match_input, pairs_of(prepared, *pairs), scorer)
    back = judge_pairs(prepared.match_input, pairs_of(prepared, *(pair[::-1] for pair in pairs)), scorer)
    assert equal(there, replace(back, share=back.share[:, ::-1]))


def test_all_pairs_are_judged_alike_from_both_sides() -> None:
    prepared = everything()
    there = every_pair(prepared)
    back = Candidates(there.right, there.left, there.similarity)
    verdicts, turned = (judge_pairs(prepared.match_input, pairs, plain_scorer()) for pairs in (there, back))
    assert equal(verdicts, replace(turned, share=turned.share[:, ::-1]))
    assert len(set(verdicts.heads.tolist())) == len(HEADS), "every head has judged some pair"
    apart = np.array([head.split()[0] in ("translation", "undetermined") for head in HEADS])[verdicts.heads]
    literal = verdicts.features[:, [FEATURES.index(name) for name in LITERAL_FEATURES]]
    assert not literal[apart].any(), "across languages there is nothing to see"
    assert (literal[~apart] > 0).any(axis=0)[:4].all()


def matches_of(every: Verdicts, scorer: Scorer) -> npt.NDArray[np.intp]:
    return np.flatnonzero(scorer.admits(every.log_odds))


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000), st.floats(0.01, 0.99), st.booleans())
def test_matches_found_by_bounds_are_those_of_judging_every_pair(seed: int, threshold: float, story: bool) -> None:
    prepared = everything()
    scorer = random_scorer(seed, threshold, random_event_scorer(seed + 1) if story else None)
    candidates = every_pair(prepared)
    every = judge_pairs(prepared.match_input, candidates, scorer)
    blocks = (take_rows(candidates, part) for part in np.array_split(np.arange(len(candidates)), seed % 5 + 1))
    found, verdicts = find_matches(prepared.match_input, blocks, scorer)
    matching = matches_of(every, scorer)
    assert all(
        np.array_equal(one, other)
        for one, other in zip(astuple(found), astuple(take_rows(candidates, matching)), strict=True)
    )
    assert equal(verdicts, take_rows(every, matching))


def test_bounds_leave_some_and_not_all() -> None:
    prepared, scorer = everything(), plain_scorer()
    every = judge_pairs(prepared.match_input, every_pair(prepared), scorer)
    assert 5 < len(matches_of(every, scorer)) < len(every.log_odds) / 2


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_blocks_and_processes_change_no_verdict(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared, scorer = everything(), plain_scorer()
    candidates = take_rows(every_pair(prepared), slice(0, 3000, 23))
    whole = judge_pairs(prepared.match_input, candidates, scorer)
    monkeypatch.setattr(verify, "_PAIRS", size)
    assert equal(whole, judge_pairs(prepared.match_input, candidates, scorer))
    if size > 1:
        with Workers(2) as workers:
            assert equal(whole, judge_pairs(prepared.match_input, candidates, scorer, workers=workers))


REPORT = (
    "The harbour board of Port Ellesby sold {} crates of dried eels to a buyer from the south on Friday, and kept the "
    "rest for the winter market, where prices have risen since the storm closed the road over the pass. The board will "
    "meet again before the year ends."
)


@pytest.mark.parametrize(
    ("titles", "texts", "corrected"),
    [
        (("Eels sold", "Eels sold"), ("340", "390"), True),
        (("340 eels sold", "390 eels sold"), ("340", "390"), False),
        (("Eels sold", "Eels sold"), ("340 boats and 12", "390 boats and 18"), False),
    ],
    ids=["one figure", "in the headline as well", "two figures"],
)
def test_what_differs_in_one_place_is_a_correction(
    titles: tuple[str, str], texts: tuple[str, str], corrected: bool
) -> None:
    left, right = (
        Article(name, REPORT.format(text), title) for name, text, title in zip("ab", texts, titles, strict=True)
    )
    for pair in ([left, right], [right, left]):
        verdict = judged(pair, *pair, load_scorer(Level.DUPLICATE))
        clash, figures = verdict.features[0, [FEATURES.index("clash"), FEATURES.index("figures")]].tolist()
        assert (clash == 0, figures == 0) == (corrected, corrected)
    assert verdict.log_odds[0] > 0 or not corrected


def test_no_pairs_have_no_verdicts() -> None:
    prepared = everything()
    none = pairs_of(prepared)
    assert judge_pairs(prepared.match_input, none, plain_scorer()).features.shape == (0, len(FEATURES))
    found, verdicts = find_matches(prepared.match_input, [none], plain_scorer())
    assert (len(found), len(verdicts.log_odds)) == (0, 0)
    found, verdicts = find_matches(prepared.match_input, [], plain_scorer())
    assert (len(found), len(verdicts.log_odds)) == (0, 0)


WALL = (
    "This article is for subscribers only. Already a subscriber? Sign in here.",
    "You have reached your limit of free articles. Subscribe to continue reading this article.",
)


@pytest.mark.parametrize("code", ["en", UNDETERMINED])
def test_a_page_of_nothing_but_a_notice_matches_nothing(code: str) -> None:
    titles = ("Harbour opens", "Harbour opens!")
    wall = [Article(str(at), f"{title}\n{' '.join(WALL)}") for at, title in enumerate(titles)]
    plain = [replace(article, text=STORIES_ABOVE_IT[0]) for article in wall]
    for articles, admitted in ((wall, False), (plain, True)):
        prepared = read(articles)
        match_input = replace(prepared.match_input, codes=np.array([code, code]))
        verdicts = judge_pairs(match_input, pairs_of(prepared, (0, 1)), constant_scorer(9.0))
        assert (verdicts.log_odds[0] > 0) == admitted


def features(**values: float) -> npt.NDArray[np.float32]:
    found = np.ones((1, len(FEATURES)), np.float32)
    for name, value in values.items():
        found[0, FEATURES.index(name)] = value
    return found


@pytest.mark.parametrize(
    ("head", "containment", "enough"),
    [
        ("translation", 0.04, False),
        ("translation", 0.06, True),
        ("copy", 0.44, False),
        ("copy", 0.46, True),
        ("rewording", 0.29, False),
        ("rewording", 0.31, True),
        ("undetermined", 0.0, True),
        ("translation excerpt", 0.29, False),
        ("translation excerpt", 0.31, True),
        ("copy excerpt", 0.54, False),
        ("copy excerpt", 0.56, True),
        ("rewording excerpt", 0.54, False),
        ("rewording excerpt", 0.56, True),
        ("undetermined excerpt", 0.0, True),
    ],
)
def test_a_match_needs_counterparts(head: str, containment: float, enough: bool) -> None:
    assert has_evidence(features(containment=containment), np.array([HEADS.index(head)])).tolist() == [enough]


def test_without_counterparts_no_score_is_high_enough() -> None:
    prepared, scorer = everything(), constant_scorer(9.0)
    verdicts = judge_pairs(prepared.match_input, every_pair(prepared), scorer)
    enough = has_evidence(verdicts.features, verdicts.heads)
    assert 0 < enough.sum() < len(enough)
    assert (verdicts.log_odds[enough] == 9.0).all()
    assert (verdicts.log_odds[~enough] <= scorer.least - 1).all()


def test_where_there_is_nothing_to_see_nothing_is_counted() -> None:
    none, other = Article("none", "?!"), Article("other", "Rain fell on the hills near the town for three days.")
    found = judged([none, other], none, other, plain_scorer()).features[0]
    assert not np.any(found[[FEATURES.index(name) for name in FEATURES if name not in ("length", "amount")]])


def test_an_encoder_without_means_is_as_good() -> None:
    left, right = Article("1", "cat sat mat. rain flood city."), Article("2", "kucing duduk tikar. hujan banjir kota.")
    prepared = prepare([left, right], ToyEncoder(), Settings())
    verdicts = judge_pairs(prepared.match_input, pairs_of(prepared, (0, 1)), plain_scorer())
    assert verdicts.features[0, FEATURES.index("containment")] == pytest.approx(1.0)
