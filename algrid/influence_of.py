"""The influence of one hyperparameter, all three kinds: what every influence notebook shows.

One function for all of them, so that a notebook is its question and this call.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from algrid.errors import AlgridError
from algrid.figures import Figure
from algrid.figures.heatmap import heatmap
from algrid.figures.queries import overlap_over_labels
from algrid.style import label_of
from algrid.wording import spoken

if TYPE_CHECKING:
    from algrid.results_analyses import Analyses

__all__ = ["Influence", "influence_of"]


@dataclass(frozen=True)
class Influence:
    """What changing a hyperparameter does to scores, to the queried rows and to the ranking of strategies.

    Parameters
    ----------
    by : str
        The hyperparameter.
    scores, queries, ranking : DataFrame
        As `algrid.influence` makes them; None where that kind does not apply.
    reasons : dict
        Why a kind does not apply.
    """

    by: str
    scores: pd.DataFrame | None
    queries: pd.DataFrame | None
    ranking: pd.DataFrame | None
    reasons: dict[str, str]

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Of each kind that applies: one row a pair of levels, the most different first, with intervals."""
        kinds = {
            "scores": (self.scores, ("difference", "pearson", "pearson_centred", "spearman_centred", "matched")),
            "queries": (_last(self.queries), ("corrected", "jaccard", "used_up", "n_bought")),
            "ranking": (self.ranking, ("tau", "ceiling", "lost", "lost_resampled")),
        }
        found = {}
        for kind, (table, columns) in kinds.items():
            if table is None or not table[columns[0]].notna().any():
                continue
            wanted = [f"{c}{end}" for c in columns for end in ("", "_low", "_high")]
            own = table[["level_a", "level_b", *(c for c in wanted if c in table)]]
            key = own["difference"].abs() if kind == "scores" else -own[columns[0]]
            found[kind] = own.loc[key.sort_values(ascending=False, kind="stable").index].reset_index(drop=True)
        return found

    @property
    def figures(self) -> list[Figure]:
        """Heatmaps (blue for scores, green for queries, orange for the ranking), and queries by labels bought."""
        kinds = (
            (self.scores, ("pearson_centred", "difference")),
            (self.queries, ("corrected",)),
            (self.ranking, ("tau", "lost", "lost_resampled")),
        )
        known = [
            (table, m) for table, measures in kinds if table is not None for m in measures if table[m].notna().any()
        ]
        drawn = [heatmap(table, measure) for table, measure in known]
        over = [overlap_over_labels(table) for table, measure in known if measure == "corrected"]
        return [*drawn, *over]

    @property
    def finding(self) -> str:
        """What the numbers say, in sentences with their intervals."""
        said = [self._on_scores(), self._on_queries(), self._on_ranking(), self._on_ties()]
        said += [f"On {kind} nothing can be said: {why}" for kind, why in self.reasons.items()]
        notes = [t.attrs.get("note") for t in (self.scores, self.queries, self.ranking) if t is not None]
        return " ".join(filter(None, [*said, *dict.fromkeys(notes)]))

    def _on_scores(self) -> str:
        if self.scores is None or not self.scores["difference"].notna().any():
            return ""
        table = self.scores
        row = table.iloc[int(np.nanargmax(np.abs(table["difference"].to_numpy(np.float64))))]
        a, b = (label_of(row[level]) for level in ("level_a", "level_b"))
        clear = (table["difference_low"] > 0) | (table["difference_high"] < 0)
        known = int(table["difference_low"].notna().sum())
        tail = f" The interval excludes zero for {int(clear.sum())} of {known} pairs of levels." if known else ""
        of = " of ".join(filter(None, [table.attrs.get("aggregate"), table.attrs.get("metric")])) or "score"
        return (
            f"Going from {spoken(self.by)} {a} to {b}, all else equal, changes the mean {of} most: by "
            f"{_with_interval(row, 'difference', '+.3f')}.{tail}"
        )

    def _on_queries(self) -> str:
        last = _last(self.queries)
        if last is None or not last["corrected"].notna().any():
            return ""
        count = int(last["n_bought"].iloc[0])
        own = pd.Series(last.attrs["overall"][count])
        own = own.rename({"low": "value_low", "high": "value_high"})
        return (
            f"After {count} labels two levels have queried the same rows to {_with_interval(own, 'value', '.2f')} "
            "(Jaccard index corrected for chance: 1 is the same rows, 0 no more in common than by chance)."
        )

    def _on_ranking(self) -> str:
        if self.ranking is None or "overall" not in self.ranking.attrs or not len(self.ranking):
            return ""
        pairs = self.ranking[self.ranking["level_b"] != "all others"]
        if not pairs["tau"].notna().any():
            return ""
        row = pairs.iloc[int(np.nanargmin(pairs["tau"].to_numpy(np.float64)))]
        lost = row.get("ceiling", np.nan)
        ceiling = "" if pd.isna(lost) else f", where half of the replicates against the other half reach {lost:.2f}"
        return (
            f"The rankings of strategies differ most between {label_of(row['level_a'])} and "
            f"{label_of(row['level_b'])}: tau is {_with_interval(row, 'tau', '.2f')}{ceiling}. Beyond noise "
            f"{row.get('lost', np.nan):.2f} of tau is lost on these datasets{_elsewhere(row)}."
        )

    def _on_ties(self) -> str:
        ties = 0.0 if self.scores is None else float(self.scores.attrs.get("forced_ties", 0.0))
        if not ties:
            return ""
        return f"In {ties:.1%} of the pairs both runs had used up their pool: their final scores tie by construction."


def influence_of(
    results: Analyses,
    by: str,
    metric: str = "accuracy",
    aggregate: str = "aubc",
    *,
    budget: int | Sequence[int | None] | None = None,
    resamples: int = 1000,
) -> Influence:
    """All three kinds of influence of a hyperparameter, each where it applies.

    Parameters
    ----------
    results : Results
    by : str
        An axis of the grid, or ``budget``.
    metric, aggregate : str
    budget : int or list, optional
        Labels bought; by default the grid's largest, and all of them for ``by="budget"``.
    resamples : int
        Of the intervals.
    """
    options: dict[str, Any] = {"metric": metric, "aggregate": aggregate, "budget": budget, "resamples": resamples}
    tables: dict[str, pd.DataFrame | None] = {}
    reasons: dict[str, str] = {}
    ask: dict[str, Callable[[], pd.DataFrame]] = {
        "scores": lambda: results.score_influence(by, **options),
        "queries": lambda: results.query_influence(by, resamples=resamples),
        "ranking": lambda: results.ranking_influence(by, **options),
    }
    for kind, make in ask.items():
        tables[kind] = None
        if kind == "queries" and by == "budget":
            reasons[kind] = "a shorter budget is read off the same runs."
        elif kind == "ranking" and by.startswith("strategy"):
            reasons[kind] = "strategies are what is ranked."
        else:
            try:
                tables[kind] = make()
            except AlgridError as error:
                reasons[kind] = str(error)
    for kind, table in tables.items():
        if table is not None and not len(table):
            tables[kind] = None
            reasons[kind] = f"the grid has one level of {spoken(by)}."
    return Influence(by, tables["scores"], tables["queries"], tables["ranking"], reasons)


def _last(queries: pd.DataFrame | None) -> pd.DataFrame | None:
    """Rows of the largest label count that has a value."""
    if queries is None or not queries["corrected"].notna().any():
        return None
    known = queries[queries["corrected"].notna()]
    last: pd.DataFrame = queries[queries["n_bought"] == known["n_bought"].max()]
    last.attrs.update(queries.attrs)
    return last


def _elsewhere(row: pd.Series[Any]) -> str:
    if pd.isna(row.get("lost_resampled", np.nan)):
        return ""
    return f", and {_with_interval(row, 'lost_resampled', '.2f')} where datasets are drawn anew"


def _with_interval(row: pd.Series[Any], name: str, form: str) -> str:
    value, low, high = (float(row.get(f"{name}{end}", np.nan)) for end in ("", "_low", "_high"))
    return f"{value:{form}}" + ("" if np.isnan(low) else f" (95 % interval {low:{form}} to {high:{form}})")
