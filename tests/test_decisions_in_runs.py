"""Decisions through the whole way: a rejected pair stays apart, an accepted one joins, and reports say so."""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Iterable, Sequence
from itertools import combinations
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner

import dedup
from dedup import Article, Decisions, MatchKind, Report, find_duplicates, report
from dedup.cli import main
from dedup.embedding.encoder import Encoder
from dedup.language.text import content_hash
from dedup.pipeline import write_tables
from real_articles import real_articles


@pytest.fixture(scope="module")
def bundled() -> Encoder:
    return dedup.load_encoder("bundled")


def decided(different: Iterable[Sequence[str]] = (), same: Iterable[Sequence[str]] = (), keep: str = "") -> Decisions:
    pairs = [(*pair, "different") for pair in different] + [(*pair, "same") for pair in same]
    lines = [json.dumps({"left": left, "right": right, "verdict": verdict}) for left, right, verdict in pairs]
    return Decisions.from_lines([*lines, *([json.dumps({"keep": keep, "story": []})] if keep else [])])


def clusters(found: Report) -> set[frozenset[str]]:
    return {frozenset(found.articles[member].id for member in cluster.members) for cluster in found.clusters}


def together(found: Report) -> set[tuple[str, ...]]:
    return {pair for cluster in clusters(found) for pair in combinations(sorted(cluster), 2)}


def matched(found: Report) -> set[tuple[str, ...]]:
    return {tuple(sorted(found.articles[at].id for at in (match.left, match.right))) for match in found.matches}


def mixed() -> list[Article]:
    """Translations of a few stories, with copies of two of them."""
    found = real_articles()
    return [*found, Article("copy-1", found[0].text, found[0].title), Article("copy-2", f" {found[3].text}\n")]


@pytest.fixture(scope="module")
def undecided(bundled: Encoder) -> Report:
    return find_duplicates(mixed(), encoder=bundled)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("share", [0.3, 1.0])
def test_rejected_pairs_never_come_back_whatever_the_order(
    share: float, seed: int, undecided: Report, bundled: Encoder
) -> None:
    pairs = sorted(together(undecided) | matched(undecided))
    chosen = random.Random(seed).sample(pairs, int(len(pairs) * share))
    texts = {article.id: content_hash(article.body) for article in undecided.articles}
    decisions = decided(chosen)
    found = []
    for order in range(3):
        articles = mixed()
        random.Random(order).shuffle(articles)
        rejected = find_duplicates(articles, encoder=bundled, decisions=decisions, evidence=False)
        assert not {*chosen} & together(rejected)
        assert not {pair for pair in chosen if texts[pair[0]] != texts[pair[1]]} & matched(rejected)
        found.append(clusters(rejected))
    assert found[0] == found[1] == found[2]


def test_the_name_of_a_file_is_no_decisions() -> None:
    with pytest.raises(TypeError, match=r"decisions must be dedup\.Decisions, got str; Decisions\.load\(FILE\) reads"):
        find_duplicates(["A text."], decisions="decisions.jsonl")  # type: ignore[arg-type]


def test_rejecting_what_joins_nothing_changes_nothing(undecided: Report, bundled: Encoder) -> None:
    apart = [
        pair
        for pair in combinations(sorted(article.id for article in undecided.articles), 2)
        if pair not in together(undecided) and pair not in matched(undecided)
    ]
    again = find_duplicates(mixed(), encoder=bundled, decisions=decided(apart[:200]))
    assert (again.clusters, again.matches) == (undecided.clusters, undecided.matches)


TALES = (
    Article("rain", "Heavy rain flooded 12 streets in the old town of Verona on Monday, the mayor said."),
    Article("bank", "The central bank of Norway kept its key rate at 4.25 per cent on Thursday. Prices fell."),
    Article("goal", "Klub sepak bola Surabaya menang 3-1 atas Medan pada pertandingan hari Minggu."),
    Article("bank-copy", "the central bank of Norway kept its key rate at 4.25 per cent on Thursday. Prices fell."),
)


@pytest.mark.parametrize("seed", range(4))
def test_an_accepted_pair_joins_though_it_was_no_candidate(seed: int, bundled: Encoder) -> None:
    articles = list(TALES)
    random.Random(seed).shuffle(articles)
    alone = find_duplicates(articles, encoder=bundled)
    assert clusters(alone) == {frozenset({"bank", "bank-copy"})}
    found = find_duplicates(articles, encoder=bundled, decisions=decided(same=[("rain", "bank")]))
    assert clusters(found) == {frozenset({"rain", "bank", "bank-copy"})}
    (match,) = [match for match in found.matches if match.kind is not MatchKind.EXACT]
    assert match.decided
    assert match.score < found.threshold, "the score is what it would be without the decision"
    assert found.clusters[0].decided
    assert found.clusters[0].weakest.score == match.score
    compared = dedup.compare_articles(articles[match.left], articles[match.right], encoder=bundled)
    assert compared.match.score == pytest.approx(match.score, abs=1e-5)


def test_a_third_article_joins_through_an_accepted_pair_if_it_is_like_both(bundled: Encoder) -> None:
    decisions = decided(same=[("rain", "bank")], different=[("bank", "goal")])
    found = find_duplicates(TALES, encoder=bundled, decisions=decisions)
    assert not any("goal" in cluster for cluster in clusters(found))


def test_reports_say_what_was_joined_by_decision(bundled: Encoder) -> None:
    found = find_duplicates(TALES, encoder=bundled, decisions=decided(same=[("rain", "bank"), ("bank", "bank-copy")]))
    document = json.loads(report.as_json(found))
    jsonschema.validate(document, json.loads(report.schema()), cls=jsonschema.Draft202012Validator)
    assert [cluster.get("decided") for cluster in document["clusters"]] == [True]
    assert {(match["left"], match["right"]): match.get("decided") for match in document["matches"]} == {
        ("rain", "bank"): True,
        ("bank", "bank-copy"): None,
    }
    text = report.as_text(found)
    assert "joined by decision" in text.splitlines()[0]
    assert "1 pair joined by decision" in text
    rows = csv.DictReader(io.StringIO(report.as_csv(found)))
    assert [row["why"].partition(";")[0] for row in rows if row["role"] == "repeat"].count("joined by decision") == 1


def test_without_decisions_reports_are_as_they_were(bundled: Encoder) -> None:
    found = find_duplicates(TALES, encoder=bundled)
    assert "decided" not in report.as_json(found)
    assert report.as_json(find_duplicates(TALES, encoder=bundled, decisions=Decisions())) == report.as_json(found)


@pytest.mark.parametrize("keep", ["bank", "bank-copy", "rain"])
def test_the_article_to_keep_is_the_representative(keep: str, bundled: Encoder) -> None:
    for articles in (TALES, TALES[::-1]):
        decisions = decided(same=[("rain", "bank")], keep=keep)
        (cluster,) = find_duplicates(articles, encoder=bundled, decisions=decisions).clusters
        assert articles[cluster.representative].id == keep


def test_exact_copies_that_are_different_by_id_are_apart(bundled: Encoder) -> None:
    copies = [Article(name, TALES[1].text) for name in ("a", "b", "c")]
    for order in ([0, 1, 2], [2, 1, 0], [1, 2, 0]):
        articles = [copies[at] for at in order]
        found = find_duplicates(articles, encoder=bundled, decisions=decided([("b", "a")]))
        assert clusters(found) == {frozenset({"a", "c"})}
        assert matched(found) == {("a", "c")}
        assert [cluster.kind for cluster in found.clusters] == [MatchKind.EXACT]


def test_tables_keep_to_decisions_as_reports_do(bundled: Encoder, tmp_path: Path) -> None:
    pq = pytest.importorskip("pyarrow.parquet", reason="needs the extra dedup[parquet]")
    decisions = decided(same=[("rain", "bank")], different=[("bank", "bank-copy")], keep="rain")
    summary = write_tables(TALES, tmp_path / "tables", encoder=bundled, decisions=decisions)
    whole = find_duplicates(TALES, encoder=bundled, decisions=decisions)
    assert summary["counts"] == report.counts(whole)
    written = pq.read_table(tmp_path / "tables" / "matches").to_pylist()
    rendered = report.as_parquet(whole)["matches.parquet"]
    assert written == pq.read_table(io.BytesIO(rendered)).to_pylist()
    assert [(row["left"], row["right"], row["decided"]) for row in written] == [("rain", "bank", True)]


def test_a_scan_takes_files_of_decisions_by_hash_and_warns_of_others(tmp_path: Path) -> None:
    for article in TALES[:3]:
        (tmp_path / f"{article.id}.txt").write_text(article.text)
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    rain, bank = (content_hash(article.text) for article in TALES[:2])
    first.write_text(json.dumps({"left": rain, "right": bank, "verdict": "different"}) + "\n")
    second.write_text(
        json.dumps({"left": bank, "right": rain, "verdict": "same", "by": "Ada"})
        + "\n"
        + json.dumps({"left": "gone", "right": rain, "verdict": "same"})
    )
    arguments = ["scan", str(tmp_path), "--glob", "*.txt", "--format", "json", "--decisions", str(first)]
    done = CliRunner().invoke(main, [*arguments, "--decisions", str(second)])
    assert done.exit_code == 0
    assert [cluster["decided"] for cluster in json.loads(done.stdout)["clusters"]] == [True]
    assert "warning: decisions: 1 of 3 are on articles that are not in this run" in done.stderr
    second.write_text("{}\n")
    done = CliRunner().invoke(main, [*arguments, "--decisions", str(second)])
    assert done.exit_code == 2
    assert "second.jsonl:1: no decision in this line" in done.stderr
    done = CliRunner().invoke(main, [*arguments, "--format", "jsonl", "-o", str(first), "--force"])
    assert done.exit_code == 1
    assert first.read_text().startswith('{"left"')
