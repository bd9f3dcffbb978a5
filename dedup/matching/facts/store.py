"""The facts of many texts, out of memory: read once, looked at block by block."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from dedup.matching.facts.bounds import FactKeys, StoredKeys, keys_of
from dedup.matching.facts.compare import FactSets
from dedup.matching.facts.extract import Facts
from dedup.runtime.row_files import ListFile, RowFile, RowWriter, StoredLists

_BETWEEN, _BEHIND = "\x1f", "\x1e"  # facts, and kinds of facts; no fact has either in it

_KEPT = 1 << 13  # bytes of facts, which take some ten times as many ready for comparing

Lists = tuple[npt.NDArray[np.generic], npt.NDArray[np.intp]]
"""The rows of lists, one list behind the other, and the lengths of the lists."""


@dataclass(frozen=True, slots=True)
class StoredFacts:
    """The facts of n texts, and the keys that bound how far they agree.

    full : lists of uint8, a text's facts as `pack_facts` writes them
    keys : lists of the keys by which those facts are found
    """

    full: StoredLists
    keys: StoredKeys

    def take(self, texts: npt.NDArray[np.intp]) -> list[Facts]:
        """The facts of some texts, in the order of `texts`."""
        return [_unpacked(packed) for packed in self._packed(texts)]

    def fact_sets(self, texts: npt.NDArray[np.intp]) -> list[FactSets]:
        """Facts in the form that comparing asks for."""
        return [
            _fact_sets(packed) if len(packed) <= _KEPT else FactSets.of(_unpacked(packed))
            for packed in self._packed(texts)
        ]

    def _packed(self, texts: npt.NDArray[np.intp]) -> Iterator[bytes]:
        rows, starts = self.full.take(texts)
        packed = rows.tobytes()
        return (packed[begin:end] for begin, end in itertools.pairwise(starts.tolist()))


class FactFile:
    """Files that the facts of texts are appended to; `row_writer` makes one, by default on disk."""

    def __init__(self, row_writer: Callable[[str], RowWriter] = RowFile) -> None:
        self._files = (ListFile("u1", row_writer), *(ListFile("u4", row_writer) for _ in fields(FactKeys)))

    @property
    def rows(self) -> list[RowWriter]:
        """Files for the rows of the lists that `pack_facts` gives."""
        return [row_writer.rows for row_writer in self._files]

    def enter(self, lengths: Sequence[npt.NDArray[np.intp]]) -> None:
        """Note the lengths of lists whose rows have been put there."""
        for row_writer, of_list in zip(self._files, lengths, strict=True):
            row_writer.enter(of_list)

    def append(self, packed: Sequence[Lists]) -> None:
        """Write the facts of a batch of texts, as `pack_facts` gives them, behind those that are there."""
        for row_writer, lists in zip(self._files, packed, strict=True):
            row_writer.append(*lists)

    def stored(self) -> StoredFacts:
        """Facts written so far."""
        full, *keys = (row_writer.stored() for row_writer in self._files)
        return StoredFacts(full, StoredKeys(*keys))


def pack_facts(texts: Sequence[Facts]) -> tuple[Lists, ...]:
    """The facts of a batch of texts as lists of numbers: in full, and of each field of `FactKeys`."""
    packed = [_packed(facts) for facts in texts]
    keys = [keys_of(facts) for facts in texts]
    full = np.frombuffer(b"".join(packed), np.uint8), np.array([len(part) for part in packed], np.intp)
    return full, *(_lists([getattr(of_text, field.name) for of_text in keys]) for field in fields(FactKeys))


def _lists(keys: Sequence[list[int]]) -> Lists:
    flat = np.array([key for of_text in keys for key in of_text], np.uint32)
    return flat, np.array([len(of_text) for of_text in keys], np.intp)


def _packed(facts: Facts) -> bytes:
    kinds = (_BETWEEN.join(getattr(facts, field.name)) for field in fields(Facts))
    return _BEHIND.join(kinds).encode("utf-8", "surrogatepass")


@lru_cache(maxsize=1 << 10)
def _fact_sets(packed: bytes) -> FactSets:
    """Kept, since an article with many like it is compared in several blocks, and described once more."""
    return FactSets.of(_unpacked(packed))


def _unpacked(packed: bytes) -> Facts:
    kinds = packed.decode("utf-8", "surrogatepass").split(_BEHIND)
    return Facts(*(tuple(kind.split(_BETWEEN)) if kind else () for kind in kinds))
