"""Tasks in, results in their order out: in this process, in several, or on a Ray cluster.

Also here: the files that hold rows and articles of a run, files on other filesystems, and an estimate of what a run
takes. Any number of workers gives the same bytes. A worker process with the model is reckoned at 330 MB.
"""

from dedup.runtime import pickling as pickling  # registers how values are pickled, in worker processes as well
