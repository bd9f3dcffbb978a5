"""Corpora of any size with known stories: articles put together from segments that exist in several languages.

A sentence of an article is two segments of the translation corpus with a name or a number between them, so that however
many articles there are, those that share a whole sentence are those of one story (with whole sentences of the corpus,
of which there are 160,000, articles of a large corpus are chained to each other and every sentence recurs like a
notice). An article takes its segments from one stretch of the list, as a real one keeps to its topic, and other
articles take theirs from the same stretch. Of ten articles six stand alone; the others come as translations (a pair, or
a story in up to six languages), edits, excerpts and exact copies. The same size and seed give the same corpus, and a
larger corpus begins like a smaller one.
"""

from __future__ import annotations

import json
import lzma
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
LANGUAGES = (
    *("ar", "de", "es", "fa", "fr", "hi", "id", "it", "ja"),
    *("ko", "nl", "pl", "pt", "ru", "th", "tr", "vi", "zh-cn"),
)
SHORTEST = 30  # characters of an English segment
LONGEST = 160  # a whole paragraph would be a third of an article, and two that share it no strangers
STRETCH = 3000  # segments that an article chooses from
NAMES = 20_000  # family names that articles speak of
SYLLABLES = (
    *("ka", "ro", "mi", "ta", "len", "sor", "bi", "dan", "vel", "no"),
    *("ru", "sha", "per", "ia", "gor", "el", "mar", "zu", "ti", "ben"),
)
EDITS = (("the", "this"), ("and", "as well as"), ("is", "was"), ("for", "to"))


@dataclass(frozen=True, slots=True)
class Row:
    """An article of a corpus: what it says, and which story it tells."""

    id: str
    text: str
    story: str
    language: str
    kind: str


def rows(count: int, characters: int, *, seed: int = 0) -> Iterator[Row]:
    """As many articles of about that length."""
    lines = _Lines.load()
    generator = random.Random(seed)
    made = story = 0
    while made < count:
        for text, language, kind in _story(lines, characters, generator):
            if made < count:
                yield Row(f"{made:07}", text, str(story), language, kind)
                made += 1
        story += 1


def real_rows(sets: Sequence[Path], count: int, *, seed: int = 0) -> Iterator[Row]:
    """As many articles of sets with gold stories, in any order; where they do not suffice, edited versions of them.

    Files of labelled pairs are passed over.
    """
    generator = random.Random(seed)
    found = []
    for path in (path for path in sets if ".pairs." not in path.name):
        with lzma.open(path, "rt", encoding="utf-8") as file:
            found += [(f"{path.stem}:{record['story']}", record) for record in map(json.loads, file)]
    generator.shuffle(found)
    for number in range(count):
        story, record = found[number] if number < len(found) else generator.choice(found)
        text = record["text"] if number < len(found) else _edit(record["text"], generator)
        yield Row(f"{number:07}", text, story, record["lang"], "first" if number < len(found) else "edit")


def write(path: Path, made: Iterable[Row]) -> None:
    """A corpus as JSON lines: id, text, story, lang, kind."""
    with path.open("w", encoding="utf-8") as file:
        for row in made:
            record = {"id": row.id, "text": row.text, "story": row.story, "lang": row.language, "kind": row.kind}
            file.write(json.dumps(record, ensure_ascii=False) + "\n")


@dataclass(frozen=True, slots=True)
class _Lines:
    """English sentences, and for each language the numbers of those it has, with its own."""

    english: list[str]
    foreign: dict[str, dict[int, str]]
    known: dict[str, list[int]]

    @classmethod
    def load(cls) -> _Lines:
        with lzma.open(CORPUS / "en.txt.xz", "rt", encoding="utf-8") as file:
            english = file.read().split("\n")
        foreign = {language: _read_foreign(language, english) for language in LANGUAGES}
        return cls(english, foreign, {language: sorted(found) for language, found in foreign.items()})

    def say(self, line: int, language: str) -> str:
        return self.english[line] if language == "en" else self.foreign[language][line]


def _read_foreign(language: str, english: list[str]) -> dict[int, str]:
    found = {}
    with lzma.open(CORPUS / f"{language}.tsv.xz", "rt", encoding="utf-8") as file:
        for row in file:
            number, source, sentence = row.rstrip("\n").split("\t", 2)
            if not source.startswith("lexicon") and SHORTEST <= len(english[int(number)]) <= LONGEST:
                found[int(number)] = sentence
    return found


@dataclass(frozen=True, slots=True)
class _Sentence:
    """Two segments, by their numbers, and what stands between them in every language."""

    first: int
    fact: str
    second: int

    def lines(self) -> tuple[int, int]:
        return self.first, self.second


_Chosen = list[_Sentence]


def _story(lines: _Lines, characters: int, generator: random.Random) -> Iterator[tuple[str, str, str]]:
    """The articles of one story: text, language, kind."""
    foreign = generator.choice(LANGUAGES)
    chosen = _choose(lines, foreign, characters, generator)
    language = generator.choice(("en", foreign))
    text = _write(lines, chosen, language)
    yield text, language, "first"
    draw = generator.random()
    if draw < 0.10:
        other = "en" if language == foreign else foreign
        yield _write(lines, chosen, other), other, "translation"
    elif draw < 0.13:
        for other in ("en", *generator.sample(LANGUAGES, 5)):
            if other != language and (other == "en" or _has_all(lines.foreign[other], chosen)):
                yield _write(lines, chosen, other), other, "translation"
    elif draw < 0.20:
        yield _edit(text, generator), language, "edit"
    elif draw < 0.24:
        yield _write(lines, chosen[: max(2, len(chosen) // 3)], language), language, "excerpt"
    elif draw < 0.27:
        yield text, language, "copy"


def _has_all(known: dict[int, str], chosen: _Chosen) -> bool:
    return all(line in known for sentence in chosen for line in sentence.lines())


def _choose(lines: _Lines, language: str, characters: int, generator: random.Random) -> _Chosen:
    """Sentences of segments from one stretch, as many as make up the length."""
    known = lines.known[language]
    start = generator.randrange(max(1, len(known) - STRETCH))
    stretch = known[start : start + STRETCH]
    chosen: _Chosen = []
    length = 0
    wanted = characters * generator.uniform(0.6, 1.4)
    while True:
        sentence = _Sentence(generator.choice(stretch), _fact(generator), generator.choice(stretch))
        more = sum(len(lines.english[line]) for line in sentence.lines()) + len(sentence.fact)
        if chosen and length + more / 2 > wanted:
            return chosen
        length += more
        chosen.append(sentence)


def _fact(generator: random.Random) -> str:
    """A name or a number, as every language writes it; nothing in four sentences of ten."""
    draw = generator.random()
    if draw < 0.3:
        number = generator.randrange(NAMES)
        return "".join(SYLLABLES[number // 20**place % 20] for place in range(4)).capitalize()
    return str(int(10 ** generator.uniform(0.5, 4.5))) if draw < 0.6 else ""


def _write(lines: _Lines, chosen: _Chosen, language: str) -> str:
    lines_of = []
    for sentence in chosen:
        first, second = (lines.say(line, language).rstrip(".!?:; 。।") for line in sentence.lines())
        lines_of.append(", ".join(part for part in (first, sentence.fact, second) if part) + ".")
    return "\n".join(lines_of)


def _edit(text: str, generator: random.Random) -> str:
    """A later version: words changed, a sentence left out, another order at the end."""
    sentences = text.split("\n")
    if len(sentences) > 3:
        del sentences[generator.randrange(1, len(sentences))]
        sentences[-1], sentences[-2] = sentences[-2], sentences[-1]
    edited = "\n".join(sentences)
    for old, new in EDITS:
        edited = edited.replace(f" {old} ", f" {new} ", 2)
    return edited if edited != text else text[: len(text) * 4 // 5]
