"""Facts in words of scripts that run on: weekdays, months, ordinals and counted numerals of zh, ja, ko and th."""

from __future__ import annotations

import re
from functools import cache

from dedup.matching.facts.locale_words import words_of

_HAN = {numeral: n for n, numeral in enumerate("一二三四五六七八九十", start=1)} | {"两": 2, "兩": 2, "零": 0}
_HAN_DAYS = dict(zip("一二三四五六日天", (1, 2, 3, 4, 5, 6, 7, 7), strict=True))
_JAPANESE_DAYS = {day: n for n, day in enumerate("月火水木金土日", start=1)}
_KOREAN_DAYS = {day: n for n, day in enumerate("월화수목금토일", start=1)}
_KOREAN_COUNTING = ["한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉", "열"]
_KOREAN_ORDINALS = ["첫", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉", "열"]
_THAI = {word: n for n, word in enumerate(["สอง", "สาม", "สี่", "ห้า", "หก", "เจ็ด", "แปด", "เก้า", "สิบ"], start=2)}
_THAI_DAYS = {day: n for n, day in enumerate(["จันทร์", "อังคาร", "พุธ", "พฤหัส", "ศุกร์", "เสาร์", "อาทิตย์"], start=1)}

_CHINESE = re.compile(
    r"(?P<day>(?:星期|礼拜|禮拜|周|週)[一二三四五六日天])"
    r"|(?P<ordinal>第(?:[一二三四五六七八九十]|[0-9]{1,2})(?![0-9一二三四五六七八九十百千万]))"
    r"|(?P<month>(?<![0-9一二三四五六七八九十个個])(?:[一二三四五六七八九]|1[0-2]|[1-9])月(?!份?[0-9]))"
    r"|(?P<number>(?<![第十百千万0-9零一二三四五六七八九])[二两兩三四五六七八九十]"
    r"(?=[人名位个個只隻头頭辆輛艘架座间間家所次天岁歲件项項条條户戶村国國省市县縣名死伤傷成]))"
    r"|(?P<share>(?P<of>[二三四五十]|[0-9])分(?:之|の)(?P<part>[一二三四]|[0-9]))|(?P<half>一半|半数|半數)"
)
_JAPANESE = re.compile(
    r"(?P<day>[月火水木金土日]曜|[(（][月火水木金土日][)）])"
    r"|(?P<ordinal>第(?:[一二三四五六七八九十]|[0-9]{1,2})(?![0-9一二三四五六七八九十百千万]))"
    r"|(?P<month>(?<![0-9一二三四五六七八九十])(?:[一二三四五六七八九]|1[0-2]|[1-9])月(?![0-9曜]))"
    r"|(?P<number>(?<![第十百千万0-9零一二三四五六七八九])[二三四五六七八九十](?=[人名件台社校隻匹頭カか]|日間|年間|か月|歳))"
    r"|(?P<share>(?P<of>[二三四五十]|[0-9])分の(?P<part>[一二三四]|[0-9]))|(?P<half>半分|半数)"
)
_KOREAN_PATTERN = re.compile(
    r"(?P<day>[월화수목금토일]요일)"
    r"|(?P<ordinal>제\s?[0-9]{1,2}(?![0-9])|(?<!\w)(?:첫|두|세|네|다섯|여섯|일곱|여덟|아홉|열)\s?번째)"
    r"|(?P<month>(?<![0-9])(?:1[0-2]|[1-9])월(?!\s?[0-9]))"
    r"|(?P<number>(?<!\w)(?:두|세|네|다섯|여섯|일곱|여덟|아홉|열)\s?(?=명|사람|개|대|곳|차례|마리|채|척|건|달|살|시간))"
    r"|(?P<share>(?P<of>[0-9])분의\s?(?P<part>[0-9]))|(?P<half>절반)"
)
_SHARES = {(2, 1): ("50",), (4, 1): ("25",), (4, 3): ("75",), (3, 1): ("33", "33.3"), (3, 2): ("67", "66", "66.7")}


def is_unspaced(language: str) -> bool:
    """Whether facts in words of a language are read here."""
    return language in ("ja", "ko", "th") or language.startswith("zh")


def read_unspaced(text: str, language: str) -> list[tuple[str, int]]:
    """The tokens of a text and where they stand; "~" before one that can only be met."""
    return [(token, found.start()) for found in _pattern(language).finditer(text) for token in _tokens(found, language)]


@cache
def _pattern(language: str) -> re.Pattern[str]:
    if language == "th":
        months = "|".join(sorted(words_of("th").full_months, key=len, reverse=True))
        number = "|".join(_THAI)
        return re.compile(
            rf"(?P<day>วัน(?:{'|'.join(_THAI_DAYS)}))|(?P<month>{months})|(?P<ordinal>ที่(?:{number})(?!สิบ|ร้อย|พัน))"
            rf"|(?P<number>(?<!สิบ)(?:{number})(?=คน|ราย|ศพ|ปี|วัน|เดือน|ครั้ง|คัน|ลำ|แห่ง|ตัว|หลัง|ชั่วโมง))|(?P<half>ครึ่งหนึ่ง)"
        )
    if language == "ko":
        return _KOREAN_PATTERN
    return _JAPANESE if language == "ja" else _CHINESE


def _tokens(found: re.Match[str], language: str) -> tuple[str, ...]:
    kind, written = found.lastgroup, found[0]
    if found["half"]:
        return ("~N50",)
    if language != "th" and found["share"]:
        parts = tuple(int(part) if part.isdigit() else _HAN[part] for part in (found["of"], found["part"]))
        return tuple("~N" + share for share in _SHARES.get((parts[0], parts[1]), ()))
    if kind == "day":
        return (f"W{_day(written, language)}",)
    number = _number(written, language)
    return (f"{'M' if kind == 'month' else 'O' if kind == 'ordinal' else 'N'}{number}",) if number else ()


def _day(written: str, language: str) -> int:
    if language == "th":
        return _THAI_DAYS[written.removeprefix("วัน")]
    if language == "ja":
        return _JAPANESE_DAYS[written.strip("(（)）曜")]
    return _KOREAN_DAYS[written[0]] if language == "ko" else _HAN_DAYS[written[-1]]


def _number(written: str, language: str) -> int:
    """The number of a month, an ordinal or a numeral."""
    if digits := re.search("[0-9]+", written):
        return int(digits[0])
    if language == "th":
        return words_of("th").full_months.get(written) or _THAI.get(written.removeprefix("ที่"), 0)
    if language == "ko":
        word = written.removesuffix("번째").strip()
        names = _KOREAN_ORDINALS if written.endswith("번째") else _KOREAN_COUNTING
        return names.index(word) + 1 if word in names else 0
    return next((_HAN[numeral] for numeral in written if numeral in _HAN), 0)
