"""Articles → vectors, sentences and facts on disk: what search and verification know of texts, batch by batch.

Every step looks at one batch at a time and is shared among processes; what depends on the whole run (the means of
languages, how often a sentence recurs) is summed up between the steps.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from dedup.arrays import batches, join_rows
from dedup.datatypes import UNDETERMINED, Article, Embeddings, Language, Progress, Settings
from dedup.embedding.encoder import Encoder, LanguageMeans
from dedup.embedding.language_means import centre, embed_sentences, known_mean, remove_language_means
from dedup.embedding.load import EncoderByName, workers_for
from dedup.embedding.quantise import pack_rows, quantise
from dedup.embedding.with_sentences import pool_with_sentences
from dedup.language.sentences import sentences
from dedup.language.text import main_script, reading_length
from dedup.matching.candidates.neighbours import Neighbourhood, search
from dedup.matching.candidates.shared_facts import Keys, fact_keys, pairs_by_facts
from dedup.matching.facts import FactFile, StoredFacts, extract_facts, pack_facts
from dedup.matching.features import MatchInput
from dedup.matching.sentence_store import OPENINGS, StoredPassages, leads
from dedup.matching.sentence_weights import (
    EXAMPLES,
    MORE_STORIES,
    information_weights,
    masked_hashes,
    page_furniture,
    recurrence,
)
from dedup.runtime.article_files import take_articles
from dedup.runtime.process import give_back_memory
from dedup.runtime.row_files import RowFile, Rows, RowWriter
from dedup.runtime.workers import ALONE, Workers

_ENGLISH = "en"  # the language of the examples of page furniture


@dataclass(frozen=True, slots=True, eq=False)
class _Sentences:
    """Of a batch of articles: sentences and reading length an article, characters and hash a sentence."""

    counts: npt.NDArray[np.intp]
    characters: npt.NDArray[np.int32]
    hashes: npt.NDArray[np.uint64]
    lengths: npt.NDArray[np.float32]

    @classmethod
    def none(cls) -> _Sentences:
        """Of no articles."""
        return cls(np.empty(0, np.intp), np.empty(0, np.int32), np.empty(0, np.uint64), np.empty(0, np.float32))


@dataclass(frozen=True, slots=True)
class SplitArticles:
    """Sentences of all articles, before what depends on the whole run is known.

    sentences_of : what is known of them, batch by batch
    vectors : file of rows of shape (d,), int16, and scales : file of float32, as `quantise` makes them of vectors
    before normalising; in int8, as they are kept afterwards, they would be rounded twice
    """

    sentences_of: Sequence[_Sentences]
    vectors: RowWriter
    scales: RowWriter


def embed_bodies(
    articles: Sequence[Article],
    codes: Sequence[str],
    encoder: Encoder,
    *,
    workers: Workers = ALONE,
    progress: Progress | None = None,
) -> tuple[Embeddings, LanguageMeans, RowFile, SplitArticles]:
    """Article vectors with the mean of each language removed, those means, the vectors' file, and the sentences.

    Texts of one language lie together whatever they say, and a translation lies closer once that is taken away. The
    mean of a language is the shipped one drawn towards the run's own, which weighs as much from 20 articles on. A
    language that the model does not know starts from the mean of all that it knows.
    """
    file = RowFile("f4", encoder.dimension)
    packed = workers.row_writer("i2", encoder.dimension), workers.row_writer("f4")
    sentences_of: list[_Sentences] = []
    done = 0
    embedding = workers_for(encoder, workers)
    for vectors, batch in embedding.fill(packed, partial(_embed, EncoderByName(encoder)), batches(articles)):
        file.append(vectors)
        sentences_of.append(batch)
        done += len(vectors)
        if progress:
            progress("embed", done, len(articles))
    embeddings = file.writable()
    means = remove_language_means(embeddings, codes, encoder)
    return embeddings, means, file, SplitArticles(sentences_of, *packed)


def weigh_sentences(
    split_articles: SplitArticles,
    codes: Sequence[str],
    means: LanguageMeans,
    encoder: Encoder,
    *,
    workers: Workers = ALONE,
    progress: Progress | None = None,
) -> tuple[StoredPassages, npt.NDArray[np.float32], tuple[RowWriter, ...]]:
    """The sentences of all articles, the reading lengths of the articles, and the files that hold the sentences."""
    vectors, weights, starts = (
        workers.row_writer("i1", encoder.dimension),
        workers.row_writer("f4"),
        workers.row_writer("i8"),
    )
    english = {_ENGLISH: means.get(_ENGLISH, known_mean(encoder, _ENGLISH))}
    page = tuple(embed_sentences(lines, _ENGLISH, english, encoder) for lines in (EXAMPLES, MORE_STORIES))
    characters: list[npt.NDArray[np.int32]] = []
    done = 0
    centred = partial(_centre, split_articles.vectors.stored(), split_articles.scales.stored(), means, page)
    for of_batch in workers.fill([vectors], centred, _counted(split_articles.sentences_of, codes)):
        characters.append(of_batch)
        done += len(split_articles.sentences_of[len(characters) - 1].counts)
        if progress:
            progress("sentences", done, len(codes))
    run = join_rows([_Sentences.none(), *split_articles.sentences_of])
    begins = np.concatenate([[0], np.cumsum(run.counts)]).astype(np.intp)
    starts.append(begins)
    telling = np.concatenate([run.characters[:0], *characters])
    weights.append(information_weights(telling, recurrence(run.hashes, run.counts), begins))
    openings = workers.row_writer("i1", len(OPENINGS) * encoder.dimension)
    passages = StoredPassages(vectors.stored(), weights.stored(), starts.stored(), openings.stored())
    for _ in workers.fill([openings], partial(_openings, passages), batches(range(len(codes)))):
        pass
    passages = replace(passages, openings=openings.stored())
    return passages, run.lengths, (vectors, weights, starts, openings)


def state_facts(
    articles: Sequence[Article],
    codes: Sequence[str],
    *,
    workers: Workers = ALONE,
    progress: Progress | None = None,
) -> FactFile:
    """The file that holds the hard facts of all articles."""
    file = FactFile(workers.row_writer)
    done = 0
    for lengths in workers.fill(file.rows, _facts, _coded(articles, codes)):
        file.enter(lengths)
        done += len(lengths[0])
        if progress:
            progress("facts", done, len(articles))
    return file


_Arrays = list[npt.NDArray[Any]]

_Coded = tuple[Sequence[Article], Sequence[str]]  # a batch of articles, and their language codes

_Counted = tuple[int, _Sentences, Sequence[str]]  # where its sentences begin, what is known of them, language codes


def _coded(articles: Sequence[Article], codes: Sequence[str]) -> Iterator[_Coded]:
    return zip(batches(articles), batches(codes), strict=True)


def _counted(sentences_of: Sequence[_Sentences], codes: Sequence[str]) -> Iterator[_Counted]:
    first = 0
    for known, of_batch in zip(sentences_of, batches(codes), strict=True):
        yield first, known, of_batch
        first += len(known.characters)


def _facts(batch: _Coded) -> tuple[_Arrays, _Arrays]:
    packed = pack_facts([extract_facts(article.body, code) for article, code in zip(*batch, strict=True)])
    return [lengths for _, lengths in packed], [rows for rows, _ in packed]


def _embed(named: EncoderByName, articles: Sequence[Article]) -> tuple[tuple[Embeddings, _Sentences], _Arrays]:
    """The vectors of a batch and what is known of its sentences; packed vectors of these, and their scales."""
    bodies = [article.body for article in articles]
    split = [sentences(body) for body in bodies]
    flat = [sentence for of_text in split for sentence in of_text]
    vectors, of_sentences = pool_with_sentences(bodies, split, named.encoder)
    known = _Sentences(
        counts=np.array([len(of_text) for of_text in split], np.intp),
        characters=np.array([len(sentence) for sentence in flat], np.int32),
        hashes=masked_hashes(flat),
        lengths=np.array([reading_length(body) for body in bodies], np.float32),
    )
    return (vectors, known), [*quantise(of_sentences, np.int16)]


def _centre(
    stored: Rows, scales: Rows, means: LanguageMeans, page: tuple[Embeddings, ...], batch: _Counted
) -> tuple[npt.NDArray[np.int32], _Arrays]:
    """The characters of a batch's sentences, none of those that belong to the page; their vectors, packed."""
    first, known, codes = batch
    rows = np.arange(first, first + len(known.characters))
    of_sentences = [code for code, count in zip(codes, known.counts.tolist(), strict=True) for _ in range(count)]
    vectors = centre(stored.open()[rows] * scales.open()[rows][:, None], of_sentences, means)
    furniture = page_furniture(vectors, known.characters, np.append(0, np.cumsum(known.counts)), *page)
    return np.where(furniture, 0, known.characters), [pack_rows(vectors)]


def _openings(stored: StoredPassages, articles: Sequence[int]) -> tuple[None, _Arrays]:
    passages = stored.take(np.array(articles, np.intp))
    return None, [np.concatenate([pack_rows(leads(passages, sentences)) for sentences in OPENINGS], axis=1)]


def prepare(
    articles: Sequence[Article],
    languages: Sequence[Language],
    encoder: Encoder,
    settings: Settings,
    *,
    workers: Workers = ALONE,
    progress: Progress | None = None,
) -> tuple[MatchInput, Neighbourhood]:
    """Everything that verification and the search need to know of the articles."""
    codes = [language.code for language in languages]
    embeddings, means, file, split_articles = embed_bodies(articles, codes, encoder, workers=workers, progress=progress)
    passages, lengths, files = weigh_sentences(
        split_articles, codes, means, encoder, workers=workers, progress=progress
    )
    del split_articles  # and its files
    facts = state_facts(articles, codes, workers=workers, progress=progress)
    match_input = MatchInput(
        articles, np.array(codes, dtype=str), lengths, passages, facts.stored(), (file, *files, facts)
    )
    unread = np.flatnonzero(match_input.codes == UNDETERMINED)
    groups = list(codes)
    for position, article in zip(unread.tolist(), take_articles(articles, unread), strict=True):
        groups[position] = f"und {main_script(article.body)}"
    found = search(embeddings, groups, neighbours=settings.neighbours, workers=workers, progress=progress)
    if len(unread):
        tasks = batches(range(len(articles)))
        keys = [
            of_article for batch in workers.map(partial(_fact_keys, match_input.facts), tasks) for of_article in batch
        ]
        found = found.with_pairs(pairs_by_facts(keys, unread))
    give_back_memory()
    return match_input, found


def _fact_keys(stored: StoredFacts, articles: Sequence[int]) -> list[Keys]:
    return [fact_keys(facts) for facts in stored.take(np.array(articles, np.intp))]
