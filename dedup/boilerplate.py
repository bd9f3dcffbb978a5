"""What stands around an article and not in it: menus, share bars, cookie notices, teasers of other stories.

Examples in English suffice: the embedding model finds their translations in every language it knows. What recurs across
the scanned articles is found without examples (`alignment.information_weights`).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dedup.datatypes import Embeddings

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
