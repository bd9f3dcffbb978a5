from __future__ import annotations

import re
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.language import sentences, text

SCRIPTS = {
    "Latin": "Die Minister trafen sich gestern. Sie sprachen über Energie! Was folgt?",
    "Cyrillic": "Министры встретились вчера. Они говорили об энергии! Что дальше?",
    "Greek": "Οι υπουργοί συναντήθηκαν χθες. Μίλησαν για ενέργεια! Τι ακολουθεί;",
    "Arabic": "التقى الوزراء أمس. تحدثوا عن الطاقة! ماذا بعد؟",
    "vowelled Arabic": "اِلْتَقَى الوُزَراءُ أَمْسِ. تَحَدَّثُوا عَنِ الطّاقَةِ!",
    "Hebrew": "השרים נפגשו אתמול. הם דיברו על אנרגיה! מה הלאה?",
    "Devanagari": "मंत्रियों की कल बैठक हुई। उन्होंने ऊर्जा पर बात की। आगे क्या?",
    "Tamil": "அமைச்சர்கள் நேற்று சந்தித்தனர். அவர்கள் எரிசக்தி பற்றி பேசினர்! அடுத்து என்ன?",
    "Thai": "รัฐมนตรีพบกันเมื่อวานนี้ พวกเขาคุยเรื่องพลังงาน",
    "Han": "部长们昨天会面。他们谈到了能源！接下来呢？",
    "kana": "大臣たちは昨日会談した。エネルギーについて話した！次は？",
    "Hangul": "장관들이 어제 만났다. 그들은 에너지에 대해 이야기했다! 다음은?",
}
every_script = pytest.mark.parametrize("sample", SCRIPTS.values(), ids=SCRIPTS)
texts = st.text(st.characters() | st.sampled_from("\u200b\u202e\x1b\r\n \u3000ﬁİß।。”!.A1"), max_size=80)


@pytest.mark.parametrize(
    ("sample", "count"),
    [
        pytest.param("Latin", 3, id="Latin"),
        pytest.param("Cyrillic", 3, id="Cyrillic"),
        pytest.param("Greek", 3, id="Greek"),
        pytest.param("Arabic", 3, id="Arabic"),
        pytest.param("vowelled Arabic", 2, id="vowelled Arabic"),
        pytest.param("Hebrew", 3, id="Hebrew"),
        pytest.param("Devanagari", 3, id="Devanagari"),
        pytest.param("Tamil", 3, id="Tamil"),
        pytest.param("Thai", 1, id="Thai, which has no full stop"),
        pytest.param("Han", 3, id="Han"),
        pytest.param("kana", 3, id="kana"),
        pytest.param("Hangul", 3, id="Hangul"),
    ],
)
def test_sentences_end_in_every_script(sample: str, count: int) -> None:
    found = sentences.sentences(SCRIPTS[sample])
    assert len(found) == count
    assert "".join("".join(found).split()) == "".join(SCRIPTS[sample].split())


@pytest.mark.parametrize(
    "whole",
    [
        "It rose by approx. ten per cent.",
        "J. Borrell and U.S. troops left.",
        "Am 15. Juli kam er.",
        "Mr. Smith met Dr. Jones vs. St. Pauli.",
        "It cost 3.5 million.",
        "See example.org for more",
        "5,000 people, 2:30 p.m. and more",
    ],
)
def test_sentences_do_not_end_inside(whole: str) -> None:
    assert sentences.sentences(whole) == [whole]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("", [], id="empty"),
        pytest.param(" \n\t\n", [], id="blank"),
        pytest.param("Menu\nHome\n\nText.", ["Menu", "Home", "Text."], id="a line break always ends one"),
        pytest.param('He said "Stop!" Then he left.', ['He said "Stop!"', "Then he left."], id="quoted end"),
        pytest.param("真的吗？”他问。", ["真的吗？”", "他问。"], id="closing quote stays with its sentence"),
        pytest.param("One. Two.", ["One.", "Two."], id="two"),
    ],
)
def test_sentences_by_table(value: str, expected: list[str]) -> None:
    assert sentences.sentences(value) == expected


@pytest.mark.parametrize(
    ("unit", "longest"),
    [("word ", 480), ("ข่าววันนี้ ", 160), ("新闻，", 160), ("கதை ", 480), ("x", 480), ("新", 160)],
    ids=["Latin", "Thai", "Han", "Tamil", "Latin without a space", "Han without a mark"],
)
def test_no_sentence_is_longer_than_allowed(unit: str, longest: int) -> None:
    found = sentences.sentences(unit * 600)
    assert len(found) > 1
    assert max(map(len, found)) <= longest
    assert "".join(found).replace(" ", "") == (unit * 600).replace(" ", "")


@pytest.mark.parametrize("line", ["{}", "line {}", "the same", "one. two. {}", "第{}行", "x" * 300 + " {}"])
def test_a_text_has_no_more_than_two_thousand_sentences_and_keeps_all_its_lines(line: str) -> None:
    lines = [line.format(number) for number in range(9000)]
    found = sentences.sentences("\n".join(lines))
    assert len(found) <= 2000
    assert "".join("".join(found).split()) == "".join("".join(lines).split())


def test_lists_that_differ_in_some_lines_are_cut_at_the_same_places() -> None:
    lines = [f"entry {number * 7919 % 10007} of the list" for number in range(8000)]
    edited = [*lines[:1000], "a line more", *lines[1000:5000], *lines[5003:]]
    one, other = (sentences.sentences("\n".join(of_text)) for of_text in (lines, edited))
    assert len({*one} & {*other}) > 0.98 * len(one)


@given(texts)
def test_sentences_lose_nothing_but_space(value: str) -> None:
    assert re.sub(r"\s", "", "".join(sentences.sentences(value))) == re.sub(r"\s", "", value)


@every_script
def test_words_keep_their_marks(sample: str) -> None:
    letters = [character for character in sample if character.isalpha()]
    found = "".join(text.words(sample))
    assert all(character in found for character in letters)
    assert not re.search(r"[\s.!?।。！？؟]", found)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("मस्सा है", ["मस्सा", "है"], id="Devanagari vowel signs stay"),
        pytest.param("கதை நன்று", ["கதை", "நன்று"], id="Tamil"),
        pytest.param("كِتَابٌ جديد", ["كِتَابٌ", "جديد"], id="vowelled Arabic"),
        pytest.param("don't stop", ["don't", "stop"], id="apostrophe inside"),
        pytest.param("'quoted'", ["quoted"], id="not around"),
        pytest.param("+ - …", [], id="signs are no words"),
        pytest.param("COVID-19", ["COVID", "19"], id="hyphen parts"),
    ],
)
def test_words_by_table(value: str, expected: list[str]) -> None:
    assert text.words(value) == expected


@pytest.mark.parametrize(
    ("value", "count"),
    [
        ("", 0),
        ("one two three", 3),
        ("один два три", 3),
        ("एक दो तीन", 3),
        ("部长们昨天会面", 4),
        ("สวัสดีชาวโลก", 3),
        ("iPhone 手机", 2),
        ("하나 둘 셋", 3),
    ],
    ids=["empty", "Latin", "Cyrillic", "Devanagari", "Han", "Thai", "mixed", "Hangul"],
)
def test_words_are_counted_as_a_reader_would(value: str, count: int) -> None:
    assert text.count_words(value) == count


def count_words_by_patterns(value: str) -> int:
    """What `count_words` counts, told step by step."""
    han = len(re.findall(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]", value))
    unspaced = len(re.findall(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]", value))
    spaced = re.sub(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]", " ", value)
    return len(text.words(spaced)) + (han + 1) // 2 + (unspaced + 3) // 4


def normalise_by_steps(value: str) -> str:
    """What `normalise` makes of a text, told step by step."""
    value = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", " ", value)
    value = re.sub("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]", "", value)
    return " ".join(unicodedata.normalize("NFKC", value).casefold().split())


MIXED = st.lists(
    st.sampled_from([*"aB1_'’ \n\t\r\x85\xa0\u2028\u3000\u200b\u034f\u0308é가한漢カกर्क्ષ…，ßİ😀𐐨𠀀\ud800", "  "])
)


@given(MIXED.map("".join) | st.text())
def test_shortcuts_change_neither_words_nor_what_a_text_is(value: str) -> None:
    assert text.count_words(value) == count_words_by_patterns(value)
    assert text.normalise(value) == normalise_by_steps(value)


@pytest.mark.parametrize("around", ["a{}b", " {}  a", "漢{}'a"])
def test_shortcuts_hold_for_every_character(around: str) -> None:
    for block in range(0, sys.maxunicode, 0x400):
        values = [around.format(chr(code)) for code in range(block, block + 0x400)]
        for value in values if block < 0x3400 else ["\n".join(values)]:
            assert text.count_words(value) == count_words_by_patterns(value), ascii(value)
            assert text.normalise(value) == normalise_by_steps(value), ascii(value)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("Straße", "STRASSE", id="case folding"),
        pytest.param("ﬁnance", "finance", id="ligature"),
        pytest.param("ｆｕｌｌ　ｗｉｄｔｈ", "full width", id="full width"),
        pytest.param("a\u200bb", "ab", id="zero width space"),
        pytest.param("co\xadop", "coop", id="soft hyphen"),
        pytest.param("a \r\n\t b", "a b", id="white space"),
        pytest.param("e\u0301", "é", id="composition"),
        pytest.param("\ufeffText", "text", id="byte order mark"),
        pytest.param("שלום\u200f", "שלום", id="direction mark"),
        pytest.param("ｶﾞ", "ガ", id="half-width kana"),
        pytest.param("한", "\u1112\u1161\u11ab", id="jamo"),
    ],
)
def test_normalise_joins_what_is_the_same_text(one: str, other: str) -> None:
    assert text.normalise(one) == text.normalise(other)
    assert text.content_hash(one) == text.content_hash(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("12.5", "12.6"), ("a b", "ab"), ("हैं", "है"), ("résumé", "resume"), ("新聞", "新闻"), ("+", "-")],
)
def test_normalise_keeps_apart_what_differs(one: str, other: str) -> None:
    assert text.normalise(one) != text.normalise(other)
    assert text.content_hash(one) != text.content_hash(other)


@given(texts)
def test_clean_twice_is_once(value: str) -> None:
    assert text.clean(text.clean(value)) == text.clean(value)


@every_script
def test_normalise_twice_is_once(sample: str) -> None:
    assert text.normalise(text.normalise(sample)) == text.normalise(sample)


@every_script
def test_clean_leaves_ordinary_text_alone(sample: str) -> None:
    assert text.clean(sample) == sample


@given(texts)
def test_clean_leaves_no_control_character_but_breaks_and_tabs(value: str) -> None:
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u200b]", text.clean(value))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        pytest.param("plain.txt", "plain.txt", id="plain"),
        pytest.param("\x1b[31mred", r"\x1b[31mred", id="escape sequence"),
        pytest.param("a\nb", r"a\nb", id="line break"),
        pytest.param("a\u202eb", r"a\u202eb", id="direction override"),
        pytest.param("\udcff", r"\udcff", id="undecodable byte of a file name"),
        pytest.param("новости.txt", "новости.txt", id="Cyrillic"),
        pytest.param("சேதி", "சேதி", id="Tamil"),
    ],
)
def test_printable_quotes_what_a_terminal_would_obey(value: str, shown: str) -> None:
    assert text.printable(value) == shown


@given(texts)
def test_printable_is_printable(value: str) -> None:
    assert text.printable(value).isprintable()


@given(st.text())
def test_cleaning_does_not_change_what_makes_two_texts_the_same(written: str) -> None:
    assert text.normalise(text.clean(written)) == text.normalise(written)


def test_a_flood_of_marks_is_cut_and_takes_no_square_of_its_length() -> None:
    marks = "\u0316\u0301\u0334"  # in the wrong order
    flood = "a" + marks * 40_000 + " b"
    assert text.normalise(flood).count("\u0316") <= 30
    assert len(text.clean(flood)) <= 34
    assert text.clean("a" + marks * 10) == unicodedata.normalize("NFC", "a" + marks * 10)
    assert text.clean(text.clean(flood)) == text.clean(flood)


def test_all_marks_are_looked_for() -> None:
    assert not any(unicodedata.combining(chr(code)) for code in range(text._BEHIND_MARKS, sys.maxunicode + 1))


@given(st.text("ab\u0301"), st.text("\u0301\u0316\u0334", min_size=25, max_size=40), st.text("ab\u0301"))
def test_rows_of_marks_are_found_wherever_they_stand(before: str, marks: str, behind: str) -> None:
    written = before + marks + behind
    assert text._has_many_marks(written) == bool(text._many_marks().search(written))


def test_marks_in_order_are_not_looked_for() -> None:
    ordered = "b" + "\u0301" * 40_000
    assert text.clean(ordered) == unicodedata.normalize("NFC", ordered)


@given(texts)
def test_sentences_that_are_kept_are_those_cut_anew(written: str) -> None:
    first = sentences.sentences(written)
    assert first == sentences._read(written)
    first.append("of the caller alone")
    assert sentences.sentences(written) == sentences._read(written)
