"""A user's own scikit-learn classifier as a learner: ``my_package.module:Class`` in a grid file."""

from __future__ import annotations

import importlib
import inspect
import json
from dataclasses import dataclass
from typing import Any

from algrid.errors import PluginError, nearest
from algrid.identity import canonical_json
from algrid.learners.base import Learner

__all__ = ["External", "adapt"]


@dataclass(frozen=True)
class External(Learner):
    """A scikit-learn classifier named by its import path.

    It is given `random_state`, and ``n_jobs=1`` outside scikit-learn, where it has these parameters. It has no name
    of its own (and is not registered): its name is its path.

    Parameters
    ----------
    path : str
        ``module:Class``.
    options : str
        Canonical JSON of the classifier's keyword arguments.
    """

    path: str
    options: str = "{}"

    def __post_init__(self) -> None:
        methods = {"predict_proba", "decision_function"}
        instance = self.build(0)  # the class may have a method that its parameters take away: SVC's predict_proba
        object.__setattr__(self, "name", self.path)
        object.__setattr__(self, "provides", frozenset(m for m in methods if hasattr(instance, m)))

    def _class(self) -> Any:
        module, _, attribute = self.path.partition(":")
        return getattr(importlib.import_module(module), attribute)

    def parameters(self) -> dict[str, Any]:
        """The classifier's keyword arguments that were given."""
        given: dict[str, Any] = json.loads(self.options)
        return given

    @property
    def label(self) -> str:
        """The path, and the given keyword arguments."""
        shown = ", ".join(f"{key}={value}" for key, value in self.parameters().items())
        return f"{self.path}({shown})" if shown else self.path

    def build(self, seed: int) -> Any:
        """The classifier, with its seed and one thread where it has such parameters."""
        cls = self._class()
        forced: dict[str, Any] = {"random_state": seed}
        if not cls.__module__.startswith("sklearn."):  # there None, the default, is one already
            forced["n_jobs"] = 1
        accepted = inspect.signature(cls).parameters
        return cls(**{**{k: v for k, v in forced.items() if k in accepted}, **self.parameters()})


def adapt(path: str, cls: Any, parameters: dict[str, Any]) -> External:
    """A learner of a classifier class.

    Raises
    ------
    PluginError
        If it is no classifier (no `fit` and `predict`, or a regressor), or can't be made with these keyword arguments.
    """
    if not (inspect.isclass(cls) and hasattr(cls, "fit") and hasattr(cls, "predict")):
        raise PluginError(f"learner {path!r} is no classifier: a class with fit and predict is needed.")
    accepted = inspect.signature(cls).parameters
    takes_any = any(p.kind is p.VAR_KEYWORD for p in accepted.values())
    for key in parameters:
        if key not in accepted and not takes_any:
            raise PluginError(
                f"learner {path!r} has no parameter {key!r}.{nearest(key, accepted)} "
                f"Its parameters: {', '.join(accepted)}.",
                key,
            )
    try:
        options, made = canonical_json(parameters), cls(**parameters)
    except Exception as error:  # also what a user's own class raises
        raise PluginError(f"learner {path!r} can't be made with {parameters!r}: {error}.") from error
    if (kind := _estimator_type(made)) not in {None, "classifier"}:
        raise PluginError(f"learner {path!r} is no classifier: scikit-learn calls it a {kind}.")
    return External(path, options)


def _estimator_type(made: Any) -> str | None:
    from sklearn.base import BaseEstimator
    from sklearn.utils import get_tags

    if not isinstance(made, BaseEstimator):
        return None
    kind: str | None = get_tags(made).estimator_type
    return kind
