"""Facts in words are read in every script, meet digits, and contradict each other in the openings of two texts."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_facts import LANGUAGES

from dedup.matching.facts import Facts, FactSets, calendars, compare_facts, extract_facts, fact_scores
from dedup.matching.facts.calendars import persian_day
from dedup.matching.facts.locale_words import words_of


def values(left: Facts, right: Facts) -> tuple[int, int, int, int]:
    """What clashes: facts on the side with fewer, those of the headlines, openings, and their names."""
    return fact_scores(FactSets.of(left), FactSets.of(right))[2:6]


def clashes(left: tuple[str, str], right: tuple[str, str]) -> tuple[int, int, int, int]:
    there = values(extract_facts(left[1], left[0]), extract_facts(right[1], right[0]))
    assert there == values(extract_facts(right[1], right[0]), extract_facts(left[1], left[0]))
    return there


SPELLED = {
    "en": ("Forty-two boats, three hundred crates and two million eels", ["42", "300", "2000000"]),
    "en, hundreds and more": ("One hundred and twenty-three goats", ["123"]),
    "de": ("Siebenundzwanzig Schafe, vierhundert Ziegen", ["27", "400"]),
    "fr": ("quatre-vingt-dix-sept chaises, vingt et un bancs, cinq tables", ["97", "21", "5"]),
    "es": ("cuarenta y cinco barcas, trescientos sacos", ["45", "300"]),
    "it": ("ventisette barche", ["27"]),
    "pt": ("vinte e sete barcos", ["27"]),
    "nl": ("zevenentwintig boten", ["27"]),
    "ru": ("двое рыбаков, тридцать восемь лодок, четыреста ящиков", ["2", "38", "400"]),
    "uk": ("п’ять човнів", ["5"]),
    "pl": ("dwadzieścia siedem łodzi", ["27"]),
    "hu": ("huszonhét csónak", ["27"]),
    "fi": ("kolme venettä", ["3"]),
    "tr": ("yirmi yedi tekne", ["27"]),
    "id": ("dua belas perahu, dua puluh tujuh peti, empat ratus ikan", ["12", "27", "400"]),
    "sw": ("mashua ishirini na saba", ["27"]),
    "vi": ("hai mươi bảy chiếc thuyền", ["27"]),
    "ar": ("ثلاثة قوارب وسبعة وعشرون صندوقا", ["3", "27"]),
    "he": ("שלושה סירות", ["3"]),
    "fa": ("بیست و هفت قایق", ["27"]),
    "hi": ("सत्ताईस नावें, चार सौ पेटियाँ", ["27", "400"]),
    "bn": ("তিনটি নৌকা", ["3"]),
    "ta": ("மூன்று படகுகள்", ["3"]),
    "zh-cn": ("七人获救，三艘船", ["7", "3"]),
    "ja": ("七人が救助された", ["7"]),
    "ko": ("어부 세 명", ["3"]),
    "th": ("ชาวประมงสามคน", ["3"]),
    "en, half": ("half of the boats", ["50"]),
    "zh-cn, a quarter": ("四分之一的船", ["25"]),
    "no-op, articles": ("One boat, a boat", []),
    "de, no-op, articles": ("ein Boot, eine Insel, eines Tages", []),
    "fr, no-op, articles": ("un bateau, une île", []),
    "zh-cn, no-op, words": ("万一、统一、一些、三明治", []),
    "ja, no-op, names": ("三重県、八百屋", []),
}


@pytest.mark.parametrize(("case", "text", "numbers"), [(case, *row) for case, row in SPELLED.items()], ids=SPELLED)
def test_numbers_in_words(case: str, text: str, numbers: list[str]) -> None:
    facts = extract_facts(text, case.partition(",")[0])
    assert [number for number in facts.spelled if number not in {"75", "33"}] == numbers
    assert not set(facts.numbers) & set(numbers) or case.startswith("zh")


@pytest.mark.parametrize("language", LANGUAGES)
def test_days_of_the_week_are_read_in_every_language(language: str) -> None:
    days = words_of(language).weekday_numbers
    assert len(set(days.values())) == 7
    for name, day in days.items():
        told = extract_facts(f"aa {name} aa.", language).weekdays
        assert str(day) in told, (name, told)


@pytest.mark.parametrize(
    ("language", "text", "kind", "told"),
    [
        ("de", "Am Dienstagabend", "weekdays", "2"),
        ("ru", "в пятницу вечером", "weekdays", "5"),
        ("pl", "we wtorek i w środę", "weekdays", "2 3"),
        ("fi", "tiistaina", "weekdays", "2"),
        ("ar", "والثلاثاء", "weekdays", "2"),
        ("zh-tw", "週三及禮拜天", "weekdays", "3 7"),
        ("ja", "火曜（金）", "weekdays", "2 5"),
        ("en", "The weekend, today, sunny", "weekdays", ""),
        ("pt", "a segunda vez", "weekdays", "1"),
        ("zh-cn", "五月的湖", "months", "5"),
        ("ja", "湖は5月に凍る", "months", "5"),
        ("ru", "В августе", "months", "8"),
        ("en", "In May, in March", "months", "5 3"),
        ("en", "They may march on", "months", ""),
        ("zh-cn", "三个月", "months", ""),
        ("en", "the second and the 3rd lock, Gate IV", "ordinals", "2 3 4"),
        ("en", "a second, I think; vitamin C; seconds", "ordinals", "2"),
        ("fr", "le deuxième", "ordinals", "2"),
        ("fr", "le premier ministre", "ordinals", ""),
        ("id", "tahap II dan tahap I", "ordinals", "2 1"),
        ("zh-cn", "第三水厂", "ordinals", "3"),
        ("ko", "두 번째", "ordinals", "2"),
        ("th", "ที่สอง", "ordinals", "2"),
        ("de", "THE II WORLD", "ordinals", ""),
    ],
)
def test_days_months_and_ordinals_in_words(language: str, text: str, kind: str, told: str) -> None:
    assert " ".join(getattr(extract_facts(text, language), kind)) == told


def test_a_number_in_words_is_shared_with_digits_and_contradicts_nothing() -> None:
    english = extract_facts("Twelve boats and three nets.", "en")
    german = extract_facts("12 Boote und 5 Netze.", "de")
    numbers = compare_facts(german, english).numbers
    assert (numbers.shared, numbers.left_only, numbers.right_only) == (("12",), ("5",), ())


OPENINGS = {
    "another weekday": (("en", "The lock closes on Monday"), ("de", "Die Schleuse schließt am Mittwoch"), 1),
    "one weekday": (("en", "The lock closes on Monday"), ("ja", "閘門は月曜日に閉まる"), 0),
    "a weekday told further below": (
        ("en", "The lock closes on Monday"),
        ("de", f"Die Schleuse schließt am Mittwoch.\n{'Sonst nichts. ' * 60}\nAm Montag nicht."),
        0,
    ),
    "one says no day": (("en", "The lock closes on Monday"), ("de", "Die Schleuse schließt morgen"), 0),
    "another month": (("zh-cn", "五月湖水平稳"), ("en", "Lake calm in June"), 1),
    "one month, in digits": (("ja", "2026年5月3日に湖が凍る"), ("en", "Lake froze in May"), 0),
    "another ordinal": (("en", "Second lock opens"), ("id", "Pintu air ketiga dibuka"), 1),
    "an ordinal in digits": (("en", "Second lock opens"), ("de", "Die 2. Schleuse öffnet"), 0),
    "another number in words": (("ru", "Трое рыбаков спасены"), ("en", "Seven fishermen saved"), 1),
    "one number, in words and digits": (("ru", "Трое рыбаков спасены"), ("en", "3 fishermen saved"), 0),
    "amounts in other units": (("en", "Gusts of 60 mph"), ("de", "Böen von 97 km/h"), 0),
    "two kinds": (("en", "Three saved on Monday"), ("en", "Four saved on Friday"), 2),
}


@pytest.mark.parametrize(("left", "right", "kinds"), OPENINGS.values(), ids=OPENINGS)
def test_openings_contradict_each_other(left: tuple[str, str], right: tuple[str, str], kinds: int) -> None:
    assert clashes(left, right)[2] == kinds


ONE_STORY = {
    "zeros in codes": (("en", "API09:2019 is next"), ("de", "API9:2019 ist dran")),
    "a season": (("en", "The 25/26 season"), ("de", "Die Saison 2025/2026")),
    "a season half short": (("en", "The 2025-26 season"), ("es", "La temporada 2025/2026")),
    "day first, as another date proves": (
        ("en", "From 04/06/2026 to 30/06/2026"),
        ("fr", "Du 4 juin 2026 au 30 juin 2026"),
    ),
    "day or month first": (("en", "On 04/06/2026"), ("fr", "Le 4 juin 2026")),
    "month or day first": (("en", "On 04/06/2026"), ("fr", "Le 6 avril 2026")),
    "miles": (("en", "A road of 50 miles"), ("fr", "Une route de 80 kilomètres")),
    "degrees": (("en", "It was 50 degrees Fahrenheit"), ("de", "Es waren 10 Grad Celsius")),
    "inches": (("en", "8 inches of rain"), ("ru", "20 сантиметров дождя")),
    "currencies": (("en", "It cost 3 million dollars"), ("id", "Biayanya Rp49 miliar")),
    "signs of currencies": (("en", "It cost $30"), ("de", "Es kostete 26 Euro")),
    "per cent": (("en", "A quarter of the eels"), ("de", "25 Prozent der Aale")),
    "Reiwa": (("ja", "令和8年6月4日に開業"), ("en", "Opens on 4 June 2026")),
    "Heisei, first year": (("ja", "平成元年に開業"), ("en", "Opened in 1989")),
    "Minguo": (("zh-tw", "民國115年6月4日通車"), ("en", "Opens on 4 June 2026")),
    "Persian": (("fa", "پل در ۱۴ خرداد ۱۴۰۵ باز شد"), ("en", "The bridge opened on 4 June 2026")),
    "a Persian year": (("fa", "پل در سال ۱۴۰۵ باز شد"), ("en", "The bridge opened in 2026")),
    "Nepali": (("ne", "पुल २०८३ जेठ २१ गते खुल्यो"), ("en", "The bridge opened on 4 June 2026")),
    "Hijri": (("ar", "افتتح الجسر في 18 ذو الحجة 1447"), ("en", "The bridge opened on 4 June 2026")),
    "Buddhist": (("th", "เปิดสะพาน 4 มิถุนายน 2569"), ("en", "The bridge opened on 4 June 2026")),
}


@pytest.mark.parametrize(("left", "right"), ONE_STORY.values(), ids=ONE_STORY)
def test_one_fact_told_in_two_ways_is_no_clash(left: tuple[str, str], right: tuple[str, str]) -> None:
    assert clashes(left, right) == (0, 0, 0, 0)


TWO_STORIES = {
    "codes": (("en", "API09:2019 is next"), ("de", "API8:2019 ist dran")),
    "years no season": (("en", "The 2024-26 plan"), ("de", "Der Plan 2025/2027")),
    "dates that no reading makes one": (("en", "On 04/06/2026"), ("fr", "Le 5 juin 2026")),
    "one unit": (("en", "A road of 50 miles"), ("en", "A road of 80 miles")),
    "one currency": (("en", "It cost $30"), ("de", "Es kostete 26 Dollar")),
    "a unit and none": (("en", "50 miles"), ("de", "80 Leute")),
    "eras": (("ja", "令和8年に開業"), ("en", "Opened in 2025")),
    "Persian": (("fa", "پل در ۱۴ خرداد ۱۴۰۵ باز شد"), ("en", "The bridge opened on 5 June 2026")),
    "people in no calendar": (("fa", "۱۴۵۰ نفر"), ("en", "1390 people")),
}


@pytest.mark.parametrize(("left", "right"), TWO_STORIES.values(), ids=TWO_STORIES)
def test_what_only_looks_alike_still_clashes(left: tuple[str, str], right: tuple[str, str]) -> None:
    assert clashes(left, right)[0] > 0


PERSIAN_PARTS = [
    *calendars._PERSIAN_NUMBERS,
    "14",
    "1405",
    "13",
    "سال",
    "سال\u200cهای",
    "ماه",
    "ام",
    "شمسی",
    "ش.",
    " ",
    " ",
    "-",
    "/",
    "،",
]


@given(st.lists(st.sampled_from(PERSIAN_PARTS), max_size=12).map("".join))
def test_a_persian_date_has_a_year_or_a_day_before_its_month(text: str) -> None:
    quick = calendars._PERSIAN_YEAR.search(text) or calendars._PERSIAN_DAY.search(text)
    assert quick or not calendars._PERSIAN.search(text)


def test_days_of_the_persian_calendar() -> None:
    assert persian_day(1399, 12, 30) == datetime.date(2021, 3, 20)  # a leap year
    assert persian_day(1403, 12, 30) == datetime.date(2025, 3, 20)
    assert persian_day(1357, 11, 22) == datetime.date(1979, 2, 11)
    assert persian_day(1400, 13, 1) is persian_day(1400, 7, 31) is persian_day(2026, 1, 1) is None


# Names

BODY = "The ferry of Halvren was late, as people in Halvren know. Mayor Brontak was there; Brontak laughed."


@pytest.mark.parametrize(
    "line",
    ["By Jane Dorvik", "© 2024 Tom Yardley", "Photo: Tom Yardley", "Foto: Tom Yard", "Jane Dorvik", "Фото: T. Yardley"],
)
def test_a_line_that_says_who_wrote_holds_no_names(line: str) -> None:
    plain = extract_facts(f"A ferry is late\n{BODY}", "en")
    for text in (f"A ferry is late\n{line}\n{BODY}", f"A ferry is late\n{BODY}\n{line}"):
        assert extract_facts(text, "en").names == plain.names


@pytest.mark.parametrize(
    "line", ["Jane Dorvik said the ferry of Halvren would never again be late.", "By now, Dorvik was late."]
)
def test_a_line_that_tells_something_holds_names(line: str) -> None:
    assert {"dorvik"} <= set(extract_facts(f"A ferry is late\n{BODY}\n{line}", "en").names)


def test_a_text_in_capitals_has_no_names_but_can_be_met() -> None:
    plain, shouted = extract_facts(BODY, "en"), extract_facts(BODY.upper(), "en")
    assert shouted.names == shouted.opening_names == ()
    assert {"halvren", "brontak"} <= set(compare_facts(shouted, plain).names.shared)
    assert not compare_facts(shouted, plain).names.left_only


def test_a_headline_in_capitals_has_no_names() -> None:
    assert extract_facts("FERRY STAYS IN HARBOUR\n" + BODY, "en").names == extract_facts("\n" + BODY, "en").names
    assert extract_facts("The UN, NATO and the EU met.", "en").names == ("UN", "NATO", "EU")


@pytest.mark.parametrize("before", ["", " ", "\x1c", "\u3000\n \t\n"])
def test_all_headlines_in_capitals_are_left_out_at_once(before: str) -> None:
    headlines = "".join(f"{before}FERRY STAYS IN {'HARBOUR ' * number}\n" for number in range(1, 1200))
    assert extract_facts(headlines + BODY, "en").names == extract_facts("\n" + BODY, "en").names


OTHERS = BODY.replace("Halvren", "Castomir").replace("Brontak", "Delguria")


def test_openings_that_name_others_clash() -> None:
    assert clashes(("en", BODY), ("en", OTHERS))[3] == 2
    assert clashes(("en", BODY), ("en", BODY + "\n" + OTHERS))[3] == 0
    assert clashes(("en", BODY), ("zh-cn", "渡轮晚点，市长在场。"))[3] == 0
    assert clashes(("en", BODY), ("en", BODY.upper()))[3] == 0


LETTERS = "Three second Monday May II twenty four hundred 3/4/26 三人第二五月 $ km mi"
texts = st.text(st.sampled_from(LETTERS) | st.characters(), max_size=60)


@settings(deadline=None)
@given(texts, texts, st.sampled_from(LANGUAGES))
def test_clashes_are_symmetric_and_none_with_itself(left: str, right: str, language: str) -> None:
    one, other = extract_facts(left, language), extract_facts(right, "en")
    assert values(one, one) == (0, 0, 0, 0)
    assert values(one, other)[2:] == values(other, one)[2:]
