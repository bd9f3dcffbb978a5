"""What becomes of a collection of small files of every kind: nothing is silently wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from dedup.datatypes import Article, Skipped
from dedup.reading.read import read_folder
from reading.collection import Expected, files, write

FILES = files()


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Article | Skipped]]:
    folder = tmp_path_factory.mktemp("collection")
    write(folder)
    by_file: dict[str, list[Article | Skipped]] = {}
    for item in read_folder(folder):
        inside = Path(item.path).relative_to(folder).as_posix()
        name = next(name for name in FILES if inside == name or inside.startswith(f"{name}/"))
        by_file.setdefault(name, []).append(item)
    return by_file


@pytest.mark.parametrize("name", FILES)
def test_each_file_becomes_what_it_says(name: str, found: dict[str, list[Article | Skipped]]) -> None:
    expected = FILES[name][1]
    shown = [_shown(item, wanted) for item, wanted in zip(found[name], expected, strict=False)]
    assert shown == expected
    assert len(found[name]) == len(expected), found[name]


def _shown(item: Article | Skipped, expected: Expected) -> Expected:
    if isinstance(item, Skipped):
        return item.reason[: len(expected)] if isinstance(expected, str) else item.reason
    words = item.text.split()
    return (item.title, item.published, item.declared_language, words[0], words[-1])


def test_the_collection_is_large_enough() -> None:
    assert len(FILES) >= 120


def test_ids_are_unique_and_texts_hold_no_markup(found: dict[str, list[Article | Skipped]]) -> None:
    articles = [item for items in found.values() for item in items if isinstance(item, Article)]
    assert len({article.id for article in articles}) == len(articles)
    assert [a.path for a in articles if any(mark in a.text for mark in ("<", "{", "**", "-->", "import ", "]("))] == []
