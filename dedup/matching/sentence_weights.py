"""Weights of sentences: nothing where one belongs to the page, less where it recurs across the articles.

Menus, share bars, consent and paywall notices, by-lines and teasers of other stories stand around an article and not in
it. Examples in English suffice: the embedding model finds their translations in every language it knows. What recurs
across the scanned articles is found without examples.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from dedup.arrays import Floats
from dedup.datatypes import Embeddings
from dedup.language.text import first_plane
from dedup.language.word_hash import HashedWords, Letters, code_points

EXAMPLES = (
    "Follow us on social media",
    "Share this article",
    "Share on Facebook",
    "Skip to main content",
    "Sign in or create an account",
    "Subscribe to our newsletter",
    "You can unsubscribe at any time.",
    "This website uses cookies to improve your experience.",
    "Accept all cookies",
    "Published on",
    "Leave a comment",
    "All rights reserved",
    "Advertisement",
    "Scroll to continue with content",
    "Settings Accept all Reject",
    "Reject all",
    "Manage options",
    "Already a subscriber? Sign in",
    "Log in to read the full article",
    "Subscribe to continue reading",
    "Your privacy",
    "Continue reading below",
    "Read more",
    "Click here for more information",
)
"""Lines that belong to the page and not to the article."""

CONSENT = (
    "We use cookies and similar technologies to personalise content and ads and to analyse our traffic.",
    "By clicking Accept you consent to the processing of your data.",
    "You can withdraw your consent at any time in the privacy settings.",
    "We and our partners store and access information on your device to show and measure personalised advertising.",
    "With your permission we and our partners may use precise location data and identification through device "
    "scanning.",
    "We also share information about your use of our site with our advertising and analytics partners.",
    "Some partners process your data on the basis of legitimate interest without asking for your consent.",
    "We value your privacy.",
    "We and our partners store and access information on a device, such as cookies, and process personal data, such as "
    "unique identifiers and standard information sent by a device.",
    "You may accept or manage your choices, including your right to object where legitimate interest is used, at any "
    "time on the privacy policy page.",
    "Some processing of your personal data may not require your consent, but you have a right to object to it.",
    "Your preferences will apply to this website only, and you can change them at any time.",
    "If you do not want to agree, you can take out a subscription without advertising and tracking.",
    "Store and/or access information on a device.",
    "Personalised advertising and content, advertising and content measurement, audience research and services "
    "development.",
    "This site uses cookies to improve your experience.",
    "You can accept all cookies or manage your cookie preferences.",
    "By continuing to use this site you agree to our cookie policy and privacy policy.",
)
"""Sentences of pages that ask for consent before they show anything, standard texts of IAB Europe among them."""

PAYWALL = (
    "Subscribe to continue reading this article.",
    "This article is for subscribers only.",
    "You have reached your limit of free articles.",
    "Already a subscriber? Sign in here.",
    "The first month is free, after that you pay every month and can cancel at any time.",
    "With a subscription you get unlimited access to every article on our website and in our app.",
    "Register for free to read the rest of this article.",
    "Your subscription supports independent journalism.",
    "Questions about your subscription? Our customer service can be reached from Monday to Friday.",
)
"""Sentences of pages that want to be paid before they show more."""

MORE_STORIES = (
    "You may also like",
    "Related articles",
    "More stories",
    "Recommended for you",
    "Trending now",
    "Read next",
)
"""Headings under which other stories begin."""

_ALIKE = 0.65
_NOTICE = 0.6
_AROUND = 0.4  # of a sentence beside a notice that is another one
_LONGEST_NOTICE = 480
_REACH = 3  # sentences to either side of a notice
_FEWEST_NOTICES = 2
_LONGEST_HEADING = 40
_LONGEST_LINE = 220
_MOST_CHARACTERS = 400  # of a sentence that count
_FEWEST_HEADLINES = 3  # under which a sentence stands before it is boilerplate
_DIGIT = re.compile(r"\d")


def information_weights(characters: npt.ArrayLike, starts: npt.NDArray[np.intp]) -> Floats:
    """Share of its article's information that each sentence carries.

    Parameters
    ----------
    characters : array_like of shape (s,)
        Characters of each sentence, 0 for one that belongs to the page; beyond 400 they add nothing.
    starts : ndarray of shape (n + 1,), intp
        Article i has sentences ``starts[i]`` to ``starts[i + 1]``.

    Returns
    -------
    ndarray of shape (s,), float32
        1 in sum over an article, 0 for an article that is all page.
    """
    return _shares(np.minimum(np.asarray(characters, np.float32), _MOST_CHARACTERS), starts)


def without_recurring(weights: Floats, hashes: npt.NDArray[np.uint64], starts: npt.NDArray[np.intp]) -> Floats:
    """Information weights once what recurs across articles with unlike headlines is taken for boilerplate.

    A sentence weighs less in proportion to how much more often it recurs than the least recurring one of its article
    (headlines apart), which is 1 where the article comes once: an article copied under many headlines keeps its
    weights, since all of it recurs alike. What stands under two headlines is no boilerplate.

    Parameters
    ----------
    weights : ndarray of shape (s,), float32
        As `information_weights` gives them.
    hashes : ndarray of shape (s,), uint64
        `masked_hashes` of the sentences.
    starts : ndarray of shape (n + 1,), intp
        Article i has sentences ``starts[i]`` to ``starts[i + 1]``.
    """
    often = _headlines_above(hashes, np.repeat(headline_hashes(weights, hashes, starts), np.diff(starts)))
    return less_of_recurring(weights, often, starts)


def headline_hashes(
    weights: Floats, hashes: npt.NDArray[np.uint64], starts: npt.NDArray[np.intp]
) -> npt.NDArray[np.uint64]:
    """Hash of the first sentence of each article that counts, 0 where none does: ndarray of shape (n,)."""
    counts = np.diff(starts)
    first = _first_of_each(np.repeat(np.arange(len(counts)), counts), weights > 0, len(counts))
    return np.asarray(np.append(hashes, np.uint64(0))[first], np.uint64)


def less_of_recurring(weights: Floats, often: npt.NDArray[np.intp], starts: npt.NDArray[np.intp]) -> Floats:
    """Weights as `without_recurring` gives them, once it is known under how many headlines each sentence stands."""
    counts = np.diff(starts)
    article = np.repeat(np.arange(len(counts)), counts)
    own = weights > 0
    first = _first_of_each(article, own, len(counts))
    own[first[first < len(own)]] = False
    least = np.full(len(counts), np.iinfo(np.intp).max)
    np.minimum.at(least, article[own], often[own])
    least = np.maximum(least, _FEWEST_HEADLINES - 1)[article]
    return _shares(weights * np.where(often > least, least / np.maximum(often, 1), 1).astype(np.float32), starts)


def _shares(weights: Floats, starts: npt.NDArray[np.intp]) -> Floats:
    """Weights divided by their sum over each article."""
    filled = np.flatnonzero(np.diff(starts))
    if len(filled):
        total = np.add.reduceat(weights, starts[filled])
        weights = weights / np.repeat(np.where(total > 0, total, 1), np.diff(starts)[filled])
    return np.asarray(weights, np.float32)


def _first_of_each(article: npt.NDArray[np.intp], counted: npt.NDArray[np.bool_], n: int) -> npt.NDArray[np.intp]:
    """The first sentence of each article that counts; the number of sentences where none does."""
    first = np.full(n, len(article))
    at = np.flatnonzero(counted)[::-1]
    first[article[at]] = at
    return first


def _headlines_above(hashes: npt.NDArray[np.uint64], headline: npt.NDArray[np.uint64]) -> npt.NDArray[np.intp]:
    """Under how many different headlines each sentence stands."""
    order = np.lexsort((headline, hashes))
    hashes, headline = hashes[order], headline[order]
    another = np.append(True, hashes[1:] != hashes[:-1])[: len(hashes)]
    elsewhere = another | np.append(True, headline[1:] != headline[:-1])[: len(hashes)]
    number = np.cumsum(another) - 1
    often = np.empty(len(hashes), np.intp)
    often[order] = np.bincount(number[elsewhere], minlength=1)[number]
    return often


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """Vectors of `EXAMPLES`, of `MORE_STORIES`, and of `CONSENT` and `PAYWALL`.

    All are ndarrays of shape (., d), float32, unit rows.
    """

    examples: Embeddings
    headings: Embeddings
    notices: Embeddings

    @classmethod
    def of(cls, embed: Callable[[Sequence[str]], Embeddings]) -> Page:
        """The examples as a model sees them."""
        return cls(embed(EXAMPLES), embed(MORE_STORIES), embed(CONSENT + PAYWALL))


def page_furniture(
    vectors: Embeddings,
    lengths: npt.ArrayLike,
    starts: npt.NDArray[np.intp],
    page: Page,
    *,
    marked: npt.NDArray[np.bool_] | None = None,
) -> npt.NDArray[np.bool_]:
    """Sentences that belong to the page: those like an example, and all that follows a heading of other stories.

    Parameters
    ----------
    vectors : ndarray of shape (s, d), float32, unit rows
        The sentences of n articles.
    lengths : array_like of shape (s,)
        Their characters; long sentences are never page furniture by themselves, but for notices.
    starts : ndarray of shape (n + 1,), intp
        Article i has sentences ``starts[i]`` to ``starts[i + 1]``.
    page : Page
        Vectors of the examples.
    marked : ndarray of shape (s,), bool, optional
        Sentences that belong to the page by their form (`page_lines`).

    Returns
    -------
    ndarray of shape (s,), bool
        An article in which everything would go keeps everything, unless it is nothing but a notice under a title: of
        that all goes, so that it matches nothing. A heading counts in the second half only.
    """
    size = np.asarray(lengths, np.intp)
    of_article = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    notice = _notices(vectors, size, of_article, page.notices)
    found = notice | (_alike(vectors, page.examples) & (size <= _LONGEST_LINE))
    if marked is not None:
        found |= marked
    heading = _alike(vectors, page.headings) & (size <= _LONGEST_HEADING)
    for at in np.flatnonzero(heading).tolist():
        begin, end = int(starts[of_article[at]]), int(starts[of_article[at] + 1])
        if 2 * (at - begin) >= end - begin:
            found[at:end] = True
    kept = np.bincount(of_article[~found], minlength=len(starts) - 1) > 0
    bare = _without_article(found, notice, starts)
    return np.asarray((found & kept[of_article]) | bare[of_article], np.bool_)


def _alike(vectors: Embeddings, examples: Embeddings) -> npt.NDArray[np.bool_]:
    return np.asarray((vectors @ examples.T).max(axis=1, initial=-1) >= _ALIKE, np.bool_)


def _notices(
    vectors: Embeddings, size: npt.NDArray[np.intp], of_article: npt.NDArray[np.intp], examples: Embeddings
) -> npt.NDArray[np.bool_]:
    """Sentences of consent and paywall notices: those like an example, and those beside them that are rather so."""
    alike = (vectors @ examples.T).max(axis=1, initial=-1)
    found = (alike >= _NOTICE) & (size <= _LONGEST_NOTICE)
    rather = (alike >= _AROUND) & (size <= _LONGEST_NOTICE)
    together = of_article[1:] == of_article[:-1]
    for _ in range(_REACH):
        beside = np.zeros(len(found), np.bool_)
        beside[1:] |= found[:-1] & together
        beside[:-1] |= found[1:] & together
        found = found | (rather & beside)
    return np.asarray(found, np.bool_)


def _without_article(
    found: npt.NDArray[np.bool_], notice: npt.NDArray[np.bool_], starts: npt.NDArray[np.intp]
) -> npt.NDArray[np.bool_]:
    """Articles of which all but the first sentence, a title, belongs to the page, and two sentences to a notice."""
    counts = np.diff(starts)
    filled = np.flatnonzero(counts)
    begins = starts[filled]
    own, notices = np.zeros(len(counts), np.intp), np.zeros(len(counts), np.intp)
    if len(filled):
        own[filled] = np.add.reduceat((~found).astype(np.intp), begins) - (~found[begins])
        notices[filled] = np.add.reduceat(notice.astype(np.intp), begins)
    return np.asarray((own == 0) & (notices >= _FEWEST_NOTICES), np.bool_)


def masked_hashes(folded: str) -> npt.NDArray[np.uint64]:
    """A number for each line of a case folded text, equal for lines that differ in digits alone, in every process."""
    if not folded:
        return np.empty(0, np.uint64)
    codes = code_points(folded)
    digit = _are_digits(codes)
    kept = np.flatnonzero(~digit | np.append(True, ~digit[:-1]))  # of several digits the first
    codes = np.where(digit[kept], np.uint32(ord("0")), codes[kept])
    breaks = np.flatnonzero(codes == ord("\n"))
    return HashedWords(codes, np.append(0, breaks + 1), np.append(breaks, len(codes))).hashes()


def _are_digits(codes: Letters) -> npt.NDArray[np.bool_]:
    """Code points of decimal digits of any script."""
    digit = _digits().take(codes, mode="clip")
    beyond = np.flatnonzero(codes >= len(_digits()) - 1)
    digit[beyond] = [chr(code).isdecimal() for code in codes[beyond].tolist()]
    return digit


@cache
def _digits() -> npt.NDArray[np.bool_]:
    """Whether each code point below 65536 is a decimal digit; one more entry for all others."""
    digits = np.zeros(0x10001, np.bool_)
    digits[[digit.start() for digit in _DIGIT.finditer(first_plane())]] = True
    return digits
