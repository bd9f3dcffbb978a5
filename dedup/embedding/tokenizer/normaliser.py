"""Normalising and splitting of texts into words by tables, one entry a character.

The tokenizer's own normaliser and splitter are asked once for each character; after that texts are normalised and cut
by table look-up, which takes a tenth of the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from dedup.arrays import distinct
from dedup.language.word_hash import CODES, HashedWords, Ids, code_points

if TYPE_CHECKING:
    from tokenizers.normalizers import Normalizer
    from tokenizers.pre_tokenizers import PreTokenizer

_SURROGATES = range(0xD800, 0xE000)

_UNSEEN, _SEPARATOR, _LETTER, _DIGIT, _REPLACED = range(5)

_LINK = "\u4e00"  # letter without a small form, put between characters that are asked for together


class Normaliser:
    """Tables of a normaliser and a splitter that look at one character at a time.

    Parameters
    ----------
    normaliser : Normalizer
        Replaces characters, each by any number of others.
    splitter : PreTokenizer
        Keeps runs of letters, as it defines them, and runs of digits; drops everything else.
    """

    def __init__(self, normaliser: Normalizer, splitter: PreTokenizer) -> None:
        self._normaliser, self._splitter = normaliser, splitter
        self._kind = np.zeros(CODES, np.uint8)
        self._becomes = np.zeros(CODES, np.uint32)
        # Characters that become none, or several; broken surrogates become none, as U+FFFD does.
        self._replacements = dict.fromkeys(_SURROGATES, "")
        self._kind[_SURROGATES] = _REPLACED
        self._kind[ord(_LINK)], self._becomes[ord(_LINK)] = _LETTER, ord(_LINK)

    def words(self, texts: Sequence[str]) -> tuple[HashedWords, Ids]:
        """Words of the texts, concatenated, and the number of each text."""
        codes = code_points("\n".join([*texts, ""]))
        kind = self._kind[codes]
        unseen = kind == _UNSEEN
        if unseen.any():
            self._extend_tables(distinct(codes[unseen]).tolist())
            kind = self._kind[codes]
        ends = np.cumsum(np.fromiter(map(len, texts), np.intp, len(texts)) + 1)
        replaced = np.flatnonzero(kind == _REPLACED)
        if len(replaced):
            texts = list(texts)
            for number in distinct(np.searchsorted(ends, replaced, "right")).tolist():
                texts[number] = texts[number].translate(self._replacements)
            return self.words(texts)  # replacements are not replaced again
        inside = kind != _SEPARATOR
        begins, ends_here = inside.copy(), inside.copy()
        other = kind[1:] != kind[:-1]
        begins[1:] &= other
        ends_here[:-1] &= other
        starts = np.flatnonzero(begins)
        counts = np.diff(np.searchsorted(starts, ends), prepend=0)
        return HashedWords(self._becomes[codes], starts, np.flatnonzero(ends_here) + 1), counts

    def _extend_tables(self, codes: list[int]) -> None:
        """Extend the tables by characters met for the first time."""
        characters = [chr(code) for code in codes]
        becomes = self._normaliser.normalize_str(_LINK.join(characters)).split(_LINK)
        single = [(code, ord(new)) for code, new in zip(codes, becomes, strict=True) if len(new) == 1]
        for character, many in zip(characters, becomes, strict=True):
            if len(many) != 1:
                self._kind[ord(character)] = _REPLACED
                self._replacements[ord(character)] = many
        shown = _LINK + "".join(chr(new) + _LINK for _, new in single)
        kinds = np.full(len(shown), _SEPARATOR, np.uint8)
        for _, (start, end) in self._splitter.pre_tokenize_str(shown):
            kinds[start:end] = _DIGIT if start % 2 else _LETTER  # a letter continues the word of the link before it
        old, new = np.array(single, np.intp).reshape(-1, 2).T
        self._kind[old] = kinds[1::2]
        self._becomes[old] = np.where(kinds[1::2] == _SEPARATOR, ord(" "), new)
