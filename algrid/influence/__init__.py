"""Influence: how far changing one hyperparameter changes scores, queried samples, or the ranking of strategies.

One module a question; DataFrame in, DataFrame out, with what has to be known about a table in its ``attrs``.
"""

from algrid.influence.scores import score_influence

__all__ = ["score_influence"]
