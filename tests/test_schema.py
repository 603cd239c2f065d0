"""The stored tables: their columns, types and meanings."""

from __future__ import annotations

import dataclasses

import pyarrow as pa
import pytest

from algrid.cell import Cell, Variant
from algrid.schema import (
    AXES,
    CELL_AXES,
    EXECUTION_COLUMNS,
    FAILED,
    REPLICATE_AXES,
    RUNS,
    SKYLINES,
    STOP_REASONS,
    TABLES,
    TIMING_COLUMNS,
    VARIANT_AXES,
    Table,
)

BOTH = pytest.mark.parametrize("table", TABLES.values(), ids=lambda t: t.name)


def test_tables() -> None:
    assert TABLES == {"runs": RUNS, "skylines": SKYLINES}
    assert (RUNS.key, SKYLINES.key) == ("run_id", "cell_id")


def test_every_axis_is_a_column() -> None:
    assert set(AXES) <= set(RUNS.names)
    assert set(CELL_AXES) <= set(SKYLINES.names)
    assert not set(VARIANT_AXES) & set(SKYLINES.names)
    assert set(REPLICATE_AXES) < set(CELL_AXES)
    assert len(set(AXES)) == len(AXES)


def test_every_part_of_a_configuration_is_an_axis() -> None:
    """A hyperparameter that a cell or variant got and no axis shows would merge runs that differ."""
    renamed = {"split": "split_kind", "split_index": "split", "start_set": "start_kind", "start_index": "start_set"}
    of_cell = [renamed.get(f.name, f.name) for f in dataclasses.fields(Cell)]
    assert sorted(of_cell) == sorted([*CELL_AXES, "root_seed", "dataset_hash"])
    assert tuple(f.name for f in dataclasses.fields(Variant)) == VARIANT_AXES


@BOTH
def test_columns(table: Table) -> None:
    assert len(set(table.names)) == len(table.names)
    assert table.key in table.names
    for column in table.columns:
        assert column.name.islower()
        assert column.meaning.strip()


@BOTH
def test_the_arrow_schema_has_types_and_meanings(table: Table) -> None:
    assert tuple(table.schema.names) == table.names
    for column, field in zip(table.columns, table.schema, strict=True):
        assert field.type == column.type
        assert field.metadata == {b"meaning": column.meaning.encode()}
        assert field.nullable


@BOTH
def test_one_name_has_one_type(table: Table) -> None:
    """Both tables are read by the same code; only times are a list of points in one and a number in the other."""
    of_runs = {c.name: c.type for c in RUNS.columns}
    for column in table.columns:
        if column.name in of_runs and not column.timing:
            assert column.type == of_runs[column.name]


LABEL = pa.dictionary(pa.int32(), pa.string())


@pytest.mark.parametrize(
    ("name", "type_"),
    [
        ("run_id", pa.string()),
        ("cell_id", pa.string()),
        ("dataset", LABEL),
        ("strategy", LABEL),
        ("batch_size", pa.int32()),
        ("root_seed", pa.int64()),
        ("reach", pa.int32()),
        ("stop_reason", LABEL),
        ("limit_seconds", pa.float64()),
        ("start_indices", pa.list_(pa.int32())),
        ("queried", pa.list_(pa.int32())),
        ("n_labeled", pa.list_(pa.int32())),
        ("confusion_test", pa.list_(pa.int32())),
        (
            "confusion_test_at",
            pa.list_(pa.int64()),
        ),  # 1000 classes at 100 points are 1e8 places, 1e5 are more than int32
        ("probability_metrics", pa.map_(pa.string(), pa.list_(pa.float64()))),
        ("fit_seconds", pa.list_(pa.float32())),
        ("fit_shared", pa.list_(pa.bool_())),
    ],
)
def test_types_of_runs(name: str, type_: pa.DataType) -> None:
    assert RUNS.schema.field(name).type == type_


def test_timing_columns() -> None:
    expected = {f"{what}_{clock}" for what in ("query", "fit", "predict") for clock in ("seconds", "cpu_seconds")}
    assert set(TIMING_COLUMNS) == expected | {"fit_shared", "peak_memory"}
    assert len(set(TIMING_COLUMNS)) == len(TIMING_COLUMNS)
    timed = {c.name for table in TABLES.values() for c in table.columns if "seconds" in c.name}
    assert timed - set(TIMING_COLUMNS) == {"limit_seconds", "limit_run_seconds"}  # what was asked for, not measured
    assert not set(TIMING_COLUMNS) & {*AXES, RUNS.key, SKYLINES.key}


def test_execution_columns() -> None:
    assert set(EXECUTION_COLUMNS) < set(RUNS.names)
    assert not set(EXECUTION_COLUMNS) & {*AXES, *TIMING_COLUMNS, RUNS.key, "stop_reason", "error", "reach"}


def test_stop_reasons() -> None:
    assert STOP_REASONS == ("budget", "pool_empty", "timeout", "error", "crashed")
    assert FAILED == ("timeout", "error", "crashed")
    meaning = RUNS.schema.field("stop_reason").metadata[b"meaning"].decode()
    assert all(reason in meaning for reason in STOP_REASONS)
