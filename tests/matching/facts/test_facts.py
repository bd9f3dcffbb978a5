"""Hard facts come out the same in every language, and differ where two texts of one template differ."""

from __future__ import annotations

import datetime
import json
import lzma
import random
import re
from collections import Counter
from dataclasses import fields
from pathlib import Path

import pytest
from babel import Locale
from babel.dates import format_date
from babel.numbers import format_compact_decimal, format_decimal
from hypothesis import given
from hypothesis import strategies as st

from dedup.datatypes import Agreement
from dedup.matching.facts import FactAgreement, Facts, FactSets, compare_facts, extract_facts, fact_scores
from dedup.matching.facts.names import _is_twice, fold_name
from dedup.matching.facts.numerals import (
    FRACTION,
    FRACTIONS,
    OTHER_DIGIT,
    digit_runs,
    rare_characters,
    with_ascii_digits,
)
from dedup.matching.facts.phonetic_key import phonetic_key, phonetic_keys

CODES_OF_LANGUAGES = (
    "af ar bg bn ca cs cy da de el en es et fa fi fr gu he hi hr hu id it ja kn ko lt lv mk ml mr ne nl no pa pl pt ro "
    "ru sk sl so sq sv sw ta te th tl tr uk ur vi zh-cn zh-tw"
)
LANGUAGES = CODES_OF_LANGUAGES.split()
ROOT = Path(__file__).parents[3]
BABEL_CODES = {"zh-cn": "zh_Hans", "zh-tw": "zh_Hant", "tl": "fil", "no": "nb"}


def locale_of(language: str) -> Locale:
    return Locale.parse(BABEL_CODES.get(language, language))


# Oracle: what babel writes in a language, we read back.


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_date_written_by_babel_is_read_back(language: str) -> None:
    for month in range(1, 13):
        date = datetime.date(2018, month, 27)
        for style in ("long", "medium"):
            written = format_date(date, style, locale_of(language))
            facts = extract_facts(f"A: {written}.", language)
            assert facts.dates == (date.isoformat(),), written
            assert set(facts.numbers) == {"27", "2018"}, written


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_number_written_by_babel_is_read_back(language: str) -> None:
    for number in (7, 999, 1234, 12.5, 0.75, 1234.5, 1234567, 98765432.25):
        written = format_decimal(number, locale=locale_of(language))
        assert extract_facts(f"A: {written}.", language).numbers == (f"{number}",), written


# Welsh and Swahili: babel writes "6K" for six thousand, and "elfu 60" for the same. Nepali: its crore is a million.
@pytest.mark.parametrize("language", sorted(set(LANGUAGES) - {"cy", "sw", "ne"}))
def test_an_amount_written_by_babel_is_read_back(language: str) -> None:
    locale = locale_of(language)
    style = "long" if "long" in locale.compact_decimal_formats else "short"
    for power in range(3, 13):
        written = format_compact_decimal(6 * 10**power, format_type=style, locale=locale)
        assert extract_facts(f"A: {written}.", language).numbers == (f"{6 * 10**power}",), written


SIX_HUNDRED_BILLION = {
    "en": "$600bn",
    "id": "600 miliar dolar",
    "de": "600 Mrd. Dollar",
    "es": "600 mil millones de dólares",
    "pt": "600 mil milhões de dólares",
    "hr": "600 mlrd. dolara",
    "ru": "600 миллиардами долларов",
    "uk": "600 мільярдів доларів",
    "el": "600 δισ. δολάρια",
    "tr": "600 MİLYAR dolar",
    "ar": "٦٠٠ مليار دولار",
    "he": "600 מיליארד דולר",
    "fa": "۶۰۰ میلیارد دلار",
    "hi": "६०० अरब डॉलर",
    "mr": "६०० अब्ज डॉलर",
    "ta": "600 பில்லியன் டாலர்",
    "bn": "৬০০ বিলিয়ন ডলার",
    "sw": "dola bilioni 600",
    "th": "6 แสนล้านดอลลาร์",
    "vi": "600 tỉ đô la",
    "zh-cn": "6000亿美元",
    "zh-tw": "六千億美元",
    "ja": "6,000億ドル",
    "ko": "6천억 달러",
}


@pytest.mark.parametrize(("language", "text"), SIX_HUNDRED_BILLION.items(), ids=SIX_HUNDRED_BILLION)
def test_an_amount_is_one_number_in_every_script(language: str, text: str) -> None:
    assert extract_facts(text, language).numbers == ("600000000000",)


NUMBERS = {
    "grouped": ("en", "1,234 and 1,234,567.5", ["1234", "1234567.5"]),
    "grouped by points": ("de", "1.234 und 1.234.567,5", ["1234", "1234567.5"]),
    "grouped by plain spaces": ("ru", "1 234 567,5 рублей", ["1234567.5"]),
    "grouped by thin spaces": ("fr", "1\u202f234 et 5\u00a0678", ["1234", "5678"]),
    "grouped the Swiss way": ("de", "1'000 und 1’000’000", ["1000", "1000000"]),
    "grouped the Indian way": ("hi", "१,२३,४५६ रुपये", ["123456"]),
    "spaces group nothing in English": ("en", "in 2019 300 people, page 12 345", ["2019", "300", "12", "345"]),
    "three decimals, or thousands": ("de", "1,234", ["1.234"]),
    "a foreign mark": ("en", "12,5 percent", ["12.5"]),
    "thousands with a foreign mark": ("sl", "299,000 ljudi", ["299000"]),
    "a list": ("en", "chapters 1,2,3", ["1", "2", "3"]),
    "ordinals": ("en", "15th, 1st and 1990s", ["15", "1", "1990"]),
    "ordinals glued": ("ru", "15-го, 90-х", ["15", "90"]),
    "ordinals with a prefix": ("id", "ke-15", ["15"]),
    "ordinals in Han": ("zh-cn", "第15届", ["15"]),
    "prefixed in Hebrew": ("he", "ב-15 וכ-600", ["15", "600"]),
    "per cent": ("en", "12.5% and 3 %", ["12.5", "3"]),
    "money": ("en", "£125m, $2.8bn, €5, US$7, Rp600, SGD1.75", ["125000000", "2800000000", "5", "7", "600", "1.75"]),
    "capitals": ("el", "6 ΔΙΣ και 6 δις", ["6000000000", "6000000000"]),
    "metres are no millions": ("en", "400m and 5 m", ["400", "5"]),
    "a score": ("en", "won 2:0 and 31-27", ["2", "0", "31", "27"]),
    "times": ("en", "at 14:30, 7 p.m., 5.30pm, 9am", ["14:30", "19:00", "17:30", "9:00"]),
    "noon": ("en", "12 p.m. and 12:15 p.m.", ["12:00", "12:15"]),
    "times elsewhere": ("fr", "à 14h30 ou 9 h 05", ["14:30", "9:05"]),
    "times in Japanese": ("ja", "14時30分", ["14:30"]),
    "am is a word in German": ("de", "um 5 am Morgen", ["5"]),
    "Han numerals": ("zh-cn", "三十人、两百万、一百零五、二〇一八年", ["30", "2000000", "105", "2018"]),
    "Han words": ("zh-cn", "万一、千万、一些、七八、十分", []),
    "units inside": ("ja", "1億5000万円、2万3千", ["150000000", "23000"]),
    "units inside, Korean": ("ko", "1억 5천만 원, 2조 2,500억", ["150000000", "2250000000000"]),
    "kilometres are no thousands": ("zh-cn", "5千米", ["5"]),
    "fullwidth": ("ja", "１２３人", ["123"]),
    "Buddhist years": ("th", "พ.ศ. 2561", ["2018"]),
    "superscripts": ("en", "28 ² 3² x² March", ["28", "3"]),
    "very long": ("en", "9" * 5000, ["9" * 5000]),
    "fractions": ("en", "7-1/4 pct, 281 3/4, 10½ and 3 ⅝", ["7.25", "281.75", "10.5", "3.625"]),
    "no fractions": ("en", "½ cup; 1/2; 8 7/5; 4 1/7", ["1", "2", "8", "7", "5", "4", "1", "7"]),
    "leading zeros": ("en", "007 and 00", ["7", "0"]),
    "no-op": ("en", "no digits here, not even million or March", []),
}


@pytest.mark.parametrize(("language", "text", "numbers"), NUMBERS.values(), ids=NUMBERS)
def test_numbers(language: str, text: str, numbers: list[str]) -> None:
    assert list(extract_facts(text, language).numbers) == numbers


DATES = {
    "day first": ("en", "on 28 March 2025", ["2025-03-28"]),
    "month first": ("en", "on March 28th, 2025", ["2025-03-28"]),
    "without a year": ("en", "on 28 March", ["03-28"]),
    "without a day": ("en", "in March 2025", ["2025-03"]),
    "days to days": ("en", "September 11–12, 3-5 February 2004", ["09-11", "09-12", "2004-02-03", "2004-02-05"]),
    "days and days": ("de", "16. und 17. März 2007", ["2007-03-16", "2007-03-17"]),
    "two dates in a row": ("en", "from 3 March 5 people came", ["03-03"]),
    "ISO": ("en", "2025-03-28 and 2025/03/28", ["2025-03-28", "2025-03-28"]),
    "digits": ("de", "28.03.2025, 28. 3. 2025", ["2025-03-28", "2025-03-28"]),
    "digits, American": ("en", "3/4/2025, 3/28/2025", ["2025-03-04", "2025-03-28"]),
    "digits, day first for one of them proves it": ("en", "3/4/2025, 28/3/2025", ["2025-04-03", "2025-03-28"]),
    "digits, British elsewhere": ("fr", "3/4/2025", ["2025-04-03"]),
    "short year": ("nl", "10-okt-08 en 28/3/98", ["2008-10-10", "1998-03-28"]),
    "right-to-left marks": ("ar", "28\u200f/3\u200f/2025", ["2025-03-28"]),
    "Levantine months": ("ar", "28 آذار 2025", ["2025-03-28"]),
    "glued preposition": ("he", "ב-28 במרץ 2025", ["2025-03-28"]),
    "declined": ("lv", "2018. gada 30. septembrī", ["2018-09-30"]),
    "year before month": ("lt", "2018 metų birželį", ["2018-06"]),
    "Vietnamese": ("vi", "ngày 28 tháng 3 năm 2025, ngày 28/3, tháng 7/2017", ["2025-03-28", "03-28", "2017-07"]),
    "Japanese": ("ja", "2025年3月28日、3月28日、2025年3月", ["2025-03-28", "03-28", "2025-03"]),
    "Han numerals": ("zh-cn", "二〇二五年三月二十八日，十二月三日", ["2025-03-28", "12-03"]),
    "Korean": ("ko", "2025년 3월 28일", ["2025-03-28"]),
    "Thai": ("th", "28 มี.ค. 2568", ["2025-03-28"]),
    "a month alone": ("en", "in March", []),
    "a month alone in digits": ("ja", "3月", []),
    "three months": ("zh-cn", "3个月", []),
    "a word like a month": ("en", "28 marketers in 2025", []),
    "no such month": ("de", "28.13.2025", []),
    "a new line": ("en", "page 28\nMarch of the penguins", []),
}


@pytest.mark.parametrize(("language", "text", "dates"), DATES.values(), ids=DATES)
def test_dates(language: str, text: str, dates: list[str]) -> None:
    assert list(extract_facts(text, language).dates) == dates


@pytest.mark.parametrize("text", ["28 March 2025", "2025-03-28", "28 Marzec 2025", "28/03/2025", "March 28, 2025"])
def test_day_and_year_are_numbers_whether_the_month_is_understood_or_not(text: str) -> None:
    assert sorted(extract_facts(text, "en").numbers) == ["2025", "28"]


CODES = {
    "version": ("Ruby 2.7.1 and v10.0.0", ["2.7.1", "10.0.0"], []),
    "pre-release": ("2.0.0-rc1, 2.5b2, 1.9.3-p484", ["2.0.0-rc1", "2.5b2", "1.9.3-p484"], []),
    "Debian": ("1:3.2.1-11+squeeze8, 4.19.0-5", ["1:3.2.1-11+squeeze8", "4.19.0-5"], []),
    "from version to version": ("0.3.2-0.3.7", ["0.3.2", "0.3.7"], []),
    "grouped, no version": ("1.234.567", [], []),
    "advisories": ("CVE-2024-1234, DSA-5432-1", [], ["CVE-2024-1234", "DSA-5432-1"]),
    "zeros in front": ("API09:2019, SR-2023-052, CVE-2024-0012", [], ["API9:2019", "SR-2023-52", "CVE-2024-0012"]),
    "in a compound": ("der G7-Gipfel, COVID-19-Pandemie", [], ["G7", "COVID-19"]),
    "in another script": ("Саммит G7 и F-16", [], ["G7", "F-16"]),
    "without a space": ("G7峰会在A320上", [], ["G7", "A320"]),
    "small letters": ("x86 amd64 sha256", [], ["AMD64", "SHA256"]),
    "commits": ("ba639d052b and 8b61df4", [], ["ba639d052b", "8b61df4"]),
    "ISBN": ("ISBN 978-3-16-148410-0", [], ["9783161484100"]),
    "no commits": ("12cccc and 1e5", [], []),
    "no-op": ("3.2 or 5G or 2019", [], []),
}


@pytest.mark.parametrize(("text", "versions", "identifiers"), CODES.values(), ids=CODES)
def test_versions_and_identifiers(text: str, versions: list[str], identifiers: list[str]) -> None:
    facts = extract_facts(text, "de")
    assert (list(facts.versions), list(facts.identifiers)) == (versions, identifiers)


@pytest.mark.parametrize("language", ["und", "", "xx", "tlh", "zh", "en-GB", "not a code"])
def test_an_unknown_language_still_gives_its_facts(language: str) -> None:
    assert extract_facts("28 people, CVE-2024-1234", language).numbers == ("28",)


# Names


TRUMP = ["Trump", "Трамп", "Τραμπ", "ترامب", "טראמפ", "ट्रंप", "ট্রাম্প", "ட்ரம்ப்", "ట్రంప్", "ട്രംപ്", "トランプ", "트럼프"]


@pytest.mark.parametrize("name", TRUMP)
def test_a_name_sounds_alike_in_every_script(name: str) -> None:
    assert "trnb" in (phonetic_keys(name) or (phonetic_key(fold_name(name)),))


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("de", "Am Freitag sprach Angela Merkel in Manchester."),
        ("cs", "V pátek mluvila Angela Merkelová v Manchesteru."),
        ("ru", "В пятницу Ангела Меркель выступила в Манчестере."),
        ("el", "Την Παρασκευή η Άνγκελα Μέρκελ μίλησε στο Μάντσεστερ."),
        ("ar", "تحدثت أنجيلا ميركل يوم الجمعة في مانشستر."),
        ("hi", "शुक्रवार को एंजेला मर्केल ने मैनचेस्टर में भाषण दिया।"),
        ("ja", "金曜日、アンゲラ・メルケルがマンチェスターで演説した。"),
        ("ko", "금요일에 앙겔라 메르켈이 연설했다."),
        ("zh-cn", "周五，Angela Merkel 在曼彻斯特讲话。"),
        ("th", "เมื่อวันศุกร์ Angela Merkel กล่าวสุนทรพจน์"),
    ],
    ids=lambda value: value if len(value) < 6 else "",
)
def test_names_meet_across_languages(language: str, text: str) -> None:
    english = extract_facts("On Friday, said Angela Merkel and a friend.", "en")
    for left, right in ((english, extract_facts(text, language)), (extract_facts(text, language), english)):
        assert {fold_name(name)[:4] for name in compare_facts(left, right).names.shared} & {"merk", "mirk"}


def test_a_capital_at_the_start_of_a_sentence_makes_no_name() -> None:
    facts = extract_facts("People came. Nobody left. In Paris, Peter did. The UN too.", "en")
    assert facts.names == ("paris", "peter", "UN")


def test_months_and_weekdays_are_no_names() -> None:
    assert extract_facts("It was in March, on Thursday the 5th, when Peter came.", "en").names == ("peter",)


@pytest.mark.parametrize(
    ("word", "folded"),
    [
        ("Škoda", "skoda"),
        ("Ærø", "aero"),
        ("İstanbul", "istanbul"),
        ("Straße", "strasse"),
        ("Путин", "putin"),
        ("Джордж", "jorj"),
        ("Μπάιντεν", "bainten"),
        ("Łódź", "lodz"),
        ("plain", "plain"),
    ],
)
def test_names_are_folded_to_latin_letters(word: str, folded: str) -> None:
    assert fold_name(word) == folded


# Two texts


def test_the_two_reports_of_the_seeds_state_the_same() -> None:
    paths = sorted((ROOT / "seeds").glob("*.txt"))
    english, indonesian, *others = (path.read_text(encoding="utf-8") for path in paths)
    facts = extract_facts(english, "en")
    agreement = compare_facts(facts, extract_facts(indonesian, "id"))
    assert agreement.numbers == Agreement(("15", "2026", "2027", "2030", "2060", "600000000000"), (), ())
    assert agreement.identifiers.shared == ("G7",)
    assert {"borrell", "kazakhstan", "PGII", "vassilenko"} <= set(agreement.names.shared)
    assert all(compare_facts(facts, extract_facts(other, "en")).stated < 0.3 for other in others)


def test_how_far_facts_agree_is_told_in_one_number() -> None:
    nothing = compare_facts(Facts(), Facts())
    assert (nothing.stated, nothing.named) == (0.5, 0.5)
    left = Facts(("1", "2"), versions=("2.7.1",), names=("merkel",))
    agreeing = compare_facts(left, left)
    longer = compare_facts(left, Facts(("1", "2", "3"), versions=("2.7.1",), names=("merkel", "macron")))
    clashing = compare_facts(left, Facts(("1", "2"), versions=("2.7.2",), names=("macron",)))
    assert 1 > agreeing.stated > longer.stated > clashing.stated > 0
    assert 1 > agreeing.named > longer.named > clashing.named > 0


def test_a_translation_shares_every_fact() -> None:
    english = extract_facts("On March 28, 2025, Ruby 3.2.1 fixed CVE-2025-1234 for 1.5 million users at 7 p.m.", "en")
    german = extract_facts("Am 28. März 2025 behob Ruby 3.2.1 um 19 Uhr CVE-2025-1234 für 1,5 Mio. Nutzer.", "de")
    agreement = compare_facts(english, german)
    for kind in (agreement.numbers, agreement.dates, agreement.versions, agreement.identifiers):
        assert kind.shared
        assert kind.left_only == kind.right_only == ()


def test_two_notes_of_one_template_contradict_each_other() -> None:
    left = extract_facts("Ruby 2.7.1 was released on 2020-03-31 and fixes CVE-2020-10663.", "en")
    right = extract_facts("Ruby 2.7.2 wurde am 2. Oktober 2020 veröffentlicht und behebt CVE-2020-25613.", "de")
    agreement = compare_facts(left, right)
    assert agreement.versions == Agreement((), ("2.7.1",), ("2.7.2",))
    assert agreement.dates == Agreement((), ("2020-03-31",), ("2020-10-02",))
    assert agreement.identifiers == Agreement((), ("CVE-2020-10663",), ("CVE-2020-25613",))
    assert agreement.numbers == Agreement(("2020",), ("31",), ("2",))


ONE_FACT = {
    "the clock": (Facts(("19:30",)), Facts(("7:30",)), True),
    "the clock with a point": (Facts(("19:30",)), Facts(("19.30",)), True),
    "the full hour": (Facts(("19:00",)), Facts(("19",)), True),
    "another hour": (Facts(("19:00",)), Facts(("18",)), False),
    "a decade": (Facts(("1980",)), Facts(("80",)), True),
    "another decade": (Facts(("1980",)), Facts(("90",)), False),
    "a scale word unread": (Facts(("2.5",)), Facts(("2500000",)), True),
    "one digit says little": (Facts(("2",)), Facts(("2000",)), False),
    "another decimal": (Facts(("12.5",)), Facts(("12.6",)), False),
    "ten times as much": (Facts(("12.5",)), Facts(("125",)), False),
    "zero": (Facts(("0",)), Facts(("0.0",)), False),
    "a date without its year": (Facts(dates=("2018-03-28",)), Facts(dates=("03-28",)), True),
    "a date without its day": (Facts(dates=("2018-03",)), Facts(dates=("2018-03-28",)), True),
    "another month": (Facts(dates=("2018-03-28",)), Facts(dates=("2018-04-28",)), False),
}


@pytest.mark.parametrize(("left", "right", "one"), ONE_FACT.values(), ids=ONE_FACT)
def test_one_fact_in_two_forms_is_shared(left: Facts, right: Facts, one: bool) -> None:
    agreement = compare_facts(left, right)
    kind = agreement.dates if left.dates else agreement.numbers
    assert bool(kind.shared) is one
    assert bool(kind.left_only) is bool(kind.right_only) is not one


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (Facts(("28", "2018"), dates=("2018-03-28",)), Facts(("28", "2018"))),
        (Facts(("62992",)), Facts(identifiers=("R62992",))),
        (Facts(("19",)), Facts(identifiers=("COVID-19",))),
    ],
    ids=["a date", "a revision", "a name with a number"],
)
def test_what_the_other_text_states_loosely_is_no_clash(left: Facts, right: Facts) -> None:
    for agreement in (compare_facts(left, right), compare_facts(right, left)):
        kinds = (agreement.numbers, agreement.dates, agreement.identifiers)
        assert not any(kind.left_only or kind.right_only for kind in kinds)


# Floors: what is measured stays measured.


def articles(path: Path) -> list[dict[str, str]]:
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def facts_of(article: dict[str, str]) -> Facts:
    return extract_facts(f"{article.get('title', '')}\n{article['text']}", article["lang"])


def test_numbers_agree_in_translations_to_every_language(shared_eval: Path) -> None:
    rows = articles(shared_eval / "ntrex.jsonl.xz")
    stories = sorted({row["story"] for row in rows})[:16]
    english = {row["story"]: facts_of(row) for row in rows if row["lang"] == "en" and row["story"] in stories}
    shared: Counter[str] = Counter()
    stated: Counter[str] = Counter()
    for row in rows:
        if row["story"] in stories and row["lang"] != "en":
            numbers = compare_facts(english[row["story"]], facts_of(row)).numbers
            shared[row["lang"]] += len(numbers.shared)
            stated[row["lang"]] += len(numbers.shared) + len(numbers.left_only) + len(numbers.right_only)
    share = {language: shared[language] / stated[language] for language in stated}
    assert len(share) == 54
    assert min(share.values()) > 0.68, min(share, key=lambda language: share[language])
    assert sum(share.values()) / len(share) > 0.85


@pytest.mark.parametrize("name", ["templated", "ruby_news", "debian_news"])
def test_facts_tell_translations_from_their_neighbours(name: str, shared_eval: Path) -> None:
    chance = random.Random(name)
    rows = [row for row in articles(shared_eval / f"{name}.jsonl.xz") if row.get("group") and len(row["text"]) < 8000]
    sample = chance.sample(rows, 300)
    by_story = {story: [row for row in rows if row["story"] == story] for story in {row["story"] for row in sample}}
    together, apart = [], []
    for row in sample:
        other = chance.choice(by_story[row["story"]])
        neighbour = chance.choice([near for near in rows if near["group"] == row["group"]])
        if other is not row:
            together.append(compare_facts(facts_of(row), facts_of(other)).stated)
        if neighbour["story"] != row["story"]:
            apart.append(compare_facts(facts_of(row), facts_of(neighbour)).stated)
    assert min(len(together), len(apart)) > 100
    right = sum((left > right) + 0.5 * (left == right) for left in together for right in apart)
    assert right / len(together) / len(apart) > 0.98


# Properties

LETTERS_OF_TOKENS = "0123456789٣७๕,.:-/'’ \u00a0\nаGmMar年月日億万一十三CVE-vx~+$%ال–é²½abcdef"
texts = st.text(st.sampled_from(LETTERS_OF_TOKENS) | st.characters(), max_size=60)


@given(texts, st.sampled_from(LANGUAGES))
def test_any_text_has_facts_and_agrees_with_itself(text: str, language: str) -> None:
    facts = extract_facts(text, language)
    assert facts == extract_facts(text, language)
    agreement = compare_facts(facts, facts)
    for field in fields(FactAgreement):
        kind = getattr(agreement, field.name)
        assert kind.left_only == kind.right_only == ()
        assert field.name == "names" or set(kind.shared) == set(getattr(facts, field.name))


@given(texts, texts, st.sampled_from(LANGUAGES))
def test_swapping_the_texts_swaps_the_sides(left: str, right: str, language: str) -> None:
    forth = compare_facts(extract_facts(left, language), extract_facts(right, "en"))
    back = compare_facts(extract_facts(right, "en"), extract_facts(left, language))
    assert (forth.versions.left_only, forth.identifiers.left_only) == (
        back.versions.right_only,
        back.identifiers.right_only,
    )
    assert len(forth.numbers.shared) == len(back.numbers.shared)


@given(st.text(st.sampled_from("0123456789 ,.:a"), max_size=40), st.sampled_from("٠०০੦૦୦௦౦೦൦๐໐၀០０"))
def test_the_script_of_the_digits_does_not_matter(text: str, zero: str) -> None:
    written = text.translate({ord("0") + digit: ord(zero) + digit for digit in range(10)})
    assert with_ascii_digits(written) == text


@given(st.integers(0, 10**12), st.sampled_from(LANGUAGES))
def test_grouping_changes_no_number(number: int, language: str) -> None:
    written = format_decimal(number, locale=locale_of(language))
    assert extract_facts(written, language).numbers in {(str(number),), (str(number - 543),)}


@given(st.text(st.sampled_from("0189a ٣१\n😀\ud800")))
def test_runs_of_digits_are_found_as_by_a_pattern(text: str) -> None:
    assert digit_runs(text) == [run.start() for run in re.finditer("[0-9]+", text)]


@given(st.text(st.characters() | st.sampled_from("0٣१9½⅞ ,𝟗")))
def test_rare_characters_are_found_as_by_a_pattern(text: str) -> None:
    rare = rare_characters(text)
    assert bool(rare & FRACTION) == bool(re.search(f"[{FRACTIONS}]", text))
    assert rare & OTHER_DIGIT or not re.search(r"[^\D0-9]", text)


@given(st.text("ab", min_size=1, max_size=3), st.text("ab", max_size=8))
def test_a_word_stands_twice_where_it_is_counted_twice(word: str, text: str) -> None:
    assert _is_twice(word, text) == (text.count(word) > 1)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("The toll rose to 40[12] after the storm.[3]", ("40",)),
        ("Read [the guide][7] or [another][18], by 2026.", ("2026",)),
        ("堤防[1]は40年前に建てられた。[2]", ("40",)),
        ("He said [40] people and paid [2026] for it [3 times].", ("40", "2026", "3")),
    ],
    ids=["footnotes", "links by number", "Han", "what an editor put in"],
)
def test_marks_of_notes_are_no_facts(text: str, numbers: tuple[str, ...]) -> None:
    assert extract_facts(text, "ja" if "堤" in text else "en").numbers == numbers


def test_words_of_a_title_may_be_names_but_need_not() -> None:
    text = "Harbour Board Asks Orlin Shipping For Money\nThe board met on Monday and asked Orlin for help, it said."
    facts = extract_facts(text, "en")
    assert facts.names == ("orlin",)
    other = extract_facts("The harbour is poor\nIt was Shipping of Orlin that the board turned to, it said.", "en")
    found = compare_facts(facts, other).names
    assert set(found.shared) == {"orlin", "shipping"}
    assert found.left_only == ()


def test_lines_of_small_words_and_sentences_are_no_titles() -> None:
    for text in ("President Mara Lind visits Oslo today", "It was Mara Lind. Oslo Met Mara Lind Today."):
        assert {"lind", "mara"} <= set(extract_facts(text, "en").names)


def test_clashes_are_measured_by_what_agrees() -> None:
    corrected = "1 of 40 boats, 300 crates, 22 nets and {} eels"
    few, many = (
        fact_scores(*(FactSets.of(extract_facts(text.format(number), "en")) for number in (70, 80)))
        for text in ("They sold {} eels", corrected)
    )
    assert few.clash == many.clash == 1
    assert 0 < many.clashing < few.clashing < 1


def test_numbers_in_words_clash_within_a_language() -> None:
    texts = ("The bank added two billion at 6-1/8 pct.", "The bank added 1.5 billion at 6-3/8 pct.")
    found = fact_scores(*(FactSets.of(extract_facts(text, "en")) for text in texts))
    assert found.clashing == pytest.approx(1 / 2)
    assert found.clashing_numbers == pytest.approx(2 / 3)
    same = fact_scores(*(FactSets.of(extract_facts(text, "en")) for text in ("Seven boats sank.", "7 boats sank.")))
    assert same.clashing_numbers == 0
