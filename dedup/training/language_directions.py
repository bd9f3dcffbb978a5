"""Directions in which languages differ, removed by a linear layer behind the table.

`python -m dedup.training.language_directions MODEL CORPUS` does for an existing model what `dedup train` does at the
end.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dedup.embedding.encoder import Encoder
from dedup.embedding.load import load_encoder
from dedup.embedding.safetensors_map import DENSE
from dedup.training.corpus import Corpus, read_corpus

Floats = npt.NDArray[np.float32]

_MODULES = "sentence_transformers.sentence_transformer.modules"

_WORDS = 24  # tokens; longer segments are drawn no more often


def take_off_languages(
    model: Path, corpus: Corpus, weights: Mapping[str, float], *, directions: int = 2, seed: int = 0
) -> None:
    """Add or replace the linear layer behind the table of a model directory.

    Parameters
    ----------
    model : Path
        The model directory.
    corpus : Corpus
        Source of pseudo-documents and their translations.
    weights : mapping of str to float
        Weight of a segment of each source; 1 for a source that is missing.
    directions : int
        Number of directions that are removed.
    seed : int
        Seed for drawing pseudo-documents.
    """
    from safetensors.numpy import save_file

    layer, table = model / DENSE, {"idx": 0, "name": "0", "path": "0_StaticEmbedding"}
    modules = [{**table, "type": f"{_MODULES}.StaticEmbedding"}]
    shutil.rmtree(layer, ignore_errors=True)
    _write_json(model / "modules.json", modules)
    found = language_directions(load_encoder(str(model)), corpus, weights, directions=directions, seed=seed)
    layer.mkdir()
    size = len(found)
    config = {"in_features": size, "out_features": size, "bias": False}
    _write_json(layer / "config.json", config | {"activation_function": "torch.nn.modules.linear.Identity"})
    save_file({"linear.weight": np.eye(size, dtype=np.float32) - found @ found.T}, layer / "model.safetensors")
    (layer / "model.safetensors").chmod(0o644)
    modules.append({"idx": 1, "name": "1", "path": DENSE, "type": f"{_MODULES}.Dense"})
    _write_json(model / "modules.json", modules)


def language_directions(
    encoder: Encoder,
    corpus: Corpus,
    weights: Mapping[str, float],
    *,
    directions: int,
    documents: int = 300,
    segments: int = 20,
    seed: int = 0,
) -> Floats:
    """Directions in which languages differ most: ndarray of shape (d, directions), orthonormal.

    They are the principal directions of the mean difference, by language, between the unit vectors of pseudo-documents
    and of their English counterparts. After Xie et al. 2022, "Discovering Low-rank Subspaces for Language-agnostic
    Multilingual Representations", who use the means of languages themselves, which also reflect the corpus' topics.
    """
    rng = np.random.default_rng(seed)
    of_source = np.array([weights.get(name, 1.0) for name in corpus.sources])
    means = []
    for side in corpus.translations.values():
        lengths = np.minimum([len(segment.split()) for segment in side.segments], _WORDS) + 1
        shares = of_source[side.sources] * lengths
        drawn = rng.choice(len(shares), documents * segments, p=shares / shares.sum()).reshape(documents, segments)
        own = encoder.encode(["\n".join(side.segments[at] for at in row) for row in drawn])
        english = encoder.encode(["\n".join(corpus.english[side.lines[at]] for at in row) for row in drawn])
        means.append((own - english).mean(0))
    vectors = np.linalg.svd(np.array(means, np.float64), full_matrices=False)[2]
    return np.ascontiguousarray(vectors[:directions].T, np.float32)


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    from dedup.training.settings import SOURCE_WEIGHTS

    take_off_languages(Path(sys.argv[1]), read_corpus(Path(sys.argv[2])), SOURCE_WEIGHTS)
