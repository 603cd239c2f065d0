"""What a plan needs to know of a dataset, without its data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from algrid.cache import folder_hash, remembered
from algrid.identity import content_key
from algrid.registry import source_hash

if TYPE_CHECKING:
    from algrid.datasets.base import DatasetPlugin

__all__ = ["DatasetFacts", "remembered_facts"]

#: Packages that bring, draw or read data.
_PACKAGES = ("algrid", "numpy", "scipy", "scikit-learn", "pandas", "pyarrow")


@dataclass(frozen=True)
class DatasetFacts:
    """A dataset without its rows. A `Dataset` has all of these attributes too, of the same meaning.

    Parameters
    ----------
    name : str
        The level's name on the dataset axis.
    class_names : tuple of str
        What the class codes stand for.
    class_counts : tuple of int
        Rows of each class.
    n_features : int
        Raw columns, before one-hot encoding.
    is_sparse : bool
        Whether the features are a sparse matrix.
    categorical : tuple of int
        Positions of the categorical columns.
    has_missing : bool
        Whether a feature value is missing.
    is_text : bool
        Whether its rows are documents.
    test_counts : tuple of int, optional
        Rows of each class in the test part that it was published with.
    content_hash : str or None
        The identity of the data; None where they are not there and these facts are what is expected of them.
    """

    name: str
    class_names: tuple[str, ...]
    class_counts: tuple[int, ...]
    n_features: int
    is_sparse: bool = False
    categorical: tuple[int, ...] = ()
    has_missing: bool = False
    is_text: bool = False
    test_counts: tuple[int, ...] | None = None
    content_hash: str | None = None

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return sum(self.class_counts)

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return len(self.class_names)


def remembered_facts(plugin: DatasetPlugin, state: Any, load: Callable[[], DatasetFacts]) -> DatasetFacts:
    """The facts of a plugin, from the cache where its parameters, state, code and packages are as they were.

    Parameters
    ----------
    plugin : DatasetPlugin
    state : JSON-able
        What the data depend on beside those: the state of a file.
    load : callable
        Gives the facts where the cache has none.
    """
    kind = f"{type(plugin).__module__}.{type(plugin).__qualname__}"
    code = [source_hash(plugin), folder_hash(Path(__file__).parent), {name: _version(name) for name in _PACKAGES}]
    key = content_key([kind, plugin.version, plugin.parameters(), plugin.dataset_name, state, code])
    found = remembered("facts", key, lambda: asdict(load()))
    try:
        tuples = {name: tuple(value) for name, value in found.items() if isinstance(value, list)}
        return DatasetFacts(**{**found, **tuples})
    except (TypeError, AttributeError):  # of another algrid with the same version
        return load()


@cache
def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
