"""Any function that gives data, by its path: ``sklearn.datasets:load_wine`` in a grid file."""

from __future__ import annotations

import importlib
import inspect
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from algrid.datasets.base import Dataset, DatasetPlugin
from algrid.errors import DatasetError, PluginError, nearest
from algrid.identity import canonical_json

__all__ = ["Loader", "adapt"]

_OWN = "title"


@dataclass(frozen=True)
class Loader(DatasetPlugin):
    """A function that returns a `Dataset`, features and labels, or a mapping of ``data`` and ``target``.

    The last is what scikit-learn's loaders return. It has no name of its own (and is not registered): its name is
    its path. The same arguments have to give the same data in every process.

    Parameters
    ----------
    path : str
        ``module:function``.
    options : str
        Canonical JSON of the function's keyword arguments.
    title : str
        Name of the dataset in tables and figures; by default the function's name (without ``load_`` and the like)
        and arguments.
    """

    path: str
    options: str = "{}"
    title: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", self.path)

    def parameters(self) -> dict[str, Any]:
        """The function's keyword arguments that were given, and the title."""
        given: dict[str, Any] = json.loads(self.options)
        return {**given, _OWN: self.title} if self.title else given

    @property
    def dataset_name(self) -> str:
        """The title, or the function's name and arguments."""
        if self.title:
            return self.title
        function = self.path.partition(":")[2]
        for prefix in ("load_", "fetch_", "make_"):
            function = function.removeprefix(prefix)
        shown = ", ".join(f"{key}={value}" for key, value in self.parameters().items())
        return f"{function}({shown})" if shown else function

    @property
    def label(self) -> str:
        """The dataset's name."""
        return self.dataset_name

    def state(self) -> tuple[()] | None:
        """Nothing for scikit-learn's functions, whose version says all; not known of others."""
        return () if self.path.startswith("sklearn.") else None

    def load(self) -> Dataset:
        """Call the function.

        Raises
        ------
        DatasetError
            If it fails, or returns something else.
        """
        module, _, attribute = self.path.partition(":")
        function = getattr(importlib.import_module(module), attribute)
        try:
            found = function(**json.loads(self.options))
        except Exception as error:  # whatever a user's function raises
            raise DatasetError(f"{self.path!r} failed: {type(error).__name__}: {error}") from error
        return self._dataset(found)

    def _dataset(self, found: Any) -> Dataset:
        name = self.dataset_name
        if isinstance(found, Dataset):
            return Dataset(name, found.X, found.y, found.class_names, found.categorical, found.feature_names)
        if isinstance(found, Mapping) and {"data", "target"} <= set(found):
            names = [] if found.get("feature_names") is None else [str(n) for n in found["feature_names"]]
            return Dataset.from_arrays(found["data"], _named(found), name=name, feature_names=names)
        if isinstance(found, tuple) and len(found) == 2:
            return Dataset.from_arrays(*found, name=name)
        raise DatasetError(
            f"{self.path!r} returned {type(found).__name__}: a Dataset, features and labels, or a mapping of data and "
            "target are needed."
        )


def _named(found: Mapping[str, Any]) -> Any:
    """Labels; scikit-learn's codes with the names of the classes, where these sort as the codes do."""
    import numpy as np

    y, names = np.asarray(found["target"]), found.get("target_names")
    named = [] if names is None else [str(name) for name in names]
    is_code = y.dtype.kind in "iu" and y.ndim == 1 and len(y) > 0 and y.min() >= 0 and y.max() < len(named)
    return np.array(named)[y] if is_code and named == sorted(set(named)) else found["target"]


def adapt(path: str, function: Any, parameters: dict[str, Any]) -> Loader:
    """A dataset of a function.

    Raises
    ------
    PluginError
        If it is none, can't take these arguments, or would draw other data every time.
    """
    if not callable(function) or inspect.isclass(function):
        raise PluginError(f"dataset {path!r} is no function that returns data.")
    given = {key: value for key, value in parameters.items() if key != _OWN}
    title = parameters.get(_OWN, "")
    if not isinstance(title, str):
        raise PluginError(f"the title of {path!r} is {title!r}; text is needed.", _OWN)
    accepted = inspect.signature(function).parameters
    takes_any = any(p.kind is p.VAR_KEYWORD for p in accepted.values())
    for key in given:
        if key not in accepted and not takes_any:
            raise PluginError(
                f"dataset {path!r} has no parameter {key!r}.{nearest(key, accepted)} "
                f"Its parameters: {', '.join([*accepted, _OWN])}.",
                key,
            )
    if path.rpartition(":")[2].startswith("make_") and "random_state" in accepted and given.get("random_state") is None:
        raise PluginError(f"dataset {path!r} draws other data every time: give it a random_state.")
    try:
        options = canonical_json(given)
    except (TypeError, ValueError) as error:
        raise PluginError(f"dataset {path!r} can't be given {given!r}: {error}.") from error
    return Loader(path, options, title)
