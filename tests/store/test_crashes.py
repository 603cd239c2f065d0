from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from store_rows import KEEP, files, filled, reaches, runs

from algrid.errors import StoreError
from algrid.store import Policy, Store, durable

WRITE_FOREVER = """
import sys
import numpy as np
from store_rows import runs
from algrid.store import Policy, Store
store = Store.create_or_open(sys.argv[1])
with store.writer(policy=Policy(small_shards=3)) as writer:
    first = int(sys.argv[2])
    for step in range(first, first + 1000):
        writer.append("runs", runs([step, step + 1_000_000], reach=step))
        writer.append("runs", runs([7_000_000], reach=step))
        writer.flush()
        print(step, flush=True)
"""


def child(script: str, *arguments: object) -> subprocess.Popen[str]:
    paths = os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parents[2])])
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": paths},
    )


def test_whatever_was_acknowledged_survives_kill_9(store: Store) -> None:
    acknowledged: list[int] = []
    for first, count in ((0, 5), (100, 9), (200, 2)):
        process = child(WRITE_FOREVER, store.path, first)
        assert process.stdout is not None
        acknowledged += [int(process.stdout.readline()) for _ in range(count)]
        process.kill()
        acknowledged += [int(line) for line in process.communicate()[0].splitlines()]
        seen = reaches(store.snapshot())
        assert seen[7_000_000] >= acknowledged[-1]
        assert {i: seen[i] for i in acknowledged} == {i: i for i in acknowledged}
        assert all(i + 1_000_000 in seen for i in acknowledged)
        assert len(seen) <= 2 * (len(acknowledged) + 3) + 1, "at most one unacknowledged flush for each kill"
    with store.writer() as writer:
        writer.collect_garbage(older_than_s=0)
        assert files(store.path) == {shard.file for shard in writer.snapshot().manifest.shards}
    assert store.verify() == []


def test_a_kill_at_any_step_leaves_a_valid_store(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A killed process leaves the files as they are at that moment, so each moment's files are copied and opened."""
    moments: list[tuple[Path, dict[int, int], dict[int, int]]] = []
    state: dict[str, dict[int, int]] = {"before": {}, "after": {}}

    def copying(real: Any) -> Any:
        def step(*arguments: Any) -> Any:
            for when in ("before", "after"):
                if when == "after":
                    result = real(*arguments)
                copy = tmp_path / f"moment{len(moments)}"
                shutil.copytree(store.path, copy)
                moments.append((copy, state["before"], state["after"]))
            return result

        return step

    with monkeypatch.context() as patch, store.writer(policy=KEEP) as writer:
        for name in ("fsync", "replace"):
            patch.setattr(durable.os, name, copying(getattr(os, name)))
        for step in range(3):
            writer.append("runs", runs([1, 10 + step], reach=step))
            state = {"before": state["after"], "after": {**state["after"], 1: step, 10 + step: step}}
            writer.flush()
        state = {"before": state["after"], "after": state["after"]}
        writer.compact(everything=True)
    assert len(moments) == 4 * 6 * 2
    for copy, before, after in moments:
        assert reaches(Store.open(copy).snapshot()) in (before, after)
        with Store.open(copy).writer(policy=KEEP) as writer:
            assert writer.quarantined == ()
            writer.append("runs", runs([99], reach=99))
            writer.collect_garbage(older_than_s=0)
            assert files(copy) == {shard.file for shard in writer.snapshot().manifest.shards}
        assert reaches(Store.open(copy).snapshot()) in ({**before, 99: 99}, {**after, 99: 99})


def test_an_error_at_any_step_loses_nothing_and_can_be_repeated(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = {1: 0}
    with store.writer(policy=KEEP) as writer:
        writer.append("runs", runs([1], reach=0))
        writer.flush()
        steps = failures = 0
        while failures == steps:
            steps += 1
            reached = [0]
            with monkeypatch.context() as patch:
                for name in ("fsync", "replace"):
                    patch.setattr(durable.os, name, _failing(getattr(os, name), reached, steps))
                writer.append("runs", runs([1, 100 + steps], reach=steps))
                try:
                    writer.flush()
                except StoreError as error:
                    assert "No space left" in str(error)  # noqa: PT017
                    failures += 1
            seen = reaches(store.snapshot())
            whole = {**expected, 1: steps, **{100 + s: s for s in range(1, steps + 1)}}
            before = {**expected, 1: steps - 1, **{100 + s: s for s in range(1, steps)}}
            assert seen in (whole, before), "the old rows or the new, nothing between"
            writer.flush()
            assert reaches(store.snapshot()) == whole
        live = {shard.file for shard in writer.snapshot().manifest.shards}
        assert files(store.path) == live, "nothing is left behind"
    assert failures == 6  # of the shard and of the manifest: sync the bytes, rename, sync the folder


def _failing(real: Any, reached: list[int], at: int, error: BaseException | None = None) -> Any:
    def step(*arguments: Any) -> Any:
        reached[0] += 1
        if reached[0] == at:
            raise error or OSError(28, "No space left on device")
        return real(*arguments)

    return step


def test_ctrl_c_at_any_step_leaves_nothing_behind(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for at in range(1, 7):
        reached = [0]
        with store.writer(policy=KEEP) as writer:
            writer.append("runs", runs([at], reach=at))
            with monkeypatch.context() as patch:
                for name in ("fsync", "replace"):
                    patch.setattr(durable.os, name, _failing(getattr(os, name), reached, at, KeyboardInterrupt()))
                with pytest.raises(KeyboardInterrupt):
                    writer.flush()
        snapshot = store.snapshot()
        assert reaches(snapshot) == {i: i for i in range(1, at + 1)}, "closing stores what was interrupted"
        assert files(store.path) == {shard.file for shard in snapshot.manifest.shards}


def test_a_merge_that_fails_changes_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = filled(store, KEEP)
    for at in range(1, 7):
        reached = [0]
        with monkeypatch.context() as patch:
            for name in ("fsync", "replace"):
                patch.setattr(durable.os, name, _failing(getattr(os, name), reached, at))
            with pytest.raises(StoreError, match="No space left"):
                store.compact()
        snapshot = store.snapshot()
        assert len(snapshot.manifest.shards) == (7 if at < 6 else 1), "the last step is after the manifest's rename"
        assert reaches(snapshot) == expected


def test_a_full_disk_is_said_and_what_was_stored_stays(store: Store) -> None:
    """A real error of the system: files may not grow beyond a limit."""
    process = child(
        """
import resource, signal, sys
import numpy as np
from store_rows import runs
from algrid.errors import StoreError
from algrid.store import Store
with Store.open(sys.argv[1]).writer() as writer:
    writer.append("runs", runs([1], reach=1))
    writer.flush()
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
    noise = np.random.default_rng(0).integers(0, 2**31, 1_000_000).tolist()
    writer.append("runs", runs([2], reach=2, queried=noise))
    try:
        writer.flush()
    except StoreError as error:
        print(error)
    print(writer.buffered, writer.snapshot().ids().tolist())
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
""",
        store.path,
    )
    out, errors = process.communicate(timeout=60)
    assert errors == ""
    assert "File too large" in out
    assert "run the same command again" in out
    assert out.splitlines()[-1] == "1 [1]"
    assert reaches(store.snapshot()) == {1: 1, 2: 2}
    assert files(store.path) == {shard.file for shard in store.snapshot().manifest.shards}


def test_a_folder_that_can_not_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="can't make the store"):
        Store.create_or_open(tmp_path / "file" / "grid")
    store = Store.create_or_open(tmp_path / "grid")

    def read_only(*_: Any) -> int:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(durable.os, "open", read_only)
    with pytest.raises(StoreError, match=r"can't write to the store.*Read-only"):
        store.writer()
    assert store.snapshot().count("runs") == 0


def test_the_second_writer_is_told_who_is_the_first(store: Store) -> None:
    script = """
import sys
from algrid.store import Store
with Store.open(sys.argv[1]).writer() as writer:
    print("locked", flush=True)
    sys.stdin.readline()
"""
    process = child(script, store.path)
    assert process.stdout is not None
    assert process.stdout.readline() == "locked\n"
    with pytest.raises(StoreError, match=f"is being written by process {process.pid} on .* since "):
        store.writer()
    assert store.snapshot().count("runs") == 0, "readers need no lock"
    process.kill()
    process.communicate()
    with store.writer(), pytest.raises(StoreError, match=f"process {os.getpid()} "):
        store.writer()


def test_a_forked_child_does_not_keep_or_drop_the_lock(store: Store) -> None:
    script = """
import os, sys, time
from algrid.errors import StoreError
from algrid.store import Store
writer = Store.open(sys.argv[1]).writer()
reader, end = os.pipe()
if os.fork() == 0:
    os.close(end)
    os.read(reader, 1)  # until the parent is dead
    for _ in range(50):  # the kernel closes a dead process's files one after another
        try:
            Store.open(sys.argv[1]).writer().close()
            print("free", flush=True)
            break
        except StoreError:
            time.sleep(0.1)
    os._exit(0)
os.kill(os.getpid(), 9)
"""
    assert child(script, store.path).communicate(timeout=60)[0] == "free\n"


def test_readers_see_every_row_once_while_others_write_and_merge(store: Store) -> None:
    process = child(WRITE_FOREVER, store.path, 0)
    try:
        assert process.stdout is not None
        for _ in range(8):
            acknowledged = int(process.stdout.readline())
            seen = reaches(store.snapshot())
            assert set(range(acknowledged + 1)) <= set(seen)
            counted = store.snapshot().sql("SELECT count(*) AS n, count(DISTINCT run_id) AS d FROM runs").to_pylist()[0]
            assert counted["n"] == counted["d"] >= len(seen)
    finally:
        process.kill()
        process.communicate()


Action = tuple[str, Any]
ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.lists(st.integers(0, 30), max_size=8)),
        st.tuples(st.sampled_from(["flush", "compact", "compact all", "reopen", "kill", "rebuild"]), st.none()),
    ),
    max_size=14,
)


@settings(deadline=None, max_examples=40)
@given(actions=ACTIONS)
def test_any_sequence_of_actions_is_a_dictionary(actions: list[Action], tmp_path_factory: Any) -> None:
    store = Store.create_or_open(tmp_path_factory.mktemp("grid") / "grid", grid="g")
    policy = Policy(target_rows=10, small_shards=5, small_at_close=2, merge_memory=1)
    writer = store.writer(policy=policy)
    stored: dict[int, int] = {}
    buffered: dict[int, int] = {}
    for step, (action, ids) in enumerate(actions):
        if action == "append":
            writer.append("runs", runs(ids, reach=step, dataset=lambda i: f"d{i % 2}"))
            buffered |= dict.fromkeys(ids, step)
        elif action == "kill":
            writer._release()
            buffered = {}
            writer = store.writer(policy=policy)
        else:
            stored, buffered = {**stored, **buffered}, {}
            if action == "flush":
                writer.flush()
            elif action.startswith("compact"):
                writer.compact(everything=action == "compact all")
            else:
                writer.close()
                if action == "rebuild":
                    Store.rebuild_manifest(store.path)
                writer = store.writer(policy=policy)
        snapshot = writer.snapshot()
        assert reaches(snapshot) == stored
        assert snapshot.count("runs") == len(stored)
        assert snapshot.ids("runs").tolist() == sorted(stored)
    writer.close()
    found = store.snapshot().sql("SELECT run_id, reach FROM runs").to_pylist()
    assert sorted((int(r["run_id"], 16), r["reach"]) for r in found) == sorted({**stored, **buffered}.items())
