"""Quality of a model at finding translations: `python -m dedup.training.retrieval_figures MODEL EVAL`.

Sentences: share of English sentences whose nearest among all sentences of another language is the translation
(articles aligned line by line). Articles: that share for whole articles, and the best pairwise F1 that one threshold
on the plain cosine gives for all articles of a set.
"""

from __future__ import annotations

import json
import lzma
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from dedup.datatypes import Embeddings
from dedup.embedding.encoder import Encoder
from dedup.embedding.language_means import embed_texts
from dedup.embedding.load import load_encoder

ALIGNED = ("ntrex", "ntrex_other")

PILES = ("ntrex", "wmt", "debian_news", "ruby_news", "meantime", "near_dup")

Row = dict[str, Any]


def sentence_retrieval(rows: list[Row], encoder: Encoder) -> dict[str, float]:
    """Share of English sentences whose nearest in each language is the translation."""
    sentences = aligned_sentences(rows)
    english = encoder.encode(sentences["en"])
    found = {}
    for language in sorted(sentences.keys() - {"en"}):
        if len(sentences[language]) == len(english):
            nearest = (english @ encoder.encode(sentences[language]).T).argmax(axis=1)
            found[language] = float((nearest == np.arange(len(english))).mean())
    return found


def aligned_sentences(rows: list[Row]) -> dict[str, list[str]]:
    """Title and lines of all articles by language, with stories in the same order in each."""
    by_language: dict[str, list[str]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: (row["lang"], row["story"], row["id"])):
        by_language[row["lang"]] += [row["title"], *row["text"].split("\n")]
    return by_language


def article_vectors(rows: list[Row], encoder: Encoder, *, centred: bool) -> Embeddings:
    """Unit vectors of title and text; with `centred`, language means are subtracted as in a scan."""
    texts = [f"{row.get('title') or ''}\n{row['text']}" for row in rows]
    if centred:
        return embed_texts(texts, [row["lang"] for row in rows], encoder)
    return encoder.encode(texts)


def article_precision(rows: list[Row], vectors: Embeddings) -> float:
    """Share of English articles whose nearest in another language is of the same story, the mean over languages."""
    languages = np.array([row["lang"] for row in rows])
    stories = np.array([row["story"] for row in rows])
    english = np.flatnonzero(languages == "en")
    shares = []
    for language in sorted(set(languages) - {"en"}):
        there = np.flatnonzero(languages == language)
        nearest = there[(vectors[english] @ vectors[there].T).argmax(axis=1)]
        known = np.isin(stories[english], stories[there])
        shares.append((stories[nearest] == stories[english])[known].mean())
    return float(np.mean(shares))


def best_pairwise_f1(rows: list[Row], vectors: Embeddings) -> float:
    """Best F1 over all pairs by one threshold on the cosine, chosen with the answers known: an upper bound."""
    stories = np.unique([row["story"] for row in rows], return_inverse=True)[1]
    left, right = np.triu_indices(len(rows), 1)
    cosines = (vectors @ vectors.T)[left, right]
    same = stories[left] == stories[right]
    kept = np.argsort(-cosines, kind="stable")[: 4 * same.sum()]
    hits = np.cumsum(same[kept])
    return float((2 * hits / (np.arange(1, len(kept) + 1) + same.sum())).max())


def figures(encoder: Encoder, folder: Path) -> dict[str, Any]:
    """Figures of a model on those sets that a folder has."""
    found: dict[str, Any] = {}
    for name in (name for name in ALIGNED if (folder / f"{name}.jsonl.xz").exists()):
        rows = read_set(folder, name)
        if name == "ntrex_other":
            rows = [{**row, "lang": row["id"].split(":")[-1]} for row in rows if row["lang"] != "en"]
            rows += [row for row in read_set(folder, "ntrex") if row["lang"] == "en"]
        by_language = sentence_retrieval(rows, encoder)
        found[name] = {
            "sentences": float(np.mean(list(by_language.values()))),
            "pool": len(aligned_sentences(rows)["en"]),
            "by language": by_language,
        }
    for name in (name for name in PILES if (folder / f"{name}.jsonl.xz").exists()):
        rows = read_set(folder, name)
        for key, centred in (("plain", False), ("centred", True)):
            vectors = article_vectors(rows, encoder, centred=centred)
            entry = found.setdefault(name, {}).setdefault(key, {})
            entry["pairwise f1"] = best_pairwise_f1(rows, vectors)
            if name == "ntrex":
                entry["articles"] = article_precision(rows, vectors)
    return found


def read_set(folder: Path, name: str) -> list[Row]:
    """Read the articles of a set."""
    with lzma.open(folder / f"{name}.jsonl.xz", "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


if __name__ == "__main__":
    model, folder = sys.argv[1:]
    sys.stdout.write(json.dumps(figures(load_encoder(model), Path(folder)), indent=1) + "\n")
