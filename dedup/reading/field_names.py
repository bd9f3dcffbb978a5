"""Names by which exports in many languages call the parts of an article, the preferred ones first.

Spaces, ``_``, ``-`` and the case of letters are left out, as they are of the names that are compared with these.
"""

from __future__ import annotations

from collections.abc import Iterable

_SEPARATORS = str.maketrans("", "", " _-")

_MOST_SEEN = 1000  # names that are remembered


def plain_name(name: str) -> str:
    """Name of a field as it is compared: without the case of letters, spaces, ``_`` and ``-``."""
    return name.casefold().translate(_SEPARATORS).replace("i\u0307", "i")  # of the Turkish capital


class NamedFields:
    """Fields that somebody names, and whether any record has them.

    `missing` are those that none has had so far, `seen` the names that records have.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._missing = {plain_name(name): name for name in names}
        self.seen: dict[str, None] = {}

    @property
    def missing(self) -> list[str]:
        """Names of the fields that no record has had."""
        return list(self._missing.values())

    def note(self, names: Iterable[str]) -> None:
        """Note the names that a record or a table has."""
        for name in names:
            if self._missing:
                self._missing.pop(plain_name(name), None)
            if len(self.seen) < _MOST_SEEN:
                self.seen[name] = None


def _names(names: str) -> tuple[str, ...]:
    return tuple(names.split())


TEXT = _names(
    """
    text body content contenttext articlebody articletext maintext fulltext bodytext plaintext
    contenthtml bodyhtml html story texte contenu corps inhalt volltext texto contenido conteúdo
    conteudo cuerpo corpo testo contenuto tekst inhoud innehåll indhold innhold isi teks konten metin
    içerik treść текст содержание содержимое зміст съдържание садржај sadržaj vsebina obsah szöveg
    tartalom teksti sisältö tekstas tekstid sisu teksts saturs κείμενο περιεχόμενο النص نص المحتوى المتن
    متن محتوا טקסט תוכן पाठ सामग्री বিষয়বস্তু உரை உள்ளடக்கம் เนื้อหา ข้อความ nộidung vănbản nilalaman
    正文 内容 內容 本文 文章 전문 본문 내용
    """
)
"""The text."""

ID = _names(
    """
    id
    """
)
"""The id."""

TITLE = _names(
    """
    title headline heading titre titel überschrift ueberschrift schlagzeile
    titolo título titulo titulek título titulli titlu otsikko rubrik
    cím başlık judul tytuł naslov názov nadpis pavadinimas pealkiri virsraksts заголовок назва заглавие
    наслов τίτλος العنوان عنوان כותרת शीर्षक শিরোনাম தலைப்பு หัวข้อ ชื่อเรื่อง tiêuđề pamagat 标题 標題 题目
    タイトル 見出し 件名 제목
    """
)
"""The title."""

URL = _names(
    """
    url link canonicalurl weburl permalink
    """
)
"""The address."""

PUBLISHED = _names(
    """
    published publishedat publishedon datepublished publisheddate publicationdate publishdate
    veröffentlicht veroeffentlicht veröffentlichtam veroeffentlichtam erscheinungsdatum
    publishedtime pubdate postdate date datetime created createdat dategmt datum datumtijd fecha
    datapubblicazione tanggal tarih дата dato datums kuupäev päivämäärä dátum ημερομηνία التاريخ تاریخ
    תאריך दिनांक तारीख তারিখ தேதி วันที่ ngày petsa 日期 発行日 日付 날짜 작성일 data
    """
)
"""The date."""

LANGUAGE = _names(
    """
    language lang langcode languagecode locale langue sprache idioma lingua język taal språk sprog
    bahasa dil язык мова език jezik jazyk nyelv kieli γλώσσα اللغة زبان שפה भाषा ভাষা மொழி ภาษา ngônngữ
    语言 語言 言語 언어
    """
)
"""The language."""
