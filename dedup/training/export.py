"""Export of a trained table as a directory that sentence-transformers and `StaticEncoder` both read."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Floats = npt.NDArray[np.float32]

Doubles = npt.NDArray[np.float64]

MODULE = "sentence_transformers.sentence_transformer.modules.StaticEmbedding"


def quantise(table: Floats, levels: Floats) -> tuple[npt.NDArray[np.int8], Floats]:
    """Quantise the table to int8 with one scale a row.

    The root mean square of row i is `levels[i]` steps: few steps, so that the file compresses, and still an error of
    about 1 / (12 * levels^2) of a row's energy, which the mean over an article's tokens averages out. The scale is
    the one that brings the steps nearest to the row.
    """
    rows = table.astype(np.float64)
    sizes = np.maximum(np.sqrt((rows**2).mean(1)), 1e-12)
    steps = np.clip(np.rint(rows * (levels / sizes)[:, None]), -127, 127)
    scales = (steps * rows).sum(1) / np.maximum((steps**2).sum(1), 1)
    return steps.astype(np.int8), scales.astype(np.float32)


def levels_by_frequency(frequencies: Doubles, levels: float, tilt: float) -> Floats:
    """Quantisation steps in each row's root mean square: more for frequent tokens, `levels` in the geometric mean.

    They are proportional to the frequency to the power `tilt`, and at least half a step. Where errors add up over the
    tokens of a text, frequent ones deserve the finer steps (reverse water-filling).
    """
    logarithms = tilt * np.log(frequencies)
    return np.asarray(np.maximum(levels * np.exp(logarithms - logarithms.mean()), 0.5), np.float32)


def save_model(
    out: Path,
    tokenizer: Tokenizer,
    table: Floats,
    of_token: npt.NDArray[np.int64],
    languages: list[str],
    *,
    levels: Floats,
) -> None:
    """Write the model directory to a temporary name and rename it into place; an older one is replaced.

    Token i has row `of_token[i]` of the table, row j `levels[j]` steps in its root mean square.

    The means of languages are zero: training leaves little of a language in a vector, and a mean taken from the
    corpus' interface text and verses does more harm than good; a scan subtracts its own articles' means.
    """
    from safetensors.numpy import save_file

    out.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}-"))
    inner = folder / "0_StaticEmbedding"
    inner.mkdir()
    steps, scales = quantise(table, levels)
    weights, mapping = scales[of_token].astype(np.float16), of_token.astype(np.int32)
    save_file({"embeddings": steps, "weights": weights, "mapping": mapping}, inner / "model.safetensors")
    (inner / "tokenizer.json").write_text(tokenizer.to_str(), encoding="utf-8")
    means = np.zeros((len(languages), table.shape[1]), np.float32)
    save_file({"means": means}, folder / "language_means.safetensors")
    _write_json(folder / "languages.json", sorted(languages))
    _write_json(folder / "modules.json", [{"idx": 0, "name": "0", "path": inner.name, "type": MODULE}])
    _write_json(
        folder / "config_sentence_transformers.json",
        {"model_type": "SentenceTransformer", "similarity_fn_name": "cosine"},
    )
    if (out / "README.md").exists():
        shutil.copy2(out / "README.md", folder / "README.md")
    if out.exists():
        shutil.rmtree(out)
    folder.chmod(0o755)
    for path in folder.rglob("*.safetensors"):
        path.chmod(0o644)
    folder.rename(out)


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")
