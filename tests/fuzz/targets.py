"""What is fuzzed: each target takes any bytes or text, and whatever they are, breaks no promise."""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import itertools
import json
import os
import tempfile
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import numpy as np
from click.testing import CliRunner
from hypothesis import strategies as st

from dedup import report as rendering
from dedup.cli import main
from dedup.datatypes import Article, Report, Skipped
from dedup.embedding.safetensors_map import is_static, read_tensors
from dedup.errors import DedupError
from dedup.evaluation.gold import read_clusters, read_gold, read_pairs
from dedup.language import text as texts
from dedup.language.detect import detect_languages
from dedup.language.sentences import sentences
from dedup.matching.facts import FactFile, FactSets, compare_facts, days_apart, extract_facts, fact_scores, pack_facts
from dedup.matching.scorer_file import check_heads, check_origin, read_event_scorer
from dedup.pipeline import find_duplicates
from dedup.reading.formats import READERS
from dedup.reading.read import read_folder
from dedup.reading.source import ReadOptions
from dedup.report.destination import check_writable, write_whole
from dedup.report.recognise import is_report
from fuzz.seeds import LIMIT, files_near, mutated
from handmade import handmade_report
from toy_encoder import ToyEncoder

SUFFIXES = sorted({*READERS, ".zip", ".tar", ".xz"})

ODD = st.text(
    st.sampled_from("\x00\x1b\x9b\u202e\u200d\ufeff\ud800\U000e0001\u0301\u0316\u0e33\u3000\xa0=+-@|,;\"'<&#*_[]\n\t")
    | st.characters()
)
"""Texts that are rich in what goes wrong."""

WORDY = st.lists(st.sampled_from(["Rain", "2026", "3.5 %", "12 May", "Oslo", "雨", "мост", "नदी", "."]) | ODD).map(
    " ".join
)

_GOLD = b'{"id": "a", "story": "s", "lang": "en", "text": "One two."}\n{"id": "b", "story": "s", "lang": "id"}\n'

_PAIRS = b'{"a": "a", "b": "b", "label": 1}\n{"a": "a", "b": "c", "label": 0}\n'

_REPORTS = tuple(render(handmade_report()).encode() for render in (rendering.as_json, rendering.as_jsonl))

_TABLE = (
    b'{"embeddings":{"dtype":"I8","shape":[2,4],"data_offsets":[0,8]},"weights":{"dtype":"F32","shape":[2],'
    b'"data_offsets":[8,16]}}'
)

_MODULES = b'[{"type": "sentence_transformers.models.StaticEmbedding"}, {"type": "sentence_transformers.models.Dense"}]'

_SCORER = {
    "level": "duplicate",
    "model": "mine@abc",
    "threshold": 0.5,
    "heads": {"one": {"cosine": 1.0, "intercept": -1.0}},
}


def read_any_file(suffix: str, content: bytes, packed: bool) -> None:
    """Every file is read or skipped with a printable reason; texts are clean and can be stored."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"x{suffix}{'.gz' if packed else ''}"
        path.write_bytes(gzip.compress(content) if packed else content)
        found = list(read_folder(folder, ReadOptions(max_bytes=LIMIT)))
    assert found
    ids = [item.id for item in found if isinstance(item, Article)]
    assert len(ids) == len(set(ids))
    for item in found:
        if isinstance(item, Article):
            assert item.text.strip()
            item.text.encode()
            assert texts.clean(item.text) == item.text
        else:
            assert item.reason


def change_any_text(text: str) -> None:
    """Functions on texts raise nothing, keep what they should, and cleaning twice is cleaning once."""
    cleaned = texts.clean(text)
    assert texts.clean(cleaned) == cleaned
    assert texts.printable(text).isprintable()
    assert texts.count_words(text) >= 0
    assert texts.reading_length(text) >= len(text)
    assert len(texts.content_hash(text)) == 32
    texts.words(text), texts.main_script(text), texts.normalise(text)
    assert "".join("".join(sentences(cleaned)).split()) == "".join(cleaned.split())
    (language,) = detect_languages([text])
    assert 0 <= language.probability <= 1


def read_facts_of_any_texts(left: str, right: str, language: str) -> None:
    """Facts of any two texts are the same each time, survive their file, and compare alike from both sides."""
    facts = [extract_facts(text, language) for text in (left, right)]
    assert facts == [extract_facts(text, language) for text in (left, right)]
    file = FactFile()
    file.append(pack_facts(facts))
    assert file.stored().take(np.array([1, 0])) == facts[::-1]
    sets = [FactSets.of(of_text) for of_text in facts]
    assert fact_scores(sets[0], sets[1]) == fact_scores(sets[1], sets[0])
    assert all(0 <= share <= 1 for share in fact_scores(sets[0], sets[1])[:2])
    assert 0 <= compare_facts(*facts).stated <= 1
    days_apart(facts[0].dates, facts[1].dates)


def write_any_report(names: list[str], text: str, with_text: bool) -> None:
    """A report of articles and skipped files with any names, titles, dates and reasons is written in every form."""
    base = handmade_report()
    named = list(zip(itertools.cycle(names or [""]), base.articles, strict=False))
    articles = tuple(
        replace(
            article,
            id=f"{number}{name}",
            title=name,
            path=name,
            url=name,
            published=name,
            text=f"{article.text}\n{text}",
        )
        for number, (name, article) in enumerate(named)
    )
    skipped = tuple(Skipped(name, name or "-", number) for number, name in enumerate(names))
    _write_in_every_form(replace(base, articles=articles, skipped=skipped), with_text)


def compare_any_articles(bodies: list[str], with_text: bool) -> None:
    """The facts, sentences and scores of any articles end in a report that can be written in every form."""
    articles = [Article(str(number), body, title=body[:20]) for number, body in enumerate(bodies)]
    skipped = [Skipped(body[:20], body[-20:] or "-", 1) for body in bodies[:1]]
    report = find_duplicates([*articles, *skipped], encoder=ToyEncoder())
    assert all(0 <= match.score <= 1 for match in report.matches)
    members = [member for cluster in report.clusters for member in cluster.members]
    assert len(members) == len(set(members))
    _write_in_every_form(report, with_text)


def _write_in_every_form(report: Report, with_text: bool) -> None:
    json.loads(rendering.as_json(report, with_text=with_text))
    for line in rendering.as_jsonl(report, with_text=with_text).splitlines():  # at line separators too
        json.loads(line)
    shown = rendering.as_text(report, full=True, with_text=with_text)
    assert not any(unicodedata.category(letter) == "Cc" and letter != "\n" for letter in shown)
    for row in csv.reader(io.StringIO(rendering.as_csv(report, with_text=with_text))):
        assert not any(unicodedata.category(letter) == "Cc" and letter not in "\n\t" for cell in row for letter in cell)
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row)
    rendering.as_html(report, with_text=with_text).encode()


def load_any_file(content: bytes, name: str) -> None:
    """Gold, pairs, reports and parts of models are taken, or refused with a message that is printable."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        (Path(folder) / "0_StaticEmbedding").mkdir()
        (Path(folder) / "0_StaticEmbedding" / "model.safetensors").touch()
        (Path(folder) / "modules.json").write_bytes(content)
        for load in (read_gold, read_pairs, read_clusters, read_tensors, is_report):
            _take_or_refuse(load, path)
        _take_or_refuse(is_static, Path(folder))


def load_any_table(header: bytes, body: bytes) -> None:
    """A tensor lies within its file, whatever the header tells."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        path.write_bytes(len(header).to_bytes(8, "little") + header + body)
        with contextlib.suppress(DedupError):
            for tensor in read_tensors(path)[0].values():
                assert tensor.nbytes <= len(body)
                tensor.tobytes()


def check_any_scorer(scorer: Any) -> None:
    """A scorer is taken with finite weights in range, or refused."""
    with contextlib.suppress(ValueError):
        assert 0 <= check_origin(scorer, level="duplicate", fingerprint="abc") <= 1
        weights = check_heads(scorer, heads=("one",), features=("cosine",))
        assert all(weight >= 0 for row in weights for weight in row[:-1])
    if isinstance(scorer, dict):
        with contextlib.suppress(ValueError):
            read_event_scorer(scorer)


def call_with_any_arguments(arguments: list[str]) -> None:
    """The command line answers with a report or a message, one of its exit codes and no traceback."""
    arguments = [argument.replace("\0", "") for argument in arguments]  # a process is given none
    before = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        for name, content in _FILES.items():
            (Path(folder) / name).write_bytes(content)
        os.chdir(folder)
        try:
            done = CliRunner().invoke(main, arguments, input=io.BytesIO(b'{"text": "One two three."}\n'))
        finally:
            os.chdir(before)
    assert done.exit_code in (0, 1, 2, 3, 4), done.exception
    assert done.exception is None or isinstance(done.exception, SystemExit), arguments
    assert not any(ord(letter) < 32 and letter not in "\n\t" for letter in done.stderr), arguments


def write_to_any_name(name: str, content: bytes) -> None:
    """A result is written whole under any name, or refused; what lies there as an input stays."""
    with tempfile.TemporaryDirectory() as folder:
        article = Path(folder) / "a.txt"
        article.write_bytes(b"mine")
        path = Path(f"{folder}/{name}")
        with contextlib.suppress(DedupError):
            check_writable(path, [article])
            if Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder)):
                write_whole(path, content)
                assert path.read_bytes() == content
        assert article.read_bytes() == b"mine"
        assert not [entry for entry in os.listdir(folder) if entry.endswith(".part")]


def _take_or_refuse(load: Callable[[Path], object], path: Path) -> None:
    try:
        load(path)
    except DedupError as error:
        refusal = str(error)
    else:
        return
    assert refusal.isprintable(), load


_LANGUAGES = ("en", "id", "de", "ru", "ar", "hi", "ta", "th", "ja", "zh-cn", "ko", "und")

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*_SCORER, "one", "x"]), inner, max_size=4)
    ),
    max_leaves=8,
)

_FILES = {"a.txt": b"One two three.", "g.jsonl": _GOLD, "p.jsonl": _PAIRS, "r.json": _REPORTS[0], "f.db": b"SQLite"}
"""Files that the arguments may name."""

_VALUES = st.sampled_from(
    f"""
    {" ".join(_FILES)} . ./none new.json new.html new.csv new.db 0.5 nan -1 1e400 0 1 1000 8G 2026-05-12 7d
    json jsonl text csv html duplicate story bundled local en,id *.txt - --
    """.split()
)

_LEFT_OUT = {"serve", "watch", "train", "man"}
"""Commands that run until they are told to end, or for hours, and one that takes no arguments and long."""


def _calls(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[st.SearchStrategy[list[str]]]:
    """Arguments for a command, and for each one below it: its own options, values and anything."""
    own = [name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)]
    words = st.sampled_from([*own, "-h"]) | _VALUES | ODD
    yield st.lists(words, max_size=6).map(lambda rest: [*path, *rest])
    for name, below in sorted(getattr(command, "commands", {}).items()):
        if name not in _LEFT_OUT:
            yield from _calls(below, (*path, name))


TARGETS: dict[str, tuple[Callable[..., None], tuple[st.SearchStrategy[Any], ...]]] = {
    **{
        f"readers{suffix}": (
            read_any_file,
            (st.just(suffix), files_near(suffix), st.booleans()),
        )
        for suffix in SUFFIXES
    },
    "texts": (change_any_text, (ODD | WORDY,)),
    "articles": (compare_any_articles, (st.lists(WORDY, min_size=1, max_size=5), st.booleans())),
    "facts": (read_facts_of_any_texts, (WORDY, WORDY, st.sampled_from(_LANGUAGES))),
    "writers": (write_any_report, (st.lists(ODD, min_size=1, max_size=3), WORDY, st.booleans())),
    "gold and reports": (
        load_any_file,
        (mutated(_GOLD, _PAIRS, _MODULES, *_REPORTS), st.sampled_from(["x", "x.gz", "x.xz"])),
    ),
    "model tables": (load_any_table, (mutated(_TABLE), st.binary(max_size=40))),
    "outputs": (write_to_any_name, (ODD | st.sampled_from(["a.txt", "./a.txt", "../x", "a.txt/b"]), st.binary())),
    "scorers": (check_any_scorer, (_JSON | _JSON.map(lambda value: {**_SCORER, "heads": value}),)),
    "arguments": (call_with_any_arguments, (st.one_of(*_calls(main)),)),
}
"""Functions that must hold for whatever the strategies give."""
