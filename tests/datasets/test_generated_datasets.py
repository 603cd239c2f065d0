"""The generated datasets are what their papers say."""

from __future__ import annotations

import numpy as np
import pytest

from algrid.datasets import DATASETS
from algrid.datasets._generated import checkerboard, flip_labels
from algrid.errors import PluginError

GENERATED = [cls.name for cls in DATASETS.classes() if "n_rows" in cls.defaults()]


@pytest.mark.parametrize("name", GENERATED)
@pytest.mark.parametrize("n_rows", [10, 101])
def test_number_of_rows(name: str, n_rows: int) -> None:
    data = DATASETS.build(name, {"n_rows": n_rows}).load()
    assert data.n_rows == n_rows
    assert data.class_names == ("0", "1")


@pytest.mark.parametrize("name", GENERATED)
def test_seeds_give_other_samples(name: str) -> None:
    hashes = {DATASETS.build(name, {"seed": seed}).load().content_hash for seed in range(3)}
    assert len(hashes) == 3


@pytest.mark.parametrize("name", GENERATED)
def test_rows_are_shuffled_and_rounded(name: str) -> None:
    data = DATASETS.build(name, {"n_rows": 400}).load()
    assert np.array_equal(data.X, np.round(data.X, 6))
    assert not np.signbit(data.X[data.X == 0]).any()
    changes = np.count_nonzero(np.diff(data.y))
    assert 100 < changes < 300  # sorted by class it would be 1, alternating 399


def test_bayes_error_of_ringnorm() -> None:
    data = DATASETS.build("ringnorm", {"n_rows": 100_000}).load()
    a = 2 / np.sqrt(20)
    wide = -(data.X**2).sum(axis=1) / 8 - 20 * np.log(2)
    narrow = -((data.X - a) ** 2).sum(axis=1) / 2
    assert np.mean((narrow > wide) != data.y) == pytest.approx(0.013, abs=0.0015)  # Breiman: 1.3 %


def test_bayes_error_of_twonorm() -> None:
    data = DATASETS.build("twonorm", {"n_rows": 100_000}).load()
    assert np.mean((data.X.sum(axis=1) < 0) != data.y) == pytest.approx(0.02275, abs=0.0015)  # Phi(-2)


@pytest.mark.parametrize("name", ["gaussian_balanced", "gaussian_unbalanced"])
def test_separation_of_the_clouds(name: str) -> None:
    data = DATASETS.build(name, {"n_rows": 50_000, "separation": 3.0}).load()
    gap = data.X[data.y == 1].mean(axis=0) - data.X[data.y == 0].mean(axis=0)
    assert gap == pytest.approx([3 / np.sqrt(2)] * 2, abs=0.05)


def test_share_of_the_rarer_cloud() -> None:
    data = DATASETS.build("gaussian_unbalanced", {"n_rows": 500, "minority_share": 0.1}).load()
    assert data.class_counts.tolist() == [450, 50]
    tiny = DATASETS.build("gaussian_unbalanced", {"n_rows": 10, "minority_share": 0.01}).load()
    assert tiny.class_counts.tolist() == [8, 2]


def test_colours_of_the_checkerboards() -> None:
    two = DATASETS.build("xor_2x2").load()
    assert np.array_equal(two.y, (np.sign(two.X).sum(axis=1) == 0).astype(int))
    four = DATASETS.build("xor_4x4").load()
    square = np.floor((four.X + 1) * 2).astype(int)
    assert np.array_equal(four.y, square.sum(axis=1) % 2)
    assert len(np.unique(square, axis=0)) == 16


def test_rotation() -> None:
    data = DATASETS.build("xor_2x2_rotated").load()
    # at 45 degrees the borders are the diagonals
    gap = np.abs(data.X[:, 1]) - np.abs(data.X[:, 0])
    clear = np.abs(gap) > 1e-5
    assert np.array_equal(data.y[clear] == 0, gap[clear] > 0)
    assert np.hypot(*data.X.T).max() == pytest.approx(np.sqrt(2), abs=0.1)  # corners reach farther than 1


def test_the_last_square_takes_the_edge() -> None:
    class Edge:
        def uniform(self, *_: object) -> np.ndarray:
            return np.array([[1.0, 1.0], [-1.0, -1.0], [1.0, -1.0]])

    _, y = checkerboard(Edge(), 3, 4)  # type: ignore[arg-type]
    assert y.tolist() == [0, 0, 1]


def test_noise_of_the_checkerboard_flips_labels_only() -> None:
    clean, noisy = (DATASETS.build("xor_2x2", {"n_rows": 20_000, "noise": noise}).load() for noise in (0.0, 0.1))
    colour = (np.sign(noisy.X).sum(axis=1) == 0).astype(int)
    assert np.array_equal(clean.X.shape, noisy.X.shape)
    assert np.mean(colour != noisy.y) == pytest.approx(0.1, abs=0.01)
    y = np.array([0, 1, 1], dtype=np.intp)
    assert flip_labels(np.random.default_rng(0), y, 0.0).tolist() == [0, 1, 1]


def test_arcs_of_the_banana() -> None:
    data = DATASETS.build("banana", {"noise": 0.0, "n_rows": 400}).load()
    centres = np.where(data.y == 1, -3.75, 0.0)[:, np.newaxis]
    assert np.hypot(*(data.X - centres).T) == pytest.approx(5.0, abs=1e-5)
    assert data.class_counts.tolist() == [200, 200]


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("xor_2x2", {"noise": 0.5}),
        ("banana", {"n_rows": 9}),
        ("ringnorm", {"n_features": 0}),
        ("twonorm", {"seed": -1}),
    ],
)
def test_impossible_parameters(name: str, parameters: dict[str, object]) -> None:
    with pytest.raises(PluginError, match=next(iter(parameters))):
        DATASETS.build(name, parameters)


def test_parameters_are_part_of_the_name() -> None:
    assert DATASETS.build("ringnorm", {"n_rows": 100}).load().name == "ringnorm(n_rows=100)"
