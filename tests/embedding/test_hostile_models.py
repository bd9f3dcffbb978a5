"""Models that are damaged or made to harm: each is refused with a message before anything is computed with it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

from dedup.embedding import hub
from dedup.embedding.hub import check_model
from dedup.embedding.load import load_encoder
from dedup.embedding.safetensors_map import map_tensors
from dedup.embedding.tokenizer import token_ids
from dedup.errors import ModelError

ROOT = Path(__file__).parents[2]

DEEP = "[" * 100_000 + "]" * 100_000

TOKENS, COLUMNS = 6, 4

Change = Callable[[Path], object]


def tables(**changes: Any) -> Change:
    """Put other tensors into the table of a model; None leaves one out."""

    def change(folder: Path) -> None:
        tensors: dict[str, Any] = {
            "embeddings": np.ones((3, COLUMNS), np.int8),
            "weights": np.ones(TOKENS, np.float32),
            "mapping": np.arange(TOKENS) % 3,
        }
        tensors = {name: of for name, of in (tensors | changes).items() if of is not None}
        save_file(tensors, folder / "0_StaticEmbedding" / "model.safetensors")

    return change


def put(name: str, content: str | dict[str, Any]) -> Change:
    """Put a text, or tensors, in the place of a file of a model."""

    def change(folder: Path) -> None:
        if isinstance(content, str):
            (folder / name).write_text(content, encoding="utf-8")
        else:
            save_file(content, folder / name)

    return change


def header(**entry: Any) -> Change:
    """Put a table with this entry in its header in the place of a model's."""

    def change(folder: Path) -> None:
        told = {"embeddings": {"dtype": "I8", "shape": [2, COLUMNS], "data_offsets": [0, 8]} | entry}
        text = json.dumps(told).encode()
        path = folder / "0_StaticEmbedding" / "model.safetensors"
        path.write_bytes(len(text).to_bytes(8, "little") + text + bytes(8))

    return change


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A small static model with a linear layer and language means."""
    folder = tmp_path / "model"
    (folder / "0_StaticEmbedding").mkdir(parents=True)
    (folder / "1_Dense").mkdir()
    kinds = ("StaticEmbedding", "Dense", "Normalize")
    modules = [{"type": f"sentence_transformers.models.{kind}"} for kind in kinds]
    (folder / "modules.json").write_text(json.dumps(modules), encoding="utf-8")
    (folder / "1_Dense" / "config.json").write_text('{"bias": false}', encoding="utf-8")
    save_file({"linear.weight": np.eye(COLUMNS, dtype=np.float32)}, folder / "1_Dense" / "model.safetensors")
    (folder / "languages.json").write_text('["en", "id"]', encoding="utf-8")
    save_file({"means": np.zeros((2, COLUMNS), np.float32)}, folder / "language_means.safetensors")
    tables()(folder)
    vocabulary = {"a": 0, "b": 1, "c": 2, "d": 3, "e": 4, "f": 5}
    tokenizer = Tokenizer(models.BPE(vocabulary, [], ignore_merges=True))
    tokenizer.normalizer = normalizers.BertNormalizer(handle_chinese_chars=False, strip_accents=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(token_ids.WORDS), "removed", invert=True)
    tokenizer.save(str(folder / "0_StaticEmbedding" / "tokenizer.json"), pretty=False)
    return folder


def test_the_model_is_read_as_it_is(model: Path) -> None:
    assert load_encoder(str(model)).pool(["a b"]).tolist() == [[1.0] * COLUMNS]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (tables(embeddings=None), "holds no embeddings"),
        (tables(embeddings=np.ones((3, COLUMNS, 2), np.int8)), r"shape \(3, 4, 2\)"),
        (tables(embeddings=np.ones(12, np.int8)), r"shape \(12,\)"),
        (tables(embeddings=np.ones((0, COLUMNS), np.int8)), r"shape \(0, 4\)"),
        (tables(embeddings=np.full((3, COLUMNS), np.nan, np.float32)), "infinite or not a number"),
        (tables(embeddings=np.full((3, COLUMNS), 1e300)), "infinite or not a number"),
        (tables(weights=np.full(TOKENS, np.nan, np.float32)), "infinite or not a number"),
        (tables(weights=np.ones(2, np.float32)), "2 weights for 6 tokens"),
        (tables(mapping=np.full(TOKENS, 3)), "other rows than the 3"),
        (tables(mapping=np.full(TOKENS, -1)), "other rows than the 3"),
        (tables(mapping=np.zeros(TOKENS, np.float32)), "other rows"),
        (tables(mapping=None, weights=None), "has the token 5, and the model 3 tokens"),
        (tables(mapping=np.zeros(2, np.intp), weights=None), "has the token 5, and the model 2 tokens"),
        (header(data_offsets=[-8, 0]), "damaged"),
        (header(data_offsets=[0, 4]), "damaged"),
        (header(data_offsets=[8, 0]), "damaged"),
        (header(data_offsets=[0, 16], shape=[4, COLUMNS]), "damaged"),
        (header(data_offsets=[0]), "damaged"),
        (header(data_offsets=[0, 8.0]), "damaged"),
        (header(data_offsets=5), "damaged"),
        (header(shape=[-2, -4]), "damaged"),
        (header(shape=[1 << 62, 8]), "damaged"),
        (header(shape="ab"), "damaged"),
        (header(dtype="BF16"), "numbers of type 'BF16'"),
        (header(dtype=["I8"]), "damaged"),
        (put("0_StaticEmbedding/tokenizer.json", DEEP), "damaged or no tokenizer"),
        (put("0_StaticEmbedding/tokenizer.json", "{}"), "damaged or no tokenizer"),
        (put("0_StaticEmbedding/tokenizer.json", '{"model": {"type": "None"}}'), "no tokenizer"),
        (put("modules.json", DEEP), "no whole sentence-transformers model"),
        (put("modules.json", "{}"), "cannot load the model"),
        (put("modules.json", "[1]"), "no whole sentence-transformers model"),
        (put("1_Dense/config.json", "5"), "no whole sentence-transformers model"),
        (put("1_Dense/model.safetensors", {"other": np.ones(3)}), "instead of a linear layer"),
        (put("1_Dense/model.safetensors", {"linear.weight": np.ones((2, 9), np.float32)}), "behind 4 columns"),
        (put("1_Dense/model.safetensors", {"linear.weight": np.full((4, 4), np.inf, np.float32)}), "infinite"),
        (put("languages.json", "{"), "does not go with"),
        (put("languages.json", '["en"]'), "does not go with"),
        (put("languages.json", '["en", "en"]'), "does not go with"),
        (put("languages.json", "[1, 2]"), "does not go with"),
        (put("languages.json", DEEP), "does not go with"),
        (put("language_means.safetensors", {"means": np.full((2, COLUMNS), np.nan, np.float32)}), "infinite"),
        (put("language_means.safetensors", {"a": np.zeros(2), "b": np.zeros(2)}), "does not go with"),
    ],
)
def test_a_model_that_does_not_hold_together_is_refused(model: Path, change: Change, message: str) -> None:
    change(model)
    with pytest.raises(ModelError, match=message):
        load_encoder(str(model))


def test_a_header_of_any_length_is_no_trouble(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    for content in ((1 << 63).to_bytes(8, "little"), b"\xff" * 8 + b"{}", (5).to_bytes(8, "little") + b"[[[[["):
        path.write_bytes(content)
        with pytest.raises(ModelError, match="damaged"):
            map_tensors(path)
    path.write_bytes(len(DEEP).to_bytes(8, "little") + DEEP.encode())
    with pytest.raises(ModelError, match="damaged"):
        map_tensors(path)


@pytest.mark.parametrize(
    "name", ["folder", "number", "broken", "file.bin", "./no/such", "/no/such", "..", "a/b/c", "a b", "x\x1b[31m"]
)
def test_what_is_no_model_is_refused_before_torch_is_loaded(name: str, tmp_path: Path) -> None:
    for folder, config in (("folder", None), ("number", "5"), ("broken", '{"a": ')):
        (tmp_path / folder).mkdir()
        if config:
            (tmp_path / folder / "config.json").write_text(config, encoding="utf-8")
    (tmp_path / "file.bin").touch()
    script = (
        "import sys; from dedup import load_encoder, ModelError\n"
        "try: load_encoder(sys.argv[1])\n"
        "except ModelError as error: print(error, 'torch' in sys.modules, 'sentence_transformers' in sys.modules)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", script, name], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.startswith("cannot load the model ")
    assert done.stdout.endswith(" False False\n")
    assert "\x1b" not in done.stdout


def test_a_pickle_in_a_model_is_not_run(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="needs torch")

    class Planted:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.mkdir, (str(tmp_path / "PWNED"),)

    sizes = ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "vocab_size")
    config = {"model_type": "bert", "architectures": ["BertModel"], **dict.fromkeys(sizes, 8)}
    (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    torch.save({"x": Planted()}, tmp_path / "pytorch_model.bin")
    with pytest.raises(ModelError, match="could run code and is not read"):
        load_encoder(str(tmp_path))
    assert not (tmp_path / "PWNED").exists()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of the hub, and no network."""
    for variable in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_CACHE", "SENTENCE_TRANSFORMERS_HOME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.setattr(hub, "_answers", lambda host, port: False)
    return tmp_path / "hub"


def test_a_name_without_a_network_is_told_at_once(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelError, match=r"not in the cache, and huggingface\.co does not answer"):
        check_model("some/model")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelError, match="HF_HUB_OFFLINE is set"):
        check_model("some/model")
    for owner in ("some--model", "sentence-transformers--model"):
        (cache / f"models--{owner}" / "snapshots" / "0" / "config.json").mkdir(parents=True)
    assert check_model("some/model")
    assert check_model("model")
    monkeypatch.delenv("HF_HUB_OFFLINE")
    assert check_model("some/model")
    shutil.rmtree(cache)
    monkeypatch.setattr(hub, "_answers", lambda host, port: True)
    assert not check_model("some/model")


def test_a_server_that_is_silent_is_waited_for_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert hub._answers(*server.getsockname())
        address = server.getsockname()
    assert not hub._answers(*address)
    released = threading.Event()

    def wait(*_: object, **__: object) -> None:
        released.wait(60)
        raise OSError("never")

    monkeypatch.setattr(socket, "create_connection", wait)
    before = time.monotonic()
    assert not hub._answers("example.invalid", 443)
    assert time.monotonic() - before < 10
    released.set()


def test_the_server_is_the_one_that_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy", "HF_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    assert hub._server() == ("huggingface.co", 443)
    monkeypatch.setenv("HF_ENDPOINT", "http://mirror.invalid:8080/hf")
    assert hub._server() == ("mirror.invalid", 8080)
    monkeypatch.setenv("http_proxy", "http://proxy.invalid:3128")
    monkeypatch.setenv("no_proxy", "")
    assert hub._server() == ("proxy.invalid", 3128)
