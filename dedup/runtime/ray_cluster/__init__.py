"""Tasks in, results in order out, on several machines by Ray: same functions, same batches, same bytes.

`RayWorkers` takes the place of a pool of processes. Nothing else of the pipeline differs: each task becomes a Ray task,
and the rows that it writes go into Ray's object store.

Done by all machines
    reading (a task some files), hashes, languages, vectors of articles and sentences (the model is loaded once a worker
    process), the search for neighbours (a task some ten thousand articles: with cells a shuffle, in which the articles
    of a cell lie together), sentences and facts of pairs against each other, the evidence of matches, the tables
    written at the end.
Done by the process that started the run
    steps that need all articles at once, on numbers only: means of languages, recurrence of sentences, centres of cells
    and the cells that each article looks into, selection of near pairs, scores, clusters. Texts pass through it where a
    `Report` is asked for, where their language is not known (for the script) and at the level of stories (for the dates
    of likely pairs), a thousand at a time; article vectors lie on its disk. Its memory grows by about two kilobytes an
    article.

Results come in the order of the tasks, and a few tasks a core are submitted at a time. Tasks of a worker that dies run
again, and lost objects are computed again. Ray Data would distribute tables as easily, but its blocks have no
positions, and batches of other sizes would change the last digits; therefore plain Ray tasks are used. Machines with
different processors may differ in those digits.
"""

from __future__ import annotations

from dedup.runtime.ray_cluster.workers import RayWorkers

__all__ = ["RayWorkers"]
