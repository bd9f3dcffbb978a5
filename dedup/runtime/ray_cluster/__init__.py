"""A run on more than one machine, by Ray: the same functions on the same batches as on one, and so the same answer.

`RayWorkers` takes the place of the processes that share a run's work. Nothing else of the pipeline differs: what it
hands to its workers becomes a Ray task, and the rows that it writes go into Ray's object store.

Done by all machines
    reading (a task some files), hashes, languages, vectors of articles and sentences (the model is loaded once a worker
    process), the search for neighbours (a task some ten thousand articles: with cells a shuffle, in which the articles
    of a cell lie together), sentences and facts of pairs against each other, the evidence of matches, the tables
    written at the end.
Done by the process that started the run
    what needs all articles at once and is numbers only: the means of languages, how often each sentence recurs, the
    cells and which of them each article looks into, which pairs are near, scores, clusters. Texts pass through it where
    a `Report` is asked for, where their language cannot be told (for the script) and at the level of stories (for the
    dates of likely pairs), a thousand at a time; article vectors lie on its disk. Its memory grows by about two
    kilobytes an article.

Results come in the order of the tasks, a few tasks a core are in hand at a time. A worker that dies costs its tasks,
which run again, and what is lost of the object store is computed again from where it came from. Tables of Ray Data
would be spread as easily, but their blocks know no positions, and batches of other sizes would not give the same last
digits; so plain Ray tasks do the work. Machines with different processors may differ in those digits.
"""

from __future__ import annotations

from dedup.runtime.ray_cluster.workers import RayWorkers

__all__ = ["RayWorkers"]
