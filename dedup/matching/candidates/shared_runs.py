"""Candidates for copies: articles that share some of their runs of words.

A short item and its copy under a long notice point elsewhere as vectors, and in a large archive they lie in different
cells; the words that they share are still equal. Each article is entered under its smallest shingles, which are a
random sample of them and the same in every text that has them (Broder 1997, "On the resemblance and containment of
documents"); two that meet there twice are proposed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from dedup.arrays import Positions, slices
from dedup.runtime.row_files import StoredLists

SAMPLE = 24
"""Shingles that an article is entered under."""

MOST_SHARING = 12
"""Articles beyond which a shingle says no more than that they have a notice in common."""

FEWEST_SHARED = 2
"""Shingles that two articles share, of those they are entered under."""

_ARTICLES = 1 << 14  # read at a time


def pairs_by_runs(shingles: StoredLists, n: int) -> npt.NDArray[np.int64]:
    """Pairs of articles that share at least two of the shingles they are entered under.

    Parameters
    ----------
    shingles : StoredLists
        Shingles of each of n articles, ascending.

    Returns
    -------
    ndarray of shape (pairs, 2), int64
        Positions of articles, the smaller first.
    """
    parts = list(_sampled(shingles, n))
    keys = np.concatenate([np.empty(0, np.uint32), *(keys for keys, _ in parts)])
    article = np.concatenate([np.empty(0, np.int64), *(article for _, article in parts)])
    numbers, counts = np.unique(pairs_within(keys, article, n), return_counts=True)
    return np.stack(np.divmod(numbers[counts >= FEWEST_SHARED], max(n, 1)), axis=1)


def pairs_within(
    keys: npt.NDArray[np.unsignedinteger[Any]], article: npt.NDArray[np.int64], n: int
) -> npt.NDArray[np.int64]:
    """Pairs of articles that have a key in common, each as often as they have one, unless too many share it.

    Parameters
    ----------
    keys, article : ndarray of shape (k,)
        A key, and the position of an article that has it.
    n : int
        Number of articles.

    Returns
    -------
    ndarray of shape (pairs,), int64
        The smaller position times n, plus the other.
    """
    order = np.lexsort((article, keys))
    keys, article = keys[order], article[order]
    begins = np.flatnonzero(np.append(True, keys[1:] != keys[:-1])[: len(keys)])
    size = np.diff(np.append(begins, len(keys)))
    last = np.repeat(begins + size, size)
    shared = np.repeat((size > 1) & (size <= MOST_SHARING), size)
    places = np.arange(len(keys))
    found = [np.empty(0, np.int64)]
    for step in range(1, MOST_SHARING):
        at = np.flatnonzero(shared & (places + step < last))
        found.append(article[at] * n + article[at + step])
    return np.concatenate(found)


def _sampled(shingles: StoredLists, n: int) -> Iterator[tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64]]]:
    """The smallest shingles of the articles, and whose they are."""
    for part in slices(n, _ARTICLES):
        articles: Positions = np.arange(part.start, part.stop)
        keys, starts = shingles.take(articles)
        counts = np.diff(starts)
        place = np.arange(len(keys)) - np.repeat(starts[:-1], counts)
        first = place < SAMPLE
        yield keys[first], np.repeat(articles, counts)[first].astype(np.int64)
