"""Texts as a reader reads them: differences that only a program sees are removed.

Two copies of an article are the same to a reader when one carries vowel signs, stress marks, capitals, the time codes
of a transcript, the line breaks of a column, entities escaped twice or the wrong encoding. Everything that works on the
text of an article takes it from `body_of`.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

from dedup.datatypes import Article
from dedup.language.encoding_repair import LEADS, ODD, repair_encoding, unescape, with_lost_ampersands
from dedup.language.text import clean, first_plane
from dedup.language.wrapped_lines import join_lines

if TYPE_CHECKING:  # `dedup --help` does not need it
    import numpy as np
    import numpy.typing as npt

_MOST_KEPT, _LONGEST_KEPT = 1 << 23, 1 << 16  # characters of all texts that are kept, and of the longest one
_OVERHEAD = 100  # characters that an entry counts for besides those of its text
_ROUNDS = 4  # at most: what one step uncovers (a time code behind entities) the next round reads

_MACRO = re.compile(r"[ \t]?\{\{[^{}\n]{1,500}\}\}|[ \t]?\{%[^{}\n]{1,300}%\}")  # of Jinja, Liquid, Hugo, MediaWiki
_APART = (("'", (" '", " n't")), ("’", (" ’", " n’t")))
_SPLIT_WORD = re.compile(r"(?<=[a-z]) (?=(?:['’](?:s|t|re|ve|ll|d|m)|n['’]t)\b)|(?<=[sxz]) (?=['’] )", re.IGNORECASE)

_STRESSED = re.compile("(?<=[\u0400-\u052f])[\u0300\u0301]")
_POINTS = re.compile(
    "[\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"  # Hebrew accents and vowels; maqaf and sof pasuq stay
    "\u0610-\u061a\u0640\u064b-\u0652\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed]"  # Arabic, tatweel
)
_TYPOGRAPHY = re.compile(
    "[\u2102\u210a-\u2113\u2115\u2119-\u211d\u2124\u2128\u212c\u212d\u212f-\u2131\u2133\u2134"  # letter-like symbols
    "\u2160-\u217f\ufb00-\ufb06\ufb13-\ufb17\ufb1d\ufb1f-\ufb4f\ufb50-\ufd3d\ufd50-\ufdf2\ufe70-\ufefc"  # Ⅳ ﬁ ﷲ
    "\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\uff66-\uff9f\U0001d400-\U0001d7ff]+"  # full width, half width, 𝗯𝗼𝗹𝗱
)
# Characters that `clean` leaves alone wherever they stand: seen, no marks, and nothing that a mark before them changes.
_PLAIN = re.compile(
    "[\t\n -~\xa0-\xac\xae-\u02ff\u0370-\u0373\u0375-\u037d\u037f-\u0386\u0388-\u0482\u048a-\u058f"
    "\u05be\u05c0\u05c3\u05d0-\u05ea\u05ef-\u05f4\u0600-\u060f\u061b\u061d-\u064a\u0660-\u066f\u0671-\u06d5"
    "\u06e5\u06e6\u06ee-\u070d\u0904-\u0939\u0e01-\u0e30\u0e32-\u0e33\u0e3f-\u0e46\u0e4f-\u0e5b\u10a0-\u10ff"
    "\u1e00-\u1eff\u2010-\u2027\u202f-\u205f\u20a0-\u20c0\u2190-\u21ff\u2500-\u27ff\u3000-\u3029"
    "\u3041-\u3096\u309b-\u30ff\u3400-\u9fff\uac00-\ud7a3\uff01-\uffee]+"
)
_SMALL_CAPITALS = "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘǫʀꜱᴛᴜᴠᴡʏᴢ"
_SMALL_CAPITAL_WORD = re.compile(f"[{_SMALL_CAPITALS}sxzo]*[{_SMALL_CAPITALS}]{{2}}[{_SMALL_CAPITALS}sxzo]*")
_TO_SMALL = str.maketrans(_SMALL_CAPITALS, "abcdefghijklmnopqrstuvwyz")
_EMOJI = (
    "\u200d\u203c\u2049\u20e3\u231a\u231b\u23e9-\u23fa\u25b6\u25c0\u2600-\u2775\u2794-\u27bf\u2934\u2935"
    "\u2b05-\u2b07\u2b1b\u2b1c\u2b50\u2b55\ufe0e\ufe0f\U0001f000-\U0001faff\U000e0020-\U000e007f"
)
_DECORATION = re.compile(rf"^\s*[{_EMOJI}][{_EMOJI}\s]*|\s*[{_EMOJI}][{_EMOJI} ]*$", re.MULTILINE)

_PERSIAN, _ARABIC = "پچژگٹڈڑے", "ةإ"  # letters that one has and the other has not
_OF_OTHERS = "ېۆۇٿڪ"  # letters of Pashto, Uyghur and Sindhi, in which the two forms are different letters
_TO_PERSIAN, _TO_ARABIC = str.maketrans("يك", "یک"), str.maketrans("یک", "يك")

_THAI = "\u0e01-\u0e4e"
_BETWEEN_THAI = re.compile(f"(?<=[{_THAI}]) (?=[{_THAI}])")
_THAI_LETTER = re.compile(f"[{_THAI}]")
_THAI_WORD = 9  # letters between spaces on average, below which they stand between words; phrases are some 30 long
_FEWEST_SPACES = 6

_LEAD, _ODD, _POINT, _RARE, _PERSIAN_FORM, _ARABIC_FORM, _THAI_KIND, _UNCLEAN, _CAPITAL = (1 << n for n in range(9))
_UNUSUAL = _LEAD | _ODD | _POINT | _RARE | _PERSIAN_FORM | _ARABIC_FORM | _THAI_KIND

_SAMPLE = 64
_CAPITALS_SHARE = 0.7
_CAPITAL_LINE = 16  # letters a line of capitals has at least: fewer may be an acronym
_CAPITAL_WORDS = 3
_LONG_WORD = 5  # acronyms are shorter
_WORD = re.compile(r"[^\W\d_]+")
_WORD_IN_CAPITALS = re.compile(r"(?<![\w.])[^\W\d_](?=\.)|\w+")
_SENTENCE_START = re.compile(
    r"(?:^|(?<=[.!?…])(?<![A-ZА-Я]\.)\s+|(?<=[.!?…][\"'”’»)])\s+)[\"'“‘«„‚(¿¡]*[^\W\d_]", re.MULTILINE
)
_TURKISH = re.compile("[İĞ]")


def body_of(article: Article) -> str:
    """Title and text of an article in one, the title once, as read; this is detected, embedded and verified."""
    title, text = as_read(article.title).strip(), as_read(article.text) or article.text
    if not title or text.lstrip()[: len(title)] == title:
        return text
    return f"{title}\n{text}"


def as_read(text: str) -> str:
    """Text as its reader reads it; reading the result again changes nothing.

    Vowel signs and stress marks, small capitals and other typography, emoji at the ends of lines, capitals throughout,
    time codes and numbered speakers of a transcript, line breaks and hyphens of a column, spaces between Thai words,
    words taken apart ("does n't"), entities that were escaped twice or lost their sign, macros of templates and UTF-8
    read as another encoding are undone. Most texts come back as they are, in some 20 µs for 2,000 characters.
    """
    return _kept(text) if len(text) <= _LONGEST_KEPT else _read(text)


class _Kept:
    """Cache of texts that have been read: a run asks for each some six times. Most come back as the same object."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._room = _MOST_KEPT

    def __call__(self, text: str) -> str:
        """Read a text, or return what was read of it before."""
        read = self._known.get(text)
        if read is None:
            read = _read(text)
            self._room -= len(text) + _OVERHEAD
            if self._room < 0:
                self._known, self._room = {}, _MOST_KEPT
            self._known[text] = read
        return read


_kept = _Kept()


def _read(text: str) -> str:
    for _ in range(_ROUNDS):
        read = _once(text)
        if read == text:
            break
        text = read
    return text


def _once(text: str) -> str:
    kinds = _kinds(text)
    if kinds & _UNCLEAN:
        text = clean(text)
        kinds = _kinds(text)
    if ";" in text:
        text = unescape(text) if "&" in text else with_lost_ampersands(text)
        kinds = _kinds(text)
    if "{" in text and ("{{" in text or "{%" in text):
        text = _MACRO.sub("", text)
    if any(mark in text and any(apart in text for apart in words) for mark, words in _APART):
        text = _SPLIT_WORD.sub("", text)
    if kinds & _UNUSUAL:
        usual = _with_usual_letters(text, kinds)
        kinds = kinds if usual is text else _kinds(usual)
        text = usual
    if "\n" in text or ":" in text:
        text = join_lines(text)
    return _without_capitals(text) if kinds & _CAPITAL else text


def is_mostly_capitals(text: str) -> bool:
    """Whether most letters are capitals, so that a capital says nothing about its word."""
    if not _may_be_capitals(text[:: max(1, len(text) // _SAMPLE)]):
        return False
    small, capitals = sum(map(str.islower, text)), sum(map(str.isupper, text))
    return capitals >= _CAPITAL_LINE and capitals >= _CAPITALS_SHARE * (small + capitals) and _has_long_words(text)


def _may_be_capitals(sample: str) -> bool:
    """Whether about half of the letters are capitals, and most are in a script that has them."""
    capitals = sum(map(str.isupper, sample))
    return capitals > 0 and 5 * capitals >= 2 * sum(map(str.isalpha, sample)) > 0


def _has_long_words(text: str) -> bool:
    words = _WORD.findall(text[:2000])
    return len(words) >= _CAPITAL_WORDS and 3 * sum(len(word) >= _LONG_WORD for word in words) >= len(words)


def _without_capitals(text: str) -> str:
    """Text in sentence case if it is mostly capitals; otherwise only its lines of capitals are."""
    if is_mostly_capitals(text):
        return _sentence_case(text, turkish=bool(_TURKISH.search(text)))
    lines = text.split("\n")
    if not any(map(str.isupper, lines)):
        return text
    return "\n".join(
        _sentence_case(line, turkish=bool(_TURKISH.search(text)))
        if line.isupper() and is_mostly_capitals(line)
        else line
        for line in lines
    )


def _sentence_case(text: str, *, turkish: bool) -> str:
    """Text in small letters, except initials ("U.S."), words with a digit ("G7") and starts of sentences."""

    def small(word: re.Match[str]) -> str:
        letters = word.group()
        if (len(letters) == 1 and text[word.end() : word.end() + 1] == ".") or not letters.isalpha():
            return letters
        return (letters.replace("I", "ı").replace("İ", "i") if turkish else letters).lower()

    def start(opening: re.Match[str]) -> str:
        start = opening.group()
        return start[:-1] + ("İ" if turkish and start[-1] == "i" else start[-1].upper())

    return _SENTENCE_START.sub(start, _WORD_IN_CAPITALS.sub(small, text))


def _with_usual_letters(text: str, kinds: int) -> str:
    """Text in everyday letters, without marks that readers supply themselves."""
    if kinds & _LEAD and kinds & _ODD:
        text = repair_encoding(text)
        kinds = _kinds(text)
    if kinds & _POINT:
        text = _POINTS.sub("", text)
    if kinds & _RARE:
        text = _TYPOGRAPHY.sub(lambda letters: unicodedata.normalize("NFKC", letters.group()), text)
        text = _SMALL_CAPITAL_WORD.sub(lambda word: word.group().translate(_TO_SMALL), text)
        text = _POINTS.sub("", unicodedata.normalize("NFC", text))
        text = _DECORATION.sub("", _STRESSED.sub("", text))
    if kinds & _PERSIAN_FORM and kinds & _ARABIC_FORM:
        text = _with_own_forms(text)
    return _without_word_spaces(text) if kinds & _THAI_KIND else text


def _kinds(text: str) -> int:
    """Kinds of characters that a text holds, ten times as fast as by a pattern."""
    if text.isascii() and text.replace("\n", "").isprintable():
        return _CAPITAL
    import numpy as np

    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
    return int(np.bitwise_or.reduce(_kind_of().take(codes, mode="clip"), initial=0))


@cache
def _kind_of() -> npt.NDArray[np.uint16]:
    """The kinds of each code point below 65536; one more entry for all others."""
    import numpy as np

    every = first_plane()
    kinds = np.full(0x10001, _UNCLEAN, np.uint16)
    for run in _PLAIN.finditer(every):
        kinds[run.start() : run.end()] = 0
    rare = re.compile(f"[\u0300\u0301{_SMALL_CAPITALS}{_EMOJI}{_TYPOGRAPHY.pattern[1:-2]}]")
    for kind, pattern in ((_POINT, _POINTS), (_RARE, rare), (_THAI_KIND, _THAI_LETTER)):
        kinds[[match.start() for match in pattern.finditer(every)]] |= kind
    for kind, letters in ((_LEAD, LEADS), (_ODD, ODD), (_PERSIAN_FORM, "یک"), (_ARABIC_FORM, "يكة")):
        kinds[list(map(ord, letters))] |= kind
    kinds[:-1][np.fromiter(map(str.isupper, every), np.bool_, len(every))] |= _CAPITAL
    kinds[-1] |= _RARE | _CAPITAL
    return kinds


def _with_own_forms(text: str) -> str:
    """Arabic with Arabic letters and Persian or Urdu with their own: keyboards mix up two of them."""
    if any(letter in text for letter in _OF_OTHERS):
        return text
    arabic, persian = (sum(map(text.count, letters)) for letters in (_ARABIC, _PERSIAN))
    if arabic > 2 * persian:
        return text.translate(_TO_ARABIC)
    return text.translate(_TO_PERSIAN) if persian > 2 * arabic else text


def _without_word_spaces(text: str) -> str:
    """Thai as it is usually written, if somebody has put spaces between its words; other spaces stay."""
    spaces = len(_BETWEEN_THAI.findall(text))
    if spaces < _FEWEST_SPACES or len(_THAI_LETTER.findall(text)) > _THAI_WORD * spaces:
        return text
    return _BETWEEN_THAI.sub("", text)
