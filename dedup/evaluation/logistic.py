"""Logistic regressions that lend each other what they know: one a head, coefficients none of them negative.

A head that has seen little (pairs of a long and a short text, texts in no known language) would take the chance
agreements of its few pairs for a rule. So every head is drawn towards a vector that all heads have in common, which is
fitted along with them: shrinkage in a hierarchy (Gelman & Hill 2007, "Data Analysis Using Regression and
Multilevel/Hierarchical Models").
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from dedup.runtime.process import one_thread

_TOGETHER = 3e-4  # how strongly heads are drawn towards what they have in common

_RIDGE = 1e-5

_STOP = {"ftol": 1e-10, "maxiter": 3000, "maxfun": 4000}
_NEVER = -20.0  # log-odds where a head has seen no duplicate

_Floats = npt.NDArray[np.float64]

_Loss = Callable[[_Floats], tuple[float, _Floats]]


def fit_heads(
    features: _Floats,
    head: npt.NDArray[np.intp],
    same: npt.NDArray[np.bool_],
    weight: _Floats,
    *,
    heads: int,
    together: float = _TOGETHER,
    start: _Floats | None = None,
) -> _Floats:
    """Coefficients and intercept of each head, by L-BFGS-B on standardised features.

    Parameters
    ----------
    features : ndarray of shape (m, k)
    head : ndarray of shape (m,), which head judges each pair, in [0, heads)
    same : ndarray of shape (m,), bool, what it should say
    weight : ndarray of shape (m,), how much each pair counts; within a head they are scaled to a sum of 1
    together : float
        How strongly the heads are drawn towards what they have in common, at least 0.
    start : ndarray of shape (heads, k + 1), optional
        Coefficients of a similar fit, from which this one is found sooner.

    Returns
    -------
    ndarray of shape (heads, k + 1)
        The intercept last; a head that has seen no duplicate says never.
    """
    from scipy.optimize import minimize

    centre, spread = _moments(features, weight)
    standard = (features - centre) / spread
    seen = [at for at in range(heads) if same[head == at].any()]
    rows = [head == at for at in seen]
    losses = [_logistic_loss(standard[of], same[of], weight[of]) for of in rows]
    k, n = features.shape[1], len(seen)

    def loss(values: _Floats) -> tuple[float, _Floats]:
        own, common = values[:-k].reshape(n, k + 1), values[-k:]
        found = [of_head(row) for of_head, row in zip(losses, own, strict=True)]
        slope = np.stack([gradient for _, gradient in found])
        apart = own[:, :-1] - common
        slope[:, :-1] += 2 * together * apart + 2 * _RIDGE * own[:, :-1]
        penalty = together * np.square(apart).sum() + _RIDGE * np.square(own[:, :-1]).sum()
        total = sum(value for value, _ in found) + penalty
        return float(total), np.append(slope.ravel(), -2 * together * apart.sum(axis=0))

    weights = np.zeros((heads, k + 1))
    weights[:, -1] = _NEVER
    if seen:
        bounds = ([(0, None)] * k + [(None, None)]) * n + [(0, None)] * k
        initial = np.zeros(len(bounds)) if start is None else _standardised(start[seen], centre, spread)
        with one_thread():  # of products this small threads take ten times as long
            found = minimize(loss, initial, jac=True, method="L-BFGS-B", bounds=bounds, options=_STOP)
        own = found.x[:-k].reshape(n, k + 1)
        weights[seen, :-1] = own[:, :-1] / spread
        weights[seen, -1] = own[:, -1] - weights[seen, :-1] @ centre
    return weights


def _standardised(weights: _Floats, centre: _Floats, spread: _Floats) -> _Floats:
    """Coefficients of each head on standardised features, and their mean, in one row as they are fitted."""
    own = weights[:, :-1] * spread
    intercepts = weights[:, -1:] + weights[:, :-1] @ centre[:, None]
    return np.append(np.concatenate([own, intercepts], axis=1).ravel(), own.mean(axis=0))


def _moments(features: _Floats, weight: _Floats) -> tuple[_Floats, _Floats]:
    centre = np.average(features, axis=0, weights=weight)
    spread = np.sqrt(np.average(np.square(features - centre), axis=0, weights=weight)) + 1e-6
    return centre, spread


def _logistic_loss(standard: _Floats, same: npt.NDArray[np.bool_], weight: _Floats) -> _Loss:
    """The mean loss of one head and its gradient, as a function of its coefficients and intercept."""
    weight = weight / weight.sum()
    sign = np.where(same, -1.0, 1.0)

    def loss(values: _Floats) -> tuple[float, _Floats]:
        wrong = sign * (standard @ values[:-1] + values[-1])
        slope = weight * sign / (1 + np.exp(-np.clip(wrong, -50, 50)))
        return float(weight @ np.logaddexp(0, wrong)), np.append(standard.T @ slope, slope.sum())

    return loss
