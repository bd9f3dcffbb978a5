"""Lines of a page recognised by their form: by-lines, credits, copyright lines, reading times, names of fields.

A name in such a line is the author's or the owner's and says nothing about the story, and no embedding tells "Photo:
Ann Lee" from a sentence about her.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_LONGEST = 160
_SHORT = 60
_UPPER = r"[^\W\d_a-zа-яα-ω]"
_NAME = rf"(?:{_UPPER}[\w.'’-]*|de|da|di|van|von|der|den|bin|al|el|y)"
_NAMES = rf"{_NAME}(?: {_NAME}){{0,4}}"
_BY = "By|BY|Words by|Written by|Reporting by|Editing by|Oleh|Penulis|Von|Par|Por|Door|Przez|Автор|Текст|بقلم|نویسنده"
_OUTLET = rf"{_UPPER}[\w.'’&-]*(?: {_UPPER}[\w.'’&-]*){{0,4}}"
_BY_LINE = re.compile(
    rf"\s*(?:{_BY}):?\s+{_NAMES}(?:(?:,| and| &| dan| und| et| y| e| и)\s+{_NAMES})*(?:\s*[,|/–—-]\s*{_OUTLET})?\s*\Z"
)
_CREDIT = re.compile(
    r"\s*[\[(]?(?:photo(?:graph|grapher)?s?|foto(?:graf\w*)?|image|picture|illustration|credits?|bild(?:quelle)?|imagen|"
    r"crédits?(?: photo)?|gambar|ilustrasi|sumber(?: foto)?|source|quelle|fuente|fonte|фото|источник|写真|图片来源|图|"
    r"الصورة|editor|reporter|penulis|penyunting|redaktur|pewarta)(?: credit| by| oleh)?\s*[:：/]\s*.{1,80}\Z",
    re.IGNORECASE,
)
_COPYRIGHT = re.compile(
    r"\s*(?:(?:copyright|hak cipta|droits d'auteur|urheberrecht|авторские права|版权所有|著作権)\b.{0,12})?"
    r"(?:©|\(c\)\s?(?=\d{4})|copyright\s+(?=\d{4}|©))\s*.{0,140}\Z"
    r"|.{0,60}\b(?:all rights reserved|alle rechte vorbehalten|tous droits réservés|hak cipta dilindungi)\b.{0,60}\Z",
    re.IGNORECASE,
)
# One of these is in each case folded line that the above finds, and in few articles: seen in a tenth of the time. No
# letter among them has two small forms, as "i" has.
_IN_COPYRIGHT = ("©", "(c)", "copyr", "erved", "vorbehalten", "rvé", "pta d")
_READING_TIME = re.compile(
    r"\s*(?:(?:reading time|lesezeit|temps de lecture|tiempo de lectura|waktu baca|время чтения)\s*:?\s*)?"
    r"(?:about |ca\. )?\d{1,3}[\s-]?(?:min(?:ute)?s?\.?|minuten|minutos|menit|мин\w*|分钟?)"
    r"(?:\s(?:read|reading|lesezeit|de lecture|de lectura|membaca|baca|чтения))?\s*\Z",
    re.IGNORECASE,
)
_PLATFORMS = frozenset(
    (
        "facebook", "twitter", "x", "whatsapp", "telegram", "email", "e-mail", "mail", "linkedin", "pinterest",
        "reddit", "instagram", "tiktok", "youtube", "threads", "bluesky", "mastodon", "line", "viber", "vk", "pocket",
        "print", "copy", "link", "share", "tweet", "via", "on", "bagikan", "teilen", "partager", "compartir",
        "threads", "flipboard", "messenger", "sms"
    )
)  # fmt: skip
_FIELDS = frozenset(
    (
        "title", "titles", "titel", "titre", "título", "titolo", "judul", "заголовок", "العنوان", "标题", "headline",
        "summary", "abstract", "overview", "description", "zusammenfassung", "résumé", "resumen", "riassunto",
        "ringkasan", "подзаголовок", "context", "contexto", "contexte", "kontext", "konteks", "problem", "problema",
        "problème", "solution", "solución", "lösung", "solusi", "body", "content", "contents", "text", "author",
        "authors", "autor", "autores", "auteur", "auteurs", "penulis", "date", "tags", "category", "status",
        "introduction", "subtitle"
    )
)  # fmt: skip
_SIGNATURE = re.compile(rf"\s*[-–—(]?\s*{_UPPER}[a-zà-ÿа-я'’-]+(?: {_UPPER}[\w.'’-]*){{1,3}}(?<!\.)\)?\s*\Z")
_PRESS = "Agency|News|Press|Reuters|AFP|AP|dpa|Antara|Times|Post|Herald"
_SIGNED = re.compile(rf"\s*{_NAMES},\s[\w .'’&-]*\b(?:{_PRESS})\b[\w .'’&-]*\Z")
_STOP = re.compile(r"[.!?…][\"'”’»)]*\s*\Z")
_FEWEST_LINES = 3


def is_page_line(line: str) -> bool:
    """Whether a line is a by-line, a credit, a copyright line, a reading time, a share bar or the name of a field."""
    return len(line) <= _LONGEST and (bool(_COPYRIGHT.match(line)) or _is_short_page_line(line))


def _is_short_page_line(line: str) -> bool:
    return len(line) <= _SHORT and bool(
        _BY_LINE.match(line)
        or _CREDIT.match(line)
        or _READING_TIME.match(line)
        or line.strip(" #:*：").lower() in _FIELDS
        or _is_share_bar(line)
    )


def page_lines(lines: Sequence[str], folded: str) -> list[bool]:
    """Lines of an article that are not its own, a name that signs it in the first or last line among them.

    The second line is looked at as the first: a title stands before it. Where all would go, all stay. `folded` is the
    same in one text, case folded.
    """
    copyrighted = any(part in folded for part in _IN_COPYRIGHT)
    test, longest = (is_page_line, _LONGEST) if copyrighted else (_is_short_page_line, _SHORT)
    found = [len(line) <= longest and test(line) for line in lines]
    if len(lines) >= _FEWEST_LINES:
        found[-1] = found[-1] or (bool(_STOP.search(lines[-2])) and _is_signature(lines[-1]))  # not the end of a table
        for at in (0, 1):
            found[at] = found[at] or bool(len(lines[at]) <= _SHORT and _SIGNED.match(lines[at]))
    return found if not all(found) else [False] * len(found)


def _is_signature(line: str) -> bool:
    return len(line) <= _SHORT and bool(_SIGNATURE.match(line) or _SIGNED.match(line))


def _is_share_bar(line: str) -> bool:
    words = line.lower().replace("|", " ").replace("·", " ").replace(",", " ").split()
    return len(words) > 1 and all(word in _PLATFORMS for word in words)
