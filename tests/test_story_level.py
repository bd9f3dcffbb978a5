"""The level of events: independent reports, the versions inside them, days, and what the narrower level has joined."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import dedup
from dedup.clustering.average_linkage import UNVERIFIED, cluster_pairs
from dedup.clustering.outcome import are_in_one
from dedup.datatypes import Article, Candidates, Level, MatchKind, Report, Settings
from dedup.embedding.encoder import Encoder
from dedup.embedding.load import load_encoder
from dedup.evaluation.gold import read_gold
from dedup.report import as_json, as_text, records

STORY = Settings(level=Level.STORY)


@pytest.fixture(scope="module")
def bundled() -> Encoder:
    return load_encoder("bundled")


def clusters(report: Report) -> list[set[str]]:
    return [{report.articles[at].id for at in cluster.members} for cluster in report.clusters]


def scan(encoder: Encoder, *articles: Article) -> Report:
    return dedup.find_duplicates(articles, settings=STORY, encoder=encoder)


FERRY = Article(
    "ferry",
    "All 212 people aboard the ferry Nusa Indah were brought to safety on Tuesday night after the ship ran onto a reef "
    "off Lombok. The navy sent three boats from Mataram. Captain Surya Wijaya said the engine had failed in waves of "
    "four metres. Nobody was hurt, the harbour office said.",
    title="Ferry runs aground off Lombok, 212 passengers rescued",
    published="2025-03-05",
)
DECK = Article(
    "deck",
    "Hundreds of travellers waited for hours in the dark before navy boats reached them: the Nusa Indah, on its way "
    "from Bali to Lombok, had struck a reef after its engine broke down. By Wednesday morning all 212 were ashore in "
    'Mataram. "We thought nobody would come," a passenger said. The captain, Surya Wijaya, is being questioned.',
    title="Passengers spend night on deck before rescue near Lombok",
    published="2025-03-05",
)
FINNISH = Article(
    "finnish",
    "Nusa Indah -lautta ajoi karille Lombokin edustalla Indonesiassa tiistaina. Laivasto kuljetti matkustajat "
    "Mataramin satamaan, eikä kukaan loukkaantunut. Kapteeni Surya Wijayan mukaan moottori sammui korkeassa "
    "aallokossa. Lautta oli matkalla Balilta, ja siinä oli 212 ihmistä.",
    title="Lautta karille Lombokin lähellä, 212 ihmistä pelastettiin",
    published="2025-03-05",
)
FOLLOW_UP = Article(
    "follow-up",
    "Parliament approved 90 million dollars on Friday to replace old ships on the routes east of Java. Transport "
    "minister Dewi Hartono said the first orders would be placed in May. The opposition asked why money promised for "
    "lighthouses years ago had never been paid out. A ferry ran aground off Lombok this week.",
    title="Parliament votes 90 million for new ferries",
    published="2025-03-08",
)
OTHER_FERRY = Article(
    "other",
    "A ferry with some 80 passengers sank on Lake Toba on Sunday, killing two people. Divers from Medan were still "
    "searching for five others. Witnesses said the boat, the Sinar Bangun, had been overloaded. The transport "
    "minister, Budi Karya, promised stricter checks of all boats on the lake.",
    title="Two dead as ferry sinks in Lake Toba",
    published="2025-03-05",
)


def test_reports_of_one_event_are_found_within_and_across_languages(bundled: Encoder) -> None:
    report = scan(bundled, FERRY, DECK, FINNISH, OTHER_FERRY)
    assert clusters(report) == [{"ferry", "deck", "finnish"}]
    kinds = {(match.left, match.right): match.kind for match in report.matches}
    assert kinds[0, 1] is MatchKind.SAME_STORY
    assert MatchKind.NEAR not in kinds.values()


def test_a_follow_up_is_another_event_unless_it_repeats_the_event(bundled: Encoder) -> None:
    assert clusters(scan(bundled, FERRY, FOLLOW_UP)) == []
    for retold in (DECK, FINNISH):
        assert clusters(scan(bundled, FERRY, replace(retold, published="2025-03-07"))) == [{"ferry", retold.id}]


@pytest.mark.parametrize(("published", "joined"), [("2025-03-05", True), ("2025-03-12", True), ("2025-03-13", False)])
def test_no_event_lasts_longer_than_a_week(published: str, joined: bool, bundled: Encoder) -> None:
    score = {}
    for day in ("2025-03-05", published):
        found = dedup.compare_articles(FERRY, replace(DECK, published=day), settings=STORY, encoder=bundled)
        score[day] = found.match.score
    assert score[published] <= score["2025-03-05"]
    assert (score[published] > 1e-6) == joined


def test_days_in_file_names_count_as_those_of_the_source(bundled: Encoder, tmp_path: Path) -> None:
    for day, article in (("2025-03-05", FERRY), ("2025-03-19", DECK)):
        (tmp_path / f"{day}-{article.id}.txt").write_text(f"{article.title}\n\n{article.text}\n", encoding="utf-8")
    report = dedup.find_duplicates(dedup.read_folder(tmp_path), settings=STORY, encoder=bundled)
    assert report.clusters == ()


def test_a_comparison_says_the_same_from_either_side(bundled: Encoder) -> None:
    for other in (DECK, FINNISH, FOLLOW_UP, OTHER_FERRY):
        there = dedup.compare_articles(FERRY, other, settings=STORY, encoder=bundled).match
        back = dedup.compare_articles(other, FERRY, settings=STORY, encoder=bundled).match
        assert (back.score, back.kind, back.evidence.features) == (there.score, there.kind, there.evidence.features)


def test_the_company_changes_no_score(bundled: Encoder) -> None:
    alone, among = scan(bundled, FERRY, DECK), scan(bundled, FOLLOW_UP, FERRY, OTHER_FERRY, DECK, FINNISH)
    ids = [article.id for article in among.articles]
    score = {(ids[match.left], ids[match.right]): match.score for match in among.matches}
    assert score["ferry", "deck"] == alone.matches[0].score


def test_a_story_holds_the_versions_of_its_reports(bundled: Encoder) -> None:
    copy = replace(DECK, id="copy", text=DECK.text.replace("is being questioned", "is questioned"))
    exact = replace(FERRY, id="exact")
    report = scan(bundled, FERRY, DECK, copy, exact)
    (cluster,) = report.clusters
    assert cluster.kind is MatchKind.SAME_STORY
    assert cluster.versions == ((0, 3), (1, 2))
    kinds = {(match.left, match.right): match.kind for match in report.matches}
    assert kinds[1, 2] is MatchKind.NEAR
    assert kinds[0, 3] is MatchKind.EXACT
    assert kinds[0, 1] is MatchKind.SAME_STORY
    written = json.loads(as_json(report))
    Draft202012Validator(json.loads(records.schema())).validate(written)
    assert written["clusters"][0]["versions"] == [["ferry", "exact"], ["deck", "copy"]]
    shown = as_text(report, width=120)
    assert "4 articles, 2 reports in en" in shown
    marks = [line[2] for line in shown.splitlines() if line.startswith("  ") and line[3:7] == " en "]
    assert sorted(marks) == [" ", "*", "=", "="]


OPENINGS = ("A ferry ran aground off Lombok on Tuesday", "The Nusa Indah struck a reef near Lombok on Tuesday night")
MIDDLES = (
    "all 212 people aboard were brought to Mataram by navy boats",
    "three boats of the navy took the 212 passengers to Mataram",
    "212 travellers reached the harbour of Mataram on boats of the navy",
)
ENDS = (
    "Captain Surya Wijaya said that the engine had failed.",
    "The engine had broken down in high waves, said the captain, Surya Wijaya.",
    "Police are questioning Surya Wijaya, the captain, on the failure of the engine.",
    "Four metres of waves and a dead engine, captain Surya Wijaya told the police.",
    "According to Surya Wijaya, captain of the Nusa Indah, its engine stopped in four metres of waves.",
)


def test_an_event_of_thirty_reports_is_found_whole(bundled: Encoder) -> None:
    told = [f"{one}, and {middle}. {end}" for one, middle, end in product(OPENINGS, MIDDLES, ENDS)]
    reports = [Article(f"r{at}", text) for at, text in enumerate(told)]
    found = scan(bundled, *reports, OTHER_FERRY, FOLLOW_UP)
    assert clusters(found) == [{article.id for article in reports}]


GOLD = [item.article for item in read_gold(Path(__file__).parent / "data" / "gold.jsonl")]


def test_reports_on_the_talks_of_one_ministry_stay_apart(seeds: Path, bundled: Encoder) -> None:
    found = dedup.find_duplicates(dedup.read_folder(seeds), settings=STORY, encoder=bundled)
    assert [{Path(id).name[:3] for id in cluster} for cluster in clusters(found)] == [{"000", "001"}]
    assert len(found.matches) == 1


def test_a_short_headline_counts_for_less_than_a_long_one(bundled: Encoder) -> None:
    def in_common(title: str) -> float:
        left, right = (replace(article, title=title) for article in (FERRY, OTHER_FERRY))
        match = dedup.compare_articles(left, right, settings=STORY, encoder=bundled).match
        return dict(match.evidence.features)["rare_headline_words"]

    short = in_common("Ferry accident")
    assert 0 < short < in_common("Ferry accident near Lombok: passengers, captain and crew questioned by police") < 1


def test_what_is_one_article_is_one_event(bundled: Encoder) -> None:
    narrow = clusters(dedup.find_duplicates(GOLD, encoder=bundled, evidence=False))
    wide = clusters(dedup.find_duplicates(GOLD, settings=STORY, encoder=bundled, evidence=False))
    assert len(narrow) > 20
    assert all(any(one <= other for other in wide) for one in narrow)


@settings(deadline=None)
@given(st.integers(0, 100_000), st.integers(2, 14), st.floats(0.1, 1))
def test_versions_are_inside_events_whatever_the_scores(seed: int, n: int, known: float) -> None:
    generator = np.random.default_rng(seed)
    left, right = np.triu_indices(n, 1)
    chosen = generator.random(len(left)) < known
    left, right = left[chosen], right[chosen]
    copied, events = generator.normal(-1, 3, len(left)), generator.normal(-1, 3, len(left))
    certain = generator.random(len(left)) < 0.3
    candidates = Candidates(left, right, np.zeros(len(left), np.float32))
    versions = cluster_pairs(left, right, copied, unknown=UNVERIFIED, key=str, certain=certain)
    held = are_in_one(versions, candidates)
    found = cluster_pairs(left, right, events, unknown=UNVERIFIED, key=str, certain=certain, must=held)
    assert all(any(set(one) <= set(other) for other in found) for one in versions)
