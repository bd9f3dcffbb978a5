"""Units and currencies beside a number: amounts in different ones cannot be held against each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

from dedup.matching.facts.locale_words import words_of

_DIMENSIONS = {
    "length": "km mi m ft yd cm in mm",
    "mass": "kg lb oz g t",
    "speed": "kmh mph kn",
    "heat": "°c °f",
    "area": "ha ac km2 mi2 m2 ft2",
    "volume": "l gal",
}
_DIMENSION = {unit: name for name, units in _DIMENSIONS.items() for unit in units.split()}
_MONEY = "money"
_SIGNS = {"$": "usd", "€": "eur", "£": "gbp", "¥": "jpy", "￥": "jpy", "₹": "inr", "₽": "rub", "₩": "krw", "₺": "try"}
_SIGNS |= {"₴": "uah", "฿": "thb", "₫": "vnd", "₪": "ils", "₱": "php", "₦": "ngn"}
_CODES = (
    "AED ARS AUD BDT BGN BRL CAD CHF CLP CNY COP CZK DKK EGP EUR GBP HKD HUF IDR ILS INR IQD IRR JPY KES KRW KWD MXN "
    "MYR NGN NOK NPR NZD PHP PKR PLN QAR RON RUB SAR SEK SGD THB TRY TWD UAH USD VND ZAR"
)
_BEFORE = {code: code.lower() for code in _CODES.split()} | {"Rp": "idr", "Rs": "inr", "RM": "myr", "Tk": "bdt"}
# Stems of the words of currencies, in any language that writes them so. Dollars of all countries are one.
_WORDS = {
    "usd": "dollar dolar dólar dollár доллар долар долл. δολάρι δολλάρι دولار دلار ڈالر דולר डॉलर ডলার டாலர் డాలర్ "
    "ഡോളർ ڊالر ડૉલર ડોલર ਡਾਲਰ ಡಾಲರ್ ดอลลาร์ ドル 美元 美金 달러 đô usd",
    "eur": "euro евро євро ευρώ يورو یورو אירו यूरो ইউরো யூரோ యూరో ยูโร ユーロ 欧元 歐元 유로 eur",
    "gbp": "ポンド 英镑 英鎊 파운드 gbp",
    "jpy": "yen йен ієн 円 日元 日圓 엔 येन jpy",
    "cny": "yuan юан 人民币 元 위안 युआन renminbi cny",
    "inr": (
        "rupee rupi रुपय रुपए रुपये रुपैया টাকা ரூபாய் రూపాయ రూ రూపాయలు രൂപ ಸೂಪಾಯಿ રૂપિય ਰੁਪਏ রুপি рупи "
        "روپے روپیہ רופי ルピー 卢比 루피 inr"
    ),
    "idr": "rupiah рупия рупий 印尼盾 ルピア idr",
    "rub": "rubel rubl roubl rouble ruble рубл руб. روبل рубля רובל ルーブル 卢布 루블 rub",
    "krw": "韩元 ウォン 원 krw",
    "uah": "гривен гривн грн hryvni uah",
    "pln": "złot zł zlot злот pln",
    "chf": "франк chf",
    "czk": "korun крон kronor kroner kronen crown coronas kč czk",
    "huf": "forint форинт huf",
    "try": "türk лир ليرة liras try",
    "thb": "baht บาท бат thb",
    "vnd": "đồng vnd",
    "sar": "riyal rial riyál риал ريال ریال sar",
    "kwd": "dinar динар دينار دینار kwd",
    "aed": "dirham дирхам درهم aed",
    "ils": "shekel שקל שקלים шекел שח ils",
    "ngn": "naira ngn",
    "php": "peso php",
    "myr": "ringgit myr",
    "zar": "zar",
    "kes": "shilling shilingi kes",
}
_COMMON = {"km/h": "kmh", "kmh": "kmh", "kph": "kmh", "mph": "mph", "km": "km", "cm": "cm", "mm": "mm", "kg": "kg"}
_COMMON |= {"lbs": "lb", "lb": "lb", "°c": "°c", "°f": "°f", "℃": "°c", "℉": "°f", "€": "eur", "$": "usd", "£": "gbp"}
_MORE = {
    "en": {"kilometre": "km", "metre": "m", "centimetre": "cm", "millimetre": "mm", "tonne": "t", "litre": "l"},
    "zh-cn": {"公斤": "kg", "摄氏": "°c", "华氏": "°f", "海里": "nmi"},
    "zh-tw": {"公斤": "kg", "攝氏": "°c", "華氏": "°f"},
    "ja": {"キロ": "km"},
    "id": {"derajat celsius": "°c", "derajat fahrenheit": "°f", "kilometer": "km", "mil": "mi", "inci": "in"},
    "ru": {"градус цельси": "°c", "километр": "km", "мил": "mi", "метр": "m", "миль": "mi", "дюйм": "in"},
    "ko": {"킬로": "km", "마일": "mi"},
}
_Words = tuple[tuple[str, str], ...]  # each with its unit

_REACH = 24  # characters behind a number
_SHORT = 4  # letters up to which a unit must be the whole word
_SPACES = " \u00a0\u202f-"
_WIDE = "\u0e00"  # from where on a script may write no spaces


def unit_of(text: str, start: int, end: int, language: str) -> str:
    """The unit or currency of the number `text[start:end]`, or an empty string."""
    before = text[max(0, start - 4) : start].rstrip(" \u00a0.")
    if before and (sign := _SIGNS.get(before[-1]) or (before[-1].isalpha() and _code(before))):
        return str(sign)
    behind = text[end : end + _REACH].lstrip(_SPACES).lower()
    openings = _openings(language)
    for stem, unit in openings.get(behind[:2], ()) + openings.get(behind[:1], ()):
        ends = stem[-1] >= _WIDE or len(stem) > _SHORT or not behind[len(stem) : len(stem) + 1].isalpha()
        if ends and behind.startswith(stem):
            return unit
    return ""


def _code(before: str) -> str:
    return _BEFORE.get(before[-3:], "") or _BEFORE.get(before[-2:], "")


def are_incomparable(left: str, right: str) -> bool:
    """Whether amounts in two units say nothing about each other: those of one dimension, in other units."""
    return left != right and bool(left and right) and _dimension(left) == _dimension(right)


def unit_class(unit: str) -> str:
    """Class by which amounts in a unit are found: the unit itself, or one class for most currencies."""
    return unit if unit in _DIMENSION or unit in ("usd", "eur") else _MONEY


def other_classes(units: Iterable[str]) -> Iterator[str]:
    """For each unit of a text, the classes of those units that it is not comparable to."""
    for unit in set(units):
        if unit in _DIMENSION:
            yield from (other for other in _DIMENSIONS[_DIMENSION[unit]].split() if other != unit)
        else:
            yield from (other for other in ("usd", "eur", _MONEY) if other != unit)


def _dimension(unit: str) -> str:
    return _DIMENSION.get(unit, _MONEY)


@cache
def _openings(language: str) -> dict[str, _Words]:
    """Words of units by their first two characters, longest first."""
    of_language = {word: unit for word, unit in words_of(language).units.items() if unit in _DIMENSION and word != "in"}
    more = {word: unit for word, unit in _MORE.get(language, {}).items() if unit in _DIMENSION}
    own = of_language | {word: _COMMON[word] for word in of_language if word in _COMMON} | more
    found = dict(_shared_openings())
    for opening, words in _by_opening(own).items():
        found[opening] = _longest_first(dict(found.get(opening, ())) | dict(words))
    return found


@cache
def _shared_openings() -> dict[str, _Words]:
    """Words of units that all languages have."""
    known = {word: unit for unit, words in _WORDS.items() for word in words.split()} | _COMMON
    return {opening: _longest_first(words) for opening, words in _by_opening(known).items()}


def _by_opening(units: dict[str, str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for word, unit in units.items():
        found.setdefault(word[:2], {})[word] = unit
    return found


def _longest_first(words: dict[str, str]) -> _Words:
    return tuple(sorted(words.items(), key=lambda item: (-len(item[0]), item[0])))
