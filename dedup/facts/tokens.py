"""Everything that can start with a digit, as one pattern."""

from __future__ import annotations

import re
from functools import cache

_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_MONTH = r"(?:0?[1-9]|1[0-2])"
_SPACE = r"[\ \u00a0\u202f]?"
_TOKEN = rf"""
  (?P<isbn> 97[89](?:[ -]?\d){{10}} (?!\d) )
| (?P<hash> (?: (?=[0-9a-f]{{7}}) | (?<=[a-f]) ) \d+[a-f][0-9a-f]{{3,}} (?![0-9A-Za-z]) )

| (?P<date>
      [12]\d{{3}}(?P<dash>[-/]){_MONTH}(?P=dash){_DAY} (?!\d)                   # 2025-03-28
    | [12]\d{{3}}(?: \.\ ?\d\d\.\ ?\d\d | \.\ {_MONTH}\.\ {_DAY} ) (?!\d)       # 2025. 3. 28.
    | (?:[12]\d{{3}}\ ?[年년]\ ?)? {_MONTH}\ ?[月월] (?:\ ?{_DAY}\ ?[日号號일])?  # 2025年3月28日
    | {_DAY}(?P<dot>[./-])\ ?{_DAY}(?P=dot)\ ?[12]\d{{3}} (?!\d)                # 28.03.2025
    | {_DAY}/{_DAY}/\d\d (?![/\d])                                              # 28/3/25
    | {_DAY}-[A-Za-z]{{3}}-(?:[12]\d)?\d\d (?!\d)                               # 28-Mar-25
  )
| (?P<noon> (?:0?[1-9]|1[0-2]) (?:[:.][0-5]\d)? {_SPACE} (?: [apAP]\.{_SPACE}[mM]\b | NOON\b ) )
| (?P<time> (?:[01]?\d|2[0-4]) (?: : | {_SPACE}[h時时點点시]{_SPACE} ) [0-5]\d (?![.~+]?\d) )

| (?P<version> (?! \d{{1,3}}(?:\.\d{{3}}){{2,}} (?! [A-Za-z0-9+~] | \.\d ) )  # 1.234.567 is none
    (?: \d+:\d+(?:\.\d+)+                                                      # 1:3.2.1, an epoch in front
      | \d+(?:\.\d+){{2,}}                                                     # 2.7.1
      | \d+\.\d+ (?= [-~+.]?(?:rc|alpha|beta|preview|pre|dev|dfsg|deb|p|r|a|b)\.?\d )
    )
    (?: (?! [-~]\d+\.\d+\.\d ) [-~+.:]?[A-Za-z]*\d[0-9A-Za-z]* )*              # -11+squeeze8, -rc1
  )

| (?P<east_asian> \d[\d,]*(?:\.\d+)?                                           # 1億5000万
    (?: [十百千万萬億亿兆십백천만억조]+ (?![米克瓦]) (?: (?: (?<=[만억조])\  )? \d[\d,]*(?:\.\d+)? )? )+
  )
| (?P<number>
      (?<!\d)\d{{1,3}} (?:[\u00a0\u202f\u2009SPACE]\d{{3}})+ (?!\d) (?:[.,]\d+)?  # 1 234,5
    | \d+(?:[.,'’٫٬]\d+)*
  )
"""


@cache
def token_pattern(decimal: str) -> re.Pattern[str]:
    """The pattern for a language with this decimal mark; the group that matched names the kind of token.

    Where the mark is a comma, a plain space may group thousands, and "5 am" need not be a time (it is German).
    """
    space, noon = (r"\ ", "[pP][mM]") if decimal == "," else ("", "[apAP][mM]")
    return re.compile(_TOKEN.replace("SPACE", space).replace("NOON", noon), re.VERBOSE)
