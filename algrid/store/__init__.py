"""The result store: the only writer and reader of Parquet (DESIGN.md, decisions 3, 5, 6 and 9).

A store is a folder::

    manifest.json               names the live shards; replaced all at once
    runs/*.parquet              shards of the table `algrid.schema.RUNS`
    skylines/*.parquet          shards of the table `algrid.schema.SKYLINES`
    derived/                    what can be derived from shards again: may be deleted
    quarantine/                 damaged shards, kept for whoever wants to rescue something
    lock                        held by the one writer

Readers take a `Snapshot` and need no lock; files that a merge replaced stay for a grace time.

>>> with Store.create_or_open("results/example").writer() as writer:   # doctest: +SKIP
...     key = writer.provenance({"algrid": "0.1.0"})
...     writer.append("runs", rows)
>>> Store.open("results/example").snapshot().sql("SELECT dataset, count(*) FROM runs GROUP BY ALL")   # doctest: +SKIP
"""

from __future__ import annotations

from algrid.store.manifest import Manifest, is_store, provenance_key
from algrid.store.queue import RowQueue
from algrid.store.shards import Damage, Shard
from algrid.store.snapshot import Snapshot
from algrid.store.store import Store
from algrid.store.writer import Policy, Writer

__all__ = [
    "Damage",
    "Manifest",
    "Policy",
    "RowQueue",
    "Shard",
    "Snapshot",
    "Store",
    "Writer",
    "is_store",
    "provenance_key",
]
