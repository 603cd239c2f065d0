"""Query-strategy plugins, one a file, and their registry."""

from algrid.registry import Registry
from algrid.strategies.base import QueryState, Strategy

__all__ = ["STRATEGIES", "QueryState", "Strategy"]

#: All query strategies, in every implementation.
STRATEGIES: Registry[Strategy] = Registry("strategy", Strategy, __name__)
