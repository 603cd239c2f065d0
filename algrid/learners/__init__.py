"""Learner plugins, one a file, and their registry."""

from algrid.learners.base import Fitted, Learner
from algrid.learners.external import adapt
from algrid.registry import Registry

__all__ = ["LEARNERS", "Fitted", "Learner"]

#: All learner plugins; a ``module:Class`` that is a scikit-learn classifier becomes one.
LEARNERS: Registry[Learner] = Registry("learner", Learner, __name__, adapt)
