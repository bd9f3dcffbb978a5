"""Languages told apart from their siblings by what they alone have, and never without it."""

from __future__ import annotations

import pytest

from dedup.language.detect import detect_language
from dedup.language.siblings import base_language, refine
from dedup.report.wording import language_name


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("ms", "Feri itu berhenti kerana enjinnya rosak, kata jurucakap syarikat itu pada hari Khamis."),
        ("id", "Feri itu berhenti karena mesinnya rusak, kata juru bicara perusahaan itu pada hari Kamis."),
        ("gl", "O transbordador non sae hoxe porque unha das dúas máquinas aínda está avariada."),
        ("es", "El transbordador no sale hoy porque una de las dos máquinas todavía está averiada."),
        ("pt", "O barco não sai hoje porque uma das duas máquinas ainda está avariada, disse o porto."),
        ("nn", "Ferja går ikkje i dag fordi ein av motorane framleis ikkje er reparert, seier hamna."),
        ("no", "Fergen går ikke i dag fordi en av motorene fortsatt ikke er reparert, sier havnen."),
        ("sr-Latn", "Trajekt danas neće ploviti, a posle podne vreme postaje loše, izjavio je predsednik luke."),
        ("hr", "Trajekt danas ne plovi, a poslije podne vrijeme postaje loše, izjavio je liječnik."),
        ("sr", "Трајект данас не плови јер нема довољно људи, рекао је лекар. Куће су празне, а ћерке чекају."),
        ("mk", "Траектот денес не плови бидејќи нема доволно луѓе, изјави лекарот во пристаништето."),
        ("az", "Bərə bu gün limandan çıxmır, çünki mühərrik hələ təmir olunmayıb, dedi liman rəisi."),
        ("tr", "Feribot bugün limandan çıkmıyor, çünkü motoru henüz onarılmadı, dedi liman müdürü."),
        ("be", "Паром сёння не выйдзе з порта, бо рухавік яшчэ не адрамантаваны, сказаў начальнік порта ўвечары."),
        ("uk", "Пором сьогодні не вийде з порту, бо двигун ще не відремонтовано, сказав начальник порту ввечері."),
        ("lb", "D'Fähr fiert haut net, well de Motor nach ëmmer futti ass, sot de Chef vum Hafen, an hie freet sech."),
        ("yue", "佢哋話今日冇船，因為部機仲未整好，啲人要等到聽日先至走得。"),
    ],
)
def test_a_sibling_is_told_by_what_it_alone_has(code: str, text: str) -> None:
    assert detect_language(text).code == code


def test_without_telling_words_the_known_language_stays() -> None:
    assert refine("id", "Menteri berkata harga minyak naik lagi tahun ini.") == "id"
    assert refine("hr", "Danas je lijep dan.") == "hr"
    assert refine("en", "kerana bahawa peratus") == "en"


def test_a_long_text_without_one_frequent_word_is_in_no_known_language() -> None:
    assert refine("sw", "umuntu akakhulumi ngalokho abantu bonke bahambile " * 12) == "und"
    assert refine("sw", "Watu wa kijiji walisema katika mkutano kwamba bahari " * 12) == "sw"


@pytest.mark.parametrize(("code", "base"), [("ms", "id"), ("nn", "no"), ("sr-Latn", "hr"), ("sr", "mk"), ("en", "en")])
def test_a_sibling_leans_on_a_known_language(code: str, base: str) -> None:
    assert base_language(code) == base
    assert language_name(code) != code
