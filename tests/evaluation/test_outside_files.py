"""Gold, pairs and reports from outside: taken as they are meant, or refused with what is wrong and where."""

from __future__ import annotations

import gzip
import json
import logging
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dedup.errors import DedupError, ReadError
from dedup.evaluation.calibrate import calibrate_scorer
from dedup.evaluation.gold import GoldPair, check_pairs, read_clusters, read_gold, read_pairs
from toy_encoder import ToyEncoder

DEEP = "[" * 100_000 + "]" * 100_000

IDS = {"a", "b", "c"}


@pytest.fixture
def put(tmp_path: Path) -> Callable[..., Path]:
    """Write a file and tell where it is."""

    def write(content: str | bytes, name: str = "file.jsonl") -> Path:
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return tmp_path / name

    return write


ANYTHING = [
    ("", "no "),
    (DEEP, "nested too deeply"),
    ('{"a": ' + "9" * 5000 + "}", "not JSON"),
    (b"\xff\xfe", "cannot read"),
    ("[]", "list instead of an object"),
    ("5", "a number instead of an object"),
    ('"x"', "a text instead of an object"),
    ("null", "nothing instead of an object"),
    ("{", "not JSON"),
]


@pytest.mark.parametrize(("content", "message"), ANYTHING)
@pytest.mark.parametrize("read", [read_gold, read_pairs, read_clusters])
def test_what_is_nothing_of_the_kind_is_refused(
    put: Callable[..., Path], read: Callable[[Path], object], content: str | bytes, message: str
) -> None:
    with pytest.raises(ReadError, match=message):
        read(put(content))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.gz", b"no gzip"),
        ("x.gz", gzip.compress(b"{}" * 999)[:-20]),
        ("x.gz", gzip.compress(b"{}" * 999, mtime=0)[:12] + b"\xff" * 40),
        ("x.xz", b"no xz"),
        ("x.xz", lzma.compress(b"{}" * 999)[:-20]),
    ],
)
@pytest.mark.parametrize("read", [read_gold, read_pairs, read_clusters])
def test_damaged_packages_are_refused(
    put: Callable[..., Path], read: Callable[[Path], object], name: str, content: bytes
) -> None:
    with pytest.raises(ReadError, match="cannot read"):
        read(put(content, name))


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"\x1b]0;PWNED\x07\u202e": 1}, r"no 'id' in this record; it has \\x1b\]0;PWNED\\x07\\u202e$"),
        ({"id": ["a"], "story": "s", "lang": "en"}, "'id' holds a list, not a text"),
        ({"id": "a", "story": {}, "lang": "en"}, "'story' holds an object, not a text"),
        ({"id": "a", "story": "s", "lang": "en", "text": ["x"]}, "'text' holds a list, not a text"),
        ({"id": True, "story": "s", "lang": "en"}, "'id' holds true or false, not a text"),
        ({f"{number:03}": 1 for number in range(500)}, "it has 000, 001, .*, 019$"),
    ],
)
def test_gold_that_is_none_is_refused(put: Callable[..., Path], record: dict[str, Any], message: str) -> None:
    with pytest.raises(ReadError, match=message):
        read_gold(put(json.dumps(record)))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"a": "a", "b": "b", "label": 1}\n{"a": "a", "b": "b", "label": 0}', ":2: 'a' and 'b' are labelled both"),
        ('{"a": "a", "b": "b", "label": 1}\n{"a": "b", "b": "a", "label": 0}', ":2: 'b' and 'a' are labelled both"),
        ('{"a": "a", "b": "a", "label": 1}', "'a' is paired with itself"),
        ('{"a": "a", "b": "b"}', "no labelled pair"),
        ('{"a": "a", "label": 1}', "no 'b' in this record"),
        ('{"a": {}, "b": "b", "label": 1}', "'a' holds an object"),
    ],
)
def test_pairs_that_are_none_are_refused(put: Callable[..., Path], content: str, message: str) -> None:
    with pytest.raises(ReadError, match=message):
        read_pairs(put(content))


def test_pairs_of_unknown_articles_are_refused_or_told(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ReadError, match="none of its 1 pairs is of gold articles"):
        check_pairs([GoldPair("a", "x", True)], IDS, Path("pairs"))
    with caplog.at_level(logging.WARNING):
        check_pairs([GoldPair("a", "x", True), GoldPair("a", "b", True)], IDS, Path("pairs"))
    assert caplog.messages == ["pairs: 1 of 2 pairs are not of gold articles"]


@pytest.mark.parametrize(
    ("report", "message"),
    [
        ({"clusters": None}, "'clusters' holds nothing, not a list"),
        ({"clusters": 5}, "'clusters' holds a number, not a list"),
        ({"clusters": ["x"]}, "a text instead of a cluster"),
        ({"clusters": [None]}, "nothing instead of a cluster"),
        ({"clusters": [{"members": ["a"]}]}, "no 'id' in this record; it has members"),
        ({"clusters": [{"id": "1"}]}, "no list of 'members'"),
        ({"clusters": [{"id": "1", "members": "ab"}]}, "'members' holds a text, not a list"),
        ({"clusters": [{"id": ["1"], "members": ["a"]}]}, "'id' holds a list"),
        ({"clusters": [{"id": "1", "members": [["a"]]}]}, "'members' holds a list"),
        ({"clusters": [{"id": "1", "members": ["a"]}, {"id": "2", "members": ["a"]}]}, "'a' is in two clusters"),
        ({"clusters": [], "articles": []}, "no article in it"),
        ({"clusters": [], "articles": [5]}, "a number instead of an object"),
        ({"clusters": [], "articles": [{"id": "x"}]}, "none of its 1 articles is gold"),
        ({"clusters": [{"id": "1", "members": ["x", "y"]}]}, "none of its 2 articles is gold"),
        ({"id": "a", "story": "s", "lang": "en"}, "no record has a 'cluster'"),
        ({"type": "cluster", "id": "1"}, "no list of 'members'"),
        ({"type": "cluster", "members": ["a"]}, "no 'id'"),
    ],
)
def test_reports_that_are_none_of_these_articles_are_refused(
    put: Callable[..., Path], report: dict[str, Any], message: str
) -> None:
    with pytest.raises(ReadError, match=message):
        read_clusters(put(json.dumps(report)), IDS)


def test_a_report_without_duplicates_is_one(put: Callable[..., Path], caplog: pytest.LogCaptureFixture) -> None:
    report = {"clusters": [], "articles": [{"id": "a"}, {"id": "x"}]}
    with caplog.at_level(logging.WARNING):
        assert read_clusters(put(json.dumps(report)), IDS) == {}
    assert "1 of 2 articles are not gold and left out" in caplog.text


def test_what_cannot_be_fitted_is_refused(put: Callable[..., Path], toy_encoder: ToyEncoder) -> None:
    def gold(*rows: tuple[str, str, str]) -> Path:
        records = ({"id": id, "story": story, "lang": "en", "text": text} for id, story, text in rows)
        return put("".join(f"{json.dumps(record)}\n" for record in records))

    for rows in ([("a", "s", "One two.")], [("a", "s", ""), ("b", "s", "")], [("a", "s", "One."), ("b", "s", "one.")]):
        with pytest.raises(ReadError, match=r"different texts?; a fit needs two"):
            calibrate_scorer([gold(*rows)], encoder=toy_encoder, jobs=1)
    with pytest.raises(ReadError, match=r"nothing to fit: .* both kinds are needed"):
        calibrate_scorer([gold(("a", "s", "One two."), ("b", "t", "Three four."))], encoder=toy_encoder, jobs=1)
    labels = put('{"a": "x", "b": "y", "label": 1}', "pairs.jsonl")
    with pytest.raises(DedupError, match="none of its 1 pairs is of gold articles"):
        calibrate_scorer(
            [gold(("a", "s", "One two."), ("b", "t", "Three four."))], pairs=[labels], encoder=toy_encoder, jobs=1
        )
