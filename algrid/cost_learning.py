"""The cost model of a store: what its runs took, beside what was expected of them."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from algrid.cell import Variant
from algrid.cost import (
    CostModel,
    VariantTable,
    learner_costs,
    memory_key,
    prior_fit,
    prior_memory,
    prior_predict,
    prior_query,
    query_key,
)
from algrid.cost_ladder import Keys, Ladder, climb, design
from algrid.errors import StoreError
from algrid.grid import GridSpec
from algrid.learners.base import Learner
from algrid.store import Snapshot
from algrid.strategies.base import Strategy

__all__ = ["SHIPPED", "Observations", "costs_of", "fit_model", "learn", "observations", "shipped_model"]

SHIPPED = "cost_prior.json"  # made by `python benchmarks/cost.py --prior`
FILE = "cost.json"  # derived, can be deleted
_MOST_RUNS = 50_000  # that are looked at: those of some cells, where there are more
_LEAST_SECONDS = 1e-6

#: Each run in two halves of its points, so that costs are seen at two numbers of labels.
_HALVES = """
WITH chosen AS (
  SELECT *, len(n_labeled) AS n FROM runs WHERE cell_id < $below AND len(n_labeled) > 0
), halves AS (
  SELECT *, 1 AS a, greatest(1, n // 2) AS b FROM chosen UNION ALL
  SELECT *, n // 2 + 1 AS a, n AS b FROM chosen WHERE n > 1
)
SELECT learner, strategy, query_learner, dataset, batch_size, n_pool, n_test, n_features, n_classes,
  list_avg(n_labeled[a:b]) AS n_labeled,
  list_avg(fit_cpu_seconds[a:b]) AS fit,
  list_avg(predict_cpu_seconds[a:b]) AS predict,
  list_avg(query_cpu_seconds[greatest(a, 2):b]) AS query,
  peak_memory::DOUBLE AS memory
FROM halves
"""
#: A fit that served several runs is stored with each of them, with the very same seconds.
_SHARING = """
WITH points AS (
  SELECT cell_id, dataset, unnest(n_labeled) AS n, unnest(fit_cpu_seconds) AS fit,
    unnest(fit_cpu_seconds)::DOUBLE + unnest(predict_cpu_seconds) AS price, unnest(fit_shared) AS shared
  FROM runs WHERE cell_id < $below
), fits AS (
  SELECT dataset, any_value(price) AS once, sum(price) AS charged FROM points WHERE shared
  GROUP BY cell_id, dataset, n, fit
  UNION ALL SELECT dataset, price, price FROM points WHERE NOT shared
)
SELECT dataset, sum(once) AS once, sum(charged) AS charged FROM fits GROUP BY dataset
"""


def costs_of(results: Path, snapshot: Snapshot | None, spec: GridSpec) -> CostModel:
    """The cost model of a folder of results: as it was learned the last time, or anew where the store has grown a lot.

    A large store is looked at by `learn` only, which takes its time.

    Parameters
    ----------
    results : Path
    snapshot : Snapshot or None
        Its store; None where there is none.
    spec : GridSpec
    """
    known = _saved(results)
    if snapshot is None or not 2 * known.n_runs < snapshot.count("runs") <= _MOST_RUNS:
        return known
    try:
        return learn(results, snapshot, spec)
    except StoreError:
        return known  # a damaged shard is the writer's business


def learn(results: Path, snapshot: Snapshot, spec: GridSpec) -> CostModel:
    """Learn what the runs of a store say about the costs of a grid, and save it beside them.

    Parameters
    ----------
    results : Path
    snapshot : Snapshot
    spec : GridSpec
        Its learners and strategies; stored runs of others are not looked at.
    """
    base = shipped_model()
    if snapshot.count("runs") == 0:
        return base
    seen = observations(snapshot)
    learners = [*spec.learners, *filter(None, spec.query_learners)]
    model = fit_model(base, learners, spec.strategies, seen.columns, seen.sharing, snapshot.count("runs"))
    with contextlib.suppress(OSError):  # it can be learned again
        (results / FILE).write_text(json.dumps(model.to_plain()), encoding="utf-8")
    return model


@dataclass(frozen=True)
class Observations:
    """What stored runs took.

    Parameters
    ----------
    columns : mapping from str to (n,) array
        What runs are of, their sizes, CPU seconds of a ``fit``, a ``predict`` and a ``query``, and bytes of ``memory``;
        two rows for each run, of its early and its late points.
    sharing : mapping from str to float
        By dataset, the part of fits and predictions that was computed.
    """

    columns: Mapping[str, NDArray[Any]]
    sharing: Mapping[str, float]


def observations(snapshot: Snapshot) -> Observations:
    """What the runs of a store took; of a large one those of some cells."""
    below = {"below": _below(snapshot.count("runs"))}
    rows = snapshot.sql(_HALVES, below)
    shares = snapshot.sql(_SHARING, below).to_pylist()
    return Observations(
        {name: rows.column(name).to_numpy(zero_copy_only=False) for name in rows.column_names},
        {row["dataset"]: row["once"] / row["charged"] for row in shares if row["charged"] > 0},
    )


def _below(n_runs: int) -> str:
    """Cell ids are spread evenly over their range: those below this make up about `_MOST_RUNS` runs."""
    return "g" if n_runs <= _MOST_RUNS else f"{int(2**64 * _MOST_RUNS / n_runs):016x}"


def fit_model(  # noqa: PLR0917
    base: CostModel,
    all_learners: Sequence[Learner],
    all_strategies: Sequence[Strategy],
    columns: Mapping[str, NDArray[Any]],
    sharing: Mapping[str, float],
    n_runs: int,
) -> CostModel:
    """A model that corrects another by what was seen.

    Parameters
    ----------
    base : CostModel
    all_learners, all_strategies : sequences of plugins
        Observations of others are not looked at.
    columns, sharing : mappings
        Of `Observations`.
    n_runs : int
        Runs that they are of.
    """
    learners = {one.label: one for one in all_learners}
    strategies = {one.label: one for one in all_strategies}
    looked_at = np.where(columns["query_learner"] == "same", columns["learner"], columns["query_learner"])
    known = np.isin(columns["learner"].astype(str), list(learners)) & np.isin(looked_at.astype(str), list(learners))
    known &= np.isin(columns["strategy"].astype(str), list(strategies))
    if not known.any():
        return base
    data = {name: column[known] for name, column in {**columns, "looked_at": looked_at}.items()}
    x = design(*(data[name] for name in ("n_labeled", "n_pool", "n_features", "n_classes", "batch_size")))
    of_scored, of_looked = _Learners(learners, "learner", data), _Learners(learners, "looked_at", data)
    ladders = dict(base.ladders)
    n_rows = data["n_pool"] + data["n_test"]
    priors = {
        "fit": prior_fit(of_scored.costs, data["n_labeled"], data["n_features"]),
        "predict": prior_predict(of_scored.costs, n_rows),
    }
    for part, prior in priors.items():
        expected = prior * base.ratio(part, of_scored.keys, x)
        ladders[part] = (*base.ladders[part], _ladder(of_scored.keys, x, data[part], expected))
    # what a query is expected to cost stands on what fits and predictions were found to cost
    seen = CostModel(ladders)
    fit = prior_fit(of_looked.costs, data["n_labeled"], data["n_features"]) * seen.ratio("fit", of_looked.keys, x)
    look = prior_predict(of_looked.costs, data["n_pool"]) * seen.ratio("predict", of_looked.keys, x)
    kinds = list(zip(*(data[name].tolist() for name in ("strategy", "query_learner", "batch_size")), strict=True))
    places = {kind: i for i, kind in enumerate(dict.fromkeys(kinds))}
    variants = [Variant(strategies[s], None if q == "same" else learners[q], size) for s, q, size in places]
    table = VariantTable(variants, all_learners[0])
    expected = prior_query(table, np.array([places[kind] for kind in kinds]), fit, look)
    keys = [
        (*query_key(strategies[s], learners[q]), d)
        for s, q, d in zip(*(data[name].tolist() for name in ("strategy", "looked_at", "dataset")), strict=True)
    ]
    expected = expected * base.ratio("query", keys, x)
    ladders["query"] = (*base.ladders["query"], _ladder(keys, x, data["query"], expected))
    keys = [
        (*memory_key(learners[k], strategies[s], learners[q]), d)
        for k, s, q, d in zip(
            *(data[name].tolist() for name in ("learner", "strategy", "looked_at", "dataset")), strict=True
        )
    ]
    expected = prior_memory(n_rows, data["n_features"]) * base.ratio("memory", keys, x)
    ladders["memory"] = (*base.ladders["memory"], _ladder(keys, x, data["memory"], expected))
    mean = float(np.mean(list(sharing.values()))) if sharing else base.sharing[""]
    return CostModel(ladders, {**sharing, "": mean}, n_runs)


class _Learners:
    """Keys and (n, 3) priors of the learners in one column of the observations."""

    def __init__(self, learners: Mapping[str, Learner], column: str, data: Mapping[str, NDArray[Any]]) -> None:
        labels = data[column].tolist()
        self.keys = [(learners[q].name, q, d) for q, d in zip(labels, data["dataset"].tolist(), strict=True)]
        of_label = {q: learner_costs(one) for q, one in learners.items()}
        self.costs = np.array([of_label[q] for q in labels])


def _ladder(keys: Sequence[Keys], x: NDArray[np.float64], observed: NDArray[Any], expected: NDArray[Any]) -> Ladder:
    """A ladder of the observations that are there: a run of one point has no query, an older one no memory."""
    there = np.isfinite(observed.astype(np.float64))
    names, labels, datasets = np.array(keys, dtype=np.str_)[there].T
    seen = np.maximum(observed[there].astype(np.float64), _LEAST_SECONDS)
    return climb((names, labels, datasets), x[there], seen, expected[there])


@cache
def shipped_model() -> CostModel:
    """Priors, with what the strategies and learners that come with algrid took elsewhere."""
    text = (files("algrid") / SHIPPED).read_text(encoding="utf-8")
    return CostModel.from_plain(json.loads(text))


def _saved(results: Path) -> CostModel:
    """The model that was saved in a folder of results; the shipped one where there is none that can be read."""
    try:
        return CostModel.from_plain(json.loads((results / FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError):
        return shipped_model()
