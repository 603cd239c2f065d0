"""The published study's results (archive DOI 10.25532/OPARA-862) as the tables that every analysis here reads.

Its time series are Parquet files, one a metric (``accuracy.parquet``), one row a point, with the columns of `COLUMNS`.
Names of datasets, strategies and learners are numbers of the study's own enumerations there; `names` turns them into
words. Files of hundreds of millions of points are read some datasets at a time. What the study holds constant or does
not record is a constant here (`CONSTANTS`); what nobody can know from the files is missing: sizes of start sets and
pools (hence ``n_labeled``), and whether a run that ended early ran out of its pool or was stopped.

"Survey of Active Learning Hyperparameters: Insights from a Large-Scale Experimental Grid", arXiv 2506.03817.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from algrid.aggregates import AGGREGATES, Aggregate, Curves, switch_points
from algrid.arrays import offsets_of
from algrid.curves_by_dataset import CurvesByDataset
from algrid.errors import AlgridError, StoreError, unknown_name
from algrid.ticks import ticking

__all__ = ["COLUMNS", "CONSTANTS", "OgalResults", "open_ogal"]

#: Columns of the study's files: ours.
COLUMNS = {
    "EXP_DATASET": "dataset",
    "EXP_STRATEGY": "strategy",
    "EXP_START_POINT": "start_set",
    "EXP_BATCH_SIZE": "batch_size",
    "EXP_LEARNER_MODEL": "learner",
    "EXP_TRAIN_TEST_BUCKET_SIZE": "split",
    "ix": "cycle",
    "EXP_UNIQUE_ID_ix": "run_id",
    "metric_value": "value",
}
#: Axes that the study does not vary.
CONSTANTS: dict[str, Any] = {
    "split_kind": "stratified(test_size=0.4)",
    "start_kind": "one_per_class",
    "preprocessing": "robust_minmax",
    "oracle": "perfect",
    "seed": 0,
    "query_learner": "same",
}
_NAMED = ("dataset", "strategy", "learner")
_AXES = ("dataset", "strategy", "start_set", "batch_size", "learner", "split")
#: Queries of a whole run.
_QUERIES = 99
#: Points that are read at a time, but for those of one dataset.
_POINTS = 20_000_000

Floats = NDArray[np.float64]


def open_ogal(path: str | Path, names: Mapping[str, Mapping[int, str]] | None = None) -> OgalResults:
    """Open the published study's time series.

    Parameters
    ----------
    path : str or Path
        The folder that holds ``accuracy.parquet`` and others.
    names : mapping, optional
        For ``dataset``, ``strategy`` and ``learner``: number to name. Without it the numbers are the names.

    Raises
    ------
    StoreError
        If there is no such folder, or no Parquet file in it.
    """
    return OgalResults(path, names)


@dataclass(frozen=True)
class _Contents:
    """Of a file: points of each dataset, the study's number of each, and strategies."""

    points: Counter[str]
    numbers: dict[str, Any]
    strategies: set[str]


@dataclass(frozen=True)
class _Asked:
    """What `OgalResults.scores` is asked for, resolved."""

    measure: Aggregate
    budgets: list[int | None]
    include_start: bool
    higher_is_better: bool
    reference: str


class OgalResults:
    """Time series of the published study.

    Parameters
    ----------
    path, names
        As of `open_ogal`.
    """

    def __init__(self, path: str | Path, names: Mapping[str, Mapping[int, str]] | None = None) -> None:
        self.path = Path(path)
        self._names = {key: dict(values) for key, values in (names or {}).items()}
        self._known: dict[str, _Contents] = {}
        for key in self._names:
            if key not in _NAMED:
                raise AlgridError(unknown_name("kind of name", key, _NAMED))
        if not self.metrics:
            raise StoreError(
                f"no time series in {str(path)!r}: give the folder that holds files such as 'accuracy.parquet'."
            )

    @property
    def metrics(self) -> list[str]:
        """Metrics of which there is a file."""
        return sorted(file.stem for file in self.path.glob("*.parquet"))

    def datasets(self, metric: str = "accuracy") -> list[str]:
        """Names of the datasets of which a file has points, sorted."""
        return sorted(self._contents(metric).points)

    def curves(
        self, metric: str = "accuracy", *, datasets: Collection[str] | None = None, higher_is_better: bool = True
    ) -> pd.DataFrame:
        """Learning curves, one row a point, as `algrid.curves.curves` makes them.

        Parameters
        ----------
        metric : str
            Name of a file without its ending.
        datasets : collection of str, optional
            Which ones; by default all, which memory must hold.
        higher_is_better : bool
            Its direction; the files don't say it.

        Returns
        -------
        DataFrame
            ``run_id`` (the study's number, without the cycle that it carries), the axes, ``cycle``, ``n_labeled``
            (missing), ``n_bought`` (cycle times batch size; the last batch of a pool can have been smaller) and
            ``value``. ``attrs`` name metric, part and direction.

        Raises
        ------
        AlgridError
            For an unknown metric or dataset.
        StoreError
            For a file without the study's columns, or with a cycle twice.
        """
        table = self._read(metric, datasets)
        frame = pd.DataFrame({"run_id": table["run_id"]})
        for axis in _AXES:
            frame[axis] = self._level(axis, table[axis])
        nothing = np.zeros(len(frame), np.int64)
        for axis, constant in CONSTANTS.items():
            values = pd.Index([constant])
            frame[axis] = constant if isinstance(constant, int) else pd.Categorical.from_codes(nothing, values)
        frame["cycle"] = table["cycle"].astype(np.int32)
        frame["n_labeled"] = pd.array([None] * len(frame), dtype="Int32")
        frame["n_bought"] = (frame["cycle"] * frame["batch_size"]).astype(np.int32)
        frame["value"] = table["value"].astype(np.float64)
        frame = frame.sort_values(["run_id", "cycle"], kind="stable", ignore_index=True)
        twice = frame.duplicated(["run_id", "cycle"])
        if twice.any():
            row = frame[twice].iloc[0]
            raise StoreError(f"{metric}.parquet has cycle {row['cycle']} of run {row['run_id']} more than once.")
        frame.attrs.update(metric=metric, part="test", higher_is_better=higher_is_better)
        return frame

    def scores(
        self,
        metric: str = "accuracy",
        aggregate: str | Aggregate = "aubc",
        budgets: int | Sequence[int | None] | None = None,
        *,
        include_start: bool | None = None,
        higher_is_better: bool = True,
        reference: str = "random",
    ) -> pd.DataFrame:
        """One number a run and budget, as `algrid.curves.scores` makes it.

        Parameters
        ----------
        metric : str
        aggregate : str or Aggregate
            Not one that needs skylines, which the study does not have.
        budgets : int, None or list of them
            Labels bought; None is each run's whole curve.
        include_start : bool, optional
            Whether cycle 0 counts; by default as the aggregate has it.
        higher_is_better : bool
            The metric's direction.
        reference : str
            The strategy by whose accuracy `ramp_up` and `plateau` are told apart.

        Returns
        -------
        DataFrame
            ``run_id``, the axes, ``budget``, ``value``, ``complete`` and ``pool_empty``. A run shorter than the study's
            99 queries is taken to have used up its pool, as the files can't tell it from one that was stopped:
            ``attrs`` have the share of such runs as ``assumed_pool_empty``.

        Raises
        ------
        AlgridError
            For an unknown metric or aggregate, one that needs skylines, or a reference that is not there.
        """
        measure = AGGREGATES.build(aggregate) if isinstance(aggregate, str) else aggregate
        start = measure.include_start if include_start is None else include_start
        wanted: list[int | None] = [*budgets] if isinstance(budgets, Sequence) else [budgets]
        asked = _Asked(measure, wanted, start, higher_is_better, reference)
        parts = [self._scored(metric, some, asked) for some in self._passes(metric)]
        # budget by budget, each in the order of datasets
        table = pd.concat([frames[i] for i in range(len(wanted)) for frames, _ in parts], ignore_index=True)
        for axis in _NAMED:  # parts have categories of their own
            table[axis] = table[axis].astype("category")
        empty = np.concatenate([short for _, short in parts])
        better = higher_is_better if measure.higher_is_better is None else measure.higher_is_better
        table.attrs.update(
            metric=metric,
            aggregate=measure.label,
            part="test",
            include_start=start,
            higher_is_better=better,
            assumed_pool_empty=float(empty.mean()) if len(empty) else 0.0,
        )
        return table

    def curves_by_dataset(self, metric: str = "accuracy", *, higher_is_better: bool = True) -> CurvesByDataset:
        """The same one dataset at a time, as `algrid.figures.learning_curves` takes it; parameters as of `curves`."""
        scored = self.scores(metric, "final", higher_is_better=higher_is_better)

        def read(dataset: str) -> pd.DataFrame:
            return self.curves(metric, datasets=[dataset], higher_is_better=higher_is_better)

        attrs = {key: scored.attrs[key] for key in ("metric", "part", "higher_is_better")}
        return CurvesByDataset(scored[[*_AXES, *CONSTANTS]], read, attrs)

    def _scored(self, metric: str, datasets: list[str], asked: _Asked) -> tuple[list[pd.DataFrame], NDArray[np.bool_]]:
        """A table of scores of these datasets for each budget, and which runs are shorter than the study's."""
        points = self.curves(metric, datasets=datasets, higher_is_better=asked.higher_is_better)
        heads, ragged = _ragged(points)
        last = ragged.offsets[1:] - 1
        empty = points["cycle"].to_numpy()[last] < _QUERIES
        reach = ragged.bought[last]
        frames = []
        for budget in asked.budgets:
            switch = self._switch(heads, datasets, budget, asked) if asked.measure.needs_switch else None
            value = asked.measure.of(
                ragged,
                budget=budget,
                include_start=asked.include_start,
                switch=switch,
                higher_is_better=asked.higher_is_better,
            )
            complete = np.ones(len(heads), np.bool_) if budget is None else empty | (reach >= budget)
            frame = heads.assign(budget=pd.array([budget] * len(heads), dtype="Int64"))
            frame["value"] = np.where(complete, value, np.nan)
            frame["complete"] = complete
            frame["pool_empty"] = empty if budget is None else empty & (reach <= budget)
            frames.append(frame)
        return frames, empty

    def _passes(self, metric: str) -> Iterator[list[str]]:
        """The datasets, some at a time: as many as memory may hold the points of."""
        points = self._contents(metric).points
        some: list[str] = []
        for name in ticking(sorted(points), len(points), "reading curves"):
            if some and sum(points[own] for own in some) + points[name] > _POINTS:
                yield some
                some = []
            some.append(name)
        if some:
            yield some

    def _contents(self, metric: str) -> _Contents:
        """What there is in a file, looked through once."""
        if metric not in self._known:
            import pyarrow.parquet as pq

            found = _Contents(Counter(), {}, set())
            with pq.ParquetFile(self._file(metric)) as file:
                for batch in file.iter_batches(columns=["EXP_DATASET", "EXP_STRATEGY"]):
                    for count in batch.column("EXP_DATASET").value_counts().to_pylist():
                        name = self._name("dataset", count["values"])
                        found.numbers[name] = count["values"]
                        found.points[name] += count["counts"]
                    found.strategies.update(
                        self._name("strategy", n) for n in batch.column("EXP_STRATEGY").unique().to_pylist()
                    )
            self._known[metric] = found
        return self._known[metric]

    def _file(self, metric: str) -> Path:
        """A metric's file, with the study's columns."""
        import pyarrow.parquet as pq

        if metric not in self.metrics:
            raise AlgridError(unknown_name("metric", metric, self.metrics))
        file = self.path / f"{metric}.parquet"
        known = pq.read_schema(file).names
        lacking = [name for name in COLUMNS if name not in known]
        if lacking:
            raise StoreError(f"{str(file)!r} is no time series of the study: it lacks {', '.join(lacking)}.")
        return file

    def _read(self, metric: str, datasets: Collection[str] | None) -> pd.DataFrame:
        import pyarrow.compute as pc
        import pyarrow.parquet as pq

        file = self._file(metric)
        chosen = None
        if datasets is not None:
            numbers = self._contents(metric).numbers
            for name in datasets:
                if name not in numbers:
                    raise AlgridError(unknown_name("dataset", name, sorted(numbers)))
            chosen = [("EXP_DATASET", "in", [numbers[name] for name in datasets])]
        table = pq.read_table(file, columns=list(COLUMNS), filters=chosen)
        # the study's number of a run, without the cycle that it carries; each text is held once
        ids = pc.replace_substring_regex(table.column("EXP_UNIQUE_ID_ix").cast("string"), r"_\d+$", "")
        frame: pd.DataFrame = table.drop_columns(["EXP_UNIQUE_ID_ix"]).to_pandas().rename(columns=COLUMNS)
        run_id = ids.dictionary_encode().unify_dictionaries().to_pandas()
        frame["run_id"] = run_id.cat.reorder_categories(sorted(run_id.cat.categories))
        return frame

    def _name(self, axis: str, number: Any) -> str:
        return str(self._names.get(axis, {}).get(number, number))

    def _level(self, axis: str, column: pd.Series[Any]) -> Any:
        """A column as one of ours: names as categories of text, numbers as they are."""
        if axis not in _NAMED:
            return column.astype(np.int32)
        codes, levels = pd.factorize(column, sort=True)
        words = pd.Index([self._name(axis, level) for level in levels.tolist()])
        return pd.Categorical.from_codes(codes, categories=words)

    def _switch(self, heads: pd.DataFrame, datasets: list[str], budget: int | None, asked: _Asked) -> NDArray[np.int64]:
        """(n_runs,) points of the ramp-up of each run's setting; -1 where the reference has no run there."""
        strategies = self._contents("accuracy").strategies
        if asked.reference not in strategies:
            raise AlgridError(unknown_name("strategy", asked.reference, sorted(strategies)))
        points = self.curves("accuracy", datasets=datasets)
        own, ragged = _ragged(points[points["strategy"] == asked.reference].reset_index(drop=True))
        keys = [axis for axis in _AXES if axis != "strategy"]
        ends = switch_points(ragged, budget=budget, include_start=asked.include_start)
        found = own[keys].astype(object).assign(switch=ends)
        merged = heads[keys].astype(object).merge(found.drop_duplicates(keys), on=keys, how="left")
        return pd.to_numeric(merged["switch"]).fillna(-1).to_numpy(np.int64)


def _ragged(points: pd.DataFrame) -> tuple[pd.DataFrame, Curves]:
    """The runs (a row each), and their curves."""
    run = pd.factorize(points["run_id"])[0]
    offsets = offsets_of(np.bincount(run)) if len(run) else np.zeros(1, dtype=np.int64)
    heads = points[["run_id", *_AXES, *CONSTANTS]].iloc[offsets[:-1]].reset_index(drop=True)
    heads["run_id"] = heads["run_id"].astype(str)
    values = points["value"].to_numpy(np.float64)
    return heads, Curves(values, points["n_bought"].to_numpy(np.float64), offsets)
