"""How much each sentence tells: nothing where it belongs to the page, little where it recurs across the articles.

Menus, share bars, cookie notices and teasers of other stories stand around an article and not in it. Examples in
English suffice: the embedding model finds their translations in every language it knows. What recurs across the scanned
articles is found without examples.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from dedup.arrays import Floats
from dedup.datatypes import Embeddings
from dedup.language.word_hash import HashedWords

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
    "Continue reading below",
    "Read more",
    "Click here for more information",
)
"""Lines that belong to the page and not to the article."""

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
_LONGEST_HEADING = 40
_LONGEST_LINE = 220
_DIGITS = re.compile(r"\d+")


def information_weights(lengths: npt.ArrayLike, recurrence: npt.ArrayLike, starts: npt.NDArray[np.intp]) -> Floats:
    """The share of its article's information that each sentence carries.

    Parameters
    ----------
    lengths : array_like of shape (s,)
        Characters of each sentence; beyond 400 they add nothing.
    recurrence : array_like of shape (s,)
        In how many of the articles the sentence stands, digits masked. What recurs more often than the article's
        median sentence is boilerplate (navigation, notices, the phrases of a template) and weighs less in proportion;
        an article copied as a whole keeps its weights, since all of it recurs alike.
    starts : ndarray of shape (n + 1,), intp
        Article i has sentences ``starts[i]`` to ``starts[i + 1]``.
    """
    counts = np.diff(starts)
    filled = np.flatnonzero(counts)
    begins, counts = starts[filled], counts[filled]
    often = np.asarray(recurrence, np.float32)
    order = np.lexsort((often, np.repeat(np.arange(len(counts)), counts)))
    median = (often[order[begins + (counts - 1) // 2]] + often[order[begins + counts // 2]]) / 2
    weights = np.minimum(np.asarray(lengths, np.float32), 400)
    weights *= np.minimum(1, np.repeat(median, counts) / often)
    if len(begins):
        weights /= np.repeat(np.add.reduceat(weights, begins), counts)
    return weights


def page_furniture(
    vectors: Embeddings,
    lengths: npt.ArrayLike,
    starts: npt.NDArray[np.intp],
    examples: Embeddings,
    headings: Embeddings,
) -> npt.NDArray[np.bool_]:
    """Which sentences belong to the page: those like an example, and all that follows a heading of other stories.

    Parameters
    ----------
    vectors : ndarray of shape (s, d), float32, unit rows
        The sentences of n articles.
    lengths : array_like of shape (s,)
        Their characters; long sentences are never page furniture by themselves.
    starts : ndarray of shape (n + 1,), intp
        Article i has sentences ``starts[i]`` to ``starts[i + 1]``.
    examples, headings : ndarray of shape (., d), float32, unit rows
        Vectors of `EXAMPLES` and `MORE_STORIES`.

    Returns
    -------
    ndarray of shape (s,), bool
        An article in which everything would go keeps everything. A heading counts in the second half only.
    """
    size = np.asarray(lengths, np.intp)
    found = ((vectors @ examples.T).max(axis=1, initial=-1) >= _ALIKE) & (size <= _LONGEST_LINE)
    heading = ((vectors @ headings.T).max(axis=1, initial=-1) >= _ALIKE) & (size <= _LONGEST_HEADING)
    of_article = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    for at in np.flatnonzero(heading).tolist():
        begin, end = int(starts[of_article[at]]), int(starts[of_article[at] + 1])
        if 2 * (at - begin) >= end - begin:
            found[at:end] = True
    kept = np.bincount(of_article[~found], minlength=len(starts) - 1) > 0
    return np.asarray(found & kept[of_article], np.bool_)


def masked_hashes(sentences: Sequence[str]) -> npt.NDArray[np.uint64]:
    """A number for each sentence, equal for those that differ in case and digits alone, in every process."""
    masked = _DIGITS.sub("0", "\n".join(sentences).casefold())
    return HashedWords.of(masked.split("\n")).hashes()[: len(sentences)]


def recurrence(hashes: npt.NDArray[np.uint64], counts: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """In how many articles each sentence stands."""
    article = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
    order = np.lexsort((article, hashes))
    hashes, article = hashes[order], article[order]
    another = np.append(True, hashes[1:] != hashes[:-1])[: len(hashes)]
    elsewhere = another | np.append(True, article[1:] != article[:-1])[: len(hashes)]
    number = np.cumsum(another) - 1
    recurrence = np.empty(len(hashes), np.intp)
    recurrence[order] = np.bincount(number[elsewhere], minlength=1)[number]
    return recurrence
