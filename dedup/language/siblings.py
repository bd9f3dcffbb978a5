"""Recognition of languages that `detect` takes for a sibling: Malay for Indonesian, Galician for Spanish, and others.

`detect` knows 55 languages and takes a close relative of one of them for it. Two texts of one story, one in each, then
look like edited copies of each other that have hardly a word in common. Letters or frequent words that the better known
language never has tell the two apart with certainty; without any, the better known one stays.
"""

from __future__ import annotations

from dataclasses import dataclass

from dedup.datatypes import UNDETERMINED

_READ = 2400  # characters: all of what `detect` looks at
_STRIPPED = "\"'“”„‘’«»‹›()[]{}.,;:!?…¿¡-–—·*،؛؟"
_TELLING = 2  # fewest different words that decide: one may be a name or a quotation
_AGAINST = 2  # times that they must outnumber words of the better known language
_FEWEST_WORDS = 40  # of a text that is expected to hold frequent words of its language
_FEWEST_EXPECTED = 2  # of these frequent words


@dataclass(frozen=True, slots=True)
class _Sibling:
    """A language, those it is taken for, and what distinguishes it.

    base : the known language whose mean and number words are used for it
    taken_for : codes that a text in it may be taken for; the first is used for it if `base` is empty
    words : words that only it has, of which two are enough
    sure : words of which one is enough
    others : words that only the others have
    letters, never : letters that only it has, of which two are enough, and letters that it never has
    """

    code: str
    taken_for: tuple[str, ...]
    words: frozenset[str] = frozenset()
    sure: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()
    letters: str = ""
    never: str = ""
    base: str = ""


def refine(code: str, text: str) -> str:
    """Language of a text that was taken for `code`: the code of a sibling if it certainly is one.

    A text without two of the words that every text in its language has is in no known language ("und").
    """
    siblings = _SIBLINGS.get(code)
    expected = _EXPECTED.get(code)
    if siblings is None and expected is None:
        return code
    top = text[:_READ].lower()
    words = [word.strip(_STRIPPED) for word in top.split()]
    seen = set(words)
    for sibling in siblings or ():
        if _is(sibling, top, seen):
            return sibling.code
    if expected and len(words) >= _FEWEST_WORDS:
        return code if len(seen & expected) >= _FEWEST_EXPECTED else UNDETERMINED
    return code


def base_language(code: str) -> str:
    """Code of the known language that stands in for one that `refine` recognises, or the code itself."""
    return _BASES.get(code, code)


def _is(sibling: _Sibling, top: str, seen: set[str]) -> bool:
    if any(letter in top for letter in sibling.never):
        return False
    if sibling.letters and sum(map(top.count, sibling.letters)) >= _TELLING:
        return True
    found, against = len(seen & (sibling.words | sibling.sure)), len(seen & sibling.others)
    return (found >= _TELLING or not seen.isdisjoint(sibling.sure)) and found > _AGAINST * against


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_EKAVIAN = _words(
    "vreme vremena gde negde pre posle uvek mesto mesta mestu deo dela dve svet sveta svetu svetskog svetski čovek reč "
    "reči ovde ceo cela celu lepo video videla vest vesti nedelju nedelje dete deca deteta devojka uspeh primer "
    "sledeći sledeće potreba obaveštenje zameniti poverenje reka zahtev beležiti sreda sreću cena cene mleko telo "
    "izveštaj promena promene odelo odeljenje istorija istorije takođe predsednik predsednika predsedniku bezbednosti "
    "vlade vera verovao vredi uspela čoveka verovatno vremenom vremenu smena nameru namera ceni ocenu ocena dvema "
    "uspešno nedelja nedelju sedeo sedela želela želeo videli hteo hteli smeo razumeo ponedeljak delovi delova hiljada "
    "hiljade evropske evrope evropi letnji mere umesto smestio tela telu pesma pesme pesnik sneg snegu beo bela belu "
    "levo levi levica celom celog cele delu delom delimično lekar lekari lečenje lek lekova vernik vernici potrebe "
    "mesec meseca meseci mesecu zvezda zvezde zvezdu razmena"
)
_IJEKAVIAN = _words(
    "vrijeme vremenu gdje negdje prije poslije uvijek mjesto mjesta mjestu dio dijela dvije svijet svijeta svijetu "
    "svjetskog svjetski čovjek riječ riječi ovdje cijeli cijela cijelu lijepo vidio vidjela vijest vijesti dijete "
    "djeca djevojka uspjeh primjer sljedeći sljedeće zahtjev srijeda srijedu cijena cijene mlijeko tijelo izvještaj "
    "promjena promjene odjel predsjednik predsjednika predsjedniku vjera vjerovao vrijedi vrijednost uspjela čovjeka "
    "izvješće obavijest tjedan vjerojatno vremenom namjeru namjera ocjenu ocjena dvjema uspješno sjedio sjedila "
    "željela želio vidjeli htio htjeli razumio ponedjeljak dijelovi dijelova mjere mjeru mjera stupnjeva umjesto "
    "smjestio pjesma pjesme snijeg bijel bijela lijevo lijevi cijelom cijelog cijele djelomično liječnik liječnici "
    "ljekar liječenje lijek lijekova vjernik mjesec mjeseca mjeseci mjesecu zvijezda zvijezde zvijezdu razmjena"
)
_CROATIAN = _words(
    "tko netko nitko itko tisuća tisuće tisuću tjedan tjedna tjedana tjednu siječnja veljače ožujka travnja svibnja "
    "lipnja srpnja kolovoza rujna listopada studenoga studenog prosinca europa europe europi europske europski "
    "europska povijest povijesti točno točka sustav sustava glazba glazbe vlak nogomet zrakoplov priopćenju priopćio "
    "izvješće izvješća glavni tajnik milijun milijuna milijuna postrojba tijekom uvjet uvjeti uvjeta"
)
_BOSNIAN = _words(
    "ko neko niko iko šta hiljada hiljade hiljadu sedmica sedmice sedmicu sedmici januara februara marta aprila maja "
    "juna jula augusta septembra oktobra novembra decembra evropa evrope evropi evropske evropski evropska historija "
    "historije historiji historijski tačno tačka tačke muzika muzike voz saopćenju saopštenju saopćio milion miliona "
    "uslov uslovi uslova sistem sistema lahko mehko hljeb općina opštine"
)

_ALL = (
    _Sibling(
        "ms",
        ("id",),
        sure=_words("kerana bahawa peratus sahaja universiti isteri isnin khamis jumaat disember mesyuarat"),
        words=_words(
            "kerana bahawa peratus sahaja mahu universiti televisyen isteri isnin khamis jumaat ogos julai disember "
            "bilion trilion lapan setiausaha mesyuarat syarikat polis peguam awak manakala adakah sebarang sekiranya "
            "hospital kebanyakan semasa ketiga-tiga persekutuan pilihan menteri-menteri akhbar cawangan mendakwa "
            "menjelang pengerusi jawatankuasa presiden-presiden teruk berjaya kecederaan kira-kira sukan"
        ),
        others=_words(
            "karena bahwa persen saja mau universitas televisi istri senin kamis jumat agustus juli desember miliar "
            "triliun delapan sekretaris rapat polisi pengacara kamu rumah uang bisa perusahaan koran ketua olahraga"
        ),
    ),
    _Sibling(
        "gl",
        ("es", "pt"),
        sure=_words("unha dunha nunha unhas algunha ningunha máis xa aínda"),
        words=_words(
            "unha dunha nunha unhas algunha ningunha xa moi tamén coa coas ata hoxe máis cando aínda lle lles xente "
            "súa súas dúas despois dende xullo xuño xaneiro decembro ningún xunto xeito pobo todalas dixo fixo tivo "
            "niso"
        ),
        others=_words(
            "una uno muy también hasta hoy más cuando todavía aún después mientras uma umas alguma nenhuma já muito "
            "também até hoje mais quando ainda sua suas duas depois enquanto dijo hizo tuvo disse fez y"
        ),
    ),
    _Sibling("ast", ("es", "ca"), words=_words("tamién yera dempués nesti nesta d'asturies asturianu")),
    _Sibling("oc", ("ca", "fr", "es"), words=_words("tanben aquò dempuèi puèi aquel pasmens")),
    _Sibling("fo", ("no", "da"), words=_words("í við ikki hevur teir tær tey frá eru fyri eisini"), never="þö"),
    _Sibling("is", ("no", "da"), words=_words("í við ekki að það hefur þess eru frá fyrir einnig")),
    _Sibling(
        "nn",
        ("no", "da"),
        sure=_words("ikkje korleis mykje noko nokon nokre einskild"),
        words=_words(
            "ikkje frå korleis kva kven berre noko nokon nokre mykje vere vore fleire òg sjølv gjer seier heile "
            "einskild eit dei eg vart difor medan meir utan kvifor første-dei"
        ),
        others=_words(
            "ikke fra hvordan hva hvem bare noe noen mye være vært flere også selv gjør sier hele jeg ble derfor mens "
            "mer uten hvorfor"
        ),
    ),
    _Sibling("bs", ("hr",), words=_BOSNIAN, others=_CROATIAN | _EKAVIAN),
    _Sibling("sr-Latn", ("hr",), words=_EKAVIAN, others=_IJEKAVIAN | _CROATIAN),
    _Sibling(
        "sr",
        ("mk", UNDETERMINED),
        words=_words("је су није ће који која које али такође рекао рекла због након између бити"),
        letters="ћђ",
        never="ѓќѕыэщўіїє",
    ),
    _Sibling("be", ("ru", "uk", UNDETERMINED), letters="ў", never="ищїєъ", base="ru"),
    _Sibling("az", ("tr",), letters="ə", base="tr"),
    _Sibling("tk", ("tr",), letters="ýňž", words=_words("bilen üçin bolan boýunça"), base="tr"),
    _Sibling(
        "prs",
        ("fa",),
        words=_words(
            "پولیس اکتوبر اگست جولای ولسوالی پوهنتون شفاخانه طیاره موتر جنوری سپتمبر نومبر دسمبر اپریل جون هژدهم پروسه "
            "کمپنی فامیل"
        ),
        others=_words(
            "پلیس اکتبر اوت ژوئیه دانشگاه بیمارستان هواپیما خودرو ژانویه سپتامبر نوامبر دسامبر آوریل ژوئن شرکت"
        ),
    ),
    _Sibling("lb", ("de", "nl"), words=_words("ass sech vun fir hunn och awer datt gouf huet net mam déi")),
    _Sibling("gsw", ("de",), words=_words("isch nöd nid gsi hät het gha uf sini cha händ")),
    _Sibling(
        "ceb",
        ("tl",),
        words=_words("nga ug dili kini gikan iyang usa niadtong kaniadto"),
        others=_words("ng at ay hindi ito"),
    ),
    _Sibling("ilo", ("tl",), words=_words("ti dagiti iti ken nga idi isu"), others=_words("ng at ay hindi ito ang")),
    _Sibling("yue", ("zh-tw", "zh-cn"), letters="嘅咗佢喺啲嚟嘢冇"),
)


def _by_code() -> dict[str, tuple[_Sibling, ...]]:
    codes = dict.fromkeys(code for sibling in _ALL for code in sibling.taken_for)
    return {code: tuple(sibling for sibling in _ALL if code in sibling.taken_for) for code in codes}


_SIBLINGS = _by_code()
_BASES = {sibling.code: sibling.base or sibling.taken_for[0] for sibling in reversed(_ALL)}
_EXPECTED = {
    "id": _words("yang dan di untuk dengan dari ini itu dalam pada tidak akan"),
    "so": _words("ee oo waxaa ayaa waa uu iyo laga"),
    "sw": _words("katika kwamba hii huo hiyo lakini kuwa kama wake yake baada alisema pia watu walisema"),
    "vi": _words("và của là được không những cho với trong người các một có sẽ đã vào để này ngày năm"),
}

SIBLING_CODES = tuple(sorted({sibling.code for siblings in _SIBLINGS.values() for sibling in siblings}))
"""Codes of the languages that `refine` recognises."""
