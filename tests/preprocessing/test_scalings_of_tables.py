"""Scalings of tables, against values computed by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from algrid.datasets import DATASETS, Dataset
from algrid.errors import DatasetError
from algrid.preprocessing import PREPROCESSINGS

NAN = np.nan
SCALINGS = ("none", "standard", "minmax", "robust_minmax")


def prepare(d: Dataset, pool: Any, test: Any, scaling: str) -> tuple[Any, Any]:
    return PREPROCESSINGS.build(scaling).prepare(d, pool, test)


def unsupported(d: Dataset, scaling: str) -> str | None:
    return PREPROCESSINGS.build(scaling).unsupported(d)


def data(X: Any, categorical: tuple[int, ...] = ()) -> Dataset:
    X = X if sp.issparse(X) else np.array(X, dtype=float)
    return Dataset("d", X, np.arange(X.shape[0]) % 2, ("a", "b"), categorical)


def parts(X: Any, n_pool: int, scaling: str, categorical: tuple[int, ...] = (), **parameters: Any) -> tuple[Any, Any]:
    d = data(X, categorical)
    level = PREPROCESSINGS.build(scaling, parameters)
    return level.prepare(d, np.arange(n_pool), np.arange(n_pool, d.n_rows))


@pytest.mark.parametrize(
    ("scaling", "pool", "test"),
    [
        ("none", [0, 1, 2, 3, 10], [20]),
        ("minmax", [0, 0.1, 0.2, 0.3, 1], [2]),
        ("robust_minmax", [0, 0.1, 0.2, 0.3, 1], [2]),
        ("standard", np.array([-3.2, -2.2, -1.2, -0.2, 6.8]) / np.sqrt(12.56), [16.8 / np.sqrt(12.56)]),
    ],
)
def test_scaling_by_hand(scaling: str, pool: Any, test: Any) -> None:
    X_pool, X_test = parts([[0], [1], [2], [3], [10], [20]], 5, scaling)
    assert X_pool[:, 0] == pytest.approx(np.array(pool))
    assert X_test[:, 0] == pytest.approx(np.array(test))


def test_missing_numbers_by_hand() -> None:
    X = [[1, 5], [NAN, 6], [3, 7], [8, 9], [NAN, NAN]]
    X_pool, X_test = parts(X, 4, "none")
    # the pool's median of 1, 3, 8; an indicator for the first column only
    assert X_pool.tolist() == [[1, 5, 0], [3, 6, 1], [3, 7, 0], [8, 9, 0]]
    assert X_test.tolist() == [[3, 6.5, 1]]


def test_indicators_are_not_scaled() -> None:
    X_pool, _ = parts([[1], [NAN], [3], [5], [1]], 4, "standard")
    assert X_pool[:, 1].tolist() == [0, 1, 0, 0]
    assert X_pool[:, 0].mean() == pytest.approx(0)


def test_categories_by_hand() -> None:
    X = [[0, 1.0], [2, 2.0], [NAN, 3.0], [0, 4.0], [1, 5.0], [2, 6.0], [NAN, 7.0]]
    X_pool, X_test = parts(X, 4, "none", categorical=(0,))
    # columns: the number, then category 0, category 2, missing
    assert X_pool.tolist() == [[1, 1, 0, 0], [2, 0, 1, 0], [3, 0, 0, 1], [4, 1, 0, 0]]
    assert X_test.tolist() == [[5, 0, 0, 0], [6, 0, 1, 0], [7, 0, 0, 1]]


@pytest.mark.parametrize(
    ("missing", "imputed"),
    [("median", 3.0), ("mean", 4.0), ("most_frequent", 2.0)],  # of 2, 2, 4, 8 in the pool
)
def test_what_stands_for_a_missing_number(missing: str, imputed: float) -> None:
    X = [[2], [NAN], [2], [4], [8], [NAN], [5]]
    X_pool, X_test = parts(X, 5, "none", missing=missing)
    assert X_pool.tolist() == [[2, 0], [imputed, 1], [2, 0], [4, 0], [8, 0]]
    assert X_test.tolist() == [[imputed, 1], [5, 0]]
    without, test = parts(X, 5, "none", missing=missing, indicator=False)
    assert np.array_equal(without, X_pool[:, :1])
    assert np.array_equal(test, X_test[:, :1])


def test_ordinal_categories_by_hand() -> None:
    X = [[5, 1.0], [2, 2.0], [NAN, 3.0], [9, 4.0], [1, 5.0], [9, 6.0], [NAN, 7.0]]
    X_pool, X_test = parts(X, 4, "none", categorical=(0,), categories="ordinal")
    # columns: the number, then the position among the pool's 2, 5, 9; category 1 is unknown there
    assert X_pool.tolist() == [[1, 1], [2, 0], [3, -1], [4, 2]]
    assert X_test.tolist() == [[5, -1], [6, 2], [7, -1]]
    scaled, _ = parts(X, 4, "minmax", categorical=(0,), categories="ordinal")
    assert scaled[:, 1].tolist() == pytest.approx([2 / 3, 1 / 3, 0, 1])


def test_ids_are_told_from_the_pool_s_rows_alone_and_dropped() -> None:
    n = 40
    rng = np.random.default_rng(0)
    counted, fallen, category = np.arange(1.0, n + 1), 1e6 - 3.0 * np.arange(n), rng.permutation(n)
    feature = rng.integers(0, 9, n).astype(float)
    real = np.sort(rng.random(n))  # rises too, but is no whole number
    X = np.column_stack([counted, feature, fallen, category, real])
    d = data(X, categorical=(3,))
    pool, test = rng.permutation(n)[:25], np.arange(3)
    kept, _ = PREPROCESSINGS.build("none", {"drop_ids": True}).prepare(d, pool, test)
    assert np.array_equal(kept, X[pool][:, [1, 4]])
    with pytest.raises(DatasetError, match="no feature with a value in the pool but ids"):
        PREPROCESSINGS.build("none", {"drop_ids": True}).prepare(data(X[:, [0]]), pool, test)
    few, _ = PREPROCESSINGS.build("none", {"drop_ids": True}).prepare(d, pool[:19], test)
    assert few.shape[1] == 4 + 19  # of 19 rows nothing is said


def test_a_parameter_is_a_level_of_its_own() -> None:
    level = PREPROCESSINGS.build("minmax", {"categories": "ordinal", "indicator": False})
    assert level.label == "minmax(categories=ordinal, indicator=False)"
    assert level.identity_in_cell() == {
        "name": "minmax",
        "version": 1,
        "parameters": {"categories": "ordinal", "indicator": False},
    }


def test_a_missing_category_that_the_pool_never_has() -> None:
    X_pool, X_test = parts([[0], [1], [NAN], [1]], 2, "standard", categorical=(0,))
    assert X_pool.tolist() == [[1, 0], [0, 1]]
    assert X_test.tolist() == [[0, 0], [0, 1]]


@pytest.mark.parametrize("scaling", SCALINGS)
def test_a_column_without_a_value_in_the_pool_is_left_out(scaling: str) -> None:
    X_pool, X_test = parts([[NAN, 1, NAN], [NAN, 2, NAN], [5, 3, 1]], 2, scaling, categorical=(2,))
    assert X_pool.shape[1] == X_test.shape[1] == 1
    with pytest.raises(DatasetError, match="no feature with a value in the pool"):
        parts([[NAN], [NAN], [5]], 2, scaling)


@pytest.mark.parametrize("scaling", SCALINGS)
@pytest.mark.parametrize("value", [0.0, 0.1, -7.3e8, 1e-300])
def test_constant_columns(scaling: str, value: float) -> None:
    X_pool, X_test = parts([[value]] * 7, 5, scaling)
    assert (X_pool == (value if scaling == "none" else 0)).all()
    assert np.array_equal(X_test, X_pool[:2])


@pytest.mark.parametrize("scaling", SCALINGS)
def test_a_pool_of_one_row(scaling: str) -> None:
    X_pool, X_test = parts([[3, NAN, 0, 2], [4, 1, 1, NAN]], 1, scaling, categorical=(2,))
    assert X_pool.shape == X_test.shape == (1, 3)
    assert np.isfinite(X_pool).all()
    assert np.isfinite(X_test).all()


VALUES = hnp.arrays(
    np.float64,
    st.tuples(st.integers(4, 12), st.just(3)),
    elements=st.one_of(st.just(NAN), st.just(0.0), st.floats(-1e6, 1e6, allow_subnormal=False)),
)


@given(VALUES, st.sampled_from(SCALINGS), st.sampled_from([0.0, NAN, 1e9, -3.5]))
@settings(deadline=None, max_examples=60)
def test_test_rows_never_change_the_pool(X: np.ndarray, scaling: str, other: float) -> None:
    X[:, 2] = np.where(np.isnan(X[:, 2]), NAN, np.mod(X[:, 2], 3).round())  # categories
    X[0, 0] = 1.0  # a column that is not left out
    n_pool = len(X) // 2
    changed = X.copy()
    changed[n_pool:] = other
    kept, _ = parts(X, n_pool, scaling, categorical=(2,))
    again, X_test = parts(changed, n_pool, scaling, categorical=(2,))
    alone, _ = prepare(data(X, (2,)), np.arange(n_pool), np.array([n_pool]), scaling)
    assert kept.tobytes() == again.tobytes() == alone.tobytes()
    assert np.isfinite(kept).all()
    assert np.isfinite(X_test).all()


@given(hnp.arrays(np.float64, (9, 2), elements=st.floats(-1e3, 1e3, allow_subnormal=False)))
@settings(deadline=None, max_examples=40)
def test_robust_minmax_is_minmax_but_for_rounding(X: np.ndarray) -> None:
    spread = np.ptp(X[:6], axis=0)
    X = X[:, (spread == 0) | (spread > 1e-3)]
    if X.shape[1]:
        plain, robust = (parts(X, 6, scaling)[0] for scaling in ("minmax", "robust_minmax"))
        np.testing.assert_allclose(robust, plain, atol=1e-9)


def test_the_reference_scaling_is_scikit_learns() -> None:
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MinMaxScaler, RobustScaler

    d = DATASETS.build("wine").load()
    pool, test = np.arange(0, 178, 2), np.arange(1, 178, 2)
    pipeline = make_pipeline(RobustScaler(), MinMaxScaler()).fit(d.X[pool])
    X_pool, X_test = prepare(d, pool, test, "robust_minmax")
    assert np.array_equal(X_pool, pipeline.transform(d.X[pool]))
    assert np.array_equal(X_test, pipeline.transform(d.X[test]))


SPARSE = sp.csr_matrix([[0, 2.0, 0], [4.0, 0, 0], [0, -1.0, 0], [8.0, 4.0, 1.0]])


@pytest.mark.parametrize(
    ("scaling", "pool", "test"),
    [
        ("none", [[0, 2, 0], [4, 0, 0], [0, -1, 0]], [[8, 4, 1]]),
        ("minmax", [[0, 1, 0], [1, 0, 0], [0, -0.5, 0]], [[2, 2, 1]]),
        ("robust_minmax", [[0, 1, 0], [1, 0, 0], [0, -0.5, 0]], [[2, 2, 1]]),
    ],
)
def test_sparse_scaling_by_hand(scaling: str, pool: Any, test: Any) -> None:
    X_pool, X_test = parts(SPARSE, 3, scaling)
    assert isinstance(X_pool, sp.csr_matrix)
    assert isinstance(X_test, sp.csr_matrix)
    assert X_pool.dtype == np.float64
    assert X_pool.toarray().tolist() == pool
    assert X_test.toarray().tolist() == test


def test_sparse_standard_divides_only() -> None:
    X_pool, _ = parts(SPARSE, 3, "standard")
    dense = SPARSE.toarray()[:3]
    assert X_pool.nnz == 3
    assert X_pool.toarray()[:, :2] == pytest.approx(dense[:, :2] / dense[:, :2].std(axis=0))
    assert (X_pool.toarray()[:, 2] == 0).all()


def test_what_sparse_features_cant_have() -> None:
    missing = sp.csr_matrix([[0, NAN], [1.0, 0]])
    categorical = data(SPARSE, categorical=(1,))
    assert "categorical columns of sparse" in (unsupported(categorical, "none") or "")
    assert "missing values of sparse" in (unsupported(data(missing), "standard") or "")
    assert unsupported(data(SPARSE), "robust_minmax") is None
    assert unsupported(data([[NAN, 0], [1, 1]], categorical=(1,)), "standard") is None
    with pytest.raises(DatasetError, match="'d' can't be prepared with 'none': missing values of sparse"):
        parts(missing, 1, "none")


@pytest.mark.parametrize("scaling", ["standard", "minmax"])
def test_values_that_are_too_large(scaling: str) -> None:
    with pytest.raises(DatasetError, match=f"too large for '{scaling}'"):
        parts([[1.7e308], [-1.7e308], [0], [1]], 3, scaling)
