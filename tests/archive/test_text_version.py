"""What an archive keeps of a text, against the number of its version."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from archive.collection import gold
from dedup.archive.texts import read_texts
from dedup.datatypes import Article
from dedup.embedding.load import EncoderByName, load_encoder
from dedup.language.as_read import as_read, body_of
from dedup.language.sentences import sentences
from dedup.matching.prepare import TEXT_VERSION
from real_articles import real_articles

DIGESTS = {2: "596b9099fa9d4f1bcb4f7739b974a82d"}
"""Digest of what is read of the samples, by text version."""

_PARAGRAPHS = Path(__file__).parent.parent / "data" / "paragraphs.tsv"

_PAGE = (
    "Home | News | Sport\n\nShare on X\nBy A. Writer, 3 March 2024, 10:45 GMT\n\nThe council of Velmora voted 12–3 on "
    "Tuesday to spend €4.5m (US$4,900,000) on the quay; 20% more than in ２０２３.\n\nNo. B-1734/2 was delayed by 1½ "
    "hours, "
    "said Dr Ana-Maria Kovács.\n\nRead more: Ferry back in service\nSubscribe to our newsletter\n© 2024 Harbour Post"
)
"""Text of a page, with what stands around an article and with figures of several kinds."""

_FIGURES = ("openings", "sentences", "weights")  # columns that hold figures of the model, which may round elsewhere


def _samples() -> Iterator[Article]:
    """Texts in all scripts: paragraphs in 68 languages, gold articles, articles of newsrooms, a page."""
    for number, line in enumerate(_PARAGRAPHS.read_text(encoding="utf-8").splitlines()):
        yield Article(f"paragraph/{number}", line.rpartition("\t")[2])
    yield from gold()
    yield from real_articles()
    yield Article("page", _PAGE, title="Quay: 12–3", published="2024-03-03")


def _digest() -> str:
    """Digest of what is read of the samples, but for figures of the model."""
    articles = list(_samples())
    found = hashlib.blake2b(digest_size=16)
    for article, text in zip(articles, read_texts(EncoderByName(load_encoder("bundled")), articles), strict=True):
        prepared = as_read(article.text), body_of(article), sentences(body_of(article))
        found.update(json.dumps([*prepared, text.language.code, text.group, text.sentences, text.headline]).encode())
        found.update(text.facts)
        for name, column in text.columns.items():
            found.update(b"" if name in _FIGURES else column)
    return found.hexdigest()


def test_what_is_kept_of_a_text_changes_with_the_text_version_alone() -> None:
    found = _digest()
    assert found == DIGESTS.get(TEXT_VERSION), (
        f"What is read of a text is no longer what archives of text version {TEXT_VERSION} hold. Raise TEXT_VERSION in "
        f"dedup/matching/prepare.py to {max(DIGESTS) + 1}, so that these are refused with the commands that rebuild "
        f'them, and put {max(DIGESTS) + 1}: "{found}" in place of the entry in DIGESTS; where the version has been '
        "raised since the last release already, replace the digest alone."
    )
