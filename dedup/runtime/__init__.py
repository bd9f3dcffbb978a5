"""Tasks in, results in their order out: in this process, in several, or on a Ray cluster.

Also the files that hold rows and articles of a run, an estimate of what it takes, and files on other filesystems.
Any number of workers gives the same bytes.
"""

from dedup.runtime import pickling as pickling  # registers how values are pickled, in worker processes as well
