"""The model that is shipped: what it is, how large it is, and that it finds translations as well as its card says."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

import dedup
from dedup.training.retrieval_figures import (
    aligned_sentences,
    article_precision,
    article_vectors,
    best_pairwise_f1,
    read_set,
    sentence_retrieval,
)

ROOT = Path(dedup.__file__).parent
MODEL = ROOT / "models" / "dedup-static-v6"
EVAL = ROOT.parent.parent / "shared" / "eval"
FINGERPRINTS = {
    "model.safetensors": "76142406729bf286e0e370d52fc2a866a738a5a12df4f3faee4ccf9e7723a057",
    "../1_Dense/model.safetensors": "7303199237001f1b87512a616b32cce5dc1680e4ee90c5f2bcb1b06efe5465c9",
    "tokenizer.json": "479f7f755d7732cf76949e079e57ee57dad2072d08ce1d5b5d192c524287a767",
}
needs_eval = pytest.mark.skipif(not (EVAL / "ntrex.jsonl.xz").exists(), reason="the evaluation sets are not here")


@pytest.mark.parametrize("name", FINGERPRINTS)
def test_the_files_are_those_the_card_speaks_of(name: str) -> None:
    content = (MODEL / "0_StaticEmbedding" / name).read_bytes()
    assert hashlib.sha256(content).hexdigest() == FINGERPRINTS[name]


def test_the_model_takes_at_most_40_megabytes_of_the_wheel(tmp_path: Path) -> None:
    wheel = tmp_path / "wheel.zip"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(path for path in MODEL.rglob("*") if path.is_file() and path.parent.name != "__pycache__"):
            archive.write(path)
    assert wheel.stat().st_size <= 40e6


def test_the_card_names_its_licence_and_its_fingerprint() -> None:
    card = (MODEL / "README.md").read_text(encoding="utf-8")
    assert card.startswith("---\n")
    assert "license: cc-by-sa-4.0" in card
    assert FINGERPRINTS["model.safetensors"][:16] in card


def test_every_language_of_the_detector_has_a_mean() -> None:
    languages = json.loads((MODEL / "languages.json").read_text(encoding="utf-8"))
    means = dedup.load_encoder(str(MODEL)).language_means
    assert len(languages) == 55
    assert all(np.isfinite(means[language]).all() for language in languages)


@pytest.mark.parametrize(
    ("left", "right", "other"),
    [
        ("The president resigned", "Presiden mengundurkan diri", "Harga beras naik"),
        ("The president resigned", "الرئيس استقال", "ارتفع سعر الأرز"),
        ("The president resigned", "总统辞职", "大米价格上涨"),
        ("The president resigned", "राष्ट्रपति ने इस्तीफा दिया", "चावल की कीमत बढ़ी"),
        ("COVID-19 vaccine", "covid 19 VACCINE!", "rice prices"),
    ],
    ids=["Indonesian", "Arabic", "Chinese", "Hindi", "case and punctuation"],
)
def test_a_translation_is_nearer_than_another_sentence(left: str, right: str, other: str) -> None:
    vectors = dedup.load_encoder(str(MODEL)).encode([left, right, other])
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.1


@needs_eval
def test_translated_sentences_are_found() -> None:
    floors = {"id": 0.96, "de": 0.94, "zh-cn": 0.89, "kn": 0.83, "so": 0.77, "he": 0.79}
    rows = [row for row in read_set(EVAL, "ntrex") if row["lang"] in {"en", *floors}]
    assert len(aligned_sentences(rows)["en"]) > 500
    found = sentence_retrieval(rows, dedup.load_encoder(str(MODEL)))
    assert {language: share for language, share in found.items() if share < floors[language]} == {}


@needs_eval
def test_translated_articles_are_found() -> None:
    rows = read_set(EVAL, "ntrex")
    vectors = article_vectors(rows, dedup.load_encoder(str(MODEL)), centred=False)
    assert article_precision(rows, vectors) >= 0.998
    assert best_pairwise_f1(rows, vectors) >= 0.92
