"""All checks of datasets; what they find is remembered by the content of the data."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from algrid.cache import folder_hash, remembered
from algrid.checks.between import Sketch, same_data, sketch_of
from algrid.checks.classes import class_findings
from algrid.checks.columns import column_findings
from algrid.checks.findings import Finding, table
from algrid.checks.rows import row_findings, shared_rows
from algrid.datasets.base import Dataset, DatasetPlugin
from algrid.errors import DatasetError, DataWarning
from algrid.identity import content_key
from algrid.seeds import Streams
from algrid.splits import Split

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["check_dataset", "check_datasets", "notes"]

_CODE = folder_hash(Path(__file__).parent)
_NAMED = 3  # datasets that a note of a plan names


def check_dataset(dataset: Dataset) -> list[Finding]:
    """Everything that is found in one dataset; nothing is remembered.

    Parameters
    ----------
    dataset : Dataset
    """
    found = [*class_findings(dataset), *row_findings(dataset), *column_findings(dataset)]
    return [_named(finding, dataset.name) for finding in found]


def check_datasets(plugins: Iterable[DatasetPlugin]) -> pd.DataFrame:
    """Everything that is found in datasets, and between them.

    A dataset that can't be had is an ``error`` of the check ``load``.

    Parameters
    ----------
    plugins : iterable of DatasetPlugin

    Returns
    -------
    DataFrame
        See `algrid.checks.table`; empty where nothing was found.
    """
    return table(_all_findings(plugins)[0])


def notes(plugins: Sequence[DatasetPlugin], split: Split, root_seed: int) -> list[str]:
    """The errors and warnings of a grid's datasets in a few lines, for its plan.

    Test rows that the pool has too are those of the first split.

    Parameters
    ----------
    plugins : sequence of DatasetPlugin
        Datasets that are there.
    split : Split
    root_seed : int
        The grid's seed.
    """
    found, hashes = _all_findings(plugins)
    for plugin in (p for p in plugins if p.dataset_name in hashes):
        finding = _shared_in(plugin, hashes[plugin.dataset_name], split, root_seed)
        found += [_named(finding, plugin.dataset_name)] if finding is not None else []
    lines = []
    serious = [finding for finding in found if finding.severity != "note"]
    for check in dict.fromkeys(finding.check for finding in serious):
        of_check = [finding for finding in serious if finding.check == check]
        names = list(dict.fromkeys(finding.dataset for finding in of_check))
        if len(names) > _NAMED:
            shown = ", ".join(names[:_NAMED])
            lines.append(f"{check}: {len(names)} datasets ({shown}, ...); `algrid datasets check` says more")
        else:
            lines += [_line(finding) for finding in of_check]
    return lines


def _line(finding: Finding) -> str:
    columns = f" ({', '.join(finding.columns)})" if finding.columns else ""
    return f"{finding.dataset}: {finding.message}{columns}; {finding.cure}"


def _all_findings(plugins: Iterable[DatasetPlugin]) -> tuple[list[Finding], dict[str, str]]:
    """Findings, and the content hashes of the datasets that could be had, by name."""
    found: list[Finding] = []
    sketches: dict[str, Sketch] = {}
    hashes: dict[str, str] = {}
    for plugin in plugins:
        name = plugin.dataset_name
        try:
            content = plugin.facts().content_hash or plugin.load().content_hash
            data = _remembered(plugin, content)
        except DatasetError as error:
            found.append(Finding("load", "error", str(error), "see there", dataset=name))
            continue
        found += [_named(Finding.of_plain(finding), name) for finding in data["findings"]]
        sketches[name], hashes[name] = Sketch.of_plain(data["sketch"]), content
    return [*found, *same_data(sketches)], hashes


def _remembered(plugin: DatasetPlugin, content: str) -> Any:
    """Findings and sketch of a dataset, plain; its names are those that this plugin gives its columns."""

    def compute() -> Mapping[str, Any]:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always", DataWarning)
            dataset = plugin.load()
        heard = [w.message for w in said if isinstance(w.message, DataWarning)]
        found = [Finding("reading", "warning", odd.message, odd.cure) for odd in heard] + check_dataset(dataset)
        return {"findings": [f.plain() for f in found], "sketch": sketch_of(dataset).plain()}

    return remembered("checks", content_key([_CODE, content, plugin.name, plugin.parameters()]), compute)


def _shared_in(plugin: DatasetPlugin, content: str, split: Split, root_seed: int) -> Finding | None:
    def compute() -> Any:
        dataset = plugin.load()
        if split.unsupported(dataset) is not None:
            return {}
        rng = Streams(root_seed, content, split.name, 0, "", 0, 0).split_rng()
        finding = shared_rows(dataset, *split.make(dataset, 0, rng))
        return {} if finding is None else finding.plain()

    key = content_key([_CODE, "shared rows", content, split.identity_at(0), root_seed])
    found = remembered("checks", key, compute)
    return Finding.of_plain(found) if found else None


def _named(finding: Finding, name: str) -> Finding:
    return Finding(**{**finding.__dict__, "dataset": name})
