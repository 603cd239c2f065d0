"""Which row groups of a store's files hold rows of a dataset: all others need not be read.

Every row group says the least and the greatest dataset that it holds. pyarrow does not look at that where a column is a
dictionary, as this one is, and would decode the whole store for one dataset.
"""

from __future__ import annotations

from typing import Any

__all__ = ["Spans", "only_of"]

#: By file: of each row group the first and last dataset in it; None where the file does not say.
Spans = dict[str, list[tuple[str, str] | None]]

_COLUMN = "dataset"


def only_of(data: Any, dataset: str, spans: Spans) -> Any:
    """The row groups of a `pyarrow.dataset.FileSystemDataset` that may hold rows of one of our datasets, in its order.

    Parameters
    ----------
    data : pyarrow.dataset.FileSystemDataset
    dataset : str
    spans : dict
        What is known of files; filled for those that are not in it.
    """
    import pyarrow.dataset as ds

    kept = []
    for fragment in data.get_fragments():
        if fragment.path not in spans:
            spans[fragment.path] = _spans(fragment.metadata)
        of_file = spans[fragment.path]
        groups = [i for i, span in enumerate(of_file) if span is None or span[0] <= dataset <= span[1]]
        if groups:
            kept.append(fragment.subset(row_group_ids=groups))
    return ds.FileSystemDataset(kept, data.schema, data.format, data.filesystem)


def _spans(metadata: Any) -> list[tuple[str, str] | None]:
    names = [metadata.schema.column(i).path for i in range(metadata.num_columns)]
    column = names.index(_COLUMN)
    found: list[tuple[str, str] | None] = []
    for group in range(metadata.num_row_groups):
        said = metadata.row_group(group).column(column).statistics
        found.append((said.min, said.max) if said is not None and said.has_min_max else None)
    return found
