"""Coordinates of stories on a two-dimensional map: near each other when their articles are similar."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from dedup.datatypes import Embeddings

_SIDE = 1000


def story_positions(embeddings: Embeddings, groups: Sequence[Sequence[int]]) -> list[list[int]]:
    """Coordinates of each group of articles, integers in [0, 1000].

    They are the first two principal components of the groups' mean vectors. A few outliers would press the rest into a
    corner, so each axis is the mean of the component and of its rank.
    """
    if len(groups) < 2:
        return [[_SIDE // 2, _SIDE // 2] for _ in groups]
    means = np.stack([embeddings[list(group)].mean(axis=0, dtype=np.float64) for group in groups])
    axes = [(_unit_range(axis) + _unit_range(_ranks(axis))) / 2 for axis in _principal_components(means)]
    return [[round(_SIDE * float(x)), round(_SIDE * float(y))] for x, y in zip(*axes, strict=True)]


def _principal_components(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Coordinates on the two widest axes, each pointing to its largest weight: ndarray of shape (2, m), float64."""
    centred = rows - rows.mean(axis=0)
    _, vectors = np.linalg.eigh(centred.T @ centred)
    axes = vectors[:, :-3:-1]
    signs = np.sign(axes[np.abs(axes).argmax(axis=0), range(axes.shape[1])])
    components: npt.NDArray[np.float64] = (centred @ (axes * signs)).T
    return components


def _ranks(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return values.argsort(kind="stable").argsort(kind="stable").astype(np.float64)


def _unit_range(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    low, spread = values.min(), np.ptp(values)
    return (values - low) / spread if spread > 0 else np.full_like(values, 0.5)
