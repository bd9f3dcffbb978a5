"""Parser in numpy of JSON without spaces and escapes: names with numbers, and pairs of strings.

Python's json takes half a second to make objects of hundreds of thousands of strings. In a text without backslashes the
quotes alone show where each string begins and ends.
"""

from __future__ import annotations

import numpy as np

from dedup.language.word_hash import HashedWords, Ids, Letters

_QUOTE = ord('"')

_MOST_DIGITS = 9


def parse_numbers(codes: Letters) -> tuple[HashedWords, Ids] | None:
    """Parse ``"a":0,"b":12`` into names and numbers; None for anything else, such as ten digits."""
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
    return quoted.words(), ids


def parse_pairs(codes: Letters) -> HashedWords | None:
    """Parse ``["a","b"],["ab","c"]`` into its strings, in order; None for anything else."""
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
    return quoted.words()


class _Quoted:
    """Places of the quotes of strings without escapes in a JSON text."""

    def __init__(self, codes: Letters) -> None:
        self._codes = codes
        quotes = np.flatnonzero(codes == _QUOTE)
        self.complete = len(quotes) > 0 and len(quotes) % 2 == 0
        self.opens, self.closes = quotes[::2], quotes[1::2]

    def words(self) -> HashedWords:
        """Strings between the quotes."""
        return HashedWords(self._codes, self.opens + 1, self.closes)
