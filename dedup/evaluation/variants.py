"""Articles as they come back in the world: cut short, copied with changes, under a banner, within a round-up."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from dedup.datatypes import Article
from dedup.evaluation.gold import Gold
from dedup.language.as_read import body_of
from dedup.language.sentences import sentences
from dedup.language.text import WIDE, words

_NUMBER = re.compile(r"(?<![\d.,:])\d{2,}(?![\d.,:])")
_FEWEST_SENTENCES = 6
_TITLE_WORDS = 8
_TERM_LETTERS = 4

_TAILS = (
    "Follow us for the latest news. Sign up for our newsletter so that you do not miss a thing. Contact the editors "
    "with tips. Copyright reserved by the publisher.",
    "Baca juga berita lainnya di laman kami. Dapatkan kabar terbaru setiap hari melalui kanal kami. Dilarang menyalin "
    "tanpa izin redaksi.",
    "Suivez-nous sur les réseaux sociaux. Abonnez-vous à notre lettre d'information. Tous droits réservés.",
)
_BANNERS = (
    "Diese Website verwendet Cookies. Wenn Sie die Seite weiter nutzen, stimmen Sie der Verwendung zu. Mehr erfahren",
    "Este sitio utiliza cookies propias y de terceros para mejorar la experiencia. Al aceptar, usted consiente su uso.",
    "We value your privacy. We and our partners store and access information on a device. Accept Reject all",
)


def cut(item: Gold, lines: int) -> Gold:
    """An article cut to its title and so many sentences; with none of them the title alone, or the first sentence."""
    title, found = item.article.title.strip(), sentences(item.article.text)
    named = sentences(title)
    if found[: len(named)] == named:  # the text begins with its title, and not only with the same words
        found = found[len(named) :]
    kept = " ".join(found[:lines]) if lines else ""
    if not kept:
        return replace(item, article=Article(id=item.article.id, text=title or "\n".join(found[:1])))
    return replace(item, article=Article(id=item.article.id, text=kept, title=title))


def copies(item: Gold, others: Sequence[Gold], generator: np.random.Generator) -> list[Gold]:
    """Copies of an article, each changed in one way; other articles lend their titles and paragraphs."""
    body = sentences(item.article.text)
    if len(body) < 2 or not others:
        return []
    found = []
    for name, change in _CHANGES.items():
        other = others[int(generator.integers(len(others)))].article
        title, text = change(item.article.title, body, other, generator)
        if text:
            found.append(replace(item, article=Article(id=f"{item.article.id}#{name}", text=text, title=title)))
    return found


def retold(item: Gold, others: Sequence[Gold], generator: np.random.Generator) -> Gold | None:
    """The story of somebody or something else in the same words: a word of the headline, changed wherever it stands.

    None where no word of the headline comes back in the text, or no other headline lends one in its place.
    """
    body = body_of(item.article)
    headline, _, text = body.partition("\n")
    if not text.strip():
        found = sentences(body)
        headline, text = found[0] if found else "", " ".join(found[1:])
    other = body_of(others[int(generator.integers(len(others)))].article).partition("\n")[0]
    own = [word for word in _terms(headline) if word in text and word not in other]
    lent = [word for word in _terms(other) if word not in body]
    if not own or not lent:
        return None
    word, instead = (words[int(generator.integers(len(words)))] for words in (own, lent))
    article = Article(
        id=f"{item.article.id}#retold", text=text.replace(word, instead), title=headline.replace(word, instead)
    )
    return replace(item, article=article, story=article.id)


def _terms(text: str) -> list[str]:
    """Words that may be what a headline is about; of scripts without spaces pairs of characters."""
    found = []
    for word in words(text):
        wide = WIDE.search(word)
        found += [word[at : at + 2] for at in range(len(word) - 1)] if wide else [word] * (len(word) >= _TERM_LETTERS)
    return found


_Change = Callable[[str, Sequence[str], Article, np.random.Generator], tuple[str, str]]


def _opening(share: float) -> _Change:
    def change(title: str, body: Sequence[str], _other: Article, _generator: np.random.Generator) -> tuple[str, str]:
        return title, "\n".join(body[: max(2, round(len(body) * share))]) if len(body) >= _FEWEST_SENTENCES else ""

    return change


def _dropped(title: str, body: Sequence[str], _other: Article, generator: np.random.Generator) -> tuple[str, str]:
    kept = generator.random(len(body)) > 1 / 5
    kept[:1] = True
    return title, "\n".join(sentence for sentence, stays in zip(body, kept, strict=True) if stays)


def _swapped(_title: str, body: Sequence[str], _other: Article, _generator: np.random.Generator) -> tuple[str, str]:
    n = len(body)
    if n < _FEWEST_SENTENCES:
        return "", ""
    moved = list(body)
    one, other = n // 4, 3 * n // 4
    moved[one], moved[other] = moved[other], moved[one]
    return " ".join(body[n // 2].split()[:_TITLE_WORDS]), "\n".join(moved)


def _renamed(_title: str, body: Sequence[str], other: Article, _generator: np.random.Generator) -> tuple[str, str]:
    return other.title, "\n".join(body) if other.title else ""


def _renumbered(title: str, body: Sequence[str], _other: Article, _generator: np.random.Generator) -> tuple[str, str]:
    text = "\n".join(body)
    numbers = list(_NUMBER.finditer(text))
    if not numbers:
        return "", ""
    middle = numbers[len(numbers) // 2]
    number = int(middle[0]) + max(1, int(middle[0]) // 7)
    return title, f"{text[: middle.start()]}{number}{text[middle.end() :]}"


def _updated(title: str, body: Sequence[str], other: Article, _generator: np.random.Generator) -> tuple[str, str]:
    if len(body) < _FEWEST_SENTENCES:
        return "", ""
    third = len(body) // 3
    return title, "\n".join([*body[:third], *sentences(other.text)[1:4], *body[third:]])


def _with_tail(title: str, body: Sequence[str], _other: Article, generator: np.random.Generator) -> tuple[str, str]:
    return title, "\n".join([*body, "", _TAILS[int(generator.integers(len(_TAILS)))]])


def _under_banner(title: str, body: Sequence[str], _other: Article, generator: np.random.Generator) -> tuple[str, str]:
    return title, "\n".join([_BANNERS[int(generator.integers(len(_BANNERS)))], "", *body])


def _in_round_up(title: str, body: Sequence[str], other: Article, _generator: np.random.Generator) -> tuple[str, str]:
    return other.title, "\n".join([*sentences(body_of(other)), "", title, *body]) if len(body) > 2 else ""


_CHANGES: dict[str, _Change] = {
    "most": _opening(0.6),
    "opening": _opening(0.3),
    "dropped": _dropped,
    "swapped": _swapped,
    "renamed": _renamed,
    "renumbered": _renumbered,
    "updated": _updated,
    "tail": _with_tail,
    "banner": _under_banner,
    "round-up": _in_round_up,
}
