"""Texts → token ids, each stretch between two spaces cut once however often it stands in an archive.

Cutting dominates a static model's work, and most of what it cuts it has cut before. The ids are those the tokenizer
gives for the whole text, since one that splits at spaces never looks across them. (Control characters that Python
counts as spaces, as form feeds, part words here; a tokenizer may drop them.)
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_Ids = npt.NDArray[np.intp]

_MOST = 1 << 24  # characters held, counting each stretch as _OVERHEAD more: about 50 MB
_OVERHEAD = 50
_AT_SPACES = ("BertPreTokenizer", "Whitespace", "WhitespaceSplit")


class TokenIds:
    """A tokenizer that remembers; what it remembers never changes an answer.

    Parameters
    ----------
    tokenizer : Tokenizer
        Without padding and truncation.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._parted = _splits_at_spaces(tokenizer)
        self._known = _Known()

    def of(self, texts: Sequence[str]) -> tuple[_Ids, _Ids]:
        """Ids of the texts one after another, and how many each has: ndarrays of shape (tokens,) and (len(texts),)."""
        if not self._parted:
            return _joined(self._cut(list(texts)))
        stretches = [text.split() for text in texts]
        counts = np.array([len(of_text) for of_text in stretches], np.intp)
        known = self._known
        numbers = np.fromiter(map(known.numbers.__getitem__, chain.from_iterable(stretches)), np.intp, counts.sum())
        if fresh := known.numbers.take_fresh():
            known.learn(fresh, *_joined(self._cut(fresh)))
        if known.held > _MOST:
            self._known = _Known()
        lengths = known.lengths[numbers]
        ends = np.append(0, np.cumsum(lengths))
        ids = known.ids[np.arange(ends[-1]) + np.repeat(known.starts[numbers] - ends[:-1], lengths)]
        return ids, np.diff(ends[np.append(0, np.cumsum(counts))])

    def _cut(self, texts: list[str]) -> list[list[int]]:
        return [encoding.ids for encoding in self._tokenizer.encode_batch_fast(texts, add_special_tokens=False)]


class _Known:
    """Stretches met so far: stretch number i has the ids ``ids[starts[i]:][:lengths[i]]``."""

    def __init__(self) -> None:
        self.numbers = _Numbers()
        self.ids, self.starts, self.lengths = (np.empty(0, np.intp) for _ in range(3))
        self.held = 0

    def learn(self, fresh: list[str], ids: _Ids, lengths: _Ids) -> None:
        """Enter the stretches that have just been numbered, in their order."""
        self.starts = np.append(self.starts, len(self.ids) + np.cumsum(lengths) - lengths)
        self.lengths = np.append(self.lengths, lengths)
        self.ids = np.append(self.ids, ids)
        self.held += sum(map(len, fresh)) + _OVERHEAD * len(fresh)


class _Numbers(dict[str, int]):
    """Stretches numbered in the order they are met."""

    def __init__(self) -> None:
        super().__init__()
        self._fresh: list[str] = []

    def __missing__(self, stretch: str) -> int:
        number = self[stretch] = len(self)
        self._fresh.append(stretch)
        return number

    def take_fresh(self) -> list[str]:
        """Those met since this was last asked."""
        fresh, self._fresh = self._fresh, []
        return fresh


def _joined(rows: list[list[int]]) -> tuple[_Ids, _Ids]:
    lengths = np.array([len(row) for row in rows], np.intp)
    return np.fromiter(chain.from_iterable(rows), np.intp, lengths.sum()), lengths


def _splits_at_spaces(tokenizer: Tokenizer) -> bool:
    """Whether spaces part tokens and leave no trace; what cannot be told counts as no."""
    if tokenizer.pre_tokenizer is None:
        return False
    rule: dict[str, Any] = json.loads(tokenizer.pre_tokenizer.__getstate__())
    if rule.get("type") == "Split":  # the inverted pattern says what is kept
        kept = rule["pattern"].get("Regex", "")
        return bool(rule["invert"]) and rule["behavior"] == "Removed" and r"[^\s" in kept
    return rule.get("type") in _AT_SPACES
