"""Candidates for texts that the model cannot read: articles that state the same rare facts.

In a language that the model was not trained on, words say nothing, but numbers and names still do: "Vilnius", 1,736
and CVE-2024-1234 look much the same in Icelandic, Sakha and Yoruba. Each such text is held against all articles by the
facts of both, weighted by how few articles state them (tf-idf cosine; Salton & Buckley 1988).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from dedup.matching.facts import Facts
from dedup.matching.facts.phonetic_key import phonetic_key

_MAX_PARTNERS = 20

_MIN_COSINE = 0.05

_BLOCK = 256

_COMMON = 0.1  # share of the articles beyond which a fact tells nothing; in a small scan 50 articles

Keys = npt.NDArray[np.uint64]


def fact_keys(facts: Facts) -> Keys:
    """Keys of a text's facts, equal across languages and scripts: ndarray of shape (k,), sorted."""
    stated = (*facts.numbers, *facts.dates, *facts.versions, *facts.identifiers)
    named = (*map(phonetic_key, facts.names), *facts.hints)
    keys = {_key(fact) for fact in stated if len(fact) > 1} | {_key("@" + name) for name in named if len(name) > 1}
    return np.array(sorted(keys), np.uint64)


def pairs_by_facts(keys: Sequence[Keys], asking: npt.NDArray[np.intp]) -> npt.NDArray[np.int64]:
    """For each of the articles `asking` the 20 whose facts are most like its own.

    Parameters
    ----------
    keys : sequence of ndarray, length n
        `fact_keys` of all articles.
    asking : ndarray of shape (q,), intp
        Positions of the articles that look for partners.

    Returns
    -------
    ndarray of shape (pairs, 2), int64
        An article that asks and one it found.
    """
    from scipy.sparse import csr_matrix

    n = len(keys)
    article = np.repeat(np.arange(n), [len(of_article) for of_article in keys])
    facts, column = np.unique(np.concatenate([*keys, np.empty(0, np.uint64)]), return_inverse=True)
    stated_by = np.bincount(column, minlength=len(facts))
    telling = (stated_by > 1) & (stated_by < n) & (stated_by <= max(50, _COMMON * n))
    kept = telling[column]
    article, column = article[kept], column[kept]
    weight = np.log(n / stated_by[column])
    length = np.sqrt(np.bincount(article, weight**2, minlength=n))
    matrix = csr_matrix((weight / length[article], (article, column)), shape=(n, max(len(facts), 1)))
    found = [np.empty((0, 2), np.int64)]
    for start in range(0, len(asking), _BLOCK):
        block = asking[start : start + _BLOCK]
        found.append(_best(block, (matrix[block] @ matrix.T).tocoo()))
    return np.concatenate(found)


def _best(asking: npt.NDArray[np.intp], product: object) -> npt.NDArray[np.int64]:
    """The largest entries of each row of a sparse product, its own article left out; ties by position."""
    row, column, value = product.row, product.col, product.data  # type: ignore[attr-defined]
    kept = (value >= _MIN_COSINE) & (asking[row] != column)
    row, column, value = row[kept], column[kept], value[kept]
    order = np.lexsort((column, -value, row))
    row, column = row[order], column[order]
    place = np.arange(len(row)) - np.searchsorted(row, row)
    return np.asarray(np.stack([asking[row], column], axis=1)[place < _MAX_PARTNERS], np.int64)


@lru_cache(maxsize=1 << 17)
def _key(fact: str) -> int:
    return int.from_bytes(hashlib.blake2b(fact.encode(), digest_size=8).digest(), "big")
