"""What one would write by hand, or take from elsewhere: texts in, groups of positions out.

``python tests/benchmarks/peers.py NAME FILE`` prints, as JSON, the groups it finds among the texts of JSON lines.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import dedup
from dedup.clustering.linked_pairs import linked_groups
from dedup.language.text import normalise

Groups = list[tuple[int, ...]]


def by_hand(texts: Sequence[str]) -> Groups:
    """langdetect for every text, sentence-transformers' encode and `util.community_detection`."""
    from langdetect import detect
    from sentence_transformers import SentenceTransformer, util

    for text in texts:
        detect(text)
    model = SentenceTransformer(str(_bundled()), device="cpu")
    vectors = model.encode(list(texts), convert_to_tensor=True, normalize_embeddings=True)
    return [tuple(sorted(group)) for group in util.community_detection(vectors, threshold=0.75, min_community_size=2)]


def paraphrases(texts: Sequence[str]) -> Groups:
    """sentence-transformers' `util.paraphrase_mining`, its pairs joined."""
    from sentence_transformers import SentenceTransformer, util

    model = SentenceTransformer(str(_bundled()), device="cpu")
    pairs = util.paraphrase_mining(model, list(texts), show_progress_bar=False)
    return linked_groups((min(i, j), max(i, j)) for score, i, j in pairs if score >= 0.75)


def minhash(texts: Sequence[str]) -> Groups:
    """datasketch's MinHash LSH over word pairs: copies and edits in one language only."""
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(threshold=0.5, num_perm=128)
    pairs = []
    for position, text in enumerate(texts):
        words = normalise(text).split()
        signature = MinHash(num_perm=128)
        signature.update_batch([f"{a} {b}".encode() for a, b in zip(words, islice(words, 1, None), strict=False)])
        pairs += [(int(other), position) for other in index.query(signature)]
        index.insert(str(position), signature)
    return linked_groups(pairs)


def semhash(texts: Sequence[str]) -> Groups:
    """SemHash over our own vectors, at the threshold of the others."""
    from semhash import SemHash

    found = SemHash.from_records(list(texts), model=dedup.load_encoder("bundled")).self_deduplicate(threshold=0.75)
    position = {text: number for number, text in reversed(list(enumerate(texts)))}
    pairs = ((position[record.record], position[record.duplicate_of]) for record in found.filtered if not record.exact)
    copies = ((position[text], number) for number, text in enumerate(texts) if position[text] != number)
    return linked_groups((min(pair), max(pair)) for pair in (*pairs, *copies))


RUNNERS: dict[str, Callable[[Sequence[str]], Groups]] = {
    "langdetect + SentenceTransformer + community_detection": by_hand,
    "SentenceTransformer + paraphrase_mining": paraphrases,
    "SemHash over our vectors": semhash,
    "datasketch MinHash LSH": minhash,
}


def _bundled() -> str:
    return str(dedup.load_encoder("bundled")._directory)  # type: ignore[attr-defined]


if __name__ == "__main__":
    name, file = sys.argv[1:]
    with open(file, encoding="utf-8") as lines:
        found = RUNNERS[name]([json.loads(line)["text"] for line in lines])
    sys.stdout.write(json.dumps(found))
