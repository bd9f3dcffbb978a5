"""Texts as a reader reads them: each table with the texts that must stay as they are."""

from __future__ import annotations

import textwrap
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.datatypes import Article
from dedup.language import as_read as module
from dedup.language.as_read import as_read, body_of, is_mostly_capitals
from dedup.language.encoding_repair import repair_encoding, unescape
from dedup.language.text import clean, first_plane
from dedup.language.wrapped_lines import _Block, join_lines

WRAPPED = {
    "en": "The ferry to the islands stops for the winter because nobody repaired its engine in the summer, and the "
    "harbour has no money left. Families on the far side of the bay will need the long road over the hills.",
    "de": "Die Fähre zu den Inseln fährt im Winter nicht, weil niemand im Sommer den Motor repariert hat, und der "
    "Hafen hat kein Geld mehr. Familien auf der anderen Seite der Bucht brauchen die lange Straße über die Hügel.",
    "ru": "Паром на острова не ходит зимой, потому что летом никто не починил его двигатель, а у порта больше нет "
    "денег. Семьям на другом берегу залива придётся ехать по длинной дороге через холмы и мимо старой крепости.",
    "ar": "تتوقف العبارة إلى الجزر في الشتاء لأن أحدا لم يصلح محركها في الصيف ولم يبق مال في الميناء. وستحتاج "
    "العائلات على الجانب الآخر من الخليج إلى الطريق الطويل فوق التلال وبجوار القلعة القديمة على الساحل.",
    "hi": "द्वीपों की नाव सर्दियों में नहीं चलेगी क्योंकि गर्मियों में किसी ने उसका इंजन ठीक नहीं किया और बंदरगाह के पास "
    "अब पैसा नहीं बचा है। खाड़ी के उस पार के परिवारों को पहाड़ियों के ऊपर से लंबी सड़क लेनी पड़ेगी।",
    "id": "Feri ke pulau berhenti beroperasi selama musim hujan karena tidak ada yang memperbaiki mesinnya, dan "
    "pelabuhan kehabisan uang. Keluarga di seberang teluk harus memakai jalan panjang melewati perbukitan.",
}
HAN = (
    "前往各岛的渡轮冬季停航，因为夏天没有人修理它的发动机，港口也没有钱了。"
    "海湾对面的家庭需要走翻山的长路，还要经过海边的旧城堡。"
)


@pytest.mark.parametrize("width", [30, 50, 72])
@pytest.mark.parametrize("language", WRAPPED)
def test_columns_become_paragraphs(language: str, width: int) -> None:
    text = WRAPPED[language]
    assert as_read("\n".join(textwrap.wrap(text, width, break_on_hyphens=False))) == text


def test_columns_of_a_script_without_spaces_are_joined_without_one() -> None:
    assert as_read("\n".join(HAN[start : start + 20] for start in range(0, len(HAN), 20))) == HAN


@pytest.mark.parametrize(
    ("written", "read"),
    [
        pytest.param("قَالَ بَحَّارَةُ العَبَّارَاتِ", "قال بحارة العبارات", id="Arabic vowels"),
        pytest.param("قـــال المينـــاء", "قال الميناء", id="tatweel"),
        pytest.param("שָׁלוֹם לָעוֹלָם", "שלום לעולם", id="Hebrew points"),
        pytest.param("Он откры́л дверь", "Он открыл дверь", id="Cyrillic stress"),
        pytest.param("إدارة المیناء فی المدینة", "إدارة الميناء في المدينة", id="Arabic typed in Persian"),
        pytest.param("كتاب های پدر و گربه چاق پیر", "کتاب های پدر و گربه چاق پیر", id="Persian typed in Arabic"),
        pytest.param("𝗕𝗿𝗲𝗮𝗸𝗶𝗻𝗴 ɴᴇᴡs from ﬁve towns", "Breaking news from five towns", id="bold, small capitals"),
        pytest.param("ＡＢＣ社は１２人", "ABC社は12人", id="full width"),
        pytest.param("‼️ Harbour closed ‼️", "Harbour closed", id="decorations"),
        pytest.param("ﻣﺮﺣﺒﺎ", "مرحبا", id="presentation forms"),
        pytest.param("annonc&amp;#233; au caf&amp;eacute;", "annoncé au café", id="entities twice"),
        pytest.param("A&amp;amp;nbsp;B &amp;lt;p&amp;gt;C&amp;lt;/p&amp;gt;".strip(), "A B \nC\n", id="thrice, tags"),
        pytest.param("Les Ã©quipages dâ€™un ferry annoncÃ©", "Les équipages d’un ferry annoncé", id="UTF-8 as 1252"),
        pytest.param("Привет, мир".encode().decode("cp1251", "replace"), "Привет, мир", id="UTF-8 as 1251"),
        pytest.param("แม ว กิน ปลา ใน บ้าน ของ ฉัน", "แมวกินปลาในบ้านของฉัน", id="Thai words"),
        pytest.param("[00:00:01] One.\n[00:00:09] Two.", "One.\nTwo.", id="time codes"),
        pytest.param("00:01:02 One\n00:01:09 and two.", "One and two.", id="a sentence over time codes"),
        pytest.param("SPEAKER 1: One.\nSPEAKER 2: Two.", "One.\nTwo.", id="numbered speakers"),
        pytest.param("He does n't; she doesn 't; Lowe 's shop", "He doesn't; she doesn't; Lowe's shop", id="apart"),
        pytest.param("Übersicht {{ anchor(id=1.2, name='a') }}\n{% raw %}Text", "Übersicht\nText", id="macros"),
        pytest.param("the players ' union", "the players' union", id="plural apart"),
        pytest.param("quot;Two calls, quot; TOKYO amp; LA", '"Two calls, " TOKYO & LA', id="lost ampersands"),
        pytest.param("Verh-\nandlungen", "Verhandlungen", id="hyphen"),
        pytest.param("Vor-\nund Nachteile", "Vor- und Nachteile", id="suspended hyphen"),
        pytest.param("WORKERS IN U.S. TOWNS STRIKE. G7 MEET", "Workers in U.S. towns strike. G7 meet", id="capitals"),
        pytest.param("BAĞIMSIZ MÜHENDİS İSKELEYİ İNCELEDİ", "Bağımsız mühendis iskeleyi inceledi", id="Turkish"),
    ],
)
def test_what_a_reader_does_not_see_is_gone(written: str, read: str) -> None:
    assert as_read(written) == read


@pytest.mark.parametrize(
    "text",
    [
        "AT&T and R&D; profits &c.",
        "Ringing a friend: call NATO, EU, UN, WHO",
        "WHO, UN, EU, NATO, OPEC, WTO, IMF",
        "Die Preise steigen.\nDie Löhne nicht.\nDas ist alles.",
        "- apples and pears from the garden\n- plums and cherries from the wood\n- nuts from the hill over there",
        "Roses are red\nViolets are blue\nSugar is sweet\nAnd so are you",
        "Overview\n\nThe harbour is closed.\n\nDetails\n\nIt opens in May.",
        "10:30 Doors open\n11:00 First talk\n12:15 Lunch",
        "A meeting at 10:30:00 sharp.",
        "rock 'n' roll, 'tis; he said 'yes'",
        "aquot; example; nbsp and amp",
        "if (a) { b(); } else {{",
        "a set {1, 2} and {{}} of sets",
        "Name | Age | Town\nAnna | 30 | Oslo\nBerta | 31 | Rome",
        "El café é à São Paulo “CANÇÃO” – naïve façade",
        "Їхні Рівне і Ріка",
        "ลูกเรือเฟอร์รี่ที่มารูนากล่าว ผู้โดยสารอาจต้องรอจนถึงสุดสัปดาห์ ทางการจะเผยแพร่รายงาน",
        "目前的 PCR 检测可以检测出 DNA 的变化",
        "خرید کتاب در بازار تهران",
        "قال الوزير إن المدينة بخير",
        "Ѝ на ней, ѝ каза",
        "x² + y² = ½",
        "",
    ],
)
def test_everything_else_stays(text: str) -> None:
    assert as_read(text) == text


def test_subtitles_become_sentences() -> None:
    srt = "1\n00:00:00,000 --> 00:00:02,500\nThe port has\n\n2\n00:00:03,000 --> 00:00:05,000\n<i>reopened.</i>\n"
    assert as_read(srt) == "The port has reopened."
    vtt = "WEBVTT\n\n00:00.000 --> 00:02.500 align:start\n<v Ana Reyes>The port\n\n00:03.000 --> 00:05.000\nreopened.\n"
    assert as_read(vtt) == "Ana Reyes: The port reopened."


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=("Cs",))))
def test_reading_twice_is_reading_once(text: str) -> None:
    assert as_read(as_read(text)) == as_read(text)


def test_capitals_are_told_by_most_letters() -> None:
    assert is_mostly_capitals("THE HARBOUR OF Maruna IS CLOSED UNTIL MONDAY")
    assert not is_mostly_capitals("The HARBOUR of Maruna is closed until Monday")
    assert not is_mostly_capitals("NATO, EU, UN")
    assert not is_mostly_capitals("我们在 NATO EUROPA UNICEF 的代表团昨天抵达并参加了会议的全部议程和讨论环节以及晚宴")


@pytest.mark.parametrize(
    ("article", "body"),
    [
        pytest.param(
            Article("1", "HARBOUR CLOSED UNTIL MONDAY MORNING.", title="‼️ Harbour &amp;amp; ferries"),
            "Harbour & ferries\nHarbour closed until monday morning.",
            id="both are read",
        ),
        pytest.param(Article("1", "Harbour closed."), "Harbour closed.", id="plain text"),
        pytest.param(Article("1", "😀"), "😀", id="nothing that could be read"),
    ],
)
def test_an_article_is_read_with_its_title_and_stays_as_written(article: Article, body: str) -> None:
    written = article.body
    assert body_of(article) == body
    assert article.body == written


def test_steps_leave_plain_text_alone() -> None:
    for step in (unescape, repair_encoding, join_lines):
        assert step("Plain text, with a stop.\nAnother line.") == "Plain text, with a stop.\nAnother line."


def test_plain_characters_need_no_cleaning_wherever_they_stand() -> None:
    plain = "".join(module._PLAIN.findall(first_plane()))
    pairs = [unicodedata.decomposition(character).split() for character in first_plane()]
    joined = {chr(int(pair[1], 16)) for pair in pairs if len(pair) == 2 and not pair[0].startswith("<")}
    jamo = map(chr, (*range(0x1161, 0x1176), *range(0x11A8, 0x11C3)))
    assert clean(plain) == plain
    assert not any(map(unicodedata.combining, plain))
    assert not {*joined, *jamo} & {*plain}


@given(
    st.text(alphabet=st.characters(exclude_categories=("Cs",)))
    | st.text(alphabet="aé\u0301ि가ᄀ\u11a8\xa0\u200b\r\n漢")
)
def test_what_needs_no_cleaning_is_clean(text: str) -> None:
    assert module._kinds(text) & module._UNCLEAN or clean(text) == text


def test_kinds_of_plain_ascii_are_known_without_looking() -> None:
    plain = "\n" + "".join(map(chr, range(0x20, 0x7F)))
    assert not any(int(module._kind_of()[ord(character)]) & ~module._CAPITAL for character in plain)


@given(st.text() | st.text("ABCDEFéÉßǅΑα١国ʰⅣ\U00010400 \n", min_size=16))
def test_without_a_capital_no_line_is_in_capitals(text: str) -> None:
    assert module._kinds(text) & module._CAPITAL or module._without_capitals(text) == text


@given(st.text("abcdefgh '’nt\n"))
def test_words_taken_apart_have_an_apostrophe(text: str) -> None:
    parted = any(mark in text and any(apart in text for apart in words) for mark, words in module._APART)
    assert parted or module._SPLIT_WORD.sub("", text) == text


@given(st.lists(st.text("ab \t漢", min_size=1), min_size=1))
def test_the_width_of_a_block_is_that_of_its_longest_line_of_words(lines: list[str]) -> None:
    of_each = [len(line.rstrip()) for line in lines if " " in line.strip() or "漢" in line]
    assert _Block(lines).width == max(of_each, default=0)


@given(st.lists(st.text("aÀ\u0301'’ :\n", max_size=12), max_size=20))
def test_texts_that_are_kept_are_those_read_anew(texts: list[str]) -> None:
    kept = module._Kept()
    kept._room = 350  # full after two or three
    assert [kept(text) for text in [*texts, *texts]] == [module._read(text) for text in [*texts, *texts]]
