"""What should I care about? All hyperparameters by their influence on scores, on queried samples and on the ranking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from algrid.errors import AlgridError
from algrid.influence.queries import query_influence
from algrid.influence.rankings import ranking_influence
from algrid.influence.variance import decomposition
from algrid.leaderboard import leaderboard
from algrid.schema import AXES, REPLICATE_AXES

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["overview"]

_NOT_COMPARED = "its levels belong to one dataset each: there is nothing to compare across datasets"


def overview(
    scores: pd.DataFrame,
    runs: pa.Table | None = None,
    *,
    others: Mapping[str, pd.DataFrame] | None = None,
    at: int | Sequence[int] | None = None,
    resamples: int = 1000,
    repeats: int = 100,
    seed: int = 0,
    higher_is_better: bool | None = None,
) -> pd.DataFrame:
    """Hyperparameters by influence, the largest on scores first.

    Parameters
    ----------
    scores : DataFrame
        As `algrid.curves.scores` makes it.
    runs : pyarrow.Table, optional
        The same runs, with the columns of `algrid.influence.queries.QUERY_COLUMNS`; without, queries are not looked at.
    others : mapping, optional
        What is no hyperparameter of a run but chosen all the same (``budget``, ``metric``, ``aggregate``), and scores
        of the same runs at several levels of each, with a column of that name and directions alike. They have rows
        with their influence on the ranking alone.
    at : int or sequence of int, optional
        Labels bought at which queried sets are compared; the last with a value is shown. As of `query_influence`.
    resamples, repeats : int
        Bootstrap resamples, and halvings for the ranking's noise ceiling.
    seed : int
    higher_is_better : bool, optional
        Direction of ``value``; by default that of ``scores.attrs``.

    Returns
    -------
    DataFrame
        One row a hyperparameter that varies: ``hyperparameter``, ``n_levels`` (of replicates: per dataset); with
        ``_low`` and ``_high`` of a 95 % interval

        - ``score``: share of the variance of dataset-centred scores that it has a part in, alone or in interactions of
          up to three (`decomposition`; shares of interactions count for each member, so that they add up to more than
          1; of the dataset: by its interactions);
        - ``queries``: 1 less the chance-corrected Jaccard index of the queried sets, on average over pairs of levels at
          ``queries_at`` labels: 0 for the same rows, 1 for no more in common than by chance (`query_influence`);
        - ``ranking``: what Kendall's tau between two levels' leaderboards loses against the noise ceiling, on average
          over pairs of levels: 0 for no influence (`ranking_influence`); and ``tau`` itself.

        What to take: ``best``, the level with the best mean rank (complete cases; null for datasets and replicates,
        which nobody chooses), and ``rivals``, the number of levels whose interval of ranks overlaps with its own (NaN
        without intervals). What does not apply is NaN; ``attrs["reasons"]`` says why, by hyperparameter.
        ``attrs["note"]``.

    Raises
    ------
    AlgridError
        If a column is missing, nothing varies, or the direction is not known.
    """
    shared = {"resamples": resamples, "seed": seed}
    facts = decomposition(scores, resamples=resamples, seed=seed, higher_is_better=higher_is_better).attrs
    sizes = {"dataset": facts["n_datasets"], **facts["replicates"]}
    sizes |= {name: len(levels) for name, levels in facts["factors"].items()}
    notes, reasons, rows = [facts["note"]], {}, []
    for name, n_levels in sizes.items():
        if n_levels < 2:
            continue
        row: dict[str, Any] = {"hyperparameter": name, "n_levels": n_levels}
        row |= _ended("score", {k.replace("share_centred", "value"): v for k, v in facts["totals"][name].items()})
        own: list[str] = []
        row |= _queries(runs, name, at, shared, own)
        row |= _ranking(scores, name, {**shared, "repeats": repeats, "higher_is_better": higher_is_better}, own)
        row |= _best(scores, name, {**shared, "higher_is_better": higher_is_better})
        rows.append(row)
        reasons[name] = own
    for name, table in (others or {}).items():
        own = [f"score: scores of two levels of {name} are different questions"]
        row = {"hyperparameter": name, "n_levels": int(table[name].nunique()), **_ended("score", {})}
        row |= _queries(runs, name, at, shared, own)
        row |= _ranking(table, name, {**shared, "repeats": repeats, "higher_is_better": higher_is_better}, own)
        rows.append({**row, "best": None, "rivals": np.nan})
        reasons[name] = own
    result = pd.DataFrame(rows).sort_values("score", ascending=False, kind="stable", ignore_index=True)
    result.attrs.update(scores.attrs)
    result.attrs.update(**shared, repeats=repeats, reasons=reasons, note=" ".join(filter(None, notes)))
    return result


def _queries(
    runs: pa.Table | None, name: str, at: int | Sequence[int] | None, shared: dict[str, Any], reasons: list[str]
) -> dict[str, float]:
    """The columns on queried samples; why they are empty goes to `reasons`."""
    nothing = {**_ended("queries", {}), "queries_at": np.nan}
    if runs is None or name not in AXES:
        reasons.append("queries: no runs were given" if runs is None else f"queries: {name} is read off the same runs")
        return nothing
    table = query_influence(runs, name, at, **shared)
    counts = [count for count, own in table.attrs["overall"].items() if not np.isnan(own["value"])]
    if not counts:
        reasons.append(f"queries: {table.attrs['note'] or 'no two runs share pool, start set and label counts'}")
        return nothing
    own = table.attrs["overall"][counts[-1]]
    turned = {"value": 1.0 - own["value"], "value_low": 1.0 - own["high"], "value_high": 1.0 - own["low"]}
    return {**_ended("queries", turned), "queries_at": float(counts[-1])}


def _ranking(scores: pd.DataFrame, name: str, options: dict[str, Any], reasons: list[str]) -> dict[str, float]:
    """The columns on the ranking; why they are empty goes to `reasons`."""
    nothing = {**_ended("ranking", {}), **_ended("tau", {})}
    if name in REPLICATE_AXES:
        reasons.append(f"ranking: {_NOT_COMPARED}")
        return nothing
    if name == "strategy" or "strategy" not in scores:
        reasons.append("ranking: strategies are what is ranked" if name == "strategy" else "ranking: no strategies")
        return nothing
    try:
        table = ranking_influence(scores, name, **options)
    except AlgridError as error:
        reasons.append(f"ranking: {error}")
        return nothing
    overall = table.attrs["overall"]
    lost = overall["lost"] if np.isnan(overall["lost_resampled"]["value"]) else overall["lost_resampled"]
    if table.attrs["note"]:
        reasons.append(f"ranking: {table.attrs['note']}")
    found: dict[str, float] = {}
    for column, own in (("ranking", lost), ("tau", overall["tau"])):
        found |= _ended(column, {"value": own["value"], "value_low": own["low"], "value_high": own["high"]})
    return found


def _best(scores: pd.DataFrame, name: str, options: dict[str, Any]) -> dict[str, Any]:
    """The level to take, and how many others may be as good."""
    if name == "dataset" or name in REPLICATE_AXES:
        return {"best": None, "rivals": np.nan}
    board = leaderboard(scores, name, **options)
    end = board["rank_high"].iloc[0]
    rivals = np.nan if np.isnan(end) else float((board["rank_low"].iloc[1:] <= end).sum())
    return {"best": None if np.isnan(board["rank"].iloc[0]) else board[name].iloc[0], "rivals": rivals}


def _ended(name: str, of: dict[str, float]) -> dict[str, float]:
    """A column's value and the ends of its interval; NaN for what is not there."""
    return {f"{name}{end}": of.get(f"value{end}", np.nan) for end in ("", "_low", "_high")}
