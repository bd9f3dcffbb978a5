"""What a pair is called, by what faces what, the head that judged it, and whether it is a copy."""

from __future__ import annotations

import numpy as np
import pytest

from dedup.datatypes import Candidates, MatchKind
from dedup.matching.evidence import describe_batch, pair_batches
from dedup.matching.features import StoredTexts
from dedup.matching.scorer import FEATURES, HEADS
from dedup.matching.verify import Verdicts

NEAR, EXCERPT, TRANSLATION, STORY = MatchKind.NEAR, MatchKind.EXCERPT, MatchKind.TRANSLATION, MatchKind.SAME_STORY
NO_TEXTS = StoredTexts(None, None, None)  # type: ignore[arg-type]


def verdicts_of(head: str, share: tuple[float, float], *, copy: bool = True, log_odds: float = 2.0) -> Verdicts:
    return Verdicts(
        np.array([log_odds]),
        np.arange(len(FEATURES), dtype=np.float32)[None],
        np.array([HEADS.index(head)]),
        np.array([share], np.float32),
        np.array([copy]),
        np.array([False]),
        np.array([log_odds]),
        np.empty((1, 0), np.float32),
    )


@pytest.mark.parametrize(
    ("head", "share", "copy", "kind", "excerpt"),
    [
        ("copy", (0.9, 0.9), True, NEAR, ""),
        ("rewording", (0.9, 0.9), True, NEAR, ""),
        ("translation", (0.9, 0.9), True, TRANSLATION, ""),
        ("undetermined", (0.9, 0.9), True, TRANSLATION, ""),
        ("copy excerpt", (0.9, 0.3), True, EXCERPT, "left"),
        ("copy excerpt", (0.3, 0.9), True, EXCERPT, "right"),
        ("translation excerpt", (0.3, 0.9), True, EXCERPT, "right"),
        ("copy", (0.9, 0.3), True, EXCERPT, "left"),
        ("copy excerpt", (0.9, 0.6), True, NEAR, ""),
        ("copy excerpt", (0.5, 0.1), True, NEAR, ""),
        ("copy", (0.9, 0.9), False, STORY, ""),
        ("copy excerpt", (0.9, 0.3), False, STORY, ""),
    ],
)
def test_kinds(head: str, share: tuple[float, float], copy: bool, kind: MatchKind, excerpt: str) -> None:
    pair = Candidates(np.array([3]), np.array([5]), np.array([0.5], np.float32))
    (batch,) = pair_batches(pair, verdicts_of(head, share, copy=copy), np.array([False]))
    (match,) = describe_batch(NO_TEXTS, batch)
    assert (match.left, match.right, match.similarity) == (3, 5, 0.5)
    assert match.score == pytest.approx(1 / (1 + np.exp(-2)))
    assert (match.kind, match.excerpt) == (kind, excerpt)
    assert match.evidence.coverage == pytest.approx(share)
    assert dict(match.evidence.features) == {name: float(at) for at, name in enumerate(FEATURES)}
    assert not match.evidence.aligned
