"""Column names, types and units of everything that is stored: the one place.

Two tables are stored, `RUNS` and `SKYLINES`; all else is derived from them. Index spaces: a *row* is a
position in the dataset, a *pool index* a position in the pool of the split. A *point* of a run is its
state after a cycle: point 0 after the fit on the start set, point k after the k-th query and refit; list
columns have one entry a point where nothing else is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa

__all__ = [
    "AXES",
    "CELL_AXES",
    "EXECUTION_COLUMNS",
    "FAILED",
    "REPLICATE_AXES",
    "RUNS",
    "SKYLINES",
    "STOP_REASONS",
    "TABLES",
    "TIMING_COLUMNS",
    "VARIANT_AXES",
    "VERSION",
    "Column",
    "Table",
]

#: Version of the stored layout; a store of a newer one is refused. 2 added `limit_run_seconds` and `attempts` to runs,
#: 3 `peak_memory`; columns that older shards lack are null.
VERSION = 3

#: Axes that the runs of one cell have in common.
CELL_AXES = (
    "dataset",
    "split_kind",
    "split",
    "start_kind",
    "start_set",
    "preprocessing",
    "learner",
    "oracle",
    "seed",
)
#: Axes in which the runs of one cell differ.
VARIANT_AXES = ("strategy", "query_learner", "batch_size")
#: All hyperparameters of a stored run, as columns.
AXES = (*CELL_AXES, *VARIANT_AXES)
#: Axes whose levels are exchangeable and nested in the dataset.
REPLICATE_AXES = ("split", "start_set", "seed")

#: Why a run ended: at its budget, with an empty pool, at a deadline, by an exception, by its process's death.
STOP_REASONS = ("budget", "pool_empty", "timeout", "error", "crashed")
#: Those of them that say that a run failed.
FAILED = STOP_REASONS[2:]

_LABEL = pa.dictionary(pa.int32(), pa.string())


@dataclass(frozen=True)
class Column:
    """One stored column: name, Arrow type, and what it says (with unit and index space)."""

    name: str
    type: pa.DataType
    meaning: str
    timing: bool = False


@dataclass(frozen=True)
class Table:
    """A stored table: its name, its key column and its columns."""

    name: str
    key: str
    columns: tuple[Column, ...]

    @cached_property
    def schema(self) -> Any:
        """The Arrow schema, with the meanings as field metadata."""
        return pa.schema([pa.field(c.name, c.type, metadata={"meaning": c.meaning}) for c in self.columns])

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in order."""
        return tuple(c.name for c in self.columns)


def _timing(name: str, meaning: str) -> Column:
    return Column(name, pa.list_(pa.float32()), meaning, timing=True)


_CELL_COLUMNS = (
    Column("cell_id", pa.string(), "16 hexadecimal digits: all axes but strategy, query learner and batch size"),
    Column("dataset", _LABEL, "name of the dataset"),
    Column("dataset_hash", _LABEL, "content hash of the dataset, 32 hexadecimal digits"),
    Column("split_kind", _LABEL, "how the split is made, with its parameters"),
    Column("split", pa.int32(), "index of the split"),
    Column("start_kind", _LABEL, "how the start set is drawn, with its parameters"),
    Column("start_set", pa.int32(), "index of the start set"),
    Column("preprocessing", _LABEL, "from raw columns to features, with the parameters that are not defaults"),
    Column("learner", _LABEL, "the learner that is scored, with the parameters that are not defaults"),
    Column("learner_name", _LABEL, "its name alone"),
    Column("learner_parameters", _LABEL, "all its parameters as JSON"),
    Column("oracle", _LABEL, "who labels: perfect, or noisy with its parameters"),
    Column("seed", pa.int32(), "seed index of the learner and of whatever is stochastic"),
    Column("root_seed", pa.int64(), "the grid's seed"),
    Column("n_pool", pa.int32(), "rows of the pool"),
    Column("n_test", pa.int32(), "rows of the test part"),
    Column("n_features", pa.int32(), "features after preparation"),
    Column("n_classes", pa.int32(), "classes of the dataset"),
)

_CONFUSION = (
    "flattened (points, n_classes, n_classes) counts, true class before predicted; of more than 50 classes only the "
    "non-zero ones, at the flat positions of the column with _at"
)
_AT = "flat positions of the non-zero counts; null where the counts are dense"

RUNS = Table(
    "runs",
    "run_id",
    (
        Column("run_id", pa.string(), "16 hexadecimal digits: the run's whole configuration"),
        *_CELL_COLUMNS,
        Column("strategy", _LABEL, "the query strategy, with the parameters that are not defaults"),
        Column("strategy_family", _LABEL, "the strategy's family (margin of margin@modal)"),
        Column("strategy_implementation", _LABEL, "the strategy's implementation (modal of margin@modal; own)"),
        Column("strategy_parameters", _LABEL, "all its parameters as JSON"),
        Column("query_learner", _LABEL, "the learner that the strategy looks at; 'same' for the one that is scored"),
        Column("batch_size", pa.int32(), "labels asked for in a cycle"),
        Column("stop_reason", _LABEL, "why the run ended: " + ", ".join(STOP_REASONS)),
        Column("error", pa.string(), "for timeout, error and crashed: the cause in a line; else null"),
        Column("traceback", pa.string(), "for error: the traceback; else null"),
        Column("reach", pa.int32(), "labels bought up to the last point, start set not counted; -1 without a point"),
        Column("limit_seconds", pa.float64(), "the limit of a cycle that was in force, in seconds; null for none"),
        Column("limit_run_seconds", pa.float64(), "the limit of the whole run, likewise"),
        Column("limit_memory", pa.int64(), "the limit of memory that was in force, in bytes; null for none"),
        Column(
            "attempts",
            pa.string(),
            "where the run had failed before it was made again: a JSON list, the oldest first, of stop_reason, error, "
            "traceback, reach, the three limits, the provenance, algrid and commit, and when it was retried; else null",
        ),
        Column("start_indices", pa.list_(pa.int32()), "pool indices of the start set, ascending"),
        Column("queried", pa.list_(pa.int32()), "pool indices in the order asked for, all batches joined"),
        Column("n_labeled", pa.list_(pa.int32()), "number of labels at each point, start set included"),
        Column("confusion_test", pa.list_(pa.int32()), "on the test part: " + _CONFUSION),
        Column("confusion_test_at", pa.list_(pa.int64()), _AT),
        Column("confusion_pool", pa.list_(pa.int32()), "on the whole pool, against clean labels: " + _CONFUSION),
        Column("confusion_pool_at", pa.list_(pa.int64()), _AT),
        Column(
            "probability_metrics",
            pa.map_(pa.string(), pa.list_(pa.float64())),
            "probability metrics on the test part that the grid recorded, by name; NaN where undefined or not recorded",
        ),
        _timing("query_seconds", "wall seconds of the query that led to the point; 0 at point 0"),
        _timing("query_cpu_seconds", "the same in CPU seconds"),
        _timing("fit_seconds", "wall seconds of the fit, in full also where it was shared"),
        _timing("fit_cpu_seconds", "the same in CPU seconds"),
        _timing("predict_seconds", "wall seconds of the class predictions on test part and pool"),
        _timing("predict_cpu_seconds", "the same in CPU seconds"),
        Column(
            "fit_shared",
            pa.list_(pa.bool_()),
            "whether the fit served another run too, in the slice in which it was computed",
            timing=True,
        ),
        Column(
            "peak_memory",
            pa.int64(),
            "most bytes that the computing process was resident with while the run was in step, data and libraries "
            "included; looked at four times a second, so that what other runs did meanwhile counts too; null where "
            "nobody looked",
            timing=True,
        ),
        Column("provenance", _LABEL, "key of the manifest's provenance: versions, platform, BLAS, plugin sources"),
    ),
)

SKYLINES = Table(
    "skylines",
    "cell_id",
    (
        *_CELL_COLUMNS,
        Column(
            "confusion_test",
            pa.list_(pa.int32()),
            "the learner fitted on the whole pool with clean labels: " + _CONFUSION,
        ),
        Column("confusion_test_at", pa.list_(pa.int64()), _AT),
        Column(
            "probability_metrics",
            pa.map_(pa.string(), pa.list_(pa.float64())),
            "probability metrics on the test part that the grid recorded, by name: lists of one value",
        ),
        Column("error", pa.string(), "why there is no skyline; else null"),
        Column("fit_seconds", pa.float32(), "wall seconds of the fit", timing=True),
        Column("fit_cpu_seconds", pa.float32(), "the same in CPU seconds", timing=True),
        Column("provenance", _LABEL, "key of the manifest's provenance"),
    ),
)

#: All stored tables by name.
TABLES = {table.name: table for table in (RUNS, SKYLINES)}

#: Columns that differ between two executions of the same run.
TIMING_COLUMNS = tuple(dict.fromkeys(c.name for t in (RUNS, SKYLINES) for c in t.columns if c.timing))

#: Columns that say how a run was executed, and nothing of what came out.
EXECUTION_COLUMNS = ("limit_seconds", "limit_run_seconds", "limit_memory", "attempts", "provenance")
