"""Candidates for versions of one article: articles under one headline.

A teaser and the whole article, or the first and the last version of a report, may lie far from each other as vectors
where many reports are of one kind, as those of quarterly results are. Few others have the same headline.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dedup.arrays import Positions, distinct, slices
from dedup.matching.candidates.shared_runs import pairs_within
from dedup.runtime.row_files import StoredLists

_FEWEST = 3  # words of a headline; fewer are the name of a column
_ARTICLES = 1 << 14  # read at a time
_MIX = np.uint64(0x9E3779B97F4A7C15)


def pairs_by_headlines(headlines: StoredLists, n: int) -> npt.NDArray[np.int64]:
    """Pairs of articles whose headlines consist of the same words, unless too many share them.

    Parameters
    ----------
    headlines : StoredLists
        Words of the headline of each of n articles: numbers times two, as `LiteralKeys.headline` has them.

    Returns
    -------
    ndarray of shape (pairs, 2), int64
        Positions of articles, the smaller first.
    """
    numbers, positions = [np.empty(0, np.uint64)], [np.empty(0, np.int64)]
    for part in slices(n, _ARTICLES):
        articles: Positions = np.arange(part.start, part.stop)
        keys, starts = headlines.take(articles)
        long = long_headlines(starts)
        numbers.append(headline_numbers(keys, starts)[long])
        positions.append(articles[long].astype(np.int64))
    found = pairs_within(np.concatenate(numbers), np.concatenate(positions), n)
    return np.stack(np.divmod(distinct(found), max(n, 1)), axis=1)


def headline_numbers(keys: npt.NDArray[np.uint32], starts: Positions) -> npt.NDArray[np.uint64]:
    """A number for each headline, equal for those of the same words; headline i has the keys from ``starts[i]`` on."""
    words = ((keys >> np.uint32(1)).astype(np.uint64) + np.uint64(1)) * _MIX
    sums = np.append(np.uint64(0), np.cumsum(words ^ (words >> np.uint64(31)), dtype=np.uint64))
    return np.asarray(sums[starts[1:]] - sums[starts[:-1]], np.uint64)


def long_headlines(starts: Positions) -> npt.NDArray[np.bool_]:
    """Headlines that have enough words to tell anything."""
    return np.asarray(np.diff(starts) >= _FEWEST, np.bool_)
