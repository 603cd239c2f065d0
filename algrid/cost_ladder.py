"""From prior costs to those that were seen: a regression that descends from all runs to those of one kind and dataset.

The logarithm of observed by prior seconds is explained rung by rung, each by what the ones above it leave: one
intercept for everything (the machine), a regression on sizes for each name of a plugin, an intercept for each of its
parameterisations, and one for each of those on each dataset. Coefficients are normal around zero, which is the prior's
word (ridge regression), so that little data change little; residuals far out count less (Huber's weights). A rung that
has seen nothing of a kind is silent, and says how uncertain that leaves its prediction.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Keys", "Ladder", "climb", "design"]

Floats = NDArray[np.float64]
#: What a cost is of, from wide to narrow: a plugin's name, its label (with parameters), the dataset.
Keys = tuple[str, str, str]

_CENTRE: Floats = np.log([30.0, 300.0, 20.0, 3.0, 5.0])  # sizes of an ordinary run
# prior standard deviations of logarithms, by rung: the machine; a name; a label; a dataset. And of a slope.
_SPREADS = (0.8, 0.6, 0.4, 0.3)
_SLOPE = 0.3
_LEAST_NOISE = 0.05
_HUBER = 1.5
_FAR = 5.0  # standard deviations, from which on a residual is an accident: the first fit of a process loads libraries
_ROUNDS = 4
_MOST_ROWS = 8.0  # of one name on one dataset, that a regression counts: more of the same say nothing new about sizes
_DRIFT = 0.1  # of all logarithms alike, from one time to another on the same machine: other work, temperature
_FURTHEST = 5.0  # of a logarithm: corrections beyond a factor of 150 are a size far from all that was seen


def design(
    n_labeled: Floats,
    n_pool: Floats | int,
    n_features: Floats | int,
    n_classes: Floats | int,
    batch_size: NDArray[Any] | int,
) -> Floats:
    """(n, 6) regressors: 1, and the logarithms of the sizes, from those of an ordinary run."""
    sizes = np.stack(np.broadcast_arrays(n_labeled, n_pool, n_features, n_classes, batch_size), axis=-1)
    x: Floats = np.ones((len(sizes), 1 + len(_CENTRE)))
    x[:, 1:] = np.log(np.maximum(sizes, 1)) - _CENTRE
    return x


@dataclass(frozen=True)
class Ladder:
    """Corrections of a prior.

    Parameters
    ----------
    everything : float
        Logarithm of the factor that all have in common.
    names : mapping from str to (6,) tuple
        Intercept and slopes of each name.
    labels, datasets : mapping from str to float
        Intercepts of each label, and of each label on a dataset (see `_joined`).
    left : mapping from str to float
        Variance that each rung leaves at each of its keys (see `_rung`), where the rungs below have seen nothing.
    """

    everything: float = 0.0
    names: Mapping[str, Sequence[float]] = field(default_factory=dict)
    labels: Mapping[str, float] = field(default_factory=dict)
    datasets: Mapping[str, float] = field(default_factory=dict)
    left: Mapping[str, float] = field(default_factory=dict)

    def log_ratio(self, keys: Sequence[Keys], x: Floats) -> Floats:
        """(n,) logarithms of the factors between the prior's seconds and those predicted.

        Parameters
        ----------
        keys : sequence of Keys
            One for each row, or one for all.
        x : (n, 6) array
            Of `design`.
        """
        slopes = np.array([self.names.get(name, _NO_SLOPES) for name, _, _ in keys])
        offsets = [self.labels.get(label, 0.0) + self.datasets.get(_joined(label, at), 0.0) for _, label, at in keys]
        found = self.everything + (slopes * x).sum(axis=1) + np.array(offsets)
        return np.asarray(np.clip(found, -_FURTHEST, _FURTHEST))

    def uncertain(self, keys: Keys) -> Iterator[tuple[tuple[str, ...], float]]:
        """The rungs that leave something open about this, with the variance of each, from narrow to wide.

        Above a rung that has seen it nothing is open, as what it saw contains all that is above. What all have in
        common (the machine, and its drift) is the rung ``()``.
        """
        name, label, dataset = keys
        for number, rung in ((3, (label, dataset)), (2, (label,)), (1, (name,))):
            known = self.left.get(_rung(number, *rung))
            yield (str(number), *rung), _SPREADS[number] ** 2 if known is None else known
            if known is not None:
                yield (), _DRIFT**2
                return
        yield (), _DRIFT**2 + self.left.get(_rung(0), _SPREADS[0] ** 2)

    def to_plain(self) -> dict[str, Any]:
        """Plain data, rounded."""
        names = {name: [round(float(v), 4) for v in values] for name, values in self.names.items()}
        rounded = {
            key: {name: round(float(v), 4) for name, v in getattr(self, key).items()}
            for key in ("labels", "datasets", "left")
        }
        return {"everything": round(self.everything, 4), "names": names, **rounded}

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> Ladder:
        """The ladder of `to_plain`'s data."""
        return cls(**data)


_NO_SLOPES = (0.0,) * 6


def _joined(*keys: str) -> str:
    return "\t".join(keys)


def _rung(number: int, *keys: str) -> str:
    return _joined(str(number), *keys)


def climb(keys: Sequence[NDArray[np.str_]], x: Floats, observed: Floats, expected: Floats) -> Ladder:
    """Fit a ladder.

    Parameters
    ----------
    keys : three (n,) str arrays
        Names, labels and datasets of the observations.
    x : (n, 6) array
        Of `design`.
    observed, expected : (n,) arrays
        Seconds that were seen, and the prior's; above 0, no NaN.
    """
    if len(observed) == 0:
        return Ladder()
    y = np.log(observed / expected)
    names, labels, datasets = keys
    pairs = np.char.add(np.char.add(labels, "\t"), datasets)
    left: dict[str, float] = {}
    medians = np.array([np.median(y[names == name]) for name in np.unique(names)])
    (everything,), (left[_rung(0)],) = _intercepts(np.zeros(len(medians), np.intp), medians, rung=0, noise=_SPREADS[1])
    residual = y - everything
    slopes = {}
    for name in np.unique(names):
        at = np.flatnonzero(names == name)
        _, group, count = np.unique(datasets[at], return_inverse=True, return_counts=True)
        weights = np.minimum(1.0, _MOST_ROWS / count)[group]
        slopes[str(name)], left[_rung(1, name)] = _regression(x[at], residual[at], weights)
        residual[at] -= x[at] @ slopes[str(name)]
    offsets: list[dict[str, float]] = []
    for rung, key in ((2, labels), (3, pairs)):
        found, group = np.unique(key, return_inverse=True)
        values, variances = _intercepts(group, residual, rung=rung, noise=_noise(residual))
        residual -= values[group]
        offsets.append(dict(zip(found.tolist(), values.tolist(), strict=True)))
        left |= {_rung(rung, name): float(v) for name, v in zip(found, variances, strict=True)}
    # what is predicted is a sum, and the mean of logarithms is that of a lower one
    noise, predicted = _noise(residual), expected * np.exp(y - residual)
    seen = predicted * np.exp(np.clip(residual, -_FAR * noise, _FAR * noise))
    mean = float(np.log(seen.sum() / predicted.sum()))
    return Ladder(
        float(everything) + mean, {n: tuple(v.tolist()) for n, v in slopes.items()}, offsets[0], offsets[1], left
    )


def _noise(residual: Floats) -> float:
    """Standard deviation of residuals, from their median absolute deviation."""
    return max(_LEAST_NOISE, 1.4826 * float(np.median(np.abs(residual - np.median(residual)))))


def _huber(residual: Floats, noise: float) -> Floats:
    return np.minimum(1.0, _HUBER * noise / np.maximum(np.abs(residual), 1e-12))


def _intercepts(group: NDArray[np.intp], y: Floats, *, rung: int, noise: float) -> tuple[Floats, Floats]:
    """Robust means of groups shrunk to zero, and their posterior variances."""
    shrinkage = (noise / _SPREADS[rung]) ** 2
    means = np.zeros(int(group.max()) + 1)
    for _ in range(_ROUNDS):
        weights = _huber(y - means[group], noise)
        total = np.bincount(group, weights)
        means = np.bincount(group, weights * y) / (total + shrinkage)
    return means, np.asarray(noise**2 / (total + shrinkage))


def _regression(x: Floats, y: Floats, weights: Floats) -> tuple[Floats, float]:
    """Robust ridge coefficients, and the posterior variance of the intercept."""
    precision = np.diag([_SPREADS[1] ** -2, *[_SLOPE**-2] * (x.shape[1] - 1)])
    coefficients = np.zeros(x.shape[1])
    coefficients[0] = np.median(y)
    for _ in range(_ROUNDS):
        residual = y - x @ coefficients
        noise = _noise(residual)
        w = weights * _huber(residual, noise)
        inverse = np.linalg.inv((x * w[:, None]).T @ x / noise**2 + precision)
        coefficients = inverse @ (x.T @ (w * y)) / noise**2
    return coefficients, float(inverse[0, 0])
