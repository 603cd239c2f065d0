"""Fixtures that more than one test file needs."""

from __future__ import annotations

import os
import tempfile

# As in algrid's workers, and before numpy is loaded: a second thread that waits for a busy core costs
# far more than it brings.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

# Facts of datasets are remembered for the session alone, in processes that tests start too.
_CACHE = tempfile.TemporaryDirectory(prefix="algrid-tests-")
os.environ["ALGRID_CACHE"] = _CACHE.name
