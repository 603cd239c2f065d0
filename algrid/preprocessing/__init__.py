"""Preprocessing plugins, one a file, and their registry."""

from algrid.preprocessing._tables import TablePreprocessing
from algrid.preprocessing.base import Described, Preprocessing
from algrid.registry import Registry

__all__ = ["PREPROCESSINGS", "Described", "Preprocessing", "TablePreprocessing"]

#: All preprocessing plugins.
PREPROCESSINGS: Registry[Preprocessing] = Registry("preprocessing", Preprocessing, __name__)
