"""A run whose result is too large for one report: Parquet tables written part by part, and a summary in JSON.

The columns are those of ``--format parquet``, and a table is a folder of parts, which every reader of Parquet takes for
one table. Workers make the parts; the process that started the run writes them where it was told, so that no other
machine needs to reach that place, and holds one part at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Protocol, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from dedup.alignment import StoredPassages
from dedup.datatypes import (
    Article,
    Candidates,
    Cluster,
    Language,
    MatchKind,
    Progress,
    Settings,
    Skipped,
    take_articles,
)
from dedup.decisions import Decisions, exact_match
from dedup.embed import Encoder, load_encoder
from dedup.errors import ReadError
from dedup.facts import StoredFacts
from dedup.output import write_whole
from dedup.parallel import ALONE, Workers, one_thread
from dedup.pipeline import decide
from dedup.report import records, view
from dedup.scoring import load_scorer
from dedup.stores import Store, is_uri
from dedup.verify import PairBatch, describe_batch, pair_batches

SUMMARY = "summary.json"
"""Written last: where it is, the tables are whole."""

_BATCHES = 16  # of pairs, in a part of the matches
_PAIRS = 4096  # of copies, in a part
_ARTICLES = 16_384  # in a part

_Positions: TypeAlias = "npt.NDArray[np.intp]"
_Item = TypeVar("_Item")
_Pairs = list[tuple[int, int]]
_Texts = tuple[_Positions, Sequence[Article]]


def write_tables(
    articles: Iterable[Article | Skipped],
    folder: str | Path,
    *,
    settings: Settings = Settings(),
    encoder: Encoder | None = None,
    workers: Workers = ALONE,
    with_text: bool = True,
    progress: Progress | None = None,
) -> records.Record:
    """Find duplicates and write the tables ``articles``, ``matches`` and ``skipped``; returns the summary.

    Parameters
    ----------
    articles : iterable of Article or Skipped
        As for `find_duplicates`; `Shards`, if they are to be read by other machines.
    folder : str or path
        A folder, or a URI such as ``s3://bucket/duplicates``, with nothing in it. Matches lie there in the order of
        articles, exact copies behind the others.
    workers : Workers
        Who shares the work: `RayWorkers`, for more than one machine.

    Returns
    -------
    dict
        What stands in ``summary.json``: the JSON report without its lists of articles, clusters, matches and skipped.

    Raises
    ------
    ReadError
        If the folder is not empty, or cannot be written.
    """
    place = _open_folder(folder)
    nothing = records.matches_table(())  # without pyarrow an error now and not after the work
    encoder = encoder or load_encoder(settings.model)
    scorer = load_scorer(settings.level, settings.threshold, settings.scorer, fingerprint=encoder.fingerprint)
    kept, skipped = workers.gather(articles, progress)
    with one_thread():
        found = decide(kept, encoder, scorer, settings, workers, progress)
        kinds = _write_matches(found, place, workers, with_text)
    if not kinds:
        place.write("matches/part-000000.parquet", nothing)
    clusters = found.clusters(kinds)
    _write_copies(found, kept, place, workers, with_text)
    _write_articles(found, clusters, kept, place, workers)
    place.write("skipped/part-000000.parquet", records.skipped_table(map(records.skipped_record, skipped)))
    head = records.head(f"{encoder.name}@{encoder.fingerprint}", settings, scorer.threshold)
    summary = {**head, "counts": view.counts_of(len(kept), len(skipped), clusters)}
    place.write(SUMMARY, f"{records.dumps(summary, indent=1)}\n".encode())
    return summary


class _Folder(Protocol):
    def is_empty(self) -> bool: ...
    def write(self, name: str, content: bytes) -> None: ...


@dataclass(frozen=True, slots=True)
class _Local:
    """A folder of this machine."""

    path: Path

    def is_empty(self) -> bool:
        return not any(self.path.iterdir())

    def write(self, name: str, content: bytes) -> None:
        (self.path / name).parent.mkdir(exist_ok=True)
        write_whole(self.path / name, content)


def _open_folder(folder: str | Path) -> _Folder:
    """The place for the tables, if there is nothing yet: parts of another run would be taken for parts of this one."""
    try:
        place: _Folder
        if is_uri(str(folder)):
            place = Store.at(str(folder))
        else:
            Path(folder).mkdir(exist_ok=True)
            place = _Local(Path(folder))
        empty = place.is_empty()
    except OSError as error:
        raise ReadError(f"cannot write into {folder}: {error.strerror or error}; name a folder") from error
    if not empty:
        raise ReadError(f"{folder} is not empty, and tables are made of all the files there; name a new folder")
    return place


def _write_matches(found: Decisions, place: _Folder, workers: Workers, with_text: bool) -> list[MatchKind]:
    """Write all matches but copies; returns the kind of each."""
    subjects, candidates, verdicts = found.matched
    batches = pair_batches(subjects, candidates, verdicts, found.full & with_text)
    tasks = (
        (part, _texts(subjects.articles, [side for batch in part for side in _sides(batch.candidates)]))
        for part in _parts(batches, _BATCHES)
    )
    work = partial(_matches, subjects.passages, subjects.facts, with_text)
    kinds: list[MatchKind] = []
    for number, (table, of_table) in enumerate(workers.map(work, tasks)):
        place.write(f"matches/part-{number:06}.parquet", table)
        kinds += of_table
    return kinds


def _matches(
    passages: StoredPassages, facts: StoredFacts, with_text: bool, task: tuple[list[PairBatch], _Texts]
) -> tuple[bytes, list[MatchKind]]:
    batches, texts = task
    articles = _by_position(texts)
    matches = [match for batch in batches for match in describe_batch(passages, facts, batch)]
    rows = (
        records.pair_record(articles[match.left], articles[match.right], match, with_text=with_text)
        for match in matches
    )
    return records.matches_table(rows), [match.kind for match in matches]


def _write_copies(
    found: Decisions, articles: Sequence[Article], place: _Folder, workers: Workers, with_text: bool
) -> None:
    copies = ((original, at) for at, original in enumerate(found.originals) if at != original)
    tasks = ((part, _texts(articles, [np.array(part, np.intp).ravel()])) for part in _parts(copies, _PAIRS))
    for number, table in enumerate(workers.map(partial(_copies, with_text), tasks)):
        place.write(f"matches/part-copies-{number:06}.parquet", table)


def _copies(with_text: bool, task: tuple[_Pairs, _Texts]) -> bytes:
    pairs, texts = task
    articles = _by_position(texts)
    return records.matches_table(
        records.pair_record(articles[left], articles[right], exact_match(left, right), with_text=with_text)
        for left, right in pairs
    )


def _write_articles(
    found: Decisions, clusters: Sequence[Cluster], articles: Sequence[Article], place: _Folder, workers: Workers
) -> None:
    told: dict[int, records.Record] = {}
    for cluster in clusters:
        told |= dict.fromkeys(cluster.members, _told(found, cluster))
    at = np.searchsorted(found.distinct, found.originals)
    tasks = (
        (
            articles[start : start + _ARTICLES],
            [found.languages[number] for number in at[start : start + _ARTICLES].tolist()],
            [told.get(position) for position in range(start, min(start + _ARTICLES, len(articles)))],
        )
        for start in range(0, max(len(articles), 1), _ARTICLES)
    )
    for number, table in enumerate(workers.map(_articles, tasks)):
        place.write(f"articles/part-{number:06}.parquet", table)


def _articles(task: tuple[Sequence[Article], list[Language], list[records.Record | None]]) -> bytes:
    articles, languages, clusters = task
    return records.articles_table(map(records.article_record, articles, languages), clusters)


def _told(found: Decisions, cluster: Cluster) -> records.Record:
    """What the table of articles says of a cluster."""
    return {
        "id": view.cluster_id(found.ranks[member][-1] for member in cluster.members),
        "kind": cluster.kind.value,
        "representative": found.ranks[cluster.representative][-1],
    }


def _texts(articles: Sequence[Article], positions: Sequence[_Positions]) -> _Texts:
    every = np.unique(np.concatenate(positions))
    return every, take_articles(articles, every)


def _by_position(texts: _Texts) -> dict[int, Article]:
    positions, articles = texts
    return dict(zip(positions.tolist(), articles, strict=True))


def _sides(candidates: Candidates) -> tuple[_Positions, _Positions]:
    return candidates.left, candidates.right


def _parts(items: Iterable[_Item], size: int) -> Iterator[list[_Item]]:
    coming = iter(items)
    while part := list(islice(coming, size)):
        yield part
