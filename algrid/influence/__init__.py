"""Influence: how far changing one hyperparameter changes scores, queried samples, or the ranking of strategies.

One module a question; DataFrame in, DataFrame out, with what has to be known about a table in its ``attrs``.
"""

from algrid.influence.flips import sign_flips
from algrid.influence.queries import query_influence
from algrid.influence.rankings import ranking_influence
from algrid.influence.replicates import replicates_needed
from algrid.influence.scores import score_influence
from algrid.influence.summary import overview
from algrid.influence.variance import decomposition

__all__ = [
    "decomposition",
    "overview",
    "query_influence",
    "ranking_influence",
    "replicates_needed",
    "score_influence",
    "sign_flips",
]
