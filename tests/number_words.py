"""Writes `dedup/matching/facts/number_words.json`: cardinals and ordinals in words, by the CLDR's rules.

The rules are run by ICU, which nobody else needs: ``pip install PyICU``, then ``python tests/number_words.py``. What
languages lack in the CLDR, and forms that its rules never give ("двое", "pěti"), are written down here.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from dedup.language.scripts import LANGUAGES
from dedup.matching.facts import locale_words

ICU = "72"  # whose CLDR the file holds
ICU_CODES = {"zh-cn": "zh_Hans", "zh-tw": "zh_Hant", "tl": "fil"}
FILE = Path(locale_words.__file__).with_name("number_words.json")

_UNREAD = frozenset({"zh-cn", "zh-tw", "ja", "ko", "th"})  # whose numbers stand inside words: `facts.unspaced_words`
_LEFT_OUT = ("year", "financial", "verbose", "days")
_CARDINALS = (*range(1, 101), *range(200, 1000, 100), 1000)
_TENS = range(20, 100, 10)
_FROM_TWO = 2
_MOST = 400  # forms of a language

# From two on, by language; words of one number are parted by a stroke.
_MORE_CARDINALS = {
    "bn": (
        "দুই|দুটি|দু'জন তিন|তিনটি|তিনজন চার|চারটি|চারজন পাঁচ|পাঁচটি|পাঁচজন ছয়|ছয়টি|ছয়জন "
        "সাত|সাতটি|সাতজন আট|আটটি|আটজন নয়টি|নয়জন দশ|দশটি|দশজন"
    ),
    "cs": "dvou|dvěma|dvě tří|třemi čtyř|čtyřmi pěti šesti sedmi osmi devíti deseti",
    "et": ("kahe|kahte kolme nelja viie|viit kuue|kuut seitsme|seitset kaheksa|kaheksat üheksa|üheksat kümne|kümmet"),
    "gu": "બે ત્રણ ચાર પાંચ છ સાત આઠ નવ દસ",
    "hr": ("dvije|dvoje|dvojica|dvojicu troje|trojica|trojicu četvero|četvorica petero|petorica šestero|šestorica"),
    "hu": "két|kétszer|ketten három|hárman négy|négyen öt|öten hat|hatan heten nyolc|nyolcan kilenc tíz|tizen",
    "kn": "ಎರಡು|ಇಬ್ಬರು ಮೂರು|ಮೂವರು ನಾಲ್ಕು|ನಾಲ್ವರು ಐದು|ಐವರು ಆರು ಏಳು ಎಂಟು ಒಂಬತ್ತು ಹತ್ತು",
    "lt": "dviejų|dviem trijų|trims keturių penkių šešių septynių aštuonių devynių dešimt|dešimties",
    "lv": ("divas|diviem|divu trīs|triju|trim četras|četru piecu|piecas sešu|sešas septiņu astoņu deviņu desmit"),
    "mk": "двајца тројца четворица петмина шестмина седуммина",
    "ml": "രണ്ട്|രണ്ടു മൂന്ന്|മൂന്നു നാല്|നാലു അഞ്ച്|അഞ്ചു ആറ് ഏഴ് എട്ട് ഒമ്പത് പത്ത്",
    "mr": "दोन|दोघे|दोघांचा तीन|तिघे|तिघांचा चार|चौघे|चौघांचा पाच सहा सात आठ नऊ दहा",
    "pa": "ਦੋ ਤਿੰਨ ਚਾਰ ਪੰਜ ਛੇ ਸੱਤ ਅੱਠ ਨੌਂ ਦਸ",
    "pl": (
        "dwóch|dwoje|dwaj|dwoma trzech|troje|trzej czterech|czworo|czterej pięciu|pięcioro sześciu "
        "siedmiu ośmiu dziewięciu dziesięciu"
    ),
    "ru": (
        "двое|двоих|двоим трое|троих|троим четверо|четверых пятеро|пятерых шестеро|шестерых "
        "семеро|семерых восьмеро девятеро десятеро"
    ),
    "sk": (
        "dvaja|dvoch|dve traja|troch štyria|štyroch piati|piatich šiesti|šiestich siedmi|siedmich "
        "ôsmi|ôsmich deviati|deviatich desiati|desiatich"
    ),
    "sl": "dve|dveh trije|treh štirje|štirih petih šestih sedmih osmih devetih desetih",
    "so": "laba saddex afar shan lix toddoba siddeed sagaal toban",
    "sv": "två|tvåa tre fyra fem sex sju åtta nio tio elva tolv",
    "te": "రెండు|ఇద్దరు మూడు|ముగ్గురు నాలుగు|నలుగురు ఐదు|ఐదుగురు ఆరు|ఆరుగురు ఏడు|ఏడుగురు ఎనిమిది తొమ్మిది పది",
    "tl": "dalawa|dalawang tatlo|tatlong apat lima|limang anim pito|pitong walo|walong siyam sampu|sampung",
    "uk": (
        "двох|двоє|двом трьох|троє|трьом чотирьох|четверо п'яти|п'ятьох|п'ятеро шести|шестеро "
        "семи|семеро восьми дев'яти десяти"
    ),
    "ur": "دو تین چار پانچ چھ|چھے سات آٹھ نو دس گیارہ بارہ تیرہ چودہ پندرہ",
}
# From the first on.
_MORE_ORDINALS = {
    "bn": "প্রথম দ্বিতীয় তৃতীয় চতুর্থ পঞ্চম ষষ্ঠ সপ্তম",
    "cs": (
        "první|prvního druhý|druhá|druhé|druhého třetí|třetího čtvrtý|čtvrtá|čtvrté pátý|pátá|páté šestý|šestá|šesté"
    ),
    "cy": "cyntaf ail trydydd|trydedd pedwerydd|pedwaredd pumed chweched",
    "et": "esimene|esimese|esimest teine|teise|teist kolmas|kolmanda|kolmandat neljas|neljanda viies|viienda",
    "fa": "اول|نخست|اولین|نخستین دوم|دومین سوم|سومین چهارم|چهارمین پنجم|پنجمین ششم هفتم",
    "gu": "પ્રથમ|પહેલો|પહેલી બીજો|બીજી|બીજા ત્રીજો|ત્રીજી|ત્રીજા ચોથો|ચોથી|ચોથા પાંચમો|પાંચમી",
    "hi": ("पहला|पहली|प्रथम दूसरा|दूसरी|दूसरे|द्वितीय तीसरा|तीसरी|तीसरे|तृतीय चौथा|चौथी|चौथे|चतुर्थ पांचवां|पांचवीं|पांचवें"),
    "id": "pertama kedua ketiga keempat kelima keenam ketujuh kedelapan",
    "kn": "ಮೊದಲ|ಪ್ರಥಮ ಎರಡನೇ|ದ್ವಿತೀಯ ಮೂರನೇ|ತೃತೀಯ ನಾಲ್ಕನೇ ಐದನೇ",
    "lt": (
        "pirmasis|pirmoji|pirmąjį|pirmas|pirma antrasis|antroji|antrąjį|antras|antra "
        "trečiasis|trečioji|trečias|trečia ketvirtasis|ketvirtoji"
    ),
    "lv": "pirmais|pirmā|pirmo|pirmajā otrais|otrā|otro|otrajā trešais|trešā|trešo ceturtais|ceturtā|ceturto",
    "mk": "прв|првиот|прва|првата втор|вториот|втора|втората трет|третиот|трета|третата четврт|четвртиот",
    "ml": "ആദ്യ|ഒന്നാം രണ്ടാം|രണ്ടാമത്തെ മൂന്നാം|മൂന്നാമത്തെ നാലാം|നാലാമത്തെ അഞ്ചാം",
    "mr": ("पहिला|पहिली|पहिले|पहिल्या|प्रथम दुसरा|दुसरी|दुसऱ्या|दुसरे तिसरा|तिसरी|तिसऱ्या चौथा|चौथी|चौथ्या पाचवा|पाचवी|पाचव्या"),
    "nl": "eerste tweede derde vierde vijfde zesde",
    "pa": "ਪਹਿਲਾ|ਪਹਿਲੀ|ਪਹਿਲੇ ਦੂਜਾ|ਦੂਜੀ|ਦੂਜੇ ਤੀਜਾ|ਤੀਜੀ|ਤੀਜੇ ਚੌਥਾ|ਚੌਥੀ",
    "pl": (
        "pierwszy|pierwsza|pierwsze|pierwszego|pierwszej drugi|druga|drugie|drugiego|drugiej "
        "trzeci|trzecia|trzecie|trzeciego|trzeciej czwarty|czwarta|czwartego|czwartej "
        "piąty|piąta|piątego|piątej"
    ),
    "ro": "primul|prima doilea|doua treilea|treia patrulea|patra cincilea|cincea",
    "sk": (
        "prvý|prvá|prvé|prvého druhý|druhá|druhé|druhého tretí|tretia|tretie|tretieho "
        "štvrtý|štvrtá|štvrté piaty|piata|piate"
    ),
    "sl": (
        "prvi|prva|prvo|prve|prvega drugi|druga|drugo|drugega tretji|tretja|tretje|tretjega "
        "četrti|četrta|četrto peti|peta|peto"
    ),
    "so": "koowaad|kowaad labaad saddexaad afraad shanaad",
    "sq": "parë|para dytë|dyta tretë|treta katërt|katërta pestë|pesta",
    "te": "మొదటి|తొలి రెండో|రెండవ మూడో|మూడవ నాలుగో|నాలుగవ ఐదో|ఐదవ",
    "tl": (
        "una|unang ikalawa|ikalawang|pangalawa|pangalawang ikatlo|ikatlong|pangatlo|pangatlong ikaapat "
        "ikalima|ikalimang"
    ),
    "uk": (
        "перший|перша|перше|першого|першої|першу другий|друга|друге|другого|другої|другу "
        "третій|третя|третє|третього|третьої|третю четвертий|четверта|четвертого|четвертої п'ятий|п'ята"
    ),
    "ur": "پہلا|پہلی دوسرا|دوسری|دوسرے تیسرا|تیسری|تیسرے چوتھا|چوتھی|چوتھے پانچواں|پانچویں",
}


def number_words_by_language() -> dict[str, dict[str, Any]]:
    """Numbers in words of every language that parts its words.

    "cardinals" and "ordinals" are the words of one number each, or two words where they stand for it together ("dua
    belas"); "multipliers" are the words that multiply what stands before them ("puluh", "cientos").
    """
    return {language: _number_words(language) for language in sorted(LANGUAGES) if language not in _UNREAD}


def _number_words(language: str) -> dict[str, Any]:
    import icu

    locale = icu.Locale(ICU_CODES.get(language, language))
    rules = icu.RuleBasedNumberFormat(icu.URBNFRuleSetTag.SPELLOUT, locale)
    is_own = language == "en" or rules.format(2) != "two"
    sets = [rules.getRuleSetName(at) for at in range(rules.getNumberOfRuleSetNames())] if is_own else []
    sets = [name for name in sets if not any(part in name for part in _LEFT_OUT)]
    forms = {n: _forms(rules, [name for name in sets if "ordinal" not in name], n) for n in _CARDINALS}
    cardinals = {form: n for n, of_number in reversed(forms.items()) for form in of_number if " " not in form}
    if len(cardinals) > _MOST:  # Finnish, whose compounds are declined in every part
        cardinals = {form: n for form, n in cardinals.items() if n <= 20 or n % 10 == 0}
    cardinals |= _written_down(_MORE_CARDINALS.get(language, ""), _FROM_TWO)
    multipliers = _multipliers(forms, cardinals)
    for n in range(11, 20):
        cardinals |= {form: n for form in forms[n] if form.count(" ") == 1 and not _adds_up(form, cardinals)}
    ordinals = {}
    for n in range(12, 0, -1):
        found = _forms(rules, [name for name in sets if "ordinal" in name], n)
        ordinals |= {form: n for form in found if " " not in form and not form[0].isdecimal()}
    ordinals |= _written_down(_MORE_ORDINALS.get(language, ""), 1)
    return {"cardinals": _sorted(cardinals), "ordinals": _sorted(ordinals), "multipliers": _sorted(multipliers)}


def _forms(rules: Any, sets: Iterable[str], number: int) -> list[str]:
    forms = []
    for name in sets:
        rules.setDefaultRuleSet(name)
        forms.append(_plain(rules.format(number)))
    return [form for form in dict.fromkeys(forms) if form.replace(" ", "").isalpha() or "'" in form or _marked(form)]


def _marked(form: str) -> bool:
    return any(unicodedata.category(letter) in ("Mn", "Mc") for letter in form)


def _plain(form: str) -> str:
    form = form.lower().replace("\u00ad", "").replace("-", " ").replace("ʼ", "'").replace("’", "'")
    return " ".join(unicodedata.normalize("NFC", form).split())


def _written_down(numbers: str, first: int) -> dict[str, int]:
    return {_plain(word): n for n, words_ in enumerate(numbers.split(), first) for word in words_.split("|")}


def _multipliers(forms: dict[int, list[str]], cardinals: dict[str, int]) -> dict[str, int]:
    """What stands behind a unit in tens and hundreds: "puluh" of "dua puluh", "cents" of "quatre cents"."""
    found = {}
    for number in (*_TENS, *range(200, 1000, 100)):
        for form in forms[number]:
            unit, _, power = form.partition(" ")
            size = 10 if number < 100 else 100
            if " " not in power and power and cardinals.get(unit) == number // size:
                found[power] = size
    return found


def _adds_up(form: str, cardinals: dict[str, int]) -> bool:
    first, second = form.split()
    return cardinals.get(first) == 10 and second in cardinals


def _sorted(numbers: dict[str, int]) -> dict[str, int]:
    return dict(sorted(numbers.items(), key=lambda item: (item[1], item[0])))


def _write() -> None:
    found = number_words_by_language()
    lines = [f"{json.dumps(name)}: {json.dumps(of, ensure_ascii=False)}" for name, of in found.items()]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    _write()
