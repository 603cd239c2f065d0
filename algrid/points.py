"""Metric values of stored runs, point by point: the only reader of stored confusion counts and probability metrics.

All of it works on whole columns. Runs with equal numbers of classes are one stack of matrices; sparse counts
(more than 50 classes) are made dense in bounded chunks.
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from algrid.arrays import offsets_of, ragged_arange
from algrid.errors import AlgridError, StoreError, unknown_name
from algrid.metrics import METRICS
from algrid.metrics.base import ConfusionMetric, Metric, ProbabilityMetric

__all__ = ["PARTS", "as_metric", "batches", "columns_for", "n_bought", "point_values", "skyline_values"]

#: Where a metric can be read: on the test part, or on the whole pool against clean labels.
PARTS = ("test", "pool")

#: Runs that are decoded at a time, and matrix entries: both bound the memory.
_ROWS = 1 << 16
_ENTRIES = 1 << 20

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def as_metric(metric: str | Metric, part: str = "test") -> Metric:
    """The metric of this name, checked against the part.

    Raises
    ------
    PluginError
        If there is no such metric.
    AlgridError
        For an unknown part, or a probability metric on the pool.
    """
    measure = METRICS.build(metric) if isinstance(metric, str) else metric
    if part not in PARTS:
        raise AlgridError(unknown_name("part", part, PARTS))
    if part != "test" and not isinstance(measure, ConfusionMetric):
        raise AlgridError(
            f"{measure.name!r} is a metric of probabilities, which are recorded on the test part only: part='test'."
        )
    return measure


def columns_for(metric: str | Metric, part: str = "test") -> tuple[str, ...]:
    """The stored columns that `point_values` reads for a metric: all that has to be loaded beside `n_labeled`."""
    if isinstance(as_metric(metric, part), ProbabilityMetric):
        return ("run_id", "n_labeled", "probability_metrics")
    return ("run_id", "n_labeled", "n_classes", f"confusion_{part}", f"confusion_{part}_at")


def batches(table: pa.Table) -> list[pa.RecordBatch]:
    """The table's rows in order, in slices of bounded size (nothing is copied)."""
    return cast("list[pa.RecordBatch]", table.to_batches(max_chunksize=_ROWS))


def lengths_of(column: pa.Array) -> Ints:
    """(n,) lengths of a list column; 0 for null."""
    return np.asarray(pc.fill_null(pc.list_value_length(column), 0), dtype=np.int64)


def point_values(runs: pa.Table, metric: str | Metric, part: str = "test") -> tuple[Floats, Ints]:
    """A metric at every point of every run.

    Parameters
    ----------
    runs : pyarrow.Table
        Rows of `algrid.schema.RUNS`; the columns of `columns_for` are enough.
    metric : str or Metric
    part : {"test", "pool"}
        Which predictions.

    Returns
    -------
    values : (n_points,) array
        Run after run in the order of the table, point after point.
    offsets : (n_runs + 1,) int array
        Run i is ``values[offsets[i]:offsets[i + 1]]``; a run without a point is empty.

    Raises
    ------
    AlgridError
        If the metric is one of probabilities that a run did not record.
    StoreError
        If a run's counts do not fit its points and classes.
    """
    measure = as_metric(metric, part)
    pieces, lengths = [], []
    for batch in batches(runs):
        lengths.append(lengths_of(batch.column("n_labeled")))
        pieces.append(batch_values(batch, lengths[-1], measure, part))
    return _joined(pieces, np.float64), offsets_of(_joined(lengths, np.int64))


def skyline_values(skylines: pa.Table, metric: str | Metric) -> Floats:
    """(n_cells,) a metric of the skylines on the test part; NaN where there is no skyline.

    Parameters
    ----------
    skylines : pyarrow.Table
        Rows of `algrid.schema.SKYLINES`.
    metric : str or Metric

    Raises
    ------
    AlgridError, StoreError
        As `point_values`.
    """
    measure = as_metric(metric)
    pieces = []
    for batch in batches(skylines):
        has_one = (lengths_of(batch.column("confusion_test")) > 0).astype(np.int64)
        values = np.full(len(has_one), np.nan)
        values[has_one > 0] = batch_values(batch, has_one, measure, "test", key="cell_id")
        pieces.append(values)
    return _joined(pieces, np.float64)


def n_bought(n_labeled: NDArray[np.integer[Any]], offsets: Ints) -> Ints:
    """(n_points,) labels bought up to each point: the number of labels less that of the start set."""
    counts = np.asarray(n_labeled, dtype=np.int64)
    filled = offsets[:-1] < offsets[1:]
    return counts - np.repeat(counts[offsets[:-1][filled]], np.diff(offsets)[filled])


def batch_values(batch: pa.RecordBatch, n_points: Ints, metric: Metric, part: str, key: str = "run_id") -> Floats:
    """(sum of `n_points`,) values of one record batch; `key` names its rows in messages."""
    if isinstance(metric, ConfusionMetric):
        return _of_confusion(batch, n_points, metric, part, key)
    return _of_record(batch, n_points, metric, key)


def _of_confusion(batch: pa.RecordBatch, n_points: Ints, metric: ConfusionMetric, part: str, key: str) -> Floats:
    counts, at = batch.column(f"confusion_{part}"), batch.column(f"confusion_{part}_at")
    n_classes = np.asarray(batch.column("n_classes").fill_null(0), dtype=np.int64)  # null: without any point
    is_sparse = np.asarray(at.is_valid())
    expected = np.where(is_sparse, lengths_of(at), n_points * n_classes**2)
    _check(batch, key, (lengths_of(counts) != expected) & (n_points > 0), f"confusion_{part}")
    starts = offsets_of(n_points)
    out = np.empty(starts[-1])
    for k in np.unique(n_classes[n_points > 0]):
        for sparse in (False, True):
            mask = (n_classes == k) & (is_sparse == sparse) & (n_points > 0)
            if not mask.any():
                continue
            own = n_points[mask]
            picked = counts if mask.all() else counts.filter(pa.array(mask))
            if sparse:
                where = at if mask.all() else at.filter(pa.array(mask))
                bases = np.repeat(offsets_of(own)[:-1] * k * k, lengths_of(where))
                values = _sparse(_flat(picked), _flat(where) + bases, (int(own.sum()), int(k)), metric)
            else:
                values = _dense(_flat(picked), int(k), metric)
            out[ragged_arange(starts[:-1][mask], own)] = values
    return out


def _dense(counts: NDArray[Any], k: int, metric: ConfusionMetric) -> Floats:
    matrices = counts.reshape(-1, k, k)
    step = max(1, _ENTRIES // (k * k))
    out = np.empty(len(matrices))
    for begin in range(0, len(matrices), step):
        out[begin : begin + step] = metric.of_confusion(matrices[begin : begin + step].astype(np.int64))
    return out


def _sparse(counts: NDArray[Any], position: Ints, shape: tuple[int, int], metric: ConfusionMetric) -> Floats:
    """Values of `shape` = (points, classes), from the non-zero counts at flat positions of all points."""
    n_points, k = shape
    size = k * k
    order = np.argsort(position, kind="stable")
    position, counts = position[order], counts[order]
    step = max(1, _ENTRIES // size)
    out = np.empty(n_points)
    for begin in range(0, n_points, step):
        stop = min(begin + step, n_points)
        low, high = np.searchsorted(position, (begin * size, stop * size))
        dense = np.zeros((stop - begin) * size, dtype=np.int64)
        dense[position[low:high] - begin * size] = counts[low:high]
        out[begin:stop] = metric.of_confusion(dense.reshape(-1, k, k))
    return out


def _of_record(batch: pa.RecordBatch, n_points: Ints, metric: Metric, key: str) -> Floats:
    record = batch.column("probability_metrics")
    entries = np.asarray(record.offsets, dtype=np.int64)
    n_entries = np.where(np.asarray(record.is_valid()), np.diff(entries), 0)
    kept = ragged_arange(entries[:-1], n_entries)
    named = np.asarray(pc.equal(record.keys, metric.name).fill_null(False))[kept]
    owner = np.repeat(np.arange(len(batch)), n_entries)[named]
    lists = record.items.take(pa.array(kept[named]))
    found = np.zeros(len(batch), dtype=np.int64)
    found[owner] = lengths_of(lists)
    missing = (found == 0) & (n_points > 0)
    if missing.any():
        raise AlgridError(
            f"the probability metric {metric.name!r} was not recorded for {int(missing.sum())} of {len(batch)} rows "
            f"(such as {key} {batch.column(key)[int(missing.argmax())].as_py()}). It is computed while a run lasts: "
            f"add it to the grid's `record: {{probability_metrics: [{metric.name}]}}` and run the grid."
        )
    _check(batch, key, (found != n_points) & (n_points > 0), "probability_metrics")
    return _flat(lists.filter(pa.array(n_points[owner] > 0))).astype(np.float64)


def _flat(lists: pa.Array) -> NDArray[Any]:
    return np.asarray(lists.flatten())


def _check(batch: pa.RecordBatch, key: str, wrong: NDArray[np.bool_], column: str) -> None:
    if wrong.any():
        raise StoreError(
            f"{int(wrong.sum())} stored rows are damaged: {column} of {key} "
            f"{batch.column(key)[int(wrong.argmax())].as_py()} does not fit its number of points. Remove the shard "
            "that holds it and run the grid again."
        )


def _joined(pieces: list[NDArray[Any]], dtype: type) -> NDArray[Any]:
    return np.concatenate(pieces) if pieces else np.empty(0, dtype=dtype)
