"""The driver keeps data, and sends them once to a machine that lacks them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cells import make_cell

from algrid.datasets.mapped import mapped_dataset
from algrid.errors import AlgridError, DatasetError
from algrid.supply import Supply, lacks


class Elsewhere:
    """A client of one worker whose machine has a cache of its own."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self._patch = folder, monkeypatch
        self.calls = 0

    def run(self, function: Callable[..., Any], *arguments: Any, workers: list[str]) -> dict[str, Any]:
        assert workers == ["tcp://there"]
        self.calls += 1
        return {"tcp://there": self.there(function, *arguments)}

    def there(self, function: Callable[..., Any], *arguments: Any) -> Any:
        with self._patch.context() as patch:
            patch.setenv("ALGRID_CACHE", str(self.folder))
            return function(*arguments)


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Elsewhere:
    monkeypatch.setenv("ALGRID_CACHE", str(tmp_path / "here"))
    return Elsewhere(tmp_path / "there", monkeypatch)


def test_data_are_kept_at_first_use_and_sent_where_they_lack(client: Elsewhere) -> None:
    cell, supply = make_cell("wine"), Supply()
    assert lacks(cell)
    assert supply.ready(cell)
    assert not lacks(cell)
    assert client.there(lacks, cell)
    supply.send(client, "tcp://there", cell)
    assert not client.there(lacks, cell)
    found = client.there(mapped_dataset, cell.dataset_hash, "wine")
    assert found.widened().X.tobytes() == cell.dataset.load().X.tobytes()
    calls = client.calls
    supply.send(client, "tcp://there", cell)  # slices that were refused before the data came say so later
    assert client.calls == calls + 1


def test_a_machine_that_can_t_keep_them_is_said_instead_of_sending_for_ever(client: Elsewhere) -> None:
    cell, supply = make_cell("wine"), Supply()
    supply.ready(cell)
    client.folder.write_text("a file is in the way")
    with pytest.raises(AlgridError, match=r"tcp://there can't keep the data of 'wine' .* ALGRID_CACHE"):
        supply.send(client, "tcp://there", cell)
    client.folder.unlink()
    supply.send(client, "tcp://there", cell)
    shutil.rmtree(client.folder)
    with pytest.raises(AlgridError, match="sent before, and are gone"):
        supply.send(client, "tcp://there", cell)


def test_data_that_can_t_be_had_here_are_left_to_the_workers(
    client: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    cell = make_cell("wine")

    def fail(self: object) -> None:
        raise DatasetError("not here")

    monkeypatch.setattr(type(cell.dataset), "load", fail)
    assert not Supply().ready(cell)
    monkeypatch.undo()
    changed = make_cell("wine", dataset_hash="0" * 32)
    assert not Supply().ready(changed)
