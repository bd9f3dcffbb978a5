"""A floor under quality that every checkout has: articles of our own, scanned as anybody would scan them.

`data/gold.jsonl` is made to be hard: a third of it is what must stay apart although it looks alike. Its figures say
nothing about quality in the world, only that it has not become worse. `data/README.md` tells what is in it.
"""

from __future__ import annotations

import json
from collections import Counter
from importlib import resources
from itertools import combinations
from pathlib import Path

import pytest

from dedup.datatypes import Settings
from dedup.embedding.encoder import Encoder
from dedup.embedding.load import load_encoder
from dedup.evaluation.gold import Gold, read_gold
from dedup.evaluation.metrics import PairKind, evaluate
from dedup.language.sentences import sentences
from dedup.matching.prepare import prepare
from dedup.pipeline import find_duplicates
from dedup.reading.fields import make_article

PRECISION = 0.92
"""Least share of the joined pairs that are of one story."""

RECALL = 0.88
"""Least share of the pairs of one story that are joined."""

BCUBED_F1 = 0.955

HARD_NEGATIVES_JOINED = 10
"""Most pairs of one group and two stories that are joined."""

CANDIDATE_RECALL = 0.98
"""Least share of the pairs of one story that are proposed for verification."""

LANGUAGES = {"en", "id", "de", "es", "fr", "ru", "ar", "hi", "zh", "ja"}

GOLD = read_gold(Path(__file__).parent / "data" / "gold.jsonl")

Clusters = dict[str, int]


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return load_encoder(Settings().model)


def clusters(encoder: Encoder, settings: Settings = Settings()) -> Clusters:
    """The cluster of each clustered article, of one scan of the whole set."""
    report = find_duplicates([item.article for item in GOLD], settings=settings, encoder=encoder, evidence=False)
    return {
        report.articles[member].id: number
        for number, cluster in enumerate(report.clusters)
        for member in cluster.members
    }


def shortfalls(found: Clusters) -> list[str]:
    """Each floor that is not reached, with the figure."""
    evaluation = evaluate(GOLD, found)
    scores, hard = evaluation.scores[PairKind.ALL], evaluation.hard_negatives[PairKind.ALL]
    floors = (
        ("precision", scores.precision, PRECISION),
        ("recall", scores.recall, RECALL),
        ("BCubed F1", scores.bcubed_f1, BCUBED_F1),
    )
    below = [f"{name} {figure:.4f} < {floor}" for name, figure, floor in floors if not figure >= floor]
    if hard.joined > HARD_NEGATIVES_JOINED:
        below.append(f"hard negatives joined {hard.joined} > {HARD_NEGATIVES_JOINED}")
    return below


def mistakes(found: Clusters) -> str:
    """All pairs that are wrong, a line each: what a change of the floors is decided by."""
    lines = []
    for left, right in combinations(GOLD, 2):
        same, joined = left.story == right.story, _joined(found, left, right)
        if same != joined:
            lines.append(f"{'missed' if same else 'joined'}  {left.article.id}  {right.article.id}")
    return "\n".join(sorted(lines))


def _joined(found: Clusters, left: Gold, right: Gold) -> bool:
    cluster = found.get(left.article.id)
    return cluster is not None and cluster == found.get(right.article.id)


def test_a_scan_stays_above_the_floors(encoder: Encoder) -> None:
    found = clusters(encoder)
    assert not shortfalls(found), mistakes(found)


def test_what_is_one_story_is_proposed(encoder: Encoder) -> None:
    candidates = prepare([item.article for item in GOLD], encoder, Settings()).neighbourhood.candidates()
    proposed = set(zip(candidates.left.tolist(), candidates.right.tolist(), strict=True))
    wanted = [pair for pair in combinations(range(len(GOLD)), 2) if len({GOLD[at].story for at in pair}) == 1]
    missing = [tuple(GOLD[at].article.id for at in pair) for pair in wanted if pair not in proposed]
    assert len(missing) <= (1 - CANDIDATE_RECALL) * len(wanted), missing


@pytest.mark.parametrize("shift", [-1, 1])
def test_a_score_shifted_by_one_log_odd_falls_below_a_floor(shift: int, encoder: Encoder, tmp_path: Path) -> None:
    """A floor that a score a little more or less willing does not touch is no floor: each way has to cost something."""
    fitted = json.loads((resources.files("dedup") / "scorers" / "duplicate.json").read_text(encoding="utf-8"))
    for weights in fitted["heads"].values():
        weights["intercept"] += shift
    shifted = tmp_path / "shifted.json"
    shifted.write_text(json.dumps(fitted), encoding="utf-8")
    assert shortfalls(clusters(encoder, Settings(scorer=str(shifted))))


def test_the_set_is_what_it_says() -> None:
    of_language = Counter(item.language for item in GOLD)
    assert all(of_language[language] >= 15 for language in LANGUAGES)
    lengths = sorted(len(item.article.body.split()) for item in GOLD if item.language not in ("zh", "ja", "th"))
    assert lengths[0] < 15
    assert lengths[-1] > 350
    told = Counter(item.story for item in GOLD)
    assert sum(times == 1 for times in told.values()) > len(told) / 2
    groups = {item.group for item in GOLD} - {""}
    assert all(len({item.story for item in GOLD if item.group == group}) > 1 for group in groups)


@pytest.mark.parametrize(("kept", "least"), [(1, 0.8), (2, 0.85)])
def test_a_teaser_is_an_excerpt_of_its_article(encoder: Encoder, kept: int, least: float) -> None:
    whole = [item.article for item in GOLD if item.article.title and len(sentences(item.article.text)) >= 4]
    teasers = [
        make_article(f"cut {one.id}", " ".join(sentences(one.text)[:kept]) + " [+2100 chars]", title=one.title)
        for one in whole
    ]
    report = find_duplicates([*whole, *teasers], encoder=encoder, evidence=False)
    pairs = {frozenset((report.articles[match.left].id, report.articles[match.right].id)) for match in report.matches}
    found = [one.id for one in whole if {one.id, f"cut {one.id}"} in pairs]
    assert len(found) >= least * len(whole) > 100
