"""What worker processes are copied from: code, model and tables are loaded here once, when this module is.

Nothing here may leave a thread behind, which a copy would lack.
"""

from __future__ import annotations

import gc
from contextlib import suppress

from dedup.errors import DedupError
from dedup.runtime.process import restrict_threads


def _load() -> None:
    """Go once through all that a worker does, with two texts in two languages."""
    from dedup.datatypes import Article
    from dedup.embedding.encoder import BUNDLED
    from dedup.embedding.load import encoder_by_name
    from dedup.pipeline import find_duplicates

    encoder = encoder_by_name(BUNDLED).encoder
    texts = "Heavy rain flooded 15 streets in Verona.", "Hujan deras membanjiri 15 jalan di Verona."
    find_duplicates([Article(text, text) for text in texts], encoder=encoder)
    gc.collect()
    gc.freeze()  # what is never looked at again stays shared


restrict_threads()

with suppress(DedupError, OSError):  # whoever needs it will say what is wrong
    _load()
