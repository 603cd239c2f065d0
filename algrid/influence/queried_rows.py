"""What a run queried, cycle by cycle: the balance of its classes, and how far its rows are from others.

Computed from the data of the run's cell and its history; nothing is fitted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from algrid.leaderboard import leaderboard

if TYPE_CHECKING:
    from algrid.history import History
    from algrid.pool import Pool

__all__ = ["SHAPES", "class_balance", "query_distances", "shape_means"]

#: What is said of the batches of a run, and what a high value says.
SHAPES = {
    "class_gap": "the classes of the queried rows are not those of the pool (L1)",
    "class_gap_maximum": "the same, of the class that is furthest off",
    "within": "the rows of a batch lie apart (mean cosine distance)",
    "to_labeled": "batches lie far from what is labelled",
    "to_unlabeled": "batches lie far from what stays unlabelled",
}

Floats = NDArray[np.float64]


def class_balance(pool: Pool, history: History) -> pd.DataFrame:
    """How the classes of the rows queried so far differ from those of the pool (clean labels, start set not counted).

    Parameters
    ----------
    pool : Pool
        The data of the run's cell.
    history : History
        The run.

    Returns
    -------
    DataFrame
        One row a point: ``cycle``, ``n_bought``, ``l1`` (sum over classes of the absolute difference of shares, 0 to
        2) and ``maximum`` (the largest one). NaN at cycle 0, where nothing is queried. Even random sampling is above
        0, and by the more, the fewer rows there are.

    References
    ----------
    arXiv 2506.03817, "class distributions".
    """
    expected = np.bincount(pool.y, minlength=pool.n_classes) / pool.n_pool
    counts = np.zeros((len(history.points), pool.n_classes))
    for i, point in enumerate(history.points):
        counts[i:] += np.bincount(pool.y[point.batch], minlength=pool.n_classes)
    bought = counts.sum(axis=1)
    shares = np.divide(counts, bought[:, None], out=np.full(counts.shape, np.nan), where=bought[:, None] > 0)
    gap = np.abs(shares - expected)
    return pd.DataFrame(
        {
            "cycle": np.arange(len(counts)),
            "n_bought": bought.astype(np.int64),
            "l1": gap.sum(axis=1),
            "maximum": np.max(gap, axis=1, initial=0.0),
        }
    )


def query_distances(pool: Pool, history: History) -> pd.DataFrame:
    """Mean cosine distances of the rows of each batch: to one another, to labelled and to unlabelled rows.

    A row without any feature but zeros has distance 1 to every other. All pairs count, without being formed: the mean
    of the products of unit vectors is the product of their means.

    Parameters
    ----------
    pool : Pool
        The data of the run's cell.
    history : History
        The run.

    Returns
    -------
    DataFrame
        One row a point: ``cycle``, ``n_bought``; ``within`` (pairs of two rows of the batch; NaN for a single row),
        ``to_labeled`` (rows that were labelled when the batch was asked for) and ``to_unlabeled`` (rows that stay
        unlabelled; NaN where none does). NaN at cycle 0.

    References
    ----------
    arXiv 2506.03817, "average distances".
    """
    unit, square = _unit_rows(pool)
    labeled, n_labeled = _total(unit, pool.start), len(pool.start)
    unlabeled, n_unlabeled = _total(unit, np.arange(pool.n_pool)) - labeled, pool.n_pool - n_labeled
    rows = []
    for cycle, point in enumerate(history.points):
        n = len(point.batch)
        batch = _total(unit, point.batch)
        unlabeled, n_unlabeled = unlabeled - batch, n_unlabeled - n
        own = float(batch @ batch) - float(square[point.batch].sum())
        rows.append(
            {
                "cycle": cycle,
                "n_bought": n_labeled - len(pool.start) + n,
                "within": _distance(own, n * (n - 1)),
                "to_labeled": _distance(float(batch @ labeled), n * n_labeled),
                "to_unlabeled": _distance(float(batch @ unlabeled), n * n_unlabeled),
            }
        )
        labeled, n_labeled = labeled + batch, n_labeled + n
    return pd.DataFrame(rows, columns=["cycle", "n_bought", "within", "to_labeled", "to_unlabeled"])


def shape_means(shapes: pd.DataFrame, by: str = "strategy", *, resamples: int = 1000, seed: int = 0) -> pd.DataFrame:
    """Means of each shape of batches by the levels of a hyperparameter, with intervals.

    Parameters
    ----------
    shapes : DataFrame
        A row a run: axes, and the columns of `SHAPES`, as `Results.query_shapes` makes it.
    by : str
    resamples, seed : int
        Of the bootstrap over datasets and their replicates.

    Returns
    -------
    DataFrame
        One row a level: the level, and each of `SHAPES` with ``_low`` and ``_high`` (means over what each level has).
        ``attrs``: ``by``, ``note``.

    Raises
    ------
    AlgridError
        As `algrid.leaderboard.leaderboard`.
    """
    columns: list[pd.DataFrame] = []
    notes: dict[str, None] = {}
    for name in SHAPES:
        options: dict[str, Any] = {"resamples": resamples, "seed": seed, "higher_is_better": True}
        board = leaderboard(shapes.assign(value=shapes[name]), by, missing="own_mean", **options)
        notes[board.attrs["note"]] = None
        ends = {f"mean{end}": f"{name}{end}" for end in ("", "_low", "_high")}
        columns.append(board.set_index(by)[list(ends)].rename(columns=ends))
    table = pd.concat(columns, axis=1).sort_index().reset_index()
    table.attrs.update(by=by, note=" ".join(filter(None, notes)))
    return table


def _unit_rows(pool: Pool) -> tuple[NDArray[np.float64], Floats]:
    """The pool's rows at length 1 (rows of zeros stay; sparse stays sparse), and the squares of their lengths."""
    from sklearn.preprocessing import normalize

    unit = normalize(pool.X)
    products = unit.multiply(unit) if hasattr(unit, "multiply") else unit * unit
    return unit, np.asarray(products.sum(axis=1), dtype=np.float64).ravel()


def _total(unit: NDArray[np.float64], index: NDArray[np.intp]) -> Floats:
    return np.asarray(unit[index].sum(axis=0), dtype=np.float64).ravel()


def _distance(products: float, n_pairs: int) -> float:
    """One less the mean product; a distance is not below 0 but by rounding."""
    return max(1.0 - products / n_pairs, 0.0) if n_pairs > 0 else float("nan")
