"""Stopping rules, told of stored runs after the fact.

A rule is a hyperparameter that costs no run: it only reads what a run did. What it needs to know of the pool's
predictions comes from fitting stored labelled sets again (as `algrid.replay`), but only where the stored confusion
matrices leave open whether the rule stops. For all runs of a large grid that can take as long as their fits took:
`where` says which.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from algrid.errors import AlgridError
from algrid.history import History
from algrid.schema import RUNS
from algrid.session import Session
from algrid.stopping import STOPPING_RULES, StoppingRule
from algrid.stopping_outcomes import outcomes
from algrid.stops import stops

if TYPE_CHECKING:
    from algrid.results_analyses import Analyses

__all__ = ["stopping_of"]


def stopping_of(
    results: Analyses,
    rules: Sequence[str | StoppingRule] | None = None,
    metric: str = "accuracy",
    *,
    budget: int | None = None,
    where: Any = None,
) -> pd.DataFrame:
    """What each rule would have saved each run, and what it would have cost.

    Parameters
    ----------
    results : Results
    rules : sequence of str or StoppingRule, optional
        By default all of `algrid.stopping`, with their defaults; an instance where it has parameters.
    metric : str
        In which scores are told.
    budget : int, optional
        Labels bought at which runs end; by default the whole run.
    where : str or pyarrow.compute.Expression, optional
        Which runs.

    Returns
    -------
    DataFrame
        As `algrid.stopping_outcomes.outcomes` makes it, of runs that ended as planned; a rule has no row of runs that
        it does not suit. ``attrs["note"]`` says of which.

    Raises
    ------
    AlgridError
        For an unknown rule or metric, a grid that has changed since, or no run that qualifies.
    """
    asked = _rules(rules)
    curves = results.curves(metric, where=where)
    attrs = dict(curves.attrs)
    table = results.snapshot.table(RUNS.name, ("run_id", "cell_id", "stop_reason", "reach", "n_classes"), where)
    runs = table.to_pandas()
    ended = runs["stop_reason"].isin(["pool_empty", "budget"])
    if budget is not None:
        ended &= (runs["reach"] >= budget) | (runs["stop_reason"] == "pool_empty")
        curves = curves[curves["n_bought"] <= budget]
    runs = runs[ended]
    if runs.empty:
        raise AlgridError(f"no run has ended at {'its budget' if budget is None else f'{budget} labels'} yet.")
    plan = Session(results.grid, results.path).plan
    found: dict[tuple[str, str], int] = {}
    notes: dict[str, None] = {}
    for _, group in runs.groupby("cell_id", sort=True, observed=True):
        ids = group["run_id"].tolist()
        cell, _, _ = plan.find(ids[0])
        why = {rule: rule.unsupported(int(group["n_classes"].iloc[0]), cell.learner.provides) for rule in asked}
        notes |= dict.fromkeys(reason for reason in why.values() if reason)
        suited = [rule for rule in asked if why[rule] is None]
        rows = {row["run_id"]: row for row in results.snapshot.rows(ids).to_pylist()}
        at = stops(cell, [History.from_row(rows[run]) for run in ids], suited, budget)
        found |= {(run, r.label): int(at[i, j]) for i, run in enumerate(ids) for j, r in enumerate(suited)}
    curves = curves[curves["run_id"].isin(runs["run_id"])]
    curves.attrs.update(attrs)
    frame = outcomes(curves, found, [rule.label for rule in asked])
    frame.attrs["note"] = "; ".join(notes)
    return frame


def _rules(rules: Sequence[str | StoppingRule] | None) -> list[StoppingRule]:
    given = STOPPING_RULES.names() if rules is None else [rules] if isinstance(rules, str) else rules
    return [STOPPING_RULES.build(rule) if isinstance(rule, str) else rule for rule in given]
