"""The tokens and merges of a tokenizer file, read into tables.

Of a file of seven megabytes Python's json takes half a second to make strings. Where a file has neither spaces between
its parts nor escapes in its tokens, as `dedup train` writes it, its quotes tell all, and they are found in numpy.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from dedup.garbage import collected_seldom
from dedup.spelling import CODES, Hashes, Ids, Letters, Places, Spelled, code_points

Rule = dict[str, Any]
Tables = tuple["Vocabulary", Spelled]
"""A vocabulary, and the two parts of each merge in turn."""

_VOCABULARY, _MERGES, _END = ('"vocab":{', '},"merges":[', "]]")
_QUOTE = ord('"')
_MOST_DIGITS = 9


class Vocabulary:
    """Tokens and their ids.

    Parameters
    ----------
    tokens : Spelled
        One that is there twice counts by its last id.
    ids : ndarray of shape (len(tokens),)
    """

    def __init__(self, tokens: Spelled, ids: npt.NDArray[Any]) -> None:
        self._ids = np.append(ids, -1).astype(np.int32)
        self._places = Places(tokens.hashes())
        single = np.flatnonzero(tokens.lengths == 1)
        self.letters = np.full(CODES, -1, np.int32)
        """The id of each character that is a token, -1 for the others, by its code point."""
        self.letters[tokens.text[tokens.starts[single]]] = self._ids[single]

    @classmethod
    def of(cls, vocabulary: Mapping[str, int]) -> Vocabulary:
        """That of a dictionary."""
        return cls(Spelled.of(list(vocabulary)), np.array(list(vocabulary.values()), np.int32))

    def find(self, hashes: Hashes) -> npt.NDArray[np.int32]:
        """Ids of words given by their numbers, -1 for those that are no tokens."""
        return self._ids[self._places.find(hashes)]


def read_rule(content: bytes) -> tuple[Rule, Tables | None]:
    """What a tokenizer file says; its vocabulary and merges apart from that where they could be read at once.

    Raises
    ------
    ValueError
        If it is no JSON.
    """
    text = content.decode()
    compact = _read_compact(text)
    if compact is not None:
        return compact
    with collected_seldom():
        return json.loads(text), None


def make_tables(model: Rule) -> Tables:
    """The vocabulary and merges of a model as tokenizer files hold it."""
    return Vocabulary.of(model["vocab"]), Spelled.of(list(chain.from_iterable(model["merges"])))


def _read_compact(text: str) -> tuple[Rule, Tables] | None:
    """The same of a file without spaces and escapes; None where this is not one, or may not be."""
    begin = text.find(_VOCABULARY) + len(_VOCABULARY)
    middle = text.find(_MERGES, begin)
    end = text.find(_END, middle) + 1
    if begin < len(_VOCABULARY) or middle < 0 or end < 1 or text.find("\\", begin, end) >= 0:
        return None
    tokens = _parse_tokens(code_points(text[begin:middle]))
    merges = _parse_merges(code_points(text[middle + len(_MERGES) : end]))
    if tokens is None or merges is None:
        return None
    rule: Rule = json.loads(text[:begin] + text[middle : middle + len(_MERGES)] + text[end:])
    model = rule.get("model") or {}
    if model.get("vocab") != {} or model.get("merges") != []:  # what was read is of something else
        return None
    return rule, (Vocabulary(*tokens), merges)


def _parse_tokens(codes: Letters) -> tuple[Spelled, Ids] | None:
    """Tokens and ids of ``"a":0,"b":1``."""
    quoted = _Quoted(codes)
    if not quoted.complete or quoted.opens[0] != 0 or quoted.closes[-1] + 2 >= len(codes):
        return None
    numbers = quoted.closes + 2
    ends = np.append(quoted.opens[1:] - 1, len(codes))
    digits = ends - numbers
    marked = (codes[numbers - 1] == ord(":")).all() and (codes[ends[:-1]] == ord(",")).all()
    if not marked or digits.min() < 1 or digits.max() > _MOST_DIGITS:
        return None
    ids = np.zeros(len(numbers), np.intp)
    for place in range(digits.max()):
        more = np.flatnonzero(digits > place)
        digit = codes[numbers[more] + place].astype(np.intp) - ord("0")
        if digit.min() < 0 or digit.max() > 9:
            return None
        ids[more] = 10 * ids[more] + digit
    return quoted.spelled(), ids


def _parse_merges(codes: Letters) -> Spelled | None:
    """The parts of ``["a","b"],["ab","c"]``, one after another."""
    quoted = _Quoted(codes)
    opens, closes = quoted.opens, quoted.closes
    if not quoted.complete or len(opens) % 2 or opens[0] != 1 or closes[-1] != len(codes) - 2:
        return None
    within = opens[1::2] - closes[::2] == 2
    between = opens[2::2] - closes[1:-1:2] == 4
    if not (within.all() and between.all() and (codes[closes[::2] + 1] == ord(",")).all()):
        return None
    gaps = codes[closes[1:-1:2][:, None] + [1, 2, 3]]
    if codes[0] != ord("[") or codes[-1] != ord("]") or (gaps != [ord(mark) for mark in "],["]).any():
        return None
    return quoted.spelled()


class _Quoted:
    """Strings without escapes in a JSON text: where their quotes are."""

    def __init__(self, codes: Letters) -> None:
        self._codes = codes
        quotes = np.flatnonzero(codes == _QUOTE)
        self.complete = len(quotes) > 0 and len(quotes) % 2 == 0
        self.opens, self.closes = quotes[::2], quotes[1::2]

    def spelled(self) -> Spelled:
        """The strings."""
        return Spelled(self._codes, self.opens + 1, self.closes)
