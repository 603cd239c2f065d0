"""What stopping rules save and what they cost: for each run, and as a leaderboard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from algrid.arrays import offsets_of, segment_sum
from algrid.influence._datasets import estimated
from algrid.influence._resampling import quotient
from algrid.pairing import codes
from algrid.schema import REPLICATE_AXES

__all__ = ["outcomes", "rule_leaderboard"]

Floats = NDArray[np.float64]

#: What the leaderboard averages.
_MEANS = ("stopped", "labels", "saved_share", "lost")


def outcomes(curves: pd.DataFrame, stops: Mapping[tuple[str, str], int], rules: Sequence[str]) -> pd.DataFrame:
    """What each rule would have saved each run, against the run's last point.

    Parameters
    ----------
    curves : DataFrame
        As `algrid.curves.curves` makes it, cut at the budget.
    stops : mapping
        Run id and rule to the point of the stop; -1 for none. Pairs that are not in it have no row.
    rules : sequence of str
        Their order.

    Returns
    -------
    DataFrame
        A row a run and rule: ``run_id``, the axes, ``rule``; ``stopped``; ``labels`` (bought at the stop, or at the end
        where the rule never said stop), ``saved`` (labels between the stop and the end) and ``saved_share``; ``value``
        at the stop, ``value_end``, and ``lost`` (how far the score at the stop is behind that of the end; negative
        where stopping was better). ``attrs`` are those of `curves`.
    """
    ends = curves[curves["cycle"] == curves.groupby("run_id", observed=True)["cycle"].transform("max")]
    pieces = []
    for rule in rules:
        known = ends[[(run, rule) in stops for run in ends["run_id"]]]
        at = np.array([stops[run, rule] for run in known["run_id"]], dtype=np.int64)
        last = known["cycle"].to_numpy(np.int64)
        asked = pd.DataFrame({"run_id": known["run_id"].to_numpy(), "cycle": np.where(at < 0, last, at)})
        found = asked.merge(curves[["run_id", "cycle", "n_bought", "value"]], on=["run_id", "cycle"], validate="1:1")
        piece = known.drop(columns=["cycle", "n_labeled", "n_bought", "value"]).reset_index(drop=True)
        labels, end = found["n_bought"].to_numpy(np.int64), known["n_bought"].to_numpy(np.int64)
        piece["rule"], piece["stopped"] = rule, at >= 0
        piece["labels"], piece["saved"] = labels, end - labels
        piece["saved_share"] = np.divide(end - labels, end, out=np.zeros(len(end)), where=end > 0)
        piece["value"], piece["value_end"] = found["value"].to_numpy(), known["value"].to_numpy()
        sign = 1.0 if curves.attrs.get("higher_is_better", True) else -1.0
        piece["lost"] = sign * (piece["value_end"] - piece["value"])
        pieces.append(piece)
    table = pd.concat(pieces, ignore_index=True) if pieces else pd.DataFrame()
    table.attrs.update(curves.attrs)
    return table


def rule_leaderboard(table: pd.DataFrame, *, resamples: int = 1000, seed: int = 0) -> pd.DataFrame:
    """Stopping rules by what they lose and save, averaged over datasets of averages over their runs.

    Parameters
    ----------
    table : DataFrame
        As `outcomes` makes it.
    resamples, seed : int
        Of the bootstrap over datasets and their replicates, for 95 % intervals.

    Returns
    -------
    DataFrame
        A row a rule, the least lost first: ``rule``, and ``stopped`` (share of runs), ``labels``, ``saved_share`` and
        ``lost``, each with ``_low`` and ``_high``; ``n_runs`` and ``n_datasets``. A rule that never stops loses
        nothing and saves nothing. Rules are compared on the runs that they suit: `n_runs` tells where those differ.
        ``attrs`` have a ``note`` where there are no intervals.
    """
    rows, notes = [], {0: ""}
    for rule, group in table.groupby("rule", sort=False, observed=True):
        replicate, first = codes(group, ["dataset", *(c for c in REPLICATE_AXES if c in group)])
        order = np.argsort(replicate, kind="stable")
        values = np.column_stack([group[list(_MEANS)].to_numpy(np.float64), np.ones(len(group))])[order]
        dataset, _ = codes(group.iloc[first], ["dataset"])
        point, low, high, note = estimated(
            segment_sum(values, offsets_of(np.bincount(replicate))),
            offsets_of(np.bincount(dataset)),
            _of_dataset,
            lambda sums: quotient(sums[:, :-1], sums[:, -1:]),
            resamples=resamples,
            seed=seed,
        )
        n_datasets = int(dataset.max()) + 1
        notes[n_datasets] = note
        row: dict[str, Any] = {"rule": rule}
        for i, name in enumerate(_MEANS):
            row[name], row[f"{name}_low"], row[f"{name}_high"] = point[i], low[i], high[i]
        rows.append({**row, "n_runs": len(group), "n_datasets": n_datasets})
    board = pd.DataFrame(rows)
    if len(board):
        board = board.sort_values(["lost", "saved_share"], ascending=[True, False], kind="stable", ignore_index=True)
    board.attrs.update(table.attrs)
    # that of the rule with the most datasets: others, with fewer, have no interval either, which their row says
    board.attrs["note"] = " ".join(filter(None, [notes[max(notes)], table.attrs.get("note", "")]))
    return board


def _of_dataset(sums: Floats) -> Floats:
    """(n, 5) means over the runs of a dataset, and 1 for the dataset itself; of (n, 5) sums and the number of runs."""
    means = quotient(sums[:, :-1], sums[:, -1:])
    return np.column_stack([np.nan_to_num(means), sums[:, -1] > 0]).astype(np.float64)
