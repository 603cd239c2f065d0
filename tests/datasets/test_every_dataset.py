"""What every registered dataset has to keep."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest

from algrid.datasets import DATASETS

NAMES = [cls.name for cls in DATASETS.classes() if "..." not in cls.defaults().values()]

# A change here changes the identity of stored runs: raise the plugin's `version` and say so in the changelog.
HASHES = {
    "banana": "daecc7f7724edf10b44fae448306a15d",
    "breast_cancer": "722bbc2fce97408602a8a7b81122df0a",
    "docstrings": "ff04d632ce6f36b109e20d925d09b9cd",
    "digits": "1f4c02bd7898e83298f8a6a3882fac71",
    "gaussian_balanced": "dc46425f29d8cf6d4b7313067145ebcd",
    "gaussian_unbalanced": "28b4d77f2c1ce3fd69d56f95dc987359",
    "iris": "0f8a1f9d099bb6dc96102f7dc37fef19",
    "ringnorm": "a93c55773844871b0656a5e252e2b330",
    "twonorm": "3ba5ebe7f3133eea9e472860ba72fd78",
    "wine": "c4e2d4149e531fb8c1b226b83b0414fa",
    "xor_2x2": "0d5e774fcd1fe5f1e48bdca835259fbc",
    "xor_2x2_rotated": "8207c091ab7d30f284b3bd5e19b21669",
    "xor_4x4": "7deef42d3dcd11adf4a9cad76ce73d71",
}
SHAPES = {
    "banana": (5300, 2, 2),
    "breast_cancer": (569, 30, 2),
    "docstrings": (4000, 0, 5),
    "digits": (1797, 64, 10),
    "gaussian_balanced": (1000, 2, 2),
    "gaussian_unbalanced": (1000, 2, 2),
    "iris": (150, 4, 3),
    "ringnorm": (7400, 20, 2),
    "twonorm": (7400, 20, 2),
    "wine": (178, 13, 3),
    "xor_2x2": (1600, 2, 2),
    "xor_2x2_rotated": (1600, 2, 2),
    "xor_4x4": (1600, 2, 2),
}


def test_all_are_known() -> None:
    assert set(HASHES) == set(SHAPES) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_shape(name: str) -> None:
    data = DATASETS.build(name).load()
    assert (data.n_rows, data.n_features, data.n_classes) == SHAPES[name]
    assert data.X.dtype == np.float64
    assert data.X.flags.c_contiguous
    assert np.isfinite(data.X).all()
    assert data.y.dtype == np.intp
    assert data.class_counts.min() >= 2
    assert len(set(data.class_names)) == data.n_classes
    assert all(type(text) is str for text in (*data.class_names, *data.feature_names))
    assert len(data.feature_names) == data.n_features
    assert data.name == name


@pytest.mark.parametrize("name", NAMES)
def test_same_bits_twice(name: str) -> None:
    first, second = DATASETS.build(name).load(), DATASETS.build(name).load()
    assert first.X.tobytes() == second.X.tobytes()
    assert first.y.tobytes() == second.y.tobytes()
    assert first.documents == second.documents
    if name == "docstrings" and not _has_the_pinned_versions():
        pytest.skip("other versions of the packages that are read than the lock's: another corpus")
    assert first.content_hash == HASHES[name]


def _has_the_pinned_versions() -> bool:
    lock = (Path(__file__).parents[2] / "requirements" / "core.lock").read_text(encoding="utf-8").split()
    packages = ("matplotlib", "numpy", "pandas", "scikit-learn", "scipy")
    return all(f"{package}=={version(package)}" in lock for package in packages)


@pytest.mark.parametrize("name", NAMES)
def test_says_where_it_comes_from(name: str) -> None:
    cls = DATASETS.get(name)
    assert cls.source
    assert cls.licence
    assert cls.summary().endswith(".") or ":" in cls.summary()
    for parameter in cls.defaults():
        assert any(parameter in (base.__doc__ or "") for base in cls.__mro__), f"{parameter} is not documented"


def test_scanning_is_cheap() -> None:
    code = (
        "import sys; from algrid.datasets import DATASETS; DATASETS.names(); "
        "import algrid.splits, algrid.start_sets, algrid.oracles, algrid.preprocessing; "
        "print([m for m in ('sklearn', 'pandas', 'pyarrow', 'dask', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
