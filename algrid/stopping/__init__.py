"""Stopping rules: when an active learner would have stopped, told after the fact. One rule a file."""

from algrid.registry import Registry
from algrid.stopping.base import Point, StoppingRule

__all__ = ["STOPPING_RULES", "Point", "StoppingRule"]

#: All stopping rules.
STOPPING_RULES: Registry[StoppingRule] = Registry("stopping rule", StoppingRule, __name__)
