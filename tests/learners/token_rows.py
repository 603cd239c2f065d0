"""Rows of token ids for learners that read them, and what such a learner makes of them in another process."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from algrid.learners.base import Learner

__all__ = ["documents", "probabilities_elsewhere"]


def documents(n: int = 30, n_classes: int = 3, length: int = 12, seed: int = 0) -> tuple[Any, Any]:
    """Rows of token ids whose second token tells the class; padded with 0 behind their end."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % n_classes
    X = rng.integers(20, 64, size=(n, length)).astype(np.float64)
    X[:, 0], X[:, 1] = 2, 10 + y
    ends = rng.integers(3, length + 1, size=n)
    X[np.arange(length) >= ends[:, None]] = 0
    return X, y.astype(np.intp)


def probabilities_elsewhere(learner: Learner, seed: int) -> bytes:
    """Of all `documents`, by a fit on them in a process of its own that has two threads and other hashes."""
    script = (
        "import pickle, sys; from token_rows import documents; X, y = documents(); "
        "fitted = pickle.loads(bytes.fromhex(sys.argv[1])).fit(X, y, 3, int(sys.argv[2])); "
        "print(fitted.predict_proba(X).tobytes().hex())"
    )
    paths = os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parents[2])])
    environment = {**os.environ, "OMP_NUM_THREADS": "2", "PYTHONHASHSEED": "3", "PYTHONPATH": paths}
    command = [sys.executable, "-c", script, pickle.dumps(learner).hex(), str(seed)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return bytes.fromhex(done.stdout.strip())
