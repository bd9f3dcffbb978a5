"""Languages: all 55, every script, banners, scraps, strangers; held to langdetect and to its method done by hand."""

from __future__ import annotations

import hashlib
import json
import lzma
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.datatypes import UNDETERMINED, Language
from dedup.language import ngram_model
from dedup.language.detect import detect_language, detect_languages
from dedup.language.ngram_model import load_model, log_likelihoods

ROWS = (Path(__file__).parents[1] / "data" / "paragraphs.tsv").read_text(encoding="utf-8").splitlines()
ALL_PARAGRAPHS = dict(row.split("\t") for row in ROWS)  # one or two sentences of local news by language
STRANGERS = ("am", "eu", "ga", "hy", "is", "ka", "kk", "km", "mi", "mn", "mt", "si")
PARAGRAPHS = {code: text for code, text in ALL_PARAGRAPHS.items() if code not in STRANGERS}

BANNER = (
    "We use cookies and similar technologies to improve your experience, to analyse traffic and to show you relevant "
    "advertising. By continuing to browse you agree to our privacy policy and to the terms of service. "
)


def long_article(code: str, characters: int = 2000) -> str:
    """An article of about that many characters."""
    return (PARAGRAPHS[code] + "\n") * (characters // len(PARAGRAPHS[code]) + 1)


def test_the_paragraphs_cover_every_language_of_langdetect() -> None:
    from langdetect import detector_factory

    assert set(PARAGRAPHS) - {"be"} == {path.name for path in Path(detector_factory.PROFILES_DIRECTORY).iterdir()}


@pytest.mark.parametrize("code", PARAGRAPHS)
def test_every_language_of_langdetect_is_told(code: str) -> None:
    language = detect_language(PARAGRAPHS[code])
    assert language.code == code
    assert language.probability >= 0.8


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda text: text, id="nothing"),
        pytest.param(lambda text: unicodedata.normalize("NFD", text), id="marks-apart"),
        pytest.param(lambda text: f"https://news.example/the-river-bursts-its-banks {text}", id="address"),
        pytest.param(lambda text: f"{text} (www.example.com, press.office@example.com)", id="mail"),
        pytest.param(lambda text: f"12.05.2021, 17:30 {text} 600 4f1d9a07c3e2b5", id="numbers"),
        pytest.param(lambda text: f"\n\n\t{text}\n" + " " * 500, id="space"),
        pytest.param(lambda text: f"😀🎉 {text} 🚒", id="emoji"),
        pytest.param(lambda text: f"{text} (Reuters)", id="source"),
    ],
)
@pytest.mark.parametrize("code", ["en", "id", "vi", "ru", "el", "ar", "he", "hi", "ta", "th", "ja", "zh-tw", "ko"])
def test_what_is_not_prose_changes_nothing(code: str, change: Any) -> None:
    assert detect_language(change(PARAGRAPHS[code])).code == code


@pytest.mark.parametrize("code", ["en", "id", "de", "tr", "ru", "bg", "uk", "el"])
def test_headlines_in_capitals_are_read(code: str) -> None:
    assert detect_language(PARAGRAPHS[code].upper()).code == code


@pytest.mark.parametrize(
    "text, code",
    [
        pytest.param("ذَهَبَ الوَزِيرُ إِلَى المَدِينَةِ لِلقَاءِ الرَّئِيسِ وَمُنَاقَشَةِ الاِقتِصَادِ", "ar", id="vowelled-arabic"),
        pytest.param("ﻣﺮﺣﺒﺎ ﺑﺎﻟﻌﺎﻟﻢ ﻭﻛﻞ ﺍﻟﻨﺎﺱ ﻓﻲ ﺍﻟﻤﺪﻳﻨﺔ", "ar", id="arabic-positional-forms"),
        pytest.param("Ｔｈｅ　ｍｉｎｉｓｔｅｒｓ　ｍｅｔ　ｉｎ　Ｔｏｋｙｏ", "en", id="wide-latin"),
        pytest.param("ﾐｯｶｶﾝﾉｱﾒﾃﾞｶﾜｶﾞｱﾌﾚﾀ", "ja", id="narrow-kana"),
        pytest.param("Primaria a inchis doua poduri şi le-a cerut locuitorilor să nu circule", "ro", id="cedilla"),
        pytest.param("Primaria a inchis doua poduri și le-a cerut locuitorilor să nu circule", "ro", id="comma-below"),
    ],
)
def test_other_spellings_of_a_script_are_read(text: str, code: str) -> None:
    assert detect_language(text).code == code


@pytest.mark.parametrize(
    "text, code",
    [
        pytest.param("台灣總統大選結果出爐，執政黨贏得過半席次", "zh-tw", id="traditional"),
        pytest.param("北京冬奥会开幕式今晚举行，各国运动员入场", "zh-cn", id="simplified"),
        pytest.param("東京電力、福島第一原発の処理水を海へ放出開始", "ja", id="japanese-with-little-kana"),
        pytest.param("日本経済新聞社、売上高増加、営業利益減少、円安影響", "ja", id="japanese-by-its-own-characters"),
        pytest.param("香港特區政府宣布，明年起調整公屋租金。", "zh-tw", id="hong-kong"),
        pytest.param("大韓民國 國會는 오늘 豫算案을 통과시켰다고 밝혔다", "ko", id="korean-with-hanja"),
        pytest.param("记者从日本的「の」字谈起，说明两国文字的关系和发展", "zh-cn", id="chinese-quoting-a-kana"),
    ],
)
def test_han_is_told_apart_by_characters_and_kana(text: str, code: str) -> None:
    assert detect_language(text).code == code


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param(" \n\t", id="space"),
        pytest.param("12.05.2021 – 600 / 3,5 %", id="numbers"),
        pytest.param("https://example.com/this-is-an-english-sentence-in-an-address", id="address"),
        pytest.param("!?… 😀🎉🚒 →", id="signs"),
        pytest.param("G7 summit", id="two-words"),
        pytest.param("KTT G7", id="acronyms"),
        pytest.param("Reuters", id="a-name"),
        pytest.param("東京", id="two-han"),
        pytest.param("Москва", id="one-cyrillic-word"),
        pytest.param("x" * 5000, id="one-letter"),
        pytest.param("\ud800" * 300, id="lone-surrogates"),
        pytest.param("\u0301" * 300, id="marks-alone"),
    ],
)
def test_scraps_are_not_guessed(text: str) -> None:
    assert detect_language(text) == Language(UNDETERMINED, 0.0)


@pytest.mark.parametrize("code", STRANGERS)
def test_languages_without_a_profile_are_not_forced_into_one(code: str) -> None:
    assert detect_language(ALL_PARAGRAPHS[code]).code == UNDETERMINED


@pytest.mark.parametrize(
    "text, code",
    [
        ("Sungai itu melimpah selepas hujan selama tiga hari. Majlis bandaraya menutup dua jambatan.", "id"),
        ("Rijeka se izlila nakon tri dana kiše. Gradske vlasti su zatvorile dva mosta.", "hr"),
        ("Elva flaumde over etter tre dagar med regn. Kommunen ber folk om ikkje å køyre inn til sentrum.", "nn"),
    ],
    ids=["malay", "bosnian", "nynorsk"],
)
def test_close_relatives_go_by_their_neighbour_with_a_profile(text: str, code: str) -> None:
    assert detect_language(text).code == code


@pytest.mark.parametrize("repeats", [1, 10, 100, 1000])
@pytest.mark.parametrize("code", ["id", "fr", "ru", "ar", "hi", "th", "ja", "ko", "zh-cn"])
def test_an_english_banner_of_any_length_does_not_hide_the_body(code: str, repeats: int) -> None:
    assert detect_language(BANNER * repeats + "\n" + long_article(code)).code == code


@pytest.mark.parametrize("code", ["id", "fr", "ru", "tr"])
def test_a_short_body_under_a_long_banner_is_seen(code: str) -> None:
    assert detect_language(BANNER * 50 + "\n" + long_article(code, 900)).code == code


@pytest.mark.parametrize("code", ["id", "fr", "ja"])
def test_english_above_and_below_does_not_hide_the_body(code: str) -> None:
    assert detect_language(f"{BANNER}\n{long_article(code)}\n{BANNER}").code == code


@pytest.mark.parametrize("code", ["de", "id", "ru", "zh-cn"])
def test_an_english_article_stays_english_around_a_quotation(code: str) -> None:
    quoting = f"{long_article('en', 700)}{PARAGRAPHS[code]}\n{long_article('en', 700)}"
    assert detect_language(quoting).code == "en"


@pytest.mark.parametrize("code", ["ru", "ar", "hi", "el", "ko"])
def test_names_and_code_in_latin_letters_do_not_make_a_text_latin(code: str) -> None:
    names = " Microsoft Windows Update, Linux kernel, OpenSSL, GitHub Enterprise Server, PostgreSQL, Visual Studio"
    assert detect_language(f"{PARAGRAPHS[code]} {names} {PARAGRAPHS[code]}").code == code
    assert detect_language(PARAGRAPHS[code][:70] + names).code == code


def test_checksums_are_no_words() -> None:
    sums = "\n".join(hashlib.sha256(bytes([number])).hexdigest() for number in range(20))
    assert detect_language(f"{PARAGRAPHS['en']}\n{sums}").code == "en"


def test_what_a_text_repeats_counts_once() -> None:
    packages = ", ".join(f"kernel-image-2.4.{number}-smp" for number in range(40))
    assert detect_language(f"{long_article('en', 900)}\n{packages}").code == "en"


def test_two_languages_in_one_text_lower_the_probability() -> None:
    mixed = detect_language(long_article("de", 900) + long_article("fr", 600))
    assert mixed.code == "de"
    assert 0.5 <= mixed.probability < 0.75
    assert detect_language(long_article("de", 1500)).probability > 0.95


def test_an_undetermined_text_has_probability_zero_and_no_other_has() -> None:
    for language in detect_languages([*PARAGRAPHS.values(), "", "G7 summit"]):
        assert (language.code == UNDETERMINED) == (language.probability == 0)


def test_no_texts_have_no_languages() -> None:
    assert detect_languages([]) == ()


@given(st.lists(st.sampled_from([*PARAGRAPHS.values(), "", "KTT G7", BANNER]), max_size=40), st.randoms())
def test_neither_order_nor_batch_changes_an_answer(texts: list[str], random: Any) -> None:
    alone = {text: detect_language(text) for text in texts}
    random.shuffle(texts)
    assert detect_languages(texts) == tuple(alone[text] for text in texts)


def test_a_long_list_is_the_same_as_its_parts() -> None:
    texts = list(PARAGRAPHS.values()) * 6
    assert detect_languages(texts) == detect_languages(texts[:7]) + detect_languages(texts[7:])


@given(st.text(max_size=600))
def test_any_text_has_an_answer(text: str) -> None:
    language = detect_language(text)
    assert language.code in {*PARAGRAPHS, UNDETERMINED}
    assert 0 <= language.probability <= 1


@given(st.sampled_from(sorted(PARAGRAPHS)), st.sampled_from(sorted(PARAGRAPHS)), st.integers(1, 4000))
def test_any_mixture_has_an_answer(one: str, other: str, characters: int) -> None:
    language = detect_language(long_article(one, characters) + long_article(other, characters))
    assert language.code in {one, other, UNDETERMINED} or language.probability < 0.9


@cache
def langdetect_factory() -> Any:
    """A private factory, seeded; the global one is left alone."""
    from langdetect.detector_factory import PROFILES_DIRECTORY, DetectorFactory

    factory = DetectorFactory()
    factory.load_profile(PROFILES_DIRECTORY)
    factory.set_seed(0)
    return factory


def ask_langdetect(text: str) -> str:
    """langdetect's own answer."""
    detector = langdetect_factory().create()
    detector.append(text)
    return str(detector.detect())


def test_langdetect_agrees_wherever_it_is_right(seeds: Path) -> None:
    gold = dict(PARAGRAPHS)
    right = [code for code, text in gold.items() if ask_langdetect(text) == code]
    assert len(right) >= 52
    assert [detect_language(gold[code]).code for code in right] == right
    articles = [path.read_text(encoding="utf-8") for path in sorted(seeds.glob("*.txt"))]
    assert [language.code for language in detect_languages(articles)] == [ask_langdetect(text) for text in articles]


@pytest.mark.parametrize(
    "languages, acronyms, texts",
    [
        pytest.param(("en", "id", "vi", "tr", "ro"), "NATO-UNICEFs ", "en id vi tr ro de", id="latin"),
        pytest.param(("bg", "ru", "uk"), "НАТО-ЮНИСЕФу ", "bg ru uk mk", id="cyrillic"),
        pytest.param(("ar", "fa", "ur"), "", "ar fa ur", id="arabic"),
        pytest.param(("hi", "mr", "ne"), "", "hi mr ne", id="devanagari"),
    ],
)
def test_likelihoods_are_those_of_langdetect_summed_one_by_one(
    languages: tuple[str, ...], acronyms: str, texts: str
) -> None:
    letters = np.array([chr(code).isalpha() or unicodedata.category(chr(code))[0] == "M" for code in range(0x10000)])
    letters[0xD800:0xE000] = False
    model = load_model(languages, letters)
    for code in texts.split():
        text = acronyms + PARAGRAPHS[code][:200]
        piece = np.array([[ord(character) for character in text] + [0] * 10], np.uint32)
        ours = log_likelihoods(model, piece)[0, :-1]
        assert ours == pytest.approx(sum_log_probabilities(languages, text, letters), rel=1e-4), code


def sum_log_probabilities(languages: tuple[str, ...], text: str, letters: Any) -> list[float]:
    """By langdetect's own classes: n-grams as it cuts them, its probabilities, its smoothing; each position once."""
    from langdetect.utils.ngram import NGram

    factory = langdetect_factory()
    columns = [factory.langlist.index(language) for language in languages]
    positions = set()
    ngram = NGram()
    for character in [*(c if letters[ord(c)] else " " for c in text), " "]:
        ngram.add_char(character)
        if not ngram.capitalword:
            ending_here = (ngram.get(n) for n in (1, 2, 3))
            positions.add(tuple(gram for gram in ending_here if gram and gram.strip() and known(gram, columns)))
    smoothing = 0.5 / 10_000
    return [
        sum(np.log(factory.word_lang_prob_map[gram][column] + smoothing) for grams in positions for gram in grams)
        for column in columns
    ]


def known(gram: str, columns: list[int]) -> bool:
    """Whether one of the languages has the n-gram."""
    return any(langdetect_factory().word_lang_prob_map.get(gram, [0.0] * 60)[column] for column in columns)


def test_detecting_neither_imports_langdetect_nor_changes_it() -> None:
    code = (
        "import sys; from dedup.language.detect import detect_language as d; "
        f"assert d({PARAGRAPHS['id']!r}).code == 'id'; assert 'langdetect' not in sys.modules; "
        "from langdetect import DetectorFactory; assert DetectorFactory.seed is None"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def read_set(path: Path) -> Iterator[tuple[str, str]]:
    """Gold language and text of each article."""
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        for record in map(json.loads, lines):
            yield record["lang"], f"{record.get('title') or ''}\n{record['text']}"


@pytest.mark.parametrize("name", ["ntrex", "wmt24", "ruby_news", "meantime"])
def test_whole_articles_are_told_right(name: str, shared_eval: Path) -> None:
    gold = [(code, text) for code, text in read_set(shared_eval / f"{name}.jsonl.xz") if code in PARAGRAPHS]
    answers = detect_languages([text for _, text in gold])
    right = sum(answer.code == code for answer, (code, _) in zip(answers, gold, strict=True))
    assert right / len(gold) >= 0.998


@pytest.mark.parametrize("spaces", [False, True], ids=["as they are", "with spaces"])
def test_profiles_are_read_as_json_says(spaces: bool) -> None:
    for path in sorted(ngram_model._profile_directory().iterdir()):
        profile = json.loads(path.read_bytes())
        text = json.dumps(profile, ensure_ascii=False) if spaces else path.read_text(encoding="utf-8")
        found, counts, totals = ngram_model._read_counts(text)
        letters, ends = found.letters(), found.lengths.cumsum()
        listed = ["".join(map(chr, part)) for part in np.split(letters, ends[:-1])]
        assert dict(zip(listed, counts.tolist(), strict=True)) == profile["freq"]
        assert totals == profile["n_words"]
