"""How many splits, start sets and seeds a study needs, from the noise that a decomposition has measured."""

from __future__ import annotations

from itertools import product
from math import ceil, sqrt
from typing import Any

import numpy as np
import pandas as pd

from algrid.errors import AlgridError, unknown_name
from algrid.influence.variance import TIMES

__all__ = ["replicates_needed"]

#: Of a normal distribution 95 % are within so many standard deviations.
_Z = 1.959963984540054
#: Numbers of each inner kind of replicate that are looked at.
_MENU = (1, 2, 3, 5, 10, 20, 50)


def replicates_needed(
    decomposition: pd.DataFrame, width: float, by: str | None = None, *, datasets: int | None = None
) -> pd.DataFrame:
    """The replicates that make the 95 % interval of a difference between two levels as narrow as asked for.

    The interval is that of the mean difference over these very datasets, all else as in the grid that was
    decomposed. With components s (of a hyperparameter's interaction with splits, start sets and seeds), its variance
    is c (s_split / S + s_start / (S T) + s_seed / (S T Q)) / D; c = 2 L / (L - 1) turns the mean square of L effects
    that sum to zero into that of a difference between two of them, on average over pairs.

    Parameters
    ----------
    decomposition : DataFrame
        As `algrid.influence.decomposition` makes it, of order 2 or more.
    width : float
        From end to end of the interval, in units of the score.
    by : str, optional
        The hyperparameter; by default each of them.
    datasets : int, optional
        Datasets of the study (1: an interval for a single dataset); by default those that were decomposed.

    Returns
    -------
    DataFrame
        One row a hyperparameter and choice of inner replicates: ``by``; how many of each kind of replicate that the
        decomposition knows (``split``, ``start_set``, ``seed``), the outermost being what is needed; their product
        ``n_replicates``; ``width`` that they reach; and ``width_datasets``, what remains with any number of them
        where datasets are seen as a sample. Fewest first. A negative component counts as none.

    Raises
    ------
    AlgridError
        If the decomposition has no replicates or no interactions with them, or an argument is out of range.
    """
    facts = decomposition.attrs
    kinds = list(facts["replicates"])
    n_datasets = facts["n_datasets"] if datasets is None else datasets
    _check(decomposition, kinds, width, n_datasets, by)
    component = dict(zip(decomposition["effect"], decomposition["component"], strict=True))
    rows: list[dict[str, Any]] = []
    for factor in facts["factors"] if by is None else [by]:
        names = facts["parts"].get(factor, [factor])
        noise = [sum(max(component[TIMES.join((name, kind))], 0.0) for name in names) for kind in kinds]
        among = sum(max(component.get(TIMES.join(("dataset", name)), np.nan), 0.0) for name in names)
        n_levels = len(facts["factors"][factor])
        per = 2.0 * n_levels / (n_levels - 1.0) / n_datasets
        for inner in product(_MENU, repeat=len(kinds) - 1):
            each = _each(noise, inner)
            outer = max(1, ceil(per * each / (width / (2.0 * _Z)) ** 2 - 1e-9))
            counts = dict(zip(kinds, (outer, *inner), strict=True))
            reached = 2.0 * _Z * sqrt(per * each / outer)
            rest = {"width": reached, "width_datasets": 2.0 * _Z * sqrt(per * among)}
            rows.append({"by": factor, **counts, "n_replicates": outer * int(np.prod(inner)), **rest})
    table = pd.DataFrame(rows).sort_values(["by", "n_replicates", *kinds], kind="stable", ignore_index=True)
    told = "" if "split" in kinds else "There was one split: what splits add to the noise is not known."
    table.attrs.update(asked=width, n_datasets=n_datasets, note=told)
    return table


def _each(noise: list[float], inner: tuple[int, ...]) -> float:
    """Variance that one outermost replicate brings, with so many inner ones."""
    return float(sum(s / np.prod(inner[:i]) for i, s in enumerate(noise)))


def _check(decomposition: pd.DataFrame, kinds: list[str], width: float, n_datasets: int, by: str | None) -> None:
    facts = decomposition.attrs
    if not kinds:
        raise AlgridError("every dataset has one replicate: how much they differ is not known. Run two or more.")
    if facts["order"] < 2:
        raise AlgridError("interactions with replicates are needed: decompose with order=2 or more.")
    if not width > 0 or n_datasets < 1:
        raise AlgridError(f"width is above 0 and datasets are 1 or more, not {width!r} and {n_datasets!r}.")
    if by is not None and by not in facts["factors"]:
        raise AlgridError(unknown_name("hyperparameter of the decomposition", by, facts["factors"]))
