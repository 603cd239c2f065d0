"""Stored results as DataFrames: what a notebook opens."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from algrid.aggregates import Aggregate
from algrid.curves import as_aggregate, curves, score_columns, scores, skyline_values
from algrid.curves_by_dataset import stored_curves
from algrid.errors import StoreError
from algrid.export import export
from algrid.failures import attempts
from algrid.grid import GridSpec
from algrid.history import History
from algrid.leaderboard import Missing, leaderboard
from algrid.metrics import Metric
from algrid.provenance import differences, provenance
from algrid.replay import Replayed, replay
from algrid.results_analyses import Analyses
from algrid.schema import AXES, CELL_AXES, FAILED, RUNS, SKYLINES
from algrid.score_table import is_derivable, score_frame, score_table
from algrid.session import Session, grid_of
from algrid.store import Snapshot, Store
from algrid.switches import REFERENCE, switch_columns

if TYPE_CHECKING:
    from algrid.figures import Figure
    from algrid.plan import Plan

__all__ = ["Results"]

#: Columns of `Results.runs`: all that is one value a run.
_SCALARS = tuple(c.name for c in RUNS.columns if not str(c.type).startswith(("list", "map")) and c.name != "traceback")
#: Columns of skylines that hold what they score.
_SKYLINE_SCORES = ("confusion_test", "confusion_test_at", "probability_metrics")


class Results(Analyses):
    """The results of a grid, also while it is still running: every access sees what is stored by then.

    Parameters
    ----------
    path : str or Path
        Folder of the results, such as ``results/quickstart``.

    Raises
    ------
    StoreError
        If there are none.
    """

    def __init__(self, path: str | Path) -> None:
        self._store = Store.open(path)
        self.path = Path(path)

    @property
    def snapshot(self) -> Snapshot:
        """What is stored at this moment: Arrow tables and SQL (`snapshot.sql("SELECT ... FROM runs")`)."""
        return self._store.snapshot()

    @property
    def grid(self) -> GridSpec:
        """The grid, resolved.

        Raises
        ------
        StoreError
            If the store was made without one.
        """
        return grid_of(self._store)

    @property
    def runs(self) -> pd.DataFrame:
        """One row a run: its configuration, and how it ended."""
        return _frame(self.snapshot.table(RUNS.name, _SCALARS))

    def curves(self, metric: str | Metric = "accuracy", part: str = "test", where: Any = None) -> pd.DataFrame:
        """Learning curves, one row a point; see `algrid.curves.curves`.

        Parameters
        ----------
        metric : str or Metric
            `algrid metrics` lists them.
        part : {"test", "pool"}
            On the test part, or on the whole pool.
        where : str or pyarrow.compute.Expression, optional
            Which runs: an SQL condition on the columns of `runs`, such as ``"dataset = 'iris'"``.
        """
        return curves(self.snapshot.table(RUNS.name, score_columns(metric, part), where), metric, part)

    def scores(
        self,
        metric: str | Metric = "accuracy",
        aggregate: str | Aggregate = "aubc",
        budgets: int | Sequence[int | None] | None = None,
        *,
        include_start: bool | None = None,
        part: str = "test",
        where: Any = None,
    ) -> pd.DataFrame:
        """One number a run and budget; see `algrid.curves.scores`.

        Parameters
        ----------
        metric : str or Metric
        aggregate : str or Aggregate
            What is made of a curve: `algrid.aggregates`.
        budgets : int, None or list of them
            Labels bought at which runs are compared; by default all budgets of the grid.
        include_start : bool, optional
            Whether cycle 0 counts; by default as the aggregate has it.
        part : {"test", "pool"}
        where : str or pyarrow.compute.Expression, optional
            Which runs.
        """
        snapshot = self.snapshot
        wanted = self._budgets() if budgets is None else budgets
        if where is None and is_derivable(metric, aggregate, part):
            told = {"include_start": include_start, "part": part}
            return score_frame(snapshot, metric, aggregate, wanted, self._budgets(), **told)
        measure = as_aggregate(aggregate)
        return scores(
            snapshot.table(RUNS.name, score_columns(metric, part), where),
            snapshot.table("skylines") if measure.needs_skyline else None,
            metric=metric,
            aggregate=measure,
            budgets=wanted,
            include_start=include_start,
            part=part,
            reference=self._reference(snapshot) if measure.needs_switch else None,
        )

    def sql(
        self, query: str, metric: str | Metric = "accuracy", aggregate: str | Aggregate = "aubc", **options: Any
    ) -> pd.DataFrame:
        """The result of a DuckDB query over ``runs``, ``skylines`` and ``scores``.

        Parameters
        ----------
        query : str
            Such as ``"SELECT dataset, strategy, avg(value) FROM scores GROUP BY ALL"``. ``scores`` has the columns of
            `scores`, for all budgets of the grid.
        metric, aggregate
            What ``scores`` has. Both must depend on a run alone; `scores` takes all.
        **options
            ``parameters``, ``threads`` and ``memory``, as of `Snapshot.sql`.
        """
        snapshot = self.snapshot
        tables = {}
        if re.search(r"\bscores\b", query, re.IGNORECASE):
            tables = {"scores": score_table(snapshot, metric, aggregate, self._budgets())}
        return _frame(snapshot.sql(query, tables=tables, **options))

    def export(self, table: str, path: str | Path, **options: Any) -> int:
        """Write ``runs``, ``curves`` or ``scores`` to a ``.csv`` or ``.parquet`` file; the number of rows.

        Parameters
        ----------
        table : str
        path : str or Path
        **options
            ``metric``, ``aggregate``, ``budgets`` (default: the grid's), ``part`` and ``where``, as of
            `algrid.export.export`.
        """
        return export(self.snapshot, table, path, **{"budgets": self._budgets(), **options})

    def leaderboard(
        self,
        metric: str | Metric = "accuracy",
        aggregate: str | Aggregate = "aubc",
        budget: int | None = None,
        *,
        by: str = "strategy",
        missing: Missing = "complete_case",
        resamples: int = 1000,
        where: Any = None,
    ) -> pd.DataFrame:
        """Levels of a hyperparameter compared over all settings; see `algrid.leaderboard.leaderboard`.

        Parameters
        ----------
        metric : str or Metric
        aggregate : str or Aggregate
        budget : int, optional
            Labels bought; by default the grid's largest.
        by : str
            The hyperparameter.
        missing : {"complete_case", "worst_rank", "own_mean"}
        resamples : int
        where : str or pyarrow.compute.Expression, optional
            Which runs.
        """
        at = self._budgets()[-1] if budget is None else budget
        scored = self.scores(metric, aggregate, [at], where=where)
        return leaderboard(scored, by, missing=missing, resamples=resamples)

    def learning_curves(
        self,
        metric: str | Metric = "accuracy",
        part: str = "test",
        budget: int | None = None,
        *,
        by: str = "strategy",
        highlight: Sequence[Any] | None = None,
        resamples: int = 1000,
        where: Any = None,
    ) -> Figure:
        """Mean learning curves of every dataset, with intervals; see `algrid.figures.learning_curves`.

        Parameters
        ----------
        metric : str or Metric
        part : {"test", "pool"}
        budget : int, optional
            Labels bought at which curves end; by default the grid's largest.
        by : str
            The hyperparameter whose levels are the lines.
        highlight : sequence, optional
            Levels with a colour each, where there are too many for all to have one.
        resamples : int
        where : str or pyarrow.compute.Expression, optional
            Which runs.
        """
        from algrid.figures import learning_curves

        skylines = self._reachable(metric) if part == "test" else None
        return learning_curves(
            stored_curves(self.snapshot, metric, part, where),
            by,
            skylines=skylines,
            budget=self._budgets()[-1] if budget is None else budget,
            highlight=highlight,
            resamples=resamples,
        )

    def figures(
        self, metric: str = "accuracy", folder: str | Path | None = None, *, everything: bool = False
    ) -> list[Path]:
        """Draw the standard figures: learning curves and leaderboard, each as PDF and PNG with its numbers as CSV.

        Nothing is drawn again where nothing has changed.

        Parameters
        ----------
        metric : str
        folder : str or Path, optional
            By default ``figures/`` in the folder of the results.
        everything : bool
            All figures of `algrid.paper`, which take some minutes.

        Returns
        -------
        list of Path
            All their files, learning curves first.
        """
        from algrid.figures import Recipe, draw, file_name, leaderboard_figure

        told = {"metric": metric, "budget": self._budgets()[-1]}
        recipes = [
            Recipe(file_name("learning_curves", metric), "learning_curves", told, lambda: self.learning_curves(metric)),
            Recipe(
                file_name("leaderboard", metric),
                "leaderboard_figure",
                told,
                lambda: leaderboard_figure(self.leaderboard(metric)),
            ),
        ]
        if everything:
            from algrid.paper import paper_figures

            recipes = paper_figures(self, metric)
        return draw(recipes, self.path / "figures" if folder is None else folder, self.snapshot.version, _made_by)

    def _reachable(self, metric: str | Metric) -> pd.DataFrame:
        """The skylines' axes, and their ``value`` of this metric."""
        table = self.snapshot.table(SKYLINES.name, ("cell_id", *CELL_AXES, "n_classes", *_SKYLINE_SCORES))
        return _frame(table.select(CELL_AXES)).assign(value=skyline_values(table, metric))

    @staticmethod
    def _reference(snapshot: Snapshot) -> Any:
        """The runs of random sampling, also where they are not among those that are scored."""
        return snapshot.table(RUNS.name, switch_columns(), f"strategy_family = '{REFERENCE}'")

    @property
    def largest_budget(self) -> list[int | None]:
        """The grid's largest budget, as `scores` takes it."""
        return self._budgets()[-1:]

    def _budgets(self) -> list[int | None]:
        """The grid's budgets in labels, ascending; one in cycles, or of the whole pool, is each run's whole curve."""
        if self._store.grid is None:
            return [None]
        budgets = self.grid.budgets
        labels = sorted({b.labels for b in budgets if b.labels is not None})
        return [*labels, *([None] if any(b.labels is None for b in budgets) else [])]

    @property
    def failures(self) -> pd.DataFrame:
        """Runs that ended as ``timeout``, ``error`` or ``crashed``: configuration, cause and traceback."""
        condition = " OR ".join(f"stop_reason = '{reason}'" for reason in FAILED)
        return _frame(self.snapshot.table(RUNS.name, (*_SCALARS, "traceback"), condition))

    @property
    def attempts(self) -> pd.DataFrame:
        """One row for each time that a run had failed before it was made again; see `algrid.failures.attempts`."""
        columns = ("run_id", "stop_reason", "attempts")
        return attempts(_frame(self.snapshot.table(RUNS.name, columns, "attempts IS NOT NULL")))

    @property
    def skylines(self) -> pd.DataFrame:
        """One row a cell: what its learner reaches on the whole pool with clean labels."""
        return _frame(self.snapshot.table("skylines"))

    def replay(self, run_id: str) -> Iterator[Replayed]:
        """Fit a run's stored labelled sets again: the learners, and with them any prediction.

        Parameters
        ----------
        run_id : str
            16 hexadecimal digits, as in `runs`.

        Yields
        ------
        Replayed
            One a point, in order.

        Raises
        ------
        StoreError
            If no such run is stored.
        GridError
            If the grid that the store keeps has no such run any more.
        """
        try:
            rows = self.snapshot.rows([run_id]).to_pylist()
        except ValueError as error:
            raise StoreError(f"{run_id!r} is no run id: {error}.") from error
        if not rows:
            raise StoreError(f"no run {run_id!r} in {str(self.path)!r}; the column run_id of `runs` lists them.")
        cell, _, _ = self._plan.find(run_id)
        return replay(cell, History.from_row(rows[0]))

    @cached_property
    def _plan(self) -> Plan:
        """The plan of the grid that the store keeps."""
        return Session(self.grid, self.path).plan

    def _summary(self) -> dict[str, str]:
        runs = self.snapshot.table(RUNS.name, (*AXES, "stop_reason"))
        reasons = runs.column("stop_reason").to_pandas().value_counts()
        levels = {axis: runs.column(axis).unique().to_pylist() for axis in AXES}
        shown = {axis: ", ".join(map(str, names[:8])) + (" ..." * (len(names) > 8)) for axis, names in levels.items()}
        counts = {axis: f"{len(levels[axis])}: {shown[axis]}" for axis in AXES if len(levels[axis]) > 1}
        ends = ", ".join(f"{count:,} {reason}" for reason, count in reasons.items() if count)
        first, *others = self._store.provenances.values() or [{}]
        mixed = sorted({line for other in others for line in differences(first, other)})
        return {"runs": f"{runs.num_rows:,} ({ends})", **counts, **({"mixed": "; ".join(mixed)} if mixed else {})}

    def __repr__(self) -> str:
        return "\n".join([f"Results of {str(self.path)!r}", *(f"  {k:<14}{v}" for k, v in self._summary().items())])

    def _repr_html_(self) -> str:
        left = "style='text-align:left'"
        rows = "".join(
            f"<tr><th {left}>{html.escape(k)}</th><td {left}>{html.escape(v)}</td></tr>"
            for k, v in self._summary().items()
        )
        return f"<b>Results of {html.escape(str(self.path))}</b><table>{rows}</table>"


def _made_by() -> dict[str, Any]:
    here = provenance()
    return {"algrid": here["algrid"], "commit": here["commit"]}


def _frame(table: Any) -> pd.DataFrame:
    frame: pd.DataFrame = table.to_pandas()
    return frame
