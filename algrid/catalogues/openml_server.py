"""Fetches datasets and tasks of OpenML: two addresses of JSON, and the files that they name.

Neither scikit-learn's `fetch_openml` nor the package `openml` is used: the one can't be pointed to another server,
keeps no published splits, and does not wait as long as a refusal asks for; the other would be one dependency more,
with several of its own. What is needed here is a description, a file and its checksum.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from algrid.catalogues._http import Http, RefusedError, UnreachableError
from algrid.datasets.folders import data_folder, replacing
from algrid.datasets.formats import read_file
from algrid.datasets.openml_cache import DESCRIPTION, Description, file_in, folder_of
from algrid.errors import DatasetError

__all__ = ["BASE", "Task", "fetch_dataset", "fetch_task", "server"]

#: OpenML's own server; another one (a mirror, a test's) is given by ``ALGRID_OPENML``.
BASE = "https://api.openml.org/api/v1"


@dataclass(frozen=True)
class Task:
    """A task of OpenML: a dataset, a target, and published splits.

    Parameters
    ----------
    task_id, data_id : int
    target : str
    splits : Path
        A file for ``splits: {kind: explicit, path: ...}``: the training part of a fold is the pool. Repeats and
        folds are numbered through, folds fastest.
    count : int
        Number of splits.
    """

    task_id: int
    data_id: int
    target: str
    splits: Path
    count: int


def server() -> str:
    """The address of the server's API, without a slash at its end."""
    return (os.environ.get("ALGRID_OPENML") or BASE).rstrip("/")


def fetch_dataset(
    data_id: int, *, http: Http | None = None, again: bool = False, progress: Callable[[int], None] | None = None
) -> bool:
    """Fetch a dataset into the data folder, unless it is there already.

    The ARFF file is what OpenML gives a checksum of, and is preferred; Parquet, which has none, is taken where there
    is no ARFF.

    Parameters
    ----------
    data_id : int
    http : Http, optional
    again : bool
        Whether to fetch what is there already.
    progress : callable, optional
        Told the bytes of every block.

    Returns
    -------
    bool
        Whether anything was fetched.

    Raises
    ------
    DatasetError
        Where it can't be had, or is damaged.
    """
    http = http or Http()
    folder = folder_of(data_id)
    if file_in(folder) is not None and not again:
        return False
    address = f"{server()}/json/data/{data_id}"
    answer = http.json(address)
    description = Description.of(answer)
    if not description.files:
        raise DatasetError(f"OpenML {data_id} names no file in ARFF or Parquet.")
    _fetch_file(http, address, description, folder, progress)
    # last: a folder with a description is whole, one without is still of use
    with replacing(folder / DESCRIPTION) as temporary:
        temporary.write_text(json.dumps(answer, indent=1), encoding="utf-8")
    return True


def _fetch_file(
    http: Http, address: str, description: Description, folder: Path, progress: Callable[[int], None] | None
) -> None:
    for position, (kind, url) in enumerate(description.files, start=1):
        md5 = description.md5 if kind == "arff" else ""
        try:
            http.file(urljoin(address, url), folder / f"dataset.{kind}", md5=md5, progress=progress)
        except RefusedError:
            if position == len(description.files):
                raise
        else:
            return


def fetch_task(task_id: int, *, http: Http | None = None) -> Task:
    """Fetch a task's dataset and published splits into the data folder.

    Raises
    ------
    DatasetError
        Where they can't be had, or the task is no supervised classification.
    """
    http = http or Http()
    address = f"{server()}/json/task/{task_id}"
    try:
        data_id, target, url = _inputs(http.json(address), task_id)
    except UnreachableError as error:
        raise UnreachableError(
            f"{error} Without a network: put the dataset into the data folder, and its splits into a file of your own "
            "(splits: {kind: explicit, path: ...})."
        ) from error
    fetch_dataset(data_id, http=http)
    folder = data_folder() / "openml" / "tasks"
    arff, splits = folder / f"{task_id}.arff", folder / f"{task_id}.json"
    http.file(urljoin(address, url), arff)
    found = _splits(arff)
    with replacing(splits) as temporary:
        temporary.write_text(json.dumps(found), encoding="utf-8")
    return Task(task_id, data_id, target, splits, len(found))


def _inputs(answer: Any, task_id: int) -> tuple[int, str, str]:
    """The dataset, the target and the address of the splits of a task."""
    try:
        task = answer["task"]
        inputs = {entry["name"]: entry for entry in task["input"]}
        data = inputs["source_data"]["data_set"]
        url = inputs["estimation_procedure"]["estimation_procedure"]["data_splits_url"]
        return int(data["data_set_id"]), str(data["target_feature"]), str(url)
    except (KeyError, TypeError, ValueError) as error:
        raise DatasetError(
            f"OpenML's task {task_id} has no dataset, target and published splits: it is no supervised classification."
        ) from error


def _splits(path: Path) -> list[dict[str, list[int]]]:
    frame = read_file(path, "")
    lacking = {"type", "rowid", "repeat", "fold"} - set(getattr(frame, "columns", ()))
    if lacking:
        raise DatasetError(f"the published splits {str(path)!r} lack the columns {', '.join(sorted(lacking))}.")
    found = []
    for _, part in frame.groupby(["repeat", "fold"], sort=True):  # type: ignore[union-attr]
        rows = {name: part.loc[part["type"] == kind, "rowid"] for name, kind in (("pool", "TRAIN"), ("test", "TEST"))}
        found.append({name: sorted(int(row) for row in ids) for name, ids in rows.items()})
    return found
