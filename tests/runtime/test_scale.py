"""What keeps memory and time in bounds: rows on disk, blocks, cells; none of them changes an answer."""

from __future__ import annotations

import gc
import pickle
import weakref
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dedup
from dedup import Article, arrays, find_duplicates
from dedup.clustering import outcome
from dedup.datatypes import Embeddings, Settings
from dedup.embedding.encoder import Encoder
from dedup.embedding.language_means import embed_texts, unit_rows
from dedup.errors import ResourceError
from dedup.language.sentences import sentences
from dedup.matching import evidence, prepare, verify
from dedup.matching.candidates import neighbours
from dedup.matching.candidates.ivf import build_ivf, closest_centres, find_centres
from dedup.matching.prepare import Prepared
from dedup.matching.sentence_store import OPENINGS, leads
from dedup.report import as_json
from dedup.runtime.row_files import RowFile, StoredLists, StoredRows, opened
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


def read_articles(encoder: Encoder) -> Prepared:
    articles = [
        Article(f"{script}{at}", f"{text} {other}", title=f"{at} {script}")
        for at, other in enumerate(SCRIPTS.values())
        for script, text in SCRIPTS.items()
    ]
    return prepare.prepare(articles, encoder, Settings())


def bits(stored: Any, n: int) -> list[bytes]:
    """What lies in the fields of passages, words and facts of n articles, to the last bit."""
    if isinstance(stored, StoredLists):
        return [part.tobytes() for part in stored.take(np.arange(n))]
    if isinstance(stored, StoredRows):
        return [stored.open().tobytes()]
    return [part for field in fields(stored) for part in bits(getattr(stored, field.name), n)]


@pytest.mark.parametrize("size", [1, 4, 50, 1000])
def test_batches_change_not_a_bit_of_what_is_read(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = dedup.load_encoder("bundled")
    whole = read_articles(encoder)
    monkeypatch.setattr(arrays, "_BATCH", size)
    parts = read_articles(encoder)
    assert parts.languages == whole.languages
    assert np.array_equal(parts.neighbourhood.embeddings, whole.neighbourhood.embeddings)
    assert np.array_equal(parts.neighbourhood.near, whole.neighbourhood.near)
    one, other = whole.match_input, parts.match_input
    assert bits(other.texts, len(whole.languages)) == bits(one.texts, len(whole.languages))
    for name in ("codes", "certain", "lengths", "empty"):
        assert np.array_equal(getattr(other, name), getattr(one, name))


def test_passages_are_the_sentences_of_the_articles() -> None:
    encoder = dedup.load_encoder("bundled")
    articles = [Article(script, text, title=f"12 {script}") for script, text in SCRIPTS.items()]
    found = prepare.prepare(articles, encoder, Settings())
    passages = found.match_input.texts.passages
    taken = passages.take(np.arange(len(articles)))
    split = [sentences(article.body) for article in articles]
    codes = [language.code for language in found.languages]
    alone = [embed_texts(of_text, [code] * len(of_text), encoder) for of_text, code in zip(split, codes, strict=True)]
    assert np.diff(taken.starts).tolist() == [len(of_text) for of_text in split]
    rows = np.concatenate([taken.unit_rows(at) for at in range(len(split))])
    assert rows == pytest.approx(np.concatenate(alone), abs=5e-3)
    left, right = np.array([0, 3, 3], np.intp), np.array([4, 10, 3], np.intp)
    tops = [leads(np.concatenate(alone), taken.weights, taken.starts, count) for count in OPENINGS]
    alike = np.stack([(top[left] * top[right]).sum(axis=1) for top in tops], axis=1)
    assert passages.openings_alike(left, right) == pytest.approx(alike, abs=5e-3)
    assert np.array_equal(passages.openings_alike(left, right), passages.openings_alike(right, left))


def test_some_passages_are_those_of_all(toy_encoder: Encoder) -> None:
    articles = [Article(str(number), f"Cat {number}. " * number) for number in range(1, 6)]
    found = prepare.prepare(articles, toy_encoder, Settings())
    passages = found.match_input.texts.passages
    every, some = passages.take(np.arange(5)), passages.take(np.array([3, 1]))
    for taken, article in ((0, 3), (1, 1)):
        for name in ("vectors", "scales", "weights", "own"):
            assert np.array_equal(getattr(some, name)[some.of(taken)], getattr(every, name)[every.of(article)])


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
    assert np.array_equal(exact.candidates().similarity, cells.candidates().similarity)


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


@pytest.mark.parametrize("most_exact", [0, 2000], ids=["cells", "exact"])
def test_any_number_of_workers_finds_the_same_to_the_last_bit(most_exact: int) -> None:
    found = [
        neighbours.search(scattered(2000), ["en"] * 2000, neighbours=4, most_exact=most_exact, workers=Workers(jobs))
        for jobs in (1, 3)
    ]
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
    monkeypatch.setattr(outcome, "MOST_IN_FULL", 2)
    limited = find_duplicates(articles, encoder=encoder)
    weakest = [(cluster.weakest.left, cluster.weakest.right) for cluster in limited.clusters]
    assert limited.clusters == whole.clusters
    assert len(weakest) == len(reports)
    assert all(match.evidence.aligned for match in whole.matches)
    assert [(match.left, match.right) for match in limited.matches if match.evidence.aligned] == weakest[:2]
    assert [match.evidence.features for match in limited.matches] == [
        match.evidence.features for match in whole.matches
    ]
