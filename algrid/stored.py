"""What a store has of each run, as a plan needs it to tell what is still to be made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from algrid.schema import FAILED, STOP_REASONS

__all__ = ["Stored"]


@dataclass(frozen=True, eq=False)
class Stored:
    """Runs by their cell and their variant: of n runs there are far fewer of either, and 4.6 million fit into 70 MB.

    Parameters
    ----------
    cells, variants : (n_cells,), (n_variants,) uint64 arrays
        Digests, ascending, each once.
    cell, variant : (n,) int32 arrays
        Positions in `cells` and in `variants`. A run may be there more than once: the last one counts.
    reach : (n,) int32 array
        Labels bought; -1 for a run without a point.
    stop_reason : (n,) int8 array
        Positions in `schema.STOP_REASONS`; -1 for none.
    limits : (m, 3) float64 array
        Limits that were in force, seconds of a cycle and of a run, and bytes; infinite for none.
    limit : (n,) int32 array
        Positions in `limits`.
    skylines : (k,) uint64 array
        Cell ids that have a skyline, ascending.
    """

    cells: NDArray[np.uint64]
    variants: NDArray[np.uint64]
    cell: NDArray[np.int32]
    variant: NDArray[np.int32]
    reach: NDArray[np.int32]
    stop_reason: NDArray[np.int8]
    limits: NDArray[np.float64]
    limit: NDArray[np.int32]
    skylines: NDArray[np.uint64]

    @classmethod
    def nothing(cls) -> Stored:
        """An empty store."""
        ids, codes = np.empty(0, np.uint64), np.empty(0, np.int32)
        return cls(ids, ids, codes, codes, codes, codes.astype(np.int8), np.empty((0, 3)), codes, ids)

    @classmethod
    def joined(cls, parts: Sequence[Stored]) -> Stored:
        """All runs of all parts; a run of a later part counts instead of the same one in an earlier part."""
        parts = [cls.nothing(), *parts]
        cells, variants, skylines = (
            np.unique(np.concatenate([getattr(part, name) for part in parts]))
            for name in ("cells", "variants", "skylines")
        )
        first_limits = np.cumsum([0, *(len(part.limits) for part in parts)])
        return cls(
            cells=cells,
            variants=variants,
            cell=np.concatenate([_moved(part.cell, part.cells, cells) for part in parts]),
            variant=np.concatenate([_moved(part.variant, part.variants, variants) for part in parts]),
            reach=np.concatenate([part.reach for part in parts]),
            stop_reason=np.concatenate([part.stop_reason for part in parts]),
            limits=np.concatenate([part.limits for part in parts]),
            limit=np.concatenate([p.limit + np.int32(f) for p, f in zip(parts, first_limits, strict=False)]),
            skylines=skylines,
        )

    def rows(self, cells: NDArray[np.uint64], variants: NDArray[np.uint64]) -> NDArray[np.int32]:
        """The row here of every combination of these (distinct) cells and variants; -1 where there is none.

        Parameters
        ----------
        cells, variants : (n_cells,), (n_variants,) uint64 arrays
            Digests, in any order.

        Returns
        -------
        (n_cells, n_variants) int32 array
        """
        # one place more, at the end, takes what nobody asked for: millions of rows are scattered in one go
        found = np.full(len(cells) * len(variants) + 1, -1, np.int32)
        starts = _places(self.cells, cells) * len(variants)
        columns = _places(self.variants, variants)
        starts[starts < 0] = columns[columns < 0] = -len(found)
        at = starts[self.cell]
        at += columns[self.variant]
        np.maximum(at, -1, out=at)
        found[at] = np.arange(len(at), dtype=np.int32)
        return found[:-1].reshape(len(cells), len(variants))

    def ended(self, reasons: Sequence[str]) -> NDArray[np.bool_]:
        """(n,) whether a run ended for one of these reasons."""
        return np.isin(self.stop_reason, [STOP_REASONS.index(reason) for reason in reasons])

    @property
    def failed(self) -> NDArray[np.bool_]:
        """(n,) whether a run failed."""
        return self.ended(FAILED)


def _places(known: NDArray[np.uint64], asked: NDArray[np.uint64]) -> NDArray[np.intp]:
    """For each of the `known`: its position among those asked for; -1 where nobody asked."""
    order = np.argsort(asked)
    at = np.searchsorted(asked, known, sorter=order)
    places = np.full(len(known), -1)
    inside = at < len(asked)
    places[inside] = order[at[inside]]
    places[inside] = np.where(asked[places[inside]] == known[inside], places[inside], -1)
    return places


def _moved(codes: NDArray[np.int32], old: NDArray[np.uint64], new: NDArray[np.uint64]) -> NDArray[np.int32]:
    """Positions in `old` as positions in `new`, which has all of its values."""
    return np.searchsorted(new, old).astype(np.int32)[codes]
