"""Articles → all that search and verification know of them, in one visit to each.

A worker reads a batch of articles once: languages, sentences, vectors, what belongs to the page, literal words and
facts. Nothing of it depends on who else is in the run, but for one thing: what recurs across articles with unlike
headlines is boilerplate, which is known once all are read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from dedup.arrays import batches, join_rows
from dedup.datatypes import UNDETERMINED, Article, Embeddings, Language, Progress, Settings
from dedup.embedding.encoder import Encoder
from dedup.embedding.language_means import centre, embed_texts
from dedup.embedding.load import EncoderByName, workers_for
from dedup.embedding.quantise import pack_rows
from dedup.embedding.with_sentences import pool_with_sentences
from dedup.language.as_read import body_of
from dedup.language.detect import detect_languages
from dedup.language.sentences import sentences
from dedup.language.text import main_script, reading_length
from dedup.matching.candidates.neighbours import Neighbourhood, search
from dedup.matching.candidates.shared_facts import Keys, fact_keys, pairs_by_facts
from dedup.matching.candidates.shared_headlines import pairs_by_headlines
from dedup.matching.candidates.shared_runs import pairs_by_runs
from dedup.matching.facts import FactFile, StoredFacts, extract_facts, pack_facts
from dedup.matching.features import MatchInput, StoredTexts, certain_languages
from dedup.matching.literal import LiteralFile, literal_keys
from dedup.matching.page_lines import page_lines
from dedup.matching.publication import publication_day
from dedup.matching.selection import PairFilter
from dedup.matching.sentence_store import OPENINGS, StoredPassages, leads
from dedup.matching.sentence_weights import (
    Page,
    information_weights,
    masked_hashes,
    page_furniture,
    without_recurring,
)
from dedup.runtime.process import give_back_memory
from dedup.runtime.row_files import RowFile
from dedup.runtime.stage import follow
from dedup.runtime.workers import ALONE, Workers

TEXT_VERSION = 2
"""Number of what `read_batch` makes of a text; raised whenever the same text and model give other numbers."""

_ENGLISH = "en"  # the language of the examples of page furniture


@dataclass(frozen=True, slots=True)
class Prepared:
    """Articles ready for matching: their languages, what verification reads, and who is near whom."""

    languages: list[Language]
    match_input: MatchInput
    neighbourhood: Neighbourhood
    pairs: PairFilter | None = None


def prepare(
    articles: Sequence[Article],
    encoder: Encoder,
    settings: Settings,
    *,
    workers: Workers = ALONE,
    progress: Progress | None = None,
    restrict: Callable[[Sequence[Language]], PairFilter] | None = None,
) -> Prepared:
    """Read all articles, and search for their neighbours; `restrict` makes a filter of pairs from the languages."""
    files = _Files.made(encoder.dimension, workers)
    read, languages = [_Read.none()], list[Language]()
    work = partial(read_batch, EncoderByName(encoder))
    filled = workers_for(encoder, workers).fill(files.rows, work, batches(articles))
    for vectors, of_batch, of_languages, lengths in follow(
        filled, lambda of: len(of[0]), "embed", len(articles), progress
    ):
        files.vectors.append(vectors)
        files.enter(lengths)
        read.append(of_batch)
        languages += of_languages
    match_input = _match_input(articles, languages, join_rows(read), files)
    pairs = restrict(languages) if restrict else None
    found = _search(files.vectors.writable(), match_input, read, settings, workers, progress, pairs)
    give_back_memory()
    return Prepared(languages, match_input, found, pairs)


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    """Part of a batch of articles that is kept in memory.

    counts, lengths, scripts : sentences, reading length and main script of each article
    days : day of publication of each article
    hashes, weights : `masked_hashes` and `information_weights` of each sentence
    """

    counts: npt.NDArray[np.intp]
    lengths: npt.NDArray[np.float32]
    scripts: npt.NDArray[np.str_]
    days: npt.NDArray[np.float32]
    hashes: npt.NDArray[np.uint64]
    weights: npt.NDArray[np.float32]

    @classmethod
    def none(cls) -> _Read:
        """Readings of no articles."""
        of_articles = np.empty(0, np.intp), np.empty(0, np.float32), np.empty(0, "U1")
        return cls(*of_articles, np.empty(0, np.float32), np.empty(0, np.uint64), np.empty(0, np.float32))


@dataclass(frozen=True, slots=True)
class _Files:
    """Files of rows: article vectors on this machine, all others where every worker can read them."""

    vectors: RowFile
    sentences: Any
    openings: Any
    weights: Any
    own: Any
    starts: Any
    literal: LiteralFile
    facts: FactFile

    @classmethod
    def made(cls, dimension: int, workers: Workers) -> _Files:
        """Files for vectors of a dimension."""
        make = workers.row_writer
        return cls(
            vectors=RowFile("f4", dimension),
            sentences=make("i1", dimension),
            openings=make("i1", len(OPENINGS) * dimension),
            weights=make("f4"),
            own=make("f4"),
            starts=make("i8"),
            literal=LiteralFile(make),
            facts=FactFile(make),
        )

    @property
    def rows(self) -> list[Any]:
        """Files for the rows that a batch makes, in its order."""
        return [self.sentences, self.openings, self.weights, *self.literal.rows, *self.facts.rows]

    def enter(self, lengths: Sequence[npt.NDArray[np.intp]]) -> None:
        """Note the lengths of the lists of literal words and of facts."""
        literal = len(self.literal.rows)
        self.literal.enter(lengths[:literal])
        self.facts.enter(lengths[literal:])


_Answer = tuple[Embeddings, _Read, Sequence[Language], list[npt.NDArray[np.intp]]]


def read_batch(named: EncoderByName, articles: Sequence[Article]) -> tuple[_Answer, list[npt.NDArray[Any]]]:
    """Read a batch of articles: its answer, and the rows for each of the files.

    The rows are sentence vectors, openings, weights, shingles, words, words of the headline and of the lead, facts,
    and the keys of facts `stated`, `admitted` and `named`.
    """
    bodies = [body_of(article) for article in articles]
    languages = detect_languages(bodies)
    codes = [language.code for language in languages]
    split = [sentences(body) for body in bodies]
    flat = [sentence for of_text in split for sentence in of_text]
    folded = ["\n".join(of_text).casefold() for of_text in split]
    counts = np.array([len(of_text) for of_text in split], np.intp)
    starts = np.append(0, np.cumsum(counts))
    pooled, of_sentences = pool_with_sentences(bodies, split, named.encoder)
    codes_of_sentences = [code for code, of_text in zip(codes, split, strict=True) for _ in of_text]
    vectors = centre(of_sentences, codes_of_sentences, named.encoder)
    characters = np.array([len(sentence) for sentence in flat], np.int32)
    marked = [mark for of_text, as_one in zip(split, folded, strict=True) for mark in page_lines(of_text, as_one)]
    furniture = page_furniture(vectors, characters, starts, _page(named.encoder), marked=np.array(marked, np.bool_))
    weights = information_weights(np.where(furniture, 0, characters), starts)
    own = [
        [sentence for sentence, weight in zip(of_text, part.tolist(), strict=True) if weight]
        for of_text, part in zip(split, np.split(weights, starts[1:-1]), strict=True)
    ]
    whole = [len(of_text) == len(all_of_it) for of_text, all_of_it in zip(own, split, strict=True)]
    literal = literal_keys(own, [as_one if all_own else None for as_one, all_own in zip(folded, whole, strict=True)])
    words = [literal.shingles, literal.words, literal.headline, literal.lead]
    facts = pack_facts(
        [
            extract_facts(body if all_own else "\n".join(of_text), code)
            for body, all_own, of_text, code in zip(bodies, whole, own, codes, strict=True)
        ]
    )
    known = _Read(
        counts=counts,
        lengths=np.array([reading_length(body) for body in bodies], np.float32),
        scripts=np.array(
            [main_script(body) if code == UNDETERMINED else "" for body, code in zip(bodies, codes, strict=True)], str
        ),
        days=np.array([publication_day(article) for article in articles], np.float32),
        hashes=masked_hashes("\n".join(filter(None, folded))),
        weights=weights,
    )
    openings = [pack_rows(leads(vectors, weights, starts, number)) for number in OPENINGS]
    rows: list[npt.NDArray[Any]] = [pack_rows(vectors), np.concatenate(openings, axis=1), weights]
    lists = [*words, *facts]
    answer = centre(pooled, codes, named.encoder), known, languages, [lengths for _, lengths in lists]
    return answer, [*rows, *(keys for keys, _ in lists)]


def _page(encoder: Encoder) -> Page:
    """Vectors of page furniture, made once for an encoder."""
    if _pages.get(encoder.fingerprint) is None:
        _pages[encoder.fingerprint] = Page.of(lambda lines: embed_texts(lines, [_ENGLISH] * len(lines), encoder))
    return _pages[encoder.fingerprint]


_pages: dict[str, Page] = {}


def _match_input(articles: Sequence[Article], languages: Sequence[Language], read: _Read, files: _Files) -> MatchInput:
    starts = np.append(0, np.cumsum(read.counts))
    files.starts.append(starts)
    files.own.append(without_recurring(read.weights, read.hashes, starts))
    passages = StoredPassages(
        *(file.stored() for file in (files.sentences, files.weights, files.own, files.starts, files.openings))
    )
    codes = np.array([language.code for language in languages], dtype=str)
    weight = np.append(0, np.cumsum(read.weights, dtype=np.float64))
    return MatchInput(
        articles=articles,
        codes=codes,
        certain=certain_languages(codes, [language.probability for language in languages]),
        lengths=read.lengths,
        empty=(weight[starts[1:]] <= weight[starts[:-1]]) & (read.counts > 0),
        days=read.days,
        texts=StoredTexts(passages, files.literal.stored(), files.facts.stored()),
        files=(
            *(files.vectors, files.sentences, files.openings, files.weights, files.own, files.starts),
            *(files.literal, files.facts),
        ),
    )


def _search(
    embeddings: Embeddings,
    match_input: MatchInput,
    read: Sequence[_Read],
    settings: Settings,
    workers: Workers,
    progress: Progress | None,
    pairs: PairFilter | None,
) -> Neighbourhood:
    """Find who is near whom: by vectors, by runs of words in common, and by facts where the language is unknown."""
    scripts = np.concatenate([of_batch.scripts for of_batch in read])
    unread = np.flatnonzero(match_input.codes == UNDETERMINED)
    groups = list(map(language_group, match_input.codes.tolist(), scripts.tolist()))
    found = search(
        embeddings,
        groups,
        neighbours=settings.neighbours * (2 if pairs and pairs.selection.against else 1),  # the other side asks nobody
        asking=pairs.asking() if pairs else None,
        workers=workers,
        progress=progress,
    )
    n = len(embeddings)
    literal = match_input.texts.literal
    found = found.with_pairs(pairs_by_runs(literal.shingles, n)).with_pairs(pairs_by_headlines(literal.headline, n))
    if len(unread):
        tasks = batches(range(n))
        work = partial(_fact_keys, match_input.texts.facts)
        keys = [of_article for batch in workers.map(work, tasks) for of_article in batch]
        counts = np.fromiter(map(len, keys), np.intp, len(keys))
        found = found.with_pairs(pairs_by_facts(np.concatenate(keys), counts, unread))
    return replace(found, near=pairs.near(found.near)) if pairs else found


def language_group(code: str, script: str) -> str:
    """Name of the group in which an article's closest is looked for: its language, or its script where it has none."""
    return f"{UNDETERMINED} {script}" if code == UNDETERMINED else code


def _fact_keys(stored: StoredFacts, articles: Sequence[int]) -> list[Keys]:
    return [fact_keys(facts) for facts in stored.take(np.array(articles, np.intp))]
