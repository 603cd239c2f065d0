"""algrid: an active-learning experiment grid.

>>> import algrid as ag                                        # doctest: +SKIP
>>> ag.run("quickstart", workers=2)                            # doctest: +SKIP
>>> results = ag.open("results/quickstart")                    # doctest: +SKIP
>>> results.leaderboard(metric="f1_macro")                     # doctest: +SKIP
>>> ag.simulate(X, y, strategy="margin", batch_size=5)         # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from algrid.errors import AlgridError

if TYPE_CHECKING:
    from algrid.api import make_plan, open, run
    from algrid.datasets.base import Dataset
    from algrid.grid import GridSpec
    from algrid.ogal import open_ogal
    from algrid.plan import Plan
    from algrid.results import Results
    from algrid.simulation import simulate

__all__ = [
    "AlgridError",
    "Dataset",
    "GridSpec",
    "Plan",
    "Results",
    "make_plan",
    "open",
    "open_ogal",
    "run",
    "simulate",
]

__version__ = "0.1.0"

# names are loaded when they are used: a worker needs none of the analysis, and `import algrid` takes no time
_HOMES = {
    "Dataset": "algrid.datasets.base",
    "GridSpec": "algrid.grid",
    "Plan": "algrid.plan",
    "Results": "algrid.results",
    "open": "algrid.api",
    "open_ogal": "algrid.ogal",
    "make_plan": "algrid.api",
    "run": "algrid.api",
    "simulate": "algrid.simulation",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'algrid' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
