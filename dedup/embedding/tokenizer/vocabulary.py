"""Tokens and merges of a tokenizer file, read into tables.

A file with neither spaces between its parts nor escapes in its tokens, as `dedup train` writes it, is read without
making strings (`dedup.language.fast_json`).
"""

from __future__ import annotations

from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from dedup.language.fast_json import parse_numbers, parse_pairs
from dedup.language.json_text import parse_json
from dedup.language.word_hash import CODES, HashedWords, Hashes, HashTable, Letters, code_points
from dedup.runtime.process import collected_seldom

Rule = dict[str, Any]

Tables = tuple["Vocabulary", HashedWords]
"""Vocabulary, and the left and right part of each merge in turn."""

_VOCABULARY, _MERGES, _END = ('"vocab":{', '},"merges":[', "]]")


class Vocabulary:
    """Tokens and their ids.

    Parameters
    ----------
    places : HashTable
        Hash table from the hash of each token to its id.
    characters : ndarray of shape (k,), uint32
        Tokens that are a single character.
    ids : ndarray of shape (k,), int32
        Ids of `characters`.
    """

    def __init__(self, places: HashTable, characters: Letters, ids: npt.NDArray[np.int32]) -> None:
        self.places, self.characters = places, characters
        self.letters = np.full(CODES, -1, np.int32)
        """Token id of each code point, -1 where the character is no token: ndarray of shape (CODES,), int32."""
        self.letters[characters] = ids

    @classmethod
    def of(cls, tokens: HashedWords, ids: npt.NDArray[Any]) -> Vocabulary:
        """Build a vocabulary from tokens in any order; the last id of a repeated token counts."""
        ids = ids.astype(np.int32)
        single = np.flatnonzero(tokens.lengths == 1)
        return cls(HashTable.of(tokens.hashes(), ids), tokens.text[tokens.starts[single]], ids[single])

    def find(self, hashes: Hashes) -> npt.NDArray[np.int32]:
        """Ids of words, given by their hashes; -1 for words that are no tokens."""
        return self.places.find(hashes)


def read_rule(content: bytes) -> tuple[Rule, Tables | None]:
    """Read a tokenizer file; returns vocabulary and merges apart where `fast_json` can read them.

    Raises
    ------
    ValueError
        If the file is not JSON.
    """
    text = content.decode()
    compact = _read_compact(text)
    if compact is not None:
        return compact
    with collected_seldom():
        return parse_json(text), None


def make_tables(model: Rule) -> Tables:
    """Build the vocabulary and merges from the model section of a tokenizer file."""
    ids = np.array(list(model["vocab"].values()), np.int32)
    merges = HashedWords.of(list(chain.from_iterable(model["merges"])))
    return Vocabulary.of(HashedWords.of(list(model["vocab"])), ids), merges


def _read_compact(text: str) -> tuple[Rule, Tables] | None:
    """Build vocabulary and merges from a file without spaces and escapes; None where it may have some."""
    begin = text.find(_VOCABULARY) + len(_VOCABULARY)
    middle = text.find(_MERGES, begin)
    end = text.find(_END, middle) + 1
    if begin < len(_VOCABULARY) or middle < 0 or end < 1 or text.find("\\", begin, end) >= 0:
        return None
    tokens = parse_numbers(code_points(text[begin:middle]))
    merges = parse_pairs(code_points(text[middle + len(_MERGES) : end]))
    if tokens is None or merges is None:
        return None
    rule: Rule = parse_json(text[:begin] + text[middle : middle + len(_MERGES)] + text[end:])
    model = rule.get("model") or {}
    if model.get("vocab") != {} or model.get("merges") != []:  # the parts read belong to something else
        return None
    return rule, (Vocabulary.of(*tokens), merges)
