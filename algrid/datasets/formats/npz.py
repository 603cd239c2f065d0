"""NumPy archives: features and labels by name, dense or the parts of a CSR matrix."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from algrid.datasets.formats.files import Arrays, as_text
from algrid.errors import DatasetError

__all__ = ["read"]

_PARTS = ("data", "indices", "indptr", "shape")


def read(path: Path, target: str, encoding: str) -> Arrays:  # noqa: ARG001 - the same for all formats
    """``X`` (or the four parts of a CSR matrix, plain or as ``X_data`` ...) and ``y``; perhaps ``feature_names``.

    The plain parts are what `scipy.sparse.save_npz` writes.
    """
    with np.load(path, allow_pickle=False) as archive:
        found: dict[str, Any] = {name: archive[name] for name in archive.files}
    label = target or "y"
    if label not in found:
        raise DatasetError(
            f"file {str(path)!r} has no labels {label!r}. Its arrays: {', '.join(found) or 'none'}. Save it with "
            "np.savez(path, X=X, y=y), or give the name of the labels as target."
        )
    X = _features(found, path)
    n_columns = X.shape[1] if X.ndim == 2 else 0
    given = [as_text(name) for name in found.get("feature_names", ())]
    if given and len(given) != n_columns:
        raise DatasetError(f"file {str(path)!r} has {n_columns} columns but {len(given)} feature_names.")
    return Arrays(X, found[label], tuple(given or map(str, range(n_columns))))


def _features(found: Mapping[str, Any], path: Path) -> Any:
    if "X" in found:
        return found["X"]
    for prefix in ("X_", ""):
        if all(prefix + part in found for part in _PARTS):
            data, indices, indptr, shape = (found[prefix + part] for part in _PARTS)
            stored = as_text(found.get("format", np.array("csr")).item())
            if stored != "csr":
                raise DatasetError(f"file {str(path)!r} holds a {stored} matrix; save it as CSR: X.tocsr().")
            matrix = sp.csr_matrix((data, indices, indptr), shape=(int(shape[0]), int(shape[1])))
            matrix.check_format()
            return matrix
    raise DatasetError(
        f"file {str(path)!r} has no features: an array X, or the parts of a CSR matrix ({', '.join(_PARTS)}, or "
        f"X_data ...). Its arrays: {', '.join(found)}."
    )
