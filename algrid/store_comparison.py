"""Two stores of the same grid (two versions, two machines): what changed, and whether it is more than noise.

Runs are matched by their ids, which name their whole configuration. Equal configurations should give equal bits; where
they don't, the question is whether scores moved in one direction, or only about.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from algrid.arrays import offsets_of, ragged_arange, runs_of, segment_sum
from algrid.curves import score_columns, scores
from algrid.influence._datasets import estimated
from algrid.influence._resampling import quotient
from algrid.pairing import codes
from algrid.points import lengths_of
from algrid.schema import REPLICATE_AXES, RUNS, TIMING_COLUMNS

if TYPE_CHECKING:
    import pyarrow as pa

    from algrid.store import Snapshot

__all__ = ["Comparison", "compare_columns", "compare_scores", "compare_stores", "differing"]

#: Columns that say nothing of a result.
_ASIDE = ("run_id", "provenance", *TIMING_COLUMNS)

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Comparison:
    """What `compare_stores` finds.

    Parameters
    ----------
    columns : DataFrame
        As `compare_columns` makes it.
    scores : DataFrame
        As `compare_scores` makes it.
    """

    columns: pd.DataFrame
    scores: pd.DataFrame


def compare_stores(
    a: Snapshot,
    b: Snapshot,
    *,
    metric: str = "accuracy",
    aggregate: str = "aubc",
    budget: int | None = None,
    by: str = "strategy",
    resamples: int = 1000,
    seed: int = 0,
) -> Comparison:
    """Compare the runs of two stores.

    Parameters
    ----------
    a, b : Snapshot
        ``Results.snapshot`` of each.
    metric, aggregate, budget
        What is scored; without a budget, whole curves.
    by : str
        The hyperparameter by which differences of scores are told apart.
    resamples, seed : int

    Raises
    ------
    AlgridError
        For an unknown metric or aggregate, or a damaged store.
    """
    scored = []
    for snapshot in (a, b):
        table = snapshot.table(RUNS.name, score_columns(metric))
        skylines = snapshot.table("skylines")
        scored.append(scores(table, skylines, metric=metric, aggregate=aggregate, budgets=[budget]))
    return Comparison(
        compare_columns(a.table(RUNS.name), b.table(RUNS.name)),
        compare_scores(scored[0], scored[1], by, resamples=resamples, seed=seed),
    )


def compare_columns(a: pa.Table, b: pa.Table) -> pd.DataFrame:
    """In which columns the runs that both tables have differ; seconds and provenance are left aside.

    Parameters
    ----------
    a, b : pyarrow.Table
        Rows of `algrid.schema.RUNS`, each run once.

    Returns
    -------
    DataFrame
        One row a column, the most changed first: ``column``, ``different`` (runs), ``share`` (of the matched) and
        ``example`` (the first such ``run_id``, null where there is none). ``attrs``: ``matched``, ``identical``,
        ``only_a`` and ``only_b`` runs.
    """
    ids_a, ids_b = (np.asarray(t.column("run_id").to_pylist(), dtype=str) for t in (a, b))
    shared, at_a, at_b = np.intersect1d(ids_a, ids_b, assume_unique=True, return_indices=True)
    names = [name for name in a.column_names if name in b.column_names and name not in _ASIDE]
    ours, theirs = a.select(names).take(at_a), b.select(names).take(at_b)
    rows, anything = [], np.zeros(len(shared), dtype=np.bool_)
    for name in names:
        differs = differing(ours.column(name), theirs.column(name))
        anything |= differs
        example = shared[int(differs.argmax())] if differs.any() else None
        rows.append((name, int(differs.sum()), float(differs.mean()) if len(shared) else np.nan, example))
    table = pd.DataFrame(rows, columns=["column", "different", "share", "example"])
    table = table.sort_values("different", ascending=False, kind="stable", ignore_index=True)
    table.attrs.update(
        matched=len(shared),
        identical=int((~anything).sum()),
        only_a=len(ids_a) - len(shared),
        only_b=len(ids_b) - len(shared),
    )
    return table


def compare_scores(
    a: pd.DataFrame, b: pd.DataFrame, by: str = "strategy", *, resamples: int = 1000, seed: int = 0
) -> pd.DataFrame:
    """How scores of the same runs moved from one store to the other.

    Parameters
    ----------
    a, b : DataFrame
        As `algrid.curves.scores` makes them, alike.
    by : str
        A column by whose values differences are told apart.
    resamples, seed : int
        Of the bootstrap over datasets and their replicates.

    Returns
    -------
    DataFrame
        One row a level of `by`, and first one of all together (level null): ``difference`` (mean over datasets of the
        mean of b - a) with ``_low`` and ``_high``, ``largest`` (absolute difference of a run), ``changed`` (share of
        runs), ``beyond_noise`` (the interval does not hold 0; null without an interval), ``n_runs`` with a score in
        both, ``n_lost`` and ``n_gained`` (a score in a alone, in b alone, of the runs that both tables have) and
        ``n_datasets``. ``attrs`` have a ``note``.
    """
    keys = [name for name in ("run_id", "budget") if name in a]
    joined = a.merge(b[[*keys, "value"]].rename(columns={"value": "other"}), on=keys, validate="one_to_one")
    level, first = codes(joined, [by])
    dataset, _ = codes(joined, ["dataset"])
    replicate, _ = codes(joined, ["dataset", *(c for c in REPLICATE_AXES if c in joined)])
    before, after = joined["value"].to_numpy(np.float64), joined["other"].to_numpy(np.float64)
    groups: list[tuple[Any, NDArray[np.bool_]]] = [(None, np.ones(len(joined), dtype=np.bool_))]
    groups += [(joined[by].iloc[row], level == code) for code, row in enumerate(first.tolist())]
    rows = []
    notes: dict[str, None] = {}
    for name, own in groups:
        both = own & np.isfinite(before) & np.isfinite(after)
        at = np.flatnonzero(both)[np.argsort(replicate[both], kind="stable")]
        gap = after[at] - before[at]
        starts = runs_of(replicate[at])
        offsets = runs_of(dataset[at][starts[:-1]])
        point, low, high, note = estimated(
            segment_sum(np.column_stack([gap, np.ones(len(gap))]), starts),
            offsets,
            lambda sums: np.column_stack([quotient(sums[:, 0], sums[:, 1]), np.ones(len(sums))]),
            lambda sums: quotient(sums[:, 0], sums[:, 1]),
            resamples=resamples,
            seed=seed,
        )
        notes[note] = None
        rows.append(
            {
                by: name,
                "difference": float(point),
                "difference_low": float(low),
                "difference_high": float(high),
                "largest": float(np.max(np.abs(gap), initial=0.0)),
                "changed": float((gap != 0).mean()) if len(gap) else np.nan,
                "beyond_noise": None if note else bool(low > 0 or high < 0),
                "n_runs": len(gap),
                "n_lost": int((own & ~np.isnan(before) & np.isnan(after)).sum()),
                "n_gained": int((own & np.isnan(before) & ~np.isnan(after)).sum()),
                "n_datasets": len(offsets) - 1,
            }
        )
    table = pd.DataFrame(rows)
    table.attrs.update(a.attrs)
    table.attrs.update(by=by, resamples=resamples, seed=seed, note=" ".join(filter(None, notes)))
    return table


def differing(a: Any, b: Any) -> NDArray[np.bool_]:
    """(n_rows,) whether two columns of rows in the same order differ; null and NaN equal themselves."""
    kind = str(a.type)
    if kind.startswith("map"):
        ours, theirs = (np.array([str(dict(row or ())) for row in column.to_pylist()]) for column in (a, b))
        return np.asarray(ours != theirs)
    if kind.startswith("list"):
        return _lists_differ(a.combine_chunks(), b.combine_chunks())
    ours, theirs = (column.to_pandas().astype(object) for column in (a, b))
    return np.asarray(~((ours == theirs) | (ours.isna() & theirs.isna())), dtype=np.bool_)


def _lists_differ(a: Any, b: Any) -> NDArray[np.bool_]:
    lengths_a, lengths_b = lengths_of(a), lengths_of(b)
    differs = (lengths_a != lengths_b) | (np.asarray(a.is_valid()) != np.asarray(b.is_valid()))
    alike = np.flatnonzero(lengths_a == lengths_b)
    lengths = lengths_a[alike]
    starts = (offsets_of(lengths_a)[:-1][alike], offsets_of(lengths_b)[:-1][alike])
    values = [
        column.flatten().to_numpy(zero_copy_only=False).astype(np.float64)[ragged_arange(start, lengths)]
        for column, start in zip((a, b), starts, strict=True)
    ]
    unequal = ~((values[0] == values[1]) | (np.isnan(values[0]) & np.isnan(values[1])))
    differs[alike] |= segment_sum(unequal.astype(np.float64), offsets_of(lengths)) > 0
    return np.asarray(differs)
