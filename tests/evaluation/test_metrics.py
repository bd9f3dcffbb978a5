from __future__ import annotations

import gzip
import json
import lzma
import math
import random
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.datatypes import Article, Level
from dedup.errors import ReadError
from dedup.evaluation.gold import Gold, GoldPair, read_articles, read_clusters, read_gold, read_pairs
from dedup.evaluation.metrics import Evaluation, PairKind, evaluate, evaluation_as_dict, evaluation_as_text
from dedup.report import as_json, as_jsonl
from handmade import handmade_report

ALL, CROSS, SAME = PairKind


def gold(rows: str) -> list[Gold]:
    """``a:x:en`` is article a of story x in English; all are of one group."""
    split = [row.split(":") for row in rows.split()]
    return [Gold(Article(id, ""), story, language, "g") for id, story, language in split]


EXAMPLE = gold("1:x:en 2:x:id 3:x:en 4:y:en 5:y:id")
PREDICTED = {"1": "a", "2": "a", "3": "b", "4": "b", "5": "c"}
# Gold pairs: 12 13 23 45; predicted pairs: 12 34; correct: 12.


@pytest.mark.parametrize(
    ("kind", "counts", "precision", "recall", "f1"),
    [(ALL, (10, 4, 2, 1), 1 / 2, 1 / 4, 1 / 3), (CROSS, (6, 3, 1, 1), 1, 1 / 3, 1 / 2), (SAME, (4, 1, 1, 0), 0, 0, 0)],
    ids=["all", "cross-lingual", "same-language"],
)
def test_pairwise_by_hand(kind: PairKind, counts: tuple[int, ...], precision: float, recall: float, f1: float) -> None:
    scores = evaluate(EXAMPLE, PREDICTED).scores[kind]
    assert (scores.pairs, scores.gold_pairs, scores.predicted_pairs, scores.correct_pairs) == counts
    assert (scores.precision, scores.recall, scores.f1) == pytest.approx((precision, recall, f1))


@pytest.mark.parametrize(
    ("kind", "precision", "recall", "ari"),
    [
        # precision of the five articles: 1, 1, 1/2, 1/2, 1; recall: 2/3, 2/3, 1/3, 1/2, 1/2
        pytest.param(ALL, 4 / 5, 8 / 15, (1 - 0.8) / (3 - 0.8), id="all"),
        pytest.param(CROSS, 1, (1 + 2 / 3 + 3 / 2) / 5, (1 - 0.5) / (2 - 0.5), id="cross-lingual"),
    ],
)
def test_bcubed_and_rand_index_by_hand(kind: PairKind, precision: float, recall: float, ari: float) -> None:
    scores = evaluate(EXAMPLE, PREDICTED).scores[kind]
    assert (scores.bcubed_precision, scores.bcubed_recall) == pytest.approx((precision, recall))
    assert scores.bcubed_f1 == pytest.approx(2 * precision * recall / (precision + recall))
    assert scores.ari == pytest.approx(ari)


@pytest.mark.parametrize(
    ("kind", "pairs", "joined"),
    [(ALL, 6, 1), (CROSS, 3, 0), (SAME, 3, 1)],
    ids=["all", "cross-lingual", "same-language"],
)
def test_hard_negatives_by_hand(kind: PairKind, pairs: int, joined: int) -> None:
    hard = evaluate(EXAMPLE, PREDICTED).hard_negatives[kind]
    assert (hard.pairs, hard.joined, hard.rate) == (pairs, joined, joined / pairs)


def test_labelled_pairs_by_hand() -> None:
    pairs = [GoldPair("1", "2", True), GoldPair("3", "4", False), GoldPair("4", "5", True), GoldPair("1", "4", False)]
    labelled = evaluate(EXAMPLE, PREDICTED, [*pairs, GoldPair("1", "unknown", True)]).labelled_pairs
    scores = labelled[ALL]
    assert (scores.pairs, scores.positive, scores.correct, scores.wrongly_joined) == (4, 2, 1, 1)
    assert (scores.precision, scores.recall, scores.accuracy) == (0.5, 0.5, 0.5)
    assert (labelled[CROSS].pairs, labelled[CROSS].precision) == (2, 1.0)


def test_a_perfect_clustering_scores_one_everywhere() -> None:
    perfect = evaluate(EXAMPLE, {item.article.id: item.story for item in EXAMPLE})
    for scores in perfect.scores.values():
        assert (scores.f1, scores.bcubed_f1, scores.ari) == pytest.approx((1, 1, 1))
    assert perfect.hard_negatives[ALL].joined == 0


def test_unclustered_articles_are_alone_and_strangers_are_ignored() -> None:
    evaluation = evaluate(EXAMPLE, {"stranger": "a", "other": "a"})
    assert (evaluation.clusters, evaluation.unclustered) == (5, 5)
    assert evaluation.scores[ALL].predicted_pairs == 0
    assert (evaluation.scores[ALL].recall, evaluation.scores[ALL].f1) == (0, 0)
    assert math.isnan(evaluation.scores[ALL].precision)


def test_a_cluster_named_like_an_article_is_not_that_article() -> None:
    assert evaluate(EXAMPLE, {"1": "5"}).scores[ALL].predicted_pairs == 0


labels = st.tuples(st.sampled_from("abcd"), st.sampled_from("xyz"), st.sampled_from("uvw"), st.sampled_from("gh"))


@given(st.lists(labels, min_size=1, max_size=25))
def test_pair_counts_agree_with_brute_force(rows: list[tuple[str, str, str, str]]) -> None:
    items = [Gold(Article(str(n), ""), story, language, group) for n, (story, language, _, group) in enumerate(rows)]
    evaluation = evaluate(items, {str(n): cluster for n, (_, _, cluster, _) in enumerate(rows)})
    found: Counter[tuple[PairKind, str]] = Counter()
    for n, (story, language, cluster, group) in enumerate(rows):
        for other_story, other_language, other_cluster, other_group in rows[:n]:
            told = {
                "pairs": True,
                "gold": story == other_story,
                "predicted": cluster == other_cluster,
                "correct": story == other_story and cluster == other_cluster,
                "hard": story != other_story and group == other_group,
                "joined": story != other_story and group == other_group and cluster == other_cluster,
            }
            for kind in (ALL, SAME if language == other_language else CROSS):
                found.update((kind, name) for name, true in told.items() if true)
    for kind, scores in evaluation.scores.items():
        hard = evaluation.hard_negatives[kind]
        counted = (scores.pairs, scores.gold_pairs, scores.predicted_pairs, scores.correct_pairs)
        counted += (hard.pairs, hard.joined)
        names = ("pairs", "gold", "predicted", "correct", "hard", "joined")
        assert counted == tuple(found[kind, name] for name in names)


@pytest.mark.parametrize("name", ["ntrex", "templated", "meantime"])
def test_figures_equal_those_of_the_reference_scorer(
    shared_eval: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.syspath_prepend(shared_eval)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    import score

    path, chance = shared_eval / f"{name}.jsonl.xz", random.Random(name)
    articles = read_gold(path)
    predicted = {
        item.article.id: item.story if chance.random() < 0.8 else str(chance.randrange(40))
        for item in articles
        if chance.random() < 0.9
    }
    assert _figures(evaluate(articles, predicted)) == pytest.approx(
        _reference_figures(score.evaluate(score.read(path), predicted)), nan_ok=True
    )


def _figures(evaluation: Evaluation) -> list[float]:
    figures: list[float] = [evaluation.articles, evaluation.stories, evaluation.clusters, evaluation.unclustered]
    for s in evaluation.scores.values():
        figures += [s.pairs, s.gold_pairs, s.predicted_pairs, s.correct_pairs, s.precision, s.recall, s.f1]
        figures += [s.bcubed_precision, s.bcubed_recall, s.bcubed_f1, s.ari]
    return figures + [value for h in evaluation.hard_negatives.values() for value in (h.pairs, h.joined, h.rate)]


def _reference_figures(reference: dict[str, Any]) -> list[float]:
    names = (
        "pairs",
        "gold_pairs",
        "predicted_pairs",
        "correct_pairs",
        "precision",
        "recall",
        "f1",
        "bcubed_p",
        "bcubed_r",
        "bcubed_f1",
        "ari",
    )
    counts, kinds = reference["counts"], ("all", "cross", "same")
    figures = [counts[name] for name in ("articles", "stories", "clusters", "without_prediction")]
    figures += [reference[kind][name] for kind in kinds for name in names]
    hard = reference.get("hard", {})
    return figures + [
        hard[kind][name] for kind in kinds if hard for name in ("hard_negative_pairs", "wrongly_joined", "rate")
    ]


def test_evaluation_reads_as_a_table_and_as_json() -> None:
    evaluation = evaluate(EXAMPLE, PREDICTED, [GoldPair("1", "2", True)])
    shown = evaluation_as_text(evaluation)
    assert "all               0.5000  0.2500  0.3333    0.8000  0.5333  0.6400    0.0909\n" in shown
    assert "hard negatives, all: 1 of 6 joined (16.67%)" in shown
    assert "1 labelled pairs, all: P R F1   1.0000  1.0000  1.0000" in shown
    document = json.loads(json.dumps(evaluation_as_dict(evaluate(EXAMPLE, {})), allow_nan=False))
    assert document["scores"]["all"]["precision"] is None
    assert (document["stories"], document["hard_negatives"]["same-language"]["pairs"]) == (2, 3)


# --- reading gold -----------------------------------------------------------------------------------------------

ROW = '{"id": "a", "story": "s", "lang": "ta", "text": "செய்தி", "title": "T", "group": "g", "published": "2025"}\n'


@pytest.mark.parametrize("suffix", ["", ".gz", ".xz"])
def test_gold_is_read_plain_and_packed(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"gold.jsonl{suffix}"
    pack = {"": bytes, ".gz": gzip.compress, ".xz": lzma.compress}[suffix]
    path.write_bytes(pack(ROW.encode()))
    article = Article("a", "செய்தி", title="T", path=str(path), published="2025")
    assert read_gold(path) == (Gold(article, "s", "ta", "g"),)


def test_articles_learn_nothing_from_the_gold(tmp_path: Path) -> None:
    path = tmp_path / "gold.jsonl"
    path.write_text('{"id": "a", "story": "SECRET", "lang": "SECRET", "group": "SECRET"}', encoding="utf-8")
    assert "SECRET" not in str(read_gold(path)[0].article)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "no article in it"),
        ("{", "gold.jsonl:1: not JSON"),
        ("[1]", "gold.jsonl:1: a list instead of an object"),
        (ROW + ROW, "id 'a' comes twice"),
        ('{"id": "a", "lang": "en"}', "gold.jsonl:1: no 'story' in this record; it has id, lang"),
        ('{"id": "a", "story": ""}', "no 'story'"),
        ("\udcff", "cannot read"),
    ],
    ids=["empty", "broken", "list", "twice", "no story", "empty story", "not UTF-8"],
)
def test_unusable_gold_is_refused_by_name_and_line(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "gold.jsonl"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(ReadError, match=message):
        read_gold(path)


@pytest.mark.parametrize("name", ["absent.jsonl", "broken.jsonl.gz", "broken.jsonl.xz"])
def test_gold_that_cannot_be_opened_is_refused(tmp_path: Path, name: str) -> None:
    if name != "absent.jsonl":
        (tmp_path / name).write_bytes(b"not packed")
    for read in (read_gold, read_pairs, read_clusters):
        with pytest.raises(ReadError, match="cannot read"):
            read(tmp_path / name)  # type: ignore[operator]


def test_pairs_without_a_label_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    rows = [{"a": "1", "b": str(label), "label": label} for label in (1.0, 0, None)]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert read_pairs(path) == (GoldPair("1", "1.0", True), GoldPair("1", "0", False))


@pytest.mark.parametrize(
    ("verdict", "same"),
    [("S", True), ("U", True), ("E", None), ("D", False), ("?", None), ("", None), (None, None)],
    ids=["same", "updated", "another report of the event", "different", "no verdict", "an empty one", "null"],
)
def test_verdicts_on_the_pairs_of_a_report_are_labels(verdict: str | None, same: bool | None, tmp_path: Path) -> None:
    path = tmp_path / "verdicts.jsonl"
    records = [{"left": "1", "right": "2", "verdict": verdict, "note": "one line"}, {"left": "3", "right": "4"}]
    path.write_text("".join(json.dumps(record) + "\n" for record in [*records, {"a": "5", "b": "6", "label": 1}]))
    labels = () if same is None else (GoldPair("1", "2", same),)
    assert read_pairs(path) == (*labels, GoldPair("5", "6", True))


@pytest.mark.parametrize(("letter", "same"), [("S", True), ("U", True), ("E", True), ("D", False), ("?", None)])
def test_at_the_level_of_events_another_report_is_the_same(letter: str, same: bool | None, tmp_path: Path) -> None:
    path = tmp_path / "verdicts.jsonl"
    records = [{"left": "1", "right": "2", "verdict": letter}, {"a": "3", "b": "4", "label": 0, "judged": letter}]
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    of_report = () if same is None else (GoldPair("1", "2", same),)
    assert read_pairs(path, Level.STORY) == (*of_report, GoldPair("3", "4", bool(same)))
    assert read_pairs(path)[-1] == GoldPair("3", "4", False)


def test_a_pair_that_was_judged_twice_is_judged_alike(tmp_path: Path) -> None:
    path = tmp_path / "verdicts.jsonl"
    told = {"left": "1", "right": "2", "verdict": "S"}
    path.write_text(json.dumps(told) + "\n" + json.dumps({"a": "2", "b": "1", "label": 1}) + "\n")
    assert read_pairs(path) == (GoldPair("1", "2", True), GoldPair("2", "1", True))
    path.write_text(json.dumps(told) + "\n" + json.dumps({"left": "2", "right": "1", "verdict": "D"}) + "\n")
    with pytest.raises(ReadError, match=r"verdicts\.jsonl:2: '2' and '1' are labelled both"):
        read_pairs(path)


def test_a_verdict_without_its_articles_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "verdicts.jsonl"
    path.write_text('{"left": "1", "verdict": "S"}\n')
    with pytest.raises(ReadError, match=r"verdicts\.jsonl:1: no 'right' in this record"):
        read_pairs(path)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("", []),
        ('{"id": "1", "text": "T"}', [("1", "T", "", "1")]),
        ('{"id": 1, "text": "T", "story": "s", "lang": "", "group": null}', [("1", "T", "", "1")]),
        ('{"id": "1", "text": "T", "title": "Head"}\n{"id": "2"}', [("1", "T", "Head", "1"), ("2", "", "", "2")]),
    ],
    ids=["nothing", "a text", "other fields", "a title, and no text"],
)
def test_articles_of_an_archive_are_stories_of_their_own(
    content: str, found: list[tuple[str, ...]], tmp_path: Path
) -> None:
    path = tmp_path / "archive.jsonl"
    path.write_text(content)
    told = [(item.article.id, item.article.text, item.article.title, item.story) for item in read_articles(path)]
    assert told == found
    path.write_text(f"{content}\n\n{{}}\n")
    with pytest.raises(ReadError, match=rf"archive\.jsonl:{content.count(chr(10)) + 3}: no 'id'"):
        read_articles(path)


@pytest.mark.parametrize("render", [as_json, as_jsonl])
def test_clusters_are_read_from_our_reports(tmp_path: Path, render: Any) -> None:
    path = tmp_path / "report"
    path.write_text(render(handmade_report()), encoding="utf-8")
    clusters = read_clusters(path)
    assert set(clusters) == {"news/en.txt", "news/id.txt", "ja-1", "ar-1", "th-1"}
    assert clusters["news/en.txt"] == clusters["news/id.txt"] != clusters["ja-1"] == clusters["th-1"]


@pytest.mark.parametrize(
    ("content", "clusters"),
    [
        ('{"id": "a", "cluster": 1}\n{"id": "b", "cluster": "x"}\n', {"a": "1", "b": "x"}),
        ('{"id": "a", "cluster": 1}\n', {"a": "1"}),
        ('{"id": "a", "cluster": null}\n{"id": "b"}\n', {}),
        ('{"id": "a", "cluster": 1}\n{"id": "a", "cluster": 1}\n', {"a": "1"}),
    ],
    ids=["two", "one", "in none", "said twice"],
)
def test_clusters_are_read_from_predictions(tmp_path: Path, content: str, clusters: dict[str, str]) -> None:
    path = tmp_path / "predictions.jsonl"
    path.write_text(content, encoding="utf-8")
    assert read_clusters(path) == clusters


def test_an_article_in_two_clusters_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "predictions.jsonl"
    path.write_text('{"id": "a", "cluster": 1}\n{"id": "a", "cluster": 2}\n', encoding="utf-8")
    with pytest.raises(ReadError, match=r"predictions.jsonl:2: 'a' is in two clusters, '1' and '2'"):
        read_clusters(path)
