"""Day of publication: from the source, the address, or the name of a file of its own."""

from __future__ import annotations

import math
from datetime import date

import pytest

from dedup.datatypes import Article
from dedup.matching.publication import publication_day

A_DAY = float(date(2026, 3, 5).toordinal())


@pytest.mark.parametrize(
    ("fields", "day"),
    [
        ({"published": "2026-03-05"}, A_DAY),
        ({"published": "2026-03-05T23:59:00+09:00"}, A_DAY),
        ({"published": "2026-03-05", "url": "https://x.example/2020/01/01/storm"}, A_DAY),
        ({"published": "yesterday", "url": "https://x.example/2026/03/05/storm"}, A_DAY),
        ({"url": "https://x.example/news/20260305-storm.html"}, A_DAY),
        ({"url": "https://x.example/2026/3/5/storm"}, A_DAY),
        ({"path": "news/2026-03-05.txt"}, A_DAY),
        ({"path": "news/storm_2026_03_05_en.md"}, A_DAY),
        ({"path": "2026-03-05/storm.txt"}, math.nan),  # a folder may be that of the download
        ({"path": "news/storm.txt"}, math.nan),
        ({"path": "news/2026-13-05.txt"}, math.nan),
        ({"path": "news/2026-02-30.txt"}, math.nan),
        ({"path": "news/120260305.txt"}, math.nan),
        ({"path": "news/9999-03-05.txt"}, math.nan),
        ({"url": "https://x.example/storm-2026-03.html"}, math.nan),
        ({"path": "feed-2026-03-05.jsonl", "id": "feed-2026-03-05.jsonl#3"}, math.nan),  # of many articles
        ({"path": "feed-2026-03-05.jsonl", "id": "7", "own_id": "7"}, math.nan),
        ({}, math.nan),
    ],
)
def test_the_day_an_article_was_published(fields: dict[str, str], day: float) -> None:
    article = Article(**{"id": fields.get("path", "x"), "text": "Storm.", **fields})
    assert publication_day(article) == pytest.approx(day, nan_ok=True)
