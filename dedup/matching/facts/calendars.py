"""Years and dates of other calendars in those of the common era, where the two can be distinguished and converted.

Japanese and Minguo years are years of the common era under another number, and the Persian calendar's days are exact.
What is not exact is taken out of the text, for it contradicts nothing: a day of a Hijri or Nepali month, a Persian
month or year, which begins in March. Such a year can still be met, by either of the two that it shares days with.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from functools import cache

_ERAS = {"令和": 2018, "平成": 1988, "昭和": 1925, "大正": 1911, "明治": 1867}
_ERA = re.compile(r"(令和|平成|昭和|大正|明治)\s?(元|[一二三四五六七八九十]|[0-9]{1,2})\s?年")
_MINGUO = re.compile(r"(民國|民国)\s?(元|[一二三四五六七八九十]|[0-9]{1,3})\s?年")
_MINGUO_FIRST = 1911
_HAN = {numeral: n for n, numeral in enumerate("一二三四五六七八九十", start=1)} | {"元": 1}

_PERSIAN_MONTHS = "فروردین|اردیبهشت|خرداد|تیر|مرداد|شهریور|مهر|آبان|آذر|دی|بهمن|اسفند"
_PERSIAN_NUMBERS = {month: n for n, month in enumerate(_PERSIAN_MONTHS.split("|"), start=1)}
_ENGLISH = ["ژانویه", "فوریه", "مارس", "آوریل", "مه", "ژوئن", "ژوئیه", "اوت", "سپتامبر", "اکتبر", "نوامبر", "دسامبر"]
_PERSIAN = re.compile(
    rf"(?<![0-9])(?P<day>[0-9]{{1,2}})\s(?:ام\s)?(?P<month>{_PERSIAN_MONTHS})"
    r"(?:\s(?:ماه\s)?(?:سال\s)?(?P<year>1[34][0-9]{2}))?(?!\w)"
    rf"|(?<!\w)(?P<alone>{_PERSIAN_MONTHS})\s(?:ماه\s)?(?:سال\s)?(?P<of>1[34][0-9]{{2}})(?![0-9])"
    r"|(?<![0-9])(?P<y>1[34][0-9]{2})(?P<mark>[-/])(?P<m>[0-9]{1,2})(?P=mark)(?P<d>[0-9]{1,2})(?![0-9])"
    r"|(?:سال‌?(?:های)?)\s(?P<bare>1[34][0-9]{2})(?![0-9])|(?P<sun>1[34][0-9]{2})\s(?:شمسی|خورشیدی|ش\.)"
)
# Either stands in all that the pattern above finds, and is found in a tenth of its time.
_PERSIAN_YEAR = re.compile("1[34][0-9]{2}")
_PERSIAN_DAY = re.compile(rf"[0-9]\s(?:ام\s)?(?:{_PERSIAN_MONTHS})")
_PERSIAN_LEAP = frozenset({1, 5, 9, 13, 17, 22, 26, 30})  # years of a cycle of 33
_PERSIAN_ANCHOR = date(2021, 3, 21), 1400  # its first day of Farvardin
_PERSIAN_YEARS = range(1304, 1500)  # since it became law

_NEPALI_MONTHS = (
    "बैशाख|वैशाख|जेठ|जेष्ठ|ज्येष्ठ|असार|आषाढ|साउन|श्रावण|भदौ|भाद्र|असोज|आश्विन|कात्तिक|कार्तिक|मंसिर|मङ्सिर|पुस|पुष|पौष|माघ|"
    "फागुन|फाल्गुन|चैत|चैत्र"
)
_NEPALI = re.compile(
    rf"(?:(?<![0-9])(?P<year>20[5-9][0-9])\s)?(?:साल\s)?(?P<month>{_NEPALI_MONTHS})(?:मा|को|देखि|सम्म)?"
    r"\s?(?:[0-9]{1,2}(?![0-9]))?"
    r"|(?<![0-9,.])(?<!सन् )(?P<bare>20[7-9][0-9])(?![0-9]|[,.][0-9])"
)
_NEPALI_AHEAD = 57, 56

_HIJRI_MONTHS = {
    "ar": (
        r"محرم|صفر|ربيع (?:الأول|الاول|الآخر|الثاني)|جماد[ىي] (?:الأولى|الاولى|الآخرة|الثانية)"
        r"|رجب|شعبان|رمضان|شوال|ذ[يو] القعدة|ذ[يو] الحجة"
    ),
    "fa": r"محرم|صفر|ربیع‌?\s?(?:الاول|الثانی)|جمادی‌?\s?(?:الاول|الثانی)|رجب|شعبان|رمضان|شوال|ذی‌?\s?القعده|ذی‌?\s?الحجه",
    "ur": r"محرم|صفر|ربیع (?:الاول|الثانی)|جمادی (?:الاول|الثانی)|رجب|شعبان|رمضان|شوال|ذوالقعدہ|ذوالحجہ",
    "id": (
        r"Muharram|Safar|Rabiul (?:Awal|Akhir)|Jumadil (?:Awal|Akhir)|Rajab|Sya.?ban|Ramadh?an|Syawal"
        r"|Dzul ?[qk]a.?dah|Dzul ?hijjah"
    ),
    "en": (
        r"Muharram|Safar|Rabi.? al-(?:Awwal|Thani)|Jumada al-(?:Awwal|Thani)|Rajab|Sha.?ban|Ramadan|Shawwal"
        r"|Dhu al-\w+"
    ),
}
_HIJRI_MARK = {
    "ar": r"\s?ه(?:ـ|جري)",
    "fa": r"\s?(?:هجری|ق\.|قمری)",
    "ur": r"\s?ہجری",
    "id": r"\s(?:H\b|Hijriah)",
    "en": r"\s?AH\b",
}
_HIJRI_CUES = {
    "ar": "محرم|صفر|ربيع|جماد|رجب|شعبان|رمضان|شوال|القعدة|الحجة|هـ|هجري",
    "fa": "محرم|صفر|ربیع|جماد|رجب|شعبان|رمضان|شوال|القعده|الحجه|هجری|قمری",
    "ur": "محرم|صفر|ربیع|جماد|رجب|شعبان|رمضان|شوال|القعدہ|الحجہ|ہجری",
    "id": "Muharram|Safar|Rabiul|Jumadil|Rajab|Syaban|Sya'ban|Ramad|Syawal|Dzul|Hijriah",
    "en": "Muharram|Safar|Rabi|Jumada|Rajab|Shaban|Sha'ban|Ramadan|Shawwal|Dhu al| AH",
}

_Found = tuple[str, tuple[str, ...]]


def with_common_years(text: str, language: str) -> _Found:
    """A text in ASCII digits, what it dates by another calendar converted or taken out, and the years that meet it."""
    if language == "ja":
        return _ERA.sub(_of_era, text) if "年" in text else text, ()
    if language.startswith("zh"):
        return _MINGUO.sub(_of_minguo, text) if "民" in text else text, ()
    years: list[str] = []
    if language == "fa" and (_PERSIAN_YEAR.search(text) or _PERSIAN_DAY.search(text)):
        text = _PERSIAN.sub(lambda found: _of_persian(found, years), text)
    if language == "ne":
        text = _NEPALI.sub(lambda found: _of_nepali(found, years), text)
    if language in _HIJRI_MONTHS and any(cue in text for cue in _HIJRI_CUES[language].split("|")):
        text = _hijri(language).sub(lambda found: _of_hijri(found, years), text)
    return text, tuple(years)


def _of_era(found: re.Match[str]) -> str:
    return f"{_ERAS[found[1]] + (_HAN.get(found[2]) or int(found[2]))}年"


def _of_minguo(found: re.Match[str]) -> str:
    return f"{_MINGUO_FIRST + (_HAN.get(found[2]) or int(found[2]))}年"


def _of_persian(found: re.Match[str], years: list[str]) -> str:
    """A day in full as one of the common era; a month, a year, or a day without its year is taken out."""
    if year := found["y"] or found["year"]:
        month = int(found["m"] or _PERSIAN_NUMBERS[found["month"]])
        day = persian_day(int(year), month, int(found["d"] or found["day"]))
        return f" {day.day} {_ENGLISH[day.month - 1]} {day.year} " if day else found[0]
    if year := found["of"] or found["bare"] or found["sun"]:
        years += [str(int(year) + 621), str(int(year) + 622)]
    return " " if year or found["day"] else found[0]


def persian_day(year: int, month: int, day: int) -> date | None:
    """The day of the common era that a day of the Persian calendar is; nothing where there is no such day.

    Eight years of a cycle of 33 are leap years, as they come out by the sun in this and the last century.
    """
    if year not in _PERSIAN_YEARS or not 1 <= month <= 12 or not 1 <= day <= (31 if month <= 6 else 30):
        return None
    anchor, first = _PERSIAN_ANCHOR
    leaps = sum(_is_leap(each) for each in range(min(year, first), max(year, first)))
    days = 365 * (year - first) + (leaps if year > first else -leaps)
    return anchor + timedelta(days=days + 31 * (month - 1) - max(0, month - 7) + day - 1)


def _is_leap(year: int) -> bool:
    return year % 33 in _PERSIAN_LEAP


def _of_nepali(found: re.Match[str], years: list[str]) -> str:
    if year := found["year"] or found["bare"]:
        years += [str(int(year) - ahead) for ahead in _NEPALI_AHEAD]
    return " "


@cache
def _hijri(language: str) -> re.Pattern[str]:
    months, mark = _HIJRI_MONTHS[language], _HIJRI_MARK[language]
    return re.compile(
        rf"(?:(?<![0-9])[0-9]{{1,2}}\s(?:من\s)?)?(?<!\w)(?:شهر\s)?(?:{months})"
        rf"(?:\s(?:\w{{3,4}}\s)?(?P<year>1[34][0-9]{{2}})(?![0-9]))?(?:{mark})?"
        rf"|(?<![0-9])(?P<bare>1[34][0-9]{{2}}){mark}"
    )


def _of_hijri(found: re.Match[str], years: list[str]) -> str:
    """A date with its day or its year is taken out; a month alone, which states no number, stays."""
    if year := found["year"] or found["bare"]:
        first = int((int(year) - 1) * 0.970224 + 621.57)  # of a lunar year, 354.37 days long
        years += [str(first), str(first + 1)]
    return " " if any(letter.isdigit() for letter in found[0]) else found[0]
