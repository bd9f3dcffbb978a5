"""What keeps memory and time in bounds: rows on disk, blocks, cells; none of them changes an answer."""

from __future__ import annotations

import gc
import pickle
import weakref
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dedup
from dedup import Article, arrays, find_duplicates
from dedup.clustering import decisions
from dedup.datatypes import Embeddings
from dedup.embedding.encoder import Encoder
from dedup.embedding.language_means import embed_articles, embed_sentences, unit_rows
from dedup.errors import ResourceError
from dedup.language.sentences import sentences
from dedup.matching import evidence, prepare, sentence_weights, verify
from dedup.matching.candidates import neighbours
from dedup.matching.candidates.ivf import build_ivf, closest_centres, find_centres
from dedup.matching.sentence_store import OPENINGS, StoredPassages, leads
from dedup.matching.sentence_weights import information_weights
from dedup.report import as_json
from dedup.runtime.row_files import RowFile, StoredRows, opened
from dedup.runtime.workers import Workers

SCRIPTS = {
    "Latin": "Banjir merendam 12 jalan. Sekitar 340 orang mengungsi.",
    "Cyrillic": "Дождь затопил 12 улиц. Около 340 человек покинули дома.",
    "Greek": "Η βροχή πλημμύρισε 12 δρόμους. Περίπου 340 άνθρωποι έφυγαν.",
    "Arabic": "غمرت الأمطار 12 شارعا. واضطر نحو 340 شخصا للمغادرة.",
    "Hebrew": "הגשם הציף 12 רחובות. כ-340 בני אדם עזבו.",
    "Devanagari": "बारिश से 12 सड़कें डूब गईं। करीब 340 लोगों ने घर छोड़े।",
    "Tamil": "மழையால் 12 தெருக்கள் மூழ்கின. சுமார் 340 பேர் வெளியேறினர்.",
    "Thai": "ฝนตกหนักท่วม 12 ถนน ประชาชน 340 คนต้องอพยพ",
    "Han": "大雨淹没了12条街道。大约340人离开家园。",
    "kana": "大雨で12の通りが浸水した。およそ340人が避難した。",
    "Hangul": "폭우로 12개 거리가 침수됐다. 약 340명이 집을 떠났다.",
}


def scattered(n: int, seed: int = 0, stories: int = 0) -> Embeddings:
    """Random unit rows; the first `stories` have a close partner at the end."""
    generator = np.random.default_rng(seed)
    vectors = generator.standard_normal((n, 32))
    vectors[n - stories :] = vectors[:stories] + 0.4 * generator.standard_normal((stories, 32))
    return unit_rows(vectors.astype(np.float32))


@pytest.mark.parametrize("dtype", ["f4", "f2", "i8"])
@pytest.mark.parametrize("parts", [[], [0], [3], [2, 0, 5]], ids=str)
def test_rows_come_back_from_a_row_file(parts: list[int], dtype: str) -> None:
    file = RowFile(dtype, 4)
    rows = [np.arange(4 * part).reshape(part, 4) for part in parts]
    for part in rows:
        file.append(part)
    expected = np.concatenate([np.empty((0, 4)), *rows]).astype(dtype)
    assert np.array_equal(file.stored().open(), expected)
    assert np.array_equal(pickle.loads(pickle.dumps(file.stored())).open(), expected)


def test_a_row_file_removes_its_file() -> None:
    file = RowFile("f4", 2)
    file.append(np.ones((3, 2)))
    stored = file.stored()
    rows = stored.open()
    assert Path(stored.path).exists()
    del file
    gc.collect()
    assert not Path(stored.path).exists()
    assert rows.sum() == 6  # what is mapped stays readable


def test_changes_in_place_are_in_the_file() -> None:
    file = RowFile("f4")
    file.append(np.arange(3))
    file.writable()[1] = 7
    assert file.stored().open().tolist() == [0, 7, 2]


def test_a_full_disk_is_named_with_what_helps(monkeypatch: pytest.MonkeyPatch) -> None:
    file = RowFile("f4")
    with open("/dev/full", "wb", buffering=0) as full:
        monkeypatch.setattr(file, "_file", full)
        with pytest.raises(ResourceError, match=r"No space left.*TMPDIR"):
            file.append(np.ones(3))


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(0, 4), max_size=6), max_size=8))
def test_recurrence_counts_articles_and_not_places(articles: list[list[int]]) -> None:
    flat = np.array([sentence for article in articles for sentence in article], np.uint64)
    counts = np.array([len(article) for article in articles], np.intp)
    expected = Counter(sentence for article in articles for sentence in set(article))
    assert sentence_weights.recurrence(flat, counts).tolist() == [expected[int(sentence)] for sentence in flat]


@settings(deadline=None)
@given(st.lists(st.lists(st.tuples(st.integers(1, 600), st.integers(1, 9)), max_size=6), max_size=8))
def test_weights_are_those_of_one_article_after_the_other(articles: list[list[tuple[int, int]]]) -> None:
    starts = np.cumsum([0, *map(len, articles)]).astype(np.intp)
    lengths = [length for article in articles for length, _ in article]
    recurrence = [often for article in articles for _, often in article]
    found = information_weights(lengths, recurrence, starts)
    for article, start, end in zip(articles, starts[:-1], starts[1:], strict=True):
        median = np.median([often for _, often in article]) if article else 1
        part = np.array([min(length, 400) * min(1, median / often) for length, often in article])
        assert found[start:end] == pytest.approx(part / part.sum() if article else [], rel=1e-4)


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_digit_does_not_make_another_sentence(script: str) -> None:
    text = SCRIPTS[script]
    one, same, other = sentence_weights.masked_hashes([text, text.replace("340", "7").upper().lower(), text[:-3]])
    assert one == same
    assert one != other
    assert len(sentence_weights.masked_hashes([])) == 0


def test_texts_in_batches_give_the_vectors_of_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrays, "_BATCH", 4)
    encoder = dedup.load_encoder("bundled")
    articles = [Article(script, text, title=f"12 {script}") for script, text in SCRIPTS.items()]
    codes = ["id", "ru", "el", "ar", "he", "hi", "ta", "th", "zh-cn", "ja", "ko"]
    embeddings, means, _file, split_articles = prepare.embed_bodies(articles, codes, encoder)
    expected, expected_means = embed_articles([article.body for article in articles], codes, encoder)
    assert embeddings == pytest.approx(expected, abs=1e-5)
    assert {code: mean.tolist() for code, mean in means.items()} == {
        code: pytest.approx(mean.tolist(), abs=1e-6) for code, mean in expected_means.items()
    }
    passages, lengths, _files = prepare.weigh_sentences(split_articles, codes, means, encoder)
    split = [sentences(article.body) for article in articles]
    found = passages.take(np.arange(len(articles)))
    alone = [embed_sentences(of_text, code, means, encoder) for of_text, code in zip(split, codes, strict=True)]
    assert found.vectors == pytest.approx(np.concatenate(alone), abs=3e-3)
    assert np.diff(found.starts).tolist() == [len(of_text) for of_text in split]
    assert len(lengths) == len(articles)
    left, right = np.array([0, 3, 3], np.intp), np.array([4, 10, 3], np.intp)
    tops = [leads(found, count) for count in OPENINGS]
    alike = np.stack([(top[left] * top[right]).sum(axis=1) for top in tops], axis=1)
    assert passages.openings_alike(left, right) == pytest.approx(alike, abs=2e-3)


def test_some_passages_are_those_of_all(toy_encoder: Encoder) -> None:
    articles = [Article(str(number), f"Cat {number}. " * number) for number in range(1, 6)]
    _, means, _file, split_articles = prepare.embed_bodies(articles, ["en"] * 5, toy_encoder)
    passages, _, _files = prepare.weigh_sentences(split_articles, ["en"] * 5, means, toy_encoder)
    every, some = passages.take(np.arange(5)), passages.take(np.array([3, 1]))
    assert isinstance(passages, StoredPassages)
    for taken, article in ((0, 3), (1, 1)):
        assert np.array_equal(some.vectors[some.of(taken)], every.vectors[every.of(article)])
        assert np.array_equal(some.weights[some.of(taken)], every.weights[every.of(article)])


def test_rows_stay_open_as_long_as_their_file_is_there() -> None:
    file = RowFile("f4", 2)
    file.append(np.ones((3, 2)))
    rows = file.stored()
    assert opened(rows) is opened(pickle.loads(pickle.dumps(rows)))
    file.append(np.zeros((1, 2)))
    assert opened(file.stored()).tolist() == [[1, 1]] * 3 + [[0, 0]]
    assert opened(StoredRows("", "<f4", (0, 2))).shape == (0, 2)
    kept = weakref.ref(opened(rows))
    del file
    gc.collect()
    assert kept() is None
    assert not Path(rows.path).exists()


@pytest.mark.parametrize("n", [1, 2, 50, 3000])
def test_every_row_is_in_one_cell_and_looks_into_it(n: int) -> None:
    vectors = scattered(n)
    cells = build_ivf(vectors, nprobe=3)
    assert sorted(np.concatenate(cells.members).tolist()) == list(range(n))
    met = np.zeros(n, int)
    for columns, at in cells.compared(np.arange(n)):
        assert len(set(at.tolist())) == len(at)
        met[np.intersect1d(columns, at)] += 1
    assert met.tolist() == [1] * n


def test_cells_are_the_same_every_time() -> None:
    first, second = (build_ivf(scattered(1500)) for _ in range(2))
    assert np.array_equal(first.probed, second.probed)
    assert [part.tolist() for part in first.members] == [part.tolist() for part in second.members]


def test_the_closest_centres_are_those_of_brute_force(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, centres = scattered(200), scattered(20, seed=1)
    expected = np.argsort(-(vectors @ centres.T), axis=1)
    monkeypatch.setattr("dedup.matching.candidates.ivf._BLOCK", 64)
    for count in (1, 5, 20):
        starts, found = zip(*closest_centres(vectors, centres, count), strict=True)
        assert starts == (0, 64, 128, 192)
        near, closest = (np.concatenate(part) for part in zip(*found, strict=True))
        assert np.array_equal(closest, expected[:, 0])
        assert np.array_equal(np.sort(near), np.sort(expected[:, :count]))


def test_centres_are_unit_rows_even_of_empty_vectors() -> None:
    assert np.allclose(np.linalg.norm(find_centres(scattered(500), 30, seed=0), axis=1), 1, atol=1e-5)
    assert np.array_equal(find_centres(np.zeros((40, 8), np.float32), 4, seed=0), np.zeros((4, 8)))


def test_looking_into_all_cells_is_the_exact_search() -> None:
    vectors, languages = scattered(900), ["en", "id", "de"] * 300  # of 120 cells each row looks into 128
    exact, cells = (neighbours.search(vectors, languages, neighbours=5, most_exact=most) for most in (900, 899))
    assert np.array_equal(exact.near, cells.near)
    assert exact.candidates().margin == pytest.approx(cells.candidates().margin, abs=1e-6)


def test_cells_find_the_pairs_that_belong_together() -> None:
    n, stories = 8000, 400
    found = neighbours.search(scattered(n, stories=stories), ["en"] * n, neighbours=5, most_exact=0).candidates()
    pairs = set(zip(found.left.tolist(), found.right.tolist(), strict=True))
    assert sum((at, n - stories + at) in pairs for at in range(stories)) >= 0.99 * stories


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("most_exact", [0, 2000], ids=["cells", "exact"])
def test_parts_blocks_and_threads_change_nothing(
    threads: int, most_exact: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors, languages = scattered(2000), ["en", "id"] * 1000
    whole = neighbours.search(vectors, languages, neighbours=4, most_exact=most_exact)
    monkeypatch.setattr(neighbours, "_ROWS", 300)
    monkeypatch.setattr(neighbours, "_ROWS_OF_CELLS", 300)
    monkeypatch.setattr(neighbours, "_COLUMNS", 64)
    monkeypatch.setattr(neighbours, "_WAITING", 1000)
    parts = neighbours.search(vectors, languages, neighbours=4, most_exact=most_exact, workers=Workers(threads))
    assert np.array_equal(whole.near, parts.near)
    assert np.array_equal(whole.closest.position, parts.closest.position)


@pytest.mark.parametrize("most_exact", [0, 2000], ids=["cells", "exact"])
def test_any_number_of_workers_finds_the_same_to_the_last_bit(most_exact: int) -> None:
    found = [
        neighbours.search(scattered(2000), ["en"] * 2000, neighbours=4, most_exact=most_exact, workers=Workers(jobs))
        for jobs in (1, 3)
    ]
    assert np.array_equal(found[0].closest.first, found[1].closest.first)
    assert np.array_equal(found[0].near, found[1].near)


def test_blocks_of_pairs_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = dedup.load_encoder("bundled")
    articles = [
        Article(f"{town}{number}", f"Heavy rain flooded {number} streets in {town}, they said. {7 * number} people")
        for town in ("Verona", "Hamburg", "Oslo")
        for number in range(20)
    ]
    whole = as_json(find_duplicates(articles, encoder=encoder))
    monkeypatch.setattr(verify, "_PAIRS", 32)
    monkeypatch.setattr(evidence, "_DESCRIBED", 3)
    monkeypatch.setattr(neighbours.Neighbourhood.blocks, "__defaults__", (50,))
    assert as_json(find_duplicates(articles, encoder=encoder)) == whole


def test_evidence_in_full_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    reports = {
        "Verona": "Heavy rain flooded 12 streets in Verona on Monday, the mayor said. "
        "About 340 people had to leave their homes, and 6 schools stayed closed until the water was gone.",
        "Oslo": "The museum in Oslo showed 58 paintings by Munch that nobody had seen before. "
        "Tickets cost 21 euros, and more than 4,000 visitors came on the first day to look at them.",
        "Lima": "A strike of 900 bus drivers stopped the traffic in Lima. "
        "The union asked for 7 per cent more pay, the companies offered 3 and called for new talks.",
    }
    openings = ("", "This is what happened. ", "Readers asked us for more. ")
    articles = [
        Article(f"{town}{at}", start + text) for town, text in reports.items() for at, start in enumerate(openings)
    ]
    encoder = dedup.load_encoder("bundled")
    whole = find_duplicates(articles, encoder=encoder)
    monkeypatch.setattr(decisions, "MOST_IN_FULL", 2)
    limited = find_duplicates(articles, encoder=encoder)
    weakest = [(cluster.weakest.left, cluster.weakest.right) for cluster in limited.clusters]
    assert limited.clusters == whole.clusters
    assert len(weakest) == len(reports)
    assert all(match.evidence.aligned for match in whole.matches)
    assert [(match.left, match.right) for match in limited.matches if match.evidence.aligned] == weakest[:2]
    assert [match.evidence.features for match in limited.matches] == [
        match.evidence.features for match in whole.matches
    ]
