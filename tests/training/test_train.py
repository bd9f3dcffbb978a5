"""A tiny model is trained on a corpus the test writes, saved, loaded both ways, and resumed."""

from __future__ import annotations

import json
import lzma
import random
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file
from tokenizers import Tokenizer, models, pre_tokenizers

import dedup
from dedup.embedding.language_means import unit_rows
from dedup.errors import ReadError, SettingsError
from dedup.training import Stage, TrainSettings, train_encoder
from dedup.training.batches import Batch, Ragged, Sampler, Segments, make_side
from dedup.training.build_vocabulary import bare_forms, build_vocabulary, count_words, rank_words, train_pieces
from dedup.training.contrastive import Sum, Table, contrastive_loss
from dedup.training.corpus import Corpus, Translations, read_corpus
from dedup.training.export import levels_by_frequency, quantise, save_model
from dedup.training.language_directions import language_directions, take_off_languages
from dedup.training.postprocess import choose_tokens, shrink, token_directions, token_frequencies, widest_directions

torch = pytest.importorskip("torch", reason="training needs the extra dedup[train]")

FIRST = Stage(steps=40, documents=0.5)
LAST = Stage(steps=10, rate=0.01, documents=0.3, longest=6, document_temperature=0.1, token_dropout=0.2)
TINY = TrainSettings(
    tokens=260,
    pieces=110,
    kept=250,
    width=24,
    dimensions=16,
    first=FIRST,
    finishes=(LAST,),
    pairs=64,
    group=32,
    levels=16,
    spread=0.05,
    other=0.5,
)
LINES = 400


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """English, a language of mirrored words and one of other endings: 60 words each."""
    folder = tmp_path_factory.mktemp("corpus")
    rng = random.Random(0)
    english = [a + b + "o" + c for a in "bdkmt" for b in "aei" for c in "lnrs"]
    rows = [[rng.randrange(len(english)) for _ in range(rng.randint(3, 8))] for _ in range(LINES)]
    lexicons = {"id": [word[::-1] for word in english], "de": [word[:3] + "ung" + word[3:] for word in english]}
    _write(folder / "en.txt.xz", [" ".join(english[i] for i in row) for row in rows])
    for language, words in lexicons.items():
        segments = (" ".join(words[i] for i in row) for row in rows)
        _write(
            folder / f"{language}.tsv.xz",
            [f"{n}\t{'lexicon:a' if n % 9 == 0 else 'news'}\t{text}" for n, text in enumerate(segments)],
        )
    (folder / "words").mkdir()
    _write(folder / "words" / "id.txt.xz", ["onab 20", "kota 10", "kata dua 5"])
    return folder


def _write(path: Path, lines: list[str]) -> None:
    with lzma.open(path, "wt", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


@pytest.fixture(scope="module")
def model(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train_encoder(corpus, tmp_path_factory.mktemp("out") / "model", settings=TINY, checkpoint_every=20)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("en.txt.xz", None, r"en\.txt\.xz: No such file or directory; a corpus is a folder with en\.txt\.xz"),
        ("id.tsv.xz", None, "no translations; a corpus has a <language>"),
        ("id.tsv.xz", b"no xz", r"id\.tsv\.xz is damaged or no xz file"),
        ("id.tsv.xz", lzma.compress(b"\xff\t\t"), r"id\.tsv\.xz is damaged or no xz file of UTF-8"),
        ("id.tsv.xz", lzma.compress(b"0\tnews\tsatu\none\tnews\tdua"), r"id\.tsv\.xz:2: not `number TAB source"),
        ("id.tsv.xz", lzma.compress(b"0\tnews\tsatu\n1\tnews"), r"id\.tsv\.xz:2: not `number TAB source"),
        ("id.tsv.xz", lzma.compress(b"9999999999\tnews\tsatu"), r"id\.tsv\.xz:1: not `number TAB source"),
    ],
)
def test_what_is_no_corpus_is_refused(tmp_path: Path, name: str, content: bytes | None, told: str) -> None:
    _write(tmp_path / "en.txt.xz", ["one", "two"])
    _write(tmp_path / "id.tsv.xz", ["0\tnews\tsatu", "1\tnews\tdua"])
    assert read_corpus(tmp_path).translations["id"].segments == ["satu", "dua"]
    (tmp_path / name).unlink() if content is None else (tmp_path / name).write_bytes(content)
    with pytest.raises(ReadError, match=told):
        train_encoder(tmp_path, tmp_path / "model", settings=TINY)


def test_translations_lie_together(corpus: Path, model: Path) -> None:
    encoder = dedup.load_encoder(str(model))
    pairs = read_corpus(corpus)
    english = encoder.encode(pairs.english[:100])
    mirrored = encoder.encode(pairs.translations["id"].segments[:100])
    assert ((english @ mirrored.T).argmax(axis=1) == np.arange(100)).mean() > 0.9


def test_both_ways_of_loading_give_the_same_vectors(model: Path) -> None:
    from sentence_transformers import SentenceTransformer

    texts = ["Balo, banor! kemos", "unknownword balol 2024", "lolab ronab"]
    plain = SentenceTransformer(str(model), device="cpu").encode(texts, normalize_embeddings=True)
    assert np.abs(plain - dedup.load_encoder(str(model)).encode(texts)).max() < 1e-5


def test_two_directions_are_taken_off_behind_the_table(corpus: Path, model: Path) -> None:
    encoder = dedup.load_encoder(str(model))
    vectors = encoder.encode(read_corpus(corpus).english)
    assert encoder.dimension == TINY.dimensions
    assert np.linalg.matrix_rank(vectors, tol=1e-3) == TINY.dimensions - 2


def test_taking_them_off_again_changes_nothing(corpus: Path, model: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    shutil.copytree(model, again)
    take_off_languages(again, read_corpus(corpus), TINY.source_weights)
    assert dedup.load_encoder(str(again)).fingerprint == dedup.load_encoder(str(model)).fingerprint
    take_off_languages(again, read_corpus(corpus), TINY.source_weights, directions=1)
    assert dedup.load_encoder(str(again)).fingerprint != dedup.load_encoder(str(model)).fingerprint


class Accents:
    """Words are numbers: vectors with an accent for the language whose letter stands before them."""

    def __init__(self) -> None:
        self.meanings = np.random.default_rng(0).normal(size=(30, 8)).astype(np.float32)
        self.meanings -= self.meanings.mean(0)
        self.accents = {"e": np.zeros(8), "i": 2 * np.eye(8)[2], "d": 0.3 * np.eye(8)[5]}

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        words = [[self.meanings[int(word[1:])] + self.accents[word[0]] for word in text.split()] for text in texts]
        return unit_rows(np.array([np.mean(rows, axis=0) for rows in words], np.float32))


def test_the_directions_of_languages_are_those_their_words_have_in_common() -> None:
    rows = np.random.default_rng(0).integers(0, 30, (500, 4))
    english, *others = ([" ".join(f"{letter}{word}" for word in row) for row in rows] for letter in "eid")
    sides = {
        name: Translations(segments, np.arange(500, dtype=np.int32), np.zeros(500, np.int16))
        for name, segments in zip(("id", "de"), others, strict=True)
    }
    pairs = Corpus(english, sides, ("news",))
    one, two = (language_directions(Accents(), pairs, {"news": 2.0}, directions=n) for n in (1, 2))
    assert abs(one[2, 0]) > 0.95
    assert np.linalg.norm(two[[2, 5]]) == pytest.approx(2**0.5, abs=0.05)
    assert two.T @ two == pytest.approx(np.eye(2), abs=1e-5)
    assert language_directions(Accents(), pairs, {}, directions=0).shape == (8, 0)


def test_every_language_has_its_mean(model: Path) -> None:
    means = dedup.load_encoder(str(model)).language_means
    assert sorted(means) == ["de", "en", "id"]
    assert all(mean.shape == (TINY.dimensions,) for mean in means.values())


def test_a_stopped_run_goes_on_to_the_same_model(corpus: Path, model: Path, tmp_path: Path) -> None:
    def stop(stage: str, done: int, total: int) -> None:
        if stage == "train" and done == 45:
            raise KeyboardInterrupt

    out = tmp_path / "model"
    with pytest.raises(KeyboardInterrupt):
        train_encoder(corpus, out, settings=TINY, checkpoint_every=10, progress=stop)
    assert not out.exists()
    seen = []
    train_encoder(corpus, out, settings=TINY, progress=lambda stage, done, total: seen.append((stage, done)))
    assert ("train", 40) not in seen
    assert ("train", 41) in seen
    weights = Path("0_StaticEmbedding") / "model.safetensors"
    assert (out / weights).read_bytes() == (model / weights).read_bytes()


def test_several_finishes_of_one_beginning_are_averaged(corpus: Path, model: Path, tmp_path: Path) -> None:
    def tables(finishes: tuple[Stage, ...]) -> list[np.ndarray]:
        work = tmp_path / str(len(finishes))
        train_encoder(corpus, work / "model", settings=replace(TINY, finishes=finishes), work=work)
        files = sorted(work.rglob("checkpoint-*.safetensors"))
        assert len(files) == 1 + len(finishes)
        return [load_file(path)["vectors"] for path in files]

    def rows(finishes: int) -> np.ndarray:
        return dedup.load_encoder(str(tmp_path / str(finishes) / "model")).encode(["balo", "dar bel"])

    other = replace(LAST, rate=0.05)
    begun, one, another = tables((LAST, other))
    assert np.array_equal(begun, tables(())[0])
    assert np.abs(one - another).max() > 0.01
    assert not np.allclose(rows(0), rows(2), atol=1e-3)
    apart = [np.abs(vectors - begun).max() for vectors in (one, another)]
    assert apart[0] < apart[1]


def test_turned_rows_have_their_widest_columns_first_and_the_same_cosines() -> None:
    rng = np.random.default_rng(0)
    rows = (rng.normal(size=(300, 6)) * [1, 2, 9, 1, 4, 1]).astype(np.float32)
    turned = rows @ token_directions(rows, np.full(300, 1e-4))
    assert turned @ turned.T == pytest.approx(rows @ rows.T, abs=1e-2)
    unit = turned / np.linalg.norm(turned, axis=1, keepdims=True)
    spread = np.square(unit).sum(axis=0)
    assert np.array_equal(np.argsort(-spread), np.arange(6))


def test_the_log_holds_a_line_a_checkpoint(model: Path) -> None:
    log = model.with_name("model.work") / TINY.key / "log.jsonl"
    figures = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert [row["step"] for row in figures] == [20, 40, 50]
    assert figures[2]["loss"] < figures[0]["loss"]


@pytest.fixture(scope="module")
def numbers() -> dict[str, int]:
    """The tiny corpus' words by number, once `sampler` has read it."""
    return {}


@pytest.fixture(scope="module")
def sampler(corpus: Path, numbers: dict[str, int]) -> Callable[..., Sampler]:
    """What draws the tiny corpus' batches: every word a token of its own."""
    pairs = read_corpus(corpus)

    def ragged(segments: list[str]) -> Ragged:
        words = [segment.split() for segment in segments]
        ids = [numbers.setdefault(word, len(numbers)) for row in words for word in row]
        return Ragged(np.array(ids, np.int32), np.cumsum([0, *map(len, words)]))

    english = ragged(pairs.english)
    sides = {
        language: make_side(ragged(side.segments), side.lines, side.sources, np.ones(2))
        for language, side in pairs.translations.items()
    }
    segments = Segments(english, sides, "cpu")
    return lambda stage, other=0.0: Sampler(segments, replace(TINY, other=other), stage)


def _meant(word: str) -> tuple[str, str]:
    """The language of a word of the tiny corpus, and its English."""
    if "ung" in word:
        return "de", word[:3] + word[6:]
    return ("en", word) if word[0] in "bdkmt" else ("id", word[::-1])


@pytest.mark.parametrize("documents", [0.0, 1.0], ids=["sentences", "documents"])
@pytest.mark.parametrize("other", [0.0, 1.0], ids=["English and another", "two others"])
def test_both_bags_of_a_pair_say_the_same(
    sampler: Callable[..., Sampler], numbers: dict[str, int], documents: float, other: float
) -> None:
    batch = sampler(Stage(documents=documents), other).draw(1)
    words = [_meant(word) for word in numbers]
    bags = [[words[i] for i in bag] for bag in np.split(batch.ids.numpy(), batch.starts.numpy()[1:])]
    assert len(bags) == 2 * batch.pairs == 2 * TINY.pairs
    for left, right in zip(bags[: batch.pairs], bags[batch.pairs :], strict=True):
        assert [word for _, word in left] == [word for _, word in right]
        (one,), (two,) = ({language for language, _ in bag} for bag in (left, right))
        assert one != two
        assert ("en" in (one, two)) == (other == 0)
    assert len({language for bag in bags[: batch.pairs] for language, _ in bag}) > 1


def _lengths(batch: Batch) -> list[int]:
    return np.diff(batch.starts.numpy(), append=len(batch.ids)).tolist()


def test_documents_have_their_own_temperature_and_lose_no_words(sampler: Callable[..., Sampler]) -> None:
    stage = Stage(documents=1.0, longest=2, document_temperature=0.1, token_dropout=0.9)
    batch = sampler(stage).draw(0)
    assert batch.temperature == 0.1
    assert min(_lengths(batch)) >= 6


def test_sentences_lose_some_of_their_words_but_not_all(sampler: Callable[..., Sampler]) -> None:
    whole, thinned, least = (
        sampler(Stage(documents=0.0, temperature=0.07, token_dropout=dropout)).draw(0) for dropout in (0.0, 0.5, 1.0)
    )
    assert whole.temperature == thinned.temperature == 0.07
    assert 0.4 < len(thinned.ids) / len(whole.ids) < 0.6
    assert set(_lengths(least)) == {1}
    assert all(part <= of for part, of in zip(_lengths(thinned), _lengths(whole), strict=True))


def test_a_batch_is_drawn_alike_again_and_not_in_the_next_step(sampler: Callable[..., Sampler]) -> None:
    one, again, later = (sampler(LAST).draw(step) for step in (3, 3, 4))
    assert one.ids.tolist() == again.ids.tolist()
    assert one.ids.tolist() != later.ids.tolist()


def test_words_are_cut_as_the_tokenizer_cuts_them(corpus: Path) -> None:
    pairs = replace(read_corpus(corpus), english=["G7-Gipfel: 2,5 ‘Mrd.’", "می‌روم KANCELIER’s"], translations={})
    counts = count_words(pairs)
    assert counts["en"] == Counter(["g", "7", "gipfel", "2", "5", "mrd", "میروم", "kancelier", "s"])
    vocabulary = build_vocabulary(train_pieces(counts, 60), rank_words(counts, {}), 90)
    for line in pairs.english:
        assert set(vocabulary.tokenizer.encode(line).tokens) <= set(counts["en"])


def test_a_known_word_is_one_token_and_an_unknown_one_its_pieces(corpus: Path) -> None:
    counts = count_words(read_corpus(corpus))
    vocabulary = build_vocabulary(train_pieces(counts, 110), rank_words(counts, {}), 260)
    word = counts["en"].most_common(1)[0][0]
    assert vocabulary.tokenizer.encode(word.upper()).tokens == [word]
    assert len(vocabulary.tokenizer.encode(word + word).tokens) > 1


@pytest.mark.parametrize(
    ("word", "bare"),
    [("הממשלה", ["ממשלה"]), ("والحكومة", ["الحكومة", "حكومة"]), ("ממש", []), ("حكومة", []), ("the", []), ("والی", [])],
    ids=["Hebrew", "Arabic, two ways", "too short", "bare", "Latin", "Persian"],
)
def test_bare_forms_are_what_a_proclitic_leaves(word: str, bare: list[str]) -> None:
    assert sorted(bare_forms(word)) == sorted(bare)


def test_a_word_behind_a_proclitic_has_the_bare_word_among_its_atoms() -> None:
    vocabulary = build_vocabulary(train_pieces({"he": Counter("ממשלה")}, 8), ["ממשלה", "הממשלה"], 20)
    bare, behind = (vocabulary.tokenizer.token_to_id(word) for word in ("ממשלה", "הממשלה"))
    atoms = vocabulary.composition.gather(np.array([behind]))[0][: vocabulary.own[behind]]
    assert {bare, behind, vocabulary.beginnings["הממש"], vocabulary.beginnings["ממשל"]} == set(atoms)


@pytest.mark.parametrize(("short", "error"), [(torch.float32, 1e-5), (torch.bfloat16, 2e-2)], ids=str)
def test_the_gradient_is_that_of_the_loss(short: torch.dtype, error: float) -> None:
    bags = torch.randn(12, 8, generator=torch.Generator().manual_seed(0), requires_grad=True)
    keys = np.array([0, 3, 2, 3, 3, 4])
    unit = torch.nn.functional.normalize(bags)
    logits = unit[:6] @ unit[6:].T / 0.1
    logits = logits.masked_fill(torch.from_numpy((keys[:, None] == keys) & ~np.eye(6, dtype=bool)), -torch.inf)
    cross_entropy, place = torch.nn.functional.cross_entropy, torch.arange(6)
    expected = (cross_entropy(logits, place) + cross_entropy(logits.T, place)) / 2
    expected.backward()
    loss, gradient = contrastive_loss(bags.detach(), torch.from_numpy(keys), 0.1, short=short)
    assert loss.item() == pytest.approx(expected.item(), abs=error)
    assert gradient.numpy() == pytest.approx(bags.grad.numpy(), abs=error)


def test_rounding_hides_little_of_the_gradient_of_good_pairs() -> None:
    left = torch.randn(200, 64, generator=torch.Generator().manual_seed(0))
    bags, keys = torch.cat([left, left + 0.3 * left.flip(0)]), torch.arange(200)
    (loss, gradient), (rounded, near) = (
        contrastive_loss(bags, keys, 0.05, short=short) for short in (torch.float32, torch.bfloat16)
    )
    assert 0 < loss < 0.01
    assert rounded.item() == pytest.approx(loss.item(), rel=0.01)
    assert (gradient - near).norm() < 0.03 * gradient.norm()


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_a_sum_and_its_transpose_are_those_of_the_matrix(device: str) -> None:
    if device == "cuda" and not torch.cuda.is_available():
        pytest.skip("there is no GPU")
    rng = np.random.default_rng(0)
    inputs, starts = rng.permutation(np.r_[np.arange(9), rng.integers(0, 9, 40)]), np.array([0, 3, 20, 33])
    matrix = np.zeros((4, 9), np.float32)
    np.add.at(matrix, (np.searchsorted(starts, np.arange(49), "right") - 1, inputs), 1)
    bags = Sum(*(torch.from_numpy(array).to(device) for array in (inputs, starts)), 9)
    for apply, by in ((bags.forward, matrix), (bags.backward, matrix.T)):
        rows = rng.normal(size=(by.shape[1], 5)).astype(np.float32)
        assert apply(torch.from_numpy(rows).to(device)).cpu().numpy() == pytest.approx(by @ rows, abs=1e-5)


def test_words_that_are_not_kept_are_their_pieces_once_the_table_has_settled(corpus: Path) -> None:
    counts = count_words(read_corpus(corpus))
    vocabulary = build_vocabulary(train_pieces(counts, 110), rank_words(counts, {}), 260)
    table = Table(vocabulary, 8, spread=1.0, seed=0)
    table.vectors += torch.arange(8)
    rows, pieces = table.fold(), table.fold(own=False)
    word = np.flatnonzero(vocabulary.own)[5]
    kept = np.arange(vocabulary.tokens) != word
    directions = np.linalg.qr(np.random.default_rng(0).normal(size=(8, 4)).astype(np.float32))[0]
    table.settle(kept, directions)
    settled = table.fold()
    assert settled[kept] == pytest.approx(rows[kept] @ directions, abs=1e-4)
    assert settled[word] == pytest.approx(pieces[word] @ directions, abs=1e-4)
    assert np.abs(rows[word] - pieces[word]).max() > 0.1


def test_words_are_ranked_over_languages_by_share() -> None:
    counts = {"en": Counter(a=98, b=2), "so": Counter(c=2, d=2)}
    assert rank_words(counts, {"so": {"c": 10}})[:2] == ["a", "c"]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of a few words: the last ones are to be told from their pieces' sums, one of them is not."""
    letters = [*"ממשלהויטדגחכ0123456789३", "حكومة"[0], *"abcdef"]
    words = ["ממשלה", "حكومة", "2030", "abc", "def"]
    vocabulary = {token: number for number, token in enumerate(dict.fromkeys([*letters, *"كومة", *words]))}
    tokenizer = Tokenizer(models.BPE(vocabulary, [], ignore_merges=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    table = np.random.default_rng(0).normal(size=(len(vocabulary), 8)).astype(np.float32)
    pieces = table.copy()
    changed = [vocabulary[word] for word in words[:-1]]
    pieces[changed] += 1
    pieces[vocabulary["def"]] += 1e-5
    kept = len(vocabulary) - 1
    out = tmp_path_factory.mktemp("small") / "model"
    whole = (table != pieces).any(axis=1)
    shrunk, rows, of_token = shrink(tokenizer, table, choose_tokens(table, pieces, kept), whole)
    save_model(out, shrunk, rows, of_token, ["en"], levels=np.full(len(rows), 16.0, np.float32))
    return out


@pytest.mark.parametrize(
    ("form", "word"),
    [("הממשלה", "ממשלה"), ("וממשלה", "ממשלה"), ("الحكومة", "حكومة"), ("والحكومة", "حكومة"), ("२०३०", "2030")],
)
def test_other_forms_of_a_word_share_its_row(small: Path, form: str, word: str) -> None:
    one, other = dedup.load_encoder(str(small)).encode([form, word])
    assert one == pytest.approx(other)


@pytest.mark.parametrize("form", ["aabc", "קממשלה", "def"], ids=["no such language", "no proclitic", "as its pieces"])
def test_other_words_stay_in_pieces(small: Path, form: str) -> None:
    tokenizer = Tokenizer.from_file(str(small / "0_StaticEmbedding" / "tokenizer.json"))
    assert len(tokenizer.encode(form).tokens) > 1


def test_shared_rows_are_read_alike_both_ways(small: Path) -> None:
    from sentence_transformers import SentenceTransformer

    texts = ["הממשלה abc", "والحكومة def", "२०३० 2030 1"]
    plain = SentenceTransformer(str(small), device="cpu").encode(texts, normalize_embeddings=True)
    assert np.abs(plain - dedup.load_encoder(str(small)).encode(texts)).max() < 1e-5


def test_the_widest_directions_come_first_and_lengths_are_kept() -> None:
    rng = np.random.default_rng(0)
    table = (rng.normal(size=(40, 6)) * [1, 5, 1, 1, 9, 1]).astype(np.float32)
    english = Ragged(rng.integers(0, 40, 4000).astype(np.int32), np.arange(0, 4001, 4))
    two = widest_directions(table, english, 2)
    assert np.abs(two[[4, 1], [0, 1]]).min() > 0.95
    every = widest_directions(table, english, 6)
    assert every.T @ every == pytest.approx(np.eye(6), abs=1e-5)


def test_quantised_rows_keep_their_direction() -> None:
    table = np.random.default_rng(0).normal(size=(50, 256)).astype(np.float32)
    steps, scales = quantise(table, np.full(50, 4.0, np.float32))
    restored = steps * scales[:, None]
    cosines = (restored * table).sum(1) / np.linalg.norm(restored, axis=1) / np.linalg.norm(table, axis=1)
    assert steps.dtype == np.int8
    assert cosines.min() > 0.99


def test_no_other_scale_brings_the_steps_nearer_to_a_row() -> None:
    table = np.random.default_rng(0).normal(size=(20, 64)).astype(np.float32)
    table[3] = 0
    steps, scales = quantise(table, np.full(20, 0.7, np.float32))
    best = [
        np.linalg.lstsq(q[:, None].astype(np.float64), row, rcond=None)[0][0]
        for q, row in zip(steps, table, strict=True)
    ]
    assert scales == pytest.approx(best, abs=1e-6)


def test_frequent_tokens_get_finer_steps() -> None:
    levels = levels_by_frequency(np.array([1e-2, 1e-4, 1e-6]), 2.0, 0.25)
    assert levels == pytest.approx([2 * 10**0.5, 2, 2 / 10**0.5])
    assert levels_by_frequency(np.array([1.0, 1e-12]), 1.0, 1.0)[1] == 0.5


def test_frequencies_are_shares_of_a_language_whatever_its_size() -> None:
    small, large = Ragged(np.array([0, 1], np.int32), np.array([0, 2])), Ragged(np.full(50, 1, np.int32), np.arange(51))
    side = make_side(large, np.zeros(50, np.int32), np.zeros(50, np.int16), np.ones(1))
    assert token_frequencies(3, small, {"de": side}) == pytest.approx([0.25, 0.75, 0], abs=1e-6)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"kept": 0}, "kept must be at least 1"),
        ({"width": 300}, "width must be at least dimensions \\(384\\), got 300"),
        ({"other": 30}, "other is a share"),
        ({"language_directions": 384}, "language_directions must lie in \\[0, dimensions - 1 = 383\\], got 384"),
        ({"group": 600}, "pairs must"),
    ],
)
def test_settings_out_of_range_are_refused(changed: dict[str, int], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        replace(TrainSettings(), **changed)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"steps": 0}, "steps must be at least 1, got 0"),
        ({"documents": 1.5}, "documents is a share"),
        ({"token_dropout": -0.1}, "token_dropout is a share"),
        ({"temperature": 0.001}, "temperature must be at least 0.02, got 0.001"),
        ({"document_temperature": 0.0}, "document_temperature must be"),
    ],
)
def test_stages_out_of_range_are_refused(changed: dict[str, float], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        replace(Stage(), **changed)
