"""The manifest: which shards are live. It is replaced all at once, so readers see a snapshot."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from algrid.errors import StoreError, nearest
from algrid.identity import content_key
from algrid.schema import VERSION
from algrid.store.durable import write_durably
from algrid.store.shards import Shard

__all__ = ["MANIFEST", "Manifest", "is_store", "load_manifest", "provenance_key", "save_manifest"]

#: The manifest's file name.
MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Manifest:
    """What a store holds at one moment.

    Attributes
    ----------
    number : int
        How often the manifest was replaced.
    sequence : int
        The last sequence number that was given to a shard.
    grid : str or None
        The resolved text of the grid.
    provenances : mapping
        Key to versions, platform, BLAS, plugin sources ...
    superseded : mapping
        By table, how many stored rows are older versions of others. Readers look for them only where there are any.
    shards : tuple of Shard
        In the order of `sequence`.
    version : int
        The version of `algrid.schema`.
    """

    number: int = 0
    sequence: int = 0
    grid: str | None = None
    provenances: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    superseded: Mapping[str, int] = field(default_factory=dict)
    shards: tuple[Shard, ...] = ()
    version: int = VERSION

    def of(self, table: str) -> tuple[Shard, ...]:
        """The live shards of a table."""
        return tuple(shard for shard in self.shards if shard.table == table)

    def rows(self, table: str) -> int:
        """How many rows a reader sees."""
        return sum(shard.rows for shard in self.of(table)) - self.superseded.get(table, 0)

    def following(
        self,
        *,
        add: Iterable[Shard] = (),
        drop: Iterable[Shard] = (),
        superseded: Mapping[str, int] | None = None,
        **changes: Any,
    ) -> Manifest:
        """The next manifest: with these shards and without those, and these counts of superseded rows."""
        gone = {shard.file for shard in drop}
        shards = [shard for shard in self.shards if shard.file not in gone]
        shards = sorted([*shards, *add], key=lambda shard: shard.sequence)
        return replace(
            self,
            number=self.number + 1,
            sequence=max([self.sequence, *(shard.sequence for shard in shards)]),
            shards=tuple(shards),
            superseded={**self.superseded, **(superseded or {})},
            version=VERSION,  # an older layout is read as it is, and written as the newest
            **changes,
        )


def provenance_key(provenance: Mapping[str, Any]) -> str:
    """The key of a provenance: 16 hexadecimal digits of its content."""
    return content_key(dict(provenance))


def is_store(path: Path) -> bool:
    """Whether there is a manifest."""
    return (path / MANIFEST).is_file()


def save_manifest(root: Path, manifest: Manifest) -> None:
    """Replace the manifest, durably and all at once.

    Raises
    ------
    OSError
        If it can't be written.
    """
    content = asdict(manifest)
    text = json.dumps({"checksum": _digest(content), **content}, indent=1)
    write_durably(root / MANIFEST, text.encode())


def load_manifest(root: Path) -> Manifest:
    """The manifest of a store.

    Raises
    ------
    StoreError
        If there is none, or it is damaged or of a newer version.
    """
    try:
        content = json.loads((root / MANIFEST).read_bytes())
    except (FileNotFoundError, NotADirectoryError) as error:
        raise StoreError(_no_store(root)) from error
    except OSError as error:
        raise StoreError(f"can't read the store {str(root)!r}: {error}.") from error
    except ValueError as error:
        raise _damaged(root, str(error)) from error
    version = content.get("version") if isinstance(content, dict) else None
    if not isinstance(version, int):
        raise _damaged(root, "it has no version")
    if version > VERSION:
        raise StoreError(
            f"the store {str(root)!r} has schema version {version}, this algrid knows up to {VERSION}. Upgrade algrid."
        )
    checksum = content.pop("checksum", None)
    if checksum != _digest(content):
        raise _damaged(root, "its checksum is wrong (cut off, or edited by hand)")
    shards = tuple(Shard(**{**shard, "provenances": tuple(shard["provenances"])}) for shard in content["shards"])
    return Manifest(**{**content, "shards": shards})


def _digest(content: dict[str, Any]) -> str:
    return content_key(content)


def _damaged(root: Path, why: str) -> StoreError:
    return StoreError(
        f"the manifest of the store {str(root)!r} is damaged: {why}. Its shards know all that it says: "
        f"algrid.store.Store.rebuild_manifest({str(root)!r}) makes it again."
    )


def _no_store(root: Path) -> str:
    if any(root.glob("*/*.parquet")):
        return (
            f"the store {str(root)!r} has Parquet files but no {MANIFEST}. "
            f"algrid.store.Store.rebuild_manifest({str(root)!r}) makes it again."
        )
    siblings = sorted(p.name for p in root.parent.glob("*") if is_store(p)) if root.parent.is_dir() else []
    return (
        f"no result store at {str(root)!r}.{nearest(root.name, siblings)} `algrid run {root.name or 'GRID'}` makes one."
        f" Stores beside it: {', '.join(siblings) or 'none'}."
    )
