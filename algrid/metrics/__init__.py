"""Metric plugins, one a file, and their registry."""

from algrid.metrics.base import ConfusionMetric, Metric, ProbabilityMetric
from algrid.registry import Registry

__all__ = ["METRICS", "ConfusionMetric", "Metric", "ProbabilityMetric"]

#: All metrics, of confusion matrices and of probabilities.
METRICS: Registry[Metric] = Registry("metric", Metric, __name__)
