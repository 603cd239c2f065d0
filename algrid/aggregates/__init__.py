"""Aggregates: one number for a learning curve, for millions of curves at once.

A curve is its values against the labels bought; curves are ragged, so they come flat with offsets. Every
aggregate can be read at a budget B, which means the curve's points with at most B labels bought. Those that
compare scores at equal labels (`aubc`, `final`, `labels_to_skyline`) add the point at B itself, linearly
interpolated between its neighbours where the curve goes on beyond B; those that are means over cycles do not.
A curve that ends before B is taken as it is: whether that is fair (empty pool) or not (timeout) is decided by
the caller. A NaN value in the points that an aggregate uses makes it NaN, and so does a curve without points.
"""

from algrid.aggregates.aubc import Aubc
from algrid.aggregates.base import Aggregate, Beside
from algrid.aggregates.changes import BiggestDrop, Drops, FirstDifference, LearningStability
from algrid.aggregates.curves import Curves
from algrid.aggregates.final import Final
from algrid.aggregates.labels_to_skyline import LabelsToSkyline
from algrid.aggregates.means import FirstFive, LastFive, Mean
from algrid.aggregates.phases import Plateau, RampUp, switch_points
from algrid.registry import Registry

__all__ = [
    "AGGREGATES",
    "Aggregate",
    "Aubc",
    "Beside",
    "BiggestDrop",
    "Curves",
    "Drops",
    "Final",
    "FirstDifference",
    "FirstFive",
    "LabelsToSkyline",
    "LastFive",
    "LearningStability",
    "Mean",
    "Plateau",
    "RampUp",
    "switch_points",
]

#: All aggregates.
AGGREGATES: Registry[Aggregate] = Registry("aggregate", Aggregate, __name__)
