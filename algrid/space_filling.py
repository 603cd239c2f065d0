"""A few points that cover a space: which datasets a small study takes so that it sees every kind of data."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from algrid.errors import GridError
from algrid.seeds import generator

__all__ = ["discrepancy", "representative"]

Floats = NDArray[np.float64]


def representative(points: Floats, count: int, seed: int = 0, *, restarts: int = 32) -> NDArray[np.intp]:
    """Positions of `count` points that cover all of them: the largest distance to the nearest chosen one is small.

    Greedy k-centre (Gonzalez, Theoretical Computer Science 38, 1985) from several first points, then swaps as long as
    they lower the `discrepancy`; the best of all starts. The same seed gives the same points.

    Complexity: O(restarts * rounds * count * n^2) time, for the hundreds of points that there are.

    Parameters
    ----------
    points : (n, k) array
        Coordinates of comparable scale; see `algrid.arrays.rank_shares`.
    count : int
    seed : int
        Draws the first points.
    restarts : int
        Starts; at most one a point.

    Returns
    -------
    (count,) int array, ascending.

    Raises
    ------
    GridError
        If there are fewer points, or none is asked for.
    """
    n = len(points)
    if not 1 <= count <= n:
        raise GridError(f"a representative subset of {count} was asked for; there are {n} datasets of known shape.")
    distance = _distances(points)
    firsts = generator(seed, "representative subset").permutation(n)[:restarts]
    found = [_swapped(distance, _greedy(distance, int(first), count)) for first in firsts]
    return min(found, key=lambda chosen: (_uncovered(distance, chosen), chosen.tolist()))


def discrepancy(points: Floats, chosen: NDArray[np.intp]) -> tuple[float, float]:
    """How badly points are covered by some of them: the largest and the mean distance to the nearest chosen one.

    Parameters
    ----------
    points : (n, k) array
    chosen : int array
        Positions.
    """
    return _uncovered(_distances(points), np.asarray(chosen, dtype=np.intp))


def _distances(points: Floats) -> Floats:
    """(n, n) Euclidean distances, as shares of the space's diagonal."""
    difference = points[:, None, :] - points[None, :, :]
    distances: Floats = np.sqrt(np.mean(difference**2, axis=-1))
    return np.round(distances, 12)


def _uncovered(distance: Floats, chosen: NDArray[np.intp]) -> tuple[float, float]:
    nearest = distance[:, chosen].min(axis=1)
    return float(nearest.max()), float(nearest.mean())


def _greedy(distance: Floats, first: int, count: int) -> NDArray[np.intp]:
    chosen = [first]
    nearest = distance[first].copy()
    nearest[first] = -1.0  # of points at the same place each is chosen once
    while len(chosen) < count:
        chosen.append(int(np.argmax(nearest)))
        nearest = np.minimum(nearest, distance[chosen[-1]])
        nearest[chosen] = -1.0
    return np.sort(np.array(chosen, dtype=np.intp))


def _swapped(distance: Floats, chosen: NDArray[np.intp]) -> NDArray[np.intp]:
    """The subset after the best swap of one point for another, again and again while that is better."""
    best = _uncovered(distance, chosen)
    improved = True
    while improved:
        improved = False
        for place in range(len(chosen)):
            others = np.delete(chosen, place)
            kept = distance[:, others].min(axis=1) if len(others) else np.full(len(distance), np.inf)
            covered = np.minimum(kept[:, None], distance)  # (n, candidate)
            scores = np.column_stack([covered.max(axis=0), covered.mean(axis=0)])
            scores[others] = np.inf
            candidate = int(np.lexsort((scores[:, 1], scores[:, 0]))[0])
            if (scores[candidate, 0], scores[candidate, 1]) < (best[0], best[1] - 1e-12):
                chosen = np.sort(np.append(others, candidate))
                best, improved = (float(scores[candidate, 0]), float(scores[candidate, 1])), True
                break
    return chosen
