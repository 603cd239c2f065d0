"""Dataset plugins, one a file, and their registry."""

from algrid.datasets.base import Dataset, DatasetPlugin
from algrid.registry import Registry

__all__ = ["DATASETS", "Dataset", "DatasetPlugin"]

#: All dataset plugins.
DATASETS: Registry[DatasetPlugin] = Registry("dataset", DatasetPlugin, __name__)
