"""Influence of the evaluation itself: which metrics and aggregates rank strategies alike, and test against pool.

References
----------
Kendall, M. G. (1945). The treatment of ties in ranking problems. Biometrika 33 (tau-b).
Survey of Active Learning Hyperparameters: Insights from a Large-Scale Experimental Grid, arXiv 2506.03817.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from algrid.arrays import runs_of, segment_sum
from algrid.errors import AlgridError
from algrid.influence._datasets import estimated
from algrid.influence._resampling import quotient
from algrid.influence.competitors import ahead
from algrid.missing import check_options, direction, forced_ties
from algrid.pairing import Cells, pair

__all__ = ["agreement", "mismatch"]

Floats = NDArray[np.float64]


def agreement(
    evaluations: Mapping[tuple[str, str], pd.DataFrame],
    by: str = "strategy",
    *,
    resamples: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """Kendall's tau-b between the leaderboards of each pair of evaluations: metrics, aggregates, or both.

    Every leaderboard is the mean rank over datasets, of the means within each; all are made of the same runs: those of
    the settings in which every level has a value in every evaluation.

    Parameters
    ----------
    evaluations : mapping
        (metric, aggregate) to scores of the same runs, as `algrid.curves.scores` makes them at one budget, each with
        its direction in ``attrs``. Those without any value are left out, and named in the ``note``.
    by : str
        The hyperparameter that is ranked.
    resamples, seed : int
        Of the bootstrap over datasets and their replicates; all evaluations see the same draws.

    Returns
    -------
    DataFrame
        One row a pair: ``metric_a``, ``aggregate_a``, ``metric_b``, ``aggregate_b``, and ``tau`` (1: the same ranking,
        NaN where one of the two ranks all alike) with ``_low`` and ``_high``. ``attrs``: ``n_datasets``,
        ``n_settings`` that are complete in all evaluations, of ``n_settings_all``, ``forced_ties`` (share of the pairs
        of levels that had both used up the pool) and a ``note``.

    Raises
    ------
    AlgridError
        For fewer than two evaluations that have values, several scores of a run, or as
        `algrid.leaderboard.leaderboard`.
    """
    check_options("complete_case", resamples)
    known = {name: scored for name, scored in evaluations.items() if scored["value"].notna().any()}
    if len(known) < 2:
        raise AlgridError(f"two evaluations or more that have values can agree, not {len(known)}.")
    gone = [f"{aggregate} of {metric}" for metric, aggregate in evaluations if (metric, aggregate) not in known]
    scores, cells = _aligned(known, by)
    whole = ~np.logical_or.reduce([np.isnan(scored).any(axis=1) for scored in scores])
    finite = [np.isfinite(scored[whole]) for scored in scores]
    parts = np.stack(
        [
            np.stack([np.where(known, scored[whole], 0.0), known, np.ones(known.shape)], axis=1)
            for scored, known in zip(scores, finite, strict=True)
        ],
        axis=1,
    )
    replicates = runs_of(cells.replicate[whole])
    offsets = runs_of(cells.dataset[whole][replicates[:-1]])
    a, b = (np.array(index) for index in zip(*combinations(range(len(scores)), 2), strict=True))

    def of_dataset(sums: Floats) -> Floats:
        ranks = [ahead(sums[:, e]).sum(axis=1) for e in range(sums.shape[1])]
        return np.stack(ranks, axis=1)

    point, low, high, note = estimated(
        segment_sum(parts, replicates),
        offsets,
        of_dataset,
        lambda sums: _tau(sums / max(len(offsets) - 1, 1))[:, a, b],
        resamples=resamples,
        seed=seed,
    )
    names = list(known)
    table = pd.DataFrame(
        [(*names[i], *names[j]) for i, j in zip(a, b, strict=True)],
        columns=["metric_a", "aggregate_a", "metric_b", "aggregate_b"],
    )
    table["tau"], table["tau_low"], table["tau_high"] = point, low, high
    table.attrs.update(
        by=by,
        missing="complete_case",
        resamples=resamples,
        seed=seed,
        n_datasets=len(offsets) - 1,
        n_settings=int(whole.sum()),
        n_settings_all=len(whole),
        forced_ties=forced_ties(cells.pool_empty[whole]),
        note=" ".join(filter(None, [f"Left out, without a value: {', '.join(gone)}." if gone else "", note])),
    )
    return table


def mismatch(test: pd.DataFrame, pool: pd.DataFrame) -> pd.DataFrame:
    """The same metric on the test part against the whole pool: what a learner knows beyond what it was shown.

    Parameters
    ----------
    test, pool : DataFrame
        Curves (`algrid.curves.curves`) or scores (`algrid.curves.scores`) of one metric with ``part="test"`` and
        ``part="pool"``, of the same runs.

    Returns
    -------
    DataFrame
        The rows of `test` that `pool` has too, with ``test``, ``pool``, ``ratio`` (test / pool, the paper's; NaN where
        the latter is 0) and ``value``, which is the difference test - pool, so that it can be ranked and compared as
        any score.

    Raises
    ------
    AlgridError
        If the tables are not of these two parts, or of different metrics.
    """
    parts = test.attrs.get("part"), pool.attrs.get("part")
    if parts != ("test", "pool"):
        raise AlgridError(f"pass the table with part='test', then that with part='pool'; these are of {parts}.")
    for key in ("metric", "aggregate"):
        if test.attrs.get(key) != pool.attrs.get(key):
            raise AlgridError(f"the tables are of different {key}s: {test.attrs.get(key)!r}, {pool.attrs.get(key)!r}.")
    keys = ["run_id", *(name for name in ("cycle", "budget") if name in test)]
    table = test.merge(pool[[*keys, "value"]].rename(columns={"value": "pool"}), on=keys, validate="one_to_one")
    values, others = table["value"].to_numpy(np.float64), table["pool"].to_numpy(np.float64)
    table["test"] = values
    table["ratio"] = np.divide(values, others, out=np.full(len(values), np.nan), where=others != 0)
    table["value"] = values - others
    table.attrs.update(test.attrs)
    table.attrs["part"] = "test - pool"
    return table


def _aligned(evaluations: Mapping[tuple[str, str], pd.DataFrame], by: str) -> tuple[list[Floats], Cells]:
    """Scores of each evaluation (settings by levels, higher better; unreached goals -inf), and one of the pairings."""
    shared: pd.Index | None = None
    for name, scored in evaluations.items():
        runs = pd.Index(scored["run_id"])
        if runs.has_duplicates:
            raise AlgridError(f"the scores of {' '.join(name)} have several rows of a run: score at one budget.")
        shared = runs if shared is None else shared.intersection(runs)
    found: list[Floats] = []
    cells: Cells | None = None
    kept = set() if shared is None else set(shared)
    for scored in evaluations.values():
        sign = 1.0 if direction(scored) else -1.0
        own = scored[scored["run_id"].isin(kept)]
        cells = pair(own, by)
        found.append(np.where(np.isinf(cells.values), -np.inf, sign * cells.values))
    assert cells is not None
    return found, cells


def _tau(ranks: Floats) -> Floats:
    """(n, E, E) tau-b between the rows of (n, E, n_levels) mean ranks."""
    a, b = np.triu_indices(ranks.shape[2], k=1)
    # sums of halves in another order must not make a tie an order
    signs = np.sign(np.round(ranks[:, :, a] - ranks[:, :, b], 9))
    untied = np.abs(signs).sum(axis=2)
    return np.clip(quotient(signs @ signs.transpose(0, 2, 1), np.sqrt(untied[:, :, None] * untied[:, None, :])), -1, 1)
