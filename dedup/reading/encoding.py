"""Bytes to text: byte order mark, then UTF-8, then what the file declares, then charset-normalizer.

No byte is ever dropped or replaced: what cannot be decoded as a whole is refused with a reason.
"""

from __future__ import annotations

import codecs
import gzip
import io
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterator
from typing import TypeAlias

from dedup.errors import ReadError

Stream: TypeAlias = io.BufferedReader | gzip.GzipFile
"""Bytes one can peek at; of a truncated gzip file all lines but the last still come."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins like the mark of UTF-16, so it comes first
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

_DECLARED = re.compile(
    rb"""<(?:meta\b[^>]{0,500}\bcharset|\?xml\b[^>]{0,500}\bencoding)\s*=\s*["']?\s*([\w.:-]{2,40})""", re.IGNORECASE
)

_HEAD = 4096

_SAMPLE = 1 << 14

_CHUNK = 1 << 20

_CONTROLS = bytes([*range(0x09), *range(0x0E, 0x1B), *range(0x1C, 0x20), 0x7F])

# What charset-normalizer chooses from, the more common before the less common.
_LEGACY = (
    "cp1252",
    "cp1251",
    "cp932",
    "gb18030",
    "big5",
    "cp949",
    "cp1250",
    "cp1256",
    "cp1253",
    "cp1255",
    "cp1254",
    "cp874",
    "cp1257",
    "euc_jp",
    "koi8_r",
    "cp1258",
    "iso8859_2",
)

# What a label means on the web (WHATWG Encoding Standard): a larger set that holds the one named.
_LARGER = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
}

_DECLARABLE = re.compile(
    r"cp125\d|cp874|cp866|cp932|cp949|gb18030|big5.*|euc.jp|iso2022.jp|iso8859-\d+|koi8-[ru]|mac-cyrillic"
)

# Letters beyond ASCII of languages in Latin script: a right decoding stays within one of these alphabets.
_ALPHABETS = tuple(
    frozenset(letters + letters.upper())
    for letters in (
        "àâæçèéêëîïôœùûüÿ",
        "äöüß",
        "áéíñóúü",
        "áâãàçéêíóôõú",
        "àèéìîòù",
        "áéëïóöüè",
        "åäöé",
        "æøåé",
        "çë",
        "âêîôûŵŷ",
        "àçèéíïòóúü",
        "ąćęłńóśźż",
        "áčďéěíňóřšťúůýž",
        "áäčďéíĺľňóôŕšťúýž",
        "áéíóöőúüű",
        "ăâîşţșț",
        "čćđšž",
        "çğıİöşüâî",
        "āčēģīķļņšūž",
        "ąčęėįšųūž",
        "äõöüšž",
        "áðéíóúýþæö",
        "àáâãèéêìíòóôõùúýăđĩũơư",
    )
)


def decode(data: bytes, *declared: str) -> str:
    """Text of the bytes; raises `ReadError` where they are not text."""
    return data.decode(find_encoding(data, *declared))


def find_encoding(data: bytes, *declared: str) -> str:
    """The encoding in which all of the bytes make text, `declared` being what is said of them, the surest first.

    Raises `ReadError` where the bytes are not text or no encoding fits.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            if _decodes(data, encoding):
                return encoding
            raise ReadError(f"marked as {encoding.removesuffix('-sig').upper()} and not valid as such")
    if encoding := _unmarked_wide(data):
        return encoding
    if looks_binary(data):
        raise ReadError("binary file, not text")
    for encoding in _guesses(data, *declared):
        if _decodes(data, encoding):
            return encoding
    raise ReadError("encoding not recognised; convert it to UTF-8")


def declared_encoding(data: bytes) -> str:
    """The encoding named by a page's meta element or an XML declaration, empty where none is."""
    found = _DECLARED.search(data[:_HEAD])
    return found[1].decode("ascii", "replace") if found else ""


def read_all(stream: Stream, max_bytes: int) -> bytes:
    """All the bytes of a stream; raises `ReadError` where they are too many."""
    data = bytearray()
    while chunk := stream.read(_CHUNK):
        data += chunk
        if len(data) > max_bytes:
            raise ReadError(f"too large: more than {max_bytes:,} bytes; raise --max-bytes to read it")
    return bytes(data)


class LostError(Exception):
    """The rest of a file is lost; no `ReadError`, which readers of lines take for the fault of one line."""


class Lines(Iterator[str]):
    """Lines of a stream, decoded one at a time, with their line breaks; memory holds one line.

    `number` counts from 1 and belongs to the last line, and so do its bytes, `raw`; `mark` is the byte order mark of
    UTF-8, if there is one. A line that is too long or cannot be decoded raises `ReadError`, and the next call goes on
    behind it; of a line that is too long `raw` is all only if it was asked for `whole`. More blank lines on end than
    `max_blank` raise `LostError`. `charset` is the encoding that is said of the stream, if any.
    """

    def __init__(
        self, stream: Stream, max_bytes: int, *, max_blank: int, whole: bool = False, charset: str = ""
    ) -> None:
        self.number = 0
        self._charset = charset
        self.raw = b""
        self.mark = codecs.BOM_UTF8 if stream.peek(_HEAD).startswith(codecs.BOM_UTF8) else b""
        self._whole = whole
        self._stream = _byte_lines(stream, max_bytes)
        self._max_bytes = min(max_bytes, sys.maxsize - 1)
        self._max_blank = max_blank
        self._legacy = ""
        self._blank = 0  # lines one after the other

    def __next__(self) -> str:
        line = self.raw = self._stream.readline(self._max_bytes + 1)
        if not line:
            raise StopIteration
        self.number += 1
        self._blank = self._blank + 1 if line in (b"\n", b"\r\n") else 0
        if self._blank > self._max_blank:
            raise LostError(f"nothing in {self._max_blank:,} lines on end; raise --max-barren to read on")
        if len(line) > self._max_bytes:
            self._pass_rest(line)
            raise ReadError(f"line longer than {self._max_bytes:,} bytes; raise --max-bytes to read it")
        try:
            return line.decode()
        except UnicodeDecodeError:
            return self._decode_legacy(line)

    def _pass_rest(self, line: bytes) -> None:
        parts = [line]
        while line and not line.endswith(b"\n"):
            line = self._stream.readline(_SAMPLE)
            if self._whole:
                parts.append(line)
        self.raw = b"".join(parts)

    def _decode_legacy(self, line: bytes) -> str:
        if not self._legacy or not _decodes(line, self._legacy):
            following = self._stream.peek(_HEAD).splitlines(keepends=True)[:-1]
            strange = [other for other in following if not _decodes(other, "utf-8")]
            self._legacy = find_encoding(b"".join([line, *strange]), self._charset)
        try:
            return line.decode(self._legacy)
        except UnicodeDecodeError as fault:
            raise ReadError(f"line that is neither UTF-8 nor {self._legacy.upper()} as the lines behind it") from fault


def _byte_lines(stream: Stream, max_bytes: int) -> Stream:
    """The stream past its mark; where lines do not end in the byte of a line feed it is taken in whole to make them."""
    head = stream.peek(_HEAD)
    if head.startswith(codecs.BOM_UTF8):
        stream.read(len(codecs.BOM_UTF8))
        head = stream.peek(_HEAD)
    wide = any(head.startswith(mark) for mark, _ in _MARKS) or _unmarked_wide(head[: len(head) // 2 * 2])
    if wide or (b"\r" in head and b"\n" not in head):
        text = decode(read_all(stream, max_bytes))
        return io.BufferedReader(io.BytesIO(text.replace("\r\n", "\n").replace("\r", "\n").encode()))
    if looks_binary(head):
        raise ReadError("binary file, not text")
    return stream


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _unmarked_wide(data: bytes) -> str:
    """UTF-16 without its mark, recognised by how much of it is text in either order; empty where it is not."""
    if b"\0" not in data[:_HEAD] or not (looks_binary(data[:_HEAD]) or not _decodes(data, "utf-8")):
        return ""
    share, encoding = max((_text_share(data, name), name) for name in ("utf-16-le", "utf-16-be"))
    return encoding if share > 0.98 else ""


def _text_share(data: bytes, encoding: str) -> float:
    """Share of characters that are assigned, among them a space or a line break, which the wrong order never has."""
    if not _decodes(data, encoding):
        return 0.0
    text = data[:_HEAD].decode(encoding, "ignore")
    strange = sum(unicodedata.category(char) in ("Cc", "Cn", "Co") and not char.isspace() for char in text)
    return 1 - strange / len(text) if " " in text or "\n" in text else 0.0


def looks_binary(data: bytes) -> bool:
    """Whether more than one byte in thirty is a control character other than a space or ESC."""
    head = data[:_SAMPLE]
    return (len(head) - len(head.translate(None, _CONTROLS))) * 30 > len(head)


def _guesses(data: bytes, *declared: str) -> Iterator[str]:
    if b"\x1b$" in data:  # shifts in and out of Japanese, all in bytes that would pass for ASCII
        yield "iso2022_jp"
    yield "utf-8"
    yield from filter(None, map(_known_encoding, declared))
    yield from _plausible_encodings(data)


def _known_encoding(label: str) -> str:
    """Python's name for an encoding a page may declare, empty for anything else (``rot13``, ``unicode_escape``)."""
    try:
        name = codecs.lookup(label).name
    except LookupError:
        return ""
    name = _LARGER.get(name, name)
    return name if _DECLARABLE.fullmatch(name) else ""


def _plausible_encodings(data: bytes) -> list[str]:
    """Legacy encodings in which the bytes look like a language, the most plausible first.

    charset-normalizer's own first choice is right for 80 % of news articles in 34 languages and their usual legacy
    encodings, since it does not weigh how common an encoding is (cp1250 for Spanish). Its measures of disorder and of
    typical letters, the alphabets above and the order of `_LEGACY` together are right for 99.6 %.
    """
    from charset_normalizer import from_bytes

    sample = data[:_SAMPLE]
    if len(data) > _SAMPLE:
        sample = sample[: sample.rfind(b"\n") + 1] or data  # a cut anywhere else may go through a character
    ratings = [
        (match.chaos - 0.1 * match.coherence - 0.5 * _spelling(str(match)) + 0.001 * _LEGACY.index(name), name)
        for match in from_bytes(sample, cp_isolation=list(_LEGACY), threshold=0.4)
        for name in match.could_be_from_charset
        if name in _LEGACY
    ]
    return [name for _, name in sorted(ratings)]


def _spelling(text: str) -> float:
    """Share of the Latin letters beyond ASCII that belong to one alphabet, the best one; 1 where there are none."""
    letters = Counter(char for char in text if "\x7f" < char < "\u0370" and char.isalpha())
    if not letters:
        return 1.0
    return max(sum(letters[char] for char in alphabet) for alphabet in _ALPHABETS) / letters.total()
