"""Candidates for texts that the model cannot read: articles that state the same rare facts.

In a language that the model was not trained on, words say nothing, but numbers and names still do: "Vilnius", 1,736
and CVE-2024-1234 look much the same in Icelandic, Sakha and Yoruba. Each such text is held against all articles by the
facts of both, weighted by how few articles state them (tf-idf cosine; Salton & Buckley 1988).
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from dedup.arrays import Counts, Positions, distinct, rows_of, slices
from dedup.language.word_hash import HashTable
from dedup.matching.facts import Facts
from dedup.matching.facts.phonetic_key import phonetic_key

_MAX_PARTNERS = 20

_MIN_COSINE = 0.05

_COMMON = 0.1  # share of the articles beyond which a fact tells nothing; in a small scan 50 articles

_PRODUCTS = 1 << 24  # of two articles, that are in memory together
_CHUNK = 1 << 18  # keys that are looked up at a time

Keys = npt.NDArray[np.uint64]
Numbers = npt.NDArray[np.int32]
Weights = npt.NDArray[np.float64]


def fact_keys(facts: Facts) -> Keys:
    """Keys of a text's facts, equal across languages and scripts: ndarray of shape (k,), sorted."""
    stated = (*facts.numbers, *facts.dates, *facts.versions, *facts.identifiers)
    named = (*map(phonetic_key, facts.names), *facts.hints)
    keys = {_key(fact) for fact in stated if len(fact) > 1} | {_key("@" + name) for name in named if len(name) > 1}
    return np.array(sorted(keys), np.uint64)


def pairs_by_facts(keys: Keys, counts: Counts, asking: Positions) -> npt.NDArray[np.int64]:
    """For each of the articles `asking` the 20 whose facts are most like its own.

    Parameters
    ----------
    keys : ndarray of shape (k,), uint64
        `fact_keys` of all articles, one after the other.
    counts : ndarray of shape (n,), intp
        Number of keys of each article.
    asking : ndarray of shape (q,), intp
        Positions of the articles that look for partners.

    Returns
    -------
    ndarray of shape (pairs, 2), int64
        An article that asks and one it found.
    """
    n = len(counts)
    column = _columns(keys)
    stated_by = np.bincount(column)
    telling = ((stated_by > 1) & (stated_by < n) & (stated_by <= max(50, _COMMON * n)))[column]
    row, column = np.repeat(np.arange(n, dtype=np.int32), counts)[telling], column[telling]
    weight = np.log(n / np.maximum(stated_by, 1))[column]
    weight /= np.sqrt(np.bincount(row, weight**2, minlength=n))[row]
    parts = (asking[part] for part in slices(len(asking), max(1, _PRODUCTS // max(n, 1))))
    pairs = [_best(part, _products(row, column, weight, part, n)) for part in parts]
    return np.concatenate([np.empty((0, 2), np.int64), *pairs])


def _columns(keys: Keys) -> npt.NDArray[np.int32]:
    """Number of each key among the distinct ones."""
    facts = distinct(keys)
    table = HashTable.of(facts, np.arange(len(facts), dtype=np.int32))
    found = [table.find(keys[part]) for part in slices(len(keys), _CHUNK)]
    return np.concatenate([np.empty(0, np.int32), *found])


def _products(row: Numbers, column: Numbers, weight: Weights, asking: Positions, n: int) -> Weights:
    """Products of some rows of a sparse matrix, whose entries are by row and column, with all n of its rows."""
    own, _, of_each = rows_of(np.searchsorted(row, np.arange(n + 1)), asking)
    asked = np.zeros(int(column.max(initial=-1)) + 1, np.bool_)
    asked[column[own]] = True
    entries = np.flatnonzero(asked[column])
    entries = entries[np.argsort(column[entries], kind="stable")]
    ends = np.append(0, np.cumsum(np.bincount(column[entries], minlength=len(asked))))
    at, _, lengths = rows_of(ends, column[own].astype(np.intp))
    cells = np.repeat(np.repeat(np.arange(len(asking)) * n, of_each), lengths) + row[entries[at]]
    factors = np.repeat(weight[own], lengths) * weight[entries[at]]
    products: Weights = np.bincount(cells, factors, minlength=len(asking) * n).astype(np.float64, copy=False)
    return products.reshape(len(asking), n)


def _best(asking: Positions, products: Weights) -> npt.NDArray[np.int64]:
    """Pairs of each article that asks and those of its largest products, its own left out; ties by position."""
    at, column = np.nonzero(products >= _MIN_COSINE)
    other = asking[at] != column
    at, column = at[other], column[other]
    order = np.lexsort((column, -products[at, column], at))
    at, column = at[order], column[order]
    place = np.arange(len(at)) - np.searchsorted(at, at)
    return np.asarray(np.stack([asking[at], column], axis=1)[place < _MAX_PARTNERS], np.int64)


@lru_cache(maxsize=1 << 17)
def _key(fact: str) -> int:
    return int.from_bytes(hashlib.blake2b(fact.encode(), digest_size=8).digest(), "big")
