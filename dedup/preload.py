"""Preloading for the fork server: importing this module loads code, model and tables once for all workers.

Nothing here may leave a thread behind, which a forked process would lack.
"""

from __future__ import annotations

import gc
from contextlib import suppress

from dedup.errors import DedupError
from dedup.runtime.process import restrict_threads


def _load() -> None:
    """Run a whole scan once, on two texts in two languages."""
    from dedup.datatypes import Article
    from dedup.embedding.encoder import BUNDLED
    from dedup.embedding.load import encoder_by_name
    from dedup.pipeline import find_duplicates

    encoder = encoder_by_name(BUNDLED).encoder
    texts = "Heavy rain flooded 15 streets in Verona.", "Hujan deras membanjiri 15 jalan di Verona."
    find_duplicates([Article(text, text) for text in texts], encoder=encoder)
    gc.collect()
    gc.freeze()  # objects that are never touched again stay shared


restrict_threads()

with suppress(DedupError, OSError):  # the scan that needs it will raise the error
    _load()
