"""Meta-features by hand, and that they are remembered by content."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import scipy.sparse as sp

from algrid.arrays import rank_shares
from algrid.datasets import DATASETS, Dataset, DatasetPlugin
from algrid.errors import DatasetError
from algrid.meta_features import META_FEATURES, effective_rank, meta_features, meta_table


def test_counts_by_hand() -> None:
    X = np.array([[0, 1], [np.nan, 2], [3, 0], [0, 1]])
    found = meta_features(Dataset("d", X, np.array([0, 0, 0, 1]), ("a", "b"), (1,)))
    assert list(found) == list(META_FEATURES)
    assert found["n_rows"] == 4
    assert found["dimensionality"] == found["categorical"] == 0.5
    assert found["missing"] == 1 / 8
    assert found["zeros"] == 3 / 8
    assert found["imbalance"] == 3
    assert found["balance"] == pytest.approx(0.8113, abs=1e-4)  # entropy of 3 : 1 in bits
    assert found["majority_accuracy"] == 0.75
    assert found["neighbour_accuracy"] is None  # ten rows are needed


def test_accuracies_of_data_that_are_linear_or_not() -> None:
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (400, 2))
    linear = meta_features(Dataset("d", X, (X[:, 0] > 0).astype(np.intp), ("a", "b")))
    assert (linear["linear_accuracy"] or 0) > 0.97
    xor = meta_features(Dataset("d", X, (X[:, 0] * X[:, 1] > 0).astype(np.intp), ("a", "b")))
    assert (xor["linear_accuracy"] or 1) < 0.6
    assert (xor["neighbour_accuracy"] or 0) > 0.9
    assert (xor["nonlinearity"] or 0) > 0.3
    luck = meta_features(Dataset("d", X, rng.integers(0, 2, 400), ("a", "b")))
    assert (luck["noise"] or 0) > 0.3


def test_noise_inverts_the_bound_of_cover_and_hart() -> None:
    iris = meta_features(DATASETS.build("iris").load())
    error, best = 1 - (iris["neighbour_accuracy"] or 0), iris["noise"] or 0
    assert 0 < best < error
    assert best * (2 - best * 3 / 2) == pytest.approx(error)


def test_effective_rank_by_hand() -> None:
    rng = np.random.default_rng(0)
    orthogonal = np.linalg.qr(np.column_stack([np.ones(8), rng.normal(size=(8, 3))]))[0][:, 1:]
    assert effective_rank(orthogonal) == pytest.approx(3)
    assert effective_rank(orthogonal[:, [0, 0]]) == pytest.approx(1)
    # singular values 3 and 1: shares 3/4 and 1/4
    weighted = orthogonal[:, :2] * [3, 1]
    assert effective_rank(weighted) == pytest.approx((4 / 3) ** 0.75 * 4**0.25)
    assert effective_rank(weighted.T - weighted.T.mean(axis=0)) > 0
    assert effective_rank(sp.csr_matrix(np.eye(5))) == pytest.approx(5)
    assert effective_rank(np.full((4, 2), 7.0)) == 0


def test_sparse_features_are_measured_too() -> None:
    X = sp.random_array((60, 12), density=0.3, format="csr", rng=np.random.default_rng(0))
    found = meta_features(Dataset("s", sp.csr_matrix(X), np.arange(60) % 3, ("a", "b", "c")))
    assert None not in found.values()
    assert found["zeros"] == pytest.approx(0.7)


def test_texts_are_measured_by_tfidf() -> None:
    texts = tuple(f"{('cat', 'ship')[i % 2]} {('one', 'two', 'three', 'four')[i % 4]}" for i in range(40))
    found = meta_features(Dataset("t", np.empty((40, 0)), np.arange(40) % 2, ("x", "y"), documents=texts))
    assert found["linear_accuracy"] == found["neighbour_accuracy"] == 1
    assert (found["effective_rank"] or 0) > 1


def test_rank_shares_by_hand() -> None:
    values = np.array([[5.0, 1], [np.nan, 1], [7, 1], [5, 1], [100, 1]])
    assert rank_shares(values).tolist() == [[0.5 / 3, 0.5], [0.5, 0.5], [2 / 3, 0.5], [0.5 / 3, 0.5], [1, 0.5]]


@dataclass(frozen=True)
class Absent(DatasetPlugin):
    """Data that are not here."""

    name: ClassVar[str] = "absent"

    def load(self) -> Dataset:
        """Fails."""
        raise DatasetError("the data are not here. Fetch them.")


def test_they_are_measured_once_and_what_is_absent_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALGRID_CACHE", str(tmp_path))
    plugins = [DATASETS.build("iris"), Absent(), DATASETS.build("wine")]
    table = meta_table(plugins)
    assert table["dataset"].tolist() == ["iris", "wine"]
    assert table.attrs["left_out"] == {"absent": "the data are not here. Fetch them."}
    monkeypatch.setattr("algrid.meta_features.meta_features", lambda dataset: pytest.fail("measured again"))
    assert meta_table(plugins).equals(table)
