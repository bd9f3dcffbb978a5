"""Articles on disk are the articles that were put there, in this process and in others, and a run answers the same."""

from __future__ import annotations

import os
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup import Article, Skipped, find_duplicates
from dedup.reading import collect as collect_module
from dedup.runtime.article_files import ArticleFile, ArticlesOnDisk
from dedup.runtime.workers import Workers
from handmade import ARTICLES

SOME = st.lists(st.builds(Article, st.text(), st.text(st.characters()), st.text(), published=st.text()), max_size=20)


def write_to_disk(articles: list[Article]) -> ArticlesOnDisk:
    file = ArticleFile()
    for article in articles:
        file.append(article)
    return file.stored()


@given(SOME)
def test_what_is_put_there_comes_back(articles: list[Article]) -> None:
    stored = write_to_disk(articles)
    assert list(stored) == articles
    assert stored == articles
    assert list(pickle.loads(pickle.dumps(stored))) == articles
    assert list(stored[1:3]) == articles[1:3]
    assert [stored[at] for at in range(len(articles))] == articles
    backwards = np.arange(len(articles))[::-1]
    assert list(stored.take(backwards)) == articles[::-1]


def test_others_are_not_equal() -> None:
    first, second = Article("a", "one"), Article("b", "two")
    assert write_to_disk([first]) != [second]
    assert write_to_disk([first]) != [first, second]
    assert write_to_disk([first]) != 1


def test_a_lone_surrogate_comes_back() -> None:
    assert write_to_disk([Article("a", "\ud800 text")])[0].text == "\ud800 text"


def test_the_file_goes_with_the_last_who_knows_of_it() -> None:
    stored = write_to_disk([Article("a", "one"), Article("b", "two")])
    path, part = stored.__reduce__()[1][0], stored[1:]
    del stored
    assert list(part) == [Article("b", "two")]
    del part
    assert not os.path.exists(path)


@pytest.mark.parametrize("limit", [0, 100])
def test_a_run_answers_the_same(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    given = [*ARTICLES, Skipped("broken", "why")]
    in_memory = find_duplicates(given)
    monkeypatch.setattr(collect_module, "_MOST_CHARACTERS", limit)
    on_disk = find_duplicates(given)
    assert isinstance(on_disk.articles, ArticlesOnDisk)
    assert on_disk == in_memory
    assert on_disk.clusters


def test_workers_read_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collect_module, "_MOST_CHARACTERS", 0)
    kept, skipped = collect_module.collect(ARTICLES, Workers())
    with Workers(2) as workers:
        workers.wait()
        found = list(workers.map(_ids, [kept[:2], kept[2:]]))
    assert found == [["news/en.txt", "news/id.txt"], ["ja-1", "ar-1", "th-1", "news/lone.txt"]]
    assert not skipped


def _ids(articles: ArticlesOnDisk) -> list[str]:
    return [article.id for article in articles]
