"""Data to where they are computed on: kept by content beside the driver, and sent once to a machine that lacks them."""

from __future__ import annotations

import secrets
from typing import Any

from algrid.cell import Cell
from algrid.datasets.mapped import Receiver, is_there, pieces, put
from algrid.errors import AlgridError, DatasetError

__all__ = ["Supply", "lacks"]


def lacks(cell: Cell) -> bool:
    """Whether the data of a cell have to be sent here: neither this process nor a neighbour keeps them."""
    return not is_there(cell.dataset_hash)


class Supply:
    """The driver's side: keeps datasets, and sends them to workers that say that they lack them."""

    def __init__(self) -> None:
        self._ready: dict[str, bool] = {}
        self._sent: set[tuple[str, str]] = set()

    def ready(self, cell: Cell) -> bool:
        """Whether the data of a cell are kept here; at the first time they are, if they can be.

        Where not, workers load them themselves.
        """
        content = cell.dataset_hash
        if content not in self._ready:
            self._ready[content] = is_there(content) or self._keep(cell)
        return self._ready[content]

    def _keep(self, cell: Cell) -> bool:
        try:
            dataset = cell.dataset.load()
        except (DatasetError, OSError):
            return False  # a worker says why
        return dataset.content_hash == cell.dataset_hash and put(dataset)

    def send(self, client: Any, worker: str, cell: Cell) -> None:
        """Send the data of a cell to the machine of a worker, unless they got there meanwhile.

        Parameters
        ----------
        client : distributed.Client
        worker : str
            Its address.
        cell : Cell

        Raises
        ------
        AlgridError
            If they were sent there before, or can't be kept there.
        """
        content, token = cell.dataset_hash, secrets.token_hex(8)
        try:
            if client.run(is_there, content, workers=[worker])[worker]:
                return
            if (worker, content) in self._sent:
                raise OSError("they were sent before, and are gone")
            for name, piece in pieces(content):
                client.run(_take, content, token, name, piece, workers=[worker])
            client.run(_finish, content, token, workers=[worker])
        except OSError as error:
            raise AlgridError(
                f"the worker at {worker} can't keep the data of {cell.dataset.dataset_name!r} ({error}). Set there "
                "ALGRID_CACHE to a folder that it can write to; what had ended is stored."
            ) from error
        self._sent.add((worker, content))


def _take(content: str, token: str, name: str, piece: bytes) -> None:
    Receiver(content, token).take(name, piece)


def _finish(content: str, token: str) -> None:
    Receiver(content, token).finish()
