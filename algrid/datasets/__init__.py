"""Dataset plugins, one a file, and their registry."""

from algrid.datasets.base import Dataset, DatasetPlugin
from algrid.datasets.facts import DatasetFacts
from algrid.datasets.loader import adapt
from algrid.registry import Registry

__all__ = ["DATASETS", "Dataset", "DatasetFacts", "DatasetPlugin"]

#: All dataset plugins; a ``module:function`` that gives data becomes one.
DATASETS: Registry[DatasetPlugin] = Registry("dataset", DatasetPlugin, __name__, adapt)
