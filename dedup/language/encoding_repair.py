"""Repair of texts that another program has spoilt: entities escaped twice, UTF-8 read as another encoding."""

from __future__ import annotations

import html
import re
from functools import cache

_ENTITY = re.compile(r"&(?:amp;)*(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,24});")
_LOST = re.compile(r"(?<![\w&;#])(?:quot|amp|lt|gt|apos|nbsp|#39|#34|#8217|#8220|#8221|#8211);")
_TIMES = 6  # most times that a text may have been escaped
_BLOCK = re.compile(r"</?(?:p|br|div|li|ul|ol|h[1-6]|tr|table|blockquote)\b[^<>]{0,300}>", re.IGNORECASE)
_INLINE = re.compile(r"</?(?:a|b|i|u|em|strong|span|img|small|sup|sub|font|td|th)\b[^<>]{0,500}>", re.IGNORECASE)

# Characters of more than one byte as they look in the encodings of Windows.
_SUSPECT = re.compile(
    "[ÂÃÄÅÎÏÐÑ×ØÙ][\u0080-\u00bf\u0152-\u0192\u02c6\u02dc\u2013-\u2122]"
    "|[à-ï][\u0080-\u00bf\u0152-\u0192\u02c6\u02dc\u2013-\u2122]{2}"
    "|(?:[РС][\u0080-\u00bf\u0402-\u040f\u0452-\u045f\u0490\u0491\u2013-\u2122]){3}"
)
LEADS = "ÂÃÄÅÎÏÐÑ×ØÙâРСàáâãäåæçèéêëìíîï"
"""Letters that a spoilt character may begin with."""
ODD = "".join(map(chr, (*range(0x80, 0xA0), *range(0xA1, 0xAB), *range(0xAC, 0xBB), *range(0xBC, 0xC0)))) + "€ƒ†‡ˆ‰•˜™ѕ"
"""Signs of which any spoilt text of some length has at least one, and most other texts none."""
_MULTIBYTE = 2  # spoilt characters that are too many for chance
_SHARE = 0.6  # share of the characters beyond ASCII that must be spoilt before some are mended
_COMMON = re.compile("[ÂÃâ]")  # beginnings of spoilt characters in texts of Western Europe
_FEWEST_PIECES = 6  # spoilt characters that are too many for chance in any other text


def unescape(text: str) -> str:
    """Text without HTML entities, however often it was escaped, and without the tags that come to light."""
    read = text
    for _ in range(_TIMES):
        again = _ENTITY.sub(lambda entity: html.unescape(entity.group()), read)
        if again == read:
            break
        read = again
    if read != text and any(opened in text.lower() for opened in ("lt;", "#60;", "#x3c;")):
        read = _INLINE.sub("", _BLOCK.sub("\n", read))
    return read.replace("\xa0", " ") if read != text else text


def with_lost_ampersands(text: str) -> str:
    """Text in which entities that lost their first sign, as in "quot;two calls", are the characters they stand for."""
    return _LOST.sub(lambda entity: html.unescape(f"&{entity.group()}"), text)


def repair_encoding(text: str) -> str:
    """A text whose UTF-8 was read as Windows-1252 or Windows-1251, as it was meant; any other as it is."""
    if not _SUSPECT.search(text):
        return text
    return "\n".join(_repair_line(line) if _SUSPECT.search(line) else line for line in text.split("\n"))


def _repair_line(line: str) -> str:
    for encoding in ("cp1252", "cp1251"):
        meant = _reread(line, encoding)
        if meant and _beyond_ascii(line) - _beyond_ascii(meant) >= _MULTIBYTE:
            return meant
    return _repair_pieces(line)


def _reread(text: str, encoding: str) -> str:
    """Text whose UTF-8 was read in an encoding; empty if that cannot have been."""
    try:
        return text.translate(_bytes_of(encoding)).encode("latin-1").decode("utf-8")
    except UnicodeError:
        return ""


def _repair_pieces(line: str) -> str:
    """A line in which some bytes were lost, mended where it can be, if most of what is not ASCII is of this kind."""
    pattern = _pieces()
    pieces = pattern.findall(line)
    fewest = _MULTIBYTE if all(map(_COMMON.match, pieces)) else _FEWEST_PIECES
    if len(pieces) < fewest or sum(map(len, pieces)) < _SHARE * _beyond_ascii(line):
        return line
    return pattern.sub(lambda piece: _reread(piece.group(), "cp1252") or piece.group(), line)


def _beyond_ascii(text: str) -> int:
    return sum(not character.isascii() for character in text)


@cache
def _bytes_of(encoding: str) -> dict[int, int]:
    """Code points of an encoding's upper half, to the bytes they stand for; bytes without a meaning stay themselves.

    A letter of Latin-1 that the encoding has elsewhere or not at all becomes one that no encoding of bytes knows.
    """
    table = dict.fromkeys(range(0x80, 0x100), 0xFFFF)
    for byte in range(0x80, 0x100):
        table[ord(bytes([byte]).decode(encoding, "ignore") or chr(byte))] = byte
    return table


@cache
def _pieces() -> re.Pattern[str]:
    """Characters of two or three bytes as Windows-1252 shows them."""
    shown = {byte: bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in range(0x80, 0x100)}
    behind = "[" + "".join(map(re.escape, (shown[byte] for byte in range(0x80, 0xC0)))) + "]"
    two, three = ("[" + "".join(shown[byte] for byte in span) + "]" for span in (range(0xC3, 0xE0), range(0xE0, 0xF0)))
    return re.compile(f"{two}{behind}|{three}{behind}{behind}|Â[\xa0-\xbf]")
